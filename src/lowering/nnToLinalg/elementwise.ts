/** Elementwise `nn` ops as bodies of parallel loops. */
import type { Builder, Type, Value } from '../../ir';
import { types } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import * as math from '../../ir/dialects/math';
import { buildElementwise, elementTypeOf, shapeOf } from '../rules/linalgGeneric';
import { bitcastScalar, castElement, castScalar } from './cast';
import type { Lowering, NnView } from './lowering';
import {
  addScalars,
  isFloat,
  isUnsigned,
  lowering,
  maxScalars,
  minScalars,
  mulScalars,
  reinterpret,
  scalarConstant,
  signless,
  subScalars,
} from './lowering';

interface UnaryView {
  readonly input: Value;
  readonly output: Value;
}
interface BinaryView {
  readonly lhs: Value;
  readonly rhs: Value;
  readonly output: Value;
}
type Scalars = (b: Builder, ...args: readonly Value[]) => Value;

/** Why elements of a type have no arithmetic. */
export function elementProblem(...values: readonly Value[]): string | undefined {
  for (const v of values) {
    const element = elementTypeOf(v);
    if (element.kind !== 'float' && element.kind !== 'integer')
      return `elements of type ${element.text} have no arithmetic yet`;
  }
  return undefined;
}

/** `f` on elements; it sees integers as signless ones and gives such. */
const map = (b: Builder, inputs: readonly Value[], output: Value, f: Scalars): Value => {
  const element = elementTypeOf(output);
  return buildElementwise(b, inputs, shapeOf(output), element, (inner, args) =>
    reinterpret(inner, f(inner, ...args.map((x) => reinterpret(inner, x, signless(x.type)))), element),
  );
};
const unsignedElements = (v: Value): boolean => isUnsigned(elementTypeOf(v));

const unary = (f: (b: Builder, x: Value, unsigned: boolean) => Value): Lowering<UnaryView> =>
  lowering(
    (b, { input, output }) => map(b, [input], output, (inner, x) => f(inner, x, unsignedElements(input))),
    ({ input }) => elementProblem(input),
  );
const binary = (f: (b: Builder, lhs: Value, rhs: Value, unsigned: boolean) => Value): Lowering<BinaryView> =>
  lowering(
    (b, { lhs, rhs, output }) =>
      map(b, [lhs, rhs], output, (inner, x, y) => f(inner, x, y, unsignedElements(lhs))),
    (view) => elementProblem(view.lhs),
  );

/** A `math` or `arith` op of one float operand. */
const one = (b: Builder, definition: typeof math.exp, operand: Value): Value =>
  b.value(definition, { operand });
const plain = (definition: typeof math.exp): Lowering<UnaryView> => unary((b, x) => one(b, definition, x));

const zero = (b: Builder, type: Type): Value => scalarConstant(b, 0, type);
const predicates = { eq: 'oeq', ne: 'une', lt: 'olt', le: 'ole', gt: 'ogt', ge: 'oge' } as const;
const signedPredicates = { eq: 'eq', ne: 'ne', lt: 'slt', le: 'sle', gt: 'sgt', ge: 'sge' } as const;
const unsignedPredicates = { eq: 'eq', ne: 'ne', lt: 'ult', le: 'ule', gt: 'ugt', ge: 'uge' } as const;

const choose = (b: Builder, condition: Value, yes: Value, no: Value): Value =>
  b.value(arith.select, { condition, true_value: yes, false_value: no });
type Relation = keyof typeof predicates;
/** Whether a relation holds between two scalars. */
export function compareScalars(
  b: Builder,
  relation: Relation,
  lhs: Value,
  rhs: Value,
  unsigned = false,
): Value {
  if (isFloat(lhs.type)) return b.value(arith.cmpf, { predicate: predicates[relation], lhs, rhs }, types.i1);
  const predicate = (unsigned ? unsignedPredicates : signedPredicates)[relation];
  return b.value(arith.cmpi, { predicate, lhs, rhs }, types.i1);
}

/** `divide` where the divisor is not zero; zero where it is. */
function guardedDivision(b: Builder, rhs: Value, divide: (divisor: Value) => Value): Value {
  const byZero = compareScalars(b, 'eq', rhs, zero(b, rhs.type));
  const quotient = divide(choose(b, byZero, scalarConstant(b, 1, rhs.type), rhs));
  return choose(b, byZero, zero(b, rhs.type), quotient);
}
/** Integers round to zero; by zero they give zero. */
const divideIntegers = (b: Builder, lhs: Value, rhs: Value, unsigned: boolean): Value =>
  guardedDivision(b, rhs, (divisor) => b.value(unsigned ? arith.divui : arith.divsi, { lhs, rhs: divisor }));
const remainder = (b: Builder, lhs: Value, rhs: Value, unsigned: boolean): Value =>
  isFloat(lhs.type)
    ? b.value(arith.remf, { lhs, rhs })
    : guardedDivision(b, rhs, (divisor) =>
        b.value(unsigned ? arith.remui : arith.remsi, { lhs, rhs: divisor }),
      );
/** A remainder with the sign of the divisor: one with that of the dividend, moved by the divisor where they differ. */
function modulo(b: Builder, lhs: Value, rhs: Value, unsigned: boolean): Value {
  const r = remainder(b, lhs, rhs, unsigned);
  if (unsigned) return r;
  const none = zero(b, r.type);
  const differs = b.value(arith.xori, {
    lhs: compareScalars(b, 'lt', r, none),
    rhs: compareScalars(b, 'lt', rhs, none),
  });
  const moved = b.value(arith.andi, { lhs: compareScalars(b, 'ne', r, none), rhs: differs });
  return choose(b, moved, addScalars(b, r, rhs), r);
}

const logic = { and: arith.andi, or: arith.ori, xor: arith.xori } as const;
/** A shift by the width or more gives zero, or the sign. */
function bitwise(
  b: Builder,
  kind: NnView<'bitwise'>['kind'],
  lhs: Value,
  rhs: Value,
  unsigned: boolean,
): Value {
  if (kind === 'and' || kind === 'or' || kind === 'xor') return b.value(logic[kind], { lhs, rhs });
  const width = types.bitWidth(lhs.type)!;
  const inside = compareScalars(b, 'lt', rhs, scalarConstant(b, width, rhs.type), true);
  const amount = choose(b, inside, rhs, scalarConstant(b, width - 1, rhs.type));
  const operands = { lhs, rhs: amount };
  const shifted =
    kind === 'shift_left'
      ? b.value(arith.shli, operands)
      : b.value(unsigned ? arith.shrui : arith.shrsi, operands);
  // The sign remains of a signed number that is shifted as far as can be.
  return kind === 'shift_right' && !unsigned ? shifted : choose(b, inside, shifted, zero(b, lhs.type));
}

/** Integer powers through f64: exact below 2^53. */
function power(b: Builder, lhs: Value, rhs: Value, unsigned: boolean): Value {
  if (isFloat(lhs.type)) return b.value(math.powf, { lhs, rhs });
  const wide = (x: Value): Value => castScalar(b, x, types.f64, { unsigned });
  return castScalar(b, b.value(math.powf, { lhs: wide(lhs), rhs: wide(rhs) }), lhs.type, { unsigned });
}

/** A tensor of integers with its elements read in another sign. */
export function reinterpretTensor(b: Builder, value: Value, element: Type): Value {
  if (elementTypeOf(value) === element) return value;
  return buildElementwise(b, [value], shapeOf(value), element, (inner, [x]) =>
    reinterpret(inner, x!, element),
  );
}

export const elementwiseLowerings = {
  relu: unary((b, x, unsigned) => maxScalars(b, x, zero(b, x.type), unsigned)),
  neg: unary((b, x) =>
    isFloat(x.type) ? b.value(arith.negf, { operand: x }) : subScalars(b, zero(b, x.type), x),
  ),
  abs: unary((b, x, unsigned) =>
    isFloat(x.type) ? one(b, math.absf, x) : unsigned ? x : b.value(math.absi, { operand: x }),
  ),
  exp: plain(math.exp),
  log: plain(math.log),
  sqrt: plain(math.sqrt),
  reciprocal: unary((b, x) => b.value(arith.divf, { lhs: scalarConstant(b, 1, x.type), rhs: x })),
  tanh: plain(math.tanh),
  sigmoid: unary((b, x) => {
    const unit = scalarConstant(b, 1, x.type);
    const e = one(b, math.exp, b.value(arith.negf, { operand: x }));
    return b.value(arith.divf, { lhs: unit, rhs: addScalars(b, unit, e) });
  }),
  erfOp: plain(math.erf),
  floor: plain(math.floor),
  ceil: plain(math.ceil),
  round: plain(math.roundeven),
  sin: plain(math.sin),
  cos: plain(math.cos),
  tan: plain(math.tan),
  asin: plain(math.asin),
  acos: plain(math.acos),
  atan: plain(math.atan),
  sinh: plain(math.sinh),
  cosh: plain(math.cosh),
  asinh: plain(math.asinh),
  acosh: plain(math.acosh),
  atanh: plain(math.atanh),
  sign: unary((b, x, unsigned) => {
    const none = zero(b, x.type);
    const below = choose(b, compareScalars(b, 'lt', x, none, unsigned), scalarConstant(b, -1, x.type), x);
    const isPositive = compareScalars(b, 'gt', x, none, unsigned);
    return choose(b, isPositive, scalarConstant(b, 1, x.type), below);
  }),
  isNan: unary((b, x) => b.value(arith.cmpf, { predicate: 'uno', lhs: x, rhs: x }, types.i1)),
  isInf: lowering((b, { input, output, positive, negative }) =>
    map(b, [input], output, (inner, x) => {
      const equals = (value: number): Value =>
        compareScalars(inner, 'eq', x, scalarConstant(inner, value, x.type));
      if (positive && negative)
        return inner.value(arith.ori, { lhs: equals(Infinity), rhs: equals(-Infinity) });
      return positive || negative ? equals(positive ? Infinity : -Infinity) : zero(inner, types.i1);
    }),
  ) as Lowering<NnView<'isInf'>>,
  add: binary(addScalars),
  sub: binary(subScalars),
  mul: binary(mulScalars),
  div: binary((b, lhs, rhs, unsigned) =>
    isFloat(lhs.type) ? b.value(arith.divf, { lhs, rhs }) : divideIntegers(b, lhs, rhs, unsigned),
  ),
  mod: binary(modulo),
  rem: binary(remainder),
  max: binary(maxScalars),
  min: binary(minScalars),
  pow: binary(power),
  bitwise: lowering((b, { lhs, rhs, output, kind }) =>
    map(b, [lhs, rhs], output, (inner, x, y) => bitwise(inner, kind, x, y, unsignedElements(lhs))),
  ) as Lowering<NnView<'bitwise'>>,
  not: unary((b, x) => b.value(arith.xori, { lhs: x, rhs: scalarConstant(b, -1, x.type) })),
  bitcast: lowering((b, { input, output, to }) =>
    map(b, [input], output, (inner, x) => bitcastScalar(inner, x, signless(to))),
  ) as Lowering<NnView<'bitcast'>>,
  compare: lowering(
    (b, { lhs, rhs, output, predicate }) =>
      map(b, [lhs, rhs], output, (inner, x, y) =>
        compareScalars(inner, predicate, x, y, unsignedElements(lhs)),
      ),
    ({ lhs }) => elementProblem(lhs),
  ) as Lowering<NnView<'compare'>>,
  select: lowering((b, { condition, on_true, on_false, output }) =>
    map(b, [condition, on_true, on_false], output, (inner, c, x, y) => choose(inner, c, x, y)),
  ) as Lowering<NnView<'select'>>,
  clip: lowering(
    (b, { input, output, min, max }) =>
      map(b, [input], output, (inner, x) => {
        const { type } = x;
        const unsigned = unsignedElements(input);
        const limit = (value: number, round: (v: number) => number): Value =>
          scalarConstant(inner, isFloat(type) ? value : round(value), type);
        const raised =
          min === -Infinity || (unsigned && min <= 0)
            ? x
            : maxScalars(inner, x, limit(min, Math.ceil), unsigned);
        return max === Infinity ? raised : minScalars(inner, raised, limit(max, Math.floor), unsigned);
      }),
    ({ input }) => elementProblem(input),
  ) as Lowering<NnView<'clip'>>,
  cast: lowering(
    (b, { input, output, to, saturate, rounding }) =>
      buildElementwise(b, [input], shapeOf(output), to, (inner, [x]) =>
        castElement(inner, x!, to, { saturate, rounding }),
      ),
    ({ input, output }) => elementProblem(input, output),
  ) as Lowering<NnView<'cast'>>,
} as const;
