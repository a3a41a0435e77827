/** `nn.grid_sample` as reads around each position, weighted. */
import type { Builder, Value } from '../../ir';
import { types } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import * as math from '../../ir/dialects/math';
import { elementTypeOf, shapeOf } from '../rules/linalgGeneric';
import { castScalar } from './cast';
import { compareScalars } from './elementwise';
import { computed } from './indexing';
import type { LoopBuilder } from './loopBuilder';
import type { NnView } from './lowering';
import {
  accumulatorType,
  addScalars,
  lowering,
  maxScalars,
  minScalars,
  mulScalars,
  scalarConstant,
  subScalars,
} from './lowering';

/** A neighbour along one axis: where it is, and what it counts. */
interface Tap {
  readonly at: Value;
  readonly weight: Value;
}

/** Arithmetic on floats of one type. */
class Floats {
  constructor(
    readonly b: Builder,
    readonly type: types.FloatType,
  ) {}
  number(value: number): Value {
    return scalarConstant(this.b, value, this.type);
  }
  add = (x: Value, y: Value | number): Value => addScalars(this.b, x, this.#value(y));
  sub = (x: Value | number, y: Value | number): Value => subScalars(this.b, this.#value(x), this.#value(y));
  mul = (x: Value, y: Value | number): Value => mulScalars(this.b, x, this.#value(y));
  div = (x: Value, y: number): Value => this.b.value(arith.divf, { lhs: x, rhs: this.number(y) });
  clamp = (x: Value, low: number, high: number): Value =>
    minScalars(this.b, maxScalars(this.b, x, this.number(low)), this.number(high));
  floor = (x: Value): Value => this.b.value(math.floor, { operand: x });
  round = (x: Value): Value => this.b.value(math.roundeven, { operand: x });
  #value(x: Value | number): Value {
    return typeof x === 'number' ? this.number(x) : x;
  }
}

/** `x` mirrored at both ends until it lies between them. */
function reflected(f: Floats, x: Value, low: number, high: number): Value {
  const period = 2 * (high - low);
  if (period === 0) return f.number(low);
  const distance = f.b.value(math.absf, { operand: f.sub(x, low) });
  const p = f.b.value(arith.remf, { lhs: distance, rhs: f.number(period) });
  const back = f.sub(period, p);
  const folded = f.b.value(arith.select, {
    condition: compareScalars(f.b, 'gt', p, f.number(high - low)),
    true_value: back,
    false_value: p,
  });
  return f.add(folded, low);
}

type View = NnView<'gridSample'>;
/** A position brought into the image, as the padding says. */
function inside(f: Floats, p: Value, size: number, { padding, align_corners: align }: View): Value {
  if (padding === 'zeros') return p;
  if (padding === 'border') return f.clamp(p, 0, size - 1);
  return f.clamp(align ? reflected(f, p, 0, size - 1) : reflected(f, p, -0.5, size - 0.5), 0, size - 1);
}

/** Weight of a neighbour at distance `d` (Keys, a = -0.75): within 1, and from 1 to 2. */
function cubicWeight(f: Floats, d: Value, near: boolean): Value {
  const a = -0.75;
  const horner = (...c: readonly number[]): Value =>
    c.slice(1).reduce<Value>((sum, k) => f.add(f.mul(sum, d), k), f.number(c[0]!));
  return near ? horner(a + 2, -(a + 3), 0, 1) : horner(a, -5 * a, 8 * a, -4 * a);
}

function tapsOf(f: Floats, given: Value, size: number, view: View): readonly Tap[] {
  if (view.mode === 'nearest') return [{ at: f.round(inside(f, given, size, view)), weight: f.number(1) }];
  if (view.mode === 'linear') {
    const p = inside(f, given, size, view);
    const low = f.floor(p);
    const t = f.sub(p, low);
    return [
      { at: low, weight: f.sub(1, t) },
      { at: f.add(low, 1), weight: t },
    ];
  }
  const low = f.floor(given);
  const t = f.sub(given, low);
  return [f.add(t, 1), t, f.sub(1, t), f.sub(2, t)].map((distance, i) => ({
    at: f.round(inside(f, f.add(low, i - 1), size, view)),
    weight: cubicWeight(f, distance, i === 1 || i === 2),
  }));
}

export const gridSampleLowering = lowering<View>((b, view) => {
  const { input, grid, output, align_corners: align } = view;
  const sizes = shapeOf(input).slice(2);
  const n = sizes.length;
  const element = elementTypeOf(input);
  const type = accumulatorType(element) as types.FloatType;
  return computed(b, output, [], (l, at) => {
    const f = new Floats(l.b, type);
    const [image, channel, ...point] = at;
    const axes = sizes.map((size, d) => {
      const raw = l.read(grid, [image!, ...point, l.index(n - 1 - d)]);
      const v = f.add(castScalar(l.b, raw, type), 1);
      const p = align ? f.mul(f.div(v, 2), size - 1) : f.div(f.sub(f.mul(v, size), 1), 2);
      return tapsOf(f, p, size, view);
    });
    const sum = pick(l, f, axes, sizes, (position) =>
      castScalar(l.b, l.read(input, [image!, channel!, ...position]), type),
    );
    return castScalar(l.b, sum, element);
  });
});

/** The sum over all combinations of neighbours; those outside of the image count nothing. */
function pick(
  l: LoopBuilder,
  f: Floats,
  axes: readonly (readonly Tap[])[],
  sizes: readonly number[],
  read: (position: readonly Value[]) => Value,
): Value {
  const known = axes.map((taps, d) =>
    taps.map(({ at, weight }) => {
      const last = f.number(sizes[d]! - 1);
      const isInside = l.and(compareScalars(l.b, 'ge', at, f.number(0)), compareScalars(l.b, 'le', at, last));
      const held = f.clamp(at, 0, sizes[d]! - 1);
      const index = l.toIndex(l.b.value(arith.fptosi, { in: held }, types.i64));
      return { index, weight: l.choose(isInside, weight, f.number(0)) };
    }),
  );
  let sum = f.number(0);
  const visit = (position: readonly Value[], weight: Value | undefined): void => {
    const d = position.length;
    const taps = known[d];
    if (taps === undefined) sum = f.add(sum, f.mul(read(position), weight ?? f.number(1)));
    else
      for (const tap of taps)
        visit([...position, tap.index], weight === undefined ? tap.weight : f.mul(weight, tap.weight));
  };
  visit([], undefined);
  return sum;
}
