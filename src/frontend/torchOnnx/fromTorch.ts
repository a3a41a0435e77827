/**
 * The form in which IREE's importer writes ONNX models, as an ONNX model: from there on it is imported like any other.
 * Names of nodes, inputs and outputs come from locations where they are given.
 */
import type { Attribute, Block, Location, Operation, Region, ResourceStore, Value } from '../../ir';
import { modelNodesOf } from '../../ir';
import { func, returnOp, symbolNameOf } from '../../ir/dialects/func';
import { controlFlowNamed } from '../../ir/dialects/onnx';
import { constantNone, operator, operatorTerminator } from '../../ir/dialects/torch';
import type { ShapedType, Type } from '../../ir/types';
import { DYNAMIC, elementCount } from '../../ir/types';
import type { ElementType } from '../elementType';
import { elementTypeOfOnnx } from '../elementType';
import { checkModel } from '../onnx/checkModel';
import type {
  AttributeProto,
  GraphProto,
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
import type { OnnxModel } from '../onnx/readModel';
import { rawTensor } from '../onnx/tensorData';
import { elementTypeOfOnnx as irElementOfOnnx } from '../../ir/dialects/onnx';
import { torchOnnxMessages } from './messages';
import { fromTorchType, signless } from './torchTypes';

/** Whether a module has ops of this form. */
export const isTorchOnnx = (module: Operation): boolean =>
  module.find((op) => op.name === operator.name).length > 0;

/** Throws STR0351 for what is not of the form, and what checking a model throws. */
export function fromTorch(module: Operation, resources: ResourceStore, file: string): OnnxModel {
  return new Reader(module, resources, file).run();
}

/** A splat is short in the text, whatever its size. */
const largestSplat = 2 ** 31;
const prefix = 'torch.onnx.';
const meta = 'torch.onnx_meta.';

class Reader {
  readonly #names = new Map<Value, string>();
  readonly #taken = new Set<string>();
  readonly #reserved = new Map<Value, string>();

  constructor(
    readonly module: Operation,
    readonly resources: ResourceStore,
    readonly file: string,
  ) {}

  run(): OnnxModel {
    const functions = this.module.find((op) => op.name === func.name && op.region().blocks.length > 0);
    const [main] = functions;
    if (main === undefined || functions.length > 1)
      throw this.#refuse('module', `it has ${functions.length} functions with a body; one is expected`);
    const number = (name: string): number | undefined => {
      const a = main.attr(`${meta}${name}`);
      return a?.kind === 'integer' ? Number(a.value) : undefined;
    };
    const opset = number('opset_version');
    if (opset === undefined)
      throw this.#refuse(`@${symbolNameOf(main)}`, `its attribute ${meta}opset_version is missing`);
    const producer = main.attr(`${meta}producer_name`);
    const others = main.attr(`${meta}opset_versions`);
    const domains = others?.kind === 'dictionary' ? [...others.entries] : [];
    const proto = modelCodec.make({
      irVersion: number('ir_version') ?? 8,
      producerName: producer?.kind === 'string' ? producer.value : '',
      opsetImport: [
        operatorSetCodec.make({ version: opset }),
        ...domains.flatMap(([domain, version]) =>
          domain !== '' && version.kind === 'integer'
            ? [operatorSetCodec.make({ domain, version: Number(version.value) })]
            : [],
        ),
      ],
      graph: this.#graph(main.region().blocks[0]!, symbolNameOf(main)),
    });
    const { graph, opsets, warnings } = checkModel(proto, this.file);
    return { file: this.file, path: undefined, bytes: new Uint8Array(0), proto, graph, opsets, warnings };
  }

  #graph(block: Block, name: string): GraphProto {
    const input = block.args.map((arg) => {
      const given = this.#name(arg, plainName(arg.location) ?? 'input');
      return this.#info(arg, given);
    });
    if (block.terminator.name === returnOp.name) this.#reserve(block.terminator);
    const node: NodeProto[] = [];
    const initializer: TensorProto[] = [];
    let output: readonly ValueInfoProto[] = [];
    for (const op of block.ops) {
      if (op.name === constantNone.name) this.#names.set(op.result(0), '');
      else if (op.name === returnOp.name || op.name === operatorTerminator.name)
        output = op.operands.map((v) => this.#info(v, this.#use(v)));
      else if (op.name === operator.name) {
        const made = this.#node(op);
        if ('dataType' in made) initializer.push(made);
        else node.push(made);
      } else throw this.#refuse(op.name, 'it is no ONNX operator');
    }
    return graphCodec.make({ name, node, initializer, input, output });
  }

  /** Names that outputs are to have: those of the return's location, or `output`. */
  #reserve(end: Operation): void {
    const { location } = end;
    const given = location.kind === 'fused' ? location.locations.map(plainName) : [plainName(location)];
    end.operands.forEach((v, i) => {
      if (v.definingOp === undefined || this.#reserved.has(v)) return;
      const wanted = given.length === end.operands.length ? given[i] : undefined;
      this.#reserved.set(v, this.#free(wanted ?? 'output'));
    });
  }

  #node(op: Operation): NodeProto | TensorProto {
    const name = op.attr('name');
    const full = name?.kind === 'string' ? name.value : '';
    if (!full.startsWith('onnx.')) throw this.#refuse(`torch.operator "${full}"`, 'it is no ONNX operator');
    const path = full.slice('onnx.'.length);
    const dot = path.lastIndexOf('.');
    const [domain, opType] = dot < 0 ? ['', path] : [path.slice(0, dot), path.slice(dot + 1)];
    const value = op.attr(`${prefix}value`);
    if (full === 'onnx.Constant' && (value?.kind === 'dense' || value?.kind === 'dense_resource')) {
      const wanted = plainName(op.location) ?? (value.kind === 'dense_resource' ? value.key : 'constant');
      return this.#tensor(value, this.#name(op.result(0), wanted), full);
    }
    const attribute = [...op.attributes].flatMap(([key, a]) =>
      key.startsWith(prefix) ? [this.#attribute(key.slice(prefix.length), a, full)] : [],
    );
    return nodeCodec.make({
      name: modelNodesOf(op.location)[0]?.name ?? plainName(op.location) ?? '',
      opType,
      domain,
      input: op.operands.map((v) => this.#use(v)),
      attribute: [...attribute, ...this.#subgraphs(op, opType)],
      output: op.results.map((r) => this.#name(r, 'value')),
    });
  }

  /** Regions stand in the order of their names. */
  #subgraphs(op: Operation, opType: string): readonly AttributeProto[] {
    const names = [...(controlFlowNamed(opType)?.regions ?? [])].sort();
    if (names.length !== op.regions.length)
      throw this.#refuse(
        `onnx.${opType}`,
        `it has ${op.regions.length} regions, ${names.length} are expected`,
      );
    return op.regions.map((region: Region, i) =>
      attributeCodec.make({
        name: names[i]!,
        type: attributeTypes.GRAPH,
        g: this.#graph(region.blocks[0]!, names[i]!),
      }),
    );
  }

  #attribute(name: string, a: Attribute, op: string): AttributeProto {
    const refuse = (): Error =>
      this.#refuse(op, `the attribute ${name} has the form ${a.text.slice(0, 80)}, which ONNX has not`);
    switch (a.kind) {
      case 'integer':
        return attributeCodec.make({ name, type: attributeTypes.INT, i: a.value });
      case 'bool':
        return attributeCodec.make({ name, type: attributeTypes.INT, i: a.value ? 1n : 0n });
      case 'float':
        return attributeCodec.make({ name, type: attributeTypes.FLOAT, f: a.value });
      case 'string':
        return attributeCodec.make({ name, type: attributeTypes.STRING, s: utf8(a.value) });
      case 'dense':
      case 'dense_resource':
        return attributeCodec.make({ name, type: attributeTypes.TENSOR, t: this.#tensor(a, name, op) });
      case 'array': {
        const { elements } = a;
        if (elements.every((e) => e.kind === 'integer'))
          return attributeCodec.make({ name, type: attributeTypes.INTS, ints: elements.map((e) => e.value) });
        if (elements.every((e) => e.kind === 'float'))
          return attributeCodec.make({
            name,
            type: attributeTypes.FLOATS,
            floats: elements.map((e) => e.value),
          });
        if (elements.every((e) => e.kind === 'string'))
          return attributeCodec.make({
            name,
            type: attributeTypes.STRINGS,
            strings: elements.map((e) => utf8(e.value)),
          });
        throw refuse();
      }
      default:
        throw refuse();
    }
  }

  #tensor(
    a: Extract<Attribute, { kind: 'dense' | 'dense_resource' }>,
    name: string,
    op: string,
  ): TensorProto {
    const { type } = a;
    const elementType = elementTypeOf(type);
    const count = elementCount(type.shape);
    if (elementType === undefined || count === undefined)
      throw this.#refuse(op, `${type.text} is no type of an ONNX tensor`);
    if (a.kind === 'dense_resource')
      return rawTensor(name, elementType, type.shape, this.resources.get(a.key));
    if (count * a.bytes.length > largestSplat)
      throw this.#refuse(op, `a constant of type ${type.text} takes more than 2 GiB`);
    if (!a.splat) return rawTensor(name, elementType, type.shape, a.bytes);
    const bytes = new Uint8Array(count * a.bytes.length);
    for (let i = 0; i < count; i++) bytes.set(a.bytes, i * a.bytes.length);
    return rawTensor(name, elementType, type.shape, bytes);
  }

  #info(v: Value, name: string): ValueInfoProto {
    const type = fromTorchType(v.type);
    if (type === undefined) throw this.#refuse(`the value "${name}"`, `the type ${v.type.text} is not read`);
    return valueInfoCodec.make({ name, type: this.#typeProto(type) });
  }
  #typeProto(type: Type): TypeProto {
    const element = type.kind === 'tensor' || type.kind === 'unranked_tensor' ? type.element : type;
    const elemType = onnxNumber(element);
    if (elemType === undefined) throw this.#refuse('a value', `${type.text} is no type of an ONNX tensor`);
    const shape =
      type.kind === 'tensor'
        ? shapeCodec.make({
            dim: type.shape.map((d) => dimensionCodec.make(d === DYNAMIC ? {} : { dimValue: d })),
          })
        : undefined;
    return typeCodec.make({
      tensorType: tensorTypeCodec.make({ elemType, ...(shape === undefined ? {} : { shape }) }),
    });
  }

  /** Gives a value a name that none has yet. */
  #name(v: Value, wanted: string): string {
    const name = this.#reserved.get(v) ?? this.#free(wanted);
    this.#names.set(v, name);
    return name;
  }
  #free(wanted: string): string {
    let name = wanted;
    for (let n = 1; this.#taken.has(name); n++) name = `${wanted}_${n}`;
    this.#taken.add(name);
    return name;
  }
  #use(v: Value): string {
    const name = this.#names.get(v);
    if (name === undefined) throw this.#refuse('module', 'a value is used before it is made');
    return name;
  }

  #refuse(op: string, problem: string): Error {
    return torchOnnxMessages.error('STR0351', { file: this.file, op, problem });
  }
}

const utf8 = (s: string): Uint8Array => new TextEncoder().encode(s);

/** Where a location says no more than a name. */
const plainName = (l: Location | undefined): string | undefined =>
  l?.kind === 'name' && l.child.kind === 'unknown' ? l.name : undefined;

/** `TensorProto.DataType` of an element type. */
function onnxNumber(element: Type): number | undefined {
  for (let n = 1; n <= 26; n++) if (irElementOfOnnx(n) === signless(element)) return n;
  return undefined;
}
function elementTypeOf(type: ShapedType): ElementType | undefined {
  const n = onnxNumber(type.element);
  return n === undefined ? undefined : elementTypeOfOnnx(n);
}
