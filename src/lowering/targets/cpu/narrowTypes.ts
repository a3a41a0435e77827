/**
 * C of conversions from and to types that C does not have: floats of 16 bits and less that are kept as their bits, and
 * integers whose width is no whole number of bytes.
 */
import type { types } from '../../../ir';
import { minifloats } from '../../../ir/minifloat';
import { isBits, scalarC, spareBits, unsignedC } from './cTypes';
import { inline, type Prelude } from './prelude';

type Type = types.Type;
/** From an expression of one type to one of another. */
export type CConversion = (x: string) => string;

/** The conversion between two scalars where one of them needs more than a cast; undefined for the others. */
export function narrowConversion(
  from: Type,
  to: Type,
  asUnsigned: boolean,
  prelude: Prelude,
): CConversion | undefined {
  if (!isBits(from) && !isBits(to) && spareBits(from) === 0 && spareBits(to) === 0) return undefined;
  const read = readerOf(from, asUnsigned, prelude);
  const write = writerOf(to, prelude);
  return (x) => write(read(x));
}

function readerOf(from: Type, asUnsigned: boolean, prelude: Prelude): CConversion {
  if (isBits(from)) return (x) => `${decoder(from as types.FloatType, prelude)}(${x})`;
  if (!asUnsigned || from.kind !== 'integer' || from.width === 1) return (x) => x;
  const unsigned = unsignedC(scalarC(from)).c;
  const mask = 2 ** from.width - 1;
  return spareBits(from) === 0 ? (x) => `(${unsigned})${x}` : (x) => `((${unsigned})${x} & ${mask})`;
}
function writerOf(to: Type, prelude: Prelude): CConversion {
  if (isBits(to)) return (x) => `${encoder(to as types.FloatType, prelude)}((float)${x})`;
  const { c } = scalarC(to);
  const spare = spareBits(to);
  if (spare === 0 || to.kind !== 'integer') return (x) => `(${c})${x}`;
  if (to.signedness === 'unsigned') return (x) => `(${c})((${c})${x} & ${2 ** to.width - 1})`;
  const unsigned = unsignedC(scalarC(to)).c;
  return (x) => `(${c})((${c})((${unsigned})${x} << ${spare}) >> ${spare})`;
}

/** A function from the bits of a float to its value as C `float`. */
function decoder({ name }: types.FloatType, prelude: Prelude): string {
  const label = `float_of_${name}`;
  if (name === 'bf16')
    return prelude.fn(label, () =>
      inline(
        'float',
        label,
        'uint16_t x',
        'return ((union { uint32_t bits; float value; }){.bits = (uint32_t)x << 16}).value;',
      ),
    );
  const format = minifloats[name]!;
  return prelude.fn(label, () => {
    const values = Array.from({ length: 2 ** format.bits }, (_, i) => literal(format.decode(i)));
    return `static const float ${label}_values[${values.length}] = {${values.join(', ')}};\n${inline(
      'float',
      label,
      'uint8_t x',
      `return ${label}_values[x & ${values.length - 1}];`,
    )}`;
  });
}
function literal(x: number): string {
  if (Number.isNaN(x)) return '__builtin_nanf("")';
  if (!Number.isFinite(x)) return `${x < 0 ? '-' : ''}__builtin_inff()`;
  return `${Object.is(x, -0) ? '-0.0' : x.toExponential()}f`;
}

/** A function from a C `float` to the bits of a narrower one, to nearest even. */
function encoder({ name }: types.FloatType, prelude: Prelude): string {
  const label = `${name}_of_float`;
  if (name === 'bf16')
    return prelude.fn(label, () =>
      inline(
        'uint16_t',
        label,
        'float x',
        [
          'const uint32_t bits = ((union { float value; uint32_t bits; }){.value = x}).bits;',
          'return x != x ? 0x7fc0 : (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);',
        ].join('\n  '),
      ),
    );
  const { layout } = minifloats[name]!;
  if (layout === undefined)
    return prelude.fn(label, () =>
      inline(
        'uint8_t',
        label,
        'float x',
        [
          'if (x != x) return 255;',
          'const float exponent = __builtin_roundf(log2f(__builtin_fabsf(x))) + 127;',
          'return exponent < 0 ? 0 : exponent > 254 ? 254 : (uint8_t)exponent;',
        ].join('\n  '),
      ),
    );
  const { mantissaBits, bias, largest, nan, signedZero } = layout;
  const overflow = layout.signedOverflow ? `sign + ${layout.overflow}` : String(layout.overflow);
  const sign = 2 ** (minifloats[name]!.bits - 1);
  return prelude.fn(label, () =>
    inline(
      'uint8_t',
      label,
      'float x',
      [
        `if (x != x) return ${nan};`,
        `const uint8_t sign = __builtin_signbit(x) ? ${sign} : 0;`,
        'const float a = __builtin_fabsf(x);',
        `if (a > ${literal(minifloats[name]!.decode(largest) * 4)}) return ${overflow};`,
        `int exponent = a == 0 ? ${1 - bias} : ilogbf(a);`,
        `if (exponent < ${1 - bias}) exponent = ${1 - bias};`,
        `const int steps = (int)__builtin_roundevenf(ldexpf(a, ${mantissaBits} - exponent));`,
        `const int magnitude = (exponent + ${bias - 1}) * ${2 ** mantissaBits} + steps;`,
        `if (magnitude > ${largest}) return ${overflow};`,
        signedZero ? 'return sign + magnitude;' : 'return magnitude == 0 ? 0 : sign + magnitude;',
      ].join('\n  '),
    ),
  );
}
