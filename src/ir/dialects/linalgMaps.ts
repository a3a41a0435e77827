/** The indexing maps and loop kinds that named `linalg` ops stand for. */
import type { AffineExpr } from '../affine';
import { affineAdd, affineConstant, affineDim, AffineMap, affineMul } from '../affine';
import { numbersOf } from '../attributes';
import type { Operation } from '../operation';
import { isShaped } from '../types';

export interface LoopStructure {
  readonly maps: readonly AffineMap[];
  readonly reductions: readonly boolean[];
}

const d = affineDim;
const map = (loops: number, results: readonly AffineExpr[]): AffineMap => new AffineMap(loops, 0, results);
const kinds = (text: string): boolean[] => [...text].map((c) => c === 'r');
const rankOf = (op: Operation, operand: number): number => {
  const t = op.operand(operand).type;
  return isShaped(t) ? t.shape.length : 0;
};

type Maker = (op: Operation) => LoopStructure;
const makers: Readonly<Record<string, Maker>> = {
  'linalg.fill': (op) => {
    const rank = rankOf(op, 1);
    return {
      maps: [map(rank, []), AffineMap.identity(rank)],
      reductions: new Array<boolean>(rank).fill(false),
    };
  },
  'linalg.transpose': (op) => {
    const permutation = numbersOf(op.attr('permutation')) ?? [];
    const rank = permutation.length;
    // Dimension i of the result is dimension permutation[i] of the input.
    const input = permutation.map((_, dim) => d(permutation.indexOf(dim)));
    return {
      maps: [map(rank, input), AffineMap.identity(rank)],
      reductions: new Array<boolean>(rank).fill(false),
    };
  },
  'linalg.broadcast': (op) => {
    const added = new Set(numbersOf(op.attr('dimensions')) ?? []);
    const rank = rankOf(op, 1);
    const kept = Array.from({ length: rank }, (_, i) => i).filter((i) => !added.has(i));
    return {
      maps: [AffineMap.projection(rank, kept), AffineMap.identity(rank)],
      reductions: new Array<boolean>(rank).fill(false),
    };
  },
  'linalg.matmul': () => ({
    maps: [map(3, [d(0), d(2)]), map(3, [d(2), d(1)]), map(3, [d(0), d(1)])],
    reductions: kinds('ppr'),
  }),
  'linalg.batch_matmul': () => ({
    maps: [map(4, [d(0), d(1), d(3)]), map(4, [d(0), d(3), d(2)]), map(4, [d(0), d(1), d(2)])],
    reductions: kinds('pppr'),
  }),
  'linalg.conv_2d_nhwc_hwcf': (op) => {
    const [y, x] = window(op, 4);
    return {
      maps: [map(7, [d(0), y, x, d(6)]), map(7, [d(4), d(5), d(6), d(3)]), map(7, [d(0), d(1), d(2), d(3)])],
      reductions: kinds('pppprrr'),
    };
  },
  'linalg.depthwise_conv_2d_nhwc_hwc': (op) => {
    const [y, x] = window(op, 4);
    return {
      maps: [map(6, [d(0), y, x, d(3)]), map(6, [d(4), d(5), d(3)]), map(6, [d(0), d(1), d(2), d(3)])],
      reductions: kinds('pppprr'),
    };
  },
};
/** Input rows and columns of a window op whose window loops begin at `at`. */
function window(op: Operation, at: number): readonly [AffineExpr, AffineExpr] {
  const strides = numbersOf(op.attr('strides')) ?? [1, 1];
  const dilations = numbersOf(op.attr('dilations')) ?? [1, 1];
  const tap = (i: number): AffineExpr =>
    affineAdd(
      affineMul(d(1 + i), affineConstant(strides[i]!)),
      affineMul(d(at + i), affineConstant(dilations[i]!)),
    );
  return [tap(0), tap(1)];
}

/** The loops that a named op stands for. */
export function namedMaps(op: Operation): LoopStructure {
  const make = makers[op.name];
  if (make === undefined) throw new TypeError(`${op.name} is no named structured op`);
  return make(op);
}
