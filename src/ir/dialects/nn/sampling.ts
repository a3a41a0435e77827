/** `nn.grid_sample`: elements of an image between its positions. */
import { bool, floatTensor, anyTensor, oneOf } from '../../constraints';
import { InferenceError, attr, defaultAttr, defineOp, one } from '../../opDefinition';
import type { Shape } from '../../types';
import { tensor } from '../../types';
import { asTensor, rowMajorStrides } from './shapes';
import { countOf, newElements, tensorOf, tensorValue } from './tensors';
import { perResult } from './work';

const modes = ['linear', 'nearest', 'cubic'] as const;
const paddings = ['zeros', 'border', 'reflection'] as const;

function sampledShape(input: Shape, grid: Shape): Shape {
  const n = input.length - 2;
  if (grid.length !== input.length || grid[grid.length - 1] !== n)
    throw new InferenceError(`a grid of rank ${grid.length} does not fit an input of rank ${input.length}`);
  return [input[0]!, input[1]!, ...grid.slice(1, -1)];
}
const roundHalfEven = (x: number): number => {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
};
/** `x` mirrored at both ends until it lies between them. */
function reflected(x: number, low: number, high: number): number {
  const range = high - low;
  if (range === 0) return low;
  const p = Math.abs(x - low) % (2 * range);
  return low + (p > range ? 2 * range - p : p);
}
/** Weights of the four neighbours at -1, 0, 1, 2 (Keys, a = -0.75). */
function cubicWeights(t: number): readonly number[] {
  const a = -0.75;
  return [t + 1, t, 1 - t, 2 - t].map((d) =>
    d <= 1 ? (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1 : a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a,
  );
}

export const gridSample = defineOp({
  name: 'nn.grid_sample',
  summary: 'an image sampled at given positions',
  doc: 'As ONNX `GridSample`: input N×C×…, grid N×…×axes with positions from -1 to 1, the last spatial axis first.',
  operands: { input: one(floatTensor), grid: one(floatTensor) },
  attrs: {
    mode: attr(oneOf(...modes), 'what is between elements'),
    padding: attr(oneOf(...paddings), 'what is outside'),
    align_corners: defaultAttr(bool, false, 'whether -1 and 1 are centres of the outer elements'),
  },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types }) => {
    const [x, grid] = [asTensor(types.input, 'input'), asTensor(types.grid, 'grid')];
    return [tensor(sampledShape(x.shape, grid.shape), x.element)];
  },
  evaluate: ({ input, grid, mode, padding, align_corners: align }, context) => {
    const [x, g] = [tensorOf(context, input), tensorOf(context, grid)];
    const shape = sampledShape(x.shape, g.shape);
    const sizes = x.shape.slice(2);
    const n = sizes.length;
    const strides = rowMajorStrides(sizes);
    const [plane, points] = [countOf(sizes), countOf(shape.slice(2))];
    const data = newElements(x.element, countOf(shape));
    const [from, at] = [x.data as Float32Array, g.data as Float32Array];
    const limits = (d: number): readonly [number, number] =>
      align ? [0, sizes[d]! - 1] : [-0.5, sizes[d]! - 0.5];
    const inside = (p: number, d: number): number => {
      const size = sizes[d]!;
      if (padding === 'border') return Math.min(Math.max(p, 0), size - 1);
      if (padding !== 'reflection') return p;
      return Math.min(Math.max(reflected(p, ...limits(d)), 0), size - 1);
    };
    const neighbours = (p: number, d: number): readonly (readonly [number, number])[] => {
      if (mode === 'nearest') return [[roundHalfEven(p), 1]];
      const low = Math.floor(p);
      if (mode === 'linear')
        return [
          [low, 1 - (p - low)],
          [low + 1, p - low],
        ];
      return cubicWeights(p - low).map((w, i) => [roundHalfEven(inside(low - 1 + i, d)), w]);
    };
    for (let image = 0; image < shape[0]!; image++)
      for (let point = 0; point < points; point++) {
        const first = (image * points + point) * n;
        let taps: (readonly [number, number])[] = [[0, 1]];
        for (let d = 0; d < n; d++) {
          const v = at[first + n - 1 - d]!;
          const size = sizes[d]!;
          const p = align ? ((v + 1) / 2) * (size - 1) : ((v + 1) * size - 1) / 2;
          const near = neighbours(mode === 'cubic' ? p : inside(p, d), d);
          taps = taps.flatMap(([offset, weight]) =>
            near
              .filter(([i]) => i >= 0 && i < size)
              .map(([i, w]) => [offset + i * strides[d]!, weight * w] as const),
          );
        }
        for (let channel = 0; channel < shape[1]!; channel++) {
          const base = (image * shape[1]! + channel) * plane;
          let sum = 0;
          for (const [offset, weight] of taps) sum += from[base + offset]! * weight;
          data[(image * shape[1]! + channel) * points + point] = sum;
        }
      }
    return [tensorValue(shape, x.element, data)];
  },
  work: ({ op }) => perResult(op, 8),
});

export const samplingOps = [gridSample];
