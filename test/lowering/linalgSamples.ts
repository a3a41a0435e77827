// Small graphs, one or more per family of nn ops, with shapes and attributes from a seed; and what to run them with.
import type { Builder, PipelineStep, Type, Value } from '../../src/ir';
import {
  Block,
  Builder as IrBuilder,
  createOp,
  modelNodeLoc,
  Region,
  ResourceStore,
  runPipeline,
  types,
} from '../../src/ir';
import type { Operation, Pass } from '../../src/ir';
import { denseElements, parsePipeline } from '../../src/ir';
import * as arith from '../../src/ir/dialects/arith';
import { module as moduleOp } from '../../src/ir/dialects/builtin';
import { func, returnOp } from '../../src/ir/dialects/func';
import { registry } from '../../src/ir/dialects';
import * as nn from '../../src/ir/dialects/nn';
import { Interpreter } from '../../src/ir/interpreter/interpreter';
import type { RuntimeValue, TensorValue } from '../../src/ir/interpreter/runtimeValue';
import { randomStream } from '../../src/frontend/random';
import { passes } from '../../src/lowering/passes';

const { tensor, f32, i1, i32, i64 } = types;

export interface Sample {
  readonly name: string;
  readonly inputs: readonly types.TensorType[];
  /** Builds the results; each op built gets a model node of its own. */
  readonly build: (b: Builder, args: readonly Value[]) => readonly Value[];
}

/** The sample as a module with one function @main. */
export function moduleOf(sample: Sample): Operation {
  let position = 0;
  // Every op stands for one node of a model, as after import.
  class NodeBuilder extends IrBuilder {
    override insert(op: Operation): Operation {
      position++;
      op.location = modelNodeLoc('sample.onnx', `${op.name}_${position}`, position);
      return super.insert(op);
    }
  }
  const block = new Block(sample.inputs);
  const b = new NodeBuilder();
  b.setEnd(block);
  const results = sample.build(b, block.args);
  b.op(returnOp, { values: results });
  const type = types.functionType(
    sample.inputs,
    results.map((r) => r.type),
  );
  const location = modelNodeLoc('sample.onnx', 'graph', 0);
  const main = createOp(func, { sym_name: 'main', function_type: type }, location, {
    regions: [new Region([block])],
  });
  const body = new Block();
  body.append(main);
  return createOp(moduleOp, {}, location, { regions: [new Region([body])] });
}

/** Numbers for the inputs of a function: floats around zero, small integers, booleans. */
export function randomInputs(inputs: readonly Type[], seed: number): readonly TensorValue[] {
  return inputs.map((type, i) => {
    if (type.kind !== 'tensor') throw new TypeError(type.text);
    const stream = randomStream(seed, `input ${i}`);
    const count = type.shape.reduce((a, b) => a * b, 1);
    const { element } = type;
    const common = { kind: 'tensor', shape: type.shape, element } as const;
    if (element === i1)
      return { ...common, data: Uint8Array.from({ length: count }, () => stream.uint32() & 1) };
    if (element === i32)
      return { ...common, data: Int32Array.from({ length: count }, () => (stream.uint32() % 19) - 9) };
    if (element === i64)
      return {
        ...common,
        data: BigInt64Array.from({ length: count }, () => BigInt((stream.uint32() % 19) - 9)),
      };
    return { ...common, data: Float32Array.from({ length: count }, () => stream.between(-2, 2)) };
  });
}

export const run = (
  module: Operation,
  inputs: readonly RuntimeValue[],
  resources = new ResourceStore(),
): readonly TensorValue[] =>
  new Interpreter(module, { resources }).call('main', inputs) as readonly TensorValue[];

/** Largest difference over the largest magnitude; infinite when shapes differ or a NaN meets a number. */
export function relativeError(actual: readonly TensorValue[], expected: readonly TensorValue[]): number {
  let [difference, magnitude] = [0, 1e-30];
  if (actual.length !== expected.length) return Infinity;
  for (const [i, e] of expected.entries()) {
    const a = actual[i]!;
    if (a.shape.join() !== e.shape.join() || a.element !== e.element || a.data.length !== e.data.length)
      return Infinity;
    for (let k = 0; k < e.data.length; k++) {
      const [x, y] = [Number(a.data[k]), Number(e.data[k])];
      if (Object.is(x, y) || (x === 0 && y === 0)) continue;
      if (!Number.isFinite(x) || !Number.isFinite(y)) return Infinity;
      difference = Math.max(difference, Math.abs(x - y));
      magnitude = Math.max(magnitude, Math.abs(y));
    }
  }
  return difference / magnitude;
}

/** Runs passes given as text on the functions of a module, in place, with all checks of the pass manager. */
export function applyPasses(
  module: Operation,
  text: string,
  resources = new ResourceStore(),
  known: readonly Pass[] = passes,
) {
  const steps: readonly PipelineStep[] = parsePipeline(text, known).map((node) => ({ node, stage: 'test' }));
  return runPipeline(module, steps, { registry, resources });
}

/** Integers in [low, high] from a seed. */
export class Dice {
  readonly #stream: ReturnType<typeof randomStream>;
  constructor(seed: number, name: string) {
    this.#stream = randomStream(seed, name);
  }
  int(low: number, high: number): number {
    return low + (this.#stream.uint32() % (high - low + 1));
  }
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }
}

const t = (...shape: number[]): types.TensorType => tensor(shape, f32);
const one = (
  name: string,
  inputs: readonly types.TensorType[],
  build: (b: Builder, ...args: readonly Value[]) => Value,
): Sample => ({
  name,
  inputs,
  build: (b, args) => [build(b, ...args)],
});

/** Convolutions with sizes, strides, dilations, padding and groups from `seed`. */
export function convolution(seed: number, layout: 'nchw_fchw' | 'nhwc_hwcf'): Sample {
  const d = new Dice(seed, `conv ${layout}`);
  const kind = seed % 4;
  const groups = kind === 0 ? 1 : kind === 1 ? d.int(2, 5) : kind === 2 ? d.int(2, 3) : 1;
  const depth = kind === 1 ? 1 : d.int(1, 4);
  const c = groups * depth;
  const f = kind === 1 ? groups * (seed % 8 === 1 ? 1 : 2) : groups * d.int(1, 4);
  const [kh, kw] = [d.int(1, 3), d.int(1, 3)];
  const dilations = [d.int(1, 2), d.int(1, 2)];
  const strides = [d.int(1, 3), d.int(1, 2)];
  const pads = [d.int(0, 2), d.int(0, 1), d.int(0, 2), d.int(0, 3)];
  const [n, h, w] = [d.int(1, 2), d.int(5, 9), d.int(5, 11)];
  const nhwc = layout === 'nhwc_hwcf';
  const inputs = [
    nhwc ? t(n, h, w, c) : t(n, c, h, w),
    nhwc ? t(kh, kw, depth, f) : t(f, depth, kh, kw),
    t(f),
  ];
  const withBias = d.int(0, 2) > 0;
  return one(
    `conv ${layout} ${seed}: groups ${groups} of ${depth}, ${kh}x${kw}`,
    inputs,
    (b, input, weight, bias) => {
      const y = b.value(nn.conv2d, {
        input: input,
        weight: weight,
        ...(withBias ? { bias: bias } : {}),
        strides,
        dilations,
        pads,
        groups,
        layout,
      });
      return seed % 3 === 0 ? b.value(nn.clip, { input: y, min: 0, max: 6 }) : y;
    },
  );
}

function pooling(seed: number, layout: 'nchw' | 'nhwc', kind: 'max' | 'average'): Sample {
  const d = new Dice(seed, `pool ${layout}`);
  const kernel = [d.int(2, 3), d.int(2, 3)];
  const window = {
    kernel,
    strides: [d.int(1, 2), d.int(1, 3)],
    dilations: [1, d.int(1, 2)],
    pads: [d.int(0, 1), d.int(0, 1), d.int(0, 1), d.int(0, 1)],
    layout,
  };
  const [n, h, w, c] = [d.int(1, 2), d.int(5, 8), d.int(6, 9), d.int(1, 5)];
  const count_include_pad = seed % 2 === 0;
  return one(
    `${kind} pool ${layout} ${seed}`,
    [layout === 'nhwc' ? t(n, h, w, c) : t(n, c, h, w)],
    (b, input) =>
      kind === 'max'
        ? b.value(nn.maxPool2d, { input: input, ...window })
        : b.value(nn.averagePool2d, { input: input, ...window, count_include_pad }),
  );
}

function product(name: string, lhs: readonly number[], rhs: readonly number[]): Sample {
  return one(`matmul ${name}`, [t(...lhs), t(...rhs)], (b, x, y) => b.value(nn.matmul, { lhs: x, rhs: y }));
}

const constant = (b: Builder, shape: readonly number[], values: readonly number[]): Value => {
  const type = tensor(shape, f32);
  return b.value(arith.constant, { value: denseElements(type, values) }, type);
};

const unary: readonly Sample[] = nn.unaryOps.map((definition) =>
  one(definition.name, [t(3, 5)], (b, x) => b.value(definition, { input: x })),
);
const binary: readonly Sample[] = nn.binaryOps.flatMap((definition) =>
  (
    [
      [
        [2, 3, 4],
        [3, 1],
      ],
      [
        [1, 4],
        [5, 1],
      ],
      [[], [3]],
      [
        [2, 2],
        [2, 2],
      ],
    ] as const
  ).map(([a, b]) =>
    one(`${definition.name} ${a.join('x')} with ${b.join('x')}`, [t(...a), t(...b)], (builder, lhs, rhs) =>
      builder.value(definition, { lhs: lhs, rhs: rhs }),
    ),
  ),
);
const integers: readonly Sample[] = [nn.add, nn.sub, nn.mul, nn.div, nn.max, nn.min].map((definition) =>
  one(`${definition.name} of i32`, [tensor([4, 5], i32), tensor([5], i32)], (b, lhs, rhs) =>
    b.value(definition, { lhs: lhs, rhs: rhs }),
  ),
);
const reductions: readonly Sample[] = [
  nn.reduceSum,
  nn.reduceMean,
  nn.reduceMax,
  nn.reduceMin,
  nn.reduceProd,
].flatMap((definition) =>
  (
    [
      [[1], true],
      [[0, 2], false],
      [[0, 1, 2], true],
      [[-1], false],
      [[], true],
    ] as const
  ).map(([axes, keepdims]) =>
    one(`${definition.name} over ${axes.join(',')}${keepdims ? ' kept' : ''}`, [t(2, 3, 5)], (b, x) =>
      b.value(definition, { input: x, axes, keepdims }),
    ),
  ),
);

/** Every family of ops that has a lowering. */
export const samples: readonly Sample[] = [
  ...Array.from({ length: 12 }, (_, seed) => convolution(seed, 'nhwc_hwcf')),
  ...Array.from({ length: 12 }, (_, seed) => convolution(seed + 100, 'nchw_fchw')),
  ...(['nchw', 'nhwc'] as const).flatMap((layout) =>
    (['max', 'average'] as const).flatMap((kind) => [1, 2, 3].map((seed) => pooling(seed, layout, kind))),
  ),
  product('of matrices', [5, 7], [7, 3]),
  product('with batches', [2, 1, 3, 4], [5, 4, 2]),
  product('of vectors', [6], [6]),
  product('of a row', [6], [3, 6, 2]),
  product('with a column', [2, 3, 6], [6]),
  one('softmax over the last axis', [t(3, 7)], (b, x) => b.value(nn.softmax, { input: x, axis: 1 })),
  one('softmax over the first axis', [t(4, 2, 3)], (b, x) => b.value(nn.softmax, { input: x, axis: 0 })),
  one('batch norm', [t(2, 3, 4, 5), t(3), t(3), t(3)], (b, x, s, o, m) =>
    b.value(nn.batchNorm, {
      input: x,
      scale: s,
      bias: o,
      mean: m,
      variance: constant(b, [3], [0.5, 1, 2]),
      epsilon: 1e-5,
    }),
  ),
  ...unary,
  ...binary,
  ...integers,
  one('compare', [t(3, 4), t(4)], (b, x, y) => b.value(nn.compare, { lhs: x, rhs: y, predicate: 'ge' })),
  one('select', [tensor([3, 1], i1), t(4), t(3, 4)], (b, c, x, y) =>
    b.value(nn.select, { condition: c, on_true: x, on_false: y }),
  ),
  one('clip', [t(3, 4)], (b, x) => b.value(nn.clip, { input: x, min: -0.5, max: Infinity })),
  one('cast to i32 and back', [t(3, 4)], (b, x) =>
    b.value(nn.cast, { input: b.value(nn.cast, { input: x, to: i32 }), to: f32 }),
  ),
  one('cast to i1 and i64', [t(3, 4)], (b, x) =>
    b.value(nn.cast, { input: b.value(nn.cast, { input: x, to: i1 }), to: i64 }),
  ),
  ...reductions,
  ...(
    [
      [
        [2, 3, 4],
        [6, 4],
      ],
      [
        [4, 6],
        [2, 12],
      ],
      [[1, 5, 1], [5]],
      [[6], [1, 2, 3, 1]],
      [[], [1, 1]],
      [[1, 1], []],
      [
        [0, 3],
        [3, 0],
      ],
    ] as const
  ).map(([from, to]) =>
    one(`reshape ${from.join('x')} to ${to.join('x')}`, [t(...from)], (b, x) =>
      b.value(nn.reshape, { input: b.value(nn.neg, { input: x }), shape: to }),
    ),
  ),
  one('transpose', [t(2, 3, 4)], (b, x) => b.value(nn.transpose, { input: x, permutation: [2, 0, 1] })),
  one('transpose into sum', [t(2, 3), t(3, 2)], (b, x, y) =>
    b.value(nn.add, { lhs: b.value(nn.transpose, { input: x, permutation: [1, 0] }), rhs: y }),
  ),
  one('transposed product', [t(4, 3), t(5, 3)], (b, x, y) =>
    b.value(nn.matmul, { lhs: x, rhs: b.value(nn.transpose, { input: y, permutation: [1, 0] }) }),
  ),
  one('concat', [t(2, 1, 3), t(2, 4, 3), t(2, 2, 3)], (b, ...xs) =>
    b.value(nn.concat, { inputs: xs, axis: 1 }),
  ),
  one('concat of concat', [t(2, 1), t(2, 4)], (b, x, y) =>
    b.value(nn.concat, { inputs: [b.value(nn.concat, { inputs: [x, y], axis: 1 }), x], axis: 1 }),
  ),
  one('pad', [t(2, 3)], (b, x) => b.value(nn.pad, { input: x, low: [1, 0], high: [0, 2], value: 1.5 })),
  one('pad that cuts', [t(4, 5)], (b, x) => b.value(nn.pad, { input: x, low: [-1, 2], high: [0, -2] })),
  one('slice', [t(6, 9)], (b, x) =>
    b.value(nn.slice, { input: x, starts: [1, 2], ends: [5, -1], steps: [2, 3] }),
  ),
  one('broadcast', [t(3, 1)], (b, x) => b.value(nn.broadcast, { input: x, shape: [2, 1, 4] })),
  one('shape', [t(3, 2)], (b, x) => b.value(nn.shapeOf, { input: x })),
  one('empty tensors', [t(0, 4), t(4)], (b, x, y) => b.value(nn.add, { lhs: x, rhs: y })),
];

/** Networks of several ops: what fuses into how many dispatches. */
export interface Network extends Sample {
  readonly dispatches: readonly string[];
}
const conv = (
  b: Builder,
  input: Value,
  weight: Value,
  bias: Value | undefined,
  k: number,
  groups = 1,
  stride = 1,
): Value =>
  b.value(nn.conv2d, {
    input,
    weight,
    ...(bias === undefined ? {} : { bias }),
    strides: [stride, stride],
    dilations: [1, 1],
    pads: k === 1 ? [0, 0, 0, 0] : [1, 1, 1, 1],
    groups,
    layout: 'nhwc_hwcf',
  });
export const networks: readonly Network[] = [
  {
    name: 'an inverted residual',
    inputs: [t(1, 6, 7, 4), t(1, 1, 4, 8), t(8), t(3, 3, 1, 8), t(8), t(1, 1, 8, 4), t(4)],
    build: (b, [x, w1, b1, w2, b2, w3, b3]) => {
      const relu6 = (input: Value): Value => b.value(nn.clip, { input, min: 0, max: 6 });
      const wide = relu6(conv(b, x!, w1!, b1, 1));
      const deep = relu6(conv(b, wide, w2!, b2, 3, 8));
      const narrow = conv(b, deep, w3!, b3, 1);
      return [b.value(nn.add, { lhs: x!, rhs: narrow })];
    },
    dispatches: [
      'main_dispatch_0_conv2d_1x6x7x8x1x1x4_f32',
      'main_dispatch_1_depthwise_conv2d_1x6x7x8x3x3_f32',
      'main_dispatch_2_conv2d_1x6x7x4x1x1x8_f32',
    ],
  },
  {
    name: 'a residual of two convolutions',
    inputs: [t(1, 4, 4, 3), t(3, 3, 3, 5), t(5), t(1, 1, 3, 5), t(5)],
    build: (b, [x, w1, b1, w2, b2]) => {
      const main = conv(b, x!, w1!, b1, 3);
      const shortcut = conv(b, x!, w2!, b2, 1);
      return [b.value(nn.relu, { input: b.value(nn.add, { lhs: main, rhs: shortcut }) })];
    },
    dispatches: ['main_dispatch_0_conv2d_1x4x4x5x3x3x3_f32', 'main_dispatch_1_conv2d_1x4x4x5x1x1x3_f32'],
  },
  {
    name: 'a grouped convolution with activation',
    inputs: [t(1, 5, 5, 6), t(3, 3, 2, 9), t(9)],
    build: (b, [x, w, bias]) => [b.value(nn.relu, { input: conv(b, x!, w!, bias, 3, 3) })],
    dispatches: ['main_dispatch_0_grouped_conv2d_1x5x5x3x3x3x3x2_f32'],
  },
  {
    name: 'a classifier',
    inputs: [t(2, 3, 5, 8), t(8, 10), t(10)],
    build: (b, [x, w, bias]) => {
      const pooled = b.value(nn.averagePool2d, {
        input: x!,
        kernel: [3, 5],
        strides: [1, 1],
        pads: [0, 0, 0, 0],
        dilations: [1, 1],
        layout: 'nhwc',
      });
      const flat = b.value(nn.reshape, { input: pooled, shape: [2, 8] });
      return [b.value(nn.add, { lhs: b.value(nn.matmul, { lhs: flat, rhs: w! }), rhs: bias! })];
    },
    dispatches: ['main_dispatch_0_pool_average_2x1x1x8x3x5_f32', 'main_dispatch_1_matmul_2x10x8_f32'],
  },
  {
    name: 'a softmax',
    inputs: [t(4, 6)],
    build: (b, [x]) => [b.value(nn.softmax, { input: x!, axis: 1 })],
    dispatches: [
      'main_dispatch_0_reduce_max_4x6_f32',
      'main_dispatch_1_elementwise_sub_exp_4x6_f32',
      'main_dispatch_2_reduce_sum_4x6_f32',
      'main_dispatch_3_elementwise_div_4x6_f32',
    ],
  },
  {
    name: 'a transposed image',
    inputs: [t(2, 3, 6, 5), t(3, 3, 3, 8), t(3, 3, 1, 3)],
    build: (b, [x, w, deep]) => {
      const image = b.value(nn.transpose, { input: x!, permutation: [0, 2, 3, 1] });
      const other = b.value(nn.transpose, {
        input: b.value(nn.neg, { input: x! }),
        permutation: [0, 2, 3, 1],
      });
      return [conv(b, image, w!, undefined, 3, 1, 2), conv(b, other, deep!, undefined, 3, 3)];
    },
    dispatches: [
      'main_dispatch_0_elementwise_neg_2x6x5x3_f32',
      'main_dispatch_1_conv2d_2x3x3x8x3x3x3_f32',
      'main_dispatch_2_depthwise_conv2d_2x6x5x3x3x3_f32',
    ],
  },
  {
    name: 'an elementwise chain',
    inputs: [t(4, 6), t(6)],
    build: (b, [x, y]) => {
      const sum = b.value(nn.add, { lhs: x!, rhs: y! });
      return [b.value(nn.mul, { lhs: b.value(nn.relu, { input: sum }), rhs: constant(b, [], [3]) })];
    },
    dispatches: ['main_dispatch_0_elementwise_add_max_mul_4x6_f32'],
  },
];
