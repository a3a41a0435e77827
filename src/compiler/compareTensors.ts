/** Compares results of two ways to run a model. */
import type { HostTensor } from '../frontend/elementType';
import type { Agreement } from './compilation';

/** Elements as numbers; exact for floats and integers up to 53 bits. */
export function elementsOf(t: Pick<HostTensor, 'elementType' | 'bytes'>): Float64Array {
  const { buffer, byteOffset, byteLength } = t.bytes;
  const copy = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  switch (t.elementType) {
    case 'f32':
      return Float64Array.from(new Float32Array(copy));
    case 'f64':
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
    default:
      throw new TypeError(`elements of ${t.elementType} cannot be compared`);
  }
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
