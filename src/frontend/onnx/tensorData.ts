/**
 * Elements of a `TensorProto`, wherever they are stored: a view of raw bytes, typed fields converted to
 * little-endian bytes, or a checked range of an external file that is not read here. Used by the ONNX importer
 * and by tensor files.
 */
import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ElementType } from '../elementType';
import { elementCountOf, elementTypeInfo, elementTypeOfOnnx, storageSize } from '../elementType';
import { modelFileMessages, quoted } from '../messages';
import type { TensorProto } from './proto/onnxProto';
import { tensorCodec } from './proto/onnxProto';
import { textOf } from './proto/fields';

/** Bytes of a file; the bounds were checked against its size. */
export interface FileRange {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export interface TensorData {
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  readonly storage: TensorStorage;
}
export type TensorStorage =
  /** Row-major, little endian. `view`: into the buffer of the model file, not a copy. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly view: boolean }
  | { readonly kind: 'file'; readonly range: FileRange }
  | { readonly kind: 'strings'; readonly strings: readonly string[] };

/**
 * Checks `tensor` and finds its elements. External files are looked for in the folder of `modelFile`; without
 * one (a model in memory) external data is refused.
 */
export function tensorData(tensor: TensorProto, modelFile: string | undefined): TensorData {
  const name = quoted(tensor.name);
  const elementType = elementTypeOfOnnx(tensor.dataType);
  if (elementType === undefined)
    throw modelFileMessages.error('STR0320', { tensor: name, found: tensor.dataType });
  const shape = tensor.dims;
  const bad = shape.find((d) => d < 0);
  if (bad !== undefined)
    throw modelFileMessages.error('STR0321', { tensor: name, shape, problem: `the size ${bad} is negative` });
  const elements = elementCountOf(shape);
  if (!Number.isSafeInteger(elements * 16))
    throw modelFileMessages.error('STR0321', { tensor: name, shape, problem: 'it has too many elements' });
  if (tensor.segment !== undefined)
    throw modelFileMessages.error('STR0323', {
      tensor: name,
      problem: 'data stored in segments is not supported',
    });
  return { elementType, shape, storage: storageOf(tensor, name, elementType, elements, modelFile) };
}

function storageOf(
  tensor: TensorProto,
  name: string,
  elementType: ElementType,
  elements: number,
  modelFile: string | undefined,
): TensorStorage {
  const info = elementTypeInfo(elementType);
  if (elementType === 'string') {
    if (tensor.dataLocation === 1 || tensor.rawData !== undefined)
      throw modelFileMessages.error('STR0323', { tensor: name, problem: 'strings must be in string_data' });
    if (tensor.stringData.length !== elements)
      throw modelFileMessages.error('STR0321', {
        tensor: name,
        shape: tensor.dims,
        problem: `it needs ${elements} strings, ${tensor.stringData.length} are given`,
      });
    return { kind: 'strings', strings: tensor.stringData.map(textOf) };
  }
  const expected = storageSize(elementType, elements);
  const wrongSize = (found: number, where: string) =>
    modelFileMessages.error('STR0322', {
      tensor: name,
      shape: tensor.dims,
      type: info.onnxName,
      expected,
      found,
      where,
    });
  if (tensor.dataLocation === 1) {
    const range = externalRange(tensor, name, expected, modelFile);
    if (range.length !== expected) throw wrongSize(range.length, `the range of ${path.basename(range.path)}`);
    return { kind: 'file', range };
  }
  if (tensor.dataLocation !== 0)
    throw modelFileMessages.error('STR0323', {
      tensor: name,
      problem: `the data location ${tensor.dataLocation} is not known`,
    });
  if (tensor.rawData !== undefined) {
    if (tensor.rawData.length !== expected) throw wrongSize(tensor.rawData.length, 'raw_data');
    return { kind: 'bytes', bytes: tensor.rawData, view: true };
  }
  const bytes = typedFieldBytes(tensor, elementType, name);
  if (bytes.length !== expected) throw wrongSize(bytes.length, snakeCase(info.field));
  return { kind: 'bytes', bytes, view: false };
}

const snakeCase = (camel: string): string => camel.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

const fieldNames = ['floatData', 'doubleData', 'int32Data', 'int64Data', 'uint64Data', 'stringData'] as const;

/** Values of the typed field that belongs to the type, as little-endian bytes. */
function typedFieldBytes(tensor: TensorProto, elementType: ElementType, name: string): Uint8Array {
  const { field, bits, onnxName } = elementTypeInfo(elementType);
  const other = fieldNames.find((f) => f !== field && tensor[f].length > 0);
  if (other !== undefined)
    throw modelFileMessages.error('STR0323', {
      tensor: name,
      problem: `elements of type ${onnxName} must be in ${snakeCase(field)}, found in ${snakeCase(other)}`,
    });
  switch (field) {
    case 'floatData':
      return littleEndian(tensor.floatData, 4, (view, at, v) => {
        view.setFloat32(at, v, true);
      });
    case 'doubleData':
      return littleEndian(tensor.doubleData, 8, (view, at, v) => {
        view.setFloat64(at, v, true);
      });
    case 'int64Data':
      return littleEndian(tensor.int64Data, 8, (view, at, v) => {
        view.setBigInt64(at, v, true);
      });
    case 'uint64Data':
      return littleEndian(tensor.uint64Data, bits / 8, (view, at, v) => {
        if (bits === 64) view.setBigUint64(at, v, true);
        else view.setUint32(at, Number(BigInt.asUintN(32, v)), true);
      });
    case 'int32Data':
      // Types below 8 bits are packed: each entry holds one byte of elements.
      return littleEndian(tensor.int32Data, Math.max(1, bits / 8), (view, at, v) => {
        if (bits <= 8) view.setUint8(at, v);
        else if (bits === 16) view.setUint16(at, v, true);
        else view.setInt32(at, v, true);
      });
    default:
      return new Uint8Array(0);
  }
}

function littleEndian<V>(
  values: { readonly length: number; readonly [i: number]: V },
  size: number,
  set: (view: DataView, at: number, value: V) => void,
): Uint8Array {
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) set(view, i * size, values[i]!);
  return bytes;
}

/** Resolves external data and refuses whatever would leave the folder of the model. */
function externalRange(
  tensor: TensorProto,
  name: string,
  expected: number,
  modelFile: string | undefined,
): FileRange {
  const entries = new Map(tensor.externalData.map((e) => [e.key, e.value]));
  const location = entries.get('location');
  if (location === undefined || location === '')
    throw modelFileMessages.error('STR0323', {
      tensor: name,
      problem: 'its external data names no location',
    });
  const refuse = (problem: string) => modelFileMessages.error('STR0324', { tensor: name, location, problem });
  if (modelFile === undefined) throw refuse('the model was given as bytes, so it has no folder');
  if (location.includes('\0')) throw refuse('the name has a zero byte');
  if (path.isAbsolute(location) || path.win32.isAbsolute(location)) throw refuse('the path is absolute');
  const folder = path.dirname(path.resolve(modelFile));
  const file = path.resolve(folder, location);
  if (!isInside(folder, file)) throw refuse("it leaves the model's folder");

  const number = (key: string, absent: number): number => {
    const value = entries.get(key);
    if (value === undefined) return absent;
    const n = /^[0-9]{1,16}$/.test(value) ? Number(value) : NaN;
    if (!Number.isSafeInteger(n))
      throw modelFileMessages.error('STR0323', {
        tensor: name,
        problem: `external data ${key} ${quoted(value)} is not a number`,
      });
    return n;
  };
  const offset = number('offset', 0);
  const length = number('length', expected);

  let size: number;
  try {
    const real = realpathSync(file);
    // A download cache may hold the model and its data as links into one folder of blobs.
    const homes = [realpathSync(folder), path.dirname(realpathSync(modelFile))];
    if (!homes.some((home) => isInside(home, real)))
      throw refuse("it is a link that leaves the model's folder");
    const stat = statSync(real);
    if (!stat.isFile()) throw refuse('it is not a regular file');
    size = stat.size;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw modelFileMessages.error(
      'STR0325',
      { tensor: name, file, reason: error.code ?? error.message },
      { cause: error },
    );
  }
  if (offset + length > size)
    throw modelFileMessages.error('STR0326', { tensor: name, file, offset, length, size });
  return { path: file, offset, length };
}

function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return (
    relative !== '' &&
    relative !== '..' &&
    !relative.startsWith(`..${path.sep}`) &&
    !path.isAbsolute(relative)
  );
}
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

/** A tensor with its elements in `raw_data`; `bytes` is not copied. */
export const rawTensor = (
  name: string,
  elementType: ElementType,
  shape: readonly number[],
  bytes: Uint8Array,
): TensorProto =>
  tensorCodec.make({ name, dims: shape, dataType: elementTypeInfo(elementType).onnx, rawData: bytes });
