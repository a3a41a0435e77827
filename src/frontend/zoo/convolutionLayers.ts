/**
 * The layers that convolutional reference models are made of, with seeded weights. Every filter is standardised
 * (zero mean over its taps, fixed norm; Qiao et al., 2019), so that activations keep a variance near one through any
 * number of layers and no channel is dominated by the mean of its input.
 */
import type { RandomStream } from '../random';
import type { OnnxGraphBuilder } from './onnxGraphBuilder';
import { float, int, ints } from './onnxGraphBuilder';

/** A value of shape N x channels x spatial axes. */
export interface Feature {
  readonly name: string;
  readonly channels: number;
  /** Norm that a filter over it needs so that its result has variance one. */
  readonly gain: number;
}

/** One number stands for all axes of an image; a list has one per spatial axis. */
type PerAxis = number | readonly number[];

export interface ConvolutionOptions {
  readonly channels: number;
  readonly kernel: PerAxis;
  readonly stride?: PerAxis;
  readonly dilation?: PerAxis;
  /** One number, or all befores, then all afters. Default: as much as keeps the size at stride 1. */
  readonly padding?: PerAxis;
  readonly groups?: number;
  readonly bias?: boolean;
  /** Mean of the bias. Default 0. */
  readonly biasMean?: number;
}

/** `gain` after an activation whose result for a standard normal input has the given variance. */
const gainOf = (variance: number): number => 1 / Math.sqrt(variance);
const gains = {
  relu: gainOf(0.5 - 0.5 / Math.PI),
  silu: gainOf(0.313),
  hardSwish: gainOf(1 / 3 - 1 / 36),
} as const;

/** A convolution; `path` is the module's path without its leading slash per part: `layer1/layer1.0/conv1`. */
export function convolution(
  g: OnnxGraphBuilder,
  x: Feature,
  path: string,
  options: ConvolutionOptions,
): Feature {
  const { channels, groups = 1, bias = false, biasMean } = options;
  const kernel = axes(options.kernel, 2);
  const rank = kernel.length;
  const dilations = axes(options.dilation ?? 1, rank);
  const same = kernel.map((k, i) => Math.floor(((k - 1) * dilations[i]!) / 2));
  const taps = (x.channels / groups) * kernel.reduce((a, b) => a * b, 1);
  const weight = g.weight(
    `${parameterPath(path)}.weight`,
    [channels, x.channels / groups, ...kernel],
    (w, random) => {
      standardisedFilters(w, taps, x.gain, random);
    },
  );
  const inputs = [x.name, weight, ...(bias ? [biasOf(g, path, channels, biasMean)] : [])];
  const name = g.node(`/${path}`, 'Conv', inputs, {
    attributes: {
      dilations: ints(...dilations),
      group: int(groups),
      kernel_shape: ints(...kernel),
      pads: ints(...axes(options.padding ?? [...same, ...same], 2 * rank)),
      strides: ints(...axes(options.stride ?? 1, rank)),
    },
  });
  return { name, channels, gain: 1 };
}

const axes = (value: PerAxis, count: number): readonly number[] =>
  typeof value === 'number' ? new Array<number>(count).fill(value) : value;

const biasOf = (g: OnnxGraphBuilder, path: string, channels: number, mean = 0): string =>
  g.weight(`${parameterPath(path)}.bias`, [channels], uniform(mean - 0.1, mean + 0.1));

/** Fills with numbers from [low, high). */
export const uniform =
  (low: number, high: number) =>
  (values: Float64Array, random: RandomStream): void => {
    for (let i = 0; i < values.length; i++) values[i] = random.between(low, high);
  };

/** Fills each run of `taps` values with a filter of zero mean and the norm `gain`. */
export function standardisedFilters(w: Float64Array, taps: number, gain: number, random: RandomStream): void {
  for (let start = 0; start < w.length; start += taps) {
    let sum = 0;
    for (let i = start; i < start + taps; i++) {
      w[i] = random.between(-1, 1);
      sum += w[i]!;
    }
    const mean = taps > 1 ? sum / taps : 0;
    let squares = 0;
    for (let i = start; i < start + taps; i++) {
      w[i]! -= mean;
      squares += w[i]! * w[i]!;
    }
    const scale = gain / Math.sqrt(squares);
    for (let i = start; i < start + taps; i++) w[i]! *= scale;
  }
}

export interface BatchNormOptions {
  /** Mean of gamma. Default 1. */
  readonly scale?: number;
  /** Default 1e-5. */
  readonly epsilon?: number;
  /** Default 0.9. */
  readonly momentum?: number;
}

/** Inference batch normalisation with statistics near those of its input. */
export function batchNormalization(
  g: OnnxGraphBuilder,
  x: Feature,
  path: string,
  { scale = 1, epsilon = 1e-5, momentum = 0.9 }: BatchNormOptions = {},
): Feature {
  const at = (name: string): string => `${parameterPath(path)}.${name}`;
  const parameters = [
    g.weight(at('weight'), [x.channels], uniform(0.8 * scale, 1.2 * scale)),
    g.weight(at('bias'), [x.channels], uniform(-0.2, 0.2)),
    g.buffer(at('running_mean'), [x.channels], uniform(-0.1, 0.1)),
    g.buffer(at('running_var'), [x.channels], uniform(0.8, 1.25)),
  ];
  const name = g.node(`/${path}`, 'BatchNormalization', [x.name, ...parameters], {
    attributes: { epsilon: float(epsilon), momentum: float(momentum) },
  });
  return { ...x, name };
}

export function relu(g: OnnxGraphBuilder, x: Feature, path: string): Feature {
  return { ...x, name: g.node(`/${path}`, 'Relu', [x.name]), gain: gains.relu };
}

export function relu6(g: OnnxGraphBuilder, x: Feature, path: string): Feature {
  const bounds = [g.scalar('relu6.min', 0), g.scalar('relu6.max', 6)];
  return { ...x, name: g.node(`/${path}`, 'Clip', [x.name, ...bounds]), gain: gains.relu };
}

export function hardSwish(g: OnnxGraphBuilder, x: Feature, path: string): Feature {
  return { ...x, name: g.node(`/${path}`, 'HardSwish', [x.name]), gain: gains.hardSwish };
}

export function silu(g: OnnxGraphBuilder, x: Feature, path: string): Feature {
  const gate = g.node(`/${path}`, 'Sigmoid', [x.name]);
  return { ...x, name: g.node(`/${path}`, 'Mul', [x.name, gate]), gain: gains.silu };
}

export function add(g: OnnxGraphBuilder, a: Feature, b: Feature, path: string): Feature {
  return { ...a, name: g.node(`/${path}`, 'Add', [a.name, b.name]), gain: Math.min(a.gain, b.gain) };
}

/** Features of equal spatial sizes, one after the other along the channels. */
export function concatenate(g: OnnxGraphBuilder, parts: readonly Feature[], path: string): Feature {
  const name = g.node(
    path,
    'Concat',
    parts.map((p) => p.name),
    { attributes: { axis: int(1) } },
  );
  const channels = parts.reduce((n, p) => n + p.channels, 0);
  return { name, channels, gain: Math.min(...parts.map((p) => p.gain)) };
}

export function maxPool(
  g: OnnxGraphBuilder,
  x: Feature,
  path: string,
  kernel: number,
  stride: number,
  padding: number,
): Feature {
  const name = g.node(`/${path}`, 'MaxPool', [x.name], {
    attributes: {
      ceil_mode: int(0),
      kernel_shape: ints(kernel, kernel),
      pads: ints(padding, padding, padding, padding),
      strides: ints(stride, stride),
    },
  });
  return { ...x, name };
}

/** The mean over all spatial axes as N x channels. */
export function pooledFeatures(
  g: OnnxGraphBuilder,
  x: Feature,
  poolPath: string,
  flattenPath: string,
): Feature {
  const pooled = g.node(poolPath, 'GlobalAveragePool', [x.name]);
  return { ...x, name: g.node(flattenPath, 'Flatten', [pooled], { attributes: { axis: int(1) } }) };
}

export interface DenseOptions {
  readonly channels: number;
  /** Norm of a row of the weight; default: that of the input. Pooling leaves little variance, so that deep models need a large one. */
  readonly gain?: number;
  readonly output?: string;
}

/** A fully connected layer with bias, on N x channels. */
export function dense(
  g: OnnxGraphBuilder,
  x: Feature,
  path: string,
  { channels, gain = x.gain, output }: DenseOptions,
): Feature {
  const weight = g.weight(`${parameterPath(path)}.weight`, [channels, x.channels], (w, random) => {
    standardisedFilters(w, x.channels, gain, random);
  });
  const name = g.node(`/${path}`, 'Gemm', [x.name, weight, biasOf(g, path, channels)], {
    attributes: { alpha: float(1), beta: float(1), transB: int(1) },
    ...(output === undefined ? {} : { output }),
  });
  return { name, channels, gain: 1 };
}

/** `layer1/layer1.0/conv1` → `layer1.0.conv1`: each part that contains its parent's name replaces it. */
export function parameterPath(path: string): string {
  return path
    .split('/')
    .reduce(
      (before, part) =>
        before === '' || part.startsWith(`${lastName(before)}.`) ? joined(before, part) : `${before}.${part}`,
      '',
    );
}
/** The module name at the end of a dotted path, with its index when it is a child of a list. */
function lastName(path: string): string {
  const parts = path.split('.');
  let start = parts.length - 1;
  while (start > 0 && /^\d+$/.test(parts[start]!)) start--;
  return parts.slice(start).join('.');
}
function joined(before: string, part: string): string {
  if (before === '') return part;
  const last = lastName(before);
  return `${before.slice(0, before.length - last.length)}${part}`;
}

/** The nearest multiple of 8, but not less than 90 % of `channels`: how the MobileNets scale their widths. */
export function roundChannels(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}
