/**
 * One task on a thread of its own, which can be cancelled at any point: both ends of it. Compilations and bisections run
 * this way, so that an editor stays responsive.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { Cancellation } from '../base/cancellation';
import { CancelledError, cancellationOf } from '../base/cancellation';
import type { Diagnostic } from '../base/diagnostics';
import { StrataError } from '../base/diagnostics';

/** From the worker; the last is `done`, `cancelled` or `failed`. */
type WorkerMessage<Update, Result> =
  | { readonly kind: 'update'; readonly update: Update }
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly diagnostic: Diagnostic; readonly stack: string | undefined };

interface WorkerInput<Task> {
  readonly task: Task;
  /** One shared Int32; 1 asks the worker to stop, also in the middle of synchronous work. */
  readonly flag: Int32Array;
}

export interface RunInWorkerOptions<Update> {
  /** The bundled worker, which calls `serveTask`. */
  readonly workerFile: string;
  readonly signal?: AbortSignal | undefined;
  readonly onUpdate?: ((update: Update) => void) | undefined;
}

/** After this long without an answer, a cancelled worker is ended by force. */
const graceMs = 5000;

/** Throws `CancelledError`, or the coded error that ended the task. */
export function runInWorker<Task, Update, Result>(
  task: Task,
  { workerFile, signal, onUpdate }: RunInWorkerOptions<Update>,
): Promise<Result> {
  if (signal?.aborted === true) return Promise.reject(new CancelledError());
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const input: WorkerInput<Task> = { task, flag };
  const worker = new Worker(workerFile, { workerData: input });
  return new Promise<Result>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      finish();
    };
    const fail = (error: Error): void => {
      settle(() => {
        reject(error);
      });
    };
    const cancel = (): void => {
      Atomics.store(flag, 0, 1);
      worker.postMessage('cancel');
      timer = setTimeout(() => {
        void worker.terminate();
        fail(new CancelledError());
      }, graceMs);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    worker.on('message', (message: WorkerMessage<Update, Result>) => {
      switch (message.kind) {
        case 'update':
          onUpdate?.(message.update);
          return;
        case 'done':
          settle(() => {
            resolve(message.result);
          });
          return;
        case 'cancelled':
          fail(new CancelledError());
          return;
        case 'failed': {
          const error = new StrataError(message.diagnostic);
          if (message.stack !== undefined) error.stack = message.stack;
          fail(error);
        }
      }
    });
    worker.on('error', fail);
    worker.on('exit', (code) => {
      fail(new Error(`the worker ended with exit code ${code}`));
    });
  });
}

/** The other end: performs the task that the thread was started with, and ends the thread. */
export async function serveTask<Task, Update, Result>(
  perform: (task: Task, cancellation: Cancellation, onUpdate: (update: Update) => void) => Promise<Result>,
): Promise<void> {
  const { task, flag } = workerData as WorkerInput<Task>;
  const abort = new AbortController();
  parentPort?.once('message', () => {
    abort.abort();
  });
  const post = (message: WorkerMessage<Update, Result>): void => parentPort?.postMessage(message);
  const work = async (): Promise<WorkerMessage<Update, Result>> => {
    try {
      const result = await perform(task, cancellationOf(abort.signal, flag), (update) => {
        post({ kind: 'update', update });
      });
      return { kind: 'done', result };
    } catch (error) {
      if (error instanceof CancelledError || abort.signal.aborted) return { kind: 'cancelled' };
      if (error instanceof StrataError)
        return { kind: 'failed', diagnostic: error.diagnostic, stack: undefined };
      const { message, stack } = error as Error;
      return {
        kind: 'failed',
        diagnostic: { code: 'STR0001', severity: 'error', text: `an internal error: ${message}` },
        stack,
      };
    }
  };
  post(await work());
  // The port would keep the worker alive.
  parentPort?.close();
}
