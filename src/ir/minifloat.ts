/**
 * Floating-point formats below 32 bits as data: f16, bf16, the 8-bit formats of OCP OFP8 and its FNUZ variants,
 * and the micro-scaling element types. Encoding rounds to nearest even.
 */
import type { FloatName } from './types';

export interface MinifloatFormat {
  readonly bits: number;
  readonly decode: (bits: number) => number;
  readonly encode: (value: number) => number;
  /** How numbers are rounded to it; a format of powers of two alone has none. */
  readonly layout?: {
    readonly mantissaBits: number;
    readonly bias: number;
    /** Bits of the largest finite value, of what is beyond it (which may have a sign), and of NaN. */
    readonly largest: number;
    readonly overflow: number;
    readonly signedOverflow: boolean;
    readonly nan: number;
    /** Whether zero has a sign. */
    readonly signedZero: boolean;
  };
}

/**
 * `ieee`: top exponent holds infinity and NaN. `fn`: no infinity, all-ones is NaN. `fnuz`: no infinity, NaN is
 * negative zero. `finite`: neither.
 */
type Specials = 'ieee' | 'fn' | 'fnuz' | 'finite';

function describe(
  exponentBits: number,
  mantissaBits: number,
  specials: Specials,
  bias: number,
): MinifloatFormat {
  const bits = 1 + exponentBits + mantissaBits;
  const signBit = 2 ** (bits - 1);
  const exponentMask = 2 ** exponentBits - 1;
  const mantissaSize = 2 ** mantissaBits;
  const isNaNBits = (magnitude: number, negative: boolean): boolean => {
    const e = Math.floor(magnitude / mantissaSize);
    const m = magnitude % mantissaSize;
    if (specials === 'ieee') return e === exponentMask && m !== 0;
    if (specials === 'fn') return magnitude === signBit - 1;
    if (specials === 'fnuz') return negative && magnitude === 0;
    return false;
  };
  const magnitudeValue = (magnitude: number): number => {
    const e = Math.floor(magnitude / mantissaSize);
    const m = magnitude % mantissaSize;
    if (specials === 'ieee' && e === exponentMask) return Infinity;
    return e === 0 ? (m / mantissaSize) * 2 ** (1 - bias) : (1 + m / mantissaSize) * 2 ** (e - bias);
  };
  const nan =
    specials === 'fnuz'
      ? signBit
      : specials === 'fn'
        ? signBit - 1
        : exponentMask * mantissaSize + mantissaSize / 2;
  const infinity = exponentMask * mantissaSize;
  const largest = specials === 'ieee' ? infinity - 1 : specials === 'fn' ? signBit - 2 : signBit - 1;
  const largestValue = magnitudeValue(largest);
  return {
    bits,
    layout: {
      mantissaBits,
      bias,
      largest,
      overflow: specials === 'ieee' ? infinity : specials === 'finite' ? largest : nan,
      signedOverflow: specials === 'ieee' || specials === 'finite',
      nan,
      signedZero: specials !== 'fnuz',
    },
    decode: (raw) => {
      const negative = raw >= signBit;
      const magnitude = negative ? raw - signBit : raw;
      if (isNaNBits(magnitude, negative)) return NaN;
      const v = magnitudeValue(magnitude);
      return negative ? -v : v;
    },
    encode: (value) => {
      if (Number.isNaN(value)) return nan;
      const negative = value < 0 || Object.is(value, -0);
      const sign = negative ? signBit : 0;
      const a = Math.abs(value);
      if (a === Infinity)
        return specials === 'ieee' ? sign + infinity : specials === 'finite' ? sign + largest : nan;
      const exponent = a === 0 ? 1 - bias : Math.max(1 - bias, Math.floor(Math.log2(a)));
      const quantum = 2 ** (exponent - mantissaBits);
      const rounded = roundHalfEven(a / quantum) * quantum;
      if (rounded > largestValue) {
        if (specials === 'ieee') return sign + infinity;
        return specials === 'finite' ? sign + largest : nan;
      }
      if (rounded === 0) return specials === 'fnuz' ? 0 : sign;
      let e = Math.floor(Math.log2(rounded));
      if (2 ** e > rounded) e--;
      if (e < 1 - bias) return sign + Math.round(rounded / 2 ** (1 - bias - mantissaBits));
      return sign + (e + bias) * mantissaSize + Math.round((rounded / 2 ** e - 1) * mantissaSize);
    },
  };
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** E8M0: a power of two without sign, for block scales; 255 is NaN. */
const e8m0: MinifloatFormat = {
  bits: 8,
  decode: (raw) => (raw === 255 ? NaN : 2 ** (raw - 127)),
  encode: (value) =>
    Number.isNaN(value) ? 255 : Math.max(0, Math.min(254, Math.round(Math.log2(Math.abs(value))) + 127)),
};

export const minifloats: Partial<Record<FloatName, MinifloatFormat>> = {
  f16: describe(5, 10, 'ieee', 15),
  bf16: describe(8, 7, 'ieee', 127),
  f8E5M2: describe(5, 2, 'ieee', 15),
  f8E4M3: describe(4, 3, 'ieee', 7),
  f8E4M3FN: describe(4, 3, 'fn', 7),
  f8E5M2FNUZ: describe(5, 2, 'fnuz', 16),
  f8E4M3FNUZ: describe(4, 3, 'fnuz', 8),
  f8E4M3B11FNUZ: describe(4, 3, 'fnuz', 11),
  f8E3M4: describe(3, 4, 'ieee', 3),
  f8E8M0FNU: e8m0,
  f4E2M1FN: describe(2, 1, 'finite', 1),
  f6E2M3FN: describe(2, 3, 'finite', 1),
  f6E3M2FN: describe(3, 2, 'finite', 3),
};
