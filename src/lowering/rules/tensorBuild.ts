/** Builders of padding and slices with amounts that are known. */
import type { Builder, Value } from '../../ir';
import { types } from '../../ir';
import { extractSlice, pad, yieldOp } from '../../ir/dialects/tensor';
import { elementTypeOf, shapeOf } from './linalgGeneric';

/** Padding by one number; negative amounts cut off first. `padding` builds the number, once, when it is needed. */
export function padTensor(
  b: Builder,
  value: Value,
  low: readonly number[],
  high: readonly number[],
  padding: (b: Builder) => Value,
): Value {
  let current = value;
  if ([...low, ...high].some((p) => p < 0)) {
    const cut = (list: readonly number[]): number[] => list.map((p) => Math.max(0, -p));
    const [front, back] = [cut(low), cut(high)];
    const sizes = shapeOf(value).map((d, i) => d - front[i]! - back[i]!);
    current = sliceTensor(
      b,
      current,
      front,
      sizes,
      sizes.map(() => 1),
    );
  }
  const [before, after] = [low, high].map((list) => list.map((p) => Math.max(0, p))) as [number[], number[]];
  if ([...before, ...after].every((p) => p === 0)) return current;
  const shape = shapeOf(current).map((d, i) => d + before[i]! + after[i]!);
  const scalar = padding(b);
  const region = b.region(
    shape.map(() => types.index),
    () => {
      b.op(yieldOp, { value: scalar });
    },
  );
  return b
    .op(
      pad,
      { source: current, static_low: before, static_high: after },
      { resultTypes: [types.tensor(shape, elementTypeOf(value))], regions: [region] },
    )
    .result();
}

/** Part of a tensor, of the same rank. */
export function sliceTensor(
  b: Builder,
  value: Value,
  offsets: readonly number[],
  sizes: readonly number[],
  strides: readonly number[],
): Value {
  return b.value(
    extractSlice,
    { source: value, static_offsets: offsets, static_sizes: sizes, static_strides: strides },
    types.tensor(sizes, elementTypeOf(value)),
  );
}
