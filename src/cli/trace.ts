/** `strata trace`: traces of ours and of other tools without an editor. */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Trace } from '../profiler/trace';
import { chromeJson } from '../profiler/export/chromeJson';
import { zonesCsv } from '../profiler/export/csv';
import { readTrace } from '../profiler/readTrace';
import { formatSummary, summarise } from '../profiler/summary';
import { reasonOf } from '../compiler/readText';
import { cliMessages } from './messages';
import { integerOption, wordOption } from './options';
import { runCommand } from './output';
import { replaceFile } from './replaceFile';

export function configureTrace(trace: Command): void {
  trace
    .command('summary')
    .description('where the time went, per dispatch or zone name')
    .argument('<file>')
    .option('--limit <n>', 'rows', '30')
    .option('--json', 'print one JSON document')
    .action((file: string, options: { readonly limit: string; readonly json?: boolean }) =>
      runCommand(options.json === true, async () => {
        const summary = summarise(await read(file));
        return { json: summary, text: formatSummary(summary, integerOption('--limit', options.limit, 1)) };
      }),
    );
  trace
    .command('export')
    .description('write a trace in another format')
    .argument('<file>')
    .requiredOption('-o, --output <file>', '.json (Chrome) or .csv')
    .option('--json', 'print one JSON document')
    .action((file: string, options: { readonly output: string; readonly json?: boolean }) =>
      runCommand(options.json === true, async () => {
        const format = wordOption('--output', path.extname(options.output), ['.json', '.csv']);
        const data = await read(file);
        const chunks = format === '.json' ? chromeJson(data) : zonesCsv(data);
        await replaceFile(options.output, (to) => pipeline(Readable.from(chunks), createWriteStream(to)));
        return {
          json: { output: options.output, zones: data.zones.name.length },
          text: `wrote ${options.output}`,
        };
      }),
    );
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
