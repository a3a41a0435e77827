/**
 * Binary record layouts as data. `src/artifact/format.ts` declares every record of the artifact with it; the TypeScript
 * reader and writer and the generated C++ header all derive from the same declaration. Little endian throughout.
 */

const scalars = {
  u8: { size: 1, cType: 'uint8_t' },
  u16: { size: 2, cType: 'uint16_t' },
  u32: { size: 4, cType: 'uint32_t' },
  u64: { size: 8, cType: 'uint64_t' },
  i64: { size: 8, cType: 'int64_t' },
  f64: { size: 8, cType: 'double' },
} as const;

export type Scalar = keyof typeof scalars;

export interface Field<T extends Scalar | AnyStruct = Scalar | AnyStruct> {
  readonly type: T;
  readonly doc: string;
}

export type FieldMap = Readonly<Record<string, Field>>;

export interface Struct<F extends FieldMap = FieldMap> {
  /** In lower camel case; the C++ name is derived from it. */
  readonly name: string;
  readonly doc: string;
  /** Fields in layout order. */
  readonly fields: F;
  /** Without padding, fields unaligned: the records of the zip container. */
  readonly packed: boolean;
  readonly size: number;
  readonly alignment: number;
  readonly offsets: { readonly [K in keyof F]: number };
}

export interface AnyStruct {
  readonly name: string;
  readonly doc: string;
  readonly fields: FieldMap;
  readonly packed: boolean;
  readonly size: number;
  readonly alignment: number;
  readonly offsets: Readonly<Record<string, number>>;
}

/** The plain object that a struct decodes to. 64-bit integers are numbers and must be exact (≤ 2^53 − 1). */
export type RecordOf<S> =
  S extends Struct<infer F>
    ? {
        readonly [K in keyof F]: F[K] extends Field<infer T>
          ? T extends Scalar
            ? number
            : RecordOf<T>
          : never;
      }
    : never;

/** A value that no record may hold: an integer out of range, or a 64-bit number that is not exact. */
export class LayoutError extends Error {
  override readonly name = 'LayoutError';
}

export const u8 = (doc: string): Field<'u8'> => ({ type: 'u8', doc });
export const u16 = (doc: string): Field<'u16'> => ({ type: 'u16', doc });
export const u32 = (doc: string): Field<'u32'> => ({ type: 'u32', doc });
export const u64 = (doc: string): Field<'u64'> => ({ type: 'u64', doc });
export const i64 = (doc: string): Field<'i64'> => ({ type: 'i64', doc });
export const f64 = (doc: string): Field<'f64'> => ({ type: 'f64', doc });
export const nested = <S extends AnyStruct>(type: S, doc: string): Field<S> => ({ type, doc });

export const sizeOf = (type: Scalar | AnyStruct): number =>
  typeof type === 'string' ? scalars[type].size : type.size;
export const cTypeOf = (scalar: Scalar): string => scalars[scalar].cType;
const alignmentOf = (type: Scalar | AnyStruct): number =>
  typeof type === 'string' ? scalars[type].size : type.alignment;

/**
 * Declares a record. Unless `packed`, every field must already lie on its natural alignment and the size must be a
 * multiple of the largest one, so that a C++ compiler adds no padding of its own.
 */
export function struct<F extends FieldMap>(
  name: string,
  doc: string,
  fields: F,
  options: { readonly packed?: boolean } = {},
): Struct<F> {
  const packed = options.packed ?? false;
  const offsets: Record<string, number> = {};
  let size = 0;
  let alignment = 1;
  for (const [field, { type }] of Object.entries(fields)) {
    if (!packed && size % alignmentOf(type) !== 0)
      throw new LayoutError(`${name}.${field} would lie at ${size}, not on its natural alignment`);
    offsets[field] = size;
    size += sizeOf(type);
    if (!packed) alignment = Math.max(alignment, alignmentOf(type));
  }
  if (size % alignment !== 0)
    throw new LayoutError(`${name} has ${size} bytes, not a multiple of ${alignment}`);
  return {
    name,
    doc,
    fields,
    packed,
    size,
    alignment,
    offsets: offsets as { readonly [K in keyof F]: number },
  };
}

const unsignedLimit = { u8: 0xff, u16: 0xffff, u32: 0xffffffff, u64: Number.MAX_SAFE_INTEGER } as const;

function encodeScalar(view: DataView, offset: number, type: Scalar, value: number, where: string): void {
  if (type === 'f64') return view.setFloat64(offset, value, true);
  const [low, high] =
    type === 'i64' ? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] : ([0, unsignedLimit[type]] as const);
  if (!Number.isInteger(value) || value < low || value > high)
    throw new LayoutError(`${where} is ${value}, not an integer from ${low} to ${high}`);
  switch (type) {
    case 'u8':
      return view.setUint8(offset, value);
    case 'u16':
      return view.setUint16(offset, value, true);
    case 'u32':
      return view.setUint32(offset, value, true);
    case 'u64':
      return view.setBigUint64(offset, BigInt(value), true);
    case 'i64':
      return view.setBigInt64(offset, BigInt(value), true);
  }
}

function decodeScalar(view: DataView, offset: number, type: Scalar, where: string): number {
  switch (type) {
    case 'u8':
      return view.getUint8(offset);
    case 'u16':
      return view.getUint16(offset, true);
    case 'u32':
      return view.getUint32(offset, true);
    case 'f64':
      return view.getFloat64(offset, true);
    case 'u64':
    case 'i64': {
      const value = Number(type === 'u64' ? view.getBigUint64(offset, true) : view.getBigInt64(offset, true));
      if (!Number.isSafeInteger(value)) throw new LayoutError(`${where} is too large (${value})`);
      return value;
    }
  }
}

/** Writes `record` at `offset`. Throws `LayoutError` for a value that its field cannot hold. */
export function encode<S extends AnyStruct>(
  type: S,
  view: DataView,
  offset: number,
  record: RecordOf<S>,
): void {
  const values = record as Readonly<Record<string, unknown>>;
  for (const [name, field] of Object.entries(type.fields)) {
    const at = offset + type.offsets[name]!;
    const value = values[name];
    if (typeof field.type === 'string')
      encodeScalar(view, at, field.type, value as number, `${type.name}.${name}`);
    else encode(field.type, view, at, value as RecordOf<AnyStruct>);
  }
}

/** The bytes of one record. */
export function encoded<S extends AnyStruct>(type: S, record: RecordOf<S>): Uint8Array {
  const bytes = new Uint8Array(type.size);
  encode(type, new DataView(bytes.buffer), 0, record);
  return bytes;
}

/** Reads a record. The caller has checked that `offset + type.size` lies within the view. */
export function decode<S extends AnyStruct>(type: S, view: DataView, offset: number): RecordOf<S> {
  const record: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(type.fields)) {
    const at = offset + type.offsets[name]!;
    record[name] =
      typeof field.type === 'string'
        ? decodeScalar(view, at, field.type, `${type.name}.${name}`)
        : decode(field.type, view, at);
  }
  return record as RecordOf<S>;
}
