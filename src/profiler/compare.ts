/**
 * Two runs side by side: dispatches (or zone names) aligned, with differences, their confidence from the repeats, and what
 * became of dispatches that are no longer there. Used by the command line and the Compare view.
 */
import { align } from './align';
import type { AlignedBy } from './align';
import { adjust, confidenceOf } from './significance';
import type { Confidence } from './significance';
import { quantile } from './statistics';
import { summariseCalls } from './summary';
import type { RowCalls, SummaryRow } from './summary';
import type { TraceColumns } from './trace';

export interface Change {
  /** Nanoseconds; 0 on the side that has no such row. */
  readonly before: number;
  readonly after: number;
  readonly difference: number;
  /** after / before; absent for new and gone rows. */
  readonly ratio?: number;
  /** Repeats on either side. */
  readonly repeats: readonly [number, number];
  /** Absent with too few repeats. */
  readonly confidence?: Confidence;
  /** `unknown`: too few repeats to tell. */
  readonly verdict: 'slower' | 'faster' | 'same' | 'unknown';
}

/** What became of the work of a row, told from the model nodes. */
export type Hint =
  /** A gone row whose nodes one other row computes now. */
  | { readonly kind: 'fused'; readonly into: string }
  /** A gone row whose nodes several rows compute now; `net` is their time less its own. */
  | { readonly kind: 'split'; readonly into: readonly string[]; readonly net: number }
  /** A new row whose nodes a row of the run before computed among others. */
  | { readonly kind: 'unfused'; readonly from: string }
  /** A row of both runs that computes other nodes than before. */
  | { readonly kind: 'regrouped'; readonly lost: readonly string[]; readonly gained: readonly string[] };

export interface CompareRow extends Change {
  readonly name: string;
  readonly entry?: string;
  /** Index into the dispatch table of each run. */
  readonly dispatch?: readonly [number | undefined, number | undefined];
  readonly origins: readonly string[];
  readonly status: 'both' | 'new' | 'gone';
  readonly alignedBy?: AlignedBy;
  /** Whether times are medians per repeat of the run, medians per call, or means per call. */
  readonly per: 'repeat' | 'call' | 'mean call';
  readonly hint?: Hint;
}

export interface CompareTotal extends Change {
  readonly entry?: string;
}

export interface Comparison {
  readonly by: 'dispatch' | 'name';
  /** Whole runs, one per entry point. */
  readonly totals: readonly CompareTotal[];
  /** Greatest difference first. */
  readonly rows: readonly CompareRow[];
}

interface Run {
  readonly rows: readonly SummaryRow[];
  readonly calls: ReadonlyMap<SummaryRow, RowCalls>;
  readonly total: number;
  readonly by: 'dispatch' | 'name';
}

function runOf(trace: TraceColumns): Run {
  const { summary, calls } = summariseCalls(trace);
  return { rows: summary.rows, calls, total: summary.total, by: summary.by };
}

/** Time per repeat of the run; undefined where repeats are not recorded or there is only one. */
function perRepeat(calls: readonly RowCalls[]): Float64Array | undefined {
  const sums = new Map<number, number>();
  for (const { durations, iterations } of calls) {
    for (let i = 0; i < durations.length; i++) {
      const iteration = iterations[i]!;
      if (iteration < 0) return undefined;
      sums.set(iteration, (sums.get(iteration) ?? 0) + durations[i]!);
    }
  }
  return sums.size < 2 ? undefined : Float64Array.from(sums.values());
}

const median = (samples: Float64Array): number => quantile(samples.slice().sort(), 0.5);

function changeOf(a: Float64Array, b: Float64Array): Change {
  return change(median(a), median(b), [a.length, b.length], confidenceOf(a, b));
}

function change(
  before: number,
  after: number,
  repeats: readonly [number, number],
  confidence?: Confidence,
): Change {
  return {
    before,
    after,
    difference: after - before,
    ...(before === 0 ? {} : { ratio: after / before }),
    repeats,
    ...(confidence === undefined ? {} : { confidence }),
    verdict: verdictOf(before, after, confidence),
  };
}

function verdictOf(before: number, after: number, c: Confidence | undefined): Change['verdict'] {
  if (c === undefined) return 'unknown';
  if (c.adjusted > 1 - c.level || before === after) return 'same';
  return after > before ? 'slower' : 'faster';
}

/** Verdicts of many rows: with their number grows the chance that one looks different. */
function adjusted(rows: readonly CompareRow[]): CompareRow[] {
  const tested = rows.flatMap((r) => (r.confidence === undefined ? [] : [r.confidence]));
  const ps = adjust(tested.map((c) => c.p));
  const pOf = new Map(tested.map((c, i) => [c, ps[i]!]));
  return rows.map((r) => {
    if (r.confidence === undefined) return r;
    const confidence = { ...r.confidence, adjusted: pOf.get(r.confidence)! };
    return { ...r, confidence, verdict: verdictOf(r.before, r.after, confidence) };
  });
}

function pairChange(
  a: SummaryRow,
  b: SummaryRow,
  runs: readonly [Run, Run],
): Change & Pick<CompareRow, 'per'> {
  const [x, y] = [runs[0].calls.get(a)!, runs[1].calls.get(b)!];
  const [repeatsA, repeatsB] = [perRepeat([x]), perRepeat([y])];
  if (repeatsA !== undefined && repeatsB !== undefined)
    return { ...changeOf(repeatsA, repeatsB), per: 'repeat' };
  if (x.durations.length > 0 && y.durations.length > 0)
    return { ...changeOf(x.durations, y.durations), per: 'call' };
  return { ...change(a.mean, b.mean, [a.calls, b.calls]), per: 'mean call' };
}

/** The time of a row that only one run has. */
function alone(
  row: SummaryRow,
  run: Run,
): { readonly time: number; readonly per: CompareRow['per']; readonly repeats: number } {
  const calls = run.calls.get(row)!;
  const repeats = perRepeat([calls]);
  if (repeats !== undefined) return { time: median(repeats), per: 'repeat', repeats: repeats.length };
  if (calls.durations.length > 0)
    return { time: median(calls.durations), per: 'call', repeats: calls.durations.length };
  return { time: row.mean, per: 'mean call', repeats: row.calls };
}

const overlaps = (a: SummaryRow, b: SummaryRow): boolean =>
  a.entry === b.entry && a.origins.some((o) => b.origins.includes(o));

function hintOfGone(row: SummaryRow, runs: readonly [Run, Run]): Hint | undefined {
  const now = runs[1].rows.filter((r) => overlaps(row, r));
  const [only] = now;
  if (only === undefined) return undefined;
  if (now.length === 1) return { kind: 'fused', into: only.name };
  const net = now.reduce((sum, r) => sum + alone(r, runs[1]).time, 0) - alone(row, runs[0]).time;
  return { kind: 'split', into: now.map((r) => r.name), net };
}

function hintOfAdded(row: SummaryRow, before: Run): Hint | undefined {
  const source = before.rows.find((r) => overlaps(row, r));
  return source === undefined ? undefined : { kind: 'unfused', from: source.name };
}

function hintOfPair(a: SummaryRow, b: SummaryRow): Hint | undefined {
  const lost = a.origins.filter((o) => !b.origins.includes(o));
  const gained = b.origins.filter((o) => !a.origins.includes(o));
  if (a.origins.length === 0 || b.origins.length === 0 || lost.length + gained.length === 0) return undefined;
  return { kind: 'regrouped', lost, gained };
}

function rowOf(
  row: SummaryRow,
  other: Partial<CompareRow> & Change & Pick<CompareRow, 'status' | 'per'>,
): CompareRow {
  return {
    name: row.name,
    ...(row.entry === undefined ? {} : { entry: row.entry }),
    origins: row.origins,
    ...other,
  };
}

/** Compares `after` with `before`; for more than two runs, compare each with the first. */
export function compareTraces(before: TraceColumns, after: TraceColumns): Comparison {
  const runs = [runOf(before), runOf(after)] as const;
  const { pairs, gone, added } = align(runs[0].rows, runs[1].rows);
  const withHint = (hint: Hint | undefined): { hint?: Hint } => (hint === undefined ? {} : { hint });
  const rows = [
    ...pairs.map(({ before: a, after: b, by }) =>
      rowOf(b, {
        ...pairChange(a, b, runs),
        status: 'both',
        alignedBy: by,
        ...(a.dispatch === undefined && b.dispatch === undefined
          ? {}
          : { dispatch: [a.dispatch, b.dispatch] }),
        ...withHint(hintOfPair(a, b)),
      }),
    ),
    ...gone.map((r) => {
      const { time, per, repeats } = alone(r, runs[0]);
      const dispatch = r.dispatch === undefined ? {} : { dispatch: [r.dispatch, undefined] as const };
      const hint = withHint(hintOfGone(r, runs));
      return rowOf(r, {
        ...withoutRatio(change(time, 0, [repeats, 0])),
        per,
        status: 'gone',
        ...dispatch,
        ...hint,
      });
    }),
    ...added.map((r) => {
      const { time, per, repeats } = alone(r, runs[1]);
      const dispatch = r.dispatch === undefined ? {} : { dispatch: [undefined, r.dispatch] as const };
      const hint = withHint(hintOfAdded(r, runs[0]));
      return rowOf(r, { ...change(0, time, [0, repeats]), per, status: 'new', ...dispatch, ...hint });
    }),
  ];
  const sorted = adjusted(rows).sort(
    (a, b) => Math.abs(b.difference) - Math.abs(a.difference) || (a.name < b.name ? -1 : 1),
  );
  return {
    by: runs[0].by === 'dispatch' && runs[1].by === 'dispatch' ? 'dispatch' : 'name',
    totals: totalsOf(runs),
    rows: sorted,
  };
}

function withoutRatio({ ratio: _, ...rest }: Change): Change {
  return rest;
}

function totalsOf(runs: readonly [Run, Run]): readonly CompareTotal[] {
  const entries = new Set(runs.flatMap((run) => run.rows.map((r) => r.entry)));
  return [...entries].map((entry): CompareTotal => {
    const ofEntry = (run: Run): readonly SummaryRow[] => run.rows.filter((r) => r.entry === entry);
    const [a, b] = runs.map((run) => perRepeat(ofEntry(run).map((r) => run.calls.get(r)!)));
    const time = (run: Run): number =>
      entries.size === 1 ? run.total : ofEntry(run).reduce((sum, r) => sum + r.total, 0);
    const whole =
      a !== undefined && b !== undefined ? changeOf(a, b) : change(time(runs[0]), time(runs[1]), [1, 1]);
    return { ...(entry === undefined ? {} : { entry }), ...whole };
  });
}

/** Rows below this part of the run are no reason to fail. */
const NOTABLE = 0.01;

/**
 * What got slower by more than `limit` (0.05 for 5 %): whole runs, unless their repeats show no difference; and rows of
 * at least 1 % of the run, where the repeats show one.
 */
export function regressions(c: Comparison, limit: number): readonly (CompareRow | CompareTotal)[] {
  const worse = (x: Change): boolean => x.ratio !== undefined && x.ratio > 1 + limit;
  const run = c.rows.reduce((sum, r) => sum + r.before, 0);
  return [
    ...c.totals.filter((t) => worse(t) && t.verdict !== 'same'),
    ...c.rows.filter((r) => worse(r) && r.verdict === 'slower' && r.before >= run * NOTABLE),
  ];
}
