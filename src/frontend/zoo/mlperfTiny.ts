/**
 * The four models of MLPerf Tiny (Banbury et al., 2021) in floats and in 8 bits: keyword spotting, image
 * classification, visual wake words, anomaly detection.
 */
import type { Activation, LayerSet } from './layerSet';
import { floatLayers, quantisedLayers } from './layerSet';
import { mobilenetV1Features } from './mobilenetV1';
import { OnnxGraphBuilder } from './onnxGraphBuilder';
import type { ReferenceModel } from './referenceModel';
import { plainRun, quantisedRun } from './referenceModel';

interface Architecture {
  readonly name: string;
  readonly summary: string;
  /** Trained parameters, and those that are left when batch normalisation is folded into the weights. */
  readonly parameters: number;
  readonly folded: number;
  /** Channels and spatial sizes of the input. */
  readonly input: readonly [channels: number, sizes: readonly number[]];
  readonly layers: <F extends Activation>(layers: LayerSet<F>, x: F) => F;
}

/** Separable convolutions on 49 frames of 10 cepstral coefficients (Zhang et al., 2017). */
const dsCnn: Architecture = {
  name: 'ds-cnn',
  summary: 'MLPerf Tiny keyword spotting: DS-CNN, 49 x 10 coefficients, 12 words',
  parameters: 23_756,
  folded: 22_604,
  input: [1, [49, 10]],
  layers: (layers, input) => {
    const block = { channels: 64, activation: 'relu', bias: true } as const;
    let x = layers.convolution(input, 'conv2d', { ...block, kernel: [10, 4], stride: [2, 2] });
    for (let i = 1; i <= 4; i++) {
      x = layers.convolution(x, `depthwise_conv2d_${i}`, { ...block, kernel: [3, 3], depthwise: true });
      x = layers.convolution(x, `conv2d_${i}`, { ...block, kernel: [1, 1] });
    }
    const pooled = layers.averagePool(x, 'average_pooling2d', [24, 5]);
    return layers.softmax(layers.dense(pooled, 'dense', { channels: 12, normalised: false }), 'softmax');
  },
};

/** A residual network of three stacks for CIFAR-10. */
const resnet8: Architecture = {
  name: 'resnet8',
  summary: 'MLPerf Tiny image classification: ResNet-8, 32 x 32, 10 classes',
  parameters: 78_186,
  folded: 77_706,
  input: [3, [32, 32]],
  layers: (layers, input) => {
    const relu = { activation: 'relu', bias: true } as const;
    let x = layers.convolution(input, 'conv2d', { ...relu, channels: 16, kernel: [3, 3] });
    [16, 32, 64].forEach((channels, stack) => {
      const step = stack === 0 ? 1 : 2;
      const path = `stack${stack + 1}`;
      const stride = [step, step] as const;
      let y = layers.convolution(x, `${path}/conv2d_1`, { ...relu, channels, kernel: [3, 3], stride });
      y = layers.convolution(y, `${path}/conv2d_2`, { channels, kernel: [3, 3], bias: true });
      const shortcut =
        stack === 0
          ? x
          : layers.convolution(x, `${path}/conv2d_3`, {
              channels,
              kernel: [1, 1],
              stride,
              normalised: false,
            });
      x = layers.relu(layers.add(shortcut, y, `${path}/add`), `${path}/activation`);
    });
    const pooled = layers.averagePool(x, 'average_pooling2d', [8, 8]);
    return layers.softmax(layers.dense(pooled, 'dense', { channels: 10, normalised: false }), 'softmax');
  },
};

const wakeWords: Architecture = {
  name: 'mobilenet-v1-0.25',
  summary: 'MLPerf Tiny visual wake words: MobileNetV1 0.25, 96 x 96, 2 classes',
  parameters: 216_322,
  folded: 210_850,
  input: [3, [96, 96]],
  layers: (layers, input) => {
    const features = mobilenetV1Features(layers, input, 0.25, { activation: 'relu', bias: true });
    return layers.softmax(layers.dense(features, 'dense', { channels: 2, normalised: false }), 'softmax');
  },
};

/** Dense layers through a bottleneck of 8, on 5 frames of 128 mel bands. */
const autoencoder: Architecture = {
  name: 'autoencoder',
  summary: 'MLPerf Tiny anomaly detection: dense autoencoder, 640 inputs',
  parameters: 267_928,
  folded: 265_864,
  input: [640, []],
  layers: (layers, input) => {
    let x = input;
    [128, 128, 128, 128, 8, 128, 128, 128, 128].forEach((channels, i) => {
      x = layers.dense(x, i === 0 ? 'dense' : `dense_${i}`, { channels, bias: true, activation: 'relu' });
    });
    return layers.dense(x, 'dense_9', { channels: 640, normalised: false });
  },
};

function reference(architecture: Architecture, kind: 'f32' | 'int8'): ReferenceModel {
  const { input, layers } = architecture;
  const float = kind === 'f32';
  const build = <F extends Activation>(set: LayerSet<F>, batch: number | string): void => {
    set.output(layers(set, set.input(batch, ...input)), batch);
  };
  return {
    name: float ? architecture.name : `${architecture.name}-int8`,
    summary: float ? architecture.summary : `${architecture.summary}, quantised to 8 bits (QDQ)`,
    parameters: float ? architecture.parameters : architecture.folded,
    variable: [],
    ...(float ? plainRun : quantisedRun),
    graph: ({ batch = 1, seed = 0 } = {}) => {
      const g = new OnnxGraphBuilder({ name: architecture.name.replace(/\W/g, '_'), seed });
      if (float) build(floatLayers(g), batch);
      else build(quantisedLayers(g), batch);
      return g;
    },
  };
}

export const mlperfTiny: readonly ReferenceModel[] = [dsCnn, resnet8, wakeWords, autoencoder].flatMap((a) => [
  reference(a, 'f32'),
  reference(a, 'int8'),
]);
