/**
 * IR text of any dialect as a graph: ops with what they say, the values between them and where they come from, by number.
 * The semantic diff, the life of an op and the graph view read it.
 */
import { parseStructure } from '../structure/parseStructure';
import type {
  Structure,
  StructureBlock,
  StructureOp,
  TextRange,
  ValueDefinition,
} from '../structure/structure';
import { qualifiedName } from '../structure/structure';
import { LocationLeaves } from './locationLeaves';

export interface GraphOp {
  /** Position in `OpGraph.ops`. */
  readonly index: number;
  /** With its dialect, also where the text leaves that out. */
  readonly name: string;
  /** The op around it, or -1. */
  readonly parent: number;
  /** Region of the parent, and block of that region; 0 for ops of the text itself. */
  readonly region: number;
  readonly block: number;
  /** Ops right below it, in order of the text. */
  readonly children: readonly number[];
  /** After the last op below it: those are `index + 1` to `end`. */
  readonly end: number;
  /** Values in the order of the text; -1 for a name that the text does not define. */
  readonly operands: readonly number[];
  readonly results: readonly number[];
  /** Arguments of the blocks of its regions. */
  readonly arguments: readonly number[];
  /** What the op says besides: names of values, symbols and locations masked, aliases expanded. */
  readonly attributes: string;
  /** After its last `:`, masked likewise. */
  readonly types: string;
  readonly symbol: string | undefined;
  /** Symbols that it refers to, with `@`. */
  readonly symbolUses: readonly string[];
  /** Where it comes from: `"f.py":12:3`, `"name"(…)`; fused and inlined locations count as their parts. */
  readonly locations: readonly string[];
  readonly source: StructureOp;
}

export interface GraphValue {
  /** The op that computes it, or in whose region it is an argument. */
  readonly op: number;
  /** Among the results of the op or the arguments of its regions. */
  readonly number: number;
  readonly argument: boolean;
  /** As written, with `%` and the number of the result: `%5`, `%5#1`. */
  readonly name: string;
  readonly uses: readonly ValueUseAt[];
}

export interface ValueUseAt {
  readonly op: number;
  /** Among the operands of the op. */
  readonly operand: number;
}

export interface OpGraph {
  readonly text: string;
  readonly structure: Structure;
  /** Parents before their children, in order of the text. */
  readonly ops: readonly GraphOp[];
  readonly values: readonly GraphValue[];
  /** Ops that are in no other. */
  readonly roots: readonly number[];
}

/** `locationsOf` says where ops come from when the text does not. */
export const opGraph = (text: string, locationsOf?: (op: StructureOp) => readonly string[]): OpGraph =>
  new GraphBuilder(text, parseStructure(text), locationsOf).build();

/** The innermost op at an offset of the text, or undefined. */
export function opAtOffset(graph: OpGraph, offset: number): GraphOp | undefined {
  let found: GraphOp | undefined;
  let candidates = graph.roots;
  for (;;) {
    const next = candidates.find((i) => {
      const { start, end } = graph.ops[i]!.source;
      return start <= offset && offset <= end;
    });
    if (next === undefined) return found;
    found = graph.ops[next]!;
    candidates = found.children;
  }
}

/** `%5 = linalg.matmul`, `func.func @main`: short, for lists. */
export function opLabel(graph: OpGraph, index: number): string {
  const op = graph.ops[index]!;
  const results = op.source.results.map((r) => (r.count > 1 ? `${r.name}:${r.count}` : r.name)).join(', ');
  const symbol = op.symbol === undefined ? '' : ` @${op.symbol}`;
  return `${results === '' ? '' : `${results} = `}${op.name}${symbol}`;
}

/** Computes from nothing. */
export const isConstant = (op: GraphOp): boolean =>
  op.operands.length === 0 && op.children.length === 0 && op.results.length > 0 && op.symbol === undefined;

/** Constants that were taken in or made on the way come after what computes. */
export const workFirst = (graph: OpGraph, ops: readonly number[]): readonly number[] =>
  [...ops].sort((a, b) => Number(isConstant(graph.ops[a]!)) - Number(isConstant(graph.ops[b]!)));

/** Writable while the graph is built. */
type Draft<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Names in force within a region. */
class Names {
  readonly #values = new Map<string, number>();
  constructor(readonly outer: Names | undefined) {}
  set(name: string, first: number): void {
    this.#values.set(name, first);
  }
  get(name: string): number | undefined {
    return this.#values.get(name) ?? this.outer?.get(name);
  }
}

/** Stands for every list without members. */
const none: never[] = [];

/** A piece of an op's text with what stands for it. */
interface Cut extends TextRange {
  readonly text: string;
}

class GraphBuilder {
  readonly #ops: Draft<GraphOp>[] = [];
  readonly #values: Draft<GraphValue>[] = [];
  readonly #aliases = new Map<string, string>();
  readonly #leaves: LocationLeaves;
  readonly #texts = new Map<string, string>();

  constructor(
    readonly text: string,
    readonly structure: Structure,
    readonly locationsOf: ((op: StructureOp) => readonly string[]) | undefined,
  ) {
    for (const a of structure.aliases) this.#aliases.set(a.name, text.slice(a.body.start, a.body.end));
    this.#leaves = new LocationLeaves(this.#aliases);
    this.#expandAliases();
  }

  build(): OpGraph {
    const names = new Names(undefined);
    this.#define(this.structure.ops, names);
    const roots = this.structure.ops.map((op) => this.#op(op, -1, 0, 0, names));
    return { text: this.text, structure: this.structure, ops: this.#ops, values: this.#values, roots };
  }

  /** Aliases refer to aliases; what is too deep stays as it is. */
  #expandAliases(): void {
    const expand = (text: string, depth: number): string =>
      text.replace(/[#!][A-Za-z_][\w$]*(?![\w$]*\.[A-Za-z_])/g, (name) => {
        const body = this.#aliases.get(name);
        return body === undefined || depth > 20 ? name : expand(body, depth + 1);
      });
    const used = this.structure.aliases.filter(
      (a) => !this.text.startsWith('loc(', a.body.start) && !/^#loc\d*$/.test(a.name),
    );
    for (const { name } of used) this.#aliases.set(name, expand(this.#aliases.get(name)!, 0));
  }

  #value(definition: ValueDefinition, number: number, op: number, argument: boolean): number {
    const { name } = definition;
    this.#values.push({ op, number, argument, name, uses: [] });
    return this.#values.length - 1;
  }

  /** Makes values of all results in a list of ops: uses may come before definitions in other blocks. */
  #define(ops: readonly StructureOp[], names: Names): void {
    for (const op of ops) {
      let number = 0;
      for (const result of op.results) {
        names.set(result.name, this.#values.length);
        const count = Math.min(Math.max(1, result.count), MOST_RESULTS);
        for (let i = 0; i < count; i++) {
          const value = this.#value(result, number++, -1, false);
          if (count > 1) this.#values[value]!.name = `${result.name}#${i}`;
        }
      }
    }
  }

  #op(op: StructureOp, parent: number, region: number, block: number, names: Names): number {
    const index = this.#ops.length;
    const results: number[] = op.results.length === 0 ? none : [];
    for (const result of op.results) {
      const first = names.get(result.name)!;
      const count = Math.min(Math.max(1, result.count), MOST_RESULTS);
      for (let i = 0; i < count; i++) {
        // A name that is defined twice, in damaged text, belongs to the first.
        if (this.#values[first + i]!.op >= 0) continue;
        this.#values[first + i]!.op = index;
        results.push(first + i);
      }
    }
    const operands = op.operands.map((use, operand) => {
      const first = names.get(use.name);
      if (first === undefined) return -1;
      const value = first + (use.resultNumber ?? 0);
      const found = this.#values[value];
      if (
        found === undefined ||
        (use.resultNumber !== undefined && found.name !== `${use.name}#${use.resultNumber}`)
      )
        return -1;
      found.uses.push({ op: index, operand });
      return value;
    });
    const { attributes, types } = this.#said(op);
    const draft: Draft<GraphOp> = {
      index,
      name: qualifiedName(op.name),
      parent,
      region,
      block,
      children: none,
      end: index + 1,
      operands,
      results,
      arguments: none,
      attributes,
      types,
      symbol: op.symbol?.name,
      symbolUses: op.symbolUses.length === 0 ? none : op.symbolUses.map((s) => s.name),
      locations: (this.locationsOf?.(op) ?? this.#locations(op)) as string[],
      source: op,
    };
    this.#ops.push(draft);
    for (const [number, r] of op.regions.entries()) {
      if (draft.children.length === 0) [draft.children, draft.arguments] = [[], []];
      this.#region(draft, r.blocks, number, new Names(names));
    }
    draft.end = this.#ops.length;
    return index;
  }

  #locations({ location }: StructureOp): readonly string[] {
    if (location === undefined) return none;
    return this.#leaves.of(this.text.slice(location.start + 4, location.end - 1));
  }

  #region(owner: Draft<GraphOp>, blocks: readonly StructureBlock[], region: number, names: Names): void {
    for (const block of blocks) {
      for (const argument of block.arguments) {
        const value = this.#value(argument, owner.arguments.length, owner.index, true);
        names.set(argument.name, value);
        owner.arguments.push(value);
      }
      this.#define(block.ops, names);
    }
    blocks.forEach((block, number) => {
      for (const op of block.ops) owner.children.push(this.#op(op, owner.index, region, number, names));
    });
  }

  /** The text of an op without names, regions and location, split at its types. */
  #said(op: StructureOp): { attributes: string; types: string } {
    const cuts: Cut[] = [];
    const cut = (range: TextRange, text: string): void => {
      cuts.push({ start: range.start, end: range.end, text });
    };
    for (const o of op.operands) cut(o, '%');
    for (const s of op.successors) cut(s, '^');
    for (const s of op.symbolUses) cut(s, '@');
    if (op.symbol !== undefined) cut(op.symbol, '@');
    for (const h of op.hashUses) {
      const body = this.#aliases.get(h.name);
      if (body !== undefined) cut(h, body);
    }
    for (const r of op.regions) {
      cut(r, '{}');
      for (const b of r.blocks) for (const a of b.arguments) if (a.start < r.start) cut(a, '%');
    }
    if (op.location !== undefined) cut(op.location, '');
    cuts.sort((a, b) => a.start - b.start);
    const typesStart = op.typesStart ?? op.end;
    let attributes = '';
    let types = '';
    let at = op.nameRange.end;
    const add = (end: number): void => {
      if (at < typesStart) attributes += this.text.slice(at, Math.min(end, typesStart));
      if (end > typesStart) types += this.text.slice(Math.max(at, typesStart), end);
      at = end;
    };
    for (const c of cuts) {
      if (c.start < at) continue;
      add(c.start);
      if (at < typesStart) attributes += c.text;
      else types += c.text;
      at = c.end;
    }
    if (at < op.end) add(op.end);
    return { attributes: this.#once(squeezed(attributes)), types: this.#once(squeezed(types)) };
  }
  /** Ops of one text say much the same: each text is kept once. */
  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}

/** Of one name, `%0:2`; more is damaged text. */
const MOST_RESULTS = 1 << 16;

const squeezed = (text: string): string =>
  (/\s{2}|[\n\t\r]/.test(text) ? text.replace(/\s+/g, ' ') : text).trim();
