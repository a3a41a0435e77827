/** Compiles beside the command line's own thread, which stays free to hear Ctrl-C and to show progress. */
import { fileURLToPath } from 'node:url';
import type { Compilation } from '../compiler/compilation';
import { compileInWorker, interpretInWorker } from '../compiler/compileInWorker';
import type { CompileRequest } from '../compiler/compileModel';
import type { HostTensor } from '../frontend/elementType';
import type { CommandContext } from './output';

/** Beside the bundled command line, `dist/cli.mjs`. */
const workerFile = fileURLToPath(new URL('./compile-worker.cjs', import.meta.url));

/** Warns and shows progress; throws what the compiler throws. */
export async function compileFile(request: CompileRequest, context: CommandContext): Promise<Compilation> {
  const compilation = await compileInWorker(request, {
    workerFile,
    signal: context.cancellation.signal,
    readsIrLater: true,
    onProgress: (p) => {
      context.progress(`${String(Math.round(100 * p.fraction)).padStart(3)} %  ${p.phase}  ${p.detail}`);
    },
  });
  context.warn(compilation.warnings);
  return compilation;
}

/** The outputs of a model by the interpreter. */
export function interpretFile(
  model: string,
  inputs: Readonly<Record<string, HostTensor>>,
  context: CommandContext,
): Promise<Readonly<Record<string, HostTensor>>> {
  context.progress('interpreting the model');
  return interpretInWorker(model, inputs, { workerFile, signal: context.cancellation.signal });
}
