/**
 * Run-time tensors for the reference semantics of tensor ops: storage by element type, strided walks. Arithmetic is
 * in double precision; results are rounded once, when they are stored.
 */
import { irMessages } from '../../messages';
import type {
  ElementArray,
  EvaluationContext,
  RuntimeValue,
  TensorValue,
} from '../../interpreter/runtimeValue';
import { allocate as newElements } from '../../interpreter/storage';
import { minifloats } from '../../minifloat';
import type { Value } from '../../operation';
import type { Shape, Type } from '../../types';
import { rowMajorStrides } from './shapes';

export { newElements };
export const countOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

export const isBig = (data: ElementArray): data is BigInt64Array | BigUint64Array =>
  data instanceof BigInt64Array || data instanceof BigUint64Array;

/** Rounds the values of a float type narrower than f32 in place. */
export function roundElements(element: Type, data: ElementArray): void {
  if (element.kind !== 'float') return;
  const format = minifloats[element.name];
  if (format === undefined) return;
  for (let i = 0; i < data.length; i++) data[i] = format.decode(format.encode(data[i] as number));
}

export const tensorValue = (shape: Shape, element: Type, data: ElementArray): TensorValue => {
  roundElements(element, data);
  return { kind: 'tensor', shape, element, data };
};

export function isTensorValue(value: RuntimeValue): value is TensorValue {
  return typeof value === 'object' && value.kind === 'tensor';
}
/** The run-time tensor of an operand. */
export function tensorOf(context: EvaluationContext, value: Value): TensorValue {
  const v = context.get(value);
  if (!isTensorValue(v))
    throw irMessages.error('STR0124', {
      op: value.definingOp?.name ?? 'block argument',
      problem: 'a tensor is needed',
    });
  return v;
}
/** Elements as JavaScript numbers; 64-bit integers lose bits above 2^53. */
export function numbersIn(t: TensorValue): number[] {
  return Array.from(t.data as ArrayLike<number | bigint>, Number);
}

/**
 * Calls `visit(to, from…)` for each element of `shape` in row-major order: `to` counts up, each `from` moves by its
 * strides. The core of broadcasts, transposes and slices.
 */
export function walkStrided(
  shape: Shape,
  strides: readonly (readonly number[])[],
  offsets: readonly number[],
  visit: (to: number, from: readonly number[]) => void,
): void {
  const total = countOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  const at = [...offsets];
  for (let to = 0; to < total; to++) {
    visit(to, at);
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d]!++;
      for (let s = 0; s < at.length; s++) at[s]! += strides[s]![d]!;
      if (index[d]! < shape[d]!) break;
      for (let s = 0; s < at.length; s++) at[s]! -= strides[s]![d]! * shape[d]!;
      index[d] = 0;
    }
  }
}

/** Copies `source` as seen with the given strides into a new row-major tensor. */
export function gatherStrided(
  source: TensorValue,
  shape: Shape,
  strides: readonly number[],
  offset = 0,
): TensorValue {
  const data = newElements(source.element, countOf(shape));
  const from = source.data;
  walkStrided(shape, [strides], [offset], (to, at) => {
    data[to] = from[at[0]!]!;
  });
  return { kind: 'tensor', shape, element: source.element, data };
}

/** Strides that read a tensor of `shape` as if it were broadcast to `target`. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = rowMajorStrides(shape);
  return target.map((_, d) => {
    const i = d - target.length + shape.length;
    return i < 0 || shape[i] === 1 ? 0 : own[i]!;
  });
}
