/** Rows of `npm run bench:cpu` with 8-bit products: a quantised network, and single ops. */
import { OnnxGraphBuilder, ints } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { buildReferenceModel } from '../../../src/frontend/zoo/referenceModels';
import type { Work } from './work';

const goal = { kind: 'ratio', atMost: 1 } as const;

/** Signed weights over all their range. */
function i8Weight(g: OnnxGraphBuilder, name: string, shape: readonly number[]): string {
  const drawn = g.drawn(name, shape, (w, random) => {
    for (let i = 0; i < w.length; i++) w[i] = Math.round(random.between(-127, 127));
  });
  return g.initializer(name, 'i8', shape, new Uint8Array(Int8Array.from(drawn).buffer));
}

/** u8 × i8 with constant weights and a zero point of the left side, as dynamic quantisation writes it. */
function matmulInteger(m: number, k: number, n: number): Uint8Array {
  const g = new OnnxGraphBuilder({ name: `matmul_integer_${m}x${k}x${n}`, seed: 0 });
  const zero = g.initializer('a_zero', 'u8', [], Uint8Array.of(128));
  g.node('', 'MatMulInteger', [g.input('a', 'u8', [m, k]), i8Weight(g, 'b', [k, n]), zero], { output: 'c' });
  g.output('c', 'i32', [m, n]);
  return g.build();
}

/** A 3×3 convolution as in the middle of ResNet-50. */
function convInteger(channels: number, size: number): Uint8Array {
  const g = new OnnxGraphBuilder({ name: `conv_integer_${channels}x${size}`, seed: 0 });
  const zero = g.initializer('x_zero', 'u8', [], Uint8Array.of(128));
  const shape = [1, channels, size, size];
  const inputs = [g.input('x', 'u8', shape), i8Weight(g, 'w', [channels, channels, 3, 3]), zero];
  g.node('', 'ConvInteger', inputs, { output: 'y', attributes: { pads: ints(1, 1, 1, 1) } });
  g.output('y', 'i32', shape);
  return g.build();
}

export const integerWork: readonly Work[] = [
  { name: 'MobileNetV2 int8', model: () => buildReferenceModel('mobilenet-v2-int8'), goal },
  { name: 'MatMulInteger 1024³', model: () => matmulInteger(1024, 1024, 1024), goal },
  { name: 'ConvInteger 3×3 128×28²', model: () => convInteger(128, 28), goal },
];
