/** `fold-batch-norm`: normalisation by stored statistics becomes part of the convolution before it. */
import type { Builder, ResourceStore, Rule, Value } from '../../ir';
import { definePass } from '../../ir';
import * as nn from '../../ir/dialects/nn';
import { newElements, tensorValue } from '../../ir/dialects/nn/tensors';
import type { TensorValue } from '../../ir/interpreter/runtimeValue';
import { blobName, buildConstant, constantElements, splatNumber } from '../rules/tensorConstants';

type Conv = ReturnType<typeof nn.conv2d.view>;

const floatsOf = (
  value: Value | undefined,
  resources: ResourceStore,
): Float32Array | Float64Array | undefined => {
  const data = constantElements(value, resources)?.data;
  return data instanceof Float32Array || data instanceof Float64Array ? data : undefined;
};

/** Scale and shift per channel in double precision. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}
function affineOf(bn: ReturnType<typeof nn.batchNorm.view>, resources: ResourceStore): Affine | undefined {
  const [gamma, beta, mean, variance] = [bn.scale, bn.bias, bn.mean, bn.variance].map((v) =>
    floatsOf(v, resources),
  );
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined)
    return undefined;
  const scale = Float64Array.from(gamma, (g, i) => g / Math.sqrt(variance[i]! + bn.epsilon));
  return { scale, shift: Float64Array.from(beta, (s, i) => s - mean[i]! * scale[i]!) };
}

/** A convolution that nothing else uses, with constant weight and bias, in the layout that has filters first. */
function foldableConv(
  value: Value,
  resources: ResourceStore,
): (Conv & { readonly w: TensorValue; readonly old: Float32Array | Float64Array | undefined }) | undefined {
  const conv = nn.conv2d.defining(value);
  if (conv?.layout !== 'nchw_fchw' || value.uses.size !== 1) return undefined;
  const w = constantElements(conv.weight, resources);
  const old = floatsOf(conv.bias, resources);
  if (w?.element.kind !== 'float' || (conv.bias !== undefined && old === undefined)) return undefined;
  return { ...conv, w, old };
}

/** The convolution with each filter multiplied by `scale` and `shift` added to its result. */
function scaledConv(
  b: Builder,
  conv: NonNullable<ReturnType<typeof foldableConv>>,
  { scale, shift }: Affine,
  resources: ResourceStore,
): Value {
  const { w, old } = conv;
  const weights = newElements(w.element, w.data.length);
  const filter = w.data.length / scale.length;
  for (let i = 0; i < weights.length; i++)
    weights[i] = (w.data[i] as number) * scale[Math.floor(i / filter)]!;
  const biases = newElements(w.element, scale.length);
  for (let i = 0; i < biases.length; i++) biases[i] = (old?.[i] ?? 0) * scale[i]! + shift[i]!;
  const name = blobName(conv.weight, 'weight');
  const weight = buildConstant(b, tensorValue(w.shape, w.element, weights), resources, `${name}.folded`);
  const bias = buildConstant(b, tensorValue([scale.length], w.element, biases), resources, `${name}.bias`);
  const { input, strides, pads, dilations, groups, layout } = conv;
  return b.value(nn.conv2d, { input, weight, bias, strides, pads, dilations, groups, layout });
}

export const bnIntoConv: Rule = {
  name: 'bn-into-conv',
  doc: 'batch_norm(conv2d(x, W, b)) → conv2d(x, W·s, b·s + t) with s = scale / √(variance + ε), t = bias - mean·s',
  roots: [nn.batchNorm],
  match: (op, { resources }) => {
    const bn = nn.batchNorm.view(op);
    if (nn.conv2d.defining(bn.input) === undefined) return undefined;
    const affine = affineOf(bn, resources);
    const conv = affine === undefined ? undefined : foldableConv(bn.input, resources);
    if (affine === undefined || conv === undefined) return undefined;
    return { sources: [conv.op], build: (b) => [scaledConv(b, conv, affine, resources)] };
  },
};

/** One number per channel of axis 1 of a rank-4 result: a constant of shape [C,1,1] or [1,C,1,1], or a scalar. */
function perChannel(value: Value, channels: number, resources: ResourceStore): Float64Array | undefined {
  if (value.type.kind !== 'tensor') return undefined;
  const { shape } = value.type;
  const same = splatNumber(value);
  if (same !== undefined && shape.every((d) => d === 1)) return new Float64Array(channels).fill(same);
  const padded = [...new Array<number>(Math.max(0, 4 - shape.length)).fill(1), ...shape];
  if (padded.length !== 4 || padded[0] !== 1 || padded[1] !== channels || padded[2] !== 1 || padded[3] !== 1)
    return undefined;
  const data = floatsOf(value, resources);
  return data === undefined ? undefined : Float64Array.from(data);
}

/** `add`, `sub` or `mul` of a convolution and a constant per channel. */
const constantIntoConv = (
  name: string,
  doc: string,
  root: typeof nn.add,
  commutes: boolean,
  affine: (c: Float64Array) => Affine,
): Rule => ({
  name,
  doc,
  roots: [root],
  match: (op, { resources }) => {
    const { lhs, rhs } = root.view(op);
    const sides: readonly (readonly [Value, Value])[] = commutes
      ? [
          [lhs, rhs],
          [rhs, lhs],
        ]
      : [[lhs, rhs]];
    for (const [image, constant] of sides) {
      if (nn.conv2d.defining(image) === undefined || image.type !== op.result().type) continue;
      const conv = foldableConv(image, resources);
      const values = conv === undefined ? undefined : perChannel(constant, conv.w.shape[0]!, resources);
      if (conv === undefined || values === undefined) continue;
      return { sources: [conv.op], build: (b) => [scaledConv(b, conv, affine(values), resources)] };
    }
    return undefined;
  },
});
const ones = (like: Float64Array): Float64Array => new Float64Array(like.length).fill(1);

export const convBias = constantIntoConv(
  'conv-bias',
  'conv2d(x, W, b) + c → conv2d(x, W, b + c) for one c per channel',
  nn.add,
  true,
  (c) => ({ scale: ones(c), shift: c }),
);
export const convScale = constantIntoConv(
  'conv-scale',
  'conv2d(x, W, b) · c → conv2d(x, W·c, b·c) for one c per channel',
  nn.mul,
  true,
  (c) => ({ scale: c, shift: new Float64Array(c.length) }),
);

export const bnToScaleShift: Rule = {
  name: 'bn-to-scale-shift',
  doc: 'batch_norm(x) → x·s + t with s = scale / √(variance + ε), t = bias - mean·s',
  roots: [nn.batchNorm],
  match: (op, { resources }) => {
    const bn = nn.batchNorm.view(op);
    const affine = affineOf(bn, resources);
    const type = bn.input.type;
    if (affine === undefined || type.kind !== 'tensor') return undefined;
    return {
      build: (b) => {
        const name = blobName(bn.scale, 'scale');
        const shape = [affine.scale.length, ...type.shape.slice(2).map(() => 1)];
        const constant = (values: Float64Array, base: string): Value => {
          const data = newElements(type.element, values.length);
          for (let i = 0; i < data.length; i++) data[i] = values[i]!;
          return buildConstant(b, tensorValue(shape, type.element, data), resources, base);
        };
        const scaled = b.value(nn.mul, { lhs: bn.input, rhs: constant(affine.scale, `${name}.folded`) });
        return [b.value(nn.add, { lhs: scaled, rhs: constant(affine.shift, `${name}.shift`) })];
      },
    };
  },
};

const rules = [bnIntoConv, convBias, convScale, bnToScaleShift];

export const foldBatchNorm = definePass({
  name: 'fold-batch-norm',
  summary: 'fold batch normalisation and channel constants into convolutions',
  doc: 'New weights are computed in double precision and rounded once. A normalisation without a convolution of its own becomes a scale and a shift.',
  anchor: 'any',
  rules,
  run: (root, { rewriter }) => {
    rewriter.applyRules(root, rules);
  },
});
