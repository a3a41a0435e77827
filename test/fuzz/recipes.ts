/** What random graphs are made of: one recipe per operator, which adds a node on a value if it can be given one. */
import { elementCountOf, elementTypeInfo } from '../../src/frontend/elementType';
import type { ElementType } from '../../src/frontend/elementType';
import { float, int, ints, string } from '../../src/frontend/zoo/onnxGraphBuilder';
import type { Result, Value } from './randomGraph';
import { layers } from './layerRecipes';
import { isFloat, limitsOf } from './randomGraph';
import type { Recipe } from './recipeParts';
import { axisOf, like, magnitude, moved } from './recipeParts';

const span = (values: readonly number[]): readonly [number, number] => [
  Math.min(...values),
  Math.max(...values),
];
const isSigned = (v: Value): boolean => ['float', 'signed'].includes(elementTypeInfo(v.type).kind);
const isInteger = (v: Value): boolean => ['unsigned', 'signed'].includes(elementTypeInfo(v.type).kind);
const isNumber = (v: Value): boolean => v.type !== 'bool';

/** A function of one float that rises or falls over the whole range; `slope` bounds how fast. */
const monotone =
  (
    op: string,
    f: (x: number) => number,
    slope: (x: Value) => number,
    fits: (x: Value) => boolean = () => true,
  ): Recipe =>
  (g, x) =>
    isFloat(x.type) &&
    fits(x) &&
    g.node(op, [x], { ...like(x, ...span([f(x.low), f(x.high)])), inherited: slope(x) * x.noise });
/** A function of one float between fixed bounds. */
const bounded =
  (op: string, low: number, high: number, slope: number): Recipe =>
  (g, x) =>
    isFloat(x.type) && g.node(op, [x], { ...like(x, low, high), inherited: slope * x.noise });
/** A smooth gate: between `low` and the operand itself. */
const gate =
  (op: string, low: number): Recipe =>
  (g, x) =>
    isFloat(x.type) &&
    g.node(op, [x], { ...like(x, low * 1.01, Math.max(0, x.high)), inherited: 1.5 * x.noise });
/** A function that jumps, of what has no noise. */
const stepped =
  (op: string, f: (x: number) => number): Recipe =>
  (g, x) =>
    isFloat(x.type) && x.noise === 0 && g.node(op, [x], { ...like(x, f(x.low), f(x.high)), moved: true });

const unary: readonly Recipe[] = [
  monotone(
    'Sigmoid',
    (v) => 1 / (1 + Math.exp(-v)),
    () => 0.25,
  ),
  monotone('Tanh', Math.tanh, () => 1),
  monotone(
    'Exp',
    Math.exp,
    (x) => Math.exp(x.high),
    (x) => x.high < 7,
  ),
  monotone(
    'Log',
    Math.log,
    (x) => 1 / x.low,
    (x) => x.low > 0.01,
  ),
  monotone(
    'Sqrt',
    Math.sqrt,
    (x) => 0.5 / Math.sqrt(x.low),
    (x) => x.low > 0.01,
  ),
  monotone(
    'Reciprocal',
    (v) => 1 / v,
    (x) => 1 / x.low ** 2,
    (x) => x.low > 0.05,
  ),
  monotone('Atan', Math.atan, () => 1),
  monotone('Asinh', Math.asinh, () => 1),
  monotone(
    'Sinh',
    Math.sinh,
    (x) => Math.cosh(magnitude(x)),
    (x) => magnitude(x) < 6,
  ),
  monotone(
    'Softplus',
    (v) => Math.log1p(Math.exp(-Math.abs(v))) + Math.max(v, 0),
    () => 1,
  ),
  monotone(
    'Softsign',
    (v) => v / (1 + Math.abs(v)),
    () => 1,
  ),
  monotone(
    'Elu',
    (v) => (v < 0 ? Math.expm1(v) : v),
    () => 1,
  ),
  monotone(
    'Selu',
    (v) => 1.0507009873554805 * (v < 0 ? 1.6732632423543772 * Math.expm1(v) : v),
    () => 1.8,
  ),
  monotone(
    'Celu',
    (v) => (v < 0 ? Math.expm1(v) : v),
    () => 1,
  ),
  monotone(
    'LeakyRelu',
    (v) => (v < 0 ? 0.01 * v : v),
    () => 1,
  ),
  monotone(
    'HardSigmoid',
    (v) => Math.min(1, Math.max(0, 0.2 * v + 0.5)),
    () => 0.2,
  ),
  bounded('Sin', -1, 1, 1),
  bounded('Cos', -1, 1, 1),
  bounded('Erf', -1, 1, 1.13),
  gate('Gelu', -0.17),
  gate('Mish', -0.31),
  gate('HardSwish', -0.375),
  stepped('Floor', Math.floor),
  stepped('Ceil', Math.ceil),
  (g, x) =>
    isFloat(x.type) &&
    x.noise === 0 &&
    g.node('Round', [x], { ...like(x, x.low - 0.5, x.high + 0.5), moved: true }),
  (g, x) =>
    isNumber(x) && x.noise === 0 && g.node('Sign', [x], { ...like(x, isSigned(x) ? -1 : 0, 1), moved: true }),
  (g, x) =>
    isFloat(x.type) &&
    x.noise === 0 &&
    g.node(
      'ThresholdedRelu',
      [x],
      { ...like(x, 0, Math.max(0, x.high)), moved: true },
      { alpha: float(0.5) },
    ),
  (g, x) => isSigned(x) && g.node('Neg', [x], { ...like(x, -x.high, -x.low), moved: true }),
  (g, x) => isNumber(x) && g.node('Abs', [x], { ...like(x, 0, magnitude(x)), moved: true }),
  (g, x) => isSigned(x) && g.node('Relu', [x], { ...like(x, 0, Math.max(0, x.high)), moved: true }),
  (g, x) => g.node('Identity', [x], { ...like(x), moved: true }),
  (g, x) => isFloat(x.type) && g.node('IsNaN', [x], { ...like(x, 0, 1), type: 'bool', inherited: 0 }),
  (g, x) => x.type === 'bool' && g.node('Not', [x], like(x)),
  (g, x) => isInteger(x) && isSigned(x) && g.node('BitwiseNot', [x], like(x, -x.high - 1, -x.low - 1)),
  (g, x) => {
    if (!['f32', 'f64', 'i32', 'i64', 'i8', 'u8'].includes(x.type)) return false;
    const bounds = [1, 4].map((v) => g.leaf(x.type, [], v, v, true));
    return g.node('Clip', [x, ...bounds], { ...like(x, 1, 4), inherited: x.noise, moved: true });
  },
];

/** The corners of two ranges. */
const corners = (a: Value, b: Value, f: (x: number, y: number) => number): readonly [number, number] =>
  span([f(a.low, b.low), f(a.low, b.high), f(a.high, b.low), f(a.high, b.high)]);
const arithmetic =
  (
    op: string,
    f: (x: number, y: number) => number,
    inherited: (a: Value, b: Value) => number,
    least?: number,
  ): Recipe =>
  (g, x) => {
    if (!isNumber(x)) return false;
    const y = g.partner(x, least, least === undefined ? undefined : 4);
    return g.node(op, [x, y], { ...like(x, ...corners(x, y, f)), inherited: inherited(x, y) });
  };
const sum = (a: Value, b: Value): number => a.noise + b.noise;
const compared =
  (op: string, types: (x: Value) => boolean): Recipe =>
  (g, x) => {
    if (!types(x) || x.noise > 0) return false;
    const y = g.partner(x);
    return y.noise === 0 && g.node(op, [x, y], { ...like(x, 0, 1), type: 'bool', moved: true });
  };
const bitwise =
  (op: string): Recipe =>
  (g, x) => {
    if (!isInteger(x) || x.low < 0) return false;
    const y = g.partner(x, 0);
    return g.node(
      op,
      [x, y],
      like(x, 0, 2 ** Math.ceil(Math.log2(Math.max(magnitude(x), magnitude(y)) + 1)) - 1),
    );
  };
const binary: readonly Recipe[] = [
  arithmetic('Add', (a, b) => a + b, sum),
  arithmetic('Sub', (a, b) => a - b, sum),
  arithmetic(
    'Mul',
    (a, b) => a * b,
    (a, b) => magnitude(a) * b.noise + magnitude(b) * a.noise,
  ),
  arithmetic(
    'Div',
    (a, b) => a / b,
    (a, b) => a.noise / b.low + (magnitude(a) * b.noise) / b.low ** 2,
    1,
  ),
  arithmetic('Max', Math.max, sum),
  arithmetic('Min', Math.min, sum),
  (g, x) => {
    if (!isFloat(x.type) || x.low < 0.1 || x.high > 8) return false;
    const y = g.partner(x, -2, 3);
    const [low, high] = corners(x, y, Math.pow);
    return g.node('Pow', [x, y], { ...like(x, low, high), inherited: high * (30 * x.noise + 3 * y.noise) });
  },
  (g, x) => {
    if (!isInteger(x)) return false;
    const y = g.partner(x, 1);
    return g.node('Mod', [x, y], like(x, 0, y.high - 1));
  },
  ...['And', 'Or', 'Xor'].map((op) => compared(op, (x) => x.type === 'bool')),
  compared('Equal', () => true),
  ...['Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual'].map((op) => compared(op, isNumber)),
  ...['BitwiseAnd', 'BitwiseOr', 'BitwiseXor'].map(bitwise),
  (g, x) => {
    if (!isInteger(x) || isSigned(x)) return false;
    const right = g.chance(0.5);
    const y = g.partner(x, 0, 3);
    const result = right ? like(x, 0, x.high) : like(x, 0, x.high * 2 ** y.high);
    return g.node('BitShift', [x, y], result, { direction: string(right ? 'RIGHT' : 'LEFT') });
  },
  (g, x) => {
    const condition = g.partner({ ...x, type: 'bool', low: 0, high: 1 });
    const y = g.partner(x);
    return g.node('Where', [condition, x, y], {
      ...like(x, ...corners(x, y, Math.min)),
      high: Math.max(x.high, y.high),
      type: x.type,
      inherited: sum(x, y),
      moved: true,
    });
  },
  (g, x) => {
    if (!isFloat(x.type)) return false;
    const slope = g.partner(x, -2, 2);
    const bound = magnitude(x) * Math.max(1, magnitude(slope));
    return g.node('PRelu', [x, slope], {
      ...like(x, -bound, bound),
      inherited: 2 * x.noise + magnitude(x) * slope.noise,
    });
  },
  (g, x) => {
    if (!isFloat(x.type)) return false;
    const all = [x, g.partner(x), g.partner(x)];
    const op = g.pick(['Sum', 'Mean', 'Max', 'Min']);
    const total = all.reduce((s, v) => s + magnitude(v), 0);
    return g.node(op, all, like(x, -total, total));
  },
];

const reduction =
  (
    op: string,
    bounds: (x: Value, n: number) => readonly [number, number],
    slope: (x: Value, n: number) => number,
    fits: (x: Value) => boolean,
  ): Recipe =>
  (g, x) => {
    if (!['f32', 'f64', 'i32', 'i64'].includes(x.type) || x.shape.length === 0 || !fits(x)) return false;
    const axes = x.shape.flatMap((_, i) => (g.chance(0.5) ? [i] : []));
    const reduced = axes.length === 0 ? [x.shape.length - 1] : axes;
    const keep = g.chance(0.5);
    const n = elementCountOf(reduced.map((a) => x.shape[a]!));
    const [low, high] = bounds(x, n);
    const shape = x.shape.flatMap((d, i) => (!reduced.includes(i) ? [d] : keep ? [1] : []));
    const signed = reduced.map((a) => (g.chance(0.3) ? a - x.shape.length : a));
    return g.node(
      op,
      [x, g.integers(signed)],
      { shape, low, high, inherited: slope(x, n) * x.noise },
      { keepdims: int(keep ? 1 : 0) },
    );
  };
const always = (): boolean => true;
const floats = (x: Value): boolean => isFloat(x.type);
const along =
  (op: string, low: number | undefined, high: number, slope: number): Recipe =>
  (g, x) =>
    isFloat(x.type) &&
    x.shape.length > 0 &&
    g.node(
      op,
      [x],
      { ...like(x, low ?? x.low - x.high - Math.log(2048), high), inherited: slope * x.noise },
      { axis: int(axisOf(g, x)) },
    );
const reductions: readonly Recipe[] = [
  reduction(
    'ReduceSum',
    (x, n) => [Math.min(x.low * n, x.low), Math.max(x.high * n, x.high)],
    (_, n) => n,
    always,
  ),
  reduction(
    'ReduceMean',
    (x) => [x.low, x.high],
    () => 1,
    floats,
  ),
  reduction(
    'ReduceMax',
    (x) => [x.low, x.high],
    () => 1,
    always,
  ),
  reduction(
    'ReduceMin',
    (x) => [x.low, x.high],
    () => 1,
    always,
  ),
  reduction(
    'ReduceProd',
    (x, n) => [-(Math.max(1, magnitude(x)) ** n), Math.max(1, magnitude(x)) ** n],
    (x, n) => n * Math.max(1, magnitude(x)) ** n,
    always,
  ),
  reduction(
    'ReduceL1',
    (x, n) => [0, magnitude(x) * n],
    (_, n) => n,
    always,
  ),
  reduction(
    'ReduceSumSquare',
    (x, n) => [0, magnitude(x) ** 2 * n],
    (x, n) => 2 * n * magnitude(x),
    always,
  ),
  reduction(
    'ReduceL2',
    (x, n) => [x.low, x.high * Math.sqrt(n)],
    (_, n) => n,
    (x) => floats(x) && x.low > 0,
  ),
  reduction(
    'ReduceLogSumExp',
    (x, n) => [x.low, x.high + Math.log(n)],
    () => 1,
    floats,
  ),
  along('Softmax', 0, 1, 2),
  along('LogSoftmax', undefined, 0, 2),
  (g, x) => {
    if (!['f32', 'i32'].includes(x.type) || x.noise > 0 || x.shape.length === 0) return false;
    const axis = axisOf(g, x);
    const shape = x.shape.map((d, i) => (i === axis ? 1 : d));
    const op = g.pick(['ArgMax', 'ArgMin']);
    return g.node(
      op,
      [x],
      { shape, low: 0, high: x.shape[axis]! - 1, type: 'i64', moved: true },
      { axis: int(axis), select_last_index: int(g.below(2)) },
    );
  },
  (g, x) => {
    if (!['f32', 'f64', 'i32', 'i64'].includes(x.type) || x.shape.length === 0) return false;
    const axis = axisOf(g, x);
    const bound = magnitude(x) * x.shape[axis]!;
    const attributes = { reverse: int(g.below(2)), exclusive: int(g.below(2)) };
    return g.node(
      'CumSum',
      [x, g.integers([axis], [])],
      { ...like(x, -bound * (isSigned(x) ? 1 : 0), bound), inherited: x.noise * x.shape[axis]! },
      attributes,
    );
  },
  (g, x) => {
    if (!['f32', 'i32', 'i64'].includes(x.type) || x.noise > 0 || x.shape.length === 0) return false;
    const axis = axisOf(g, x);
    const k = g.between(1, x.shape[axis]!);
    const shape = x.shape.map((d, i) => (i === axis ? k : d));
    const results: Result[] = [
      { shape, low: x.low, high: x.high, moved: true },
      { shape, low: 0, high: x.shape[axis]! - 1, type: 'i64', moved: true },
    ];
    return g.node('TopK', [x, g.integers([k])], results, { axis: int(axis), largest: int(g.below(2)) });
  },
];

const movement: readonly Recipe[] = [
  (g, x) => {
    const axes = x.shape.map((_, i) => i);
    for (let i = axes.length - 1; i > 0; i--) {
      const j = g.below(i + 1);
      [axes[i], axes[j]] = [axes[j]!, axes[i]!];
    }
    return g.node(
      'Transpose',
      [x],
      moved(
        x,
        axes.map((a) => x.shape[a]!),
      ),
      { perm: ints(...axes) },
    );
  },
  (g, x) => {
    const rest = x.shape.slice(1);
    const shape = g.pick([
      [elementCountOf(x.shape)],
      [...x.shape, 1],
      [...x.shape].reverse(),
      [x.shape[0] ?? 1, elementCountOf(rest)],
    ]);
    const written = shape.length > 0 && g.chance(0.4) ? [-1, ...shape.slice(1)] : shape;
    return g.node('Reshape', [x, g.integers(written)], moved(x, shape));
  },
  (g, x) => {
    const axis = g.between(0, x.shape.length);
    const shape = [elementCountOf(x.shape.slice(0, axis)), elementCountOf(x.shape.slice(axis))];
    return g.node('Flatten', [x], moved(x, shape), { axis: int(axis) });
  },
  (g, x) => {
    const axis = g.between(0, x.shape.length);
    return g.node(
      'Unsqueeze',
      [x, g.integers([axis])],
      moved(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]),
    );
  },
  (g, x) => {
    const axis = x.shape.indexOf(1);
    return (
      axis >= 0 &&
      g.node(
        'Squeeze',
        [x, g.integers([axis])],
        moved(
          x,
          x.shape.filter((_, i) => i !== axis),
        ),
      )
    );
  },
  (g, x) => {
    const shape = [...g.shape(g.below(2)), ...x.shape.map((d) => (d === 1 ? g.between(1, 4) : d))];
    return g.node('Expand', [x, g.integers(shape)], moved(x, shape));
  },
  (g, x) => {
    const repeats = x.shape.map(() => g.between(1, 2));
    return (
      x.shape.length > 0 &&
      g.node(
        'Tile',
        [x, g.integers(repeats)],
        moved(
          x,
          x.shape.map((d, i) => d * repeats[i]!),
        ),
      )
    );
  },
  (g, x) => {
    if (x.shape.length === 0) return false;
    const axis = axisOf(g, x);
    const others = g.values.filter(
      (v) =>
        v.type === x.type &&
        v.shape.length === x.shape.length &&
        v.shape.every((d, i) => i === axis || d === x.shape[i]),
    );
    const y = g.chance(0.7) ? g.pick(others) : g.leaf(x.type, x.shape);
    const shape = x.shape.map((d, i) => (i === axis ? d + y.shape[i]! : d));
    const result = {
      shape,
      low: Math.min(x.low, y.low),
      high: Math.max(x.high, y.high),
      inherited: Math.max(x.noise, y.noise),
      moved: true,
    };
    return g.node('Concat', [x, y], result, { axis: int(axis) });
  },
  (g, x) => {
    const axis = x.shape.findIndex((d) => d > 1);
    if (axis < 0) return false;
    const first = g.between(1, x.shape[axis]! - 1);
    const sizes = [first, x.shape[axis]! - first];
    const results = sizes.map((s) =>
      moved(
        x,
        x.shape.map((d, i) => (i === axis ? s : d)),
      ),
    );
    return g.node('Split', [x, g.integers(sizes)], results, { axis: int(axis) });
  },
  (g, x) => {
    if (x.shape.length === 0) return false;
    const axis = axisOf(g, x);
    const d = x.shape[axis]!;
    const start = g.below(d);
    const end = g.between(start + 1, d);
    const step = g.between(1, 2);
    const backwards = g.chance(0.3);
    const count = Math.ceil((end - start) / step);
    // Backwards from `end - 1` to `start`: an end before the first element is written as a large negative number.
    const [from, to, by] = backwards ? [end - 1, start === 0 ? -100 : start - 1, -step] : [start, end, step];
    return g.node(
      'Slice',
      [x, ...[from, to, axis, by].map((v) => g.integers([v]))],
      moved(
        x,
        x.shape.map((s, i) => (i === axis ? count : s)),
      ),
    );
  },
  (g, x) => {
    if (x.shape.length === 0 || !['f32', 'f64', 'i32', 'i64', 'i8', 'u8'].includes(x.type)) return false;
    const mode = g.pick(['constant', 'edge', 'reflect', 'wrap']);
    const pads = [...x.shape, ...x.shape].map((d) =>
      g.between(0, mode === 'constant' ? 2 : Math.min(2, d - 1)),
    );
    const shape = x.shape.map((d, i) => d + pads[i]! + pads[i + x.shape.length]!);
    return g.node(
      'Pad',
      [x, g.integers(pads)],
      moved(x, shape, { low: Math.min(0, x.low), high: Math.max(0, x.high) }),
      { mode: string(mode) },
    );
  },
  (g, x) => {
    if (x.shape.length === 0) return false;
    const axis = axisOf(g, x);
    const d = x.shape[axis]!;
    const indices = g.leaf(g.pick(['i32', 'i64']), g.shape(g.between(0, 2)), -d, d - 1);
    return g.node(
      'Gather',
      [x, indices],
      moved(x, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]),
      { axis: int(axis) },
    );
  },
  (g, x) => {
    if (x.shape.length === 0) return false;
    const axis = axisOf(g, x);
    const d = x.shape[axis]!;
    const shape = x.shape.map((s, i) => (i === axis ? g.between(1, 4) : s));
    return g.node('GatherElements', [x, g.leaf('i64', shape, -d, d - 1)], moved(x, shape), {
      axis: int(axis),
    });
  },
  (g, x) => {
    if (x.shape.length < 2) return false;
    const d = Math.min(x.shape[0]!, x.shape[1]!);
    const count = g.between(1, 4);
    return g.node(
      'GatherND',
      [x, g.leaf('i64', [count, 2], 0, d - 1)],
      moved(x, [count, ...x.shape.slice(2)]),
    );
  },
  (g, x) => {
    if (x.shape.length === 0) return false;
    const updates = g.leaf(x.type, [1, ...x.shape.slice(1)], x.low, x.high);
    const indices = g.integers([g.below(x.shape[0]!)], [1, 1]);
    return g.node('ScatterND', [x, indices, updates], {
      ...moved(x, x.shape),
      low: Math.min(x.low, updates.low),
      high: Math.max(x.high, updates.high),
    });
  },
  (g, x) => {
    if (x.shape.length < 2) return false;
    return g.node('Trilu', [x], moved(x, x.shape, { low: Math.min(0, x.low), high: Math.max(0, x.high) }), {
      upper: int(g.below(2)),
    });
  },
  (g, x) => {
    const [n, c, h, w] = x.shape;
    if (x.shape.length !== 4 || c! % 4 !== 0) return false;
    return g.node('DepthToSpace', [x], moved(x, [n!, c! / 4, h! * 2, w! * 2]), {
      blocksize: int(2),
      mode: string(g.pick(['DCR', 'CRD'])),
    });
  },
  (g, x) => {
    const [n, c, h, w] = x.shape;
    if (x.shape.length !== 4 || h! % 2 !== 0 || w! % 2 !== 0) return false;
    return g.node('SpaceToDepth', [x], moved(x, [n!, c! * 4, h! / 2, w! / 2]), { blocksize: int(2) });
  },
  (g, x) =>
    x.shape.length > 0 &&
    g.node('Shape', [x], { shape: [x.shape.length], low: 0, high: 64, type: 'i64', inherited: 0 }),
  (g, x) => g.node('Size', [x], { shape: [], low: 0, high: 2048, type: 'i64', inherited: 0 }),
];

const castTargets: readonly ElementType[] = [
  'f32',
  'f64',
  'f16',
  'bf16',
  'i8',
  'u8',
  'i16',
  'u16',
  'i32',
  'u32',
  'i64',
  'u64',
  'bool',
];
const casts: readonly Recipe[] = [
  ...Array.from({ length: 4 }, (): Recipe => (g, x) => {
    const to = g.pick(castTargets);
    const [least, most] = limitsOf(to);
    if (to === x.type || (!isFloat(to) && x.noise > 0)) return false;
    if (to !== 'bool' && (x.low < least || x.high > most)) return false;
    const [low, high] = to === 'bool' ? [0, 1] : [x.low, x.high];
    return g.node('Cast', [x], { ...like(x, low, high), type: to }, { to: int(elementTypeInfo(to).onnx) });
  }),
  (g, x) => {
    if (x.type !== 'f32' || x.noise > 0) return false;
    const type = g.pick(['i8', 'u8'] as const);
    const scale = g.leaf('f32', [], 0.05, 0.2, true);
    const zero = g.leaf(type, [], 0, 9, true);
    return g.node('QuantizeLinear', [x, scale, zero], { ...like(x, ...limitsOf(type)), type });
  },
  (g, x) => {
    if (!['i8', 'u8'].includes(x.type)) return false;
    const scale = g.leaf('f32', [], 0.01, 0.1, true);
    const zero = g.leaf(x.type, [], 0, 9, true);
    return g.node('DequantizeLinear', [x, scale, zero], { ...like(x, -27, 27), type: 'f32' });
  },
];

export const recipes: readonly Recipe[] = [
  ...unary,
  ...binary,
  ...reductions,
  ...movement,
  ...casts,
  ...layers,
];
