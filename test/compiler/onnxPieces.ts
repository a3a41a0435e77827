/** Pieces of ONNX models for tests of what `OnnxGraphBuilder` does not make: control flow, sequences, outputs without a shape. */
import type { ElementType, HostTensor } from '../../src/frontend/elementType';
import { elementTypeInfo } from '../../src/frontend/elementType';
import type { AttributeProto, GraphProto, NodeProto } from '../../src/frontend/onnx/proto/onnxProto';
import {
  attributeCodec,
  attributeTypes,
  graphCodec,
  modelCodec,
  nodeCodec,
  operatorSetCodec,
  tensorTypeCodec,
  typeCodec,
  valueInfoCodec,
} from '../../src/frontend/onnx/proto/onnxProto';
import { tensorProtoOf } from '../../src/frontend/tensorFile';
import { tensorTypeProto } from '../../src/frontend/zoo/onnxGraphBuilder';

/** An input or output; without a shape, nothing is said of it. */
export const value = (name: string, type: ElementType = 'f32', shape?: readonly (number | string)[]) =>
  valueInfoCodec.make({
    name,
    type:
      shape === undefined
        ? typeCodec.make({ tensorType: tensorTypeCodec.make({ elemType: elementTypeInfo(type).onnx }) })
        : tensorTypeProto(type, shape),
  });

export const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: readonly AttributeProto[] = [],
  name = `${opType}_${output[0]}`,
): NodeProto => nodeCodec.make({ name, opType, input, output, attribute });

export const axis = (n: number): AttributeProto =>
  attributeCodec.make({ name: 'axis', type: attributeTypes.INT, i: BigInt(n) });

/** The body of a loop, or a branch. */
export const body = (name: string, g: GraphProto): AttributeProto =>
  attributeCodec.make({ name, type: attributeTypes.GRAPH, g });

export const graph = (
  node: readonly NodeProto[],
  input: GraphProto['input'],
  output: GraphProto['output'],
  constants: Readonly<Record<string, HostTensor>> = {},
): GraphProto =>
  graphCodec.make({
    name: 'g',
    node,
    input,
    output,
    initializer: Object.entries(constants).map(([name, t]) => tensorProtoOf(t, name)),
  });

/** The bytes of a model of opset 18. */
export const encoded = (g: GraphProto): Uint8Array =>
  modelCodec.encode(
    modelCodec.make({
      irVersion: 8,
      producerName: 'test',
      opsetImport: [operatorSetCodec.make({ domain: '', version: 18 })],
      graph: g,
    }),
  );
