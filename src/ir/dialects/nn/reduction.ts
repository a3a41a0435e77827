/** Ops of `nn` that combine elements along axes: reductions, softmax, batch normalisation, matrix product. */
import { anyTensor, bool, floatTensor, int, ints, number32 } from '../../constraints';
import { InferenceError, attr, defineOp, one } from '../../opDefinition';
import type { IntegerType, TensorType, Type } from '../../types';
import { tensor } from '../../types';
import { asTensor, broadcastShapes, mayEqual, normaliseAxis, rowMajorStrides, sizes } from './shapes';
import { broadcastStrides, countOf, isBig, newElements, tensorOf, tensorValue, walkStrided } from './tensors';
import { elementsOf, perResult, workOf } from './work';

/** The shape after reducing `axes`, and the axes counted from the front. */
function reduced(shape: readonly number[], axes: readonly number[], keepdims: boolean): readonly number[] {
  const gone = new Set(axes.map((a) => normaliseAxis(a, shape.length)));
  if (gone.size !== axes.length) throw new InferenceError(`axes ${axes.join(', ')} name one axis twice`);
  return keepdims ? shape.map((d, i) => (gone.has(i) ? 1 : d)) : shape.filter((_, i) => !gone.has(i));
}

interface Reduction {
  readonly start: number;
  readonly step: (sum: number, x: number) => number;
  readonly finish?: (sum: number, count: number) => number;
}
/** A result in an integer type: infinities, which the extremes of no elements are, become the type's bounds. */
function integerOf(v: number, { width, signedness }: IntegerType): bigint {
  if (Number.isNaN(v)) return 0n;
  const unsigned = width === 1 || signedness === 'unsigned';
  const half = 2n ** BigInt(width - 1);
  if (v === Infinity) return unsigned ? 2n * half - 1n : half - 1n;
  if (v === -Infinity) return unsigned ? 0n : -half;
  return BigInt(Math.trunc(v));
}
const reduction = (name: string, summary: string, r: Reduction, doc = '') =>
  defineOp({
    name: `nn.reduce_${name}`,
    summary,
    doc: `${doc}Accumulated in double precision, rounded once. No axes: the input as it is. The extremes of no elements are infinities, in integers the bounds of the type.`,
    operands: { input: one(anyTensor) },
    attrs: {
      axes: attr(ints, 'the axes to reduce, from 0'),
      keepdims: attr(bool, 'whether reduced axes stay with size 1'),
    },
    results: { output: one(anyTensor) },
    traits: ['pure'],
    infer: ({ types, attrs }) => {
      const t = asTensor(types.input, 'input');
      return [tensor(reduced(t.shape, attrs.axes, attrs.keepdims), t.element)];
    },
    evaluate: ({ input, axes, keepdims }, context) => {
      const x = tensorOf(context, input);
      const kept = reduced(x.shape, axes, true);
      const count = countOf(x.shape) / Math.max(1, countOf(kept));
      const sums = new Float64Array(countOf(kept)).fill(r.start);
      // Reading the result with broadcast strides makes each input element meet its sum.
      walkStrided(x.shape, [broadcastStrides(kept, x.shape)], [0], (from, at) => {
        sums[at[0]!] = r.step(sums[at[0]!]!, Number(x.data[from]));
      });
      const data = newElements(x.element, sums.length);
      const wide = isBig(data);
      const { element } = x;
      for (let i = 0; i < sums.length; i++) {
        const v = r.finish === undefined ? sums[i]! : r.finish(sums[i]!, count);
        if (wide) data[i] = integerOf(v, element as IntegerType);
        else data[i] = element.kind !== 'integer' || Number.isFinite(v) ? v : Number(integerOf(v, element));
      }
      return [tensorValue(reduced(x.shape, axes, keepdims), x.element, data)];
    },
    work: ({ op, input }) => workOf(op, elementsOf(input.type)),
  });

export const reduceSum = reduction('sum', 'the sum along axes', { start: 0, step: (s, x) => s + x });
export const reduceMean = reduction('mean', 'the mean along axes', {
  start: 0,
  step: (s, x) => s + x,
  finish: (s, n) => s / n,
});
export const reduceMax = reduction('max', 'the largest element along axes', {
  start: -Infinity,
  step: (s, x) => (Number.isNaN(x) || Number.isNaN(s) ? NaN : Math.max(s, x)),
});
export const reduceMin = reduction('min', 'the smallest element along axes', {
  start: Infinity,
  step: (s, x) => (Number.isNaN(x) || Number.isNaN(s) ? NaN : Math.min(s, x)),
});
export const reduceProd = reduction('prod', 'the product along axes', { start: 1, step: (s, x) => s * x });

export const softmax = defineOp({
  name: 'nn.softmax',
  summary: 'exponentials along an axis, scaled to sum to one',
  doc: '`exp(x - max) / Σ exp(x - max)` along `axis`.',
  operands: { input: one(floatTensor) },
  attrs: { axis: attr(int, 'the axis, from 0') },
  results: { output: one(anyTensor) },
  traits: ['pure', 'sameType'],
  infer: ({ types, attrs }) => {
    const t = asTensor(types.input, 'input');
    normaliseAxis(attrs.axis, t.shape.length);
    return [t];
  },
  evaluate: ({ input, axis }, context) => {
    const x = tensorOf(context, input);
    const at = normaliseAxis(axis, x.shape.length);
    const [length, step] = [x.shape[at] ?? 1, rowMajorStrides(x.shape)[at] ?? 1];
    const data = newElements(x.element, x.data.length);
    for (let outer = 0; outer < x.data.length; outer += length * step)
      for (let inner = outer; inner < outer + step; inner++) {
        let top = -Infinity;
        for (let i = 0; i < length; i++) top = Math.max(top, x.data[inner + i * step] as number);
        let sum = 0;
        for (let i = 0; i < length; i++) sum += Math.exp((x.data[inner + i * step] as number) - top);
        for (let i = 0; i < length; i++)
          data[inner + i * step] = Math.exp((x.data[inner + i * step] as number) - top) / sum;
      }
    return [tensorValue(x.shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 5),
});

export const batchNorm = defineOp({
  name: 'nn.batch_norm',
  summary: 'batch normalisation at inference: scale and shift per channel by stored statistics',
  doc: '`(x - mean) / sqrt(variance + epsilon) · scale + bias`, with the channel in axis 1. As ONNX `BatchNormalization` without training.',
  operands: {
    input: one(floatTensor, 'rank 2 or more'),
    scale: one(floatTensor, 'one per channel'),
    bias: one(floatTensor, 'one per channel'),
    mean: one(floatTensor, 'one per channel'),
    variance: one(floatTensor, 'one per channel'),
  },
  attrs: { epsilon: attr(number32, 'added to the variance') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types }) => {
    const t = asTensor(types.input, 'input');
    const channels = t.shape[1];
    if (channels === undefined) throw new InferenceError(`input must have rank 2 or more, found ${t.text}`);
    for (const name of ['scale', 'bias', 'mean', 'variance'] as const) {
      const p = asTensor(types[name], name);
      if (p.shape.length !== 1 || !mayEqual(p.shape[0]!, channels))
        throw new InferenceError(
          `${name} must have one element for each of ${channels} channels, found ${p.text}`,
        );
    }
    return [t];
  },
  evaluate: ({ input, scale, bias, mean, variance, epsilon }, context) => {
    const x = tensorOf(context, input);
    const [g, b, m, v] = [scale, bias, mean, variance].map(
      (p) => tensorOf(context, p).data as Float32Array,
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const channels = x.shape[1]!;
    const inner = countOf(x.shape.slice(2));
    const data = newElements(x.element, x.data.length);
    for (let i = 0, row = 0; i < data.length; row++) {
      const c = row % channels;
      const [scaleOf, shift, centre] = [g[c]!, b[c]!, m[c]!];
      const deviation = Math.sqrt(v[c]! + epsilon);
      for (const end = i + inner; i < end; i++)
        data[i] = (((x.data[i] as number) - centre) / deviation) * scaleOf + shift;
    }
    return [tensorValue(x.shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 4),
});

/** Batch axes, rows, inner and columns of a matrix product; vectors get an axis of 1 that the result drops. */
function productShape(
  a: Type,
  b: Type,
): {
  readonly type: TensorType;
  readonly lhs: readonly number[];
  readonly rhs: readonly number[];
  readonly full: readonly number[];
} {
  const [x, y] = [asTensor(a, 'lhs'), asTensor(b, 'rhs')];
  if (x.element !== y.element)
    throw new InferenceError(`lhs has elements of type ${x.element.text}, rhs of ${y.element.text}`);
  if (x.shape.length === 0 || y.shape.length === 0)
    throw new InferenceError('a scalar has no matrix product');
  const lhs = x.shape.length === 1 ? [1, ...x.shape] : x.shape;
  const rhs = y.shape.length === 1 ? [...y.shape, 1] : y.shape;
  const [k, l] = [lhs[lhs.length - 1]!, rhs[rhs.length - 2]!];
  if (!mayEqual(k, l))
    throw new InferenceError(`lhs ${sizes(x.shape)} has ${k} columns, rhs ${sizes(y.shape)} has ${l} rows`);
  const batch = broadcastShapes([lhs.slice(0, -2), rhs.slice(0, -2)]);
  const full = [...batch, lhs[lhs.length - 2]!, rhs[rhs.length - 1]!];
  const shape = full.filter(
    (_, i) =>
      !(i === full.length - 2 && x.shape.length === 1) && !(i === full.length - 1 && y.shape.length === 1),
  );
  return { type: tensor(shape, x.element), lhs, rhs, full };
}

export const matmul = defineOp({
  name: 'nn.matmul',
  summary: 'a matrix product, with batch axes',
  doc: 'As `numpy.matmul`: the last two axes are matrices, those before broadcast; a vector on the left is a row, on the right a column. Accumulated in double precision, rounded once.',
  operands: { lhs: one(anyTensor), rhs: one(anyTensor) },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types }) => [productShape(types.lhs, types.rhs).type],
  evaluate: ({ lhs, rhs }, context) => {
    const [x, y] = [tensorOf(context, lhs), tensorOf(context, rhs)];
    const p = productShape(tensor(x.shape, x.element), tensor(y.shape, y.element));
    const [m, n] = p.full.slice(-2) as [number, number];
    const k = p.lhs[p.lhs.length - 1]!;
    const batch = p.full.slice(0, -2);
    const data = newElements(x.element, countOf(p.full));
    const wide = isBig(data);
    const steps = [p.lhs, p.rhs].map((s) =>
      broadcastStrides(s.slice(0, -2), batch).map((d) => d * s[s.length - 1]! * s[s.length - 2]!),
    );
    walkStrided(batch, steps, [0, 0], (to, at) => {
      const [a, b, o] = [at[0]!, at[1]!, to * m * n];
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += Number(x.data[a + i * k + l]) * Number(y.data[b + l * n + j]);
          data[o + i * n + j] = wide ? BigInt(sum) : sum;
        }
    });
    return [tensorValue(p.type.shape, x.element, data)];
  },
  work: ({ op, lhs }) => {
    const { shape } = asTensor(lhs.type, 'lhs');
    return perResult(op, 2 * Math.max(1, shape[shape.length - 1] ?? 1));
  },
});

export const reductionOps = [
  reduceSum,
  reduceMean,
  reduceMax,
  reduceMin,
  reduceProd,
  softmax,
  batchNorm,
  matmul,
];
