/** Runs one bisection on a worker thread, so that an editor stays responsive. */
import { serveTask } from '../compiler/cancellableWorker';
import type { Bisection, SavedTests } from './bisection';
import type { NumericsParts, NumericsRequest } from './numerics';
import { bisectNumerics } from './numerics';

export interface BisectTask {
  readonly request: NumericsRequest;
  readonly resourceRoot: string;
  readonly saved: SavedTests;
}

/** `parts` is what is bisected, where that is not the shipped compiler. */
export const serveBisection = (parts: NumericsParts = {}): Promise<void> =>
  serveTask<BisectTask, Bisection, Bisection>(({ request, ...where }, cancellation, onUpdate) =>
    bisectNumerics(request, { ...where, cancellation, onUpdate }, parts),
  );
