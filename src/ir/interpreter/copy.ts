/** Copies between strided arrays: the data movement of tensor, memref and structured ops. */
import type { ElementArray, Scalar } from './runtimeValue';

/** One side of a copy; `strides` and `offset` in elements, strides may be 0 or negative. */
export interface StridedArray {
  readonly data: ElementArray;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** `to[i] = from[i]` for each index of `shape`. Both sides keep elements in one way. */
export function copyStrided(shape: readonly number[], from: StridedArray, to: StridedArray): void {
  if (shape.includes(0)) return;
  const source = from.data as Float64Array;
  const target = to.data as Float64Array;
  const last = shape.length - 1;
  if (last < 0) {
    target[to.offset] = source[from.offset]!;
    return;
  }
  const size = shape[last]!;
  const a = from.strides[last]!;
  const b = to.strides[last]!;
  const walk = (d: number, i: number, j: number): void => {
    if (d < last) {
      for (let k = 0; k < shape[d]!; k++) walk(d + 1, i + k * from.strides[d]!, j + k * to.strides[d]!);
    } else if (a === 1 && b === 1 && size > 16) target.set(source.subarray(i, i + size), j);
    else for (let k = 0; k < size; k++, i += a, j += b) target[j] = source[i]!;
  };
  walk(0, from.offset, to.offset);
}

/** `to[i] = value` for each index of `shape`. */
export function fillStrided(shape: readonly number[], value: Scalar, to: StridedArray): void {
  if (shape.includes(0)) return;
  const target = to.data as Float64Array;
  const walk = (d: number, j: number): void => {
    if (d === shape.length) target[j] = value as number;
    else for (let k = 0; k < shape[d]!; k++) walk(d + 1, j + k * to.strides[d]!);
  };
  walk(0, to.offset);
}
