/** ONNX operators that test, compare and combine bits, and those that change or ask for the element type. */
import { int, number32, text } from '../../constraints';
import { InferenceError, attr, defaultAttr, one, optionalAttr } from '../../opDefinition';
import { DYNAMIC, i64, tensor } from '../../types';
import * as nn from '../nn';
import { constantTensor, typeOf } from './build';
import { calculator } from './calculator';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';
import { elementTypeOfOnnx } from './elementTypes';

const x = { X: one(modelTensor) };
const ab = { A: one(modelTensor), B: one(modelTensor) };

const bits = (name: string, versions: readonly number[], kind: 'and' | 'or' | 'xor', summary: string) =>
  defineOnnxOp({
    name,
    versions,
    summary,
    doc: 'Operands broadcast as in NumPy.',
    operands: ab,
    expand: (v, { b }) => [b.value(nn.bitwise, { lhs: v.A, rhs: v.B, kind })],
  });
const inverted = (name: string, versions: readonly number[], summary: string) =>
  defineOnnxOp({
    name,
    versions,
    summary,
    operands: x,
    expand: (v, { b }) => [b.value(nn.not, { input: v.X })],
  });

const bitShift = defineOnnxOp({
  name: 'BitShift',
  versions: [11, 28],
  summary: 'the bits of A moved by B positions',
  operands: ab,
  attrs: { direction: attr(text, 'LEFT or RIGHT') },
  expand: (v, { b }) => {
    if (v.direction !== 'LEFT' && v.direction !== 'RIGHT')
      throw new InferenceError(`direction is "${v.direction}", expected LEFT or RIGHT`);
    const kind = v.direction === 'LEFT' ? 'shift_left' : 'shift_right';
    return [b.value(nn.bitwise, { lhs: v.A, rhs: v.B, kind })];
  },
});

const modulo = defineOnnxOp({
  name: 'Mod',
  versions: [10, 13, 28],
  summary: 'the remainder of a division',
  doc: 'With the sign of the divisor, or with `fmod` set that of the dividend.',
  operands: ab,
  attrs: { fmod: defaultAttr(int, 0) },
  expand: (v, { b }) => [b.value(v.fmod === 0 ? nn.mod : nn.rem, { lhs: v.A, rhs: v.B })],
});

const isNaN = defineOnnxOp({
  name: 'IsNaN',
  versions: [9, 13, 20],
  summary: nn.isNan.summary,
  operands: x,
  expand: (v, { b }) => [b.value(nn.isNan, { input: v.X })],
});
const isInf = defineOnnxOp({
  name: 'IsInf',
  versions: [10, 20],
  summary: nn.isInf.summary,
  operands: x,
  attrs: { detect_negative: defaultAttr(int, 1), detect_positive: defaultAttr(int, 1) },
  expand: (v, { b }) => [
    b.value(nn.isInf, {
      input: v.X,
      positive: v.detect_positive !== 0,
      negative: v.detect_negative !== 0,
    }),
  ],
});

const castLike = defineOnnxOp({
  name: 'CastLike',
  versions: [15, 19, 21, 23, 24, 25],
  summary: 'elements converted to the type of another tensor',
  operands: { input: one(modelTensor), target_type: one(modelTensor) },
  attrs: {
    saturate: defaultAttr(int, 1, 'since 19'),
    round_mode: optionalAttr(text, 'since 24'),
  },
  expand: (v, { b }) => {
    const to = typeOf(v.target_type).element;
    return [
      typeOf(v.input).element === to
        ? v.input
        : b.value(nn.cast, {
            input: v.input,
            to,
            saturate: v.saturate !== 0,
            rounding: nn.roundingNamed(v.round_mode),
          }),
    ];
  },
});
const bitCast = defineOnnxOp({
  name: 'BitCast',
  versions: [26],
  summary: nn.bitcast.summary,
  operands: x,
  attrs: { to: attr(int, 'the number of the new element type') },
  expand: (v, { b }) => {
    const to = elementTypeOfOnnx(v.to);
    if (to === undefined) throw new NotSupported(`a cast to element type number ${v.to}`);
    return [b.value(nn.bitcast, { input: v.X, to })];
  },
});

const size = defineOnnxOp({
  name: 'Size',
  versions: [1, 13, 19, 21, 23, 24, 25],
  summary: 'the number of elements',
  operands: { data: one(modelTensor) },
  expand: (v, e) => {
    const { shape } = typeOf(v.data);
    if (!shape.includes(DYNAMIC))
      return [constantTensor(e, [BigInt(shape.reduce((p, d) => p * d, 1))], tensor([], i64))];
    const sizes = e.b.value(nn.shapeOf, { input: v.data });
    return [e.b.value(nn.reduceProd, { input: sizes, axes: [0], keepdims: false })];
  },
});

const celu = defineOnnxOp({
  name: 'Celu',
  versions: [12],
  summary: '`max(x, 0) + min(alpha · (exp(x / alpha) - 1), 0)`',
  operands: x,
  attrs: { alpha: defaultAttr(number32, 1) },
  expand: (v, e) => {
    const c = calculator(e);
    const curve = c.mul(c.sub(c.exp(c.div(v.X, v.alpha)), 1), v.alpha);
    return [c.add(c.max(v.X, 0), c.min(curve, 0))];
  },
});
const thresholdedRelu = defineOnnxOp({
  name: 'ThresholdedRelu',
  versions: [10, 22],
  summary: '`x` where it is above `alpha`, zero elsewhere',
  operands: x,
  attrs: { alpha: defaultAttr(number32, 1) },
  expand: (v, e) => {
    const c = calculator(e);
    return [c.select(c.compare(v.X, 'gt', v.alpha), v.X, 0)];
  },
});
const shrink = defineOnnxOp({
  name: 'Shrink',
  versions: [9],
  summary: '`x + bias` below `-lambd`, `x - bias` above `lambd`, zero between',
  operands: x,
  attrs: { bias: defaultAttr(number32, 0), lambd: defaultAttr(number32, 0.5) },
  expand: (v, e) => {
    const c = calculator(e);
    const below = c.select(c.compare(v.X, 'lt', -v.lambd), c.add(v.X, v.bias), 0);
    return [c.select(c.compare(v.X, 'gt', v.lambd), c.sub(v.X, v.bias), below)];
  },
});
const swish = defineOnnxOp({
  name: 'Swish',
  versions: [24],
  summary: '`x · sigmoid(alpha · x)`',
  operands: x,
  attrs: { alpha: defaultAttr(number32, 1) },
  expand: (v, e) => {
    const c = calculator(e);
    return [c.mul(v.X, c.sigmoid(c.mul(v.X, v.alpha)))];
  },
});
export const logicOps = [
  bits('And', [7], 'and', 'whether both hold'),
  bits('Or', [7], 'or', 'whether one or both hold'),
  bits('Xor', [7], 'xor', 'whether exactly one holds'),
  bits('BitwiseAnd', [18], 'and', 'the bits that both have'),
  bits('BitwiseOr', [18], 'or', 'the bits that one or both have'),
  bits('BitwiseXor', [18], 'xor', 'the bits that exactly one has'),
  inverted('Not', [1], 'the opposite of each truth value'),
  inverted('BitwiseNot', [18], 'each bit inverted'),
  bitShift,
  modulo,
  isNaN,
  isInf,
  castLike,
  bitCast,
  size,
  celu,
  thresholdedRelu,
  shrink,
  swish,
];
