/**
 * Shrinks IR text of any dialect while a test holds, by structure: functions, ops, regions, arguments, shapes, constants,
 * attributes. Used by `strata reduce` and for reproducers of bisections.
 */
import type { Cancellation } from '../../base/cancellation';
import { breathe } from '../../base/cancellation';
import { takeAway } from './ddmin';
import { countOps, IrText } from './edits';
import type { Candidates } from './moves';
import {
  earlierReturns,
  fewerAttributes,
  inlinedRegions,
  lessAround,
  regionBodies,
  removableOps,
  simplerConstants,
  smallerShapes,
  substitutes,
  unusedArguments,
} from './moves';

export interface ReduceOptions {
  /** Whether the text still shows what it is to show. A text that is not valid must not. */
  readonly test: (text: string) => Promise<boolean> | boolean;
  readonly cancellation: Cancellation;
  /** Stop after so many tests, with the smallest text so far. */
  readonly maxTests?: number;
  /** Stop after so long, with the smallest text so far. */
  readonly maxMs?: number;
  readonly onProgress?: (progress: {
    readonly tests: number;
    readonly bytes: number;
    readonly move: string;
  }) => void;
}

export interface Reduction {
  readonly text: string;
  readonly tests: number;
  readonly ops: { readonly before: number; readonly after: number };
  readonly bytes: { readonly before: number; readonly after: number };
  /** False when `maxTests` or `maxMs` ended it. */
  readonly complete: boolean;
}

const moves: readonly (readonly [string, (ir: IrText) => Candidates])[] = [
  ['return an earlier value', earlierReturns],
  ['read something else', substitutes],
  ['inline a region', inlinedRegions],
  ['drop arguments', unusedArguments],
  ['shrink shapes', smallerShapes],
  ['simplify constants', simplerConstants],
  ['drop attributes', fewerAttributes],
  ['drop what is around', lessAround],
];

/** The text must hold as it is; the caller has checked. */
export async function reduceIr(text: string, options: ReduceOptions): Promise<Reduction> {
  const reducer = new Reducer(text, options);
  await reducer.run();
  return {
    text: reducer.text,
    tests: reducer.tests,
    ops: { before: countOps(text), after: countOps(reducer.text) },
    bytes: { before: text.length, after: reducer.text.length },
    complete: !reducer.exhausted,
  };
}

class Reducer {
  tests = 0;
  readonly #known = new Map<string, boolean>();
  #move = '';
  readonly #start = Date.now();

  constructor(
    public text: string,
    readonly options: ReduceOptions,
  ) {}

  get exhausted(): boolean {
    const { maxTests = Infinity, maxMs = Infinity } = this.options;
    return this.tests >= maxTests || Date.now() - this.#start >= maxMs;
  }

  async run(): Promise<void> {
    for (let before = ''; before !== this.text && !this.exhausted;) {
      before = this.text;
      await this.#takeAwayOps();
      for (const [name, move] of moves) {
        this.#move = name;
        await this.#exhaust(move);
        await this.#takeAwayOps();
      }
    }
  }

  /** Tries a move's candidates; each that holds is taken and the move starts again from it. */
  async #exhaust(move: (ir: IrText) => Candidates): Promise<void> {
    for (let progress = true; progress && !this.exhausted;) {
      progress = false;
      for (const candidate of move(new IrText(this.text))) {
        if (candidate !== undefined && (await this.#accept(candidate))) {
          progress = true;
          break;
        }
      }
    }
  }

  async #takeAwayOps(): Promise<void> {
    this.#move = 'take ops away';
    for (let size = -1; size !== this.text.length && !this.exhausted;) {
      size = this.text.length;
      const ir = new IrText(this.text);
      for (const body of regionBodies(ir)) if (await this.#accept(ir.without(body))) break;
      if (size !== this.text.length) continue;
      await takeAway(removableOps(ir), (taken) => this.#accept(ir.without(taken)));
    }
  }

  async #accept(candidate: string): Promise<boolean> {
    if (candidate === this.text || candidate.trim() === '') return false;
    const known = this.#known.get(candidate);
    if (known !== undefined || this.exhausted) return false;
    await breathe(this.options.cancellation);
    this.tests++;
    const holds = await this.options.test(candidate);
    this.#known.set(candidate, holds);
    if (holds) this.text = candidate;
    this.options.onProgress?.({ tests: this.tests, bytes: this.text.length, move: this.#move });
    return holds;
  }
}
