/**
 * Runs a model whose shapes depend on values, with control flow, sequences and optionals: a host program that gathers
 * nodes into functions of known sizes and runs each as a whole. Values that shapes depend on are computed first and are
 * constants of the function behind them. Subgraphs are followed as they run; sequences are lists on the host.
 */
import type { Cancellation } from '../../base/cancellation';
import { StrataError } from '../../base/diagnostics';
import { elementTypeOfOnnx, elementTypes, type HostTensor } from '../../frontend/elementType';
import { normalDomain } from '../../frontend/onnx/checkModel';
import type { ImportedModel } from '../../frontend/onnx/importOnnx';
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from '../../frontend/onnx/proto/onnxProto';
import type { OnnxModel } from '../../frontend/onnx/readModel';
import { hostTensor } from '../../frontend/tensorFile';
import type { HostValue, HostValues } from '../hostValue';
import { compilerMessages } from '../messages';
import { controlNodes } from './controlNodes';
import { DynamicFunction } from './dynamicSizes';
import { flexAttention } from './flexAttention';
import { contentKey, digestOf, ModelNumbers, shapeKey } from './modelNumbers';
import type { Ref } from './ref';
import { tensorRef } from './ref';
import { importSegment } from './segment';
import type { Execute, StageFunction } from './stageFunction';
import { sequenceNodes } from './sequenceNodes';
import { stringNodes } from './stringNodes';

export interface StagedOptions {
  readonly execute: Execute;
  readonly cancellation: Cancellation;
  /** More nodes than this in one function are compiled in parts. */
  readonly longestFunction?: number;
}

const defaultLongest = 20000;

/** A model that runs in stages. What one run finds out about its functions, the next ones know. */
export class StagedModel {
  readonly numbers: ModelNumbers;
  /** What becomes of nodes, by `keyOf`. */
  readonly steps = new Map<string, Step>();
  /** What a run gathered in which the host did nothing: the next ones gather the same. By the inputs that are given. */
  readonly straight = new Map<string, StraightRun>();

  constructor(readonly model: OnnxModel) {
    this.numbers = new ModelNumbers(model.graph);
  }
  run(inputs: HostValues, options: StagedOptions): Promise<Record<string, HostValue>> {
    return new StagedRun(this, options).run(inputs);
  }
}

interface StraightRun {
  readonly pending: readonly PendingNode[];
  readonly parameters: ReadonlyMap<string, TensorProto>;
  readonly outputs: readonly Ref[];
  /** Of all nodes, by the sizes of the inputs. */
  readonly keys: Map<string, NodesKey>;
}

/** What nodes are, whatever their values are called in a run; the names that the numbers in it stand for. */
interface NodesKey {
  readonly key: string;
  readonly names: readonly string[];
}

/** Names that a function has for its inputs or results, with the numbers that the names of this run have in its key. */
type Names = readonly (readonly [string, number])[];

/** What becomes of nodes that are to run. Names of values are numbers, in order of appearance. */
type Step =
  | {
      readonly kind: 'run';
      readonly stage: StageFunction;
      readonly inputs: Names;
      readonly outputs: Names;
    }
  | {
      readonly kind: 'dynamic';
      readonly dynamic: DynamicFunction;
      readonly inputs: Names;
      readonly outputs: Names;
      /** How many nodes it holds. */
      readonly count: number;
    }
  /** A shape depends on the elements of a value that is known: they become part of the function. */
  | { readonly kind: 'fix'; readonly value: number }
  /** As many nodes run first. `value`: what the others need besides what they read. */
  | { readonly kind: 'split'; readonly count: number; readonly value: number | undefined };

/** A node for a function, with the values of this run as its inputs and outputs. */
interface PendingNode extends NodeProto {
  /** The same whenever the model runs. */
  readonly id: string;
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

export class StagedRun {
  readonly model: OnnxModel;
  /** Tensors that are computed, by the names that functions have for them. */
  readonly #known = new Map<string, HostTensor>();
  #parameters: ReadonlyMap<string, TensorProto> = new Map();
  #gathered: PendingNode[] = [];
  /** Nodes that are to run: those that were gathered, or those of an earlier run. */
  #pending: readonly PendingNode[] = this.#gathered;
  /** Until the host does anything but gather nodes. */
  #isStraight = true;
  #straight: StraightRun | undefined;
  /** The node whose results have sizes that depend on data, while it runs. */
  #sized: NodeProto | undefined;
  /** Graphs that are under way, innermost last. */
  readonly #scopes: Scope[] = [];
  /** What each node that the host is running may come back to: its inputs, and what was made for it. */
  readonly #held: Ref[][] = [];
  #fresh = 0;

  constructor(
    readonly staged: StagedModel,
    readonly options: StagedOptions,
  ) {
    this.model = staged.model;
  }

  /** The node whose size is about to be known, or the outermost that the host is running: operator and name. */
  get nodeOnHost(): string | undefined {
    const [scope] = this.#scopes;
    const node = this.#sized ?? (scope === undefined ? undefined : this.model.graph.node[scope.at]);
    return node === undefined ? undefined : `${node.opType} "${node.name}"`;
  }

  async run(inputs: HostValues): Promise<Record<string, HostValue>> {
    const { graph } = this.model;
    const given = graph.input.flatMap(({ name }) => {
      const value = inputs[name];
      return value === undefined ? [] : [[name, this.refOf(value)] as const];
    });
    const outputs = await this.#gather(given);
    this.#held.push([...outputs]);
    const found: Record<string, HostValue> = {};
    for (const [i, o] of graph.output.entries()) found[o.name] = await this.hostValue(outputs[i]!);
    return found;
  }

  /** Goes through the graph, or takes what an earlier run gathered; the outputs. */
  async #gather(given: readonly (readonly [string, Ref])[]): Promise<readonly Ref[]> {
    const { graph } = this.model;
    const which = given.map(([name]) => name).join('\0');
    const known = this.staged.straight.get(which);
    if (known !== undefined && given.every(([, ref]) => ref.kind === 'tensor' && !this.isText(ref))) {
      this.#pending = known.pending;
      this.#parameters = known.parameters;
      this.#straight = known;
      return known.outputs;
    }
    const scope = new Scope(undefined, graph);
    this.#addParameters(graph, scope);
    for (const [name, ref] of given) scope.refs.set(name, ref);
    for (const { name } of graph.input)
      if (!scope.refs.has(name))
        throw compilerMessages.error('STR0593', { input: name, expected: 'a value', found: 'nothing' });
    this.#isStraight = true;
    const outputs = await this.runNodes(graph, scope);
    if (this.#isStraight && given.every(([, ref]) => ref.kind === 'tensor')) {
      this.#straight = { pending: this.#pending, parameters: this.#parameters, outputs, keys: new Map() };
      this.staged.straight.set(which, this.#straight);
    }
    return outputs;
  }

  /** Runs a subgraph on its inputs; its outputs. */
  async subgraph(graph: GraphProto, inputs: readonly Ref[], outer: Scope): Promise<readonly Ref[]> {
    const scope = new Scope(outer, graph);
    this.#addParameters(graph, scope);
    graph.input.forEach((info, i) => {
      const given = inputs[i];
      if (given !== undefined) scope.refs.set(info.name, given);
    });
    const outputs = await this.runNodes(graph, scope);
    this.#held.at(-1)?.push(...outputs);
    return outputs;
  }
  #addParameters(graph: GraphProto, scope: Scope): void {
    if (graph.initializer.length === 0) return;
    const parameters = new Map(this.#parameters);
    this.#parameters = parameters;
    for (const p of graph.initializer) {
      const name = `${p.name}#${this.staged.numbers.parameter(p)}`;
      scope.refs.set(p.name, tensorRef(name));
      if (elementTypeOfOnnx(p.dataType) === 'string') this.#isStraight = false;
      if (elementTypeOfOnnx(p.dataType) === 'string') this.#known.set(name, hostTensor(p));
      else parameters.set(name, { ...p, name });
    }
  }

  async runNodes(graph: GraphProto, scope: Scope): Promise<readonly Ref[]> {
    this.#scopes.push(scope);
    for (const [i, node] of graph.node.entries()) {
      this.options.cancellation.throwIfCancelled();
      scope.at = i;
      const inputs = node.input.map((name) => (name === '' ? undefined : this.#read(name, scope, node)));
      const outputs = (await this.#onHost(node, inputs, scope)) ?? this.add(node, inputs);
      node.output.forEach((name, k) => {
        const ref = outputs[k];
        if (name !== '' && ref !== undefined) scope.refs.set(name, ref);
      });
      if (this.#pending.length > defaultLongest) await this.#flush();
    }
    scope.at = graph.node.length;
    this.#scopes.pop();
    return graph.output.map((o) => this.#read(o.name, scope, undefined));
  }
  async #onHost(
    node: NodeProto,
    inputs: readonly (Ref | undefined)[],
    scope: Scope,
  ): Promise<readonly (Ref | undefined)[] | undefined> {
    const host = hostNodes.get(nodeKey(node));
    if (host === undefined) return undefined;
    this.#held.push(inputs.filter((ref) => ref !== undefined));
    const outputs = await host({ node, inputs, run: this, scope });
    this.#held.pop();
    if (outputs !== undefined) this.#isStraight = false;
    return outputs;
  }
  /** At the end of an iteration, of which `held` is left: iterations that were gathered run, when they are many. */
  async endIteration(held: readonly (Ref | undefined)[]): Promise<void> {
    const { longestFunction = defaultLongest } = this.options;
    this.#held[this.#held.length - 1] = held.filter((ref) => ref !== undefined);
    if (this.#pending.length > longestFunction) await this.#flush();
  }
  #read(name: string, scope: Scope, node: NodeProto | undefined): Ref {
    const ref = scope.get(name);
    if (ref === undefined)
      throw compilerMessages.error('STR0585', { name, reader: node?.opType ?? 'the outputs of the graph' });
    return ref;
  }

  /** Adds a node to the function that is being gathered; references to its outputs. */
  add(
    node: NodeProto,
    inputs: readonly (Ref | undefined)[],
    id: string = this.staged.numbers.node(node),
  ): readonly Ref[] {
    const names = inputs.map((ref) => {
      if (ref === undefined) return '';
      if (ref.kind === 'tensor') return ref.name;
      if (ref.kind === 'optional' && ref.value?.kind === 'tensor') return ref.value.name;
      throw compilerMessages.error('STR0586', { node: node.name, operator: node.opType, found: ref.kind });
    });
    const output = node.output.map((o) => (o === '' ? '' : this.#name(o)));
    this.#gathered.push({ ...node, input: names, output, id });
    return output.map(tensorRef);
  }
  /** A node that no model has, between those of one. */
  emit(
    like: NodeProto,
    opType: string,
    inputs: readonly Ref[],
    attribute: readonly AttributeProto[] = [],
  ): Ref {
    const id = this.staged.numbers.emitted(like, opType, attribute);
    const ref = this.add({ ...like, domain: '', opType, attribute, output: [opType] }, inputs, id)[0]!;
    this.#held.at(-1)?.push(ref);
    return ref;
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
    const ref = tensorRef(name);
    this.#held.at(-1)?.push(ref);
    return ref;
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
    this.#gathered = [];
    this.#pending = this.#gathered;
    this.#isStraight = false;
    const wanted = this.#live(also);
    await this.#execute(nodes, wanted, new Set());
    // Nothing comes back to the others.
    const [scope] = this.#scopes;
    if (scope !== undefined)
      for (const name of this.#known.keys()) if (!wanted.has(name)) this.#known.delete(name);
  }
  /** Names of values that may be read again: by nodes to come, or by nodes that the host is running. */
  #live(also: readonly string[]): Set<string> {
    const live = new Set(also);
    const visit = (ref: Ref | undefined): void => {
      if (ref?.kind === 'tensor') live.add(ref.name);
      else if (ref?.kind === 'sequence') ref.elements.forEach(visit);
      else if (ref !== undefined) visit(ref.value);
    };
    for (const refs of this.#held) refs.forEach(visit);
    for (const scope of this.#scopes)
      for (const [name, ref] of scope.refs) if (scope.isLive(name)) visit(ref);
    return live;
  }

  /** Runs nodes; results whose names are `wanted` are known afterwards. */
  async #execute(
    nodes: readonly PendingNode[],
    wanted: ReadonlySet<string>,
    fixed: Set<string>,
  ): Promise<void> {
    if (nodes.length === 0) return;
    const { execute, cancellation } = this.options;
    for (;;) {
      const { key, names } = this.#knownKey(nodes, wanted, fixed);
      let step = this.staged.steps.get(key);
      if (step === undefined) {
        step = this.#step(key, nodes, wanted, fixed, names);
        this.staged.steps.set(key, step);
      }
      const given = (inputs: Names): Record<string, HostTensor> =>
        Object.fromEntries(inputs.map(([name, n]) => [name, this.#known.get(names[n]!)!]));
      const note = (outputs: Names, found: Readonly<Record<string, HostTensor>>): void => {
        for (const [name, n] of outputs) this.#known.set(names[n]!, found[name]!);
      };
      switch (step.kind) {
        case 'run':
          note(step.outputs, await execute(step.stage, given(step.inputs), cancellation));
          return;
        case 'dynamic':
          this.#sized = nodes[step.count - 1];
          note(step.outputs, await step.dynamic.run(given(step.inputs), execute, cancellation));
          this.#sized = undefined;
          await this.#execute(nodes.slice(step.count), wanted, fixed);
          return;
        case 'fix':
          fixed.add(names[step.value]!);
          break;
        case 'split': {
          const rest = nodes.slice(step.count);
          const read = new Set([...wanted, ...rest.flatMap((n) => n.input)]);
          if (step.value !== undefined) read.add(names[step.value]!);
          await this.#execute(nodes.slice(0, step.count), read, fixed);
          await this.#execute(rest, wanted, fixed);
          return;
        }
      }
    }
  }

  /** `#keyOf`, kept for all nodes of a run in which the host does nothing. */
  #knownKey(
    nodes: readonly PendingNode[],
    wanted: ReadonlySet<string>,
    fixed: ReadonlySet<string>,
  ): NodesKey {
    const straight = this.#straight;
    if (straight?.pending !== nodes || fixed.size > 0) return this.#keyOf(nodes, wanted, fixed);
    const sizes = [...this.#known.values()].map(shapeKey).join(' ');
    const key = straight.keys.get(sizes) ?? this.#keyOf(nodes, wanted, fixed);
    straight.keys.set(sizes, key);
    return key;
  }
  #keyOf(nodes: readonly PendingNode[], wanted: ReadonlySet<string>, fixed: ReadonlySet<string>): NodesKey {
    const numbers = new Map<string, number>();
    const parts: string[] = [];
    const numberOf = (name: string, isRead: boolean): string => {
      if (name === '') return '_';
      const known = numbers.get(name);
      if (known !== undefined) return String(known);
      const n = numbers.size;
      numbers.set(name, n);
      if (!isRead) return wanted.has(name) ? `${n}!` : String(n);
      const tensor = this.#known.get(name);
      if (tensor === undefined) return `${n}:${this.#parameters.has(name) ? name : '?'}`;
      return `${n}:${fixed.has(name) ? contentKey(tensor) : shapeKey(tensor)}`;
    };
    for (const n of nodes)
      parts.push(
        `${n.id}(${n.input.map((i) => numberOf(i, true)).join()})${n.output.map((o) => numberOf(o, false)).join()}`,
      );
    return { key: digestOf(parts.join(';')), names: [...numbers.keys()] };
  }

  #step(
    key: string,
    nodes: readonly PendingNode[],
    wanted: ReadonlySet<string>,
    fixed: ReadonlySet<string>,
    names: readonly string[],
  ): Step {
    const numbers = new Map(names.map((name, n) => [name, n]));
    const numbered = (list: readonly string[]): Names => list.map((name) => [name, numbers.get(name)!]);
    const outputs = nodes.flatMap((n) => n.output.filter((o) => o !== '' && wanted.has(o)));
    const segment = this.#segment(nodes, outputs, fixed);
    const imported = segment();
    const { unresolved } = imported;
    if (unresolved === undefined)
      return {
        kind: 'run',
        stage: { key, outputs, make: once(imported, segment) },
        inputs: numbered(imported.inputs),
        outputs: numbered(outputs),
      };
    const { value, position } = unresolved;
    if (value !== undefined && this.#known.has(value) && !fixed.has(value))
      return { kind: 'fix', value: numbers.get(value)! };
    if (value !== undefined && position > 1)
      return { kind: 'split', count: position - 1, value: numbers.get(value) };
    // The size of a result depends on data, or the node is not supported; then that is said now.
    const first = nodes.slice(0, position);
    const read = new Set([...wanted, ...nodes.slice(position).flatMap((n) => n.input)]);
    const asked = first.flatMap((n) => n.output.filter((o) => o !== '' && read.has(o)));
    const own = this.#segment(first, asked, fixed)();
    try {
      return {
        kind: 'dynamic',
        dynamic: new DynamicFunction(key, own.module, own.resources, this.options.cancellation),
        inputs: numbered(own.inputs),
        outputs: numbered(asked),
        count: position,
      };
    } catch (error) {
      if (position === 1 || !(error instanceof StrataError)) throw error;
      // With the elements of what it reads it may be a node of known sizes.
      return { kind: 'split', count: position - 1, value: undefined };
    }
  }
  /** Makes a function of nodes, again and again. */
  #segment(
    nodes: readonly PendingNode[],
    outputs: readonly string[],
    constants: ReadonlySet<string>,
  ): () => ImportedModel {
    const { model } = this;
    const read = [...new Set(nodes.flatMap((n) => n.input))];
    const inputs = new Map(
      read.flatMap((name) => {
        const tensor = this.#known.get(name);
        if (tensor === undefined) return [];
        const { elementType, shape } = tensor;
        // Of the others only their sizes matter, and they are not kept.
        return [[name, constants.has(name) ? tensor : { elementType, shape, bytes: nothing }] as const];
      }),
    );
    const parameters = read.flatMap((n) => this.#parameters.get(n) ?? []);
    return () => importSegment(model, { nodes, inputs, constants, parameters, outputs });
  }
}

const nothing = new Uint8Array(0);

/** The first call takes what is there already. */
function once<T>(first: T, again: () => T): () => T {
  let left: T | undefined = first;
  return () => {
    const made = left ?? again();
    left = undefined;
    return made;
  };
}
