/** Compiles and interprets on another thread, so that an editor stays responsive; can be cancelled at any point. */
import type { HostTensor } from '../frontend/elementType';
import { runInWorker } from './cancellableWorker';
import type { Compilation, CompileProgress } from './compilation';
import { CompilationCache, unpackCompilation } from './compilationCache';
import type { CompileRequest } from './compileModel';
import type { WorkerResults, WorkerTask } from './workerProtocol';

export interface CompileInWorkerOptions {
  /** The bundled worker, `dist/compile-worker.cjs`. */
  readonly workerFile: string;
  readonly signal?: AbortSignal;
  /** Whether the IR of passes is hardly looked at, and of a compilation that is found may be read when it is. */
  readonly readsIrLater?: boolean;
  readonly onProgress?: (progress: CompileProgress) => void;
}

/** The compilation, found or made. Throws `CancelledError`, or the coded error that ended it. */
export async function compileInWorker(
  request: CompileRequest,
  options: CompileInWorkerOptions,
): Promise<Compilation> {
  const cache = await CompilationCache.of(request, options.workerFile);
  const found = await cache?.take(options.readsIrLater === true ? 'later' : 'now');
  if (found !== undefined) return found;
  const packed = await performInWorker({ kind: 'compile', request }, options);
  await cache?.keep(packed);
  return unpackCompilation(packed);
}

/** The outputs of a model by the interpreter. Throws `CancelledError`, or the coded error that ended it. */
export function interpretInWorker(
  model: string,
  inputs: Readonly<Record<string, HostTensor>>,
  options: CompileInWorkerOptions,
): Promise<Readonly<Record<string, HostTensor>>> {
  return performInWorker({ kind: 'interpret', model, inputs }, options);
}

const performInWorker = <T extends WorkerTask>(
  task: T,
  { workerFile, signal, onProgress }: CompileInWorkerOptions,
): Promise<WorkerResults[T['kind']]> =>
  runInWorker<T, CompileProgress, WorkerResults[T['kind']]>(task, {
    workerFile,
    signal,
    onUpdate: onProgress,
  });
