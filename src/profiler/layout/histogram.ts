/** Find zone: the zones whose name holds a text, as a histogram of their times, what describes it, and groups. Pure. */
import { quantile } from '../statistics';
import type { TimeRange } from '../statistics';
import type { TraceColumns, ZoneFacts } from '../trace';

export const FIND_GROUPS = ['name', 'thread', 'dispatch', 'entry'] as const;
export type FindGroup = (typeof FIND_GROUPS)[number];

export interface FindRequest {
  /** Ignoring case; with `exact`, the whole name. */
  readonly text: string;
  readonly exact: boolean;
  readonly group: FindGroup;
  readonly log: boolean;
  readonly bins: number;
  /** Only of this track. */
  readonly track?: number;
  readonly range?: TimeRange;
  /** Lists zones of this length, longest first. */
  readonly between?: TimeRange;
}

/** Nanoseconds. */
export interface Description {
  readonly count: number;
  readonly total: number;
  readonly mean: number;
  /** Middle of the fullest of the histogram's bins. */
  readonly mode: number;
  /** Of the population. */
  readonly deviation: number;
  readonly min: number;
  readonly median: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface FindGroupRow {
  readonly label: string;
  readonly count: number;
  readonly total: number;
  readonly mean: number;
  readonly median: number;
  readonly max: number;
  /** Its longest zone. */
  readonly longest: number;
}

export interface Histogram {
  /** Nanoseconds: bin `i` is `edge[i] … edge[i + 1]`, the last with its end. */
  readonly edges: Float64Array;
  readonly counts: Uint32Array;
  /** Summed time per bin. */
  readonly totals: Float64Array;
}

export interface FindAnswer extends Histogram {
  /** Absent where nothing was found. */
  readonly description?: Description;
  /** Greatest total first. */
  readonly groups: readonly FindGroupRow[];
  readonly zones: readonly { readonly zone: number; readonly start: number; readonly duration: number }[];
}

const MOST_GROUPS = 500;
const MOST_ZONES = 200;

/** Counts `sorted` in equal bins, of their logarithm with `log` (which counts what is shorter than 1 ns as that). */
export function histogram(sorted: Float64Array, bins: number, log: boolean): Histogram {
  const scale = (t: number): number => (log ? Math.log(Math.max(t, 1)) : t);
  const unscale = (t: number): number => (log ? Math.exp(t) : t);
  const low = scale(sorted[0] ?? 0);
  const high = Math.max(scale(sorted[sorted.length - 1] ?? 0), low + (log ? 1e-9 : 1));
  const counts = new Uint32Array(bins);
  const totals = new Float64Array(bins);
  for (const t of sorted) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(((scale(t) - low) / (high - low)) * bins)));
    counts[bin]!++;
    totals[bin]! += t;
  }
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => unscale(low + ((high - low) * i) / bins));
  return { edges, counts, totals };
}

/** Describes sorted times, which must not be empty. */
export function describe(sorted: Float64Array, { edges, counts }: Histogram): Description {
  const count = sorted.length;
  let total = 0;
  for (const t of sorted) total += t;
  const mean = total / count;
  let squares = 0;
  for (const t of sorted) squares += (t - mean) ** 2;
  const fullest = counts.reduce((best, n, i) => (n > counts[best]! ? i : best), 0);
  return {
    count,
    total,
    mean,
    mode: (edges[fullest]! + edges[fullest + 1]!) / 2,
    deviation: Math.sqrt(squares / count),
    min: sorted[0]!,
    median: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    p999: quantile(sorted, 0.999),
    max: sorted[count - 1]!,
  };
}

/** Zones that a request asks for, in order of the trace. */
function wanted(trace: TraceColumns, r: FindRequest): Uint32Array {
  const { name, start } = trace.zones;
  const needle = r.text.toLowerCase();
  const fits = Uint8Array.from(trace.strings, (s) =>
    Number(r.exact ? s === r.text : s.toLowerCase().includes(needle)),
  );
  const only = r.track === undefined ? undefined : trace.tracks[r.track];
  const first = only?.first ?? 0;
  const end = only === undefined ? name.length : only.first + only.count;
  const from = r.range?.from ?? -Infinity;
  const to = r.range?.to ?? Infinity;
  let n = 0;
  const found = new Uint32Array(end - first);
  for (let i = first; i < end; i++)
    if (fits[name[i]!] === 1 && start[i]! >= from && start[i]! < to) found[n++] = i;
  return found.subarray(0, n);
}

function labelOf(trace: TraceColumns, group: FindGroup, zone: number, facts: ZoneFacts): string {
  switch (group) {
    case 'name':
      return trace.strings[trace.zones.name[zone]!] ?? '';
    case 'thread':
      return trace.tracks[trace.zones.track[zone]!]?.name ?? '';
    case 'dispatch':
      return facts.dispatch === undefined ? 'no dispatch' : `${facts.entry ?? ''} ${facts.dispatch}`.trim();
    case 'entry':
      return facts.entry ?? 'no entry point';
  }
}

/** Numbers zones by the columns that decide their label, so that texts are made once per kind. */
const kindOf = (trace: TraceColumns, group: FindGroup, zone: number): number => {
  const { name, track, args } = trace.zones;
  return group === 'name' ? name[zone]! : group === 'thread' ? track[zone]! : args[zone]!;
};

export function findZones(trace: TraceColumns, facts: readonly ZoneFacts[], r: FindRequest): FindAnswer {
  const { duration, start, args } = trace.zones;
  const zones = wanted(trace, r);
  const sorted = new Float64Array(zones.length);
  zones.forEach((z, i) => (sorted[i] = duration[z]!));
  sorted.sort();
  const counted = histogram(sorted, r.bins, r.log);
  const labels = new Map<number, { readonly label: string; readonly members: number[] }>();
  const byLabel = new Map<string, { readonly label: string; readonly members: number[] }>();
  for (const z of zones) {
    const kind = kindOf(trace, r.group, z);
    let g = labels.get(kind);
    if (g === undefined) {
      const label = labelOf(trace, r.group, z, facts[args[z]!] ?? {});
      g = byLabel.get(label) ?? { label, members: [] };
      byLabel.set(label, g);
      labels.set(kind, g);
    }
    g.members.push(z);
  }
  const groups = [...byLabel.values()].map(({ label, members }): FindGroupRow => {
    const times = Float64Array.from(members, (z) => duration[z]!).sort();
    const total = times.reduce((sum, t) => sum + t, 0);
    return {
      label,
      count: members.length,
      total,
      mean: total / members.length,
      median: quantile(times, 0.5),
      max: times[times.length - 1]!,
      longest: members.reduce((a, b) => (duration[b]! > duration[a]! ? b : a)),
    };
  });
  const { between } = r;
  const listed =
    between === undefined
      ? []
      : [...zones].filter((z) => duration[z]! >= between.from && duration[z]! <= between.to);
  listed.sort((a, b) => duration[b]! - duration[a]! || a - b);
  return {
    ...counted,
    ...(sorted.length === 0 ? {} : { description: describe(sorted, counted) }),
    groups: groups.sort((a, b) => b.total - a.total).slice(0, MOST_GROUPS),
    zones: listed
      .slice(0, MOST_ZONES)
      .map((zone) => ({ zone, start: start[zone]!, duration: duration[zone]! })),
  };
}
