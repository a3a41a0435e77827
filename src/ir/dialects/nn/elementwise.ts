/** Elementwise `nn` ops: unary functions, arithmetic with NumPy broadcasting, clip, cast and select. */
import { anyTensor, bool, floatTensor, number32, oneOf, typeOf } from '../../constraints';
import type { TensorValue } from '../../interpreter/runtimeValue';
import { rounderOf } from '../../interpreter/storage';
import { InferenceError, attr, defaultAttr, defineOp, one } from '../../opDefinition';
import type { FloatType, TensorType, Type } from '../../types';
import { i1, tensor } from '../../types';
import { saturationOf } from './casts';
import { asTensor, broadcastShapes } from './shapes';
import { broadcastStrides, countOf, isBig, newElements, tensorOf, tensorValue, walkStrided } from './tensors';
import { perResult } from './work';

type Real = (x: number) => number;

/** A function of each element. Rank and sizes stay. */
export const defineUnary = (
  name: string,
  summary: string,
  f: Real,
  options: { readonly doc?: string; readonly flops?: number; readonly big?: (x: bigint) => bigint } = {},
) =>
  defineOp({
    name: `nn.${name}`,
    summary,
    ...(options.doc === undefined ? {} : { doc: options.doc }),
    operands: { input: one(options.big === undefined ? floatTensor : anyTensor) },
    results: { output: one(anyTensor) },
    traits: ['pure', 'elementwise', 'sameType'],
    evaluate: ({ input }, context) => {
      const x = tensorOf(context, input);
      const data = newElements(x.element, x.data.length);
      const from = x.data;
      if (isBig(from)) {
        if (options.big === undefined) throw new TypeError(`nn.${name} takes floats`);
        for (let i = 0; i < from.length; i++) data[i] = options.big(from[i]!);
      } else for (let i = 0; i < from.length; i++) data[i] = f(from[i]!);
      return [tensorValue(x.shape, x.element, data)];
    },
    work: ({ op }) => perResult(op, options.flops ?? 1),
  });

/** Error function, to double precision (W. J. Cody, 1969, by series and continued fraction). */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return NaN;
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && n < 200; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 80; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

export const relu = defineUnary('relu', 'the larger of each element and zero', (x) => (x < 0 ? 0 : x), {
  big: (x) => (x < 0n ? 0n : x),
});
export const neg = defineUnary('neg', 'the negative of each element', (x) => -x, { big: (x) => -x });
export const abs = defineUnary('abs', 'the magnitude of each element', Math.abs, {
  big: (x) => (x < 0n ? -x : x),
});
export const exp = defineUnary('exp', 'e to the power of each element', Math.exp);
export const log = defineUnary('log', 'the natural logarithm of each element', Math.log);
export const sqrt = defineUnary('sqrt', 'the square root of each element', Math.sqrt);
export const reciprocal = defineUnary('reciprocal', 'one over each element', (x) => 1 / x);
export const tanh = defineUnary('tanh', 'the hyperbolic tangent of each element', Math.tanh);
export const sigmoid = defineUnary(
  'sigmoid',
  'the logistic function 1 / (1 + exp(-x)) of each element',
  (x) => 1 / (1 + Math.exp(-x)),
  { flops: 4 },
);
export const erfOp = defineUnary('erf', 'the error function of each element', erf);
export const floor = defineUnary('floor', 'each element rounded down', Math.floor);
export const ceil = defineUnary('ceil', 'each element rounded up', Math.ceil);
export const round = defineUnary(
  'round',
  'each element rounded to the nearest integer, halves to even',
  (x) => {
    const r = Math.round(x);
    return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
  },
);
export const sin = defineUnary('sin', 'the sine of each element', Math.sin);
export const cos = defineUnary('cos', 'the cosine of each element', Math.cos);

function elementsAgree(a: Type, b: Type): readonly [TensorType, TensorType] {
  const [x, y] = [asTensor(a, 'lhs'), asTensor(b, 'rhs')];
  if (x.element !== y.element)
    throw new InferenceError(`lhs has elements of type ${x.element.text}, rhs of ${y.element.text}`);
  return [x, y];
}

/** Applies `f` over the broadcast of two tensors. */
function zip(
  x: TensorValue,
  y: TensorValue,
  element: Type,
  f: (a: number, b: number) => number,
  big: (a: bigint, b: bigint) => bigint | number,
): TensorValue {
  const shape = broadcastShapes([x.shape, y.shape]);
  const data = newElements(element, countOf(shape));
  const [a, b] = [x.data, y.data];
  if (isBig(a) && isBig(b)) {
    const exact = isBig(data) ? (v: bigint | number) => BigInt(v) : (v: bigint | number) => Number(v);
    walkStrided(
      shape,
      [broadcastStrides(x.shape, shape), broadcastStrides(y.shape, shape)],
      [0, 0],
      (to, at) => {
        data[to] = exact(big(a[at[0]!]!, b[at[1]!]!));
      },
    );
  } else if (x.data.length === data.length && y.data.length === data.length) {
    for (let i = 0; i < data.length; i++) data[i] = f(a[i] as number, b[i] as number);
  } else {
    walkStrided(
      shape,
      [broadcastStrides(x.shape, shape), broadcastStrides(y.shape, shape)],
      [0, 0],
      (to, at) => {
        data[to] = f(a[at[0]!] as number, b[at[1]!] as number);
      },
    );
  }
  return tensorValue(shape, element, data);
}

interface BinaryOptions {
  readonly doc?: string;
  readonly commutative?: boolean;
  readonly integer?: (a: number, b: number) => number;
}
export const defineBinary = (
  name: string,
  summary: string,
  f: (a: number, b: number) => number,
  big: (a: bigint, b: bigint) => bigint,
  options: BinaryOptions = {},
) =>
  defineOp({
    name: `nn.${name}`,
    summary,
    doc: `${options.doc ?? ''}Operands broadcast as in NumPy: shapes are aligned at their last axis and sizes of 1 repeat.`,
    operands: { lhs: one(anyTensor), rhs: one(anyTensor) },
    results: { output: one(anyTensor) },
    traits: options.commutative === true ? ['pure', 'commutative'] : ['pure'],
    infer: ({ types }) => {
      const [x, y] = elementsAgree(types.lhs, types.rhs);
      return [tensor(broadcastShapes([x.shape, y.shape]), x.element)];
    },
    evaluate: ({ lhs, rhs }, context) => {
      const [x, y] = [tensorOf(context, lhs), tensorOf(context, rhs)];
      const g = x.element.kind === 'float' ? f : (options.integer ?? f);
      return [zip(x, y, x.element, g, big)];
    },
    work: ({ op }) => perResult(op, 1),
  });

const bigPower = (a: bigint, b: bigint): bigint =>
  b >= 0n ? a ** b : a === 1n ? 1n : a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n;
/** IEEE 754 minimum and maximum: NaN wins. */
const nanMin = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.min(a, b));
const nanMax = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.max(a, b));

export const add = defineBinary(
  'add',
  'the sum of two tensors',
  (a, b) => a + b,
  (a, b) => a + b,
  { commutative: true },
);
export const sub = defineBinary(
  'sub',
  'the difference of two tensors',
  (a, b) => a - b,
  (a, b) => a - b,
);
export const mul = defineBinary(
  'mul',
  'the product of two tensors, element by element',
  (a, b) => a * b,
  (a, b) => a * b,
  { commutative: true, integer: Math.imul },
);
export const div = defineBinary(
  'div',
  'the quotient of two tensors',
  (a, b) => a / b,
  (a, b) => (b === 0n ? 0n : a / b),
  {
    doc: 'Integers round towards zero; an integer divided by zero is zero. ',
    integer: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  },
);
export const max = defineBinary(
  'max',
  'the larger of two elements; NaN when one is',
  nanMax,
  (a, b) => (a > b ? a : b),
  { commutative: true },
);
export const min = defineBinary(
  'min',
  'the smaller of two elements; NaN when one is',
  nanMin,
  (a, b) => (a < b ? a : b),
  { commutative: true },
);
export const pow = defineBinary('pow', 'the first operand to the power of the second', Math.pow, bigPower);

const predicates = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const;
type Predicate = (typeof predicates)[number];
function holds(p: Predicate, a: number | bigint, b: number | bigint): number {
  switch (p) {
    case 'eq':
      return Number(a === b);
    case 'ne':
      return Number(a !== b);
    case 'lt':
      return Number(a < b);
    case 'le':
      return Number(a <= b);
    case 'gt':
      return Number(a > b);
    case 'ge':
      return Number(a >= b);
  }
}
export const compare = defineOp({
  name: 'nn.compare',
  summary: 'whether a relation holds between two elements',
  doc: 'Operands broadcast as in NumPy. Every relation with NaN but `ne` is false.',
  operands: { lhs: one(anyTensor), rhs: one(anyTensor) },
  attrs: { predicate: attr(oneOf(...predicates), 'the relation') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types }) => {
    const [x, y] = elementsAgree(types.lhs, types.rhs);
    return [tensor(broadcastShapes([x.shape, y.shape]), i1)];
  },
  evaluate: ({ lhs, rhs, predicate }, context) => {
    const f = (a: number | bigint, b: number | bigint): number => holds(predicate, a, b);
    return [zip(tensorOf(context, lhs), tensorOf(context, rhs), i1, f, f)];
  },
  work: ({ op }) => perResult(op, 1),
});

export const select = defineOp({
  name: 'nn.select',
  summary: 'elements of one of two tensors, by a condition',
  doc: 'All three operands broadcast as in NumPy.',
  operands: { condition: one(anyTensor), on_true: one(anyTensor), on_false: one(anyTensor) },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types }) => {
    const condition = asTensor(types.condition, 'condition');
    if (condition.element !== i1)
      throw new InferenceError(`condition must have elements of type i1, found ${condition.text}`);
    const [x, y] = elementsAgree(types.on_true, types.on_false);
    return [tensor(broadcastShapes([condition.shape, x.shape, y.shape]), x.element)];
  },
  evaluate: ({ condition, on_true, on_false }, context) => {
    const [c, x, y] = [tensorOf(context, condition), tensorOf(context, on_true), tensorOf(context, on_false)];
    const shape = broadcastShapes([c.shape, x.shape, y.shape]);
    const data = newElements(x.element, countOf(shape));
    walkStrided(
      shape,
      [c, x, y].map((t) => broadcastStrides(t.shape, shape)),
      [0, 0, 0],
      (to, at) => {
        data[to] = c.data[at[0]!] !== 0 ? x.data[at[1]!]! : y.data[at[2]!]!;
      },
    );
    return [{ kind: 'tensor', shape, element: x.element, data }];
  },
  work: ({ op }) => perResult(op, 1),
});

export const clip = defineOp({
  name: 'nn.clip',
  summary: 'each element limited to a range',
  doc: '`min(max(x, min), max)`. A bound that is infinite does not limit. NaN stays NaN.',
  operands: { input: one(anyTensor) },
  attrs: { min: attr(number32, 'the lower bound'), max: attr(number32, 'the upper bound') },
  results: { output: one(anyTensor) },
  traits: ['pure', 'elementwise', 'sameType'],
  verify: ({ min, max }) =>
    min <= max ? undefined : `the lower bound ${min} is above the upper bound ${max}`,
  evaluate: ({ input, min, max }, context) => {
    const x = tensorOf(context, input);
    const data = newElements(x.element, x.data.length);
    const from = x.data;
    if (isBig(from)) {
      for (let i = 0; i < from.length; i++)
        data[i] =
          from[i]! < min ? BigInt(Math.ceil(min)) : from[i]! > max ? BigInt(Math.floor(max)) : from[i]!;
    } else
      for (let i = 0; i < from.length; i++) data[i] = from[i]! < min ? min : from[i]! > max ? max : from[i]!;
    return [tensorValue(x.shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 2),
});

const roundings = ['nearest', 'up', 'down'] as const;
export type Rounding = (typeof roundings)[number];
/** A rounding by name; nearest when the name is absent or unknown. */
export const roundingNamed = (name: string | undefined): Rounding =>
  roundings.find((r) => r === name) ?? 'nearest';

/** What a float becomes before it is stored as `to`. */
function castFloat(to: FloatType, saturate: boolean, rounding: Rounding): Real {
  const top = saturationOf(to);
  if (top !== undefined && saturate) return (v) => (v > top ? top : v < -top ? -top : v);
  if (to.name === 'f4E2M1FN') return (v) => (Number.isNaN(v) ? 0 : v);
  if (to.name !== 'f8E8M0FNU') return (v) => v;
  return (v) => {
    if (saturate) {
      if (v >= 2 ** 127) return 2 ** 127;
      if (v <= 2 ** -127) return 2 ** -127;
    } else if (v === 0 || v > 2 ** 127 || v < 2 ** -127) return NaN;
    if (Number.isNaN(v)) return v;
    const low = 2 ** Math.floor(Math.log2(v));
    const up = rounding === 'up' ? v > low : rounding === 'down' ? false : v >= 1.5 * low;
    return up ? 2 * low : low;
  };
}

export const cast = defineOp({
  name: 'nn.cast',
  summary: 'elements converted to another type',
  doc: 'Floats to integers round towards zero; to `i1`, all but zero is true; integers keep their low bits. Floats beyond an 8-bit type become its largest value when it saturates, else infinity or NaN.',
  operands: { input: one(anyTensor) },
  attrs: {
    to: attr(typeOf, 'the new element type'),
    saturate: defaultAttr(bool, true, 'to 8-bit floats'),
    rounding: defaultAttr(oneOf(...roundings), 'nearest', 'to powers of two (`f8E8M0FNU`)'),
  },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => [tensor(asTensor(types.input, 'input').shape, attrs.to)],
  evaluate: ({ input, to, saturate, rounding }, context) => {
    const x = tensorOf(context, input);
    const data = newElements(to, x.data.length);
    const wide = isBig(data);
    const toFloat = to.kind === 'float' ? castFloat(to, saturate, rounding) : undefined;
    const wrap = wide || toFloat !== undefined ? undefined : rounderOf(to);
    for (let i = 0; i < data.length; i++) {
      const v = x.data[i]!;
      if (to === i1) data[i] = Number(v) !== 0 ? 1 : 0;
      else if (wide)
        data[i] = typeof v === 'bigint' ? v : Number.isFinite(v) ? BigInt(Math.trunc(v)) : -(2n ** 63n);
      else if (toFloat !== undefined) data[i] = toFloat(Number(v));
      else data[i] = wrap!(typeof v === 'bigint' ? Number(BigInt.asIntN(32, v)) : Math.trunc(v));
    }
    return [tensorValue(x.shape, to, data)];
  },
  work: ({ op }) => perResult(op, 0),
});

/** The unary and binary ops whose result at each position depends on their operands there alone. */
export const unaryOps = [
  relu,
  neg,
  abs,
  exp,
  log,
  sqrt,
  reciprocal,
  tanh,
  sigmoid,
  erfOp,
  floor,
  ceil,
  round,
  sin,
  cos,
] as const;
export const binaryOps = [add, sub, mul, div, max, min, pow] as const;
export const elementwiseOps = [...unaryOps, ...binaryOps, compare, select, clip, cast];
