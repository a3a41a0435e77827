/** `math`: elementary functions on scalars, vectors and tensors. Upstream dialect. */
import { floatLike, integerLike } from '../constraints';
import { defaultAttr, defineOp, one } from '../opDefinition';
import type { Dialect } from '../registry';
import {
  elementwiseWork,
  fastmathFlags,
  fastmathFormat,
  floatKernel,
  integerKernel,
  resultElement,
} from './elementwise';
import { erf as erfOf, roundHalfAway, roundHalfEven } from './mathFunctions';

const unary = (name: string, summary: string, apply: (a: number) => number) =>
  defineOp({
    name: `math.${name}`,
    summary,
    operands: { operand: one(floatLike) },
    attrs: { fastmath: defaultAttr(fastmathFlags, []) },
    results: { result: one(floatLike) },
    traits: ['pure', 'elementwise', 'sameType'],
    assembly: `$operand ${fastmathFormat} attr-dict \`:\` type($result)`,
    scalar: ({ op }) => floatKernel(resultElement(op), apply),
    work: ({ op }) => elementwiseWork(op, 1),
  });
const binary = (name: string, summary: string, apply: (a: number, b: number) => number) =>
  defineOp({
    name: `math.${name}`,
    summary,
    operands: { lhs: one(floatLike), rhs: one(floatLike) },
    attrs: { fastmath: defaultAttr(fastmathFlags, []) },
    results: { result: one(floatLike) },
    traits: ['pure', 'elementwise', 'sameType'],
    assembly: `$lhs \`,\` $rhs ${fastmathFormat} attr-dict \`:\` type($result)`,
    scalar: ({ op }) => floatKernel(resultElement(op), apply),
    work: ({ op }) => elementwiseWork(op, 1),
  });

export const exp = unary('exp', 'e to the power of the operand', Math.exp);
export const exp2 = unary('exp2', '2 to the power of the operand', (a) => 2 ** a);
export const expm1 = unary('expm1', 'e to the power of the operand, minus 1', Math.expm1);
export const log = unary('log', 'natural logarithm', Math.log);
export const log2 = unary('log2', 'logarithm to base 2', Math.log2);
export const log10 = unary('log10', 'logarithm to base 10', Math.log10);
export const log1p = unary('log1p', 'natural logarithm of the operand plus 1', Math.log1p);
export const sqrt = unary('sqrt', 'square root', Math.sqrt);
export const rsqrt = unary('rsqrt', 'reciprocal of the square root', (a) => 1 / Math.sqrt(a));
export const cbrt = unary('cbrt', 'cube root', Math.cbrt);
export const sin = unary('sin', 'sine', Math.sin);
export const cos = unary('cos', 'cosine', Math.cos);
export const tan = unary('tan', 'tangent', Math.tan);
export const asin = unary('asin', 'inverse sine', Math.asin);
export const acos = unary('acos', 'inverse cosine', Math.acos);
export const atan = unary('atan', 'inverse tangent', Math.atan);
export const sinh = unary('sinh', 'hyperbolic sine', Math.sinh);
export const cosh = unary('cosh', 'hyperbolic cosine', Math.cosh);
export const tanh = unary('tanh', 'hyperbolic tangent', Math.tanh);
export const asinh = unary('asinh', 'inverse hyperbolic sine', Math.asinh);
export const acosh = unary('acosh', 'inverse hyperbolic cosine', Math.acosh);
export const atanh = unary('atanh', 'inverse hyperbolic tangent', Math.atanh);
export const erf = unary('erf', 'error function', erfOf);
export const absf = unary('absf', 'absolute value of a float', Math.abs);
export const ceil = unary('ceil', 'the next integer at or above', Math.ceil);
export const floor = unary('floor', 'the next integer at or below', Math.floor);
export const round = unary('round', 'the nearest integer, halves away from zero', roundHalfAway);
export const roundeven = unary('roundeven', 'the nearest integer, halves to even', roundHalfEven);
export const trunc = unary('trunc', 'the integer part', Math.trunc);

export const powf = binary('powf', 'a float to the power of a float', Math.pow);
export const atan2 = binary('atan2', 'angle of the point (rhs, lhs)', Math.atan2);
export const copysign = binary('copysign', 'the magnitude of lhs with the sign of rhs', (a, b) =>
  b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a),
);

export const fpowi = defineOp({
  name: 'math.fpowi',
  summary: 'a float to the power of a signed integer',
  operands: { lhs: one(floatLike), rhs: one(integerLike) },
  attrs: { fastmath: defaultAttr(fastmathFlags, []) },
  results: { result: one(floatLike) },
  traits: ['pure', 'elementwise'],
  assembly: `$lhs \`,\` $rhs ${fastmathFormat} attr-dict \`:\` type($lhs) \`,\` type($rhs)`,
  infer: ({ types }) => [types.lhs],
  scalar: ({ op }) => floatKernel(resultElement(op), (a, b) => Math.pow(a, Number(b))),
  work: ({ op }) => elementwiseWork(op, 1),
});
export const fma = defineOp({
  name: 'math.fma',
  summary: 'a times b plus c, rounded once',
  doc: 'The interpreter computes product and sum in double precision and rounds to the type: exact for types up to f32 but for rare double rounding, one rounding more for f64.',
  operands: { a: one(floatLike), b: one(floatLike), c: one(floatLike) },
  attrs: { fastmath: defaultAttr(fastmathFlags, []) },
  results: { result: one(floatLike) },
  traits: ['pure', 'elementwise', 'sameType'],
  assembly: `$a \`,\` $b \`,\` $c ${fastmathFormat} attr-dict \`:\` type($result)`,
  scalar: ({ op }) =>
    floatKernel(
      resultElement(op),
      (a, b, c) => a * b + c,
      (o, i, n, a, b, c) => {
        for (; i < n; i++) o[i] = a[i]! * b[i]! + c[i]!;
      },
    ),
  work: ({ op }) => elementwiseWork(op, 2),
});
export const absi = defineOp({
  name: 'math.absi',
  summary: 'absolute value of a signed integer',
  operands: { operand: one(integerLike) },
  results: { result: one(integerLike) },
  traits: ['pure', 'elementwise', 'sameType'],
  assembly: '$operand attr-dict `:` type($result)',
  scalar: ({ op }) =>
    integerKernel(resultElement(op), { number: (a) => Math.abs(a), big: (a) => (a < 0n ? -a : a) }),
  work: ({ op }) => elementwiseWork(op, 1),
});

export const mathDialect: Dialect = {
  name: 'math',
  summary: 'Elementary functions on scalars, vectors and tensors.',
  ops: [
    exp,
    exp2,
    expm1,
    log,
    log2,
    log10,
    log1p,
    sqrt,
    rsqrt,
    cbrt,
    sin,
    cos,
    tan,
    asin,
    acos,
    atan,
    sinh,
    cosh,
    tanh,
    asinh,
    acosh,
    atanh,
    erf,
    absf,
    ceil,
    floor,
    round,
    roundeven,
    trunc,
    powf,
    atan2,
    copysign,
    fpowi,
    fma,
    absi,
  ],
  upstream: true,
};
