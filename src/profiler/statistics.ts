/** Statistics per zone name over a trace or a range of it; the rows of the Zones table. */
import { selfTimes } from './nesting';
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

/** Sorts `durations` in place and describes them. */
export function spreadOf(durations: Float64Array): Spread {
  durations.sort();
  const total = durations.reduce((a, b) => a + b, 0);
  return {
    calls: durations.length,
    total,
    mean: durations.length === 0 ? 0 : total / durations.length,
    min: durations[0] ?? 0,
    median: durations.length === 0 ? 0 : quantile(durations, 0.5),
    p95: durations.length === 0 ? 0 : quantile(durations, 0.95),
    max: durations[durations.length - 1] ?? 0,
  };
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

/** One row per name, greatest self time first. With `range`, zones that start within it. */
export function statisticsByName(
  trace: Pick<TraceColumns, 'zones' | 'strings'>,
  range?: TimeRange,
): readonly NameStatistics[] {
  const { start, duration, name } = trace.zones;
  const self = selfTimes(trace.zones);
  const counts = new Uint32Array(trace.strings.length + 1);
  const within = (i: number): boolean =>
    range === undefined || (start[i]! >= range.from && start[i]! < range.to);
  for (let i = 0; i < name.length; i++) if (within(i)) counts[name[i]! + 1]!++;
  for (let k = 0; k < trace.strings.length; k++) counts[k + 1]! += counts[k]!;
  const next = counts.slice();
  const grouped = new Float64Array(counts[trace.strings.length] ?? 0);
  const selfOf = new Float64Array(trace.strings.length);
  const longest = new Int32Array(trace.strings.length).fill(-1);
  let allSelf = 0;
  for (let i = 0; i < name.length; i++) {
    if (!within(i)) continue;
    const k = name[i]!;
    grouped[next[k]!++] = duration[i]!;
    selfOf[k]! += self[i]!;
    if (longest[k]! < 0 || duration[i]! > duration[longest[k]!]!) longest[k] = i;
    allSelf += self[i]!;
  }
  const rows: NameStatistics[] = [];
  for (let k = 0; k < trace.strings.length; k++) {
    if (counts[k] === counts[k + 1]) continue;
    rows.push({
      name: k,
      self: selfOf[k]!,
      longest: longest[k]!,
      share: allSelf === 0 ? 0 : selfOf[k]! / allSelf,
      ...spreadOf(grouped.subarray(counts[k], counts[k + 1])),
    });
  }
  return rows.sort((a, b) => b.self - a.self || a.name - b.name);
}
