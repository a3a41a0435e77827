/**
 * MobileNetV1 (Howard et al., 2017) as Keras has it: 13 depthwise separable convolutions, each half with batch
 * normalisation and activation. Also the narrow one of MLPerf Tiny's visual wake words.
 */
import type { Activation, LayerOptions, LayerSet } from './layerSet';
import { floatLayers } from './layerSet';
import { OnnxGraphBuilder } from './onnxGraphBuilder';
import type { ReferenceModel } from './referenceModel';
import { plainRun } from './referenceModel';

/** Channels after the pointwise convolution, and stride of the depthwise one (table 1 of the paper). */
const blocks = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  ...Array.from({ length: 5 }, () => [512, 1] as const),
  [1024, 2],
  [1024, 1],
] as const;

/** The layers from the image to its features, N x channels. */
export function mobilenetV1Features<F extends Activation>(
  layers: LayerSet<F>,
  image: F,
  width: number,
  options: Pick<LayerOptions, 'activation' | 'bias'>,
): F {
  const scaled = (channels: number): number => Math.floor(channels * width);
  let x = layers.convolution(image, 'conv1', {
    channels: scaled(32),
    kernel: [3, 3],
    stride: [2, 2],
    ...options,
  });
  blocks.forEach(([channels, stride], i) => {
    x = layers.convolution(x, `conv_dw_${i + 1}`, {
      channels: x.channels,
      kernel: [3, 3],
      stride: [stride, stride],
      depthwise: true,
      ...options,
    });
    x = layers.convolution(x, `conv_pw_${i + 1}`, { channels: scaled(channels), kernel: [1, 1], ...options });
  });
  const [height = 1, rowSize = 1] = x.sizes;
  return layers.averagePool(x, 'average_pooling', [height, rowSize]);
}

const classes = 1000;

export const mobilenetV1: ReferenceModel = {
  name: 'mobilenet-v1',
  summary: 'MobileNetV1 1.0, image classifier, 224 x 224, 1000 classes',
  parameters: 4_231_976,
  variable: ['width', 'resolution'],
  ...plainRun,
  graph: (options = {}) => {
    const { batch = 1, seed = 0, width = 1, resolution = 224 } = options;
    const g = new OnnxGraphBuilder({ name: 'mobilenet_v1', seed });
    const layers = floatLayers(g);
    const image = layers.input(batch, 3, [resolution, resolution]);
    const features = mobilenetV1Features(layers, image, width, { activation: 'relu6' });
    const logits = layers.dense(features, 'conv_preds', { channels: classes, normalised: false });
    layers.output(layers.softmax(logits, 'predictions'), batch);
    return g;
  },
};
