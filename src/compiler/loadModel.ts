/** Reads what is to be compiled: an ONNX model, or IR text of any stage. The driver and bisection begin here. */
import path from 'node:path';
import type { Diagnostic } from '../base/diagnostics';
import { importOnnx } from '../frontend/onnx/importOnnx';
import type { OnnxModel } from '../frontend/onnx/readModel';
import { readOnnxModel } from '../frontend/onnx/readModel';
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
  /** `.onnx`, or `.mlir` text of any stage. */
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

/** Throws STR0590 for a file of another kind. */
export async function loadModel({ model, resources, dims }: ModelSource): Promise<LoadedModel> {
  const extension = path.extname(model).toLowerCase();
  if (extension === '.mlir') {
    const text = await readText(model);
    const parsed = parseModule(text, registry, { fileName: path.basename(model) });
    const store = resources === undefined ? new ResourceStore() : loadResources(resources);
    for (const [key, bytes] of parsed.resources) store.setBytes(key, bytes);
    if (isTorchOnnx(parsed.module))
      return imported(fromTorch(parsed.module, store, path.basename(model)), dims);
    return { module: parsed.module, resources: store, nodes: nodesOfText(parsed.module), warnings: [] };
  }
  if (extension === '.gguf') {
    throw compilerMessages.error('STR0590', {
      file: model,
      found: 'GGUF models are not supported by this version',
    });
  }
  return imported(readOnnxModel(model), dims);
}

function imported(read: OnnxModel, dims: ModelSource['dims']): LoadedModel {
  const { warnings, ...model } = importOnnx(read, dims === undefined ? {} : { dims });
  return { ...model, warnings: [...read.warnings, ...warnings] };
}
