/** `nn` ops that select a number of elements that depends on data, into results of a given capacity. */
import type { Builder, Value } from '../../ir';
import { types } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { elementTypeOf, emptyTensor, shapeOf } from '../rules/linalgGeneric';
import { filled } from './contraction';
import { compareScalars } from './elementwise';
import type { NnView } from './lowering';
import {
  addScalars,
  lowering,
  maxScalars,
  minScalars,
  mulScalars,
  reinterpret,
  scalarConstant,
  signless,
  subScalars,
} from './lowering';
import { LoopBuilder } from './loopBuilder';
import { isAbove } from './ordering';

/** A tensor of i64 with one value everywhere. */
const positions = (b: Builder, shape: readonly number[], value: number): Value =>
  filled(b, scalarConstant(b, value, types.i64), shape);

/** A count that lives in a tensor of one element, as kernels give tensors only. */
class Counter {
  constructor(
    readonly l: LoopBuilder,
    readonly cell: Value,
  ) {}
  get value(): Value {
    return this.l.toIndex(this.l.read(this.cell, [this.l.index(0)]));
  }
  set(value: Value): Value {
    return this.l.write(this.l.fromIndex(value, types.i64), this.cell, [this.l.index(0)]);
  }
}

export const nonZeroLowering = lowering<NnView<'nonZero'>>((b, { input, output }) => {
  const l = new LoopBuilder(b);
  const start = [positions(b, shapeOf(output), -1), positions(b, [1], 0)];
  const [found] = l.overAll(shapeOf(input), start, (at, [dest, cell]) => {
    const given = l.read(input, at);
    const x = reinterpret(b, given, signless(given.type));
    const counter = new Counter(l, cell!);
    return l.branch(
      compareScalars(b, 'ne', x, scalarConstant(b, 0, x.type)),
      () => {
        const column = counter.value;
        const written = at.reduce(
          (t, p, d) => l.write(l.fromIndex(p, types.i64), t, [l.index(d), column]),
          dest!,
        );
        return [written, counter.set(l.add(column, 1))];
      },
      () => [dest!, cell!],
      [dest!.type, cell!.type],
    );
  });
  return found!;
});

export const uniqueLowering = lowering<NnView<'unique'>>((b, view) => {
  const { input, axis, sorted } = view;
  const l = new LoopBuilder(b);
  const shape = shapeOf(input);
  const at = axis < 0 ? axis + shape.length : axis;
  const size = shape[at]!;
  const inner = shape.filter((_, d) => d !== at);
  const element = (slice: Value, p: readonly Value[]): Value =>
    l.read(input, [...p.slice(0, at), slice, ...p.slice(at)]);
  const list = (value: number): Value => positions(b, [size], value);
  const read = (t: Value, i: Value): Value => l.toIndex(l.read(t, [i]));
  const write = (v: Value, t: Value, i: Value): Value => l.write(l.fromIndex(v, types.i64), t, [i]);
  const isSame = (p: Value, q: Value): Value =>
    l.overAll(inner, [l.truth(true)], (i, [same]) => {
      const [x, y] = [p, q].map((k) => element(k, i)).map((v) => reinterpret(b, v, signless(v.type))) as [
        Value,
        Value,
      ];
      return [l.and(same!, compareScalars(b, 'eq', x, y))];
    })[0]!;

  // Each slice joins the first group that it equals, or begins one.
  const [first, group, count] = l.repeat(
    size,
    [list(-1), list(0), list(0), positions(b, [1], 0)],
    (k, [firsts, groups, counts, cell]) => {
      const counter = new Counter(l, cell!);
      const known = counter.value;
      const [mine] = l.repeat(known, [l.index(-1)], (g, [chosen]) => {
        const open = l.compare('slt', chosen!, 0);
        const equal = isSame(read(firsts!, g), k);
        return [l.choose(l.and(open, equal), g, chosen!)];
      });
      const isNew = l.compare('slt', mine!, 0);
      const g = l.choose(isNew, known, mine!);
      const position = l.choose(isNew, k, read(firsts!, g));
      return [
        write(position, firsts!, g),
        write(g, groups!, k),
        write(l.add(read(counts!, g), 1), counts!, g),
        counter.set(l.choose(isNew, l.add(known, 1), known)),
      ];
    },
  ) as [Value, Value, Value, Value];

  // The place of a group: how many come before it.
  const isLess = (p: Value, q: Value): Value =>
    l.overAll(inner, [l.truth(false), l.truth(false)], (i, [less, decided]) => {
      const [x, y] = [element(p, i), element(q, i)];
      const [below, above] = [isAbove(b, y, x), isAbove(b, x, y)];
      const now = l.and(l.not(decided!), below);
      return [l.or(less!, now), l.or(decided!, l.or(below, above))];
    })[0]!;
  const exists = (g: Value): Value => l.compare('sgt', read(count, g), 0);
  const place = l.repeat(size, [list(0)], (g, [places]) => {
    const [before] = l.repeat(size, [l.index(0)], (h, [n]) => {
      const earlier = sorted
        ? l.branch(
            l.and(exists(g), exists(h)),
            () => [isLess(read(first, h), read(first, g))],
            () => [l.truth(false)],
            [types.i1],
          )[0]!
        : l.compare('slt', h, g);
      return [l.choose(earlier, l.add(n!, 1), n!)];
    });
    return [write(before!, places!, g)];
  })[0]!;

  const outputs = [emptyTensor(b, shapeOf(view.output), elementTypeOf(input)), list(-1), list(-1), list(-1)];
  const [slices, indices, inverse, counts] = l.repeat(size, outputs, (k, [data, at1, inv, n]) => {
    const inversed = write(read(place, read(group, k)), inv!, k);
    const [copied, placed, counted] = l.branch(
      exists(k),
      () => {
        const to = read(place, k);
        const from = read(first, k);
        const moved = l.overAll(inner, [data!], (p, [t]) => [
          l.write(element(from, p), t!, [...p.slice(0, at), to, ...p.slice(at)]),
        ]);
        return [moved[0]!, write(from, at1!, to), write(read(count, k), n!, to)];
      },
      () => [data!, at1!, n!],
      [data!.type, at1!.type, n!.type],
    );
    return [copied!, placed!, inversed, counted!];
  });
  return [slices!, indices!, inverse!, counts!];
});

type Box = readonly [Value, Value, Value, Value];

export const nonMaxSuppressionLowering = lowering<NnView<'nonMaxSuppression'>>((b, v) => {
  const l = new LoopBuilder(b);
  const { boxes, scores } = v;
  const [images, classes, size] = shapeOf(scores) as readonly [number, number, number];
  const type = elementTypeOf(boxes);
  const half = scalarConstant(b, 0.5, type);
  const scalar = (t: Value): Value =>
    l.read(
      t,
      shapeOf(t).map(() => l.index(0)),
    );
  const limitOf = (): Value => (v.max_output === undefined ? l.index(0) : l.toIndex(scalar(v.max_output)));
  const corners = (image: Value, box: Value): Box => {
    const [p, q, r, s] = [0, 1, 2, 3].map((i) => l.read(boxes, [image, box, l.index(i)])) as [
      Value,
      Value,
      Value,
      Value,
    ];
    if (!v.center_point_box)
      return [minScalars(b, p, r), minScalars(b, q, s), maxScalars(b, p, r), maxScalars(b, q, s)];
    const [dx, dy] = [mulScalars(b, r, half), mulScalars(b, s, half)];
    return [subScalars(b, q, dy), subScalars(b, p, dx), addScalars(b, q, dy), addScalars(b, p, dx)];
  };
  const area = (x: Box): Value => mulScalars(b, subScalars(b, x[2], x[0]), subScalars(b, x[3], x[1]));
  /** Whether the boxes share more of their area than the threshold allows. */
  const overlap = (x: Box, y: Box): Value => {
    const zero = scalarConstant(b, 0, type);
    const extent = (low: 0 | 1): Value =>
      subScalars(b, minScalars(b, x[low + 2]!, y[low + 2]!), maxScalars(b, x[low], y[low]));
    const [height, width] = [extent(0), extent(1)];
    const meet = l.and(compareScalars(b, 'gt', height, zero), compareScalars(b, 'gt', width, zero));
    const shared = mulScalars(b, height, width);
    const all = subScalars(b, addScalars(b, area(x), area(y)), shared);
    const share = l.choose(meet, b.value(arith.divf, { lhs: shared, rhs: all }), zero);
    const threshold = v.iou_threshold === undefined ? zero : scalar(v.iou_threshold);
    return compareScalars(b, 'gt', share, threshold);
  };

  const start = [
    positions(b, shapeOf(v.output), -1),
    positions(b, [1], 0),
    positions(b, [size], 0),
    positions(b, [size], 0),
  ];
  const [found] = l.overAll([images, classes], start, ([image, label], [dest0, cell0, list0, spare0]) => {
    const firstRow = new Counter(l, cell0!).value;
    const limit = limitOf();
    const score = (box: Value): Value => l.read(scores, [image!, label!, box]);
    const least = v.score_threshold === undefined ? undefined : scalar(v.score_threshold);
    // Boxes of enough score, in their own order.
    const [candidates, listed] = l.repeat(size, [l.index(0), list0!], (i, [n, list]) =>
      l.branch(
        least === undefined ? l.truth(true) : compareScalars(b, 'gt', score(i), least),
        () => [l.add(n!, 1), l.write(l.fromIndex(i, types.i64), list!, [n!])],
        () => [n!, list!],
        [types.index, list!.type],
      ),
    ) as [Value, Value];
    const [sorted, spare] = sortedBy(l, { list: listed, spare: spare0!, count: candidates, size }, (p, q) =>
      compareScalars(b, 'gt', score(p), score(q)),
    );
    const [dest, cell] = l.repeat(candidates, [dest0!, cell0!], (turn, [rows, count]) => {
      const counter = new Counter(l, count!);
      const row = counter.value;
      const more = l.compare('slt', l.sub(row, firstRow), limit);
      const box = l.toIndex(l.read(sorted, [turn]));
      const mine = corners(image!, box);
      const [clear] = l.repeat(
        l.choose(more, row, firstRow),
        [more],
        (r, [free]) => {
          const other = l.toIndex(l.read(rows!, [r, l.index(2)]));
          return [l.and(free!, l.not(overlap(corners(image!, other), mine)))];
        },
        firstRow,
      );
      return l.branch(
        clear!,
        () => {
          const written = [image!, label!, box].reduce(
            (t, p, i) => l.write(l.fromIndex(p, types.i64), t, [row, l.index(i)]),
            rows!,
          );
          return [written, counter.set(l.add(row, 1))];
        },
        () => [rows!, count!],
        [rows!.type, count!.type],
      );
    }) as [Value, Value];
    return [dest, cell, sorted, spare];
  });
  return found!;
});

/** Positions to sort: the first `count` of `list`, which has room for `size`; `spare` has as much room. */
interface Sortable {
  readonly list: Value;
  readonly spare: Value;
  readonly count: Value;
  readonly size: number;
}

/** Merge sort, from single elements up; stable. `isBefore` says whether one position must come before another. */
function sortedBy(
  l: LoopBuilder,
  { list: given, spare: room, count, size }: Sortable,
  isBefore: (p: Value, q: Value) => Value,
): readonly [sorted: Value, spare: Value] {
  const read = (t: Value, at: Value): Value => l.toIndex(l.read(t, [at]));
  const put = (x: Value, t: Value, at: Value): Value => l.write(l.fromIndex(x, types.i64), t, [at]);
  const [sorted, spare] = l.repeat(
    Math.ceil(Math.log2(Math.max(2, size))),
    [given, room, l.index(1)],
    (_, [list, other, width]) => {
      const both = l.mul(width!, 2);
      const end = l.choose(l.compare('slt', width!, count), count, l.index(0));
      // Runs of `width` are sorted; two neighbours become one.
      const [, , merged] = l.repeat(end, [l.index(0), l.index(0), other!], (k, [i0, j0, dest]) => {
        const start = l.sub(k, l.rem(k, both));
        const begins = l.compare('eq', k, start);
        const middle = l.min(l.add(start, width!), count);
        const stop = l.min(l.add(start, both), count);
        const i = l.choose(begins, start, i0!);
        const j = l.choose(begins, middle, j0!);
        const left = read(list!, l.min(i, l.sub(middle, 1)));
        const right = read(list!, l.min(j, l.sub(stop, 1)));
        const takesRight = l.or(
          l.compare('sge', i, middle),
          l.and(l.compare('slt', j, stop), isBefore(right, left)),
        );
        return [
          l.choose(takesRight, i, l.add(i, 1)),
          l.choose(takesRight, l.add(j, 1), j),
          put(l.choose(takesRight, right, left), dest!, k),
        ];
      });
      const [back] = l.repeat(end, [list!], (k, [dest]) => [put(read(merged!, k), dest!, k)]);
      return [back!, merged!, both];
    },
  ) as [Value, Value, Value];
  return [sorted, spare];
}
