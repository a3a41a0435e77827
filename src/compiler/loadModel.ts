/** Model files of every format as IR, of the import stage or of the stage that a text is in. The driver and bisection begin here. */
import path from 'node:path';
import type { Diagnostic } from '../base/diagnostics';
import type { ImportedNode } from '../frontend/onnx/importOnnx';
import { importOnnx } from '../frontend/onnx/importOnnx';
import type { OnnxModel } from '../frontend/onnx/readModel';
import { readFileRange } from '../frontend/fileRange';
import { readOnnxModel } from '../frontend/onnx/readModel';
import { tfliteToOnnx } from '../frontend/tflite/importTflite';
import { readTflite } from '../frontend/tflite/schema';
import { fromTorch, isTorchOnnx } from '../frontend/torchOnnx/fromTorch';
import type { FileRange, Operation } from '../ir';
import { ResourceStore, parseModule } from '../ir';
import { registry } from '../ir/dialects/index';
import type { ModelNodeInfo } from './compilation';
import { nameOwnNodes, nodesOfText } from './continuation';
import { compilerMessages } from './messages';
import { readText } from './readText';
import { loadResources } from './resourceFiles';
import { needsStages } from './staged/hostSignature';

export interface ModelSource {
  /** `.onnx`, `.tflite`, or `.mlir` text of any stage. */
  readonly model: string;
  /** For `.mlir`: the file that its blobs are in. */
  readonly resources?: string;
  /** Sizes of the model's symbolic dimensions. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Instead of the file. */
  readonly source?: ModelText;
}

/** IR text with the blobs that it names, as data that crosses threads. */
export interface ModelText {
  readonly text: string;
  readonly blobs: readonly (readonly [name: string, blob: Uint8Array | FileRange])[];
}

export interface LoadedModel {
  readonly module: Operation;
  readonly resources: ResourceStore;
  readonly nodes: readonly ModelNodeInfo[];
  readonly warnings: readonly Diagnostic[];
  /** Present when it runs in stages (`needsStages`): then `module` is for people, and sizes in it are not known. */
  readonly host?: OnnxModel | undefined;
  /** The model as ONNX has it; undefined for IR. */
  readonly onnx?: OnnxModel;
}

/** Throws STR0590 for a format that is not read, and what its reader throws. */
export async function loadModel(source: ModelSource): Promise<LoadedModel> {
  const { model: file } = source;
  if (source.source !== undefined) return textOf(file, source.source);
  switch (path.extname(file).toLowerCase()) {
    case '.mlir':
      return loadText(source);
    case '.gguf':
      throw compilerMessages.error('STR0590', {
        file,
        found: 'GGUF models are not supported by this version',
      });
    case '.tflite': {
      const { model, origins } = tfliteToOnnx(readTflite(file));
      return imported(model, source, origins);
    }
    default:
      return imported(readOnnxModel(file), source);
  }
}

function textOf(name: string, { text, blobs }: ModelText): LoadedModel {
  const { module } = parseModule(text, registry, { fileName: name });
  const resources = new ResourceStore();
  for (const [key, blob] of blobs)
    if (blob instanceof Uint8Array) resources.setBytes(key, blob);
    else resources.set(key, { byteLength: blob.length, read: () => readFileRange(blob, key), file: blob });
  return { module, resources, nodes: nodesOfText(module, path.basename(name)), warnings: [] };
}

async function loadText(source: ModelSource): Promise<LoadedModel> {
  const { model: file } = source;
  const name = path.basename(file);
  const { module, resources } = parseModule(await readText(file), registry, { fileName: name });
  const store = source.resources === undefined ? new ResourceStore() : loadResources(source.resources);
  for (const [key, bytes] of resources) store.setBytes(key, bytes);
  if (isTorchOnnx(module)) return imported(fromTorch(module, store, name), source);
  nameOwnNodes(module, name);
  return { module, resources: store, nodes: nodesOfText(module, name), warnings: [] };
}

function imported(
  read: OnnxModel,
  { dims = {} }: ModelSource,
  origins?: readonly ImportedNode[],
): LoadedModel {
  const model = importOnnx(read, { dims, ...(origins === undefined ? {} : { origins }) });
  const { module, resources, nodes } = model;
  const host =
    read.path !== undefined && origins === undefined && needsStages(read, model) ? read : undefined;
  return { module, resources, nodes, host, onnx: read, warnings: [...read.warnings, ...model.warnings] };
}
