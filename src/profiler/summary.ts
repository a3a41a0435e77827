/**
 * The per-dispatch table: where the time of a run went, joined to the model nodes behind it. Printed by the command
 * line, shown by the editor, read by hovers and code lenses.
 */
import { threeDigits } from '../base/units';
import { columnUnit } from './layout/columnUnits';
import type { Roofs } from './layout/roofline';
import { attained, boundOf } from './layout/roofline';
import { selfTimes } from './nesting';
import { originLabel } from './originLabel';
import { rowsWithin, spreadOf, spreadOfMerged } from './statistics';
import type { Spread, TimeRange } from './statistics';
import { allFacts } from './trace';
import type { TraceColumns, ZoneFacts } from './trace';

/** Times in nanoseconds. A call on several threads counts once, from its first start to its last end. */
export interface SummaryRow extends Spread {
  readonly name: string;
  /** Entry point of the artifact; rows of different ones are never merged. */
  readonly entry?: string;
  /** Index into the dispatch table, absent for zones that are no dispatch. */
  readonly dispatch?: number;
  readonly origins: readonly string[];
  /** Time of all threads outside nested zones; of its own track where none is a thread. */
  readonly self: number;
  /** Part of the total of all rows, 0 to 1. */
  readonly share: number;
  readonly flopsPerSecond?: number;
  readonly bytesPerSecond?: number;
  /** What the cost model said that a call takes on one thread. */
  readonly predicted?: number;
  /** Why more ops were not fused into it. */
  readonly refused?: readonly string[];
  /** Row of its longest zone in `Trace.zones`. */
  readonly longest: number;
}

export interface Summary {
  /** Whether rows are dispatches of ours, or zone names of a trace that has none. */
  readonly by: 'dispatch' | 'name';
  readonly span: number;
  readonly total: number;
  /** Greatest total first. */
  readonly rows: readonly SummaryRow[];
}

interface Group {
  readonly name: string;
  readonly facts: ZoneFacts;
  readonly zones: number[];
  onThreads: number;
  onAll: number;
  longest: number;
}

/** The calls behind a row in order of time; none where the trace holds only their totals. */
export interface RowCalls {
  /** Nanoseconds. */
  readonly durations: Float64Array;
  /** Of each call, −1 where it is not recorded. */
  readonly iterations: Int32Array;
}

/**
 * Summarises the dispatches of a trace, or its zone names where it records no dispatch; with `range`, the zones that start within
 * it.
 */
export const summarise = (trace: TraceColumns, range?: TimeRange): Summary =>
  summariseCalls(trace, range).summary;

/** As `summarise`, with the calls of each row. */
export function summariseCalls(
  trace: TraceColumns,
  range?: TimeRange,
): {
  readonly summary: Summary;
  readonly calls: ReadonlyMap<SummaryRow, RowCalls>;
} {
  const facts = allFacts(trace);
  const { zones, strings } = trace;
  const byDispatch = facts.some((f) => f.dispatch !== undefined);
  const self = selfTimes(zones);
  // Sets of arguments are few: what a zone belongs to is looked up by number.
  const numbers = byDispatch ? dispatchNumbers(facts) : undefined;
  const numberOf = (i: number): number => (numbers === undefined ? zones.name[i]! : numbers[zones.args[i]!]!);
  const groups: (Group | undefined)[] = [];
  for (const { track, first, last } of rowsWithin(trace, range)) {
    const thread = trace.tracks[track]!.kind === 'thread';
    for (let i = first; i < last; i++) {
      const number = numberOf(i);
      if (number < 0) continue;
      const g = (groups[number] ??= {
        name: strings[zones.name[i]!] ?? '',
        facts: facts[zones.args[i]!]!,
        zones: [],
        onThreads: 0,
        onAll: 0,
        longest: i,
      });
      if (thread) g.onThreads += self[i]!;
      g.onAll += self[i]!;
      if (zones.duration[i]! > zones.duration[g.longest]!) g.longest = i;
      const p = zones.parent[i]!;
      if (p < first || numberOf(p) !== number) g.zones.push(i);
    }
  }
  const rows = groups.flatMap((g) => {
    if (g === undefined) return [];
    const merged = g.zones.flatMap((i) => {
      const m = facts[zones.args[i]!]!.merged;
      return m === undefined ? [] : [{ ...m, total: zones.duration[i]! }];
    });
    if (merged.length > 0) return [{ g, calls: NO_CALLS, spread: spreadOfMerged(merged) }];
    const calls = byDispatch ? callsOf(trace, g.zones) : zonesAsCalls(trace, g.zones);
    return [{ g, calls, spread: spreadOf(calls.durations.slice()) }];
  });
  const weight = (r: (typeof rows)[number]): number => (byDispatch ? r.spread.total : selfOf(r.g));
  const total = rows.reduce((sum, r) => sum + weight(r), 0);
  const callsOfRow = new Map<SummaryRow, RowCalls>();
  const summary: Summary = {
    by: byDispatch ? 'dispatch' : 'name',
    span: trace.span,
    total,
    rows: rows
      .map((r): SummaryRow => {
        const { flops, bytes, dispatch, entry, origins, predicted, refused } = r.g.facts;
        const rate = (work: number): number => (work * r.spread.calls * 1e9) / r.spread.total;
        const row: SummaryRow = {
          name: r.g.name,
          ...(entry === undefined ? {} : { entry }),
          ...(dispatch === undefined ? {} : { dispatch }),
          origins: origins ?? [],
          ...r.spread,
          self: selfOf(r.g),
          longest: r.g.longest,
          share: total === 0 ? 0 : weight(r) / total,
          ...(flops === undefined || r.spread.total === 0 ? {} : { flopsPerSecond: rate(flops) }),
          ...(bytes === undefined || r.spread.total === 0 ? {} : { bytesPerSecond: rate(bytes) }),
          ...(predicted === undefined ? {} : { predicted }),
          ...(refused === undefined ? {} : { refused }),
        };
        callsOfRow.set(row, r.calls);
        return row;
      })
      .sort(
        (a, b) => b.total - a.total || (a.dispatch ?? 0) - (b.dispatch ?? 0) || (a.name < b.name ? -1 : 1),
      ),
  };
  return { summary, calls: callsOfRow };
}

/** Per argument set a number for its entry point and dispatch, −1 where there is none. */
function dispatchNumbers(facts: readonly ZoneFacts[]): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(facts, ({ dispatch, entry }) => {
    if (dispatch === undefined) return -1;
    const key = `${entry ?? ''}\u0000${dispatch}`;
    const number = known.get(key) ?? known.size;
    known.set(key, number);
    return number;
  });
}

const percent = (part: number | undefined): string =>
  part === undefined ? '' : `${(100 * part).toFixed(0)} %`;

const selfOf = (g: Group): number => (g.onThreads > 0 ? g.onThreads : g.onAll);

const NO_CALLS: RowCalls = { durations: new Float64Array(0), iterations: new Int32Array(0) };

const zonesAsCalls = (trace: TraceColumns, zones: readonly number[]): RowCalls => ({
  durations: Float64Array.from(zones, (i) => trace.zones.duration[i]!),
  iterations: Int32Array.from(zones, (i) => trace.zones.iteration[i]!),
});

/**
 * The calls that `zones` (of one dispatch) make up: the zones of one iteration, or where no iteration is
 * recorded, zones of different tracks that overlap.
 */
function callsOf(trace: TraceColumns, zones: readonly number[]): RowCalls {
  const { start, duration, track, iteration: iterations } = trace.zones;
  const order = [...zones].sort((a, b) => start[a]! - start[b]! || a - b);
  const calls: { from: number; to: number; iteration: number; tracks: Set<number> }[] = [];
  for (const i of order) {
    const from = start[i]!;
    const to = from + duration[i]!;
    const iteration = iterations[i]!;
    const call = calls[calls.length - 1];
    const same =
      call !== undefined &&
      !call.tracks.has(track[i]!) &&
      call.iteration === iteration &&
      (iteration >= 0 || from < call.to);
    if (same) {
      call.to = Math.max(call.to, to);
      call.tracks.add(track[i]!);
    } else calls.push({ from, to, iteration, tracks: new Set([track[i]!]) });
  }
  return {
    durations: Float64Array.from(calls, (c) => c.to - c.from),
    iterations: Int32Array.from(calls, (c) => c.iteration),
  };
}

/**
 * The summary as an aligned text table, at most `limit` rows, one unit per column. With `roofs`, also what binds each
 * dispatch and the part of it that is reached; both where anything was predicted, what was. Fusions that were refused follow.
 */
export function formatSummary(summary: Summary, limit = Infinity, roofs?: Roofs): string {
  const shown = summary.rows.slice(0, limit);
  const time = columnUnit(
    'time',
    shown.flatMap((r) => [r.total, r.median]),
  );
  const flops = columnUnit(
    'flops',
    shown.map((r) => r.flopsPerSecond),
  );
  const bytes = columnUnit(
    'bytes',
    shown.map((r) => r.bytesPerSecond),
  );
  const predicts = shown.some((r) => r.predicted !== undefined);
  const entries = new Set(summary.rows.map((r) => r.entry)).size > 1;
  const header = [
    summary.by === 'dispatch' ? 'dispatch' : 'zone',
    'model nodes',
    'calls',
    `total ${time.unit}`,
    `median ${time.unit}`,
    'share',
    flops.unit,
    bytes.unit,
    ...(roofs === undefined ? [] : ['bound', 'of bound']),
    ...(predicts ? [`predicted ${time.unit}`, 'off by'] : []),
  ];
  const lines = shown.map((r) => [
    r.entry === undefined || !entries ? r.name : `${r.entry}: ${r.name}`,
    originLabel(r.origins, 80),
    String(r.calls),
    time.format(r.total),
    time.format(r.median),
    `${(r.share * 100).toFixed(1)} %`,
    flops.format(r.flopsPerSecond),
    bytes.format(r.bytesPerSecond),
    ...(roofs === undefined ? [] : [boundOf(r, roofs) ?? '', percent(attained(r, roofs))]),
    ...(predicts
      ? r.predicted === undefined || r.predicted === 0
        ? ['', '']
        : [time.format(r.predicted), `${threeDigits(r.median / r.predicted)} ×`]
      : []),
  ]);
  const widths = header.map((h, c) => Math.max(h.length, ...lines.map((l) => l[c]!.length)));
  const format = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => (c < 2 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join('  ')
      .trimEnd();
  const rest = summary.rows.length - shown.length;
  const refusals = refusalLines(shown);
  return [
    format(header),
    ...lines.map(format),
    ...(rest > 0 ? [`… and ${rest} more`] : []),
    ...(refusals.length === 0 ? [] : ['', 'not fused, and why:', ...refusals]),
  ].join('\n');
}

/** Dispatches by the reason why no more was fused into them: `2 ops read its result: conv_1, conv_7 and 3 more`. */
function refusalLines(rows: readonly SummaryRow[]): readonly string[] {
  const named = 4;
  const byReason = new Map<string, SummaryRow[]>();
  for (const r of rows)
    for (const reason of r.refused ?? []) byReason.set(reason, [...(byReason.get(reason) ?? []), r]);
  return [...byReason].map(([reason, found]) => {
    const names = found.slice(0, named).map((r) => r.name);
    const more = found.length > named ? ` and ${found.length - named} more` : '';
    return `  ${reason}: ${names.join(', ')}${more}`;
  });
}
