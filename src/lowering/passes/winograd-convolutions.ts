/**
 * `winograd-convolutions`: 3×3 convolutions by tiles, with fewer products (Lavin & Gray, 2015). A convolution becomes
 * sums over tiles of its input, a batch of matrix products, and sums over the products; the filters are transformed
 * when compiling.
 */
import type { Attribute, Builder, PassContext, Value } from '../../ir';
import { AffineMap, affineDim, definePass, floatAttr, floatOption, intOption, types as t } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { fill } from '../../ir/dialects/linalg';
import * as nn from '../../ir/dialects/nn';
import { concat, extractSlice } from '../../ir/dialects/tensor';
import { tensorValue } from '../../ir/dialects/nn/tensors';
import { buildElementwise, buildGeneric, emptyTensor, shapeOf } from '../rules/linalgGeneric';
import { padTensor, sliceTensor } from '../rules/tensorBuild';
import { blobName, buildConstant, constantElements } from '../rules/tensorConstants';
import { collapseTensor, expandTensor } from '../rules/tensorReshape';
import type { Arithmetic, TileSize } from '../rules/winogradTransforms';
import {
  measuredError,
  spanOf,
  tileSizes,
  transformFilter,
  transformInput,
  transformOutput,
} from '../rules/winogradTransforms';
import type { Target } from '../schedule/target';
import { targetOf } from '../schedule/target';

type Conv = ReturnType<typeof nn.conv2d.view>;

/** A convolution by tiles of m×m results. */
interface Tiling {
  readonly m: TileSize;
  /** Tiles per image: rows and columns. */
  readonly tiles: readonly [number, number];
  readonly weights: Float32Array;
  readonly error: number;
}

export const winogradConvolutions = definePass({
  name: 'winograd-convolutions',
  summary: 'computes 3×3 convolutions by tiles, with fewer products',
  doc: [
    'For single-precision convolutions of step 1 with constant filters, channels last. Taken where the model of the target says that it',
    'is faster and where the error that is measured with the filters stays within `max-error`, relative to the root mean square of',
    'results. The filters, transformed, take 1.8 (2×2 tiles) or 4 times (4×4) the memory.',
  ].join('\n'),
  anchor: 'func.func',
  options: {
    maxError: floatOption(2e-5, 'largest relative error'),
    tile: intOption(0, 'results per tile and dimension, 2 or 4, wherever possible; 0: as the model says'),
  },
  run: (root, context, options) => {
    const target = targetOf(root);
    for (const op of root.find((o) => nn.conv2d.is(o))) {
      const conv = nn.conv2d.view(op);
      const tiling = tilingOf(conv, target, context, options);
      if (tiling === undefined) continue;
      context.rewriter.apply({
        rule: 'conv2d-by-tiles',
        root: op,
        sources: [conv.weight.definingOp!],
        build: (b) => [build(b, conv, tiling, context)],
      });
    }
  },
});

/** The faster of the tilings that are exact enough; undefined when the plain form is as fast. */
function tilingOf(
  conv: Conv,
  target: Target,
  { resources }: PassContext,
  { maxError, tile }: { readonly maxError: number; readonly tile: number },
): Tiling | undefined {
  const { layout, strides, dilations, groups, weight, output } = conv;
  const [kh, kw, channels, filters] = layout === 'nhwc_hwcf' ? shapeOf(weight) : [];
  if (kh !== 3 || kw !== 3 || channels === undefined || filters === undefined || groups !== 1)
    return undefined;
  if ([...strides, ...dilations].some((n) => n !== 1) || t.elementOf(output.type) !== t.f32) return undefined;
  if (![conv.input, output].every((v) => t.isStatic(shapeOf(v)))) return undefined;
  const lanes = target.vectorBytes / 4;
  // Vectors run along channels in the transforms.
  if (channels % lanes !== 0 || filters % lanes !== 0 || lanes < 4) return undefined;
  const [n, height, width] = shapeOf(output) as [number, number, number, number];
  if (n * height * width === 0) return undefined;
  const direct = estimate(target, 18 * n * height * width * channels * filters, 36 * channels * filters, 0);
  const faster = tileSizes
    .map((m) => {
      const tiles: [number, number] = [Math.ceil(height / m), Math.ceil(width / m)];
      const count = n * tiles[0] * tiles[1];
      const points = spanOf(m) ** 2;
      // Rows of products that a register tile does not fill are computed all the same.
      const rows = Math.ceil(count / 4) * 4;
      const time = estimate(
        target,
        2 * points * rows * channels * filters,
        4 * points * channels * filters,
        8 * points * count * (channels + filters),
      );
      return { m, tiles, time };
    })
    .filter(({ m, time }) => (tile === 0 ? time < 0.8 * direct : m === tile))
    .sort((a, b) => a.time - b.time);
  if (faster.length === 0) return undefined;
  const weights = constantElements(weight, resources)?.data;
  if (!(weights instanceof Float32Array)) return undefined;
  for (const { m, tiles } of faster) {
    const error = measuredError(m, weights, channels, filters);
    if (error <= maxError) return { m, tiles, weights, error };
  }
  return undefined;
}

/** Bytes per nanosecond that caches give beyond memory. */
const cacheFactor = 5;
/** Nanoseconds for arithmetic or reading filters from memory, whichever takes longer, and for passing data through caches. */
function estimate(target: Target, flops: number, filterBytes: number, passedBytes: number): number {
  const { gflops, gbytes } = target;
  return Math.max(flops / gflops, filterBytes / gbytes) + passedBytes / (cacheFactor * gbytes);
}

function build(b: Builder, conv: Conv, tiling: Tiling, context: PassContext): Value {
  const { m, tiles } = tiling;
  const points = spanOf(m) ** 2;
  const [n, height, width, filters] = shapeOf(conv.output) as [number, number, number, number];
  const channels = shapeOf(conv.input)[3]!;
  const rows = n * tiles[0] * tiles[1];
  const factors = inputFactors(b, conv, tiling);
  const products = batchedProducts(
    b,
    collapseTensor(b, factors, [[0], [1, 2, 3], [4]]),
    filterFactors(b, conv, tiling, context),
    [points, rows, filters, channels],
  );
  const byTile = expandTensor(b, products, [points, n, ...tiles, filters], [[0], [1, 2, 3], [4]]);
  const whole = sumsOfProducts(b, byTile, tiling);
  const exact = shapeOf(whole).every((d, i) => d === shapeOf(conv.output)[i]);
  const result = exact
    ? whole
    : sliceTensor(b, whole, [0, 0, 0, 0], [n, height, width, filters], [1, 1, 1, 1]);
  if (conv.bias === undefined) return result;
  const perFilter = { value: conv.bias, map: AffineMap.projection(4, [3]) };
  return buildElementwise(b, [result, perFilter], shapeOf(result), t.f32, (inner, [x, bias]) =>
    inner.value(arith.addf, { lhs: x!, rhs: bias! }),
  );
}

const arithmeticOn = (b: Builder): Arithmetic<Value> => ({
  add: (lhs, rhs) => b.value(arith.addf, { lhs, rhs }),
  sub: (lhs, rhs) => b.value(arith.subf, { lhs, rhs }),
  addScaled: (lhs, factor, value) =>
    b.value(arith.addf, {
      lhs,
      rhs: b.value(arith.mulf, {
        lhs: value,
        rhs: b.value(arith.constant, { value: floatAttr(factor, t.f32) }),
      }),
    }),
});

/** One op that reads parts of a tensor, all of one shape, and gives sums of them, `count` results of that shape. */
function sumsOf(
  b: Builder,
  parts: readonly Value[],
  doc: string,
  count: number,
  sums: (parts: readonly Value[], o: Arithmetic<Value>) => readonly Value[],
  extra: readonly (readonly [string, Attribute])[] = [],
): readonly Value[] {
  const shape = shapeOf(parts[0]!);
  const map = AffineMap.identity(shape.length);
  return buildGeneric(b, {
    inputs: parts.map((value) => ({ value, map })),
    outputs: Array.from({ length: count }, () => ({ value: emptyTensor(b, shape, t.f32), map })),
    loops: shape.map(() => 'parallel' as const),
    doc,
    extra,
    body: (inner, args) => sums(args, arithmeticOn(inner)),
  });
}

/** The factors of all tiles of the padded input: [points, N, tile rows, tile columns, C]. */
function inputFactors(b: Builder, { input, pads }: Conv, { m, tiles }: Tiling): Value {
  const span = spanOf(m);
  const [n, height, width, channels] = shapeOf(input) as [number, number, number, number];
  const [top, left] = pads as [number, number, number, number];
  const padded = padTensor(
    b,
    input,
    [0, top, left, 0],
    [0, m * tiles[0] + 2 - height - top, m * tiles[1] + 2 - width - left, 0],
    (inner) => inner.value(arith.constant, { value: floatAttr(0, t.f32) }),
  );
  const parts = squareOf(span).map(([i, j]) =>
    sliceTensor(b, padded, [0, i, j, 0], [n, ...tiles, channels], [1, m, m, 1]),
  );
  const sums = sumsOf(b, parts, `winograd input ${m}x${m}`, span * span, (x, o) => transformInput(m, x, o));
  return joined(
    b,
    sums.map((s) => expandTensor(b, s, [1, n, ...tiles, channels], [[0, 1], [2], [3], [4]])),
    0,
  );
}

/** The results of all tiles, side by side: [N, m·tile rows, m·tile columns, F]. */
function sumsOfProducts(b: Builder, products: Value, { m, tiles, error }: Tiling): Value {
  const span = spanOf(m);
  const [, n, , , filters] = shapeOf(products) as [number, number, number, number, number];
  const shape = [n, ...tiles, filters];
  const parts = squareOf(span).map((_, p) =>
    b.value(
      extractSlice,
      {
        source: products,
        static_offsets: [p, 0, 0, 0, 0],
        static_sizes: [1, ...shape],
        static_strides: [1, 1, 1, 1, 1],
      },
      t.tensor(shape, t.f32),
    ),
  );
  const sums = sumsOf(b, parts, `winograd output ${m}x${m}`, m * m, (x, o) => transformOutput(m, x, o), [
    ['relative_error', floatAttr(error, t.f64)],
  ]);
  const placed = sums.map((s) =>
    expandTensor(b, s, [n, tiles[0], 1, tiles[1], 1, filters], [[0], [1, 2], [3, 4], [5]]),
  );
  const rows = Array.from({ length: m }, (_, i) => joined(b, placed.slice(i * m, (i + 1) * m), 4));
  return collapseTensor(b, joined(b, rows, 2), [[0], [1, 2], [3, 4], [5]]);
}
const squareOf = (n: number): readonly (readonly [number, number])[] =>
  Array.from({ length: n * n }, (_, i): [number, number] => [Math.floor(i / n), i % n]);
const joined = (b: Builder, inputs: readonly Value[], dim: number): Value => b.value(concat, { inputs, dim });

/** The filters' factors as a constant: [points, C, F]. */
function filterFactors(
  b: Builder,
  { weight }: Conv,
  { m, weights }: Tiling,
  { resources }: PassContext,
): Value {
  const [, , channels, filters] = shapeOf(weight) as [number, number, number, number];
  const plane = channels * filters;
  const points = spanOf(m) ** 2;
  const data = new Float32Array(points * plane);
  const taps = new Array<number>(9);
  for (let i = 0; i < plane; i++) {
    for (let k = 0; k < 9; k++) taps[k] = weights[k * plane + i]!;
    const factors = transformFilter(m, taps);
    for (let p = 0; p < points; p++) data[p * plane + i] = factors[p]!;
  }
  const name = `${blobName(weight, 'weight')}.winograd_${m}`;
  return buildConstant(b, tensorValue([points, channels, filters], t.f32, data), resources, name);
}

/** [B, M, K] × [B, K, N]. */
function batchedProducts(
  b: Builder,
  lhs: Value,
  rhs: Value,
  [batch, rows, columns]: readonly [number, number, number, number],
): Value {
  const [d0, d1, d2, d3] = [affineDim(0), affineDim(1), affineDim(2), affineDim(3)];
  const zero = b.value(arith.constant, { value: floatAttr(0, t.f32) });
  const init = b.value(
    fill,
    { inputs: [zero], outputs: [emptyTensor(b, [batch, rows, columns], t.f32)] },
    t.tensor([batch, rows, columns], t.f32),
  );
  return buildGeneric(b, {
    inputs: [
      { value: lhs, map: new AffineMap(4, 0, [d0, d1, d3]) },
      { value: rhs, map: new AffineMap(4, 0, [d0, d3, d2]) },
    ],
    outputs: [{ value: init, map: new AffineMap(4, 0, [d0, d1, d2]) }],
    loops: ['parallel', 'parallel', 'parallel', 'reduction'],
    body: (inner, [x, y], [sum]) => [
      inner.value(arith.addf, { lhs: sum!, rhs: inner.value(arith.mulf, { lhs: x!, rhs: y! }) }),
    ],
  })[0]!;
}
