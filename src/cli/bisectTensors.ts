/** `strata bisect tensors`: two ways to compute a model, compared model node by model node. */
import type { Command } from 'commander';
import { compareNodes, firstApart, nodeSideHelp } from '../bisect/compareNodes';
import { nodeTable } from '../bisect/nodeTable';
import { inputSignatures } from '../compiler/interpretModel';
import { loadModel } from '../compiler/loadModel';
import { inputSources } from './artifactFor';
import { toleranceOf } from './bisectNumerics';
import { singleDims } from './compileOptions';
import { collect } from './options';
import { runCommand } from './output';
import { resourceRoot } from './resourceRoot';

interface TensorsOptions {
  readonly good: string;
  readonly bad: string;
  readonly input?: readonly string[];
  readonly dim?: readonly string[];
  readonly resources?: string;
  readonly rtol?: string;
  readonly atol?: string;
  readonly ulp?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

export function configureBisectTensors(command: Command): void {
  command
    .description(
      'compare what the nodes of a model give in two compilations, and find the first that differs',
    )
    .argument('<model>', '.onnx model or .mlir text')
    .option('--good <side>', nodeSideHelp, 'interpreter')
    .option('--bad <side>', 'the same, of the other side', 'O3')
    .option('--input <name=source>', 'FILE.npy, FILE.pb or random:SEED (default: random:0)', collect)
    .option('--rtol <x>', 'allowed error relative to each expected value (default: 1e-4)')
    .option('--atol <x>', 'allowed absolute error (default: rtol times the largest expected value)')
    .option('--ulp <n>', 'allowed distance in representable numbers of single precision, instead')
    .option('--resources <file>', 'for .mlir text: the file that its parameters are in')
    .option('--dim <name=size>', 'size of a symbolic dimension', collect)
    .option('--all', 'print every node, not only those that are furthest apart')
    .option('--json', 'print one JSON document')
    .action((model: string, options: TensorsOptions) =>
      runCommand(options.json === true, async (context) => {
        const source = {
          model,
          dims: singleDims(options.dim ?? []),
          ...(options.resources === undefined ? {} : { resources: options.resources }),
        };
        const names = inputSignatures((await loadModel(source)).module).map((s) => s.name);
        const comparison = await compareNodes(
          {
            ...source,
            inputs: inputSources(options.input ?? [], names),
            expected: options.good,
            found: options.bad,
            tolerance: toleranceOf(options),
          },
          { resourceRoot, cancellation: context.cancellation, onProgress: context.progress },
        );
        return {
          json: comparison,
          text: nodeTable(comparison, options.all === true ? Infinity : undefined),
          exitCode: firstApart(comparison) === undefined ? 0 : 1,
        };
      }),
    );
}
