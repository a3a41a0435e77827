/** ONNX operators that slide windows, and normalisations. */
import { int, ints, number32, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional, optionalAttr } from '../../opDefinition';
import type { Value } from '../../operation';
import { tensor } from '../../types';
import * as nn from '../nn';
import {
  constantTensor,
  lifted,
  liftWindow,
  reshapeTo,
  scalarLike,
  shapeOf,
  typeOf,
  windowOf,
} from './build';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';

const windowAttrs = {
  auto_pad: defaultAttr(text, 'NOTSET', 'NOTSET, SAME_UPPER, SAME_LOWER or VALID'),
  dilations: optionalAttr(ints),
  pads: optionalAttr(ints, 'all befores, then all afters'),
  strides: optionalAttr(ints),
};

/** The number of spatial axes; only one and two are supported. */
function spatialRank(input: Value): 1 | 2 {
  const n = shapeOf(input).length - 2;
  if (n !== 1 && n !== 2) throw new NotSupported(`an input of rank ${n + 2}`);
  return n;
}
/** Runs `build` on an image; a signal of one axis becomes an image of one row and comes back. */
function asImage(e: Expansion, input: Value, build: (image: Value) => Value): Value {
  if (spatialRank(input) === 2) return build(input);
  const output = build(reshapeTo(e, input, lifted(shapeOf(input))));
  const shape = shapeOf(output);
  return reshapeTo(e, output, [...shape.slice(0, -2), shape[shape.length - 1]!]);
}

const conv = defineOnnxOp({
  name: 'Conv',
  versions: [1, 11, 22],
  summary: 'a grouped convolution with an optional bias',
  operands: { X: one(modelTensor), W: one(modelTensor), B: optional(modelTensor) },
  attrs: { ...windowAttrs, group: defaultAttr(int, 1), kernel_shape: optionalAttr(ints) },
  expand: (v, e) => {
    const [x, w] = [shapeOf(v.X), shapeOf(v.W)];
    const rank = spatialRank(v.X);
    if (w.length !== x.length)
      throw new InferenceError(`weight has rank ${w.length}, input has rank ${x.length}`);
    const kernel = w.slice(2);
    if (v.kernel_shape !== undefined && kernel.some((k, i) => k >= 0 && k !== v.kernel_shape![i]))
      throw new InferenceError(
        `kernel_shape is [${v.kernel_shape.join(', ')}], weight has a kernel of [${kernel.join(', ')}]`,
      );
    const window = windowOf(x.slice(2), v.kernel_shape ?? kernel, v);
    const weight = rank === 2 ? v.W : reshapeTo(e, v.W, lifted(w));
    return [
      asImage(e, v.X, (input) =>
        e.b.value(nn.conv2d, {
          input,
          weight,
          bias: v.B,
          ...(rank === 2 ? window : liftWindow(window)),
          groups: v.group,
          layout: 'nchw_fchw',
        }),
      ),
    ];
  },
});

const maxPool = defineOnnxOp({
  name: 'MaxPool',
  versions: [1, 8, 10, 11, 12, 22],
  summary: 'the largest element in a sliding window',
  operands: { X: one(modelTensor) },
  attrs: {
    ...windowAttrs,
    ceil_mode: defaultAttr(int, 0),
    kernel_shape: optionalAttr(ints),
    storage_order: defaultAttr(int, 0),
  },
  expand: (v, e) => {
    const { kernel_shape: kernel } = v;
    if (kernel === undefined) throw new InferenceError("the attribute 'kernel_shape' is missing");
    if (e.outputs > 1) throw new NotSupported('the output Indices');
    const rank = spatialRank(v.X);
    const window = windowOf(shapeOf(v.X).slice(2), kernel, v, v.ceil_mode !== 0);
    return [
      asImage(e, v.X, (input) =>
        e.b.value(nn.maxPool2d, {
          input,
          kernel: rank === 2 ? kernel : [1, ...kernel],
          ...(rank === 2 ? window : liftWindow(window)),
          layout: 'nchw',
        }),
      ),
    ];
  },
});

const averagePool = defineOnnxOp({
  name: 'AveragePool',
  versions: [7, 10, 11, 19, 22],
  summary: 'the mean of a sliding window',
  operands: { X: one(modelTensor) },
  attrs: {
    ...windowAttrs,
    ceil_mode: defaultAttr(int, 0),
    count_include_pad: defaultAttr(int, 0),
    kernel_shape: optionalAttr(ints),
  },
  expand: (v, e) => {
    const { kernel_shape: kernel } = v;
    if (kernel === undefined) throw new InferenceError("the attribute 'kernel_shape' is missing");
    const rank = spatialRank(v.X);
    const sizes = shapeOf(v.X).slice(2);
    const window = windowOf(sizes, kernel, v, v.ceil_mode !== 0);
    const includePad = v.count_include_pad !== 0;
    // Padding that only rounds the size up never counts, whatever count_include_pad says.
    if (
      includePad &&
      v.ceil_mode !== 0 &&
      windowOf(sizes, kernel, v).pads.some((p, i) => p !== window.pads[i])
    )
      throw new NotSupported('count_include_pad with a window that ceil_mode adds');
    return [
      asImage(e, v.X, (input) =>
        e.b.value(nn.averagePool2d, {
          input,
          kernel: rank === 2 ? kernel : [1, ...kernel],
          ...(rank === 2 ? window : liftWindow(window)),
          count_include_pad: includePad,
          layout: 'nchw',
        }),
      ),
    ];
  },
});

const spatialAxes = (input: Value): number[] =>
  shapeOf(input)
    .map((_, i) => i)
    .slice(2);
const globalAveragePool = defineOnnxOp({
  name: 'GlobalAveragePool',
  versions: [1, 22],
  summary: 'the mean over all spatial axes, which stay with size 1',
  operands: { X: one(modelTensor) },
  expand: (v, { b }) => [b.value(nn.reduceMean, { input: v.X, axes: spatialAxes(v.X), keepdims: true })],
});
const globalMaxPool = defineOnnxOp({
  name: 'GlobalMaxPool',
  versions: [1, 22],
  summary: 'the largest element over all spatial axes, which stay with size 1',
  operands: { X: one(modelTensor) },
  expand: (v, { b }) => [b.value(nn.reduceMax, { input: v.X, axes: spatialAxes(v.X), keepdims: true })],
});

const batchNormalization = defineOnnxOp({
  name: 'BatchNormalization',
  versions: [7, 9, 14, 15],
  summary: 'batch normalisation by stored statistics',
  operands: {
    X: one(modelTensor),
    scale: one(modelTensor),
    B: one(modelTensor),
    mean: one(modelTensor),
    variance: one(modelTensor),
  },
  attrs: {
    epsilon: defaultAttr(number32, 1e-5),
    momentum: defaultAttr(number32, 0.9, 'for training only'),
    spatial: defaultAttr(int, 1, 'up to 7'),
    training_mode: defaultAttr(int, 0, 'since 14'),
  },
  expand: (v, e) => {
    if (v.training_mode !== 0 || e.outputs > 1) throw new NotSupported('batch normalisation in training');
    if (v.spatial !== 1) throw new NotSupported('statistics per element (spatial = 0)');
    return [
      e.b.value(nn.batchNorm, {
        input: v.X,
        scale: v.scale,
        bias: v.B,
        mean: v.mean,
        variance: v.variance,
        epsilon: v.epsilon,
      }),
    ];
  },
});

const lrn = defineOnnxOp({
  name: 'LRN',
  versions: [1, 13],
  summary: 'local response normalisation across channels',
  doc: '`x / (bias + alpha / size · Σ x²)^beta`, the sum over `size` channels around each one.',
  operands: { X: one(modelTensor) },
  attrs: {
    alpha: defaultAttr(number32, 1e-4),
    beta: defaultAttr(number32, 0.75),
    bias: defaultAttr(number32, 1),
    size: defaultAttr(int, 1),
  },
  expand: (v, e) => {
    const { b } = e;
    const shape = shapeOf(v.X);
    if (shape.length < 2)
      throw new InferenceError(`input must have rank 2 or more, found rank ${shape.length}`);
    const inner = shape.slice(2);
    if (inner.includes(-1)) throw new NotSupported('a dynamic spatial size');
    const square = b.value(nn.mul, { lhs: v.X, rhs: v.X });
    // The window runs over channels alone: they become the rows of an image.
    const rows = reshapeTo(e, square, [shape[0]!, 1, shape[1]!, inner.reduce((p, d) => p * d, 1)]);
    const before = Math.floor((v.size - 1) / 2);
    const mean = b.value(nn.averagePool2d, {
      input: rows,
      kernel: [v.size, 1],
      strides: [1, 1],
      pads: [before, 0, v.size - 1 - before, 0],
      dilations: [1, 1],
      count_include_pad: true,
      layout: 'nchw',
    });
    const energy = b.value(nn.mul, { lhs: reshapeTo(e, mean, shape), rhs: scalarLike(e, v.X, v.alpha) });
    const base = b.value(nn.add, { lhs: energy, rhs: scalarLike(e, v.X, v.bias) });
    return [
      b.value(nn.div, { lhs: v.X, rhs: b.value(nn.pow, { lhs: base, rhs: scalarLike(e, v.X, v.beta) }) }),
    ];
  },
});

const instanceNormalization = defineOnnxOp({
  name: 'InstanceNormalization',
  versions: [6, 22],
  summary: 'each channel of each image to zero mean and unit variance, then scaled and shifted',
  operands: { input: one(modelTensor), scale: one(modelTensor), B: one(modelTensor) },
  attrs: { epsilon: defaultAttr(number32, 1e-5) },
  expand: (v, e) => {
    const { b } = e;
    const axes = spatialAxes(v.input);
    const centred = b.value(nn.sub, {
      lhs: v.input,
      rhs: b.value(nn.reduceMean, { input: v.input, axes, keepdims: true }),
    });
    const variance = b.value(nn.reduceMean, {
      input: b.value(nn.mul, { lhs: centred, rhs: centred }),
      axes,
      keepdims: true,
    });
    const epsilon = constantTensor(e, [v.epsilon], tensor([], typeOf(v.input).element));
    const deviation = b.value(nn.sqrt, { input: b.value(nn.add, { lhs: variance, rhs: epsilon }) });
    const perChannel = (p: Value): Value => reshapeTo(e, p, [shapeOf(p)[0]!, ...axes.map(() => 1)]);
    const scaled = b.value(nn.mul, {
      lhs: b.value(nn.div, { lhs: centred, rhs: deviation }),
      rhs: perChannel(v.scale),
    });
    return [b.value(nn.add, { lhs: scaled, rhs: perChannel(v.B) })];
  },
});

export const convolutionOps = [
  conv,
  maxPool,
  averagePool,
  globalAveragePool,
  globalMaxPool,
  batchNormalization,
  lrn,
  instanceNormalization,
];
