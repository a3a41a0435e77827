/** Families of products whose both sides are computed, which are packed when the model runs, and of few rows. */
import { int } from '../../../src/frontend/zoo/onnxGraphBuilder';
import type { Case, Family } from './family';
import { someSize } from './family';

interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batch?: number;
}
/** `[m, k] · [k, n]` of two inputs, then what follows in the kernel. */
const matmul =
  ({ m, k, n, batch }: Sizes, then?: string): Case =>
  (g, id) => {
    const lead = batch === undefined ? [] : [batch];
    const a = g.input(`${id}_a`, 'f32', [...lead, m, k]);
    const b = g.input(`${id}_b`, 'f32', [...lead, k, n]);
    const product = g.node(id, 'MatMul', [a, b]);
    const y = then === undefined ? product : g.node(`${id}/then`, then, [product]);
    g.output(y, 'f32', [...lead, m, n]);
    return [y];
  };
/** `a · bᵀ + c` of three inputs. */
const gemm =
  ({ m, k, n }: Sizes): Case =>
  (g, id) => {
    const inputs = [
      g.input(`${id}_a`, 'f32', [m, k]),
      g.input(`${id}_b`, 'f32', [n, k]),
      g.input(`${id}_c`, 'f32', [n]),
    ];
    const y = g.node(id, 'Gemm', inputs, { attributes: { transB: int(1) } });
    g.output(y, 'f32', [m, n]);
    return [y];
  };
const someMatmul: Case = (g, id, random) =>
  matmul({ m: someSize(random, 131), k: someSize(random, 131), n: someSize(random, 131) })(g, id, random);

export const productFamilies: readonly Family[] = [
  {
    name: 'products of inputs',
    budget: { ulps: 64, floor: 0.05 },
    cases: [
      matmul({ m: 131, k: 131, n: 128 }),
      matmul({ m: 67, k: 257, n: 96 }, 'Relu'),
      matmul({ m: 64, k: 1, n: 8320 }),
      matmul({ m: 128, k: 131, n: 67 }),
      matmul({ m: 70, k: 67, n: 192, batch: 3 }, 'Neg'),
      matmul({ m: 1, k: 131, n: 128, batch: 2 }),
      gemm({ m: 67, k: 96, n: 128 }),
      gemm({ m: 5, k: 131, n: 33 }),
      someMatmul,
      someMatmul,
      someMatmul,
    ],
  },
];
