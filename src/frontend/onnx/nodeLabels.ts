/**
 * What each node of a graph is called in locations, tables and traces: its name where that is unique, else its name or
 * operator with a number. Used by the importer, so that everything later leads back to one node.
 */
import type { GraphProto, NodeProto } from './proto/onnxProto';

/** Unique within the graph, in the order of its nodes, the same for the same file. */
export function nodeLabels(graph: GraphProto): ReadonlyMap<NodeProto, string> {
  const named = new Set(graph.node.map((n) => n.name));
  const used = new Set<string>();
  const labels = new Map<NodeProto, string>();
  graph.node.forEach((node, index) => {
    let label = node.name === '' ? `${node.opType}_${index}` : node.name;
    const clashes = (text: string): boolean => used.has(text) || (text !== node.name && named.has(text));
    for (let n = 2; clashes(label); n++)
      label = `${node.name === '' ? `${node.opType}_${index}` : node.name}#${n}`;
    used.add(label);
    labels.set(node, label);
  });
  return labels;
}
