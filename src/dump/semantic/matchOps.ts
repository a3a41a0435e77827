/**
 * Pairs the ops of two graphs one to one, from what is sure to what is likely: recorded pairs, symbols, equal computations,
 * equal locations, neighbours of what is paired, and last the order of ops with the same name.
 */
import type { Cancellation } from '../../base/cancellation';
import type { OpClasses } from './opClasses';
import { classesOf, joined } from './opClasses';
import type { GraphOp, OpGraph, ValueUseAt } from './opGraph';
import { matchSymbols } from './matchSymbols';

export interface Matching {
  readonly before: OpGraph;
  readonly after: OpGraph;
  readonly classesBefore: OpClasses;
  readonly classesAfter: OpClasses;
  /** Op of `after` for each of `before`, or -1. */
  readonly partnerOfBefore: Int32Array;
  readonly partnerOfAfter: Int32Array;
  /** Symbols of `after`, with `@`, that are renamed ones of `before`. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** Ops that are known to be the same: of `before` and of `after`. */
export type KnownPair = readonly [before: number, after: number];

export function matchOps(
  before: OpGraph,
  after: OpGraph,
  known: readonly KnownPair[],
  cancellation: Cancellation,
): Matching {
  const symbols = matchSymbols(before, after);
  const matcher = new Matcher(
    before,
    after,
    classesOf(before),
    classesOf(after, (s) => symbols.renamed.get(s) ?? s),
    symbols.renamed,
    cancellation,
  );
  matcher.run(known, symbols.pairs);
  return matcher;
}

type Accepts = (a: number, b: number) => boolean;

class Matcher implements Matching {
  readonly partnerOfBefore: Int32Array;
  readonly partnerOfAfter: Int32Array;
  /** Pairs with regions whose children were not compared yet. */
  readonly #bodies: [number, number][] = [];
  /** Pairs whose neighbours were not looked at since. */
  #fresh: [number, number][] = [];
  readonly #all: [number, number][] = [];

  constructor(
    readonly before: OpGraph,
    readonly after: OpGraph,
    readonly classesBefore: OpClasses,
    readonly classesAfter: OpClasses,
    readonly renamed: ReadonlyMap<string, string>,
    readonly cancellation: Cancellation,
  ) {
    this.partnerOfBefore = new Int32Array(before.ops.length).fill(-1);
    this.partnerOfAfter = new Int32Array(after.ops.length).fill(-1);
  }

  run(known: readonly KnownPair[], symbols: readonly KnownPair[]): void {
    for (const [a, b] of known) this.#pair(a, b);
    for (const [a, b] of symbols) this.#pair(a, b);
    this.#matchLists(this.before.roots, this.after.roots, this.#strong);
    this.#bodiesWith(this.#strong);
    this.#everywhere('computed');
    this.#spread(this.#sameText);
    this.#bodiesWith(this.#strong);
    this.#again(this.#fair);
    this.#everywhere('near');
    this.#spread(this.#sameText);
    this.#bodiesWith(this.#strong);
    this.#again(this.#fair);
    this.#spreadAgain(this.#sameName);
    this.#bodiesWith(this.#strong);
    this.#again(this.#fair);
    this.#inOrder();
    this.#spreadAgain(this.#sameName);
  }

  #pair(a: number, b: number): void {
    if (this.partnerOfBefore[a]! >= 0 || this.partnerOfAfter[b]! >= 0) return;
    this.partnerOfBefore[a] = b;
    this.partnerOfAfter[b] = a;
    this.#fresh.push([a, b]);
    this.#all.push([a, b]);
    if (this.before.ops[a]!.children.length > 0 && this.after.ops[b]!.children.length > 0)
      this.#bodies.push([a, b]);
  }

  /** Rounds of keys over two lists of ops, the surest first. */
  readonly #strong = (as: readonly number[], bs: readonly number[]): void => {
    const [x, y] = [this.classesBefore, this.classesAfter];
    const two = (c: OpClasses) => (i: number) => joined(c.computed[i]!, c.used[i]!);
    this.#byKey(as, bs, two(x), two(y), true);
    this.#byKey(
      as,
      bs,
      (i) => x.computed[i]!,
      (i) => y.computed[i]!,
      true,
    );
    this.#byKey(
      as,
      bs,
      (i) => x.used[i]!,
      (i) => y.used[i]!,
      false,
    );
  };
  readonly #fair = (as: readonly number[], bs: readonly number[]): void => {
    const [x, y] = [this.classesBefore, this.classesAfter];
    const located = (c: OpClasses, kind: Float64Array) => (i: number) =>
      c.location[i] === 0 ? undefined : joined(kind[i]!, c.location[i]!);
    this.#byKey(as, bs, located(x, x.own), located(y, y.own), true);
    this.#byKey(as, bs, located(x, x.name), located(y, y.name), false);
    this.#byKey(
      as,
      bs,
      (i) => x.near[i]!,
      (i) => y.near[i]!,
      false,
    );
    this.#spread(this.#sameText);
    this.#byKey(
      as,
      bs,
      (i) => x.own[i]!,
      (i) => y.own[i]!,
      false,
      (a, b) => this.#compatible(a, b),
    );
  };

  /**
   * Pairs ops whose key occurs once on both sides; with `repeats` also in order where it occurs equally often. A key of
   * undefined pairs nothing.
   */
  #byKey(
    as: readonly number[],
    bs: readonly number[],
    keyA: (a: number) => number | undefined,
    keyB: (b: number) => number | undefined,
    repeats: boolean,
    accepts: Accepts = () => true,
  ): void {
    const theirs = occurrences(bs, this.partnerOfAfter, keyB);
    if (theirs.size === 0) return;
    for (const [key, list] of occurrences(as, this.partnerOfBefore, keyA)) {
      const others = theirs.get(key);
      if (others === undefined) continue;
      if (typeof list === 'number') {
        if (typeof others === 'number' && accepts(list, others)) this.#pair(list, others);
      } else if (repeats && typeof others !== 'number' && list.length === others.length)
        list.forEach((a, i) => {
          if (accepts(a, others[i]!)) this.#pair(a, others[i]!);
        });
    }
  }

  #matchLists(
    as: readonly number[],
    bs: readonly number[],
    rounds: (as: readonly number[], bs: readonly number[]) => void,
  ): void {
    const restA = as.filter((a) => this.partnerOfBefore[a]! < 0);
    const restB = bs.filter((b) => this.partnerOfAfter[b]! < 0);
    if (restA.length > 0 && restB.length > 0) rounds(restA, restB);
  }

  /** Compares the children of pairs that are new, and of the pairs that come of it. */
  #bodiesWith(rounds: (as: readonly number[], bs: readonly number[]) => void): void {
    for (let pair = this.#bodies.pop(); pair !== undefined; pair = this.#bodies.pop()) {
      this.cancellation.throwIfCancelled();
      const [a, b] = [this.before.ops[pair[0]]!, this.after.ops[pair[1]]!];
      if (this.classesBefore.computed[a.index] === this.classesAfter.computed[b.index])
        this.#sameBodies(a, b);
      else this.#matchLists(a.children, b.children, rounds);
    }
  }
  /** Equal classes are equal trees. */
  #sameBodies(a: GraphOp, b: GraphOp): void {
    for (let i = 0; i < a.children.length && i < b.children.length; i++) {
      const [x, y] = [a.children[i]!, b.children[i]!];
      if (this.partnerOfBefore[x]! < 0 && this.partnerOfAfter[y]! < 0) this.#pair(x, y);
    }
  }

  /** Compares the children of all pairs, then those of pairs that come of it. */
  #again(rounds: (as: readonly number[], bs: readonly number[]) => void): void {
    this.#matchLists(this.before.roots, this.after.roots, rounds);
    for (let i = 0; i < this.#all.length; i++) {
      const [a, b] = this.#all[i]!;
      const [x, y] = [this.before.ops[a]!, this.after.ops[b]!];
      if (x.children.length > 0 && y.children.length > 0) this.#matchLists(x.children, y.children, rounds);
    }
    this.#spread(this.#sameText);
    this.#bodiesWith(this.#strong);
  }

  /** Over the borders of regions: what was hoisted, sunk or outlined. */
  #everywhere(kind: 'computed' | 'near'): void {
    const open = (partners: Int32Array): number[] => {
      const list: number[] = [];
      partners.forEach((p, i) => {
        if (p < 0) list.push(i);
      });
      return list;
    };
    const [x, y] = [this.classesBefore[kind], this.classesAfter[kind]];
    this.#byKey(
      open(this.partnerOfBefore),
      open(this.partnerOfAfter),
      (i) => x[i]!,
      (i) => y[i]!,
      false,
    );
  }

  readonly #sameText: Accepts = (a, b) => this.classesBefore.own[a] === this.classesAfter.own[b];
  readonly #sameName: Accepts = (a, b) =>
    this.classesBefore.name[a] === this.classesAfter.name[b] && this.#compatible(a, b);

  /** They do not come from different places. */
  #compatible(a: number, b: number): boolean {
    const [x, y] = [this.before.ops[a]!.locations, this.after.ops[b]!.locations];
    return x.length === 0 || y.length === 0 || x.some((l) => y.includes(l));
  }

  /** From pairs to the ops that compute their operands and that use their results. */
  #spread(accepts: Accepts): void {
    for (let pair = this.#fresh.pop(); pair !== undefined; pair = this.#fresh.pop())
      this.#spreadFrom(pair[0], pair[1], accepts);
  }
  #spreadAgain(accepts: Accepts): void {
    this.cancellation.throwIfCancelled();
    this.#fresh = [...this.#all];
    this.#spread(accepts);
  }
  #spreadFrom(a: number, b: number, accepts: Accepts): void {
    const [x, y] = [this.before.ops[a]!, this.after.ops[b]!];
    if (x.operands.length === y.operands.length)
      for (let i = 0; i < x.operands.length; i++) this.#spreadUp(x.operands[i]!, y.operands[i]!, accepts);
    if (x.results.length === y.results.length)
      for (let i = 0; i < x.results.length; i++) this.#spreadDown(x.results[i]!, y.results[i]!, accepts);
    if (x.arguments.length === y.arguments.length)
      for (let i = 0; i < x.arguments.length; i++)
        this.#spreadDown(x.arguments[i]!, y.arguments[i]!, accepts);
  }
  #spreadUp(va: number, vb: number, accepts: Accepts): void {
    if (va < 0 || vb < 0) return;
    const [x, y] = [this.before.values[va]!, this.after.values[vb]!];
    if (x.argument || y.argument || x.number !== y.number) return;
    if (this.partnerOfBefore[x.op]! < 0 && this.partnerOfAfter[y.op]! < 0 && accepts(x.op, y.op))
      this.#pair(x.op, y.op);
  }
  #spreadDown(va: number, vb: number, accepts: Accepts): void {
    const open = (u: ValueUseAt): boolean => this.partnerOfBefore[u.op]! < 0;
    const { uses } = this.before.values[va]!;
    if (!uses.some(open)) return;
    const mine = uses.filter(open);
    const theirs = this.after.values[vb]!.uses.filter((u) => this.partnerOfAfter[u.op]! < 0);
    if (theirs.length === 0) return;
    if (mine.length * theirs.length > MOST_CANDIDATES) return;
    for (const use of mine) {
      const fits = theirs.filter((u) => u.operand === use.operand && accepts(use.op, u.op));
      if (fits.length !== 1) continue;
      const rivals = mine.filter((u) => u.operand === use.operand && accepts(u.op, fits[0]!.op));
      if (rivals.length === 1) this.#pair(use.op, fits[0]!.op);
    }
  }

  /** Ops of the same name between pairs that follow each other in a block. */
  #inOrder(): void {
    const pairs = [...this.#all];
    const lists: [readonly number[], readonly number[]][] = [
      [this.before.roots, this.after.roots],
      ...pairs.map(([a, b]): [readonly number[], readonly number[]] => [
        this.before.ops[a]!.children,
        this.after.ops[b]!.children,
      ]),
    ];
    for (const [as, bs] of lists) if (as.length > 0 && bs.length > 0) this.#gaps(as, bs);
  }
  #gaps(as: readonly number[], bs: readonly number[]): void {
    if (as.every((a) => this.partnerOfBefore[a]! >= 0)) return;
    const position = new Map(bs.map((b, i) => [b, i]));
    let from = 0;
    let open: number[] = [];
    const close = (to: number): void => {
      const rest = bs.slice(from, to).filter((b) => this.partnerOfAfter[b]! < 0);
      this.#gap(open, rest);
      open = [];
    };
    for (const a of as) {
      const at = position.get(this.partnerOfBefore[a]!);
      if (this.partnerOfBefore[a]! < 0) open.push(a);
      else if (at !== undefined && at >= from) {
        close(at);
        from = at + 1;
      }
    }
    close(bs.length);
  }
  #gap(as: readonly number[], bs: readonly number[]): void {
    let next = 0;
    for (const a of as) {
      const at = bs.findIndex((b, i) => i >= next && this.#sameName(a, b) && this.#related(a, b));
      if (at < 0) continue;
      this.#pair(a, bs[at]!);
      next = at + 1;
    }
  }
  /** Something else than the name speaks for the pair: the same place, the same types, or what they read. */
  #related(a: number, b: number): boolean {
    const [x, y] = [this.before.ops[a]!, this.after.ops[b]!];
    if (x.locations.some((l) => y.locations.includes(l))) return true;
    if (x.types === y.types && (x.attributes === y.attributes || x.operands.length === 0)) return true;
    return x.operands.some((v, i) => {
      const w = y.operands[i];
      if (v < 0 || w === undefined || w < 0) return false;
      const [p, q] = [this.before.values[v]!, this.after.values[w]!];
      return p.number === q.number && this.partnerOfBefore[p.op] === q.op;
    });
  }
}

/** Ops without a partner by their key; one alone stands without a list, as most do. */
function occurrences(
  ops: readonly number[],
  partners: Int32Array,
  keyOf: (op: number) => number | undefined,
): Map<number, number | number[]> {
  const found = new Map<number, number | number[]>();
  for (const op of ops) {
    if (partners[op]! >= 0) continue;
    const key = keyOf(op);
    if (key === undefined) continue;
    const known = found.get(key);
    if (known === undefined) found.set(key, op);
    else if (typeof known === 'number') found.set(key, [known, op]);
    else known.push(op);
  }
  return found;
}

/** Users of one value that are compared with each other. */
const MOST_CANDIDATES = 10_000;
