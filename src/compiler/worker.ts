/** The compile worker: compiles or interprets one model off the editor's thread. Started by `compileInWorker` and `interpretInWorker`. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Cancellation } from '../base/cancellation';
import { CancelledError, cancellationOf } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import { compileModel } from './compileModel';
import { interpretModel } from './interpretModel';
import type { WorkerInput, WorkerMessage, WorkerResults, WorkerTask } from './workerProtocol';

const { task, flag } = workerData as WorkerInput;
const abort = new AbortController();
parentPort?.once('message', () => {
  abort.abort();
});
const post = (message: WorkerMessage): void => parentPort?.postMessage(message);

async function perform(cancellation: Cancellation): Promise<WorkerResults[WorkerTask['kind']]> {
  if (task.kind === 'interpret') return interpretModel(task.model, task.inputs, cancellation);
  const { compilation } = await compileModel(task.request, {
    cancellation,
    onProgress: (progress) => {
      post({ kind: 'progress', progress });
    },
  });
  return compilation;
}

async function work(): Promise<WorkerMessage> {
  try {
    return { kind: 'done', result: await perform(cancellationOf(abort.signal, flag)) };
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
}

void work().then((result) => {
  post(result);
  // The port would keep the worker alive.
  parentPort?.close();
});
