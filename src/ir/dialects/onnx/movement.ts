/** ONNX operators that move elements or speak about shapes, and constants. */
import type { Attribute } from '../../attributes';
import { denseBytes, denseElements, typeOfAttribute } from '../../attributes';
import { anyAttr, floats, int, ints, number32, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional, optionalAttr, variadic } from '../../opDefinition';
import type { Value } from '../../operation';
import type { Shape } from '../../types';
import { DYNAMIC, elementCount, f32, i64, tensor } from '../../types';
import { constant as arithConstant } from '../arith';
import * as nn from '../nn';
import { normaliseAxis } from '../nn/shapes';
import { numbersIn } from '../nn/tensors';
import { constantInts, i64Tensor, reshapeTo, shapeOf, typeOf } from './build';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';

/** Sizes from a model may be anything. */
function refuseNegative(sizes: readonly number[], least = 0): void {
  const bad = sizes.find((d) => !(d >= least && Number.isSafeInteger(d)));
  if (bad !== undefined) throw new InferenceError(`${bad} is not a size`);
}

const reshape = defineOnnxOp({
  name: 'Reshape',
  versions: [5, 13, 14, 19, 21, 23, 24, 25],
  summary: 'the same elements under another shape',
  doc: 'In `shape`, -1 is computed and, unless `allowzero` is set, 0 is the size of the input in that axis.',
  operands: { data: one(modelTensor), shape: one(modelTensor) },
  attrs: { allowzero: defaultAttr(int, 0, 'since 14') },
  expand: (v, e) => {
    const input = shapeOf(v.data);
    const wanted = constantInts(e, v.shape, 'a shape');
    refuseNegative(wanted, -1);
    const copied: number[] = [];
    let target = wanted.map((d, i) => {
      if (d !== 0 || v.allowzero !== 0) return d;
      const size = input[i];
      if (size === undefined)
        throw new InferenceError(`size ${i} of the new shape is 0, and the input has rank ${input.length}`);
      copied.push(i);
      return size;
    });
    const open = wanted.indexOf(-1);
    const others = input.filter((_, i) => !copied.includes(i));
    if (open >= 0 && !others.includes(DYNAMIC)) {
      // Copied sizes cancel, so the open size is known even when they are not.
      const rest = wanted.reduce((p, d, i) => (i === open || copied.includes(i) ? p : p * d), 1);
      const total = others.reduce((p, d) => p * d, 1);
      if (rest === 0 || total % rest !== 0)
        throw new InferenceError(
          `an input of shape [${input.join(', ')}] does not fit the shape [${wanted.join(', ')}]`,
        );
      target = target.map((d, i) => (i === open ? total / rest : d));
    }
    return [reshapeTo(e, v.data, target)];
  },
});

const flatten = defineOnnxOp({
  name: 'Flatten',
  versions: [1, 9, 11, 13, 21, 23, 24, 25],
  summary: 'a matrix: the axes before `axis` are rows, the others columns',
  operands: { input: one(modelTensor) },
  attrs: { axis: defaultAttr(int, 1) },
  expand: (v, e) => {
    const shape = shapeOf(v.input);
    const axis = v.axis < 0 ? v.axis + shape.length : v.axis;
    if (axis < 0 || axis > shape.length)
      throw new InferenceError(`axis ${v.axis} is out of bounds for rank ${shape.length}`);
    const product = (sizes: Shape): number =>
      sizes.includes(DYNAMIC) ? DYNAMIC : sizes.reduce((p, d) => p * d, 1);
    return [reshapeTo(e, v.input, [product(shape.slice(0, axis)), product(shape.slice(axis))])];
  },
});

/** Axes are an attribute before version 13, an input since. */
const axesOperand = { data: one(modelTensor), axes_input: optional(modelTensor, 'since 13') };
const unsqueeze = defineOnnxOp({
  name: 'Unsqueeze',
  versions: [1, 11, 13, 21, 23, 24, 25],
  summary: 'axes of size 1 added',
  operands: axesOperand,
  attrs: { axes: optionalAttr(ints, 'before 13') },
  expand: (v, e) => {
    const axes = v.axes_input === undefined ? v.axes : constantInts(e, v.axes_input, 'a list of axes');
    if (axes === undefined) throw new InferenceError('axes are needed');
    const shape = [...shapeOf(v.data)];
    const rank = shape.length + axes.length;
    for (const axis of axes.map((a) => normaliseAxis(a, rank)).sort((p, q) => p - q))
      shape.splice(axis, 0, 1);
    return [reshapeTo(e, v.data, shape)];
  },
});
const squeeze = defineOnnxOp({
  name: 'Squeeze',
  versions: [1, 11, 13, 21, 23, 24, 25],
  summary: 'axes of size 1 removed',
  operands: axesOperand,
  attrs: { axes: optionalAttr(ints, 'before 13') },
  expand: (v, e) => {
    const shape = shapeOf(v.data);
    const given = v.axes_input === undefined ? v.axes : constantInts(e, v.axes_input, 'a list of axes');
    if (given === undefined && shape.includes(DYNAMIC))
      throw new NotSupported('to squeeze a dynamic shape without axes');
    const axes = new Set(
      given?.map((a) => normaliseAxis(a, shape.length)) ?? shape.flatMap((d, i) => (d === 1 ? [i] : [])),
    );
    for (const a of axes)
      if (shape[a] !== 1 && shape[a] !== DYNAMIC)
        throw new InferenceError(`axis ${a} has size ${shape[a]}, only 1 can be removed`);
    return [
      reshapeTo(
        e,
        v.data,
        shape.filter((_, i) => !axes.has(i)),
      ),
    ];
  },
});

const transpose = defineOnnxOp({
  name: 'Transpose',
  versions: [1, 13, 21, 23, 24, 25],
  summary: 'the axes in another order, reversed without `perm`',
  operands: { data: one(modelTensor) },
  attrs: { perm: optionalAttr(ints) },
  expand: (v, { b }) => [
    b.value(nn.transpose, {
      input: v.data,
      permutation: v.perm ?? shapeOf(v.data).map((_, i, s) => s.length - 1 - i),
    }),
  ],
});
const concat = defineOnnxOp({
  name: 'Concat',
  versions: [4, 11, 13],
  summary: 'tensors joined along an axis',
  operands: { inputs: variadic(modelTensor) },
  attrs: { axis: defaultAttr(int, 1) },
  expand: ({ inputs, axis }, { b }) => {
    const [first] = inputs;
    if (first === undefined) throw new InferenceError('at least one input is needed');
    return [b.value(nn.concat, { inputs, axis: normaliseAxis(axis, shapeOf(first).length) })];
  },
});
const split = defineOnnxOp({
  name: 'Split',
  versions: [2, 11, 13, 18],
  summary: 'a tensor cut into parts along an axis',
  doc: 'Without sizes the parts are equal; since version 18 the last one may be smaller.',
  operands: { input: one(modelTensor), split_input: optional(modelTensor, 'since 13') },
  attrs: {
    axis: defaultAttr(int, 0),
    split: optionalAttr(ints, 'before 13'),
    num_outputs: optionalAttr(int, 'since 18'),
  },
  expand: (v, { b, outputs, ...e }) => {
    const shape = shapeOf(v.input);
    const axis = normaliseAxis(v.axis, shape.length);
    const size = shape[axis]!;
    const parts = v.num_outputs ?? outputs;
    const given =
      v.split_input === undefined
        ? v.split
        : constantInts({ b, outputs, ...e }, v.split_input, 'a list of sizes');
    if (given === undefined && size === DYNAMIC) throw new NotSupported('to split a dynamic size evenly');
    const step = Math.ceil(size / parts);
    const sizes = given ?? Array.from({ length: parts }, (_, i) => Math.min(step, size - i * step));
    const total = sizes.reduce((p, d) => p + d, 0);
    if (size !== DYNAMIC && total !== size)
      throw new InferenceError(`the parts add up to ${total}, axis ${axis} has size ${size}`);
    let start = 0;
    return sizes.map((d) => {
      const at = (values: readonly number[], value: number): number[] =>
        values.map((x, i) => (i === axis ? value : x));
      const part = b.value(nn.slice, {
        input: v.input,
        starts: at(
          shape.map(() => 0),
          start,
        ),
        ends: at(shape, start + d),
        steps: shape.map(() => 1),
      });
      start += d;
      return part;
    });
  },
});

const slice = defineOnnxOp({
  name: 'Slice',
  versions: [1, 10, 11, 13],
  summary: 'a part of a tensor, as Python slices',
  operands: {
    data: one(modelTensor),
    starts_input: optional(modelTensor, 'since 10'),
    ends_input: optional(modelTensor, 'since 10'),
    axes_input: optional(modelTensor, 'since 10'),
    steps_input: optional(modelTensor, 'since 10'),
  },
  attrs: {
    starts: optionalAttr(ints, 'before 10'),
    ends: optionalAttr(ints, 'before 10'),
    axes: optionalAttr(ints, 'before 10'),
  },
  expand: (v, e) => {
    const shape = shapeOf(v.data);
    const list = (
      value: Value | undefined,
      attribute: readonly number[] | undefined,
      what: string,
    ): readonly number[] | undefined => (value === undefined ? attribute : constantInts(e, value, what));
    const starts = list(v.starts_input, v.starts, 'a start');
    const ends = list(v.ends_input, v.ends, 'an end');
    if (starts === undefined || ends === undefined) throw new InferenceError('starts and ends are needed');
    const axes = (list(v.axes_input, v.axes, 'a list of axes') ?? starts.map((_, i) => i)).map((a) =>
      normaliseAxis(a, shape.length),
    );
    const steps = list(v.steps_input, undefined, 'a step') ?? starts.map(() => 1);
    if ([ends, axes, steps].some((l) => l.length !== starts.length))
      throw new InferenceError(
        `starts has ${starts.length} numbers, ends ${ends.length}, axes ${axes.length}, steps ${steps.length}`,
      );
    const from = shape.map(() => 0);
    const to = [...shape];
    const by = shape.map(() => 1);
    const turned: number[] = [];
    axes.forEach((axis, i) => {
      const [size, step] = [shape[axis]!, steps[i]!];
      if (step === 0) throw new InferenceError('a step of 0');
      if (step < 0) {
        if (size === DYNAMIC) throw new NotSupported('a dynamic size taken backwards');
        const bound = (p: number): number => Math.min(Math.max(p < 0 ? p + size : p, -1), size - 1);
        turned.push(axis);
        by[axis] = -step;
        from[axis] = size - 1 - Math.max(0, bound(starts[i]!));
        to[axis] = Math.max(from[axis], size - 1 - bound(ends[i]!));
        return;
      }
      by[axis] = step;
      if (size === DYNAMIC) {
        if (starts[i]! < 0 || (ends[i]! < 2 ** 31 - 1 && ends[i]! !== DYNAMIC))
          throw new NotSupported('a part of a dynamic size');
        from[axis] = starts[i]!;
        return;
      }
      const bound = (p: number): number => Math.min(Math.max(p < 0 ? p + size : p, 0), size);
      from[axis] = bound(starts[i]!);
      to[axis] = Math.max(from[axis], bound(ends[i]!));
    });
    const input = turned.length === 0 ? v.data : e.b.value(nn.reverse, { input: v.data, axes: turned });
    return [e.b.value(nn.slice, { input, starts: from, ends: to, steps: by })];
  },
});

const gather = defineOnnxOp({
  name: 'Gather',
  versions: [1, 11, 13],
  summary: 'slices of a tensor, by index along an axis',
  operands: { data: one(modelTensor), indices: one(modelTensor) },
  attrs: { axis: defaultAttr(int, 0) },
  expand: (v, { b }) => [
    b.value(nn.gather, {
      input: v.data,
      indices: v.indices,
      axis: normaliseAxis(v.axis, shapeOf(v.data).length),
    }),
  ],
});
const expand = defineOnnxOp({
  name: 'Expand',
  versions: [8, 13],
  summary: 'a tensor repeated to a larger shape',
  operands: { input: one(modelTensor), shape: one(modelTensor) },
  expand: (v, e) => {
    const shape = constantInts(e, v.shape, 'a shape');
    refuseNegative(shape);
    return [e.b.value(nn.broadcast, { input: v.input, shape })];
  },
});

const pad = defineOnnxOp({
  name: 'Pad',
  versions: [2, 11, 13, 18, 19, 21, 23, 24, 25],
  summary: 'a tensor with elements added around it, or cut off',
  operands: {
    data: one(modelTensor),
    pads_input: optional(modelTensor, 'since 11'),
    constant_value: optional(modelTensor, 'since 11'),
    axes: optional(modelTensor, 'since 18'),
  },
  attrs: {
    mode: defaultAttr(text, 'constant'),
    pads: optionalAttr(ints, 'before 11'),
    value: defaultAttr(number32, 0, 'before 11'),
  },
  expand: (v, e) => {
    const rank = shapeOf(v.data).length;
    const pads = v.pads_input === undefined ? v.pads : constantInts(e, v.pads_input, 'an amount of padding');
    if (pads === undefined) throw new InferenceError('pads are needed');
    const axes =
      v.axes === undefined
        ? Array.from({ length: rank }, (_, i) => i)
        : constantInts(e, v.axes, 'a list of axes').map((a) => normaliseAxis(a, rank));
    if (pads.length !== 2 * axes.length)
      throw new InferenceError(`pads needs ${2 * axes.length} numbers, found ${pads.length}`);
    const value =
      v.constant_value === undefined ? v.value : constantInts(e, v.constant_value, 'a padding value')[0];
    const low = new Array<number>(rank).fill(0);
    const high = new Array<number>(rank).fill(0);
    axes.forEach((axis, i) => {
      low[axis] = pads[i]!;
      high[axis] = pads[i + axes.length]!;
    });
    const mode = (['constant', 'edge', 'reflect', 'wrap'] as const).find((m) => m === v.mode);
    if (mode === undefined)
      throw new InferenceError(`mode is "${v.mode}", expected constant, edge, reflect or wrap`);
    return [e.b.value(nn.pad, { input: v.data, low, high, value: value ?? 0, mode })];
  },
});

const shape = defineOnnxOp({
  name: 'Shape',
  versions: [1, 13, 15, 19, 21, 23, 24, 25],
  summary: 'the sizes of a tensor',
  operands: { data: one(modelTensor) },
  attrs: { start: defaultAttr(int, 0, 'since 15'), end: optionalAttr(int, 'since 15') },
  expand: (v, e) => {
    const sizes = shapeOf(v.data);
    const bound = (p: number): number => Math.min(Math.max(p < 0 ? p + sizes.length : p, 0), sizes.length);
    const [start, end] = [bound(v.start), bound(v.end ?? sizes.length)];
    const part = sizes.slice(start, end);
    if (!part.includes(DYNAMIC)) return [i64Tensor(e, part)];
    return [
      e.b.value(nn.slice, {
        input: e.b.value(nn.shapeOf, { input: v.data }),
        starts: [start],
        ends: [end],
        steps: [1],
      }),
    ];
  },
});

/** The elements attribute that one of the attributes of `Constant` stands for. */
function constantAttribute(given: { readonly [name: string]: unknown }): Attribute {
  const { value, value_float, value_floats, value_int, value_ints } = given as {
    readonly value?: Attribute;
    readonly value_float?: number;
    readonly value_floats?: readonly number[];
    readonly value_int?: number;
    readonly value_ints?: readonly number[];
  };
  if (value !== undefined) return value;
  if (value_float !== undefined) return denseElements(tensor([], f32), [value_float]);
  if (value_floats !== undefined) return denseElements(tensor([value_floats.length], f32), value_floats);
  if (value_int !== undefined) return denseElements(tensor([], i64), [BigInt(value_int)]);
  if (value_ints !== undefined)
    return denseElements(tensor([value_ints.length], i64), value_ints.map(BigInt));
  throw new NotSupported('a constant of strings or sparse elements');
}
const constant = defineOnnxOp({
  name: 'Constant',
  versions: [1, 9, 11, 12, 13, 19, 21, 23, 24, 25],
  summary: 'a constant tensor',
  attrs: {
    value: optionalAttr(anyAttr, 'the elements'),
    value_float: optionalAttr(number32),
    value_floats: optionalAttr(floats),
    value_int: optionalAttr(int),
    value_ints: optionalAttr(ints),
  },
  expand: (v, { b }) => {
    const value = constantAttribute(v);
    const type = typeOfAttribute(value);
    if (type?.kind !== 'tensor') throw new NotSupported(`a constant ${value.text.slice(0, 40)}`);
    return [b.value(arithConstant, { value }, type)];
  },
});
const constantOfShape = defineOnnxOp({
  name: 'ConstantOfShape',
  versions: [9, 20, 21, 23, 24, 25],
  summary: 'a tensor of one value, zero unless given',
  operands: { input: one(modelTensor, 'the sizes') },
  attrs: { value: optionalAttr(anyAttr, 'one element') },
  expand: (v, e) => {
    const sizes = constantInts(e, v.input, 'a shape');
    refuseNegative(sizes);
    if (v.value?.kind === 'dense' && elementCount(v.value.type.shape) !== 1)
      throw new InferenceError('the value must have one element');
    if (v.value !== undefined && v.value.kind !== 'dense')
      throw new NotSupported('a value that is not given in the node');
    const element = v.value === undefined ? f32 : v.value.type.element;
    const type = tensor(sizes, element);
    const value = v.value === undefined ? denseElements(type, [0]) : denseBytes(type, v.value.bytes, true);
    return [e.b.value(arithConstant, { value }, type)];
  },
});
/** Longer ranges are not written out. */
const maximumRange = 2 ** 20;

const range = defineOnnxOp({
  name: 'Range',
  versions: [11],
  summary: 'numbers from a start to before a limit',
  operands: { start: one(modelTensor), limit: one(modelTensor), delta: one(modelTensor) },
  expand: (v, e) => {
    const [start, limit, delta] = [v.start, v.limit, v.delta].map((x) => {
      const t = e.constant(x);
      if (t === undefined) throw new NotSupported('a range that is computed when the model runs');
      return numbersIn(t)[0]!;
    }) as [number, number, number];
    const { element } = typeOf(v.start);
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    if (!(count <= maximumRange)) throw new InferenceError(`a range of ${count} numbers is too long`);
    const values = Array.from({ length: count }, (_, i) => start + i * delta);
    const type = tensor([count], element);
    return [
      e.b.value(
        arithConstant,
        { value: denseElements(type, element === i64 ? values.map(BigInt) : values) },
        type,
      ),
    ];
  },
});

export const movementOps = [
  reshape,
  flatten,
  unsqueeze,
  squeeze,
  transpose,
  concat,
  split,
  slice,
  gather,
  expand,
  pad,
  shape,
  constant,
  constantOfShape,
  range,
];
