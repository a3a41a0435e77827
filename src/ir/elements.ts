/**
 * Conversion between element values and their little-endian storage, for every scalar type, and the text of
 * float literals. Used by dense attributes, resources and the interpreter.
 */
import { minifloats } from './minifloat';
import type { FloatType, Type } from './types';
import { storageBytes } from './types';

export type ElementValue = number | bigint;

/** Little-endian bytes of `values`. Integers wrap to the width; floats round to nearest even. */
export function encodeElements(type: Type, values: readonly (number | bigint | boolean)[]): Uint8Array {
  const size = storageBytes(type);
  const out = new Uint8Array(size * values.length);
  const view = new DataView(out.buffer);
  values.forEach((v, i) => {
    writeElement(view, i * size, type, typeof v === 'boolean' ? Number(v) : v);
  });
  return out;
}

/** Values of little-endian `bytes`: bigint for 64-bit integers and index, number otherwise. */
export function decodeElements(type: Type, bytes: Uint8Array): ElementValue[] {
  const size = storageBytes(type);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.byteLength / size) }, (_, i) =>
    readElement(view, i * size, type),
  );
}

export function readElement(view: DataView, offset: number, type: Type): ElementValue {
  if (type.kind === 'float') return readFloat(view, offset, type);
  if (type.kind === 'index') return view.getBigInt64(offset, true);
  if (type.kind !== 'integer') throw new TypeError(`${type.text} is not a scalar that can be stored`);
  const unsigned = type.signedness === 'unsigned' || type.width === 1;
  switch (storageBytes(type)) {
    case 1: {
      if (unsigned) return view.getUint8(offset);
      const v = view.getInt8(offset);
      return type.width === 8 ? v : (v << (32 - type.width)) >> (32 - type.width);
    }
    case 2:
      return unsigned ? view.getUint16(offset, true) : view.getInt16(offset, true);
    case 4:
      return unsigned ? view.getUint32(offset, true) : view.getInt32(offset, true);
    case 8:
      return unsigned ? view.getBigUint64(offset, true) : view.getBigInt64(offset, true);
    default:
      throw new TypeError(`${type.text} is wider than 64 bits`);
  }
}

export function writeElement(view: DataView, offset: number, type: Type, value: ElementValue): void {
  if (type.kind === 'float') {
    writeFloat(view, offset, type, Number(value));
    return;
  }
  if (type.kind !== 'integer' && type.kind !== 'index')
    throw new TypeError(`${type.text} is not a scalar that can be stored`);
  const v = typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
  switch (storageBytes(type)) {
    case 1:
      view.setUint8(offset, Number(BigInt.asUintN(8, v)));
      return;
    case 2:
      view.setUint16(offset, Number(BigInt.asUintN(16, v)), true);
      return;
    case 4:
      view.setUint32(offset, Number(BigInt.asUintN(32, v)), true);
      return;
    case 8:
      view.setBigUint64(offset, BigInt.asUintN(64, v), true);
      return;
    default:
      throw new TypeError(`${type.text} is wider than 64 bits`);
  }
}

function readFloat(view: DataView, offset: number, type: FloatType): number {
  switch (type.name) {
    case 'f32':
      return view.getFloat32(offset, true);
    case 'f64':
      return view.getFloat64(offset, true);
    case 'bf16':
      return bitsToF32(view.getUint16(offset, true) << 16);
    default: {
      const format = minifloats[type.name];
      if (format === undefined) throw new TypeError(`${type.text} values are not supported`);
      return format.decode(format.bits > 8 ? view.getUint16(offset, true) : view.getUint8(offset));
    }
  }
}

function writeFloat(view: DataView, offset: number, type: FloatType, value: number): void {
  switch (type.name) {
    case 'f32':
      view.setFloat32(offset, value, true);
      return;
    case 'f64':
      view.setFloat64(offset, value, true);
      return;
    default: {
      const format = minifloats[type.name];
      if (format === undefined) throw new TypeError(`${type.text} values are not supported`);
      const bits = format.encode(value);
      if (format.bits > 8) view.setUint16(offset, bits, true);
      else view.setUint8(offset, bits);
    }
  }
}

const scratch = new DataView(new ArrayBuffer(8));
function bitsToF32(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

/**
 * A float literal that reads back to the same bits: six decimals in exponent form when that is exact, else the
 * shortest form with a point, else (NaN, infinity) the bits in hex.
 */
export function floatText(value: number, type: FloatType): string {
  if (!Number.isFinite(value)) return hexText(value, type);
  const short = exponentForm(value.toExponential(6));
  if (Object.is(roundTo(type, Number(short)), value)) return short;
  const exact = exponentForm(type.name === 'f64' ? value.toExponential() : shortest(value, type));
  return exact;
}

const roundTo = (type: FloatType, value: number): number =>
  type.name === 'f64' ? value : Number(decodeElements(type, encodeElements(type, [value]))[0]);

function shortest(value: number, type: FloatType): string {
  for (let digits = 7; digits <= 17; digits++) {
    const s = value.toExponential(digits);
    if (Object.is(roundTo(type, Number(s)), value)) return s;
  }
  return value.toExponential();
}
/** JavaScript's `1e-7` → `1.0e-07`: a point is required, and the exponent has two digits. */
function exponentForm(text: string): string {
  const [mantissa = '0', exponent = '+0'] = text.split('e');
  const sign = exponent.startsWith('-') ? '-' : '+';
  const digits = exponent.replace(/^[+-]/, '').padStart(2, '0');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}e${sign}${digits}`;
}
function hexText(value: number, type: FloatType): string {
  const bytes = encodeElements(type, [value]).reverse();
  return `0x${Buffer.from(bytes).toString('hex').toUpperCase()}`;
}
