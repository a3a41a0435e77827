/** ONNX operators that are short formulas of other ops: activations, layer normalisation, pixel shuffles. */
import { int, number32, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional, optionalAttr } from '../../opDefinition';
import type { Value } from '../../operation';
import { DYNAMIC } from '../../types';
import * as nn from '../nn';
import { normaliseAxis } from '../nn/shapes';
import { reshapeTo, shapeOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';

const x = { X: one(modelTensor) };

/** `scale · (max(x, 0) + alpha · (exp(min(x, 0)) - 1))`. */
function exponentialUnit(e: Expansion, input: Value, alpha: number, scale: number): Value {
  const c = calculator(e);
  const negative = c.mul(c.sub(c.exp(c.min(input, 0)), 1), alpha);
  const sum = c.add(c.max(input, 0), negative);
  return scale === 1 ? sum : c.mul(sum, scale);
}
/** `log(1 + exp(x))` without overflow. */
function softplusOf(e: Expansion, input: Value): Value {
  const c = calculator(e);
  return c.add(c.max(input, 0), c.log(c.add(c.exp(c.neg(c.abs(input))), 1)));
}

const elu = defineOnnxOp({
  name: 'Elu',
  versions: [6, 22],
  summary: '`x` where it is positive, `alpha · (exp(x) - 1)` elsewhere',
  operands: x,
  attrs: { alpha: defaultAttr(number32, 1) },
  expand: (v, e) => [exponentialUnit(e, v.X, v.alpha, 1)],
});
const selu = defineOnnxOp({
  name: 'Selu',
  versions: [6, 22],
  summary: '`gamma · x` where it is positive, `gamma · alpha · (exp(x) - 1)` elsewhere',
  operands: x,
  attrs: {
    alpha: defaultAttr(number32, 1.6732632423543772),
    gamma: defaultAttr(number32, 1.0507009873554805),
  },
  expand: (v, e) => [exponentialUnit(e, v.X, v.alpha, v.gamma)],
});
const softplus = defineOnnxOp({
  name: 'Softplus',
  versions: [1, 22],
  summary: '`log(1 + exp(x))`',
  operands: x,
  expand: (v, e) => [softplusOf(e, v.X)],
});
const softsign = defineOnnxOp({
  name: 'Softsign',
  versions: [1, 22],
  summary: '`x / (1 + |x|)`',
  operands: x,
  expand: (v, e) => {
    const c = calculator(e);
    return [c.div(v.X, c.add(c.abs(v.X), 1))];
  },
});
const mish = defineOnnxOp({
  name: 'Mish',
  versions: [18, 22],
  summary: '`x · tanh(log(1 + exp(x)))`',
  operands: x,
  expand: (v, e) => {
    const c = calculator(e);
    return [c.mul(v.X, c.tanh(softplusOf(e, v.X)))];
  },
});
const gelu = defineOnnxOp({
  name: 'Gelu',
  versions: [20],
  summary: '`x · Φ(x)` with the normal distribution Φ, exact or by tanh',
  operands: x,
  attrs: { approximate: defaultAttr(text, 'none', '`none` or `tanh`') },
  expand: (v, e) => {
    const c = calculator(e);
    const cubic = (): Value =>
      c.mul(c.add(v.X, c.mul(c.mul(c.mul(v.X, v.X), v.X), 0.044715)), Math.sqrt(2 / Math.PI));
    const inner = v.approximate === 'tanh' ? c.tanh(cubic()) : c.erf(c.mul(v.X, Math.SQRT1_2));
    return [c.mul(c.mul(v.X, 0.5), c.add(inner, 1))];
  },
});

const layerNormalization = defineOnnxOp({
  name: 'LayerNormalization',
  versions: [17],
  summary: 'the axes from `axis` on to zero mean and unit variance, then scaled and shifted',
  doc: 'Results: the normalised input, the mean, and one over the standard deviation.',
  operands: { X: one(modelTensor), scale: one(modelTensor), B: optional(modelTensor) },
  attrs: {
    axis: defaultAttr(int, -1),
    epsilon: defaultAttr(number32, 1e-5),
    stash_type: optionalAttr(int, 'the type to compute in'),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const rank = shapeOf(v.X).length;
    const first = normaliseAxis(v.axis, rank);
    const axes = Array.from({ length: rank - first }, (_, i) => first + i);
    const meanOf = (input: Value): Value => e.b.value(nn.reduceMean, { input, axes, keepdims: true });
    const mean = meanOf(v.X);
    const centred = c.sub(v.X, mean);
    const deviation = c.sqrt(c.add(meanOf(c.mul(centred, centred)), v.epsilon));
    const scaled = c.mul(c.div(centred, deviation), v.scale);
    const inverse = e.outputs > 2 ? [c.div(1, deviation)] : [];
    return [v.B === undefined ? scaled : c.add(scaled, v.B), mean, ...inverse];
  },
});

/** Height and width of an image in blocks; these must be known. */
function imageSizes(input: Value, block: number): readonly [number, number, number, number] {
  const shape = shapeOf(input);
  if (shape.length !== 4) throw new InferenceError(`input must have rank 4, found rank ${shape.length}`);
  if (shape.slice(1).includes(DYNAMIC)) throw new NotSupported('a dynamic image size');
  if (block < 1) throw new InferenceError(`blocksize must be 1 or more, found ${block}`);
  return shape as unknown as readonly [number, number, number, number];
}
const depthToSpace = defineOnnxOp({
  name: 'DepthToSpace',
  versions: [1, 11, 13],
  summary: 'channels moved into blocks of pixels',
  operands: { input: one(modelTensor) },
  attrs: {
    blocksize: defaultAttr(int, 1),
    mode: defaultAttr(text, 'DCR', '`DCR`: channels vary fastest; `CRD`: blocks do'),
  },
  expand: (v, e) => {
    const s = v.blocksize;
    const [n, channels, h, w] = imageSizes(v.input, s);
    if (channels % (s * s) !== 0)
      throw new InferenceError(`${channels} channels do not fill blocks of ${s}×${s}`);
    const c = channels / (s * s);
    const crd = v.mode === 'CRD';
    const parts = reshapeTo(e, v.input, crd ? [n, c, s, s, h, w] : [n, s, s, c, h, w]);
    const permutation = crd ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
    return [reshapeTo(e, e.b.value(nn.transpose, { input: parts, permutation }), [n, c, h * s, w * s])];
  },
});
const spaceToDepth = defineOnnxOp({
  name: 'SpaceToDepth',
  versions: [1, 13, 28],
  summary: 'blocks of pixels moved into channels',
  operands: { input: one(modelTensor) },
  attrs: {
    blocksize: defaultAttr(int, 1),
    mode: defaultAttr(text, 'DCR', '`DCR` or `CRD`; since 28'),
  },
  expand: (v, e) => {
    const s = v.blocksize;
    const [n, c, h, w] = imageSizes(v.input, s);
    if (h % s !== 0 || w % s !== 0)
      throw new InferenceError(`an image of ${h}×${w} does not divide into blocks of ${s}×${s}`);
    const parts = reshapeTo(e, v.input, [n, c, h / s, s, w / s, s]);
    const permutation = v.mode === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4];
    const moved = e.b.value(nn.transpose, { input: parts, permutation });
    return [reshapeTo(e, moved, [n, c * s * s, h / s, w / s])];
  },
});

export const composedOps = [
  elu,
  selu,
  softplus,
  softsign,
  mish,
  gelu,
  layerNormalization,
  depthToSpace,
  spaceToDepth,
];
