/**
 * Latencies of several sides (a compiled model, a reference, other numbers of threads) measured in turns, so that the
 * machine's moods meet all of them. Used by `strata bench` and `npm run bench:cpu`.
 */
import { setTimeout } from 'node:timers/promises';
import type { Cancellation } from '../base/cancellation';

export interface Side {
  /** Nanoseconds of each of `runs` runs, one after another. */
  time(runs: number): Promise<readonly number[]>;
}

export interface TurnOptions {
  /** Counted runs of each side. */
  readonly repeat: number;
  /** Runs of each side before any is counted. */
  readonly warmup: number;
  readonly cancellation?: Cancellation;
}

/** Runs of a side before the next takes its turn. */
const turn = 5;
/** Idle threads of a pool spin for a while after a run; the next side does not begin before they sleep. */
const pauseMs = 60;

/** Nanoseconds of the counted runs, per side. */
export async function timeInTurns(
  sides: readonly Side[],
  { repeat, warmup, cancellation }: TurnOptions,
): Promise<readonly (readonly number[])[]> {
  const times: number[][] = sides.map(() => []);
  if (warmup > 0) for (const side of sides) await side.time(warmup);
  for (let done = 0; done < repeat; done += turn) {
    const runs = Math.min(turn, repeat - done);
    for (const [i, side] of sides.entries()) {
      cancellation?.throwIfCancelled();
      // The first run of a turn finds cold caches and sleeping threads, so it is not counted on any side.
      times[i]!.push(...(await side.time(runs + 1)).slice(1));
      if (sides.length > 1) await setTimeout(pauseMs);
    }
  }
  return times;
}
