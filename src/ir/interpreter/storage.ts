/** How elements of each scalar type are stored and rounded at run time. Used by the interpreter and by ops' semantics. */
import { minifloats } from '../minifloat';
import type { IntegerType, Type } from '../types';
import { irMessages } from '../messages';
import type { ElementArray, Scalar } from './runtimeValue';

/** How scalars of a type are computed with: `big` integers are bigint, all others are numbers. */
export type Domain = 'float' | 'int' | 'index' | 'big';

export function domainOf(type: Type): Domain {
  switch (type.kind) {
    case 'float':
      return 'float';
    case 'index':
      return 'index';
    case 'integer':
      if (type.width <= 32) return 'int';
      if (type.width <= 64) return 'big';
      break;
    default:
  }
  throw irMessages.error('STR0124', { op: type.text, problem: 'values of this type are not supported' });
}

type ArrayClass = new (length: number) => ElementArray;

/** The array class that keeps elements of `type`. */
export function arrayClass(type: Type): ArrayClass {
  switch (domainOf(type)) {
    case 'float':
      return type.text === 'f64' ? Float64Array : Float32Array;
    case 'index':
      return Float64Array;
    case 'int':
      return intArrayClass(type as IntegerType);
    case 'big':
      return isUnsigned(type) ? BigUint64Array : BigInt64Array;
  }
}
function intArrayClass(type: IntegerType): ArrayClass {
  const unsigned = isUnsigned(type);
  if (type.width <= 8) return unsigned ? Uint8Array : Int8Array;
  if (type.width <= 16) return unsigned ? Uint16Array : Int16Array;
  return unsigned ? Uint32Array : Int32Array;
}
/** i1 and unsigned integers are kept from 0 up. */
const isUnsigned = (type: Type): boolean =>
  type.kind === 'integer' && (type.width === 1 || type.signedness === 'unsigned');

/** A zeroed array for `count` elements. */
export const allocate = (type: Type, count: number): ElementArray => new (arrayClass(type))(count);

/** Brings a number to what its type can hold: rounds floats, wraps integers of up to 32 bits. */
export function rounderOf(type: Type): (value: number) => number {
  switch (domainOf(type)) {
    case 'float':
      return floatRounder(type.text);
    case 'int':
      return intWrapper(type as IntegerType);
    default:
      return (v) => v;
  }
}
function floatRounder(name: string): (value: number) => number {
  if (name === 'f32') return Math.fround;
  if (name === 'f64') return (v) => v;
  const format = minifloats[name as keyof typeof minifloats];
  if (format === undefined)
    throw irMessages.error('STR0124', { op: name, problem: 'values of this type are not supported' });
  return (v) => format.decode(format.encode(v));
}
function intWrapper(type: IntegerType): (value: number) => number {
  const { width } = type;
  const spare = 32 - width;
  if (isUnsigned(type)) return width === 32 ? (v) => v >>> 0 : (v) => (v << spare) >>> spare;
  return width === 32 ? (v) => v | 0 : (v) => (v << spare) >> spare;
}
/** Wraps a bigint to an integer type of 33 to 64 bits. */
export function bigWrapperOf(type: Type): (value: bigint) => bigint {
  const width = type.kind === 'integer' ? type.width : 64;
  return isUnsigned(type) ? (v) => BigInt.asUintN(width, v) : (v) => BigInt.asIntN(width, v);
}

/** Whether a store into the array class does what `rounderOf` does. */
export const storeRounds = (type: Type): boolean =>
  type.text === 'f32' ||
  type.text === 'f64' ||
  type.kind === 'index' ||
  (type.kind === 'integer' && [8, 16, 32, 64].includes(type.width));

/** A number or bigint as the scalar of `type`, rounded or wrapped. */
export function toScalar(type: Type, value: number | bigint | boolean): Scalar {
  if (domainOf(type) === 'big')
    return bigWrapperOf(type)(typeof value === 'number' ? BigInt(Math.trunc(value)) : BigInt(value));
  if (typeof value === 'bigint' && type.kind === 'integer')
    return Number(BigInt.asIntN(53, bigLow(value, type)));
  return rounderOf(type)(Number(value));
}
const bigLow = (value: bigint, type: IntegerType): bigint =>
  isUnsigned(type) ? BigInt.asUintN(type.width, value) : BigInt.asIntN(type.width, value);

/** The unsigned reading of a signless integer of up to 32 bits. */
export function unsignedOf(type: Type): (value: number) => number {
  const width = type.kind === 'integer' ? type.width : 64;
  if (width > 32) return (v) => (v < 0 ? v + 2 ** 64 : v);
  return width === 32 ? (v) => v >>> 0 : (v) => v & (2 ** width - 1);
}
