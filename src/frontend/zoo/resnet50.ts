/**
 * ResNet-50 (He et al., 2015) in its version 1.5, as torchvision has it: the stride of a downsampling block is in its
 * 3x3 convolution.
 */
import type { Feature } from './convolutionLayers';
import {
  add,
  batchNormalization,
  convolution,
  dense,
  maxPool,
  pooledFeatures,
  relu,
} from './convolutionLayers';
import { OnnxGraphBuilder } from './onnxGraphBuilder';
import type { ReferenceModel } from './referenceModel';
import { plainRun } from './referenceModel';

/** Channels of the 3x3 convolutions and blocks of each stage. */
const stages = [
  [64, 3],
  [128, 4],
  [256, 6],
  [512, 3],
] as const;
const expansion = 4;
const classes = 1000;

export const resnet50: ReferenceModel = {
  name: 'resnet50',
  summary: 'ResNet-50 v1.5, image classifier, 224 x 224, 1000 classes',
  parameters: 25_557_032,
  variable: ['resolution'],
  ...plainRun,
  graph: (options = {}) => {
    const { batch = 1, seed = 0, resolution = 224 } = options;
    const g = new OnnxGraphBuilder({ name: 'resnet50', seed });
    const input: Feature = {
      name: g.input('input', 'f32', [batch, 3, resolution, resolution]),
      channels: 3,
      gain: 1,
    };
    let x = convolution(g, input, 'conv1', { channels: 64, kernel: 7, stride: 2 });
    x = batchNormalization(g, x, 'bn1');
    x = relu(g, x, 'relu');
    x = maxPool(g, x, 'maxpool', 3, 2, 1);
    stages.forEach(([channels, blocks], s) => {
      for (let b = 0; b < blocks; b++)
        x = bottleneck(g, x, `layer${s + 1}/layer${s + 1}.${b}`, channels, b === 0 && s > 0 ? 2 : 1);
    });
    const pooled = pooledFeatures(g, x, '/avgpool', '');
    dense(g, pooled, 'fc', { channels: classes, gain: 1.25, output: 'output' });
    g.output('output', 'f32', [batch, classes]);
    return g;
  },
};

/** 1x1, 3x3 with the stride, 1x1 to four times the channels; a projection beside it where the shape changes. */
function bottleneck(
  g: OnnxGraphBuilder,
  x: Feature,
  path: string,
  channels: number,
  stride: number,
): Feature {
  let y = convolution(g, x, `${path}/conv1`, { channels, kernel: 1 });
  y = relu(g, batchNormalization(g, y, `${path}/bn1`), `${path}/relu`);
  y = convolution(g, y, `${path}/conv2`, { channels, kernel: 3, stride });
  y = relu(g, batchNormalization(g, y, `${path}/bn2`), `${path}/relu`);
  y = convolution(g, y, `${path}/conv3`, { channels: channels * expansion, kernel: 1 });
  y = batchNormalization(g, y, `${path}/bn3`, { scale: 0.5 });
  let shortcut = x;
  if (stride !== 1 || x.channels !== y.channels) {
    shortcut = convolution(g, x, `${path}/downsample/downsample.0`, {
      channels: y.channels,
      kernel: 1,
      stride,
    });
    shortcut = batchNormalization(g, shortcut, `${path}/downsample/downsample.1`);
  }
  return relu(g, add(g, y, shortcut, path), `${path}/relu`);
}
