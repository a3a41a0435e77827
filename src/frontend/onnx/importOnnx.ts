/**
 * An ONNX model as IR of the import stage: `@main` with one `onnx` op per node, at the node's location. Result types
 * are inferred as ops are made. Weights stay in the model's files. Operators that are not supported are kept as they
 * are, with the reason, so that the IR can be looked at; the conversion to the graph stage reports them all.
 */
import type { Diagnostic } from '../../base/diagnostics';
import type { Attribute, Location, OpDefinition, Operation, Value } from '../../ir';
import {
  Block,
  Builder,
  InferenceError,
  Region,
  ResourceStore,
  arrayAttr,
  createUnregistered,
  denseArray,
  dictionaryAttr,
  f32Attr,
  fuseLocations,
  i64Attr,
  modelNodeLoc,
  nameLoc,
  needsSegments,
  segmentAttribute,
  stringAttr,
} from '../../ir';

import { constant } from '../../ir/dialects/arith';
import { module as moduleOp } from '../../ir/dialects/builtin';
import { func, returnOp } from '../../ir/dialects/func';
import type { OnnxOp } from '../../ir/dialects/onnx';
import {
  NotSupported,
  controlFlowNamed,
  inferOnnx,
  isExpandable,
  onnxFolder,
  onnxMessages,
  onnxOpNamed,
  unsupportedAttribute,
  versionIn,
  yieldOp,
} from '../../ir/dialects/onnx';
import { Operation as OperationClass } from '../../ir/operation';
import type { Type } from '../../ir/types';
import { DYNAMIC, elementOf, f32, functionType, i1, i64, isStatic, unrankedTensor } from '../../ir/types';
import { textOf } from './proto/fields';
import { normalDomain } from './checkModel';
import { ModelConstants } from './modelConstants';
import type { BoundDims, DeclaredType } from './modelTypes';
import { agrees, declaredType, describeProto } from './modelTypes';
import { nodeLabels } from './nodeLabels';
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from './proto/onnxProto';
import { attributeTypes } from './proto/onnxProto';
import type { OnnxModel } from './readModel';

export interface ImportOptions {
  /** Sizes of symbolic dimensions, by the names that the model uses. */
  readonly dims?: BoundDims;
  /** What each node of the graph comes from, when the model was made from one of another format. */
  readonly origins?: readonly ImportedNode[];
}

/** A node of the model's graph. */
export interface ImportedNode {
  /** Unique in the graph: what locations say. */
  readonly name: string;
  readonly opType: string;
  /** From 1. */
  readonly position: number;
}

export interface ImportedModel {
  readonly module: Operation;
  readonly resources: ResourceStore;
  readonly nodes: readonly ImportedNode[];
  /** Names of the arguments of `@main`. */
  readonly inputs: readonly string[];
  readonly warnings: readonly Diagnostic[];
  /** The first node whose results have no known type or size, though its inputs have. */
  readonly unresolved: UnresolvedNode | undefined;
}
export interface UnresolvedNode {
  /** From 1. */
  readonly position: number;
  /** The input, or the value that it is computed from, whose elements would have to be known; none where no value would help. */
  readonly value: string | undefined;
}

/** Throws STR034x, STR0401 and what reading tensors throws. */
export function importOnnx(model: OnnxModel, options: ImportOptions = {}): ImportedModel {
  return new Import(model, options.dims ?? {}, options.origins).run();
}

/** Element types of the arguments that the body of a loop is given, where the model does not say. */
function argumentElements(
  name: string,
  operands: readonly Value[],
  segments: readonly number[],
): readonly Type[] {
  const elements = operands.map((v) => elementOf(v.type));
  if (name !== 'onnx.Loop') return elements;
  return [i64, i1, ...elements.slice(segments[0]! + segments[1]!)];
}

/** Names of the values that nodes, subgraphs and outputs of a graph read. */
function namesRead(graph: Pick<GraphProto, 'node' | 'output'>): readonly string[] {
  return [
    ...graph.node.flatMap((n) => [
      ...n.input,
      ...n.attribute.flatMap((a) => (a.g === undefined ? [] : namesRead(a.g))),
    ]),
    ...graph.output.map((o) => o.name),
  ].filter((name) => name !== '');
}

const hasStaticSize = (type: Type): boolean => type.kind === 'tensor' && isStatic(type.shape);

class Import {
  readonly #resources = new ResourceStore();
  readonly #constants: ModelConstants;
  readonly #folder = onnxFolder(this.#resources);
  /** By name; a subgraph sees a copy, to which it adds its own. */
  #values = new Map<string, Value>();
  #inSubgraph = 0;
  readonly #inputNames: string[] = [];
  readonly #warnings: Diagnostic[] = [];
  #unresolved: UnresolvedNode | undefined;
  /** Of the node that is being made. */
  #position = 0;
  #asked: Value[] = [];
  readonly #declared = new Map<string, DeclaredType>();
  readonly #entry = new Block();
  readonly #b = Builder.atEnd(this.#entry);
  readonly #nodes: ImportedNode[] = [];
  /** Values that a node or an output of the graph reads. */
  readonly #read: ReadonlySet<string>;
  readonly #labels: ReadonlyMap<NodeProto, string>;
  /** What locations call the model: no path, so that the IR does not depend on where the file lies. */
  readonly #name: string;

  constructor(
    readonly model: OnnxModel,
    readonly dims: BoundDims,
    readonly origins: readonly ImportedNode[] | undefined,
  ) {
    const { node, output } = model.graph;
    this.#read = new Set(namesRead({ node, output }));
    this.#labels = nodeLabels(model.graph);
    this.#constants = new ModelConstants(model, this.#resources);
    this.#name = model.file.replace(/^.*[\\/]/, '');
    this.#folder.onUnknown = (value) => this.#asked.push(value);
  }

  run(): ImportedModel {
    const { graph, proto, opsets } = this.model;
    this.#checkDims();
    for (const v of [...graph.valueInfo, ...graph.output]) {
      const t = declaredType(v.type, this.dims);
      if (t !== undefined) this.#declared.set(v.name, t);
    }
    const argAttrs = this.#inputs();
    this.#initializers();
    graph.node.forEach((node, i) => {
      this.#node(node, i + 1);
    });
    const outputs = graph.output.map((o) => this.#output(o.name));
    // A result that becomes no kernel (a reshape, the input itself) still comes from the nodes that made it.
    this.#b.location = fuseLocations([
      nameLoc('return'),
      ...outputs.flatMap((v) => v.definingOp?.location ?? []),
    ]);
    this.#b.op(returnOp, { values: outputs });

    const main = new OperationClass({
      name: func.name,
      definition: func,
      attributes: [
        ['sym_name', stringAttr('main')],
        [
          'function_type',
          { kind: 'type', type: this.#signature(outputs), text: this.#signature(outputs).text },
        ],
        ['arg_attrs', arrayAttr(argAttrs)],
        [
          'res_attrs',
          arrayAttr(graph.output.map((o) => dictionaryAttr([['strata.name', stringAttr(o.name)]]))),
        ],
      ],
      regions: [new Region([this.#entry])],
      location: nameLoc(graph.name === '' ? 'main' : graph.name),
    });
    const body = new Block();
    body.append(main);
    const module = new OperationClass({
      name: moduleOp.name,
      definition: moduleOp,
      attributes: [
        ['onnx.opset', i64Attr(opsets.get('') ?? 0)],
        ['onnx.producer', stringAttr(`${proto.producerName} ${proto.producerVersion}`.trim())],
      ],
      regions: [new Region([body])],
      location: nameLoc(this.#name),
    });
    return {
      module,
      resources: this.#resources,
      nodes: this.#nodes,
      inputs: this.#inputNames,
      warnings: this.#warnings,
      unresolved: this.#unresolved,
    };
  }

  #signature(outputs: readonly Value[]): Type {
    return functionType(
      this.#entry.args.map((a) => a.type),
      outputs.map((v) => v.type),
    );
  }

  #checkDims(): void {
    const { graph, file } = this.model;
    const known = new Set(
      graph.input.flatMap((i) => i.type?.tensorType?.shape?.dim.flatMap((d) => d.dimParam ?? []) ?? []),
    );
    const unknown = Object.keys(this.dims).filter((d) => !known.has(d));
    if (unknown.length === 0) return;
    throw onnxMessages.error('STR0342', {
      file,
      dims: unknown.map((d) => `"${d}"`).join(', '),
      known: [...known].map((d) => `"${d}"`).join(', ') || 'none',
    });
  }

  /** Adds an argument for each input that is not a parameter; their attributes. */
  #inputs(): Attribute[] {
    const { graph, file } = this.model;
    const parameters = new Set(graph.initializer.map((t) => t.name));
    return graph.input.flatMap((input) => {
      if (parameters.has(input.name)) return [];
      const declared = declaredType(input.type, this.dims);
      if (declared?.type.kind !== 'tensor') {
        throw onnxMessages.error('STR0341', {
          file,
          value: input.name,
          found: declared === undefined ? describeProto(input.type) : declared.type.text,
        });
      }
      this.#inputNames.push(input.name);
      this.#values.set(input.name, this.#entry.addArgument(declared.type, nameLoc(input.name)));
      const { shape } = declared.type;
      const dims = shape.map((d, i) => (d === DYNAMIC ? stringAttr(declared.symbols[i] ?? '?') : i64Attr(d)));
      return [
        dictionaryAttr([
          ['strata.name', stringAttr(input.name)],
          ...(shape.includes(DYNAMIC) ? [['strata.dims', arrayAttr(dims)] as const] : []),
        ]),
      ];
    });
  }

  /** Makes a constant of each parameter that is used. */
  #initializers(): void {
    const { graph } = this.model;
    for (const t of graph.initializer)
      if (this.#read.has(t.name)) this.#values.set(t.name, this.#constant(t, t.name));
  }
  #constant(tensor: TensorProto, name: string): Value {
    this.#b.location = nameLoc(name);
    return this.#b.value(constant, { value: this.#constants.attribute(tensor, name) });
  }

  #output(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined)
      throw onnxMessages.error('STR0345', {
        file: this.model.file,
        node: '(outputs)',
        problem: `"${name}" is a value of no supported kind`,
      });
    return value;
  }

  #node(node: NodeProto, position: number): void {
    const domain = normalDomain(node.domain);
    // Exporters name optional results (the mask of a Dropout) that nothing reads.
    const outputs = node.output.slice(
      0,
      1 +
        Math.max(
          0,
          node.output.findLastIndex((o) => this.#read.has(o)),
        ),
    );
    const own = this.#labels.get(node) ?? node.name;
    const opType = domain === '' ? node.opType : `${domain}.${node.opType}`;
    const origin = this.origins?.[position - 1] ?? { name: own, opType, position };
    if (this.#nodes[this.#nodes.length - 1] !== origin) this.#nodes.push(origin);
    const { name } = origin;
    const location = modelNodeLoc(this.#name, name, origin.position);
    this.#position = origin.position;
    const op = this.#operation(node, domain, name, outputs, location);
    this.#b.insert(op);
    outputs.forEach((o, i) => {
      if (o === '') return;
      const value = op.result(i);
      this.#values.set(o, value);
      this.#compareDeclared(o, value.type);
    });
  }

  #operation(
    node: NodeProto,
    domain: string,
    name: string,
    outputs: readonly string[],
    location: Location,
  ): Operation {
    const control = domain === '' ? controlFlowNamed(node.opType) : undefined;
    const opset = this.model.opsets.get('') ?? 0;
    if (control !== undefined && !(control.name === 'onnx.Scan' && opset < 9))
      return this.#controlFlow(control, node, name, outputs, location);
    const definition = onnxOpNamed(domain === '' ? node.opType : `${domain}.${node.opType}`);
    return definition === undefined
      ? this.#unknown(node, domain, outputs, location)
      : this.#known(definition, node, name, outputs, location);
  }

  /** An op with its subgraphs as regions. Sizes of its results may differ from one run to the next. */
  #controlFlow(
    definition: NonNullable<ReturnType<typeof controlFlowNamed>>,
    node: NodeProto,
    name: string,
    outputs: readonly string[],
    location: Location,
  ): Operation {
    const { operands, segments } = this.#operands(definition, node, name);
    const attributes = new Map(
      this.#attributes(
        definition,
        { ...node, attribute: node.attribute.filter((a) => a.g === undefined) },
        name,
      ),
    );
    if (needsSegments(definition.operands)) attributes.set('operandSegmentSizes', segmentAttribute(segments));
    const regions = definition.regions.map((what) => {
      const graph = node.attribute.find((a) => a.name === what)?.g;
      if (graph === undefined)
        throw onnxMessages.error('STR0345', {
          file: this.model.file,
          node: name,
          problem: `${node.opType} needs the subgraph '${what}'`,
        });
      return this.#subgraph(graph, location, argumentElements(definition.name, operands, segments));
    });
    const yields = regions[0]!.blocks[0]!.terminator.operands;
    const first = definition.name === 'onnx.Loop' ? 1 : 0;
    const resultTypes = outputs.map((o, i) => {
      const yielded = yields[i + first]?.type;
      const element = yielded === undefined ? f32 : elementOf(yielded);
      return this.#declared.get(o)?.type ?? unrankedTensor(element);
    });
    return new OperationClass({
      name: definition.name,
      definition,
      operands,
      resultTypes,
      attributes,
      regions,
      location,
    });
  }

  /** The region of a subgraph. Its ops have the location of the node that it belongs to. */
  #subgraph(graph: GraphProto, location: Location, elements: readonly Type[]): Region {
    const outer = this.#values;
    this.#inSubgraph++;
    this.#values = new Map(outer);
    for (const v of [...graph.valueInfo, ...graph.output]) {
      const t = declaredType(v.type, this.dims);
      if (t !== undefined) this.#declared.set(v.name, t);
    }
    const block = new Block();
    const parameters = new Set(graph.initializer.map((t) => t.name));
    for (const [i, input] of graph.input.entries()) {
      if (parameters.has(input.name)) continue;
      const element = input.type === undefined ? elements[i] : undefined;
      const type =
        element === undefined ? declaredType(input.type, this.dims)?.type : unrankedTensor(element);
      if (type === undefined)
        throw onnxMessages.error('STR0341', {
          file: this.model.file,
          value: input.name,
          found: describeProto(input.type),
        });
      this.#values.set(input.name, block.addArgument(type, nameLoc(input.name)));
    }
    try {
      this.#b.within(block, () => {
        for (const t of graph.initializer) this.#values.set(t.name, this.#constant(t, t.name));
        for (const node of graph.node) {
          const domain = normalDomain(node.domain);
          const op = this.#operation(
            node,
            domain,
            node.name === '' ? node.opType : node.name,
            node.output,
            location,
          );
          this.#b.insert(op);
          node.output.forEach((o, i) => {
            if (o !== '') this.#values.set(o, op.result(i));
          });
        }
        this.#b.location = location;
        this.#b.op(yieldOp, { values: graph.output.map((o) => this.#output(o.name)) });
      });
    } finally {
      this.#values = outer;
      this.#inSubgraph--;
    }
    return new Region([block]);
  }

  #compareDeclared(name: string, found: Type): void {
    const declared = this.#declared.get(name);
    if (declared === undefined || agrees(declared.type, found)) return;
    this.#warnings.push(
      onnxMessages.diagnostic('STR0343', {
        file: this.model.file,
        value: name,
        declared: declared.type.text,
        found: found.text,
      }),
    );
  }

  #known(
    definition: OnnxOp,
    node: NodeProto,
    name: string,
    outputs: readonly string[],
    location: Location,
  ): Operation {
    const domain = normalDomain(node.domain);
    const opset = this.model.opsets.get(domain) ?? 0;
    const version = versionIn(definition, opset);
    if (version === undefined)
      return this.#unknown(node, domain, outputs, location, `${node.opType} of opset ${opset}`);
    const { operands, segments } = this.#operands(definition, node, name);
    const attributes = new Map(this.#attributes(definition, node, name));
    attributes.set('version', i64Attr(version));
    if (needsSegments(definition.operands)) attributes.set('operandSegmentSizes', segmentAttribute(segments));
    const make = (resultTypes: readonly Type[]): Operation =>
      new OperationClass({ name: definition.name, definition, operands, resultTypes, attributes, location });
    // Behind an operator that is not supported types are unknown; then so is the type here.
    if (!isExpandable(operands)) return make(this.#declaredTypes(outputs));
    this.#asked = [];
    try {
      const types = inferOnnx(definition, operands, attributes, location, outputs.length, this.#folder);
      if (!types.every(hasStaticSize) && operands.every((v) => hasStaticSize(v.type)))
        this.#noteUnresolved(undefined);
      return make(types);
    } catch (error) {
      if (error instanceof NotSupported) {
        this.#noteUnresolved(this.#nameOfUnknown());
        attributes.set(unsupportedAttribute, stringAttr(`${node.opType} (${error.message})`));
        return make(this.#declaredTypes(outputs));
      }
      // A branch that is never taken may hold what cannot be; it fails when it runs.
      if (error instanceof InferenceError && this.#inSubgraph > 0) return make(this.#declaredTypes(outputs));
      if (error instanceof InferenceError)
        throw onnxMessages.error(
          'STR0401',
          { op: definition.name, node: name, problem: error.message },
          { cause: error },
        );
      throw error;
    }
  }

  #noteUnresolved(value: string | undefined): void {
    this.#unresolved ??= { position: this.#position, value };
  }
  /** The last value of the model that an expansion asked for in vain. */
  #nameOfUnknown(): string | undefined {
    const names = new Map([...this.#values].map(([name, value]) => [value, name]));
    return this.#asked.map((v) => names.get(v)).findLast((name) => name !== undefined);
  }

  /** Inputs by the operator's declaration: those left out are absent, and counted. */
  #operands(
    definition: OpDefinition,
    node: NodeProto,
    name: string,
  ): { readonly operands: Value[]; readonly segments: number[] } {
    const refuse = (problem: string): Error =>
      onnxMessages.error('STR0345', { file: this.model.file, node: name, problem });
    const operands: Value[] = [];
    const segments: number[] = [];
    let next = 0;
    const specs = Object.entries(definition.operands);
    for (const [operand, { arity }] of specs) {
      const taken = arity === 'variadic' ? node.input.slice(next) : node.input.slice(next, next + 1);
      next += taken.length;
      const given = taken.filter((i) => i !== '');
      if (arity === 'one' && given.length === 0) throw refuse(`${node.opType} needs the input '${operand}'`);
      if (arity === 'variadic' && given.length < taken.length)
        throw refuse(`${node.opType} has an input without a name`);
      operands.push(...given.map((i) => this.#value(i, refuse)));
      segments.push(given.length);
    }
    if (node.input.slice(next).some((i) => i !== ''))
      throw refuse(`${node.opType} has ${node.input.length} inputs, at most ${specs.length} are expected`);
    return { operands, segments };
  }
  #value(name: string, refuse: (problem: string) => Error): Value {
    const v = this.#values.get(name);
    if (v === undefined) throw refuse(`its input "${name}" is a value of no supported kind`);
    return v;
  }

  #attributes(definition: OpDefinition, node: NodeProto, name: string): (readonly [string, Attribute])[] {
    const out: (readonly [string, Attribute])[] = [];
    for (const a of node.attribute) {
      const spec = a.name === 'version' ? undefined : definition.attrs[a.name];
      if (spec === undefined) {
        this.#warnings.push(
          onnxMessages.diagnostic('STR0344', { file: this.model.file, node: name, attribute: a.name }),
        );
        continue;
      }
      const value = this.#attribute(a, node);
      if (value === undefined || spec.codec.read(value) === undefined) {
        throw onnxMessages.error('STR0345', {
          file: this.model.file,
          node: name,
          problem: `its attribute '${a.name}' must be ${spec.codec.describe}${value === undefined ? '' : `, found ${value.text.slice(0, 80)}`}`,
        });
      }
      out.push([a.name, value]);
    }
    return out;
  }

  /** The value of an attribute; undefined for subgraphs and other kinds without a form in the IR. */
  #attribute(a: AttributeProto, node: NodeProto): Attribute | undefined {
    switch (a.type) {
      case attributeTypes.FLOAT:
        return f32Attr(a.f ?? 0);
      case attributeTypes.INT:
        return i64Attr(a.i ?? 0n);
      case attributeTypes.STRING:
        return stringAttr(a.s === undefined ? '' : textOf(a.s));
      case attributeTypes.TENSOR:
        return a.t === undefined ? undefined : this.#constants.attribute(a.t, node.output[0] ?? a.name);
      case attributeTypes.FLOATS:
        return denseArray(f32, a.floats);
      case attributeTypes.INTS:
        return denseArray(i64, a.ints);
      case attributeTypes.STRINGS:
        return arrayAttr(a.strings.map((s) => stringAttr(textOf(s))));
      default:
        return undefined;
    }
  }

  /** An operator without a declaration, with its attributes as they are. */
  #unknown(
    node: NodeProto,
    domain: string,
    outputs: readonly string[],
    location: Location,
    what?: string,
  ): Operation {
    const attributes = new Map<string, Attribute>();
    for (const a of node.attribute) {
      const value = this.#attribute(a, node);
      if (value !== undefined) attributes.set(a.name, value);
    }
    const full = domain === '' ? node.opType : `${domain}.${node.opType}`;
    attributes.set(unsupportedAttribute, stringAttr(what ?? full));
    const operands = node.input.flatMap((i) => this.#values.get(i) ?? []);
    return createUnregistered(`onnx.${full}`, operands, this.#declaredTypes(outputs), attributes, location);
  }
  /** What the model says about values whose types cannot be computed. */
  #declaredTypes(outputs: readonly string[]): readonly Type[] {
    return outputs.map((o) => this.#declared.get(o)?.type ?? unrankedTensor(f32));
  }
}
