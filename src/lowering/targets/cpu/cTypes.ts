/**
 * C types of IR types. Vectors are GCC vector extensions whose lane count is rounded up to a power of two; lanes
 * beyond the IR's are never stored. A mask (vector of i1) has lanes of 32 bits that are 0 or -1.
 */
import type { types } from '../../../ir';
import { encodeElements, decodeElements, types as t } from '../../../ir';

type Type = types.Type;

/** Why a type has no C type; the writer adds the kernel's name. */
export class NoCType extends Error {
  override readonly name = 'NoCType';
  constructor(
    readonly type: Type,
    readonly reason: string,
  ) {
    super(reason);
  }
}

export interface ScalarC {
  readonly c: string;
  /** Part of vector type names: `f32`, `i8`, `u16`. */
  readonly tag: string;
  /** Bytes in memory and in a lane. */
  readonly bytes: number;
}

const floats: Partial<Record<types.FloatName, ScalarC>> = {
  f16: { c: '_Float16', tag: 'f16', bytes: 2 },
  f32: { c: 'float', tag: 'f32', bytes: 4 },
  f64: { c: 'double', tag: 'f64', bytes: 8 },
};
const boolean: ScalarC = { c: 'bool', tag: 'i32', bytes: 4 };
export const signedOf = (bytes: number): ScalarC => ({ c: `int${8 * bytes}_t`, tag: `i${8 * bytes}`, bytes });
const unsignedScalar = (bytes: number): ScalarC => ({ c: `uint${8 * bytes}_t`, tag: `u${8 * bytes}`, bytes });

/** A scalar as a variable. Floats that C does not have are their bits (`isBits`). */
export function scalarC(type: Type): ScalarC {
  if (type.kind === 'index') return signedOf(8);
  if (type.kind === 'float') return floats[type.name] ?? unsignedScalar(t.storageBytes(type));
  if (type.kind !== 'integer') throw new NoCType(type, 'only scalars, vectors and memrefs are known');
  if (type.width === 1) return boolean;
  if (type.width > 64) throw new NoCType(type, 'it is wider than 64 bits');
  const bytes = t.storageBytes(type);
  return type.signedness === 'unsigned' ? unsignedScalar(bytes) : signedOf(bytes);
}
/** Whether variables of the float type hold its bits, as C has no such type: it is only moved and converted. */
export const isBits = (type: Type): boolean => type.kind === 'float' && floats[type.name] === undefined;
/** Bits of the C type that an integer type leaves unused; variables hold its value. */
export const spareBits = (type: Type): number =>
  type.kind === 'integer' && type.width > 1 ? 8 * t.storageBytes(type) - type.width : 0;
/** A scalar as an element of memory: i1 takes a byte. */
export const storedC = (type: Type): ScalarC =>
  type === t.i1 ? { c: 'bool', tag: 'i1', bytes: 1 } : scalarC(type);

/** Same width, unsigned or signed. */
export const unsignedC = (s: ScalarC): ScalarC => unsignedScalar(s.bytes);
export const signedC = (s: ScalarC): ScalarC => signedOf(s.bytes);

export interface VectorC {
  /** `v16f32`. */
  readonly name: string;
  readonly lane: ScalarC;
  /** Lanes of the C type, a power of two. */
  readonly lanes: number;
  /** Lanes of the IR type. */
  readonly used: number;
}

export function vectorC(type: types.VectorType, lane: ScalarC = scalarC(type.element)): VectorC {
  if (type.scalable.includes(true)) throw new NoCType(type, 'its size is known only at run time');
  const used = t.elementCount(type.shape) ?? 0;
  return vectorOf(lane, used, type);
}
export function vectorOf(lane: ScalarC, used: number, type?: Type): VectorC {
  let lanes = 1;
  while (lanes < used) lanes *= 2;
  if (used < 1 || lanes > 1024)
    throw new NoCType(type ?? t.none, `a vector needs 1 to 1024 elements, it has ${used}`);
  return { name: `v${lanes}${lane.tag}`, lane, lanes, used };
}

/** The C type of a variable that holds a value of `type`. */
export const cTypeName = (type: Type): string =>
  type.kind === 'vector' ? vectorC(type).name : scalarC(type).c;

/** `1.5f`, `INT64_C(7)`; exact. Negative numbers are in brackets. */
export function literalC(value: number | bigint | boolean, type: Type): string {
  if (type === t.i1)
    return value === true || value === 1 || value === 1n || value === -1n || value === -1 ? 'true' : 'false';
  if (isBits(type)) {
    const bits = t.integer(8 * t.storageBytes(type), 'unsigned');
    return String(decodeElements(bits, encodeElements(type, [Number(value)]))[0]);
  }
  if (type.kind === 'float') return floatLiteral(Number(value), type);
  const s = scalarC(type);
  const unsigned = type.kind === 'integer' && type.signedness === 'unsigned';
  const wrapped = type.kind === 'integer' ? type.width : 64;
  const v = unsigned ? BigInt.asUintN(wrapped, BigInt(value)) : BigInt.asIntN(wrapped, BigInt(value));
  if (unsigned && v > 0x7fffffffn) return `UINT64_C(${v})`;
  if (s.bytes === 8 && (v > 0x7fffffffn || v < -0x7fffffffn))
    return v === -(1n << 63n) ? 'INT64_MIN' : wrap(`INT64_C(${v})`, v < 0n);
  if (s.bytes === 4 && v === -(1n << 31n)) return 'INT32_MIN';
  return wrap(String(v), v < 0n);
}
const wrap = (text: string, brackets: boolean): string => (brackets ? `(${text})` : text);

function floatLiteral(value: number, type: types.FloatType): string {
  const suffix = type.name === 'f64' ? '' : 'f';
  if (Number.isNaN(value)) return `__builtin_nan${suffix}("")`;
  if (!Number.isFinite(value)) return wrap(`${value < 0 ? '-' : ''}__builtin_inf${suffix}()`, value < 0);
  const digits = type.name === 'f64' ? String(value) : shortestF32(value);
  const text = `${/[.e]/.test(digits) ? digits : `${digits}.0`}${suffix}`;
  return wrap(Object.is(value, -0) ? `-0.0${suffix}` : text, value < 0 || Object.is(value, -0));
}
function shortestF32(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(value);
}
