/**
 * The text of a module in parts, one for each op of its body: a pass that changes some functions has only their text
 * printed, and what it leaves as it was is kept once. `snapshotStates.ts` puts parts together.
 */
import { createHash } from 'node:crypto';
import type { ModelNode } from '../location';
import { modelNodesOf } from '../location';
import type { Operation } from '../operation';
import type { PrintedIr } from '../printer/printer';
import { childMark, mapMark } from '../printer/marks';
import { printWithSpans } from '../printer/printer';
import { countUpTo, Interner } from './numbering';
import type { FunctionRange, IrSnapshot } from './snapshot';

/** The text of an op with its regions, and what a snapshot says of it, without what depends on its neighbours. Plain data. */
export interface SnapshotPart extends Omit<IrSnapshot, 'opCount' | 'dialects'> {
  /** Without the aliases of affine maps. Offsets are in this text. */
  readonly text: string;
  /** Where aliases stand: pairs (offset in the text, index into `maps`). */
  readonly holes: Int32Array;
  /** Texts of the affine maps that have aliases, in order of appearance. */
  readonly maps: readonly string[];
  /** Ops by name, as in `opNames`. */
  readonly counts: readonly number[];
}

/** A module at one time. */
export interface SnapshotState {
  /** Equal for equal texts. */
  readonly hash: string;
  /** What stands around the parts; all of the text where there are none. */
  readonly frame: SnapshotPart;
  /** Offset in the frame at which the parts stand; undefined where the module does not fall into parts. */
  readonly at: number | undefined;
  readonly parts: readonly SnapshotPart[];
  /** Ops that the text shows. */
  readonly opCount: number;
}

/** Parts of a module that is changed from time to time. */
export class SnapshotParts {
  readonly #known = new Map<Operation, SnapshotPart>();
  constructor(readonly module: Operation) {}

  /** Has the text of an op of the module's body printed anew when it is next asked for. */
  forget(op: Operation): void {
    this.#known.delete(op);
  }
  forgetAll(): void {
    this.#known.clear();
  }

  /** The module as it is now. */
  state(): SnapshotState {
    const { module } = this;
    const ops = module.regions[0]?.blocks[0]?.ops ?? [];
    const divided = ops.length > 0 && module.regions[0]!.blocks.length === 1 && ops.every(standsAlone);
    const printed = printWithSpans(module, { part: { indent: 0, frame: divided } });
    const slot = divided ? printed.text.indexOf(childMark) : -1;
    const frame = partOf(printed, module);
    if (slot < 0) {
      this.#known.clear();
      return { hash: frame.hash, frame, at: undefined, parts: [], opCount: frame.nameOf.length };
    }
    const here = new Set(ops);
    for (const op of this.#known.keys()) if (!here.has(op)) this.#known.delete(op);
    const parts = ops.map((op) => this.#part(op));
    const at = frame.text.indexOf(childMark);
    return {
      hash: digest([frame.hash, ...parts.map((p) => p.hash)]),
      frame,
      at,
      parts,
      opCount: parts.reduce((n, p) => n + p.nameOf.length, frame.nameOf.length),
    };
  }

  #part(op: Operation): SnapshotPart {
    let part = this.#known.get(op);
    if (part === undefined) {
      part = partOf(printWithSpans(op, { part: { indent: 1, frame: false } }), this.module);
      this.#known.set(op, part);
    }
    return part;
  }
}

/** Whether the op prints alike whatever stands beside it: no name in its text is counted over the module. */
const standsAlone = (op: Operation): boolean =>
  op.results.length === 0 &&
  op.operandCount === 0 &&
  op.successors.length === 0 &&
  (op.regions.length === 0 ||
    (op.definition?.traits.has('isolated') === true && op.definition.assembly !== undefined));

const digest = (texts: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex');
};

const noHoles = new Int32Array(0);

/** Of a printed op of the module's body, or of the module. */
function partOf(printed: PrintedIr, module: Operation): SnapshotPart {
  const { maps, spans } = printed;
  const { text, holes, place } = withoutMaps(printed);
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
    const { op } = spans[i]!;
    const start = place(spans[i]!.start);
    const end = place(spans[i]!.end);
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
  return {
    hash: digest([text, holes.join(), ...maps]),
    text,
    holes,
    maps,
    spans: ranges,
    nameOf,
    opNames: names.items,
    nodesOf,
    nodeSets,
    symbolOf,
    symbols: symbols.items,
    functions,
    counts,
  };
}

/** The text with holes in place of maps, and where an offset in the printed text is in it. */
function withoutMaps({ text, maps }: PrintedIr): {
  readonly text: string;
  readonly holes: Int32Array;
  readonly place: (offset: number) => number;
} {
  if (maps.length === 0) return { text, holes: noHoles, place: (offset) => offset };
  // Every other piece is the number of a map.
  const pieces = text.split(mapMark);
  const count = (pieces.length - 1) / 2;
  const holes = new Int32Array(2 * count);
  const ends = new Int32Array(count);
  let before = 0;
  let printed = 0;
  for (let i = 0; i < count; i++) {
    const piece = pieces[2 * i]!.length;
    const number = pieces[2 * i + 1]!;
    before += piece;
    printed += piece + number.length + 2;
    holes[2 * i] = before;
    holes[2 * i + 1] = Number(number);
    ends[i] = printed;
  }
  return {
    text: pieces.filter((_, i) => i % 2 === 0).join(''),
    holes,
    place: (offset) => {
      const passed = countUpTo(ends, 1, offset);
      return passed === 0 ? offset : holes[2 * passed - 2]! + offset - ends[passed - 1]!;
    },
  };
}

/** Those that the text leaves out included. */
function countOps(op: Operation): number {
  let n = 0;
  op.walk(() => n++);
  return n;
}
