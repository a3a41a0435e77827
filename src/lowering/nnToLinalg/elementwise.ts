/** Elementwise `nn` ops as bodies of parallel loops. */
import type { Builder, Type, Value } from '../../ir';
import { types } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import * as math from '../../ir/dialects/math';
import { buildElementwise, elementTypeOf, shapeOf } from '../rules/linalgGeneric';
import type { Lowering, NnView } from './lowering';
import {
  addScalars,
  isFloat,
  lowering,
  maxScalars,
  minScalars,
  mulScalars,
  scalarConstant,
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
    if (element.kind === 'float') continue;
    if (element.kind !== 'integer' || element.signedness !== 'signless')
      return `elements of type ${element.text} have no arithmetic yet`;
  }
  return undefined;
}

const map = (b: Builder, inputs: readonly Value[], output: Value, f: Scalars): Value =>
  buildElementwise(b, inputs, shapeOf(output), elementTypeOf(output), (inner, args) => f(inner, ...args));

/** On floats alone. */
const unary = (f: (b: Builder, x: Value) => Value): Lowering<UnaryView> =>
  lowering(
    (b, { input, output }) => map(b, [input], output, (inner, x) => f(inner, x)),
    ({ input }) => elementProblem(input),
  );
const binary = (
  f: (b: Builder, lhs: Value, rhs: Value) => Value,
  refuse?: (view: BinaryView) => string | undefined,
): Lowering<BinaryView> =>
  lowering(
    (b, { lhs, rhs, output }) => map(b, [lhs, rhs], output, (inner, x, y) => f(inner, x, y)),
    (view) => elementProblem(view.lhs) ?? refuse?.(view),
  );

/** A `math` or `arith` op of one float operand. */
const one = (b: Builder, definition: typeof math.exp, operand: Value): Value =>
  b.value(definition, { operand });

const zero = (b: Builder, type: Type): Value => scalarConstant(b, 0, type);
const predicates = { eq: 'oeq', ne: 'une', lt: 'olt', le: 'ole', gt: 'ogt', ge: 'oge' } as const;
const signedPredicates = { eq: 'eq', ne: 'ne', lt: 'slt', le: 'sle', gt: 'sgt', ge: 'sge' } as const;

/** Integers round to zero; by zero they give zero. */
function divideIntegers(b: Builder, lhs: Value, rhs: Value): Value {
  const none = zero(b, rhs.type);
  const byZero = b.value(arith.cmpi, { predicate: 'eq', lhs: rhs, rhs: none }, types.i1);
  const divisor = b.value(arith.select, {
    condition: byZero,
    true_value: scalarConstant(b, 1, rhs.type),
    false_value: rhs,
  });
  const quotient = b.value(arith.divsi, { lhs, rhs: divisor });
  return b.value(arith.select, { condition: byZero, true_value: none, false_value: quotient });
}

function castScalar(b: Builder, x: Value, to: Type): Value {
  const from = x.type;
  if (from === to) return x;
  const width = (t: Type): number => types.bitWidth(t) ?? 0;
  if (to === types.i1) {
    return isFloat(from)
      ? b.value(arith.cmpf, { predicate: 'une', lhs: x, rhs: zero(b, from) }, types.i1)
      : b.value(arith.cmpi, { predicate: 'ne', lhs: x, rhs: zero(b, from) }, types.i1);
  }
  if (isFloat(from) && isFloat(to)) {
    if (width(from) < width(to)) return b.value(arith.extf, { in: x }, to);
    if (width(from) > width(to)) return b.value(arith.truncf, { in: x }, to);
    return b.value(arith.truncf, { in: b.value(arith.extf, { in: x }, types.f32) }, to);
  }
  if (isFloat(from)) return b.value(arith.fptosi, { in: x }, to);
  if (isFloat(to))
    return from === types.i1 ? b.value(arith.uitofp, { in: x }, to) : b.value(arith.sitofp, { in: x }, to);
  if (width(from) > width(to)) return b.value(arith.trunci, { in: x }, to);
  return from === types.i1 ? b.value(arith.extui, { in: x }, to) : b.value(arith.extsi, { in: x }, to);
}

export const elementwiseLowerings = {
  relu: unary((b, x) => maxScalars(b, x, zero(b, x.type))),
  neg: unary((b, x) =>
    isFloat(x.type) ? b.value(arith.negf, { operand: x }) : subScalars(b, zero(b, x.type), x),
  ),
  abs: unary((b, x) => (isFloat(x.type) ? one(b, math.absf, x) : b.value(math.absi, { operand: x }))),
  exp: unary((b, x) => one(b, math.exp, x)),
  log: unary((b, x) => one(b, math.log, x)),
  sqrt: unary((b, x) => one(b, math.sqrt, x)),
  reciprocal: unary((b, x) => b.value(arith.divf, { lhs: scalarConstant(b, 1, x.type), rhs: x })),
  tanh: unary((b, x) => one(b, math.tanh, x)),
  sigmoid: unary((b, x) => {
    const unit = scalarConstant(b, 1, x.type);
    const e = one(b, math.exp, b.value(arith.negf, { operand: x }));
    return b.value(arith.divf, { lhs: unit, rhs: addScalars(b, unit, e) });
  }),
  erfOp: unary((b, x) => one(b, math.erf, x)),
  floor: unary((b, x) => one(b, math.floor, x)),
  ceil: unary((b, x) => one(b, math.ceil, x)),
  round: unary((b, x) => one(b, math.roundeven, x)),
  sin: unary((b, x) => one(b, math.sin, x)),
  cos: unary((b, x) => one(b, math.cos, x)),
  add: binary(addScalars),
  sub: binary(subScalars),
  mul: binary(mulScalars),
  div: binary((b, lhs, rhs) =>
    isFloat(lhs.type) ? b.value(arith.divf, { lhs, rhs }) : divideIntegers(b, lhs, rhs),
  ),
  max: binary(maxScalars),
  min: binary(minScalars),
  pow: binary(
    (b, lhs, rhs) => b.value(math.powf, { lhs, rhs }),
    ({ lhs }) => (isFloat(elementTypeOf(lhs)) ? undefined : 'powers of integers are not lowered yet'),
  ),
  compare: lowering(
    (b, { lhs, rhs, output, predicate }) =>
      map(b, [lhs, rhs], output, (inner, x, y) =>
        isFloat(x.type)
          ? inner.value(arith.cmpf, { predicate: predicates[predicate], lhs: x, rhs: y }, types.i1)
          : inner.value(arith.cmpi, { predicate: signedPredicates[predicate], lhs: x, rhs: y }, types.i1),
      ),
    ({ lhs }) => elementProblem(lhs),
  ) as Lowering<NnView<'compare'>>,
  select: lowering((b, { condition, on_true, on_false, output }) =>
    map(b, [condition, on_true, on_false], output, (inner, c, x, y) =>
      inner.value(arith.select, { condition: c, true_value: x, false_value: y }),
    ),
  ) as Lowering<NnView<'select'>>,
  clip: lowering(
    (b, { input, output, min, max }) =>
      map(b, [input], output, (inner, x) => {
        const type = x.type;
        const raised =
          min === -Infinity
            ? x
            : maxScalars(inner, x, scalarConstant(inner, isFloat(type) ? min : Math.ceil(min), type));
        return max === Infinity
          ? raised
          : minScalars(inner, raised, scalarConstant(inner, isFloat(type) ? max : Math.floor(max), type));
      }),
    ({ input }) => elementProblem(input),
  ) as Lowering<NnView<'clip'>>,
  cast: lowering(
    (b, { input, output, to }) => map(b, [input], output, (inner, x) => castScalar(inner, x, to)),
    ({ input, output }) => elementProblem(input, output),
  ) as Lowering<NnView<'cast'>>,
} as const;
