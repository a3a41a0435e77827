/**
 * Binary search for the first bad point of a row, as a pure function of what was tested: the state is plain data, so a
 * search can be stopped, kept, marked by hand and gone on with. Points may refuse to be tested ("skip"), and the row need
 * not be good up to one point and bad from there on.
 */
import type { Cancellation } from '../base/cancellation';
import { breathe } from '../base/cancellation';

export type Verdict = 'good' | 'bad' | 'skip';

/** What is known of one point. */
export interface Test {
  readonly point: number;
  readonly verdict: Verdict;
  /** How far off, where that is a number; larger is worse. What it counts is the business of who tests. */
  readonly metric?: number;
  /** Interval of the metric, where it was measured with an error. */
  readonly range?: readonly [low: number, high: number];
  /** Why it was skipped, or what it died of. */
  readonly note?: string;
  /** `known` was found out elsewhere and cost no run. */
  readonly by: 'measured' | 'hand' | 'known';
}

/** A row of points from one that should be good (the first) to one that is bad (the last). */
export interface Search {
  readonly count: number;
  /** In the order in which they were made; of two of the same point the later holds. */
  readonly tests: readonly Test[];
}

export type Outlook =
  | { readonly kind: 'next'; readonly point: number }
  /** `bad` is the first bad point, `good` the last good one before it. Points between them, if any, cannot be tested. */
  | { readonly kind: 'found'; readonly good: number; readonly bad: number }
  /** The last point is good: there is nothing to look for. */
  | { readonly kind: 'nothing' }
  /** The first point is bad already. */
  | { readonly kind: 'bad-start' }
  /** The first or last point cannot be tested. */
  | { readonly kind: 'untestable'; readonly point: number };

/** The verdicts that hold, by point. */
export function verdicts(search: Search): ReadonlyMap<number, Test> {
  const map = new Map<number, Test>();
  for (const test of search.tests) map.set(test.point, test);
  return map;
}

/** The range that the answer lies in, by what is known: the last good point before the first bad one, and that one. */
export function rangeOf(search: Search): { readonly good: number; readonly bad: number } | undefined {
  const known = verdicts(search);
  const points = [...known.keys()].sort((a, b) => a - b);
  const bad = points.find((p) => known.get(p)!.verdict === 'bad');
  if (bad === undefined) return undefined;
  const good = points.filter((p) => p < bad && known.get(p)!.verdict === 'good').pop();
  return good === undefined ? undefined : { good, bad };
}

export function outlook(search: Search): Outlook {
  const known = verdicts(search);
  const last = search.count - 1;
  for (const end of [last, 0]) {
    const test = known.get(end);
    if (test === undefined) return { kind: 'next', point: end };
    if (test.verdict === 'skip') return { kind: 'untestable', point: end };
  }
  if (known.get(0)!.verdict === 'bad') return { kind: 'bad-start' };
  const range = rangeOf(search);
  // Only with a good last point can there be no bad one.
  if (range === undefined) return { kind: 'nothing' };
  const { good, bad } = range;
  const open: number[] = [];
  for (let p = good + 1; p < bad; p++) if (!known.has(p)) open.push(p);
  if (open.length === 0) return { kind: 'found', good, bad };
  const middle = (good + bad) / 2;
  const point = open.reduce((best, p) => (Math.abs(p - middle) < Math.abs(best - middle) ? p : best));
  return { kind: 'next', point };
}

/** Good points behind a bad one: the row has more than one change. */
export function returnsToGood(search: Search): readonly number[] {
  const known = [...verdicts(search).values()].sort((a, b) => a.point - b.point);
  const bad = known.find((t) => t.verdict === 'bad');
  return bad === undefined
    ? []
    : known.filter((t) => t.verdict === 'good' && t.point > bad.point).map((t) => t.point);
}

/** Tests that a binary search needs at most: both ends, and the halvings between them. */
export const binaryBound = (count: number, endsKnown = false): number =>
  (endsKnown ? 0 : Math.min(2, count)) + Math.ceil(Math.log2(Math.max(1, count - 1)));

/** Untested points, the middles of the largest gaps first: where a second change would hide. */
export function spotChecks(search: Search, limit: number): readonly number[] {
  const taken = new Set(verdicts(search).keys());
  const chosen: number[] = [];
  while (chosen.length < limit) {
    const marks = [...taken].sort((a, b) => a - b);
    let best: readonly [number, number] | undefined;
    for (let i = 1; i < marks.length; i++) {
      const gap = marks[i]! - marks[i - 1]!;
      if (gap > 1 && (best === undefined || gap > best[1] - best[0])) best = [marks[i - 1]!, marks[i]!];
    }
    if (best === undefined) break;
    const point = (best[0] + best[1]) >> 1;
    chosen.push(point);
    taken.add(point);
  }
  return chosen;
}

export interface SearchOptions {
  readonly cancellation: Cancellation;
  /** After each test, with the state that can be gone on with. */
  readonly onState?: (search: Search, running: number | undefined) => void;
  /** Test every point. */
  readonly exhaustive?: boolean;
  /** Points to test beyond the search, for changes that it would not meet. */
  readonly spotChecks?: number;
}

/** Tests until the answer is known. Cancelled, it throws, and `onState` has had all that was found out. */
export async function runSearch(
  start: Search,
  test: (point: number) => Promise<Omit<Test, 'point' | 'by'>>,
  options: SearchOptions,
): Promise<{ readonly search: Search; readonly outlook: Outlook }> {
  let search = start;
  const tryPoint = async (point: number): Promise<void> => {
    options.onState?.(search, point);
    await breathe(options.cancellation);
    const result = await test(point);
    search = { ...search, tests: [...search.tests, { ...result, point, by: 'measured' }] };
    options.onState?.(search, undefined);
  };
  let next = outlook(search);
  for (; next.kind === 'next'; next = outlook(search)) await tryPoint(next.point);
  if (next.kind !== 'found' && next.kind !== 'nothing') return { search, outlook: next };
  const spots = next.kind === 'found' ? (options.spotChecks ?? 0) : 0;
  const further = options.exhaustive === true ? search.count : spots;
  for (const point of spotChecks(search, further)) await tryPoint(point);
  // What was checked may have shown an earlier change.
  for (next = outlook(search); next.kind === 'next'; next = outlook(search)) await tryPoint(next.point);
  return { search, outlook: next };
}
