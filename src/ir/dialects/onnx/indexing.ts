/** ONNX operators that find, sort, read and write elements by position, and make patterns of positions. */
import { int, ints, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional, optionalAttr } from '../../opDefinition';
import type { Value } from '../../operation';
import { DYNAMIC, i1, i64, tensor } from '../../types';
import * as nn from '../nn';
import { normaliseAxis } from '../nn/shapes';
import { constantInts, constantTensor, i64Tensor, reshapeTo, scalarLike, shapeOf, typeOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';
import { elementTypeOfOnnx } from './elementTypes';

const x = { X: one(modelTensor) };

/** The shape with 0, 1, … `count - 1` along `axis` and 1 elsewhere. */
function positions(e: Expansion, rank: number, axis: number, count: number): Value {
  const values = Array.from({ length: count }, (_, i) => i);
  return reshapeTo(
    e,
    i64Tensor(e, values),
    Array.from({ length: rank }, (_, i) => (i === axis ? count : 1)),
  );
}
/** The size of an axis, which must be known. */
function sizeAt(value: Value, axis: number): number {
  const size = shapeOf(value)[axis]!;
  if (size === DYNAMIC) throw new NotSupported('a dynamic size');
  return size;
}
const flat = (e: Expansion, value: Value): Value => reshapeTo(e, value, [DYNAMIC]);

const argReduce = (name: string, kind: 'max' | 'min') =>
  defineOnnxOp({
    name,
    versions: [1, 11, 12, 13],
    summary: `the position of the ${kind === 'max' ? 'largest' : 'smallest'} element along an axis`,
    operands: { data: one(modelTensor) },
    attrs: {
      axis: defaultAttr(int, 0),
      keepdims: defaultAttr(int, 1),
      select_last_index: defaultAttr(int, 0, 'since 12'),
    },
    expand: (v, e) => {
      const shape = shapeOf(v.data);
      const axis = normaliseAxis(v.axis, shape.length);
      const found = e.b.value(nn.argReduce, {
        input: v.data,
        axis,
        kind,
        last: v.select_last_index !== 0,
      });
      return [
        v.keepdims !== 0
          ? found
          : reshapeTo(
              e,
              found,
              shape.filter((_, i) => i !== axis),
            ),
      ];
    },
  });

const hardmax = defineOnnxOp({
  name: 'Hardmax',
  versions: [1, 11, 13],
  summary: 'one at the first largest element, zero elsewhere',
  operands: { input: one(modelTensor) },
  attrs: { axis: optionalAttr(int, '1 before 13, -1 since') },
  expand: (v, e) => {
    const c = calculator(e);
    const shape = shapeOf(v.input);
    const axis = normaliseAxis(v.axis ?? (v.version < 13 ? 1 : -1), shape.length);
    if (v.version < 13 && axis !== shape.length - 1) throw new NotSupported('a hardmax over several axes');
    const best = e.b.value(nn.argReduce, { input: v.input, axis, kind: 'max' });
    const hit = c.compare(positions(e, shape.length, axis, sizeAt(v.input, axis)), 'eq', best);
    return [c.cast(hit, typeOf(v.input).element)];
  },
});

const topK = defineOnnxOp({
  name: 'TopK',
  versions: [1, 10, 11, 24],
  summary: 'the largest elements along an axis and their positions',
  operands: { X: one(modelTensor), K: optional(modelTensor, 'since 10') },
  attrs: {
    axis: defaultAttr(int, -1),
    k: optionalAttr(int, 'before 10'),
    largest: defaultAttr(int, 1, 'since 11'),
    sorted: defaultAttr(int, 1, 'since 11'),
  },
  expand: (v, e) => {
    const k = v.K === undefined ? v.k : constantInts(e, v.K, 'a number of elements')[0];
    if (k === undefined) throw new InferenceError('K is needed');
    const op = e.b.op(nn.topK, {
      input: v.X,
      axis: normaliseAxis(v.axis, shapeOf(v.X).length),
      k,
      largest: v.largest !== 0,
    });
    return op.results;
  },
});

const cumulative = (name: string, versions: readonly number[], kind: 'sum' | 'product') =>
  defineOnnxOp({
    name,
    versions,
    summary: `running ${kind}s along an axis`,
    operands: { x: one(modelTensor), axis: one(modelTensor) },
    attrs: { exclusive: defaultAttr(int, 0), reverse: defaultAttr(int, 0) },
    expand: (v, e) => {
      const axis = constantInts(e, v.axis, 'an axis')[0] ?? 0;
      return [
        e.b.value(nn.cumulate, {
          input: v.x,
          axis: normaliseAxis(axis, shapeOf(v.x).length),
          kind,
          exclusive: v.exclusive !== 0,
          reverse: v.reverse !== 0,
        }),
      ];
    },
  });

const gatherElements = defineOnnxOp({
  name: 'GatherElements',
  versions: [11, 13],
  summary: nn.gatherElements.summary,
  operands: { data: one(modelTensor), indices: one(modelTensor) },
  attrs: { axis: defaultAttr(int, 0) },
  expand: (v, { b }) => [
    b.value(nn.gatherElements, {
      input: v.data,
      indices: v.indices,
      axis: normaliseAxis(v.axis, shapeOf(v.data).length),
    }),
  ],
});
const gatherNd = defineOnnxOp({
  name: 'GatherND',
  versions: [11, 12, 13],
  summary: nn.gatherNd.summary,
  operands: { data: one(modelTensor), indices: one(modelTensor) },
  attrs: { batch_dims: defaultAttr(int, 0, 'since 12') },
  expand: (v, { b }) => [
    b.value(nn.gatherNd, { input: v.data, indices: v.indices, batch_dims: v.batch_dims }),
  ],
});

const reductions = ['none', 'add', 'mul', 'max', 'min'] as const;
function reductionNamed(name: string): (typeof reductions)[number] {
  const found = reductions.find((r) => r === name);
  if (found === undefined)
    throw new InferenceError(`reduction is "${name}", expected ${reductions.join(', ')}`);
  return found;
}
const scatterOperands = { data: one(modelTensor), indices: one(modelTensor), updates: one(modelTensor) };
const scatterElements = (name: string, versions: readonly number[]) =>
  defineOnnxOp({
    name,
    versions,
    summary: nn.scatterElements.summary,
    operands: scatterOperands,
    attrs: { axis: defaultAttr(int, 0), reduction: defaultAttr(text, 'none', 'since 16') },
    expand: (v, { b }) => [
      b.value(nn.scatterElements, {
        input: v.data,
        indices: v.indices,
        updates: v.updates,
        axis: normaliseAxis(v.axis, shapeOf(v.data).length),
        reduction: reductionNamed(v.reduction),
      }),
    ],
  });
const scatterNd = defineOnnxOp({
  name: 'ScatterND',
  versions: [11, 13, 16, 18],
  summary: nn.scatterNd.summary,
  operands: scatterOperands,
  attrs: { reduction: defaultAttr(text, 'none', 'since 16') },
  expand: (v, { b }) => [
    b.value(nn.scatterNd, {
      input: v.data,
      indices: v.indices,
      updates: v.updates,
      reduction: reductionNamed(v.reduction),
    }),
  ],
});

const tensorScatter = defineOnnxOp({
  name: 'TensorScatter',
  versions: [24],
  summary: 'a cache with an update written at a position of each batch',
  operands: {
    past_cache: one(modelTensor),
    update: one(modelTensor),
    write_indices: optional(modelTensor, 'one per batch; zero when absent'),
  },
  attrs: { axis: defaultAttr(int, -2), mode: defaultAttr(text, 'linear', '`linear` or `circular`') },
  expand: (v, e) => {
    const c = calculator(e);
    const [cache, update] = [shapeOf(v.past_cache), shapeOf(v.update)];
    if (update.includes(DYNAMIC)) throw new NotSupported('a dynamic size');
    const axis = normaliseAxis(v.axis, cache.length);
    const size = sizeAt(v.past_cache, axis);
    let at = positions(e, cache.length, axis, update[axis]!);
    if (v.write_indices !== undefined) {
      const first = cache.map((_, i) => (i === 0 ? DYNAMIC : 1));
      at = c.add(at, c.reshape(c.cast(v.write_indices, i64), first));
    }
    if (v.mode === 'circular') at = e.b.value(nn.mod, { lhs: at, rhs: scalarLike(e, at, size) });
    return [
      e.b.value(nn.scatterElements, {
        input: v.past_cache,
        indices: c.broadcast(at, update),
        updates: v.update,
        axis,
      }),
    ];
  },
});

const nonZero = defineOnnxOp({
  name: 'NonZero',
  versions: [9, 13],
  summary: nn.nonZero.summary,
  operands: x,
  expand: (v, { b }) => [b.value(nn.nonZero, { input: v.X })],
});
const compress = defineOnnxOp({
  name: 'Compress',
  versions: [9, 11],
  summary: 'slices along an axis at which a condition holds',
  doc: 'Without an axis the input is flattened.',
  operands: { input: one(modelTensor), condition: one(modelTensor) },
  attrs: { axis: optionalAttr(int) },
  expand: (v, e) => {
    const indices = flat(e, e.b.value(nn.nonZero, { input: v.condition }));
    const input = v.axis === undefined ? flat(e, v.input) : v.input;
    return [
      e.b.value(nn.gather, {
        input,
        indices,
        axis: normaliseAxis(v.axis ?? 0, shapeOf(input).length),
      }),
    ];
  },
});
const unique = defineOnnxOp({
  name: 'Unique',
  versions: [11],
  summary: 'the different elements, or slices along an axis',
  operands: x,
  attrs: { axis: optionalAttr(int), sorted: defaultAttr(int, 1) },
  expand: (v, e) => {
    const input = v.axis === undefined ? flat(e, v.X) : v.X;
    const axis = normaliseAxis(v.axis ?? 0, shapeOf(input).length);
    return e.b.op(nn.unique, { input, axis, sorted: v.sorted !== 0 }).results;
  },
});
const nonMaxSuppression = defineOnnxOp({
  name: 'NonMaxSuppression',
  versions: [10, 11],
  summary: nn.nonMaxSuppression.summary,
  operands: {
    boxes: one(modelTensor),
    scores: one(modelTensor),
    max_output_boxes_per_class: optional(modelTensor),
    iou_threshold: optional(modelTensor),
    score_threshold: optional(modelTensor),
  },
  attrs: { center_point_box: defaultAttr(int, 0) },
  expand: (v, { b }) => [
    b.value(nn.nonMaxSuppression, {
      boxes: v.boxes,
      scores: v.scores,
      max_output: v.max_output_boxes_per_class,
      iou_threshold: v.iou_threshold,
      score_threshold: v.score_threshold,
      center_point_box: v.center_point_box !== 0,
    }),
  ],
});

const trilu = defineOnnxOp({
  name: 'Trilu',
  versions: [14],
  summary: 'the upper or lower triangle of matrices, zero elsewhere',
  operands: { input: one(modelTensor), k: optional(modelTensor, 'the diagonal that bounds it') },
  attrs: { upper: defaultAttr(int, 1) },
  expand: (v, e) => {
    const c = calculator(e);
    const k = v.k === undefined ? 0 : (constantInts(e, v.k, 'a diagonal')[0] ?? 0);
    const rank = shapeOf(v.input).length;
    const [rows, columns] = [sizeAt(v.input, rank - 2), sizeAt(v.input, rank - 1)];
    const keep = Array.from({ length: rows * columns }, (_, p) => {
      const distance = (p % columns) - Math.floor(p / columns);
      return Number(v.upper !== 0 ? distance >= k : distance <= k);
    });
    return [c.select(constantTensor(e, keep, tensor([rows, columns], i1)), v.input, 0)];
  },
});
const eyeLike = defineOnnxOp({
  name: 'EyeLike',
  versions: [9, 22],
  summary: 'ones on a diagonal of a matrix, zeros elsewhere',
  operands: { input: one(modelTensor) },
  attrs: { dtype: optionalAttr(int, 'the number of the element type'), k: defaultAttr(int, 0) },
  expand: (v, e) => {
    const element = v.dtype === undefined ? typeOf(v.input).element : elementTypeOfOnnx(v.dtype);
    if (element === undefined) throw new NotSupported(`element type number ${v.dtype}`);
    const [rows, columns] = [sizeAt(v.input, 0), sizeAt(v.input, 1)];
    const values = Array.from({ length: rows * columns }, (_, p) =>
      Number((p % columns) - Math.floor(p / columns) === v.k),
    );
    return [constantTensor(e, values, tensor([rows, columns], element))];
  },
});
const oneHot = defineOnnxOp({
  name: 'OneHot',
  versions: [9, 11],
  summary: 'a new axis that is "on" at an index and "off" elsewhere',
  doc: 'Negative indices count from the end; others out of bounds are off everywhere.',
  operands: {
    indices: one(modelTensor),
    depth: one(modelTensor),
    values: one(modelTensor, 'off and on'),
  },
  attrs: { axis: defaultAttr(int, -1) },
  expand: (v, e) => {
    const c = calculator(e);
    const depth = Math.trunc(constantInts(e, v.depth, 'a depth')[0] ?? 0);
    const shape = [...shapeOf(v.indices)];
    const axis = normaliseAxis(v.axis, shape.length + 1);
    shape.splice(axis, 0, 1);
    const given = c.reshape(c.cast(v.indices, i64), shape);
    const index = c.select(c.compare(given, 'lt', 0), c.add(given, depth), given);
    const value = (i: number): Value => c.reshape(c.part(v.values, 0, i, i + 1), []);
    const hit = c.compare(positions(e, shape.length, axis, depth), 'eq', index);
    return [c.select(hit, value(1), value(0))];
  },
});

const reverseSequence = defineOnnxOp({
  name: 'ReverseSequence',
  versions: [10],
  summary: 'the first elements of each sequence turned round, the rest as it is',
  operands: { input: one(modelTensor), sequence_lens: one(modelTensor) },
  attrs: { batch_axis: defaultAttr(int, 1), time_axis: defaultAttr(int, 0) },
  expand: (v, e) => {
    const c = calculator(e);
    const shape = shapeOf(v.input);
    if (shape.includes(DYNAMIC)) throw new NotSupported('a dynamic size');
    const time = positions(e, shape.length, v.time_axis, shape[v.time_axis]!);
    const lengths = c.reshape(
      c.cast(v.sequence_lens, i64),
      shape.map((d, i) => (i === v.batch_axis ? d : 1)),
    );
    const turned = c.sub(c.sub(lengths, 1), time);
    const index = c.select(c.compare(time, 'lt', lengths), turned, time);
    return [
      e.b.value(nn.gatherElements, {
        input: v.input,
        indices: c.broadcast(index, shape),
        axis: v.time_axis,
      }),
    ];
  },
});

const tile = defineOnnxOp({
  name: 'Tile',
  versions: [6, 13],
  summary: 'a tensor repeated along each axis',
  operands: { input: one(modelTensor), repeats: one(modelTensor) },
  expand: (v, e) => {
    const c = calculator(e);
    const repeats = constantInts(e, v.repeats, 'a number of repeats');
    const shape = shapeOf(v.input);
    if (repeats.length !== shape.length)
      throw new InferenceError(`repeats has ${repeats.length} numbers, the input has rank ${shape.length}`);
    const spread = c.reshape(
      v.input,
      shape.flatMap((d) => [1, d]),
    );
    const repeated = c.broadcast(
      spread,
      shape.flatMap((d, i) => [repeats[i]!, d]),
    );
    if (repeats.includes(0)) {
      const type = typeOf(v.input);
      return [
        constantTensor(
          e,
          [],
          tensor(
            shape.map((d, i) => d * repeats[i]!),
            type.element,
          ),
        ),
      ];
    }
    return [
      c.reshape(
        repeated,
        shape.map((d, i) => (d === DYNAMIC ? d : d * repeats[i]!)),
      ),
    ];
  },
});

const centerCropPad = defineOnnxOp({
  name: 'CenterCropPad',
  versions: [18],
  summary: 'each axis cut or padded with zeros around its centre',
  operands: { input: one(modelTensor), shape: one(modelTensor) },
  attrs: { axes: optionalAttr(ints) },
  expand: (v, e) => {
    const shape = shapeOf(v.input);
    const target = constantInts(e, v.shape, 'a shape');
    const axes = v.axes?.map((a) => normaliseAxis(a, shape.length)) ?? shape.map((_, i) => i);
    const [low, high] = [shape.map(() => 0), shape.map(() => 0)];
    axes.forEach((axis, i) => {
      const more = target[i]! - sizeAt(v.input, axis);
      const before = more >= 0 ? Math.floor(more / 2) : -Math.floor(-more / 2);
      [low[axis], high[axis]] = [before, more - before];
    });
    return [e.b.value(nn.pad, { input: v.input, low, high, value: 0, mode: 'constant' })];
  },
});

export const indexingOps = [
  argReduce('ArgMax', 'max'),
  argReduce('ArgMin', 'min'),
  hardmax,
  topK,
  cumulative('CumSum', [11, 14], 'sum'),
  cumulative('CumProd', [26], 'product'),
  gatherElements,
  gatherNd,
  scatterElements('ScatterElements', [11, 13, 16, 18]),
  scatterElements('Scatter', [9, 11]),
  scatterNd,
  tensorScatter,
  nonZero,
  compress,
  unique,
  nonMaxSuppression,
  trilu,
  eyeLike,
  oneHot,
  reverseSequence,
  tile,
  centerCropPad,
];
