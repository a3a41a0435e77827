/** `nn` ops that read or write at computed positions. Reads are parallel loops over the result; writes run in order. */
import type { Builder, Value } from '../../ir';
import { AffineMap } from '../../ir';
import { buildGeneric, elementTypeOf, emptyTensor, shapeOf } from '../rules/linalgGeneric';
import { compareScalars } from './elementwise';
import type { NnView } from './lowering';
import { addScalars, isFloat, isUnsigned, lowering, mulScalars, reinterpret, signless } from './lowering';
import { LoopBuilder } from './loopBuilder';

/** A tensor like `output` whose element at each position `body` computes; `inputs` are read at mapped positions. */
export function computed(
  b: Builder,
  output: Value,
  inputs: readonly { readonly value: Value; readonly map: AffineMap }[],
  body: (l: LoopBuilder, at: readonly Value[], elements: readonly Value[]) => Value,
): Value {
  const shape = shapeOf(output);
  const element = elementTypeOf(output);
  const [result] = buildGeneric(b, {
    inputs,
    outputs: [{ value: emptyTensor(b, shape, element), map: AffineMap.identity(shape.length) }],
    loops: shape.map(() => 'parallel' as const),
    body: (inner, elements) => {
      const l = new LoopBuilder(inner);
      return [
        body(
          l,
          shape.map((_, d) => l.position(d)),
          elements,
        ),
      ];
    },
  });
  return result!;
}

const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

export const gatherLowering = lowering<NnView<'gather'>>((b, { input, indices, output, axis }) => {
  const shape = shapeOf(input);
  const at = fromFront(axis, shape.length);
  const depth = shapeOf(indices).length;
  const rank = shapeOf(output).length;
  const which = { value: indices, map: AffineMap.projection(rank, range(at, at + depth)) };
  return computed(b, output, [which], (l, position, [index]) =>
    l.read(input, [...position.slice(0, at), l.within(index!, shape[at]!), ...position.slice(at + depth)]),
  );
});

export const gatherElementsLowering = lowering<NnView<'gatherElements'>>(
  (b, { input, indices, output, axis }) => {
    const shape = shapeOf(input);
    const along = fromFront(axis, shape.length);
    const which = { value: indices, map: AffineMap.identity(shape.length) };
    return computed(b, output, [which], (l, position, [index]) =>
      l.read(
        input,
        position.map((p, d) => (d === along ? l.within(index!, shape[d]!) : p)),
      ),
    );
  },
);

export const gatherNdLowering = lowering<NnView<'gatherNd'>>(
  (b, { input, indices, output, batch_dims: batch }) => {
    const shape = shapeOf(input);
    const which = shapeOf(indices);
    const tuple = which.length - 1;
    const depth = which[tuple]!;
    return computed(b, output, [], (l, position) => {
      const row = position.slice(0, tuple);
      const chosen = range(0, depth).map((i) =>
        l.within(l.read(indices, [...row, l.index(i)]), shape[batch + i]!),
      );
      return l.read(input, [...position.slice(0, batch), ...chosen, ...position.slice(tuple)]);
    });
  },
);

export const reverseLowering = lowering<NnView<'reverse'>>((b, { input, output, axes }) => {
  const shape = shapeOf(input);
  const turned = new Set(axes);
  return computed(b, output, [], (l, position) =>
    l.read(
      input,
      position.map((p, d) => (turned.has(d) ? l.sub(shape[d]! - 1, p) : p)),
    ),
  );
});

/** Padding that repeats, mirrors or continues the input. */
export function paddedFromInput(b: Builder, { input, output, low, mode }: NnView<'pad'>): Value {
  const shape = shapeOf(input);
  return computed(b, output, [], (l, position) =>
    l.read(
      input,
      position.map((p, d) => {
        const size = shape[d]!;
        if (low[d] === 0 && size === shapeOf(output)[d]) return p;
        const from = l.sub(p, low[d]!);
        if (mode === 'edge') return l.max(l.min(from, size - 1), 0);
        // The position in a period, from 0 up.
        const period = mode === 'wrap' ? Math.max(1, size) : Math.max(1, 2 * (size - 1));
        const inPeriod = l.rem(l.add(l.rem(from, period), period), period);
        return mode === 'wrap'
          ? inPeriod
          : l.choose(l.compare('sge', inPeriod, size), l.sub(period, inPeriod), inPeriod);
      }),
    ),
  );
}

type Reduction = NnView<'scatterNd'>['reduction'];
/** What is stored where `update` meets `old`. NaN replaces numbers. */
function combined(l: LoopBuilder, kind: Reduction, old: () => Value, update: Value): Value {
  if (kind === 'none') return update;
  const { b } = l;
  const { type } = update;
  const [x, y] = [old(), update].map((v) => reinterpret(b, v, signless(type))) as [Value, Value];
  const result = (): Value => {
    if (kind === 'add') return addScalars(b, x, y);
    if (kind === 'mul') return mulScalars(b, x, y);
    const better = compareScalars(b, kind === 'max' ? 'gt' : 'lt', y, x, isUnsigned(type));
    const wins = isFloat(y.type) ? l.or(better, compareScalars(b, 'ne', y, y)) : better;
    return l.choose(wins, y, x);
  };
  return reinterpret(b, result(), type);
}
const update = (l: LoopBuilder, kind: Reduction, value: Value, dest: Value, at: readonly Value[]): Value =>
  l.write(
    combined(l, kind, () => l.read(dest, at), value),
    dest,
    at,
  );

export const scatterElementsLowering = lowering<NnView<'scatterElements'>>(
  (b, { input, indices, updates, axis, reduction }) => {
    const l = new LoopBuilder(b);
    const shape = shapeOf(input);
    const along = fromFront(axis, shape.length);
    return l.overAll(shapeOf(indices), [input], (at, [dest]) => {
      const to = at.map((p, d) => (d === along ? l.within(l.read(indices, at), shape[d]!) : p));
      return [update(l, reduction, l.read(updates, at), dest!, to)];
    });
  },
);

export const scatterNdLowering = lowering<NnView<'scatterNd'>>(
  (b, { input, indices, updates, reduction }) => {
    const l = new LoopBuilder(b);
    const shape = shapeOf(input);
    const which = shapeOf(indices);
    const rows = which.slice(0, -1);
    const depth = which[which.length - 1]!;
    return l.overAll(rows, [input], (row, [dest]) => {
      const chosen = range(0, depth).map((i) => l.within(l.read(indices, [...row, l.index(i)]), shape[i]!));
      return l.overAll(shape.slice(depth), [dest!], (at, [inner]) => [
        update(l, reduction, l.read(updates, [...row, ...at]), inner!, [...chosen, ...at]),
      ]);
    });
  },
);

/** Running sums or products: one walk along each row. */
export const cumulateLowering = lowering<NnView<'cumulate'>>(
  (b, { input, axis, kind, exclusive, reverse }) => {
    const l = new LoopBuilder(b);
    const shape = shapeOf(input);
    const along = fromFront(axis, shape.length);
    const size = shape[along]!;
    const element = elementTypeOf(input);
    const own = signless(element);
    const start = l.scalar(kind === 'sum' ? 0 : 1, own);
    const rows = shape.filter((_, d) => d !== along);
    return l.overAll(rows, [emptyTensor(b, shape, element)], (row, [dest]) => {
      const [, filled] = l.repeat(size, [start, dest!], (i, [sum, rest]) => {
        const p = reverse ? l.sub(size - 1, i) : i;
        const at = [...row.slice(0, along), p, ...row.slice(along)];
        const x = reinterpret(b, l.read(input, at), own);
        const next = kind === 'sum' ? addScalars(b, sum!, x) : mulScalars(b, sum!, x);
        return [next, l.write(reinterpret(b, exclusive ? sum! : next, element), rest!, at)];
      });
      return [filled!];
    });
  },
);
