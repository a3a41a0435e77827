/**
 * The layers that convolutional reference models are made of, with seeded weights. Every filter is standardised
 * (zero mean over its taps, fixed norm; Qiao et al., 2019), so that activations keep a variance near one through any
 * number of layers and no channel is dominated by the mean of its input.
 */
import type { RandomStream } from '../random';
import type { OnnxGraphBuilder } from './onnxGraphBuilder';
import { float, int, ints } from './onnxGraphBuilder';

/** A value of shape N x channels x H x W. `activated`: it went through a ReLU, so its variance is near 0.34. */
export interface Feature {
  readonly name: string;
  readonly channels: number;
  readonly activated: boolean;
}

export interface ConvolutionOptions {
  readonly channels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
}

/** Variance of max(0, z) for a standard normal z is 1/2 - 1/(2 pi). */
const gainAfterRelu = 1 / Math.sqrt(0.5 - 0.5 / Math.PI);

/** A convolution without bias; `path` is the module's path without its leading slash per part: `layer1/layer1.0/conv1`. */
export function convolution(
  g: OnnxGraphBuilder,
  x: Feature,
  path: string,
  options: ConvolutionOptions,
): Feature {
  const { channels, kernel, stride = 1, padding = Math.floor((kernel - 1) / 2), groups = 1 } = options;
  const taps = (x.channels / groups) * kernel * kernel;
  const weight = g.weight(
    `${parameterPath(path)}.weight`,
    [channels, x.channels / groups, kernel, kernel],
    (w, random) => {
      standardisedFilters(w, taps, x.activated ? gainAfterRelu : 1, random);
    },
  );
  const name = g.node(`/${path}`, 'Conv', [x.name, weight], {
    attributes: {
      dilations: ints(1, 1),
      group: int(groups),
      kernel_shape: ints(kernel, kernel),
      pads: ints(padding, padding, padding, padding),
      strides: ints(stride, stride),
    },
  });
  return { name, channels, activated: false };
}

/** Fills each run of `taps` values with a filter of zero mean and the norm `gain`. */
function standardisedFilters(w: Float64Array, taps: number, gain: number, random: RandomStream): void {
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

/** Inference batch normalisation with statistics near those of its input; `scale` is the mean of gamma. */
export function batchNormalization(g: OnnxGraphBuilder, x: Feature, path: string, scale = 1): Feature {
  const uniform = (name: string, low: number, high: number): string =>
    g.weight(`${parameterPath(path)}.${name}`, [x.channels], (w, random) => {
      for (let i = 0; i < w.length; i++) w[i] = random.between(low, high);
    });
  const parameters = [
    uniform('weight', 0.8 * scale, 1.2 * scale),
    uniform('bias', -0.2, 0.2),
    uniform('running_mean', -0.1, 0.1),
    uniform('running_var', 0.8, 1.25),
  ];
  const name = g.node(`/${path}`, 'BatchNormalization', [x.name, ...parameters], {
    attributes: { epsilon: float(1e-5), momentum: float(0.9) },
  });
  return { ...x, name };
}

export function relu(g: OnnxGraphBuilder, x: Feature, path: string): Feature {
  return { ...x, name: g.node(`/${path}`, 'Relu', [x.name]), activated: true };
}

export function relu6(g: OnnxGraphBuilder, x: Feature, path: string): Feature {
  const bounds = [g.scalar('relu6.min', 0), g.scalar('relu6.max', 6)];
  return { ...x, name: g.node(`/${path}`, 'Clip', [x.name, ...bounds]), activated: true };
}

export function add(g: OnnxGraphBuilder, a: Feature, b: Feature, path: string): Feature {
  return { ...a, name: g.node(`/${path}`, 'Add', [a.name, b.name]), activated: a.activated && b.activated };
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

export interface ClassifierOptions {
  readonly poolPath: string;
  readonly flattenPath: string;
  readonly path: string;
  readonly classes: number;
  /** Norm of a row of the weight. Pooling leaves little variance, so that deep models need a large one. */
  readonly gain: number;
  readonly output: string;
}

/** Global average pool, flatten, fully connected layer with bias. Returns the name of the result. */
export function classifier(g: OnnxGraphBuilder, x: Feature, options: ClassifierOptions): string {
  const { poolPath, flattenPath, path, classes, gain, output } = options;
  const pooled = g.node(poolPath, 'GlobalAveragePool', [x.name]);
  const flat = g.node(flattenPath, 'Flatten', [pooled], { attributes: { axis: int(1) } });
  const weight = g.weight(`${parameterPath(path)}.weight`, [classes, x.channels], (w, random) => {
    standardisedFilters(w, x.channels, gain, random);
  });
  const bias = g.weight(`${parameterPath(path)}.bias`, [classes], (w, random) => {
    for (let i = 0; i < w.length; i++) w[i] = random.between(-0.1, 0.1);
  });
  return g.node(`/${path}`, 'Gemm', [flat, weight, bias], {
    attributes: { alpha: float(1), beta: float(1), transB: int(1) },
    output,
  });
}

/** `layer1/layer1.0/conv1` → `layer1.0.conv1`: each part that contains its parent's name replaces it. */
function parameterPath(path: string): string {
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
