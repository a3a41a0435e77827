/** Layered layout by ELK in a worker. */
import ELK from 'elkjs/lib/elk-api';
import type { ElkNode } from 'elkjs/lib/elk-api';
import workerText from 'elkjs/lib/elk-worker.min.js';
import type { GraphLayout } from '../../src/dump/layout/graphLayout';
import { HEADER, NODE_HEIGHT, PADDING, layeredLayout, nodeWidth } from '../../src/dump/layout/graphLayout';
import type { GraphModel, VisibleGraph } from '../../src/dump/layout/graphModel';

/** Nodes and edges beyond which the simple layout takes over: ELK's time grows faster than the graph. */
const MOST = 1500;

const options = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.edgeRouting': 'POLYLINE',
  'elk.hierarchyHandling': 'SEPARATE_CHILDREN',
  'elk.spacing.nodeNode': '20',
  'elk.layered.spacing.nodeNodeBetweenLayers': '32',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
};
const groupOptions = {
  ...options,
  'elk.padding': `[top=${HEADER + PADDING},left=${PADDING},bottom=${PADDING},right=${PADDING}]`,
};

let elk: InstanceType<typeof ELK> | undefined;

function engine(): InstanceType<typeof ELK> {
  if (elk === undefined) {
    const url = URL.createObjectURL(new Blob([workerText], { type: 'text/javascript' }));
    elk = new ELK({ workerFactory: () => new Worker(url) });
  }
  return elk;
}

export interface LaidOut {
  readonly layout: GraphLayout;
  /** Too large for ELK. */
  readonly simple: boolean;
}

export async function layOut(model: GraphModel, graph: VisibleGraph): Promise<LaidOut> {
  if (graph.nodes.length + graph.edges.length > MOST)
    return { layout: layeredLayout(model, graph), simple: true };
  const toElk = (n: number): ElkNode => {
    const node = graph.nodes[n]!;
    const width = nodeWidth(model.ops[node.op]!, node.open);
    if (!node.open) return { id: String(n), width, height: NODE_HEIGHT };
    return {
      id: String(n),
      layoutOptions: {
        ...groupOptions,
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        'elk.nodeSize.minimum': `(${width}, 0)`,
      },
      children: node.children.map(toElk),
      edges: edgesWithin.get(n) ?? [],
    };
  };
  const edgesWithin = new Map<number, { id: string; sources: string[]; targets: string[] }[]>();
  graph.edges.forEach(({ from, to }, e) => {
    const { parent } = graph.nodes[from]!;
    const list = edgesWithin.get(parent) ?? [];
    list.push({ id: `e${e}`, sources: [String(from)], targets: [String(to)] });
    edgesWithin.set(parent, list);
  });
  const root = await engine().layout({
    id: 'root',
    layoutOptions: options,
    children: graph.roots.map(toElk),
    edges: edgesWithin.get(-1) ?? [],
  });
  return { layout: fromElk(root, graph), simple: false };
}

function fromElk(root: ElkNode, graph: VisibleGraph): GraphLayout {
  const count = graph.nodes.length;
  const [x, y, width, height] = [0, 0, 0, 0].map(() => new Float64Array(count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const routes: number[][] = graph.edges.map(() => []);
  const visit = (node: ElkNode, left: number, top: number): void => {
    for (const edge of node.edges ?? []) {
      const points = edge.sections?.flatMap((s) => [s.startPoint, ...(s.bendPoints ?? []), s.endPoint]) ?? [];
      routes[Number(edge.id.slice(1))] = points.flatMap((p) => [p.x + left, p.y + top]);
    }
    for (const child of node.children ?? []) {
      const n = Number(child.id);
      x[n] = left + (child.x ?? 0);
      y[n] = top + (child.y ?? 0);
      width[n] = child.width ?? 0;
      height[n] = child.height ?? 0;
      visit(child, x[n], y[n]);
    }
  };
  visit(root, 0, 0);
  return { x, y, width, height, routes, size: { width: root.width ?? 0, height: root.height ?? 0 } };
}
