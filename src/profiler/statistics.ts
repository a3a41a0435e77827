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
  const names = trace.strings.length;
  const parts = rowsWithin(trace, range);
  const rows = parts.reduce((sum, p) => sum + p.last - p.first, 0);
  const fits = names * BUCKETS <= mostBuckets && names < rows;
  const spreads = fits ? spreadsByBuckets(trace, parts) : spreadsByGrouping(trace, parts);
  const selfOf = selfByName(trace, parts);
  const allSelf = selfOf.reduce((sum, self) => sum + self, 0);
  return spreads
    .map((spread): NameStatistics => {
      const self = selfOf[spread.name]!;
      return { ...spread, self, share: allSelf === 0 ? 0 : self / allSelf };
    })
    .sort((p, q) => q.self - p.self || p.name - q.name);
}

/** Self time of the zones in `parts` per name. */
function selfByName(trace: Columns, parts: readonly TrackRows[]): Float64Array {
  const { duration, name, parent } = trace.zones;
  const selfOf = new Float64Array(trace.strings.length);
  for (const part of parts) {
    const { first, last } = part;
    if (trace.tracks[part.track]!.loose === true) {
      addLooseSelf(trace, part, selfOf);
      continue;
    }
    for (let i = first; i < last; i++) {
      const d = duration[i]!;
      selfOf[name[i]!]! += d;
      const p = parent[i]!;
      if (p >= first) selfOf[name[p]!]! -= d;
    }
    subtractLateChildren(trace, part, selfOf);
  }
  return selfOf;
}

type NameSpread = Spread & Pick<NameStatistics, 'name' | 'longest'>;

/** The durations of each name stand together for a while: as many bytes as they have, whatever the number of names. */
function spreadsByGrouping(trace: Columns, parts: readonly TrackRows[]): readonly NameSpread[] {
  const { duration, name } = trace.zones;
  const names = trace.strings.length;
  const offset = new Uint32Array(names + 1);
  for (const { first, last } of parts) for (let i = first; i < last; i++) offset[name[i]! + 1]!++;
  for (let k = 0; k < names; k++) offset[k + 1]! += offset[k]!;
  const next = offset.slice();
  const grouped = new Float64Array(offset[names] ?? 0);
  const longest = new Int32Array(names).fill(-1);
  const longestOf = new Float64Array(names).fill(-1);
  for (const { first, last } of parts)
    for (let i = first; i < last; i++) {
      const k = name[i]!;
      const d = duration[i]!;
      grouped[next[k]!++] = d;
      if (d > longestOf[k]!) {
        longestOf[k] = d;
        longest[k] = i;
      }
    }
  const found: NameSpread[] = [];
  for (let k = 0; k < names; k++)
    if (offset[k] !== offset[k + 1])
      found.push({
        name: k,
        longest: longest[k]!,
        ...spreadOf(grouped.subarray(offset[k], offset[k + 1])),
      });
  return found;
}

/** Parts of an octave of durations. */
const BUCKET_BITS = 3;
/** High word of the double 1. */
const ONE = 0x3ff00000;
/** Durations below 1 ns, then each eighth of an octave up to 2^53 ns. */
const BUCKETS = 1 + (53 << BUCKET_BITS);
/** More counts than caches hold are no gain. */
const mostBuckets = 1 << 21;

/**
 * The same for few names: durations are counted by name and logarithm, so that only those in the bucket of a quantile are
 * copied and looked at again. The order of doubles is that of their bits.
 */
function spreadsByBuckets(trace: Columns, parts: readonly TrackRows[]): readonly NameSpread[] {
  const { duration, name } = trace.zones;
  const names = trace.strings.length;
  const words = new Uint32Array(duration.buffer, duration.byteOffset, 2 * duration.length);
  const counts = new Uint32Array(names * BUCKETS);
  const total = new Float64Array(names);
  const least = new Float64Array(names).fill(Infinity);
  const most = new Float64Array(names).fill(-1);
  const longest = new Int32Array(names).fill(-1);
  for (const { first, last } of parts)
    for (let i = first; i < last; i++) {
      const k = name[i]!;
      const d = duration[i]!;
      const high = words[2 * i + HIGH]!;
      counts[k * BUCKETS + (high < ONE ? 0 : 1 + ((high - ONE) >>> (20 - BUCKET_BITS)))]!++;
      total[k]! += d;
      if (d < least[k]!) least[k] = d;
      if (d > most[k]!) {
        most[k] = d;
        longest[k] = i;
      }
    }
  // Buckets that hold a wanted rank, in order; their durations are copied one bucket after the other.
  const slotOf = new Uint16Array(names * BUCKETS);
  const wanted = Array.from({ length: names }, (_, k) => new NameRanks(k, counts, slotOf));
  let copied = 0;
  const starts: number[] = [0];
  for (const { buckets } of wanted)
    for (const { at } of buckets) {
      starts.push(copied);
      slotOf[at] = starts.length - 1;
      copied += counts[at]!;
    }
  const next = Uint32Array.from(starts);
  const copies = new Float64Array(copied);
  for (const { first, last } of parts)
    for (let i = first; i < last; i++) {
      const high = words[2 * i + HIGH]!;
      const bucket = high < ONE ? 0 : 1 + ((high - ONE) >>> (20 - BUCKET_BITS));
      const slot = slotOf[name[i]! * BUCKETS + bucket]!;
      if (slot > 0) copies[next[slot]!++] = duration[i]!;
    }
  return wanted.flatMap((w, k): readonly NameSpread[] => {
    const { calls } = w;
    if (calls === 0) return [];
    const of = (q: number): number => w.quantile(q, copies, starts);
    return [
      {
        name: k,
        longest: longest[k]!,
        calls,
        total: total[k]!,
        mean: total[k]! / calls,
        min: least[k]!,
        median: of(0.5),
        p95: of(0.95),
        max: most[k]!,
      },
    ];
  });
}

/** Where the high word of a double stands. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** The buckets of one name that its quantiles lie in. */
class NameRanks {
  readonly calls: number;
  /** `at` is an index of the counts; `before` the durations in lower buckets. */
  readonly buckets: readonly { readonly at: number; readonly before: number }[];

  constructor(
    name: number,
    readonly counts: Uint32Array,
    readonly slotOf: Uint16Array,
  ) {
    const from = name * BUCKETS;
    let calls = 0;
    for (let at = from; at < from + BUCKETS; at++) calls += counts[at]!;
    this.calls = calls;
    const ranks = calls === 0 ? [] : [0.5, 0.95].flatMap((q) => ranksOf(calls, q));
    const buckets: { at: number; before: number }[] = [];
    let before = 0;
    for (let at = from; at < from + BUCKETS; at++) {
      const after = before + counts[at]!;
      if (ranks.some((r) => r >= before && r < after)) buckets.push({ at, before });
      before = after;
    }
    this.buckets = buckets;
  }

  quantile(q: number, copies: Float64Array, starts: readonly number[]): number {
    const at = (this.calls - 1) * q;
    const [low, high] = ranksOf(this.calls, q).map((rank) => this.#ranked(rank, copies, starts));
    return low! + (high! - low!) * (at - Math.floor(at));
  }
  #ranked(rank: number, copies: Float64Array, starts: readonly number[]): number {
    const { at, before } = this.buckets.findLast((b) => b.before <= rank)!;
    const start = starts[this.slotOf[at]!]!;
    const own = copies.subarray(start, start + this.counts[at]!);
    select(own, rank - before);
    return own[rank - before]!;
  }
}
const ranksOf = (calls: number, q: number): readonly [number, number] => {
  const below = Math.floor((calls - 1) * q);
  return [below, Math.min(below + 1, calls - 1)];
};

/** Rows `first … last` of one track. */
export interface TrackRows {
  readonly track: number;
  readonly first: number;
  readonly last: number;
}

/** The zones that start within `range`: within a track they stand together. */
export function rowsWithin(
  { tracks, zones }: Pick<Columns, 'tracks' | 'zones'>,
  range: TimeRange | undefined,
): readonly TrackRows[] {
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
