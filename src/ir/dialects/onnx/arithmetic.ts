/** ONNX operators on single elements. */
import { int, number32, text } from '../../constraints';
import type { TypedOpDefinition, ValueSpec } from '../../opDefinition';
import { InferenceError, attr, defaultAttr, one, optional, optionalAttr, variadic } from '../../opDefinition';
import type { Value } from '../../operation';
import * as nn from '../nn';
import { numbersIn } from '../nn/tensors';
import { DYNAMIC, f64, i1, tensor } from '../../types';
import { constantTensor, scalarLike, typeOf } from './build';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';
import { elementTypeOfOnnx } from './elementTypes';

const x = { X: one(modelTensor) };
const ab = { A: one(modelTensor), B: one(modelTensor) };

type UnaryOp = TypedOpDefinition<
  { input: ValueSpec<'one'> },
  Record<never, never>,
  { output: ValueSpec<'one'> }
>;
type BinaryOp = TypedOpDefinition<
  { lhs: ValueSpec<'one'>; rhs: ValueSpec<'one'> },
  Record<never, never>,
  { output: ValueSpec<'one'> }
>;

const unary = (name: string, versions: readonly number[], op: UnaryOp) =>
  defineOnnxOp({
    name,
    versions,
    summary: op.summary,
    operands: x,
    expand: (v, { b }) => [b.value(op, { input: v.X })],
  });
const binary = (name: string, versions: readonly number[], op: BinaryOp) =>
  defineOnnxOp({
    name,
    versions,
    summary: op.summary,
    doc: 'Operands broadcast as in NumPy.',
    operands: ab,
    expand: (v, { b }) => [b.value(op, { lhs: v.A, rhs: v.B })],
  });
/** Any number of operands, combined from left to right. */
const folding = (name: string, versions: readonly number[], summary: string, op: BinaryOp) =>
  defineOnnxOp({
    name,
    versions,
    summary,
    operands: { inputs: variadic(modelTensor) },
    expand: ({ inputs }, { b }) => {
      if (inputs.length === 0) throw new InferenceError('at least one input is needed');
      return [inputs.reduce((lhs, rhs) => b.value(op, { lhs, rhs }))];
    },
  });

const power = defineOnnxOp({
  name: 'Pow',
  versions: [7, 12, 13, 15],
  summary: nn.pow.summary,
  doc: 'Operands broadcast as in NumPy; the result has the type of the base.',
  operands: ab,
  expand: (v, { b }) => {
    const [base, exponent] = [typeOf(v.A).element, typeOf(v.B).element];
    if (base === exponent) return [b.value(nn.pow, { lhs: v.A, rhs: v.B })];
    const as = (input: Value, to: typeof base): Value =>
      typeOf(input).element === to ? input : b.value(nn.cast, { input, to });
    const common = base.kind === 'float' ? base : exponent.kind === 'float' ? f64 : base;
    return [as(b.value(nn.pow, { lhs: as(v.A, common), rhs: as(v.B, common) }), base)];
  },
});

const mean = defineOnnxOp({
  name: 'Mean',
  versions: [6, 8, 13],
  summary: 'the mean of tensors, element by element',
  operands: { inputs: variadic(modelTensor) },
  expand: ({ inputs }, e) => {
    if (inputs.length === 0) throw new InferenceError('at least one input is needed');
    const sum = inputs.reduce((lhs, rhs) => e.b.value(nn.add, { lhs, rhs }));
    return [e.b.value(nn.div, { lhs: sum, rhs: scalarLike(e, sum, inputs.length) })];
  },
});

const comparison = (name: string, versions: readonly number[], predicate: 'eq' | 'lt' | 'le' | 'gt' | 'ge') =>
  defineOnnxOp({
    name,
    versions,
    summary: `whether A ${predicate} B, element by element`,
    operands: ab,
    expand: (v, { b }) => [b.value(nn.compare, { lhs: v.A, rhs: v.B, predicate })],
  });

const where = defineOnnxOp({
  name: 'Where',
  versions: [9, 16],
  summary: 'elements of X where the condition holds, of Y where it does not',
  operands: { condition: one(modelTensor), X: one(modelTensor), Y: one(modelTensor) },
  expand: (v, { b }) => [b.value(nn.select, { condition: v.condition, on_true: v.X, on_false: v.Y })],
});

const limits = { min: -Infinity, max: Infinity };
const clip = defineOnnxOp({
  name: 'Clip',
  versions: [6, 11, 12, 13],
  summary: 'each element limited to a range',
  doc: 'Up to version 6 the bounds are attributes, since 11 optional inputs.',
  operands: {
    input: one(modelTensor),
    lower: optional(modelTensor, 'a scalar; since 11'),
    upper: optional(modelTensor, 'a scalar; since 11'),
  },
  attrs: { min: optionalAttr(number32, 'up to 6'), max: optionalAttr(number32, 'up to 6') },
  expand: (v, e) => {
    if (v.version < 11)
      return [
        e.b.value(nn.clip, {
          input: v.input,
          min: v.min ?? -3.4028234663852886e38,
          max: v.max ?? 3.4028234663852886e38,
        }),
      ];
    const bound = (value: Value | undefined, absent: number): number | undefined => {
      if (value === undefined) return absent;
      const t = e.constant(value);
      return t === undefined ? undefined : numbersIn(t)[0];
    };
    const [min, max] = [bound(v.lower, limits.min), bound(v.upper, limits.max)];
    const isFloat = typeOf(v.input).element.kind === 'float';
    if (isFloat && min !== undefined && max !== undefined && min <= max)
      return [e.b.value(nn.clip, { input: v.input, min, max })];
    let result = v.input;
    if (v.lower !== undefined) result = e.b.value(nn.max, { lhs: result, rhs: v.lower });
    if (v.upper !== undefined) result = e.b.value(nn.min, { lhs: result, rhs: v.upper });
    return [result];
  },
});

/** `a · x + b`, limited to 0 … 1. */
function hardSigmoidOf(e: Expansion, input: Value, alpha: number, beta: number): Value {
  const scaled = e.b.value(nn.mul, { lhs: input, rhs: scalarLike(e, input, alpha) });
  const shifted = e.b.value(nn.add, { lhs: scaled, rhs: scalarLike(e, input, beta) });
  return e.b.value(nn.clip, { input: shifted, min: 0, max: 1 });
}
const hardSigmoid = defineOnnxOp({
  name: 'HardSigmoid',
  versions: [6, 22],
  summary: '`min(max(alpha · x + beta, 0), 1)`',
  operands: x,
  attrs: { alpha: defaultAttr(number32, 0.2), beta: defaultAttr(number32, 0.5) },
  expand: (v, e) => [hardSigmoidOf(e, v.X, v.alpha, v.beta)],
});
const hardSwish = defineOnnxOp({
  name: 'HardSwish',
  versions: [14, 22],
  summary: '`x · min(max(x / 6 + 0.5, 0), 1)`',
  operands: x,
  expand: (v, e) => [e.b.value(nn.mul, { lhs: v.X, rhs: hardSigmoidOf(e, v.X, 1 / 6, 0.5) })],
});
const leakyRelu = defineOnnxOp({
  name: 'LeakyRelu',
  versions: [6, 16],
  summary: '`x` where it is positive, `alpha · x` elsewhere',
  operands: x,
  attrs: { alpha: defaultAttr(number32, 0.01) },
  expand: (v, e) => {
    const slope = e.b.value(nn.mul, { lhs: v.X, rhs: scalarLike(e, v.X, v.alpha) });
    return [e.b.value(v.alpha <= 1 ? nn.max : nn.min, { lhs: v.X, rhs: slope })];
  },
});
const pRelu = defineOnnxOp({
  name: 'PRelu',
  versions: [7, 9, 16],
  summary: '`x` where it is positive, `slope · x` elsewhere',
  operands: { X: one(modelTensor), slope: one(modelTensor) },
  expand: (v, e) => {
    const zero = scalarLike(e, v.X, 0);
    const negative = e.b.value(nn.min, { lhs: v.X, rhs: zero });
    return [
      e.b.value(nn.add, {
        lhs: e.b.value(nn.relu, { input: v.X }),
        rhs: e.b.value(nn.mul, { lhs: negative, rhs: v.slope }),
      }),
    ];
  },
});

const cast = defineOnnxOp({
  name: 'Cast',
  versions: [6, 9, 13, 19, 21, 23, 24, 25],
  summary: 'elements converted to another type',
  operands: x,
  attrs: {
    to: attr(int, 'the number of the new element type'),
    saturate: defaultAttr(int, 1, 'since 19'),
    round_mode: optionalAttr(text, 'since 24'),
  },
  expand: (v, { b }) => {
    const to = elementTypeOfOnnx(v.to);
    if (to === undefined) throw new NotSupported(`a cast to element type number ${v.to}`);
    return [
      typeOf(v.X).element === to
        ? v.X
        : b.value(nn.cast, {
            input: v.X,
            to,
            saturate: v.saturate !== 0,
            rounding: nn.roundingNamed(v.round_mode),
          }),
    ];
  },
});
const identity = defineOnnxOp({
  name: 'Identity',
  versions: [1, 13, 14, 16, 19, 21, 23, 24, 25],
  summary: 'the input',
  operands: x,
  expand: (v) => [v.X],
});
const dropout = defineOnnxOp({
  name: 'Dropout',
  versions: [7, 10, 12, 13, 22],
  summary: 'the input: at inference nothing is dropped',
  operands: {
    data: one(modelTensor),
    ratio_input: optional(modelTensor, 'since 12'),
    training_mode: optional(modelTensor, 'since 12'),
  },
  attrs: { ratio: optionalAttr(number32, 'before 12'), seed: optionalAttr(int) },
  expand: (v, e) => {
    const trains = v.training_mode !== undefined && (e.constant(v.training_mode)?.data[0] ?? 1) !== 0;
    const ratio = v.ratio_input === undefined ? 0.5 : (e.constant(v.ratio_input)?.data[0] ?? 0.5);
    if (trains && ratio !== 0) throw new NotSupported('a dropout that drops (training_mode)');
    if (e.outputs < 2) return [v.data];
    const { shape } = typeOf(v.data);
    if (v.version < 10 || shape.includes(DYNAMIC)) throw new NotSupported('the mask of a dropout');
    return [v.data, constantTensor(e, [1], tensor(shape, i1))];
  },
});

export const arithmeticOps = [
  unary('Relu', [6, 13, 14], nn.relu),
  unary('Sigmoid', [6, 13], nn.sigmoid),
  unary('Tanh', [6, 13], nn.tanh),
  unary('Exp', [6, 13], nn.exp),
  unary('Log', [6, 13], nn.log),
  unary('Sqrt', [6, 13], nn.sqrt),
  unary('Neg', [6, 13], nn.neg),
  unary('Abs', [6, 13], nn.abs),
  unary('Reciprocal', [6, 13], nn.reciprocal),
  unary('Floor', [6, 13], nn.floor),
  unary('Ceil', [6, 13], nn.ceil),
  unary('Round', [11, 22], nn.round),
  unary('Erf', [9, 13], nn.erfOp),
  unary('Sin', [7, 22], nn.sin),
  unary('Cos', [7, 22], nn.cos),
  unary('Tan', [7, 22], nn.tan),
  unary('Asin', [7, 22], nn.asin),
  unary('Acos', [7, 22], nn.acos),
  unary('Atan', [7, 22], nn.atan),
  unary('Sinh', [9, 22], nn.sinh),
  unary('Cosh', [9, 22], nn.cosh),
  unary('Asinh', [9, 22], nn.asinh),
  unary('Acosh', [9, 22], nn.acosh),
  unary('Atanh', [9, 22], nn.atanh),
  unary('Sign', [9, 13], nn.sign),
  binary('Add', [7, 13, 14], nn.add),
  binary('Sub', [7, 13, 14], nn.sub),
  binary('Mul', [7, 13, 14], nn.mul),
  binary('Div', [7, 13, 14], nn.div),
  power,
  folding('Sum', [6, 8, 13], 'the sum of tensors, element by element', nn.add),
  folding('Max', [6, 8, 12, 13], 'the largest of tensors, element by element', nn.max),
  folding('Min', [6, 8, 12, 13], 'the smallest of tensors, element by element', nn.min),
  mean,
  comparison('Equal', [7, 11, 13, 19], 'eq'),
  comparison('Less', [7, 9, 13], 'lt'),
  comparison('LessOrEqual', [12, 16], 'le'),
  comparison('Greater', [7, 9, 13], 'gt'),
  comparison('GreaterOrEqual', [12, 16], 'ge'),
  where,
  clip,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  pRelu,
  cast,
  identity,
  dropout,
];
