/** `nn` ops that look for elements by their order: extremes, the top k. */
import type { Builder, Value } from '../../ir';
import { types } from '../../ir';
import { elementTypeOf, emptyTensor, shapeOf } from '../rules/linalgGeneric';
import { compareScalars } from './elementwise';
import { computed } from './indexing';
import type { NnView } from './lowering';
import { isFloat, isUnsigned, lowering, reinterpret, signless } from './lowering';
import { LoopBuilder } from './loopBuilder';

/** Whether `x` comes before `y` in descending order. NaN is above all numbers. */
export function isAbove(b: Builder, x: Value, y: Value): Value {
  const unsigned = isUnsigned(x.type);
  const [p, q] = [x, y].map((v) => reinterpret(b, v, signless(v.type))) as [Value, Value];
  const greater = compareScalars(b, 'gt', p, q, unsigned);
  if (!isFloat(p.type)) return greater;
  const l = new LoopBuilder(b);
  return l.or(greater, l.and(compareScalars(b, 'ne', p, p), compareScalars(b, 'eq', q, q)));
}
/** Whether `x` is below `y`, or NaN where `y` is none. */
function isBelow(b: Builder, x: Value, y: Value): Value {
  const unsigned = isUnsigned(x.type);
  const [p, q] = [x, y].map((v) => reinterpret(b, v, signless(v.type))) as [Value, Value];
  const less = compareScalars(b, 'lt', p, q, unsigned);
  if (!isFloat(p.type)) return less;
  const l = new LoopBuilder(b);
  return l.or(less, l.and(compareScalars(b, 'ne', p, p), compareScalars(b, 'eq', q, q)));
}
function isEqual(b: Builder, x: Value, y: Value): Value {
  const [p, q] = [x, y].map((v) => reinterpret(b, v, signless(v.type))) as [Value, Value];
  return compareScalars(b, 'eq', p, q);
}

const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
const replaced = (at: readonly Value[], d: number, value: Value): readonly Value[] =>
  at.map((p, i) => (i === d ? value : p));

export const argReduceLowering = lowering<NnView<'argReduce'>>((b, { input, output, axis, kind, last }) => {
  const shape = shapeOf(input);
  const along = fromFront(axis, shape.length);
  return computed(b, output, [], (l, at) => {
    const first = l.index(0);
    const start = l.read(input, replaced(at, along, first));
    const [position] = l.repeat(
      shape[along]!,
      [first, start],
      (i, [best, value]) => {
        const x = l.read(input, replaced(at, along, i));
        const better = kind === 'max' ? isAbove(l.b, x, value!) : isBelow(l.b, x, value!);
        const taken = last ? l.or(better, isEqual(l.b, x, value!)) : better;
        return [l.choose(taken, i, best!), l.choose(taken, x, value!)];
      },
      1,
    );
    return l.fromIndex(position!, elementTypeOf(output));
  });
});

/** Whether element (`x`, `i`) comes before (`y`, `j`): by value, then by position. */
function precedes(
  l: LoopBuilder,
  largest: boolean,
  [x, i]: readonly [Value, Value],
  [y, j]: readonly [Value, Value],
): Value {
  const [above, below] = [isAbove(l.b, x, y), isAbove(l.b, y, x)];
  const [before, after] = largest ? [above, below] : [below, above];
  return l.or(before, l.and(l.not(after), l.compare('slt', i, j)));
}

/** Each next element is the first, in order, of those behind the one before: no memory, `k` walks of a row. */
export const topKLowering = lowering<NnView<'topK'>>((b, { input, values, indices, axis, k, largest }) => {
  const l = new LoopBuilder(b);
  const shape = shapeOf(input);
  const along = fromFront(axis, shape.length);
  const size = shape[along]!;
  const element = elementTypeOf(input);
  const rows = shape.filter((_, d) => d !== along);
  const dests = [emptyTensor(b, shapeOf(values), element), emptyTensor(b, shapeOf(indices), types.i64)];
  return l.overAll(rows, dests, (row, outer) => {
    const at = (p: Value): readonly Value[] => [...row.slice(0, along), p, ...row.slice(along)];
    const first = l.read(input, at(l.index(0)));
    const [, , found, positions] = l.repeat(
      k,
      [first, l.index(-1), ...outer],
      (n, [lastValue, lastAt, valuesSoFar, indicesSoFar]) => {
        const isFirst = l.compare('eq', n, 0);
        const [value, position] = l.repeat(size, [first, l.index(-1)], (i, [best, bestAt]) => {
          const x = l.read(input, at(i));
          const behind = l.or(isFirst, precedes(l, largest, [lastValue!, lastAt!], [x, i]));
          const none = l.compare('slt', bestAt!, 0);
          const better = l.or(none, precedes(l, largest, [x, i], [best!, bestAt!]));
          const taken = l.and(behind, better);
          return [l.choose(taken, x, best!), l.choose(taken, i, bestAt!)];
        });
        return [
          value!,
          position!,
          l.write(value!, valuesSoFar!, at(n)),
          l.write(l.fromIndex(position!, types.i64), indicesSoFar!, at(n)),
        ];
      },
    );
    return [found!, positions!];
  });
});
