/** Messages between the bisection worker and its client. */
import type { Diagnostic } from '../base/diagnostics';
import type { Bisection, SavedTests } from './bisection';
import type { NumericsRequest } from './numerics';

export interface BisectWorkerInput {
  readonly request: NumericsRequest;
  readonly resourceRoot: string;
  readonly saved: SavedTests;
  /** One shared Int32; 1 asks the worker to stop. */
  readonly flag: Int32Array;
}
export type BisectWorkerMessage =
  | { readonly kind: 'update'; readonly bisection: Bisection }
  | { readonly kind: 'done'; readonly bisection: Bisection }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly diagnostic: Diagnostic };
