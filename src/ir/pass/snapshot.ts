/**
 * The IR after a pass as text with a map from text to ops, in plain data that can cross threads: what the views,
 * dumps and bisection keep of a pass.
 */
import { createHash } from 'node:crypto';
import type { ModelNode } from '../location';
import { modelNodesOf } from '../location';
import type { Operation } from '../operation';
import { printWithSpans } from '../printer/printer';

/** A symbol of the module with its range of text. */
export interface FunctionRange {
  readonly symbol: string;
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  readonly opCount: number;
}

export interface IrSnapshot {
  /** SHA-256 of the text, hex. */
  readonly hash: string;
  readonly text: string;
  /** Triples (start, end, op id), by start: parents before children. UTF-16 offsets. */
  readonly spans: Int32Array;
  /** Per span: index into `opNames`. */
  readonly nameOf: Uint16Array;
  readonly opNames: readonly string[];
  /** Per span: index into `nodeSets`. */
  readonly nodesOf: Uint32Array;
  /** Distinct lists of model node names; the first is empty. */
  readonly nodeSets: readonly (readonly string[])[];
  /** Per span: index into `symbols` of the enclosing symbol (kernel, dispatch or function). */
  readonly symbolOf: Uint32Array;
  /** The first is empty. */
  readonly symbols: readonly string[];
  readonly functions: readonly FunctionRange[];
  readonly opCount: number;
  /** Ops by dialect. */
  readonly dialects: Readonly<Record<string, number>>;
}

class Interner {
  readonly items: string[] = [];
  readonly #index = new Map<string, number>();
  add(item: string): number {
    let i = this.#index.get(item);
    if (i === undefined) {
      i = this.items.length;
      this.#index.set(item, i);
      this.items.push(item);
    }
    return i;
  }
}

export function snapshotOf(module: Operation): IrSnapshot {
  const { text, spans } = printWithSpans(module);
  const n = spans.length;
  const ranges = new Int32Array(3 * n);
  const nameOf = new Uint16Array(n);
  const nodesOf = new Uint32Array(n);
  const symbolOf = new Uint32Array(n);
  const names = new Interner();
  const symbols = new Interner();
  symbols.add('');
  const sets = new Interner();
  const nodeSets: (readonly string[])[] = [[]];
  sets.add('');
  const functions: FunctionRange[] = [];
  const counts: number[] = [];
  const symbolByOp = new Map<Operation, number>();
  // Lists of nodes are kept per location, so few of them are joined.
  const setOf = new Map<readonly ModelNode[], number>();
  for (let i = 0; i < n; i++) {
    const { op, start, end } = spans[i]!;
    ranges[3 * i] = start;
    ranges[3 * i + 1] = end;
    ranges[3 * i + 2] = op.id;
    const name = names.add(op.name);
    nameOf[i] = name;
    counts[name] = (counts[name] ?? 0) + 1;
    const modelNodes = modelNodesOf(op.location);
    let set = setOf.get(modelNodes);
    if (set === undefined) {
      const nodes = modelNodes.map((x) => x.name);
      set = sets.add(nodes.join('\0'));
      if (set === nodeSets.length) nodeSets.push(nodes);
      setOf.set(modelNodes, set);
    }
    nodesOf[i] = set;
    const own = op === module ? undefined : op.attr('sym_name');
    const symbol = own?.kind === 'string' ? symbols.add(own.value) : (symbolByOp.get(op.parentOp ?? op) ?? 0);
    symbolOf[i] = symbol;
    if (op.regions.length > 0) symbolByOp.set(op, symbol);
    if (own?.kind === 'string' && op.parentOp === module)
      functions.push({ symbol: own.value, start, end, opCount: countOps(op) });
  }
  const dialects: Record<string, number> = {};
  names.items.forEach((name, i) => {
    const dialect = name.slice(0, Math.max(0, name.indexOf('.')));
    dialects[dialect] = (dialects[dialect] ?? 0) + counts[i]!;
  });
  return {
    hash: createHash('sha256').update(text).digest('hex'),
    text,
    spans: ranges,
    nameOf,
    opNames: names.items,
    nodesOf,
    nodeSets,
    symbolOf,
    symbols: symbols.items,
    functions,
    opCount: n,
    dialects,
  };
}

/** Those that the text leaves out included. */
function countOps(op: Operation): number {
  let n = 0;
  op.walk(() => n++);
  return n;
}

/** The innermost span at a text offset: its index, or -1. */
export function spanAt(snapshot: IrSnapshot, offset: number): number {
  let found = -1;
  for (let i = 0; i < snapshot.spans.length / 3; i++) {
    const start = snapshot.spans[3 * i]!;
    if (start > offset) break;
    if (offset < snapshot.spans[3 * i + 1]!) found = i;
  }
  return found;
}
