/** Families of convolutions and pools: every parameter that the operators have, over sizes that do not fit. */
import type { RandomStream } from '../../../src/frontend/random';
import type { AttributeValue } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { int, ints, string } from '../../../src/frontend/zoo/onnxGraphBuilder';
import type { Budget, Case, Family } from './family';
import { someSize } from './family';

interface Window {
  /** Extents of the window, one per spatial axis. */
  readonly kernel: readonly number[];
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  /** Before each axis, then behind each; negative ones cut off. */
  readonly pads?: readonly number[];
}
interface Convolution extends Window {
  readonly batch?: number;
  /** Of the input, and of the result; random without. */
  readonly channels?: number;
  readonly filters?: number;
  readonly group?: number;
  readonly sizes?: readonly number[];
  readonly bias?: boolean;
  /** Weights come with the input instead of the model. */
  readonly given?: boolean;
  /** What follows in the kernel. */
  readonly then?: string;
}

const uniform = (values: Float64Array, random: RandomStream): void => {
  for (let i = 0; i < values.length; i++) values[i] = random.between(-1, 1);
};
const spanOf = (w: Window, d: number): number => (w.kernel[d]! - 1) * (w.dilations?.[d] ?? 1) + 1;
const padOf = (w: Window, d: number): number => (w.pads?.[d] ?? 0) + (w.pads?.[w.kernel.length + d] ?? 0);
/** Random spatial sizes that hold at least one window. */
const someSizes = (w: Window, most: number, random: RandomStream): readonly number[] =>
  w.kernel.map((_, d) => Math.max(someSize(random, most), spanOf(w, d) - padOf(w, d)));
const windows = (w: Window, sizes: readonly number[]): readonly number[] =>
  sizes.map((n, d) => Math.floor((n + padOf(w, d) - spanOf(w, d)) / (w.strides?.[d] ?? 1)) + 1);
const windowAttributes = (w: Window): Record<string, AttributeValue> => ({
  kernel_shape: ints(...w.kernel),
  ...(w.strides === undefined ? {} : { strides: ints(...w.strides) }),
  ...(w.dilations === undefined ? {} : { dilations: ints(...w.dilations) }),
});

const convolution =
  (o: Convolution): Case =>
  (g, id, random) => {
    const group = o.group ?? 1;
    const c = o.channels ?? group * someSize(random, 33);
    const f = o.filters ?? group * someSize(random, 33);
    const sizes = o.sizes ?? someSizes(o, 17, random);
    const batch = o.batch ?? 1;
    const weightShape = [f, c / group, ...o.kernel];
    let x = g.input(`${id}_x`, 'f32', [batch, c, ...sizes]);
    const pads = o.pads ?? o.kernel.flatMap(() => [0, 0]);
    const cuts = pads.some((p) => p < 0);
    if (cuts) {
      const half = pads.length / 2;
      const all = [0, 0, ...pads.slice(0, half), 0, 0, ...pads.slice(half)];
      x = g.node(`${id}/pad`, 'Pad', [x, g.integers(all)]);
    }
    const weight =
      o.given === true ? g.input(`${id}_w`, 'f32', weightShape) : g.weight(`${id}_w`, weightShape, uniform);
    const inputs = [x, weight, ...(o.bias === true ? [g.weight(`${id}_b`, [f], uniform)] : [])];
    const attributes = {
      ...windowAttributes(o),
      group: int(group),
      ...(cuts ? {} : { pads: ints(...pads) }),
    };
    const y = g.node(id, 'Conv', inputs, { attributes });
    const last = o.then === undefined ? y : g.node(`${id}/then`, o.then, [y]);
    g.output(last, 'f32', [batch, f, ...windows(o, sizes)]);
    return [last];
  };

/** A convolution, and the sum of its result with another image. */
const withResidual =
  (o: Convolution & { readonly channels: number; readonly sizes: readonly number[] }): Case =>
  (g, id) => {
    const shape = [1, o.channels, ...o.sizes];
    const x = g.input(`${id}_x`, 'f32', shape);
    const weight = g.weight(`${id}_w`, [o.channels, o.channels, ...o.kernel], uniform);
    const y = g.node(id, 'Conv', [x, weight], {
      attributes: { ...windowAttributes(o), pads: ints(...(o.pads ?? [])) },
    });
    const sum = g.node(`${id}/sum`, 'Add', [y, x]);
    const last = g.node(`${id}/then`, 'Relu', [sum]);
    g.output(last, 'f32', shape);
    return [last];
  };

interface Transposed extends Window {
  readonly group?: number;
  readonly outputPadding?: readonly number[];
}
const transposed =
  (o: Transposed): Case =>
  (g, id, random) => {
    const group = o.group ?? 1;
    const [c, f] = [group * someSize(random, 17), someSize(random, 17)];
    const sizes = o.kernel.map(() => someSize(random, 9));
    const x = g.input(`${id}_x`, 'f32', [1, c, ...sizes]);
    const weight = g.weight(`${id}_w`, [c, f, ...o.kernel], uniform);
    const attributes = {
      ...windowAttributes(o),
      group: int(group),
      ...(o.pads === undefined ? {} : { pads: ints(...o.pads) }),
      ...(o.outputPadding === undefined ? {} : { output_padding: ints(...o.outputPadding) }),
    };
    const y = g.node(id, 'ConvTranspose', [x, weight], { attributes });
    const results = sizes.map(
      (n, d) => (n - 1) * (o.strides?.[d] ?? 1) + spanOf(o, d) - padOf(o, d) + (o.outputPadding?.[d] ?? 0),
    );
    g.output(y, 'f32', [1, group * f, ...results]);
    return [y];
  };

interface Pool extends Window {
  readonly op: 'MaxPool' | 'AveragePool';
  readonly countPads?: boolean;
}
const pool =
  ({ op, countPads, ...window }: Pool): Case =>
  (g, id, random) => {
    const c = someSize(random, 33);
    const sizes = someSizes(window, 17, random);
    const x = g.input(`${id}_x`, 'f32', [2, c, ...sizes]);
    const attributes = {
      ...windowAttributes(window),
      ...(window.pads === undefined ? {} : { pads: ints(...window.pads) }),
      ...(countPads === true ? { count_include_pad: int(1) } : {}),
    };
    const y = g.node(id, op, [x], { attributes });
    g.output(y, 'f32', [2, c, ...windows(window, sizes)]);
    return [y];
  };

/** Same padding as frameworks say it, with a size that no stride divides. */
const same =
  (upper: boolean): Case =>
  (g, id) => {
    const x = g.input(`${id}_x`, 'f32', [1, 5, 13, 11]);
    const weight = g.weight(`${id}_w`, [7, 5, 4, 3], uniform);
    const attributes = { strides: ints(2, 3), auto_pad: string(upper ? 'SAME_UPPER' : 'SAME_LOWER') };
    const y = g.node(id, 'Conv', [x, weight], { attributes });
    g.output(y, 'f32', [1, 7, 7, 4]);
    return [y];
  };

/** Some hundred products, each of which is rounded where the machine has no fused multiply-add. */
const sums: Budget = { ulps: 256, floor: 0.05 };

export const convolutionFamilies: readonly Family[] = [
  {
    name: 'convolutions',
    budget: sums,
    cases: [
      convolution({ kernel: [1, 1], bias: true, then: 'Relu' }),
      convolution({ kernel: [1, 1], strides: [2, 2] }),
      convolution({ kernel: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2], bias: true }),
      convolution({ kernel: [3, 3], dilations: [2, 3], pads: [2, 3, 2, 3] }),
      convolution({ kernel: [5, 1], strides: [3, 2], pads: [0, 0, 4, 1], then: 'Sigmoid' }),
      convolution({ kernel: [2, 4], pads: [1, 0, 0, 3], strides: [1, 3], batch: 2 }),
      convolution({ kernel: [3, 2], pads: [-1, 1, -2, 0], sizes: [13, 7] }),
      convolution({ kernel: [3, 3], given: true, strides: [3, 1] }),
      convolution({
        kernel: [7, 7],
        channels: 3,
        filters: 13,
        strides: [2, 2],
        pads: [3, 3, 3, 3],
        sizes: [17, 23],
      }),
      convolution({ kernel: [1, 1], channels: 1, filters: 1, sizes: [1, 1] }),
      convolution({ kernel: [3, 3], batch: 0, channels: 3, filters: 5, sizes: [5, 5] }),
      convolution({ kernel: [3], strides: [2], pads: [2, 0], bias: true }),
      convolution({ kernel: [2, 3, 2], pads: [1, 0, 0, 0, 1, 1], sizes: [3, 5, 7] }),
      withResidual({ kernel: [1, 1], channels: 37, sizes: [5, 7], pads: [0, 0, 0, 0] }),
      same(true),
      same(false),
    ],
  },
  {
    name: 'convolutions by groups',
    budget: sums,
    cases: [
      convolution({ kernel: [3, 3], group: 2, pads: [1, 1, 1, 1] }),
      convolution({ kernel: [1, 1], group: 3, bias: true }),
      convolution({ kernel: [3, 3], group: 37, channels: 37, filters: 37, pads: [1, 1, 1, 1], then: 'Relu' }),
      convolution({
        kernel: [3, 3],
        group: 64,
        channels: 64,
        filters: 64,
        strides: [2, 2],
        pads: [0, 0, 1, 1],
      }),
      convolution({
        kernel: [5, 5],
        group: 16,
        channels: 16,
        filters: 32,
        dilations: [1, 2],
        pads: [2, 2, 2, 2],
      }),
      convolution({ kernel: [4], group: 7, channels: 7, filters: 21 }),
    ],
  },
  {
    // Sums of tiles cancel: an element is off by what the largest of its tile is rounded to.
    name: 'convolutions by tiles',
    budget: { ulps: 2048, floor: 0.05 },
    cases: [
      convolution({
        kernel: [3, 3],
        channels: 64,
        filters: 64,
        pads: [1, 1, 1, 1],
        sizes: [14, 14],
        bias: true,
      }),
      convolution({
        kernel: [3, 3],
        channels: 67,
        filters: 96,
        pads: [1, 0, 2, 1],
        sizes: [13, 17],
        then: 'Relu',
      }),
      withResidual({ kernel: [3, 3], channels: 64, pads: [1, 1, 1, 1], sizes: [11, 9] }),
    ],
  },
  {
    name: 'transposed convolutions',
    budget: sums,
    cases: [
      transposed({ kernel: [3, 3] }),
      transposed({ kernel: [2, 2], strides: [2, 2] }),
      transposed({ kernel: [3, 4], strides: [2, 3], pads: [1, 0, 1, 2], outputPadding: [1, 2] }),
      transposed({ kernel: [3, 3], group: 2, dilations: [2, 1] }),
      transposed({ kernel: [5], strides: [3] }),
    ],
  },
  {
    name: 'largest of windows',
    budget: { ulps: 0 },
    cases: [
      pool({ op: 'MaxPool', kernel: [2, 2], strides: [2, 2] }),
      pool({ op: 'MaxPool', kernel: [3, 3], strides: [2, 1], pads: [1, 1, 1, 1] }),
      pool({ op: 'MaxPool', kernel: [3, 2], dilations: [2, 3], pads: [2, 0, 1, 1] }),
      pool({ op: 'MaxPool', kernel: [5], strides: [3] }),
      pool({ op: 'MaxPool', kernel: [2, 1, 3], strides: [1, 2, 2] }),
    ],
  },
  {
    name: 'means of windows',
    budget: { ulps: 32, floor: 0.1 },
    cases: [
      pool({ op: 'AveragePool', kernel: [2, 2], strides: [2, 2] }),
      pool({ op: 'AveragePool', kernel: [3, 3], pads: [1, 1, 1, 1] }),
      pool({ op: 'AveragePool', kernel: [3, 2], strides: [2, 3], pads: [1, 0, 2, 1], countPads: true }),
      pool({ op: 'AveragePool', kernel: [7, 7] }),
    ],
  },
];
