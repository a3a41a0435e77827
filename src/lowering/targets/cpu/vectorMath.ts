/**
 * Vector versions of `math` functions for the prelude, in f32: straight-line code on all lanes. Polynomials are
 * minimax fits on the reduced range. Each says its largest error in units in the last place, without denormal results.
 */
import type { VectorC } from './cTypes';
import type { Prelude } from './prelude';
import { inline } from './prelude';

type VectorFunction = (prelude: Prelude, v: VectorC) => string;

const float = (x: number): string => `${Number.isInteger(x) ? `${x}.0` : x}f`;
/** `a + x * (b + x * (c …))`. */
const horner = (x: string, coefficients: readonly number[]): string =>
  coefficients
    .slice(0, -1)
    .reduceRight(
      (inner, c) => `(${inner}) * ${x} + ${float(c)}`,
      float(coefficients[coefficients.length - 1]!),
    );

/** Defines the function `name` of one vector by its lines, once per prelude, and returns its name. */
const define = (p: Prelude, name: string, type: string, lines: readonly string[]): string =>
  p.fn(name, () => inline(type, name, `${type} x`, lines.join('\n  ')));

/**
 * e^x = 2^n · e^r with |r| ≤ ln(2)/2. 2^n is multiplied in two halves, so that it may leave the range of floats.
 * Up to 2 units.
 */
const exp: VectorFunction = (p, v) => {
  const T = p.type(v);
  const I = p.compareType(v).name;
  const max = p.pick(v, 'max');
  const min = p.pick(v, 'min');
  const splat = p.splat(v);
  return define(p, `exp_${T}`, T, [
    '// Within these bounds the result goes from 0 to infinity; NaN passes.',
    `const ${T} c = ${min}(${splat}(88.8f), ${max}(${splat}(-104.0f), x));`,
    '// Adding 1.5 * 2^23 rounds to an integer, which is then in the low bits.',
    `const ${T} k = c * 1.44269504f + 12582912.0f;`,
    `const ${T} n = k - 12582912.0f;`,
    `const ${T} r = c - n * 0.693359375f + n * 2.12194440e-4f;`,
    `const ${T} q = ${horner('r', [0.5, 0.16666513681411743, 0.041666191071271896, 0.008369531482458115, 0.001395156024955213])};`,
    `const ${T} y = (q * r) * r + r + 1.0f;`,
    `const ${I} i = (${I})k - 0x4b400000;`,
    `const ${I} h = i >> 1;`,
    `return y * (${T})((h + 127) << 23) * (${T})((i - h + 127) << 23);`,
  ]);
};

/** x = 2^e · (1 + f) with 1 + f from √½ to √2; ln x = e·ln 2 + ln(1 + f). Up to 2 units. */
const log: VectorFunction = (p, v) => {
  const T = p.type(v);
  const I = p.compareType(v).name;
  const blend = p.blend(v);
  const splat = p.splat(v);
  return define(p, `log_${T}`, T, [
    '// Denormals are scaled into the normal range first.',
    `const ${I} tiny = x < 1.17549435e-38f;`,
    `const ${T} s = ${blend}(tiny, x * 8388608.0f, x);`,
    `const ${I} b = (${I})s - 0x3f3504f3;`,
    `const ${T} e = __builtin_convertvector((b >> 23) - (tiny & 23), ${T});`,
    `const ${T} f = (${T})((b & 0x007fffff) + 0x3f3504f3) - 1.0f;`,
    `const ${T} q = ${horner('f', [0.3333331048488617, -0.24999985098838806, 0.20002196729183197, -0.16669303178787231, 0.14218996465206146, -0.12383265793323517, 0.11870885640382767, -0.11797720193862915, 0.06928643584251404])};`,
    `const ${T} z = f * f;`,
    `const ${T} y = e * 0.693359375f + (f + (z * f * q - e * 2.12194440e-4f - 0.5f * z));`,
    `const ${T} inf = ${splat}(__builtin_inff());`,
    `return ${blend}(x == 0.0f, -inf, ${blend}(x < 0.0f, ${splat}(__builtin_nanf("")), ${blend}((x == inf) | (x != x), x, y)));`,
  ]);
};

/** A polynomial near 0, 1 - 2 / (e^2|x| + 1) elsewhere. Up to 3 units. */
const tanh: VectorFunction = (p, v) => {
  const T = p.type(v);
  const I = p.compareType(v).name;
  const blend = p.blend(v);
  const e = exp(p, v);
  return define(p, `tanh_${T}`, T, [
    `const ${I} sign = (${I})x & INT32_MIN;`,
    `const ${T} a = (${T})((${I})x ^ sign);`,
    `const ${T} z = x * x;`,
    `const ${T} near = (${horner('z', [-0.33333271741867065, 0.13331155478954315, -0.05371427908539772, 0.020552175119519234, -0.005604343488812447])}) * z * x + x;`,
    `const ${T} far = 1.0f - 2.0f / (${e}(a + a) + 1.0f);`,
    `return ${blend}(a < 0.625f, near, (${T})((${I})far | sign));`,
  ]);
};

/** A polynomial to 1, 1 - e^-p(|x|) beyond. Up to 3 units. */
const erf: VectorFunction = (p, v) => {
  const T = p.type(v);
  const I = p.compareType(v).name;
  const blend = p.blend(v);
  const min = p.pick(v, 'min');
  const splat = p.splat(v);
  const e = exp(p, v);
  return define(p, `erf_${T}`, T, [
    `const ${I} sign = (${I})x & INT32_MIN;`,
    `const ${T} a = ${min}(${splat}(4.0f), (${T})((${I})x ^ sign));`,
    `const ${T} z = a * a;`,
    `const ${T} near = (${horner('z', [1.1283791065216064, -0.3761262595653534, 0.11283581703901291, -0.026853570714592934, 0.005187676288187504, -0.0008002791437320411, 7.823968189768493e-5])}) * x;`,
    `const ${T} g = ${horner('a', [-0.000221399255678989, 1.1297374963760376, 0.6329006552696228, 0.10876807570457458, -0.025433463975787163, 0.004289926961064339, -0.0004589518648572266, 2.3212862288346514e-5])};`,
    `const ${T} far = 1.0f - ${e}(-g);`,
    `return ${blend}(a < 1.0f, near, (${T})((${I})far | sign));`,
  ]);
};

/** Adding 2^23 to a smaller magnitude rounds it to an integer, half to even. Exact. */
const roundeven: VectorFunction = (p, v) => {
  const T = p.type(v);
  const I = p.compareType(v).name;
  const blend = p.blend(v);
  return define(p, `roundeven_${T}`, T, [
    `const ${I} sign = (${I})x & INT32_MIN;`,
    `const ${T} a = (${T})((${I})x ^ sign);`,
    `const ${T} r = (a + 8388608.0f) - 8388608.0f;`,
    `return ${blend}(a < 8388608.0f, (${T})((${I})r | sign), x);`,
  ]);
};
/** The nearest integer, and one less or more where that is on the wrong side. Exact. */
const directed =
  (label: 'floor' | 'ceil', wrong: '>' | '<', step: '-' | '+'): VectorFunction =>
  (p, v) => {
    const T = p.type(v);
    const I = p.compareType(v).name;
    const nearest = roundeven(p, v);
    return define(p, `${label}_${T}`, T, [
      `const ${T} r = ${nearest}(x);`,
      `const ${T} y = r ${step} (${T})((r ${wrong} x) & 0x3f800000);`,
      `return (${T})((${I})y | ((${I})x & INT32_MIN));`,
    ]);
  };
const floor = directed('floor', '>', '-');
const ceil = directed('ceil', '<', '+');

export const vectorMath: Readonly<Record<string, VectorFunction>> = {
  ceil,
  erf,
  exp,
  floor,
  log,
  roundeven,
  tanh,
};
