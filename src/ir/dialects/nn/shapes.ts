/**
 * Shape rules that the `nn` ops share. A `DYNAMIC` size is one that is known only when the model runs; every rule
 * keeps what can be known and throws `InferenceError` with what cannot fit.
 */
import { InferenceError } from '../../opDefinition';
import type { Shape, TensorType, Type } from '../../types';
import { DYNAMIC, shapeText } from '../../types';

/** `2x?x8`, or `scalar` for rank 0. */
export const sizes = (shape: Shape): string =>
  shape.length === 0 ? 'scalar' : shapeText(shape).slice(0, -1);

export function asTensor(type: Type, what: string): TensorType {
  if (type.kind !== 'tensor') throw new InferenceError(`${what} must be a ranked tensor, found ${type.text}`);
  return type;
}
export function asRank(type: Type, rank: number, what: string): TensorType {
  const t = asTensor(type, what);
  if (t.shape.length !== rank) throw new InferenceError(`${what} must have rank ${rank}, found ${t.text}`);
  return t;
}
/** Whether two sizes may be equal when the model runs. */
export const mayEqual = (a: number, b: number): boolean => a === b || a === DYNAMIC || b === DYNAMIC;
/** Of two sizes that are equal when the model runs, the one that is known. */
export const known = (a: number, b: number): number => (a === DYNAMIC ? b : a);

/** NumPy broadcasting. A dynamic size against 1 stays dynamic, against n > 1 is n. */
export function broadcastShapes(shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, d) => {
    let size = 1;
    for (const shape of shapes) {
      const s = shape[d - rank + shape.length] ?? 1;
      if (s === 1 || s === size) continue;
      if (size === 1) size = s;
      else if (size === DYNAMIC) size = s;
      else if (s !== DYNAMIC)
        throw new InferenceError(
          `shapes ${shapes.map(sizes).join(' and ')} do not broadcast (sizes ${size} and ${s} in axis ${d})`,
        );
    }
    return size;
  });
}

/** `axis` counted from the front; negative ones count from the back. */
export function normaliseAxis(axis: number, rank: number): number {
  const a = axis < 0 ? axis + rank : axis;
  if (a < 0 || a >= Math.max(rank, 1))
    throw new InferenceError(`axis ${axis} is out of bounds for rank ${rank}`);
  return a;
}

/** Positions of a window that slides over a padded axis; throws when it does not fit. */
export function windowCount(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  before: number,
  after: number,
): number {
  if (stride < 1 || dilation < 1)
    throw new InferenceError(`stride ${stride} and dilation ${dilation} must be 1 or more`);
  if (kernel !== DYNAMIC && kernel < 1) throw new InferenceError(`a window of ${kernel} has no elements`);
  if (input === DYNAMIC || kernel === DYNAMIC) return DYNAMIC;
  const extent = (kernel - 1) * dilation + 1;
  const padded = input + before + after;
  if (extent > padded)
    throw new InferenceError(
      `a window of ${extent} does not fit an axis of ${input} with padding ${before} and ${after}`,
    );
  return Math.floor((padded - extent) / stride) + 1;
}

export function expectLength(values: readonly number[], length: number, what: string): void {
  if (values.length !== length)
    throw new InferenceError(`${what} needs ${length} numbers, found ${values.length}`);
}

/** Steps of each axis in a row-major array, in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}

/** Inverse of a permutation. */
export function inversePermutation(permutation: readonly number[]): number[] {
  const inverse = new Array<number>(permutation.length);
  permutation.forEach((from, to) => (inverse[from] = to));
  return inverse;
}
