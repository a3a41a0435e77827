/** Pooling of `nn` as loops over the output and the window. */
import type { Builder, Value } from '../../ir';
import { affineAdd, affineConstant, affineDim, AffineMap, affineMul, denseElements, types } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { buildElementwise, buildGeneric, elementTypeOf, emptyTensor, shapeOf } from '../rules/linalgGeneric';
import { filled, narrowed } from './contraction';
import { padTensor } from '../rules/tensorBuild';
import { elementProblem, reinterpretTensor } from './elementwise';
import type { BinaryScalars, NnView } from './lowering';
import {
  accumulatorType,
  addScalars,
  bounds,
  isUnsigned,
  lowering,
  maxScalars,
  scalarConstant,
  signless,
  widen,
} from './lowering';

type PoolView = NnView<'maxPool2d'>;
type Scalar = (b: Builder) => Value;

const rowAxis = (layout: PoolView['layout']): number => (layout === 'nhwc' ? 1 : 2);

/** `out[n, y, x, c] = combine over the window`, from `start`, over an input padded with `start`. */
function pool(
  b: Builder,
  view: PoolView,
  start: (element: types.Type) => Scalar,
  combine: BinaryScalars,
): Value {
  const rows = rowAxis(view.layout);
  const given = elementTypeOf(view.input);
  const element = signless(given);
  const sum = accumulatorType(element);
  const low = [0, 0, 0, 0];
  const high = [0, 0, 0, 0];
  [low[rows], low[rows + 1]] = [view.pads[0]!, view.pads[1]!];
  [high[rows], high[rows + 1]] = [view.pads[2]!, view.pads[3]!];
  const padded = padTensor(b, reinterpretTensor(b, view.input, element), low, high, start(given));
  const shape = shapeOf(view.output);
  const input = shape.map((_, i) => affineDim(i));
  [0, 1].forEach((i) => {
    const [stride, dilation] = [affineConstant(view.strides[i]!), affineConstant(view.dilations[i]!)];
    input[rows + i] = affineAdd(
      affineMul(affineDim(rows + i), stride),
      affineMul(affineDim(4 + i), dilation),
    );
  });
  // Says how large the window is; its elements are not read.
  const window = emptyTensor(b, view.kernel, sum);
  const [result] = buildGeneric(b, {
    inputs: [
      { value: padded, map: new AffineMap(6, 0, input) },
      { value: window, map: AffineMap.projection(6, [4, 5]) },
    ],
    outputs: [
      {
        value: filled(b, start(accumulatorType(given))(b), shape),
        map: AffineMap.projection(6, [0, 1, 2, 3]),
      },
    ],
    loops: ['parallel', 'parallel', 'parallel', 'parallel', 'reduction', 'reduction'],
    body: (inner, [x], [acc]) => [combine(inner, acc!, widen(inner, x!, sum), isUnsigned(given))],
  });
  return result!;
}

export const maxPoolLowering = lowering<PoolView>(
  (b, view) => {
    const least =
      (element: types.Type): Scalar =>
      (inner) =>
        inner.value(arith.constant, { value: bounds(element)[0] }, signless(element));
    const element = elementTypeOf(view.input);
    return reinterpretTensor(b, narrowed(b, pool(b, view, least, maxScalars), signless(element)), element);
  },
  ({ input }) => elementProblem(input),
);

/** The sum over the window, divided by its size or by the number of elements inside the input. */
export const averagePoolLowering = lowering<NnView<'averagePool2d'>>((b, view) => {
  const element = elementTypeOf(view.input);
  const sums = pool(b, view, (type) => (inner) => scalarConstant(inner, 0, type), addScalars);
  const sum = elementTypeOf(sums);
  const shape = shapeOf(sums);
  const rows = rowAxis(view.layout);
  if (view.count_include_pad || view.pads.every((p) => p <= 0)) {
    const size = view.kernel[0]! * view.kernel[1]!;
    const means = buildElementwise(b, [sums], shape, sum, (inner, [x]) =>
      inner.value(arith.divf, { lhs: x!, rhs: scalarConstant(inner, size, sum) }),
    );
    return narrowed(b, means, element);
  }
  // The number of elements inside the input is that of rows times that of columns.
  const counts = [0, 1].map((i) => {
    const size = shapeOf(view.input)[rows + i]!;
    const inside = Array.from({ length: shape[rows + i]! }, (_, at) => {
      const first = at * view.strides[i]! - view.pads[i]!;
      return Array.from({ length: view.kernel[i]! }, (__, k) => first + k * view.dilations[i]!).filter(
        (p) => p >= 0 && p < size,
      ).length;
    });
    const type = types.tensor([inside.length], sum);
    const value = b.value(arith.constant, { value: denseElements(type, inside) }, type);
    return { value, map: AffineMap.projection(4, [rows + i]) };
  });
  const means = buildElementwise(
    b,
    [{ value: sums, map: AffineMap.identity(4) }, ...counts],
    shape,
    sum,
    (inner, [x, high, wide]) =>
      inner.value(arith.divf, { lhs: x!, rhs: inner.value(arith.mulf, { lhs: high!, rhs: wide! }) }),
  );
  return narrowed(b, means, element);
});
