/** Opens the file that IR text's `dense_resource` names refer to: a parameter file, or the model itself. */
import { ResourceStore } from '../ir';
import { importOnnx } from '../frontend/onnx/importOnnx';
import { readOnnxModel } from '../frontend/onnx/readModel';
import { readSafetensors } from '../frontend/safetensors';

export function loadResources(file: string): ResourceStore {
  if (file.endsWith('.safetensors')) return readSafetensors(file);
  if (file.endsWith('.onnx')) return importOnnx(readOnnxModel(file)).resources;
  return new ResourceStore();
}
