/** `strata trace`: traces of ours and of other tools without an editor. */
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { CancelledError } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import { reasonOf } from '../compiler/readText';
import { compareTraces, regressions } from '../profiler/compare';
import { formatComparison } from '../profiler/compareText';
import { chromeJson } from '../profiler/export/chromeJson';
import { zonesCsv } from '../profiler/export/csv';
import { perfettoProtobuf } from '../profiler/export/perfettoProtobuf';
import { speedscopeJson } from '../profiler/export/speedscopeJson';
import { readTraceFile } from '../profiler/readTraceFile';
import { formatSummary, summarise } from '../profiler/summary';
import type { Trace } from '../profiler/trace';
import { cliMessages } from './messages';
import { integerOption, wordOption } from './options';
import type { CommandContext, CommandResult } from './output';
import { runCommand } from './output';
import { replaceFile } from './replaceFile';
import { queryTrace, tablesText } from './traceQuery';

const writers = {
  '.pftrace': perfettoProtobuf,
  '.perfetto-trace': perfettoProtobuf,
  '.speedscope.json': speedscopeJson,
  '.json': chromeJson,
  '.csv': zonesCsv,
} as const;
const endings = Object.keys(writers) as readonly (keyof typeof writers)[];

interface TraceOptions {
  readonly limit?: string;
  readonly output?: string;
  readonly example?: string;
  readonly tables?: boolean;
  readonly failAbove?: string;
  readonly json?: boolean;
}

const actions = ['summary', 'compare', 'query', 'export'] as const;
/** Rows of a table unless the person says otherwise. */
const SHOWN_ROWS = 30;
const isAction = (word: string): boolean => actions.some((a) => a === word);

export function configureTrace(command: Command): void {
  command
    .argument(
      '<file>',
      'a trace: Perfetto, Chrome JSON, Tracy CSV, .cpuprofile, speedscope, perf script, Firefox, MLIR timing',
    )
    .argument('<action>', `${actions.join(', ')}; may also come first`)
    .argument(
      '[others...]',
      'for compare: traces to compare with the first; for query: SQL, a .sql file, or - for standard input',
    )
    .option('--limit <n>', `rows that are printed (default: ${SHOWN_ROWS}; all of a query with --json or -o)`)
    .option('--fail-above <percent>', 'for compare: exit with 1 where something got slower by more')
    .option('--example <name>', 'for query: a prepared question; --tables lists them')
    .option('--tables', 'for query: print the tables that can be queried, and the examples')
    .option('-o, --output <file>', `for export: ${endings.join(', ')}; for query: .csv`)
    .option('--json', 'print one JSON document')
    .action((first: string, second: string, others: readonly string[], options: TraceOptions) =>
      runCommand(options.json === true, async (context) => {
        const [action, file] = isAction(first) && !isAction(second) ? [first, second] : [second, first];
        const asked = options.limit === undefined ? undefined : integerOption('--limit', options.limit, 1);
        const limit = asked ?? SHOWN_ROWS;
        switch (wordOption('ACTION', action, actions)) {
          case 'summary': {
            const summary = summarise(await read(file, context));
            return { json: summary, text: formatSummary(summary, limit) };
          }
          case 'compare':
            return compare(file, others, limit, options.failAbove, context);
          case 'query': {
            if (options.tables === true) return tablesText();
            const { example, output } = options;
            const query = { sql: others[0], example, limit: asked, output };
            return queryTrace(await read(file, context), query, context);
          }
          case 'export':
            return exportTrace(file, options.output, context);
        }
      }),
    );
}

/** `5`, `5%` or `5 %` as 0.05. */
function percentOption(option: string, text: string): number {
  const m = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text);
  if (m === null) throw cliMessages.error('STR0002', { option, found: text, expected: 'a percentage' });
  return Number(m[1]) / 100;
}

async function compare(
  file: string,
  others: readonly string[],
  limit: number,
  failAbove: string | undefined,
  context: CommandContext,
): Promise<CommandResult> {
  if (others.length === 0)
    throw cliMessages.error('STR0002', { option: 'FILE2', found: '', expected: 'a second trace' });
  const allowed = failAbove === undefined ? undefined : percentOption('--fail-above', failAbove);
  const before = await read(file, context);
  const name = path.basename(file);
  const comparisons: object[] = [];
  const texts: string[] = [];
  let failed = false;
  for (const other of others) {
    const comparison = compareTraces(before, await read(other, context));
    texts.push(formatComparison(comparison, [name, path.basename(other)], limit));
    const slower = allowed === undefined ? [] : regressions(comparison, allowed);
    failed ||= slower.length > 0;
    for (const r of slower) {
      const what = 'name' in r ? r.name : `the whole run${r.entry === undefined ? '' : ` of ${r.entry}`}`;
      texts.push(
        `failed: ${what} is ${(((r.ratio ?? 1) - 1) * 100).toFixed(1)} % slower, allowed are ${failAbove}`,
      );
    }
    comparisons.push({
      before: file,
      after: other,
      ...comparison,
      ...(allowed === undefined ? {} : { slower }),
    });
  }
  return {
    // One pair is the usual case, and its document the comparison itself.
    json: comparisons.length === 1 ? { failed, ...comparisons[0] } : { failed, comparisons },
    text: texts.join('\n'),
    ...(failed ? { exitCode: 1 } : {}),
  };
}

async function exportTrace(
  file: string,
  output: string | undefined,
  context: CommandContext,
): Promise<CommandResult> {
  const ending = endings.find((e) => output?.toLowerCase().endsWith(e));
  if (output === undefined || ending === undefined) {
    const expected = `a file that ends in ${endings.join(', ')}`;
    throw cliMessages.error('STR0002', { option: '--output', found: output ?? '', expected });
  }
  const data = await read(file, context);
  const chunks: Iterable<string | Uint8Array> = writers[ending](data, path.basename(file));
  await replaceFile(output, (to) => pipeline(Readable.from(chunks), createWriteStream(to)));
  return { json: { output, zones: data.zones.name.length }, text: `wrote ${output}` };
}

async function read(file: string, context: CommandContext): Promise<Trace> {
  const { signal } = context.cancellation;
  const onProgress = (part: number): void => {
    context.progress(`reading ${path.basename(file)}, ${Math.round(part * 100)} %`);
  };
  const trace = await readTraceFile(file, { signal, onProgress }).catch((error: unknown) => {
    if (error instanceof StrataError || error instanceof CancelledError) throw error;
    throw cliMessages.error('STR0003', { path: file, problem: reasonOf(error) }, { cause: error });
  });
  context.warn(trace.warnings);
  return trace;
}
