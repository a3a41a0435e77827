/** Model files of every format as IR, of the import stage or of the stage that a text is in. The driver and bisection begin here. */
import path from 'node:path';
import type { Diagnostic } from '../base/diagnostics';
import type { ImportedNode } from '../frontend/onnx/importOnnx';
import { importOnnx } from '../frontend/onnx/importOnnx';
import type { OnnxModel } from '../frontend/onnx/readModel';
import { readOnnxModel } from '../frontend/onnx/readModel';
import { tfliteToOnnx } from '../frontend/tflite/importTflite';
import { readTflite } from '../frontend/tflite/schema';
import { fromTorch, isTorchOnnx } from '../frontend/torchOnnx/fromTorch';
import type { Operation } from '../ir';
import { ResourceStore, parseModule } from '../ir';
import { registry } from '../ir/dialects/index';
import type { ModelNodeInfo } from './compilation';
import { nodesOfText } from './continuation';
import { compilerMessages } from './messages';
import { readText } from './readText';
import { loadResources } from './resourceFiles';

export interface ModelSource {
  /** `.onnx`, `.tflite`, or `.mlir` text of any stage. */
  readonly model: string;
  /** For `.mlir`: the file that its blobs are in. */
  readonly resources?: string;
  /** Sizes of the model's symbolic dimensions. */
  readonly dims?: Readonly<Record<string, number>>;
}

export interface LoadedModel {
  readonly module: Operation;
  readonly resources: ResourceStore;
  readonly nodes: readonly ModelNodeInfo[];
  readonly warnings: readonly Diagnostic[];
}

/** Throws STR0590 for a format that is not read, and what its reader throws. */
export async function loadModel(source: ModelSource): Promise<LoadedModel> {
  const { model: file } = source;
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

async function loadText(source: ModelSource): Promise<LoadedModel> {
  const { model: file } = source;
  const name = path.basename(file);
  const { module, resources } = parseModule(await readText(file), registry, { fileName: name });
  const store = source.resources === undefined ? new ResourceStore() : loadResources(source.resources);
  for (const [key, bytes] of resources) store.setBytes(key, bytes);
  if (isTorchOnnx(module)) return imported(fromTorch(module, store, name), source);
  return { module, resources: store, nodes: nodesOfText(module), warnings: [] };
}

function imported(
  read: OnnxModel,
  { dims = {} }: ModelSource,
  origins?: readonly ImportedNode[],
): LoadedModel {
  const { warnings, ...model } = importOnnx(read, { dims, ...(origins === undefined ? {} : { origins }) });
  return { ...model, warnings: [...read.warnings, ...warnings] };
}
