/** What `memref` ops do to run-time buffers: views share storage, as in memory. */
import { irMessages } from '../messages';
import type {
  ElementArray,
  EvaluationContext,
  MemRefValue,
  RuntimeValue,
  Step,
  StepCompiler,
} from '../interpreter/runtimeValue';
import { arrayClass } from '../interpreter/storage';
import { denseData, makeMemRef, rowMajorStrides, sizeOf, writeDense } from '../interpreter/tensor';
import type { Operation, Value } from '../operation';
import type { MemRefType } from '../types';
import { DYNAMIC, storageBytes } from '../types';
import type { Slice } from './memrefLayout';
import { evaluateMixed, mixedIndices, sliceOf } from './mixedIndices';
import { keptDims } from './memrefLayout';

type Values = readonly RuntimeValue[];

const fail = (op: Operation, problem: string): Error => irMessages.error('STR0124', { op: op.name, problem });

export const numbersAt = (values: readonly Value[], context: EvaluationContext): number[] =>
  values.map((v) => Number(context.get(v)));

/** The shape of `type` with dynamic sizes filled in. */
function fill(shape: readonly number[], sizes: readonly number[]): number[] {
  let next = 0;
  return shape.map((d) => (d === DYNAMIC ? sizes[next++]! : d));
}

export function evaluateAlloc(
  view: { readonly op: Operation; readonly memref: Value; readonly dynamicSizes: readonly Value[] },
  context: EvaluationContext,
): Values {
  const type = view.memref.type as MemRefType;
  const shape = fill(type.shape, numbersAt(view.dynamicSizes, context));
  return [makeMemRef(shape, type.element)];
}

/** Position in storage of the element that indices in slots name; refuses indices that compiled code would not notice. */
function addresser(
  op: Operation,
  indices: readonly number[],
): (m: MemRefValue, frame: readonly RuntimeValue[]) => number {
  return (m, frame) => {
    let at = m.offset;
    for (let d = 0; d < indices.length; d++) {
      const i = frame[indices[d]!] as number;
      if (!(i >= 0 && i < m.shape[d]!))
        throw fail(op, `index ${i} is outside dimension ${d} of size ${m.shape[d]}`);
      at += i * m.strides[d]!;
    }
    return at;
  };
}

export function compileLoad(
  view: {
    readonly op: Operation;
    readonly memref: Value;
    readonly indices: readonly Value[];
    readonly result: Value;
  },
  compiler: StepCompiler,
): Step {
  const base = compiler.slot(view.memref);
  const out = compiler.slot(view.result);
  const address = addresser(
    view.op,
    view.indices.map((v) => compiler.slot(v)),
  );
  return (frame) => {
    const m = frame[base] as MemRefValue;
    frame[out] = m.data[address(m, frame)]!;
  };
}
export function compileStore(
  view: {
    readonly op: Operation;
    readonly value: Value;
    readonly memref: Value;
    readonly indices: readonly Value[];
  },
  compiler: StepCompiler,
): Step {
  const base = compiler.slot(view.memref);
  const value = compiler.slot(view.value);
  const address = addresser(
    view.op,
    view.indices.map((v) => compiler.slot(v)),
  );
  return (frame) => {
    const m = frame[base] as MemRefValue;
    (m.data as Float64Array)[address(m, frame)] = frame[value] as number;
  };
}

/** Offsets, sizes and strides of a memref.subview. */
export const subviewSlice = (op: Operation): Slice => sliceOf(op, 1);

export function evaluateSubview(
  view: { readonly op: Operation; readonly source: Value; readonly result: Value },
  context: EvaluationContext,
): Values {
  const m = context.get(view.source) as MemRefValue;
  const slice = subviewSlice(view.op);
  const [offsets, sizes, steps] = [slice.offsets, slice.sizes, slice.strides].map((l) =>
    evaluateMixed(l, context),
  );
  sizes!.forEach((size, d) => {
    const last = offsets![d]! + (size - 1) * steps![d]!;
    if (size > 0 && (offsets![d]! < 0 || last < 0 || last >= m.shape[d]!)) {
      throw fail(
        view.op,
        `the slice [${offsets![d]}, +${size}) of dimension ${d} leaves its size ${m.shape[d]}`,
      );
    }
  });
  const full = { shape: sizes!, strides: steps!.map((s, d) => s * m.strides[d]!) };
  const type = view.result.type as MemRefType;
  const wanted =
    type.shape.length === full.shape.length
      ? full.shape
      : type.shape.map((s, d) => (s === DYNAMIC ? full.shape.filter((x) => x !== 1)[d]! : s));
  const kept = keptDims(full.shape, wanted) ?? full.shape.map((_, d) => d);
  const offset = offsets!.reduce((at, o, d) => at + o * m.strides[d]!, m.offset);
  return [
    { ...m, shape: kept.map((d) => full.shape[d]!), strides: kept.map((d) => full.strides[d]!), offset },
  ];
}

export function evaluateReinterpretCast(
  view: {
    readonly source: Value;
    readonly offsets: readonly Value[];
    readonly sizes: readonly Value[];
    readonly strides: readonly Value[];
    readonly static_offsets: readonly number[];
    readonly static_sizes: readonly number[];
    readonly static_strides: readonly number[];
  },
  context: EvaluationContext,
): Values {
  const m = context.get(view.source) as MemRefValue;
  const [offset] = evaluateMixed(mixedIndices(view.static_offsets, view.offsets), context);
  return [
    {
      ...m,
      shape: evaluateMixed(mixedIndices(view.static_sizes, view.sizes), context),
      strides: evaluateMixed(mixedIndices(view.static_strides, view.strides), context),
      offset: offset!,
    },
  ];
}

export function evaluateExpandShape(
  view: {
    readonly src: Value;
    readonly output_shape: readonly Value[];
    readonly static_output_shape: readonly number[];
    readonly reassociation: readonly (readonly number[])[];
  },
  context: EvaluationContext,
): Values {
  const m = context.get(view.src) as MemRefValue;
  const shape = evaluateMixed(mixedIndices(view.static_output_shape, view.output_shape), context);
  const strides = new Array<number>(shape.length).fill(1);
  view.reassociation.forEach((group, i) => {
    let stride = m.strides[i]!;
    for (const d of [...group].reverse()) {
      strides[d] = stride;
      stride *= shape[d]!;
    }
  });
  return [{ ...m, shape, strides }];
}

export function evaluateCollapseShape(
  view: {
    readonly op: Operation;
    readonly src: Value;
    readonly reassociation: readonly (readonly number[])[];
  },
  context: EvaluationContext,
): Values {
  const m = context.get(view.src) as MemRefValue;
  const shape = view.reassociation.map((g) => g.reduce((n, d) => n * m.shape[d]!, 1));
  const strides = view.reassociation.map((group) => {
    const real = group.filter((d) => m.shape[d] !== 1);
    real.forEach((d, i) => {
      const inner = real[i + 1];
      if (inner !== undefined && m.strides[d] !== m.strides[inner]! * m.shape[inner]!)
        throw fail(view.op, `dimensions ${group.join(', ')} do not lie together in memory`);
    });
    const last = real[real.length - 1] ?? group[group.length - 1];
    return last === undefined ? 1 : m.strides[last]!;
  });
  return [{ ...m, shape, strides }];
}

export function evaluateDim(
  view: { readonly op: Operation; readonly source: Value; readonly index: Value },
  context: EvaluationContext,
): Values {
  const m = context.get(view.source) as MemRefValue;
  const d = Number(context.get(view.index));
  const size = m.shape[d];
  if (size === undefined) throw fail(view.op, `dimension ${d} of a memref of rank ${m.shape.length}`);
  return [size];
}

export function evaluateCopy(
  view: { readonly op: Operation; readonly source: Value; readonly target: Value },
  context: EvaluationContext,
): Values {
  const [from, to] = [context.get(view.source) as MemRefValue, context.get(view.target) as MemRefValue];
  if (from.shape.some((s, d) => s !== to.shape[d]))
    throw fail(view.op, `shapes ${from.shape.join('x')} and ${to.shape.join('x')} differ`);
  // Views may overlap, so the source is read whole first.
  writeDense(to, denseData(from).slice());
  return [];
}

export function evaluateView(
  view: {
    readonly op: Operation;
    readonly source: Value;
    readonly byteShift: Value;
    readonly sizes: readonly Value[];
    readonly result: Value;
  },
  context: EvaluationContext,
): Values {
  const m = context.get(view.source) as MemRefValue;
  const type = view.result.type as MemRefType;
  const shape = fill(type.shape, numbersAt(view.sizes, context));
  const count = sizeOf(shape);
  const shift = m.offset + Number(context.get(view.byteShift));
  const Class = arrayClass(type.element) as unknown as ViewClass;
  const size = storageBytes(type.element);
  if (Class.BYTES_PER_ELEMENT !== size)
    throw fail(view.op, `${type.element.text} elements are kept in another width than in memory`);
  const base = m.data.byteOffset + shift;
  if (shift < 0 || shift + count * size > m.data.byteLength)
    throw fail(view.op, `bytes [${shift}, ${shift + count * size}) leave the buffer of ${m.data.byteLength}`);
  if (base % size !== 0) throw fail(view.op, `byte ${base} is not aligned to ${size}`);
  return [
    {
      kind: 'memref',
      shape,
      strides: rowMajorStrides(shape),
      offset: 0,
      element: type.element,
      data: new Class(m.data.buffer, base, count),
    },
  ];
}
interface ViewClass {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ElementArray;
}
