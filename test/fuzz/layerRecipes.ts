/** Recipes of matrix products, convolutions, pooling and normalisations. */
import { elementCountOf } from '../../src/frontend/elementType';
import { float, int, ints, string } from '../../src/frontend/zoo/onnxGraphBuilder';
import type { GraphDraft, Result, Value } from './randomGraph';
import type { Recipe } from './recipeParts';
import { axisOf, like, magnitude, moved } from './recipeParts';

/** Products summed over `n` elements. */
const products = (shape: readonly number[], n: number, x: Value, w: Value, bias = 0): Result => {
  const bound = n * magnitude(x) * magnitude(w) + bias;
  return {
    shape,
    low: -bound,
    high: bound,
    inherited: n * (magnitude(w) * x.noise + magnitude(x) * w.noise),
  };
};
const onFloats = (x: Value, rank: number): boolean =>
  ['f32', 'f64'].includes(x.type) && x.shape.length >= rank;
const window = (g: GraphDraft, x: Value) => {
  const rank = x.shape.length - 2;
  const kernel = x.shape.slice(2).map((d) => g.between(1, Math.min(3, d)));
  const strides = kernel.map(() => g.between(1, 2));
  const pads = [...kernel, ...kernel].map((k) => g.between(0, k - 1));
  const sizes = x.shape
    .slice(2)
    .map((d, i) => Math.floor((d + pads[i]! + pads[i + rank]! - kernel[i]!) / strides[i]!) + 1);
  return {
    kernel,
    sizes,
    attributes: { kernel_shape: ints(...kernel), strides: ints(...strides), pads: ints(...pads) },
  };
};
const normalised = (x: Value, n: number): Result => {
  // With epsilon 0.1, deviations are multiplied by at most 1 / sqrt(0.1).
  const bound = 3 * Math.sqrt(n) + 3;
  return { ...like(x, -bound, bound), inherited: 3 * (4 + 8 * magnitude(x)) * x.noise };
};
const epsilon = { epsilon: float(0.1) };
const channels = (g: GraphDraft, x: Value, low: number, high: number): Value =>
  g.leaf(x.type, [x.shape[1]!], low, high);
export const layers: readonly Recipe[] = [
  (g, x) => {
    if (!onFloats(x, 2)) return false;
    const k = x.shape.at(-1)!;
    const n = g.between(1, 8);
    const w = g.leaf(x.type, [...(g.chance(0.3) ? x.shape.slice(0, -2) : []), k, n], -1, 1);
    return g.node('MatMul', [x, w], products([...x.shape.slice(0, -1), n], k, x, w));
  },
  (g, x) => {
    if (!onFloats(x, 2) || x.shape.length !== 2) return false;
    const [transA, transB] = [g.below(2), g.below(2)];
    const [m, k] = transA === 1 ? [x.shape[1]!, x.shape[0]!] : [x.shape[0]!, x.shape[1]!];
    const n = g.between(1, 8);
    const w = g.leaf(x.type, transB === 1 ? [n, k] : [k, n], -1, 1);
    return g.node('Gemm', [x, w, g.leaf(x.type, [n], -1, 1)], products([m, n], k, x, w, 1), {
      transA: int(transA),
      transB: int(transB),
    });
  },
  (g, x) => {
    if (x.type !== 'f32' || x.shape.length < 3 || x.shape.length > 4) return false;
    const { kernel, sizes, attributes } = window(g, x);
    const c = x.shape[1]!;
    const group = g.chance(0.3) ? c : 1;
    const out = group * g.between(1, 4);
    const w = g.leaf('f32', [out, c / group, ...kernel], -1, 1);
    const bias = g.chance(0.5) ? g.leaf('f32', [out], -1, 1) : undefined;
    const n = elementCountOf(kernel) * (c / group);
    return g.node('Conv', [x, w, bias], products([x.shape[0]!, out, ...sizes], n, x, w, 1), {
      ...attributes,
      group: int(group),
    });
  },
  (g, x) => {
    if (x.type !== 'f32' || x.shape.length !== 4) return false;
    const [n, c, h, w] = x.shape;
    const out = g.between(1, 4);
    const stride = g.between(1, 2);
    const weight = g.leaf('f32', [c!, out, 2, 2], -1, 1);
    return g.node(
      'ConvTranspose',
      [x, weight],
      products([n!, out, (h! - 1) * stride + 2, (w! - 1) * stride + 2], 4 * c!, x, weight),
      { strides: ints(stride, stride) },
    );
  },
  (g, x) => {
    if (x.type !== 'f32' || x.shape.length < 3 || x.shape.length > 4) return false;
    const { sizes, attributes } = window(g, x);
    return g.node('MaxPool', [x], moved(x, [...x.shape.slice(0, 2), ...sizes]), attributes);
  },
  (g, x) => {
    if (x.type !== 'f32' || x.shape.length < 3 || x.shape.length > 4) return false;
    const { sizes, attributes } = window(g, x);
    const result = {
      shape: [...x.shape.slice(0, 2), ...sizes],
      low: Math.min(0, x.low),
      high: Math.max(0, x.high),
    };
    return g.node('AveragePool', [x], result, { ...attributes, count_include_pad: int(g.below(2)) });
  },
  ...['GlobalAveragePool', 'GlobalMaxPool'].map(
    (op): Recipe =>
      (g, x) =>
        onFloats(x, 3) && g.node(op, [x], { ...like(x), shape: x.shape.map((d, i) => (i < 2 ? d : 1)) }),
  ),
  (g, x) => {
    if (x.type !== 'f32' || x.shape.length < 2) return false;
    const [scale, bias, mean, variance] = [
      channels(g, x, -1, 1),
      channels(g, x, -1, 1),
      channels(g, x, -1, 1),
      channels(g, x, 0.5, 2),
    ];
    const bound = 1.5 * (magnitude(x) + 1) + 1;
    return g.node(
      'BatchNormalization',
      [x, scale, bias, mean, variance],
      { ...like(x, -bound, bound), inherited: 1.5 * x.noise },
      epsilon,
    );
  },
  (g, x) => {
    if (!onFloats(x, 1) || x.type !== 'f32') return false;
    const axis = axisOf(g, x);
    const shape = x.shape.slice(axis);
    return g.node(
      'LayerNormalization',
      [x, g.leaf('f32', shape, -1, 1), g.leaf('f32', shape, -1, 1)],
      normalised(x, elementCountOf(shape)),
      { ...epsilon, axis: int(axis) },
    );
  },
  (g, x) =>
    x.type === 'f32' &&
    x.shape.length >= 3 &&
    g.node(
      'InstanceNormalization',
      [x, channels(g, x, -1, 1), channels(g, x, -1, 1)],
      normalised(x, elementCountOf(x.shape.slice(2))),
      epsilon,
    ),
  (g, x) => {
    if (x.type !== 'f32' || x.shape.length < 3) return false;
    const groups = x.shape[1]! % 2 === 0 ? 2 : 1;
    return g.node(
      'GroupNormalization',
      [x, channels(g, x, -1, 1), channels(g, x, -1, 1)],
      normalised(x, elementCountOf(x.shape.slice(1)) / groups),
      { ...epsilon, num_groups: int(groups) },
    );
  },
  (g, x) =>
    x.type === 'f32' &&
    x.shape.length === 4 &&
    magnitude(x) < 50 &&
    g.node('LRN', [x], like(x), { size: int(3) }),
  (g, x) => {
    if (!onFloats(x, 2)) return false;
    const [k, m] = [x.shape.at(-1)!, g.between(1, 6)];
    const w = g.leaf(x.type, [m, k], -1, 1);
    return (
      x.shape.length === 2 &&
      g.node('Einsum', [x, w], products([x.shape[0]!, m], k, x, w), { equation: string('ik,jk->ij') })
    );
  },
  (g, x) => {
    if (!['i8', 'u8'].includes(x.type) || x.shape.length < 2) return false;
    const w = g.leaf(g.pick(['i8', 'u8']), [x.shape.at(-1)!, g.between(1, 6)]);
    return g.node('MatMulInteger', [x, w], {
      ...products([...x.shape.slice(0, -1), w.shape[1]!], w.shape[0]!, x, w),
      type: 'i32',
    });
  },
];
