/** Messages between the compile worker and its client. */
import type { Diagnostic } from '../base/diagnostics';
import type { HostTensor } from '../frontend/elementType';
import type { Compilation, CompileProgress } from './compilation';
import type { CompileRequest } from './compileModel';

type Tensors = Readonly<Record<string, HostTensor>>;

/** What a worker is started for. */
export type WorkerTask =
  | { readonly kind: 'compile'; readonly request: CompileRequest }
  /** Runs the model through the interpreter. */
  | { readonly kind: 'interpret'; readonly model: string; readonly inputs: Tensors };

/** What a task gives. */
export interface WorkerResults {
  readonly compile: Compilation;
  readonly interpret: Tensors;
}

export interface WorkerInput {
  readonly task: WorkerTask;
  /** One shared Int32; 1 asks the worker to stop, also in the middle of synchronous work. */
  readonly flag: Int32Array;
}
/** To the worker. */
export type WorkerCommand = 'cancel';
/** From the worker; the last is `done`, `cancelled` or `failed`. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: CompileProgress }
  | { readonly kind: 'done'; readonly result: WorkerResults[WorkerTask['kind']] }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly diagnostic: Diagnostic; readonly stack: string | undefined };
