/**
 * Index lists whose entries are constants or values (`[%i, 4, 1]`): their text, their storage (an i64 array with a
 * marker for values, and the values as operands), and their evaluation. Used by scf.forall, memref and vector ops.
 */
import type { Attribute } from '../attributes';
import { i64Array, numbersOf } from '../attributes';
import type { EvaluationContext } from '../interpreter/runtimeValue';
import type { Operation, Value } from '../operation';
import type { OpParser, UnresolvedOperand } from '../parser/opParser';
import type { OpPrinter } from '../printer/opPrinter';

/** Marks an entry of a static index list that is given by an operand (`ShapedType::kDynamic`). */
export const DYNAMIC_INDEX = -(2 ** 63);

export type MixedIndex = number | Value;

/** The list with each marker replaced by the next of `dynamics`. */
export function mixedIndices(statics: readonly number[], dynamics: readonly Value[]): readonly MixedIndex[] {
  let next = 0;
  return statics.map((s) => {
    if (s !== DYNAMIC_INDEX) return s;
    const value = dynamics[next++];
    if (value === undefined) throw new RangeError('an index list has fewer values than markers');
    return value;
  });
}

/** Static and dynamic parts of a list, as ops store it. */
export function splitIndices(list: readonly MixedIndex[]): {
  readonly statics: number[];
  readonly dynamics: Value[];
} {
  return {
    statics: list.map((x) => (typeof x === 'number' ? x : DYNAMIC_INDEX)),
    dynamics: list.flatMap((x) => (typeof x === 'number' ? [] : [x])),
  };
}

export function printMixed(p: OpPrinter, list: readonly MixedIndex[], open: string, close: string): void {
  p.raw(open);
  p.list(list, (x) => {
    if (typeof x === 'number') p.word(String(x));
    else p.operand(x);
  });
  p.raw(close);
}

export interface ParsedMixed {
  readonly statics: readonly number[];
  readonly operands: readonly UnresolvedOperand[];
}
export function parseMixed(p: OpParser, open: string, close: string): ParsedMixed {
  const operands: UnresolvedOperand[] = [];
  const statics = p.commaList(open, close, () => {
    if (!p.atOperand()) return p.integer();
    operands.push(p.operand());
    return DYNAMIC_INDEX;
  });
  return { statics, operands };
}

/** Numbers of a list at run time. */
export const evaluateMixed = (list: readonly MixedIndex[], context: EvaluationContext): number[] =>
  list.map((x) => (typeof x === 'number' ? x : Number(context.get(x))));

/** What is wrong with a list of which `statics` has `dynamics` values, or undefined. */
export function mixedProblem(what: string, statics: readonly number[], dynamics: number): string | undefined {
  const markers = statics.filter((s) => s === DYNAMIC_INDEX).length;
  return markers === dynamics ? undefined : `${what} has ${markers} dynamic entries and ${dynamics} values`;
}

export const staticIndices = (list: readonly number[]): Attribute => i64Array(list);

/** Offsets, sizes and strides of an op that has them under MLIR's names (`static_offsets` …), first operand at `at`. */
export function sliceOf(
  op: Operation,
  at: number,
): Record<'offsets' | 'sizes' | 'strides', readonly MixedIndex[]> {
  let next = at;
  const read = (name: string): readonly MixedIndex[] => {
    const statics = numbersOf(op.attr(name)) ?? [];
    const count = statics.filter((s) => s === DYNAMIC_INDEX).length;
    const list = mixedIndices(statics, op.operands.slice(next, next + count));
    next += count;
    return list;
  };
  return { offsets: read('static_offsets'), sizes: read('static_sizes'), strides: read('static_strides') };
}
