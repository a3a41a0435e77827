/** `strata dump`: what other compilers printed pass by pass, without an editor. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Cancellation } from '../base/cancellation';
import { formatTable } from '../base/table';
import { formatDuration, ns } from '../base/units';
import { reasonOf } from '../compiler/readText';
import type { Dump } from '../dump/dump';
import type { Change } from '../dump/irState';
import { opGraph } from '../dump/semantic/opGraph';
import { drawnGraph } from '../dump/layout/drawGraph';
import { IrStates, diffTexts, functionNames, functionText } from '../dump/irState';
import { dumpMessages } from '../dump/messages';
import type { NormaliseOptions } from '../dump/normalise';
import { prepareLines } from '../dump/normalise';
import { closeDump, openDump } from '../dump/openDump';
import { countChanges, countOps } from '../dump/opCounts';
import type { PassList, PassNode, PassRun } from '../dump/passList';
import { passListOf } from '../dump/passList';
import { DumpHistory } from '../dump/semantic/dumpHistory';
import { diffGraphs } from '../dump/semantic/semanticDiff';
import { searchDump } from '../dump/searchDump';
import type { TimingReport } from '../dump/timingReport';
import { findTimingReport } from '../dump/timingReport';
import { assertMlir, reproductionOf } from '../dump/reproducer';
import { cliMessages } from './messages';
import { integerOption, wordOption } from './options';
import type { CommandContext, CommandResult } from './output';
import { runCommand } from './output';
import { graphResult, lifeResult, reproducerResult, semanticResult } from './semantic';

interface DumpOptions {
  readonly all?: boolean;
  readonly changes: boolean;
  readonly locations: boolean;
  readonly function?: string;
  readonly pass?: string;
  readonly timing?: string;
  readonly semantic?: boolean;
  readonly markdown?: boolean;
  readonly output?: string;
  readonly limit: string;
  readonly json?: boolean;
}

const actions = ['list', 'show', 'diff', 'life', 'graph', 'reproduce', 'stats', 'search'] as const;
const isAction = (word: string): boolean => actions.some((a) => a === word);

export function configureDump(command: Command): void {
  command
    .argument('<dump>', 'a log of passes (MLIR, IREE, Triton, LLVM, Halide), .mlir file or dump folder')
    .argument(
      '<action>',
      'list; show N; diff N [M], of two entries or of the pass of one; life [N] OP; graph N; reproduce N; stats; search TEXT; may also come first',
    )
    .argument(
      '[others...]',
      'numbers of entries as list has them, or the text; OP is a line, %value, @symbol, op name or location',
    )
    .option(
      '--all',
      'list: passes that changed nothing too; diff --semantic: ops that stayed as they were too',
    )
    .option('--semantic', 'diff: what became of each op, with the evidence')
    .option('-o, --output <file>', 'reproduce: the file to write')
    .option('--markdown', 'diff --semantic, life: a table in Markdown')
    .option('--no-changes', 'list: do not compare texts, at once whatever the size')
    .option('--function <name>', 'only this function')
    .option('--pass <text>', 'list: only passes whose name or argument holds this')
    .option('--no-locations', 'show, diff: leave out locations')
    .option('--timing <file>', 'list, stats: a timing report of MLIR, text or JSON, for dumps without one')
    .option('--limit <n>', 'search: lines', '100')
    .option('--json', 'print one JSON document')
    .action((first: string, second: string, others: readonly string[], options: DumpOptions) => {
      const [action, file] = isAction(first) && !isAction(second) ? [first, second] : [second, first];
      return withDump(file, options, (dump, context) => {
        switch (wordOption('ACTION', action, actions)) {
          case 'list':
            return list(dump, options, context);
          case 'show':
            return show(dump, needed(others[0], 'N', 'the number of an entry'), options, context);
          case 'diff':
            return diff(dump, needed(others[0], 'N', 'the number of an entry'), others[1], options, context);
          case 'life':
            return life(dump, others, options, context);
          case 'graph':
            return graph(dump, needed(others[0], 'N', 'the number of an entry'), options, context);
          case 'reproduce':
            return reproduce(dump, needed(others[0], 'N', 'the number of an entry'), options);
          case 'stats':
            return stats(dump, options.timing, context);
          case 'search':
            return search(dump, needed(others[0], 'TEXT', 'a text to look for'), options, context);
        }
      });
    });
}

function needed(word: string | undefined, name: string, expected: string): string {
  if (word === undefined || word === '')
    throw cliMessages.error('STR0002', { option: name, found: '', expected });
  return word;
}

async function show(
  dump: Dump,
  n: string,
  options: DumpOptions,
  context: CommandContext,
): Promise<CommandResult> {
  const entry = entryNumber(n, dump);
  const ir = await entryIr(new IrStates(dump), entry, options.function, context);
  const text = prepareLines(ir, normaliseOf(options)).join('\n');
  return { json: { ...dump.entries[entry], text }, text };
}

async function search(
  dump: Dump,
  text: string,
  options: DumpOptions,
  context: CommandContext,
): Promise<CommandResult> {
  const limit = integerOption('--limit', options.limit, 1);
  const hits = [];
  for await (const hit of searchDump(dump, text, context.cancellation)) {
    hits.push({ ...hit, pass: dump.entries[hit.entry]!.pass });
    if (hits.length >= limit) break;
  }
  const table = formatTable(hits, [
    { title: 'entry', cell: (h) => String(h.entry), align: 'right' },
    { title: 'pass', cell: (h) => h.pass, maxWidth: 30 },
    { title: 'line', cell: (h) => h.line, maxWidth: 160 },
  ]);
  return { json: hits, text: hits.length === 0 ? `no line holds '${text}'` : table };
}

function withDump(
  file: string,
  options: DumpOptions,
  body: (dump: Dump, context: CommandContext) => CommandResult | Promise<CommandResult>,
): Promise<void> {
  return runCommand(options.json === true, async (context) => {
    const dump = await openDump(file, {
      cancellation: context.cancellation,
      onProgress: (done, size) => {
        context.progress(`reading ${Math.floor((100 * done) / size)} %`);
      },
    });
    try {
      context.warn(dump.warnings);
      return await body(dump, context);
    } finally {
      await closeDump(dump);
    }
  });
}

function entryNumber(text: string, dump: Dump): number {
  const n = Number(text);
  if (!/^\d+$/.test(text) || n >= dump.entries.length)
    throw dumpMessages.error('STR0152', { found: text, count: dump.entries.length });
  return n;
}

const normaliseOf = (options: DumpOptions): NormaliseOptions => ({
  locations: options.locations ? 'keep' : 'drop',
});

async function entryIr(
  states: IrStates,
  entry: number,
  symbol: string | undefined,
  context: CommandContext,
): Promise<string> {
  const { text, warnings } = await states.entry(entry);
  context.warn(warnings);
  if (symbol === undefined) return text;
  const found = functionText(text, symbol);
  if (found !== undefined) return found;
  const known = functionNames(text)
    .map((name) => `@${name}`)
    .join(', ');
  throw dumpMessages.error('STR0153', { symbol, entry, known: known === '' ? 'none' : known });
}

async function diff(
  dump: Dump,
  n: string,
  m: string | undefined,
  options: DumpOptions,
  context: CommandContext,
): Promise<CommandResult> {
  const states = new IrStates(dump);
  const label = (i: number): string => `${i} ${dump.entries[i]!.when} ${dump.entries[i]!.pass}`;
  const first = entryNumber(n, dump);
  let texts: readonly [string, string];
  let labels: readonly [string, string];
  if (m === undefined) {
    const run = runs(passListOf(dump)).find((r) => r.entries.includes(first))!;
    const place = (p: PassRun['before']): Promise<string | undefined> =>
      p === undefined
        ? Promise.resolve(undefined)
        : states.text(options.function === undefined ? p : { ...p, symbol: options.function });
    texts = [(await place(run.before)) ?? '', (await place(run.after)) ?? ''];
    labels = [`before ${dump.entries[first]!.pass}`, `after ${dump.entries[first]!.pass}`];
  } else {
    const second = entryNumber(m, dump);
    texts = [
      await entryIr(states, first, options.function, context),
      await entryIr(states, second, options.function, context),
    ];
    labels = [label(first), label(second)];
  }
  if (options.semantic === true) {
    assertMlir(dump);
    const title = m === undefined ? dump.entries[first]!.pass : labels.join(' → ');
    const found = diffGraphs(opGraph(texts[0]), opGraph(texts[1]), { cancellation: context.cancellation });
    return semanticResult(title, found, options);
  }
  const result = diffTexts(texts[0], texts[1], labels, normaliseOf(options));
  return { json: result, text: result.text === '' ? 'no change' : result.text.trimEnd() };
}

function life(
  dump: Dump,
  others: readonly string[],
  options: DumpOptions,
  context: CommandContext,
): Promise<CommandResult> {
  assertMlir(dump);
  const [n, op] = others.length > 1 ? others : [undefined, others[0]];
  const name = needed(op, 'OP', 'a line, %value, @symbol, op name or location');
  const history = new DumpHistory(dump);
  const steps = history.steps();
  const wanted = n === undefined ? undefined : entryNumber(n, dump);
  const states = dump.entries
    .filter((e) => e.omitted !== true && (wanted === undefined || e.index === wanted))
    .map((e) => ({
      number: e.index,
      step:
        steps.findLastIndex((s) => s.index <= e.index) -
        (e.when === 'before' && steps.some((s) => s.index === e.index) ? 1 : 0),
      graph: async () => history.graph((await history.states.entry(e.index)).text),
    }));
  return lifeResult(name, states, steps, options, context.cancellation);
}

async function graph(
  dump: Dump,
  n: string,
  options: DumpOptions,
  context: CommandContext,
): Promise<CommandResult> {
  assertMlir(dump);
  const entry = entryNumber(n, dump);
  const ir = await entryIr(new IrStates(dump), entry, options.function, context);
  return graphResult(drawnGraph(`${entry} ${dump.entries[entry]!.pass}`, opGraph(ir)), options);
}

async function reproduce(dump: Dump, n: string, options: DumpOptions): Promise<CommandResult> {
  const entry = entryNumber(n, dump);
  const run = runs(passListOf(dump)).find((r) => r.entries.includes(entry))!;
  return reproducerResult(await reproductionOf(dump, new IrStates(dump), run), options.output);
}

const runs = (list: PassList): PassRun[] =>
  list.pipelines.flatMap((p) => p.passes.flatMap((node) => node.runs));

async function timingFrom(file: string | undefined): Promise<TimingReport | undefined> {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw cliMessages.error('STR0003', { path: file, problem: reasonOf(error) }, { cause: error });
  }
  const report = findTimingReport(text);
  if (report === undefined) throw dumpMessages.error('STR0154', { path: file });
  return report;
}

interface ListRow {
  readonly pipeline: string;
  readonly node: PassNode;
  readonly run: PassRun;
  readonly change?: Change;
}

async function rowsOf(
  dump: Dump,
  list: PassList,
  wanted: (node: PassNode, run: PassRun) => boolean,
  changes: boolean,
  cancellation: Cancellation,
): Promise<ListRow[]> {
  const states = new IrStates(dump);
  const rows: ListRow[] = [];
  for (const { anchor, passes } of list.pipelines) {
    for (const node of passes) {
      for (const run of node.runs) {
        if (!wanted(node, run)) continue;
        cancellation.throwIfCancelled();
        rows.push({ pipeline: anchor, node, run, ...(changes ? { change: await states.change(run) } : {}) });
      }
    }
  }
  return rows;
}

const signed = (n: number): string => (n > 0 ? `+${n}` : `−${-n}`);

function changeText(row: ListRow): string {
  const { change, run } = row;
  const failed = run.failed ? 'failed ' : '';
  if (change === undefined) return failed.trim();
  if (change.kind !== 'changed') return `${failed}${change.kind}`;
  return `${failed}+${change.added} −${change.removed}`;
}

async function list(dump: Dump, options: DumpOptions, context: CommandContext): Promise<CommandResult> {
  const passes = passListOf(dump, await timingFrom(options.timing));
  const wanted = (node: PassNode, run: PassRun): boolean =>
    (options.function === undefined || run.symbol === options.function) &&
    (options.pass === undefined || `${node.pass} ${node.argument ?? ''}`.includes(options.pass));
  const all = await rowsOf(dump, passes, wanted, options.changes, context.cancellation);
  const rows = options.all === true ? all : all.filter((r) => r.change?.kind !== 'unchanged' || r.run.failed);
  const hidden = all.length - rows.length;
  const json = {
    format: dump.format,
    entries: dump.entries.length,
    passes: all.map(({ pipeline, node, run, change }) => ({
      pipeline,
      pass: node.pass,
      argument: node.argument,
      options: node.options,
      seconds: node.seconds,
      op: run.op,
      symbol: run.symbol,
      entries: run.entries,
      failed: run.failed,
      change,
    })),
  };
  const table = formatTable(rows, [
    { title: 'entry', cell: (r) => String(r.run.entries[r.run.entries.length - 1]), align: 'right' },
    { title: 'pipeline', cell: (r) => r.pipeline, maxWidth: 24 },
    { title: 'pass', cell: (r) => r.node.argument ?? r.node.pass, maxWidth: 44 },
    { title: 'function', cell: (r) => (r.run.symbol === undefined ? '' : `@${r.run.symbol}`), maxWidth: 30 },
    {
      title: 'time',
      cell: (r) => (r.node.seconds === undefined ? '' : formatDuration(ns(r.node.seconds * 1e9))),
      align: 'right',
    },
    { title: 'lines', cell: changeText, align: 'right' },
    {
      title: 'ops',
      cell: (r) =>
        r.change?.kind === 'changed' ? [...r.change.ops].map(([d, n]) => `${d} ${signed(n)}`).join(', ') : '',
      maxWidth: 60,
    },
  ]);
  const note = hidden === 0 ? '' : `\n${hidden} unchanged not shown (--all)`;
  return { json, text: `${dump.title}, ${dump.entries.length} entries\n\n${table}${note}` };
}

async function stats(
  dump: Dump,
  timing: string | undefined,
  context: CommandContext,
): Promise<CommandResult> {
  const passes = passListOf(dump, await timingFrom(timing));
  const rows = await rowsOf(dump, passes, () => true, true, context.cancellation);
  const states = new IrStates(dump);
  const firstOf = new Map<string, number>();
  const lastOf = new Map<string, number>();
  for (const e of dump.entries) {
    if (e.omitted === true) continue;
    const key = e.moduleScope === true ? '' : `${e.op ?? ''}@${e.symbol ?? ''}`;
    if (!firstOf.has(key)) firstOf.set(key, e.index);
    lastOf.set(key, e.index);
  }
  const units = [];
  for (const [unit, first] of firstOf) {
    const last = lastOf.get(unit)!;
    const [before, after] = [
      countOps((await states.entry(first)).text, dump, dump.entries[first]!),
      countOps((await states.entry(last)).text, dump, dump.entries[last]!),
    ];
    units.push({
      unit: unit === '' ? 'module' : unit.replace('@', ' @').trim(),
      first,
      last,
      before,
      after,
      change: countChanges(before, after),
    });
  }
  const byPass = new Map<
    string,
    { pass: string; runs: number; changed: number; lines: number; seconds: number | undefined }
  >();
  const timed = new Set<PassNode>();
  for (const { node, change } of rows) {
    const key = node.argument ?? node.pass;
    const sum = byPass.get(key) ?? { pass: key, runs: 0, changed: 0, lines: 0, seconds: undefined };
    sum.runs++;
    if (change?.kind === 'changed') {
      sum.changed++;
      sum.lines += change.added + change.removed;
    }
    if (!timed.has(node) && node.seconds !== undefined) sum.seconds = (sum.seconds ?? 0) + node.seconds;
    timed.add(node);
    byPass.set(key, sum);
  }
  const sums = [...byPass.values()].sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0) || b.lines - a.lines);
  const counts = (map: ReadonlyMap<string, number>): string =>
    [...map].map(([d, n]) => `${d} ${n}`).join(', ');
  const text = [
    formatTable(units, [
      { title: 'op', cell: (u) => u.unit, maxWidth: 40 },
      { title: 'entries', cell: (u) => `${u.first}–${u.last}`, align: 'right' },
      { title: 'ops at first', cell: (u) => counts(u.before), maxWidth: 60 },
      { title: 'at last', cell: (u) => counts(u.after), maxWidth: 60 },
    ]),
    formatTable(sums, [
      { title: 'pass', cell: (p) => p.pass, maxWidth: 50 },
      { title: 'runs', cell: (p) => String(p.runs), align: 'right' },
      { title: 'changed', cell: (p) => String(p.changed), align: 'right' },
      { title: 'lines', cell: (p) => String(p.lines), align: 'right' },
      {
        title: 'time',
        cell: (p) => (p.seconds === undefined ? '' : formatDuration(ns(p.seconds * 1e9))),
        align: 'right',
      },
    ]),
  ];
  return {
    json: { format: dump.format, entries: dump.entries.length, units, passes: sums },
    text: text.join('\n\n'),
  };
}
