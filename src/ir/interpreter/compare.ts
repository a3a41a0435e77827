/** How far two tensors are apart. Used by bisect, by tests and by `strata run --compare`. */
import { encodeElements } from '../elements';
import type { Type } from '../types';
import { storageBytes } from '../types';
import type { ShapedValue } from './runtimeValue';
import { denseData } from './tensor';

export interface Comparison {
  readonly count: number;
  /** Largest |actual - expected|; Infinity where one is NaN or infinite and the other is not the same. */
  readonly maxAbs: number;
  /** Largest |actual - expected| / |expected|, over elements that differ; Infinity where zero is expected. */
  readonly maxRel: number;
  /** Largest number of representable values of the element type between the two; absolute difference for integers. */
  readonly maxUlp: number;
  /** Elements that differ at all. */
  readonly differing: number;
  /** Row-major position of the largest absolute difference, and the values there; absent when nothing differs. */
  readonly worst?: { readonly position: number; readonly expected: number; readonly actual: number };
}

/** Compares element by element; the shapes must be equal. NaN equals NaN, and 0 equals -0. */
export function compareTensors(expected: ShapedValue, actual: ShapedValue): Comparison {
  const shape = (v: ShapedValue): string => `[${v.shape.join(', ')}] of ${v.element.text}`;
  if (shape(expected) !== shape(actual))
    throw new RangeError(`${shape(expected)} cannot be compared with ${shape(actual)}`);
  const [x, y] = [denseData(expected), denseData(actual)];
  const ulps = ulpDistance(expected.element);
  let [maxAbs, maxRel, maxUlp, differing] = [0, 0, 0, 0];
  let worst: Comparison['worst'];
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [Number(x[i]), Number(y[i])];
    if ((x[i] === y[i] && a === b) || (a !== a && b !== b)) continue;
    differing++;
    const difference = Math.abs(b - a);
    const abs = Number.isNaN(difference) ? Infinity : difference;
    if (worst === undefined || abs > maxAbs) {
      maxAbs = abs;
      worst = { position: i, expected: a, actual: b };
    }
    const rel = abs === Infinity ? Infinity : abs / Math.abs(a);
    if (rel > maxRel) maxRel = rel;
    const ulp = ulps(a, b);
    if (ulp > maxUlp) maxUlp = ulp;
  }
  return { count: x.length, maxAbs, maxRel, maxUlp, differing, ...(worst === undefined ? {} : { worst }) };
}

export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
}
/** Whether every element is within `abs + rel·|expected|`, as NumPy's `allclose` has it. */
export function isClose(expected: ShapedValue, actual: ShapedValue, { abs, rel }: Tolerance): boolean {
  const [x, y] = [denseData(expected), denseData(actual)];
  if (x.length !== y.length) return false;
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [Number(x[i]), Number(y[i])];
    if (a === b || (a !== a && b !== b)) continue;
    if (!(Math.abs(b - a) <= abs + rel * Math.abs(a))) return false;
  }
  return true;
}

/** Steps between two values in the order of the type's representable values. */
function ulpDistance(type: Type): (a: number, b: number) => number {
  if (type.kind !== 'float') return (a, b) => Math.abs(a - b);
  const size = storageBytes(type);
  const signBit = 1n << BigInt(8 * size - 1);
  const place = (value: number): bigint => {
    const bits = encodeElements(type, [value]).reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n);
    return bits & signBit ? -(bits & (signBit - 1n)) : bits;
  };
  return (a, b) => {
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
    const distance = Number(place(a) - place(b));
    return Math.abs(distance);
  };
}
