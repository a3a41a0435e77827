/** A small model of two functions: what is exponentiated is taken apart as a sequence, and one part is squared. Each has a dispatch 0. */
import {
  attributeCodec,
  attributeTypes,
  dimensionCodec,
  graphCodec,
  modelCodec,
  nodeCodec,
  operatorSetCodec,
  shapeCodec,
  tensorTypeCodec,
  typeCodec,
  valueInfoCodec,
} from '../../src/frontend/onnx/proto/onnxProto';
import { elementTypeInfo } from '../../src/frontend/elementType';
import { tensorProtoOf } from '../../src/frontend/tensorFile';

/** The nodes at which the time of the first and of the second function stands. */
export const stageNodes = ['exponentiate', 'square'] as const;

export function twoStages(elements = 3): Uint8Array {
  const node = (name: string, opType: string, input: string[], output: string[]) =>
    nodeCodec.make({
      name,
      opType,
      input,
      output,
      attribute:
        opType === 'SplitToSequence'
          ? [attributeCodec.make({ name: 'axis', type: attributeTypes.INT, i: 0n })]
          : [],
    });
  const value = (name: string, shape?: readonly number[]) =>
    valueInfoCodec.make({
      name,
      type: typeCodec.make({
        tensorType: tensorTypeCodec.make({
          elemType: elementTypeInfo('f32').onnx,
          ...(shape === undefined
            ? {}
            : {
                shape: shapeCodec.make({ dim: shape.map((dimValue) => dimensionCodec.make({ dimValue })) }),
              }),
        }),
      }),
    });
  const second = {
    elementType: 'i64',
    shape: [],
    bytes: new Uint8Array(BigInt64Array.of(1n).buffer),
  } as const;
  return modelCodec.encode(
    modelCodec.make({
      irVersion: 8,
      producerName: 'test',
      opsetImport: [operatorSetCodec.make({ domain: '', version: 18 })],
      graph: graphCodec.make({
        name: 'g',
        node: [
          node(stageNodes[0], 'Exp', ['x'], ['e']),
          node('split', 'SplitToSequence', ['e'], ['parts']),
          node('take', 'SequenceAt', ['parts', 'second'], ['row']),
          node(stageNodes[1], 'Mul', ['row', 'row'], ['y']),
        ],
        input: [value('x', [3, elements])],
        output: [value('y')],
        initializer: [tensorProtoOf(second, 'second')],
      }),
    }),
  );
}
