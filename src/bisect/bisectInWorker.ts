/** A task of a bisection on another thread: watched, and paused by ending it; what it found out is in its last update. */
import { runInWorker } from '../compiler/cancellableWorker';
import type { Bisection } from './bisection';
import type { BisectResult, BisectTask } from './serveBisection';

export interface BisectInWorkerOptions {
  /** The bundled worker, `dist/bisect-worker.cjs`. */
  readonly workerFile: string;
  readonly signal: AbortSignal;
  /** Of a search, after each step. */
  readonly onUpdate?: (bisection: Bisection) => void;
}

/** Throws `CancelledError`, or the coded error that ended it. */
export const bisectInWorker = <T extends BisectTask>(
  task: T,
  options: BisectInWorkerOptions,
): Promise<BisectResult<T>> => runInWorker<T, Bisection, BisectResult<T>>(task, options);
