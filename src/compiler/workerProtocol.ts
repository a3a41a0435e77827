/** Messages between the compile worker and its client. */
import type { Diagnostic } from '../base/diagnostics';
import type { Compilation, CompileProgress } from './compilation';
import type { CompileRequest } from './compileModel';

export interface WorkerInput {
  readonly request: CompileRequest;
  /** One shared Int32; 1 asks the worker to stop, also in the middle of synchronous work. */
  readonly flag: Int32Array;
}
/** To the worker. */
export type WorkerCommand = 'cancel';
/** From the worker; the last is `done`, `cancelled` or `failed`. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: CompileProgress }
  | { readonly kind: 'done'; readonly compilation: Compilation }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly diagnostic: Diagnostic; readonly stack: string | undefined };
