/** Work of tensor ops: every operand is read once and every result written once; dynamic sizes count as 1. */
import type { Work } from '../../opDefinition';
import type { Operation, Value } from '../../operation';
import type { Type } from '../../types';
import { DYNAMIC, bitWidth, isShaped } from '../../types';

/** Number of elements; dynamic sizes count as 1. */
export const elementsOf = (type: Type): number =>
  isShaped(type) ? type.shape.reduce((n, d) => n * (d === DYNAMIC ? 1 : d), 1) : 1;

function bytesOf(type: Type): number {
  const bits = bitWidth(isShaped(type) ? type.element : type) ?? 0;
  return Math.ceil((elementsOf(type) * bits) / 8);
}
const total = (values: readonly Value[]): number => values.reduce((n, v) => n + bytesOf(v.type), 0);

/** `flops` over all operands read and all results written. */
export const workOf = (op: Operation, flops: number): Work => ({
  flops,
  bytesRead: total(op.operands),
  bytesWritten: total(op.results),
});

/** As `workOf`, with `perElement` operations for each element of the first result. */
export const perResult = (op: Operation, perElement: number): Work =>
  workOf(op, perElement * elementsOf(op.result().type));
/** A view: no work at all. */
export const noWork: Work = { flops: 0, bytesRead: 0, bytesWritten: 0 };
