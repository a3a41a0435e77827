/** A bisection on another thread: watched, and paused by ending it; what it found out is in its last update. */
import { runInWorker } from '../compiler/cancellableWorker';
import type { Bisection, SavedTests } from './bisection';
import type { NumericsRequest } from './numerics';
import type { BisectTask } from './serveBisection';

export interface BisectInWorkerOptions {
  /** The bundled worker, `dist/bisect-worker.cjs`. */
  readonly workerFile: string;
  readonly resourceRoot: string;
  readonly saved: SavedTests;
  readonly signal: AbortSignal;
  readonly onUpdate: (bisection: Bisection) => void;
}

/** Throws `CancelledError`, or the coded error that ended it. */
export const bisectInWorker = (
  request: NumericsRequest,
  { resourceRoot, saved, ...options }: BisectInWorkerOptions,
): Promise<Bisection> =>
  runInWorker<BisectTask, Bisection, Bisection>({ request, resourceRoot, saved }, options);
