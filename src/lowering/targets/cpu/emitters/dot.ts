/**
 * C of sums over groups of products of 8-bit integers: `acc + Σ ext(a)·ext(b)` over four neighbours, one instruction
 * where the machine has it. The ops between the loads and the sum get no C of their own.
 */
import type { Operation, Value } from '../../../../ir';
import { types as t } from '../../../../ir';
import * as vector from '../../../../ir/dialects/vector';
import type { Emitter } from '../kernelWriter';
import { vectorOf } from '../cTypes';
import { dotFunction } from '../dotFunctions';

const group = 4;
interface Side {
  /** A vector of bytes: of one group, or of one for each lane. */
  readonly bytes: Value;
  readonly signed: boolean;
}
interface Dot {
  readonly lhs: Side;
  readonly rhs: Side;
  readonly lanes: number;
}

const isByteVector = (v: Value): boolean => {
  const element = t.elementOf(v.type);
  return v.type.kind === 'vector' && element.kind === 'integer' && element.width === 8;
};
/** Bytes before reinterpretation and repetition. */
function leafOf(v: Value): Value {
  let at = v;
  for (;;) {
    const op = at.definingOp;
    if (op === undefined) return at;
    const repeats = op.name === 'vector.shape_cast' && op.operand(0).definingOp?.name === 'vector.broadcast';
    if (repeats && isByteVector(op.operand(0).definingOp!.operand(0)))
      at = op.operand(0).definingOp!.operand(0);
    else if (op.name === 'builtin.unrealized_conversion_cast') at = op.operand(0);
    else return at;
  }
}
function sideOf(v: Value): Side | undefined {
  const op = v.definingOp;
  if (op?.name !== 'arith.extsi' && op?.name !== 'arith.extui') return undefined;
  return isByteVector(op.operand(0))
    ? { bytes: leafOf(op.operand(0)), signed: op.name === 'arith.extsi' }
    : undefined;
}
/** What a sum over the last dimension (or of all of four elements) adds up, where it is products of bytes. */
function dotOf(op: Operation): Dot | undefined {
  const sum = vector.multiReduction.as(op);
  const all = sum === undefined ? vector.reduction.as(op) : undefined;
  if ((sum ?? all)?.kind !== 'add') return undefined;
  if (sum !== undefined && (sum.reduction_dims.join() !== '1' || sum.source.type.kind !== 'vector'))
    return undefined;
  if (
    all !== undefined &&
    (all.acc === undefined || t.elementCount((all.vector.type as t.VectorType).shape) !== group)
  )
    return undefined;
  const cast = sum?.source.definingOp;
  const product = (cast?.name === 'vector.shape_cast' ? cast.operand(0) : (sum?.source ?? all!.vector))
    .definingOp;
  if (product?.name !== 'arith.muli' || t.elementOf(product.result().type) !== t.i32) return undefined;
  const [lhs, rhs] = product.operands.map(sideOf);
  const lanes = (t.elementCount((product.result().type as t.VectorType).shape) ?? 0) / group;
  return lhs === undefined || rhs === undefined ? undefined : { lhs, rhs, lanes };
}

const between = new Set([
  'arith.muli',
  'arith.extsi',
  'arith.extui',
  'vector.shape_cast',
  'vector.broadcast',
  'builtin.unrealized_conversion_cast',
]);
/** Whether an op is only there for sums that are written as one. */
export function isPartOfDot(op: Operation): boolean {
  if (!between.has(op.name) || op.result().type.kind !== 'vector' || !op.result().hasUses) return false;
  return op.result().users.every((u) => dotOf(u) !== undefined || isPartOfDot(u));
}

export const multiReduction: Emitter = (op, w) => {
  const dot = dotOf(op);
  if (dot === undefined)
    return w.fail(op, 'it must be lowered to vectors of rank 1, or sum products of bytes');
  emitDot(op, dot, vector.multiReduction.view(op).acc, w);
};
/** The sum of one group; false where `op` is another reduction. */
export function groupReduction(...[op, w]: Parameters<Emitter>): boolean {
  const dot = dotOf(op);
  if (dot === undefined) return false;
  emitDot(op, dot, vector.reduction.view(op).acc!, w);
  return true;
}

function emitDot(op: Operation, { lhs, rhs, lanes }: Dot, acc: Value, w: Parameters<Emitter>[1]): void {
  const i32 = w.scalar(t.i32);
  const words = vectorOf(i32, lanes);
  const argument = ({ bytes }: Side): string => {
    const own = (t.elementCount((bytes.type as t.VectorType).shape) ?? 0) / group;
    if (lanes === 1 || own === lanes)
      return `(${lanes === 1 ? 'int32_t' : w.prelude.type(words)})${w.value(bytes)}`;
    return `${w.prelude.splat(words)}((int32_t)${w.value(bytes)})`;
  };
  const [a, b] = lhs.signed && !rhs.signed ? [rhs, lhs] : [lhs, rhs];
  const fn = dotFunction(w.prelude, words, a.signed, b.signed);
  w.define(op.result(0), `${fn}(${w.value(acc)}, ${argument(a)}, ${argument(b)})`);
}
