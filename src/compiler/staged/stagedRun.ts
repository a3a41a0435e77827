/**
 * Runs a model whose shapes depend on values, with control flow, sequences and optionals: a host program that gathers
 * nodes into functions of known sizes and runs each as a whole. Values that shapes depend on are computed first and are
 * constants of the function behind them. Subgraphs are followed as they run; sequences are lists on the host.
 */
import type { Cancellation } from '../../base/cancellation';
import { elementTypeOfOnnx, elementTypes, type HostTensor } from '../../frontend/elementType';
import { normalDomain } from '../../frontend/onnx/checkModel';
import type { ImportedModel } from '../../frontend/onnx/importOnnx';
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from '../../frontend/onnx/proto/onnxProto';
import type { OnnxModel } from '../../frontend/onnx/readModel';
import { hostTensor } from '../../frontend/tensorFile';
import type { HostValue, HostValues } from '../hostValue';
import { compilerMessages } from '../messages';
import { controlNodes } from './controlNodes';
import { executeDynamic } from './dynamicSizes';
import type { Execute } from './execute';
import { flexAttention } from './flexAttention';
import type { Ref } from './ref';
import { tensorRef } from './ref';
import { importSegment } from './segment';
import { sequenceNodes } from './sequenceNodes';
import { stringNodes } from './stringNodes';

export interface StagedOptions {
  readonly execute: Execute;
  readonly cancellation: Cancellation;
}

export async function runStaged(
  model: OnnxModel,
  inputs: HostValues,
  options: StagedOptions,
): Promise<Record<string, HostValue>> {
  return new StagedRun(model, options).run(inputs);
}

/** What a node that the host runs can do. */
export interface HostNode {
  readonly node: NodeProto;
  /** The inputs; undefined for those that are not given. */
  readonly inputs: readonly (Ref | undefined)[];
  readonly run: StagedRun;
  readonly scope: Scope;
}
/** The outputs; undefined when the node is one for a function after all. */
export type HostFunction = (h: HostNode) => Promise<readonly (Ref | undefined)[] | undefined>;

/** Operators that functions do not have, whatever they are given. */
const onHostAlone = new Set(
  ['ai.onnx.preview.FlexAttention', ...Object.keys(sequenceNodes), ...Object.keys(stringNodes)].filter(
    (n) => n !== 'Identity' && n !== 'Equal',
  ),
);
/** Whether a model has values or operators that only the host has: sequences, optionals, strings. */
export function needsHost({ graph, opsets }: OnnxModel): boolean {
  const isOnHost = (g: GraphProto): boolean =>
    g.node.some(
      (n) =>
        onHostAlone.has(nodeKey(n)) ||
        (n.opType === 'Scan' && (opsets.get('') ?? 0) < 9) ||
        n.attribute.some((a) => a.g !== undefined && isOnHost(a.g)),
    );
  const text = elementTypes.string.onnx;
  return (
    isOnHost(graph) ||
    [...graph.input, ...graph.output].some(
      ({ type }) =>
        type?.sequenceType !== undefined ||
        type?.optionalType !== undefined ||
        type?.tensorType?.elemType === text,
    )
  );
}
const nodeKey = (node: NodeProto): string =>
  normalDomain(node.domain) === '' ? node.opType : `${node.domain}.${node.opType}`;

const hostNodes: ReadonlyMap<string, HostFunction> = new Map([
  ...Object.entries(controlNodes),
  ...Object.entries(sequenceNodes),
  ...Object.entries(stringNodes),
  ['ai.onnx.preview.FlexAttention', flexAttention],
]);

/** Values that nodes see, innermost names first. */
export class Scope {
  readonly refs = new Map<string, Ref>();
  /** Position of the node that reads a name last; absent names are not read. */
  readonly lastUse = new Map<string, number>();
  at = 0;
  constructor(
    readonly outer: Scope | undefined,
    graph: Pick<GraphProto, 'node' | 'output'>,
  ) {
    graph.node.forEach((n, i) => {
      for (const name of namesRead(n)) this.lastUse.set(name, i);
    });
    for (const o of graph.output) this.lastUse.set(o.name, Infinity);
  }
  get(name: string): Ref | undefined {
    return this.refs.get(name) ?? this.outer?.get(name);
  }
  isLive(name: string): boolean {
    return (this.lastUse.get(name) ?? -1) >= this.at;
  }
}
function namesRead(node: NodeProto): readonly string[] {
  return [...node.input, ...node.attribute.flatMap((a) => (a.g === undefined ? [] : namesIn(a.g)))];
}
const namesIn = (graph: GraphProto): readonly string[] => [
  ...graph.node.flatMap(namesRead),
  ...graph.output.map((o) => o.name),
];

/** More nodes than this in one function are compiled in parts. */
const longestFunction = 20000;

export class StagedRun {
  /** Tensors that are computed, by the names that functions have for them. */
  readonly #known = new Map<string, HostTensor>();
  readonly #parameters = new Map<string, TensorProto>();
  #pending: NodeProto[] = [];
  #main: Scope | undefined;
  /** How many nodes the host is running: it may come back to any value that they make. */
  #following = 0;
  #fresh = 0;

  constructor(
    readonly model: OnnxModel,
    readonly options: StagedOptions,
  ) {}

  async run(inputs: HostValues): Promise<Record<string, HostValue>> {
    const { graph } = this.model;
    const scope = new Scope(undefined, graph);
    this.#main = scope;
    this.#addParameters(graph, scope);
    for (const { name } of graph.input) {
      const value = inputs[name];
      if (value !== undefined) scope.refs.set(name, this.refOf(value));
      else if (!scope.refs.has(name))
        throw compilerMessages.error('STR0593', { input: name, expected: 'a value', found: 'nothing' });
    }
    const outputs = await this.runNodes(graph, scope);
    const found: Record<string, HostValue> = {};
    for (const [i, o] of graph.output.entries()) found[o.name] = await this.hostValue(outputs[i]!);
    return found;
  }

  /** Runs a subgraph on its inputs; its outputs. */
  async subgraph(graph: GraphProto, inputs: readonly Ref[], outer: Scope): Promise<readonly Ref[]> {
    const scope = new Scope(outer, graph);
    this.#addParameters(graph, scope);
    graph.input.forEach((info, i) => {
      const given = inputs[i];
      if (given !== undefined) scope.refs.set(info.name, given);
    });
    return this.runNodes(graph, scope);
  }
  #addParameters(graph: GraphProto, scope: Scope): void {
    for (const p of graph.initializer) {
      const name = this.#name(p.name);
      scope.refs.set(p.name, tensorRef(name));
      if (elementTypeOfOnnx(p.dataType) === 'string') this.#known.set(name, hostTensor(p));
      else this.#parameters.set(name, { ...p, name });
    }
  }

  async runNodes(graph: GraphProto, scope: Scope): Promise<readonly Ref[]> {
    for (const [i, node] of graph.node.entries()) {
      this.options.cancellation.throwIfCancelled();
      scope.at = i;
      const inputs = node.input.map((name) => (name === '' ? undefined : this.#read(name, scope, node)));
      const host = hostNodes.get(nodeKey(node));
      this.#following++;
      const outputs = (await host?.({ node, inputs, run: this, scope })) ?? this.add(node, inputs);
      this.#following--;
      node.output.forEach((name, k) => {
        const ref = outputs[k];
        if (name !== '' && ref !== undefined) scope.refs.set(name, ref);
      });
      if (this.#pending.length > longestFunction) await this.#flush();
    }
    scope.at = graph.node.length;
    return graph.output.map((o) => this.#read(o.name, scope, undefined));
  }
  #read(name: string, scope: Scope, node: NodeProto | undefined): Ref {
    const ref = scope.get(name);
    if (ref === undefined)
      throw compilerMessages.error('STR0585', { name, reader: node?.opType ?? 'the outputs of the graph' });
    return ref;
  }

  /** Adds a node to the function that is being gathered; references to its outputs. */
  add(node: NodeProto, inputs: readonly (Ref | undefined)[]): readonly Ref[] {
    const names = inputs.map((ref) => {
      if (ref === undefined) return '';
      if (ref.kind === 'tensor') return ref.name;
      if (ref.kind === 'optional' && ref.value?.kind === 'tensor') return ref.value.name;
      throw compilerMessages.error('STR0586', { node: node.name, operator: node.opType, found: ref.kind });
    });
    const output = node.output.map((o) => (o === '' ? '' : this.#name(o)));
    this.#pending.push({ ...node, input: names, output });
    return output.map(tensorRef);
  }
  /** A node that no model has, between those of one. */
  emit(
    like: NodeProto,
    opType: string,
    inputs: readonly Ref[],
    attribute: readonly AttributeProto[] = [],
  ): Ref {
    return this.add({ ...like, domain: '', opType, attribute, output: [opType] }, inputs)[0]!;
  }
  #name(stem: string): string {
    return `${stem}#${this.#fresh++}`;
  }

  refOf(value: HostValue): Ref {
    switch (value.kind) {
      case 'tensor':
        return this.hold(value.tensor);
      case 'sequence':
        return { kind: 'sequence', elements: value.elements.map((e) => this.refOf(e)) };
      case 'optional':
        return { kind: 'optional', value: value.value === undefined ? undefined : this.refOf(value.value) };
    }
  }
  /** A tensor of the host as a value of the program. */
  hold(tensor: HostTensor): Ref {
    const name = this.#name('value');
    this.#known.set(name, tensor);
    return tensorRef(name);
  }
  async hostValue(ref: Ref): Promise<HostValue> {
    switch (ref.kind) {
      case 'tensor':
        return { kind: 'tensor', tensor: await this.tensor(ref) };
      case 'sequence': {
        const elements: HostValue[] = [];
        for (const e of ref.elements) elements.push(await this.hostValue(e));
        return { kind: 'sequence', elements };
      }
      case 'optional':
        return {
          kind: 'optional',
          value: ref.value === undefined ? undefined : await this.hostValue(ref.value),
        };
    }
  }
  /** Whether a value is a tensor of strings, which only the host has. */
  isText(ref: Ref): boolean {
    return ref.kind === 'tensor' && this.#known.get(ref.name)?.elementType === 'string';
  }
  /** A tensor without elements. */
  elementLike(elementType: number): HostTensor {
    return { elementType: elementTypeOfOnnx(elementType) ?? 'f32', shape: [0], bytes: new Uint8Array(0) };
  }
  /** The value of a reference where no function has to run for it. */
  constant(ref: Ref): HostTensor | undefined {
    if (ref.kind !== 'tensor') return undefined;
    const known = this.#known.get(ref.name);
    if (known !== undefined) return known;
    const parameter = this.#parameters.get(ref.name);
    if (parameter !== undefined) return hostTensor(parameter);
    const maker = this.#pending.findLast((n) => n.output.includes(ref.name));
    if (maker?.opType === 'Identity') return this.constant(tensorRef(maker.input[0]!));
    const value =
      maker?.opType === 'Constant' ? maker.attribute.find((a) => a.name === 'value')?.t : undefined;
    return value === undefined ? undefined : hostTensor(value);
  }
  /** The tensor that a reference stands for; what it is computed by runs now. */
  async tensor(ref: Ref): Promise<HostTensor> {
    if (ref.kind !== 'tensor') throw new TypeError(`a tensor is needed, found a ${ref.kind}`);
    const parameter = this.#parameters.get(ref.name);
    if (parameter !== undefined) return hostTensor(parameter);
    if (!this.#known.has(ref.name)) await this.#flush(ref.name);
    return this.#known.get(ref.name)!;
  }

  async #flush(...also: readonly string[]): Promise<void> {
    const nodes = this.#pending;
    this.#pending = [];
    const wanted = new Set(also);
    const visit = (ref: Ref | undefined): void => {
      if (ref?.kind === 'tensor') wanted.add(ref.name);
      else if (ref?.kind === 'sequence') ref.elements.forEach(visit);
      else if (ref !== undefined) visit(ref.value);
    };
    if (this.#following > 0) for (const n of nodes) n.output.forEach((o) => wanted.add(o));
    else for (const [name, ref] of this.#main!.refs) if (this.#main!.isLive(name)) visit(ref);
    await this.#execute(nodes, wanted, new Set());
  }

  /** Runs nodes; results whose names are `wanted` are known afterwards. */
  async #execute(
    nodes: readonly NodeProto[],
    wanted: ReadonlySet<string>,
    fixed: Set<string>,
  ): Promise<void> {
    if (nodes.length === 0) return;
    for (;;) {
      const outputs = nodes.flatMap((n) => n.output.filter((o) => o !== '' && wanted.has(o)));
      const imported = this.#import(nodes, outputs, fixed);
      const { unresolved } = imported;
      if (unresolved === undefined) {
        await this.#run(imported);
        return;
      }
      const { value } = unresolved;
      if (value !== undefined && this.#known.has(value) && !fixed.has(value)) {
        fixed.add(value);
        continue;
      }
      const before = nodes.slice(0, unresolved.position - 1);
      if (before.length === 0) {
        // Its size depends on data, or it is not supported; then that is said now.
        const [node] = nodes;
        const own = this.#import(
          [node!],
          node!.output.filter((o) => o !== ''),
          fixed,
        );
        await this.#run(own, unresolved.value === undefined);
        await this.#execute(nodes.slice(1), wanted, fixed);
        return;
      }
      const rest = nodes.slice(before.length);
      const read = new Set([
        ...wanted,
        ...rest.flatMap((n) => n.input),
        ...(value === undefined ? [] : [value]),
      ]);
      await this.#execute(before, read, fixed);
      await this.#execute(rest, wanted, fixed);
      return;
    }
  }
  #import(
    nodes: readonly NodeProto[],
    outputs: readonly string[],
    constants: ReadonlySet<string>,
  ): ImportedModel {
    const read = new Set(nodes.flatMap((n) => n.input));
    const inputs = new Map(
      [...read].flatMap((n) => (this.#known.has(n) ? [[n, this.#known.get(n)!] as const] : [])),
    );
    const parameters = [...read].flatMap((n) => this.#parameters.get(n) ?? []);
    return importSegment(this.model, { nodes, inputs, constants, parameters, outputs });
  }
  async #run({ module, resources, inputs: names }: ImportedModel, dynamic = false): Promise<void> {
    const { execute, cancellation } = this.options;
    const inputs = Object.fromEntries(names.map((name) => [name, this.#known.get(name)!]));
    const found = dynamic
      ? await executeDynamic(module, resources, inputs, execute, cancellation)
      : await execute(module, resources, inputs, cancellation);
    for (const [name, tensor] of Object.entries(found)) this.#known.set(name, tensor);
  }
}
