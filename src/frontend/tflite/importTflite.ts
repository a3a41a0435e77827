/**
 * A TensorFlow Lite model as an ONNX model, from which it is imported like any other: each operator becomes a few nodes
 * that all have the operator as their origin. Images turn to channels first on the way into a convolution, quantised
 * tensors are read to floats, and results are rounded again, so that each operator stands between its own
 * DequantizeLinear and QuantizeLinear. Results differ from those of integer arithmetic by a step where a sum falls
 * between two.
 */
import { elementCountOf, elementTypeInfo } from '../elementType';
import type { ElementType } from '../elementType';
import { checkModel } from '../onnx/checkModel';
import type { ImportedNode } from '../onnx/importOnnx';
import type { NodeProto, TensorProto } from '../onnx/proto/onnxProto';
import { graphCodec, modelCodec, nodeCodec, operatorSetCodec, valueInfoCodec } from '../onnx/proto/onnxProto';
import type { OnnxModel } from '../onnx/readModel';
import { rawTensor } from '../onnx/tensorData';
import type { AttributeValue } from '../zoo/onnxGraphBuilder';
import { attributeProto, float, int, ints, tensorTypeProto } from '../zoo/onnxGraphBuilder';
import type { FlatTable } from './flatbuffer';
import { tfliteMessages } from './messages';
import type { OperatorCode, TfliteModel, TfliteOperator, TfliteTensor } from './schema';

export interface ImportedTflite {
  readonly model: OnnxModel;
  /** Of each node of `model`, the operator that it comes from. */
  readonly origins: readonly ImportedNode[];
}

/** Throws STR0361 for unknown operators, STR0362 for uses that cannot be said in ONNX. */
export function tfliteToOnnx(source: TfliteModel): ImportedTflite {
  const unknown = source.operators.filter((o) => o.code === undefined).map((o) => o.title);
  if (unknown.length > 0)
    throw tfliteMessages.error('STR0361', { file: source.file, uses: [...new Set(unknown)] });
  return new Conversion(source).run();
}

const opset = 21;
/** Where channels are last and first. */
const toFirst = [0, 3, 1, 2];
const toLast = [0, 2, 3, 1];

class Conversion {
  readonly #nodes: NodeProto[] = [];
  readonly #origins: ImportedNode[] = [];
  readonly #constants: TensorProto[] = [];
  readonly #taken = new Set<string>();
  readonly #names: readonly string[];
  /** Tensors that were made, by index: the name with channels last, first, and each read to floats. */
  readonly #made = new Map<string, string>();
  #origin!: ImportedNode;

  constructor(readonly source: TfliteModel) {
    this.#names = source.tensors.map((t, i) => this.#fresh(t.name === '' ? `tensor_${i}` : t.name));
  }

  run(): ImportedTflite {
    const { source } = this;
    source.inputs.forEach((i) => this.#made.set(`${i} last`, this.#names[i]!));
    source.operators.forEach((op, i) => {
      const named = this.#names[op.outputs[0] ?? -1];
      this.#origin = { name: named ?? `${op.title}_${i}`, opType: op.title, position: i + 1 };
      this.#operator(op);
    });
    // Outputs with channels last under their own names.
    source.outputs.forEach((i) => this.#last(i));
    const info = (i: number) => {
      const { elementType, shape } = source.tensors[i]!;
      return valueInfoCodec.make({
        name: this.#made.get(`${i} last`)!,
        type: tensorTypeProto(elementType, shape),
      });
    };
    const proto = modelCodec.make({
      irVersion: 10,
      producerName: source.description === '' ? 'TensorFlow Lite' : source.description,
      opsetImport: [operatorSetCodec.make({ version: opset })],
      graph: graphCodec.make({
        name: 'main',
        node: this.#nodes,
        initializer: this.#constants,
        input: source.inputs.map(info),
        output: source.outputs.map(info),
      }),
    });
    const { graph, opsets, warnings } = checkModel(proto, source.file);
    const model = {
      file: source.file,
      path: undefined,
      bytes: new Uint8Array(0),
      proto,
      graph,
      opsets,
      warnings,
    };
    return { model, origins: this.#origins };
  }

  #operator(op: TfliteOperator): void {
    const lower: Record<OperatorCode, (op: TfliteOperator) => void> = {
      CONV_2D: (o) => {
        this.#convolution(o, { activation: 3, dilation: 4, depthwise: false });
      },
      DEPTHWISE_CONV_2D: (o) => {
        this.#convolution(o, { activation: 4, dilation: 5, depthwise: true });
      },
      AVERAGE_POOL_2D: (o) => {
        this.#pool(o, 'AveragePool');
      },
      MAX_POOL_2D: (o) => {
        this.#pool(o, 'MaxPool');
      },
      FULLY_CONNECTED: (o) => {
        this.#fullyConnected(o);
      },
      ADD: (o) => {
        this.#binary(o, 'Add');
      },
      SUB: (o) => {
        this.#binary(o, 'Sub');
      },
      MUL: (o) => {
        this.#binary(o, 'Mul');
      },
      CONCATENATION: (o) => {
        const parts = o.inputs.map((_, i) => this.#floats(o, i));
        const joined = this.#node('Concat', parts, { axis: int(o.options?.i32(0) ?? 0) });
        this.#result(o, this.#activation(o, joined, o.options?.i8(1) ?? 0));
      },
      SOFTMAX: (o) => {
        const beta = o.options?.f32(0) ?? 1;
        const x = this.#floats(o, 0);
        const scaled = beta === 1 ? x : this.#node('Mul', [x, this.#scalar(beta)]);
        this.#result(o, this.#node('Softmax', [scaled], { axis: int(-1) }));
      },
      LOGISTIC: (o) => {
        this.#result(o, this.#node('Sigmoid', [this.#floats(o, 0)]));
      },
      TANH: (o) => {
        this.#result(o, this.#node('Tanh', [this.#floats(o, 0)]));
      },
      RELU: (o) => {
        this.#result(o, this.#node('Relu', [this.#floats(o, 0)]));
      },
      RELU6: (o) => {
        this.#result(o, this.#activation(o, this.#floats(o, 0), 3));
      },
      QUANTIZE: (o) => {
        this.#result(o, this.#floats(o, 0));
      },
      DEQUANTIZE: (o) => {
        this.#result(o, this.#floats(o, 0));
      },
      RESHAPE: (o) => {
        this.#reshape(o);
      },
      SQUEEZE: (o) => {
        this.#reshape(o);
      },
      EXPAND_DIMS: (o) => {
        this.#reshape(o);
      },
      TRANSPOSE: (o) => {
        const perm = this.#integers(o, 1);
        this.#raw(o, this.#node('Transpose', [this.#last(this.#input(o, 0))], { perm: ints(...perm) }));
      },
      MEAN: (o) => {
        const axes = this.#constant(
          'axes',
          'i64',
          [this.#integers(o, 1).length],
          int64s(this.#integers(o, 1)),
        );
        const keep = o.options?.i8(0) ?? 0;
        this.#result(o, this.#node('ReduceMean', [this.#floats(o, 0), axes], { keepdims: int(keep) }));
      },
      PAD: (o) => {
        const pairs = this.#integers(o, 1);
        const order = [0, 1].flatMap((side) => pairs.filter((_, i) => i % 2 === side));
        const pads = this.#constant('pads', 'i64', [order.length], int64s(order));
        this.#result(o, this.#node('Pad', [this.#floats(o, 0), pads]));
      },
    };
    lower[op.code!](op);
  }

  #convolution(
    op: TfliteOperator,
    at: { readonly activation: number; readonly dilation: number; readonly depthwise: boolean },
  ): void {
    const options = this.#options(op);
    const weight = this.#tensor(op, 1);
    const [, kh = 0, kw = 0] = weight.shape;
    if (weight.shape.length !== 4 || this.#tensor(op, 0).shape.length !== 4)
      throw this.#refuse(op, 'input and weight must have rank 4');
    const channels = this.#tensor(op, 0).shape[3]!;
    const perm = at.depthwise ? [3, 0, 1, 2] : [0, 3, 1, 2];
    const groups = at.depthwise ? channels : channels / weight.shape[3]!;
    if (!Number.isInteger(groups) || groups < 1)
      throw this.#refuse(op, `the weight has ${weight.shape[3]} channels, the input ${channels}`);
    const inputs = [this.#floatsFirst(op, 0), this.#weight(op, 1, perm)];
    if (this.#has(op, 2)) inputs.push(this.#floats(op, 2));
    const y = this.#node('Conv', inputs, {
      auto_pad: { kind: 'string', value: padding(options) },
      dilations: ints(options.i32(at.dilation + 1, 1), options.i32(at.dilation, 1)),
      group: int(groups),
      kernel_shape: ints(kh, kw),
      strides: ints(options.i32(2), options.i32(1)),
    });
    this.#result(op, this.#activation(op, y, options.i8(at.activation)), 'first');
  }

  #pool(op: TfliteOperator, opType: 'AveragePool' | 'MaxPool'): void {
    const options = this.#options(op);
    if (this.#tensor(op, 0).shape.length !== 4) throw this.#refuse(op, 'the input must have rank 4');
    const y = this.#node(opType, [this.#floatsFirst(op, 0)], {
      auto_pad: { kind: 'string', value: padding(options) },
      kernel_shape: ints(options.i32(4), options.i32(3)),
      strides: ints(options.i32(2), options.i32(1)),
    });
    this.#result(op, this.#activation(op, y, options.i8(5)), 'first');
  }

  #fullyConnected(op: TfliteOperator): void {
    const options = this.#options(op);
    const [units = 0, depth = 0] = this.#tensor(op, 1).shape;
    if (options.i8(1) !== 0) throw this.#refuse(op, 'its weights are shuffled');
    const { shape } = this.#tensor(op, 0);
    const flat = shape.length === 2 && shape[1] === depth;
    const x = flat
      ? this.#floats(op, 0)
      : this.#node('Reshape', [
          this.#floats(op, 0),
          this.#constant('shape', 'i64', [2], int64s([-1, depth])),
        ]);
    const inputs = [x, this.#floats(op, 1)];
    if (this.#has(op, 2)) inputs.push(this.#floats(op, 2));
    let y = this.#node('Gemm', inputs, { alpha: float(1), beta: float(1), transB: int(1) });
    const wanted = this.source.tensors[op.outputs[0]!]!.shape;
    if (wanted.length !== 2 || wanted[1] !== units)
      y = this.#node('Reshape', [y, this.#constant('shape', 'i64', [wanted.length], int64s(wanted))]);
    this.#result(op, this.#activation(op, y, options.i8(0)));
  }

  /** With channels first where both are images that have that form already. */
  #binary(op: TfliteOperator, opType: 'Add' | 'Sub' | 'Mul'): void {
    const first = [0, 1].every((i) => this.#made.has(`${this.#input(op, i)} first`));
    const read = (i: number): string => (first ? this.#floatsFirst(op, i) : this.#floats(op, i));
    const y = this.#node(opType, [read(0), read(1)]);
    this.#result(op, this.#activation(op, y, op.options?.i8(0) ?? 0), first ? 'first' : 'last');
  }

  /** To the shape that the result is declared with; elements stay as they are. */
  #reshape(op: TfliteOperator): void {
    const { shape } = this.source.tensors[op.outputs[0]!]!;
    const wanted = this.#constant('shape', 'i64', [shape.length], int64s(shape));
    this.#raw(op, this.#node('Reshape', [this.#last(this.#input(op, 0)), wanted]));
  }

  #activation(op: TfliteOperator, x: string, kind: number): string {
    switch (kind) {
      case 0:
        return x;
      case 1:
        return this.#node('Relu', [x]);
      case 2:
        return this.#node('Clip', [x, this.#scalar(-1), this.#scalar(1)]);
      case 3:
        return this.#node('Clip', [x, this.#scalar(0), this.#scalar(6)]);
      case 4:
        return this.#node('Tanh', [x]);
      default:
        throw this.#refuse(op, `it has the fused activation number ${kind}`);
    }
  }

  // Tensors.

  #input(op: TfliteOperator, i: number): number {
    const index = op.inputs[i] ?? -1;
    if (index < 0) throw this.#refuse(op, `its input ${i} is missing`);
    return index;
  }
  readonly #has = (op: TfliteOperator, i: number): boolean => (op.inputs[i] ?? -1) >= 0;
  #tensor(op: TfliteOperator, i: number): TfliteTensor {
    return this.source.tensors[this.#input(op, i)]!;
  }
  #options(op: TfliteOperator): FlatTable {
    if (op.options === undefined) throw this.#refuse(op, 'its options are missing');
    return op.options;
  }
  /** The elements of a constant input of integers. */
  #integers(op: TfliteOperator, i: number): readonly number[] {
    const { bytes, elementType } = this.#tensor(op, i);
    if (bytes === undefined) throw this.#refuse(op, `its input ${i} is not constant`);
    const copy = new Uint8Array(bytes).buffer;
    if (elementType === 'i32') return [...new Int32Array(copy)];
    if (elementType === 'i64') return [...new BigInt64Array(copy)].map(Number);
    throw this.#refuse(op, `its input ${i} has elements of ${elementType}; i32 is expected`);
  }

  /** A tensor as it is stored, channels last. */
  #last(index: number): string {
    const made = this.#made.get(`${index} last`);
    if (made !== undefined) return made;
    const { bytes, elementType, shape } = this.source.tensors[index]!;
    const name = this.#names[index]!;
    if (bytes !== undefined) this.#constants.push(rawTensor(name, elementType, shape, bytes));
    else {
      const first = this.#made.get(`${index} first`);
      if (first === undefined)
        throw tfliteMessages.error('STR0362', {
          file: this.source.file,
          node: name,
          problem: 'it is used before any operator makes it',
        });
      this.#node('Transpose', [first], { perm: ints(...toLast) }, name);
    }
    this.#made.set(`${index} last`, name);
    return name;
  }
  #first(index: number): string {
    return this.#once(`${index} first`, () =>
      this.#node('Transpose', [this.#last(index)], { perm: ints(...toFirst) }),
    );
  }
  #floats(op: TfliteOperator, i: number): string {
    const index = this.#input(op, i);
    return this.#once(`${index} last floats`, () => this.#dequantized(op, index, this.#last(index)));
  }
  #floatsFirst(op: TfliteOperator, i: number): string {
    const index = this.#input(op, i);
    return this.#once(`${index} first floats`, () => this.#dequantized(op, index, this.#first(index)));
  }
  #once(key: string, make: () => string): string {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#made.set(key, name);
    return name;
  }

  /** A constant weight with its axes permuted so that channels of the result come first. */
  #weight(op: TfliteOperator, i: number, perm: readonly number[]): string {
    const index = this.#input(op, i);
    const { bytes, shape, elementType } = this.source.tensors[index]!;
    if (bytes === undefined) throw this.#refuse(op, 'its weight is not constant');
    const turned = permuted(bytes, shape, elementTypeInfo(elementType).bits / 8, perm);
    const name = this.#constant(
      this.#names[index]!,
      elementType,
      perm.map((a) => shape[a]!),
      turned,
    );
    return this.#dequantized(
      op,
      index,
      name,
      perm.indexOf(this.source.tensors[index]!.quantization?.axis ?? 0),
    );
  }

  #dequantized(op: TfliteOperator, index: number, name: string, axis?: number): string {
    const { quantization, elementType } = this.source.tensors[index]!;
    if (quantization === undefined) {
      if (elementType === 'f32') return name;
      if (elementType === 'f16') return this.#node('Cast', [name], { to: int(1) });
      throw this.#refuse(op, `an input has elements of ${elementType} without a scale`);
    }
    const parameters = this.#parameters(index);
    if (quantization.scales.length === 1) return this.#node('DequantizeLinear', [name, ...parameters]);
    return this.#node('DequantizeLinear', [name, ...parameters], { axis: int(axis ?? quantization.axis) });
  }
  #parameters(index: number): readonly string[] {
    const { quantization, elementType } = this.source.tensors[index]!;
    const { scales, zeroPoints } = quantization!;
    const shape = scales.length === 1 ? [] : [scales.length];
    const points = { i8: Int8Array, u8: Uint8Array, i16: Int16Array, i32: Int32Array } as const;
    const Class = points[elementType as keyof typeof points];
    if (Class === undefined)
      throw tfliteMessages.error('STR0362', {
        file: this.source.file,
        node: this.#names[index]!,
        problem: `elements of ${elementType} have a scale`,
      });
    const zero = Class.from(zeroPoints);
    return [
      this.#once(`${index} scale`, () =>
        this.#constant(
          `${this.#names[index]!}.scale`,
          'f32',
          shape,
          new Uint8Array(Float32Array.from(scales).buffer),
        ),
      ),
      this.#once(`${index} zero`, () =>
        this.#constant(`${this.#names[index]!}.zero_point`, elementType, shape, new Uint8Array(zero.buffer)),
      ),
    ];
  }

  /** `floats` is the operator's result; rounded where it is quantised. */
  #result(op: TfliteOperator, floats: string, layout: 'first' | 'last' = 'last'): void {
    const index = this.#output(op);
    const { quantization, elementType } = this.source.tensors[index]!;
    if (quantization === undefined && elementType !== 'f32')
      throw this.#refuse(op, `its result has elements of ${elementType} without a scale`);
    const opType = quantization === undefined ? 'Identity' : 'QuantizeLinear';
    const parameters = quantization === undefined ? [] : this.#parameters(index);
    const name = layout === 'last' ? this.#names[index]! : undefined;
    this.#made.set(`${index} ${layout}`, this.#node(opType, [floats, ...parameters], {}, name));
  }
  /** A result whose elements are those of the input, with their scale. */
  #raw(op: TfliteOperator, name: string): void {
    const index = this.#output(op);
    this.#made.set(`${index} last`, this.#node('Identity', [name], {}, this.#names[index]));
  }
  #output(op: TfliteOperator): number {
    const [index] = op.outputs;
    if (index === undefined || op.outputs.length > 1)
      throw this.#refuse(op, `it has ${op.outputs.length} results; one is expected`);
    if (this.source.tensors[index]!.bytes !== undefined || this.#made.has(`${index} last`))
      throw this.#refuse(op, 'its result is made already');
    return index;
  }

  // Nodes.

  #node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = this.#fresh(`${this.#origin.name}.${opType}`),
  ): string {
    this.#nodes.push(
      nodeCodec.make({
        name: this.#origin.name,
        opType,
        input,
        output: [output],
        attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
      }),
    );
    this.#origins.push(this.#origin);
    return output;
  }
  #constant(name: string, elementType: ElementType, shape: readonly number[], bytes: Uint8Array): string {
    const fresh = this.#fresh(name);
    this.#constants.push(rawTensor(fresh, elementType, shape, bytes));
    return fresh;
  }
  #scalar(value: number): string {
    return this.#once(`scalar ${value}`, () =>
      this.#constant(`scalar_${value}`, 'f32', [], new Uint8Array(Float32Array.of(value).buffer)),
    );
  }
  #fresh(wanted: string): string {
    let name = wanted;
    for (let n = 1; this.#taken.has(name); n++) name = `${wanted}_${n}`;
    this.#taken.add(name);
    return name;
  }
  #refuse(op: TfliteOperator, problem: string): Error {
    return tfliteMessages.error('STR0362', {
      file: this.source.file,
      node: this.#origin.name,
      problem: `${op.title}: ${problem}`,
    });
  }
}

/** The first option of convolutions and pooling. */
const padding = (options: FlatTable): string => (options.i8(0) === 0 ? 'SAME_UPPER' : 'VALID');

const int64s = (values: readonly number[]): Uint8Array =>
  new Uint8Array(BigInt64Array.from(values, (v) => BigInt(v)).buffer);

/** The elements of `shape` in the order of its axes `perm`. */
function permuted(
  bytes: Uint8Array,
  shape: readonly number[],
  size: number,
  perm: readonly number[],
): Uint8Array {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, size));
  const count = elementCountOf(shape);
  const result = new Uint8Array(count * size);
  const position = perm.map(() => 0);
  for (let i = 0; i < count; i++) {
    const from = perm.reduce((sum, axis, k) => sum + position[k]! * strides[axis]!, 0);
    for (let b = 0; b < size; b++) result[i * size + b] = bytes[from + b]!;
    for (let k = perm.length - 1; k >= 0; k--) {
      if (++position[k]! < shape[perm[k]!]!) break;
      position[k] = 0;
    }
  }
  return result;
}
