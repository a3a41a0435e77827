/** Compiles and interprets on another thread, so that an editor stays responsive; can be cancelled at any point. */
import { Worker } from 'node:worker_threads';
import { CancelledError } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import type { HostTensor } from '../frontend/elementType';
import type { Compilation, CompileProgress } from './compilation';
import type { CompileRequest } from './compileModel';
import type { WorkerInput, WorkerMessage, WorkerResults, WorkerTask } from './workerProtocol';

export interface CompileInWorkerOptions {
  /** The bundled worker, `dist/compile-worker.cjs`. */
  readonly workerFile: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CompileProgress) => void;
}

/** After this long without an answer, a cancelled worker is ended by force. */
const graceMs = 5000;

/** Throws `CancelledError`, or the coded error that ended the compilation. */
export function compileInWorker(
  request: CompileRequest,
  options: CompileInWorkerOptions,
): Promise<Compilation> {
  return performInWorker({ kind: 'compile', request }, options);
}

/** The outputs of a model by the interpreter. Throws `CancelledError`, or the coded error that ended it. */
export function interpretInWorker(
  model: string,
  inputs: Readonly<Record<string, HostTensor>>,
  options: CompileInWorkerOptions,
): Promise<Readonly<Record<string, HostTensor>>> {
  return performInWorker({ kind: 'interpret', model, inputs }, options);
}

function performInWorker<T extends WorkerTask>(
  task: T,
  options: CompileInWorkerOptions,
): Promise<WorkerResults[T['kind']]> {
  const { signal } = options;
  if (signal?.aborted === true) return Promise.reject(new CancelledError());
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const input: WorkerInput = { task, flag };
  const worker = new Worker(options.workerFile, { workerData: input });
  return new Promise<WorkerResults[T['kind']]>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      finish();
    };
    const cancel = (): void => {
      Atomics.store(flag, 0, 1);
      worker.postMessage('cancel');
      timer = setTimeout(() => {
        void worker.terminate();
        settle(() => {
          reject(new CancelledError());
        });
      }, graceMs);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    worker.on('message', (message: WorkerMessage) => {
      switch (message.kind) {
        case 'progress':
          options.onProgress?.(message.progress);
          return;
        case 'done':
          settle(() => {
            resolve(message.result as WorkerResults[T['kind']]);
          });
          return;
        case 'cancelled':
          settle(() => {
            reject(new CancelledError());
          });
          return;
        case 'failed':
          settle(() => {
            const error = new StrataError(message.diagnostic);
            if (message.stack !== undefined) error.stack = message.stack;
            reject(error);
          });
      }
    });
    worker.on('error', (error) => {
      settle(() => {
        reject(error);
      });
    });
    worker.on('exit', (code) => {
      settle(() => {
        reject(new Error(`the compile worker ended with exit code ${code}`));
      });
    });
  });
}
