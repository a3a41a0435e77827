/**
 * What must hold of a decoded model before it is imported: versions, names, single definitions, topological order
 * of the graph, its subgraphs and the functions of the model. Called by `readModel.ts`.
 */
import type { Diagnostic } from '../../base/diagnostics';
import { elementTypeOfOnnx } from '../elementType';
import { modelFileMessages, quoted } from '../messages';
import type {
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  TypeProto,
} from './proto/onnxProto';
import { attributeTypes } from './proto/onnxProto';

/** Newest versions that are known: those of onnx 1.23. */
export const newestIrVersion = 14;
export const oldestOpset = 1;
export const newestOpset = 28;

/** `ai.onnx` and the empty text name the same domain. */
export const normalDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

/** What a person calls a node: its name, or its operator and position. */
export const nodeTitle = (node: NodeProto, index: number): string =>
  node.name !== ''
    ? quoted(node.name)
    : `#${index} (${node.opType === '' ? 'no operator' : quoted(node.opType).slice(1, -1)})`;

export interface CheckedModel {
  readonly graph: GraphProto;
  readonly opsets: ReadonlyMap<string, number>;
  readonly warnings: readonly Diagnostic[];
}

export function checkModel(model: ModelProto, file: string): CheckedModel {
  const { graph } = model;
  if (graph === undefined) throw modelFileMessages.error('STR0305', { file, missing: 'graph' });
  if (model.irVersion <= 0) throw modelFileMessages.error('STR0305', { file, missing: 'IR version' });
  if (model.opsetImport.length === 0)
    throw modelFileMessages.error('STR0305', { file, missing: 'opset import' });
  const warnings: Diagnostic[] = [];
  if (model.irVersion > newestIrVersion)
    warnings.push(
      modelFileMessages.diagnostic('STR0307', { file, found: model.irVersion, newest: newestIrVersion }),
    );
  const opsets = opsetsOf(model.opsetImport);
  warnings.push(...checkStandardOpset(opsets, file));
  if (graph.output.length === 0) throw modelFileMessages.error('STR0305', { file, missing: 'graph output' });

  const functions = checkFunctions(model, file, warnings);
  for (const input of graph.input) {
    if (graph.initializer.some((t) => t.name === input.name && input.name !== '')) continue;
    const problem = typeProblem(input.type);
    if (problem !== undefined)
      throw modelFileMessages.error('STR0317', { file, value: input.name, found: problem });
  }
  checkGraph(graph, { file, where: 'graph', outer: new Map(), opsets, functions, inFunction: undefined });
  return { graph, opsets, warnings };
}

const opsetsOf = (imports: readonly OperatorSetIdProto[]): ReadonlyMap<string, number> =>
  new Map(imports.map((o) => [normalDomain(o.domain), o.version]));

function checkStandardOpset(opsets: ReadonlyMap<string, number>, file: string): Diagnostic[] {
  const found = opsets.get('');
  if (found === undefined) return [];
  if (found < oldestOpset)
    throw modelFileMessages.error('STR0308', { file, found, oldest: oldestOpset, newest: newestOpset });
  return found > newestOpset
    ? [modelFileMessages.diagnostic('STR0309', { file, found, newest: newestOpset })]
    : [];
}

/** What is wrong with the type of a graph input, or undefined. */
function typeProblem(type: TypeProto | undefined): string | undefined {
  if (type === undefined) return 'no type';
  const tensor = type.tensorType ?? type.sparseTensorType;
  if (tensor !== undefined)
    return elementTypeOfOnnx(tensor.elemType) === undefined
      ? `the element type number ${tensor.elemType}`
      : undefined;
  const nested = type.sequenceType ?? type.optionalType;
  if (nested !== undefined) return typeProblem(nested.elemType);
  if (type.mapType !== undefined) return typeProblem(type.mapType.valueType);
  return type.opaqueType !== undefined ? undefined : 'an empty type';
}

interface Scope {
  readonly file: string;
  /** `graph`, `function "f"` or `subgraph "then_branch" of node "If_3"`. */
  readonly where: string;
  /** Values of the graphs around this one. */
  readonly outer: { has(value: string): boolean };
  readonly opsets: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, FunctionProto>;
  readonly inFunction: FunctionProto | undefined;
}

function checkGraph(graph: GraphProto, scope: Scope): void {
  const { file, where } = scope;
  const defined = new Map<string, string>();
  const define = (value: string, by: string): void => {
    const first = defined.get(value);
    if (first !== undefined)
      throw modelFileMessages.error('STR0314', { file, where, value, first, second: by });
    defined.set(value, by);
  };
  const unnamed = (what: string) => modelFileMessages.error('STR0316', { file, where, what });
  for (const input of graph.input) {
    if (input.name === '') throw unnamed('an input');
    define(input.name, 'an input');
  }
  const initialised = new Set<string>();
  for (const name of [
    ...graph.initializer.map((t) => t.name),
    ...graph.sparseInitializer.map((t) => t.values?.name ?? ''),
  ]) {
    if (name === '') throw unnamed('an initializer');
    if (initialised.has(name))
      throw modelFileMessages.error('STR0314', {
        file,
        where,
        value: name,
        first: 'an initializer',
        second: 'an initializer',
      });
    initialised.add(name);
    // An input of the same name takes the initializer as its default.
    if (!defined.has(name)) define(name, 'an initializer');
  }
  checkNodes(graph.node, defined, define, scope);
  for (const output of graph.output) {
    if (output.name === '') throw unnamed('an output');
    if (!defined.has(output.name) && !scope.outer.has(output.name))
      throw modelFileMessages.error('STR0315', { file, where, value: output.name });
  }
}

function checkNodes(
  nodes: readonly NodeProto[],
  defined: ReadonlyMap<string, string>,
  define: (value: string, by: string) => void,
  scope: Scope,
): void {
  const { file, where } = scope;
  const producers = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const value of node.output) if (value !== '' && !producers.has(value)) producers.set(value, i);
  });
  nodes.forEach((node, i) => {
    const title = nodeTitle(node, i);
    if (node.opType === '') throw modelFileMessages.error('STR0311', { file, where, node: title });
    const domain = normalDomain(node.domain);
    if (!scope.opsets.has(domain))
      throw modelFileMessages.error('STR0310', {
        file,
        where,
        node: title,
        domain: domain === '' ? 'ai.onnx' : domain,
        imported: [...scope.opsets.keys()].map((d) => quoted(d === '' ? 'ai.onnx' : d)).join(', ') || 'none',
      });
    for (const value of node.input) {
      if (value === '' || defined.has(value) || scope.outer.has(value)) continue;
      const later = producers.get(value);
      if (later === undefined) throw modelFileMessages.error('STR0312', { file, where, node: title, value });
      throw modelFileMessages.error('STR0313', {
        file,
        where,
        node: title,
        value,
        producer: nodeTitle(nodes[later]!, later),
      });
    }
    checkAttributes(node, title, defined, scope);
    for (const value of node.output) if (value !== '') define(value, `node ${title}`);
  });
}

function checkAttributes(
  node: NodeProto,
  title: string,
  defined: ReadonlyMap<string, string>,
  scope: Scope,
): void {
  const { file, where } = scope;
  const seen = new Set<string>();
  for (const attribute of node.attribute) {
    const bad = (problem: string) =>
      modelFileMessages.error('STR0318', { file, where, node: title, attribute: attribute.name, problem });
    if (attribute.name === '') throw bad('it has no name');
    if (seen.has(attribute.name)) throw bad('it is given twice');
    seen.add(attribute.name);
    if (attribute.refAttrName !== '') {
      const owner = scope.inFunction;
      if (owner === undefined)
        throw bad(`it refers to ${quoted(attribute.refAttrName)} outside of a function`);
      const known =
        owner.attribute.includes(attribute.refAttrName) ||
        owner.attributeProto.some((a) => a.name === attribute.refAttrName);
      if (!known)
        throw bad(`it refers to ${quoted(attribute.refAttrName)}, which the function does not have`);
      continue;
    }
    const missing =
      (attribute.type === attributeTypes.TENSOR && attribute.t === undefined) ||
      (attribute.type === attributeTypes.GRAPH && attribute.g === undefined) ||
      (attribute.type === attributeTypes.SPARSE_TENSOR && attribute.sparseTensor === undefined) ||
      (attribute.type === attributeTypes.TYPE_PROTO && attribute.tp === undefined);
    if (missing) throw bad('its value is missing');
    if (attribute.type > attributeTypes.TYPE_PROTOS || attribute.type < 0)
      throw bad(`its type number ${attribute.type} is not known`);
    const subgraphs = attribute.g === undefined ? attribute.graphs : [attribute.g, ...attribute.graphs];
    if (subgraphs.length === 0) continue;
    const outer = { has: (value: string) => defined.has(value) || scope.outer.has(value) };
    for (const g of subgraphs)
      checkGraph(g, { ...scope, where: `subgraph ${quoted(attribute.name)} of node ${title}`, outer });
  }
}

/** A function is called by its domain, name and overload. */
export const functionKey = (f: {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
}): string => JSON.stringify([normalDomain(f.domain), f.name, f.overload]);

function checkFunctions(
  model: ModelProto,
  file: string,
  warnings: Diagnostic[],
): ReadonlyMap<string, FunctionProto> {
  const functions = new Map<string, FunctionProto>();
  for (const f of model.functions) {
    const bad = (problem: string) => modelFileMessages.error('STR0319', { file, name: f.name, problem });
    if (f.name === '') throw bad('has no name');
    const key = functionKey(f);
    if (functions.has(key)) throw bad(`is defined twice in the domain ${quoted(f.domain)}`);
    functions.set(key, f);
  }
  for (const f of model.functions) {
    const opsets = opsetsOf(f.opsetImport);
    warnings.push(...checkStandardOpset(opsets, file));
    const where = `function ${quoted(f.name)}`;
    const defined = new Map<string, string>();
    const define = (value: string, by: string): void => {
      const first = defined.get(value);
      if (first !== undefined)
        throw modelFileMessages.error('STR0314', { file, where, value, first, second: by });
      defined.set(value, by);
    };
    for (const value of f.input) define(value, 'an input');
    checkNodes(f.node, defined, define, { file, where, outer: new Map(), opsets, functions, inFunction: f });
    for (const value of f.output)
      if (!defined.has(value)) throw modelFileMessages.error('STR0315', { file, where, value });
  }
  checkRecursion(functions, file);
  return functions;
}

/** Functions are expanded where they are called, so none may call itself, directly or through others. */
function checkRecursion(functions: ReadonlyMap<string, FunctionProto>, file: string): void {
  const state = new Map<string, 'open' | 'done'>();
  const visit = (key: string, depth: number): void => {
    const f = functions.get(key);
    if (f === undefined || state.get(key) === 'done') return;
    if (depth > 200)
      throw modelFileMessages.error('STR0319', {
        file,
        name: f.name,
        problem: 'is called through more than 200 others',
      });
    if (state.get(key) === 'open')
      throw modelFileMessages.error('STR0319', { file, name: f.name, problem: 'calls itself' });
    state.set(key, 'open');
    for (const callee of calls(f.node)) visit(callee, depth + 1);
    state.set(key, 'done');
  };
  for (const key of functions.keys()) visit(key, 0);
}
function* calls(nodes: readonly NodeProto[]): Iterable<string> {
  for (const node of nodes) {
    yield functionKey({ domain: node.domain, name: node.opType, overload: node.overload });
    for (const a of node.attribute)
      for (const g of a.g === undefined ? a.graphs : [a.g, ...a.graphs]) yield* calls(g.node);
  }
}
