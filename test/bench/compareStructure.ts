/**
 * Compares what the structural parser finds in a text with what a compiler says of the same text in generic form: per op
 * its name, results and operands. Values are matched by where they are defined, not by name.
 */
import { bindingsOf } from '../../src/dump/structure/bindings';
import { parseStructure } from '../../src/dump/structure/parseStructure';
import type { StructureOp } from '../../src/dump/structure/structure';
import type { GenericOp, GenericRegion } from './genericForm';

export interface Comparison {
  /** Ops of the compiler that the text shows. */
  readonly ops: number;
  /** Of these, those with a mistake; and ops that are none. */
  readonly wrong: readonly string[];
}

/** A value of the generic form. Names come again in other regions, so the scope is part of it. */
type ValueId = string;

interface Resolved {
  readonly op: GenericOp;
  readonly results: readonly ValueId[];
  readonly operands: readonly ValueId[];
  readonly regions: readonly (readonly {
    readonly args: readonly ValueId[];
    readonly ops: readonly Resolved[];
  }[])[];
}

let scopes = 0;
function resolve(
  region: GenericRegion,
  outer: readonly ReadonlyMap<string, ValueId>[],
): Resolved['regions'][number] {
  const own = new Map<string, ValueId>();
  const chain = [own, ...outer];
  const scope = ++scopes;
  const define = (name: string): ValueId => {
    const id = `${scope} ${name}`;
    own.set(name, id);
    return id;
  };
  const defined = region.map((block) => ({
    args: block.args.map(define),
    ops: block.ops.map((op) => ({ op, results: op.results.map(define) })),
  }));
  const find = (name: string): ValueId =>
    chain.map((names) => names.get(name) ?? names.get(`${name}#0`)).find((id) => id !== undefined) ?? name;
  return defined.map(({ args, ops }) => ({
    args,
    ops: ops.map(({ op, results }) => ({
      op,
      results,
      operands: op.operands.map(find),
      regions: op.regions.map((r) => resolve(r, chain)),
    })),
  }));
}

export function compareStructure(source: string, generic: readonly GenericOp[]): Comparison {
  const structure = parseStructure(source);
  const found = structure.ops;
  const [top] = resolve([{ args: [], ops: generic }], []);
  let wanted = top!.ops;
  const only = wanted[0];
  const written = found.length === 1 && /^(?:builtin\.)?module$/.test(found[0]!.name);
  // A file without a module is wrapped in one.
  if (wanted.length === 1 && only?.op.name === 'builtin.module' && !written)
    wanted = only.regions[0]?.flatMap((b) => b.ops) ?? [];
  const comparer = new Comparer(source);
  comparer.block(found, wanted, source);
  comparer.operands(bindingsOf(structure, source).at);
  return { ops: comparer.ops, wrong: [...comparer.wrong.values()] };
}

class Comparer {
  ops = 0;
  /** By op, so that one counts once. */
  readonly wrong = new Map<StructureOp | Resolved, string>();
  /** Value of the generic form → start of its definition in the source, and number of the result. */
  readonly #values = new Map<ValueId, string>();
  readonly #pairs: (readonly [StructureOp, Resolved])[] = [];

  constructor(readonly source: string) {}

  #line(op: StructureOp): string {
    const start = this.source.lastIndexOf('\n', op.nameRange.start) + 1;
    const line = this.source.slice(0, op.nameRange.start).split('\n').length;
    return `${line}: ${this.source
      .slice(start, start + 120)
      .split('\n')[0]!
      .trim()}`;
  }
  #mistake(key: StructureOp | Resolved, what: string, near: StructureOp | undefined): void {
    if (!this.wrong.has(key))
      this.wrong.set(key, near === undefined ? what : `${what} | ${this.#line(near)}`);
  }

  /** `within` is the rest of the region. */
  block(found: readonly StructureOp[], wanted: readonly Resolved[], within: string): void {
    let i = 0;
    for (const [k, want] of wanted.entries()) {
      const { name } = want.op;
      const here = found[i];
      if (here !== undefined && sameName(here.name, name)) {
        this.#op(here, want);
        i++;
        continue;
      }
      // Custom assembly leaves out terminators: what the text of the region does not name.
      const last = k === wanted.length - 1 && i >= found.length && want.op.results.length === 0;
      if (last && !within.includes(shortName(name))) continue;
      // One op too many or too few is one mistake, not the rest of the block.
      const ahead = found.slice(i, i + 4).findIndex((f) => sameName(f.name, name));
      const missing =
        here !== undefined && wanted.slice(k + 1, k + 4).some((w) => sameName(here.name, w.op.name));
      if (ahead > 0 && !missing) {
        for (const extra of found.slice(i, i + ahead)) this.#mistake(extra, `${extra.name} is no op`, extra);
        i += ahead;
        this.#op(found[i]!, want);
        i++;
        continue;
      }
      this.#missed([want], here);
      if (here !== undefined && !missing) {
        this.#mistake(here, `${here.name} is no op`, here);
        i++;
      }
    }
    for (const extra of found.slice(i)) this.#mistake(extra, `${extra.name} is no op`, extra);
  }

  #missed(ops: readonly Resolved[], near: StructureOp | undefined): void {
    for (const op of ops) {
      this.ops++;
      this.#mistake(op, `${op.op.name} not found`, near);
      for (const block of op.regions.flat()) this.#missed(block.ops, near);
    }
  }

  #op(found: StructureOp, want: Resolved): void {
    this.ops++;
    const { name } = want.op;
    const results = found.results.flatMap((r) =>
      Array.from({ length: r.count }, (_, n) => `${r.start}#${n}`),
    );
    // Results that nothing uses need no name.
    if (results.length > 0 && results.length !== want.results.length)
      this.#mistake(found, `${name}: ${results.length} results of ${want.results.length}`, found);
    want.results.forEach((id, n) => this.#values.set(id, results[n] ?? ''));
    this.#pairs.push([found, want]);
    this.#regions(found, want);
  }

  #regions(found: StructureOp, want: Resolved): void {
    const { name } = want.op;
    // A region whose ops the text does not name follows from the op.
    const text = this.source.slice(found.nameRange.end, found.end);
    const says = (region: Resolved['regions'][number]): boolean =>
      region.some((b) => b.ops.some(({ op }) => text.includes(op.name)));
    if (found.regions.length === 0 && (!want.regions.some(says) || hidesBody(name, text))) return;
    // Regions that an op may leave empty need no braces.
    const shown =
      found.regions.length < want.regions.length ? want.regions.filter((g) => g.length > 0) : want.regions;
    const order = inTextOrder(
      shown.map((region) => region.flatMap((b) => b.ops.map(({ op }) => op.name))),
      found.regions.map((region) => region.blocks.flatMap((b) => b.ops.map((op) => op.name))),
    );
    for (const [r, region] of order.map((k) => shown[k]!).entries()) {
      const here = found.regions[r];
      if (here === undefined) {
        if (says(region))
          this.#missed(
            region.flatMap((b) => b.ops),
            found,
          );
        continue;
      }
      const blocks = here.blocks.filter((b) => b.ops.length > 0 || b.arguments.length > 0 || b.label);
      region.forEach((block, b) => {
        const source = blocks[b];
        const args = source?.arguments ?? [];
        if (source !== undefined && args.length !== block.args.length)
          this.#mistake(found, `${name}: ${args.length} arguments of ${block.args.length}`, found);
        const named = inBlockOrder(name, text, args, (arg) =>
          /^\s*=/.test(this.source.slice(arg.end, arg.end + 8)),
        );
        block.args.forEach((id, n) =>
          this.#values.set(id, named[n] === undefined ? '' : `${named[n].start}#0`),
        );
        this.block(source?.ops ?? [], block.ops, this.#tail(here, source?.ops ?? []));
      });
      for (const extra of blocks.slice(region.length).flatMap((b) => b.ops))
        this.#mistake(extra, `${extra.name} is no op`, extra);
    }
    for (const extra of found.regions.slice(shown.length).flatMap((g) => g.blocks.flatMap((b) => b.ops)))
      this.#mistake(extra, `${extra.name} is no op`, extra);
  }

  /** What a region says after the last op that was found in it. */
  #tail(region: StructureOp['regions'][number], ops: readonly StructureOp[]): string {
    return this.source.slice(ops[ops.length - 1]?.end ?? region.start, region.end);
  }

  operands(bindings: ReturnType<typeof bindingsOf>['at']): void {
    for (const [found, want] of this.#pairs) {
      const { name } = want.op;
      const expected = want.operands.map((id) => this.#values.get(id) ?? id);
      const actual = found.operands
        .filter((use) => use.tied !== true)
        .map((use) => {
          const start = bindings.get(use.start)?.definition.start;
          return start === undefined ? use.name : `${start}#${use.resultNumber ?? 0}`;
        });
      // Affine maps of an op use each value once, however often the text does.
      const list = (values: readonly string[]): string =>
        (name.startsWith('affine.') ? [...new Set(values)] : [...values]).sort().join(' ');
      if (list(expected) !== list(actual))
        this.#mistake(found, `${name}: operands ${actual.length} of ${expected.length}`, found);
    }
  }
}

/** `count(…) {…} condition(…) {…}`: an op may write its regions in another order than it has them. */
function inTextOrder(
  wanted: readonly (readonly string[])[],
  found: readonly (readonly string[])[],
): number[] {
  const inOrder = wanted.map((_, k) => k);
  if (wanted.length < 2 || wanted.length !== found.length) return inOrder;
  const fits = (names: readonly string[], k: number): boolean =>
    names.length === wanted[k]!.length && names.every((name, i) => sameName(name, wanted[k]![i]!));
  if (found.every((names, k) => fits(names, k))) return inOrder;
  const rest = new Set(inOrder);
  const order: number[] = [];
  for (const names of found) {
    const k = [...rest].find((r) => fits(names, r));
    if (k === undefined) return inOrder;
    rest.delete(k);
    order.push(k);
  }
  return order;
}

/**
 * `reducer(%a0, %b0) (%a1, %b1)` writes arguments by pair, and the block has those of all inputs first;
 * `blocks(%bx) in (%gx = %a) threads(…)` writes sizes between, and the block has them last.
 */
function inBlockOrder<T extends { readonly end: number }>(
  name: string,
  text: string,
  args: readonly T[],
  isAssigned: (arg: T) => boolean,
): readonly T[] {
  if (name === 'gpu.launch')
    return [...args.filter((arg) => !isAssigned(arg)), ...args.filter((arg) => isAssigned(arg))];
  if (name !== 'stablehlo.reduce' || !/\breducer\(/.test(text)) return args;
  return [...args.filter((_, i) => i % 2 === 0), ...args.filter((_, i) => i % 2 === 1)];
}

const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
const sameName = (written: string, full: string): boolean => written === full || full.endsWith(`.${written}`);
/** `linalg.map { arith.addf } ins(…)` and `reduce(…) applies stablehlo.add` name the op of a body without writing it. */
const hidesBody = (name: string, text: string): boolean =>
  /\bapplies [\w.]+ /.test(text) ||
  (/^linalg\./.test(name) && /^\s*\{\s*[\w.]+\s*(?:\{[^{}]*\}\s*)?\}/.test(text));
