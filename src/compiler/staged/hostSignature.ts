/** What a model that runs in stages takes and gives; which models are run so. */
import type { HostSignature, TensorSignature } from '../../artifact/contents';
import { elementTypes as artifactTypes } from '../../artifact/format';
import { elementTypeOfOnnx } from '../../frontend/elementType';
import type { ImportedModel } from '../../frontend/onnx/importOnnx';
import type { DimensionProto, ValueInfoProto } from '../../frontend/onnx/proto/onnxProto';
import type { OnnxModel } from '../../frontend/onnx/readModel';
import { types } from '../../ir';
import { func } from '../../ir/dialects/func';
import { compilerMessages } from '../messages';
import { needsHost } from './stagedRun';

/** Whether a model has control flow, or values of other kinds than tensors, or sizes that only a run tells. */
export function needsStages(model: OnnxModel, { module, unresolved }: ImportedModel): boolean {
  if (needsHost(model) || unresolved !== undefined) return true;
  const main = module.body().ops.find((op) => func.is(op))!;
  if (main.find((op) => op !== main && op.regions.length > 0).length > 0) return true;
  return main.body().args.some((a) => a.type.kind !== 'tensor' || !types.isStatic(a.type.shape));
}

export const hostInputs = ({ graph }: OnnxModel): readonly HostSignature[] => {
  const parameters = new Set(graph.initializer.map((t) => t.name));
  return graph.input.filter((i) => !parameters.has(i.name)).map(signatureOf);
};
export const hostOutputs = ({ graph }: OnnxModel): readonly HostSignature[] => graph.output.map(signatureOf);

function signatureOf({ name, type }: ValueInfoProto): HostSignature {
  const tensor = type?.tensorType;
  const found = tensor === undefined ? undefined : elementTypeOfOnnx(tensor.elemType);
  const elementType = (found === 'bool' ? 'i1' : found) as TensorSignature['elementType'] | undefined;
  if (elementType === undefined || !Object.hasOwn(artifactTypes, elementType))
    return { name, tensor: undefined };
  const shape = tensor?.shape?.dim.map((d, k) => sizeOf(d, `${name}.${k}`)) ?? [];
  return { name, tensor: { elementType, shape } };
}
/** A size without a name is one of its own. */
const sizeOf = (d: DimensionProto, own: string): number | string =>
  d.dimValue !== undefined && d.dimValue >= 0
    ? d.dimValue
    : d.dimParam === undefined || d.dimParam === ''
      ? own
      : d.dimParam;

/** Inputs as tensors. Throws STR0579 for one of another kind. */
export function tensorInputs(inputs: readonly HostSignature[]): readonly TensorSignature[] {
  return inputs.map(({ name, tensor }) => {
    if (tensor === undefined) throw compilerMessages.error('STR0579', { input: name });
    return { name, ...tensor };
  });
}
