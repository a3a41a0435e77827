/** Families of kernels that reduce rows and go over them again, and of functions of single elements. */
import type { RandomStream } from '../../../src/frontend/random';
import type { AttributeValue, OnnxGraphBuilder } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { float, int, ints, string } from '../../../src/frontend/zoo/onnxGraphBuilder';
import type { Case, Family } from './family';
import { someSize } from './family';

type Attributes = Readonly<Record<string, AttributeValue>>;
const uniform = (values: Float64Array, random: RandomStream): void => {
  for (let i = 0; i < values.length; i++) values[i] = random.between(-1, 1);
};

/** One op of one input of the same shape. */
const unary =
  (
    op: string,
    shapeOf: (random: RandomStream) => readonly number[],
    attributes: Attributes = {},
    parameters = 0,
  ): Case =>
  (g, id, random) => {
    const shape = shapeOf(random);
    const x = g.input(`${id}_x`, 'f32', shape);
    const last = shape[shape.length - 1]!;
    const more = Array.from({ length: parameters }, (_, i) => g.weight(`${id}_p${i}`, [last], uniform));
    const y = g.node(id, op, [x, ...more], { attributes, output: `${id}_y` });
    g.output(y, 'f32', shape);
    return [y];
  };
const rows = (random: RandomStream): readonly number[] => [someSize(random), someSize(random, 131)];
const cube = (random: RandomStream): readonly number[] => [
  someSize(random, 3),
  someSize(random, 33),
  someSize(random, 33),
];

/** Both products with the softmax between, and what exporters put there. */
const attention =
  (options: {
    readonly transposed?: boolean;
    readonly mask?: boolean;
    readonly queries?: number;
    readonly joined?: boolean;
  }): Case =>
  (g: OnnxGraphBuilder, id, random) => {
    const heads = someSize(random, 3);
    const q = options.queries ?? someSize(random, 67);
    const [k, d, e] = [someSize(random, 67), someSize(random, 33), someSize(random, 33)];
    const query = g.input(`${id}_q`, 'f32', [1, heads, q, d]);
    const key = g.input(`${id}_k`, 'f32', options.transposed === true ? [1, heads, d, k] : [1, heads, k, d]);
    const value = g.input(`${id}_v`, 'f32', [1, heads, k, e]);
    const kt =
      options.transposed === true
        ? key
        : g.node(`${id}/t`, 'Transpose', [key], { attributes: { perm: ints(0, 1, 3, 2) } });
    const scaled = g.node(id, 'Mul', [g.node(id, 'MatMul', [query, kt]), g.scalar('half', 0.5)]);
    const masked =
      options.mask === true ? g.node(id, 'Add', [scaled, g.input(`${id}_m`, 'f32', [1, 1, q, k])]) : scaled;
    const weights = g.node(id, 'Softmax', [masked], { attributes: { axis: int(-1) } });
    const y = g.node(`${id}/o`, 'MatMul', [weights, value], { output: `${id}_y` });
    if (options.joined !== true) {
      g.output(y, 'f32', [1, heads, q, e]);
      return [y];
    }
    const turned = g.node(`${id}/j`, 'Transpose', [y], { attributes: { perm: ints(0, 2, 1, 3) } });
    const joined = g.node(`${id}/h`, 'Reshape', [turned, g.integers([1, q, heads * e])]);
    g.output(joined, 'f32', [1, q, heads * e]);
    return [joined];
  };

/** A sum of rows, and then an op that reads it at other places than it was written. */
const readElsewhere =
  (
    then: (g: OnnxGraphBuilder, id: string, sums: string) => string,
    shapeOf: (rows: number) => readonly number[],
  ): Case =>
  (g, id, random) => {
    const n = someSize(random, 9);
    const x = g.input(`${id}_x`, 'f32', [1, n, 4, 5]);
    const axes = g.integers([3]);
    const sums = g.node(id, 'ReduceSum', [x, axes], { attributes: { keepdims: int(0) } });
    const y = then(g, `${id}/then`, g.node(`${id}/relu`, 'Relu', [sums]));
    g.output(y, 'f32', shapeOf(n));
    return [y];
  };

export const rowFamilies: readonly Family[] = [
  {
    name: 'softmax',
    budget: { ulps: 16 },
    cases: [
      unary('Softmax', rows, { axis: int(-1) }),
      unary('Softmax', rows, { axis: int(-1) }),
      unary('Softmax', () => [1, 1000], { axis: int(-1) }),
      unary('Softmax', () => [3, 1], { axis: int(-1) }),
      unary('Softmax', () => [7, 9, 131], { axis: int(-1) }),
      unary('Softmax', cube, { axis: int(1) }),
      unary('Softmax', cube, { axis: int(0) }),
      unary('Softmax', () => [2, 21, 9, 19], { axis: int(1) }),
    ],
  },
  {
    name: 'log softmax',
    budget: { ulps: 12, floor: 0.05 },
    cases: [unary('LogSoftmax', rows, { axis: int(-1) }), unary('LogSoftmax', cube, { axis: int(1) })],
  },
  {
    name: 'normalisation',
    budget: { ulps: 24, floor: 0.1 },
    opset: 23,
    cases: [
      unary('LayerNormalization', () => [5, 13, 67], { axis: int(-1), epsilon: float(1e-5) }, 2),
      unary('LayerNormalization', () => [3, 47], { axis: int(-1), epsilon: float(1e-5) }, 1),
      unary('RMSNormalization', () => [2, 17, 33], { axis: int(-1), epsilon: float(1e-5) }, 1),
      unary('MeanVarianceNormalization', () => [2, 5, 7, 9], { axes: ints(2, 3) }),
      unary('LpNormalization', () => [6, 31], { axis: int(1), p: int(2) }),
    ],
  },
  {
    name: 'attention',
    budget: { ulps: 256, floor: 0.05 },
    cases: [
      attention({}),
      attention({ mask: true }),
      attention({ transposed: true }),
      attention({ queries: 1 }),
      attention({ joined: true }),
      attention({ joined: true, queries: 131, mask: true }),
      attention({ queries: 131, transposed: true, mask: true }),
    ],
  },
  {
    name: 'rows read elsewhere',
    budget: { ulps: 8, floor: 0.05 },
    cases: [
      readElsewhere(
        (g, id, sums) => g.node(id, 'Pad', [sums, g.integers([2, 1, 1, 1, 2, 0])]),
        (n) => [4, n + 3, 5],
      ),
      readElsewhere(
        (g, id, sums) => g.node(id, 'Concat', [sums, sums], { attributes: { axis: int(1) } }),
        (n) => [1, 2 * n, 4],
      ),
      readElsewhere(
        (g, id, sums) =>
          g.node(id, 'AveragePool', [sums], { attributes: { kernel_shape: ints(3), pads: ints(2, 0) } }),
        (n) => [1, n, 4],
      ),
    ],
  },
  {
    // 1 + erf(x) cancels for negative x.
    name: 'gelu',
    budget: { ulps: 16, floor: 0.05 },
    cases: [unary('Gelu', rows), unary('Gelu', rows, { approximate: string('tanh') })],
  },
  {
    name: 'functions',
    budget: { ulps: 8, floor: 0.05 },
    cases: [
      ...['Exp', 'Tanh', 'Sigmoid', 'Erf', 'Softplus'].map((op) => unary(op, rows)),
      unary('Elu', rows, { alpha: float(0.7) }),
      unary('HardSwish', rows),
    ],
  },
];
