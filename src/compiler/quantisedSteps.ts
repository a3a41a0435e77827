/**
 * Quantised models (QDQ) step by step. A sum that falls just between two quantised values goes to one or the other by
 * its last bit, and in a deep network such a step grows: two correct implementations may end far apart. What can be asked
 * of each is that every quantised tensor, computed from the *reference's* quantised tensors before it, is the
 * reference's, or one step beside it where the reference's own sum lies at a tie. Used by `strata models check`.
 */
import type { HostTensor } from '../frontend/elementType';
import type { GraphProto, NodeProto } from '../frontend/onnx/proto/onnxProto';
import { graphCodec, modelCodec, nodeCodec, valueInfoCodec } from '../frontend/onnx/proto/onnxProto';
import type { OnnxModel } from '../frontend/onnx/readModel';
import { modelTensorData } from '../frontend/onnx/readModel';
import { tensorTypeProto } from '../frontend/zoo/onnxGraphBuilder';
import { elementsOf } from './compareTensors';

/** A tensor that the model quantises when it runs. */
interface QuantisedTensor {
  readonly name: string;
  /** The float tensor that is rounded. */
  readonly before: string;
  readonly scale: number;
}

/** How the quantised tensors compare, each computed from the reference's. */
export interface StepAgreement {
  readonly tensors: number;
  readonly elements: number;
  /** Elements that are not the reference's. */
  readonly beside: number;
  /** The largest difference of an element, in steps of its tensor. */
  readonly mostSteps: number;
  /** How far the reference's own value before rounding is from a tie, at most, where they differ; in steps. */
  readonly fromTie: number;
  /** At most one step, and only at ties (`tieWidth`). */
  readonly agrees: boolean;
}

/** Of a step: sums in single precision that are this near to a tie may be rounded either way. */
export const tieWidth = 0.01;

const suffix = '.computed';

export class QuantisedSteps {
  private constructor(
    readonly model: OnnxModel,
    readonly graph: GraphProto,
    readonly tensors: readonly QuantisedTensor[],
  ) {}

  /** Undefined for a model that quantises nothing by one constant scale per tensor. */
  static of(model: OnnxModel): QuantisedSteps | undefined {
    const { graph } = model;
    const tensors = graph.node.flatMap((n) => quantisedBy(n, model) ?? []);
    return tensors.length === 0 ? undefined : new QuantisedSteps(model, graph, tensors);
  }

  /** The model with every quantised tensor, and what it is rounded from, among its outputs. */
  observed(): Uint8Array {
    const names = [...new Set(this.tensors.flatMap((t) => [t.name, t.before]))];
    const known = new Set([...this.graph.output, ...this.graph.input].map((o) => o.name));
    const added = names.filter((n) => !known.has(n)).map((name) => valueInfoCodec.make({ name }));
    return this.#encode({ output: [...this.graph.output, ...added] });
  }

  /**
   * The model cut at every quantised tensor: each is an input, from which what follows is computed, and an output of
   * another name. `values` are the reference's, for their types.
   */
  cut(values: Readonly<Record<string, HostTensor>>): Uint8Array {
    const cut = new Set(this.tensors.map((t) => t.name));
    const info = (name: string, as: string) => {
      const { elementType, shape } = values[name]!;
      return valueInfoCodec.make({ name: as, type: tensorTypeProto(elementType, shape) });
    };
    const node = this.graph.node.map((n) =>
      nodeCodec.make({ ...n, output: n.output.map((o) => (cut.has(o) ? o + suffix : o)) }),
    );
    return this.#encode({
      node,
      input: [...this.graph.input, ...[...cut].map((name) => info(name, name))],
      output: [...cut].map((name) => info(name, name + suffix)),
      valueInfo: [],
    });
  }

  /** `found`: outputs of the model that `cut` makes; `expected`: of the one that `observed` makes. */
  compare(
    found: Readonly<Record<string, HostTensor>>,
    expected: Readonly<Record<string, HostTensor>>,
  ): StepAgreement {
    let elements = 0;
    let beside = 0;
    let mostSteps = 0;
    let fromTie = 0;
    for (const { name, before, scale } of this.tensors) {
      const [ours, theirs, sums] = [found[name + suffix]!, expected[name]!, expected[before]].map((t) =>
        t === undefined ? undefined : elementsOf(t),
      );
      elements += theirs!.length;
      for (let i = 0; i < theirs!.length; i++) {
        const steps = Math.abs(ours![i]! - theirs![i]!);
        if (steps === 0) continue;
        beside++;
        mostSteps = Math.max(mostSteps, steps);
        const at = (sums?.[i] ?? 0) / scale;
        fromTie = Math.max(fromTie, Math.abs(at - Math.floor(at) - 0.5));
      }
    }
    const agrees = mostSteps <= 1 && fromTie <= tieWidth;
    return { tensors: this.tensors.length, elements, beside, mostSteps, fromTie, agrees };
  }

  #encode(changes: Partial<GraphProto>): Uint8Array {
    const graph = graphCodec.make({ ...this.graph, ...changes });
    return modelCodec.encode(modelCodec.make({ ...this.model.proto, graph }));
  }
}

function quantisedBy(n: NodeProto, model: OnnxModel): QuantisedTensor | undefined {
  const [before, scaleName] = n.input;
  const [name] = n.output;
  if (n.opType !== 'QuantizeLinear' || before === undefined || name === undefined) return undefined;
  const scale = model.graph.initializer.find((t) => t.name === scaleName);
  if (scale === undefined) return undefined;
  const data = modelTensorData(model, scale);
  if (data.elementType !== 'f32' || data.shape.some((d) => d !== 1)) return undefined;
  // A scale is one number, in the model itself.
  if (data.storage.kind !== 'bytes') return undefined;
  const { buffer, byteOffset } = data.storage.bytes;
  return { name, before, scale: new DataView(buffer, byteOffset).getFloat32(0, true) };
}
