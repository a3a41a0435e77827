/** Graphs of the texts that were asked for last: texts are kept once for equal bytes, and so are their graphs. */
import type { OpGraph } from './opGraph';
import { opGraph } from './opGraph';

const KEPT = 6;

export class GraphCache {
  readonly #graphs = new Map<string, OpGraph>();

  graph(text: string): OpGraph {
    const graph = this.#graphs.get(text) ?? opGraph(text);
    this.#graphs.delete(text);
    this.#graphs.set(text, graph);
    for (const [oldest] of this.#graphs) {
      if (this.#graphs.size <= KEPT) break;
      this.#graphs.delete(oldest);
    }
    return graph;
  }
}
