/** Small models for the tests of the ONNX reader. */
import type {
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
} from '../../../src/frontend/onnx/proto/onnxProto';
import {
  graphCodec,
  modelCodec,
  nodeCodec,
  valueInfoCodec,
} from '../../../src/frontend/onnx/proto/onnxProto';
import { tensorTypeProto } from '../../../src/frontend/zoo/onnxGraphBuilder';

export const value = (name: string) => valueInfoCodec.make({ name, type: tensorTypeProto('f32', [2]) });
export const node = (
  opType: string,
  input: string[],
  output: string[],
  more: Partial<NodeProto> = {},
): NodeProto => nodeCodec.make({ name: `${opType}_${output[0] ?? ''}`, opType, input, output, ...more });

/** `y = Relu(x)` unless `graph` says otherwise. */
export function sampleModel(
  graph: Partial<GraphProto> = {},
  model: Partial<ModelProto> & { functions?: FunctionProto[] } = {},
): Uint8Array {
  return modelCodec.encode(
    modelCodec.make({
      irVersion: 8,
      opsetImport: [{ domain: '', version: 17 }],
      graph: graphCodec.make({
        name: 'g',
        input: [value('x')],
        output: [value('y')],
        node: [node('Relu', ['x'], ['y'])],
        ...graph,
      }),
      ...model,
    }),
  );
}
