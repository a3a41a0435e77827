/** ONNX losses and normalisations. */
import { int, ints, number32, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional, optionalAttr } from '../../opDefinition';
import type { Value } from '../../operation';
import { f32, i64 } from '../../types';
import * as nn from '../nn';
import { normaliseAxis } from '../nn/shapes';
import { shapeOf, typeOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { defineOnnxOp, modelTensor } from './defineOnnxOp';
import { elementTypeOfOnnx } from './elementTypes';

/** `-w[t] · x[n, t, …]`, reduced; classes in axis 1. */
function likelihoodLoss(
  e: Expansion,
  input: Value,
  target: Value,
  weight: Value | undefined,
  reduction: string,
  ignored: number | undefined,
): Value {
  const c = calculator(e);
  const shape = shapeOf(input);
  const { element } = typeOf(input);
  const wanted = c.cast(target, i64);
  const counts = ignored === undefined ? undefined : c.compare(wanted, 'ne', ignored);
  const index = counts === undefined ? wanted : c.select(counts, wanted, 0);
  const column = [shape[0]!, 1, ...shape.slice(2)];
  const picked = e.b.value(nn.gatherElements, { input, indices: c.reshape(index, column), axis: 1 });
  let loss = c.neg(c.reshape(picked, shapeOf(target)));
  let weights =
    weight === undefined ? undefined : e.b.value(nn.gather, { input: weight, indices: index, axis: 0 });
  if (counts !== undefined)
    weights = weights === undefined ? c.cast(counts, element) : c.select(counts, weights, 0);
  if (weights !== undefined) loss = c.mul(loss, weights);
  const axes = shapeOf(loss).map((_, i) => i);
  if (reduction === 'none') return loss;
  if (reduction === 'sum') return c.sum(loss, axes, false);
  if (reduction !== 'mean')
    throw new InferenceError(`reduction is "${reduction}", expected none, sum or mean`);
  return weights === undefined
    ? c.mean(loss, axes, false)
    : c.div(c.sum(loss, axes, false), c.sum(weights, axes, false));
}
const lossAttrs = {
  ignore_index: optionalAttr(int, 'a class that does not count'),
  reduction: defaultAttr(text, 'mean', 'none, sum or mean'),
};

const negativeLogLikelihoodLoss = defineOnnxOp({
  name: 'NegativeLogLikelihoodLoss',
  versions: [12, 13, 22],
  summary: 'minus the score of the wanted class, weighted and reduced',
  operands: { input: one(modelTensor), target: one(modelTensor), weight: optional(modelTensor) },
  attrs: lossAttrs,
  expand: (v, e) => [likelihoodLoss(e, v.input, v.target, v.weight, v.reduction, v.ignore_index)],
});
const softmaxCrossEntropyLoss = defineOnnxOp({
  name: 'SoftmaxCrossEntropyLoss',
  versions: [12, 13],
  summary: 'minus the logarithm of the probability of the wanted class, weighted and reduced',
  doc: 'Results: the loss, and the logarithms of all probabilities.',
  operands: { scores: one(modelTensor), labels: one(modelTensor), weights: optional(modelTensor) },
  attrs: lossAttrs,
  expand: (v, e) => {
    const c = calculator(e);
    const centred = c.sub(v.scores, c.largest(v.scores, [1]));
    const logs = c.sub(centred, c.log(c.sum(c.exp(centred), [1])));
    return [likelihoodLoss(e, logs, v.labels, v.weights, v.reduction, v.ignore_index), logs];
  },
});

const rmsNormalization = defineOnnxOp({
  name: 'RMSNormalization',
  versions: [23],
  summary: 'the axes from `axis` on scaled to a mean square of one, then by a factor',
  operands: { X: one(modelTensor), scale: one(modelTensor) },
  attrs: {
    axis: defaultAttr(int, -1),
    epsilon: defaultAttr(number32, 1e-5),
    stash_type: defaultAttr(int, 1, 'the type to compute in'),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const rank = shapeOf(v.X).length;
    const first = normaliseAxis(v.axis, rank);
    const axes = Array.from({ length: rank - first }, (_, i) => first + i);
    const x = c.cast(v.X, elementTypeOfOnnx(v.stash_type) ?? f32);
    const root = c.sqrt(c.add(c.mean(c.mul(x, x), axes), v.epsilon));
    return [c.mul(c.cast(c.div(x, root), typeOf(v.scale).element), v.scale)];
  },
});

const groupNormalization = defineOnnxOp({
  name: 'GroupNormalization',
  versions: [18, 21],
  summary: 'groups of channels to zero mean and unit variance, then scaled and shifted',
  doc: 'Scale and bias have one element per group in version 18, per channel since.',
  operands: { X: one(modelTensor), scale: one(modelTensor), bias: one(modelTensor) },
  attrs: {
    epsilon: defaultAttr(number32, 1e-5),
    num_groups: defaultAttr(int, 1),
    stash_type: defaultAttr(int, 1, 'the type to compute in; since 21'),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const shape = shapeOf(v.X);
    const channels = shape[1]!;
    const inner = shape.slice(2);
    const x = c.reshape(c.cast(v.X, f32), [shape[0]!, v.num_groups, channels / v.num_groups, ...inner]);
    const axes = [2, ...inner.map((_, i) => i + 3)];
    const centred = c.sub(x, c.mean(x, axes));
    const unit = c.div(centred, c.sqrt(c.add(c.mean(c.mul(centred, centred), axes), v.epsilon)));
    const ones = inner.map(() => 1);
    const perChannel = (p: Value): Value => {
      const groups = v.version < 21 ? [1, v.num_groups, 1] : [1, v.num_groups, channels / v.num_groups];
      return c.reshape(c.cast(p, f32), [...groups, ...ones]);
    };
    const scaled = c.add(c.mul(unit, perChannel(v.scale)), perChannel(v.bias));
    return [c.cast(c.reshape(scaled, shape), typeOf(v.X).element)];
  },
});

const meanVarianceNormalization = defineOnnxOp({
  name: 'MeanVarianceNormalization',
  versions: [9, 13],
  summary: 'axes to zero mean and unit variance',
  operands: { X: one(modelTensor) },
  attrs: { axes: defaultAttr(ints, [0, 2, 3]) },
  expand: (v, e) => {
    const c = calculator(e);
    const axes = v.axes.map((a) => normaliseAxis(a, shapeOf(v.X).length));
    const centred = c.sub(v.X, c.mean(v.X, axes));
    return [c.div(centred, c.add(c.sqrt(c.mean(c.mul(centred, centred), axes)), 1e-9))];
  },
});

const lpNormalization = defineOnnxOp({
  name: 'LpNormalization',
  versions: [1, 22],
  summary: 'an axis scaled to length one',
  doc: 'A row of zeros stays.',
  operands: { input: one(modelTensor) },
  attrs: { axis: defaultAttr(int, -1), p: defaultAttr(int, 2, '1 or 2') },
  expand: (v, e) => {
    const c = calculator(e);
    const axes = [normaliseAxis(v.axis, shapeOf(v.input).length)];
    const length = v.p === 1 ? c.sum(c.abs(v.input), axes) : c.sqrt(c.sum(c.mul(v.input, v.input), axes));
    return [c.div(v.input, c.select(c.compare(length, 'eq', 0), 1, length))];
  },
});

const swiGlu = defineOnnxOp({
  name: 'SwiGLU',
  versions: [28],
  summary: '`A · sigmoid(alpha · A) · B`',
  operands: { A: one(modelTensor), B: one(modelTensor) },
  attrs: { alpha: defaultAttr(number32, 1) },
  expand: (v, e) => {
    const c = calculator(e);
    return [c.mul(c.mul(v.A, c.sigmoid(c.mul(v.A, v.alpha))), v.B)];
  },
});

export const lossOps = [
  negativeLogLikelihoodLoss,
  softmaxCrossEntropyLoss,
  rmsNormalization,
  groupNormalization,
  meanVarianceNormalization,
  lpNormalization,
  swiGlu,
];
