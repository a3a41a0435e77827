/**
 * Attributes of MLIR's builtin dialect, and opaque attributes of others. Immutable; `text` is what MLIR prints
 * and equal attributes have equal text. Weights never live here: `dense_resource` names a blob kept in a
 * `ResourceStore`.
 */
import type { AffineMap, IntegerSet } from './affine';
import { decodeElements, encodeElements, floatText } from './elements';
import type { Location } from './location';
import { locationText, quote } from './location';
import type { FloatType, IntegerType, IndexType, ShapedType, Type } from './types';
import { DYNAMIC, elementCount, f32, f64, i1, i32, i64, index, storageBytes } from './types';

export interface UnitAttr {
  readonly kind: 'unit';
  readonly text: string;
}
export interface BoolAttr {
  readonly kind: 'bool';
  readonly value: boolean;
  readonly text: string;
}
export interface IntegerAttr {
  readonly kind: 'integer';
  readonly value: bigint;
  readonly type: IntegerType | IndexType;
  readonly text: string;
}
export interface FloatAttr {
  readonly kind: 'float';
  readonly value: number;
  readonly type: FloatType;
  readonly text: string;
}
export interface StringAttr {
  readonly kind: 'string';
  readonly value: string;
  readonly text: string;
}
export interface TypeAttr {
  readonly kind: 'type';
  readonly type: Type;
  readonly text: string;
}
export interface ArrayAttr {
  readonly kind: 'array';
  readonly elements: readonly Attribute[];
  readonly text: string;
}
export interface DictionaryAttr {
  readonly kind: 'dictionary';
  readonly entries: ReadonlyMap<string, Attribute>;
  readonly text: string;
}
export interface SymbolRefAttr {
  readonly kind: 'symbol';
  readonly root: string;
  readonly nested: readonly string[];
  readonly text: string;
}
export interface AffineMapAttr {
  readonly kind: 'affine_map';
  readonly map: AffineMap;
  readonly text: string;
}
export interface IntegerSetAttr {
  readonly kind: 'integer_set';
  readonly set: IntegerSet;
  readonly text: string;
}
/** Elements in the text. `bytes` is little-endian, row-major; one element when `splat`. i1 takes a byte. */
export interface DenseElementsAttr {
  readonly kind: 'dense';
  readonly type: ShapedType;
  readonly splat: boolean;
  readonly bytes: Uint8Array;
  readonly text: string;
}
/** Elements of string type: `dense<["a", "b"]> : tensor<2x!x.str>`. */
export interface DenseStringsAttr {
  readonly kind: 'dense_strings';
  readonly type: ShapedType;
  readonly values: readonly string[];
  readonly text: string;
}
/** Elements outside the text, by name. */
export interface DenseResourceAttr {
  readonly kind: 'dense_resource';
  readonly key: string;
  readonly type: ShapedType;
  readonly text: string;
}
/** `array<i64: 1, 2>`. Integers as bigint, floats as number, booleans for i1. */
export interface DenseArrayAttr {
  readonly kind: 'dense_array';
  readonly element: IntegerType | FloatType;
  readonly values: readonly (bigint | number | boolean)[];
  readonly text: string;
}
/** `strided<[2, 1], offset: 4>`; DYNAMIC prints `?`. */
export interface StridedLayoutAttr {
  readonly kind: 'strided';
  readonly strides: readonly number[];
  readonly offset: number;
  readonly text: string;
}
export interface LocationAttr {
  readonly kind: 'location';
  readonly location: Location;
  readonly text: string;
}
/** `#dialect.body`, or a bare form that only its dialect knows. */
export interface DialectAttr {
  readonly kind: 'dialect';
  readonly dialect: string;
  readonly body: string;
  readonly text: string;
}

export type Attribute =
  | UnitAttr
  | BoolAttr
  | IntegerAttr
  | FloatAttr
  | StringAttr
  | TypeAttr
  | ArrayAttr
  | DictionaryAttr
  | SymbolRefAttr
  | AffineMapAttr
  | IntegerSetAttr
  | DenseElementsAttr
  | DenseStringsAttr
  | DenseResourceAttr
  | DenseArrayAttr
  | StridedLayoutAttr
  | LocationAttr
  | DialectAttr;

export const unitAttr: UnitAttr = { kind: 'unit', text: 'unit' };
export const trueAttr: BoolAttr = { kind: 'bool', value: true, text: 'true' };
export const falseAttr: BoolAttr = { kind: 'bool', value: false, text: 'false' };
export const boolAttr = (value: boolean): BoolAttr => (value ? trueAttr : falseAttr);

/** `7 : i32`. An i1 is a `BoolAttr`, as in MLIR's text. */
export function integerAttr(
  value: bigint | number,
  type: IntegerType | IndexType = i64,
): IntegerAttr | BoolAttr {
  const v = BigInt(value);
  if (type === i1) return boolAttr(v !== 0n);
  return { kind: 'integer', value: v, type, text: `${v} : ${type.text}` };
}
export const i64Attr = (value: number | bigint): IntegerAttr => integerAttr(value, i64) as IntegerAttr;
export const i32Attr = (value: number | bigint): IntegerAttr => integerAttr(value, i32) as IntegerAttr;
export const indexAttr = (value: number | bigint): IntegerAttr => integerAttr(value, index) as IntegerAttr;

/** The value is rounded to the type. */
export function floatAttr(value: number, type: FloatType = f64): FloatAttr {
  const rounded = decodeElements(type, encodeElements(type, [value]))[0] as number;
  return { kind: 'float', value: rounded, type, text: `${floatText(rounded, type)} : ${type.text}` };
}
export const f32Attr = (value: number): FloatAttr => floatAttr(value, f32);
export const stringAttr = (value: string): StringAttr => ({ kind: 'string', value, text: quote(value) });
export const typeAttr = (type: Type): TypeAttr => ({ kind: 'type', type, text: type.text });
export const arrayAttr = (elements: readonly Attribute[]): ArrayAttr => ({
  kind: 'array',
  elements,
  text: `[${elements.map((e) => e.text).join(', ')}]`,
});

const bareIdentifier = /^[A-Za-z_][\w$.]*$/;
/** `name` or `"odd name"`, as attribute keys are written. */
export const keyText = (name: string): string => (bareIdentifier.test(name) ? name : quote(name));
/** `a = 1 : i64, b`, sorted by name; unit attributes are bare. */
export const entriesText = (entries: Iterable<readonly [string, Attribute]>): string =>
  [...entries]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([k, v]) => (v.kind === 'unit' ? keyText(k) : `${keyText(k)} = ${v.text}`))
    .join(', ');
export function dictionaryAttr(entries: Iterable<readonly [string, Attribute]>): DictionaryAttr {
  const sorted = new Map([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return { kind: 'dictionary', entries: sorted, text: `{${entriesText(sorted)}}` };
}
const symbolText = (name: string): string =>
  /^[A-Za-z_][\w$.]*$/.test(name) ? `@${name}` : `@${quote(name)}`;
export const symbolRef = (root: string, nested: readonly string[] = []): SymbolRefAttr => ({
  kind: 'symbol',
  root,
  nested,
  text: [root, ...nested].map(symbolText).join('::'),
});
export const affineMapAttr = (map: AffineMap): AffineMapAttr => ({
  kind: 'affine_map',
  map,
  text: `affine_map<${map.text}>`,
});
export const integerSetAttr = (set: IntegerSet): IntegerSetAttr => ({
  kind: 'integer_set',
  set,
  text: `affine_set<${set.text}>`,
});
const stride = (n: number): string => (n === DYNAMIC ? '?' : String(n));
export const stridedLayout = (strides: readonly number[], offset = 0): StridedLayoutAttr => ({
  kind: 'strided',
  strides,
  offset,
  text: `strided<[${strides.map(stride).join(', ')}]${offset === 0 ? '' : `, offset: ${stride(offset)}`}>`,
});
export const denseResource = (key: string, type: ShapedType): DenseResourceAttr => ({
  kind: 'dense_resource',
  key,
  type,
  text: `dense_resource<${keyText(key)}> : ${type.text}`,
});
export const locationAttr = (location: Location): LocationAttr => ({
  kind: 'location',
  location,
  text: `loc(${locationText(location)})`,
});
export const dialectAttr = (dialect: string, body: string, text: string): DialectAttr => ({
  kind: 'dialect',
  dialect,
  body,
  text,
});

/** Element attribute from little-endian bytes; text is made on demand and once. */
export function denseBytes(type: ShapedType, bytes: Uint8Array, splat: boolean): DenseElementsAttr {
  let text: string | undefined;
  return {
    kind: 'dense',
    type,
    bytes,
    splat,
    get text(): string {
      return (text ??= `dense<${denseBody(type, bytes, splat)}> : ${type.text}`);
    },
  };
}

/** Element attribute from values; equal values become a splat as MLIR makes them. */
export function denseElements(
  type: ShapedType,
  values: readonly (number | bigint | boolean)[],
): DenseElementsAttr {
  const count = elementCount(type.shape);
  if (count === undefined) throw new TypeError(`dense elements need a static shape, not ${type.text}`);
  if (values.length !== count && values.length !== 1) {
    throw new RangeError(`${type.text} needs ${count} elements, not ${values.length}`);
  }
  const bytes = encodeElements(type.element, values);
  const size = storageBytes(type.element);
  const splat = count > 0 && isRepetition(bytes, size);
  return denseBytes(type, splat ? bytes.slice(0, size) : bytes, splat);
}

function isRepetition(bytes: Uint8Array, size: number): boolean {
  for (let i = size; i < bytes.length; i++) if (bytes[i] !== bytes[i - size]) return false;
  return true;
}

export const denseStrings = (type: ShapedType, values: readonly string[]): DenseStringsAttr => ({
  kind: 'dense_strings',
  type,
  values,
  text: `dense<${values.length === 1 ? quote(values[0]!) : nest(values.map(quote), type.shape)}> : ${type.text}`,
});

/** Above this many elements a dense attribute prints as hex, as MLIR does. */
const hexThreshold = 100;

function denseBody(type: ShapedType, bytes: Uint8Array, splat: boolean): string {
  const count = elementCount(type.shape) ?? 0;
  if (!splat && count === 0) return '';
  if (!splat && count > hexThreshold)
    return `"0x${Buffer.from(hexLayout(type, bytes)).toString('hex').toUpperCase()}"`;
  const words = decodeElements(type.element, bytes).map((v) => elementText(v, type.element));
  return splat ? words[0]! : nest(words, type.shape);
}
/** i1 packs eight elements to a byte in MLIR's hex form. */
function hexLayout(type: ShapedType, bytes: Uint8Array): Uint8Array {
  if (type.element !== i1) return bytes;
  const packed = new Uint8Array(Math.ceil(bytes.length / 8));
  bytes.forEach((b, i) => {
    if (b !== 0) packed[i >> 3]! |= 1 << (i & 7);
  });
  return packed;
}
function elementText(value: number | bigint, type: Type): string {
  if (type === i1) return value === 0 || value === 0n ? 'false' : 'true';
  return type.kind === 'float' ? floatText(value as number, type) : String(value);
}
function nest(words: readonly string[], shape: readonly number[]): string {
  if (shape.length === 0) return words[0] ?? '';
  const inner = shape.slice(1);
  const step = inner.reduce((a, b) => a * b, 1);
  const rows = Array.from({ length: shape[0]! }, (_, i) =>
    nest(words.slice(i * step, (i + 1) * step), inner),
  );
  return `[${rows.join(', ')}]`;
}

export function denseArray(
  element: IntegerType | FloatType,
  values: readonly (bigint | number | boolean)[],
): DenseArrayAttr {
  const typed = values.map((v) =>
    element === i1 ? Boolean(v) : element.kind === 'integer' ? BigInt(v) : Number(v),
  );
  const words = typed.map((v) => (typeof v === 'number' ? floatText(v, element as FloatType) : String(v)));
  const body = words.length === 0 ? '' : `: ${words.join(', ')}`;
  return { kind: 'dense_array', element, values: typed, text: `array<${element.text}${body}>` };
}
export const i64Array = (values: readonly number[]): DenseArrayAttr => denseArray(i64, values);

/** The i64 numbers of an integer array in either form; undefined for anything else. */
export function numbersOf(a: Attribute | undefined): readonly number[] | undefined {
  if (a === undefined) return undefined;
  if (a.kind === 'dense_array') return a.values.map(Number);
  if (a.kind === 'array') {
    const out: number[] = [];
    for (const e of a.elements) {
      if (e.kind !== 'integer') return undefined;
      out.push(Number(e.value));
    }
    return out;
  }
  if (a.kind === 'dense' && a.type.element.kind !== 'float') {
    const values = decodeElements(a.type.element, a.bytes).map(Number);
    return a.splat ? new Array<number>(elementCount(a.type.shape) ?? 0).fill(values[0]!) : values;
  }
  return undefined;
}

/** The type that an attribute carries, as `arith.constant` needs it. */
export function typeOfAttribute(a: Attribute): Type | undefined {
  switch (a.kind) {
    case 'integer':
    case 'float':
    case 'dense':
    case 'dense_resource':
    case 'dense_strings':
      return a.type;
    case 'bool':
      return i1;
    default:
      return undefined;
  }
}
