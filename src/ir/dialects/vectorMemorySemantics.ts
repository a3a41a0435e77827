/** What the memory ops of `vector` do to run-time buffers. */
import type { AffineMap } from '../affine';
import { irMessages } from '../messages';
import type {
  ElementArray,
  EvaluationContext,
  MemRefValue,
  RuntimeValue,
  Scalar,
  ShapedValue,
  Step,
  StepCompiler,
  TensorValue,
  VectorValue,
} from '../interpreter/runtimeValue';
import { allocate } from '../interpreter/storage';
import {
  forEachIndex,
  forEachOffset,
  getElement,
  makeVector,
  rowMajorStrides,
  setElement,
} from '../interpreter/tensor';
import type { Operation, Value } from '../operation';
import type { VectorType } from '../types';
import { elementCount } from '../types';

type Values = readonly RuntimeValue[];
const fail = (op: Operation, problem: string): Error => irMessages.error('STR0124', { op: op.name, problem });

/** Position of the first element of an access of `shape` along the last dimensions, which must lie inside. */
function start(op: Operation, m: MemRefValue, indices: readonly number[], shape: readonly number[]): number {
  const skip = m.shape.length - shape.length;
  let at = m.offset;
  for (let d = 0; d < indices.length; d++) {
    const i = indices[d]!;
    const size = d < skip ? 1 : shape[d - skip]!;
    if (!(i >= 0 && i + size <= m.shape[d]!))
      throw fail(op, `elements [${i}, ${i + size}) leave dimension ${d} of size ${m.shape[d]}`);
    at += i * m.strides[d]!;
  }
  return at;
}
/** Whether vectors of `shape` lie in one piece in the memref. */
const inOnePiece = (m: MemRefValue, shape: readonly number[]): boolean =>
  shape.length === 1 && m.strides[m.strides.length - 1] === 1;

interface Access {
  readonly op: Operation;
  readonly base: Value;
  readonly indices: readonly Value[];
}
const locate = (
  view: Access,
  compiler: StepCompiler,
  type: VectorType,
): ((frame: readonly RuntimeValue[]) => readonly [MemRefValue, number]) => {
  const base = compiler.slot(view.base);
  const indices = view.indices.map((v) => compiler.slot(v));
  return (frame) => {
    const m = frame[base] as MemRefValue;
    return [
      m,
      start(
        view.op,
        m,
        indices.map((s) => frame[s] as number),
        type.shape,
      ),
    ];
  };
};
const innerStrides = (m: MemRefValue, shape: readonly number[]): readonly number[] =>
  m.strides.slice(m.strides.length - shape.length);

export function compileLoad(view: Access & { readonly result: Value }, compiler: StepCompiler): Step {
  const type = view.result.type as VectorType;
  const out = compiler.slot(view.result);
  const at = locate(view, compiler, type);
  const count = elementCount(type.shape)!;
  return (frame) => {
    const [m, first] = at(frame);
    if (inOnePiece(m, type.shape)) {
      frame[out] = makeVector(type.shape, type.element, m.data.slice(first, first + count));
      return;
    }
    const data = allocate(type.element, count);
    let i = 0;
    forEachOffset(type.shape, innerStrides(m, type.shape), first, (p) => {
      setElement(data, i++, getElement(m.data, p));
    });
    frame[out] = makeVector(type.shape, type.element, data);
  };
}
export function compileStore(view: Access & { readonly valueToStore: Value }, compiler: StepCompiler): Step {
  const type = view.valueToStore.type as VectorType;
  const value = compiler.slot(view.valueToStore);
  const at = locate(view, compiler, type);
  return (frame) => {
    const [m, first] = at(frame);
    const { data } = frame[value] as VectorValue;
    if (inOnePiece(m, type.shape)) {
      (m.data as Float64Array).set(data as Float64Array, first);
      return;
    }
    let i = 0;
    forEachOffset(type.shape, innerStrides(m, type.shape), first, (p) => {
      setElement(m.data, p, getElement(data, i++));
    });
  };
}

/** Visits the elements whose mask is set: position in the vector, position in storage. */
function masked(
  view: Access,
  mask: Value,
  context: EvaluationContext,
  visit: (i: number, at: number, data: ElementArray) => void,
): void {
  const m = context.get(view.base) as MemRefValue;
  const { data: bits, shape } = context.get(mask) as VectorValue;
  const skip = m.shape.length - shape.length;
  const indices = view.indices.map((v) => Number(context.get(v)));
  forEachIndex(shape, (index, i) => {
    if (Number(bits[i]) === 0) return;
    const point = indices.map((base, d) => (d < skip ? base : base + index[d - skip]!));
    visit(i, start(view.op, m, point, []), m.data);
  });
}
export function evaluateMaskedLoad(
  view: Access & { readonly mask: Value; readonly passThru: Value },
  context: EvaluationContext,
): Values {
  const from = context.get(view.passThru) as VectorValue;
  const data = from.data.slice();
  masked(view, view.mask, context, (i, at, source) => {
    setElement(data, i, getElement(source, at));
  });
  return [{ ...from, data }];
}
export function evaluateMaskedStore(
  view: Access & { readonly mask: Value; readonly valueToStore: Value },
  context: EvaluationContext,
): Values {
  const { data } = context.get(view.valueToStore) as VectorValue;
  masked(view, view.mask, context, (i, at, target) => {
    setElement(target, at, getElement(data, i));
  });
  return [];
}

interface Gather {
  readonly op: Operation;
  readonly base: Value;
  readonly offsets: readonly Value[];
  readonly indices: Value;
  readonly mask: Value;
}
function scattered(
  view: Gather,
  context: EvaluationContext,
  visit: (i: number, at: number, data: ElementArray) => void,
): void {
  const base = context.get(view.base) as ShapedValue;
  const m: MemRefValue =
    base.kind === 'memref'
      ? base
      : { ...base, kind: 'memref', strides: rowMajorStrides(base.shape), offset: 0 };
  const offsets = view.offsets.map((v) => Number(context.get(v)));
  const { data: steps } = context.get(view.indices) as VectorValue;
  const { data: bits } = context.get(view.mask) as VectorValue;
  for (let i = 0; i < bits.length; i++) {
    if (Number(bits[i]) === 0) continue;
    const point = offsets.map((o, d) => (d === offsets.length - 1 ? o + Number(steps[i]) : o));
    visit(i, start(view.op, m, point, []), m.data);
  }
}
export function evaluateGather(
  view: Gather & { readonly passThru: Value },
  context: EvaluationContext,
): Values {
  const from = context.get(view.passThru) as VectorValue;
  const data = from.data.slice();
  scattered(view, context, (i, at, source) => {
    setElement(data, i, getElement(source, at));
  });
  return [{ ...from, data }];
}
export function evaluateScatter(
  view: Gather & { readonly valueToStore: Value },
  context: EvaluationContext,
): Values {
  const { data } = context.get(view.valueToStore) as VectorValue;
  scattered(view, context, (i, at, target) => {
    setElement(target, at, getElement(data, i));
  });
  return [];
}

interface Transfer {
  readonly op: Operation;
  readonly base: Value;
  readonly indices: readonly Value[];
  readonly mask: Value | undefined;
  readonly permutation_map: AffineMap;
  readonly in_bounds: readonly boolean[];
}
/** Visits each element of the vector with its position in storage, or -1 where it lies outside or is masked. */
function transfer(
  view: Transfer,
  shape: readonly number[],
  base: ShapedValue,
  context: EvaluationContext,
  visit: (i: number, at: number) => void,
): void {
  const strides = base.kind === 'memref' ? base.strides : rowMajorStrides(base.shape);
  const origin = view.indices.map((v) => Number(context.get(v)));
  const dims = view.permutation_map.results.map((r) => (r.kind === 'dim' ? r.index : -1));
  const mask = view.mask === undefined ? undefined : (context.get(view.mask) as VectorValue);
  const maskDims = dims.flatMap((d, i) => (d < 0 ? [] : [{ d, i }])).sort((a, b) => a.d - b.d);
  const maskStrides = mask === undefined ? [] : rowMajorStrides(mask.shape);
  const point = [...origin];
  forEachIndex(shape, (index, i) => {
    dims.forEach((d, k) => {
      if (d >= 0) point[d] = origin[d]! + index[k]!;
    });
    const clear =
      mask !== undefined &&
      Number(mask.data[maskDims.reduce((at, m, k) => at + index[m.i]! * maskStrides[k]!, 0)]) === 0;
    let at = base.kind === 'memref' ? base.offset : 0;
    let outside = -1;
    for (let d = 0; d < point.length; d++) {
      if (!(point[d]! >= 0 && point[d]! < base.shape[d]!)) outside = d;
      at += point[d]! * strides[d]!;
    }
    if (outside >= 0 && !clear) {
      const k = dims.indexOf(outside);
      if (k < 0 || view.in_bounds[k] === true)
        throw fail(
          view.op,
          `index ${point[outside]} is outside dimension ${outside} of size ${base.shape[outside]}, which is said to be in bounds`,
        );
    }
    visit(i, clear || outside >= 0 ? -1 : at);
  });
}
export function evaluateTransferRead(
  view: Transfer & { readonly padding: Value; readonly result: Value },
  context: EvaluationContext,
): Values {
  const type = view.result.type as VectorType;
  const base = context.get(view.base) as ShapedValue;
  const padding = context.get(view.padding) as Scalar;
  const data = allocate(type.element, elementCount(type.shape)!);
  transfer(view, type.shape, base, context, (i, at) => {
    setElement(data, i, at < 0 ? padding : getElement(base.data, at));
  });
  return [makeVector(type.shape, type.element, data)];
}
export function evaluateTransferWrite(
  view: Transfer & { readonly valueToStore: Value },
  context: EvaluationContext,
): Values {
  const value = context.get(view.valueToStore) as VectorValue;
  const base = context.get(view.base) as TensorValue | MemRefValue;
  const target = base.kind === 'tensor' ? { ...base, data: base.data.slice() } : base;
  transfer(view, value.shape, target, context, (i, at) => {
    if (at >= 0) setElement(target.data, at, getElement(value.data, i));
  });
  return target.kind === 'tensor' ? [target] : [];
}
