/** Families of kernels on 8-bit integers: products with and without zero points, and convolutions in QDQ form. */
import type { RandomStream } from '../../../src/frontend/random';
import type { OnnxGraphBuilder } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { int, ints } from '../../../src/frontend/zoo/onnxGraphBuilder';
import type { Case, Family } from './family';
import { someSize } from './family';

const bytes = (random: RandomStream, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, () => Math.floor(random.between(0, 256)));
type Byte = 'u8' | 'i8';

/** A product of bytes in 32 bits; the right side is a weight or another input. */
const product =
  (options: {
    readonly types: readonly [Byte, Byte];
    readonly zeros?: readonly [number, number];
    readonly input?: boolean;
    readonly inner?: number;
  }): Case =>
  (g, id, random) => {
    const [m, n] = [someSize(random), someSize(random, 131)];
    const k = options.inner ?? 4 * someSize(random, 33);
    const [a, b] = options.types;
    const lhs = g.input(`${id}_a`, a, [m, k]);
    const rhs =
      options.input === true
        ? g.input(`${id}_b`, b, [k, n])
        : g.initializer(`${id}_b`, b, [k, n], bytes(random, k * n));
    const zeros = (options.zeros ?? []).map((z, i) =>
      g.initializer(`${id}_z${i}`, options.types[i]!, [], Uint8Array.of(z)),
    );
    const y = g.node(id, 'MatMulInteger', [lhs, rhs, ...zeros], { output: `${id}_y` });
    g.output(y, 'i32', [m, n]);
    return [y];
  };

interface ConvolutionOptions {
  /** Of the image; zero makes padding change nothing. */
  readonly zero?: number;
  readonly kernel?: number;
  readonly stride?: number;
  readonly depthwise?: boolean;
  readonly channels?: number;
  readonly filters?: number;
  readonly residual?: boolean;
}
/** A convolution of a dequantised image with dequantised weights, quantised again. */
const quantised =
  (o: ConvolutionOptions): Case =>
  (g: OnnxGraphBuilder, id, random) => {
    const kernel = o.kernel ?? 1;
    const stride = o.stride ?? 1;
    const c = o.channels ?? 4 * someSize(random, 16);
    const f = o.depthwise === true ? c : (o.filters ?? someSize(random, 67));
    const [h, w] = [someSize(random, 17), someSize(random, 17)];
    const pad = (kernel - 1) / 2;
    const [oh, ow] = [h, w].map((n) => Math.floor((n + 2 * pad - kernel) / stride) + 1) as [number, number];
    const scale = (label: string, value: number): string => g.scalar(`${id}_${label}`, value);
    const zero = (label: string, value: number): string =>
      g.initializer(`${id}_${label}`, 'u8', [], Uint8Array.of(value));
    const [sx, zx] = [scale('sx', 0.02), zero('zx', o.zero ?? 117)];
    const x = g.input(`${id}_x`, 'u8', [1, c, h, w]);
    const read = g.node(`${id}/x`, 'DequantizeLinear', [x, sx, zx]);
    const depth = o.depthwise === true ? 1 : c;
    const weight = g.initializer(
      `${id}_w`,
      'i8',
      [f, depth, kernel, kernel],
      bytes(random, f * depth * kernel * kernel),
    );
    const sw = g.weight(`${id}_sw`, [f], (values, r) => {
      for (let i = 0; i < f; i++) values[i] = r.between(0.001, 0.004);
    });
    const zw = g.initializer(`${id}_zw`, 'i8', [f], new Uint8Array(f));
    const weights = g.node(`${id}/w`, 'DequantizeLinear', [weight, sw, zw], { attributes: { axis: int(0) } });
    const bias = g.weight(`${id}_b`, [f], (values, r) => {
      for (let i = 0; i < f; i++) values[i] = r.between(-1, 1);
    });
    let y = g.node(id, 'Conv', [read, weights, bias], {
      attributes: {
        kernel_shape: ints(kernel, kernel),
        strides: ints(stride, stride),
        pads: ints(pad, pad, pad, pad),
        group: int(o.depthwise === true ? c : 1),
      },
    });
    const [sy, zy] = [scale('sy', 0.05), zero('zy', 90)];
    if (o.residual === true) {
      const other = g.input(`${id}_r`, 'u8', [1, f, oh, ow]);
      y = g.node(id, 'Add', [y, g.node(`${id}/r`, 'DequantizeLinear', [other, sy, zy])]);
    }
    const q = g.node(`${id}/q`, 'QuantizeLinear', [y, sy, zy], { output: `${id}_y` });
    g.output(q, 'u8', [1, f, oh, ow]);
    return [q];
  };

/** Bytes read with one step and quantised again with twice that: half of them lie just between two. */
const requantisedBytes: Case = (g, id, random) => {
  const shape = [1, 4 * someSize(random, 16), 16, 16];
  const zero = g.initializer(`${id}_z`, 'u8', [], Uint8Array.of(0));
  const x = g.input(`${id}_x`, 'u8', shape);
  const read = g.node(`${id}/x`, 'DequantizeLinear', [x, g.scalar(`${id}_sx`, 0.012), zero]);
  const q = g.node(`${id}/q`, 'QuantizeLinear', [read, g.scalar(`${id}_sy`, 0.024), zero], {
    output: `${id}_y`,
  });
  g.output(q, 'u8', shape);
  return [q];
};

export const integerFamilies: readonly Family[] = [
  {
    name: 'bytes quantised again',
    budget: { ulps: 0 },
    opset: 17,
    cases: [requantisedBytes],
  },
  {
    name: 'products of bytes',
    budget: { ulps: 0 },
    opset: 17,
    levels: ['avx512vnni', 'avx512', 'avx2', 'baseline', 'dotprod', 'neon'],
    cases: [
      product({ types: ['u8', 'i8'] }),
      product({ types: ['u8', 'i8'], zeros: [131, 0] }),
      product({ types: ['u8', 'i8'], zeros: [3, 250] }),
      product({ types: ['i8', 'i8'], zeros: [5, 0] }),
      product({ types: ['u8', 'u8'], zeros: [128, 128] }),
      product({ types: ['u8', 'i8'], inner: 37 }),
      product({ types: ['u8', 'i8'], input: true, zeros: [7, 0] }),
    ],
  },
  {
    // A sum between two steps may round either way.
    name: 'quantised convolution',
    budget: { ulps: 1 },
    opset: 17,
    levels: ['avx512vnni', 'avx512', 'avx2', 'baseline', 'dotprod', 'neon'],
    cases: [
      quantised({}),
      quantised({ filters: 24, residual: true }),
      quantised({ stride: 2, filters: 32 }),
      quantised({ kernel: 3, channels: 3, filters: 32, stride: 2 }),
      quantised({ kernel: 3, channels: 16, filters: 32 }),
      quantised({ kernel: 3, channels: 8, filters: 32, stride: 2 }),
      quantised({ kernel: 3, channels: 16, filters: 48, zero: 0 }),
      quantised({ kernel: 5, channels: 12, filters: 7, zero: 0, stride: 2 }),
      quantised({ kernel: 3 }),
      quantised({ kernel: 3, depthwise: true }),
      quantised({ kernel: 5, depthwise: true, stride: 2, channels: 19 }),
    ],
  },
];
