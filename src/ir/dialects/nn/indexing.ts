/** Ops of `nn` that find, sort, read and write elements by position. */
import { anyTensor, bool, int, ints, oneOf } from '../../constraints';
import type { ElementArray } from '../../interpreter/runtimeValue';
import { InferenceError, attr, defaultAttr, defineOp, one, optional, optionalAttr } from '../../opDefinition';
import type { Shape } from '../../types';
import { DYNAMIC, i64, tensor } from '../../types';
import { asTensor, mayEqual, normaliseAxis, rowMajorStrides } from './shapes';
import { countOf, gatherStrided, isBig, newElements, numbersIn, tensorOf, tensorValue } from './tensors';
import { noWork, perResult } from './work';

/** Calls `visit` with the offset of the first element of each row along `axis`. */
function forEachRow(
  shape: Shape,
  axis: number,
  visit: (first: number, step: number, length: number, row: number) => void,
): void {
  const step = countOf(shape.slice(axis + 1));
  const length = shape[axis] ?? 1;
  const rows = countOf(shape.slice(0, axis));
  for (let outer = 0; outer < rows; outer++)
    for (let inner = 0; inner < step; inner++)
      visit(outer * length * step + inner, step, length, outer * step + inner);
}
/** `a` before `b` in descending order; NaN counts as the largest. */
const above = (a: number | bigint, b: number | bigint): boolean =>
  a > b || (Number.isNaN(a) && !Number.isNaN(b));

export const argReduce = defineOp({
  name: 'nn.arg_reduce',
  summary: 'the position of the largest or smallest element along an axis',
  doc: 'The reduced axis stays with size 1.',
  operands: { input: one(anyTensor) },
  attrs: {
    axis: attr(int, 'the axis, from 0'),
    kind: attr(oneOf('max', 'min'), 'which element is searched'),
    last: defaultAttr(bool, false, 'whether the last of equal elements is meant, not the first'),
  },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const t = asTensor(types.input, 'input');
    const at = normaliseAxis(attrs.axis, t.shape.length);
    return [
      tensor(
        t.shape.map((d, i) => (i === at ? 1 : d)),
        i64,
      ),
    ];
  },
  evaluate: ({ input, axis, kind, last }, context) => {
    const x = tensorOf(context, input);
    const at = normaliseAxis(axis, x.shape.length);
    const shape = x.shape.map((d, i) => (i === at ? 1 : d));
    const data = new BigInt64Array(countOf(shape));
    forEachRow(x.shape, at, (first, step, length, row) => {
      let best = 0;
      for (let i = 1; i < length; i++) {
        const [v, w] = [x.data[first + i * step]!, x.data[first + best * step]!];
        const better = kind === 'max' ? above(v, w) : v < w || (Number.isNaN(v) && !Number.isNaN(w));
        if (better || (last && v === w)) best = i;
      }
      data[row] = BigInt(best);
    });
    return [tensorValue(shape, i64, data)];
  },
  work: ({ op, input }) => perResult(op, asTensor(input.type, 'input').shape.length),
});

export const topK = defineOp({
  name: 'nn.top_k',
  summary: 'the largest or smallest elements along an axis, in order, and their positions',
  doc: 'Equal elements keep their order.',
  operands: { input: one(anyTensor) },
  attrs: {
    axis: attr(int, 'the axis, from 0'),
    k: attr(int, 'how many'),
    largest: defaultAttr(bool, true, 'the largest elements, not the smallest'),
  },
  results: { values: one(anyTensor), indices: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const t = asTensor(types.input, 'input');
    const at = normaliseAxis(attrs.axis, t.shape.length);
    const size = t.shape[at]!;
    if (attrs.k < 0 || (size !== DYNAMIC && attrs.k > size))
      throw new InferenceError(`k is ${attrs.k}, axis ${at} has ${size} elements`);
    const shape = t.shape.map((d, i) => (i === at ? attrs.k : d));
    return [tensor(shape, t.element), tensor(shape, i64)];
  },
  evaluate: ({ input, axis, k, largest }, context) => {
    const x = tensorOf(context, input);
    const at = normaliseAxis(axis, x.shape.length);
    const shape = x.shape.map((d, i) => (i === at ? k : d));
    const values = newElements(x.element, countOf(shape));
    const indices = new BigInt64Array(values.length);
    forEachRow(x.shape, at, (first, step, length, row) => {
      const order = Array.from({ length }, (_, i) => i).sort((p, q) => {
        const [a, b] = [x.data[first + p * step]!, x.data[first + q * step]!];
        if (above(a, b)) return largest ? -1 : 1;
        return above(b, a) ? (largest ? 1 : -1) : p - q;
      });
      const to = Math.floor(row / step) * k * step + (row % step);
      for (let i = 0; i < k; i++) {
        values[to + i * step] = x.data[first + order[i]! * step]!;
        indices[to + i * step] = BigInt(order[i]!);
      }
    });
    return [tensorValue(shape, x.element, values), tensorValue(shape, i64, indices)];
  },
  work: ({ op }) => perResult(op, 1),
});

export const cumulate = defineOp({
  name: 'nn.cumulate',
  summary: 'running sums or products along an axis',
  operands: { input: one(anyTensor) },
  attrs: {
    axis: attr(int, 'the axis, from 0'),
    kind: attr(oneOf('sum', 'product'), 'what runs'),
    exclusive: defaultAttr(bool, false, 'whether an element is left out of its own result'),
    reverse: defaultAttr(bool, false, 'whether it runs from the end'),
  },
  results: { output: one(anyTensor) },
  traits: ['pure', 'sameType'],
  evaluate: ({ input, axis, kind, exclusive, reverse }, context) => {
    const x = tensorOf(context, input);
    const data = newElements(x.element, x.data.length);
    const wide = isBig(data);
    forEachRow(x.shape, normaliseAxis(axis, x.shape.length), (first, step, length) => {
      let sum: number | bigint = kind === 'sum' ? 0 : 1;
      if (wide) sum = BigInt(sum);
      for (let i = 0; i < length; i++) {
        const p = first + (reverse ? length - 1 - i : i) * step;
        if (exclusive) data[p] = sum;
        sum =
          kind === 'sum' ? (sum as number) + (x.data[p] as number) : (sum as number) * (x.data[p] as number);
        if (!exclusive) data[p] = sum;
      }
    });
    return [tensorValue(x.shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 1),
});

export const reverse = defineOp({
  name: 'nn.reverse',
  summary: 'the order of elements turned round along axes',
  operands: { input: one(anyTensor) },
  attrs: { axes: attr(ints, 'the axes, from 0') },
  results: { output: one(anyTensor) },
  traits: ['pure', 'sameType'],
  evaluate: ({ input, axes }, context) => {
    const x = tensorOf(context, input);
    const strides = rowMajorStrides(x.shape);
    let offset = 0;
    for (const a of axes) {
      offset += Math.max(0, x.shape[a]! - 1) * strides[a]!;
      strides[a] = -strides[a]!;
    }
    return [gatherStrided(x, x.shape, strides, offset)];
  },
  work: ({ op }) => perResult(op, 0),
});

/** An index as a position; negative ones count from the end. */
function positionIn(i: number, size: number, axis: number): number {
  const k = i < 0 ? i + size : i;
  if (!(k >= 0 && k < size)) throw new RangeError(`index ${i} is out of bounds for axis ${axis} of ${size}`);
  return k;
}

export const gatherElements = defineOp({
  name: 'nn.gather_elements',
  summary: 'elements by index along an axis, each result element with its own index',
  doc: 'As `numpy.take_along_axis`; the other positions are those of the index. Negative indices count from the end.',
  operands: { input: one(anyTensor), indices: one(anyTensor) },
  attrs: { axis: attr(int, 'the axis that is indexed') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const [x, which] = [asTensor(types.input, 'input'), asTensor(types.indices, 'indices')];
    normaliseAxis(attrs.axis, x.shape.length);
    if (x.shape.length !== which.shape.length)
      throw new InferenceError(`indices have rank ${which.shape.length}, input has rank ${x.shape.length}`);
    return [tensor(which.shape, x.element)];
  },
  evaluate: ({ input, indices, axis }, context) => {
    const [x, which] = [tensorOf(context, input), tensorOf(context, indices)];
    const at = normaliseAxis(axis, x.shape.length);
    const data = newElements(x.element, which.data.length);
    forEachTarget(x.shape, which.shape, numbersIn(which), at, (from, to) => {
      data[to] = x.data[from]!;
    });
    return [tensorValue(which.shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 0),
});
/** For each index: the offset in `shape` that it means, and its own position. */
function forEachTarget(
  shape: Shape,
  indexShape: Shape,
  indices: readonly number[],
  axis: number,
  visit: (offset: number, position: number) => void,
): void {
  const strides = rowMajorStrides(shape);
  const index = indexShape.map(() => 0);
  indices.forEach((i, position) => {
    let offset = 0;
    index.forEach((p, d) => {
      offset += strides[d]! * (d === axis ? positionIn(i, shape[d]!, d) : p);
    });
    visit(offset, position);
    for (let d = index.length - 1; d >= 0; d--) {
      if (++index[d]! < indexShape[d]!) break;
      index[d] = 0;
    }
  });
}

const reductions = ['none', 'add', 'mul', 'max', 'min'] as const;
type Reduction = (typeof reductions)[number];
function combine(data: ElementArray, at: number, kind: Reduction, value: number | bigint): void {
  // Both sides are of one kind: the element type decides.
  const [a, b] = [data[at] as number, value as number];
  data[at] =
    kind === 'none'
      ? b
      : kind === 'add'
        ? a + b
        : kind === 'mul'
          ? a * b
          : kind === 'max'
            ? b > a || Number.isNaN(b)
              ? b
              : a
            : b < a || Number.isNaN(b)
              ? b
              : a;
}
const scatterAttrs = {
  reduction: defaultAttr(oneOf(...reductions), 'none', 'how an update meets what is there'),
};

export const scatterElements = defineOp({
  name: 'nn.scatter_elements',
  summary: 'a tensor with elements replaced by index along an axis',
  doc: 'The inverse of `nn.gather_elements`. Updates apply in row-major order.',
  operands: { input: one(anyTensor), indices: one(anyTensor), updates: one(anyTensor) },
  attrs: { axis: attr(int, 'the axis that is indexed'), ...scatterAttrs },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const x = asTensor(types.input, 'input');
    normaliseAxis(attrs.axis, x.shape.length);
    return [x];
  },
  evaluate: ({ input, indices, updates, axis, reduction }, context) => {
    const [x, which, values] = [
      tensorOf(context, input),
      tensorOf(context, indices),
      tensorOf(context, updates),
    ];
    const data = x.data.slice();
    const at = normaliseAxis(axis, x.shape.length);
    forEachTarget(x.shape, which.shape, numbersIn(which), at, (to, from) => {
      combine(data, to, reduction, values.data[from]!);
    });
    return [tensorValue(x.shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 1),
});

export const gatherNd = defineOp({
  name: 'nn.gather_nd',
  summary: 'slices of a tensor, by tuples of indices',
  doc: 'The last axis of the indices holds positions in the axes after the batch axes, which both operands share.',
  operands: { input: one(anyTensor), indices: one(anyTensor) },
  attrs: { batch_dims: defaultAttr(int, 0, 'leading axes that belong together') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const [x, which] = [asTensor(types.input, 'input'), asTensor(types.indices, 'indices')];
    return [tensor(gatherNdShape(x.shape, which.shape, attrs.batch_dims), x.element)];
  },
  evaluate: ({ input, indices, batch_dims: batch }, context) => {
    const [x, which] = [tensorOf(context, input), tensorOf(context, indices)];
    const shape = gatherNdShape(x.shape, which.shape, batch);
    const depth = which.shape[which.shape.length - 1]!;
    const data = newElements(x.element, countOf(shape));
    const strides = rowMajorStrides(x.shape);
    const inner = countOf(x.shape.slice(batch + depth));
    const perBatch = countOf(which.shape.slice(batch, -1));
    const all = numbersIn(which);
    for (let row = 0, to = 0; row * depth < all.length; row++) {
      let from = Math.floor(row / perBatch) * countOf(x.shape.slice(batch));
      for (let i = 0; i < depth; i++)
        from += strides[batch + i]! * positionIn(all[row * depth + i]!, x.shape[batch + i]!, batch + i);
      for (let i = 0; i < inner; i++) data[to++] = x.data[from + i]!;
    }
    return [tensorValue(shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 0),
});
function gatherNdShape(input: Shape, indices: Shape, batch: number): Shape {
  const depth = indices[indices.length - 1];
  if (depth === undefined || depth === DYNAMIC)
    throw new InferenceError('the last axis of the indices must have a known size');
  if (batch + depth > input.length)
    throw new InferenceError(`tuples of ${depth} indices do not fit an input of rank ${input.length}`);
  if (indices.slice(0, batch).some((d, i) => !mayEqual(d, input[i]!)))
    throw new InferenceError('the batch axes of input and indices differ');
  return [...indices.slice(0, -1), ...input.slice(batch + depth)];
}

export const scatterNd = defineOp({
  name: 'nn.scatter_nd',
  summary: 'a tensor with slices replaced, by tuples of indices',
  doc: 'The inverse of `nn.gather_nd`. Updates apply in row-major order.',
  operands: { input: one(anyTensor), indices: one(anyTensor), updates: one(anyTensor) },
  attrs: scatterAttrs,
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types }) => {
    const [x, which] = [asTensor(types.input, 'input'), asTensor(types.indices, 'indices')];
    gatherNdShape(x.shape, which.shape, 0);
    return [x];
  },
  evaluate: ({ input, indices, updates, reduction }, context) => {
    const [x, which, values] = [
      tensorOf(context, input),
      tensorOf(context, indices),
      tensorOf(context, updates),
    ];
    const data = x.data.slice();
    const depth = which.shape[which.shape.length - 1]!;
    const strides = rowMajorStrides(x.shape);
    const inner = countOf(x.shape.slice(depth));
    const all = numbersIn(which);
    const rows = countOf(which.shape.slice(0, -1));
    for (let row = 0, from = 0; row < rows; row++) {
      let to = 0;
      for (let i = 0; i < depth; i++) to += strides[i]! * positionIn(all[row * depth + i]!, x.shape[i]!, i);
      for (let i = 0; i < inner; i++) combine(data, to + i, reduction, values.data[from++]!);
    }
    return [tensorValue(x.shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 1),
});

const capacityAttr = {
  capacity: optionalAttr(int, 'the size that depends on data in the result; what is left over holds -1'),
};
/** Positions padded with -1 to the capacity, when one is given. */
function padded(rows: readonly (readonly bigint[])[], capacity: number | undefined): BigInt64Array {
  return BigInt64Array.from(
    rows.flatMap((row) =>
      capacity === undefined
        ? row
        : [...row, ...new Array<bigint>(Math.max(0, capacity - row.length)).fill(-1n)],
    ),
  );
}

export const nonZero = defineOp({
  name: 'nn.non_zero',
  summary: 'the positions of all elements that are not zero',
  doc: 'A matrix with a row per axis and a column per element found, in row-major order.',
  operands: { input: one(anyTensor) },
  attrs: capacityAttr,
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => [
    tensor([asTensor(types.input, 'input').shape.length, attrs.capacity ?? DYNAMIC], i64),
  ],
  evaluate: ({ input, capacity }, context) => {
    const x = tensorOf(context, input);
    const found = Array.from({ length: x.data.length }, (_, i) => i).filter((i) => Number(x.data[i]) !== 0);
    const strides = rowMajorStrides(x.shape);
    const rows = strides.map((s, d) => found.map((i) => BigInt(Math.floor(i / s) % x.shape[d]!)));
    return [tensorValue([x.shape.length, capacity ?? found.length], i64, padded(rows, capacity))];
  },
  work: () => noWork,
});

export const unique = defineOp({
  name: 'nn.unique',
  summary: 'the different slices along an axis',
  doc: 'Results: the slices; the position of the first of each; for each input slice, which one it equals; how often each occurs. NaN differs from NaN. Slices that are left over in the capacity are unspecified.',
  operands: { input: one(anyTensor) },
  attrs: {
    axis: attr(int, 'the axis, from 0'),
    sorted: defaultAttr(bool, true, 'in ascending order, not in order of occurrence'),
    ...capacityAttr,
  },
  results: {
    output: one(anyTensor),
    indices: one(anyTensor),
    inverse: one(anyTensor),
    counts: one(anyTensor),
  },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const t = asTensor(types.input, 'input');
    const at = normaliseAxis(attrs.axis, t.shape.length);
    const size = attrs.capacity ?? DYNAMIC;
    const list = tensor([size], i64);
    return [
      tensor(
        t.shape.map((d, i) => (i === at ? size : d)),
        t.element,
      ),
      list,
      tensor([t.shape[at]!], i64),
      list,
    ];
  },
  evaluate: ({ input, axis, sorted, capacity }, context) => {
    const x = tensorOf(context, input);
    const at = normaliseAxis(axis, x.shape.length);
    const size = x.shape[at]!;
    const inner = countOf(x.shape.slice(at + 1));
    const outer = countOf(x.shape.slice(0, at));
    const slices = Array.from({ length: size }, (_, k) =>
      Array.from(
        { length: outer * inner },
        (__, i) => x.data[(Math.floor(i / inner) * size + k) * inner + (i % inner)]!,
      ),
    );
    const compare = (a: (typeof slices)[number], b: (typeof slices)[number]): number => {
      for (let i = 0; i < a.length; i++) {
        if (above(b[i]!, a[i]!)) return -1;
        if (above(a[i]!, b[i]!)) return 1;
      }
      return 0;
    };
    const groups: { first: number; count: number }[] = [];
    const groupOf = slices.map((s, k) => {
      const known = groups.findIndex(({ first }) => slices[first]!.every((v, i) => v === s[i]));
      if (known >= 0) {
        groups[known]!.count++;
        return known;
      }
      groups.push({ first: k, count: 1 });
      return groups.length - 1;
    });
    const order = groups.map((_, g) => g);
    if (sorted) order.sort((p, q) => compare(slices[groups[p]!.first]!, slices[groups[q]!.first]!));
    const length = capacity ?? order.length;
    const shape = x.shape.map((d, i) => (i === at ? length : d));
    const data = newElements(x.element, countOf(shape));
    order.forEach((g, k) => {
      slices[groups[g]!.first]!.forEach((v, i) => {
        data[(Math.floor(i / inner) * length + k) * inner + (i % inner)] = v;
      });
    });
    const list = (values: readonly number[], size: number) =>
      tensorValue([size], i64, padded([values.map(BigInt)], size));
    return [
      tensorValue(shape, x.element, data),
      list(
        order.map((g) => groups[g]!.first),
        length,
      ),
      list(
        groupOf.map((g) => order.indexOf(g)),
        size,
      ),
      list(
        order.map((g) => groups[g]!.count),
        length,
      ),
    ];
  },
  work: () => noWork,
});

export const nonMaxSuppression = defineOp({
  name: 'nn.non_max_suppression',
  summary: 'boxes of high score that do not overlap much, per batch and class',
  doc: 'Boxes N×B×4, scores N×C×B. Rows of the result are batch, class and box. As ONNX `NonMaxSuppression`.',
  operands: {
    boxes: one(anyTensor),
    scores: one(anyTensor),
    max_output: optional(anyTensor, 'boxes per class; none when absent'),
    iou_threshold: optional(anyTensor, 'largest share of overlap'),
    score_threshold: optional(anyTensor, 'least score'),
  },
  attrs: {
    center_point_box: defaultAttr(bool, false, 'boxes are centre and size, not two corners'),
    ...capacityAttr,
  },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ attrs }) => [tensor([attrs.capacity ?? DYNAMIC, 3], i64)],
  evaluate: (v, context) => {
    const [boxes, scores] = [tensorOf(context, v.boxes), tensorOf(context, v.scores)];
    const scalar = (value: typeof v.max_output, absent: number): number =>
      value === undefined ? absent : Number(tensorOf(context, value).data[0] ?? absent);
    const limit = scalar(v.max_output, 0);
    const overlap = scalar(v.iou_threshold, 0);
    const least = scalar(v.score_threshold, -Infinity);
    const [n, classes, count] = scores.shape as readonly [number, number, number];
    const corners = (image: number, box: number): readonly [number, number, number, number] => {
      const at = (image * count + box) * 4;
      const [a, b, c, d] = [0, 1, 2, 3].map((i) => Number(boxes.data[at + i])) as [
        number,
        number,
        number,
        number,
      ];
      if (v.center_point_box) return [b - d / 2, a - c / 2, b + d / 2, a + c / 2];
      return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
    };
    const iou = (p: readonly number[], q: readonly number[]): number => {
      const height = Math.min(p[2]!, q[2]!) - Math.max(p[0]!, q[0]!);
      const width = Math.min(p[3]!, q[3]!) - Math.max(p[1]!, q[1]!);
      if (height <= 0 || width <= 0) return 0;
      const area = (r: readonly number[]): number => (r[2]! - r[0]!) * (r[3]! - r[1]!);
      return (height * width) / (area(p) + area(q) - height * width);
    };
    const rows: number[] = [];
    for (let image = 0; image < n; image++)
      for (let k = 0; k < classes; k++) {
        const score = (box: number): number => Number(scores.data[(image * classes + k) * count + box]);
        const order = Array.from({ length: count }, (_, i) => i)
          .filter((i) => score(i) > least)
          .sort((p, q) => score(q) - score(p) || p - q);
        const kept: (readonly number[])[] = [];
        for (const box of order) {
          if (kept.length >= limit) break;
          const c = corners(image, box);
          if (kept.some((other) => iou(other, c) > overlap)) continue;
          kept.push(c);
          rows.push(image, k, box);
        }
      }
    const length = v.capacity ?? rows.length / 3;
    return [tensorValue([length, 3], i64, padded([rows.map(BigInt)], 3 * length))];
  },
  work: () => noWork,
});

export const indexingOps = [
  argReduce,
  topK,
  cumulate,
  reverse,
  gatherElements,
  scatterElements,
  gatherNd,
  scatterNd,
  nonZero,
  unique,
  nonMaxSuppression,
];
