/**
 * The chain from a dispatch to the ops of any pass and back, over the snapshots of a compilation: navigation, hovers,
 * heat and code lenses read it.
 */
import type { IrSnapshot } from '../ir';

/** What ties a dispatch to IR. */
export interface DispatchKey {
  /** The kernel, as ops name it from the dispatch stage on. */
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

export const placeOf = (s: IrSnapshot, index: number): OpPlace => ({ index, start: s.spans[3 * index]!, end: s.spans[3 * index + 1]! });
export const spanCount = (s: IrSnapshot): number => s.spans.length / 3;
export const opNameAt = (s: IrSnapshot, index: number): string => s.opNames[s.nameOf[index] ?? 0] ?? '';
export const symbolAt = (s: IrSnapshot, index: number): string => s.symbols[s.symbolOf[index] ?? 0] ?? '';
export const nodesAt = (s: IrSnapshot, index: number): readonly string[] => s.nodeSets[s.nodesOf[index] ?? 0] ?? [];

/** Ops that a dispatch has many of and that say nothing of it: what it reads, and what only holds others. */
const silent = /^(builtin\.module|func\.func|func\.return|arith\.constant|.*\.yield|memref\.(global|get_global|view|alloc))$/;

/**
 * Where a dispatch stands in a snapshot: its kernel, where there is one, else the ops that compute the same model nodes
 * (ops that came from few nodes before ops that many were fused into). In order of the text.
 */
export function placesOfDispatch(s: IrSnapshot, key: DispatchKey): readonly OpPlace[] {
  const symbol = s.symbols.indexOf(key.symbol);
  if (symbol > 0) {
    for (let i = 0; i < spanCount(s); i++) if (s.symbolOf[i] === symbol) return [placeOf(s, i)];
  }
  const wanted = new Set(key.origins);
  const sets = s.nodeSets.map((nodes) => nodes.length > 0 && nodes.every((n) => wanted.has(n)));
  const overlapping = s.nodeSets.map((nodes) => nodes.some((n) => wanted.has(n)));
  const matching = (accepted: readonly boolean[]): OpPlace[] => {
    const found: OpPlace[] = [];
    let end = -1;
    for (let i = 0; i < spanCount(s); i++) {
      if (accepted[s.nodesOf[i]!] !== true || silent.test(opNameAt(s, i))) continue;
      const place = placeOf(s, i);
      // Only the outermost of nested ones.
      if (place.start < end) continue;
      end = place.end;
      found.push(place);
    }
    return found;
  };
  const exact = matching(sets);
  return exact.length > 0 ? exact : matching(overlapping);
}

/**
 * Where to look first in the IR after a pass: the first op that the pass made (`made` holds op ids), else the first that
 * is no constant and only holds others.
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

/** The dispatches that an op became part of: the one of its kernel, else those that share a model node with it. */
export function dispatchesOf<D extends DispatchKey>(dispatches: readonly D[], symbol: string, nodes: readonly string[]): readonly D[] {
  const own = symbol === '' ? [] : dispatches.filter((d) => d.symbol === symbol);
  if (own.length > 0) return own;
  const wanted = new Set(nodes);
  return dispatches.filter((d) => d.origins.some((o) => wanted.has(o)));
}

/** The dispatches of the innermost op at a row of the spans. */
export const dispatchesAt = <D extends DispatchKey>(s: IrSnapshot, index: number, dispatches: readonly D[]): readonly D[] =>
  index < 0 ? [] : dispatchesOf(dispatches, symbolAt(s, index), opNameAt(s, index) === 'builtin.module' ? [] : nodesAt(s, index));

/** A line of the text with the share of time of what it became; lines without any are left out. */
export interface LineHeat {
  readonly line: number;
  /** 0 to 1. */
  readonly share: number;
  readonly dispatch: number;
}

/**
 * Heat per line. A dispatch heats the first line of its kernel, or of the op that does most of its work before there are
 * kernels; so shares are not counted twice.
 */
export function heatOf<D extends DispatchKey & { readonly index: number }>(
  s: IrSnapshot,
  dispatches: readonly D[],
  shareOf: (dispatch: D) => number | undefined,
  lineOf: (offset: number) => number,
): readonly LineHeat[] {
  const lines = new Map<number, LineHeat>();
  for (const d of dispatches) {
    const share = shareOf(d);
    if (share === undefined) continue;
    const places = placesOfDispatch(s, d);
    const first = places.find((p) => heavy.test(opNameAt(s, p.index))) ?? places[0];
    if (first === undefined) continue;
    const line = lineOf(first.start);
    const before = lines.get(line);
    lines.set(line, { line, share: share + (before?.share ?? 0), dispatch: before !== undefined && before.share > share ? before.dispatch : d.index });
  }
  return [...lines.values()].sort((a, b) => a.line - b.line);
}
/** Ops that are what a dispatch is about, rather than what follows or prepares it. */
const heavy = /conv|matmul|gemm|linalg\.generic|pool|reduce|softmax|dispatch\.region/i;
