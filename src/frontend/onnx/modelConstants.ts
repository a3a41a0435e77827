/**
 * Tensors of a model as attributes of the IR: small ones in the text, all others as named blobs that stay where they
 * are, in the model's bytes or in its external files.
 */
import type { Attribute, Blob, ResourceStore } from '../../ir';
import { denseBytes, denseElements, denseResource, denseStrings } from '../../ir';
import { elementTypeOfOnnx } from '../../ir/dialects/onnx';
import type { ShapedType } from '../../ir/types';
import { dialectType, tensor } from '../../ir/types';
import { elementCountOf, elementTypeInfo } from '../elementType';
import { readFileRange } from '../fileRange';
import { modelFileMessages, quoted } from '../messages';
import { unpackElements } from '../packedElements';
import type { TensorProto } from './proto/onnxProto';
import type { OnnxModel } from './readModel';
import { modelTensorData, rangeInModel } from './readModel';
import type { TensorData } from './tensorData';

/** Integers up to this many are in the text: they are shapes and axes more often than weights. */
const inlineIntegers = 256;

export class ModelConstants {
  constructor(
    readonly model: OnnxModel,
    readonly resources: ResourceStore,
  ) {}

  /** The elements of `tensor`; blobs are named `name`, with a number when that is taken. */
  attribute(proto: TensorProto, name: string): Attribute {
    const data = modelTensorData(this.model, proto);
    const count = elementCountOf(data.shape);
    if (data.storage.kind === 'strings') {
      const strings = tensor(data.shape, dialectType('onnx', 'string', '!onnx.string'));
      return denseStrings(strings, data.storage.strings);
    }
    const element = elementTypeOfOnnx(proto.dataType);
    if (element === undefined)
      throw modelFileMessages.error('STR0320', { tensor: quoted(proto.name), found: proto.dataType });
    const type = tensor(data.shape, element);
    if (
      element.kind !== 'complex' &&
      (count <= 1 || (element.kind === 'integer' && count <= inlineIntegers))
    ) {
      return inline(type, this.#blob(data).read(), count);
    }
    let key = name;
    for (let n = 1; this.resources.has(key); n++) key = `${name}_${n}`;
    this.resources.set(key, this.#blob(data));
    return denseResource(key, type);
  }

  #blob(data: TensorData): Blob {
    const { storage, shape } = data;
    const count = elementCountOf(shape);
    const { bits, kind } = elementTypeInfo(data.elementType);
    const packed = bits < 8;
    const unpack = (bytes: Uint8Array): Uint8Array =>
      packed ? unpackElements(bytes, bits, count, kind === 'signed') : bytes;
    const byteLength = packed ? count : (count * bits) / 8;
    if (storage.kind === 'file') {
      const { range } = storage;
      this.resources.files.add(range.path);
      return {
        byteLength,
        read: () => unpack(readFileRange(range, `[${shape.join(', ')}]`)),
        ...(packed ? {} : { file: range }),
      };
    }
    if (storage.kind !== 'bytes') throw new TypeError('strings have no bytes');
    const file = storage.view && !packed ? rangeInModel(this.model, storage.bytes) : undefined;
    return { byteLength, read: () => unpack(storage.bytes), ...(file === undefined ? {} : { file }) };
  }
}

function inline(type: ShapedType, bytes: Uint8Array, count: number): Attribute {
  if (count === 1) return denseBytes(type, bytes.slice(), true);
  const plain = denseBytes(type, bytes.slice(), false);
  const size = bytes.length / Math.max(1, count);
  // Equal elements print as one, as MLIR does it.
  const repeated = count > 0 && bytes.every((b, i) => i < size || b === bytes[i - size]);
  return count === 0
    ? denseElements(type, [])
    : repeated
      ? denseBytes(type, bytes.slice(0, size), true)
      : plain;
}
