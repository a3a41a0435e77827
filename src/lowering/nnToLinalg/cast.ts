/** Conversions of one scalar, as `nn.cast` and `nn.bitcast` mean them. Used by the elementwise lowerings. */
import type { Builder, Type, Value } from '../../ir';
import { types } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { saturationOf } from '../../ir/dialects/nn/casts';
import type { NnView } from './lowering';
import {
  isFloat,
  isUnsigned,
  maxScalars,
  minScalars,
  reinterpret,
  scalarConstant,
  signless,
} from './lowering';

type CastOptions = Pick<NnView<'cast'>, 'saturate' | 'rounding'>;
const widthOf = (type: Type): number => types.bitWidth(type) ?? 0;
const choose = (b: Builder, condition: Value, yes: Value, no: Value): Value =>
  b.value(arith.select, { condition, true_value: yes, false_value: no });

/** A cast of an element of any type to one of any type. */
export function castElement(b: Builder, value: Value, to: Type, options: CastOptions): Value {
  const x = reinterpret(b, value, signless(value.type));
  const target = signless(to);
  const unsigned = { unsigned: isUnsigned(value.type), toUnsigned: isUnsigned(to) };
  if (target.kind !== 'float' || widthOf(target) > 8)
    return reinterpret(b, castScalar(b, x, target, unsigned), to);
  const wide = castScalar(b, x, types.f32, unsigned);
  return b.value(arith.truncf, { in: limited(b, wide, target, options) }, target);
}

/** An f32 brought to what a float of at most 8 bits holds. */
function limited(b: Builder, x: Value, to: types.FloatType, { saturate, rounding }: CastOptions): Value {
  const top = saturationOf(to);
  if (top !== undefined && saturate)
    return minScalars(
      b,
      maxScalars(b, x, scalarConstant(b, -top, types.f32)),
      scalarConstant(b, top, types.f32),
    );
  const isNaN = b.value(arith.cmpf, { predicate: 'uno', lhs: x, rhs: x }, types.i1);
  if (to.name === 'f4E2M1FN') return choose(b, isNaN, scalarConstant(b, 0, types.f32), x);
  return to.name === 'f8E8M0FNU' ? powerOfTwo(b, x, isNaN, saturate, rounding) : x;
}

/** A power of two near `x`: its exponent alone, or the next. */
function powerOfTwo(
  b: Builder,
  x: Value,
  isNaN: Value,
  saturate: boolean,
  rounding: CastOptions['rounding'],
): Value {
  const f = (value: number): Value => scalarConstant(b, value, types.f32);
  const test = (predicate: 'ogt' | 'oge' | 'ole' | 'olt' | 'oeq', rhs: Value): Value =>
    b.value(arith.cmpf, { predicate, lhs: x, rhs }, types.i1);
  const bits = b.value(arith.bitcast, { in: x }, types.i32);
  const exponent = b.value(arith.andi, { lhs: bits, rhs: scalarConstant(b, 0x7f800000, types.i32) });
  const low = b.value(arith.bitcast, { in: exponent }, types.f32);
  const high = b.value(arith.mulf, { lhs: low, rhs: f(2) });
  const half = b.value(arith.mulf, { lhs: low, rhs: f(1.5) });
  const rounded =
    rounding === 'down'
      ? low
      : choose(b, rounding === 'up' ? test('ogt', low) : test('oge', half), high, low);
  const [top, bottom] = [f(2 ** 127), f(2 ** -127)];
  if (saturate) {
    const bounded = choose(b, test('oge', top), top, choose(b, test('ole', bottom), bottom, rounded));
    return choose(b, isNaN, x, bounded);
  }
  const outside = [test('oeq', f(0)), test('ogt', top), test('olt', bottom)].reduce((p, q) =>
    b.value(arith.ori, { lhs: p, rhs: q }),
  );
  return choose(b, b.value(arith.ori, { lhs: isNaN, rhs: outside }), f(NaN), rounded);
}

/** A cast by value between signless types. `unsigned` and `toUnsigned` say how integers are read. */
export function castScalar(
  b: Builder,
  x: Value,
  to: Type,
  {
    unsigned = false,
    toUnsigned = unsigned,
  }: { readonly unsigned?: boolean; readonly toUnsigned?: boolean } = {},
): Value {
  const from = x.type;
  if (from === to) return x;
  const zero = scalarConstant(b, 0, from);
  if (to === types.i1)
    return isFloat(from)
      ? b.value(arith.cmpf, { predicate: 'une', lhs: x, rhs: zero }, types.i1)
      : b.value(arith.cmpi, { predicate: 'ne', lhs: x, rhs: zero }, types.i1);
  if (isFloat(from) && isFloat(to)) {
    if (widthOf(from) < widthOf(to)) return b.value(arith.extf, { in: x }, to);
    if (widthOf(from) > widthOf(to)) return b.value(arith.truncf, { in: x }, to);
    return b.value(arith.truncf, { in: b.value(arith.extf, { in: x }, types.f32) }, to);
  }
  if (isFloat(from)) return floatToInteger(b, x, to, toUnsigned);
  const asUnsigned = unsigned || from === types.i1;
  if (isFloat(to)) return b.value(asUnsigned ? arith.uitofp : arith.sitofp, { in: x }, to);
  if (widthOf(from) > widthOf(to)) return b.value(arith.trunci, { in: x }, to);
  return widthOf(from) === widthOf(to) ? x : b.value(asUnsigned ? arith.extui : arith.extsi, { in: x }, to);
}

/** Floats beyond the integers of a narrow type keep their low bits, so they pass through a wider one. */
function floatToInteger(b: Builder, x: Value, to: Type, toUnsigned: boolean): Value {
  const width = widthOf(to);
  if (width === 64 && toUnsigned) {
    const large = b.value(
      arith.cmpf,
      { predicate: 'oge', lhs: x, rhs: scalarConstant(b, 2 ** 63, x.type) },
      types.i1,
    );
    return choose(b, large, b.value(arith.fptoui, { in: x }, to), b.value(arith.fptosi, { in: x }, to));
  }
  const wide = width === 64 || (width === 32 && !toUnsigned) ? to : width < 32 ? types.i32 : types.i64;
  const integer = b.value(arith.fptosi, { in: x }, wide);
  return wide === to ? integer : b.value(arith.trunci, { in: integer }, to);
}

/** The same bits; a Boolean is a byte of 0 or 1. */
export function bitcastScalar(b: Builder, x: Value, to: Type): Value {
  if (x.type === to) return x;
  if (x.type === types.i1) {
    const byte = b.value(arith.extui, { in: x }, types.i8);
    return to === types.i8 ? byte : b.value(arith.bitcast, { in: byte }, to);
  }
  if (to !== types.i1) return b.value(arith.bitcast, { in: x }, to);
  const byte = x.type === types.i8 ? x : b.value(arith.bitcast, { in: x }, types.i8);
  return b.value(arith.trunci, { in: byte }, types.i1);
}
