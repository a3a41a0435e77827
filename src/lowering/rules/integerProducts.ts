/**
 * Products of dequantised tensors as products of integers: what QDQ models mean. Sums of products of 8-bit integers are
 * exact in 32 bits, so that only the scales are left to do in floats, once per result.
 */
import type { Builder, ResourceStore, Rule, Value } from '../../ir';
import { types } from '../../ir';
import * as nn from '../../ir/dialects/nn';
import { blobName, buildConstant, knownElements } from './tensorConstants';
import { newElements, tensorValue } from '../../ir/dialects/nn/tensors';

const { i32, f32 } = types;
const shapeOf = (v: Value): readonly number[] => (v.type.kind === 'tensor' ? v.type.shape : []);
const elementOf = (v: Value): types.Type => types.elementOf(v.type);
const countOf = (v: Value): number => types.elementCount(shapeOf(v)) ?? Infinity;
const isByte = (t: types.Type): boolean => t.kind === 'integer' && t.width === 8;

/** `(x - zero) · scale` with x in 8 bits. */
interface Dequantised {
  readonly x: Value;
  /** In f32; absent where it is zero. */
  readonly zero: Value | undefined;
  readonly scale: Value;
  readonly ops: readonly Value[];
}

const isZero = (v: Value, resources: ResourceStore): boolean => {
  const elements = knownElements(v, resources);
  return elements !== undefined && elements.data.every((x: number | bigint) => Number(x) === 0);
};

/** What `value` dequantises; transposes are taken before. */
function dequantised(value: Value, resources: ResourceStore): Dequantised | undefined {
  const product = nn.mul.defining(value);
  if (product === undefined || elementOf(value) !== f32) return undefined;
  const difference = nn.sub.defining(product.lhs);
  const cast = nn.cast.defining(difference?.lhs ?? product.lhs);
  if (cast === undefined || !isByte(elementOf(cast.input))) return undefined;
  const zero = difference === undefined || isZero(difference.rhs, resources) ? undefined : difference.rhs;
  return {
    x: cast.input,
    zero,
    scale: product.rhs,
    ops: [value, product.lhs, difference?.lhs ?? product.lhs],
  };
}

/** Sums of more products than this may leave 32 bits. */
const most = 65_536;
const asInteger = (b: Builder, v: Value): Value => b.value(nn.cast, { input: v, to: i32 });
/** The integers of a side, centred. */
const centred = (b: Builder, d: Dequantised): Value => {
  const wide = asInteger(b, d.x);
  return d.zero === undefined ? wide : b.value(nn.sub, { lhs: wide, rhs: asInteger(b, d.zero) });
};
const reshaped = (b: Builder, input: Value, shape: readonly number[]): Value =>
  b.value(nn.reshape, { input, shape });

export const integerConvolution: Rule = {
  name: 'integer-convolution',
  doc: 'conv2d((x - z) · s, (w - y) · t, bias) → conv2d(x - z, w - y) · (s · t) + bias, the products in integers',
  roots: [nn.conv2d],
  match: (op, { resources }) => {
    const conv = nn.conv2d.view(op);
    if (conv.layout !== 'nchw_fchw' || elementOf(conv.input) !== f32) return undefined;
    const [x, w] = [dequantised(conv.input, resources), dequantised(conv.weight, resources)];
    if (x === undefined || w === undefined || countOf(x.scale) !== 1) return undefined;
    const [filters, ...taps] = shapeOf(conv.weight) as [number, ...number[]];
    if (
      taps.reduce((a, n) => a * n, 1) > most ||
      !perFilter(w.scale, filters) ||
      (w.zero !== undefined && !perFilter(w.zero, filters))
    )
      return undefined;
    const weights = conv.groups === 1 ? undefined : centredConstant(w, resources);
    if (conv.groups !== 1 && weights === undefined) return undefined;
    return {
      sources: [conv.input, conv.weight].flatMap((v) => v.definingOp ?? []),
      build: (b) => {
        const weight =
          weights === undefined
            ? centred(b, w)
            : buildConstant(b, weights, resources, `${blobName(w.x, 'weight')}.centred`);
        const [padded, pads] = paddedInput(b, x, conv.pads, resources);
        const sums = b.value(nn.conv2d, {
          ...attributesOf(conv),
          pads,
          input: padded,
          weight,
          bias: undefined,
        });
        const scale = b.value(nn.mul, {
          lhs: reshaped(b, x.scale, [1, 1, 1]),
          rhs: reshaped(b, w.scale, countOf(w.scale) === 1 ? [1, 1, 1] : [filters, 1, 1]),
        });
        const scaled = b.value(nn.mul, { lhs: b.value(nn.cast, { input: sums, to: f32 }), rhs: scale });
        return [
          conv.bias === undefined
            ? scaled
            : b.value(nn.add, { lhs: scaled, rhs: reshaped(b, conv.bias, [filters, 1, 1]) }),
        ];
      },
    };
  },
};
type Conv = ReturnType<typeof nn.conv2d.view>;
const attributesOf = ({ strides, dilations, groups, layout }: Conv) => ({
  strides,
  dilations,
  groups,
  layout,
});

/** One for all filters, or one for each along the first axis. */
function perFilter(v: Value, filters: number): boolean {
  const shape = shapeOf(v);
  return countOf(v) === 1 || (countOf(v) === filters && shape[0] === filters);
}
/** `w - zero` as integers, when both are constants. */
function centredConstant(w: Dequantised, resources: ResourceStore) {
  const x = knownElements(w.x, resources);
  const zero = w.zero === undefined ? undefined : knownElements(w.zero, resources);
  if (x === undefined || (w.zero !== undefined && zero === undefined)) return undefined;
  const data = newElements(i32, x.data.length);
  const each = zero === undefined ? 1 : x.data.length / zero.data.length;
  for (let i = 0; i < data.length; i++)
    data[i] = Number(x.data[i]) - (zero === undefined ? 0 : Number(zero.data[Math.floor(i / each)]));
  return tensorValue(x.shape, i32, data);
}
/** The centred input with its padding, which stands for zero: padded in 8 bits by the zero point. */
function paddedInput(
  b: Builder,
  x: Dequantised,
  pads: readonly number[],
  resources: ResourceStore,
): readonly [Value, readonly number[]] {
  const zero = x.zero === undefined ? 0 : Number(knownElements(x.zero, resources)?.data[0] ?? NaN);
  if (pads.every((p) => p === 0) || Number.isNaN(zero)) return [centred(b, x), pads];
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const padded = b.value(nn.pad, {
    input: x.x,
    low: [0, 0, top, left],
    high: [0, 0, bottom, right],
    value: zero,
    mode: 'constant',
  });
  return [centred(b, { ...x, x: padded }), [0, 0, 0, 0]];
}

export const integerMatmul: Rule = {
  name: 'integer-matmul',
  doc: 'matmul((x - z) · s, (w - y) · t) → matmul(x - z, w - y) · (s · t), the products in integers; t for all or per column',
  roots: [nn.matmul],
  match: (op, { resources }) => {
    const { lhs, rhs } = nn.matmul.view(op);
    const [x, w] = [dequantised(lhs, resources), sideOf(rhs, resources)];
    if (x === undefined || w === undefined || countOf(x.scale) !== 1) return undefined;
    const shape = shapeOf(rhs);
    const columns = shape[shape.length - 1]!;
    const inner = shape[shape.length - 2];
    if (inner === undefined || inner > most || inner < 0) return undefined;
    const perColumn = (v: Value): boolean => {
      const own = shapeOf(v);
      return countOf(v) === 1 || (countOf(v) === columns && own[own.length - 1] === columns);
    };
    if (!perColumn(w.scale) || (w.zero !== undefined && !perColumn(w.zero))) return undefined;
    return {
      sources: [lhs, rhs].flatMap((v) => v.definingOp ?? []),
      build: (b) => {
        const sums = b.value(nn.matmul, { lhs: centred(b, x), rhs: centred(b, w) });
        const scale = b.value(nn.mul, {
          lhs: reshaped(b, x.scale, [1]),
          rhs: reshaped(b, w.scale, [countOf(w.scale)]),
        });
        return [b.value(nn.mul, { lhs: b.value(nn.cast, { input: sums, to: f32 }), rhs: scale })];
      },
    };
  },
};
/** A dequantised side, or one that is transposed after. */
function sideOf(value: Value, resources: ResourceStore): Dequantised | undefined {
  const turn = nn.transpose.defining(value);
  return turn === undefined ? dequantised(value, resources) : undefined;
}

/** `a · c` for a constant c is outside of the sum over a's products: `Σ (x - z) · w = Σ x · w - z · Σ w`. */
export const shiftOutOfMatmul: Rule = {
  name: 'shift-out-of-matmul',
  doc: 'matmul(x - z, w) → matmul(x, w) - z · Σ w for integers and one z',
  roots: [nn.matmul],
  match: (op, { resources }) => {
    const { lhs, rhs } = nn.matmul.view(op);
    const shift = shiftedBytes(lhs);
    const rank = shapeOf(rhs).length;
    if (shift === undefined || rank < 2) return undefined;
    return {
      build: (b) => {
        const sums = b.value(nn.matmul, { lhs: shift.x, rhs });
        return [
          b.value(nn.sub, { lhs: sums, rhs: shiftOf(b, rhs, shift.zero, [rank - 2], true, resources) }),
        ];
      },
    };
  },
};
export const shiftOutOfConvolution: Rule = {
  name: 'shift-out-of-convolution',
  doc: 'conv2d(x - z, w) → conv2d(x, w) - z · Σ w per filter, without padding, for integers and one z',
  roots: [nn.conv2d],
  match: (op, { resources }) => {
    const conv = nn.conv2d.view(op);
    const shift = shiftedBytes(conv.input);
    if (shift === undefined || conv.groups !== 1 || conv.layout !== 'nchw_fchw') return undefined;
    if (conv.pads.some((p) => p !== 0) || nn.pad.defining(shift.bytes) !== undefined) return undefined;
    return {
      build: (b) => {
        const sums = b.value(nn.conv2d, {
          ...attributesOf(conv),
          pads: conv.pads,
          input: shift.x,
          weight: conv.weight,
          bias: undefined,
        });
        const perFilterShift = shiftOf(b, conv.weight, shift.zero, [1, 2, 3], false, resources);
        return [
          b.value(nn.sub, { lhs: sums, rhs: reshaped(b, perFilterShift, [shapeOf(conv.weight)[0]!, 1, 1]) }),
        ];
      },
    };
  },
};
/** `z · Σ w` over `axes`: a constant where both are known. */
function shiftOf(
  b: Builder,
  w: Value,
  zero: Value,
  axes: readonly number[],
  keepdims: boolean,
  resources: ResourceStore,
): Value {
  const sums = b.value(nn.reduceSum, { input: w, axes, keepdims });
  const shift = b.value(nn.mul, { lhs: sums, rhs: reshaped(b, zero, []) });
  const known = knownElements(shift, resources);
  return known === undefined
    ? shift
    : buildConstant(b, known, resources, `${blobName(bytesOf(w), 'weight')}.shift`);
}
const bytesOf = (v: Value): Value => nn.cast.defining(v)?.input ?? v;

/** `x - z` with x cast from 8 bits and one z. */
function shiftedBytes(
  v: Value,
): { readonly x: Value; readonly bytes: Value; readonly zero: Value } | undefined {
  const difference = nn.sub.defining(v);
  const cast = difference === undefined ? undefined : nn.cast.defining(difference.lhs);
  if (difference === undefined || cast === undefined || elementOf(v) !== i32) return undefined;
  if (!isByte(elementOf(cast.input)) || countOf(difference.rhs) !== 1) return undefined;
  return { x: difference.lhs, bytes: cast.input, zero: difference.rhs };
}

/** Whether a float is computed, element by element, from 32-bit sums (besides others): results of integer products. */
function comesFromSums(v: Value, depth = 8): boolean {
  const cast = nn.cast.defining(v);
  if (cast !== undefined) return elementOf(cast.input) === i32;
  const op = v.definingOp;
  if (op === undefined || depth === 0 || !passing.has(op.name)) return false;
  return op.operands.some((x) => comesFromSums(x, depth - 1));
}
const passing = new Set([
  'nn.mul',
  'nn.add',
  'nn.sub',
  'nn.clip',
  'nn.relu',
  'nn.max',
  'nn.min',
  'nn.reshape',
  'nn.transpose',
]);

/**
 * Requantisation of sums multiplies: the quotient may be one unit in the last place off. Scales of weights make a sum
 * fall just between two steps only by chance. A sum of dequantised bytes, or their mean, does so often, as scales are
 * multiples of one another: halves must stay exact there, and it is divided.
 */
export const divideByMultiplying: Rule = {
  name: 'requantise-by-multiplying',
  doc: 'round(x / s) → round(x · (1 / s)) for a constant s, where x is computed from 32-bit sums',
  roots: [nn.round],
  match: (op, { resources }) => {
    const quotient = nn.div.defining(op.operand(0));
    const scale = quotient === undefined ? undefined : knownElements(quotient.rhs, resources);
    if (quotient === undefined || scale === undefined || scale.element !== f32) return undefined;
    if (!comesFromSums(quotient.lhs)) return undefined;
    return {
      sources: [quotient.op],
      build: (b) => {
        const data = newElements(f32, scale.data.length);
        for (let i = 0; i < data.length; i++) data[i] = 1 / Number(scale.data[i]);
        const reciprocal = buildConstant(
          b,
          tensorValue(scale.shape, f32, data),
          resources,
          `${blobName(quotient.rhs, 'scale')}.reciprocal`,
        );
        return [b.value(nn.round, { input: b.value(nn.mul, { lhs: quotient.lhs, rhs: reciprocal }) })];
      },
    };
  },
};

export const integerProductRules: readonly Rule[] = [
  integerConvolution,
  integerMatmul,
  shiftOutOfMatmul,
  shiftOutOfConvolution,
  divideByMultiplying,
];
