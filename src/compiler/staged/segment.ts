/** A run of nodes of a model as a model of its own, with inputs of known shape. */
import type { HostTensor } from '../../frontend/elementType';
import { elementTypeInfo } from '../../frontend/elementType';
import type { ImportedModel } from '../../frontend/onnx/importOnnx';
import { importOnnx } from '../../frontend/onnx/importOnnx';
import type { NodeProto, TensorProto, TypeProto, ValueInfoProto } from '../../frontend/onnx/proto/onnxProto';
import type { OnnxModel } from '../../frontend/onnx/readModel';
import { tensorProtoOf } from '../../frontend/tensorFile';

export interface SegmentParts {
  readonly nodes: readonly NodeProto[];
  /** Values of the inputs; those in `constants` become parameters, which shapes may depend on. */
  readonly inputs: ReadonlyMap<string, HostTensor>;
  readonly constants: ReadonlySet<string>;
  readonly parameters: readonly TensorProto[];
  readonly outputs: readonly string[];
}

export function importSegment(model: OnnxModel, parts: SegmentParts): ImportedModel {
  const { nodes, inputs, constants, parameters, outputs } = parts;
  const names = [...inputs.keys()];
  const graph = {
    ...model.graph,
    node: nodes,
    valueInfo: [],
    initializer: [
      ...parameters,
      ...names.filter((n) => constants.has(n)).map((n) => tensorProtoOf(inputs.get(n)!, n)),
    ],
    input: names.filter((n) => !constants.has(n)).map((n) => valueInfo(n, typeOf(inputs.get(n)!))),
    output: outputs.map((n) => valueInfo(n, undefined)),
  };
  return importOnnx({ ...model, graph });
}

const valueInfo = (name: string, type: TypeProto | undefined): ValueInfoProto => ({
  name,
  type,
  docString: '',
  metadataProps: [],
});
const typeOf = (tensor: HostTensor): TypeProto => ({
  tensorType: {
    elemType: elementTypeInfo(tensor.elementType).onnx,
    shape: { dim: tensor.shape.map((dimValue) => ({ dimValue, dimParam: undefined, denotation: '' })) },
  },
  sequenceType: undefined,
  mapType: undefined,
  optionalType: undefined,
  sparseTensorType: undefined,
  opaqueType: undefined,
  denotation: '',
});
