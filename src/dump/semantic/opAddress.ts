/**
 * Names an op across texts: the function that it is in and its place there. So an op of a function's own dump is found again
 * in the dump of the whole module.
 */
import type { GraphOp, OpGraph } from './opGraph';

export interface OpAddress {
  /** Symbols around, outermost first, joined by `::`; empty for ops outside of functions. */
  readonly scope: string;
  /** Ops between the function and this one; 0 is the function itself. */
  readonly ordinal: number;
}

const isModule = (op: GraphOp): boolean => /(?:^|\.)module$/.test(op.name);

export function addressOf(graph: OpGraph, index: number): OpAddress {
  let base = -1;
  const names: string[] = [];
  for (let i = index; i >= 0; i = graph.ops[i]!.parent) {
    const op = graph.ops[i]!;
    if (isModule(op)) continue;
    if (op.symbol === undefined) continue;
    base = i;
    names.length = 0;
    names.push(op.symbol);
  }
  return base < 0 ? { scope: '', ordinal: index } : { scope: names.join('::'), ordinal: index - base };
}

/** The op at an address; undefined where the text does not have its function. */
export function opAtAddress(graph: OpGraph, { scope, ordinal }: OpAddress): GraphOp | undefined {
  if (scope === '') {
    const op = graph.ops[ordinal];
    return op !== undefined && addressOf(graph, ordinal).scope === '' ? op : undefined;
  }
  const base = functionsOf(graph).get(scope);
  if (base === undefined) return undefined;
  const op = graph.ops[base + ordinal];
  return op !== undefined && base + ordinal < graph.ops[base]!.end ? op : undefined;
}

const known = new WeakMap<OpGraph, ReadonlyMap<string, number>>();
function functionsOf(graph: OpGraph): ReadonlyMap<string, number> {
  let map = known.get(graph);
  if (map === undefined) {
    const found = new Map<string, number>();
    const visit = (indices: readonly number[]): void => {
      for (const i of indices) {
        const op = graph.ops[i]!;
        if (isModule(op) || op.symbol === undefined) visit(op.children);
        else if (!found.has(op.symbol)) found.set(op.symbol, i);
      }
    };
    visit(graph.roots);
    known.set(graph, (map = found));
  }
  return map;
}

/** What people call an op: a line, `%value`, `@symbol`, or part of an op's name or of where it comes from. */
export function findOps(graph: OpGraph, text: string, lineOf: (offset: number) => number): GraphOp[] {
  const { ops } = graph;
  if (/^\d+$/.test(text)) {
    const line = Number(text);
    const first = ops.find((op) => lineOf(op.source.start) === line);
    if (first !== undefined) return [first];
    // A line within an op: the innermost that holds it.
    const around = ops.filter((op) => lineOf(op.source.start) < line && lineOf(op.source.end) >= line);
    return around.slice(-1);
  }
  if (text.startsWith('%')) {
    const values = graph.values.filter(
      (v) => !v.argument && (v.name === text || v.name.startsWith(`${text}#`)),
    );
    return [...new Set(values.map((v) => v.op))].map((i) => ops[i]!);
  }
  if (text.startsWith('@')) return ops.filter((op) => op.symbol === text.slice(1));
  const exact = ops.filter(
    (op) => op.name === text || op.locations.some((l) => l === text || l.startsWith(`"${text}"`)),
  );
  if (exact.length > 0) return exact;
  return ops.filter((op) => op.name.includes(text) || op.locations.some((l) => l.includes(text)));
}
