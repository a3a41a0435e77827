/** The one lifting of elementwise ops from scalars to vectors and tensors. Used by the interpreter and by structured ops. */
import type { Operation } from '../operation';
import { isShaped } from '../types';
import { irMessages } from '../messages';
import type {
  ElementArray,
  ElementLoop,
  RuntimeValue,
  Scalar,
  ScalarKernel,
  ShapedValue,
  Step,
  StepCompiler,
} from './runtimeValue';
import { allocate } from './storage';

type Apply = (a: Scalar | undefined, b: Scalar | undefined, c: Scalar | undefined) => Scalar;

/** The step of an op that has a scalar kernel. */
export function liftKernel(op: Operation, kernel: ScalarKernel, compiler: Pick<StepCompiler, 'slot'>): Step {
  const out = compiler.slot(op.result(0));
  const slots = op.operands.map((v) => compiler.slot(v));
  if (isShaped(op.result(0).type)) {
    return (frame) => {
      frame[out] = mapElements(
        op,
        kernel,
        slots.map((s) => frame[s]!),
      );
    };
  }
  const apply = kernel.apply as unknown as Apply;
  const [a, b, c] = slots;
  switch (slots.length) {
    case 1:
      return (frame) => {
        frame[out] = (apply as (a: Scalar) => Scalar)(frame[a!] as Scalar);
      };
    case 2:
      return (frame) => {
        frame[out] = (apply as (a: Scalar, b: Scalar) => Scalar)(frame[a!] as Scalar, frame[b!] as Scalar);
      };
    default:
      return (frame) => {
        frame[out] = apply(frame[a!] as Scalar, frame[b!] as Scalar, frame[c!] as Scalar);
      };
  }
}

/** The kernel over shaped values of one shape; a scalar operand stands for all elements. */
function mapElements(op: Operation, kernel: ScalarKernel, values: readonly RuntimeValue[]): RuntimeValue {
  const model = values.find((v): v is ShapedValue => typeof v === 'object');
  if (model === undefined)
    throw irMessages.error('STR0124', { op: op.name, problem: 'no operand has a shape' });
  const type = op.result(0).type;
  if (!isShaped(type)) throw irMessages.error('STR0124', { op: op.name, problem: 'the result has no shape' });
  const count = model.data.length;
  const arrays = values.map((v, i) => {
    if (typeof v !== 'object') return spread(op, i, v, count);
    if (v.data.length !== count) {
      throw irMessages.error('STR0124', {
        op: op.name,
        problem: `the shapes are [${model.shape.join(', ')}] and [${v.shape.join(', ')}]`,
      });
    }
    return v.data;
  });
  const data = allocate(type.element, count);
  (kernel.loop ?? loopOf(kernel, arrays.length))(
    data as Float64Array,
    0,
    count,
    arrays[0] as Float64Array,
    arrays[1] as Float64Array,
    arrays[2] as Float64Array,
  );
  return {
    kind: type.kind === 'vector' ? 'vector' : 'tensor',
    shape: model.shape,
    element: type.element,
    data,
  };
}
function spread(op: Operation, operand: number, value: Scalar, count: number): ElementArray {
  const data = allocate(op.operand(operand).type, count);
  (data as Float64Array).fill(value as number);
  return data;
}

/** A loop that calls `apply` for each element. */
export function loopOf(kernel: ScalarKernel, operands: number): ElementLoop {
  const apply = kernel.apply as unknown as (a: number, b?: number, c?: number) => number;
  switch (operands) {
    case 1:
      return (out, from, to, a) => {
        for (let i = from; i < to; i++) out[i] = apply(a[i]!);
      };
    case 2:
      return (out, from, to, a, b) => {
        for (let i = from; i < to; i++) out[i] = apply(a[i]!, b[i]);
      };
    default:
      return (out, from, to, a, b, c) => {
        for (let i = from; i < to; i++) out[i] = apply(a[i]!, b[i], c[i]);
      };
  }
}
