/**
 * Tensors in files: NumPy's `.npy` and serialised ONNX tensors (`.pb`). Used for inputs and outputs of runs and for
 * the test data of ONNX models.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ElementType, HostTensor } from './elementType';
import { elementCountOf, elementTypeInfo, storageSize } from './elementType';
import { modelFileMessages } from './messages';
import type { TensorProto } from './onnx/proto/onnxProto';
import { tensorCodec } from './onnx/proto/onnxProto';
import { ProtobufError } from './onnx/proto/wire';
import { rawTensor, tensorData } from './onnx/tensorData';

/** A tensor and the name that its file gives it (`.pb` only; else empty). */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: HostTensor;
}

/** Reads `FILE.npy` or `FILE.pb`; the ending decides. */
export function readTensorFile(file: string): NamedTensor {
  const format = formatOf(file);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw modelFileMessages.error('STR0301', { file, reason }, { cause: error });
  }
  return format === 'npy' ? { name: '', tensor: decodeNpy(bytes, file) } : decodeTensorPb(bytes, file);
}

/** Writes `FILE.npy` or `FILE.pb`; the ending decides. */
export function writeTensorFile(file: string, tensor: HostTensor, name = ''): void {
  const bytes = formatOf(file) === 'npy' ? encodeNpy(tensor, file) : encodeTensorPb(tensor, name);
  writeFileSync(file, bytes);
}

function formatOf(file: string): 'npy' | 'pb' {
  const ending = path.extname(file).toLowerCase();
  if (ending === '.npy') return 'npy';
  if (ending === '.pb') return 'pb';
  throw modelFileMessages.error('STR0331', { file });
}

/** A serialised `TensorProto`. */
export function decodeTensorPb(bytes: Uint8Array, file: string): NamedTensor {
  let proto: TensorProto;
  try {
    proto = tensorCodec.decode(bytes);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw modelFileMessages.error('STR0333', { file, reason: error.message }, { cause: error });
  }
  if (proto.dataType === 0)
    throw modelFileMessages.error('STR0333', { file, reason: 'it has no element type' });
  return { name: proto.name, tensor: hostTensor(proto) };
}

/** The tensor in memory; external data is refused. */
export function hostTensor(proto: TensorProto): HostTensor {
  const { elementType, shape, storage } = tensorData(proto, undefined);
  if (storage.kind === 'strings')
    return { elementType, shape, bytes: new Uint8Array(0), strings: storage.strings };
  if (storage.kind !== 'bytes') throw new Error('external data without a model file');
  return { elementType, shape, bytes: storage.bytes };
}

export const tensorProtoOf = (tensor: HostTensor, name = ''): TensorProto =>
  tensor.strings === undefined
    ? rawTensor(name, tensor.elementType, tensor.shape, tensor.bytes)
    : tensorCodec.make({
        name,
        dims: tensor.shape,
        dataType: elementTypeInfo('string').onnx,
        stringData: tensor.strings.map((s) => new TextEncoder().encode(s)),
      });
export const encodeTensorPb = (tensor: HostTensor, name = ''): Uint8Array =>
  tensorCodec.encode(tensorProtoOf(tensor, name));

/** Type characters of NumPy; the first letter is the byte order. */
const npyTypes: Partial<Record<ElementType, string>> = {
  bool: '|b1',
  i8: '|i1',
  u8: '|u1',
  i16: '<i2',
  u16: '<u2',
  i32: '<i4',
  u32: '<u4',
  i64: '<i8',
  u64: '<u8',
  f16: '<f2',
  f32: '<f4',
  f64: '<f8',
  c64: '<c8',
  c128: '<c16',
};
const elementTypeOfNpy = new Map(
  Object.entries(npyTypes).map(([type, code]) => [code.slice(1), type as ElementType]),
);

const npyMagic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Reads version 1 to 3 of NumPy's format (`numpy.lib.format`), both byte orders, C and Fortran order. */
export function decodeNpy(bytes: Uint8Array, file: string): HostTensor {
  const bad = (reason: string) => modelFileMessages.error('STR0330', { file, reason });
  if (bytes.length < 10 || !npyMagic.every((b, i) => bytes[i] === b)) throw bad('it does not start as one');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw bad(`version ${version} is not known`);
  if (version > 1 && bytes.length < 12) throw bad('its header is cut short');
  const headerSize = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataAt = (version === 1 ? 10 : 12) + headerSize;
  if (dataAt > bytes.length) throw bad('its header is cut short');
  if (headerSize > 65536) throw bad(`its header takes ${headerSize} bytes`);
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + dataAt - headerSize, headerSize).toString(
    'latin1',
  );

  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape'\s*:\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined) throw bad('its elements are not of one plain type');
  if (order === undefined || sizes === undefined) throw bad('its header is not understood');
  const elementType = elementTypeOfNpy.get(descr.slice(1));
  if (elementType === undefined || !/^[<>|=]/.test(descr))
    throw bad(`the element type ${descr} is not supported`);
  const shape = sizes
    .split(',')
    .map((s) => s.trim())
    .filter((s) => s !== '')
    .map((s) => (/^\d{1,15}$/.test(s) ? Number(s) : NaN));
  if (shape.some(Number.isNaN)) throw bad('its shape is not understood');
  const size = storageSize(elementType, elementCountOf(shape));
  const found = bytes.length - dataAt;
  if (size !== found) throw bad(`its shape needs ${size} bytes of data, ${found} are there`);

  const data = bytes.subarray(dataAt);
  const step = elementTypeInfo(elementType).bits / 8;
  const ordered = descr.startsWith('>')
    ? swapped(data, elementTypeInfo(elementType).kind === 'complex' ? step / 2 : step)
    : data;
  return { elementType, shape, bytes: order === 'True' ? rowMajor(ordered, shape, step) : ordered };
}

function swapped(data: Uint8Array, width: number): Uint8Array {
  const result = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += width)
    for (let i = 0; i < width; i++) result[at + i] = data[at + width - 1 - i]!;
  return result;
}

/** From first-dimension-fastest to last-dimension-fastest. */
function rowMajor(data: Uint8Array, shape: readonly number[], width: number): Uint8Array {
  const result = new Uint8Array(data.length);
  const strides = shape.map((_, i) => elementCountOf(shape.slice(0, i)));
  const index = shape.map(() => 0);
  for (let to = 0; to < data.length; to += width) {
    const from = width * index.reduce((sum, n, i) => sum + n * strides[i]!, 0);
    result.set(data.subarray(from, from + width), to);
    for (let d = shape.length - 1; d >= 0; d--) {
      if (++index[d]! < shape[d]!) break;
      index[d] = 0;
    }
  }
  return result;
}

/** Version 1.0, data aligned to 64 bytes as NumPy writes it. */
export function encodeNpy(tensor: HostTensor, file: string): Uint8Array {
  const descr = npyTypes[tensor.elementType];
  if (descr === undefined) throw modelFileMessages.error('STR0332', { file, type: tensor.elementType });
  const sizes = tensor.shape.length === 1 ? `${tensor.shape[0]},` : tensor.shape.join(', ');
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const header = `${fields}${' '.repeat((64 - ((10 + fields.length + 1) % 64)) % 64)}\n`;
  if (header.length > 65535)
    throw modelFileMessages.error('STR0330', { file, reason: 'its shape has too many dimensions' });
  const result = new Uint8Array(10 + header.length + tensor.bytes.length);
  result.set(npyMagic);
  result[6] = 1;
  new DataView(result.buffer).setUint16(8, header.length, true);
  result.set(Buffer.from(header, 'latin1'), 10);
  result.set(tensor.bytes, 10 + header.length);
  return result;
}
