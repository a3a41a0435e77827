/** The graph to draw of a text, of a snapshot with its measured times, or of two texts with what a pass did. */
import { lineAt, lineStarts } from '../../base/lines';
import { isConstant, workFirst } from '../semantic/opGraph';
import type { OpGraph } from '../semantic/opGraph';
import type { SemanticDiff } from '../semantic/semanticDiff';
import type { DrawnOp, GraphModel } from './graphModel';

/** What is known of an op beyond its text. */
export interface DrawnFacts {
  readonly share?: number;
  readonly timeNs?: number;
  readonly cost?: number;
  readonly dispatch?: string;
}

const ORIGINS = 6;

export function drawnGraph(
  title: string,
  graph: OpGraph,
  factsOf: (op: number) => DrawnFacts = () => ({}),
): GraphModel {
  const starts = lineStarts(graph.text);
  const ops = graph.ops.map((op): DrawnOp => {
    const results = op.source.results.map((r) => r.name).join(', ');
    return {
      parent: op.parent,
      name: op.name,
      label: op.symbol === undefined ? results : `@${op.symbol}`,
      start: op.source.start,
      end: op.source.end,
      line: lineAt(starts, op.source.start) + 1,
      group: op.children.length > 0,
      constant: isConstant(op),
      origins: op.locations.slice(0, ORIGINS),
      ...factsOf(op.index),
    };
  });
  const edges: number[] = [];
  for (const op of graph.ops) {
    const from = new Set(
      op.operands.flatMap((v) => (v < 0 || graph.values[v]!.argument ? [] : [graph.values[v]!.op])),
    );
    for (const source of from) edges.push(source, op.index);
  }
  return { title, ops, edges };
}

/** Both graphs, each op with what became of it and with its partners in the other. */
export function drawnDiff(
  titles: readonly [string, string],
  diff: SemanticDiff,
  factsOf?: (op: number) => DrawnFacts,
): readonly [GraphModel, GraphModel] {
  const side = (model: GraphModel, linkOf: Int32Array, other: 'before' | 'after'): GraphModel => ({
    ...model,
    ops: model.ops.map((op, i) => {
      const link = diff.links[linkOf[i]!]!;
      return { ...op, change: link.kind, linked: workFirst(diff[other], link[other]) };
    }),
  });
  return [
    side(drawnGraph(titles[0], diff.before), diff.linkOfBefore, 'after'),
    side(drawnGraph(titles[1], diff.after, factsOf), diff.linkOfAfter, 'before'),
  ];
}
