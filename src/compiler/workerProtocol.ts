/** What the compile worker is asked for, and gives. */
import type { HostTensor } from '../frontend/elementType';
import type { PackedCompilation } from './compilationCache';
import type { CompileRequest } from './compileModel';

type Tensors = Readonly<Record<string, HostTensor>>;

/** What a worker is started for. */
export type WorkerTask =
  | { readonly kind: 'compile'; readonly request: CompileRequest }
  /** Runs the model through the interpreter. */
  | { readonly kind: 'interpret'; readonly model: string; readonly inputs: Tensors };

/** What a task gives. */
export interface WorkerResults {
  readonly compile: PackedCompilation;
  readonly interpret: Tensors;
}
