/** What the elementwise dialects (`arith`, `math`) share: flags, kernels by element type, and work. */
import { dialectFlags } from '../constraints';
import type { ElementLoop, ScalarFunction, ScalarKernel } from '../interpreter/runtimeValue';
import { bigWrapperOf, domainOf, rounderOf, storeRounds, unsignedOf } from '../interpreter/storage';
import type { Work } from '../opDefinition';
import type { Operation } from '../operation';
import type { Type } from '../types';
import { byteSize, elementCount, elementOf, isShaped } from '../types';

/** What a compiler may assume about floats; `fast` is all of it. The interpreter assumes nothing. */
export const fastmathFlags = dialectFlags(
  'arith',
  'fastmath',
  ',',
  'reassoc',
  'nnan',
  'ninf',
  'nsz',
  'arcp',
  'contract',
  'afn',
  'fast',
);
/** Overflow that does not happen: `nsw` signed, `nuw` unsigned. */
export const overflowFlags = dialectFlags('arith', 'overflow', ', ', 'nsw', 'nuw');

export const fastmathFormat = '(`fastmath` `` $fastmath^)?';

/** Result element type. */
export const resultElement = (op: Operation): Type => elementOf(op.result(0).type);

type Numeric = (a: number, b: number, c: number) => number;

/** A kernel on floats: `apply` computes in double precision, the result is rounded once. */
export function floatKernel(type: Type, apply: Numeric, loop?: ElementLoop): ScalarKernel {
  const round = rounderOf(type);
  const rounded: Numeric =
    type.text === 'f64'
      ? apply
      : type.text === 'f32'
        ? (a, b, c) => Math.fround(apply(a, b, c))
        : (a, b, c) => round(apply(a, b, c));
  return { apply: rounded, ...(loop !== undefined && storeRounds(type) ? { loop } : {}) };
}

/** An integer op in both widths. `number` need not wrap; it must be exact modulo 2^32. */
export interface IntegerSemantics {
  readonly number: (a: number, b: number) => number;
  readonly big: (a: bigint, b: bigint) => bigint;
  /** For index, where `number` holds only up to 32 bits. */
  readonly index?: (a: number, b: number) => number;
  readonly unsigned?: boolean;
  readonly loop?: ElementLoop;
}

/** A kernel on integers of `type`, wrapped to its width. */
export function integerKernel(type: Type, semantics: IntegerSemantics): ScalarKernel {
  const { number, big, index = number, unsigned = false, loop } = semantics;
  switch (domainOf(type)) {
    case 'big': {
      const wrap = bigWrapperOf(type);
      const read = (v: bigint): bigint => BigInt.asUintN(type.kind === 'integer' ? type.width : 64, v);
      const apply: ScalarFunction = unsigned
        ? (a: bigint, b: bigint) => wrap(big(read(a), read(b)))
        : (a: bigint, b: bigint) => wrap(big(a, b));
      return { apply };
    }
    case 'index': {
      const wide = (v: number): bigint => BigInt.asUintN(64, BigInt(v));
      const apply = (a: number, b: number): number =>
        unsigned && (a < 0 || b < 0) ? Number(BigInt.asIntN(64, big(wide(a), wide(b)))) : index(a, b) + 0;
      return { apply };
    }
    default: {
      const wrap = rounderOf(type);
      const read = unsignedOf(type);
      const apply = unsigned
        ? (a: number, b: number): number => wrap(number(read(a), read(b)))
        : (a: number, b: number): number => wrap(number(a, b));
      return { apply, ...(loop !== undefined && storeRounds(type) ? { loop } : {}) };
    }
  }
}

/** Work of an elementwise op: `flops` per element, and the bytes of its tensors (scalars and vectors are registers). */
export function elementwiseWork(op: Operation, flops: number): Work | undefined {
  const { type } = op.result(0);
  const count = isShaped(type) ? elementCount(type.shape) : 1;
  if (count === undefined) return undefined;
  const bytes = (t: Type): number => (t.kind === 'tensor' ? (byteSize(t) ?? 0) : 0);
  return {
    flops: elementOf(type).kind === 'index' ? 0 : flops * count,
    bytesRead: op.operands.reduce((n, v) => n + bytes(v.type), 0),
    bytesWritten: bytes(type),
  };
}
