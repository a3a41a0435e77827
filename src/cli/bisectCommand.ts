/** `strata bisect command`: the search over the steps of another compiler. */
import type { Command } from 'commander';
import type { Judge } from '../bisect/command/commandBisect';
import { bisectCommand } from '../bisect/command/commandBisect';
import { stepKindOf, stepKinds } from '../bisect/command/pointsOf';
import { pairedDefaults } from '../bisect/perf/pairedTest';
import type { SharedOptions } from './bisect';
import { addSharedOptions, runBisection } from './bisect';
import { toleranceOf } from './bisectNumerics';
import { cliMessages } from './messages';
import { integerOption, numberOption, wordOption } from './options';
import { runCommand } from './output';

interface CommandBisectOptions extends SharedOptions {
  readonly by?: string;
  readonly count?: string;
  readonly judge?: string;
  readonly run?: string;
  readonly expect?: string;
  readonly time?: string;
  readonly repeat: string;
  readonly rtol?: string;
  readonly atol?: string;
  readonly ulp?: string;
  readonly timeout?: string;
  readonly all?: boolean;
}

export function configureBisectCommand(command: Command): void {
  addSharedOptions(
    command
      .description('find the step of another compiler that makes its output bad')
      .argument(
        '<words...>',
        "behind '--': the command; {n} is the number of steps, {out} the file it writes",
      )
      .option(
        '--by <steps>',
        `${stepKinds.join(', ')} (default: by the name of the program, or by {n} in the words)`,
      )
      .option('--count <n>', 'steps that a template with {n} has')
      .option('--judge <command>', 'given what was built ({} or its last word): 0 good, 125 skip, else bad')
      .option('--run <command>', 'writes a tensor to {result}; {} is what was built')
      .option('--expect <file>', 'the tensor that --run should write')
      .option('--time <command>', 'is slow when what was built is bad')
      .option(
        '--repeat <n>',
        'for --time: pairs of runs after which there is no answer',
        String(pairedDefaults.mostPairs),
      )
      .option('--rtol <x>', 'for --expect: allowed relative error (default: 1e-4)')
      .option('--atol <x>', 'for --expect: allowed absolute error')
      .option('--ulp <n>', 'for --expect: allowed distance in representable numbers')
      .option('--timeout <seconds>', 'for each run of a command')
      .option('--all', 'judge every point'),
  ).action((words: readonly string[], options: CommandBisectOptions) =>
    runCommand(options.json === true, (context) => {
      const steps = options.by === undefined ? stepKindOf(words) : wordOption('--by', options.by, stepKinds);
      if (steps === undefined)
        throw cliMessages.error('STR0002', { option: '--by', found: '', expected: stepKinds.join(', ') });
      return runBisection(options, context, (environment) =>
        bisectCommand(
          {
            words,
            steps,
            judge: judgeOf(options),
            ...(options.count === undefined ? {} : { count: integerOption('--count', options.count, 1) }),
            ...(options.timeout === undefined
              ? {}
              : { timeoutMs: 1000 * numberOption('--timeout', options.timeout) }),
            ...(options.all === true ? { exhaustive: true } : {}),
          },
          environment,
        ),
      );
    }),
  );
}

function judgeOf(options: CommandBisectOptions): Judge {
  const { judge, run, expect, time } = options;
  if (run !== undefined || expect !== undefined) {
    if (run === undefined || expect === undefined)
      throw cliMessages.error('STR0002', {
        option: run === undefined ? '--run' : '--expect',
        found: '',
        expected: 'both --run COMMAND and --expect FILE',
      });
    return { kind: 'tensor', command: run, expected: expect, tolerance: toleranceOf(options) };
  }
  if (time !== undefined)
    return {
      kind: 'time',
      command: time,
      mostPairs: integerOption('--repeat', options.repeat, pairedDefaults.firstPairs),
    };
  return judge === undefined ? { kind: 'exit' } : { kind: 'command', command: judge };
}
