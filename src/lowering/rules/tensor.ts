/** Canonicalisation rules of tensor ops: reshapes, padding, slices, concatenation. */
import type { Attribute, Operation, Rule, Value } from '../../ir';
import { denseBytes, denseResource } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import {
  cast,
  collapseShape,
  concat,
  empty,
  expandShape,
  extractSlice,
  insertSlice,
  pad,
} from '../../ir/dialects/tensor';
import { emptyTensor, elementTypeOf, shapeOf } from './linalgGeneric';
import { padTensor, sliceTensor } from './tensorBuild';
import { commonGroups, reshapeOf, reshapeTensor } from './tensorReshape';

const reshapes = [expandShape, collapseShape];

const mergeReshapes: Rule = {
  name: 'merge-tensor-reshapes',
  doc: 'reshape(reshape(x)) → one reshape of x, or x',
  roots: reshapes,
  match: (op) => {
    const outer = reshapeOf(op);
    const inner = reshapeOf(outer?.source.definingOp);
    if (outer === undefined || inner === undefined) return undefined;
    const [from, to] = [shapeOf(inner.source), shapeOf(outer.result)];
    const groups = commonGroups(from, to);
    if (groups.from.length !== from.length && groups.to.length !== to.length) return undefined;
    return { sources: [inner.op], build: (b) => [reshapeTensor(b, inner.source, to)] };
  },
};

const reshapeConstant: Rule = {
  name: 'reshape-constant',
  doc: 'reshape(constant) → the constant under the new shape',
  roots: reshapes,
  match: (op) => {
    const reshape = reshapeOf(op);
    const constant = arith.constant.defining(reshape?.source);
    const type = op.result().type;
    if (reshape === undefined || constant === undefined || type.kind !== 'tensor') return undefined;
    const { value } = constant;
    const reshaped =
      value.kind === 'dense_resource'
        ? denseResource(value.key, type)
        : value.kind === 'dense'
          ? denseBytes(type, value.bytes, value.splat)
          : undefined;
    if (reshaped === undefined) return undefined;
    return { sources: [constant.op], build: (b) => [b.value(arith.constant, { value: reshaped }, type)] };
  },
};

const reshapeOfEmpty: Rule = {
  name: 'reshape-of-empty',
  doc: 'reshape(empty) → empty',
  roots: reshapes,
  match: (op) => {
    const reshape = reshapeOf(op);
    if (reshape === undefined || !empty.is(reshape.source.definingOp)) return undefined;
    return { build: (b) => [emptyTensor(b, shapeOf(reshape.result), elementTypeOf(reshape.result))] };
  },
};

const castToSame: Rule = {
  name: 'cast-to-same',
  doc: 'cast(x : t) to t → x',
  roots: [cast],
  match: (op) => (op.operand(0).type === op.result().type ? { build: () => [op.operand(0)] } : undefined),
};

/** A padding by a constant number with amounts that are known. */
export interface Padding {
  readonly source: Value;
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly value: Attribute;
  /** What the region yields. */
  readonly scalar: Value;
}
export function paddingOf(op: Operation | undefined): Padding | undefined {
  const view = pad.as(op);
  if (view === undefined || view.op.operandCount > 1) return undefined;
  const scalar = view.op.body().terminator.operand(0);
  const constant = arith.constant.defining(scalar);
  if (constant === undefined || constant.value.kind === 'dense') return undefined;
  return { source: view.source, low: view.static_low, high: view.static_high, value: constant.value, scalar };
}

const padNothing: Rule = {
  name: 'pad-nothing',
  doc: 'pad(x) by no elements → x',
  roots: [pad],
  match: (op) => {
    const view = pad.as(op);
    if (
      view === undefined ||
      view.op.operandCount > 1 ||
      [...view.static_low, ...view.static_high].some((n) => n !== 0)
    )
      return undefined;
    return view.source.type === op.result().type ? { build: () => [view.source] } : undefined;
  },
};

const mergePads: Rule = {
  name: 'merge-pads',
  doc: 'pad(pad(x, c), c) → pad(x, c)',
  roots: [pad],
  match: (op) => {
    const outer = paddingOf(op);
    const inner = paddingOf(outer?.source.definingOp);
    if (outer === undefined || inner === undefined || inner.value.text !== outer.value.text) return undefined;
    return {
      sources: [outer.source.definingOp!],
      build: (b) => [
        padTensor(
          b,
          inner.source,
          add(inner.low, outer.low),
          add(inner.high, outer.high),
          () => outer.scalar,
        ),
      ],
    };
  },
};
const add = (a: readonly number[], b: readonly number[]): number[] => a.map((n, i) => n + b[i]!);

/** A slice with offsets, sizes and strides that are known, of full rank. */
interface Slice {
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}
function staticSlice(op: Operation | undefined, tensors: number): Slice | undefined {
  const view = extractSlice.as(op) ?? insertSlice.as(op);
  if (view === undefined || view.op.operandCount > tensors) return undefined;
  return { offsets: view.static_offsets, sizes: view.static_sizes, strides: view.static_strides };
}
const isWhole = (s: Slice, shape: readonly number[]): boolean =>
  s.offsets.every((o) => o === 0) &&
  s.strides.every((d) => d === 1) &&
  s.sizes.every((n, i) => n === shape[i]);

const sliceWhole: Rule = {
  name: 'slice-whole',
  doc: 'all of x → x',
  roots: [extractSlice],
  match: (op) => {
    const slice = staticSlice(op, 1);
    const source = op.operand(0);
    return slice !== undefined && source.type === op.result().type && isWhole(slice, shapeOf(source))
      ? { build: () => [source] }
      : undefined;
  },
};
const mergeSlices: Rule = {
  name: 'merge-slices',
  doc: 'slice(slice(x)) → slice(x)',
  roots: [extractSlice],
  match: (op) => {
    const outer = staticSlice(op, 1);
    const producer = op.operand(0).definingOp;
    const inner = extractSlice.is(producer) ? staticSlice(producer, 1) : undefined;
    if (outer === undefined || inner === undefined || producer === undefined) return undefined;
    const rank = outer.sizes.length;
    if (
      inner.sizes.length !== rank ||
      shapeOf(op.result()).length !== rank ||
      shapeOf(producer.result()).length !== rank
    )
      return undefined;
    return {
      sources: [producer],
      build: (b) => [
        sliceTensor(
          b,
          producer.operand(0),
          inner.offsets.map((o, i) => o + outer.offsets[i]! * inner.strides[i]!),
          outer.sizes,
          inner.strides.map((s, i) => s * outer.strides[i]!),
        ),
      ],
    };
  },
};
const insertWhole: Rule = {
  name: 'insert-whole',
  doc: 'x put over all of y → x',
  roots: [insertSlice],
  match: (op) => {
    const slice = staticSlice(op, 2);
    const source = op.operand(0);
    return slice !== undefined && source.type === op.result().type && isWhole(slice, shapeOf(source))
      ? { build: () => [source] }
      : undefined;
  },
};
const sliceOfInsert: Rule = {
  name: 'slice-of-insert',
  doc: 'the part of y that x was put over → x',
  roots: [extractSlice],
  match: (op) => {
    const producer = op.operand(0).definingOp;
    if (producer === undefined || !insertSlice.is(producer)) return undefined;
    const [outer, inner] = [staticSlice(op, 1), staticSlice(producer, 2)];
    const source = producer.operand(0);
    if (outer === undefined || inner === undefined || source.type !== op.result().type) return undefined;
    const same = (['offsets', 'sizes', 'strides'] as const).every((k) => outer[k].join() === inner[k].join());
    return same ? { sources: [producer], build: () => [source] } : undefined;
  },
};

const concatOfOne: Rule = {
  name: 'concat-of-one',
  doc: 'concat(x) → x',
  roots: [concat],
  match: (op) =>
    op.operandCount === 1 && op.operand(0).type === op.result().type
      ? { build: () => [op.operand(0)] }
      : undefined,
};
const flattenConcat: Rule = {
  name: 'flatten-concat',
  doc: 'concat(concat(x, y), z) along one axis → concat(x, y, z)',
  roots: [concat],
  match: (op) => {
    const outer = concat.view(op);
    const inner = outer.inputs.find(
      (v) => v.users.length === 1 && concat.defining(v)?.dim === outer.dim,
    )?.definingOp;
    if (inner === undefined) return undefined;
    const inputs = outer.inputs.flatMap((v) => (v.definingOp === inner ? inner.operands : [v]));
    return {
      sources: [inner],
      build: (b) => [b.value(concat, { inputs, dim: outer.dim }, op.result().type)],
    };
  },
};

export const tensorRules: readonly Rule[] = [
  mergeReshapes,
  reshapeConstant,
  reshapeOfEmpty,
  castToSame,
  padNothing,
  mergePads,
  sliceWhole,
  mergeSlices,
  insertWhole,
  sliceOfInsert,
  concatOfOne,
  flattenConcat,
];
