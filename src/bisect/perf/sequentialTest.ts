/**
 * Whether one program is slower than another, decided while measuring: rounds of interleaved runs, looked at after each
 * round, until the answer is clear. The error of looking often is shared out over the looks (α spending in equal parts).
 */
import { median } from '../../compiler/artifactSession';
import { mannWhitney } from '../../profiler/significance';

export interface SequentialOptions {
  /** Probability of calling equal programs different, over all looks. */
  readonly level: number;
  /** Smallest ratio that matters: 1.03 for three per cent. */
  readonly effect: number;
  /** Runs of each side before the first look, and between looks. */
  readonly round: number;
  readonly mostRounds: number;
}
export const sequentialDefaults: SequentialOptions = { level: 0.01, effect: 1.03, round: 12, mostRounds: 12 };

export type Decision =
  /** `slower`: the second side, by at least half of the effect; `same`: any difference is smaller than the effect. */
  | { readonly kind: 'slower' | 'faster' | 'same' }
  | { readonly kind: 'more' }
  /** The noise is larger than what is looked for; about so many runs of each side would tell. */
  | { readonly kind: 'unclear'; readonly repeats: number };

export interface Comparison {
  readonly decision: Decision;
  /** Median of the second over median of the first. */
  readonly ratio: number;
  /** Of the last look. */
  readonly p: number;
  readonly repeats: number;
}

/** The state after some rounds. */
export function decide(
  first: readonly number[],
  second: readonly number[],
  round: number,
  options: SequentialOptions,
): Comparison {
  const [a, b] = [first, second].map((x) => Float64Array.from(x).sort()) as [Float64Array, Float64Array];
  const ratio = median(second) / median(first);
  const p = mannWhitney(a, b);
  const perLook = options.level / options.mostRounds;
  const repeats = first.length;
  const small = Math.sqrt(options.effect);
  const clear = p <= perLook;
  const result = (decision: Decision): Comparison => ({ decision, ratio, p, repeats });
  if (clear && ratio >= small) return result({ kind: 'slower' });
  if (clear && ratio <= 1 / small) return result({ kind: 'faster' });
  // Half-width of the ratio's interval, from the spread of the middle halves and the number of runs.
  const error = 1.7 * Math.hypot(spread(a), spread(b)) * Math.sqrt(1 / repeats);
  if (ratio - 1 + error < options.effect - 1 && 1 - ratio + error < options.effect - 1)
    return result({ kind: 'same' });
  if (round < options.mostRounds) return result({ kind: 'more' });
  const needed = Math.ceil(repeats * (error / Math.max(1e-4, options.effect - 1)) ** 2 * 2);
  return result({ kind: 'unclear', repeats: Math.max(needed, 2 * repeats) });
}

/** Half the distance of the quartiles over the median. */
function spread(sorted: Float64Array): number {
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
  return (at(0.75) - at(0.25)) / 2 / at(0.5);
}

/** Measures in rounds, the sides in turn within a round, until it is decided. */
export async function compareTimes(
  measure: readonly [
    (runs: number) => Promise<readonly number[]>,
    (runs: number) => Promise<readonly number[]>,
  ],
  options: SequentialOptions = sequentialDefaults,
): Promise<Comparison & { readonly times: readonly [readonly number[], readonly number[]] }> {
  const times: [number[], number[]] = [[], []];
  /** Runs of one side before the other takes its turn. */
  const turn = 4;
  for (let round = 1; ; round++) {
    for (let n = 0; n < options.round; n += turn) {
      // The order alternates, so that a machine that slows down meets both sides alike.
      for (const side of n % (2 * turn) === 0 ? ([0, 1] as const) : ([1, 0] as const))
        times[side].push(...(await measure[side](turn)));
    }
    const comparison = decide(times[0], times[1], round, options);
    if (comparison.decision.kind !== 'more') return { ...comparison, times };
  }
}
