/**
 * MobileNetV2 (Sandler et al., 2018) as torchvision has it: inverted residuals with linear bottlenecks, batch
 * normalisation after each of the 52 convolutions, ReLU6 as Clip.
 */
import type { Feature } from './convolutionLayers';
import {
  add,
  batchNormalization,
  convolution,
  dense,
  pooledFeatures,
  relu6,
  roundChannels,
} from './convolutionLayers';
import type { Activation, LayerSet } from './layerSet';
import { quantisedLayers } from './layerSet';
import { OnnxGraphBuilder } from './onnxGraphBuilder';
import type { ReferenceModel } from './referenceModel';
import { plainRun, quantisedRun } from './referenceModel';

/** Expansion factor, channels, repetitions, stride of the first (table 2 of the paper). */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
const classes = 1000;

export const mobilenetV2: ReferenceModel = {
  name: 'mobilenet-v2',
  summary: 'MobileNetV2 1.0, image classifier, 224 x 224, 1000 classes',
  parameters: 3_504_872,
  variable: ['width', 'resolution'],
  ...plainRun,
  graph: (options = {}) => {
    const { batch = 1, seed = 0, width = 1, resolution = 224 } = options;
    const g = new OnnxGraphBuilder({ name: 'mobilenet_v2', seed });
    const input: Feature = {
      name: g.input('input', 'f32', [batch, 3, resolution, resolution]),
      channels: 3,
      gain: 1,
    };

    let x = convolution(g, input, 'features/features.0/features.0.0', {
      channels: roundChannels(32 * width),
      kernel: 3,
      stride: 2,
    });
    x = batchNormalization(g, x, 'features/features.0/features.0.1');
    x = relu6(g, x, 'features/features.0/features.0.2');

    let block = 1;
    for (const [expansion, channels, repetitions, firstStride] of stages)
      for (let i = 0; i < repetitions; i++)
        x = invertedResidual(g, x, `features/features.${block++}`, {
          expansion,
          channels: roundChannels(channels * width),
          stride: i === 0 ? firstStride : 1,
        });

    const last = `features/features.${block}`;
    x = convolution(g, x, `${last}/features.${block}.0`, {
      channels: roundChannels(1280 * Math.max(1, width)),
      kernel: 1,
    });
    x = batchNormalization(g, x, `${last}/features.${block}.1`);
    x = relu6(g, x, `${last}/features.${block}.2`);

    const pooled = pooledFeatures(g, x, '', '');
    dense(g, pooled, 'classifier/classifier.1', { channels: classes, gain: 3.5, output: 'output' });
    g.output('output', 'f32', [batch, classes]);
    return g;
  },
};

interface InvertedResidual {
  readonly expansion: number;
  readonly channels: number;
  readonly stride: number;
}

/** 1x1 expansion (unless the factor is 1), 3x3 depthwise, 1x1 projection without activation; a sum when shapes agree. */
function invertedResidual(g: OnnxGraphBuilder, x: Feature, path: string, block: InvertedResidual): Feature {
  const { expansion, channels, stride } = block;
  const hidden = x.channels * expansion;
  const residual = stride === 1 && channels === x.channels;
  let part = 0;
  let y = x;
  const convRelu = (kernel: number, s: number, groups: number): void => {
    const at = `${path}/conv/conv.${part}`;
    y = convolution(g, y, `${at}/conv.${part}.0`, { channels: hidden, kernel, stride: s, groups });
    y = batchNormalization(g, y, `${at}/conv.${part}.1`);
    y = relu6(g, y, `${at}/conv.${part}.2`);
    part++;
  };
  if (expansion !== 1) convRelu(1, 1, 1);
  convRelu(3, stride, hidden);
  y = convolution(g, y, `${path}/conv/conv.${part}`, { channels, kernel: 1 });
  y = batchNormalization(g, y, `${path}/conv/conv.${part + 1}`, { scale: residual ? 0.5 : 1 });
  return residual ? add(g, x, y, path) : y;
}

/** The same architecture in 8 bits (QDQ form), its normalisation folded into the weights. */
export const mobilenetV2Int8: ReferenceModel = {
  name: 'mobilenet-v2-int8',
  summary: 'MobileNetV2 1.0 quantised to 8 bits (QDQ), 224 x 224, 1000 classes',
  parameters: 3_487_816,
  variable: ['width', 'resolution'],
  ...quantisedRun,
  graph: (options = {}) => {
    const { batch = 1, seed = 0, width = 1, resolution = 224 } = options;
    const g = new OnnxGraphBuilder({ name: 'mobilenet_v2_int8', seed });
    const layers = quantisedLayers(g);
    const input = layers.input(batch, 3, [resolution, resolution]);
    const x = quantisedFeatures(layers, input, width);
    const size = Math.ceil(resolution / 32);
    const pooled = layers.averagePool(x, 'pool', [size, size]);
    layers.output(layers.dense(pooled, 'classifier', { channels: classes, normalised: false }), batch);
    return g;
  },
};

function quantisedFeatures<F extends Activation>(layers: LayerSet<F>, input: F, width: number): F {
  const point = { kernel: [1, 1], activation: 'relu6' } as const;
  let x = layers.convolution(input, 'features.0', {
    channels: roundChannels(32 * width),
    kernel: [3, 3],
    stride: [2, 2],
    activation: 'relu6',
  });
  let block = 1;
  for (const [expansion, base, repetitions, firstStride] of stages)
    for (let i = 0; i < repetitions; i++) {
      const path = `features.${block++}`;
      const channels = roundChannels(base * width);
      const hidden = x.channels * expansion;
      const stride = i === 0 ? firstStride : 1;
      let y = expansion === 1 ? x : layers.convolution(x, `${path}/expand`, { ...point, channels: hidden });
      y = layers.convolution(y, `${path}/depthwise`, {
        channels: hidden,
        kernel: [3, 3],
        stride: [stride, stride],
        depthwise: true,
        activation: 'relu6',
      });
      y = layers.convolution(y, `${path}/project`, { channels, kernel: [1, 1] });
      x = stride === 1 && channels === x.channels ? layers.add(x, y, `${path}/add`) : y;
    }
  return layers.convolution(x, `features.${block}`, {
    ...point,
    channels: roundChannels(1280 * Math.max(1, width)),
  });
}
