/** Integer arithmetic of `arith` in all widths: what each op computes, before wrapping to its type. */
import { irMessages } from '../messages';
import type { IntegerSemantics } from './elementwise';

function checked<T extends number | bigint>(divisor: T): T {
  if (Number(divisor) === 0)
    throw irMessages.error('STR0124', { op: 'an integer division', problem: 'the divisor is zero' });
  return divisor;
}
/** Bits of an index that leaves 32 bits. */
const wide =
  (f: (a: bigint, b: bigint) => bigint) =>
  (a: number, b: number): number =>
    Number(BigInt.asIntN(64, f(BigInt(a), BigInt(b))));
const isSmall = (a: number): boolean => (a | 0) === a;

export const add: IntegerSemantics = {
  number: (a, b) => a + b,
  big: (a, b) => a + b,
  loop: (o, i, n, a, b) => {
    for (; i < n; i++) o[i] = a[i]! + b[i]!;
  },
};
export const subtract: IntegerSemantics = {
  number: (a, b) => a - b,
  big: (a, b) => a - b,
  loop: (o, i, n, a, b) => {
    for (; i < n; i++) o[i] = a[i]! - b[i]!;
  },
};
export const multiply: IntegerSemantics = { number: Math.imul, index: (a, b) => a * b, big: (a, b) => a * b };

export const divideSigned: IntegerSemantics = {
  number: (a, b) => Math.trunc(a / checked(b)),
  big: (a, b) => a / checked(b),
};
export const divideUnsigned: IntegerSemantics = { ...divideSigned, unsigned: true };
export const remainderSigned: IntegerSemantics = {
  number: (a, b) => a % checked(b),
  big: (a, b) => a % checked(b),
};
export const remainderUnsigned: IntegerSemantics = { ...remainderSigned, unsigned: true };
export const floorDivideSigned: IntegerSemantics = {
  number: (a, b) => Math.floor(a / checked(b)),
  big: (a, b) => {
    const q = a / checked(b);
    return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
  },
};
export const ceilDivideSigned: IntegerSemantics = {
  number: (a, b) => Math.ceil(a / checked(b)),
  big: (a, b) => {
    const q = a / checked(b);
    return a % b !== 0n && a < 0n === b < 0n ? q + 1n : q;
  },
};
export const ceilDivideUnsigned: IntegerSemantics = { ...ceilDivideSigned, unsigned: true };

const bitwise = (
  number: (a: number, b: number) => number,
  big: (a: bigint, b: bigint) => bigint,
): IntegerSemantics => ({
  number,
  big,
  index: (a, b) => (isSmall(a) && isSmall(b) ? number(a, b) : wide(big)(a, b)),
});
export const and = bitwise(
  (a, b) => a & b,
  (a, b) => a & b,
);
export const or = bitwise(
  (a, b) => a | b,
  (a, b) => a | b,
);
export const xor = bitwise(
  (a, b) => a ^ b,
  (a, b) => a ^ b,
);

// A shift by the width or more is poison; it gives what the unbounded shift gives.
export const shiftLeft: IntegerSemantics = {
  number: (a, b) => (b < 0 || b > 31 ? 0 : a << b),
  index: (a, b) => wide((x, y) => x << y)(a, b),
  big: (a, b) => (b < 0n || b > 63n ? 0n : a << b),
};
export const shiftRightSigned: IntegerSemantics = {
  number: (a, b) => (b < 0 || b > 31 ? (a < 0 ? -1 : 0) : a >> b),
  index: (a, b) => Math.floor(a / 2 ** b),
  big: (a, b) => (b < 0n || b > 63n ? (a < 0n ? -1n : 0n) : a >> b),
};
export const shiftRightUnsigned: IntegerSemantics = {
  number: (a, b) => (b < 0 || b > 31 ? 0 : a >>> b),
  index: (a, b) => Math.floor(a / 2 ** b),
  big: (a, b) => (b > 63n ? 0n : a >> b),
  unsigned: true,
};

export const maxSigned: IntegerSemantics = { number: Math.max, big: (a, b) => (a > b ? a : b) };
export const minSigned: IntegerSemantics = { number: Math.min, big: (a, b) => (a < b ? a : b) };
export const maxUnsigned: IntegerSemantics = { ...maxSigned, unsigned: true };
export const minUnsigned: IntegerSemantics = { ...minSigned, unsigned: true };
