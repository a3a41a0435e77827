/**
 * Sliding windows of any rank, built from strided slices: one slice of the padded input per tap of the window. Used
 * where no op of `nn` has the window.
 */
import type { Value } from '../../operation';
import type { Shape } from '../../types';
import { DYNAMIC, tensor } from '../../types';
import * as nn from '../nn';
import { windowCount } from '../nn/shapes';
import type { Window } from './build';
import { constantTensor, shapeOf, typeOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported } from './defineOnnxOp';

/** Every position of a box, last axis fastest. */
export function boxPositions(sizes: Shape): readonly (readonly number[])[] {
  return sizes.reduce<readonly (readonly number[])[]>(
    (all, size) => all.flatMap((p) => Array.from({ length: size }, (_, i) => [...p, i])),
    [[]],
  );
}

/** Sizes of the result along the spatial axes. */
export const windowCounts = (sizes: Shape, kernel: readonly number[], w: Window): number[] =>
  sizes.map((d, i) =>
    windowCount(d, kernel[i]!, w.strides[i]!, w.dilations[i]!, w.pads[i]!, w.pads[i + sizes.length]!),
  );

export function padSpatial(e: Expansion, x: Value, pads: readonly number[], value: number): Value {
  const n = pads.length / 2;
  if (pads.every((p) => p === 0)) return x;
  return e.b.value(nn.pad, {
    input: x,
    low: [0, 0, ...pads.slice(0, n)],
    high: [0, 0, ...pads.slice(n)],
    value,
    mode: 'constant',
  });
}

/** The elements under each tap of the window, in row-major order of the taps; each has the shape of the result. */
export function tapsOf(
  e: Expansion,
  x: Value,
  kernel: readonly number[],
  w: Window,
  padding: number,
): readonly Value[] {
  const sizes = shapeOf(x).slice(2);
  if (sizes.includes(DYNAMIC)) throw new NotSupported('a window over a dynamic size');
  const counts = windowCounts(sizes, kernel, w);
  const padded = padSpatial(e, x, w.pads, padding);
  const shape = shapeOf(padded);
  return boxPositions(kernel).map((tap) => {
    const starts = tap.map((t, i) => t * w.dilations[i]!);
    return e.b.value(nn.slice, {
      input: padded,
      starts: [0, 0, ...starts],
      ends: [...shape.slice(0, 2), ...starts.map((s, i) => s + (counts[i]! - 1) * w.strides[i]! + 1)],
      steps: [1, 1, ...w.strides],
    });
  });
}

/** For each window: how many of its taps count, padding of `counted` included. */
export function tapCounts(
  e: Expansion,
  x: Value,
  kernel: readonly number[],
  w: Window,
  counted: readonly number[] | undefined,
): Value {
  const sizes = shapeOf(x).slice(2);
  const n = sizes.length;
  const counts = windowCounts(sizes, kernel, w);
  const perAxis = sizes.map((size, i) =>
    Array.from({ length: counts[i]! }, (_, o) => {
      let inside = 0;
      for (let t = 0; t < kernel[i]!; t++) {
        const p = o * w.strides[i]! + t * w.dilations[i]! - w.pads[i]!;
        if (p >= -(counted?.[i] ?? 0) && p < size + (counted?.[i + n] ?? 0)) inside++;
      }
      return inside;
    }),
  );
  const values = boxPositions(counts).map((o) => o.reduce((p, at, i) => p * perAxis[i]![at]!, 1));
  return constantTensor(e, values, tensor([1, 1, ...counts], typeOf(x).element));
}

/** Position of the element under each tap of each window in its channel, in row-major or column-major order. */
export function tapPositions(
  sizes: Shape,
  kernel: readonly number[],
  w: Window,
  columnMajor: boolean,
): readonly number[] {
  const counts = windowCounts(sizes, kernel, w);
  const order = columnMajor ? sizes.map((_, i) => i) : sizes.map((_, i) => sizes.length - 1 - i);
  return boxPositions(kernel).flatMap((tap) =>
    boxPositions(counts).map((o) => {
      let [position, step] = [0, 1];
      for (const i of order) {
        position += step * (o[i]! * w.strides[i]! + tap[i]! * w.dilations[i]! - w.pads[i]!);
        step *= sizes[i]!;
      }
      return position;
    }),
  );
}

/** All taps beside each other in a new first axis. */
export function stackTaps(e: Expansion, taps: readonly Value[]): Value {
  const c = calculator(e);
  return c.concat(
    taps.map((t) => c.reshape(t, [1, ...shapeOf(t)])),
    0,
  );
}
