/** Reductions, softmax and batch normalisation of `nn`. */
import type { Attribute, Builder, Type, Value } from '../../ir';
import { affineDim, AffineMap } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import * as math from '../../ir/dialects/math';
import { buildElementwise, buildGeneric, elementTypeOf, shapeOf } from '../rules/linalgGeneric';
import { filled, narrowed } from './contraction';
import { elementProblem, reinterpretTensor } from './elementwise';
import type { BinaryScalars, Lowering, NnView } from './lowering';
import {
  accumulatorType,
  addScalars,
  bounds,
  isFloat,
  isUnsigned,
  lowering,
  maxScalars,
  minScalars,
  mulScalars,
  scalarAttribute,
  scalarConstant,
  signless,
  subScalars,
  widen,
} from './lowering';
import { reshapeTensor } from '../rules/tensorReshape';

interface ReduceView {
  readonly input: Value;
  readonly output: Value;
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}
type Combine = BinaryScalars;

/** The input reduced over `axes`, which the result does not have; in the accumulator's type, which is signless. */
function reduce(
  b: Builder,
  given: Value,
  axes: readonly number[],
  start: (type: Type) => Attribute,
  combine: Combine,
): Value {
  const unsigned = isUnsigned(elementTypeOf(given));
  const input = reinterpretTensor(b, given, signless(elementTypeOf(given)));
  const shape = shapeOf(input);
  const gone = new Set(axes);
  const kept = shape.map((_, i) => i).filter((i) => !gone.has(i));
  const sum = accumulatorType(elementTypeOf(input));
  const first = b.value(arith.constant, { value: start(accumulatorType(elementTypeOf(given))) }, sum);
  const initial = filled(
    b,
    first,
    kept.map((i) => shape[i]!),
  );
  // Nothing is reduced.
  if (axes.some((a) => shape[a] === 0)) return initial;
  const [result] = buildGeneric(b, {
    inputs: [{ value: input, map: AffineMap.identity(shape.length) }],
    outputs: [
      {
        value: initial,
        map: AffineMap.projection(shape.length, kept),
      },
    ],
    loops: shape.map((_, i) => (gone.has(i) ? 'reduction' : 'parallel')),
    body: (inner, [x], [acc]) => [combine(inner, acc!, widen(inner, x!, sum), unsigned)],
  });
  return result!;
}

const fromFront = (axes: readonly number[], rank: number): readonly number[] =>
  axes.map((a) => (a < 0 ? a + rank : a));

const reduction = (start: (type: Type) => Attribute, combine: Combine, mean = false): Lowering<ReduceView> =>
  lowering(
    (b, view) => {
      const shape = shapeOf(view.input);
      const axes = fromFront(view.axes, shape.length);
      if (axes.length === 0) return view.input;
      let result = reduce(b, view.input, axes, start, combine);
      if (mean) {
        const count = axes.reduce((n, a) => n * shape[a]!, 1);
        const type = elementTypeOf(result);
        result = buildElementwise(b, [result], shapeOf(result), type, (inner, [x]) =>
          inner.value(arith.divf, { lhs: x!, rhs: scalarConstant(inner, count, type) }),
        );
      }
      const element = elementTypeOf(view.input);
      const rounded = reinterpretTensor(b, narrowed(b, result, signless(element)), element);
      return reshapeTensor(b, rounded, shapeOf(view.output));
    },
    ({ input }) =>
      elementProblem(input) ??
      (mean && !isFloat(elementTypeOf(input)) ? 'means of integers are not lowered yet' : undefined),
  );
const constantStart =
  (value: number) =>
  (type: Type): Attribute =>
    scalarAttribute(value, type);

export const reductionLowerings = {
  reduceSum: reduction(constantStart(0), addScalars),
  reduceMean: reduction(constantStart(0), addScalars, true),
  reduceMax: reduction((type) => bounds(type)[0], maxScalars),
  reduceMin: reduction((type) => bounds(type)[1], minScalars),
  reduceProd: reduction(constantStart(1), mulScalars),
} as const;

/** The largest element, exponentials of the distances to it, their sum, and the quotient. */
export const softmaxLowering = lowering<NnView<'softmax'>>((b, { input, axis }) => {
  const shape = shapeOf(input);
  const element = elementTypeOf(input);
  const sum = accumulatorType(element);
  const at = axis < 0 ? axis + shape.length : axis;
  const along = new AffineMap(
    shape.length,
    0,
    shape.flatMap((_, i) => (i === at ? [] : [affineDim(i)])),
  );
  const top = reduce(b, input, [at], (type) => bounds(type)[0], maxScalars);
  const identity = AffineMap.identity(shape.length);
  const exponentials = buildElementwise(
    b,
    [
      { value: input, map: identity },
      { value: top, map: along },
    ],
    shape,
    sum,
    (inner, [x, m]) => inner.value(math.exp, { operand: subScalars(inner, widen(inner, x!, sum), m!) }),
  );
  const total = reduce(b, exponentials, [at], constantStart(0), addScalars);
  const quotients = buildElementwise(
    b,
    [
      { value: exponentials, map: identity },
      { value: total, map: along },
    ],
    shape,
    sum,
    (inner, [e, t]) => inner.value(arith.divf, { lhs: e!, rhs: t! }),
  );
  return narrowed(b, quotients, element);
});

/** `x · s + t` with `s = scale / √(variance + ε)` and `t = bias - mean · s`, both computed per channel. */
export const batchNormLowering = lowering<NnView<'batchNorm'>>((b, view) => {
  const shape = shapeOf(view.input);
  const element = elementTypeOf(view.input);
  const channels = [shape[1]!];
  const s = buildElementwise(
    b,
    [view.scale, view.variance],
    channels,
    element,
    (inner, [scale, variance]) => {
      const shifted = inner.value(arith.addf, {
        lhs: variance!,
        rhs: scalarConstant(inner, view.epsilon, element),
      });
      return inner.value(arith.divf, { lhs: scale!, rhs: inner.value(math.sqrt, { operand: shifted }) });
    },
  );
  const t = buildElementwise(b, [view.bias, view.mean, s], channels, element, (inner, [bias, mean, factor]) =>
    subScalars(inner, bias!, mulScalars(inner, mean!, factor!)),
  );
  const perChannel = AffineMap.projection(shape.length, [1]);
  return buildElementwise(
    b,
    [
      { value: view.input, map: AffineMap.identity(shape.length) },
      { value: s, map: perChannel },
      { value: t, map: perChannel },
    ],
    shape,
    element,
    (inner, [x, factor, offset]) => addScalars(inner, mulScalars(inner, x!, factor!), offset!),
  );
});
