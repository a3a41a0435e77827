/** `nn` ops that move elements, as tensor ops and copies. */
import type { Builder, Value } from '../../ir';
import { AffineMap, denseElements, types } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import * as tensorOps from '../../ir/dialects/tensor';
import { broadcastMap, buildElementwise, elementTypeOf, shapeOf } from '../rules/linalgGeneric';
import { padTensor, sliceTensor } from '../rules/tensorBuild';
import { reshapeTensor } from '../rules/tensorReshape';
import { paddedFromInput } from './indexing';
import type { NnView } from './lowering';
import { lowering, scalarConstant } from './lowering';

export const reshapeLowering = lowering<NnView<'reshape'>>((b, { input, output }) =>
  reshapeTensor(b, input, shapeOf(output)),
);

export const transposeLowering = lowering<NnView<'transpose'>>((b, { input, output, permutation }) => {
  const inverse = new Array<number>(permutation.length);
  permutation.forEach((from, to) => (inverse[from] = to));
  return copy(b, input, AffineMap.permutation(inverse), shapeOf(output));
});

export const broadcastLowering = lowering<NnView<'broadcast'>>((b, { input, output }) =>
  copy(b, input, broadcastMap(shapeOf(input), shapeOf(output)), shapeOf(output)),
);

const copy = (b: Builder, value: Value, map: AffineMap, shape: readonly number[]): Value =>
  buildElementwise(b, [{ value, map }], shape, elementTypeOf(value), (_, [x]) => x!);

export const concatLowering = lowering<NnView<'concat'>>((b, { inputs, output, axis }) =>
  inputs.length === 1
    ? inputs[0]!
    : b.value(
        tensorOps.concat,
        { inputs, dim: axis < 0 ? axis + shapeOf(output).length : axis },
        output.type,
      ),
);

export const padLowering = lowering<NnView<'pad'>>((b, view) => {
  const { input, low, high, value, mode } = view;
  if (mode !== 'constant') return paddedFromInput(b, view);
  return padTensor(b, input, low, high, (inner) => scalarConstant(inner, value, elementTypeOf(input)));
});

export const sliceLowering = lowering<NnView<'slice'>>((b, { input, output, starts, steps }) =>
  sliceTensor(b, input, starts, shapeOf(output), steps),
);

export const shapeLowering = lowering<NnView<'shapeOf'>>((b, { input, output }) => {
  const shape = shapeOf(input);
  const type = types.tensor([shape.length], elementTypeOf(output));
  return b.value(arith.constant, { value: denseElements(type, shape) }, type);
});
