/**
 * What a pass did to each op, by matching the graphs of the IR before and after it. Each link names its evidence. The views,
 * `strata dump diff --semantic`, the life of an op and bisection read it.
 */
import type { Cancellation } from '../../base/cancellation';
import { neverCancelled } from '../../base/cancellation';
import type { Grouping, OpGroup, RecordedChange } from './groupOps';
import { groupOps } from './groupOps';
import type { KnownPair, Matching } from './matchOps';
import { matchOps } from './matchOps';
import { movedOps } from './movedOps';
import type { OpGraph } from './opGraph';

export const linkKinds = [
  'kept',
  'changed',
  'moved',
  'renamed',
  'fused',
  'split',
  'replaced',
  'new',
  'gone',
] as const;
export type LinkKind = (typeof linkKinds)[number];

/** What speaks for a link, the strongest first. */
export const evidenceKinds = ['recorded', 'location', 'identical', 'structure', 'name'] as const;
export type Evidence = (typeof evidenceKinds)[number];

const changedParts = ['attributes', 'types', 'operands', 'place', 'symbol'] as const;
/** What is different about an op that is still there. */
export type ChangedPart = (typeof changedParts)[number];

export interface OpLink {
  readonly kind: LinkKind;
  /** Ops of the graph before; empty for `new`. */
  readonly before: readonly number[];
  /** Ops of the graph after; empty for `gone`. */
  readonly after: readonly number[];
  /** Strongest first; empty for `new` and `gone`, for which nothing speaks. */
  readonly evidence: readonly Evidence[];
  /** Of `changed`, `moved` and `renamed`; a pair of different names may have some too. */
  readonly parts: readonly ChangedPart[];
  /** Of `gone`: ops after that its users read now. Of `new`: ops before that it comes from and that are still there. */
  readonly related: readonly number[];
}

export interface SemanticDiff {
  readonly before: OpGraph;
  readonly after: OpGraph;
  /** In the order of the text after; what is gone stands where it was. */
  readonly links: readonly OpLink[];
  /** Position in `links` of each op. */
  readonly linkOfBefore: Int32Array;
  readonly linkOfAfter: Int32Array;
  /** Links of each kind. */
  readonly counts: Readonly<Record<LinkKind, number>>;
}

/** What a compiler itself said of its change; it outranks all else. */
export interface RecordedLinks {
  /** Ops that are the same object before and after. */
  readonly pairs: readonly KnownPair[];
  readonly changes: readonly RecordedChange[];
}

export interface SemanticDiffOptions {
  readonly recorded?: RecordedLinks;
  readonly cancellation?: Cancellation;
}

export function diffGraphs(
  before: OpGraph,
  after: OpGraph,
  { recorded, cancellation = neverCancelled }: SemanticDiffOptions = {},
): SemanticDiff {
  const matching = matchOps(before, after, recorded?.pairs ?? [], cancellation);
  const grouping = groupOps(matching, recorded?.changes ?? []);
  cancellation.throwIfCancelled();
  return new Classifier(matching, grouping, recorded).classify();
}

class Classifier {
  readonly #groupOfBefore = new Map<number, OpGroup>();
  readonly #groupOfAfter = new Map<number, OpGroup>();
  readonly #recorded: ReadonlySet<number>;
  /** What the record made of each op of `before`. */
  readonly #became = new Map<number, Set<number>>();
  readonly #moved: Uint8Array;

  constructor(
    readonly m: Matching,
    readonly grouping: Grouping,
    recorded: RecordedLinks | undefined,
  ) {
    for (const group of grouping.groups) {
      for (const a of group.before) this.#groupOfBefore.set(a, group);
      for (const b of group.after) this.#groupOfAfter.set(b, group);
    }
    this.#recorded = new Set(recorded?.pairs.filter(([a, b]) => m.partnerOfBefore[a] === b).map(([a]) => a));
    for (const { before, after } of recorded?.changes ?? [])
      for (const a of before) this.#became.set(a, new Set([...(this.#became.get(a) ?? []), ...after]));
    this.#moved = movedOps(m, (x, y) => this.#linked(x, y));
  }

  classify(): SemanticDiff {
    const { before, after, partnerOfBefore, partnerOfAfter } = this.m;
    const gone: { readonly link: OpLink; readonly at: number }[] = [];
    const done = new Set<OpGroup>();
    // What is gone stands after the op that it followed.
    let at = -1;
    for (const { index } of before.ops) {
      if (partnerOfBefore[index]! >= 0) at = partnerOfBefore[index]!;
      if (this.#groupOfBefore.has(index) || partnerOfBefore[index]! >= 0) continue;
      const heir = this.grouping.heirs.get(index);
      gone.push({ link: only('gone', [index], [], heir === undefined ? [] : [heir]), at });
    }
    gone.sort((x, y) => x.at - y.at);
    const links: OpLink[] = [];
    let next = 0;
    for (const { index } of after.ops) {
      for (; next < gone.length && gone[next]!.at < index; next++) links.push(gone[next]!.link);
      const group = this.#groupOfAfter.get(index);
      if (group !== undefined) {
        if (!done.has(group)) links.push(this.#groupLink(group));
        done.add(group);
      } else if (partnerOfAfter[index]! >= 0) links.push(this.#pairLink(partnerOfAfter[index]!, index));
      else links.push(only('new', [], [index], this.grouping.origins.get(index) ?? []));
    }
    for (; next < gone.length; next++) links.push(gone[next]!.link);
    return this.#result(links);
  }

  #result(links: readonly OpLink[]): SemanticDiff {
    const { before, after } = this.m;
    const linkOfBefore = new Int32Array(before.ops.length).fill(-1);
    const linkOfAfter = new Int32Array(after.ops.length).fill(-1);
    const counts = Object.fromEntries(linkKinds.map((k) => [k, 0])) as Record<LinkKind, number>;
    links.forEach((link, i) => {
      counts[link.kind]++;
      for (const a of link.before) linkOfBefore[a] = i;
      for (const b of link.after) linkOfAfter[b] = i;
    });
    return { before, after, links, linkOfBefore, linkOfAfter, counts };
  }

  #groupLink(group: OpGroup): OpLink {
    const { before, after, by } = group;
    const [a, b] = [before[0]!, after[0]!];
    if (before.length === 1 && after.length === 1) {
      const link = this.#pairLink(a, b);
      return {
        ...link,
        evidence: evidenceKinds.filter((e) => by.has(e as never) || link.evidence.includes(e)),
      };
    }
    const kind = after.length === 1 ? 'fused' : before.length === 1 ? 'split' : 'replaced';
    return {
      kind,
      before,
      after,
      evidence: evidenceKinds.filter(
        (e) =>
          by.has(e as never) ||
          (e === 'recorded' && this.#wereRecorded(before, after)) ||
          (e === 'location' && this.#sharePlace(before, after)),
      ),
      parts: [],
      related: [],
    };
  }
  /** The record says of each op after that one of those before became it, or stayed it. */
  #wereRecorded(before: readonly number[], after: readonly number[]): boolean {
    return after.every((b) => before.some((a) => this.#wasRecorded(a, b)));
  }
  #wasRecorded(a: number, b: number): boolean {
    return this.#became.get(a)?.has(b) === true || (this.#recorded.has(a) && this.m.partnerOfBefore[a] === b);
  }
  #sharePlace(before: readonly number[], after: readonly number[]): boolean {
    const { m } = this;
    const places = new Set(after.flatMap((b) => m.after.ops[b]!.locations));
    // One of them, as constants that were taken in have none.
    return before.some((a) => m.before.ops[a]!.locations.some((l) => places.has(l)));
  }

  #pairLink(a: number, b: number): OpLink {
    const [x, y] = [this.m.before.ops[a]!, this.m.after.ops[b]!];
    let parts = 0;
    if (x.attributes !== y.attributes || !this.#sameSymbols(a, b)) parts |= partBit('attributes');
    if (x.types !== y.types) parts |= partBit('types');
    if (!this.#sameOperands(a, b)) parts |= partBit('operands');
    if (this.#moved[a] === 1) parts |= partBit('place');
    if (x.symbol !== y.symbol) parts |= partBit('symbol');
    let kind: LinkKind = 'kept';
    if (x.name !== y.name) kind = 'replaced';
    else if ((parts & (partBit('attributes') | partBit('types') | partBit('operands'))) !== 0)
      kind = 'changed';
    else if ((parts & partBit('symbol')) !== 0) kind = 'renamed';
    else if ((parts & partBit('place')) !== 0) kind = 'moved';
    return {
      kind,
      before: [a],
      after: [b],
      evidence: this.#evidence(a, b),
      parts: partSets[parts]!,
      related: none,
    };
  }

  #evidence(a: number, b: number): readonly Evidence[] {
    const [x, y] = [this.m.before.ops[a]!, this.m.after.ops[b]!];
    let found = 0;
    if (this.#recorded.has(a) || this.#wasRecorded(a, b)) found |= evidenceBit('recorded');
    if (x.locations.some((l) => y.locations.includes(l))) found |= evidenceBit('location');
    const sameText = x.name === y.name && x.attributes === y.attributes && x.types === y.types;
    if (sameText && this.#sameOperands(a, b)) found |= evidenceBit('identical');
    if (this.#neighbours(a, b)) found |= evidenceBit('structure');
    if (x.symbol === undefined ? x.name === y.name : x.symbol === y.symbol) found |= evidenceBit('name');
    return evidenceSets[found]!;
  }
  /** An operand or a user of the one is linked to that of the other. */
  #neighbours(a: number, b: number): boolean {
    const { before, after } = this.m;
    const [x, y] = [before.ops[a]!, after.ops[b]!];
    if (x.operands.some((v, i) => this.#sameValue(v, y.operands[i] ?? -1))) return true;
    return x.results.some((v, i) => {
      const uses = after.values[y.results[i] ?? -1]?.uses ?? [];
      if (uses.length === 0) return false;
      const mine = before.values[v]!.uses;
      if (mine.length * uses.length <= FEW)
        return mine.some((u) => uses.some(({ op }) => op === this.m.partnerOfBefore[u.op]));
      const users = new Set(uses.map((u) => u.op));
      return mine.some((u) => users.has(this.m.partnerOfBefore[u.op]!));
    });
  }

  #sameSymbols(a: number, b: number): boolean {
    const [x, y] = [this.m.before.ops[a]!.symbolUses, this.m.after.ops[b]!.symbolUses];
    return x.length === y.length && x.every((s, i) => s === (this.m.renamed.get(y[i]!) ?? y[i]));
  }
  #sameOperands(a: number, b: number): boolean {
    const [x, y] = [this.m.before.ops[a]!.operands, this.m.after.ops[b]!.operands];
    return x.length === y.length && x.every((v, i) => this.#sameValue(v, y[i]!));
  }
  #sameValue(v: number, w: number): boolean {
    const [p, q] = [this.m.before.values[v], this.m.after.values[w]];
    if (p === undefined || q === undefined) return p === q;
    if (p.argument !== q.argument || !this.#linked(p.op, q.op)) return false;
    if (p.number === q.number) return true;
    const [x, y] = [this.m.before.ops[p.op]!, this.m.after.ops[q.op]!];
    // With other results or arguments beside it a value may have another number.
    return p.argument ? x.arguments.length !== y.arguments.length : x.results.length !== y.results.length;
  }
  #linked(a: number, b: number): boolean {
    if (this.m.partnerOfBefore[a] === b) return true;
    const group = this.#groupOfBefore.get(a);
    return group !== undefined && group === this.#groupOfAfter.get(b);
  }
}

/** Every subset of `all`, by the bits of its members: most links share a few. */
const subsets = <T>(all: readonly T[]): (readonly T[])[] =>
  Array.from({ length: 1 << all.length }, (_, bits) => all.filter((_, i) => (bits & (1 << i)) !== 0));
const partSets = subsets(changedParts);
const partBit = (part: ChangedPart): number => 1 << changedParts.indexOf(part);
const evidenceSets = subsets(evidenceKinds);
const evidenceBit = (evidence: Evidence): number => 1 << evidenceKinds.indexOf(evidence);
const none: readonly never[] = [];
/** Pairs of users that are compared one by one. */
const FEW = 16;

const only = (
  kind: 'new' | 'gone',
  before: readonly number[],
  after: readonly number[],
  related: readonly number[],
): OpLink => ({ kind, before, after, evidence: [], parts: [], related });
