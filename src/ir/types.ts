/**
 * Types of MLIR's builtin dialect, and opaque types of others. Types are immutable and interned by their text:
 * two equal types are the same object, so `===` compares them.
 */
import type { Attribute } from './attributes';

/** A dimension whose size is not known when compiling; prints as `?`. */
export const DYNAMIC = -1;
/** Sizes of a shaped type; `DYNAMIC` where unknown. */
export type Shape = readonly number[];

export type Signedness = 'signless' | 'signed' | 'unsigned';

export interface IntegerType {
  readonly kind: 'integer';
  readonly width: number;
  readonly signedness: Signedness;
  readonly text: string;
}
export interface IndexType {
  readonly kind: 'index';
  readonly text: 'index';
}
export interface FloatType {
  readonly kind: 'float';
  readonly name: FloatName;
  readonly text: string;
}
export interface NoneType {
  readonly kind: 'none';
  readonly text: 'none';
}
export interface ComplexType {
  readonly kind: 'complex';
  readonly element: Type;
  readonly text: string;
}
export interface FunctionType {
  readonly kind: 'function';
  readonly inputs: readonly Type[];
  readonly results: readonly Type[];
  readonly text: string;
}
export interface TupleType {
  readonly kind: 'tuple';
  readonly elements: readonly Type[];
  readonly text: string;
}
export interface VectorType {
  readonly kind: 'vector';
  readonly shape: Shape;
  /** Per dimension: a multiple of the run-time vector scale (`[4]`). */
  readonly scalable: readonly boolean[];
  readonly element: Type;
  readonly text: string;
}
export interface TensorType {
  readonly kind: 'tensor';
  readonly shape: Shape;
  readonly element: Type;
  readonly encoding: Attribute | undefined;
  readonly text: string;
}
export interface UnrankedTensorType {
  readonly kind: 'unranked_tensor';
  readonly element: Type;
  readonly text: string;
}
export interface MemRefType {
  readonly kind: 'memref';
  readonly shape: Shape;
  readonly element: Type;
  /** `strided<…>` or an affine map; absent: row-major. */
  readonly layout: Attribute | undefined;
  readonly memorySpace: Attribute | undefined;
  readonly text: string;
}
export interface UnrankedMemRefType {
  readonly kind: 'unranked_memref';
  readonly element: Type;
  readonly memorySpace: Attribute | undefined;
  readonly text: string;
}
/** A type of a dialect that has no class here: `!torch.vtensor<[1,2],f32>`, kept as text. */
export interface DialectType {
  readonly kind: 'dialect';
  readonly dialect: string;
  /** All after `!dialect.` (or, for the pretty-less form, the text between `<` and `>`). */
  readonly body: string;
  readonly text: string;
}

export type Type =
  | IntegerType
  | IndexType
  | FloatType
  | NoneType
  | ComplexType
  | FunctionType
  | TupleType
  | VectorType
  | TensorType
  | UnrankedTensorType
  | MemRefType
  | UnrankedMemRefType
  | DialectType;

export type ShapedType = VectorType | TensorType | MemRefType;

export const floatNames = [
  'f16',
  'bf16',
  'f32',
  'f64',
  'tf32',
  'f80',
  'f128',
  'f8E5M2',
  'f8E4M3',
  'f8E4M3FN',
  'f8E5M2FNUZ',
  'f8E4M3FNUZ',
  'f8E4M3B11FNUZ',
  'f8E3M4',
  'f8E8M0FNU',
  'f4E2M1FN',
  'f6E2M3FN',
  'f6E3M2FN',
] as const;
export type FloatName = (typeof floatNames)[number];

const interned = new Map<string, Type>();
function intern<T extends Type>(type: T): T {
  const known = interned.get(type.text);
  if (known !== undefined) return known as T;
  Object.freeze(type);
  interned.set(type.text, type);
  return type;
}

export const integer = (width: number, signedness: Signedness = 'signless'): IntegerType =>
  intern({
    kind: 'integer',
    width,
    signedness,
    text: `${signedness === 'signed' ? 's' : signedness === 'unsigned' ? 'u' : ''}i${width}`,
  });
export const float = (name: FloatName): FloatType => intern({ kind: 'float', name, text: name });
export const index: IndexType = intern({ kind: 'index', text: 'index' });
export const none: NoneType = intern({ kind: 'none', text: 'none' });
export const i1 = integer(1);
export const i8 = integer(8);
export const i16 = integer(16);
export const i32 = integer(32);
export const i64 = integer(64);
export const f16 = float('f16');
export const bf16 = float('bf16');
export const f32 = float('f32');
export const f64 = float('f64');

export const complex = (element: Type): ComplexType =>
  intern({ kind: 'complex', element, text: `complex<${element.text}>` });
export const tuple = (elements: readonly Type[]): TupleType =>
  intern({ kind: 'tuple', elements, text: `tuple<${elements.map((t) => t.text).join(', ')}>` });

const resultListText = (results: readonly Type[]): string => {
  const single = results.length === 1 ? results[0]! : undefined;
  return single !== undefined && single.kind !== 'function'
    ? single.text
    : `(${results.map((t) => t.text).join(', ')})`;
};
export const functionType = (inputs: readonly Type[], results: readonly Type[]): FunctionType =>
  intern({
    kind: 'function',
    inputs,
    results,
    text: `(${inputs.map((t) => t.text).join(', ')}) -> ${resultListText(results)}`,
  });

/** `4x?x8x` for a shape, nothing for rank 0. */
export const shapeText = (shape: Shape): string =>
  shape.map((d) => (d === DYNAMIC ? '?x' : `${d}x`)).join('');

export function vector(shape: Shape, element: Type, scalable?: readonly boolean[]): VectorType {
  const flags = scalable ?? shape.map(() => false);
  const dims = shape.map((d, i) => (flags[i] === true ? `[${d}]x` : `${d}x`)).join('');
  return intern({ kind: 'vector', shape, scalable: flags, element, text: `vector<${dims}${element.text}>` });
}
export function tensor(shape: Shape, element: Type, encoding?: Attribute): TensorType {
  const tail = encoding === undefined ? '' : `, ${encoding.text}`;
  return intern({
    kind: 'tensor',
    shape,
    element,
    encoding,
    text: `tensor<${shapeText(shape)}${element.text}${tail}>`,
  });
}
export const unrankedTensor = (element: Type): UnrankedTensorType =>
  intern({ kind: 'unranked_tensor', element, text: `tensor<*x${element.text}>` });
export function memref(shape: Shape, element: Type, layout?: Attribute, memorySpace?: Attribute): MemRefType {
  const tail = [layout, memorySpace].map((a) => (a === undefined ? '' : `, ${a.text}`)).join('');
  return intern({
    kind: 'memref',
    shape,
    element,
    layout,
    memorySpace,
    text: `memref<${shapeText(shape)}${element.text}${tail}>`,
  });
}
export const unrankedMemref = (element: Type, memorySpace?: Attribute): UnrankedMemRefType =>
  intern({
    kind: 'unranked_memref',
    element,
    memorySpace,
    text: `memref<*x${element.text}${memorySpace === undefined ? '' : `, ${memorySpace.text}`}>`,
  });
/** `text` is the whole type as written, with its leading `!`. */
export const dialectType = (dialect: string, body: string, text: string): DialectType =>
  intern({ kind: 'dialect', dialect, body, text });

export const isShaped = (t: Type): t is ShapedType =>
  t.kind === 'vector' || t.kind === 'tensor' || t.kind === 'memref';
/** The element type of a shaped type, the type itself otherwise. */
export const elementOf = (t: Type): Type =>
  isShaped(t) || t.kind === 'unranked_tensor' || t.kind === 'unranked_memref' ? t.element : t;
/** The type with another element type; a scalar becomes `element`. */
export function withElement(t: Type, element: Type): Type {
  switch (t.kind) {
    case 'tensor':
      return tensor(t.shape, element, t.encoding);
    case 'unranked_tensor':
      return unrankedTensor(element);
    case 'vector':
      return vector(t.shape, element, t.scalable);
    case 'memref':
      return memref(t.shape, element, t.layout, t.memorySpace);
    default:
      return element;
  }
}
export const isStatic = (shape: Shape): boolean => !shape.includes(DYNAMIC);
/** Number of elements; undefined when a dimension is dynamic. */
export const elementCount = (shape: Shape): number | undefined =>
  isStatic(shape) ? shape.reduce((a, b) => a * b, 1) : undefined;

const floatBits: Partial<Record<FloatName, number>> = {
  f16: 16,
  bf16: 16,
  f32: 32,
  f64: 64,
  tf32: 32,
  f80: 80,
  f128: 128,
};
/** Width of a scalar in bits; index counts as 64. Undefined for types without a fixed width. */
export function bitWidth(t: Type): number | undefined {
  switch (t.kind) {
    case 'integer':
      return t.width;
    case 'index':
      return 64;
    case 'float':
      return floatBits[t.name] ?? (t.name.startsWith('f8') ? 8 : t.name.startsWith('f6') ? 6 : 4);
    case 'complex': {
      const w = bitWidth(t.element);
      return w === undefined ? undefined : 2 * w;
    }
    default:
      return undefined;
  }
}
/** Bytes that one element takes in memory (i1 takes a byte). */
export function storageBytes(t: Type): number {
  const bits = bitWidth(t);
  if (bits === undefined) throw new TypeError(`${t.text} has no storage size`);
  return Math.max(1, Math.ceil(bits / 8));
}
/** Bytes of a statically shaped value, or undefined. */
export function byteSize(t: ShapedType): number | undefined {
  const n = elementCount(t.shape);
  return n === undefined ? undefined : n * storageBytes(t.element);
}
