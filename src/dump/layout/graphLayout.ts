/** Places for the nodes of a graph: what every layout gives, the sizes that they start from, and the one for large graphs. */
import type { DrawnOp, GraphModel, VisibleGraph } from './graphModel';

/** Coordinates are absolute; y grows downwards. */
export interface GraphLayout {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly width: Float64Array;
  readonly height: Float64Array;
  /** Per edge: x and y of its points in turn. */
  readonly routes: readonly (readonly number[])[];
  readonly size: { readonly width: number; readonly height: number };
}

export const NODE_HEIGHT = 40;
/** Title of an open group. */
export const HEADER = 26;
export const PADDING = 14;
const GAP_X = 22;
const GAP_Y = 34;
const [NARROWEST, WIDEST] = [76, 240];
const CHARACTER = 7.4;

/** Collapsed, name and result stand in two lines; the title of an open group is one line. */
export function nodeWidth(op: DrawnOp, open = false): number {
  const characters = open
    ? op.name.length + op.label.length + 3
    : Math.max(op.name.length + 3, op.label.length);
  return Math.min(WIDEST, Math.max(NARROWEST, characters * CHARACTER + 18));
}

/**
 * Layers by the longest path, in each the order of what they read from: linear time, for graphs that are too large for
 * crossings to be counted.
 */
export function layeredLayout(model: GraphModel, graph: VisibleGraph): GraphLayout {
  const count = graph.nodes.length;
  const layout = {
    x: new Float64Array(count),
    y: new Float64Array(count),
    width: new Float64Array(count),
    height: new Float64Array(count),
  };
  const edgesIn = incomingEdges(graph);
  // Nodes come after their parents: backwards, the sizes within a group are known before its own.
  for (let n = count - 1; n >= 0; n--) {
    const node = graph.nodes[n]!;
    const own = nodeWidth(model.ops[node.op]!, node.open);
    if (!node.open) {
      layout.width[n] = own;
      layout.height[n] = NODE_HEIGHT;
      continue;
    }
    const inner = placeSiblings(node.children, edgesIn, layout);
    layout.width[n] = Math.max(own, inner.width + 2 * PADDING);
    layout.height[n] = inner.height + HEADER + 2 * PADDING;
  }
  const size = placeSiblings(graph.roots, edgesIn, layout);
  // From places within groups to places on the plane.
  graph.nodes.forEach(({ parent }, n) => {
    if (parent < 0) return;
    layout.x[n]! += layout.x[parent]! + PADDING;
    layout.y[n]! += layout.y[parent]! + HEADER + PADDING;
  });
  const routes = graph.edges.map(({ from, to }) => [
    layout.x[from]! + layout.width[from]! / 2,
    layout.y[from]! + layout.height[from]!,
    layout.x[to]! + layout.width[to]! / 2,
    layout.y[to]!,
  ]);
  return { ...layout, routes, size };
}

function incomingEdges(graph: VisibleGraph): readonly (readonly number[])[] {
  const incoming: number[][] = graph.nodes.map(() => []);
  for (const { from, to } of graph.edges) incoming[to]!.push(from);
  return incoming;
}

/** Sets x and y of siblings from 0, 0 on. */
function placeSiblings(
  siblings: readonly number[],
  incoming: readonly (readonly number[])[],
  layout: {
    readonly x: Float64Array;
    readonly y: Float64Array;
    readonly width: Float64Array;
    readonly height: Float64Array;
  },
): { readonly width: number; readonly height: number } {
  const layerOf = new Map<number, number>();
  const layers: number[][] = [];
  // In order of the text a result comes before what reads it; in cycles the rest counts.
  for (const n of siblings) {
    let layer = 0;
    for (const from of incoming[n]!) layer = Math.max(layer, (layerOf.get(from) ?? -1) + 1);
    layerOf.set(n, layer);
    (layers[layer] ??= []).push(n);
  }
  const centre = new Map<number, number>();
  let y = 0;
  let widest = 0;
  const widths: number[] = [];
  for (const layer of layers) {
    const wish = (n: number): number => {
      const known = incoming[n]!.flatMap((from) => centre.get(from) ?? []);
      return known.length === 0 ? 0 : known.reduce((a, b) => a + b, 0) / known.length;
    };
    const wishes = new Map(layer.map((n) => [n, wish(n)]));
    layer.sort((a, b) => wishes.get(a)! - wishes.get(b)! || a - b);
    const total = layer.reduce((sum, n) => sum + layout.width[n]! + GAP_X, -GAP_X);
    let x = -total / 2;
    let tallest = 0;
    for (const n of layer) {
      layout.x[n] = x;
      layout.y[n] = y;
      centre.set(n, x + layout.width[n]! / 2);
      x += layout.width[n]! + GAP_X;
      tallest = Math.max(tallest, layout.height[n]!);
    }
    widths.push(total);
    widest = Math.max(widest, total);
    y += tallest + GAP_Y;
  }
  for (const n of siblings) layout.x[n]! += widest / 2;
  return { width: widest, height: Math.max(0, y - GAP_Y) };
}
