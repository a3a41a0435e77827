/**
 * Reads an ONNX file, says what is wrong with it, and checks what the importer relies on: versions, unique
 * definitions, topological order. Weights stay where they are: views of the file, or ranges of external files.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../base/diagnostics';
import { modelFileMessages } from '../messages';
import { checkModel } from './checkModel';
import type { GraphProto, ModelProto } from './proto/onnxProto';
import { modelCodec } from './proto/onnxProto';
import { ProtobufError } from './proto/wire';
import { headSize, recogniseOther } from './recognise';
import type { FileRange, TensorData } from './tensorData';
import { tensorData } from './tensorData';
import type { TensorProto } from './proto/onnxProto';

/** Protobuf messages end here; larger models keep their weights in external files. */
const maximumSize = 2 ** 31;

export interface OnnxModel {
  /** What errors call it: the path as given, or the name given with the bytes. */
  readonly file: string;
  /** Absolute; undefined for a model that was given as bytes. */
  readonly path: string | undefined;
  /** The whole file; `rawData` of its tensors are views of it. */
  readonly bytes: Uint8Array;
  readonly proto: ModelProto;
  readonly graph: GraphProto;
  /** Opset version of each imported domain; the standard domain is the empty text. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly warnings: readonly Diagnostic[];
}

export type OnnxSource = string | { readonly bytes: Uint8Array; readonly name: string };

/** Reads and checks a model: a path, or bytes under a name. Throws coded errors (STR03xx). */
export function readOnnxModel(source: OnnxSource): OnnxModel {
  const file = typeof source === 'string' ? source : source.name;
  const bytes = typeof source === 'string' ? readWhole(source) : source.bytes;
  const proto = decodeModel(bytes, file);
  const { graph, opsets, warnings } = checkModel(proto, file);
  return {
    file,
    path: typeof source === 'string' ? path.resolve(source) : undefined,
    bytes,
    proto,
    graph,
    opsets,
    warnings,
  };
}

function readWhole(file: string): Uint8Array {
  try {
    const stat = statSync(file);
    if (stat.isDirectory())
      throw modelFileMessages.error('STR0302', {
        file,
        found: isSavedModel(file) ? 'the folder of a TensorFlow SavedModel' : 'a folder',
        next: isSavedModel(file)
          ? `Convert it: python -m tf2onnx.convert --saved-model ${file} --output model.onnx.`
          : 'Choose an .onnx file.',
      });
    if (!stat.isFile())
      throw modelFileMessages.error('STR0301', { file, reason: 'it is not a regular file' });
    if (stat.size >= maximumSize) throw modelFileMessages.error('STR0306', { file, size: stat.size });
    return readFileSync(file);
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'permission is denied'
          : error.message;
    throw modelFileMessages.error('STR0301', { file, reason }, { cause: error });
  }
}
function isSavedModel(folder: string): boolean {
  return statSync(path.join(folder, 'saved_model.pb'), { throwIfNoEntry: false }) !== undefined;
}

function decodeModel(bytes: Uint8Array, file: string): ModelProto {
  if (bytes.length === 0)
    throw modelFileMessages.error('STR0302', {
      file,
      found: 'an empty file',
      next: 'Download or export the model again.',
    });
  if (bytes.length >= maximumSize) throw modelFileMessages.error('STR0306', { file, size: bytes.length });
  const notOnnx = () => {
    const other = recogniseOther(bytes.subarray(0, headSize), path.basename(file));
    return other === undefined ? undefined : modelFileMessages.error('STR0302', { file, ...other });
  };
  let proto: ModelProto;
  try {
    proto = modelCodec.decode(bytes);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    const truncated = error.kind === 'truncated';
    if (startsLikeModel(bytes) && truncated)
      throw modelFileMessages.error(
        'STR0303',
        { file, at: error.offset, size: bytes.length },
        { cause: error },
      );
    const reason = truncated ? 'it holds no ONNX message' : error.reason;
    throw (
      (startsLikeModel(bytes) ? undefined : notOnnx()) ??
      modelFileMessages.error('STR0304', { file, reason, at: error.offset }, { cause: error })
    );
  }
  if (proto.graph === undefined)
    throw notOnnx() ?? modelFileMessages.error('STR0305', { file, missing: 'graph' });
  return proto;
}

/** An ONNX file starts with its IR version (field 1, a small number), unless a tool has reordered its fields. */
const startsLikeModel = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x08 &&
  (bytes[1] === undefined || bytes[1] < 64) &&
  (bytes[2] === undefined || (bytes[2] & 7) <= 2);

/** Where a view of the model's own bytes lies in its file; undefined for a model without a path. */
export function rangeInModel(model: OnnxModel, view: Uint8Array): FileRange | undefined {
  if (model.path === undefined || view.buffer !== model.bytes.buffer) return undefined;
  return { path: model.path, offset: view.byteOffset - model.bytes.byteOffset, length: view.byteLength };
}

/** The elements of a tensor of `model`. */
export const modelTensorData = (model: OnnxModel, tensor: TensorProto): TensorData =>
  tensorData(tensor, model.path);
