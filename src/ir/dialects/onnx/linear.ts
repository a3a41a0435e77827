/** ONNX operators that combine along axes: products, reductions, softmax. */
import { int, ints, number32 } from '../../constraints';
import type { AttrSpec, TypedOpDefinition, ValueSpec } from '../../opDefinition';
import { defaultAttr, one, optional, optionalAttr } from '../../opDefinition';
import type { Value } from '../../operation';
import { DYNAMIC } from '../../types';
import * as nn from '../nn';
import { normaliseAxis } from '../nn/shapes';
import { constantInts, reshapeTo, scalarLike, shapeOf } from './build';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';

const matMul = defineOnnxOp({
  name: 'MatMul',
  versions: [1, 9, 13],
  summary: 'a matrix product with batch axes, as numpy.matmul',
  operands: { A: one(modelTensor), B: one(modelTensor) },
  expand: (v, { b }) => [b.value(nn.matmul, { lhs: v.A, rhs: v.B })],
});

const gemm = defineOnnxOp({
  name: 'Gemm',
  versions: [7, 9, 11, 13],
  summary: '`alpha · A · B + beta · C`, with A and B transposed on request',
  operands: {
    A: one(modelTensor),
    B: one(modelTensor),
    C: optional(modelTensor, 'broadcasts to the product'),
  },
  attrs: {
    alpha: defaultAttr(number32, 1),
    beta: defaultAttr(number32, 1),
    transA: defaultAttr(int, 0),
    transB: defaultAttr(int, 0),
  },
  expand: (v, e) => {
    const { b } = e;
    const oriented = (input: Value, flip: number): Value =>
      flip === 0 ? input : b.value(nn.transpose, { input, permutation: [1, 0] });
    const scaled = (lhs: Value, factor: number): Value =>
      factor === 1 ? lhs : b.value(nn.mul, { lhs, rhs: scalarLike(e, lhs, factor) });
    const product = scaled(
      b.value(nn.matmul, { lhs: oriented(v.A, v.transA), rhs: oriented(v.B, v.transB) }),
      v.alpha,
    );
    return [
      v.C === undefined || v.beta === 0
        ? product
        : b.value(nn.add, { lhs: product, rhs: scaled(v.C, v.beta) }),
    ];
  },
});

type ReduceOp = TypedOpDefinition<
  { input: ValueSpec<'one'> },
  { axes: AttrSpec<readonly number[], true>; keepdims: AttrSpec<boolean, true> },
  { output: ValueSpec<'one'> }
>;
/** Since `axesInput` the axes are an input, before an attribute. */
const reduce = (
  name: string,
  versions: readonly number[],
  axesInput: number,
  op: ReduceOp,
  before?: (e: Expansion, x: Value) => Value,
  after?: (e: Expansion, x: Value) => Value,
) =>
  defineOnnxOp({
    name,
    versions,
    summary: `${op.summary}${before === undefined ? '' : ' of a function of the input'}`,
    doc: `Axes are an attribute before version ${axesInput}, an optional input since. Without axes all are reduced, unless \`noop_with_empty_axes\` is set.`,
    operands: { data: one(modelTensor), axes_input: optional(modelTensor, `since ${axesInput}`) },
    attrs: {
      axes: optionalAttr(ints, `before ${axesInput}`),
      keepdims: defaultAttr(int, 1),
      noop_with_empty_axes: defaultAttr(int, 0),
    },
    expand: (v, e) => {
      const rank = shapeOf(v.data).length;
      const given = v.axes_input !== undefined ? constantInts(e, v.axes_input, 'a list of axes') : v.axes;
      const noAxes = given === undefined || given.length === 0;
      if (noAxes && v.noop_with_empty_axes !== 0) {
        const mapped = before === undefined ? v.data : before(e, v.data);
        return [after === undefined ? mapped : after(e, mapped)];
      }
      const axes = noAxes
        ? Array.from({ length: rank }, (_, i) => i)
        : given.map((a) => normaliseAxis(a, rank)).sort((p, q) => p - q);
      const input = before === undefined ? v.data : before(e, v.data);
      const sum = e.b.value(op, { input, axes, keepdims: v.keepdims !== 0 });
      return [after === undefined ? sum : after(e, sum)];
    },
  });
const squared = (e: Expansion, x: Value): Value => e.b.value(nn.mul, { lhs: x, rhs: x });
const magnitude = (e: Expansion, x: Value): Value => e.b.value(nn.abs, { input: x });
const logarithm = (e: Expansion, x: Value): Value => e.b.value(nn.log, { input: x });
const exponential = (e: Expansion, x: Value): Value => e.b.value(nn.exp, { input: x });
const root = (e: Expansion, x: Value): Value => e.b.value(nn.sqrt, { input: x });

/** Before version 13 the axes from `axis` on form one; since then `axis` alone is normalised. */
function softmaxOf(e: Expansion, input: Value, axis: number | undefined, version: number): Value {
  const shape = shapeOf(input);
  const at = normaliseAxis(axis ?? (version < 13 ? 1 : -1), shape.length);
  if (version >= 13 || at === shape.length - 1) return e.b.value(nn.softmax, { input, axis: at });
  const product = (sizes: readonly number[]): number =>
    sizes.includes(DYNAMIC) ? DYNAMIC : sizes.reduce((p, d) => p * d, 1);
  const flat = reshapeTo(e, input, [product(shape.slice(0, at)), product(shape.slice(at))]);
  return reshapeTo(e, e.b.value(nn.softmax, { input: flat, axis: 1 }), shape);
}
const softmax = defineOnnxOp({
  name: 'Softmax',
  versions: [1, 11, 13],
  summary: 'exponentials scaled to sum to one',
  doc: 'Before version 13 the sum runs over all axes from `axis` (default 1) on, since then over `axis` (default -1) alone.',
  operands: { input: one(modelTensor) },
  attrs: { axis: optionalAttr(int) },
  expand: (v, e) => [softmaxOf(e, v.input, v.axis, v.version)],
});
const logSoftmax = defineOnnxOp({
  name: 'LogSoftmax',
  versions: [1, 11, 13],
  summary: 'the logarithm of exponentials scaled to sum to one',
  operands: { input: one(modelTensor) },
  attrs: { axis: optionalAttr(int) },
  expand: (v, e) => {
    const shape = shapeOf(v.input);
    const at = normaliseAxis(v.axis ?? (v.version < 13 ? 1 : -1), shape.length);
    if (v.version < 13 && at !== shape.length - 1) throw new NotSupported('a log-softmax over several axes');
    // log(softmax(x)) = (x - max) - log Σ exp(x - max), which does not underflow.
    const { b } = e;
    const top = b.value(nn.reduceMax, { input: v.input, axes: [at], keepdims: true });
    const centred = b.value(nn.sub, { lhs: v.input, rhs: top });
    const sum = b.value(nn.reduceSum, {
      input: b.value(nn.exp, { input: centred }),
      axes: [at],
      keepdims: true,
    });
    return [b.value(nn.sub, { lhs: centred, rhs: b.value(nn.log, { input: sum }) })];
  },
});

export const linearOps = [
  matMul,
  gemm,
  reduce('ReduceMean', [1, 11, 13, 18], 18, nn.reduceMean),
  reduce('ReduceSum', [1, 11, 13], 13, nn.reduceSum),
  reduce('ReduceMax', [1, 11, 12, 13, 18, 20], 18, nn.reduceMax),
  reduce('ReduceMin', [1, 11, 12, 13, 18, 20], 18, nn.reduceMin),
  reduce('ReduceProd', [1, 11, 13, 18], 18, nn.reduceProd),
  reduce('ReduceSumSquare', [1, 11, 13, 18], 18, nn.reduceSum, squared),
  reduce('ReduceL1', [1, 11, 13, 18], 18, nn.reduceSum, magnitude),
  reduce('ReduceL2', [1, 11, 13, 18], 18, nn.reduceSum, squared, root),
  reduce('ReduceLogSum', [1, 11, 13, 18], 18, nn.reduceSum, undefined, logarithm),
  reduce('ReduceLogSumExp', [1, 11, 13, 18], 18, nn.reduceSum, exponential, logarithm),
  softmax,
  logSoftmax,
];
