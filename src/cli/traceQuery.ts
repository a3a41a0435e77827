/** `strata trace FILE query`: SQL over a trace. */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { exampleQueries } from '../profiler/query/exampleQueries';
import { formatResult, resultCsv, resultObjects } from '../profiler/query/queryResult';
import { MAX_ROWS, QueryThread } from '../profiler/query/queryThread';
import { views } from '../profiler/query/traceTables';
import type { Trace } from '../profiler/trace';
import { cliMessages } from './messages';
import type { CommandContext, CommandResult } from './output';
import { replaceFile } from './replaceFile';
import { resourceRoot } from './resourceRoot';

/** Rows that are printed for people unless they say otherwise. */
const SHOWN_ROWS = 30;

export interface TraceQueryOptions {
  /** SQL, a file that ends in `.sql`, or `-` for standard input. */
  readonly sql?: string | undefined;
  /** Name of an example instead. */
  readonly example?: string | undefined;
  readonly limit?: number | undefined;
  /** A `.csv` file to write. */
  readonly output?: string | undefined;
}

export async function queryTrace(
  trace: Trace,
  options: TraceQueryOptions,
  context: CommandContext,
): Promise<CommandResult> {
  const sql = await sqlOf(options);
  const toFile = options.output !== undefined;
  if (options.output !== undefined && !options.output.toLowerCase().endsWith('.csv'))
    throw cliMessages.error('STR0002', {
      option: '--output',
      found: options.output,
      expected: 'a file that ends in .csv',
    });
  const thread = new QueryThread(trace, path.join(resourceRoot, 'dist'));
  try {
    context.progress(`loading ${trace.zones.start.length} zones …`);
    const limit = options.limit ?? (toFile || context.json ? MAX_ROWS : SHOWN_ROWS);
    const result = await thread.query(sql, limit, context.cancellation.signal);
    if (options.output !== undefined) {
      await replaceFile(options.output, (to) =>
        pipeline(Readable.from(resultCsv(result)), createWriteStream(to)),
      );
      const summary = { output: options.output, rows: result.rows, truncated: result.truncated };
      return { json: summary, text: `wrote ${options.output}, ${result.rows} rows` };
    }
    const columns = result.columns.map(({ name, type }) => ({ name, type }));
    return {
      json: { columns, rows: resultObjects(result), truncated: result.truncated },
      text: formatResult(result),
    };
  } finally {
    thread.dispose();
  }
}

async function sqlOf({ sql, example }: TraceQueryOptions): Promise<string> {
  if (example !== undefined) {
    const known = exampleQueries.find((q) => q.name === example);
    if (known !== undefined) return known.sql;
    const expected = `one of ${exampleQueries.map((q) => q.name).join(', ')}`;
    throw cliMessages.error('STR0002', { option: '--example', found: example, expected });
  }
  if (sql === undefined || sql.trim() === '')
    throw cliMessages.error('STR0002', {
      option: 'SQL',
      found: '',
      expected:
        'a query such as "SELECT name, dur FROM slice", a .sql file, - for standard input, or --example NAME',
    });
  if (sql === '-') return text(process.stdin);
  return sql.toLowerCase().endsWith('.sql') ? readFile(sql, 'utf8') : sql;
}

/** What can be queried: tables with their meaning, and the examples. */
export function tablesText(): CommandResult {
  const width = Math.max(...[...views, ...exampleQueries].map((v) => v.name.length));
  const list = (rows: readonly { readonly name: string; readonly about: string }[]): string =>
    rows.map((r) => `  ${r.name.padEnd(width)}  ${r.about}`).join('\n');
  const tables = views.map((v) => ({ name: v.name, about: v.summary }));
  const examples = exampleQueries.map((q) => ({ name: q.name, about: q.question }));
  return {
    json: { tables, examples: exampleQueries },
    text: `Tables (DESCRIBE name lists the columns):\n${list(tables)}\n\nExamples (--example NAME):\n${list(examples)}`,
  };
}
