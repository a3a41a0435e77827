/** Families of kernels that move elements, some with arithmetic as they go: what lies across the lanes. Exact. */
import type { ElementType } from '../../../src/frontend/elementType';
import type { RandomStream } from '../../../src/frontend/random';
import { int, ints, string } from '../../../src/frontend/zoo/onnxGraphBuilder';
import type { Case, Family } from './family';
import { someSize } from './family';

/** All orders of so many axes but the first. */
function permutations(rank: number): readonly (readonly number[])[] {
  const orders = (left: readonly number[]): readonly (readonly number[])[] =>
    left.length === 0
      ? [[]]
      : left.flatMap((a) => orders(left.filter((x) => x !== a)).map((rest) => [a, ...rest]));
  return orders(Array.from({ length: rank }, (_, i) => i)).slice(1);
}
const sizes = (rank: number, most: number, random: RandomStream): readonly number[] =>
  Array.from({ length: rank }, () => someSize(random, most));

interface Turned {
  readonly element?: ElementType;
  /** Of the input; random without. */
  readonly shape?: readonly number[];
  /** What an f32 result goes through before it is stored. */
  readonly then?: string;
}
const transpose =
  (order: readonly number[], { element = 'f32', shape, then }: Turned = {}): Case =>
  (g, id, random) => {
    const own = shape ?? sizes(order.length, order.length > 3 ? 17 : 67, random);
    const x = g.input(`${id}_x`, element, own);
    const moved = order.map((d) => own[d]!);
    const y = g.node(id, 'Transpose', [x], { attributes: { perm: ints(...order) } });
    const last = then === undefined ? y : g.node(`${id}/then`, then, [y]);
    g.output(last, element, moved);
    return [last];
  };
/** A sum of a tensor and of another one turned, which both are read by. */
const plusTurned: Case = (g, id, random) => {
  const [m, n] = [someSize(random), someSize(random)];
  const turned = g.node(`${id}/t`, 'Transpose', [g.input(`${id}_y`, 'f32', [n, m])]);
  const y = g.node(id, 'Add', [g.input(`${id}_x`, 'f32', [m, n]), turned]);
  g.output(y, 'f32', [m, n]);
  return [y];
};
const depthToSpace =
  (block: number, mode: string, inverse = false): Case =>
  (g, id, random) => {
    const [c, h, w] = [someSize(random, 5), someSize(random, 9), someSize(random, 33)];
    const [deep, wide] = [
      [2, c * block * block, h, w],
      [2, c, h * block, w * block],
    ];
    const x = g.input(`${id}_x`, 'f32', inverse ? wide : deep);
    const attributes = { blocksize: int(block), ...(inverse ? {} : { mode: string(mode) }) };
    const y = g.node(id, inverse ? 'SpaceToDepth' : 'DepthToSpace', [x], { attributes });
    g.output(y, 'f32', inverse ? deep : wide);
    return [y];
  };
/** Rows and columns scaled by nearest. */
const nearest =
  (rows: number, columns: number, how = 'asymmetric', channelsLast = false): Case =>
  (g, id, random) => {
    const [c, h, w] = [someSize(random, 9), 2 * someSize(random, 9), 2 * someSize(random, 33)];
    const scale = (n: number, by: number): number => Math.floor(n * by);
    const scales = channelsLast ? [1, rows, columns, 1] : [1, 1, rows, columns];
    const shape = channelsLast ? [1, h, w, c] : [1, c, h, w];
    const x = g.input(`${id}_x`, 'f32', shape);
    const values = g.add({
      name: `${id}_scales`,
      elementType: 'f32',
      shape: [4],
      trained: false,
      bytes: () => new Uint8Array(Float32Array.from(scales).buffer),
    });
    const attributes = {
      mode: string('nearest'),
      coordinate_transformation_mode: string(how),
      nearest_mode: string('floor'),
    };
    const y = g.node(id, 'Resize', [x, '', values], { attributes });
    g.output(
      y,
      'f32',
      shape.map((n, d) => scale(n, scales[d]!)),
    );
    return [y];
  };

export const movementFamilies: readonly Family[] = [
  {
    name: 'transposes',
    budget: { ulps: 0 },
    cases: [
      ...permutations(2).map((p) => transpose(p)),
      ...permutations(3).map((p) => transpose(p)),
      ...permutations(4).map((p) => transpose(p)),
      transpose([0, 2, 1, 4, 3]),
      transpose([1, 0], { shape: [131, 67] }),
      transpose([1, 0], { shape: [64, 128] }),
      transpose([1, 0], { shape: [1, 33] }),
      transpose([1, 0], { shape: [0, 5] }),
      transpose([0, 2, 1], { shape: [3, 50, 3] }),
      transpose([0, 2, 1], { shape: [3, 3, 50] }),
      transpose([0, 2, 1], { shape: [2, 47, 2] }),
      transpose([0, 2, 1], { shape: [2, 4, 131] }),
      transpose([1, 0], { shape: [67, 131], then: 'Relu' }),
      plusTurned,
      ...(['i8', 'i16', 'i64', 'bool'] as const).map((element) =>
        transpose([0, 2, 1], { element, shape: [2, 67, 37] }),
      ),
      transpose([0, 2, 1], { element: 'i8', shape: [1, 70, 4] }),
    ],
  },
  {
    name: 'depth to space and back',
    budget: { ulps: 0 },
    cases: [2, 3, 4].flatMap((block) => [
      depthToSpace(block, 'DCR'),
      depthToSpace(block, 'CRD'),
      depthToSpace(block, 'DCR', true),
    ]),
  },
  {
    name: 'nearest resizing',
    budget: { ulps: 0 },
    cases: [
      nearest(2, 2),
      nearest(1, 3),
      nearest(4, 1),
      nearest(2, 5),
      nearest(0.5, 0.5),
      nearest(0.5, 2),
      nearest(1.5, 1.5),
      nearest(2, 2, 'half_pixel'),
      nearest(2, 2, 'asymmetric', true),
      nearest(1.5, 2, 'align_corners', true),
    ],
  },
];
