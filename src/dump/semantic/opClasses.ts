/**
 * Numbers that say which ops of two graphs are alike: what an op says itself, all that it is computed from, all that it is
 * used for, and its near neighbours. Equal facts have equal numbers; others differ but for one case in 2⁵³.
 */
import type { GraphOp, OpGraph } from './opGraph';

/** Hashes numbers and texts to 53 bits, in two lanes of 32. */
class Hash {
  #a = 0;
  #b = 0;

  start(kind: number): this {
    this.#a = Math.imul(kind, 0x9e3779b1);
    this.#b = Math.imul(kind, 0x85ebca6b) ^ 0x27d4eb2f;
    return this;
  }
  /** A number below 2⁵³. */
  number(n: number): this {
    this.#word(n | 0);
    if (n > 0x7fffffff || n < 0) this.#word((n / 0x1_0000_0000) | 0);
    return this;
  }
  text(text: string): this {
    for (let i = 0; i < text.length; i++) this.#word(text.charCodeAt(i));
    this.#word(0x10000);
    return this;
  }
  get value(): number {
    const a = Math.imul(this.#a ^ (this.#a >>> 15), 0x2c1b3c6d);
    const b = Math.imul(this.#b ^ (this.#b >>> 13), 0x297a2d39);
    return ((a ^ (a >>> 16)) >>> 0) * 0x20_0000 + ((b ^ (b >>> 16)) >>> 11);
  }
  #word(w: number): void {
    this.#a = Math.imul(this.#a ^ w, 0x01000193);
    this.#a ^= this.#a >>> 17;
    this.#b = Math.imul(((this.#b << 5) | (this.#b >>> 27)) ^ w, 0xc2b2ae35);
  }
}

/** Joins two classes in one. */
export const joined = (x: number, y: number): number => new Hash().start(9).number(x).number(y).value;

export interface OpClasses {
  /** Name, attributes and types. */
  readonly own: Float64Array;
  readonly name: Float64Array;
  /** `own`, symbols, operands with all that they come from, and the bodies of regions. */
  readonly computed: Float64Array;
  /** `own` and all that the results are used for. */
  readonly used: Float64Array;
  /** `own` and that of the ops one step up and down. */
  readonly near: Float64Array;
  /** Leaves of the location; 0 for none. */
  readonly location: Float64Array;
}

/** `symbolOf` maps symbols of this graph to those of the other, so that a renamed one stays itself. */
export function classesOf(graph: OpGraph, symbolOf: (symbol: string) => string = (s) => s): OpClasses {
  const hash = new Hash();
  const texts = new Map<string, number>();
  const textClass = (text: string): number => {
    let known = texts.get(text);
    if (known === undefined) texts.set(text, (known = hash.start(1).text(text).value));
    return known;
  };
  const each = (classOf: (op: GraphOp) => number): Float64Array => classesBy(graph, classOf);
  const name = each((op) => textClass(op.name));
  const own = each((op) => {
    const [attributes, types] = [textClass(op.attributes), textClass(op.types)];
    return hash.start(2).number(name[op.index]!).number(attributes).number(types).value;
  });
  const location = each((op) => {
    if (op.locations.length === 0) return 0;
    hash.start(3);
    for (const leaf of op.locations) hash.text(leaf);
    return hash.value;
  });
  return {
    own,
    name,
    location,
    computed: computedClasses(graph, own, name, (s) => textClass(symbolOf(s))),
    used: usedClasses(graph, own),
    near: nearClasses(graph, own),
  };
}

function classesBy(graph: OpGraph, classOf: (op: GraphOp) => number): Float64Array {
  const classes = new Float64Array(graph.ops.length);
  for (const op of graph.ops) classes[op.index] = classOf(op);
  return classes;
}

function computedClasses(
  graph: OpGraph,
  own: Float64Array,
  name: Float64Array,
  symbolClass: (symbol: string) => number,
): Float64Array {
  const { ops, values } = graph;
  const computed = new Float64Array(ops.length);
  const hash = new Hash();
  const visit = (op: GraphOp): void => {
    for (const child of op.children) visit(ops[child]!);
    hash.start(4).number(own[op.index]!);
    for (const v of op.operands) {
      if (v < 0) {
        hash.number(-1);
        continue;
      }
      const { op: from, number, argument } = values[v]!;
      // An argument is known by its place: the op around it is known only when all in it is.
      if (argument) hash.number(1).number(name[from]!);
      else if (computed[from] === 0) hash.number(2).number(own[from]!);
      else hash.number(3).number(computed[from]!);
      hash.number(number);
    }
    for (const s of op.symbolUses) hash.number(4).number(symbolClass(s));
    for (const child of op.children) {
      const { region, block } = ops[child]!;
      hash.number(5).number(region).number(block).number(computed[child]!);
    }
    computed[op.index] = hash.value;
  };
  for (const root of graph.roots) visit(ops[root]!);
  return computed;
}

function usedClasses(graph: OpGraph, own: Float64Array): Float64Array {
  const { ops, values } = graph;
  const used = new Float64Array(ops.length);
  const hash = new Hash();
  for (let i = ops.length - 1; i >= 0; i--) {
    const uses: number[] = [];
    ops[i]!.results.forEach((v, number) => {
      for (const use of values[v]!.uses)
        uses.push(
          hash
            .start(5)
            .number(number)
            .number(use.operand)
            .number(used[use.op] === 0 ? own[use.op]! : used[use.op]!).value,
        );
    });
    if (uses.length > 1) uses.sort((x, y) => x - y);
    hash.start(6).number(own[i]!);
    for (const use of uses) hash.number(use);
    used[i] = hash.value;
  }
  return used;
}

function nearClasses(graph: OpGraph, own: Float64Array): Float64Array {
  const { values } = graph;
  const hash = new Hash();
  return classesBy(graph, (op) => {
    const uses: number[] = [];
    for (const v of op.results)
      for (const u of values[v]!.uses) uses.push(hash.start(7).number(own[u.op]!).number(u.operand).value);
    if (uses.length > 1) uses.sort((a, b) => a - b);
    hash.start(8).number(own[op.index]!);
    for (const v of op.operands) hash.number(v < 0 ? 0 : own[values[v]!.op]!);
    hash.number(-2);
    for (const use of uses) hash.number(use);
    return hash.value;
  });
}
