/** The compile worker: compiles one model off the editor's thread. Started by `compileInWorker`. */
import { parentPort, workerData } from 'node:worker_threads';
import { CancelledError, cancellationOf } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import { compileModel } from './compileModel';
import type { WorkerInput, WorkerMessage } from './workerProtocol';

const { request, flag } = workerData as WorkerInput;
const abort = new AbortController();
parentPort?.once('message', () => {
  abort.abort();
});
const post = (message: WorkerMessage): void => parentPort?.postMessage(message);

async function work(): Promise<WorkerMessage> {
  try {
    const { compilation } = await compileModel(request, {
      cancellation: cancellationOf(abort.signal, flag),
      onProgress: (progress) => {
        post({ kind: 'progress', progress });
      },
    });
    return { kind: 'done', compilation };
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
