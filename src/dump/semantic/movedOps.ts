/** Which of the paired ops stand elsewhere: in another op or block, or in another order than most of their block. */
import type { Matching } from './matchOps';
import type { OpGraph } from './opGraph';

/** 1 for each op of `before` that has moved. `linked` says which ops stand for each other. */
export function movedOps(m: Matching, linked: (a: number, b: number) => boolean): Uint8Array {
  const moved = new Uint8Array(m.before.ops.length);
  const blocks = partnersOfBlocks(m, linked);
  /** Pairs in the same block, by block of `before`. */
  const together = new Map<string, number[]>();
  for (const { index: a, parent } of m.before.ops) {
    const b = m.partnerOfBefore[a]!;
    if (b < 0) continue;
    const other = m.after.ops[b]!.parent;
    const block = blockOf(m.before, a);
    const stays =
      parent < 0 || other < 0
        ? parent === other
        : linked(parent, other) && blocks.get(block) === blockOf(m.after, b);
    if (!stays) moved[a] = 1;
    else {
      const list = together.get(block);
      if (list === undefined) together.set(block, [a]);
      else list.push(a);
    }
  }
  for (const list of together.values()) {
    const stay = longestRise(list.map((a) => m.partnerOfBefore[a]!));
    list.forEach((a, i) => {
      if (stay[i] === 0) moved[a] = 1;
    });
  }
  return moved;
}

const blockOf = (graph: OpGraph, op: number): string => {
  const { parent, region, block } = graph.ops[op]!;
  return `${parent}.${region}.${block}`;
};

/** The block of `after` that most ops of a block of `before` are in: other blocks may have come before it. */
function partnersOfBlocks(m: Matching, linked: (a: number, b: number) => boolean): Map<string, string> {
  const votes = new Map<string, Map<string, number>>();
  m.partnerOfBefore.forEach((b, a) => {
    if (b < 0) return;
    const [parent, other] = [m.before.ops[a]!.parent, m.after.ops[b]!.parent];
    if (parent < 0 || other < 0 || !linked(parent, other)) return;
    const [x, y] = [blockOf(m.before, a), blockOf(m.after, b)];
    let counts = votes.get(x);
    if (counts === undefined) votes.set(x, (counts = new Map<string, number>()));
    counts.set(y, (counts.get(y) ?? 0) + 1);
  });
  return new Map(
    [...votes].map(([x, counts]) => [
      x,
      [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0],
    ]),
  );
}

/** 1 for the members of a longest rising subsequence. */
function longestRise(values: readonly number[]): Uint8Array {
  const member = new Uint8Array(values.length);
  const ends: number[] = [];
  const previous = new Int32Array(values.length).fill(-1);
  values.forEach((value, i) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[ends[middle]!]! < value) low = middle + 1;
      else high = middle;
    }
    if (low > 0) previous[i] = ends[low - 1]!;
    ends[low] = i;
  });
  for (let i = ends[ends.length - 1] ?? -1; i >= 0; i = previous[i]!) member[i] = 1;
  return member;
}
