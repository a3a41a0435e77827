/**
 * The record of every application of a rewrite in a compilation. The diff view, bisection ("stop after N", "skip
 * 41"), traces and tests read it.
 */
import { modelNodesOf } from '../location';
import type { Operation } from '../operation';

/** An op as the record remembers it after it is gone. */
export interface OpRef {
  readonly id: number;
  readonly name: string;
  /** Names of the model nodes that it comes from. */
  readonly nodes: readonly string[];
}

export interface RewriteRecord {
  /** Position in the compilation, from 0, counting skipped ones. */
  readonly index: number;
  readonly pass: string;
  readonly rule: string;
  readonly sources: readonly OpRef[];
  /** New ops, in order of creation. */
  readonly results: readonly OpRef[];
  readonly durationNs: number;
}

/** Which applications bisection lets happen. */
export interface RewriteControl {
  /** Applications with this index or more do not happen. */
  readonly stopAfter?: number;
  readonly skip?: ReadonlySet<number>;
  /** Names of rules of which no application happens. */
  readonly skipRules?: ReadonlySet<string>;
}

export class RewriteRecorder {
  readonly records: RewriteRecord[] = [];
  #next = 0;
  constructor(readonly control: RewriteControl = {}) {}

  /** Applications so far, those that were held back among them. */
  get claimed(): number {
    return this.#next;
  }

  /** The index of the next application, and whether it may happen. */
  claim(rule: string): { readonly index: number; readonly allowed: boolean } {
    const index = this.#next++;
    const { stopAfter, skip, skipRules } = this.control;
    const held = skip?.has(index) === true || skipRules?.has(rule) === true;
    return { index, allowed: !held && (stopAfter === undefined || index < stopAfter) };
  }
}

export const opRef = (op: Operation): OpRef => ({
  id: op.id,
  name: op.name,
  nodes: modelNodesOf(op.location).map((n) => n.name),
});
