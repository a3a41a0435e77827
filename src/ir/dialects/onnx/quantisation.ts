/** ONNX operators on quantised tensors: integers that stand for `(q - zero_point) · scale`. */
import { int } from '../../constraints';
import { InferenceError, defaultAttr, one, optional } from '../../opDefinition';
import type { Value } from '../../operation';
import type { Type } from '../../types';
import { DYNAMIC, f32, f64, i32, integer } from '../../types';
import * as nn from '../nn';
import { normaliseAxis } from '../nn/shapes';
import { shapeOf, typeOf } from './build';
import { calculator } from './calculator';
import { convolve, convolutionAttrs } from './convolution';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';
import { elementTypeOfOnnx } from './elementTypes';

const u8 = integer(8, 'unsigned');

/** A scale or zero point as it meets the tensor: one for all, one per position of `axis`, or one per block. */
function spread(e: Expansion, p: Value, x: Value, axisGiven: number, block: number): Value {
  const c = calculator(e);
  const [shape, own] = [shapeOf(x), shapeOf(p)];
  if (own.length === 0 || (own.length === 1 && own[0] === 1 && shape.length !== 1)) return c.reshape(p, []);
  const axis = normaliseAxis(axisGiven, shape.length);
  if (own.length === 1 && block === 0)
    return c.reshape(
      p,
      shape.map((_, i) => (i === axis ? own[0]! : 1)),
    );
  if (own.length !== shape.length)
    throw new InferenceError(`a scale of rank ${own.length} does not fit an input of rank ${shape.length}`);
  if ([...own, ...shape].includes(DYNAMIC)) throw new NotSupported('blocks of a dynamic size');
  const times = block === 0 ? Math.ceil(shape[axis]! / own[axis]!) : block;
  const repeated = c.broadcast(c.reshape(p, [...own.slice(0, axis + 1), 1, ...own.slice(axis + 1)]), [
    ...own.slice(0, axis + 1),
    times,
    ...own.slice(axis + 1),
  ]);
  const joined = c.reshape(
    repeated,
    own.map((d, i) => (i === axis ? d * times : d)),
  );
  return c.part(joined, axis, 0, shape[axis]!);
}

function rangeOf(type: Type): readonly [number, number] {
  if (type.kind !== 'integer') throw new InferenceError(`${type.text} is not a quantised type`);
  return type.signedness === 'unsigned'
    ? [0, 2 ** type.width - 1]
    : [-(2 ** (type.width - 1)), 2 ** (type.width - 1) - 1];
}
/** `round(x) + zero_point`, limited to what `to` holds. */
function saturated(e: Expansion, x: Value, zero: Value | undefined, to: Type): Value {
  const c = calculator(e);
  const [min, max] = rangeOf(to);
  // In f32 every number of up to 16 bits is exact, and what is not lies outside of them anyway.
  const working = max < 2 ** 16 && typeOf(x).element === f32 ? f32 : f64;
  const wide = c.cast(e.b.value(nn.round, { input: x }), working);
  const shifted = zero === undefined ? wide : c.add(wide, c.cast(zero, working));
  return c.cast(e.b.value(nn.clip, { input: shifted, min, max }), to);
}

const quantizeLinear = defineOnnxOp({
  name: 'QuantizeLinear',
  versions: [10, 13, 19, 21, 23, 24, 25],
  summary: '`round(x / scale) + zero_point`, limited to the type of the result',
  operands: {
    x: one(modelTensor),
    y_scale: one(modelTensor),
    y_zero_point: optional(modelTensor),
  },
  attrs: {
    axis: defaultAttr(int, 1, 'since 13'),
    block_size: defaultAttr(int, 0, 'since 21'),
    output_dtype: defaultAttr(int, 0, 'since 21'),
    precision: defaultAttr(int, 0, 'since 23'),
    saturate: defaultAttr(int, 1, 'since 19'),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const to =
      v.y_zero_point !== undefined
        ? typeOf(v.y_zero_point).element
        : v.output_dtype === 0
          ? u8
          : elementTypeOfOnnx(v.output_dtype);
    if (to === undefined) throw new NotSupported(`element type number ${v.output_dtype}`);
    const at = (p: Value): Value => spread(e, p, v.x, v.axis, v.block_size);
    const working = v.precision === 0 ? typeOf(v.y_scale).element : elementTypeOfOnnx(v.precision)!;
    const common = working.kind === 'float' && working.name.startsWith('f8E8') ? f32 : working;
    const ratio = c.div(c.cast(v.x, common), c.cast(at(v.y_scale), common));
    if (to.kind === 'float') return [e.b.value(nn.cast, { input: ratio, to, saturate: v.saturate !== 0 })];
    return [saturated(e, ratio, v.y_zero_point === undefined ? undefined : at(v.y_zero_point), to)];
  },
});

const dequantizeLinear = defineOnnxOp({
  name: 'DequantizeLinear',
  versions: [10, 13, 19, 21, 23, 24, 25],
  summary: '`(x - zero_point) · scale`',
  operands: {
    x: one(modelTensor),
    x_scale: one(modelTensor),
    x_zero_point: optional(modelTensor),
  },
  attrs: {
    axis: defaultAttr(int, 1, 'since 13'),
    block_size: defaultAttr(int, 0, 'since 21'),
    output_dtype: defaultAttr(int, 0, 'since 23'),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const at = (p: Value): Value => spread(e, p, v.x, v.axis, v.block_size);
    const to = v.output_dtype === 0 ? typeOf(v.x_scale).element : elementTypeOfOnnx(v.output_dtype);
    if (to === undefined) throw new NotSupported(`element type number ${v.output_dtype}`);
    const wide = c.cast(v.x, f32);
    const centred = v.x_zero_point === undefined ? wide : c.sub(wide, c.cast(at(v.x_zero_point), f32));
    return [c.cast(c.mul(centred, c.cast(at(v.x_scale), f32)), to)];
  },
});

const dynamicQuantizeLinear = defineOnnxOp({
  name: 'DynamicQuantizeLinear',
  versions: [11],
  summary: 'a tensor quantised to 8 bits over its own range',
  doc: 'Results: the quantised tensor, the scale and the zero point.',
  operands: { x: one(modelTensor) },
  expand: (v, e) => {
    const c = calculator(e);
    const axes = shapeOf(v.x).map((_, i) => i);
    const top = c.max(c.largest(v.x, axes, false), 0);
    const bottom = c.min(e.b.value(nn.reduceMin, { input: v.x, axes, keepdims: false }), 0);
    const scale = c.div(c.sub(top, bottom), 255);
    const zero = saturated(e, c.div(c.neg(bottom), scale), undefined, u8);
    return [saturated(e, c.div(v.x, scale), zero, u8), scale, zero];
  },
});

/** `x - zero_point` in i32; a zero point per row or column has one axis. */
function centred(e: Expansion, x: Value, zero: Value | undefined, axis: 'row' | 'column'): Value {
  const c = calculator(e);
  const wide = c.cast(x, i32);
  return zero === undefined ? wide : c.sub(wide, c.cast(alongMatrix(e, zero, axis), i32));
}
function alongMatrix(e: Expansion, p: Value, axis: 'row' | 'column'): Value {
  const shape = shapeOf(p);
  if (shape.length !== 1 || shape[0] === 1) return shape.length === 1 ? calculator(e).reshape(p, []) : p;
  return axis === 'row' ? calculator(e).reshape(p, [shape[0]!, 1]) : p;
}

const matMulInteger = defineOnnxOp({
  name: 'MatMulInteger',
  versions: [10],
  summary: 'a matrix product of 8-bit integers in 32 bits',
  operands: {
    A: one(modelTensor),
    B: one(modelTensor),
    a_zero_point: optional(modelTensor),
    b_zero_point: optional(modelTensor),
  },
  expand: (v, e) => [
    calculator(e).matmul(centred(e, v.A, v.a_zero_point, 'row'), centred(e, v.B, v.b_zero_point, 'column')),
  ],
});
const qLinearMatMul = defineOnnxOp({
  name: 'QLinearMatMul',
  versions: [10, 21],
  summary: 'a matrix product of quantised tensors',
  operands: {
    a: one(modelTensor),
    a_scale: one(modelTensor),
    a_zero_point: one(modelTensor),
    b: one(modelTensor),
    b_scale: one(modelTensor),
    b_zero_point: one(modelTensor),
    y_scale: one(modelTensor),
    y_zero_point: one(modelTensor),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const product = c.matmul(
      centred(e, v.a, v.a_zero_point, 'row'),
      centred(e, v.b, v.b_zero_point, 'column'),
    );
    const scale = (p: Value, axis: 'row' | 'column'): Value => c.cast(alongMatrix(e, p, axis), f64);
    const factor = c.div(
      c.mul(scale(v.a_scale, 'row'), scale(v.b_scale, 'column')),
      scale(v.y_scale, 'column'),
    );
    const zero = alongMatrix(e, v.y_zero_point, 'row');
    return [saturated(e, c.mul(c.cast(product, f64), factor), zero, typeOf(v.y_zero_point).element)];
  },
});

/** The convolution of centred integers, exact in double precision. */
function integerConvolution(
  e: Expansion,
  x: Value,
  w: Value,
  xZero: Value | undefined,
  wZero: Value | undefined,
  attributes: Parameters<typeof convolve>[4],
): Value {
  const c = calculator(e);
  const perOutput = (p: Value): Value =>
    shapeOf(p).length === 0 || shapeOf(p)[0] === 1
      ? c.reshape(p, [])
      : c.reshape(
          p,
          shapeOf(w).map((_, i) => (i === 0 ? DYNAMIC : 1)),
        );
  const wide = (t: Value, zero: Value | undefined): Value =>
    zero === undefined ? c.cast(t, f64) : c.sub(c.cast(t, f64), c.cast(perOutput(zero), f64));
  return convolve(e, wide(x, xZero), wide(w, wZero), undefined, attributes);
}
const convInteger = defineOnnxOp({
  name: 'ConvInteger',
  versions: [10],
  summary: 'a convolution of 8-bit integers in 32 bits',
  operands: {
    x: one(modelTensor),
    w: one(modelTensor),
    x_zero_point: optional(modelTensor),
    w_zero_point: optional(modelTensor),
  },
  attrs: convolutionAttrs,
  expand: (v, e) => [
    calculator(e).cast(integerConvolution(e, v.x, v.w, v.x_zero_point, v.w_zero_point, v), i32),
  ],
});
const qLinearConv = defineOnnxOp({
  name: 'QLinearConv',
  versions: [10],
  summary: 'a convolution of quantised tensors',
  operands: {
    x: one(modelTensor),
    x_scale: one(modelTensor),
    x_zero_point: one(modelTensor),
    w: one(modelTensor),
    w_scale: one(modelTensor),
    w_zero_point: one(modelTensor),
    y_scale: one(modelTensor),
    y_zero_point: one(modelTensor),
    B: optional(modelTensor, 'i32, of scale `x_scale · w_scale`'),
  },
  attrs: convolutionAttrs,
  expand: (v, e) => {
    const c = calculator(e);
    let sum = integerConvolution(e, v.x, v.w, v.x_zero_point, v.w_zero_point, v);
    const perChannel = (p: Value): Value =>
      shapeOf(p).length === 0 || shapeOf(p)[0] === 1
        ? c.reshape(p, [])
        : c.reshape(
            p,
            shapeOf(sum).flatMap((_, i) => (i === 0 ? [] : [i === 1 ? DYNAMIC : 1])),
          );
    if (v.B !== undefined) sum = c.add(sum, c.cast(perChannel(v.B), f64));
    const scale = (p: Value): Value => c.cast(perChannel(p), f64);
    const factor = c.div(c.mul(scale(v.x_scale), scale(v.w_scale)), scale(v.y_scale));
    return [saturated(e, c.mul(sum, factor), v.y_zero_point, typeOf(v.y_zero_point).element)];
  },
});

export const quantisationOps = [
  quantizeLinear,
  dequantizeLinear,
  dynamicQuantizeLinear,
  matMulInteger,
  qLinearMatMul,
  convInteger,
  qLinearConv,
];
