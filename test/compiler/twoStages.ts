/** A small model of two functions: what is exponentiated is taken apart as a sequence, and one part is squared. Each has a dispatch 0. */
import { axis, encoded, graph, node, value } from './onnxPieces';

/** The nodes at which the time of the first and of the second function stands. */
export const stageNodes = ['exponentiate', 'square'] as const;

export function twoStages(elements = 3): Uint8Array {
  const second = {
    elementType: 'i64',
    shape: [],
    bytes: new Uint8Array(BigInt64Array.of(1n).buffer),
  } as const;
  return encoded(
    graph(
      [
        node('Exp', ['x'], ['e'], [], stageNodes[0]),
        node('SplitToSequence', ['e'], ['parts'], [axis(0)], 'split'),
        node('SequenceAt', ['parts', 'second'], ['row'], [], 'take'),
        node('Mul', ['row', 'row'], ['y'], [], stageNodes[1]),
      ],
      [value('x', 'f32', [3, elements])],
      [value('y')],
      { second },
    ),
  );
}
