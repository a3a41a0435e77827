/** `strata bisect`: which pass, then which rewrite, made a result wrong or slow. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Bisection, SavedTests } from '../bisect/bisection';
import { savedTests } from '../bisect/bisection';
import type { BisectEnvironment } from '../bisect/progress';
import { bisectionMarkdown, bisectionText } from '../bisect/reportText';
import { readBisection, writeBisection } from '../bisect/savedBisection';
import type { CommandContext, CommandResult } from './output';
import { configureBisectCommand } from './bisectCommand';
import { configureBisectNumerics } from './bisectNumerics';
import { configureBisectPerf } from './bisectPerf';
import { configureBisectTensors } from './bisectTensors';
import { replaceFile } from './replaceFile';

export function configureBisect(command: Command): void {
  command.addHelpText(
    'after',
    `
Examples:
  strata bisect numerics model.onnx --reference onnxruntime
  strata bisect perf model.onnx --good O3 --bad O2
  strata bisect tensors model.onnx --good onnxruntime --bad O3
  strata bisect command --judge 'sh check.sh' -- mlir-opt in.mlir --pass-pipeline='builtin.module(canonicalize,cse)'
`,
  );
  configureBisectNumerics(command.command('numerics'));
  configureBisectPerf(command.command('perf'));
  configureBisectCommand(command.command('command'));
  configureBisectTensors(command.command('tensors'));
}

/** Options that all bisections have. */
export interface SharedOptions {
  readonly state?: string;
  readonly report?: string;
  readonly json?: boolean;
}
export const addSharedOptions = (command: Command): Command =>
  command
    .option('--state <file>', 'keep what was found out here after each step, and go on from it')
    .option('--report <file>', 'write a Markdown report')
    .option('--json', 'print one JSON document');

/** Runs a bisection with its state kept as `--state` says, and prints it. */
export async function runBisection(
  options: SharedOptions,
  context: CommandContext,
  work: (environment: BisectEnvironment) => Promise<Bisection>,
): Promise<CommandResult> {
  const { state, report } = options;
  const saved: SavedTests | undefined = state === undefined ? undefined : savedOf(readBisection(state));
  const result = await work({
    cancellation: context.cancellation,
    onUpdate: (b) => {
      if (state !== undefined) writeBisection(state, b);
      context.progress(`${b.runs.search} runs  ${b.activity}`);
    },
    ...(saved === undefined ? {} : { saved }),
  });
  if (report !== undefined) await replaceFile(report, (to) => writeFile(to, bisectionMarkdown(result)));
  return {
    json: result,
    text: `${bisectionText(result)}${report === undefined ? '' : `\nwrote ${report}`}`,
    exitCode: result.culprits.length > 0 ? 1 : 0,
  };
}
const savedOf = (b: Bisection | undefined): SavedTests | undefined =>
  b === undefined ? undefined : savedTests(b);
