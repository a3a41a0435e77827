/**
 * Whether one program is slower than another, decided while measuring. A sample is a pair: both programs timed right after
 * one another in fresh processes, so that the mood of the machine and the luck of memory placement meet both alike; what
 * counts is the logarithm of their ratio. Wilcoxon's signed-rank test over the pairs (Wilcoxon 1945) gives p, the Walsh averages the
 * median ratio with its interval (Hodges and Lehmann 1963). The error of looking often is shared out over the looks.
 */

export interface PairedOptions {
  /** Probability of calling equal programs different, over all looks. */
  readonly level: number;
  /** Smallest ratio that matters: 1.03 for three per cent. */
  readonly effect: number;
  /** Pairs before the first look; each further look is at half as many again. */
  readonly firstPairs: number;
  /** Pairs after which there is no answer. */
  readonly mostPairs: number;
}
export const pairedDefaults: PairedOptions = { level: 0.01, effect: 1.03, firstPairs: 12, mostPairs: 100 };

/** Points of a search are judged more lightly: who is accused is measured again by the strict rule. */
export const lighter = (options: PairedOptions): PairedOptions => ({
  ...options,
  level: Math.min(0.1, 10 * options.level),
  firstPairs: Math.min(options.firstPairs, 8),
});

/** What pairs say about the ratio of two times. */
export interface Estimate {
  /** Second over first. */
  readonly ratio: number;
  /** Interval of the ratio. */
  readonly low: number;
  readonly high: number;
  /** Two-sided p of the ratio being 1. */
  readonly p: number;
  readonly pairs: number;
}

export type Decision =
  /** `slower`: the second side, by what matters; `same`: any difference is smaller than the effect. */
  | { readonly kind: 'slower' | 'faster' | 'same' }
  | { readonly kind: 'more' }
  /** The noise is larger than what is looked for; about so many pairs would tell. */
  | { readonly kind: 'unclear'; readonly pairs: number };

/** On which side of a limit the ratio is. */
export type Placement =
  { readonly kind: 'below' | 'above' | 'more' } | { readonly kind: 'unclear'; readonly pairs: number };

/** Numbers of pairs at which is looked. */
export function looksOf(options: PairedOptions): readonly number[] {
  const looks: number[] = [];
  for (let n = options.firstPairs; n < options.mostPairs; n = Math.ceil(n * 1.5)) looks.push(n);
  return [...looks, options.mostPairs];
}
const levelPerLook = (options: PairedOptions): number => options.level / looksOf(options).length;

/** From logarithms of second / first, with an interval that misses the ratio with probability `level`. */
export function estimateOf(logs: readonly number[], level: number): Estimate {
  const n = logs.length;
  const averages = new Float64Array((n * (n + 1)) / 2);
  let k = 0;
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) averages[k++] = (logs[i]! + logs[j]!) / 2;
  averages.sort();
  const middle = averages.length >> 1;
  const centre =
    averages.length % 2 === 1 ? averages[middle]! : (averages[middle - 1]! + averages[middle]!) / 2;
  const cut = signedRankQuantile(n, level / 2);
  // Too few pairs to reach the level: nothing is excluded.
  const [low, high] =
    cut < 0 ? [-Infinity, Infinity] : [averages[cut]!, averages[averages.length - 1 - cut]!];
  return {
    ratio: Math.exp(centre),
    low: Math.exp(low),
    high: Math.exp(high),
    p: signedRank(logs),
    pairs: n,
  };
}

/** Two-sided p of Wilcoxon's signed-rank test; zeros take no part, ties share their ranks. */
export function signedRank(differences: readonly number[]): number {
  const ranked = differences.filter((d) => d !== 0).sort((a, b) => Math.abs(a) - Math.abs(b));
  const n = ranked.length;
  if (n === 0) return 1;
  let positive = 0;
  for (let i = 0; i < n;) {
    let j = i;
    while (j < n && Math.abs(ranked[j]!) === Math.abs(ranked[i]!)) j++;
    for (let k = i; k < j; k++) if (ranked[k]! > 0) positive += (i + 1 + j) / 2;
    i = j;
  }
  const total = (n * (n + 1)) / 2;
  return Math.min(1, 2 * tail(n, Math.min(positive, total - positive)));
}

/** Ways to sum to each s with a part of 1…n, as probabilities. */
const distributions = new Map<number, Float64Array>();
function distribution(n: number): Float64Array {
  const known = distributions.get(n);
  if (known !== undefined) return known;
  let row = Float64Array.of(1);
  for (let rank = 1; rank <= n; rank++) {
    const next = new Float64Array(row.length + rank);
    for (let s = 0; s < row.length; s++) {
      next[s]! += row[s]! / 2;
      next[s + rank]! += row[s]! / 2;
    }
    row = next;
  }
  distributions.set(n, row);
  return row;
}
/** P(W ≤ w) of the sum of positive ranks. */
function tail(n: number, w: number): number {
  const row = distribution(n);
  let sum = 0;
  for (let s = 0; s <= Math.floor(w); s++) sum += row[s]!;
  return sum;
}
/** The largest w with P(W ≤ w) ≤ level, or −1. */
function signedRankQuantile(n: number, level: number): number {
  const row = distribution(n);
  let sum = 0;
  for (let w = 0; ; w++) {
    sum += row[w] ?? Infinity;
    if (sum > level) return w - 1;
  }
}

/** Pairs that would make the interval as narrow as the effect asks for. */
function pairsNeeded({ low, high, pairs }: Estimate, effect: number): number {
  const width = Math.log(high / low) / 2;
  return Math.max(2 * pairs, Math.ceil(pairs * Math.min(1e4, (width / (Math.log(effect) / 2)) ** 2)));
}

/** The state after some pairs: is the second program slower, by `least` or more? */
export function decide(
  logs: readonly number[],
  options: PairedOptions,
  least = options.effect,
): { readonly estimate: Estimate; readonly decision: Decision } {
  const estimate = estimateOf(logs, levelPerLook(options));
  const { ratio, low, high } = estimate;
  const as = (decision: Decision) => ({ estimate, decision });
  if (low > 1 && ratio >= least) return as({ kind: 'slower' });
  if (high < 1 && ratio <= 1 / least) return as({ kind: 'faster' });
  if (high < options.effect && low > 1 / options.effect) return as({ kind: 'same' });
  if (logs.length < options.mostPairs) return as({ kind: 'more' });
  return as({ kind: 'unclear', pairs: pairsNeeded(estimate, options.effect) });
}

/** The state after some pairs: is the ratio above `limit`? An interval narrower than the effect is taken at its middle. */
export function place(
  logs: readonly number[],
  limit: number,
  options: PairedOptions,
): { readonly estimate: Estimate; readonly decision: Placement } {
  const estimate = estimateOf(logs, levelPerLook(options));
  const { ratio, low, high } = estimate;
  const as = (decision: Placement) => ({ estimate, decision });
  if (low > limit) return as({ kind: 'above' });
  if (high < limit) return as({ kind: 'below' });
  if (high / low < options.effect) return as({ kind: ratio > limit ? 'above' : 'below' });
  if (logs.length < options.mostPairs) return as({ kind: 'more' });
  return as({ kind: 'unclear', pairs: pairsNeeded(estimate, options.effect) });
}

/** Measures pairs, each the logarithm of second / first, looking now and then, until `judge` asks for no more. */
export async function measureUntil<D extends { readonly kind: string }>(
  pair: () => Promise<number>,
  judge: (logs: readonly number[]) => { readonly estimate: Estimate; readonly decision: D },
  options: PairedOptions,
): Promise<{ readonly estimate: Estimate; readonly decision: D }> {
  const logs: number[] = [];
  let state: { readonly estimate: Estimate; readonly decision: D } | undefined;
  for (const look of looksOf(options)) {
    while (logs.length < look) logs.push(await pair());
    state = judge(logs);
    if (state.decision.kind !== 'more') break;
  }
  return state!;
}
