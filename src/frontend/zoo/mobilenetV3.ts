/**
 * MobileNetV3 (Howard et al., 2019), small and large, as torchvision has them: inverted residuals, some with squeeze
 * and excitation, hard swish in the deeper ones.
 */
import type { Feature } from './convolutionLayers';
import {
  add,
  batchNormalization,
  convolution,
  dense,
  hardSwish,
  pooledFeatures,
  relu,
  roundChannels,
} from './convolutionLayers';
import { OnnxGraphBuilder, float } from './onnxGraphBuilder';
import type { ReferenceModel } from './referenceModel';
import { plainRun } from './referenceModel';

type ActivationName = 'relu' | 'hardSwish';
const activations = { relu, hardSwish } as const;

/** Kernel, channels of the expansion, of the result, squeeze and excitation, activation, stride (tables 1 and 2). */
type Row = readonly [
  kernel: number,
  expanded: number,
  channels: number,
  squeeze: boolean,
  activation: ActivationName,
  stride: number,
];
const large: readonly Row[] = [
  [3, 16, 16, false, 'relu', 1],
  [3, 64, 24, false, 'relu', 2],
  [3, 72, 24, false, 'relu', 1],
  [5, 72, 40, true, 'relu', 2],
  [5, 120, 40, true, 'relu', 1],
  [5, 120, 40, true, 'relu', 1],
  [3, 240, 80, false, 'hardSwish', 2],
  [3, 200, 80, false, 'hardSwish', 1],
  [3, 184, 80, false, 'hardSwish', 1],
  [3, 184, 80, false, 'hardSwish', 1],
  [3, 480, 112, true, 'hardSwish', 1],
  [3, 672, 112, true, 'hardSwish', 1],
  [5, 672, 160, true, 'hardSwish', 2],
  [5, 960, 160, true, 'hardSwish', 1],
  [5, 960, 160, true, 'hardSwish', 1],
];
const small: readonly Row[] = [
  [3, 16, 16, true, 'relu', 2],
  [3, 72, 24, false, 'relu', 2],
  [3, 88, 24, false, 'relu', 1],
  [5, 96, 40, true, 'hardSwish', 2],
  [5, 240, 40, true, 'hardSwish', 1],
  [5, 240, 40, true, 'hardSwish', 1],
  [5, 120, 48, true, 'hardSwish', 1],
  [5, 144, 48, true, 'hardSwish', 1],
  [5, 288, 96, true, 'hardSwish', 2],
  [5, 576, 96, true, 'hardSwish', 1],
  [5, 576, 96, true, 'hardSwish', 1],
];
const classes = 1000;
const norm = { epsilon: 1e-3, momentum: 0.99 };

function mobilenetV3(
  size: 'small' | 'large',
  rows: readonly Row[],
  hidden: number,
  parameters: number,
): ReferenceModel {
  return {
    name: `mobilenet-v3-${size}`,
    summary: `MobileNetV3 ${size} 1.0, image classifier, 224 x 224, 1000 classes`,
    parameters,
    variable: ['width', 'resolution'],
    ...plainRun,
    graph: (options = {}) => {
      const { batch = 1, seed = 0, width = 1, resolution = 224 } = options;
      const g = new OnnxGraphBuilder({ name: `mobilenet_v3_${size}`, seed });
      const scaled = (channels: number): number => roundChannels(channels * width);
      let x: Feature = {
        name: g.input('input', 'f32', [batch, 3, resolution, resolution]),
        channels: 3,
        gain: 1,
      };
      const stem = { channels: scaled(16), kernel: 3, stride: 2 };
      x = convolutionNorm(g, x, 'features/features.0', stem, 'hardSwish');
      rows.forEach((row, i) => {
        x = invertedResidual(g, x, `features/features.${i + 1}`, row, scaled);
      });
      const last = { channels: 6 * x.channels, kernel: 1 };
      x = convolutionNorm(g, x, `features/features.${rows.length + 1}`, last, 'hardSwish');
      x = pooledFeatures(g, x, '/avgpool', '');
      x = dense(g, x, 'classifier/classifier.0', { channels: scaled(hidden), gain: 3 * x.gain });
      x = hardSwish(g, x, 'classifier/classifier.1');
      dense(g, x, 'classifier/classifier.3', { channels: classes, output: 'output' });
      g.output('output', 'f32', [batch, classes]);
      return g;
    },
  };
}

/** A convolution, batch normalisation, and an activation unless the layer is a linear bottleneck. */
function convolutionNorm(
  g: OnnxGraphBuilder,
  x: Feature,
  path: string,
  options: { channels: number; kernel: number; stride?: number; groups?: number },
  activation: ActivationName | undefined,
  scale = 1,
): Feature {
  const module = path.slice(path.lastIndexOf('/') + 1);
  const y = convolution(g, x, `${path}/${module}.0`, options);
  const z = batchNormalization(g, y, `${path}/${module}.1`, { ...norm, scale });
  return activation === undefined ? z : activations[activation](g, z, `${path}/${module}.2`);
}

/** 1x1 expansion where it widens, depthwise, squeeze and excitation, 1x1 projection; a sum when shapes agree. */
function invertedResidual(
  g: OnnxGraphBuilder,
  x: Feature,
  path: string,
  row: Row,
  scaled: (channels: number) => number,
): Feature {
  const [kernel, expansion, width, squeeze, activation, stride] = row;
  const [expanded, channels] = [scaled(expansion), scaled(width)];
  const residual = stride === 1 && channels === x.channels;
  let part = 0;
  const next = (): string => `${path}/block/block.${part++}`;
  let y = x;
  if (expanded !== x.channels)
    y = convolutionNorm(g, y, next(), { channels: expanded, kernel: 1 }, activation);
  const depthwise = { channels: expanded, kernel, stride, groups: expanded };
  y = convolutionNorm(g, y, next(), depthwise, activation);
  if (squeeze) y = squeezeExcitation(g, y, next());
  y = convolutionNorm(g, y, next(), { channels, kernel: 1 }, undefined, residual ? 0.5 : 1);
  return residual ? add(g, x, y, path) : y;
}

/** Channels scaled by what two 1x1 convolutions make of their means. */
function squeezeExcitation(g: OnnxGraphBuilder, x: Feature, path: string): Feature {
  const pooled = { ...x, name: g.node(`/${path}/avgpool`, 'GlobalAveragePool', [x.name]) };
  const squeezed = { channels: roundChannels(x.channels / 4), kernel: 1, bias: true };
  const hidden = relu(g, convolution(g, pooled, `${path}/fc1`, squeezed), `${path}/activation`);
  const scores = convolution(g, hidden, `${path}/fc2`, { channels: x.channels, kernel: 1, bias: true });
  const gate = g.node(`/${path}/scale_activation`, 'HardSigmoid', [scores.name], {
    attributes: { alpha: float(1 / 6), beta: float(0.5) },
  });
  // The gate is near one half.
  return { ...x, name: g.node(`/${path}`, 'Mul', [gate, x.name]), gain: 2 * x.gain };
}

export const mobilenetV3Small = mobilenetV3('small', small, 1024, 2_542_856);
export const mobilenetV3Large = mobilenetV3('large', large, 1280, 5_483_032);
