/** Ops of `nn` that move elements without computing: reshape, transpose, concat, pad, slice, gather, broadcast, shape. */
import { anyTensor, int, ints, number32, oneOf } from '../../constraints';
import { InferenceError, attr, defaultAttr, defineOp, one, variadic } from '../../opDefinition';
import type { Shape, TensorType, Type } from '../../types';
import { DYNAMIC, elementCount, i64, index, i32, tensor } from '../../types';
import {
  asTensor,
  broadcastShapes,
  expectLength,
  known,
  mayEqual,
  normaliseAxis,
  rowMajorStrides,
  sizes,
} from './shapes';
import {
  broadcastStrides,
  countOf,
  gatherStrided,
  isBig,
  newElements,
  numbersIn,
  tensorOf,
  tensorValue,
} from './tensors';
import { noWork, perResult } from './work';

function reshaped(input: Shape, target: readonly number[]): Shape {
  const open = target.filter((d) => d === DYNAMIC).length;
  if (open > 1)
    throw new InferenceError(`shape ${sizes(target)} leaves ${open} sizes open, at most one can be computed`);
  const given = target.reduce((n, d) => (d === DYNAMIC ? n : n * d), 1);
  const total = elementCount(input);
  if (total === undefined) return target;
  if (open === 0) {
    if (given !== total)
      throw new InferenceError(
        `input ${sizes(input)} has ${total} elements, shape ${sizes(target)} needs ${given}`,
      );
    return target;
  }
  if (given === 0 || total % given !== 0)
    throw new InferenceError(
      `input ${sizes(input)} has ${total} elements, which shape ${sizes(target)} does not divide`,
    );
  return target.map((d) => (d === DYNAMIC ? total / given : d));
}

export const reshape = defineOp({
  name: 'nn.reshape',
  summary: 'the same elements in row-major order under another shape',
  doc: 'At most one size of `shape` may be -1: it is computed from the number of elements.',
  operands: { input: one(anyTensor) },
  attrs: { shape: attr(ints, 'the new sizes') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const t = asTensor(types.input, 'input');
    return [tensor(reshaped(t.shape, attrs.shape), t.element)];
  },
  evaluate: ({ input, shape }, context) => {
    const x = tensorOf(context, input);
    return [{ ...x, shape: reshaped(x.shape, shape) }];
  },
  work: () => noWork,
});

function permuted(shape: Shape, permutation: readonly number[]): Shape {
  expectLength(permutation, shape.length, 'permutation');
  if (new Set(permutation).size !== shape.length || permutation.some((p) => p < 0 || p >= shape.length))
    throw new InferenceError(`[${permutation.join(', ')}] is not a permutation of ${shape.length} axes`);
  return permutation.map((p) => shape[p]!);
}
export const transpose = defineOp({
  name: 'nn.transpose',
  summary: 'the axes in another order',
  doc: 'Axis `i` of the result is axis `permutation[i]` of the input.',
  operands: { input: one(anyTensor) },
  attrs: { permutation: attr(ints, 'input axis of each result axis') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const t = asTensor(types.input, 'input');
    return [tensor(permuted(t.shape, attrs.permutation), t.element)];
  },
  evaluate: ({ input, permutation }, context) => {
    const x = tensorOf(context, input);
    const strides = rowMajorStrides(x.shape);
    return [
      gatherStrided(
        x,
        permuted(x.shape, permutation),
        permutation.map((p) => strides[p]!),
      ),
    ];
  },
  work: ({ op }) => perResult(op, 0),
});

function concatenated(types: readonly TensorType[], axis: number): TensorType {
  const [first] = types;
  if (first === undefined) throw new InferenceError('at least one input is needed');
  const at = normaliseAxis(axis, first.shape.length);
  const shape = [...first.shape];
  for (const t of types.slice(1)) {
    if (t.element !== first.element || t.shape.length !== shape.length)
      throw new InferenceError(`${t.text} cannot be joined to ${first.text}`);
    t.shape.forEach((d, i) => {
      if (i === at) shape[i] = shape[i] === DYNAMIC || d === DYNAMIC ? DYNAMIC : shape[i]! + d;
      else if (mayEqual(shape[i]!, d)) shape[i] = known(shape[i]!, d);
      else
        throw new InferenceError(
          `${t.text} cannot be joined to ${first.text} along axis ${at}: sizes ${d} and ${shape[i]} in axis ${i}`,
        );
    });
  }
  return tensor(shape, first.element);
}
export const concat = defineOp({
  name: 'nn.concat',
  summary: 'tensors joined along an axis',
  operands: { inputs: variadic(anyTensor) },
  attrs: { axis: attr(int, 'the axis, from 0') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => [
    concatenated(
      types.inputs.map((t, i) => asTensor(t, `input ${i}`)),
      attrs.axis,
    ),
  ],
  evaluate: ({ inputs, axis }, context) => {
    const xs = inputs.map((v) => tensorOf(context, v));
    const type = concatenated(
      xs.map((x) => tensor(x.shape, x.element)),
      axis,
    );
    const data = newElements(type.element, countOf(type.shape));
    const at = normaliseAxis(axis, type.shape.length);
    const row = countOf(type.shape.slice(at));
    let start = 0;
    for (const x of xs) {
      const part = countOf(x.shape.slice(at));
      for (let from = 0, to = start; part > 0 && from < x.data.length; from += part, to += row)
        (data as Float32Array).set((x.data as Float32Array).subarray(from, from + part), to);
      start += part;
    }
    return [{ kind: 'tensor', shape: type.shape, element: type.element, data }];
  },
  work: ({ op }) => perResult(op, 0),
});

function padded(shape: Shape, low: readonly number[], high: readonly number[]): Shape {
  expectLength(low, shape.length, 'low');
  expectLength(high, shape.length, 'high');
  return shape.map((d, i) => {
    if (d === DYNAMIC) return d;
    const size = d + low[i]! + high[i]!;
    if (size < 0)
      throw new InferenceError(`padding ${low[i]} and ${high[i]} takes more than axis ${i} of ${d} has`);
    return size;
  });
}
const padModes = ['constant', 'edge', 'reflect', 'wrap'] as const;
export const pad = defineOp({
  name: 'nn.pad',
  summary: 'a tensor with elements added around it',
  doc: 'Mode `constant` adds `value`; `edge` repeats the border; `reflect` mirrors at the border element; `wrap` continues from the other side. Negative amounts cut off.',
  operands: { input: one(anyTensor) },
  attrs: {
    low: attr(ints, 'elements before each axis'),
    high: attr(ints, 'elements after each axis'),
    value: defaultAttr(number32, 0, 'what mode `constant` adds'),
    mode: defaultAttr(oneOf(...padModes), 'constant', 'where added elements come from'),
  },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const t = asTensor(types.input, 'input');
    return [tensor(padded(t.shape, attrs.low, attrs.high), t.element)];
  },
  evaluate: ({ input, low, high, value, mode }, context) => {
    const x = tensorOf(context, input);
    const shape = padded(x.shape, low, high);
    const data = newElements(x.element, countOf(shape));
    const fill = isBig(data) ? BigInt(Math.trunc(value)) : value;
    const strides = rowMajorStrides(x.shape);
    const position = new Array<number>(shape.length).fill(0);
    for (let to = 0; to < data.length; to++) {
      let from = 0;
      for (let d = 0; d < shape.length && from >= 0; d++) {
        const size = x.shape[d]!;
        let p = position[d]! - low[d]!;
        if (p < 0 || p >= size) {
          if (mode === 'constant') {
            from = -1;
            break;
          }
          if (mode === 'edge') p = p < 0 ? 0 : size - 1;
          else if (mode === 'wrap') p = ((p % size) + size) % size;
          else {
            const period = Math.max(1, 2 * (size - 1));
            p = ((p % period) + period) % period;
            if (p >= size) p = period - p;
          }
        }
        from += p * strides[d]!;
      }
      data[to] = from < 0 ? fill : x.data[from]!;
      for (let d = shape.length - 1; d >= 0; d--) {
        if (++position[d]! < shape[d]!) break;
        position[d] = 0;
      }
    }
    return [tensorValue(shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 0),
});

/** Size of a slice; an end of -1 is the end of the axis. */
function sliced(
  shape: Shape,
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[],
): Shape {
  for (const [list, what] of [
    [starts, 'starts'],
    [ends, 'ends'],
    [steps, 'steps'],
  ] as const)
    expectLength(list, shape.length, what);
  return shape.map((d, i) => {
    const [start, end, step] = [starts[i]!, ends[i]!, steps[i]!];
    if (step < 1 || start < 0)
      throw new InferenceError(`start ${start} and step ${step} of axis ${i} must be 0 and 1 or more`);
    const last = end === DYNAMIC ? d : end;
    if (last === DYNAMIC) return start === 0 && step === 1 ? d : DYNAMIC;
    if (d !== DYNAMIC && last > d) throw new InferenceError(`end ${last} is behind axis ${i} of ${d}`);
    return Math.max(0, Math.ceil((last - start) / step));
  });
}
export const slice = defineOp({
  name: 'nn.slice',
  summary: 'a part of a tensor',
  doc: 'Elements `starts[i]`, `starts[i] + steps[i]`, … before `ends[i]` of each axis; an end of -1 is the end of the axis.',
  operands: { input: one(anyTensor) },
  attrs: {
    starts: attr(ints, 'first element of each axis'),
    ends: attr(ints, 'where each axis ends'),
    steps: attr(ints, 'distance of the elements taken'),
  },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const t = asTensor(types.input, 'input');
    return [tensor(sliced(t.shape, attrs.starts, attrs.ends, attrs.steps), t.element)];
  },
  evaluate: ({ input, starts, ends, steps }, context) => {
    const x = tensorOf(context, input);
    const strides = rowMajorStrides(x.shape);
    const offset = starts.reduce((n, s, i) => n + s * strides[i]!, 0);
    return [
      gatherStrided(
        x,
        sliced(x.shape, starts, ends, steps),
        strides.map((s, i) => s * steps[i]!),
        offset,
      ),
    ];
  },
  work: ({ op }) => perResult(op, 0),
});

function gathered(input: TensorType, indices: TensorType, axis: number): TensorType {
  const at = normaliseAxis(axis, input.shape.length);
  if (indices.element !== i64 && indices.element !== i32 && indices.element !== index)
    throw new InferenceError(`indices must be i32 or i64, found ${indices.text}`);
  return tensor([...input.shape.slice(0, at), ...indices.shape, ...input.shape.slice(at + 1)], input.element);
}
export const gather = defineOp({
  name: 'nn.gather',
  summary: 'slices of a tensor, by index along an axis',
  doc: 'As `numpy.take`. Negative indices count from the end; others out of bounds are an error.',
  operands: { input: one(anyTensor), indices: one(anyTensor) },
  attrs: { axis: attr(int, 'the axis that is indexed') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => [
    gathered(asTensor(types.input, 'input'), asTensor(types.indices, 'indices'), attrs.axis),
  ],
  evaluate: ({ input, indices, axis }, context) => {
    const [x, which] = [tensorOf(context, input), tensorOf(context, indices)];
    const type = gathered(tensor(x.shape, x.element), tensor(which.shape, which.element), axis);
    const at = normaliseAxis(axis, x.shape.length);
    const data = newElements(x.element, countOf(type.shape));
    const inner = countOf(x.shape.slice(at + 1));
    const size = x.shape[at]!;
    let to = 0;
    for (let outer = 0; outer < countOf(x.shape.slice(0, at)); outer++)
      for (const i of numbersIn(which)) {
        const k = i < 0 ? i + size : i;
        if (k < 0 || k >= size) throw new RangeError(`index ${i} is out of bounds for axis ${at} of ${size}`);
        const from = (outer * size + k) * inner;
        for (let j = 0; j < inner; j++) data[to++] = x.data[from + j]!;
      }
    return [{ kind: 'tensor', shape: type.shape, element: type.element, data }];
  },
  work: ({ op }) => perResult(op, 0),
});

export const broadcast = defineOp({
  name: 'nn.broadcast',
  summary: 'a tensor repeated to a larger shape',
  doc: 'NumPy broadcasting of the input with `shape`: a size of 1 in either takes the size of the other.',
  operands: { input: one(anyTensor) },
  attrs: { shape: attr(ints, 'the sizes to broadcast with') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => {
    const t = asTensor(types.input, 'input');
    return [tensor(broadcastShapes([t.shape, attrs.shape]), t.element)];
  },
  evaluate: ({ input, shape }, context) => {
    const x = tensorOf(context, input);
    const target = broadcastShapes([x.shape, shape]);
    return [gatherStrided(x, target, broadcastStrides(x.shape, target))];
  },
  work: ({ op }) => perResult(op, 0),
});

export const shapeOf = defineOp({
  name: 'nn.shape',
  summary: 'the sizes of a tensor as a tensor of i64',
  operands: { input: one(anyTensor) },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types }): readonly Type[] => [tensor([asTensor(types.input, 'input').shape.length], i64)],
  evaluate: ({ input }, context) => {
    const { shape } = tensorOf(context, input);
    return [{ kind: 'tensor', shape: [shape.length], element: i64, data: BigInt64Array.from(shape, BigInt) }];
  },
  work: () => noWork,
});

export const movementOps = [reshape, transpose, concat, pad, slice, gather, broadcast, shapeOf];
