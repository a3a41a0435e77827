/** What counts as the same result, and how far two tensors are apart: for verdicts, reports and the view. */
import { elementsOf } from '../compiler/compareTensors';
import type { Tensors } from '../compiler/artifactSession';

/** `|found − expected| ≤ absolute + relative · |expected|` for each element, or a distance in representable numbers. */
export type Tolerance =
  | {
      readonly kind: 'error';
      readonly relative: number;
      /** Undefined: `relative` times the largest magnitude of the tensor. */
      readonly absolute?: number;
    }
  | { readonly kind: 'ulp'; readonly ulps: number };

export const defaultTolerance: Tolerance = { kind: 'error', relative: 1e-4 };

export function toleranceText(t: Tolerance): string {
  if (t.kind === 'ulp') return `at most ${t.ulps} units in the last place`;
  const absolute = t.absolute === undefined ? `${t.relative}·max|expected|` : String(t.absolute);
  return `|found − expected| ≤ ${absolute} + ${t.relative}·|expected|`;
}

/** An element that stands out. */
export interface Element {
  readonly index: readonly number[];
  readonly found: number;
  readonly expected: number;
}

export interface TensorStatistics {
  readonly name: string;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly maxAbsolute: number;
  readonly maxAbsoluteAt: Element | undefined;
  readonly maxRelative: number;
  readonly maxRelativeAt: Element | undefined;
  readonly meanAbsolute: number;
  /** Largest error over what is allowed there; at most 1 is good. */
  readonly worst: number;
  /** Elements that are not within tolerance. */
  readonly beyond: number;
  readonly firstBeyond: Element | undefined;
  readonly nan: { readonly found: number; readonly expected: number };
  readonly infinite: { readonly found: number; readonly expected: number };
  /** Elements by absolute error: equal, below 1e-9, then one bin a decade up to 1e3 and above. */
  readonly histogram: readonly number[];
}

export const histogramBins: readonly string[] = [
  '0',
  '<1e-9',
  ...Array.from({ length: 12 }, (_, i) => `1e${i - 9}`),
  '≥1e3',
];
function binOf(error: number): number {
  if (error === 0) return 0;
  if (!(error < 1e3)) return histogramBins.length - 1;
  return error < 1e-9 ? 1 : 2 + Math.floor(Math.log10(error) + 9);
}

/** Steps between two numbers of single precision. */
export function ulpDistance(a: number, b: number): number {
  const words = new Int32Array(new Float32Array([a, b]).buffer);
  const ordered = (w: number): number => (w < 0 ? -(w & 0x7fffffff) : w);
  return Math.abs(ordered(words[0]!) - ordered(words[1]!));
}

/** Error over what is allowed. */
function excess(a: number, b: number, tolerance: Tolerance, absolute: number): number {
  if (Object.is(a, b) || a === b) return 0;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
  if (tolerance.kind === 'ulp') {
    const distance = ulpDistance(a, b);
    return distance === 0 ? 0 : distance / tolerance.ulps;
  }
  const allowed = absolute + tolerance.relative * Math.abs(b);
  return allowed === 0 ? Infinity : Math.abs(a - b) / allowed;
}

function indexOf(position: number, shape: readonly number[]): readonly number[] {
  const index = new Array<number>(shape.length);
  let rest = position;
  for (let d = shape.length - 1; d >= 0; d--) {
    index[d] = rest % shape[d]!;
    rest = Math.floor(rest / shape[d]!);
  }
  return index;
}

/** Compares elements in row-major order. Tensors of different sizes are infinitely apart. */
export function compareElements(
  name: string,
  shape: readonly number[],
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): TensorStatistics {
  const n = expected.length;
  const histogram = new Array<number>(histogramBins.length).fill(0);
  const nan = { found: 0, expected: 0 };
  const infinite = { found: 0, expected: 0 };
  let scale = 0;
  for (let i = 0; i < n; i++)
    if (Number.isFinite(expected[i]!)) scale = Math.max(scale, Math.abs(expected[i]!));
  const absolute = tolerance.kind === 'error' ? (tolerance.absolute ?? tolerance.relative * scale) : 0;
  let [maxAbsolute, maxRelative, worst, sum, beyond] = [0, 0, 0, 0, 0];
  let [absoluteAt, relativeAt, firstBeyond] = [-1, -1, -1];
  const same = found.length === n;
  for (let i = 0; i < n; i++) {
    const b = expected[i]!;
    const a = same ? found[i]! : NaN;
    if (Number.isNaN(a)) nan.found++;
    else if (!Number.isFinite(a)) infinite.found++;
    if (Number.isNaN(b)) nan.expected++;
    else if (!Number.isFinite(b)) infinite.expected++;
    const equal = Object.is(a, b) || a === b;
    const error = equal ? 0 : Number.isFinite(a) && Number.isFinite(b) ? Math.abs(a - b) : Infinity;
    const relative = error === 0 ? 0 : error / Math.abs(b);
    histogram[binOf(error)]!++;
    if (Number.isFinite(error)) sum += error;
    if (error > maxAbsolute) [maxAbsolute, absoluteAt] = [error, i];
    if (relative > maxRelative) [maxRelative, relativeAt] = [relative, i];
    const over = excess(a, b, tolerance, absolute);
    worst = Math.max(worst, over);
    if (over > 1) {
      beyond++;
      if (firstBeyond < 0) firstBeyond = i;
    }
  }
  const element = (i: number): Element | undefined =>
    i < 0 ? undefined : { index: indexOf(i, shape), found: same ? found[i]! : NaN, expected: expected[i]! };
  return {
    name,
    shape,
    elements: n,
    maxAbsolute,
    maxAbsoluteAt: element(absoluteAt),
    maxRelative,
    maxRelativeAt: element(relativeAt),
    meanAbsolute: n === 0 ? 0 : sum / n,
    worst: same ? worst : Infinity,
    beyond,
    firstBeyond: element(firstBeyond),
    nan,
    infinite,
    histogram,
  };
}

/** Compares outputs by name, in the order of `expected`; an output that is missing is all NaN. */
export function compareTensors(
  found: Tensors,
  expected: Tensors,
  tolerance: Tolerance,
): readonly TensorStatistics[] {
  return Object.entries(expected).map(([name, e]) => {
    const f = found[name];
    const fits = f?.elementType === e.elementType && f.shape.join() === e.shape.join();
    return compareElements(name, e.shape, fits ? elementsOf(f) : [], elementsOf(e), tolerance);
  });
}

/** The largest error over what is allowed. */
export const worstOf = (statistics: readonly TensorStatistics[]): number =>
  statistics.reduce((w, s) => Math.max(w, s.worst), 0);

/** Whether all bytes are the same. */
export function identical(a: Tensors, b: Tensors): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((n) => b[n] !== undefined && Buffer.compare(a[n]!.bytes, b[n].bytes) === 0)
  );
}
