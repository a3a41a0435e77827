/** What `npm run bench:cpu` measures: one entry per row of its table. Lists of rows live beside this file, by family. */
import { OnnxGraphBuilder, int } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { buildReferenceModel } from '../../../src/frontend/zoo/referenceModels';
import type { PeakKind } from '../../../src/runner/measurePeak';

/** What a row should reach. */
export type Goal =
  /** Median time at most this share of ONNX Runtime's, on each number of threads. */
  | { readonly kind: 'ratio'; readonly atMost: number }
  /** At least this share of what the machine reaches, by arithmetic or by reading, whichever binds. */
  | { readonly kind: 'peak'; readonly atLeast: number };

export interface Work {
  readonly name: string;
  /** The bytes of the `.onnx` file that both sides get. */
  readonly model: () => Uint8Array;
  readonly goal: Goal;
  /** What a run computes and reads at least; for rows that are compared with the machine's peak. */
  readonly demand?: { readonly operations: number; readonly arithmetic: PeakKind; readonly bytes: number };
}

/** Drawn evenly from -1 to 1. */
export const f32Weight = (g: OnnxGraphBuilder, name: string, shape: readonly number[]): string =>
  g.weight(name, shape, (w, random) => {
    for (let i = 0; i < w.length; i++) w[i] = random.between(-1, 1);
  });

const models: readonly Work[] = [
  {
    name: 'MobileNetV2',
    model: () => buildReferenceModel('mobilenet-v2'),
    goal: { kind: 'ratio', atMost: 0.85 },
  },
  { name: 'ResNet-50', model: () => buildReferenceModel('resnet50'), goal: { kind: 'ratio', atMost: 0.85 } },
];

/** `[m, k] × [k, n]` with a constant right side, as in a model. */
function matmul(m: number, k: number, n: number): Uint8Array {
  const g = new OnnxGraphBuilder({ name: `matmul_${m}x${k}x${n}`, seed: 0 });
  const a = g.input('a', 'f32', [m, k]);
  g.node('', 'MatMul', [a, f32Weight(g, 'b', [k, n])], { output: 'c' });
  g.output('c', 'f32', [m, n]);
  return g.build();
}
/** Both sides are inputs, so nothing can be packed before. */
function matmulOfInputs(m: number, k: number, n: number): Uint8Array {
  const g = new OnnxGraphBuilder({ name: `matmul_inputs_${m}x${k}x${n}`, seed: 0 });
  g.node('', 'MatMul', [g.input('a', 'f32', [m, k]), g.input('b', 'f32', [k, n])], { output: 'c' });
  g.output('c', 'f32', [m, n]);
  return g.build();
}
function gemm(
  name: string,
  build: (m: number, k: number, n: number) => Uint8Array,
  [m, k, n]: readonly [number, number, number],
): Work {
  return {
    name,
    model: () => build(m, k, n),
    goal: { kind: 'peak', atLeast: 0.95 },
    demand: { operations: 2 * m * k * n, arithmetic: 'f32', bytes: 4 * (m * k + k * n + m * n) },
  };
}

/** y = x·wᵀ + b with 1000 outputs, as classifiers end. */
function classifier(k: number): Work {
  return {
    name: `classifier 1×${k}×1000`,
    model: () => {
      const g = new OnnxGraphBuilder({ name: `classifier_${k}`, seed: 0 });
      const inputs = [
        g.input('x', 'f32', [1, k]),
        f32Weight(g, 'w', [1000, k]),
        f32Weight(g, 'bias', [1000]),
      ];
      g.node('', 'Gemm', inputs, { output: 'y', attributes: { transB: int(1) } });
      g.output('y', 'f32', [1, 1000]);
      return g.build();
    },
    goal: { kind: 'ratio', atMost: 1 },
    demand: { operations: 2000 * k, arithmetic: 'f32', bytes: 4000 * k },
  };
}

const sizes = [256, 512, 1024, 2048] as const;
/** Weights larger than the last-level cache, so that reading them binds. */
const skinny = [1, 4, 16] as const;
const contractions: readonly Work[] = [
  ...sizes.map((n) => gemm(`sgemm ${n}³`, matmul, [n, n, n])),
  gemm('sgemm 1024³, both inputs', matmulOfInputs, [1024, 1024, 1024]),
  ...skinny.map((m) => gemm(`sgemm ${m}×4096×4096`, matmul, [m, 4096, 4096])),
  classifier(1280),
];

export const floatWork: readonly Work[] = [...models, ...contractions];
