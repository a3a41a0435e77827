/**
 * Reference models as TensorFlow Lite files, written with the FlatBuffers library: the same weights, channels last, batch
 * normalisation folded, and 8 bits signed where the ONNX model has them unsigned.
 */
import { Builder } from 'flatbuffers';
import { elementCountOf, elementTypeOfOnnx } from '../../../src/frontend/elementType';
import type { NodeProto } from '../../../src/frontend/onnx/proto/onnxProto';
import { readOnnxModel } from '../../../src/frontend/onnx/readModel';
import { hostTensor } from '../../../src/frontend/tensorFile';
import { operatorCodes, type OperatorCode } from '../../../src/frontend/tflite/schema';
import { buildReferenceModel } from '../../../src/frontend/zoo/referenceModels';

type Element = 'f32' | 'i8' | 'i32';
const typeNumbers = { f32: 0, i32: 2, i8: 9 } as const;

export interface Scale {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly axis: number;
}
interface Tensor {
  readonly name: string;
  readonly element: Element;
  readonly shape: readonly number[];
  readonly data: Uint8Array | undefined;
  readonly scale: Scale | undefined;
}
interface Options {
  /** The number of the table in the union. */
  readonly type: number;
  readonly write: (b: Builder) => number;
}
interface Operator {
  readonly code: OperatorCode;
  readonly inputs: readonly number[];
  readonly output: number;
  readonly options: Options | undefined;
}

export interface WrittenTflite {
  readonly bytes: Uint8Array;
  readonly input: Scale | undefined;
  readonly output: Scale | undefined;
}

/** A model of MLPerf Tiny. */
export function tfliteOf(name: string): WrittenTflite {
  return new Translation(name).run();
}

const channelsLast = (shape: readonly number[]): readonly number[] =>
  shape.length === 4 ? [shape[0]!, shape[2]!, shape[3]!, shape[1]!] : shape;

class Translation {
  readonly #model;
  readonly #tensors: Tensor[] = [];
  readonly #operators: Operator[] = [];
  /** Of values of the ONNX graph: the tensor here, and the shape there. */
  readonly #index = new Map<string, number>();
  readonly #shapes = new Map<string, readonly number[]>();
  readonly #scales = new Map<string, Scale>();
  readonly #merged = new Set<NodeProto>();

  constructor(name: string) {
    this.#model = readOnnxModel({ name, bytes: buildReferenceModel(name) });
  }

  run(): WrittenTflite {
    const { graph } = this.#model;
    for (const node of graph.node)
      if (node.opType === 'QuantizeLinear') {
        const [scale] = this.#floats(node.input[1]!);
        const [zero] = this.#constant(node.input[2]!).bytes;
        this.#scales.set(node.input[0]!, { scales: [scale!], zeroPoints: [zero! - 128], axis: 0 });
      }
    const shape = graph.input[0]!.type!.tensorType!.shape!.dim.map((d) => d.dimValue!);
    this.#activation('input', shape);
    for (const node of graph.node) if (!this.#merged.has(node)) this.#node(node);
    const last = this.#index.get('output')!;
    return {
      bytes: this.#encode(this.#index.get('input')!, last),
      input: this.#tensors[this.#index.get('input')!]!.scale,
      output: this.#tensors[last]!.scale,
    };
  }

  #node(node: NodeProto): void {
    const [x = '', second = ''] = node.input;
    const shape = this.#shapes.get(x) ?? [];
    const attribute = (name: string): readonly number[] =>
      node.attribute.find((a) => a.name === name)?.ints.map(Number) ?? [];
    const emit = (
      code: OperatorCode,
      inputs: readonly number[],
      output: string,
      resultShape: readonly number[],
      options?: Options,
    ): void => {
      this.#operators.push({ code, inputs, output: this.#activation(output, resultShape), options });
    };
    switch (node.opType) {
      case 'QuantizeLinear':
      case 'DequantizeLinear':
      case 'Identity':
        // A value that was rounded is the value; weights are read where they are used.
        if (this.#index.has(x)) {
          this.#index.set(node.output[0]!, this.#index.get(x)!);
          this.#shapes.set(node.output[0]!, shape);
        }
        return;
      case 'Conv': {
        const { weight, bias, dims, output, relu } = this.#filter(node, second);
        const [sh = 1, sw = 1] = attribute('strides');
        const depthwise = dims[1] === 1 && shape[1] !== 1;
        const size = [shape[2]!, shape[3]!].map((n, i) => Math.ceil(n / [sh, sw][i]!));
        const w = this.#weight(
          node.input[1]!,
          weight,
          depthwise ? [1, 2, 3, 0] : [0, 2, 3, 1],
          dims,
          depthwise ? 3 : 0,
        );
        const write = (b: Builder): number => {
          b.startObject(depthwise ? 7 : 6);
          b.addFieldInt8(0, 0, 1);
          b.addFieldInt32(1, sw, 0);
          b.addFieldInt32(2, sh, 0);
          if (depthwise) b.addFieldInt32(3, 1, 0);
          b.addFieldInt8(depthwise ? 4 : 3, relu, 0);
          return b.endObject();
        };
        const inputs = [this.#index.get(x)!, w, this.#bias(node, bias)];
        emit(depthwise ? 'DEPTHWISE_CONV_2D' : 'CONV_2D', inputs, output, [shape[0]!, dims[0]!, ...size], {
          type: depthwise ? 2 : 1,
          write,
        });
        return;
      }
      case 'Gemm': {
        const { weight, bias, dims, output, relu } = this.#filter(node, second);
        const w = this.#weight(node.input[1]!, weight, [0, 1], dims, 0);
        emit(
          'FULLY_CONNECTED',
          [this.#index.get(x)!, w, this.#bias(node, bias)],
          output,
          [shape[0]!, dims[0]!],
          {
            type: 8,
            write: (b) => {
              b.startObject(4);
              b.addFieldInt8(0, relu, 0);
              return b.endObject();
            },
          },
        );
        return;
      }
      case 'Add': {
        const { output, relu } = this.#fused(node.output[0]!);
        emit('ADD', [this.#index.get(x)!, this.#index.get(second)!], output, shape, {
          type: 11,
          write: (b) => {
            b.startObject(2);
            b.addFieldInt8(0, relu, 0);
            return b.endObject();
          },
        });
        return;
      }
      case 'Relu':
        emit('RELU', [this.#index.get(x)!], node.output[0]!, shape);
        return;
      case 'AveragePool': {
        const [kh = 1, kw = 1] = attribute('kernel_shape');
        emit('AVERAGE_POOL_2D', [this.#index.get(x)!], node.output[0]!, [shape[0]!, shape[1]!, 1, 1], {
          type: 5,
          write: (b) => {
            b.startObject(6);
            b.addFieldInt8(0, 1, 0);
            [kw, kh, kw, kh].forEach((n, i) => {
              b.addFieldInt32(i + 1, n, 0);
            });
            return b.endObject();
          },
        });
        return;
      }
      case 'Flatten':
        this.#scales.set(node.output[0]!, this.#scales.get(this.#producerOf(x)) ?? noScale);
        emit('RESHAPE', [this.#index.get(x)!], node.output[0]!, shape.slice(0, 2), {
          type: 17,
          write: (b) => {
            b.startVector(4, 2, 4);
            for (const d of [shape[1]!, shape[0]!]) b.addInt32(d);
            const sizes = b.endVector();
            b.startObject(1);
            b.addFieldOffset(0, sizes, 0);
            return b.endObject();
          },
        });
        return;
      case 'Softmax':
        emit('SOFTMAX', [this.#index.get(x)!], node.output[0]!, shape, {
          type: 9,
          write: (b) => {
            b.startObject(1);
            b.addFieldFloat32(0, 1, 0);
            return b.endObject();
          },
        });
        return;
      default:
        throw new Error(`no translation of ${node.opType}`);
    }
  }

  /** Weight and bias of a layer with the batch normalisation and activation that follow. */
  #filter(node: NodeProto, weightName: string) {
    const w = this.#constant(this.#producerOf(weightName));
    const dims = w.shape;
    const quantised = w.elementType === 'i8';
    let output = node.output[0]!;
    if (quantised) return { weight: w.bytes, bias: undefined, dims, ...this.#fused(output) };
    const weight = new Float32Array(w.bytes.slice().buffer);
    const bias =
      node.input[2] === undefined ? new Float32Array(dims[0]!) : this.#floats(node.input[2]).slice();
    const norm = this.#onlyReader(output);
    if (norm?.opType === 'BatchNormalization') {
      const [gamma, beta, mean, variance] = norm.input.slice(1).map((n) => this.#floats(n));
      const epsilon = norm.attribute.find((a) => a.name === 'epsilon')!.f!;
      const taps = weight.length / dims[0]!;
      for (let c = 0; c < dims[0]!; c++) {
        const factor = gamma![c]! / Math.sqrt(variance![c]! + epsilon);
        for (let i = c * taps; i < (c + 1) * taps; i++) weight[i]! *= factor;
        bias[c] = (bias[c]! - mean![c]!) * factor + beta![c]!;
      }
      this.#merged.add(norm);
      output = norm.output[0]!;
    }
    return { weight: new Uint8Array(weight.buffer), bias, dims, ...this.#fused(output) };
  }
  /** With the activation that follows: RELU is 1, RELU6 is 3. */
  #fused(output: string): { readonly output: string; readonly relu: number } {
    const next = this.#onlyReader(output);
    if (next?.opType !== 'Relu' && next?.opType !== 'Clip') return { output, relu: 0 };
    this.#merged.add(next);
    return { output: next.output[0]!, relu: next.opType === 'Relu' ? 1 : 3 };
  }
  #onlyReader(value: string): NodeProto | undefined {
    const readers = this.#model.graph.node.filter((n) => n.input.includes(value));
    return readers.length === 1 ? readers[0] : undefined;
  }
  /** The value behind a QuantizeLinear or DequantizeLinear. */
  #producerOf(value: string): string {
    const node = this.#model.graph.node.find((n) => n.output.includes(value));
    return node?.opType === 'DequantizeLinear' || node?.opType === 'QuantizeLinear'
      ? this.#producerOf(node.input[0]!)
      : value;
  }
  #constant(name: string) {
    const t = this.#model.graph.initializer.find((i) => i.name === name);
    if (t === undefined || elementTypeOfOnnx(t.dataType) === undefined)
      throw new Error(`no constant ${name}`);
    return hostTensor(t);
  }
  #floats(name: string): Float32Array {
    return new Float32Array(this.#constant(name).bytes.slice().buffer);
  }
  #scaleOf(value: string, axis: number): Scale | undefined {
    const node = this.#model.graph.node.find((n) => n.output.includes(value));
    if (node?.opType !== 'DequantizeLinear') return undefined;
    const scales = [...this.#floats(node.input[1]!)];
    return { scales, zeroPoints: scales.map(() => 0), axis };
  }

  #weight(
    value: string,
    bytes: Uint8Array,
    perm: readonly number[],
    dims: readonly number[],
    axis: number,
  ): number {
    const name = this.#producerOf(value);
    const scale = this.#scaleOf(value, axis);
    const element = scale === undefined ? 'f32' : 'i8';
    const data = permuted(bytes, dims, element === 'f32' ? 4 : 1, perm);
    return this.#tensor({ name, element, shape: perm.map((a) => dims[a]!), data, scale });
  }
  #bias(node: NodeProto, folded: Float32Array | undefined): number {
    const name = `${node.name}.bias`;
    if (folded !== undefined)
      return this.#tensor({
        name,
        element: 'f32',
        shape: [folded.length],
        data: new Uint8Array(folded.buffer),
        scale: undefined,
      });
    const { bytes, shape } = this.#constant(this.#producerOf(node.input[2]!));
    return this.#tensor({
      name,
      element: 'i32',
      shape,
      data: bytes,
      scale: this.#scaleOf(node.input[2]!, 0),
    });
  }
  #activation(value: string, shape: readonly number[]): number {
    const scale = this.#scales.get(value);
    const given = scale === noScale ? undefined : scale;
    const index = this.#tensor({
      name: value,
      element: given === undefined ? 'f32' : 'i8',
      shape: channelsLast(shape),
      data: undefined,
      scale: given,
    });
    this.#index.set(value, index);
    this.#shapes.set(value, shape);
    return index;
  }
  #tensor(t: Tensor): number {
    return this.#tensors.push(t) - 1;
  }

  #encode(input: number, output: number): Uint8Array {
    const b = new Builder(1 << 16);
    const offsets = (list: readonly number[]): number => {
      b.startVector(4, list.length, 4);
      for (const o of [...list].reverse()) b.addOffset(o);
      return b.endVector();
    };
    const integers = (list: readonly number[]): number => {
      b.startVector(4, list.length, 4);
      for (const n of [...list].reverse()) b.addInt32(n);
      return b.endVector();
    };
    const table = (fields: number, write: () => void): number => {
      b.startObject(fields);
      write();
      return b.endObject();
    };
    const datas = [undefined, ...this.#tensors.flatMap((t) => t.data ?? [])];
    const buffers = datas.map((data) => {
      const bytes = data === undefined ? 0 : b.createByteVector(data);
      return table(1, () => {
        if (bytes !== 0) b.addFieldOffset(0, bytes, 0);
      });
    });
    const tensors = this.#tensors.map((t) => {
      const [name, shape] = [b.createString(t.name), integers(t.shape)];
      let quantization = 0;
      if (t.scale !== undefined) {
        b.startVector(4, t.scale.scales.length, 4);
        for (const s of [...t.scale.scales].reverse()) b.addFloat32(s);
        const scales = b.endVector();
        b.startVector(8, t.scale.zeroPoints.length, 8);
        for (const z of [...t.scale.zeroPoints].reverse()) b.addInt64(BigInt(z));
        const zeros = b.endVector();
        const { axis } = t.scale;
        quantization = table(7, () => {
          b.addFieldOffset(2, scales, 0);
          b.addFieldOffset(3, zeros, 0);
          b.addFieldInt32(6, axis, 0);
        });
      }
      return table(5, () => {
        b.addFieldOffset(0, shape, 0);
        b.addFieldInt8(1, typeNumbers[t.element], 0);
        b.addFieldInt32(2, t.data === undefined ? 0 : datas.indexOf(t.data), 0);
        b.addFieldOffset(3, name, 0);
        if (quantization !== 0) b.addFieldOffset(4, quantization, 0);
      });
    });
    const codes = [...new Set(this.#operators.map((o) => o.code))];
    const operatorTables = this.#operators.map((o) => {
      const [inputs, outputs] = [integers(o.inputs), integers([o.output])];
      const options = o.options?.write(b);
      return table(5, () => {
        b.addFieldInt32(0, codes.indexOf(o.code), 0);
        b.addFieldOffset(1, inputs, 0);
        b.addFieldOffset(2, outputs, 0);
        if (options !== undefined) {
          b.addFieldInt8(3, o.options!.type, 0);
          b.addFieldOffset(4, options, 0);
        }
      });
    });
    const parts = [offsets(tensors), integers([input]), integers([output]), offsets(operatorTables)];
    const graph = table(5, () => {
      parts.forEach((p, i) => {
        b.addFieldOffset(i, p, 0);
      });
    });
    const codeTables = codes.map((code) => {
      const number = operatorCodes[code];
      return table(4, () => {
        b.addFieldInt8(0, Math.min(127, number), 0);
        b.addFieldInt32(2, 1, 1);
        b.addFieldInt32(3, number, 0);
      });
    });
    const fields = [offsets(codeTables), offsets([graph]), b.createString('Strata test'), offsets(buffers)];
    b.startObject(5);
    b.addFieldInt32(0, 3, 0);
    fields.forEach((f, i) => {
      b.addFieldOffset(i + 1, f, 0);
    });
    b.finish(b.endObject(), 'TFL3');
    return b.asUint8Array().slice();
  }
}

const noScale: Scale = { scales: [], zeroPoints: [], axis: 0 };

function permuted(
  bytes: Uint8Array,
  dims: readonly number[],
  size: number,
  perm: readonly number[],
): Uint8Array {
  const result = new Uint8Array(bytes.length);
  const to = perm.map((a) => dims[a]!);
  for (let i = 0; i < elementCountOf(dims); i++) {
    let rest = i;
    const position = new Array<number>(to.length);
    for (let k = to.length - 1; k >= 0; k--) {
      position[perm[k]!] = rest % to[k]!;
      rest = Math.floor(rest / to[k]!);
    }
    const from = position.reduce((sum, p, axis) => sum * dims[axis]! + p, 0);
    result.set(bytes.subarray(from * size, (from + 1) * size), i * size);
  }
  return result;
}
