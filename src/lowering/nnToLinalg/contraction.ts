/** Matrix products and convolutions of `nn` as loops that sum products. */
import type { AffineExpr, Builder, Type, Value } from '../../ir';
import { affineAdd, affineConstant, affineDim, AffineMap, affineMul } from '../../ir';
import { fill } from '../../ir/dialects/linalg';
import type { LoopKind } from '../rules/linalgGeneric';
import { buildElementwise, buildGeneric, elementTypeOf, emptyTensor, shapeOf } from '../rules/linalgGeneric';
import { padTensor } from '../rules/tensorBuild';
import { elementProblem } from './elementwise';
import type { NnView } from './lowering';
import { accumulatorType, addScalars, lowering, mulScalars, narrow, scalarConstant, widen } from './lowering';
import { reshapeTensor } from '../rules/tensorReshape';

interface Side {
  readonly value: Value;
  readonly map: AffineMap;
}

/** `out[map] += lhs · rhs` from zero, in the accumulator's type. */
function contract(
  b: Builder,
  lhs: Side,
  rhs: Side,
  shape: readonly number[],
  map: AffineMap,
  loops: readonly LoopKind[],
): Value {
  const element = elementTypeOf(lhs.value);
  const sum = accumulatorType(element);
  const init = zeros(b, shape, sum);
  const [result] = buildGeneric(b, {
    inputs: [lhs, rhs],
    outputs: [{ value: init, map }],
    loops,
    body: (inner, [x, y], [acc]) => [
      addScalars(inner, acc!, mulScalars(inner, widen(inner, x!, sum), widen(inner, y!, sum))),
    ],
  });
  return narrowed(b, result!, element);
}
/** A tensor of zeros. */
function zeros(b: Builder, shape: readonly number[], element: Type): Value {
  return filled(b, scalarConstant(b, 0, element), shape);
}
export function filled(b: Builder, value: Value, shape: readonly number[]): Value {
  const destination = emptyTensor(b, shape, value.type);
  return b.value(fill, { inputs: [value], outputs: [destination] }, destination.type);
}
/** Sums kept in a wider type, rounded to the element type. */
export const narrowed = (b: Builder, sums: Value, element: Type): Value =>
  elementTypeOf(sums) === element
    ? sums
    : buildElementwise(b, [sums], shapeOf(sums), element, (inner, [x]) => narrow(inner, x!, element));

const tap = (position: AffineExpr, stride: number, offset: AffineExpr, dilation: number): AffineExpr =>
  affineAdd(affineMul(position, affineConstant(stride)), affineMul(offset, affineConstant(dilation)));

/** `conv2d`: padding, then loops over output, window and channels of the group; the bias is added after. */
export const conv2dLowering = lowering<NnView<'conv2d'>>((b, view) => {
  const { strides, dilations, pads, groups } = view;
  const last = view.layout === 'nhwc_hwcf';
  const element = elementTypeOf(view.input);
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const rows = last ? 1 : 2;
  const low = [0, 0, 0, 0];
  const high = [0, 0, 0, 0];
  [low[rows], low[rows + 1]] = [top, left];
  [high[rows], high[rows + 1]] = [bottom, right];
  const padded = padTensor(b, view.input, low, high, scalarConstantOf(element));
  const [n, x1, x2, x3] = shapeOf(view.output) as [number, number, number, number];
  const [w0, w1, w2, w3] = shapeOf(view.weight) as [number, number, number, number];
  const [oh, ow, f] = last ? [x1, x2, x3] : [x2, x3, x1];
  const [kh, kw, depth] = last ? [w0, w1, w2] : [w2, w3, w1];
  const [sh, sw] = strides as [number, number];
  const [dh, dw] = dilations as [number, number];
  const d = affineDim;
  let result: Value;
  if (groups === 1) {
    const dims = 7;
    const maps = last
      ? {
          input: [d(0), tap(d(1), sh, d(4), dh), tap(d(2), sw, d(5), dw), d(6)],
          weight: [d(4), d(5), d(6), d(3)],
        }
      : {
          input: [d(0), d(4), tap(d(2), sh, d(5), dh), tap(d(3), sw, d(6), dw)],
          weight: [d(1), d(4), d(5), d(6)],
        };
    result = contract(
      b,
      { value: padded, map: new AffineMap(dims, 0, maps.input) },
      { value: view.weight, map: new AffineMap(dims, 0, maps.weight) },
      shapeOf(view.output),
      AffineMap.projection(dims, [0, 1, 2, 3]),
      [...parallel(4), ...reduction(3)],
    );
  } else if (depth === 1 && f === groups) {
    // Depthwise: one filter per channel, so the channel is a parallel loop of both operands.
    const weight = reshapeTensor(b, view.weight, last ? [kh, kw, f] : [f, kh, kw]);
    const maps = last
      ? { input: [d(0), tap(d(1), sh, d(4), dh), tap(d(2), sw, d(5), dw), d(3)], weight: [d(4), d(5), d(3)] }
      : { input: [d(0), d(1), tap(d(2), sh, d(4), dh), tap(d(3), sw, d(5), dw)], weight: [d(1), d(4), d(5)] };
    result = contract(
      b,
      { value: padded, map: new AffineMap(6, 0, maps.input) },
      { value: weight, map: new AffineMap(6, 0, maps.weight) },
      shapeOf(view.output),
      AffineMap.projection(6, [0, 1, 2, 3]),
      [...parallel(4), ...reduction(2)],
    );
  } else {
    const filters = f / groups;
    const [ph, pw] = shapeOf(padded).slice(rows, rows + 2) as [number, number];
    const input = reshapeTensor(b, padded, last ? [n, ph, pw, groups, depth] : [n, groups, depth, ph, pw]);
    const weight = reshapeTensor(
      b,
      view.weight,
      last ? [kh, kw, depth, groups, filters] : [groups, filters, depth, kh, kw],
    );
    const maps = last
      ? {
          input: [d(0), tap(d(1), sh, d(5), dh), tap(d(2), sw, d(6), dw), d(3), d(7)],
          weight: [d(5), d(6), d(7), d(3), d(4)],
        }
      : {
          input: [d(0), d(1), d(5), tap(d(3), sh, d(6), dh), tap(d(4), sw, d(7), dw)],
          weight: [d(1), d(2), d(5), d(6), d(7)],
        };
    const split = contract(
      b,
      { value: input, map: new AffineMap(8, 0, maps.input) },
      { value: weight, map: new AffineMap(8, 0, maps.weight) },
      last ? [n, oh, ow, groups, filters] : [n, groups, filters, oh, ow],
      AffineMap.projection(8, [0, 1, 2, 3, 4]),
      [...parallel(5), ...reduction(3)],
    );
    result = reshapeTensor(b, split, shapeOf(view.output));
  }
  return view.bias === undefined ? result : addBias(b, result, view.bias, last ? 3 : 1);
});

const scalarConstantOf =
  (element: Type) =>
  (b: Builder): Value =>
    scalarConstant(b, 0, element);

const parallel = (n: number): LoopKind[] => new Array<LoopKind>(n).fill('parallel');
const reduction = (n: number): LoopKind[] => new Array<LoopKind>(n).fill('reduction');

function addBias(b: Builder, value: Value, bias: Value, axis: number): Value {
  const shape = shapeOf(value);
  const perChannel = { value: bias, map: AffineMap.projection(shape.length, [axis]) };
  return buildElementwise(b, [value, perChannel], shape, elementTypeOf(value), (inner, [x, y]) =>
    addScalars(inner, x!, y!),
  );
}

/** `matmul`: loops over batch, rows, columns, and the axis that is summed. A vector has no loop for its missing axis. */
export const matmulLowering = lowering<NnView<'matmul'>>(
  (b, { lhs, rhs, output }) => {
    const [x, y, shape] = [shapeOf(lhs), shapeOf(rhs), shapeOf(output)];
    const [row, column] = [x.length > 1, y.length > 1];
    const batch = shape.length - Number(row) - Number(column);
    const loops = shape.length + 1;
    const k = affineDim(loops - 1);
    const side = (own: readonly number[], matrix: readonly AffineExpr[]): AffineMap => {
      const rank = own.length - matrix.length;
      const axes = own.slice(0, Math.max(0, rank)).map((size, i) => {
        const at = batch - rank + i;
        return size === 1 && shape[at] !== 1 ? affineConstant(0) : affineDim(at);
      });
      return new AffineMap(loops, 0, [...axes, ...matrix]);
    };
    return contract(
      b,
      { value: lhs, map: side(x, row ? [affineDim(batch), k] : [k]) },
      { value: rhs, map: side(y, column ? [k, affineDim(loops - 2)] : [k]) },
      shape,
      AffineMap.projection(
        loops,
        shape.map((_, i) => i),
      ),
      [...parallel(shape.length), 'reduction'],
    );
  },
  ({ lhs }) => elementProblem(lhs),
);
