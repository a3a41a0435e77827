/**
 * QuartzNet (Kriman et al., 2019), speech to letters: blocks of one-dimensional separable convolutions over mel
 * features, each block with a residual. Structure and module names are those of NeMo's encoder and decoder.
 */
import type { Feature } from './convolutionLayers';
import { add, batchNormalization, convolution, relu } from './convolutionLayers';
import { OnnxGraphBuilder, int, ints } from './onnxGraphBuilder';
import type { ReferenceModel } from './referenceModel';
import { plainRun } from './referenceModel';

/** Kernel and channels of the five kinds of block (table 1 of the paper). */
const groups = [
  [33, 256],
  [39, 256],
  [51, 512],
  [63, 512],
  [75, 512],
] as const;
/** Separable convolutions in a block. */
const modules = 5;
const mels = 64;
/** Letters, blank, apostrophe, and the blank of the alignment. */
const labels = 29;
/** 10 s of speech at 100 frames a second. */
const frames = 1000;

function quartznet(repeats: number, parameters: number): ReferenceModel {
  return {
    name: `quartznet-${5 * repeats}x5`,
    summary: `QuartzNet ${5 * repeats}x5, speech to letters, 64 mel bands, ${frames} frames`,
    parameters,
    variable: [],
    ...plainRun,
    graph: ({ batch = 1, seed = 0 } = {}) => {
      const g = new OnnxGraphBuilder({ name: `quartznet_${5 * repeats}x5`, seed });
      let x: Feature = {
        name: g.input('audio_signal', 'f32', [batch, mels, frames]),
        channels: mels,
        gain: 1,
      };
      let index = 0;
      const next = (): string => `encoder/encoder.${index++}`;
      x = block(g, x, next(), { kernel: 33, channels: 256, stride: 2 });
      for (const [kernel, channels] of groups)
        for (let i = 0; i < repeats; i++)
          x = block(g, x, next(), { kernel, channels, repeat: modules, residual: true });
      x = block(g, x, next(), { kernel: 87, channels: 512, dilation: 2 });
      x = block(g, x, next(), { kernel: 1, channels: 1024, separable: false });
      const logits = convolution(g, x, 'decoder/decoder_layers/decoder_layers.0', {
        channels: labels,
        kernel: [1],
        bias: true,
      });
      const last = g.node('/decoder', 'Transpose', [logits.name], { attributes: { perm: ints(0, 2, 1) } });
      g.node('/decoder', 'LogSoftmax', [last], { attributes: { axis: int(-1) }, output: 'logprobs' });
      g.output('logprobs', 'f32', [batch, frames / 2, labels]);
      return g;
    },
  };
}

interface Block {
  readonly kernel: number;
  readonly channels: number;
  readonly repeat?: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly residual?: boolean;
  readonly separable?: boolean;
}

/** Convolution and batch normalisation `repeat` times with ReLU after each; the residual joins before the last one. */
function block(g: OnnxGraphBuilder, x: Feature, path: string, options: Block): Feature {
  const {
    kernel,
    channels,
    repeat = 1,
    stride = 1,
    dilation = 1,
    residual = false,
    separable = true,
  } = options;
  let part = 0;
  const next = (): string => `${path}/mconv.${part++}`;
  const norm = (scale: number) => ({ epsilon: 1e-3, scale });
  // A deep chain of convolutions amplifies rounding; a share of it beside the shortcut does not.
  const last = residual ? 0.25 : 1;
  let y = x;
  for (let i = 0; i < repeat; i++) {
    if (i > 0) {
      y = relu(g, y, next());
      part++; // dropout
    }
    if (separable)
      y = convolution(g, y, next(), {
        channels: y.channels,
        kernel: [kernel],
        stride: [stride],
        dilation: [dilation],
        groups: y.channels,
      });
    y = convolution(g, y, next(), { channels, kernel: [separable ? 1 : kernel] });
    y = batchNormalization(g, y, next(), norm(i === repeat - 1 ? last : 1));
  }
  if (residual) {
    const shortcut = convolution(g, x, `${path}/res.0.0`, { channels, kernel: [1] });
    y = add(g, y, batchNormalization(g, shortcut, `${path}/res.0.1`, norm(0.95)), path);
  }
  return relu(g, y, `${path}/mout.0`);
}

export const quartznet5x5 = quartznet(1, 6_713_181);
export const quartznet15x5 = quartznet(3, 18_924_381);
