/** The states of a module over a pipeline, kept in parts; a snapshot or text of one is put together when it is asked for. */
import { mapAlias } from '../printer/marks';
import type { FunctionRange, IrSnapshot } from './snapshot';
import type { SnapshotPart, SnapshotState } from './snapshotParts';
import { countUpTo, Interner } from './numbering';

/** Snapshots by hash. `states` is all of it as plain data; parts that several states have in common are one object. */
export class SnapshotStates implements ReadonlyMap<string, IrSnapshot> {
  readonly #made = new Map<string, IrSnapshot>();
  constructor(readonly states: Map<string, SnapshotState> = new Map()) {}

  add(state: SnapshotState): void {
    this.states.set(state.hash, state);
    this.#made.delete(state.hash);
  }
  clear(): void {
    this.states.clear();
    this.#made.clear();
  }
  /** The text alone, which costs less. */
  text(hash: string): string | undefined {
    const state = this.states.get(hash);
    return state === undefined ? undefined : (this.#made.get(hash)?.text ?? new Assembly(state).text());
  }

  get size(): number {
    return this.states.size;
  }
  has(hash: string): boolean {
    return this.states.has(hash);
  }
  get(hash: string): IrSnapshot | undefined {
    const state = this.states.get(hash);
    if (state === undefined) return undefined;
    let made = this.#made.get(hash);
    if (made === undefined) {
      made = assembleSnapshot(state);
      this.#made.set(hash, made);
    }
    return made;
  }
  forEach(visit: (snapshot: IrSnapshot, hash: string, map: ReadonlyMap<string, IrSnapshot>) => void): void {
    for (const [hash, snapshot] of this) visit(snapshot, hash, this);
  }
  keys(): MapIterator<string> {
    return this.states.keys();
  }
  *values(): MapIterator<IrSnapshot> {
    for (const hash of this.states.keys()) yield this.get(hash)!;
  }
  *entries(): MapIterator<[string, IrSnapshot]> {
    for (const hash of this.states.keys()) yield [hash, this.get(hash)!];
  }
  [Symbol.iterator](): MapIterator<[string, IrSnapshot]> {
    return this.entries();
  }
}

export const assembleSnapshot = (state: SnapshotState): IrSnapshot => new Assembly(state).snapshot();

/** Functions of a state, each with what is equal where its text is. */
export function functionTexts({ frame, at, parts }: SnapshotState): ReadonlyMap<string, string> {
  return new Map(
    at === undefined
      ? frame.functions.map((f) => [f.symbol, frame.text.slice(f.start, f.end)])
      : parts.flatMap((p) => p.functions.map((f) => [f.symbol, p.hash] as const)),
  );
}

const between = '\n  ';

class Assembly {
  readonly #chunks: string[] = [];
  #length = 0;
  readonly #aliases = new Interner();

  constructor(readonly state: SnapshotState) {
    for (const part of [state.frame, ...state.parts]) for (const map of part.maps) this.#aliases.add(map);
  }

  text(): string {
    this.#write(undefined);
    return this.#chunks.join('');
  }

  snapshot(): IrSnapshot {
    const { state } = this;
    const merged = new Merged(state.opCount);
    this.#write(merged);
    return {
      hash: state.hash,
      text: this.#chunks.join(''),
      spans: merged.spans,
      nameOf: merged.nameOf,
      opNames: merged.names.items,
      nodesOf: merged.nodesOf,
      nodeSets: merged.nodeSets,
      symbolOf: merged.symbolOf,
      symbols: merged.symbols.items,
      functions: merged.functions,
      opCount: state.opCount,
      dialects: merged.dialects(),
    };
  }

  #write(merged: Merged | undefined): void {
    const { frame, at, parts } = this.state;
    this.#aliases.items.forEach((map, i) => {
      this.#add(`${mapAlias(i)} = ${map}\n`);
    });
    const start = this.#length;
    if (at === undefined) {
      const place = this.#part(frame);
      merged?.add(frame, place);
    } else {
      // The frame of a module is its first line and its last.
      const [head, tail] = [frame.text.slice(0, at), frame.text.slice(at + 1)];
      this.#part({ ...frame, text: head });
      // Its only op begins the text, and ends it.
      merged?.add(frame, () => start);
      parts.forEach((part, i) => {
        this.#add(i === 0 ? '  ' : between);
        const place = this.#part(part);
        merged?.add(part, place);
      });
      this.#add(`\n${tail}`);
      merged?.end(0, this.#length);
    }
    this.#add('\n');
  }

  /** Adds the text with the aliases that its maps have here; says where an offset in it comes to be. */
  #part({ text, holes, maps }: SnapshotPart): (offset: number) => number {
    const start = this.#length;
    if (holes.length === 0) {
      this.#add(text);
      return (offset) => start + offset;
    }
    const aliases = maps.map((map) => mapAlias(this.#aliases.add(map)));
    // Length of the aliases up to each hole.
    const added = new Int32Array(holes.length / 2 + 1);
    let from = 0;
    for (let i = 0; i < holes.length / 2; i++) {
      const alias = aliases[holes[2 * i + 1]!]!;
      this.#add(text.slice(from, holes[2 * i]));
      this.#add(alias);
      from = holes[2 * i]!;
      added[i + 1] = added[i]! + alias.length;
    }
    this.#add(text.slice(from));
    return (offset) => start + offset + added[countUpTo(holes, 2, offset)]!;
  }
  #add(text: string): void {
    this.#chunks.push(text);
    this.#length += text.length;
  }
}

/** What the parts say, by the numbers of the whole. */
class Merged {
  readonly spans: Int32Array;
  readonly nameOf: Uint16Array;
  readonly nodesOf: Uint32Array;
  readonly symbolOf: Uint32Array;
  readonly names = new Interner();
  readonly symbols = new Interner();
  readonly nodeSets: (readonly string[])[] = [];
  readonly functions: FunctionRange[] = [];
  readonly #sets = new Interner();
  readonly #counts: number[] = [];
  #at = 0;

  constructor(count: number) {
    this.spans = new Int32Array(3 * count);
    this.nameOf = new Uint16Array(count);
    this.nodesOf = new Uint32Array(count);
    this.symbolOf = new Uint32Array(count);
  }

  add(part: SnapshotPart, place: (offset: number) => number): void {
    const names = part.opNames.map((name) => this.names.add(name));
    const symbols = part.symbols.map((symbol) => this.symbols.add(symbol));
    const sets = part.nodeSets.map((nodes) => {
      const set = this.#sets.add(nodes.join('\0'));
      if (set === this.nodeSets.length) this.nodeSets.push(nodes);
      return set;
    });
    part.counts.forEach((n, i) => (this.#counts[names[i]!] = (this.#counts[names[i]!] ?? 0) + n));
    const first = this.#at;
    const n = part.nameOf.length;
    for (let i = 0; i < n; i++) {
      const to = first + i;
      this.spans[3 * to] = place(part.spans[3 * i]!);
      this.spans[3 * to + 1] = place(part.spans[3 * i + 1]!);
      this.spans[3 * to + 2] = part.spans[3 * i + 2]!;
      this.nameOf[to] = names[part.nameOf[i]!]!;
      this.nodesOf[to] = sets[part.nodesOf[i]!]!;
      this.symbolOf[to] = symbols[part.symbolOf[i]!]!;
    }
    for (const f of part.functions) this.functions.push({ ...f, start: place(f.start), end: place(f.end) });
    this.#at += n;
  }
  /** The end of a span that was not known when its part was added. */
  end(span: number, offset: number): void {
    this.spans[3 * span + 1] = offset;
  }
  dialects(): Record<string, number> {
    const dialects: Record<string, number> = {};
    this.names.items.forEach((name, i) => {
      const dialect = name.slice(0, Math.max(0, name.indexOf('.')));
      dialects[dialect] = (dialects[dialect] ?? 0) + this.#counts[i]!;
    });
    return dialects;
  }
}
