/**
 * Whether two samples of times differ: Mann–Whitney's test for the p value, and an interval for the ratio of the medians (by
 * bootstrap; for large samples from ranks). Results depend on the samples alone. Used by `compare`.
 */
import { quantile } from './statistics';

export interface Confidence {
  /** Of the interval; an adjusted p of at most 1 − level is called significant. */
  readonly level: number;
  /** Two-sided. */
  readonly p: number;
  /** `p` after `adjust` over everything that was compared at once; `p` itself for a single comparison. */
  readonly adjusted: number;
  /** Interval of after / before. */
  readonly low: number;
  readonly high: number;
}

const LEVEL = 0.95;
/** With fewer repeats on a side no test can reach the level. */
const MIN_REPEATS = 4;
const EXACT_PAIRS = 400;
const BOOTSTRAP_SAMPLES = 200;
const RESAMPLES = 1000;

/** Undefined with fewer than 4 repeats on a side. */
export function confidenceOf(before: Float64Array, after: Float64Array): Confidence | undefined {
  if (before.length < MIN_REPEATS || after.length < MIN_REPEATS) return undefined;
  const [a, b] = [before.slice().sort(), after.slice().sort()];
  const [low, high] = a.length + b.length <= BOOTSTRAP_SAMPLES ? bootstrapRatio(a, b) : rankRatio(a, b);
  const p = mannWhitney(a, b);
  return { level: LEVEL, p, adjusted: p, low, high };
}

/**
 * p values adjusted for being many (Benjamini and Hochberg 1995): of those that are called significant at level α, a part of α
 * at most is expected to be so by chance.
 */
export function adjust(ps: readonly number[]): readonly number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[b]! - ps[a]!);
  const out = [...ps];
  let least = 1;
  order.forEach((i, k) => {
    least = Math.min(least, (ps[i]! * ps.length) / (ps.length - k));
    out[i] = least;
  });
  return out;
}

/** Two-sided p of two sorted samples: exact where they are small and have no ties, else by the normal approximation. */
export function mannWhitney(a: Float64Array, b: Float64Array): number {
  const [n, m] = [a.length, b.length];
  let u = 0;
  let ties = 0;
  // u counts pairs in which a is greater, ties as half.
  for (let i = 0, j = 0; i < n || j < m;) {
    const value = i < n && (j >= m || a[i]! <= b[j]!) ? a[i]! : b[j]!;
    const [i0, j0] = [i, j];
    while (i < n && a[i] === value) i++;
    while (j < m && b[j] === value) j++;
    const [inA, inB] = [i - i0, j - j0];
    u += inA * (j0 + inB / 2);
    ties += (inA + inB) ** 3 - (inA + inB);
  }
  const least = Math.min(u, n * m - u);
  if (ties === 0 && n * m <= EXACT_PAIRS) return Math.min(1, 2 * exactTail(n, m, least));
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  if (variance <= 0) return 1;
  return Math.min(1, 2 * normalTail(Math.max(0, (n * m) / 2 - least - 0.5) / Math.sqrt(variance)));
}

/** P(U ≤ u) where all orders of n + m values are equally likely. */
function exactTail(n: number, m: number, u: number): number {
  const width = n * m + 1;
  // ways[k * width + s]: choices of k of the values seen so far whose ranks exceed the least possible sum by s.
  const ways = new Float64Array((n + 1) * width);
  ways[0] = 1;
  for (let rank = 1; rank <= n + m; rank++) {
    for (let k = Math.min(rank, n); k >= 1; k--) {
      const shift = rank - k;
      for (let s = width - 1; s >= shift; s--) ways[k * width + s]! += ways[(k - 1) * width + s - shift]!;
    }
  }
  const row = ways.subarray(n * width);
  const all = row.reduce((sum, w) => sum + w, 0);
  return row.subarray(0, Math.floor(u) + 1).reduce((sum, w) => sum + w, 0) / all;
}

/** Upper tail of the standard normal distribution (Abramowitz and Stegun 26.2.17, within 1e-7). */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** Mulberry32 from a fixed seed, so that a comparison says the same each time. */
function generator(): () => number {
  let s = 0x5eed;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), s | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function bootstrapRatio(a: Float64Array, b: Float64Array): readonly [number, number] {
  const next = generator();
  const resample = (from: Float64Array, into: Float64Array): number => {
    for (let i = 0; i < from.length; i++) into[i] = from[Math.floor(next() * from.length)]!;
    return quantile(into.sort(), 0.5);
  };
  const [intoA, intoB] = [new Float64Array(a.length), new Float64Array(b.length)];
  const ratios = Float64Array.from({ length: RESAMPLES }, () => {
    const before = resample(a, intoA);
    return resample(b, intoB) / before;
  }).sort();
  return [quantile(ratios, (1 - LEVEL) / 2), quantile(ratios, (1 + LEVEL) / 2)];
}

/** From the interval of each median by ranks, each so wide that both hold with the level. */
function rankRatio(a: Float64Array, b: Float64Array): readonly [number, number] {
  const around = (s: Float64Array): readonly [number, number] => {
    const half = (2.24 * Math.sqrt(s.length)) / 2;
    const at = (rank: number): number => s[Math.min(s.length - 1, Math.max(0, Math.round(rank)))]!;
    return [at(s.length / 2 - half), at(s.length / 2 + half)];
  };
  const [lowA, highA] = around(a);
  const [lowB, highB] = around(b);
  return [lowB / highA, highB / lowA];
}
