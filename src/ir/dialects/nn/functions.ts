/** Further elementwise `nn` ops: trigonometry, tests of floats, remainders, and operations on the bits of integers. */
import { anyTensor, bool, floatTensor, oneOf, typeOf } from '../../constraints';
import { InferenceError, attr, defaultAttr, defineOp, one } from '../../opDefinition';
import type { Type } from '../../types';
import { bitWidth, i1, storageBytes, tensor } from '../../types';
import { elementsFromBytes, elementsToBytes } from '../../interpreter/tensor';
import { defineBinary, defineUnary } from './elementwise';
import { asTensor, broadcastShapes } from './shapes';
import { broadcastStrides, countOf, isBig, newElements, tensorOf, tensorValue, walkStrided } from './tensors';
import { noWork, perResult } from './work';

export const tan = defineUnary('tan', 'the tangent of each element', Math.tan);
export const asin = defineUnary('asin', 'the arc sine of each element', Math.asin);
export const acos = defineUnary('acos', 'the arc cosine of each element', Math.acos);
export const atan = defineUnary('atan', 'the arc tangent of each element', Math.atan);
export const sinh = defineUnary('sinh', 'the hyperbolic sine of each element', Math.sinh);
export const cosh = defineUnary('cosh', 'the hyperbolic cosine of each element', Math.cosh);
export const asinh = defineUnary('asinh', 'the inverse hyperbolic sine of each element', Math.asinh);
export const acosh = defineUnary('acosh', 'the inverse hyperbolic cosine of each element', Math.acosh);
export const atanh = defineUnary('atanh', 'the inverse hyperbolic tangent of each element', Math.atanh);
export const sign = defineUnary('sign', '-1, 0 or 1 by the sign of each element', Math.sign, {
  big: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
});

export const isNan = defineOp({
  name: 'nn.is_nan',
  summary: 'whether each element is not a number',
  operands: { input: one(floatTensor) },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types }) => [tensor(asTensor(types.input, 'input').shape, i1)],
  evaluate: ({ input }, context) => {
    const x = tensorOf(context, input);
    return [
      tensorValue(
        x.shape,
        i1,
        Uint8Array.from(x.data as Float32Array, (v) => Number(Number.isNaN(v))),
      ),
    ];
  },
  work: ({ op }) => perResult(op, 1),
});

export const isInf = defineOp({
  name: 'nn.is_inf',
  summary: 'whether each element is infinite',
  operands: { input: one(floatTensor) },
  attrs: {
    positive: defaultAttr(bool, true, 'whether positive infinity counts'),
    negative: defaultAttr(bool, true, 'whether negative infinity counts'),
  },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types }) => [tensor(asTensor(types.input, 'input').shape, i1)],
  evaluate: ({ input, positive, negative }, context) => {
    const x = tensorOf(context, input);
    const holds = (v: number): boolean => (positive && v === Infinity) || (negative && v === -Infinity);
    return [
      tensorValue(
        x.shape,
        i1,
        Uint8Array.from(x.data as Float32Array, (v) => Number(holds(v))),
      ),
    ];
  },
  work: ({ op }) => perResult(op, 1),
});

/** Remainder with the sign of the divisor. */
const floorMod = (a: number, b: number): number => {
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
};
export const mod = defineBinary(
  'mod',
  'the remainder of a division, with the sign of the divisor',
  floorMod,
  (a, b) => {
    if (b === 0n) return 0n;
    const r = a % b;
    return r !== 0n && r < 0n !== b < 0n ? r + b : r;
  },
  { doc: 'An integer remainder by zero is zero. ', integer: (a, b) => (b === 0 ? 0 : floorMod(a, b)) },
);
export const rem = defineBinary(
  'rem',
  'the remainder of a division, with the sign of the dividend',
  (a, b) => a % b,
  (a, b) => (b === 0n ? 0n : a % b),
  { doc: 'As C `fmod`. An integer remainder by zero is zero. ', integer: (a, b) => (b === 0 ? 0 : a % b) },
);

const bitKinds = ['and', 'or', 'xor', 'shift_left', 'shift_right'] as const;
type BitKind = (typeof bitKinds)[number];
function bitsOf(kind: BitKind, a: bigint, b: bigint, width: number): bigint {
  switch (kind) {
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
    case 'shift_left':
      return b < 0n || b >= BigInt(width) ? 0n : a << b;
    case 'shift_right':
      return b < 0n || b >= BigInt(width) ? (a < 0n ? -1n : 0n) : a >> b;
  }
}
export const bitwise = defineOp({
  name: 'nn.bitwise',
  summary: 'an operation on the bits of two integers',
  doc: 'On `i1`, the logical operation. A shift by a negative number or by the width or more gives zero, or the sign. Operands broadcast as in NumPy.',
  operands: { lhs: one(anyTensor), rhs: one(anyTensor) },
  attrs: { kind: attr(oneOf(...bitKinds), 'the operation') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types }) => {
    const [x, y] = [asTensor(types.lhs, 'lhs'), asTensor(types.rhs, 'rhs')];
    if (x.element !== y.element)
      throw new InferenceError(`lhs has elements of type ${x.element.text}, rhs of ${y.element.text}`);
    if (x.element.kind !== 'integer') throw new InferenceError(`integers are needed, found ${x.text}`);
    return [tensor(broadcastShapes([x.shape, y.shape]), x.element)];
  },
  evaluate: ({ lhs, rhs, kind }, context) => {
    const [x, y] = [tensorOf(context, lhs), tensorOf(context, rhs)];
    const shape = broadcastShapes([x.shape, y.shape]);
    const data = newElements(x.element, countOf(shape));
    const wide = isBig(data);
    const width = bitWidth(x.element) ?? 64;
    walkStrided(
      shape,
      [broadcastStrides(x.shape, shape), broadcastStrides(y.shape, shape)],
      [0, 0],
      (to, at) => {
        const v = bitsOf(kind, BigInt(x.data[at[0]!]!), BigInt(y.data[at[1]!]!), width);
        data[to] = wide ? v : Number(BigInt.asIntN(32, v));
      },
    );
    return [tensorValue(shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 1),
});

export const not = defineOp({
  name: 'nn.not',
  summary: 'each bit of each integer inverted',
  operands: { input: one(anyTensor) },
  results: { output: one(anyTensor) },
  traits: ['pure', 'elementwise', 'sameType'],
  evaluate: ({ input }, context) => {
    const x = tensorOf(context, input);
    const data = newElements(x.element, x.data.length);
    x.data.forEach((v: number | bigint, i: number) => {
      data[i] = typeof v === 'bigint' ? ~v : x.element === i1 ? 1 - v : ~v;
    });
    return [tensorValue(x.shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 1),
});

export const bitcast = defineOp({
  name: 'nn.bitcast',
  summary: 'the bits of each element read as another type of the same width',
  operands: { input: one(anyTensor) },
  attrs: { to: attr(typeOf, 'the new element type') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const t = asTensor(types.input, 'input');
    const width = (e: Type): number | undefined => (e === i1 ? 8 : bitWidth(e));
    if (width(t.element) !== width(attrs.to))
      throw new InferenceError(`${t.element.text} and ${attrs.to.text} have different widths`);
    return [tensor(t.shape, attrs.to)];
  },
  evaluate: ({ input, to }, context) => {
    const x = tensorOf(context, input);
    if (storageBytes(x.element) !== storageBytes(to)) throw new RangeError('widths differ');
    return [
      {
        kind: 'tensor',
        shape: x.shape,
        element: to,
        data: elementsFromBytes(to, elementsToBytes(x.element, x.data)),
      },
    ];
  },
  work: () => noWork,
});

export const functionOps = [
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  sign,
  isNan,
  isInf,
  mod,
  rem,
  bitwise,
  not,
  bitcast,
];
