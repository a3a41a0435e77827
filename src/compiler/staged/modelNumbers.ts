/** Names of the nodes and parameters of a model, subgraphs included, which are the same whenever it is read. */
import { createHash } from 'node:crypto';
import type { HostTensor } from '../../frontend/elementType';
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from '../../frontend/onnx/proto/onnxProto';

export class ModelNumbers {
  readonly #nodes = new Map<NodeProto, string>();
  readonly #parameters = new Map<TensorProto, string>();

  constructor(graph: GraphProto) {
    this.#add(graph, '');
  }
  #add(graph: GraphProto, at: string): void {
    graph.initializer.forEach((t, i) => this.#parameters.set(t, `p${at}${i}`));
    graph.node.forEach((n, i) => {
      this.#nodes.set(n, `${at}${i}`);
      n.attribute.forEach((a, k) => {
        if (a.g !== undefined) this.#add(a.g, `${at}${i}.${k}.`);
      });
    });
  }
  /** Of a node of the model. */
  node(node: NodeProto): string {
    return this.#nodes.get(node) ?? '';
  }
  /** Of a node that the host made for one of the model's. */
  emitted(like: NodeProto, opType: string, attribute: readonly AttributeProto[]): string {
    const values = attribute.map((a) => `${a.name}=${a.i ?? a.ints.join(' ')}`);
    return `${this.node(like)}/${opType}[${values.join()}]`;
  }
  parameter(tensor: TensorProto): string {
    return this.#parameters.get(tensor) ?? tensor.name;
  }
}

export const digestOf = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const p of parts) hash.update(p);
  return hash.digest('hex');
};
/** Type and shape, as keys have them. */
export const shapeKey = ({ elementType, shape }: HostTensor): string => `${elementType}[${shape.join()}]`;
/** Type, shape and elements. */
export const contentKey = (t: HostTensor): string =>
  `${shapeKey(t)}=${digestOf(t.bytes, ...(t.strings ?? []).map((s) => `${s}\0`))}`;
