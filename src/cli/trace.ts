/** `strata trace`: traces of ours and of other tools without an editor. */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { formatTable } from '../base/table';
import { formatDuration, ns } from '../base/units';
import { reasonOf } from '../compiler/readText';
import { chromeJson } from '../profiler/export/chromeJson';
import { zonesCsv } from '../profiler/export/csv';
import { readTrace } from '../profiler/readTrace';
import type { Summary } from '../profiler/summary';
import { formatSummary, summarise } from '../profiler/summary';
import type { Trace } from '../profiler/trace';
import { cliMessages } from './messages';
import { integerOption, wordOption } from './options';
import type { CommandResult } from './output';
import { runCommand } from './output';
import { replaceFile } from './replaceFile';

interface TraceOptions {
  readonly limit: string;
  readonly output?: string;
  readonly json?: boolean;
}

const actions = ['summary', 'compare', 'export'] as const;

export function configureTrace(command: Command): void {
  command
    .argument('<file>', 'a trace: .pftrace, Chrome JSON, Tracy CSV')
    .argument('<action>', 'summary, compare or export')
    .argument('[file2]', 'the trace to compare with')
    .option('--limit <n>', 'rows of a summary or comparison', '30')
    .option('-o, --output <file>', 'for export: .json (Chrome) or .csv')
    .option('--json', 'print one JSON document')
    .action((file: string, action: string, file2: string | undefined, options: TraceOptions) =>
      runCommand(options.json === true, async () => {
        const limit = integerOption('--limit', options.limit, 1);
        switch (wordOption('ACTION', action, actions)) {
          case 'summary': {
            const summary = summarise(await read(file));
            return { json: summary, text: formatSummary(summary, limit) };
          }
          case 'compare': {
            if (file2 === undefined)
              throw cliMessages.error('STR0002', { option: 'FILE2', found: '', expected: 'a second trace' });
            return compare(summarise(await read(file)), summarise(await read(file2)), limit);
          }
          case 'export':
            return exportTrace(file, options.output);
        }
      }),
    );
}

interface Compared {
  readonly name: string;
  /** Nanoseconds; absent where the trace has no such row. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly difference: number;
}

/** Medians of rows of the same name, greatest difference first. */
function compare(before: Summary, after: Summary, limit: number): CommandResult {
  const entries = new Set([...before.rows, ...after.rows].map((r) => r.entry));
  const key = (r: Summary['rows'][number]): string =>
    r.entry === undefined || entries.size === 1 ? r.name : `${r.entry}: ${r.name}`;
  const [old, now] = [before, after].map((s) => new Map(s.rows.map((r) => [key(r), r.median])));
  const rows = [...new Set([...old!.keys(), ...now!.keys()])]
    .map((name): Compared => {
      const [a, b] = [old!.get(name), now!.get(name)];
      return { name, before: a, after: b, difference: (b ?? 0) - (a ?? 0) };
    })
    .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference) || (a.name < b.name ? -1 : 1));
  const time = (t: number | undefined): string => (t === undefined ? '–' : formatDuration(ns(t)));
  const table = formatTable(rows.slice(0, limit), [
    { title: before.by === 'dispatch' ? 'dispatch' : 'zone', cell: (r) => r.name },
    { title: 'before', cell: (r) => time(r.before), align: 'right' },
    { title: 'after', cell: (r) => time(r.after), align: 'right' },
    {
      title: 'difference',
      cell: (r) => `${r.difference > 0 ? '+' : ''}${time(r.difference)}`,
      align: 'right',
    },
    { title: 'change', cell: change, align: 'right' },
  ]);
  const rest = rows.length - limit;
  return { json: { by: before.by, rows }, text: rest > 0 ? `${table}\n… and ${rest} more` : table };
}
function change({ before, after }: Compared): string {
  if (before === undefined) return 'new';
  if (after === undefined) return 'gone';
  const percent = (100 * (after - before)) / before;
  return `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
}

async function exportTrace(file: string, output: string | undefined): Promise<CommandResult> {
  const format = wordOption('--output', path.extname(output ?? ''), ['.json', '.csv']);
  const data = await read(file);
  const chunks = format === '.json' ? chromeJson(data) : zonesCsv(data);
  await replaceFile(output!, (to) => pipeline(Readable.from(chunks), createWriteStream(to)));
  return { json: { output, zones: data.zones.name.length }, text: `wrote ${output}` };
}

async function read(file: string): Promise<Trace> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw cliMessages.error('STR0003', { path: file, problem: reasonOf(error) }, { cause: error });
  }
  return readTrace(bytes, path.basename(file));
}
