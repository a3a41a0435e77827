/** Predicates of `arith.cmpf` and `arith.cmpi`, in the order of their numbers in MLIR. */
import type { ScalarFunction, ScalarKernel } from '../interpreter/runtimeValue';
import { unsignedOf } from '../interpreter/storage';
import type { Type } from '../types';
import { bitWidth } from '../types';

export const floatPredicates = [
  'false',
  'oeq',
  'ogt',
  'oge',
  'olt',
  'ole',
  'one',
  'ord',
  'ueq',
  'ugt',
  'uge',
  'ult',
  'ule',
  'une',
  'uno',
  'true',
] as const;
export const integerPredicates = [
  'eq',
  'ne',
  'slt',
  'sle',
  'sgt',
  'sge',
  'ult',
  'ule',
  'ugt',
  'uge',
] as const;
export type FloatPredicate = (typeof floatPredicates)[number];
export type IntegerPredicate = (typeof integerPredicates)[number];

type Test = (a: number, b: number) => boolean;
const floatTests: Record<FloatPredicate, Test> = {
  false: () => false,
  oeq: (a, b) => a === b,
  ogt: (a, b) => a > b,
  oge: (a, b) => a >= b,
  olt: (a, b) => a < b,
  ole: (a, b) => a <= b,
  one: (a, b) => a < b || a > b,
  ord: (a, b) => a === a && b === b,
  ueq: (a, b) => !(a < b || a > b),
  ugt: (a, b) => !(a <= b),
  uge: (a, b) => !(a < b),
  ult: (a, b) => !(a >= b),
  ule: (a, b) => !(a > b),
  une: (a, b) => a !== b,
  uno: (a, b) => a !== a || b !== b,
  true: () => true,
};
// Read as numbers or bigints alike: both compare with these operators.
const integerTests: Record<'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', Test> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};

/** The kernel of a comparison of elements of `type`; gives 0 or 1. */
export function comparison(predicate: FloatPredicate | IntegerPredicate, type: Type): ScalarKernel {
  if (type.kind === 'float') {
    const test = floatTests[predicate as FloatPredicate];
    return { apply: (a: number, b: number) => (test(a, b) ? 1 : 0) };
  }
  const name = predicate.length === 3 ? predicate.slice(1) : predicate;
  const test = integerTests[name as keyof typeof integerTests];
  const read = predicate.startsWith('u')
    ? unsignedReader(type)
    : predicate.startsWith('s') && bitWidth(type) === 1
      ? (v: number): number => (v === 0 ? 0 : -1)
      : undefined;
  if (read === undefined) return { apply: (a: number, b: number) => (test(a, b) ? 1 : 0) };
  return { apply: (a: number, b: number) => (test(read(a), read(b)) ? 1 : 0) };
}
function unsignedReader(type: Type): (v: number) => number {
  const width = bitWidth(type)!;
  if (type.kind === 'index' || width <= 32) return unsignedOf(type);
  const read: ScalarFunction = (v: bigint) => BigInt.asUintN(width, v);
  return read as unknown as (v: number) => number;
}
