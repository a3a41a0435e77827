/**
 * YOLOX-nano (Ge et al., 2021), object detector: CSPDarknet, feature pyramid and decoupled head with depthwise
 * convolutions, then decoding to boxes and non-maximum suppression. Module names are those of the published code.
 */
import type { Feature } from './convolutionLayers';
import { add, batchNormalization, concatenate, convolution, maxPool, silu } from './convolutionLayers';
import { OnnxGraphBuilder, int, ints, string } from './onnxGraphBuilder';
import type { ReferenceModel } from './referenceModel';
import { plainRun } from './referenceModel';

const classes = 80;
const headChannels = 64;
const strides = [8, 16, 32] as const;
/** Few places hold an object. */
const prior = -3;
const norm = { epsilon: 1e-3, momentum: 0.97, scale: 0.95 };
/** Of the branch beside a shortcut, so that sums do not grow. */
const branchNorm = { ...norm, scale: 0.6 };
/** As the published evaluation has them. */
const overlapLimit = 0.65;
const scoreLimit = 0.01;
const boxesPerClass = 100;

export const yoloxNano: ReferenceModel = {
  name: 'yolox-nano',
  summary: 'YOLOX-nano, object detector, 416 x 416, 80 classes, with decoding and non-maximum suppression',
  parameters: 912_159,
  variable: ['resolution'],
  ...plainRun,
  graph: (options = {}) => {
    const { batch = 1, seed = 0, resolution = 416 } = options;
    const g = new OnnxGraphBuilder({ name: 'yolox_nano', seed });
    const image: Feature = {
      name: g.input('images', 'f32', [batch, 3, resolution, resolution]),
      channels: 3,
      gain: 1,
    };
    const levels = pyramid(g, darknet(g, image));
    const sizes = strides.map((s) => resolution / s);
    const scores = levels.map((x, level) => head(g, x, level));
    const predictions = decode(g, scores, sizes);
    const boxes = sizes.reduce((n, size) => n + size * size, 0);
    g.output('output', 'f32', [batch, boxes, 5 + classes]);
    suppress(g, predictions);
    g.output('selected', 'i64', ['detections', 3]);
    return g;
  },
};

interface Layer {
  readonly channels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

/** Convolution, batch normalisation, SiLU. */
function base(g: OnnxGraphBuilder, x: Feature, path: string, layer: Layer, options = norm): Feature {
  const y = convolution(g, x, `${path}/conv`, layer);
  return silu(g, batchNormalization(g, y, `${path}/bn`, options), `${path}/act`);
}

/** A depthwise convolution and a 1x1 one. */
function separable(g: OnnxGraphBuilder, x: Feature, path: string, layer: Layer, options = norm): Feature {
  const y = base(g, x, `${path}/dconv`, { ...layer, channels: x.channels, groups: x.channels });
  return base(g, y, `${path}/pconv`, { channels: layer.channels, kernel: 1 }, options);
}

/** Two branches of half the channels, one through `blocks` bottlenecks. */
function crossStage(
  g: OnnxGraphBuilder,
  x: Feature,
  path: string,
  channels: number,
  blocks: number,
  shortcut: boolean,
): Feature {
  const half = { channels: channels / 2, kernel: 1 };
  let deep = base(g, x, `${path}/conv1`, half);
  const wide = base(g, x, `${path}/conv2`, half);
  for (let i = 0; i < blocks; i++) {
    const at = `${path}/m/m.${i}`;
    const narrow = base(g, deep, `${at}/conv1`, half);
    const layer = { ...half, kernel: 3 };
    const y = separable(g, narrow, `${at}/conv2`, layer, shortcut ? branchNorm : norm);
    deep = shortcut ? add(g, y, deep, at) : y;
  }
  return base(g, concatenate(g, [deep, wide], `/${path}`), `${path}/conv3`, { channels, kernel: 1 });
}

/** Each 2 x 2 block of pixels as channels: left top, left bottom, right top, right bottom. */
function focus(g: OnnxGraphBuilder, image: Feature, path: string): Feature {
  const every = (axis: number, from: number, x: string): string => {
    const bounds = [[from], [2 ** 31 - 1], [axis], [2]].map((v) => g.integers(v));
    return g.node(`/${path}`, 'Slice', [x, ...bounds]);
  };
  const parts = [0, 1].flatMap((column) =>
    [0, 1].map((row) => ({ ...image, name: every(3, column, every(2, row, image.name)) })),
  );
  return concatenate(g, parts, `/${path}`);
}

/** The features at strides 8, 16 and 32. */
function darknet(g: OnnxGraphBuilder, image: Feature): readonly Feature[] {
  const at = 'backbone/backbone';
  const stage = (x: Feature, name: string, channels: number): Feature =>
    separable(g, x, `${at}/${name}/${name}.0`, { channels, kernel: 3, stride: 2 });
  let x = base(g, focus(g, image, `${at}/stem`), `${at}/stem/conv`, { channels: 16, kernel: 3 });
  x = crossStage(g, stage(x, 'dark2', 32), `${at}/dark2/dark2.1`, 32, 1, true);
  const dark3 = crossStage(g, stage(x, 'dark3', 64), `${at}/dark3/dark3.1`, 64, 3, true);
  const dark4 = crossStage(g, stage(dark3, 'dark4', 128), `${at}/dark4/dark4.1`, 128, 3, true);
  x = spatialPyramid(g, stage(dark4, 'dark5', 256), `${at}/dark5/dark5.1`);
  return [dark3, dark4, crossStage(g, x, `${at}/dark5/dark5.2`, 256, 1, false)];
}

/** Maxima of three sizes beside the input. */
function spatialPyramid(g: OnnxGraphBuilder, x: Feature, path: string): Feature {
  const half = base(g, x, `${path}/conv1`, { channels: x.channels / 2, kernel: 1 });
  const pooled = [5, 9, 13].map((kernel, i) =>
    maxPool(g, half, `${path}/m.${i}`, kernel, 1, Math.floor(kernel / 2)),
  );
  return base(g, concatenate(g, [half, ...pooled], `/${path}`), `${path}/conv2`, {
    channels: x.channels,
    kernel: 1,
  });
}

/** From the coarsest level up, and down again. */
function pyramid(g: OnnxGraphBuilder, [dark3, dark4, dark5]: readonly Feature[]): readonly Feature[] {
  const at = 'backbone';
  const upsample = (x: Feature): Feature => ({
    ...x,
    name: g.node(`/${at}/upsample`, 'Resize', [x.name, '', upsampleScales(g)], {
      attributes: {
        coordinate_transformation_mode: string('asymmetric'),
        mode: string('nearest'),
        nearest_mode: string('floor'),
      },
    }),
  });
  const join = (a: Feature, b: Feature): Feature => concatenate(g, [a, b], `/${at}`);
  const merge = (x: Feature, name: string, channels: number): Feature =>
    crossStage(g, x, `${at}/${name}`, channels, 1, false);
  const down = (x: Feature, name: string): Feature =>
    separable(g, x, `${at}/${name}`, { channels: x.channels, kernel: 3, stride: 2 });

  const top = base(g, dark5!, `${at}/lateral_conv0`, { channels: 128, kernel: 1 });
  const middle = merge(join(upsample(top), dark4!), 'C3_p4', 128);
  const reduced = base(g, middle, `${at}/reduce_conv1`, { channels: 64, kernel: 1 });
  const fine = merge(join(upsample(reduced), dark3!), 'C3_p3', 64);
  const medium = merge(join(down(fine, 'bu_conv2'), reduced), 'C3_n3', 128);
  const coarse = merge(join(down(medium, 'bu_conv1'), top), 'C3_n4', 256);
  return [fine, medium, coarse];
}

function upsampleScales(g: OnnxGraphBuilder): string {
  const name = 'backbone.upsample.scales';
  if (g.initializers.some((t) => t.name === name)) return name;
  return g.initializer(name, 'f32', [4], new Uint8Array(Float32Array.of(1, 1, 2, 2).buffer));
}

/** Box, objectness and class scores of one level: N x (5 + classes) x H x W. */
function head(g: OnnxGraphBuilder, x: Feature, level: number): Feature {
  const stem = base(g, x, `head/stems.${level}`, { channels: headChannels, kernel: 1 });
  const branch = (name: string): Feature =>
    [0, 1].reduce(
      (y, i) =>
        separable(g, y, `head/${name}.${level}/${name}.${level}.${i}`, { channels: headChannels, kernel: 3 }),
      stem,
    );
  const [forClass, forBox] = [branch('cls_convs'), branch('reg_convs')];
  const predict = (y: Feature, name: string, channels: number, biasMean = 0): Feature =>
    convolution(g, y, `head/${name}.${level}`, { channels, kernel: 1, bias: true, biasMean });
  const sigmoid = (y: Feature): Feature => ({ ...y, name: g.node('/head', 'Sigmoid', [y.name]) });
  const parts = [
    predict(forBox, 'reg_preds', 4),
    sigmoid(predict(forBox, 'obj_preds', 1, prior)),
    sigmoid(predict(forClass, 'cls_preds', classes, prior)),
  ];
  return concatenate(g, parts, '/head');
}

/** All levels as N x boxes x (5 + classes); centre and size of each box in pixels. */
function decode(g: OnnxGraphBuilder, levels: readonly Feature[], sizes: readonly number[]): string {
  const flat = levels.map((x, i) =>
    g.node('/head', 'Reshape', [x.name, g.integers([0, 5 + classes, sizes[i]! ** 2])]),
  );
  const joined = g.node('/head', 'Concat', flat, { attributes: { axis: int(2) } });
  const rows = g.node('/head', 'Transpose', [joined], { attributes: { perm: ints(0, 2, 1) } });
  const part = (from: number, to: number): string => columns(g, '/head', rows, from, to);
  const boxes = sizes.reduce((n, size) => n + size * size, 0);
  const table = (
    name: string,
    width: number,
    row: (level: number, at: number) => readonly number[],
  ): string =>
    g.initializer(
      name,
      'f32',
      [1, boxes, width],
      new Uint8Array(
        Float32Array.from(
          sizes.flatMap((size, level) =>
            Array.from({ length: size * size }, (_, at) => row(level, at)).flat(),
          ),
        ).buffer,
      ),
    );
  const grid = table('head.grids', 2, (level, at) => [at % sizes[level]!, Math.floor(at / sizes[level]!)]);
  const stride = table('head.strides', 1, (level) => [strides[level]!]);
  const centre = g.node('/head', 'Mul', [g.node('/head', 'Add', [part(0, 2), grid]), stride]);
  const extent = g.node('/head', 'Mul', [g.node('/head', 'Exp', [part(2, 4)]), stride]);
  return g.node('/head', 'Concat', [centre, extent, part(4, 5 + classes)], {
    attributes: { axis: int(2) },
    output: 'output',
  });
}

const columns = (g: OnnxGraphBuilder, path: string, x: string, from: number, to: number): string =>
  g.node(path, 'Slice', [x, g.integers([from]), g.integers([to]), g.integers([2])]);

/** Which boxes are left per class: rows of image, class, box. */
function suppress(g: OnnxGraphBuilder, predictions: string): void {
  const at = '/postprocess';
  const part = (from: number, to: number): string => columns(g, at, predictions, from, to);
  const scores = g.node(at, 'Mul', [part(4, 5), part(5, 5 + classes)]);
  const perClass = g.node(at, 'Transpose', [scores], { attributes: { perm: ints(0, 2, 1) } });
  const limits = [
    g.integers([boxesPerClass], []),
    g.scalar('postprocess.overlap', overlapLimit),
    g.scalar('postprocess.score', scoreLimit),
  ];
  g.node(at, 'NonMaxSuppression', [part(0, 4), perClass, ...limits], {
    attributes: { center_point_box: int(1) },
    output: 'selected',
  });
}
