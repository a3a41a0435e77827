/** Pairs the symbols of two graphs: by name and place, and a renamed function by what it holds. */
import type { OpGraph } from './opGraph';

export interface SymbolMatching {
  readonly pairs: readonly (readonly [before: number, after: number])[];
  /** Symbol of `after` → symbol of `before`, with `@`, of those that are called otherwise now. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** Share of ops that two functions of different names must have in common. */
const ALIKE = 0.6;
/** Functions without a partner that are compared with each other. */
const MOST = 400;

export function matchSymbols(before: OpGraph, after: OpGraph): SymbolMatching {
  const pairs: [number, number][] = [];
  const renamed = new Map<string, string>();
  const [mine, theirs] = [symbolsByPath(before), symbolsByPath(after)];
  const gone: number[] = [];
  const fresh: number[] = [];
  for (const [path, list] of mine) {
    const others = theirs.get(path) ?? [];
    list.forEach((op, i) => {
      if (i < others.length) pairs.push([op, others[i]!]);
      else gone.push(op);
    });
  }
  for (const [path, list] of theirs) fresh.push(...list.slice(mine.get(path)?.length ?? 0));
  for (const [a, b] of alike(before, gone.slice(0, MOST), after, fresh.slice(0, MOST))) {
    pairs.push([a, b]);
    const [old, now] = [before.ops[a]!.symbol!, after.ops[b]!.symbol!];
    if (old !== now) renamed.set(`@${now}`, `@${old}`);
  }
  return { pairs, renamed };
}

function symbolsByPath(graph: OpGraph): Map<string, number[]> {
  const paths: string[] = [];
  const found = new Map<string, number[]>();
  for (const op of graph.ops) {
    const outer = op.parent < 0 ? '' : paths[op.parent]!;
    paths.push(op.symbol === undefined ? outer : `${outer}::${op.symbol}`);
    if (op.symbol === undefined) continue;
    const key = paths[op.index]!;
    const list = found.get(key);
    if (list === undefined) found.set(key, [op.index]);
    else list.push(op.index);
  }
  return found;
}

/** Best pairs first; each function once. */
function alike(
  before: OpGraph,
  gone: readonly number[],
  after: OpGraph,
  fresh: readonly number[],
): [number, number][] {
  const [mine, theirs] = [gone.map((i) => contents(before, i)), fresh.map((i) => contents(after, i))];
  const candidates: { readonly a: number; readonly b: number; readonly share: number }[] = [];
  gone.forEach((a, i) => {
    fresh.forEach((b, j) => {
      if (before.ops[a]!.name !== after.ops[b]!.name) return;
      const share = common(mine[i]!, theirs[j]!);
      if (share >= ALIKE) candidates.push({ a, b, share });
    });
  });
  candidates.sort((x, y) => y.share - x.share || x.a - y.a || x.b - y.b);
  const taken = new Set<number>();
  const given = new Set<number>();
  const pairs: [number, number][] = [];
  for (const { a, b } of candidates) {
    if (taken.has(a) || given.has(b)) continue;
    taken.add(a);
    given.add(b);
    pairs.push([a, b]);
  }
  return pairs;
}

/** How often each op text occurs in and below an op. */
function contents(graph: OpGraph, index: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = index; i < graph.ops[index]!.end; i++) {
    const { name, attributes, types } = graph.ops[i]!;
    const key = `${name}\0${attributes}\0${types}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function common(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let shared = 0;
  let all = 0;
  for (const [key, n] of a) {
    shared += Math.min(n, b.get(key) ?? 0);
    all += n;
  }
  let others = 0;
  for (const n of b.values()) others += n;
  return shared / Math.max(all, others);
}
