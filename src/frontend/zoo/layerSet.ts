/**
 * Layers as Keras models have them, in two kinds behind one interface, so that an architecture is written once: in
 * floats, with batch normalisation, and quantised to 8 bits, with the normalisation folded into the weights. Node names
 * are those of the Keras layers.
 */
import {
  add,
  batchNormalization,
  convolution,
  dense,
  relu,
  relu6,
  standardisedFilters,
  uniform,
} from './convolutionLayers';
import type { Feature } from './convolutionLayers';
import type { Dimension, OnnxGraphBuilder } from './onnxGraphBuilder';
import { float, int, ints } from './onnxGraphBuilder';

/** A value of shape N x channels x spatial sizes; no sizes for N x channels. */
export interface Activation extends Feature {
  readonly sizes: readonly number[];
}

export interface LayerOptions {
  readonly channels: number;
  /** Followed by batch normalisation. Default: yes. */
  readonly normalised?: boolean;
  /** Besides the normalisation. Default: only where there is none. */
  readonly bias?: boolean;
  readonly activation?: 'relu' | 'relu6';
}
export interface ConvolutionLayerOptions extends LayerOptions {
  readonly kernel: readonly [number, number];
  readonly stride?: readonly [number, number];
  /** One filter per channel. */
  readonly depthwise?: boolean;
}

export interface LayerSet<F extends Activation> {
  readonly input: (batch: Dimension, channels: number, sizes: readonly number[]) => F;
  /** Padded so that a stride of 1 keeps the size ("same"; an odd element of padding comes last). */
  readonly convolution: (x: F, path: string, options: ConvolutionLayerOptions) => F;
  /** On N x channels. */
  readonly dense: (x: F, path: string, options: LayerOptions) => F;
  readonly add: (x: F, y: F, path: string) => F;
  readonly relu: (x: F, path: string) => F;
  /** Windows side by side without padding; what is left over at the end is dropped. Then N x channels. */
  readonly averagePool: (x: F, path: string, kernel: readonly [number, number]) => F;
  readonly softmax: (x: F, path: string) => F;
  /** Ends the graph with `x` as `output`. */
  readonly output: (x: F, batch: Dimension) => void;
}

/** As TensorFlow pads: befores, then afters. */
function samePadding(
  sizes: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
): readonly number[] {
  const totals = sizes.map((n, i) =>
    Math.max(0, (Math.ceil(n / stride[i]!) - 1) * stride[i]! + kernel[i]! - n),
  );
  return [...totals.map((t) => Math.floor(t / 2)), ...totals.map((t) => Math.ceil(t / 2))];
}

const strided = (sizes: readonly number[], stride: readonly number[]): readonly number[] =>
  sizes.map((n, i) => Math.ceil(n / stride[i]!));

/** Average pooling to one position and flattening, of a value called `x`. */
function poolAndFlatten(
  g: OnnxGraphBuilder,
  x: string,
  sizes: readonly number[],
  path: string,
  kernel: readonly [number, number],
): { readonly pooled: string; readonly flatten: (pooled: string) => string } {
  if (sizes.some((n, i) => Math.floor(n / kernel[i]!) !== 1))
    throw new Error(
      `${path}: a window of ${kernel.join(' x ')} on ${sizes.join(' x ')} leaves more than one`,
    );
  const pooled = g.node(`/${path}`, 'AveragePool', [x], {
    attributes: { kernel_shape: ints(...kernel), strides: ints(...kernel) },
  });
  return {
    pooled,
    flatten: (from) => g.node('/flatten', 'Flatten', [from], { attributes: { axis: int(1) } }),
  };
}

const kerasNorm = { epsilon: 1e-3, momentum: 0.99 };

/** Convolution or matrix product, batch normalisation, activation. */
export function floatLayers(g: OnnxGraphBuilder): LayerSet<Activation> {
  const finish = (x: Feature, path: string, o: LayerOptions): Feature => {
    const y = o.normalised === false ? x : batchNormalization(g, x, `${path}_bn`, kerasNorm);
    if (o.activation === undefined) return y;
    return (o.activation === 'relu' ? relu : relu6)(g, y, `${path}_relu`);
  };
  return {
    input: (batch, channels, sizes) => ({
      name: g.input('input', 'f32', [batch, channels, ...sizes]),
      channels,
      gain: 1,
      sizes,
    }),
    convolution: (x, path, o) => {
      const stride = o.stride ?? [1, 1];
      const y = convolution(g, x, path, {
        channels: o.channels,
        kernel: o.kernel,
        stride,
        padding: samePadding(x.sizes, o.kernel, stride),
        groups: o.depthwise === true ? x.channels : 1,
        bias: o.bias ?? o.normalised === false,
      });
      return { ...finish(y, path, o), sizes: strided(x.sizes, stride) };
    },
    dense: (x, path, o) => ({
      ...finish(dense(g, x, path, { channels: o.channels }), path, o),
      sizes: [],
    }),
    add: (x, y, path) => ({ ...add(g, x, y, path), sizes: x.sizes }),
    relu: (x, path) => ({ ...relu(g, x, path), sizes: x.sizes }),
    averagePool: (x, path, kernel) => {
      const { pooled, flatten } = poolAndFlatten(g, x.name, x.sizes, path, kernel);
      return { ...x, name: flatten(pooled), gain: pooledGain(kernel), sizes: [] };
    },
    softmax: (x, path) => ({ ...x, name: softmax(g, x.name, path) }),
    output: (x, batch) => {
      ends(g, x, batch);
    },
  };
}

/** A mean of many elements varies little; what follows it makes up for that. */
const pooledGain = (kernel: readonly number[]): number => Math.sqrt(kernel.reduce((a, b) => a * b, 1));

const softmax = (g: OnnxGraphBuilder, x: string, path: string): string =>
  g.node(`/${path}`, 'Softmax', [x], { attributes: { axis: int(-1) } });

function ends(g: OnnxGraphBuilder, x: Activation, batch: Dimension): void {
  g.node('', 'Identity', [x.name], { output: 'output' });
  g.output('output', 'f32', [batch, x.channels, ...x.sizes]);
}

/** A value that was quantised and read back: `name` is in floats. */
interface Quantised extends Activation {
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * Activations are drawn so that few lie outside. As with calibrated ranges no step is a simple multiple of another:
 * sums would fall just between two steps all the time, where a last bit decides.
 */
const ranges = { signed: [-6.17, 6.17], positive: [0, 6], unit: [0, 255 / 256] } as const;
type Range = keyof typeof ranges;

/**
 * QDQ form: each value is rounded to u8 (one scale), each weight to i8 around zero (one scale per output channel), each
 * bias to i32 at the product of both scales.
 */
export function quantisedLayers(g: OnnxGraphBuilder): LayerSet<Quantised> {
  const rounded = (x: Activation, range: Range): Quantised => {
    const [low, high] = ranges[range];
    const scale = Math.fround((high - low) / 255);
    return requantised(x, scale, Math.round(-low / scale));
  };
  const requantised = (x: Activation, scale: number, zeroPoint: number): Quantised => {
    const parameters = [
      g.scalar(`scale.${scale}`, scale),
      constant(g, `zero_point.${zeroPoint}`, 'u8', [], Uint8Array.of(zeroPoint)),
    ];
    const q = g.node(nodePath(x.name), 'QuantizeLinear', [x.name, ...parameters]);
    const name = g.node(nodePath(x.name), 'DequantizeLinear', [q, ...parameters]);
    return { ...x, name, scale, zeroPoint };
  };
  const finish = (x: Activation, path: string, o: LayerOptions): Quantised => {
    if (o.activation === undefined) return rounded(x, 'signed');
    const y = (o.activation === 'relu' ? relu : relu6)(g, x, `${path}_relu`);
    return rounded({ ...y, sizes: x.sizes }, 'positive');
  };
  return {
    input: (batch, channels, sizes) => {
      const name = g.input('input', 'f32', [batch, channels, ...sizes]);
      return rounded({ name, channels, gain: 1, sizes }, 'signed');
    },
    convolution: (x, path, o) => {
      const stride = o.stride ?? [1, 1];
      const groups = o.depthwise === true ? x.channels : 1;
      const shape = [o.channels, x.channels / groups, ...o.kernel];
      const name = g.node(`/${path}`, 'Conv', [x.name, ...quantisedParameters(g, x, path, shape)], {
        attributes: {
          dilations: ints(1, 1),
          group: int(groups),
          kernel_shape: ints(...o.kernel),
          pads: ints(...samePadding(x.sizes, o.kernel, stride)),
          strides: ints(...stride),
        },
      });
      const y = { name, channels: o.channels, gain: 1, sizes: strided(x.sizes, stride) };
      return finish(y, path, o);
    },
    dense: (x, path, o) => {
      const parameters = quantisedParameters(g, x, path, [o.channels, x.channels]);
      const name = g.node(`/${path}`, 'Gemm', [x.name, ...parameters], {
        attributes: { alpha: float(1), beta: float(1), transB: int(1) },
      });
      return finish({ name, channels: o.channels, gain: 1, sizes: [] }, path, o);
    },
    add: (x, y, path) => rounded({ ...add(g, x, y, path), sizes: x.sizes }, 'signed'),
    relu: (x, path) => rounded({ ...relu(g, x, path), sizes: x.sizes }, 'positive'),
    averagePool: (x, path, kernel) => {
      const { pooled, flatten } = poolAndFlatten(g, x.name, x.sizes, path, kernel);
      const y = requantised({ ...x, name: pooled }, x.scale, x.zeroPoint);
      return { ...y, name: flatten(y.name), gain: pooledGain(kernel), sizes: [] };
    },
    softmax: (x, path) => rounded({ ...x, name: softmax(g, x.name, path) }, 'unit'),
    output: (x, batch) => {
      ends(g, x, batch);
    },
  };
}

/** `/conv1/Conv_output_0` → `/conv1/Conv`: where the nodes that quantise a value belong. */
const nodePath = (value: string): string => `/${value.replace(/^\//, '').replace(/_output_0$/, '')}`;

function constant(
  g: OnnxGraphBuilder,
  name: string,
  type: 'u8' | 'i8' | 'i32',
  shape: readonly number[],
  values: Uint8Array | Int8Array | Int32Array,
): string {
  if (g.initializers.some((t) => t.name === name)) return name;
  const { buffer, byteOffset, byteLength } = values;
  return g.initializer(name, type, shape, new Uint8Array(buffer, byteOffset, byteLength));
}

/** The weight (i8) and bias (i32) of a layer, read back to floats: the names of both. */
function quantisedParameters(
  g: OnnxGraphBuilder,
  x: Quantised,
  path: string,
  shape: readonly number[],
): readonly [weight: string, bias: string] {
  const [channels = 1, ...filter] = shape;
  const taps = filter.reduce((a, b) => a * b, 1);
  // Drawn when the file is written, once for the elements and once for their scales.
  const weights = (): { readonly values: Int8Array; readonly scales: Float32Array } => {
    const drawn = g.drawn(`${path}.weight`, shape, (w, random) => {
      standardisedFilters(w, taps, x.gain, random);
    });
    const scales = Float32Array.from({ length: channels }, (_, c) =>
      drawn.subarray(c * taps, (c + 1) * taps).reduce((most, v) => Math.max(most, Math.abs(v) / 127), 0),
    );
    return { values: Int8Array.from(drawn, (v, i) => Math.round(v / scales[Math.floor(i / taps)]!)), scales };
  };
  const biasScales = (): Float32Array => weights().scales.map((s) => s * x.scale);
  const part = (
    name: string,
    elementType: 'i8' | 'i32',
    size: readonly number[],
    bytes: () => ArrayBufferView,
  ) => {
    const q = g.add({
      name: `${path}.${name}_quantized`,
      elementType,
      shape: size,
      trained: true,
      bytes: () => bytesOf(bytes()),
    });
    const scale = g.add({
      name: `${path}.${name}_scale`,
      elementType: 'f32',
      shape: [channels],
      trained: false,
      bytes: () => bytesOf(name === 'weight' ? weights().scales : biasScales()),
    });
    const zero = constant(
      g,
      `${path}.${name}_zero_point`,
      elementType,
      [channels],
      elementType === 'i8' ? new Int8Array(channels) : new Int32Array(channels),
    );
    return g.node(`/${path}.${name}`, 'DequantizeLinear', [q, scale, zero], { attributes: { axis: int(0) } });
  };
  return [
    part('weight', 'i8', shape, () => weights().values),
    part('bias', 'i32', [channels], () => {
      const scales = biasScales();
      const drawn = g.drawn(`${path}.bias`, [channels], uniform(-0.2, 0.2));
      return Int32Array.from(drawn, (v, c) => Math.round(v / scales[c]!));
    }),
  ];
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
