/** What `tensor` ops do to run-time values, and what they cost. */
import { copyStrided } from '../interpreter/copy';
import type {
  EvaluationContext,
  RuntimeValue,
  Scalar,
  Step,
  StepCompiler,
  TensorValue,
} from '../interpreter/runtimeValue';
import { allocate } from '../interpreter/storage';
import {
  filled,
  forEachIndex,
  getElement,
  makeTensor,
  offsetOf,
  rowMajorStrides,
  setElement,
  sizeOf,
} from '../interpreter/tensor';
import { irMessages } from '../messages';
import type { Work } from '../opDefinition';
import type { Operation, Region, Value } from '../operation';
import type { Shape, TensorType } from '../types';
import { byteSize, DYNAMIC } from '../types';
import { evaluateMixed, mixedIndices, sliceOf } from './mixedIndices';

type Values = readonly RuntimeValue[];
type OnOp<T> = T & { readonly op: Operation };

const problem = (op: Operation, text: string): Error =>
  irMessages.error('STR0124', { op: op.name, problem: text });
const tensorAt = (value: Value, context: EvaluationContext): TensorValue => context.get(value) as TensorValue;
const numberAt = (value: Value, context: EvaluationContext): number => Number(context.get(value));

/** The shape of a result type, its `?` filled in order. */
function resultShape(type: TensorType, sizes: readonly Value[], context: EvaluationContext): number[] {
  let next = 0;
  return type.shape.map((d) => (d === DYNAMIC ? numberAt(sizes[next++]!, context) : d));
}

/** Work that moves data: bytes of what is read and written; undefined while a size is not known. */
export function tensorWork(
  _op: Operation,
  read: readonly Value[],
  written: readonly Value[],
): Work | undefined {
  let known = true;
  const bytes = (values: readonly Value[]): number =>
    values.reduce((sum, v) => {
      const size = v.type.kind === 'tensor' ? byteSize(v.type) : 0;
      known &&= size !== undefined;
      return sum + (size ?? 0);
    }, 0);
  const work = { flops: 0, bytesRead: bytes(read), bytesWritten: bytes(written) };
  return known ? work : undefined;
}

export function evaluateEmpty(
  view: { readonly result: Value; readonly dynamicSizes: readonly Value[] },
  context: EvaluationContext,
): Values {
  const type = view.result.type as TensorType;
  return [makeTensor(resultShape(type, view.dynamicSizes, context), type.element)];
}
export function evaluateCast(
  view: OnOp<{ readonly source: Value; readonly dest: Value }>,
  context: EvaluationContext,
): Values {
  const value = tensorAt(view.source, context);
  const type = view.dest.type;
  if (type.kind === 'tensor' && !type.shape.every((d, i) => d === DYNAMIC || d === value.shape[i])) {
    throw problem(view.op, `a tensor of shape [${value.shape.join(', ')}] is not ${type.text}`);
  }
  return [value];
}
export function evaluateDim(
  view: OnOp<{ readonly source: Value; readonly index: Value }>,
  context: EvaluationContext,
): Values {
  const { shape } = tensorAt(view.source, context);
  const size = shape[numberAt(view.index, context)];
  if (size === undefined)
    throw problem(
      view.op,
      `a tensor of shape [${shape.join(', ')}] has no dimension ${numberAt(view.index, context)}`,
    );
  return [size];
}
export const evaluateRank = (view: { readonly tensor: Value }, context: EvaluationContext): Values => [
  tensorAt(view.tensor, context).shape.length,
];

export function compileExtract(
  view: OnOp<{ readonly tensor: Value; readonly indices: readonly Value[]; readonly result: Value }>,
  compiler: StepCompiler,
): Step {
  const source = compiler.slot(view.tensor);
  const indices = view.indices.map((v) => compiler.slot(v));
  const out = compiler.slot(view.result);
  const { op } = view;
  return (frame) => {
    const { shape, data } = frame[source] as TensorValue;
    let at = 0;
    for (let d = 0; d < indices.length; d++) {
      const i = frame[indices[d]!] as number;
      if (!(i >= 0 && i < shape[d]!))
        throw problem(op, `index ${i} is outside dimension ${d} of [${shape.join(', ')}]`);
      at = at * shape[d]! + i;
    }
    frame[out] = data[at]!;
  };
}
export function evaluateInsert(
  view: OnOp<{ readonly scalar: Value; readonly dest: Value; readonly indices: readonly Value[] }>,
  context: EvaluationContext,
): Values {
  const dest = tensorAt(view.dest, context);
  const data = dest.data.slice();
  setElement(
    data,
    offsetOf(
      dest,
      view.indices.map((v) => numberAt(v, context)),
      view.op.name,
    ),
    context.get(view.scalar) as Scalar,
  );
  return [{ ...dest, data }];
}
export function evaluateFromElements(
  view: { readonly elements: readonly Value[]; readonly result: Value },
  context: EvaluationContext,
): Values {
  const { shape, element } = view.result.type as TensorType;
  const data = allocate(element, sizeOf(shape));
  view.elements.forEach((v, i) => {
    setElement(data, i, context.get(v) as Scalar);
  });
  return [makeTensor(shape, element, data)];
}
export function evaluateSplat(
  view: { readonly input: Value; readonly aggregate: Value; readonly dynamicSizes: readonly Value[] },
  context: EvaluationContext,
): Values {
  const type = view.aggregate.type as TensorType;
  return [
    filled(
      'tensor',
      resultShape(type, view.dynamicSizes, context),
      type.element,
      context.get(view.input) as Scalar,
    ),
  ];
}

/** The one value of a region that does not look at its arguments, or undefined. */
function constantOf(region: Region, context: EvaluationContext): Scalar | undefined {
  const [block] = region.blocks;
  const value = block?.last?.operands[0];
  if (block === undefined || value === undefined) return undefined;
  if (block.first === block.last) return value.block === block ? undefined : (context.get(value) as Scalar);
  if (block.args.some((a) => a.hasUses)) return undefined;
  return context.runRegion(
    region,
    block.args.map(() => 0),
  ).values[0] as Scalar;
}
export function evaluateGenerate(
  view: OnOp<{ readonly result: Value; readonly dynamicExtents: readonly Value[] }>,
  context: EvaluationContext,
): Values {
  const type = view.result.type as TensorType;
  const out = makeTensor(resultShape(type, view.dynamicExtents, context), type.element);
  forEachIndex(out.shape, (at, position) => {
    setElement(out.data, position, context.runRegion(view.op.region(), [...at]).values[0] as Scalar);
  });
  return [out];
}
export function evaluatePad(
  view: OnOp<{
    readonly source: Value;
    readonly low: readonly Value[];
    readonly high: readonly Value[];
    readonly static_low: readonly number[];
    readonly static_high: readonly number[];
  }>,
  context: EvaluationContext,
): Values {
  const source = tensorAt(view.source, context);
  const low = evaluateMixed(mixedIndices(view.static_low, view.low), context);
  const high = evaluateMixed(mixedIndices(view.static_high, view.high), context);
  const shape = source.shape.map((d, i) => d + low[i]! + high[i]!);
  const region = view.op.region();
  const constant = constantOf(region, context);
  const out =
    constant === undefined
      ? makeTensor(shape, source.element)
      : filled('tensor', shape, source.element, constant);
  if (constant === undefined) {
    forEachIndex(shape, (at, position) => {
      if (at.some((x, d) => x < low[d]! || x >= low[d]! + source.shape[d]!)) {
        setElement(out.data, position, context.runRegion(region, [...at]).values[0] as Scalar);
      }
    });
  }
  const strides = rowMajorStrides(shape);
  const offset = strides.reduce((sum, s, d) => sum + s * low[d]!, 0);
  copyStrided(
    source.shape,
    { data: source.data, offset: 0, strides: rowMajorStrides(source.shape) },
    { data: out.data, offset, strides },
  );
  return [out];
}

/**
 * The dimensions of a slice of `sizes` that a type of `shape` keeps: all, or without some of size 1. Undefined when
 * the shapes do not fit.
 */
export function keptDimensions(sizes: Shape, shape: Shape): number[] | undefined {
  const kept: number[] = [];
  for (const [d, size] of sizes.entries()) {
    const wanted = shape[kept.length];
    if (wanted !== undefined && (size === wanted || size === DYNAMIC || wanted === DYNAMIC)) kept.push(d);
    else if (size !== 1) return undefined;
  }
  return kept.length === shape.length ? kept : undefined;
}

/** Offset and strides of a slice of a row-major tensor, checked to lie inside. */
function sliceInside(op: Operation, full: TensorValue, at: number, context: EvaluationContext) {
  const slice = sliceOf(op, at);
  const [offsets, sizes, steps] = [slice.offsets, slice.sizes, slice.strides].map((l) =>
    evaluateMixed(l, context),
  ) as [number[], number[], number[]];
  sizes.forEach((size, d) => {
    const end = offsets[d]! + (size - 1) * steps[d]!;
    if (
      size < 0 ||
      (size > 0 && (Math.min(offsets[d]!, end) < 0 || Math.max(offsets[d]!, end) >= full.shape[d]!))
    ) {
      throw problem(
        op,
        `elements ${offsets[d]} to ${end} of dimension ${d} are outside [${full.shape.join(', ')}]`,
      );
    }
  });
  const strides = rowMajorStrides(full.shape);
  return {
    sizes,
    array: {
      data: full.data,
      offset: offsets.reduce((sum, o, d) => sum + o * strides[d]!, 0),
      strides: strides.map((s, d) => s * steps[d]!),
    },
  };
}
export function evaluateExtractSlice(
  view: OnOp<{ readonly source: Value; readonly result: Value }>,
  context: EvaluationContext,
): Values {
  const source = tensorAt(view.source, context);
  const { sizes, array } = sliceInside(view.op, source, 1, context);
  const data = allocate(source.element, sizeOf(sizes));
  copyStrided(sizes, array, { data, offset: 0, strides: rowMajorStrides(sizes) });
  const type = view.result.type as TensorType;
  const kept = keptDimensions(sizes, type.shape);
  if (kept === undefined)
    throw problem(view.op, `a slice of sizes [${sizes.join(', ')}] is not ${type.text}`);
  return [
    makeTensor(
      kept.map((d) => sizes[d]!),
      source.element,
      data,
    ),
  ];
}
export function evaluateInsertSlice(
  view: OnOp<{ readonly source: Value; readonly dest: Value }>,
  context: EvaluationContext,
): Values {
  const source = tensorAt(view.source, context);
  const dest = tensorAt(view.dest, context);
  const result: TensorValue = { ...dest, data: dest.data.slice() };
  const { sizes, array } = sliceInside(view.op, result, 2, context);
  if (sizeOf(sizes) !== source.data.length)
    throw problem(
      view.op,
      `a slice of sizes [${sizes.join(', ')}] does not take a tensor of shape [${source.shape.join(', ')}]`,
    );
  copyStrided(sizes, { data: source.data, offset: 0, strides: rowMajorStrides(sizes) }, array);
  return [result];
}

/** The same elements under another shape. */
function reshaped(op: Operation, value: TensorValue, shape: Shape): Values {
  if (sizeOf(shape) !== value.data.length)
    throw problem(
      op,
      `[${value.shape.join(', ')}] and [${shape.join(', ')}] have different numbers of elements`,
    );
  return [makeTensor(shape, value.element, value.data)];
}
export function evaluateExpandShape(
  view: OnOp<{
    readonly src: Value;
    readonly output_shape: readonly Value[];
    readonly static_output_shape: readonly number[];
  }>,
  context: EvaluationContext,
): Values {
  return reshaped(
    view.op,
    tensorAt(view.src, context),
    evaluateMixed(mixedIndices(view.static_output_shape, view.output_shape), context),
  );
}
export function evaluateCollapseShape(
  view: OnOp<{ readonly src: Value; readonly reassociation: readonly (readonly number[])[] }>,
  context: EvaluationContext,
): Values {
  const value = tensorAt(view.src, context);
  return reshaped(
    view.op,
    value,
    view.reassociation.map((g) => sizeOf(g.map((d) => value.shape[d]!))),
  );
}
export function evaluateReshape(
  view: OnOp<{ readonly source: Value; readonly shape: Value }>,
  context: EvaluationContext,
): Values {
  const shape = tensorAt(view.shape, context);
  return reshaped(
    view.op,
    tensorAt(view.source, context),
    Array.from({ length: shape.data.length }, (_, i) => Number(getElement(shape.data, i))),
  );
}
export function evaluateConcat(
  view: OnOp<{ readonly inputs: readonly Value[]; readonly dim: number }>,
  context: EvaluationContext,
): Values {
  const inputs = view.inputs.map((v) => tensorAt(v, context));
  const { shape: first, element } = inputs[0]!;
  const shape = first.map((d, i) => (i === view.dim ? inputs.reduce((n, t) => n + t.shape[i]!, 0) : d));
  const out = makeTensor(shape, element);
  const strides = rowMajorStrides(shape);
  let start = 0;
  for (const t of inputs) {
    copyStrided(
      t.shape,
      { data: t.data, offset: 0, strides: rowMajorStrides(t.shape) },
      { data: out.data, offset: start * strides[view.dim]!, strides },
    );
    start += t.shape[view.dim]!;
  }
  return [out];
}
