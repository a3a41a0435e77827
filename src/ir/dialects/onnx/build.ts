/** Building blocks of expansions: constants, reshapes, windows with ONNX's ways to pad. */
import { denseElements } from '../../attributes';
import { constant } from '../arith';
import * as nn from '../nn';
import { asTensor } from '../nn/shapes';
import { numbersIn } from '../nn/tensors';
import { InferenceError } from '../../opDefinition';
import type { Value } from '../../operation';
import type { Shape, TensorType } from '../../types';
import { DYNAMIC, i64, tensor } from '../../types';
import type { Expansion } from './defineOnnxOp';
import { NotSupported } from './defineOnnxOp';

export const typeOf = (value: Value, what = 'input'): TensorType => asTensor(value.type, what);
export const shapeOf = (value: Value): Shape => typeOf(value).shape;

/** A constant tensor; all elements equal when one value is given. */
export function constantTensor(e: Expansion, values: readonly (number | bigint)[], type: TensorType): Value {
  return e.b.value(constant, { value: denseElements(type, values) }, type);
}
/** A scalar of the element type of `like`. */
export function scalarLike(e: Expansion, like: Value, value: number): Value {
  const { element } = typeOf(like);
  return constantTensor(
    e,
    [element.kind === 'float' ? value : BigInt(Math.trunc(value))],
    tensor([], element),
  );
}

/** Integers that must be known when compiling. */
export function constantInts(e: Expansion, value: Value, what: string): number[] {
  const t = e.constant(value);
  if (t === undefined) throw new NotSupported(`${what} that is computed when the model runs`);
  return numbersIn(t);
}

export function reshapeTo(e: Expansion, value: Value, shape: Shape): Value {
  if (shape.filter((d) => d === DYNAMIC).length > 1)
    throw new NotSupported('a reshape to more than one dynamic size');
  return e.b.value(nn.reshape, { input: value, shape });
}

export interface WindowAttributes {
  readonly auto_pad: string;
  readonly strides: readonly number[] | undefined;
  readonly dilations: readonly number[] | undefined;
  readonly pads: readonly number[] | undefined;
}
export interface Window {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/** Strides, dilations and explicit padding (all befores, then all afters) of a window over `sizes`. */
export function windowOf(
  sizes: Shape,
  kernel: readonly number[],
  a: WindowAttributes,
  ceilMode = false,
): Window {
  const n = kernel.length;
  if (sizes.length !== n)
    throw new InferenceError(`kernel_shape has ${n} numbers, the input has ${sizes.length} spatial axes`);
  const strides = a.strides ?? new Array<number>(n).fill(1);
  const dilations = a.dilations ?? new Array<number>(n).fill(1);
  for (const [list, what] of [
    [strides, 'strides'],
    [dilations, 'dilations'],
  ] as const)
    if (list.length !== n) throw new InferenceError(`${what} needs ${n} numbers, found ${list.length}`);
  const pads = [...(a.pads ?? new Array<number>(2 * n).fill(0))];
  if (pads.length !== 2 * n) throw new InferenceError(`pads needs ${2 * n} numbers, found ${pads.length}`);
  for (let i = 0; i < n; i++) {
    const extent = (kernel[i]! - 1) * dilations[i]! + 1;
    const [size, stride] = [sizes[i]!, strides[i]!];
    if (a.auto_pad === 'VALID') [pads[i], pads[i + n]] = [0, 0];
    else if (a.auto_pad === 'SAME_UPPER' || a.auto_pad === 'SAME_LOWER') {
      if (size === DYNAMIC && stride !== 1)
        throw new NotSupported(`auto_pad ${a.auto_pad} of a dynamic size with stride ${stride}`);
      const total =
        size === DYNAMIC ? extent - 1 : Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size);
      const less = Math.floor(total / 2);
      [pads[i], pads[i + n]] = a.auto_pad === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
    }
    if (ceilMode && a.auto_pad === 'NOTSET') {
      if (size === DYNAMIC && stride !== 1) throw new NotSupported('ceil_mode over a dynamic size');
      if (size !== DYNAMIC) {
        let count = Math.ceil((size + pads[i]! + pads[i + n]! - extent) / stride) + 1;
        // A window that would start behind the input and its leading padding is dropped.
        if ((count - 1) * stride >= size + pads[i]!) count--;
        pads[i + n] = Math.max(pads[i + n]!, (count - 1) * stride + extent - size - pads[i]!);
      }
    }
  }
  return { strides, dilations, pads };
}

/** Puts an axis of size 1 before the only spatial axis, so that one-dimensional windows are two-dimensional ones. */
export const lifted = (shape: Shape): Shape => [...shape.slice(0, -1), 1, shape[shape.length - 1]!];
export const liftWindow = (w: Window): Window => ({
  strides: [1, ...w.strides],
  dilations: [1, ...w.dilations],
  pads: [0, w.pads[0]!, 0, w.pads[1]!],
});
export const i64Tensor = (e: Expansion, values: readonly number[]): Value =>
  constantTensor(e, values.map(BigInt), tensor([values.length], i64));
