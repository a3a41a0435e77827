/** What `vector` ops do to run-time vectors, memory aside. */
import type { AffineMap } from '../affine';
import { irMessages } from '../messages';
import type {
  EvaluationContext,
  RuntimeValue,
  Scalar,
  ScalarKernel,
  Step,
  StepCompiler,
  VectorValue,
} from '../interpreter/runtimeValue';
import { allocate, bigWrapperOf, domainOf, rounderOf, unsignedOf } from '../interpreter/storage';
import {
  broadcastStrides,
  elementsFromBytes,
  elementsToBytes,
  filled,
  forEachIndex,
  forEachOffset,
  getElement,
  makeVector,
  rowMajorStrides,
  setElement,
  sizeOf,
} from '../interpreter/tensor';
import type { Operation, Value } from '../operation';
import type { Type, VectorType } from '../types';
import { elementOf } from '../types';
import { evaluateMixed, mixedIndices } from './mixedIndices';
import type { CombiningKind } from './vectorAssembly';

type Values = readonly RuntimeValue[];
const vectorAt = (value: Value, context: EvaluationContext): VectorValue => context.get(value) as VectorValue;
const typeOf = (value: Value): VectorType => value.type as VectorType;

export function compileBroadcast(
  view: { readonly source: Value; readonly vector: Value },
  compiler: StepCompiler,
): Step {
  const { shape, element } = typeOf(view.vector);
  const source = compiler.slot(view.source);
  const out = compiler.slot(view.vector);
  if (view.source.type.kind !== 'vector') {
    return (frame) => {
      frame[out] = filled('vector', shape, element, frame[source] as Scalar);
    };
  }
  const strides = broadcastStrides(view.source.type.shape, shape);
  return (frame) => {
    const from = frame[source] as VectorValue;
    const to = makeVector(shape, element);
    let i = 0;
    forEachOffset(shape, strides, 0, (at) => {
      setElement(to.data, i++, getElement(from.data, at));
    });
    frame[out] = to;
  };
}

/** In f64 for f32 operands, where the product is exact; in f64 the sum of a rounded product. */
export function fmaKernel(view: { readonly lhs: Value }): ScalarKernel {
  const round = rounderOf(elementOf(view.lhs.type));
  return { apply: (a: number, b: number, c: number) => round(a * b + c) };
}

const asVector = (shape: readonly number[], element: Type, data: VectorValue['data']): VectorValue =>
  makeVector(shape, element, data);

/** Where the part begins that outer indices name, and how long it is. */
function part(op: Operation, v: VectorValue, position: readonly number[]): readonly [number, number] {
  const strides = rowMajorStrides(v.shape);
  let at = 0;
  position.forEach((i, d) => {
    if (!(i >= 0 && i < v.shape[d]!))
      throw irMessages.error('STR0124', {
        op: op.name,
        problem: `position ${i} is outside dimension ${d} of size ${v.shape[d]}`,
      });
    at += i * strides[d]!;
  });
  return [at, sizeOf(v.shape.slice(position.length))];
}
interface Positioned {
  readonly op: Operation;
  readonly static_position: readonly number[];
  readonly dynamic_position: readonly Value[];
}
const positionOf = (view: Positioned, context: EvaluationContext): number[] =>
  evaluateMixed(mixedIndices(view.static_position, view.dynamic_position), context);

export function evaluateExtract(
  view: Positioned & { readonly source: Value; readonly result: Value },
  context: EvaluationContext,
): Values {
  const v = vectorAt(view.source, context);
  const [at, count] = part(view.op, v, positionOf(view, context));
  if (view.result.type.kind !== 'vector') return [getElement(v.data, at)];
  return [asVector(view.result.type.shape, v.element, v.data.slice(at, at + count))];
}
export function evaluateInsert(
  view: Positioned & { readonly valueToStore: Value; readonly dest: Value },
  context: EvaluationContext,
): Values {
  const v = vectorAt(view.dest, context);
  const value = context.get(view.valueToStore);
  const [at] = part(view.op, v, positionOf(view, context));
  const data = v.data.slice();
  if (typeof value === 'object') (data as Float64Array).set(value.data as Float64Array, at);
  else setElement(data, at, value);
  return [{ ...v, data }];
}

/** The elements of `source` at `positions`. */
function pick(source: VectorValue, shape: readonly number[], positions: Iterable<number>): VectorValue {
  const out = makeVector(shape, source.element);
  let i = 0;
  for (const at of positions) setElement(out.data, i++, getElement(source.data, at));
  return out;
}
function offsetsOf(shape: readonly number[], strides: readonly number[], first: number): number[] {
  const out: number[] = [];
  forEachOffset(shape, strides, first, (at) => out.push(at));
  return out;
}

export function evaluateExtractSlice(
  view: { readonly source: Value; readonly offsets: readonly number[]; readonly result: Value },
  context: EvaluationContext,
): Values {
  const v = vectorAt(view.source, context);
  const strides = rowMajorStrides(v.shape);
  const first = view.offsets.reduce((at, o, d) => at + o * strides[d]!, 0);
  const { shape } = typeOf(view.result);
  return [pick(v, shape, offsetsOf(shape, strides, first))];
}
export function evaluateInsertSlice(
  view: { readonly valueToStore: Value; readonly dest: Value; readonly offsets: readonly number[] },
  context: EvaluationContext,
): Values {
  const from = vectorAt(view.valueToStore, context);
  const to = vectorAt(view.dest, context);
  const strides = rowMajorStrides(to.shape);
  const first = view.offsets.reduce((at, o, d) => at + o * strides[d]!, 0);
  const data = to.data.slice();
  offsetsOf(from.shape, strides.slice(strides.length - from.shape.length), first).forEach((at, i) => {
    setElement(data, at, getElement(from.data, i));
  });
  return [{ ...to, data }];
}
export function evaluateShuffle(
  view: { readonly v1: Value; readonly v2: Value; readonly mask: readonly number[]; readonly result: Value },
  context: EvaluationContext,
): Values {
  const [a, b] = [vectorAt(view.v1, context), vectorAt(view.v2, context)];
  const first = a.shape[0] ?? 1;
  const inner = sizeOf(a.shape.slice(1));
  const out = makeVector(typeOf(view.result).shape, a.element);
  view.mask.forEach((m, i) => {
    if (m < 0) return;
    const [source, at] = m < first ? [a, m] : [b, m - first];
    for (let k = 0; k < inner; k++)
      setElement(out.data, i * inner + k, getElement(source.data, at * inner + k));
  });
  return [out];
}

/** How two scalars of `element` join. */
export function combiner(kind: CombiningKind, element: Type): (a: Scalar, b: Scalar) => Scalar {
  return domainOf(element) === 'big'
    ? (bigCombiner(kind, element) as (a: Scalar, b: Scalar) => Scalar)
    : (numberCombiner(kind, element) as (a: Scalar, b: Scalar) => Scalar);
}
/** The other operand where one is NaN. */
const number = (join: (a: number, b: number) => number) => (a: number, b: number) =>
  Number.isNaN(a) ? b : Number.isNaN(b) ? a : join(a, b);
function numberCombiner(kind: CombiningKind, element: Type): (a: number, b: number) => number {
  const round = rounderOf(element);
  const unsigned = element.kind === 'integer' ? unsignedOf(element) : (v: number): number => v;
  switch (kind) {
    case 'add':
      return (a, b) => round(a + b);
    case 'mul':
      return element.kind === 'integer' ? (a, b) => round(Math.imul(a, b)) : (a, b) => round(a * b);
    case 'minui':
      return (a, b) => (unsigned(a) <= unsigned(b) ? a : b);
    case 'maxui':
      return (a, b) => (unsigned(a) >= unsigned(b) ? a : b);
    case 'minsi':
    case 'minimumf':
      return Math.min;
    case 'maxsi':
    case 'maximumf':
      return Math.max;
    case 'minnumf':
      return number(Math.min);
    case 'maxnumf':
      return number(Math.max);
    case 'and':
      return (a, b) => round(a & b);
    case 'or':
      return (a, b) => round(a | b);
    case 'xor':
      return (a, b) => round(a ^ b);
  }
}
function bigCombiner(kind: CombiningKind, element: Type): (a: bigint, b: bigint) => bigint {
  const wrap = bigWrapperOf(element);
  const unsigned = (v: bigint): bigint => BigInt.asUintN(64, v);
  switch (kind) {
    case 'add':
      return (a, b) => wrap(a + b);
    case 'mul':
      return (a, b) => wrap(a * b);
    case 'minui':
      return (a, b) => (unsigned(a) <= unsigned(b) ? a : b);
    case 'maxui':
      return (a, b) => (unsigned(a) >= unsigned(b) ? a : b);
    case 'minsi':
      return (a, b) => (a <= b ? a : b);
    case 'maxsi':
      return (a, b) => (a >= b ? a : b);
    case 'and':
      return (a, b) => wrap(a & b);
    case 'or':
      return (a, b) => wrap(a | b);
    case 'xor':
      return (a, b) => wrap(a ^ b);
    default:
      throw irMessages.error('STR0124', {
        op: 'a vector reduction',
        problem: `${kind} does not apply to ${element.text}`,
      });
  }
}

export function evaluateReduction(
  view: { readonly vector: Value; readonly acc: Value | undefined; readonly kind: CombiningKind },
  context: EvaluationContext,
): Values {
  const { data, element } = vectorAt(view.vector, context);
  const join = combiner(view.kind, element);
  let i = 0;
  let total = view.acc === undefined ? getElement(data, i++) : (context.get(view.acc) as Scalar);
  for (; i < data.length; i++) total = join(total, getElement(data, i));
  return [total];
}
export function evaluateMultiReduction(
  view: {
    readonly source: Value;
    readonly acc: Value;
    readonly dest: Value;
    readonly kind: CombiningKind;
    readonly reduction_dims: readonly number[];
  },
  context: EvaluationContext,
): Values {
  const v = vectorAt(view.source, context);
  const join = combiner(view.kind, v.element);
  const kept = v.shape.flatMap((_, d) => (view.reduction_dims.includes(d) ? [] : [d]));
  const shape = kept.map((d) => v.shape[d]!);
  const strides = rowMajorStrides(shape);
  const start = context.get(view.acc);
  const out = makeVector(
    shape,
    v.element,
    typeof start === 'object' ? start.data.slice() : filled('vector', [1], v.element, start).data,
  );
  forEachIndex(v.shape, (index, i) => {
    const at = kept.reduce((sum, d, k) => sum + index[d]! * strides[k]!, 0);
    setElement(out.data, at, join(getElement(out.data, at), getElement(v.data, i)));
  });
  return [view.dest.type.kind === 'vector' ? out : getElement(out.data, 0)];
}

const product = (element: Type): ((a: Scalar, b: Scalar) => Scalar) => combiner('mul', element);

export function evaluateContract(
  view: {
    readonly lhs: Value;
    readonly rhs: Value;
    readonly acc: Value;
    readonly indexing_maps: readonly AffineMap[];
    readonly iterator_types: readonly string[];
    readonly kind: CombiningKind;
  },
  context: EvaluationContext,
): Values {
  const [lhs, rhs] = [vectorAt(view.lhs, context), vectorAt(view.rhs, context)];
  const start = context.get(view.acc);
  const acc =
    typeof start === 'object'
      ? (start as VectorValue)
      : filled('vector', [1], elementOf(view.acc.type), start);
  const sizes = view.iterator_types.map(() => 1);
  const shapes = [lhs.shape, rhs.shape, typeof start === 'object' ? acc.shape : []];
  // Per operand, the step of each iteration dimension.
  const steps = shapes.map((shape, i) => {
    const strides = rowMajorStrides(shape);
    const out = sizes.map(() => 0);
    view.indexing_maps[i]!.results.forEach((r, d) => {
      if (r.kind !== 'dim') return;
      out[r.index] = strides[d]!;
      sizes[r.index] = shape[d]!;
    });
    return out;
  });
  const join = combiner(view.kind, acc.element);
  const times = product(acc.element);
  const data = acc.data.slice();
  const at = (index: readonly number[], i: number): number =>
    index.reduce((sum, v, d) => sum + v * steps[i]![d]!, 0);
  forEachIndex(sizes, (index) => {
    const out = at(index, 2);
    setElement(
      data,
      out,
      join(
        getElement(data, out),
        times(getElement(lhs.data, at(index, 0)), getElement(rhs.data, at(index, 1))),
      ),
    );
  });
  return [typeof start === 'object' ? { ...acc, data } : getElement(data, 0)];
}
export function evaluateOuterProduct(
  view: {
    readonly lhs: Value;
    readonly rhs: Value;
    readonly acc: Value | undefined;
    readonly kind: CombiningKind;
    readonly result: Value;
  },
  context: EvaluationContext,
): Values {
  const lhs = vectorAt(view.lhs, context);
  const rhs = context.get(view.rhs);
  const [times, join] = [product(lhs.element), combiner(view.kind, lhs.element)];
  const acc = view.acc === undefined ? undefined : vectorAt(view.acc, context);
  const out = makeVector(typeOf(view.result).shape, lhs.element);
  const width = typeof rhs === 'object' ? rhs.data.length : 1;
  for (let i = 0; i < out.data.length; i++) {
    const p = times(
      getElement(lhs.data, Math.floor(i / width)),
      typeof rhs === 'object' ? getElement(rhs.data, i % width) : rhs,
    );
    setElement(out.data, i, acc === undefined ? p : join(getElement(acc.data, i), p));
  }
  return [out];
}
export function evaluateTranspose(
  view: { readonly vector: Value; readonly permutation: readonly number[]; readonly result: Value },
  context: EvaluationContext,
): Values {
  const v = vectorAt(view.vector, context);
  const strides = rowMajorStrides(v.shape);
  const { shape } = typeOf(view.result);
  return [
    pick(
      v,
      shape,
      offsetsOf(
        shape,
        view.permutation.map((d) => strides[d]!),
        0,
      ),
    ),
  ];
}

function maskOf(type: VectorType, sizes: readonly number[]): VectorValue {
  const out = makeVector(type.shape, type.element);
  forEachIndex(type.shape, (index, i) => {
    setElement(out.data, i, index.every((v, d) => v < sizes[d]!) ? 1 : 0);
  });
  return out;
}
export const evaluateCreateMask = (
  view: { readonly operands: readonly Value[]; readonly result: Value },
  context: EvaluationContext,
): Values => [
  maskOf(
    typeOf(view.result),
    view.operands.map((v) => Number(context.get(v))),
  ),
];
export const evaluateConstantMask = (view: {
  readonly mask_dim_sizes: readonly number[];
  readonly result: Value;
}): Values => [maskOf(typeOf(view.result), view.mask_dim_sizes)];

export const evaluateShapeCast = (
  view: { readonly source: Value; readonly result: Value },
  context: EvaluationContext,
): Values => [{ ...vectorAt(view.source, context), shape: typeOf(view.result).shape }];
export function evaluateFromElements(
  view: { readonly elements: readonly Value[]; readonly dest: Value },
  context: EvaluationContext,
): Values {
  const { shape, element } = typeOf(view.dest);
  const data = allocate(element, view.elements.length);
  view.elements.forEach((v, i) => {
    setElement(data, i, context.get(v) as Scalar);
  });
  return [asVector(shape, element, data)];
}
export function evaluateToElements(view: { readonly source: Value }, context: EvaluationContext): Values {
  const { data } = vectorAt(view.source, context);
  return Array.from({ length: data.length }, (_, i) => getElement(data, i));
}
export function evaluateBitcast(
  view: { readonly source: Value; readonly result: Value },
  context: EvaluationContext,
): Values {
  const v = vectorAt(view.source, context);
  const { shape, element } = typeOf(view.result);
  return [asVector(shape, element, elementsFromBytes(element, elementsToBytes(v.element, v.data)))];
}
export function evaluateStep(view: { readonly result: Value }): Values {
  const { shape, element } = typeOf(view.result);
  const out = makeVector(shape, element);
  for (let i = 0; i < out.data.length; i++) setElement(out.data, i, i);
  return [out];
}
export function evaluateInterleave(
  view: { readonly lhs: Value; readonly rhs: Value; readonly result: Value },
  context: EvaluationContext,
): Values {
  const [a, b] = [vectorAt(view.lhs, context), vectorAt(view.rhs, context)];
  const out = makeVector(typeOf(view.result).shape, a.element);
  for (let i = 0; i < a.data.length; i++) {
    setElement(out.data, 2 * i, getElement(a.data, i));
    setElement(out.data, 2 * i + 1, getElement(b.data, i));
  }
  return [out];
}
export function evaluateDeinterleave(
  view: { readonly source: Value; readonly res1: Value },
  context: EvaluationContext,
): Values {
  const v = vectorAt(view.source, context);
  const { shape } = typeOf(view.res1);
  const half = Array.from({ length: v.data.length / 2 }, (_, i) => 2 * i);
  return [
    pick(v, shape, half),
    pick(
      v,
      shape,
      half.map((i) => i + 1),
    ),
  ];
}
