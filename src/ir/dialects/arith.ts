/** `arith`: arithmetic, comparisons and casts on scalars, vectors and tensors. Upstream dialect. */
import type { CustomAssembly } from '../assembly';
import { typeOfAttribute } from '../attributes';
import { anyAttr, anyType, boolLike, floatLike, integerLike, numberedEnum, unit } from '../constraints';
import { valueOfAttribute } from '../interpreter/tensor';
import type { ElementLoop, RuntimeValue } from '../interpreter/runtimeValue';
import { attr, defaultAttr, defineOp, InferenceError, one } from '../opDefinition';
import type { Dialect } from '../registry';
import type { Type } from '../types';
import { elementOf, i1, isShaped, withElement } from '../types';
import * as casts from './arithCasts';
import { comparison, floatPredicates, integerPredicates } from './arithCompare';
import * as integer from './arithIntegers';
import type { IntegerSemantics } from './elementwise';
import {
  elementwiseWork,
  fastmathFlags,
  fastmathFormat,
  floatKernel,
  integerKernel,
  overflowFlags,
  resultElement,
} from './elementwise';

/** `%c1_i32`, `%true`, `%cst`: the names that MLIR gives constants. */
function constantName(value: unknown, type: Type): string {
  if (type === i1) return value === true ? 'true' : 'false';
  if (type.kind === 'index') return `c${String(value)}`;
  return type.kind === 'integer' ? `c${String(value)}_${type.text}` : 'cst';
}

export const constant = defineOp({
  name: 'arith.constant',
  summary: 'a value known when compiling',
  doc: 'The value is a number, `dense<…>` elements or `dense_resource<name>`, a blob outside the text (model weights).',
  attrs: { value: attr(anyAttr, 'a typed number or elements') },
  results: { result: one(anyType) },
  traits: ['pure', 'constantLike'],
  assembly: 'attr-dict $value',
  infer: ({ attrs: { value } }) => {
    const type = typeOfAttribute(value);
    if (type === undefined) throw new InferenceError(`the value ${value.text} has no type`);
    return [type];
  },
  resultName: (op) => {
    const value = op.attr('value');
    // A parameter keeps its name, so that diffs of IR and the eye follow it through the passes.
    if (value?.kind === 'dense_resource') return parameterName(value.key);
    return value?.kind === 'integer' || value?.kind === 'bool'
      ? constantName(value.value, op.result(0).type)
      : 'cst';
  },
  compile: ({ op, value }, compiler) => {
    const slot = compiler.slot(op.result(0));
    let known: RuntimeValue | undefined;
    return (frame, context) => {
      known ??= valueOfAttribute(value, (key) => context.resource(key));
      if (known === undefined) throw new TypeError(`arith.constant: ${value.text} has no elements`);
      frame[slot] = known;
    };
  },
});

/** A key as an SSA name: letters, digits and `$._-`, not beginning with a digit. */
const parameterName = (key: string): string => {
  const name = key.replace(/[^\w$.-]/g, '_').slice(0, 80);
  return /^[A-Za-z$._]/.test(name) ? name : `_${name}`;
};

const binaryFloat = (
  name: string,
  summary: string,
  apply: (a: number, b: number) => number,
  loop?: ElementLoop,
  commutative = false,
) =>
  defineOp({
    name: `arith.${name}`,
    summary,
    operands: { lhs: one(floatLike), rhs: one(floatLike) },
    attrs: { fastmath: defaultAttr(fastmathFlags, []) },
    results: { result: one(floatLike) },
    traits: commutative
      ? ['pure', 'elementwise', 'sameType', 'commutative']
      : ['pure', 'elementwise', 'sameType'],
    assembly: `$lhs \`,\` $rhs ${fastmathFormat} attr-dict \`:\` type($result)`,
    scalar: ({ op }) => floatKernel(resultElement(op), apply, loop),
    work: ({ op }) => elementwiseWork(op, 1),
  });

// The loops repeat `apply` because a loop of its own is what the engine can specialise.
export const addf = binaryFloat(
  'addf',
  'sum of floats',
  (a, b) => a + b,
  (o, i, n, a, b) => {
    for (; i < n; i++) o[i] = a[i]! + b[i]!;
  },
  true,
);
export const subf = binaryFloat(
  'subf',
  'difference of floats',
  (a, b) => a - b,
  (o, i, n, a, b) => {
    for (; i < n; i++) o[i] = a[i]! - b[i]!;
  },
);
export const mulf = binaryFloat(
  'mulf',
  'product of floats',
  (a, b) => a * b,
  (o, i, n, a, b) => {
    for (; i < n; i++) o[i] = a[i]! * b[i]!;
  },
  true,
);
export const divf = binaryFloat(
  'divf',
  'quotient of floats',
  (a, b) => a / b,
  (o, i, n, a, b) => {
    for (; i < n; i++) o[i] = a[i]! / b[i]!;
  },
);
export const remf = binaryFloat(
  'remf',
  'remainder of floats, with the sign of the dividend',
  (a, b) => a % b,
);
export const maximumf = binaryFloat(
  'maximumf',
  'the larger float; NaN when either is NaN',
  (a, b) => Math.max(a, b),
  (o, i, n, a, b) => {
    for (; i < n; i++) o[i] = Math.max(a[i]!, b[i]!);
  },
  true,
);
export const minimumf = binaryFloat(
  'minimumf',
  'the smaller float; NaN when either is NaN',
  (a, b) => Math.min(a, b),
  (o, i, n, a, b) => {
    for (; i < n; i++) o[i] = Math.min(a[i]!, b[i]!);
  },
  true,
);
const unlessNaN =
  (pick: (a: number, b: number) => number) =>
  (a: number, b: number): number =>
    a !== a ? b : b !== b ? a : pick(a, b);
export const maxnumf = binaryFloat(
  'maxnumf',
  'the larger float; the other one when one is NaN',
  unlessNaN(Math.max),
  undefined,
  true,
);
export const minnumf = binaryFloat(
  'minnumf',
  'the smaller float; the other one when one is NaN',
  unlessNaN(Math.min),
  undefined,
  true,
);

export const negf = defineOp({
  name: 'arith.negf',
  summary: 'a float with its sign flipped',
  operands: { operand: one(floatLike) },
  attrs: { fastmath: defaultAttr(fastmathFlags, []) },
  results: { result: one(floatLike) },
  traits: ['pure', 'elementwise', 'sameType'],
  assembly: `$operand ${fastmathFormat} attr-dict \`:\` type($result)`,
  scalar: ({ op }) =>
    floatKernel(
      resultElement(op),
      (a) => -a,
      (o, i, n, a) => {
        for (; i < n; i++) o[i] = -a[i]!;
      },
    ),
  work: ({ op }) => elementwiseWork(op, 1),
});

const binaryInteger = (name: string, summary: string, semantics: IntegerSemantics, commutative = false) =>
  defineOp({
    name: `arith.${name}`,
    summary,
    operands: { lhs: one(integerLike), rhs: one(integerLike) },
    results: { result: one(integerLike) },
    traits: commutative
      ? ['pure', 'elementwise', 'sameType', 'commutative']
      : ['pure', 'elementwise', 'sameType'],
    assembly: '$lhs `,` $rhs attr-dict `:` type($result)',
    scalar: ({ op }) => integerKernel(resultElement(op), semantics),
    work: ({ op }) => elementwiseWork(op, 1),
  });
const overflowing = (name: string, summary: string, semantics: IntegerSemantics, commutative: boolean) =>
  defineOp({
    name: `arith.${name}`,
    summary,
    operands: { lhs: one(integerLike), rhs: one(integerLike) },
    attrs: { overflowFlags: defaultAttr(overflowFlags, []) },
    results: { result: one(integerLike) },
    traits: commutative
      ? ['pure', 'elementwise', 'sameType', 'commutative']
      : ['pure', 'elementwise', 'sameType'],
    assembly: '$lhs `,` $rhs (`overflow` `` $overflowFlags^)? attr-dict `:` type($result)',
    scalar: ({ op }) => integerKernel(resultElement(op), semantics),
    work: ({ op }) => elementwiseWork(op, 1),
  });
/** Division and right shifts, which may be known to leave no remainder. A division is not pure: it may trap. */
const maybeExact = (name: string, summary: string, semantics: IntegerSemantics, pure: boolean) =>
  defineOp({
    name: `arith.${name}`,
    summary,
    operands: { lhs: one(integerLike), rhs: one(integerLike) },
    attrs: { isExact: defaultAttr(unit, false) },
    results: { result: one(integerLike) },
    traits: pure ? ['pure', 'elementwise', 'sameType'] : ['elementwise', 'sameType'],
    assembly: '$lhs `,` $rhs (`exact` $isExact^)? attr-dict `:` type($result)',
    scalar: ({ op }) => integerKernel(resultElement(op), semantics),
    work: ({ op }) => elementwiseWork(op, 1),
  });
const division = (name: string, summary: string, semantics: IntegerSemantics) =>
  defineOp({
    name: `arith.${name}`,
    summary,
    operands: { lhs: one(integerLike), rhs: one(integerLike) },
    results: { result: one(integerLike) },
    traits: ['elementwise', 'sameType'],
    assembly: '$lhs `,` $rhs attr-dict `:` type($result)',
    scalar: ({ op }) => integerKernel(resultElement(op), semantics),
    work: ({ op }) => elementwiseWork(op, 1),
  });

export const addi = overflowing('addi', 'sum of integers, modulo the width', integer.add, true);
export const subi = overflowing('subi', 'difference of integers, modulo the width', integer.subtract, false);
export const muli = overflowing('muli', 'product of integers, modulo the width', integer.multiply, true);
export const shli = overflowing('shli', 'left shift', integer.shiftLeft, false);
export const divsi = maybeExact(
  'divsi',
  'signed quotient, rounded towards zero',
  integer.divideSigned,
  false,
);
export const divui = maybeExact('divui', 'unsigned quotient', integer.divideUnsigned, false);
export const shrsi = maybeExact('shrsi', 'right shift that keeps the sign', integer.shiftRightSigned, true);
export const shrui = maybeExact(
  'shrui',
  'right shift that fills with zeros',
  integer.shiftRightUnsigned,
  true,
);
export const remsi = division(
  'remsi',
  'signed remainder, with the sign of the dividend',
  integer.remainderSigned,
);
export const remui = division('remui', 'unsigned remainder', integer.remainderUnsigned);
export const ceildivsi = division('ceildivsi', 'signed quotient, rounded up', integer.ceilDivideSigned);
export const ceildivui = division('ceildivui', 'unsigned quotient, rounded up', integer.ceilDivideUnsigned);
export const floordivsi = division('floordivsi', 'signed quotient, rounded down', integer.floorDivideSigned);
export const andi = binaryInteger('andi', 'bitwise and', integer.and, true);
export const ori = binaryInteger('ori', 'bitwise or', integer.or, true);
export const xori = binaryInteger('xori', 'bitwise exclusive or', integer.xor, true);
export const maxsi = binaryInteger('maxsi', 'the larger signed integer', integer.maxSigned, true);
export const maxui = binaryInteger('maxui', 'the larger unsigned integer', integer.maxUnsigned, true);
export const minsi = binaryInteger('minsi', 'the smaller signed integer', integer.minSigned, true);
export const minui = binaryInteger('minui', 'the smaller unsigned integer', integer.minUnsigned, true);

export const cmpf = defineOp({
  name: 'arith.cmpf',
  summary: 'compares floats',
  doc: 'Predicates that begin with `o` are false when an operand is NaN (ordered), those with `u` are true (unordered).',
  operands: { lhs: one(floatLike), rhs: one(floatLike) },
  attrs: { predicate: attr(numberedEnum(floatPredicates)), fastmath: defaultAttr(fastmathFlags, []) },
  results: { result: one(boolLike) },
  traits: ['pure', 'elementwise', 'sameOperandTypes'],
  assembly: `$predicate \`,\` $lhs \`,\` $rhs ${fastmathFormat} attr-dict \`:\` type($lhs)`,
  infer: ({ types }) => [withElement(types.lhs, i1)],
  scalar: ({ predicate, lhs }) => comparison(predicate, elementOf(lhs.type)),
  work: ({ op }) => elementwiseWork(op, 1),
});
export const cmpi = defineOp({
  name: 'arith.cmpi',
  summary: 'compares integers',
  operands: { lhs: one(integerLike), rhs: one(integerLike) },
  attrs: { predicate: attr(numberedEnum(integerPredicates)) },
  results: { result: one(boolLike) },
  traits: ['pure', 'elementwise', 'sameOperandTypes'],
  assembly: '$predicate `,` $lhs `,` $rhs attr-dict `:` type($lhs)',
  infer: ({ types }) => [withElement(types.lhs, i1)],
  scalar: ({ predicate, lhs }) => comparison(predicate, elementOf(lhs.type)),
  work: ({ op, lhs }) => elementwiseWork(op, elementOf(lhs.type).kind === 'index' ? 0 : 1),
});

const selectAssembly: CustomAssembly = {
  print: (op, p) => {
    p.operands(op.operands);
    p.attributeDictionary(op);
    p.word(':');
    if (isShaped(op.operand(0).type)) {
      p.type(op.operand(0).type);
      p.raw(',');
    }
    p.type(op.result(0).type);
  },
  parse: (p) => {
    const condition = p.operand();
    p.expect(',');
    const whenTrue = p.operand();
    p.expect(',');
    const whenFalse = p.operand();
    const attributes = p.attributeDictionary();
    p.expect(':');
    const [first, second] = p.typeList();
    if (first === undefined) throw p.problem('arith.select needs a type');
    const type = second ?? first;
    return {
      operands: [
        p.resolve(condition, second === undefined ? i1 : first),
        p.resolve(whenTrue, type),
        p.resolve(whenFalse, type),
      ],
      resultTypes: [type],
      attributes,
    };
  },
};
export const select = defineOp({
  name: 'arith.select',
  summary: 'one of two values, by a condition',
  doc: 'With a shaped condition the choice is made for each element; a scalar one chooses a whole value.',
  operands: { condition: one(boolLike), true_value: one(anyType), false_value: one(anyType) },
  results: { result: one(anyType) },
  traits: ['pure', 'elementwise'],
  assembly: selectAssembly,
  infer: ({ types }) => [types.true_value],
  verify: ({ condition, true_value, false_value }) => {
    if (true_value.type !== false_value.type)
      return `the values have types ${true_value.type.text} and ${false_value.type.text}`;
    if (!isShaped(condition.type)) return undefined;
    const expected = withElement(true_value.type, i1);
    return expected === condition.type
      ? undefined
      : `the condition must be i1 or ${expected.text}, found ${condition.type.text}`;
  },
  scalar: () => ({ apply: (c: number, a: number, b: number) => (c !== 0 ? a : b) }),
  work: ({ op }) => elementwiseWork(op, 0),
});

export const arithDialect: Dialect = {
  name: 'arith',
  summary: 'Arithmetic, comparisons and casts on scalars, vectors and tensors.',
  ops: [
    constant,
    addf,
    subf,
    mulf,
    divf,
    remf,
    maximumf,
    minimumf,
    maxnumf,
    minnumf,
    negf,
    addi,
    subi,
    muli,
    divsi,
    divui,
    remsi,
    remui,
    ceildivsi,
    ceildivui,
    floordivsi,
    andi,
    ori,
    xori,
    shli,
    shrsi,
    shrui,
    maxsi,
    maxui,
    minsi,
    minui,
    cmpf,
    cmpi,
    select,
    ...casts.all,
  ],
  upstream: true,
};
export * from './arithCasts';
