/** `strata bisect perf`: which pass made the program slow. */
import type { Command } from 'commander';
import { bisectPerf } from '../bisect/perf/perf';
import { pairedDefaults } from '../bisect/perf/pairedTest';
import { parseSide } from '../bisect/perf/side';
import { cpuLevels } from '../compiler/targetDescription';
import type { SharedOptions } from './bisect';
import { addSharedOptions, runBisection } from './bisect';
import { singleDims } from './compileOptions';
import { collect, integerOption, numberOption, wordOption } from './options';
import { runCommand } from './output';
import { resourceRoot } from './resourceRoot';

interface PerfOptions extends SharedOptions {
  readonly good: string;
  readonly bad: string;
  readonly cpu?: string;
  readonly resources?: string;
  readonly dim?: readonly string[];
  readonly threads: string;
  readonly level: string;
  readonly effect: string;
  readonly pairs: string;
  readonly all?: boolean;
  readonly repository?: string;
}

export function configureBisectPerf(command: Command): void {
  addSharedOptions(
    command
      .description('find the pass, rewrite and dispatch that make a program slow')
      .argument('<model>', '.onnx or .tflite model, or .mlir text')
      .requiredOption(
        '--good <side>',
        'O0 to O3, with --cpu, --threads, --schedule FILE, --without RULE, --without-pass PASS; a pipeline; FILE.strata; revision:COMMIT',
      )
      .requiredOption('--bad <side>', 'the same, of the slow program')
      .option('--cpu <level>', `instructions that both use: ${cpuLevels.join(', ')}`)
      .option('--resources <file>', 'for .mlir text: the file that its parameters are in')
      .option('--dim <name=size>', 'size of a symbolic dimension', collect)
      .option('--threads <n>', 'threads of both', '1')
      .option('--level <p>', 'probability of calling equal programs different', String(pairedDefaults.level))
      .option('--effect <percent>', 'smallest slowdown that matters', '3')
      .option(
        '--pairs <n>',
        'pairs of fresh processes after which a comparison has no answer',
        String(pairedDefaults.mostPairs),
      )
      .option('--all', 'measure every point, so that each difference shows its share')
      .option('--repository <dir>', "for revisions: a clone of Strata's repository"),
  ).action((model: string, options: PerfOptions) =>
    runCommand(options.json === true, (context) =>
      runBisection(options, context, (environment) =>
        bisectPerf(
          {
            model,
            good: parseSide(options.good),
            bad: parseSide(options.bad),
            threads: integerOption('--threads', options.threads, 1),
            dims: singleDims(options.dim ?? []),
            ...(options.cpu === undefined ? {} : { cpuLevel: wordOption('--cpu', options.cpu, cpuLevels) }),
            ...(options.resources === undefined ? {} : { resources: options.resources }),
            ...(options.all === true ? { exhaustive: true } : {}),
            ...(options.repository === undefined ? {} : { repository: options.repository }),
            paired: {
              ...pairedDefaults,
              level: numberOption('--level', options.level),
              effect: 1 + numberOption('--effect', options.effect) / 100,
              mostPairs: integerOption('--pairs', options.pairs, pairedDefaults.firstPairs),
            },
          },
          { ...environment, resourceRoot },
        ),
      ),
    ),
  );
}
