/**
 * Random ONNX graphs that are valid: typed, with all shapes known. Of each value it is known between which bounds its
 * elements lie, so that nothing overflows or leaves a function's domain, and how much of them is rounding, so that two
 * right ways to compute it can be told from a wrong one.
 */
import type { ElementType, HostTensor } from '../../src/frontend/elementType';
import { elementCountOf, elementTypeInfo } from '../../src/frontend/elementType';
import type { RandomStream } from '../../src/frontend/random';
import { randomStream } from '../../src/frontend/random';
import type { AttributeValue } from '../../src/frontend/zoo/onnxGraphBuilder';
import { OnnxGraphBuilder, int } from '../../src/frontend/zoo/onnxGraphBuilder';
import { recipes } from './recipes';

export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Smallest and largest element that is possible. */
  readonly low: number;
  readonly high: number;
  /** By how much elements may differ between two right computations; 0: not at all. */
  readonly noise: number;
}
/** A value with elements of its own: an input of the graph, or a constant. */
export interface Leaf extends Value {
  readonly constant: boolean;
  readonly tensor: HostTensor;
}
export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly results: readonly Value[];
}
export interface RandomGraph {
  readonly seed: number;
  readonly leaves: readonly Leaf[];
  readonly nodes: readonly GraphNode[];
}

/** What a recipe says of a result; its noise is given as the part that comes from its operands' noise. */
export interface Result {
  readonly shape: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly type?: ElementType;
  readonly inherited?: number;
  /** Nothing is computed: no rounding is added. */
  readonly moved?: boolean;
}

/** Part of a float that rounding and the approximation of a function may change. */
const relativeNoise: Partial<Record<ElementType, number>> = { f64: 1e-12, f32: 4e-6, f16: 1e-3, bf16: 8e-3 };
/** Larger floats are not made. */
const largestFloat = 2000;
const mostElements = 2048;
/** More noise than this part of the range leaves nothing to compare. */
const mostNoise = 0.05;

export const inputTypes = [
  'f32',
  'f32',
  'f32',
  'f64',
  'i32',
  'i64',
  'i8',
  'u8',
  'i16',
  'u16',
  'u32',
  'bool',
] as const;

export const limitsOf = (type: ElementType): readonly [number, number] => {
  const { kind, bits } = elementTypeInfo(type);
  if (kind === 'bool') return [0, 1];
  if (kind === 'float') return [-largestFloat, largestFloat];
  const usable = Math.min(bits, 32);
  return kind === 'signed' ? [-(2 ** (usable - 1)), 2 ** (usable - 1) - 1] : [0, 2 ** usable - 1];
};
export const isFloat = (type: ElementType): boolean => elementTypeInfo(type).kind === 'float';

const isHalf = (type: ElementType): boolean => type === 'f16' || type === 'bf16';

export class GraphDraft {
  readonly leaves: Leaf[] = [];
  readonly nodes: GraphNode[] = [];
  readonly values: Value[] = [];
  readonly #random: RandomStream;
  #count = 0;

  constructor(readonly seed: number) {
    this.#random = randomStream(seed, 'graph');
  }

  /** A number from 0 to n - 1. */
  below(n: number): number {
    return Math.floor(this.#random.uniform() * n);
  }
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }
  chance(part: number): boolean {
    return this.#random.uniform() < part;
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
  shape(rank: number): readonly number[] {
    return Array.from({ length: rank }, () => this.between(1, 5));
  }

  leaf(
    type: ElementType,
    shape: readonly number[],
    low = isFloat(type) ? -3 : elementTypeInfo(type).kind === 'signed' ? -10 : 0,
    high = isFloat(type) ? 3 : elementTypeInfo(type).kind === 'bool' ? 1 : 12,
    constant = this.chance(0.3),
  ): Value {
    if (!canBeLeaf(type)) {
      const wide = this.leaf('f32', shape, low, high, constant);
      const to = int(elementTypeInfo(type).onnx);
      return this.node('Cast', [wide], { shape, low, high, type }, { to }) ? this.values.at(-1)! : wide;
    }
    const value = { name: `x${this.#count++}`, type, shape, low, high, noise: 0 };
    const leaf = leafOf(this.seed, value, constant);
    this.leaves.push(leaf);
    this.values.push(leaf);
    return leaf;
  }
  /** A constant list, for shapes, axes and positions. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    const leaf: Leaf = {
      ...{ name: `x${this.#count++}`, type: 'i64', shape, low: 0, high: 0, noise: 0, constant: true },
      tensor: { elementType: 'i64', shape, bytes },
    };
    this.leaves.push(leaf);
    return leaf;
  }
  /** A value of the type that broadcasts with the shape and lies in the range: an earlier one, or a new one. */
  partner(x: Value, low?: number, high?: number): Value {
    const fits = this.values.filter(
      (v) =>
        v.type === x.type &&
        v.shape.length <= x.shape.length &&
        v.shape.every((d, i) => d === 1 || d === x.shape[x.shape.length - v.shape.length + i]) &&
        (low === undefined || v.low >= low) &&
        (high === undefined || v.high <= high),
    );
    if (fits.length > 0 && this.chance(0.6)) return this.pick(fits);
    const shape = x.shape.slice(this.chance(0.3) ? this.below(x.shape.length + 1) : 0);
    return this.leaf(
      x.type,
      shape.map((d) => (this.chance(0.2) ? 1 : d)),
      low,
      high,
    );
  }

  /** Adds a node, unless a result is too large, too noisy or out of its type's range. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    results: Result | readonly Result[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): boolean {
    const operands = inputs.filter((v) => v !== undefined);
    // A 16-bit partner that could not be made stays f32.
    if (op !== 'Cast' && operands.some((v) => v.type === 'f32') && operands.some((v) => isHalf(v.type)))
      return false;
    const made: Value[] = [];
    for (const r of Array.isArray(results) ? (results as readonly Result[]) : [results as Result]) {
      const type = r.type ?? operands[0]!.type;
      const [least, most] = limitsOf(type);
      const bound = Math.max(Math.abs(r.low), Math.abs(r.high));
      const inherited = r.inherited ?? operands.reduce((sum, v) => sum + v.noise, 0);
      const rounding = r.moved === true ? 0 : (relativeNoise[type] ?? 0) * bound;
      const noise = isFloat(type) ? inherited + rounding : 0;
      if (!(r.low >= least && r.high <= most) || elementCountOf(r.shape) > mostElements) return false;
      if (r.shape.length > 5 || noise > mostNoise * Math.max(bound, 1e-3)) return false;
      if (!isFloat(type) && inherited > 0) return false;
      made.push({ name: `y${this.#count++}`, type, shape: r.shape, low: r.low, high: r.high, noise });
    }
    this.nodes.push({ op, inputs: inputs.map((v) => v?.name ?? ''), attributes, results: made });
    this.values.push(...made);
    return true;
  }
}

function leafOf(seed: number, value: Value, constant: boolean): Leaf {
  const { name, type, shape, low, high } = value;
  const random = randomStream(seed, name);
  const elements = Array.from({ length: elementCountOf(shape) }, () =>
    isFloat(type) ? random.between(low, high) : low + Math.floor(random.uniform() * (high - low + 1)),
  );
  return {
    ...value,
    noise: 0,
    constant,
    tensor: { elementType: type, shape, bytes: bytesOf(type, elements) },
  };
}

const arrays = {
  f32: Float32Array,
  f64: Float64Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
} as const;
export function bytesOf(type: ElementType, elements: readonly number[]): Uint8Array {
  if (type === 'i64') return new Uint8Array(BigInt64Array.from(elements, BigInt).buffer);
  if (type === 'u64') return new Uint8Array(BigUint64Array.from(elements, BigInt).buffer);
  if (!(type in arrays)) throw new TypeError(`no leaf has type ${type}`);
  return new Uint8Array(arrays[type as keyof typeof arrays].from(elements).buffer);
}
const canBeLeaf = (type: ElementType): boolean => type in arrays || type === 'i64' || type === 'u64';

/** The graph of a seed. */
export function randomGraph(seed: number): RandomGraph {
  const draft = new GraphDraft(seed);
  for (let i = draft.between(1, 2); i > 0; i--)
    draft.leaf(draft.pick(inputTypes), draft.shape(draft.between(0, 4)), undefined, undefined, false);
  const size = draft.between(3, 10);
  for (let tries = 0; draft.nodes.length < size && tries < 400; tries++) {
    // Chains are longer, and fuse more, when the newest values are preferred.
    const x = draft.chance(0.5) ? draft.values.at(-1)! : draft.pick(draft.values);
    draft.pick(recipes)(draft, x);
  }
  return pruned(draft);
}

/** Without leaves that nothing uses. */
function pruned({ seed, leaves, nodes }: RandomGraph): RandomGraph {
  const used = new Set(nodes.flatMap((n) => n.inputs));
  return { seed, nodes, leaves: leaves.filter((l) => used.has(l.name)) };
}

/** The results that no node takes. */
export function outputsOf({ nodes }: RandomGraph): readonly Value[] {
  const used = new Set(nodes.flatMap((n) => n.inputs));
  return nodes.flatMap((n) => n.results).filter((v) => !used.has(v.name));
}

/** The graph as a model; results of types that few programs take are cast to f32. */
export function modelOf(graph: RandomGraph): Uint8Array {
  const b = new OnnxGraphBuilder({ name: `random-${graph.seed}`, seed: 0, opset: 21, irVersion: 10 });
  for (const { name, type, shape, constant, tensor } of graph.leaves)
    if (constant) b.initializer(name, type, shape, tensor.bytes);
    else b.input(name, type, shape);
  for (const n of graph.nodes)
    b.node('', n.op, n.inputs, { attributes: n.attributes, outputs: n.results.map((r) => r.name) });
  for (const { name, type, shape } of outputsOf(graph))
    if (canBeLeaf(type)) b.output(name, type, shape);
    else {
      b.node('', 'Cast', [name], { attributes: { to: int(1) }, output: `${name}.f32` });
      b.output(`${name}.f32`, 'f32', shape);
    }
  return b.build();
}
export const inputsOf = ({ leaves }: RandomGraph): Record<string, HostTensor> =>
  Object.fromEntries(leaves.filter((l) => !l.constant).map((l) => [l.name, l.tensor]));

/**
 * Graphs with one node less: without one whose results are outputs, or with inputs in place of a node's results. Those
 * that drop most come first.
 */
export function smallerGraphs(graph: RandomGraph): readonly RandomGraph[] {
  const { seed, leaves, nodes } = graph;
  return [...nodes.keys()].reverse().flatMap((at) => {
    const { results } = nodes[at]!;
    const rest = nodes.filter((_, i) => i !== at);
    const used = new Set(rest.flatMap((n) => n.inputs));
    const needed = results.filter((r) => used.has(r.name));
    if (rest.length === 0 || !needed.every((r) => canBeLeaf(r.type))) return [];
    const replaced = needed.map((r) => leafOf(seed, r, false));
    return [pruned({ seed, nodes: rest, leaves: [...leaves, ...replaced] })];
  });
}

/** The graph for people: a line per leaf and node. */
export function textOf({ seed, leaves, nodes }: RandomGraph): string {
  const typed = (v: Value): string => `${v.name}: ${v.type}[${v.shape.join(', ')}]`;
  return [
    `seed ${seed}`,
    ...leaves.map((l) => `  ${l.constant ? 'constant' : 'input'} ${typed(l)} in [${l.low}, ${l.high}]`),
    ...nodes.map((n) => {
      const attributes = Object.entries(n.attributes).map(
        ([key, a]) => ` ${key}=${a.kind === 'tensor' ? 'tensor' : String(a.value)}`,
      );
      return `  ${n.results.map(typed).join(', ')} = ${n.op}(${n.inputs.join(', ')})${attributes.join('')}`;
    }),
  ].join('\n');
}
