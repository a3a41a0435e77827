/** Operators of the domains `ai.onnx.ml` and `ai.onnx.preview.training`, and `TfIdfVectorizer`. */
import { floats, int, ints, number32, text } from '../../constraints';
import { defaultAttr, one, optionalAttr, variadic } from '../../opDefinition';
import type { Value } from '../../operation';
import { f32 } from '../../types';
import * as nn from '../nn';
import { shapeOf, typeOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';

const arrayFeatureExtractor = defineOnnxOp({
  name: 'ai.onnx.ml.ArrayFeatureExtractor',
  versions: [1],
  summary: 'elements of the last axis, by index',
  operands: { X: one(modelTensor), Y: one(modelTensor) },
  expand: (v, e) => {
    const c = calculator(e);
    const shape = shapeOf(v.X);
    const count = shapeOf(v.Y).reduce((a, b) => a * b, 1);
    const found = e.b.value(nn.gather, {
      input: v.X,
      indices: c.reshape(v.Y, [count]),
      axis: shape.length - 1,
    });
    return [c.reshape(found, shape.length === 1 ? [1, count] : [...shape.slice(0, -1), count])];
  },
});
const binarizer = defineOnnxOp({
  name: 'ai.onnx.ml.Binarizer',
  versions: [1],
  summary: 'one where an element is above a threshold, else zero',
  operands: { X: one(modelTensor) },
  attrs: { threshold: defaultAttr(number32, 0) },
  expand: (v, e) => {
    const c = calculator(e);
    return [c.cast(c.compare(v.X, 'gt', v.threshold), typeOf(v.X).element)];
  },
});

/** Rate, number of the update, then equally many of each: the tensors, their gradients, and what is kept of them. */
function perTensor(
  values: readonly Value[],
  kinds: number,
  update: (...own: readonly Value[]) => readonly Value[],
): readonly Value[] {
  const count = (values.length - 2) / kinds;
  if (!Number.isInteger(count) || count < 1) throw new NotSupported(`${values.length} inputs`);
  const results = Array.from({ length: count }, (_, i) =>
    update(...Array.from({ length: kinds }, (__, k) => values[2 + k * count + i]!)),
  );
  return results[0]!.flatMap((_, k) => results.map((r) => r[k]!));
}
const training = { inputs: variadic(modelTensor, 'R, T, X…, G…, and states') };

const adagrad = defineOnnxOp({
  name: 'ai.onnx.preview.training.Adagrad',
  versions: [1],
  summary: 'an update of parameters by the AdaGrad method',
  operands: training,
  attrs: {
    decay_factor: defaultAttr(number32, 0),
    epsilon: defaultAttr(number32, 1e-6),
    norm_coefficient: defaultAttr(number32, 0),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const [rate, time] = v.inputs as readonly [Value, Value];
    const t = c.cast(time, typeOf(rate).element);
    const adjusted = c.div(rate, c.add(c.mul(t, v.decay_factor), 1));
    return perTensor(v.inputs, 3, (x, gradient, squares) => {
      const g = c.add(c.mul(x, v.norm_coefficient), gradient);
      const h = c.add(squares, c.mul(g, g));
      return [c.sub(x, c.div(c.mul(adjusted, g), c.add(c.sqrt(h), v.epsilon))), h];
    });
  },
});
const adam = defineOnnxOp({
  name: 'ai.onnx.preview.training.Adam',
  versions: [1],
  summary: 'an update of parameters by the Adam method',
  operands: training,
  attrs: {
    alpha: defaultAttr(number32, 0.9),
    beta: defaultAttr(number32, 0.999),
    epsilon: defaultAttr(number32, 1e-6),
    norm_coefficient: defaultAttr(number32, 0),
    norm_coefficient_post: defaultAttr(number32, 0),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const [rate, time] = v.inputs as readonly [Value, Value];
    const t = c.cast(time, typeOf(rate).element);
    const left = (base: number): Value => c.sub(1, c.pow(c.add(c.mul(t, 0), base), t));
    const corrected = c.div(c.mul(rate, c.sqrt(left(v.beta))), left(v.alpha));
    const adjusted = c.select(c.compare(t, 'gt', 0), corrected, rate);
    return perTensor(v.inputs, 4, (x, gradient, first, second) => {
      const g = c.add(c.mul(x, v.norm_coefficient), gradient);
      const m = c.add(c.mul(first, v.alpha), c.mul(g, 1 - v.alpha));
      const h = c.add(c.mul(second, v.beta), c.mul(c.mul(g, g), 1 - v.beta));
      const moved = c.sub(x, c.mul(adjusted, c.div(m, c.add(c.sqrt(h), v.epsilon))));
      return [c.mul(moved, 1 - v.norm_coefficient_post), m, h];
    });
  },
});
const momentum = defineOnnxOp({
  name: 'ai.onnx.preview.training.Momentum',
  versions: [1],
  summary: 'an update of parameters by gradient descent with momentum',
  operands: training,
  attrs: {
    alpha: defaultAttr(number32, 0.9),
    beta: defaultAttr(number32, 1),
    mode: defaultAttr(text, 'standard', '`standard` or `nesterov`'),
    norm_coefficient: defaultAttr(number32, 0),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const [rate, time] = v.inputs as readonly [Value, Value];
    const { element } = typeOf(rate);
    const later = c.cast(c.compare(time, 'gt', 0), element);
    // The first update takes the gradient whole.
    const share = c.add(c.mul(later, v.beta - 1), 1);
    return perTensor(v.inputs, 3, (x, gradient, velocity) => {
      const g = c.add(c.mul(x, v.norm_coefficient), gradient);
      const next = c.add(c.mul(velocity, v.alpha), c.mul(share, g));
      const step = v.mode === 'nesterov' ? c.add(g, c.mul(next, v.alpha)) : next;
      return [c.sub(x, c.mul(rate, step)), next];
    });
  },
});

/** How often a sequence of numbers occurs in rows, with `distance` from each to the next. */
function occurrences(
  e: Expansion,
  rows: Value,
  gram: readonly number[],
  distance: number,
): Value | undefined {
  const c = calculator(e);
  const length = shapeOf(rows)[1]!;
  const count = length - (gram.length - 1) * distance;
  if (count < 1) return undefined;
  const hits = gram
    .map((word, k) => c.compare(c.part(rows, 1, k * distance, k * distance + count), 'eq', word))
    .reduce((lhs, rhs) => e.b.value(nn.bitwise, { lhs, rhs, kind: 'and' }));
  return c.sum(c.cast(hits, f32), [1]);
}
const tfIdfVectorizer = defineOnnxOp({
  name: 'TfIdfVectorizer',
  versions: [9],
  summary: 'how often given sequences of words occur in each row',
  doc: 'Words are integers here. Sequences of more than one word also count with up to `max_skip_count` words between two.',
  operands: { X: one(modelTensor) },
  attrs: {
    max_gram_length: defaultAttr(int, 1),
    max_skip_count: defaultAttr(int, 0),
    min_gram_length: defaultAttr(int, 1),
    mode: defaultAttr(text, 'TF', '`TF`, `IDF` or `TFIDF`'),
    ngram_counts: optionalAttr(ints, 'where the sequences of each length begin in the pool'),
    ngram_indexes: optionalAttr(ints, 'the place of each sequence in a row of the result'),
    pool_int64s: optionalAttr(ints),
    weights: optionalAttr(floats),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const pool = v.pool_int64s;
    const places = v.ngram_indexes ?? [];
    if (pool === undefined) throw new NotSupported('a pool of strings');
    const shape = shapeOf(v.X);
    const rows = c.reshape(v.X, [shape.length === 1 ? 1 : shape[0]!, shape[shape.length - 1]!]);
    const starts = v.ngram_counts ?? [];
    const grams = starts.flatMap((start, i) => {
      const part = pool.slice(start, starts[i + 1] ?? pool.length);
      return Array.from({ length: Math.floor(part.length / (i + 1)) }, (_, k) =>
        part.slice(k * (i + 1), (k + 1) * (i + 1)),
      );
    });
    const zero = c.mul(c.sum(c.cast(c.part(rows, 1, 0, 0), f32), [1]), 0);
    const columns = new Array<Value>(Math.max(-1, ...places) + 1).fill(zero);
    grams.forEach((gram, g) => {
      if (gram.length < v.min_gram_length || gram.length > v.max_gram_length) return;
      const distances = gram.length === 1 ? 1 : v.max_skip_count + 1;
      const found = Array.from({ length: distances }, (_, d) => occurrences(e, rows, gram, d + 1));
      const sum = found.reduce((p, q) => (p === undefined ? q : q === undefined ? p : c.add(p, q)));
      if (sum === undefined) return;
      const at = places[g]!;
      columns[at] = columns[at] === zero ? sum : c.add(columns[at]!, sum);
    });
    const weighted = columns.map((count, i) => {
      const hit = v.mode === 'IDF' ? c.cast(c.compare(count, 'gt', 0), f32) : count;
      const weight = v.mode === 'TF' ? 1 : (v.weights?.[i] ?? 1);
      return weight === 1 ? hit : c.mul(hit, weight);
    });
    const result = c.concat(weighted, 1);
    return [shape.length === 1 ? c.reshape(result, [columns.length]) : result];
  },
});

export const otherDomainOps = [
  arrayFeatureExtractor,
  binarizer,
  adagrad,
  adam,
  momentum,
  tfIdfVectorizer,
] as const;
