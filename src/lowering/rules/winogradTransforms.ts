/**
 * The linear maps of Winograd's minimal filtering F(m×m, 3×3) (Lavin & Gray, 2015, "Fast Algorithms for Convolutional
 * Neural Networks"): a tile of m×m results from (m+2)×(m+2) inputs, with as many products as inputs. Each map is given
 * as the sums that one dimension takes; a tile applies it to columns, then to rows.
 */

/** Results per tile and dimension. */
export type TileSize = 2 | 4;
export const tileSizes: readonly TileSize[] = [2, 4];
/** Inputs, and products, per tile and dimension. */
export const spanOf = (m: TileSize): number => m + 2;

/** Arithmetic on whatever stands for a number: scalars of a body that is being built, or numbers. */
export interface Arithmetic<T> {
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  /** a + factor·b. */
  addScaled(a: T, factor: number, b: T): T;
}
type Map1 = <T>(x: readonly T[], o: Arithmetic<T>) => readonly T[];

/** Bᵀ: m + 2 inputs to as many factors. */
const input: Readonly<Record<TileSize, Map1>> = {
  2: ([x0, x1, x2, x3], o) => [o.sub(x0!, x2!), o.add(x1!, x2!), o.sub(x2!, x1!), o.sub(x1!, x3!)],
  4: ([x0, x1, x2, x3, x4, x5], o) => {
    const even = o.addScaled(x4!, -4, x2!);
    const odd = o.addScaled(x3!, -4, x1!);
    const even2 = o.sub(x4!, x2!);
    const odd2 = o.sub(x3!, x1!);
    return [
      o.addScaled(o.addScaled(x4!, -5, x2!), 4, x0!),
      o.add(even, odd),
      o.sub(even, odd),
      o.addScaled(even2, 2, odd2),
      o.addScaled(even2, -2, odd2),
      o.addScaled(o.addScaled(x5!, -5, x3!), 4, x1!),
    ];
  },
};
/** Aᵀ: m + 2 products to m results. */
const output: Readonly<Record<TileSize, Map1>> = {
  2: ([x0, x1, x2, x3], o) => [o.add(o.add(x0!, x1!), x2!), o.sub(o.sub(x1!, x2!), x3!)],
  4: ([x0, x1, x2, x3, x4, x5], o) => {
    const sum1 = o.add(x1!, x2!);
    const difference1 = o.sub(x1!, x2!);
    const sum2 = o.add(x3!, x4!);
    const difference2 = o.sub(x3!, x4!);
    return [
      o.add(o.add(x0!, sum1), sum2),
      o.addScaled(difference1, 2, difference2),
      o.addScaled(sum1, 4, sum2),
      o.add(o.addScaled(difference1, 8, difference2), x5!),
    ];
  },
};
/** G: 3 taps to m + 2 factors. */
const filter: Readonly<Record<TileSize, readonly (readonly number[])[]>> = {
  2: [
    [1, 0, 0],
    [1 / 2, 1 / 2, 1 / 2],
    [1 / 2, -1 / 2, 1 / 2],
    [0, 0, 1],
  ],
  4: [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ],
};

/** Applies a map of one dimension to columns, then to rows, of a square given row by row. */
function onSquare<T>(map: Map1, square: readonly T[], o: Arithmetic<T>): readonly T[] {
  const n = Math.sqrt(square.length);
  const range = Array.from({ length: n }, (_, i) => i);
  const columns = range.map((j) =>
    map(
      range.map((i) => square[i * n + j]!),
      o,
    ),
  );
  const rows = columns[0]!.map((_, i) =>
    map(
      range.map((j) => columns[j]![i]!),
      o,
    ),
  );
  return rows.flat();
}
export const transformInput = <T>(m: TileSize, tile: readonly T[], o: Arithmetic<T>): readonly T[] =>
  onSquare(input[m], tile, o);
export const transformOutput = <T>(m: TileSize, products: readonly T[], o: Arithmetic<T>): readonly T[] =>
  onSquare(output[m], products, o);

/**
 * The factors of `count` filters of 3×3 taps, each tap of all filters together: [3, 3, count] to [m + 2, m + 2, count],
 * computed in double precision.
 */
export function transformFilters(m: TileSize, taps: ArrayLike<number>, count: number): Float32Array {
  const rows = filter[m];
  const span = rows.length;
  const out = new Float32Array(span * span * count);
  const row = new Float64Array(3 * count);
  rows.forEach(([a, b, c], y) => {
    for (let i = 0; i < 3 * count; i++)
      row[i] = a! * taps[i]! + b! * taps[i + 3 * count]! + c! * taps[i + 6 * count]!;
    rows.forEach(([d, e, f], x) => {
      const at = (y * span + x) * count;
      for (let i = 0; i < count; i++)
        out[at + i] = d! * row[i]! + e! * row[i + count]! + f! * row[i + 2 * count]!;
    });
  });
  return out;
}

const { fround } = Math;
/** Arithmetic in single precision, with fused steps. */
const single: Arithmetic<number> = {
  add: (a, b) => fround(a + b),
  sub: (a, b) => fround(a - b),
  addScaled: (a, factor, b) => fround(a + factor * b),
};

/**
 * The relative error of single-precision tiles of a convolution with these weights (3×3×C×F, row-major), measured on
 * seeded inputs and a sample of its filters: the largest error of a result over the root mean square of results. What
 * summing in single precision costs in any order is part of it.
 */
export function measuredError(
  m: TileSize,
  weights: ArrayLike<number>,
  channels: number,
  filters: number,
): number {
  const span = spanOf(m);
  const sampled = Math.min(filters, 8);
  let state = 1;
  // A full-period generator modulo 2³¹, as numbers in (−1, 1): Park & Miller, 1988.
  const random = (): number => (state = (state * 48271) % 2147483647) / 1073741823.5 - 1;
  const sample = Array.from({ length: sampled }, (_, s) => Math.floor((s * filters) / sampled));
  const taps = Float64Array.from({ length: 9 * channels * sampled }, (_, i) => {
    const place = Math.floor(i / sampled);
    return weights[place * filters + sample[i % sampled]!]!;
  });
  const scaled = transformFilters(m, taps, channels * sampled);
  const products = Array.from({ length: sampled }, () => new Float64Array(span * span));
  const exact = Array.from({ length: sampled }, () => new Float64Array(m * m));
  for (let c = 0; c < channels; c++) {
    const tile = Array.from({ length: span * span }, () => fround(random()));
    const factors = transformInput(m, tile, single);
    for (let s = 0; s < sampled; s++) {
      const at = (t: number): number => (t * channels + c) * sampled + s;
      const sums = products[s]!;
      for (let i = 0; i < sums.length; i++) sums[i] = fround(sums[i]! + factors[i]! * scaled[at(i)]!);
      const results = exact[s]!;
      for (let y = 0; y < m; y++)
        for (let x = 0; x < m; x++)
          for (let t = 0; t < 9; t++)
            results[y * m + x]! += tile[(y + Math.floor(t / 3)) * span + x + (t % 3)]! * taps[at(t)]!;
    }
  }
  let worst = 0;
  let squares = 0;
  for (let s = 0; s < sampled; s++) {
    transformOutput(m, [...products[s]!], single).forEach((found, i) => {
      const expected = exact[s]![i]!;
      worst = Math.max(worst, Math.abs(found - expected));
      squares += expected * expected;
    });
  }
  const rms = Math.sqrt(squares / (sampled * m * m));
  return rms === 0 ? 0 : worst / rms;
}
