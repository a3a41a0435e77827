/** `strata conformance`: ONNX backend cases through the interpreter or generated code. */
import type { Command } from 'commander';
import type { CaseResult, ConformanceTarget } from '../compiler/conformance';
import { conformanceTargets, runConformance } from '../compiler/conformance';
import { findCases } from '../compiler/conformanceCases';
import { conformanceReport, summaryOf } from '../compiler/conformanceReport';
import { expectedFailures } from '../compiler/expectedFailures';
import { writeSection } from './documentSection';
import { cliMessages } from './messages';
import { integerOption, wordOption } from './options';
import { runCommand } from './output';
import { resourceRoot } from './resourceRoot';

interface ConformanceCommandOptions {
  readonly target: string;
  readonly filter?: string;
  readonly timeLimit: string;
  readonly write?: string;
  readonly json?: boolean;
}

export function configureConformance(command: Command): void {
  command
    .argument('<dir>', 'folder with cases: */model.onnx and */test_data_set_*/')
    .option('--target <name>', `${conformanceTargets.join(', ')} or all`, 'interpreter')
    .option('--filter <regex>', 'run the cases whose name matches')
    .option('--time-limit <ms>', 'milliseconds that one case may take', '20000')
    .option('--write <file>', 'write the tables of pass counts into a Markdown document')
    .option('--json', 'print one JSON document')
    .action((dir: string, options: ConformanceCommandOptions) =>
      runCommand(options.json === true, async ({ cancellation, progress }) => {
        const target = wordOption('--target', options.target, [...conformanceTargets, 'all'] as const);
        const timeLimit = integerOption('--time-limit', options.timeLimit, 1);
        const filter = filterOf(options.filter);
        const cases = findCases(dir).filter((c) => filter.test(c.name));
        const runs = new Map<ConformanceTarget, readonly CaseResult[]>();
        for (const t of target === 'all' ? conformanceTargets : [target])
          runs.set(
            t,
            await runConformance(cases, {
              target: t,
              timeLimit,
              expectedFailures: expectedFailures(t),
              resourceRoot,
              cancellation,
              onResult: (r, i) => {
                progress(`${t}, ${i + 1} of ${cases.length}: ${r.name}`);
              },
            }),
          );
        if (options.write !== undefined)
          await writeSection(options.write, {
            name: 'ONNX operators',
            command: `strata conformance DIR --target ${target} --write ${options.write}`,
            body: conformanceReport(runs),
          });
        const results = [...runs.values()].flat();
        const wrong = results.filter((r) => r.state === 'failed' || r.state === 'unexpected');
        return {
          json: { target, summary: summaryOf(results), results },
          text: [...wrong.map(line), summaryOf(results)].join('\n'),
          exitCode: wrong.length > 0 ? 1 : 0,
        };
      }),
    );
}

const line = (r: CaseResult): string =>
  r.state === 'unexpected'
    ? `✗ ${r.name}: it passes, and is expected to fail: ${r.reason ?? ''}`
    : `✗ ${r.name}: ${r.reason ?? ''}`;

function filterOf(text: string | undefined): RegExp {
  try {
    return new RegExp(text ?? '');
  } catch (error) {
    throw cliMessages.error(
      'STR0002',
      { option: '--filter', found: text ?? '', expected: 'a regular expression' },
      { cause: error },
    );
  }
}
