/** ONNX operators that slide windows, and normalisations. */
import { int, ints, number32, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional, optionalAttr } from '../../opDefinition';
import type { Value } from '../../operation';
import type { Type } from '../../types';
import { DYNAMIC, tensor } from '../../types';
import * as nn from '../nn';
import type { Window, WindowAttributes } from './build';
import {
  constantInts,
  constantTensor,
  i64Tensor,
  lifted,
  liftWindow,
  reshapeTo,
  scalarLike,
  shapeOf,
  typeOf,
  windowOf,
} from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';
import { padSpatial, stackTaps, tapCounts, tapPositions, tapsOf, windowCounts } from './windows';

const windowAttrs = {
  auto_pad: defaultAttr(text, 'NOTSET', 'NOTSET, SAME_UPPER, SAME_LOWER or VALID'),
  dilations: optionalAttr(ints),
  pads: optionalAttr(ints, 'all befores, then all afters'),
  strides: optionalAttr(ints),
};

/** The number of spatial axes. */
function spatialRank(input: Value): 1 | 2 | 3 {
  const n = shapeOf(input).length - 2;
  if (n !== 1 && n !== 2 && n !== 3) throw new NotSupported(`an input of rank ${n + 2}`);
  return n;
}
/** Runs `build` on an image; a signal of one axis becomes an image of one row and comes back. */
function asImage(e: Expansion, input: Value, build: (image: Value) => Value): Value {
  if (spatialRank(input) === 2) return build(input);
  const output = build(reshapeTo(e, input, lifted(shapeOf(input))));
  const shape = shapeOf(output);
  return reshapeTo(e, output, [...shape.slice(0, -2), shape[shape.length - 1]!]);
}

export const convolutionAttrs = {
  ...windowAttrs,
  group: defaultAttr(int, 1),
  kernel_shape: optionalAttr(ints),
};
interface ConvolutionAttributes extends WindowAttributes {
  readonly group: number;
  readonly kernel_shape: readonly number[] | undefined;
}

/** A grouped convolution over one, two or three spatial axes. */
export function convolve(
  e: Expansion,
  X: Value,
  W: Value,
  B: Value | undefined,
  v: ConvolutionAttributes,
): Value {
  const [x, w] = [shapeOf(X), shapeOf(W)];
  const rank = spatialRank(X);
  if (w.length !== x.length)
    throw new InferenceError(`weight has rank ${w.length}, input has rank ${x.length}`);
  const kernel = w.slice(2);
  if (v.kernel_shape !== undefined && kernel.some((k, i) => k >= 0 && k !== v.kernel_shape![i]))
    throw new InferenceError(
      `kernel_shape is [${v.kernel_shape.join(', ')}], weight has a kernel of [${kernel.join(', ')}]`,
    );
  const window = windowOf(x.slice(2), v.kernel_shape ?? kernel, v);
  if (rank === 3) return convolveVolume(e, X, W, B, window, v.group);
  const weight = rank === 2 ? W : reshapeTo(e, W, lifted(w));
  return asImage(e, X, (input) =>
    e.b.value(nn.conv2d, {
      input,
      weight,
      bias: B,
      ...(rank === 2 ? window : liftWindow(window)),
      groups: v.group,
      layout: 'nchw_fchw',
    }),
  );
}

/** Three spatial axes as a sum of two-dimensional convolutions, one per layer of the kernel. */
function convolveVolume(
  e: Expansion,
  X: Value,
  W: Value,
  B: Value | undefined,
  window: Window,
  groups: number,
): Value {
  const c = calculator(e);
  const [x, w] = [shapeOf(X), shapeOf(W)];
  if ([...x, ...w].includes(DYNAMIC)) throw new NotSupported('a convolution of rank 5 with a dynamic size');
  const [n, channels, , height, width] = x as readonly [number, number, number, number, number];
  const [front, top, left, back, bottom, right] = window.pads;
  const padded = padSpatial(e, X, [front!, 0, 0, back!, 0, 0], 0);
  const depth = windowCounts(x.slice(2), w.slice(2), window)[0]!;
  const layers = Array.from({ length: w[2]! }, (_, k) => {
    const start = k * window.dilations[0]!;
    const planes = c.part(padded, 2, start, start + (depth - 1) * window.strides[0]! + 1, window.strides[0]);
    return e.b.value(nn.conv2d, {
      input: c.reshape(c.transpose(planes, [0, 2, 1, 3, 4]), [n * depth, channels, height, width]),
      weight: c.reshape(c.part(W, 2, k, k + 1), [w[0]!, w[1]!, w[3]!, w[4]!]),
      bias: k === 0 ? B : undefined,
      strides: window.strides.slice(1),
      dilations: window.dilations.slice(1),
      pads: [top!, left!, bottom!, right!],
      groups,
      layout: 'nchw_fchw',
    });
  }).reduce((p, q) => c.add(p, q));
  const [, features, h, q] = shapeOf(layers) as readonly [number, number, number, number];
  return c.transpose(c.reshape(layers, [n, depth, features, h, q]), [0, 2, 1, 3, 4]);
}

const conv = defineOnnxOp({
  name: 'Conv',
  versions: [1, 11, 22],
  summary: 'a grouped convolution with an optional bias',
  operands: { X: one(modelTensor), W: one(modelTensor), B: optional(modelTensor) },
  attrs: convolutionAttrs,
  expand: (v, e) => [convolve(e, v.X, v.W, v.B, v)],
});

const poolAttrs = {
  ...windowAttrs,
  ceil_mode: defaultAttr(int, 0),
  kernel_shape: optionalAttr(ints),
};
function kernelOf(kernel: readonly number[] | undefined): readonly number[] {
  if (kernel === undefined) throw new InferenceError("the attribute 'kernel_shape' is missing");
  return kernel;
}
/** The least value of an element type. */
function lowest(type: Type): number {
  if (type.kind !== 'integer') return -Infinity;
  return type.signedness === 'unsigned' ? 0 : -(2 ** (type.width - 1));
}

const maxPool = defineOnnxOp({
  name: 'MaxPool',
  versions: [1, 8, 10, 11, 12, 22],
  summary: 'the largest element in a sliding window',
  doc: 'Results: the elements, and their positions in the flattened input.',
  operands: { X: one(modelTensor) },
  attrs: { ...poolAttrs, storage_order: defaultAttr(int, 0) },
  expand: (v, e) => {
    const kernel = kernelOf(v.kernel_shape);
    const rank = spatialRank(v.X);
    const shape = shapeOf(v.X);
    const sizes = shape.slice(2);
    const window = windowOf(sizes, kernel, v, v.ceil_mode !== 0);
    if (rank !== 3 && e.outputs < 2)
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
    const c = calculator(e);
    const taps = tapsOf(e, v.X, kernel, window, lowest(typeOf(v.X).element));
    const largest = taps.reduce((p, q) => c.max(p, q));
    if (e.outputs < 2) return [largest];
    if (shape.includes(DYNAMIC)) throw new NotSupported('positions in a dynamic size');
    const counts = shapeOf(largest).slice(2);
    const best = e.b.value(nn.argReduce, { input: stackTaps(e, taps), axis: 0, kind: 'max' });
    const table = c.reshape(i64Tensor(e, tapPositions(sizes, kernel, window, v.storage_order !== 0)), [
      taps.length,
      1,
      1,
      ...counts,
    ]);
    const within = e.b.value(nn.gatherElements, {
      input: c.broadcast(table, [taps.length, shape[0]!, shape[1]!, ...counts]),
      indices: best,
      axis: 0,
    });
    const plane = sizes.reduce((p, d) => p * d, 1);
    const first = i64Tensor(
      e,
      Array.from({ length: shape[0]! * shape[1]! }, (_, i) => i * plane),
    );
    const offsets = c.reshape(first, [shape[0]!, shape[1]!, ...counts.map(() => 1)]);
    return [largest, c.add(c.reshape(within, shapeOf(largest)), offsets)];
  },
});

const averagePool = defineOnnxOp({
  name: 'AveragePool',
  versions: [7, 10, 11, 19, 22],
  summary: 'the mean of a sliding window',
  doc: 'Padding that only rounds the size up never counts.',
  operands: { X: one(modelTensor) },
  attrs: { ...poolAttrs, count_include_pad: defaultAttr(int, 0) },
  expand: (v, e) => {
    const kernel = kernelOf(v.kernel_shape);
    const rank = spatialRank(v.X);
    const sizes = shapeOf(v.X).slice(2);
    const window = windowOf(sizes, kernel, v, v.ceil_mode !== 0);
    const includePad = v.count_include_pad !== 0;
    const given = windowOf(sizes, kernel, v).pads;
    if (rank === 3 || (includePad && given.some((p, i) => p !== window.pads[i]))) {
      const c = calculator(e);
      const sum = tapsOf(e, v.X, kernel, window, 0).reduce((p, q) => c.add(p, q));
      return [c.div(sum, tapCounts(e, v.X, kernel, window, includePad ? given : undefined))];
    }
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

const lpPool = defineOnnxOp({
  name: 'LpPool',
  versions: [2, 11, 18, 22],
  summary: 'the p-norm of a sliding window',
  operands: { X: one(modelTensor) },
  attrs: { ...poolAttrs, p: defaultAttr(int, 2) },
  expand: (v, e) => {
    const c = calculator(e);
    const kernel = kernelOf(v.kernel_shape);
    const window = windowOf(shapeOf(v.X).slice(2), kernel, v, v.ceil_mode !== 0);
    const powers = c.pow(c.abs(v.X), v.p);
    const sum = tapsOf(e, powers, kernel, window, 0).reduce((p, q) => c.add(p, q));
    return [c.pow(sum, 1 / v.p)];
  },
});
const globalLpPool = defineOnnxOp({
  name: 'GlobalLpPool',
  versions: [2, 22],
  summary: 'the p-norm over all spatial axes, which stay with size 1',
  operands: { X: one(modelTensor) },
  attrs: { p: defaultAttr(int, 2) },
  expand: (v, e) => {
    const c = calculator(e);
    return [c.pow(c.sum(c.pow(c.abs(v.X), v.p), spatialAxes(v.X)), 1 / v.p)];
  },
});

const maxUnpool = defineOnnxOp({
  name: 'MaxUnpool',
  versions: [9, 11, 22],
  summary: 'elements put back to where a MaxPool took them from, zeros elsewhere',
  operands: {
    X: one(modelTensor),
    I: one(modelTensor, 'positions in the flattened result'),
    output_shape: optional(modelTensor),
  },
  attrs: {
    kernel_shape: optionalAttr(ints),
    pads: optionalAttr(ints),
    strides: optionalAttr(ints),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const kernel = kernelOf(v.kernel_shape);
    const shape = shapeOf(v.X);
    if (shape.includes(DYNAMIC)) throw new NotSupported('a dynamic size');
    const n = kernel.length;
    const own = kernel.map(
      (k, i) => (shape[i + 2]! - 1) * (v.strides?.[i] ?? 1) + k - (v.pads?.[i] ?? 0) - (v.pads?.[i + n] ?? 0),
    );
    const target = [...shape.slice(0, 2), ...own];
    const count = target.reduce((p, d) => p * d, 1);
    const { element } = typeOf(v.X);
    const zeros = constantTensor(e, [0], tensor([count], element));
    const filled = e.b.value(nn.scatterElements, {
      input: zeros,
      indices: c.reshape(v.I, [DYNAMIC]),
      updates: c.reshape(v.X, [DYNAMIC]),
      axis: 0,
    });
    const image = c.reshape(filled, target);
    if (v.output_shape === undefined) return [image];
    const wanted = constantInts(e, v.output_shape, 'a shape');
    return [padSpatial(e, image, [...own.map(() => 0), ...own.map((d, i) => wanted[i + 2]! - d)], 0)];
  },
});

const convTranspose = defineOnnxOp({
  name: 'ConvTranspose',
  versions: [1, 11, 22],
  summary: 'the transpose of a convolution: each input element spreads a kernel',
  operands: { X: one(modelTensor), W: one(modelTensor), B: optional(modelTensor) },
  attrs: {
    ...convolutionAttrs,
    output_padding: optionalAttr(ints),
    output_shape: optionalAttr(ints),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const [x, w] = [shapeOf(v.X), shapeOf(v.W)];
    if ([...x, ...w].includes(DYNAMIC)) throw new NotSupported('a transposed convolution of a dynamic size');
    const kernel = w.slice(2);
    const n = kernel.length;
    const ones = kernel.map(() => 1);
    const [strides, dilations] = [v.strides ?? ones, v.dilations ?? ones];
    const extra = v.output_padding ?? kernel.map(() => 0);
    const extent = kernel.map((k, i) => (k - 1) * dilations[i]! + 1);
    const full = extent.map((s, i) => (x[i + 2]! - 1) * strides[i]! + s + extra[i]!);
    let pads = v.pads ?? [...ones, ...ones].map(() => 0);
    const same = v.auto_pad === 'SAME_UPPER' || v.auto_pad === 'SAME_LOWER';
    if (v.output_shape !== undefined || same) {
      const wanted = v.output_shape?.slice(-n) ?? kernel.map((_, i) => x[i + 2]! * strides[i]!);
      const total = full.map((d, i) => d - wanted[i]!);
      const less = total.map((t) => Math.floor(t / 2));
      const more = total.map((t, i) => t - less[i]!);
      pads = v.auto_pad === 'SAME_UPPER' ? [...less, ...more] : [...more, ...less];
    }
    // Zeros between the elements make each stride a step of one.
    const apart = kernel.map((_, i) => (x[i + 2]! - 1) * strides[i]! + 1);
    let spread = c.reshape(v.X, [x[0]!, x[1]!, ...x.slice(2).flatMap((d) => [d, 1])]);
    spread = e.b.value(nn.pad, {
      input: spread,
      low: shapeOf(spread).map(() => 0),
      high: [0, 0, ...strides.flatMap((s) => [0, s - 1])],
      value: 0,
      mode: 'constant',
    });
    let input = c.reshape(spread, [x[0]!, x[1]!, ...x.slice(2).map((d, i) => d * strides[i]!)]);
    apart.forEach((d, i) => {
      input = c.part(input, i + 2, 0, d);
    });
    input = padSpatial(
      e,
      input,
      [...extent.map((s, i) => s - 1 - pads[i]!), ...extent.map((s, i) => s - 1 - pads[i + n]! + extra[i]!)],
      0,
    );
    const [channels, perGroup] = [w[0]!, w[1]!];
    const grouped = c.reshape(v.W, [v.group, channels / v.group, perGroup, ...kernel]);
    const swapped = c.transpose(grouped, [0, 2, 1, ...kernel.map((_, i) => i + 3)]);
    const weight = e.b.value(nn.reverse, {
      input: c.reshape(swapped, [v.group * perGroup, channels / v.group, ...kernel]),
      axes: kernel.map((_, i) => i + 2),
    });
    return [
      convolve(e, input, weight, v.B, {
        auto_pad: 'NOTSET',
        strides: undefined,
        pads: undefined,
        kernel_shape: undefined,
        dilations,
        group: v.group,
      }),
    ];
  },
});

const col2Im = defineOnnxOp({
  name: 'Col2Im',
  versions: [18],
  summary: 'columns of blocks added up to an image',
  operands: { input: one(modelTensor), image_shape: one(modelTensor), block_shape: one(modelTensor) },
  attrs: { dilations: optionalAttr(ints), pads: optionalAttr(ints), strides: optionalAttr(ints) },
  expand: (v, e) => {
    const c = calculator(e);
    const image = constantInts(e, v.image_shape, 'a shape');
    const block = constantInts(e, v.block_shape, 'a shape');
    const n = image.length;
    const window = windowOf(image, block, { ...v, auto_pad: 'NOTSET' });
    const padded = image.map((d, i) => d + window.pads[i]! + window.pads[i + n]!);
    const [batch, rows, columns] = shapeOf(v.input) as readonly [number, number, number];
    const taps = block.reduce((p, d) => p * d, 1);
    const channels = rows / taps;
    const area = padded.reduce((p, d) => p * d, 1);
    const unpadded = { ...window, pads: window.pads.map(() => 0) };
    const positions = c.reshape(i64Tensor(e, tapPositions(padded, block, unpadded, false)), [
      1,
      1,
      taps * columns,
    ]);
    const whole = e.b.value(nn.scatterElements, {
      input: constantTensor(e, [0], tensor([batch, channels, area], typeOf(v.input).element)),
      indices: c.broadcast(positions, [batch, channels, taps * columns]),
      updates: c.reshape(v.input, [batch, channels, taps * columns]),
      axis: 2,
      reduction: 'add',
    });
    return [
      padSpatial(
        e,
        c.reshape(whole, [batch, channels, ...padded]),
        window.pads.map((p) => (p === 0 ? 0 : -p)),
        0,
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
    if (v.training_mode !== 0) {
      const c = calculator(e);
      const axes = [0, ...spatialAxes(v.X)];
      const mean = c.mean(v.X, axes);
      const centred = c.sub(v.X, mean);
      const variance = c.mean(c.mul(centred, centred), axes);
      const perChannel = (p: Value): Value =>
        c.reshape(
          p,
          shapeOf(v.X).flatMap((_, i) => (i === 0 ? [] : [i === 1 ? DYNAMIC : 1])),
        );
      const unit = c.div(centred, c.sqrt(c.add(variance, v.epsilon)));
      const blended = (old: Value, now: Value): Value =>
        c.add(c.mul(old, v.momentum), c.mul(c.reshape(now, [DYNAMIC]), 1 - v.momentum));
      return [
        c.add(c.mul(unit, perChannel(v.scale)), perChannel(v.B)),
        blended(v.mean, mean),
        blended(v.variance, variance),
      ];
    }
    if (e.outputs > 1) throw new NotSupported('statistics of a batch normalisation at inference');
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
  lpPool,
  globalLpPool,
  maxUnpool,
  convTranspose,
  col2Im,
  globalAveragePool,
  globalMaxPool,
  batchNormalization,
  lrn,
  instanceNormalization,
];
