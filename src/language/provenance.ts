/**
 * The chain from a dispatch to the ops of any pass and back, over the snapshots of a compilation: navigation, hovers,
 * heat and code lenses read it.
 */
import type { IrSnapshot } from '../ir';
import type { DispatchId } from '../profiler/dispatchId';

/** What ties a dispatch to IR. */
export interface DispatchKey extends DispatchId {
  /** The kernel, as ops name it from the dispatch stage on. */
  readonly name: string;
  /** The kernel in the C. */
  readonly symbol: string;
  /** Names of model nodes. */
  readonly origins: readonly string[];
}

export interface OpPlace {
  /** Row of the snapshot's spans. */
  readonly index: number;
  /** UTF-16 offsets; the op with its regions. */
  readonly start: number;
  readonly end: number;
}

export const placeOf = (s: IrSnapshot, index: number): OpPlace => ({
  index,
  start: s.spans[3 * index]!,
  end: s.spans[3 * index + 1]!,
});
export const spanCount = (s: IrSnapshot): number => s.spans.length / 3;
export const opNameAt = (s: IrSnapshot, index: number): string => s.opNames[s.nameOf[index] ?? 0] ?? '';
export const symbolAt = (s: IrSnapshot, index: number): string => s.symbols[s.symbolOf[index] ?? 0] ?? '';
export const nodesAt = (s: IrSnapshot, index: number): readonly string[] =>
  s.nodeSets[s.nodesOf[index] ?? 0] ?? [];

/** Ops that a dispatch has many of and that say nothing of it: what it reads, and what only holds others. */
const silent =
  /^(builtin\.module|func\.func|func\.return|arith\.constant|.*\.yield|tensor\.empty|memref\.(global|get_global|view|alloc))$/;
/** Ops that are what a dispatch is about, rather than what follows or prepares it. */
const heavy = /conv|matmul|gemm|linalg\.generic|pool|reduce|softmax|dispatch\.region/i;
/** Whether an op or node of this name is what a dispatch is about. */
export const isHeavy = (name: string): boolean => heavy.test(name);

/**
 * The dispatches that come from these model nodes: of those that name all of them the ones that name the least else (a
 * residual connection names the nodes of what it adds to), or where none names all, the same for each node.
 */
export function dispatchesOfNodes<D extends DispatchKey>(
  dispatches: readonly D[],
  nodes: readonly string[],
): readonly D[] {
  const closest = (wanted: readonly string[]): readonly D[] => {
    const naming = dispatches.filter((d) => wanted.every((n) => d.origins.includes(n)));
    const least = Math.min(...naming.map((d) => d.origins.length));
    return naming.filter((d) => d.origins.length === least);
  };
  if (nodes.length === 0) return [];
  const all = closest(nodes);
  if (all.length > 0 || nodes.length === 1) return all;
  const each = new Set(nodes.flatMap((n) => closest([n])));
  return dispatches.filter((d) => each.has(d));
}

/** A line of the text with the share of time of what it became. */
export interface LineHeat<D extends DispatchKey> {
  readonly line: number;
  /** 0 to 1. */
  readonly share: number;
  /** The one of its dispatches that takes longest. */
  readonly dispatch: D;
}

/** What ties the ops of one snapshot to the dispatches of its compilation. */
export class Provenance<D extends DispatchKey> {
  /** Per row of `symbols`: the dispatches whose kernel it is. */
  readonly #ofSymbol: readonly (readonly D[])[];
  /** Per row of `nodeSets`. */
  readonly #ofNodes: readonly (readonly D[])[];

  constructor(
    readonly snapshot: IrSnapshot,
    readonly dispatches: readonly D[],
  ) {
    const bare = (symbol: string): string => symbol.replace(/^kernel_/, '');
    this.#ofSymbol = snapshot.symbols.map((s) =>
      s === '' ? [] : dispatches.filter((d) => d.name === s || bare(d.symbol) === s),
    );
    this.#ofNodes = snapshot.nodeSets.map((nodes) => dispatchesOfNodes(dispatches, nodes));
  }

  /** The dispatches that an op became part of: the one of its kernel, else those of its model nodes. */
  dispatchesAt(index: number): readonly D[] {
    const { snapshot } = this;
    if (index < 0 || opNameAt(snapshot, index) === 'builtin.module') return [];
    const own = this.#ofSymbol[snapshot.symbolOf[index]!] ?? [];
    return own.length > 0 ? own : (this.#ofNodes[snapshot.nodesOf[index]!] ?? []);
  }

  /**
   * Where a dispatch stands: its kernel, where there is one, else the outermost ops that compute its model nodes.
   * In order of the text.
   */
  placesOf(dispatch: D): readonly OpPlace[] {
    const { snapshot } = this;
    const kernel = this.#ofSymbol.findIndex((list) => list.includes(dispatch));
    if (kernel >= 0) {
      for (let i = 0; i < spanCount(snapshot); i++)
        if (snapshot.symbolOf[i] === kernel) return [placeOf(snapshot, i)];
    }
    return outermost(snapshot, (i) => this.#ofNodes[snapshot.nodesOf[i]!]!.includes(dispatch));
  }

  /**
   * A dispatch heats the first line of its kernel, or of the op that does most of its work before there are kernels; so
   * no share is counted twice. By line.
   */
  heat(
    shareOf: (dispatch: D) => number | undefined,
    lineOf: (offset: number) => number,
  ): readonly LineHeat<D>[] {
    const lines = new Map<number, { share: number; most: number; dispatch: D }>();
    for (const dispatch of this.dispatches) {
      const share = shareOf(dispatch);
      if (share === undefined) continue;
      const places = this.placesOf(dispatch);
      const first = places.find((p) => heavy.test(opNameAt(this.snapshot, p.index))) ?? places[0];
      if (first === undefined) continue;
      const line = lineOf(first.start);
      const known = lines.get(line);
      if (known === undefined) lines.set(line, { share, most: share, dispatch });
      else {
        known.share += share;
        if (share > known.most) Object.assign(known, { most: share, dispatch });
      }
    }
    return [...lines]
      .map(([line, { share, dispatch }]) => ({ line, share, dispatch }))
      .sort((a, b) => a.line - b.line);
  }
}

/** The outermost ops that come from none but these model nodes, else those that come from any of them. */
export function placesOfNodes(s: IrSnapshot, nodes: readonly string[]): readonly OpPlace[] {
  const wanted = new Set(nodes);
  const only = s.nodeSets.map((set) => set.length > 0 && set.every((n) => wanted.has(n)));
  const exact = outermost(s, (i) => only[s.nodesOf[i]!] === true);
  if (exact.length > 0) return exact;
  const some = s.nodeSets.map((set) => set.some((n) => wanted.has(n)));
  return outermost(s, (i) => some[s.nodesOf[i]!] === true);
}

/** The op of a kernel or function. */
export function placeOfSymbol(s: IrSnapshot, symbol: string): OpPlace | undefined {
  const at = s.symbols.indexOf(symbol);
  for (let i = 0; at > 0 && i < spanCount(s); i++) if (s.symbolOf[i] === at) return placeOf(s, i);
  return undefined;
}

function outermost(s: IrSnapshot, accepted: (index: number) => boolean): readonly OpPlace[] {
  const found: OpPlace[] = [];
  let end = -1;
  for (let i = 0; i < spanCount(s); i++) {
    const place = placeOf(s, i);
    if (place.start < end || silent.test(opNameAt(s, i)) || !accepted(i)) continue;
    end = place.end;
    found.push(place);
  }
  return found;
}

/**
 * Where to look first in the IR after a pass: the first op that the pass made (`made` holds op ids), else the first that
 * is no constant and does not only hold others.
 */
export function firstPlace(s: IrSnapshot, made: ReadonlySet<number>): OpPlace | undefined {
  let fallback: OpPlace | undefined;
  for (let i = 0; i < spanCount(s); i++) {
    if (silent.test(opNameAt(s, i))) continue;
    if (made.has(s.spans[3 * i + 2]!)) return placeOf(s, i);
    fallback ??= placeOf(s, i);
  }
  return fallback;
}
