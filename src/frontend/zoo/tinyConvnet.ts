/**
 * A convnet with one of each layer that the larger ones have, small enough for the interpreter to run at every stage
 * of the pipeline in a test.
 */
import type { Feature } from './convolutionLayers';
import {
  add,
  batchNormalization,
  convolution,
  dense,
  maxPool,
  pooledFeatures,
  relu6,
} from './convolutionLayers';
import { OnnxGraphBuilder } from './onnxGraphBuilder';
import type { ReferenceModel } from './referenceModel';
import { plainRun } from './referenceModel';

const channels = 8;
const classes = 10;

export const tinyConvnet: ReferenceModel = {
  name: 'tiny-convnet',
  summary: 'A convnet for tests: convolution, depthwise, residual, pooling, 16 x 16, 10 classes',
  parameters: 474,
  forTests: true,
  variable: ['resolution'],
  ...plainRun,
  graph: (options = {}) => {
    const { batch = 1, seed = 0, resolution = 16 } = options;
    const g = new OnnxGraphBuilder({ name: 'tiny_convnet', seed });
    const input: Feature = {
      name: g.input('input', 'f32', [batch, 3, resolution, resolution]),
      channels: 3,
      gain: 1,
    };
    const stem = convolution(g, input, 'stem/stem.0', { channels, kernel: 3, stride: 2 });
    const x = relu6(g, batchNormalization(g, stem, 'stem/stem.1'), 'stem/stem.2');

    const depthwise = convolution(g, x, 'block/depthwise', { channels, kernel: 3, groups: channels });
    const normal = relu6(g, batchNormalization(g, depthwise, 'block/bn'), 'block/relu');
    const pointwise = convolution(g, normal, 'block/pointwise', { channels, kernel: 1 });
    const sum = add(g, x, pointwise, 'block');

    const pooled = maxPool(g, sum, 'maxpool', 2, 2, 0);
    const features = pooledFeatures(g, pooled, '', '');
    dense(g, features, 'classifier', { channels: classes, gain: 3, output: 'output' });
    g.output('output', 'f32', [batch, classes]);
    return g;
  },
};
