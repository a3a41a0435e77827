/**
 * Builds an ONNX model file node by node, with the names that PyTorch's exporter gives: nodes are called by their
 * module path and operator (`/features/features.0/features.0.0/Conv`), values by their node. Used by the reference
 * models and by tests.
 */
import type { ElementType } from '../elementType';
import { elementTypeInfo } from '../elementType';
import type {
  AttributeProto,
  NodeProto,
  TensorProto,
  TypeProto,
  ValueInfoProto,
} from '../onnx/proto/onnxProto';
import {
  attributeCodec,
  attributeTypes,
  dimensionCodec,
  graphCodec,
  modelCodec,
  nodeCodec,
  operatorSetCodec,
  shapeCodec,
  tensorTypeCodec,
  typeCodec,
  valueInfoCodec,
} from '../onnx/proto/onnxProto';
import { rawTensor } from '../onnx/tensorData';
import type { RandomStream } from '../random';
import { randomStream } from '../random';

/** A size or a symbol. */
export type Dimension = number | string;

export type AttributeValue =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: TensorProto };
export const int = (value: number): AttributeValue => ({ kind: 'int', value });
export const ints = (...value: readonly number[]): AttributeValue => ({ kind: 'ints', value });
export const float = (value: number): AttributeValue => ({ kind: 'float', value });
export const string = (value: string): AttributeValue => ({ kind: 'string', value });

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Name of the result instead of the one made from the node's name. */
  readonly output?: string;
  readonly domain?: string;
}

export interface OnnxGraphOptions {
  readonly name: string;
  /** Weights are drawn from it, each tensor from a stream of its own name. */
  readonly seed: number;
  readonly opset?: number;
  readonly irVersion?: number;
}

export class OnnxGraphBuilder {
  private readonly nodes: NodeProto[] = [];
  private readonly initializers = new Map<string, TensorProto>();
  private readonly inputs: ValueInfoProto[] = [];
  private readonly outputs: ValueInfoProto[] = [];
  private readonly nodeNames = new Map<string, number>();

  constructor(private readonly options: OnnxGraphOptions) {}

  input(name: string, type: ElementType, shape: readonly Dimension[]): string {
    this.inputs.push(valueInfo(name, type, shape));
    return name;
  }

  output(name: string, type: ElementType, shape: readonly Dimension[]): void {
    this.outputs.push(valueInfo(name, type, shape));
  }

  /** Adds a tensor with the given bytes (row-major, little endian). */
  initializer(name: string, type: ElementType, shape: readonly number[], bytes: Uint8Array): string {
    if (this.initializers.has(name)) throw new Error(`initializer ${name} is defined twice`);
    this.initializers.set(name, rawTensor(name, type, shape, bytes));
    return name;
  }

  /** Adds an f32 tensor that `fill` computes from the random stream of `name`. */
  weight(
    name: string,
    shape: readonly number[],
    fill: (values: Float64Array, random: RandomStream) => void,
  ): string {
    const values = new Float64Array(shape.reduce((a, b) => a * b, 1));
    fill(values, randomStream(this.options.seed, name));
    const bytes = new Uint8Array(values.length * 4);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i]!, true);
    return this.initializer(name, 'f32', shape, bytes);
  }

  /** A scalar that is shared by all that ask for it by the same name. */
  scalar(name: string, value: number): string {
    if (!this.initializers.has(name)) {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setFloat32(0, value, true);
      this.initializer(name, 'f32', [], bytes);
    }
    return name;
  }

  /** Adds a node of the module `path` (`/layer1/layer1.0/conv1`, or empty) and returns the name of its result. */
  node(path: string, opType: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const base = `${path}/${opType}`;
    const used = this.nodeNames.get(base) ?? 0;
    this.nodeNames.set(base, used + 1);
    const name = used === 0 ? base : `${base}_${used}`;
    const output = options.output ?? `${name}_output_0`;
    this.nodes.push(
      nodeCodec.make({
        name,
        opType,
        domain: options.domain ?? '',
        input: inputs,
        output: [output],
        attribute: Object.entries(options.attributes ?? {}).map(([key, value]) => attribute(key, value)),
      }),
    );
    return output;
  }

  /** The bytes of the model file. */
  build(): Uint8Array {
    const { name, opset = 17, irVersion = 8 } = this.options;
    return modelCodec.encode(
      modelCodec.make({
        irVersion,
        producerName: 'strata',
        opsetImport: [operatorSetCodec.make({ version: opset })],
        graph: graphCodec.make({
          name,
          node: this.nodes,
          initializer: [...this.initializers.values()],
          input: this.inputs,
          output: this.outputs,
        }),
      }),
    );
  }
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): ValueInfoProto {
  return valueInfoCodec.make({ name, type: tensorTypeProto(type, shape) });
}

export function tensorTypeProto(type: ElementType, shape: readonly Dimension[]): TypeProto {
  const dim = shape.map((d) =>
    dimensionCodec.make(typeof d === 'number' ? { dimValue: d } : { dimParam: d }),
  );
  return typeCodec.make({
    tensorType: tensorTypeCodec.make({
      elemType: elementTypeInfo(type).onnx,
      shape: shapeCodec.make({ dim }),
    }),
  });
}

function attribute(name: string, value: AttributeValue): AttributeProto {
  switch (value.kind) {
    case 'int':
      return attributeCodec.make({ name, type: attributeTypes.INT, i: BigInt(value.value) });
    case 'ints':
      return attributeCodec.make({ name, type: attributeTypes.INTS, ints: value.value.map(BigInt) });
    case 'float':
      return attributeCodec.make({ name, type: attributeTypes.FLOAT, f: value.value });
    case 'floats':
      return attributeCodec.make({ name, type: attributeTypes.FLOATS, floats: value.value });
    case 'string':
      return attributeCodec.make({
        name,
        type: attributeTypes.STRING,
        s: new TextEncoder().encode(value.value),
      });
    case 'tensor':
      return attributeCodec.make({ name, type: attributeTypes.TENSOR, t: value.value });
  }
}
