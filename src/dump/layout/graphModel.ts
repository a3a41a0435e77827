/** IR as a graph to draw: plain data that crosses to the view, and what of it shows when groups are collapsed. */
import type { LinkKind } from '../semantic/semanticDiff';

export interface DrawnOp {
  /** The op around it, or -1. */
  readonly parent: number;
  readonly name: string;
  /** `%5`, `@main`; empty for ops without result and symbol. */
  readonly label: string;
  /** Range in the text. */
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly line: number;
  /** Has ops within. */
  readonly group: boolean;
  /** Computes from nothing. */
  readonly constant: boolean;
  /** Model nodes or locations that it comes from, the first few. */
  readonly origins: readonly string[];
  /** What a pass did to it; absent where nothing is compared. */
  readonly change?: LinkKind;
  /** Ops of the other graph that it is linked to. */
  readonly linked?: readonly number[];
  /** Part of the time of a run, 0 to 1, of the dispatch that it became. */
  readonly share?: number;
  readonly timeNs?: number;
  /** Part of the arithmetic of the model, 0 to 1, of the dispatch that it became. */
  readonly cost?: number;
  /** Name of the dispatch that it became. */
  readonly dispatch?: string;
}

export interface GraphModel {
  readonly title: string;
  /** Parents before their children. */
  readonly ops: readonly DrawnOp[];
  /** Pairs (from, to): the second op reads a result of the first. */
  readonly edges: readonly number[];
}

/** Ops that show at first, if there is a way to collapse the rest. */
export const COMFORTABLE = 250;
/** Graphs with more ops open with all groups collapsed but the outermost. */
export const MOST_OPEN = 12_000;

export const childrenOf = (model: GraphModel): readonly (readonly number[])[] => {
  const children: number[][] = model.ops.map(() => []);
  model.ops.forEach((op, i) => {
    if (op.parent >= 0) children[op.parent]!.push(i);
  });
  return children;
};

/** The innermost op at an offset of the text, or undefined. */
export function innermostAt({ ops }: GraphModel, offset: number): number | undefined {
  let [low, high] = [0, ops.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ops[middle]!.start <= offset) low = middle + 1;
    else high = middle;
  }
  // Ops stand in the order of the text, parents before children.
  for (let i = low - 1; i >= 0; i = ops[i]!.parent) if (ops[i]!.end >= offset) return i;
  return undefined;
}

/** Groups to open at first: level by level, while what shows stays comfortable; one outermost op is always open. */
export function firstExpanded(model: GraphModel): Set<number> {
  const children = childrenOf(model);
  const expanded = new Set<number>();
  let level = model.ops.flatMap((op, i) => (op.parent < 0 ? [i] : []));
  let shown = level.length;
  for (let depth = 0; level.length > 0; depth++) {
    const groups = level.filter((i) => model.ops[i]!.group);
    const added = groups.reduce((n, i) => n + children[i]!.length, 0);
    const alone = groups.length === 1 && level.length === 1;
    if (!alone && shown + added > COMFORTABLE) break;
    if (shown + added > MOST_OPEN) break;
    for (const i of groups) expanded.add(i);
    shown += added;
    level = groups.flatMap((i) => children[i]!);
  }
  return expanded;
}

export interface VisibleNode {
  readonly op: number;
  /** Position in `VisibleGraph.nodes`, or -1. */
  readonly parent: number;
  readonly children: readonly number[];
  readonly open: boolean;
}
export interface VisibleEdge {
  readonly from: number;
  readonly to: number;
  /** Reads that it stands for. */
  readonly count: number;
}
/** What shows: edges join nodes of the same group, also where they stand for reads between ops deep inside. */
export interface VisibleGraph {
  readonly nodes: readonly VisibleNode[];
  readonly roots: readonly number[];
  readonly edges: readonly VisibleEdge[];
  /** Node of each op: its own, or that of the collapsed group that it is in; -1 for hidden ones. */
  readonly nodeOf: Int32Array;
}

export interface VisibleOptions {
  readonly expanded: ReadonlySet<number>;
  readonly constants: boolean;
}

export function visibleGraph(model: GraphModel, { expanded, constants }: VisibleOptions): VisibleGraph {
  const nodes: { op: number; parent: number; children: number[]; open: boolean }[] = [];
  const nodeOf = new Int32Array(model.ops.length).fill(-1);
  const roots: number[] = [];
  model.ops.forEach((op, i) => {
    const outer = op.parent < 0 ? -1 : nodeOf[op.parent]!;
    if (op.parent >= 0 && (outer < 0 || !nodes[outer]!.open || nodes[outer]!.op !== op.parent)) {
      nodeOf[i] = outer;
      return;
    }
    if (!constants && op.constant) return;
    nodeOf[i] = nodes.length;
    (outer < 0 ? roots : nodes[outer]!.children).push(nodes.length);
    nodes.push({ op: i, parent: outer, children: [], open: op.group && expanded.has(i) });
  });
  return { nodes, roots, edges: liftedEdges(model, nodes, nodeOf), nodeOf };
}

function liftedEdges(
  model: GraphModel,
  nodes: readonly { readonly parent: number }[],
  nodeOf: Int32Array,
): VisibleEdge[] {
  const depths = new Int32Array(nodes.length);
  nodes.forEach((n, i) => {
    depths[i] = n.parent < 0 ? 0 : depths[n.parent]! + 1;
  });
  const counts = new Map<number, VisibleEdge>();
  for (let e = 0; e < model.edges.length; e += 2) {
    let [a, b] = [nodeOf[model.edges[e]!]!, nodeOf[model.edges[e + 1]!]!];
    if (a < 0 || b < 0) continue;
    while (depths[a]! > depths[b]!) a = nodes[a]!.parent;
    while (depths[b]! > depths[a]!) b = nodes[b]!.parent;
    while (a !== b && nodes[a]!.parent !== nodes[b]!.parent) {
      a = nodes[a]!.parent;
      b = nodes[b]!.parent;
    }
    if (a === b) continue;
    const key = a * nodes.length + b;
    counts.set(key, { from: a, to: b, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}
