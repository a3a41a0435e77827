/** The reference models by name. Used by `strata models`, `strata bench` and by tests. */
import { referenceModelMessages } from './messages';
import { llamas } from './llama';
import { mlperfTiny } from './mlperfTiny';
import { mobilenetV1 } from './mobilenetV1';
import { mobilenetV2, mobilenetV2Int8 } from './mobilenetV2';
import { mobilenetV3Large, mobilenetV3Small } from './mobilenetV3';
import type { OnnxGraphBuilder } from './onnxGraphBuilder';
import { quartznet15x5, quartznet5x5 } from './quartznet';
import type { BuildOptions, ReferenceModel } from './referenceModel';
import { resnet50 } from './resnet50';
import { tinyConvnet } from './tinyConvnet';
import { whisperTiny } from './whisper';
import { yoloxNano } from './yolox';

export const referenceModels: readonly ReferenceModel[] = [
  mobilenetV1,
  mobilenetV2,
  mobilenetV2Int8,
  mobilenetV3Small,
  mobilenetV3Large,
  resnet50,
  yoloxNano,
  quartznet5x5,
  quartznet15x5,
  ...whisperTiny,
  ...llamas,
  ...mlperfTiny,
  tinyConvnet,
];

/** Throws STR1001 for an unknown name. */
export function referenceModel(name: string): ReferenceModel {
  const model = referenceModels.find((m) => m.name === name);
  if (model === undefined)
    throw referenceModelMessages.error('STR1001', { name, known: referenceModels.map((m) => m.name) });
  return model;
}

/** The graph of a model. Throws STR1001 for an unknown name, STR1002 for an option out of range. */
export function referenceGraph(name: string, options: BuildOptions = {}): OnnxGraphBuilder {
  const model = referenceModel(name);
  checkOptions(model, options);
  return model.graph(options);
}

/** The bytes of a model file with all weights in it. Throws as `referenceGraph`. */
export const buildReferenceModel = (name: string, options: BuildOptions = {}): Uint8Array =>
  referenceGraph(name, options).build();

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
