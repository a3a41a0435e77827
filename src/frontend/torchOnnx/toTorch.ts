/**
 * A module of the import stage in the form that IREE reads: each node a `torch.operator "onnx.…"`, attributes with signs,
 * weights as constants. Locations stay, so that names of nodes, inputs and outputs come back when it is read again.
 */
import type { Attribute, Builder as BuilderType, ResourceStore, Value } from '../../ir';
import {
  Block,
  Builder,
  Operation,
  Region,
  arrayAttr,
  denseBytes,
  denseResource,
  floatAttr,
  fuseLocations,
  integerAttr,
  modelNodesOf,
  nameLoc,
  stringAttr,
  typeAttr,
} from '../../ir';
import { constant } from '../../ir/dialects/arith';
import { module as moduleOp } from '../../ir/dialects/builtin';
import { func, returnOp } from '../../ir/dialects/func';
import { controlFlowNamed, onnxOpOf, unsupportedAttribute } from '../../ir/dialects/onnx';
import { constantNone, operator, operatorTerminator, torchNone } from '../../ir/dialects/torch';
import type { ShapedType, Type } from '../../ir/types';
import { f32, functionType, i1, integer, tensor } from '../../ir/types';
import { torchOnnxMessages } from './messages';
import { signed, toTorchType } from './torchTypes';

const si64 = integer(64, 'signed');
/** The newest IR version whose opset the model's is. */
const irVersion = 8;

/** Throws STR0350 for what the form cannot say. */
export function toTorch(module: Operation, resources: ResourceStore): Operation {
  return new Writer(module, resources).run();
}

class Writer {
  readonly #values = new Map<Value, Value>();
  readonly #entry = new Block();
  #none: Value | undefined;
  #b!: BuilderType;

  constructor(
    readonly module: Operation,
    readonly resources: ResourceStore,
  ) {}

  run(): Operation {
    const [main] = this.module.find((op) => op.name === func.name);
    if (main === undefined) throw this.#refuse(this.module, 'it has no function');
    const entry = main.region().blocks[0]!;
    const block = this.#entry;
    const names = (list: string): readonly (string | undefined)[] => {
      const attrs = main.attr(list);
      const entries = attrs?.kind === 'array' ? attrs.elements : [];
      return entries.map((d) => {
        const name = d.kind === 'dictionary' ? d.entries.get('strata.name') : undefined;
        return name?.kind === 'string' ? name.value : undefined;
      });
    };
    const inputs = names('arg_attrs');
    entry.args.forEach((arg, i) => {
      this.#values.set(arg, block.addArgument(this.#type(arg, main), nameLoc(inputs[i] ?? `input_${i}`)));
    });
    this.#b = Builder.atEnd(block);
    for (const op of entry.ops) {
      if (op.name === returnOp.name) {
        const results = op.operands.map((v) => this.#value(v));
        this.#b.location = fuseLocations(names('res_attrs').map((n, i) => nameLoc(n ?? `output_${i}`)));
        this.#b.op(returnOp, { values: results });
      } else this.#op(op);
    }
    const type = functionType(
      block.args.map((a) => a.type),
      block.terminator.operands.map((v) => v.type),
    );
    const opset = this.module.attr('onnx.opset');
    const producer = this.module.attr('onnx.producer');
    const created = new Operation({
      name: func.name,
      definition: func,
      attributes: [
        ['sym_name', stringAttr('main')],
        ['function_type', typeAttr(type)],
        ['torch.onnx_meta.ir_version', integerAttr(irVersion, si64)],
        ['torch.onnx_meta.opset_version', integerAttr(opset?.kind === 'integer' ? opset.value : 17n, si64)],
        ['torch.onnx_meta.producer_name', stringAttr(producer?.kind === 'string' ? producer.value : '')],
        ['torch.onnx_meta.producer_version', stringAttr('')],
      ],
      regions: [new Region([block])],
      location: main.location,
    });
    const body = new Block();
    body.append(created);
    return new Operation({
      name: moduleOp.name,
      definition: moduleOp,
      regions: [new Region([body])],
      location: this.module.location,
    });
  }

  #op(op: Operation): void {
    this.#b.location = op.location;
    if (op.name === constant.name) {
      const value = op.attr('value');
      if (value === undefined) throw this.#refuse(op, 'it has no value');
      const attributes: [string, Attribute][] = [
        ['name', stringAttr('onnx.Constant')],
        ['torch.onnx.value', this.#elements(value, op)],
      ];
      this.#insert(op, [], attributes, []);
      return;
    }
    if (!op.name.startsWith('onnx.')) throw this.#refuse(op, 'it is no ONNX operator');
    const definition = onnxOpOf(op) ?? controlFlowNamed(op.name.slice('onnx.'.length));
    const attributes: [string, Attribute][] = [['name', stringAttr(op.name)]];
    for (const [name, value] of op.attributes) {
      if (['version', 'operandSegmentSizes', unsupportedAttribute].includes(name)) continue;
      attributes.push([`torch.onnx.${name}`, this.#attribute(value, op)]);
    }
    const operands = definition === undefined ? op.operands.map((v) => this.#value(v)) : this.#operands(op);
    // By name, as IREE's importer orders them.
    const order = (definition?.regions ?? [])
      .map((name, i) => ({ name, region: op.region(i) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#insert(
      op,
      operands,
      attributes,
      order.map(({ region }) => this.#region(region, op)),
    );
  }

  #insert(
    op: Operation,
    operands: readonly Value[],
    attributes: readonly (readonly [string, Attribute])[],
    regions: readonly Region[],
  ): void {
    const created = new Operation({
      name: operator.name,
      definition: operator,
      operands,
      attributes,
      resultTypes: op.results.map((r) => this.#type(r, op)),
      regions,
      location: op.location,
    });
    this.#b.insert(created);
    op.results.forEach((r, i) => this.#values.set(r, created.result(i)));
  }

  #region(region: Region, op: Operation): Region {
    const block = new Block();
    for (const arg of region.blocks[0]!.args)
      this.#values.set(arg, block.addArgument(this.#type(arg, op), op.location));
    this.#b.within(block, () => {
      for (const inner of region.blocks[0]!.ops) {
        if (inner.name === 'onnx.yield')
          this.#b.op(operatorTerminator, { values: inner.operands.map((v) => this.#value(v)) });
        else this.#op(inner);
      }
    });
    return new Region([block]);
  }

  /** All operands in order; those left out before a given one are `none`. */
  #operands(op: Operation): readonly Value[] {
    const segments = op.attr('operandSegmentSizes');
    if (segments?.kind !== 'dense_array') return op.operands.map((v) => this.#value(v));
    let at = 0;
    const slots = segments.values.flatMap((n) => {
      const given = op.operands.slice(at, (at += Number(n)));
      return given.length === 0 ? [undefined] : given;
    });
    while (slots.length > 0 && slots[slots.length - 1] === undefined) slots.pop();
    return slots.map((v) => (v === undefined ? this.#absent(op) : this.#value(v)));
  }
  #absent(op: Operation): Value {
    if (this.#none === undefined) {
      const none = new Operation({
        name: constantNone.name,
        definition: constantNone,
        resultTypes: [torchNone],
        location: op.location,
      });
      // In front of all, where every region sees it.
      this.#entry.insertBefore(none, this.#entry.ops[0]);
      this.#none = none.result(0);
    }
    return this.#none;
  }
  #value(v: Value): Value {
    const mapped = this.#values.get(v);
    if (mapped === undefined) throw new Error(`${v.definingOp?.name ?? 'an argument'} was not written`);
    return mapped;
  }

  #type(v: Value, op: Operation): Type {
    const type = toTorchType(v.type);
    if (type === undefined) throw this.#refuse(op, `a value of type ${v.type.text} has no torch type`);
    return type;
  }

  #attribute(a: Attribute, op: Operation): Attribute {
    switch (a.kind) {
      case 'integer':
        return integerAttr(a.value, si64);
      case 'float':
      case 'string':
        return a;
      case 'array':
        return arrayAttr(a.elements.map((e) => this.#attribute(e, op)));
      case 'dense_array':
        return arrayAttr(
          a.values.map((v) => (typeof v === 'number' ? floatAttr(v, f32) : integerAttr(BigInt(v), si64))),
        );
      case 'dense':
      case 'dense_resource':
        return this.#elements(a, op);
      default:
        throw this.#refuse(op, `an attribute of the form ${a.text.slice(0, 80)} has no form there`);
    }
  }

  /** Elements with the signs of torch. Bools are always in the text: how a blob packs them is not agreed on. */
  #elements(a: Attribute, op: Operation): Attribute {
    if (a.kind !== 'dense' && a.kind !== 'dense_resource')
      throw this.#refuse(op, `a constant of the form ${a.text.slice(0, 80)} has no form there`);
    const type = tensor(a.type.shape, signed(a.type.element)) as ShapedType;
    if (a.kind === 'dense') return denseBytes(type, a.bytes, a.splat);
    if (a.type.element !== i1) return denseResource(a.key, type);
    return denseBytes(type, this.resources.get(a.key), false);
  }

  #refuse(op: Operation, problem: string): Error {
    const node = modelNodesOf(op.location)[0]?.name ?? '';
    return torchOnnxMessages.error('STR0350', { op: op.name, node, problem });
  }
}
