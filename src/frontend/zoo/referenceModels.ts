/** The reference models by name. Used by `strata models` and by tests. */
import type { TensorProto } from '../onnx/proto/onnxProto';
import type { OnnxModel } from '../onnx/readModel';
import { elementCountOf } from '../elementType';
import { referenceModelMessages } from './messages';
import { mobilenetV2 } from './mobilenetV2';
import type { BuildOptions, ReferenceModel } from './referenceModel';
import { resnet50 } from './resnet50';
import { tinyConvnet } from './tinyConvnet';

export const referenceModels: readonly ReferenceModel[] = [mobilenetV2, resnet50, tinyConvnet];

/** Throws STR1001 for an unknown name. */
export function referenceModel(name: string): ReferenceModel {
  const model = referenceModels.find((m) => m.name === name);
  if (model === undefined)
    throw referenceModelMessages.error('STR1001', { name, known: referenceModels.map((m) => m.name) });
  return model;
}

/** The bytes of the model file. Throws STR1001 for an unknown name, STR1002 for an option out of range. */
export function buildReferenceModel(name: string, options: BuildOptions = {}): Uint8Array {
  const model = referenceModel(name);
  checkOptions(model, options);
  return model.build(options);
}

function checkOptions(model: ReferenceModel, options: BuildOptions): void {
  const wrong = (option: keyof BuildOptions, expected: string) =>
    referenceModelMessages.error('STR1002', {
      name: model.name,
      option,
      found: String(options[option]),
      expected,
    });
  const { batch = 1, seed = 0, width, resolution } = options;
  if (
    typeof batch === 'number'
      ? !(Number.isInteger(batch) && batch >= 1 && batch <= 4096)
      : !/^[A-Za-z_]\w*$/.test(batch)
  )
    throw wrong('batch', 'a whole number from 1 to 4096, or a symbol such as N');
  if (!Number.isSafeInteger(seed) || seed < 0) throw wrong('seed', 'a whole number that is not negative');
  if (width !== undefined) {
    if (!model.variable.includes('width')) throw wrong('width', 'nothing: this architecture has one width');
    if (!(width >= 0.1 && width <= 4)) throw wrong('width', 'a number from 0.1 to 4');
  }
  if (resolution !== undefined) {
    if (!model.variable.includes('resolution')) throw wrong('resolution', 'nothing: the input size is fixed');
    if (!(Number.isInteger(resolution) && resolution >= 16 && resolution <= 2048))
      throw wrong('resolution', 'a whole number from 16 to 2048');
  }
}

/** Trained parameters of a model: elements of its weights without running statistics and the bounds of Clip. */
export function countParameters(model: OnnxModel): number {
  const others = new Set<string>();
  for (const node of model.graph.node) {
    if (node.opType === 'BatchNormalization') for (const i of [3, 4]) others.add(node.input[i] ?? '');
    if (node.opType === 'Clip') for (const i of [1, 2]) others.add(node.input[i] ?? '');
  }
  return model.graph.initializer
    .filter((t: TensorProto) => !others.has(t.name))
    .reduce((sum, t) => sum + elementCountOf(t.dims), 0);
}
