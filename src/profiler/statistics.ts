/** Statistics per zone name over a trace or a range of it; the rows of the Zones table. */
import { selfTimes } from './nesting';
import { select } from './select';
import type { TraceColumns } from './trace';

/** All times in nanoseconds. */
export interface Spread {
  readonly calls: number;
  readonly total: number;
  readonly mean: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

export interface NameStatistics extends Spread {
  /** Index into `Trace.strings`. */
  readonly name: number;
  /** Time outside nested zones. */
  readonly self: number;
  /** Self time as a part of the self time of all zones considered, 0 to 1. */
  readonly share: number;
  /** Row of its longest zone in `Trace.zones`. */
  readonly longest: number;
}

/** The value below which the part `q` of `sorted` lies, by linear interpolation; NaN when empty. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const low = sorted[below] ?? NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? NaN;
  return low + (high - low) * (at - below);
}

/**
 * The quantile `q` of `durations`, whose smaller part up to `from` has been selected before; reorders the rest. By linear
 * interpolation, as `quantile`.
 */
function selectQuantile(durations: Float64Array, from: number, q: number): number {
  const at = (durations.length - 1) * q;
  const below = Math.floor(at);
  if (below >= from) select(durations, below, from);
  const low = durations[below]!;
  if (at === below) return low;
  let above = Infinity;
  for (let i = below + 1; i < durations.length; i++) if (durations[i]! < above) above = durations[i]!;
  return low + (above - low) * (at - below);
}

/** Describes `durations`, and reorders them in place. */
export function spreadOf(durations: Float64Array): Spread {
  const n = durations.length;
  if (n === 0) return { calls: 0, total: 0, mean: 0, min: 0, median: 0, p95: 0, max: 0 };
  let total = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < n; i++) {
    const d = durations[i]!;
    total += d;
    if (d < min) min = d;
    if (d > max) max = d;
  }
  const median = selectQuantile(durations, 0, 0.5);
  const p95 = selectQuantile(durations, Math.floor((n - 1) * 0.5) + 1, 0.95);
  return { calls: n, total, mean: total / n, min, median, p95, max };
}

/** Describes calls of which only totals were recorded: quantiles are NaN. */
export function spreadOfMerged(
  parts: readonly {
    readonly calls: number;
    readonly total: number;
    readonly min: number;
    readonly max: number;
  }[],
): Spread {
  const calls = parts.reduce((sum, p) => sum + p.calls, 0);
  const total = parts.reduce((sum, p) => sum + p.total, 0);
  return {
    calls,
    total,
    mean: calls === 0 ? 0 : total / calls,
    min: Math.min(...parts.map((p) => p.min)),
    median: NaN,
    p95: NaN,
    max: Math.max(...parts.map((p) => p.max)),
  };
}

/** Nanoseconds after the origin of the trace. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

type Columns = Pick<TraceColumns, 'zones' | 'tracks' | 'strings'>;

/** One row per name, greatest self time first. With `range`, zones that start within it. */
export function statisticsByName(trace: Columns, range?: TimeRange): readonly NameStatistics[] {
  const { duration, name, parent } = trace.zones;
  const names = trace.strings.length;
  const parts = rowsWithin(trace, range);
  const offset = new Uint32Array(names + 1);
  for (const { first, last } of parts) for (let i = first; i < last; i++) offset[name[i]! + 1]!++;
  for (let k = 0; k < names; k++) offset[k + 1]! += offset[k]!;
  const next = offset.slice();
  const grouped = new Float64Array(offset[names] ?? 0);
  const longest = new Int32Array(names).fill(-1);
  const longestOf = new Float64Array(names).fill(-1);
  const selfOf = new Float64Array(names);
  for (const part of parts) {
    const { first, last } = part;
    const loose = trace.tracks[part.track]!.loose === true;
    for (let i = first; i < last; i++) {
      const k = name[i]!;
      const d = duration[i]!;
      grouped[next[k]!++] = d;
      if (d > longestOf[k]!) {
        longestOf[k] = d;
        longest[k] = i;
      }
      if (loose) continue;
      selfOf[k]! += d;
      const p = parent[i]!;
      if (p >= first) selfOf[name[p]!]! -= d;
    }
    if (loose) addLooseSelf(trace, part, selfOf);
    else subtractLateChildren(trace, part, selfOf);
  }
  const allSelf = selfOf.reduce((a, b) => a + b, 0);
  const rows: NameStatistics[] = [];
  for (let k = 0; k < names; k++) {
    if (offset[k] === offset[k + 1]) continue;
    rows.push({
      name: k,
      self: selfOf[k]!,
      longest: longest[k]!,
      share: allSelf === 0 ? 0 : selfOf[k]! / allSelf,
      ...spreadOf(grouped.subarray(offset[k], offset[k + 1])),
    });
  }
  return rows.sort((a, b) => b.self - a.self || a.name - b.name);
}

/** Rows `first … last` of one track. */
interface TrackRows {
  readonly track: number;
  readonly first: number;
  readonly last: number;
}

/** The zones that start within `range`: within a track they stand together. */
function rowsWithin({ tracks, zones }: Columns, range: TimeRange | undefined): readonly TrackRows[] {
  return tracks.flatMap(({ kind, first, count }, track) => {
    if (kind === 'counter') return [];
    if (range === undefined) return [{ track, first, last: first + count }];
    const { start } = zones;
    return [
      {
        track,
        first: lowerBound(start, first, first + count, range.from),
        last: lowerBound(start, first, first + count, range.to),
      },
    ];
  });
}

/** The first row of `from … to` that starts at or after `time`. */
function lowerBound(start: Float64Array, from: number, to: number, time: number): number {
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (start[middle]! >= time) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Adds the time outside nested zones where those overlap: taken off by name, they would count twice. */
function addLooseSelf(
  { zones, tracks }: Columns,
  { track, first, last }: TrackRows,
  sum: Float64Array,
): void {
  const { first: begin, count } = tracks[track]!;
  const self = selfTimes({
    duration: zones.duration.subarray(begin, begin + count),
    parent: zones.parent.subarray(begin, begin + count).map((p) => (p < 0 ? p : p - begin)),
  });
  for (let i = first; i < last; i++) sum[zones.name[i]!]! += self[i - begin]!;
}

/** Takes off what lies in the zones `first … last` but starts after them. */
function subtractLateChildren(
  { zones, tracks }: Columns,
  { track, first, last }: TrackRows,
  sum: Float64Array,
): void {
  if (first === last) return;
  const { start, duration, name, parent } = zones;
  const { first: begin, count } = tracks[track]!;
  let reach = -Infinity;
  for (let p = last - 1; p >= first; p = parent[p]!) reach = Math.max(reach, start[p]! + duration[p]!);
  for (let i = last; i < begin + count && start[i]! < reach; i++) {
    const p = parent[i]!;
    if (p >= first && p < last) sum[name[p]!]! -= duration[i]!;
  }
}
