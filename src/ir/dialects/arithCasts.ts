/** Casts of `arith`: between widths, and between integers, floats and index. */
import type { AttributeCodec } from '../constraints';
import { anyType, floatLike, integerLike, numberedEnum } from '../constraints';
import { decodeElements, encodeElements } from '../elements';
import type { Scalar, ScalarKernel } from '../interpreter/runtimeValue';
import { domainOf, rounderOf, toScalar, unsignedOf } from '../interpreter/storage';
import type { TypeConstraint } from '../constraints';
import { defaultAttr, defineOp, one, optionalAttr } from '../opDefinition';
import type { Operation } from '../operation';
import type { Type } from '../types';
import { bitWidth, elementOf, i32, isShaped, withElement } from '../types';
import { elementwiseWork, fastmathFlags, fastmathFormat, overflowFlags } from './elementwise';

/** From an element of `from` to one of `to`. */
type Conversion = (from: Type, to: Type) => ScalarKernel;
const kernelOf = (op: Operation, convert: Conversion): ScalarKernel =>
  convert(elementOf(op.operand(0).type), elementOf(op.result(0).type));

function shapeProblem(op: Operation): string | undefined {
  const [from, to] = [op.operand(0).type, op.result(0).type];
  if (isShaped(from) === isShaped(to) && withElement(from, elementOf(to)) === to) return undefined;
  return `casts ${from.text} to ${to.text}: the shapes differ`;
}
type WidthRule = 'wider' | 'narrower' | 'same' | undefined;
function castProblem(op: Operation, rule: WidthRule): string | undefined {
  const shape = shapeProblem(op);
  if (shape !== undefined || rule === undefined) return shape;
  const [from, to] = [elementOf(op.operand(0).type), elementOf(op.result(0).type)];
  const [a, b] = [bitWidth(from) ?? 0, bitWidth(to) ?? 0];
  const fits = rule === 'wider' ? b > a : rule === 'narrower' ? b < a : a === b;
  return fits
    ? undefined
    : `the result must be ${rule === 'same' ? 'as wide as' : `${rule} than`} ${from.text}, found ${to.text}`;
}

const plainCast = (
  name: string,
  summary: string,
  from: TypeConstraint,
  to: TypeConstraint,
  convert: Conversion,
  rule?: WidthRule,
) =>
  defineOp({
    name: `arith.${name}`,
    summary,
    operands: { in: one(from) },
    results: { out: one(to) },
    traits: ['pure', 'elementwise'],
    assembly: '$in attr-dict `:` type($in) `to` type($out)',
    verify: ({ op }) => castProblem(op, rule),
    scalar: ({ op }) => kernelOf(op, convert),
    work: ({ op }) => elementwiseWork(op, 0),
  });

const roundTo: Conversion = (_, to) => ({ apply: rounderOf(to) });
const signed = (type: Type): ((v: Scalar) => Scalar) =>
  bitWidth(type) === 1 ? (v) => (v === 0 ? 0 : -1) : (v) => v;
const unsigned = (type: Type): ((v: Scalar) => Scalar) => {
  const width = bitWidth(type)!;
  if (domainOf(type) === 'big') return (v) => BigInt.asUintN(width, v as bigint);
  return unsignedOf(type) as (v: Scalar) => Scalar;
};
const integerToInteger =
  (read: typeof signed): Conversion =>
  (from, to) => {
    const source = read(from);
    if (domainOf(to) === 'index') return { apply: (v: Scalar) => Number(source(v)) };
    return { apply: (v: Scalar) => toScalar(to, source(v)) };
  };
const integerToFloat =
  (read: typeof signed): Conversion =>
  (from, to) => {
    const source = read(from);
    const round = rounderOf(to);
    return { apply: (v: Scalar) => round(Number(source(v))) };
  };
const floatToInteger: Conversion = (_, to) => ({
  apply: (v: number) => (Number.isFinite(v) ? toScalar(to, Math.trunc(v)) : toScalar(to, 0)),
});
const sameBits: Conversion = (from, to) => ({
  apply: (v: Scalar) => toScalar(to, decodeElements(to, encodeElements(from, [v]))[0]!),
});

export const extf = defineOp({
  name: 'arith.extf',
  summary: 'a float in a wider type',
  operands: { in: one(floatLike) },
  attrs: { fastmath: optionalAttr(fastmathFlags) },
  results: { out: one(floatLike) },
  traits: ['pure', 'elementwise'],
  assembly: `$in ${fastmathFormat} attr-dict \`:\` type($in) \`to\` type($out)`,
  verify: ({ op }) => castProblem(op, 'wider'),
  scalar: ({ op }) => kernelOf(op, roundTo),
  work: ({ op }) => elementwiseWork(op, 0),
});
const roundingModes: AttributeCodec<string> = numberedEnum(
  ['to_nearest_even', 'downward', 'upward', 'toward_zero', 'to_nearest_away'] as const,
  i32,
);
export const truncf = defineOp({
  name: 'arith.truncf',
  summary: 'a float rounded to a narrower type, to nearest even',
  operands: { in: one(floatLike) },
  attrs: { roundingmode: optionalAttr(roundingModes), fastmath: optionalAttr(fastmathFlags) },
  results: { out: one(floatLike) },
  traits: ['pure', 'elementwise'],
  assembly: `$in ($roundingmode^)? ${fastmathFormat} attr-dict \`:\` type($in) \`to\` type($out)`,
  verify: ({ op, roundingmode }) =>
    roundingmode !== undefined && roundingmode !== 'to_nearest_even'
      ? `rounding ${roundingmode} is not supported`
      : castProblem(op, 'narrower'),
  scalar: ({ op }) => kernelOf(op, roundTo),
  work: ({ op }) => elementwiseWork(op, 0),
});
export const trunci = defineOp({
  name: 'arith.trunci',
  summary: 'the low bits of an integer',
  operands: { in: one(integerLike) },
  attrs: { overflowFlags: defaultAttr(overflowFlags, []) },
  results: { out: one(integerLike) },
  traits: ['pure', 'elementwise'],
  assembly: '$in (`overflow` `` $overflowFlags^)? attr-dict `:` type($in) `to` type($out)',
  verify: ({ op }) => castProblem(op, 'narrower'),
  scalar: ({ op }) => kernelOf(op, integerToInteger(signed)),
  work: ({ op }) => elementwiseWork(op, 0),
});
export const extui = plainCast(
  'extui',
  'an integer in a wider type, filled with zeros',
  integerLike,
  integerLike,
  integerToInteger(unsigned),
  'wider',
);
export const uitofp = plainCast(
  'uitofp',
  'an unsigned integer as a float',
  integerLike,
  floatLike,
  integerToFloat(unsigned),
);
export const extsi = plainCast(
  'extsi',
  'an integer in a wider type, its sign kept',
  integerLike,
  integerLike,
  integerToInteger(signed),
  'wider',
);
export const sitofp = plainCast(
  'sitofp',
  'a signed integer as a float',
  integerLike,
  floatLike,
  integerToFloat(signed),
);
export const fptosi = plainCast(
  'fptosi',
  'a float rounded towards zero to a signed integer',
  floatLike,
  integerLike,
  floatToInteger,
);
export const fptoui = plainCast(
  'fptoui',
  'a float rounded towards zero to an unsigned integer',
  floatLike,
  integerLike,
  floatToInteger,
);
export const indexCast = plainCast(
  'index_cast',
  'between index and integers, the sign kept',
  integerLike,
  integerLike,
  integerToInteger(signed),
);
export const indexCastUi = plainCast(
  'index_castui',
  'between index and integers, filled with zeros',
  integerLike,
  integerLike,
  integerToInteger(unsigned),
);
export const bitcast = plainCast(
  'bitcast',
  'the same bits as another type',
  anyType,
  anyType,
  sameBits,
  'same',
);

export const all = [
  extf,
  truncf,
  trunci,
  extui,
  uitofp,
  extsi,
  sitofp,
  fptosi,
  fptoui,
  indexCast,
  indexCastUi,
  bitcast,
];
