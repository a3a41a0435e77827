/** Families of kernels over single elements and over axes: broadcasts, parts, conversions, reductions, narrow floats. */
import type { ElementType } from '../../../src/frontend/elementType';
import type { RandomStream } from '../../../src/frontend/random';
import type { OnnxGraphBuilder } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { int, string } from '../../../src/frontend/zoo/onnxGraphBuilder';
import type { Case, Family } from './family';
import { someSize } from './family';

type Shape = readonly number[];
const sizes = (rank: number, most: number, random: RandomStream): Shape =>
  Array.from({ length: rank }, () => someSize(random, most));

/** A binary op of tensors of which each repeats along some axes of the other. */
const broadcast =
  (
    op: string,
    repeats: readonly [readonly number[], readonly number[]],
    element: ElementType = 'f32',
  ): Case =>
  (g, id, random) => {
    const whole = sizes(3, 33, random);
    const shapes = repeats.map((axes) => whole.map((n, d) => (axes.includes(d) ? 1 : n)));
    const inputs = shapes.map((shape, i) => g.input(`${id}_x${i}`, element, shape));
    const y = g.node(id, op, inputs, { output: `${id}_y` });
    const result = whole.map((_, d) => Math.max(shapes[0]![d]!, shapes[1]![d]!));
    g.output(y, element, result);
    return [y];
  };

const slice =
  (element: ElementType, shape: Shape, starts: Shape, ends: Shape, steps: Shape): Case =>
  (g, id) => {
    const x = g.input(`${id}_x`, element, shape);
    const axes = shape.map((_, d) => d);
    const parts = [starts, ends, axes, steps].map((values) => g.integers(values));
    const y = g.node(id, 'Slice', [x, ...parts], { output: `${id}_y` });
    const result = shape.map((n, d) => {
      const [from, to, step] = [starts[d]!, ends[d]!, steps[d]!];
      const at = (v: number): number => (v < 0 ? v + n : v);
      const [a, b] =
        step > 0 ? [at(from), Math.min(at(to), n)] : [Math.min(at(from), n - 1), Math.max(at(to), -1)];
      return Math.max(0, Math.ceil((b - a) / step));
    });
    g.output(y, element, result);
    return [y];
  };

const pad =
  (mode: string, shape: Shape, pads: Shape): Case =>
  (g, id) => {
    const x = g.input(`${id}_x`, 'f32', shape);
    const value = mode === 'constant' ? [g.scalar('half', 0.5)] : [];
    const y = g.node(id, 'Pad', [x, g.integers(pads), ...value], { attributes: { mode: string(mode) } });
    g.output(
      y,
      'f32',
      shape.map((n, d) => n + pads[d]! + pads[shape.length + d]!),
    );
    return [y];
  };

const concatenation =
  (axis: number, extents: readonly number[]): Case =>
  (g, id, random) => {
    const whole = sizes(3, 17, random);
    const inputs = extents.map((n, i) =>
      g.input(
        `${id}_x${i}`,
        'f32',
        whole.map((m, d) => (d === axis ? n : m)),
      ),
    );
    const y = g.node(id, 'Concat', inputs, { attributes: { axis: int(axis) }, output: `${id}_y` });
    const sum = extents.reduce((a, b) => a + b, 0);
    g.output(
      y,
      'f32',
      whole.map((m, d) => (d === axis ? sum : m)),
    );
    return [y];
  };

const gather =
  (axis: number, positions: readonly number[]): Case =>
  (g, id) => {
    const shape = [5, 7, 13];
    const x = g.input(`${id}_x`, 'f32', shape);
    const y = g.node(id, 'Gather', [x, g.integers(positions)], { attributes: { axis: int(axis) } });
    g.output(
      y,
      'f32',
      shape.map((n, d) => (d === axis ? positions.length : n)),
    );
    return [y];
  };

/** ONNX's numbers of element types (`TensorProto.DataType`). */
const onnxTypes = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9, f16: 10, f64: 11, bf16: 16 } as const;
type Cast = keyof typeof onnxTypes;
const cast =
  (from: Cast, to: Cast): Case =>
  (g, id, random) => {
    const shape = sizes(2, 67, random);
    const x = g.input(`${id}_x`, from, shape);
    const y = g.node(id, 'Cast', [x], { attributes: { to: int(onnxTypes[to]) } });
    g.output(y, to, shape);
    return [y];
  };

const reduction =
  (op: string, axes: readonly number[], shape?: Shape, element: ElementType = 'f32'): Case =>
  (g, id, random) => {
    const whole = shape ?? sizes(3, 33, random);
    const keep = random.uniform() < 0.5;
    const x = g.input(`${id}_x`, element, whole);
    const y = g.node(id, op, [x, g.integers(axes)], { attributes: { keepdims: int(keep ? 1 : 0) } });
    const rest = whole.flatMap((n, d) => (axes.includes(d) ? (keep ? [1] : []) : [n]));
    g.output(y, element, rest);
    return [y];
  };

/** Values that are stored in 16 bits and computed in 32. */
const narrow = (element: 'f16' | 'bf16'): readonly Case[] => {
  const weight = (g: OnnxGraphBuilder, id: string, shape: Shape): string =>
    g.input(`${id}_w`, element, shape);
  return [
    (g, id, random) => {
      const [m, k, n] = [someSize(random, 33), someSize(random, 67), someSize(random, 67)];
      const y = g.node(id, 'MatMul', [g.input(`${id}_x`, element, [m, k]), weight(g, id, [k, n])]);
      g.output(y, element, [m, n]);
      return [y];
    },
    (g, id, random) => {
      const [c, f] = [someSize(random, 17), someSize(random, 33)];
      const y = g.node(id, 'Conv', [g.input(`${id}_x`, element, [1, c, 7, 9]), weight(g, id, [f, c, 3, 3])]);
      g.output(y, element, [1, f, 5, 7]);
      return [y];
    },
    broadcast('Add', [[], [0, 1]], element),
    broadcast('Mul', [[1], [2]], element),
    reduction('ReduceSum', [1], [5, 37, 3], element),
  ];
};

export const elementFamilies: readonly Family[] = [
  {
    name: 'broadcasts',
    budget: { ulps: 1 },
    cases: [
      broadcast('Add', [[], []]),
      broadcast('Sub', [[0, 1, 2], []]),
      broadcast('Mul', [[2], [0, 1]]),
      broadcast('Div', [[], [1]]),
      broadcast('Max', [[0], [2]]),
      broadcast('Add', [[], [2]], 'i32'),
      broadcast('Mul', [[1], [0]], 'i64'),
    ],
  },
  {
    name: 'parts of tensors',
    budget: { ulps: 0 },
    cases: [
      slice('f32', [13, 17], [1, 2], [12, 16], [2, 3]),
      slice('f32', [7, 67], [-1, 66], [-8, -68], [-1, -1]),
      slice('i8', [5, 37], [0, 1], [5, 37], [3, 1]),
      slice('f32', [5, 7], [3, 0], [3, 7], [1, 1]),
      slice('i64', [3, 5, 33], [0, 4, 32], [3, -6, 0], [1, -2, -5]),
      pad('constant', [3, 5, 7], [1, 0, 2, 0, 3, 1]),
      pad('constant', [5, 17], [-1, 2, -2, -3]),
      pad('reflect', [4, 9], [2, 3, 1, 8]),
      pad('edge', [3, 5], [0, 4, 2, 1]),
      concatenation(0, [1, 5, 2]),
      concatenation(2, [3, 0, 17]),
      concatenation(1, [7, 7]),
      gather(0, [4, 0, 0, 2]),
      gather(2, [12, -1, 3]),
      gather(1, []),
    ],
  },
  {
    name: 'conversions',
    budget: { ulps: 0 },
    cases: [
      cast('f32', 'i32'),
      cast('f32', 'f16'),
      cast('f32', 'bf16'),
      cast('f16', 'f32'),
      cast('bf16', 'f64'),
      cast('i32', 'f32'),
      cast('i64', 'i8'),
      cast('u8', 'f32'),
      cast('f32', 'bool'),
      cast('bool', 'i64'),
    ],
  },
  {
    name: 'sums over axes',
    budget: { ulps: 32, floor: 0.05 },
    cases: [
      reduction('ReduceSum', [0]),
      reduction('ReduceSum', [2]),
      reduction('ReduceMean', [0, 2]),
      reduction('ReduceMean', [1]),
      reduction('ReduceSum', [0, 1, 2]),
      reduction('ReduceL2', [1, 2]),
      reduction('ReduceLogSumExp', [2]),
      reduction('ReduceSum', [1], [3, 0, 5]),
      reduction('ReduceSum', [1], [1, 1, 1]),
      reduction('ReduceProd', [2], [3, 5, 7]),
    ],
  },
  {
    name: 'extremes over axes',
    budget: { ulps: 0 },
    cases: [
      reduction('ReduceMax', [0]),
      reduction('ReduceMin', [1, 2]),
      reduction('ReduceMax', [2], [5, 3, 131]),
      reduction('ReduceSum', [1], undefined, 'i64'),
      reduction('ReduceMax', [0, 2], undefined, 'i32'),
    ],
  },
  { name: 'half precision', budget: { ulps: 2, floor: 0.05 }, cases: narrow('f16') },
  { name: 'bfloat16', budget: { ulps: 2, floor: 0.05 }, cases: narrow('bf16') },
];
