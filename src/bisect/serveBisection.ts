/** Runs one bisection on a worker thread, so that an editor stays responsive. */
import { parentPort, workerData } from 'node:worker_threads';
import { CancelledError, cancellationOf } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import type { NumericsParts } from './numerics';
import { bisectNumerics } from './numerics';
import type { BisectWorkerInput, BisectWorkerMessage } from './workerProtocol';

/** `parts` is what is bisected, where that is not the shipped compiler. */
export async function serveBisection(parts: NumericsParts = {}): Promise<void> {
  const { request, resourceRoot, saved, flag } = workerData as BisectWorkerInput;
  const abort = new AbortController();
  parentPort?.once('message', () => {
    abort.abort();
  });
  const post = (message: BisectWorkerMessage): void => parentPort?.postMessage(message);
  try {
    const bisection = await bisectNumerics(
      request,
      {
        resourceRoot,
        saved,
        cancellation: cancellationOf(abort.signal, flag),
        onUpdate: (b) => {
          post({ kind: 'update', bisection: b });
        },
      },
      parts,
    );
    post({ kind: 'done', bisection });
  } catch (error) {
    if (error instanceof CancelledError || abort.signal.aborted) post({ kind: 'cancelled' });
    else
      post({
        kind: 'failed',
        diagnostic:
          error instanceof StrataError
            ? error.diagnostic
            : {
                code: 'STR0001',
                severity: 'error',
                text: `an internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
              },
      });
  }
  // The port would keep the worker alive.
  parentPort?.close();
}
