/** A bisection on another thread: watched, and paused by ending it; what it found out is in its last update. */
import { Worker } from 'node:worker_threads';
import { CancelledError } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import type { Bisection, SavedTests } from './bisection';
import type { NumericsRequest } from './numerics';
import type { BisectWorkerInput, BisectWorkerMessage } from './workerProtocol';

export interface BisectInWorkerOptions {
  /** The bundled worker, `dist/bisect-worker.cjs`. */
  readonly workerFile: string;
  readonly resourceRoot: string;
  readonly saved: SavedTests;
  readonly signal: AbortSignal;
  readonly onUpdate: (bisection: Bisection) => void;
}

/** After this long without an answer, a worker that is to stop is ended by force. */
const graceMs = 4000;

/** Throws `CancelledError`, or the coded error that ended it. */
export function bisectInWorker(request: NumericsRequest, options: BisectInWorkerOptions): Promise<Bisection> {
  const { signal, workerFile, resourceRoot, saved, onUpdate } = options;
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const input: BisectWorkerInput = { request, resourceRoot, saved, flag };
  const worker = new Worker(workerFile, { workerData: input });
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      finish();
    };
    const stop = (): void => {
      Atomics.store(flag, 0, 1);
      worker.postMessage('cancel');
      timer = setTimeout(() => {
        void worker.terminate();
        settle(() => {
          reject(new CancelledError());
        });
      }, graceMs);
    };
    signal.addEventListener('abort', stop, { once: true });
    worker.on('message', (message: BisectWorkerMessage) => {
      switch (message.kind) {
        case 'update':
          onUpdate(message.bisection);
          return;
        case 'done':
          settle(() => {
            resolve(message.bisection);
          });
          return;
        case 'cancelled':
          settle(() => {
            reject(new CancelledError());
          });
          return;
        case 'failed':
          settle(() => {
            reject(new StrataError(message.diagnostic));
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
        reject(new Error(`the bisection worker ended with exit code ${code}`));
      });
    });
  });
}
