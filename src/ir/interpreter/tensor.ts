/** Run-time tensors, vectors and memrefs: making, filling, converting to and from bytes, and index arithmetic. */
import type { Attribute } from '../attributes';
import { decodeElements, encodeElements } from '../elements';
import { irMessages } from '../messages';
import type { Shape, Type } from '../types';
import { elementCount, storageBytes } from '../types';
import type {
  ElementArray,
  MemRefValue,
  RuntimeValue,
  Scalar,
  ShapedValue,
  TensorValue,
  VectorValue,
} from './runtimeValue';
import { allocate, arrayClass, domainOf, toScalar } from './storage';

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** Distance between neighbours of each dimension in row-major order, in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= shape[d]!;
  }
  return strides;
}

/** A tensor of zeros, or over `data`, which has one entry per element. */
export const makeTensor = (
  shape: Shape,
  element: Type,
  data: ElementArray = allocate(element, sizeOf(shape)),
): TensorValue => ({
  kind: 'tensor',
  shape,
  element,
  data,
});
export const makeVector = (
  shape: Shape,
  element: Type,
  data: ElementArray = allocate(element, sizeOf(shape)),
): VectorValue => ({
  kind: 'vector',
  shape,
  element,
  data,
});
/** A row-major memref of zeros, or over `data`. */
export const makeMemRef = (
  shape: Shape,
  element: Type,
  data: ElementArray = allocate(element, sizeOf(shape)),
): MemRefValue => ({
  kind: 'memref',
  shape,
  strides: rowMajorStrides(shape),
  offset: 0,
  element,
  data,
});
/** A tensor with the given numbers, rounded to the element type. */
export function tensorOf(
  shape: Shape,
  element: Type,
  values: Iterable<number | bigint | boolean>,
): TensorValue {
  const t = makeTensor(shape, element);
  let i = 0;
  for (const v of values) setElement(t.data, i++, toScalar(element, v));
  if (i !== t.data.length) throw new RangeError(`${t.data.length} elements expected, ${i} given`);
  return t;
}
export function filled<K extends 'tensor' | 'vector'>(
  kind: K,
  shape: Shape,
  element: Type,
  value: Scalar,
): Extract<RuntimeValue, { kind: K }> {
  const data = allocate(element, sizeOf(shape));
  (data as Float64Array).fill(value as number);
  return { kind, shape, element, data } as unknown as Extract<RuntimeValue, { kind: K }>;
}

export function setElement(data: ElementArray, i: number, value: Scalar): void {
  (data as Float64Array)[i] = value as number;
}
export const getElement = (data: ElementArray, i: number): Scalar => (data as Float64Array)[i]!;

/** A zero of a scalar type. */
export const zeroOf = (type: Type): Scalar => (domainOf(type) === 'big' ? 0n : 0);

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
/** Types whose array has the bytes of MLIR's storage. */
const isPlain = (type: Type): boolean =>
  isLittleEndian && type.kind !== 'index' && new (arrayClass(type))(1).byteLength === storageBytes(type);

/** Elements from little-endian bytes; a copy, except that an aligned array of the plain types is viewed with `share`. */
export function elementsFromBytes(type: Type, bytes: Uint8Array, share = false): ElementArray {
  const size = storageBytes(type);
  if (bytes.byteLength % size !== 0)
    throw new RangeError(`${bytes.byteLength} bytes are no whole number of ${type.text}`);
  const count = bytes.byteLength / size;
  if (isPlain(type)) {
    const Class = arrayClass(type) as unknown as new (
      buffer: ArrayBufferLike,
      offset: number,
      length: number,
    ) => ElementArray;
    if (share && bytes.byteOffset % size === 0) return new Class(bytes.buffer, bytes.byteOffset, count);
    return new Class(new Uint8Array(bytes).buffer, 0, count);
  }
  const data = allocate(type, count);
  decodeElements(type, bytes).forEach((v, i) => {
    setElement(data, i, toScalar(type, v));
  });
  return data;
}
export function elementsToBytes(type: Type, data: ElementArray): Uint8Array {
  if (isPlain(type)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  return encodeElements(type, Array.from(data as Iterable<number | bigint>));
}
/** A tensor over little-endian, row-major bytes (a weight, a file, an input of an artifact). */
export function tensorFromBytes(shape: Shape, element: Type, bytes: Uint8Array, share = false): TensorValue {
  const data = elementsFromBytes(element, bytes, share);
  if (data.length !== sizeOf(shape))
    throw new RangeError(
      `[${shape.join(', ')}] of ${element.text} needs ${sizeOf(shape)} elements, the bytes hold ${data.length}`,
    );
  return makeTensor(shape, element, data);
}
export const tensorToBytes = (value: ShapedValue): Uint8Array =>
  elementsToBytes(value.element, denseData(value));

/** Elements in row-major order: the value's own array unless it is a view with gaps. */
export function denseData(value: ShapedValue): ElementArray {
  if (value.kind !== 'memref') return value.data;
  const { shape, strides, offset, element, data } = value;
  const count = sizeOf(shape);
  if (isRowMajor(value)) return data.subarray(offset, offset + count);
  const out = allocate(element, count);
  let i = 0;
  forEachOffset(shape, strides, offset, (at) => {
    setElement(out, i++, getElement(data, at));
  });
  return out;
}
export function isRowMajor(value: MemRefValue): boolean {
  let step = 1;
  for (let d = value.shape.length - 1; d >= 0; d--) {
    if (value.shape[d] !== 1 && value.strides[d] !== step) return false;
    step *= value.shape[d]!;
  }
  return true;
}
/** Copies elements into a memref or over all of a tensor's own array, in row-major order. */
export function writeDense(target: MemRefValue, source: ElementArray): void {
  const { shape, strides, offset, data } = target;
  if (isRowMajor(target)) {
    (data as Float64Array).set(source as Float64Array, offset);
    return;
  }
  let i = 0;
  forEachOffset(shape, strides, offset, (at) => {
    setElement(data, at, getElement(source, i++));
  });
}

/** Visits `offset + Σ index·stride` of each index, last dimension fastest. */
export function forEachOffset(
  shape: Shape,
  strides: readonly number[],
  offset: number,
  visit: (at: number) => void,
): void {
  const last = shape.length - 1;
  if (last < 0) {
    visit(offset);
    return;
  }
  const walk = (d: number, at: number): void => {
    const size = shape[d]!;
    const step = strides[d]!;
    if (d === last) for (let i = 0; i < size; i++) visit(at + i * step);
    else for (let i = 0; i < size; i++) walk(d + 1, at + i * step);
  };
  walk(0, offset);
}
/** Visits each index of a shape, last dimension fastest; the array is reused. */
export function forEachIndex(shape: Shape, visit: (index: number[], position: number) => void): void {
  if (shape.includes(0)) return;
  const index = shape.map(() => 0);
  const count = sizeOf(shape);
  for (let position = 0; position < count; position++) {
    visit(index, position);
    for (let d = shape.length - 1; d >= 0; d--) {
      if (++index[d]! < shape[d]!) break;
      index[d] = 0;
    }
  }
}
/** Offset of an index; throws when it is outside. */
export function offsetOf(value: ShapedValue, index: readonly number[], op = 'an access'): number {
  const strides = value.kind === 'memref' ? value.strides : rowMajorStrides(value.shape);
  let at = value.kind === 'memref' ? value.offset : 0;
  value.shape.forEach((size, d) => {
    const i = index[d]!;
    if (!(i >= 0 && i < size)) {
      throw irMessages.error('STR0124', {
        op,
        problem: `index [${index.join(', ')}] is outside the shape [${value.shape.join(', ')}]`,
      });
    }
    at += i * strides[d]!;
  });
  return at;
}

/** The shape that two shapes broadcast to (NumPy's rule), or undefined. */
export function broadcastShapes(a: Shape, b: Shape): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    out.push(x === 1 ? y : x);
  }
  return out;
}
/** Strides that read a row-major value of `shape` as if it were broadcast to `target`: 0 along repeated dimensions. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = rowMajorStrides(shape);
  const skip = target.length - shape.length;
  return target.map((_, i) => (i < skip || shape[i - skip] === 1 ? 0 : strides[i - skip]!));
}
/** A tensor repeated to a larger shape. */
export function broadcastTo(value: TensorValue, shape: Shape): TensorValue {
  const out = makeTensor(shape, value.element);
  let i = 0;
  forEachOffset(shape, broadcastStrides(value.shape, shape), 0, (at) => {
    setElement(out.data, i++, getElement(value.data, at));
  });
  return out;
}

/** The elements of an attribute: dense, splat or a named blob. */
export function elementsOfAttribute(
  a: Attribute,
  resource: (key: string) => Uint8Array,
): ElementArray | undefined {
  if (a.kind === 'dense') {
    const count = elementCount(a.type.shape)!;
    const data = elementsFromBytes(a.type.element, a.bytes);
    if (!a.splat) return data;
    const out = allocate(a.type.element, count);
    if (count > 0) (out as Float64Array).fill(getElement(data, 0) as number);
    return out;
  }
  if (a.kind !== 'dense_resource') return undefined;
  const bytes = resource(a.key);
  const needed = elementCount(a.type.shape)! * storageBytes(a.type.element);
  if (bytes.byteLength !== needed) {
    throw irMessages.error('STR0124', {
      op: a.text,
      problem: `the blob has ${bytes.byteLength} bytes, ${needed} are needed`,
    });
  }
  return elementsFromBytes(a.type.element, bytes, true);
}
/** The value of an attribute as constants have it; undefined for attributes without elements. */
export function valueOfAttribute(
  a: Attribute,
  resource: (key: string) => Uint8Array,
): RuntimeValue | undefined {
  switch (a.kind) {
    case 'integer':
    case 'float':
      return toScalar(a.type, a.value);
    case 'bool':
      return a.value ? 1 : 0;
    case 'dense':
    case 'dense_resource': {
      const { shape, element, kind } = a.type;
      const data = elementsOfAttribute(a, resource)!;
      return kind === 'vector' ? makeVector(shape, element, data) : makeTensor(shape, element, data);
    }
    default:
      return undefined;
  }
}
