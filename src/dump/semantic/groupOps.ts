/**
 * What became of ops that have no partner: replaced, fused, split, taken over by another op, or gone. From the values
 * that paired ops read now in place of theirs, the record where there is one, and locations.
 */
import type { Matching } from './matchOps';
import type { GraphOp, OpGraph } from './opGraph';

/** Ops that became others together. */
export interface OpGroup {
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** What joined them. */
  readonly by: ReadonlySet<GroupEvidence>;
}
export type GroupEvidence = 'recorded' | 'location' | 'structure';

export interface Grouping {
  readonly groups: readonly OpGroup[];
  /** Ops of `after`, with a past of their own, that the uses of an op that is gone read now. */
  readonly heirs: ReadonlyMap<number, number>;
  /** Ops of `before`, still there, that a new op comes from. */
  readonly origins: ReadonlyMap<number, readonly number[]>;
}

/** A change that a compiler recorded: ops of `before` and of `after`, some of which may have partners. */
export interface RecordedChange {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export function groupOps(m: Matching, recorded: readonly RecordedChange[]): Grouping {
  const grouper = new Grouper(m);
  grouper.parents();
  grouper.readings();
  grouper.record(recorded);
  grouper.locations();
  grouper.producers('before');
  grouper.producers('after');
  grouper.effects();
  grouper.insides();
  return grouper.result();
}

type Side = 'before' | 'after';

class Grouper {
  /** Union-find over the ops of `before`, then those of `after`. */
  readonly #root: Int32Array;
  readonly #by = new Map<number, Set<GroupEvidence>>();
  readonly #heirs = new Map<number, number>();
  readonly #origins = new Map<number, number[]>();
  readonly #shift: number;

  constructor(readonly m: Matching) {
    this.#shift = m.before.ops.length;
    this.#root = Int32Array.from({ length: this.#shift + m.after.ops.length }, (_, i) => i);
  }

  /** What nothing else explains: sources that are gone became the new ops; those that live on are where they come from. */
  record(changes: readonly RecordedChange[]): void {
    const { m } = this;
    const explained = (a: number): boolean =>
      !this.#open('before', a) || this.#grouped(a) || this.#heirs.has(a);
    const open = new Set(changes.flatMap(({ before }) => before.filter((a) => !explained(a))));
    for (const { before, after } of changes) {
      for (const b of after) {
        if (!this.#open('after', b) || this.#grouped(this.#shift + b)) continue;
        this.#origins.set(b, [...new Set([...(this.#origins.get(b) ?? []), ...before])]);
        // What is within a new op is a part of it.
        const { parent } = m.after.ops[b]!;
        if (parent >= 0 && this.#open('after', parent)) continue;
        for (const a of before) if (open.has(a)) this.#join(a, b, 'recorded');
      }
    }
  }

  /**
   * Ops that write instead of computing a value have no readers: they became new ops at their place that read what they
   * read, themselves or in their regions.
   */
  effects(): void {
    const { m } = this;
    for (const op of m.before.ops) {
      const { index } = op;
      if (!this.#open('before', index) || this.#grouped(index) || op.operands.length === 0) continue;
      if (op.results.some((v) => m.before.values[v]!.uses.length > 0)) continue;
      const wanted = new Set(
        op.operands.filter((v) => v >= 0).map((v) => placeOf(m.before, v, this.#partner)),
      );
      let [best, most] = [-1, 0];
      for (const b of this.#newAtPlaceOf(op)) {
        const read = new Set<string>();
        for (let i = b; i < m.after.ops[b]!.end; i++)
          for (const v of m.after.ops[i]!.operands) if (v >= 0) read.add(placeOf(m.after, v, (x) => x));
        const shared = [...wanted].filter((v) => read.has(v)).length;
        if (shared > most) [best, most] = [b, shared];
      }
      if (best >= 0) this.#join(index, best, 'structure');
    }
  }
  readonly #partner = (a: number): number => this.m.partnerOfBefore[a]!;

  /** Ops without a past that stand where `op` stood: between the partners of its neighbours. */
  #newAtPlaceOf(op: GraphOp): number[] {
    const { m } = this;
    const siblings = (graph: OpGraph, parent: number): readonly number[] =>
      parent < 0 ? graph.roots : graph.ops[parent]!.children;
    const parent = op.parent < 0 ? -1 : m.partnerOfBefore[op.parent]!;
    if (op.parent >= 0 && parent < 0) return [];
    const [mine, theirs] = [siblings(m.before, op.parent), siblings(m.after, parent)];
    const at = mine.indexOf(op.index);
    const neighbour = (step: number): number => {
      for (let i = at + step; i >= 0 && i < mine.length; i += step) {
        const b = m.partnerOfBefore[mine[i]!]!;
        if (b >= 0 && m.after.ops[b]!.parent === parent) return theirs.indexOf(b);
      }
      return step < 0 ? -1 : theirs.length;
    };
    const [from, to] = [neighbour(-1) + 1, neighbour(1)];
    return theirs
      .slice(from, to)
      .filter((b) => this.#open('after', b) && !this.#grouped(this.#shift + b))
      .slice(0, MOST_OF_ONE_PLACE);
  }

  /** What is new within a new op comes from what that one comes from. */
  insides(): void {
    const { m } = this;
    const groups = this.#members();
    for (const { index, parent } of m.after.ops) {
      if (parent < 0 || !this.#open('after', index) || this.#grouped(this.#shift + index)) continue;
      if (this.#origins.has(index) || !this.#open('after', parent)) continue;
      const from = groups.get(this.#find(this.#shift + parent))?.before ?? this.#origins.get(parent);
      if (from !== undefined) this.#origins.set(index, [...from]);
    }
  }

  /** An op around paired ops takes the place of the one around their partners. */
  parents(): void {
    const { m } = this;
    const votes = new Votes();
    m.partnerOfBefore.forEach((b, a) => {
      if (b < 0) return;
      const [x, y] = [m.before.ops[a]!.parent, m.after.ops[b]!.parent];
      if (x >= 0 && y >= 0 && this.#open('before', x) && this.#open('after', y)) votes.add(x, y);
    });
    for (const [x, y] of votes.best()) this.#join(x, y, 'structure');
  }

  /** What users read in the place of an op that is gone, and what they read before in that of a new one. */
  readings(): void {
    const { partnerOfBefore } = this.m;
    let pairs: (readonly [number, number])[] = [];
    partnerOfBefore.forEach((b, a) => {
      if (b >= 0) pairs.push([a, b]);
    });
    pairs = [...this.#successors(pairs), ...this.#predecessors(pairs)];
    // An op that was replaced may read another that was.
    while (pairs.length > 0) pairs = this.#replacedBehind(pairs);
  }

  #successors(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
    const { m } = this;
    const replaced: (readonly [number, number])[] = [];
    const votes = new Votes();
    this.#readingsOf(pairs, (a, b) => {
      if (this.#open('before', a) && !this.#grouped(a)) votes.add(a, b);
    });
    for (const [a, b] of votes.best()) {
      const other = m.partnerOfAfter[b]!;
      if (other < 0) {
        if (!this.#grouped(this.#shift + b)) replaced.push([a, b]);
        this.#join(a, b, 'structure');
      } else if (this.#merged(a, other, b)) this.#joinPair(a, other, b, 'structure');
      else if (this.#locationSays(m.before, a, other, m.after, b)) this.#joinPair(a, other, b, 'location');
      else this.#heirs.set(a, b);
    }
    return replaced;
  }

  #replacedBehind(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
    const replaced: (readonly [number, number])[] = [];
    this.#readingsOf(pairs, (a, b) => {
      if (!this.#open('before', a) || this.#grouped(a) || this.#heirs.has(a)) return;
      if (!this.#open('after', b) || this.#grouped(this.#shift + b) || this.#origins.has(b)) return;
      this.#join(a, b, 'structure');
      replaced.push([a, b]);
    });
    return replaced;
  }

  #predecessors(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
    const { m } = this;
    const replaced: (readonly [number, number])[] = [];
    const votes = new Votes();
    this.#readingsOf(pairs, (a, b) => {
      if (this.#open('after', b) && !this.#grouped(this.#shift + b)) votes.add(b, a);
    });
    for (const [b, a] of votes.best()) {
      const other = m.partnerOfBefore[a]!;
      if (other < 0) {
        if (!this.#grouped(a)) replaced.push([a, b]);
        this.#join(a, b, 'structure');
      } else if (this.#parted(b, other, a)) this.#joinPair(b, other, a, 'structure', 'after');
      else if (this.#locationSays(m.after, b, other, m.before, a))
        this.#joinPair(b, other, a, 'location', 'after');
      else this.#origins.set(b, [...(this.#origins.get(b) ?? []), a]);
    }
    return replaced;
  }

  /** Calls back for each operand of ops that stand for each other with the ops that it came from and comes from. */
  #readingsOf(pairs: readonly (readonly [number, number])[], each: (a: number, b: number) => void): void {
    const { m } = this;
    for (const [a, b] of pairs) {
      const [x, y] = [m.before.ops[a]!, m.after.ops[b]!];
      if (x.operands.length !== y.operands.length) continue;
      x.operands.forEach((v, i) => {
        const [p, q] = [m.before.values[v], m.after.values[y.operands[i]!]];
        if (p === undefined || q === undefined || p.argument || q.argument) return;
        if (m.partnerOfBefore[p.op] !== q.op) each(p.op, q.op);
      });
    }
  }

  /** `a` says what `other` says, or `b` does what `a` and `other` did: it says or reads more than `other`, next to `a`. */
  #merged(a: number, other: number, b: number): boolean {
    const { m } = this;
    const { own } = m.classesBefore;
    if (own[a] === own[other]) return sameOperands(m.before.ops[a]!, m.before.ops[other]!);
    if (own[other] === m.classesAfter.own[b]) return false;
    const feeds = (x: GraphOp, y: number): boolean =>
      x.operands.some((v) => v >= 0 && m.before.values[v]!.op === y && !m.before.values[v]!.argument);
    return (
      m.before.ops[other]!.attributes !== m.after.ops[b]!.attributes &&
      (feeds(m.before.ops[a]!, other) || feeds(m.before.ops[other]!, a))
    );
  }
  /** The reverse: `other`, the partner of `a`, gave a part of what `a` did to the new `b`. */
  #parted(b: number, other: number, a: number): boolean {
    const { m } = this;
    const { own } = m.classesAfter;
    if (own[b] === own[other] && sameOperands(m.after.ops[b]!, m.after.ops[other]!)) return true;
    if (own[other] === m.classesBefore.own[a]) return false;
    const reads = m.after.ops[b]!.operands.some((v) => v >= 0 && m.after.values[v]!.op === other);
    return reads && m.before.ops[a]!.attributes !== m.after.ops[other]!.attributes;
  }
  /** The location of the partner of `other` grew by that of `op`. */
  #locationSays(graph: OpGraph, op: number, other: number, others: OpGraph, partner: number): boolean {
    const mine = graph.ops[op]!.locations;
    const theirs = new Set(others.ops[partner]!.locations);
    const old = graph.ops[other]!.locations;
    return mine.length > 0 && mine.every((l) => theirs.has(l)) && !mine.every((l) => old.includes(l));
  }

  /** Ops without a partner that come from the same places. */
  locations(): void {
    const { m } = this;
    const open = new Map<string, number[]>();
    m.before.ops.forEach((op) => {
      if (!this.#open('before', op.index) || this.#grouped(op.index) || this.#heirs.has(op.index)) return;
      for (const leaf of op.locations) {
        const list = open.get(leaf);
        if (list === undefined) open.set(leaf, [op.index]);
        else list.push(op.index);
      }
    });
    const groups = this.#members();
    const made = m.after.ops.filter((op) => op.locations.length > 0 && this.#open('after', op.index));
    for (const op of made) {
      if (this.#grouped(this.#shift + op.index)) {
        // Of a group that is known: ops of places that its location names and that no other member explains.
        const members = groups.get(this.#find(this.#shift + op.index))?.before ?? [];
        const known = new Set(members.flatMap((a) => m.before.ops[a]!.locations));
        const rest = op.locations.flatMap((l) => (known.has(l) ? [] : (open.get(l) ?? [])));
        for (const a of rest)
          if (!this.#grouped(a) && contains(op, m.before.ops[a]!)) this.#join(a, op.index, 'location');
        continue;
      }
      for (const leaf of op.locations) {
        const list = open.get(leaf) ?? [];
        if (list.length > MOST_OF_ONE_PLACE) continue;
        for (const a of list) this.#join(a, op.index, 'location');
      }
    }
  }

  /** Ops that feed nothing but a group, when the other side of the group reads what they read. */
  producers(side: Side): void {
    const { m } = this;
    const graph = m[side];
    const members = this.#members();
    for (let i = graph.ops.length - 1; i >= 0; i--) {
      const op = graph.ops[i]!;
      const node = side === 'before' ? i : this.#shift + i;
      if (!this.#open(side, i) || this.#grouped(node) || op.results.length === 0) continue;
      if (side === 'before' && this.#heirs.has(i)) continue;
      const users = new Set(op.results.flatMap((v) => graph.values[v]!.uses.map((u) => u.op)));
      const roots = new Set([...users].map((u) => this.#find(side === 'before' ? u : this.#shift + u)));
      const [root] = roots;
      if (roots.size !== 1 || root === undefined || !this.#by.has(root)) continue;
      const group = members.get(root);
      if (group === undefined || !this.#readsAlike(side, op, group)) continue;
      const [other] = side === 'before' ? group.after : group.before;
      if (other === undefined) continue;
      if (side === 'before') this.#join(i, other, 'structure');
      else this.#join(other, i, 'structure');
      const kept = this.#find(node);
      members.delete(root);
      members.set(kept, {
        before: side === 'before' ? [...group.before, i] : group.before,
        after: side === 'after' ? [...group.after, i] : group.after,
      });
    }
  }
  #readsAlike(
    side: Side,
    op: GraphOp,
    group: { before: readonly number[]; after: readonly number[] },
  ): boolean {
    // A constant is taken in as it is.
    if (op.operands.length === 0) return true;
    const { m } = this;
    const graph = m[side];
    const others = side === 'before' ? m.after : m.before;
    const partners = side === 'before' ? m.partnerOfBefore : m.partnerOfAfter;
    const read = new Set<string>();
    for (const i of side === 'before' ? group.after : group.before)
      for (const v of others.ops[i]!.operands) if (v >= 0) read.add(placeOf(others, v, (x) => x));
    return op.operands.some((v) => v >= 0 && read.has(placeOf(graph, v, (x) => partners[x]!)));
  }

  result(): Grouping {
    const groups = [...this.#members()]
      .filter(([, g]) => g.before.length > 0 && g.after.length > 0)
      .map(([root, g]) => ({ ...g, by: this.#by.get(root) ?? new Set<GroupEvidence>() }));
    return { groups, heirs: this.#heirs, origins: this.#origins };
  }

  /** Without a partner. */
  #open(side: Side, index: number): boolean {
    return (side === 'before' ? this.m.partnerOfBefore : this.m.partnerOfAfter)[index]! < 0;
  }
  #grouped(node: number): boolean {
    return this.#by.has(this.#find(node));
  }
  #find(node: number): number {
    const root = this.#root;
    while (root[node] !== node) {
      root[node] = root[root[node]!]!;
      node = root[node]!;
    }
    return node;
  }
  #join(a: number, b: number, by: GroupEvidence): void {
    this.#union(a, this.#shift + b, by);
  }
  /** Takes a pair into the group of an op of one of its sides. */
  #joinPair(op: number, other: number, partner: number, by: GroupEvidence, side: Side = 'before'): void {
    const shift = side === 'before' ? 0 : this.#shift;
    this.#union(op + shift, other + shift, by);
    this.#union(op + shift, partner + this.#shift - shift, by);
  }
  #union(x: number, y: number, by: GroupEvidence): void {
    const [p, q] = [this.#find(x), this.#find(y)];
    const evidence = new Set<GroupEvidence>([...(this.#by.get(p) ?? []), ...(this.#by.get(q) ?? []), by]);
    const [low, high] = [Math.min(p, q), Math.max(p, q)];
    this.#root[high] = low;
    this.#by.delete(high);
    this.#by.set(low, evidence);
  }
  #members(): Map<number, { before: number[]; after: number[] }> {
    const members = new Map<number, { before: number[]; after: number[] }>();
    for (let node = 0; node < this.#root.length; node++) {
      const root = this.#find(node);
      if (!this.#by.has(root)) continue;
      const group = members.get(root) ?? { before: [], after: [] };
      if (node < this.#shift) group.before.push(node);
      else group.after.push(node - this.#shift);
      members.set(root, group);
    }
    return members;
  }
}

/** Ops of one line or node that are taken apart no further. */
const MOST_OF_ONE_PLACE = 64;

const sameOperands = (a: GraphOp, b: GraphOp): boolean =>
  a.operands.length === b.operands.length && a.operands.every((v, i) => v === b.operands[i]);
const contains = (op: GraphOp, part: GraphOp): boolean =>
  part.locations.every((l) => op.locations.includes(l));
/** A value by its op, as the other side knows it. */
function placeOf(graph: OpGraph, value: number, nameOf: (op: number) => number): string {
  const { op, number, argument } = graph.values[value]!;
  return `${argument ? 'a' : 'r'}${nameOf(op)}.${number}`;
}

class Votes {
  readonly #counts = new Map<number, Map<number, number>>();
  add(from: number, to: number): void {
    let counts = this.#counts.get(from);
    if (counts === undefined) this.#counts.set(from, (counts = new Map<number, number>()));
    counts.set(to, (counts.get(to) ?? 0) + 1);
  }
  /** For each the one with most votes; of equal ones the first. */
  *best(): Generator<readonly [number, number]> {
    for (const [from, counts] of [...this.#counts].sort((x, y) => x[0] - y[0])) {
      let [best, most] = [-1, 0];
      for (const [to, n] of counts) if (n > most || (n === most && to < best)) [best, most] = [to, n];
      yield [from, best];
    }
  }
}
