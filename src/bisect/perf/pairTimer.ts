/**
 * Times two programs as pairs: each pair in two fresh processes that take short turns. What is compared is each dispatch with
 * its partner in the turn right beside it, and the median of those ratios counts; the ratio of the programs is their mean,
 * weighted by time. Load on the machine slows neighbours alike, and what hits one dispatch of one turn does not count.
 */
import { setTimeout } from 'node:timers/promises';
import type { Cancellation } from '../../base/cancellation';
import { median } from '../../compiler/artifactSession';
import { RunnerProcess } from '../../runner/runnerProcess';
import type { RunnerInput } from '../../runner/runnerRequests';
import type { DispatchGroup, Step } from './alignDispatches';
import { alignDispatches } from './alignDispatches';

/** What is timed: an artifact in a runner. */
export interface TimedProgram {
  readonly artifact: string;
  /** The runner's executable. */
  readonly executable: string;
  readonly threads: number;
  /** Launches of the first entry point, in order. */
  readonly steps: readonly Step[];
}

export interface GroupTimes extends DispatchGroup {
  /** Nanoseconds; 0 on a side that has none. */
  readonly firstNs: number;
  readonly secondNs: number;
  /** Logarithm of second / first; undefined where one side has none. */
  readonly log: number | undefined;
}

/** Of a pair. */
export interface PairTimes {
  /** Logarithm of the ratio of the programs, second / first. */
  readonly log: number;
  readonly groups: readonly GroupTimes[];
  /** Nanoseconds per dispatch of the first and second program: the median over the turns. */
  readonly dispatches: readonly [readonly number[], readonly number[]];
}

/** A turn lasts about so long, with at least `fewestRuns` runs and at most `mostRuns`; the fastest of each dispatch counts. */
const turnNs = 4e6;
const fewestRuns = 2;
const mostRuns = 32;
/** Turns of each side: fewer with threads, which need a pause. */
const turns = { one: 8, several: 5 } as const;
/** Idle threads of a pool spin for a while after a run; the other side does not begin before they sleep. */
const pauseMs = 60;

class Running {
  /** Per turn, of each dispatch; behind the last, what lies between dispatches. */
  readonly turns: (readonly number[])[] = [];
  private constructor(
    readonly process: RunnerProcess,
    readonly artifact: number,
    readonly threads: number,
    readonly inputs: Readonly<Record<string, RunnerInput>>,
    readonly signal: AbortSignal,
  ) {}

  static async start(
    program: TimedProgram,
    inputs: Readonly<Record<string, RunnerInput>>,
    signal: AbortSignal,
  ): Promise<Running> {
    const process = await RunnerProcess.start({ executable: program.executable, signal });
    try {
      const { artifact } = await process.load(program.artifact, { signal });
      return new Running(process, artifact, program.threads, inputs, signal);
    } catch (error) {
      await process.close();
      throw error;
    }
  }

  /** Nanoseconds of one run, once pages and caches are warm. */
  async warm(): Promise<number> {
    const { iterationNs } = await this.#bench(1, 1);
    return iterationNs[0]!;
  }
  async turn(runs: number): Promise<void> {
    const { iterationNs, dispatches } = await this.#bench(0, runs);
    const rest = iterationNs.map((ns, run) =>
      Math.max(0, ns - dispatches.reduce((sum, d) => sum + d.ns[run]!, 0)),
    );
    this.turns.push([...dispatches.map((d) => Math.min(...d.ns)), Math.min(...rest)]);
    if (this.threads > 1) await setTimeout(pauseMs);
  }
  #bench(warmup: number, repeat: number) {
    const { artifact, inputs, threads, signal } = this;
    return this.process.bench({ artifact, inputs, threads, warmup, repeat }, { signal });
  }
}

/**
 * Measures one pair. `secondFirst`: the second program starts first and has the first turn; where every other pair is turned
 * around, what comes of the order cancels out. Throws what a crash of the code throws (STR0717), and `CancelledError`.
 */
export async function timePair(
  first: TimedProgram,
  second: TimedProgram,
  inputs: Readonly<Record<string, RunnerInput>>,
  cancellation: Cancellation,
  secondFirst = false,
): Promise<PairTimes> {
  cancellation.throwIfCancelled();
  const { signal } = cancellation;
  const a = await Running.start(secondFirst ? second : first, inputs, signal);
  try {
    const b = await Running.start(secondFirst ? first : second, inputs, signal);
    try {
      const slower = Math.max(await a.warm(), await b.warm());
      const runs = Math.min(mostRuns, Math.max(fewestRuns, Math.ceil(turnNs / slower)));
      const count = first.threads > 1 || second.threads > 1 ? turns.several : turns.one;
      for (let i = 0; i < count; i++) for (const side of i % 2 === 0 ? [a, b] : [b, a]) await side.turn(runs);
      const [one, two] = secondFirst ? [b, a] : [a, b];
      return pairTimes(alignDispatches(first.steps, second.steps), one.turns, two.turns);
    } finally {
      await b.process.close();
    }
  } finally {
    await a.process.close();
  }
}

/** From the turns of both sides, each the times of the dispatches and, behind them, what lies between. */
export function pairTimes(
  aligned: readonly DispatchGroup[],
  first: readonly (readonly number[])[],
  second: readonly (readonly number[])[],
): PairTimes {
  const sums = (all: readonly (readonly number[])[], indices: readonly number[]): readonly number[] =>
    all.map((turn) => indices.reduce((sum, i) => sum + turn[i]!, 0));
  const group = (g: DispatchGroup): GroupTimes => {
    const [a, b] = [sums(first, g.good), sums(second, g.bad)];
    const both = g.good.length > 0 && g.bad.length > 0;
    return {
      ...g,
      firstNs: median(a),
      secondNs: median(b),
      log: both ? median(a.map((ns, i) => Math.log(Math.max(1, b[i]!) / Math.max(1, ns)))) : undefined,
    };
  };
  const groups = aligned.map(group);
  const between = group({ good: [first[0]!.length - 1], bad: [second[0]!.length - 1] });
  let [before, after] = [0, 0];
  for (const { firstNs, secondNs, log } of [...groups, between]) {
    before += firstNs;
    after += log === undefined ? secondNs : firstNs * Math.exp(log);
  }
  const perDispatch = (all: readonly (readonly number[])[]): readonly number[] =>
    all[0]!.slice(0, -1).map((_, i) => median(all.map((turn) => turn[i]!)));
  return { log: Math.log(after / before), groups, dispatches: [perDispatch(first), perDispatch(second)] };
}
