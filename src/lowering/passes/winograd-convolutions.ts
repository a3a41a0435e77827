/**
 * `winograd-convolutions`: 3×3 convolutions by tiles, with fewer products (Lavin & Gray, 2015). A convolution becomes
 * sums over tiles of its input, a batch of matrix products, and sums over the products; the filters are transformed
 * when compiling.
 */
import type { Attribute, Builder, Operation, PassContext, Value } from '../../ir';
import {
  AffineMap,
  affineAdd,
  affineDim,
  definePass,
  floatAttr,
  floatOption,
  intOption,
  types as t,
} from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { fill, generic } from '../../ir/dialects/linalg';
import { concat, extractSlice } from '../../ir/dialects/tensor';
import { tensorValue } from '../../ir/dialects/nn/tensors';
import { buildGeneric, emptyTensor, Generic, shapeOf } from '../rules/linalgGeneric';
import { padTensor, sliceTensor } from '../rules/tensorBuild';
import { blobName, buildConstant, constantElements } from '../rules/tensorConstants';
import { collapseTensor, expandTensor } from '../rules/tensorReshape';
import type { Arithmetic, TileSize } from '../rules/winogradTransforms';
import {
  measuredError,
  spanOf,
  tileSizes,
  transformFilters,
  transformInput,
  transformOutput,
} from '../rules/winogradTransforms';
import type { Target } from '../schedule/target';
import { targetOf } from '../schedule/target';

/** A 3×3 convolution of step 1 as a loop nest: its operands and sizes. */
interface Conv {
  /** [N, H + 2, W + 2, C], padded already. */
  readonly input: Value;
  /** [3, 3, C, F]. */
  readonly weight: Value;
  readonly batch: number;
  /** Of the result: H and W. */
  readonly size: readonly [number, number];
  readonly channels: number;
  readonly filters: number;
}

/** Maps of input, weight and output of such a nest, as `nn.conv2d` in channels-last layout becomes. */
const convolutionMaps = ((): readonly string[] => {
  const d = Array.from({ length: 7 }, (_, i) => affineDim(i));
  return [
    [d[0]!, affineAdd(d[1]!, d[4]!), affineAdd(d[2]!, d[5]!), d[6]!],
    [d[4]!, d[5]!, d[6]!, d[3]!],
    [d[0]!, d[1]!, d[2]!, d[3]!],
  ].map((results) => new AffineMap(7, 0, results).text);
})();

/** The convolution that the op is; undefined for others. */
function convolutionOf(op: Operation): Conv | undefined {
  const g = Generic.of(op);
  if (g?.operands.length !== 3 || g.operands.some((o, i) => o.map.text !== convolutionMaps[i]))
    return undefined;
  const [input, weight, init] = g.operands;
  const [batch, height, width, filters] = shapeOf(init!.value) as [number, number, number, number];
  const [kh, kw, channels] = shapeOf(weight!.value) as [number, number, number, number];
  if (kh !== 3 || kw !== 3 || !t.isStatic(shapeOf(input!.value)) || batch * height * width === 0)
    return undefined;
  if (g.operands.some((o) => t.elementOf(o.value.type) !== t.f32) || !startsAtZero(init!.value))
    return undefined;
  const sum = arith.addf.as(g.yielded[0]?.definingOp);
  const product = [sum?.lhs, sum?.rhs].flatMap((v) => arith.mulf.as(v?.definingOp) ?? [])[0];
  const [x, w, old] = g.operands.map((o) => o.argument);
  const sums = sum !== undefined && [sum.lhs, sum.rhs].includes(old!);
  const multiplies =
    product !== undefined &&
    [product.lhs, product.rhs].includes(x!) &&
    [product.lhs, product.rhs].includes(w!);
  if (g.bodyOps.length !== 2 || !sums || !multiplies) return undefined;
  return { input: input!.value, weight: weight!.value, batch, size: [height, width], channels, filters };
}
function startsAtZero(init: Value): boolean {
  const zero = fill.as(init.definingOp)?.inputs[0]?.definingOp?.attr('value');
  return zero?.kind === 'float' && zero.value === 0;
}

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
    'For single-precision convolutions of step 1 with constant filters, channels last, as loops. Taken where the model of the target says that it',
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
    for (const op of root.find((o) => generic.is(o))) {
      const conv = convolutionOf(op);
      const tiling = conv === undefined ? undefined : tilingOf(conv, target, context, options);
      if (conv === undefined || tiling === undefined) continue;
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
  const { weight, batch: n, size, channels, filters } = conv;
  const [height, width] = size;
  const lanes = target.vectorBytes / 4;
  // Vectors run along channels in the transforms.
  if (channels % lanes !== 0 || filters % lanes !== 0 || lanes < 4) return undefined;
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
  const { batch: n, size, channels, filters } = conv;
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
  const exact = size.every((d, i) => d === m * tiles[i]!);
  return exact ? whole : sliceTensor(b, whole, [0, 0, 0, 0], [n, ...size, filters], [1, 1, 1, 1]);
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
function inputFactors(b: Builder, { input, batch: n, size, channels }: Conv, { m, tiles }: Tiling): Value {
  const span = spanOf(m);
  const padded = padTensor(
    b,
    input,
    [0, 0, 0, 0],
    [0, m * tiles[0] - size[0], m * tiles[1] - size[1], 0],
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
  { weight, channels, filters }: Conv,
  { m, weights }: Tiling,
  { resources }: PassContext,
): Value {
  const points = spanOf(m) ** 2;
  const data = transformFilters(m, weights, channels * filters);
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
