/**
 * The IR after a pass as text with a map from text to ops, in plain data that can cross threads: what the views,
 * dumps and bisection keep of a pass.
 */
import type { Operation } from '../operation';
import { SnapshotParts } from './snapshotParts';
import { assembleSnapshot } from './snapshotStates';

/** A symbol of the module with its range of text. */
export interface FunctionRange {
  readonly symbol: string;
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  readonly opCount: number;
}

export interface IrSnapshot {
  /** SHA-256 over the parts of the text, hex: equal for equal texts. */
  readonly hash: string;
  readonly text: string;
  /** Triples (start, end, op id), by start: parents before children. UTF-16 offsets. */
  readonly spans: Int32Array;
  /** Per span: index into `opNames`. */
  readonly nameOf: Uint16Array;
  readonly opNames: readonly string[];
  /** Per span: index into `nodeSets`. */
  readonly nodesOf: Uint32Array;
  /** Distinct lists of model node names; the first is empty. */
  readonly nodeSets: readonly (readonly string[])[];
  /** Per span: index into `symbols` of the enclosing symbol (kernel, dispatch or function). */
  readonly symbolOf: Uint32Array;
  /** The first is empty. */
  readonly symbols: readonly string[];
  readonly functions: readonly FunctionRange[];
  readonly opCount: number;
  /** Ops by dialect. */
  readonly dialects: Readonly<Record<string, number>>;
}

export const snapshotOf = (module: Operation): IrSnapshot =>
  assembleSnapshot(new SnapshotParts(module).state());

/** The innermost span at a text offset: its index, or -1. */
export function spanAt(snapshot: IrSnapshot, offset: number): number {
  let found = -1;
  for (let i = 0; i < snapshot.spans.length / 3; i++) {
    const start = snapshot.spans[3 * i]!;
    if (start > offset) break;
    if (offset < snapshot.spans[3 * i + 1]!) found = i;
  }
  return found;
}
