/**
 * Builds an ONNX model file node by node, with the names that PyTorch's exporter gives: nodes are called by their
 * module path and operator (`/features/features.0/features.0.0/Conv`), values by their node. Weights are drawn when
 * the file is written, so that the graph of a large model costs nothing to look at. Used by the reference models and by
 * tests.
 */
import type { ElementType } from '../elementType';
import { elementCountOf, elementTypeInfo, storageSize } from '../elementType';
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
  entryCodec,
  tensorCodec,
  tensorTypeCodec,
  typeCodec,
  valueInfoCodec,
} from '../onnx/proto/onnxProto';
import { rawTensor } from '../onnx/tensorData';
import type { RandomStream } from '../random';
import { randomStream } from '../random';

/** A size or a symbol. */
export type Dimension = number | string;

export interface TensorSignature {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly Dimension[];
}

/** A tensor of the model, whose elements are made when they are asked for. */
export interface Initializer {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  /** Learned in training: it counts as parameters of the model. */
  readonly trained: boolean;
  /** Row-major, little endian. */
  readonly bytes: () => Uint8Array;
}

/** Fills a tensor from the random stream of its name. */
export type Fill = (values: Float64Array, random: RandomStream) => void;

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
  /** Names of all results, of a node that has several. */
  readonly outputs?: readonly string[];
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
  private readonly tensors = new Map<string, Initializer>();
  private readonly nodeNames = new Map<string, number>();
  readonly inputs: TensorSignature[] = [];
  readonly outputs: TensorSignature[] = [];

  constructor(private readonly options: OnnxGraphOptions) {}

  get initializers(): readonly Initializer[] {
    return [...this.tensors.values()];
  }
  /** Elements that training learns. */
  get parameterCount(): number {
    return this.initializers.reduce((sum, t) => sum + (t.trained ? elementCountOf(t.shape) : 0), 0);
  }
  /** Bytes of all weights and constants. */
  get weightBytes(): number {
    return this.initializers.reduce((sum, t) => sum + sizeOf(t), 0);
  }

  input(name: string, elementType: ElementType, shape: readonly Dimension[]): string {
    this.inputs.push({ name, elementType, shape });
    return name;
  }

  output(name: string, elementType: ElementType, shape: readonly Dimension[]): void {
    this.outputs.push({ name, elementType, shape });
  }

  /** Adds a tensor and returns its name. */
  add(tensor: Initializer): string {
    if (this.tensors.has(tensor.name)) throw new Error(`initializer ${tensor.name} is defined twice`);
    this.tensors.set(tensor.name, tensor);
    return tensor.name;
  }

  /** Adds a constant with the given bytes (row-major, little endian). */
  initializer(name: string, elementType: ElementType, shape: readonly number[], bytes: Uint8Array): string {
    return this.add({ name, elementType, shape, trained: false, bytes: () => bytes });
  }

  /** Adds trained f32 elements that `fill` computes from the random stream of `name`. */
  weight(name: string, shape: readonly number[], fill: Fill): string {
    return this.add({
      name,
      elementType: 'f32',
      shape,
      trained: true,
      bytes: () => f32Bytes(this.drawn(name, shape, fill)),
    });
  }

  /** As `weight`, of what training does not learn: running statistics, tables. */
  buffer(name: string, shape: readonly number[], fill: Fill): string {
    return this.add({
      name,
      elementType: 'f32',
      shape,
      trained: false,
      bytes: () => f32Bytes(this.drawn(name, shape, fill)),
    });
  }

  /** What `fill` makes of the random stream of `name`. */
  drawn(name: string, shape: readonly number[], fill: Fill): Float64Array {
    const values = new Float64Array(elementCountOf(shape));
    fill(values, randomStream(this.options.seed, name));
    return values;
  }

  /** A scalar that is shared by all that ask for it by the same name. */
  scalar(name: string, value: number): string {
    return this.tensors.has(name)
      ? name
      : this.initializer(name, 'f32', [], f32Bytes(Float64Array.of(value)));
  }

  /** Integers (shapes, axes, positions), shared by all that ask for equal ones. Without `shape` they are a list. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const name = `int64.${shape.length === 0 ? 'scalar.' : ''}${values.join('_')}`;
    if (this.tensors.has(name)) return name;
    return this.initializer(
      name,
      'i64',
      shape,
      new Uint8Array(BigInt64Array.from(values, (v) => BigInt(v)).buffer),
    );
  }

  /** Adds a node of the module `path` (`/layer1/layer1.0/conv1`, or empty) and returns the name of its result. */
  node(path: string, opType: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const base = `${path}/${opType}`;
    const used = this.nodeNames.get(base) ?? 0;
    this.nodeNames.set(base, used + 1);
    const name = used === 0 ? base : `${base}_${used}`;
    const outputs = options.outputs ?? [options.output ?? `${name}_output_0`];
    this.nodes.push(
      nodeCodec.make({
        name,
        opType,
        domain: options.domain ?? '',
        input: inputs,
        output: outputs,
        attribute: Object.entries(options.attributes ?? {}).map(([key, value]) => attributeProto(key, value)),
      }),
    );
    return outputs[0]!;
  }

  /** The bytes of a model file with all weights inside. */
  build(): Uint8Array {
    return this.encode((t) => rawTensor(t.name, t.elementType, t.shape, t.bytes()));
  }

  /**
   * The bytes of a model file whose weights lie one after the other in a file beside it, called `location`, each at a
   * multiple of `alignment`; `write` is given each of them with its offset, and may leave it undrawn.
   */
  async buildExternal(
    location: string,
    write: (offset: number, tensor: Initializer) => Promise<void>,
  ): Promise<Uint8Array> {
    let end = 0;
    const ranges = new Map<Initializer, { readonly offset: number; readonly length: number }>();
    for (const t of this.initializers) {
      if (sizeOf(t) < smallestExternal) continue;
      const offset = Math.ceil(end / alignment) * alignment;
      ranges.set(t, { offset, length: sizeOf(t) });
      end = offset + sizeOf(t);
      await write(offset, t);
    }
    return this.encode((t) => {
      const range = ranges.get(t);
      if (range === undefined) return rawTensor(t.name, t.elementType, t.shape, t.bytes());
      const entries = { location, offset: String(range.offset), length: String(range.length) };
      return tensorCodec.make({
        name: t.name,
        dims: t.shape,
        dataType: elementTypeInfo(t.elementType).onnx,
        dataLocation: 1,
        externalData: Object.entries(entries).map(([key, value]) => entryCodec.make({ key, value })),
      });
    });
  }

  private encode(tensorProto: (tensor: Initializer) => TensorProto): Uint8Array {
    const { name, opset = 17, irVersion = 8 } = this.options;
    return modelCodec.encode(
      modelCodec.make({
        irVersion,
        producerName: 'strata',
        opsetImport: [operatorSetCodec.make({ version: opset })],
        graph: graphCodec.make({
          name,
          node: this.nodes,
          initializer: this.initializers.map(tensorProto),
          input: this.inputs.map(valueInfo),
          output: this.outputs.map(valueInfo),
        }),
      }),
    );
  }
}

/** Of weights in a file beside the model: a page, so that they can be mapped. */
const alignment = 4096;
/** Smaller tensors stay in the model. */
const smallestExternal = 1024;

const sizeOf = (t: Initializer): number => storageSize(t.elementType, elementCountOf(t.shape));

/** Every platform that runs Node is little endian, as ONNX is. */
const f32Bytes = (values: Float64Array): Uint8Array => new Uint8Array(new Float32Array(values).buffer);

const valueInfo = ({ name, elementType, shape }: TensorSignature): ValueInfoProto =>
  valueInfoCodec.make({ name, type: tensorTypeProto(elementType, shape) });

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

export function attributeProto(name: string, value: AttributeValue): AttributeProto {
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
