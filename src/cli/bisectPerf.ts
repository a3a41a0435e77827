/** `strata bisect perf`: which pass made the program slow. */
import type { Command } from 'commander';
import { bisectPerf } from '../bisect/perf/perf';
import { sequentialDefaults } from '../bisect/perf/sequentialTest';
import { cpuLevels } from '../compiler/targetDescription';
import type { PipelineStep } from '../ir';
import { parsePipeline } from '../ir';
import { passes } from '../lowering/passes/index';
import type { OptLevel } from '../lowering/pipeline';
import { defaultPipeline } from '../lowering/pipeline';
import type { SharedOptions } from './bisect';
import { addSharedOptions, runBisection } from './bisect';
import { integerOption, numberOption, wordOption } from './options';
import { runCommand } from './output';
import { resourceRoot } from './resourceRoot';

interface PerfOptions extends SharedOptions {
  readonly good: string;
  readonly bad: string;
  readonly cpu?: string;
  readonly resources?: string;
  readonly threads: string;
  readonly level: string;
  readonly effect: string;
  readonly rounds: string;
}

export function configureBisectPerf(command: Command): void {
  addSharedOptions(
    command
      .description('find the pass, rewrite and dispatch that make a program slow')
      .argument('<model>', '.onnx model or .mlir text')
      .requiredOption('--good <side>', 'O0 to O3, or a pipeline as text')
      .requiredOption('--bad <side>', 'the same, of the slow program')
      .option('--cpu <level>', `instructions to use: ${cpuLevels.join(', ')}`)
      .option('--resources <file>', 'for .mlir text: the file that its parameters are in')
      .option('--threads <n>', 'number of threads', '1')
      .option(
        '--level <p>',
        'probability of calling equal programs different',
        String(sequentialDefaults.level),
      )
      .option('--effect <percent>', 'smallest slowdown that matters', '3')
      .option(
        '--rounds <n>',
        'most rounds of measuring before no answer is given',
        String(sequentialDefaults.mostRounds),
      ),
  ).action((model: string, options: PerfOptions) =>
    runCommand(options.json === true, (context) =>
      runBisection(options, context, (environment) =>
        bisectPerf(
          {
            model,
            good: sideOf(options.good),
            bad: sideOf(options.bad),
            threads: integerOption('--threads', options.threads, 1),
            ...(options.cpu === undefined ? {} : { cpuLevel: wordOption('--cpu', options.cpu, cpuLevels) }),
            ...(options.resources === undefined ? {} : { resources: options.resources }),
            sequential: {
              ...sequentialDefaults,
              level: numberOption('--level', options.level),
              effect: 1 + numberOption('--effect', options.effect) / 100,
              mostRounds: integerOption('--rounds', options.rounds, 1),
            },
          },
          { ...environment, resourceRoot },
        ),
      ),
    ),
  );
}

function sideOf(text: string): readonly PipelineStep[] {
  const level = /^-?O([0-3])$/.exec(text)?.[1];
  return level === undefined
    ? parsePipeline(text, passes).map((node) => ({ node, stage: 'custom' }))
    : defaultPipeline({ target: 'cpu', optLevel: Number(level) as OptLevel });
}
