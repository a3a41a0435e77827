/** Compares results of two ways to run a model. */
import type { ElementType, HostTensor } from '../frontend/elementType';
import { elementCountOf, elementTypeInfo } from '../frontend/elementType';
import type { FloatName } from '../ir';
import { minifloats } from '../ir/minifloat';
import type { Agreement } from './compilation';

/**
 * Elements as numbers, a complex one as two; exact for floats and integers up to 53 bits. Throws TypeError for strings,
 * which are no numbers.
 */
export function elementsOf(t: Pick<HostTensor, 'elementType' | 'shape' | 'bytes'>): Float64Array {
  const { buffer, byteOffset, byteLength } = t.bytes;
  const copy = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  switch (t.elementType) {
    case 'f32':
    case 'c64':
      return Float64Array.from(new Float32Array(copy));
    case 'f64':
    case 'c128':
      return new Float64Array(copy);
    case 'i8':
      return Float64Array.from(new Int8Array(copy));
    case 'u8':
    case 'bool':
      return Float64Array.from(new Uint8Array(copy));
    case 'i16':
      return Float64Array.from(new Int16Array(copy));
    case 'u16':
      return Float64Array.from(new Uint16Array(copy));
    case 'i32':
      return Float64Array.from(new Int32Array(copy));
    case 'u32':
      return Float64Array.from(new Uint32Array(copy));
    case 'i64':
      return Float64Array.from(new BigInt64Array(copy), Number);
    case 'u64':
      return Float64Array.from(new BigUint64Array(copy), Number);
    case 'string':
      throw new TypeError('strings are no numbers');
    default:
      return narrowElements(t.elementType, elementCountOf(t.shape), t.bytes);
  }
}

/** Floats below 32 bits, and what is packed below 8 bits, lowest bits first. */
function narrowElements(type: ElementType, count: number, bytes: Uint8Array): Float64Array {
  const { bits, kind } = elementTypeInfo(type);
  const perByte = Math.max(1, 8 / bits);
  const raw = (i: number): number => {
    if (bits === 16) return bytes[2 * i]! | (bytes[2 * i + 1]! << 8);
    return (bytes[Math.floor(i / perByte)]! >> ((i % perByte) * bits)) & (2 ** bits - 1);
  };
  const format = kind === 'float' ? minifloats[type as FloatName] : undefined;
  const negativeFrom = kind === 'signed' ? 2 ** (bits - 1) : Infinity;
  return Float64Array.from({ length: count }, (_, i) => {
    const v = raw(i);
    if (format !== undefined) return format.decode(v);
    return v >= negativeFrom ? v - 2 ** bits : v;
  });
}

/** max |a − b| / max |b|; infinite when one is not finite where the other is. NaN matches NaN. */
export function relativeError(found: Float64Array, expected: Float64Array): number {
  if (found.length !== expected.length) return Infinity;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < found.length; i++) {
    const a = found[i]!;
    const b = expected[i]!;
    if (Object.is(a, b)) continue;
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
    difference = Math.max(difference, Math.abs(a - b));
  }
  for (const b of expected) if (Number.isFinite(b)) scale = Math.max(scale, Math.abs(b));
  return difference === 0 ? 0 : scale === 0 ? Infinity : difference / scale;
}

/** Compares outputs by name; an output that is missing on either side is a disagreement. */
export function agreementOf(
  found: Readonly<Record<string, HostTensor>>,
  expected: Readonly<Record<string, HostTensor>>,
  reference: string,
  tolerance: number,
): Agreement {
  const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
  let error = 0;
  for (const name of names) {
    const a = found[name];
    const b = expected[name];
    error = Math.max(
      error,
      a === undefined || b === undefined ? Infinity : relativeError(elementsOf(a), elementsOf(b)),
    );
  }
  return { reference, relativeError: error, tolerance, agrees: error <= tolerance };
}
