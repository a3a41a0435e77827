/**
 * The structure of an edited text from that of the text before: only the function around the edit is parsed. What stands
 * behind it moves. Used by the language server, where large texts change a little at a time.
 */
import { parseFunction } from './parseStructure';
import type {
  AliasDefinition,
  Name,
  Structure,
  StructureBlock,
  StructureOp,
  StructureRegion,
  TextRange,
} from './structure';

const isModule = (op: StructureOp): boolean => /(?:^|\.)module$/.test(op.name);

/** The op around an edit with the modules around it, outermost first. */
interface Place {
  readonly modules: readonly StructureOp[];
  readonly op: StructureOp;
  /** The list that the op is a member of. */
  readonly siblings: readonly StructureOp[];
}

/**
 * `old` is the structure of `before` and is used up: its ranges are moved to where they are in `after`. Undefined where the
 * edit is not within one function, or could reach beyond it; `old` is as it was then.
 */
export function reparse(old: Structure, before: string, after: string): Structure | undefined {
  const [start, end] = changedRange(before, after);
  const delta = after.length - before.length;
  const place = functionAround(old.ops, start, end);
  if (place === undefined) return undefined;
  const { op, modules, siblings } = place;
  const within = (r: TextRange): boolean => r.start >= op.start && r.start < op.end;
  if (old.aliases.some(within)) return undefined;
  const parsed = parseFunction(after.slice(op.start, op.end + delta), modules.length);
  if (parsed === undefined) return undefined;

  const [made] = parsed.ops;
  const shift = (by: number): Mover => new Mover(by);
  const own = shift(op.start);
  own.op(made!);
  const behind = shift(delta);
  // What stands behind the op, in its own list and in those of the modules around it.
  const at = siblings.indexOf(op);
  (siblings as StructureOp[])[at] = made!;
  for (let i = at + 1; i < siblings.length; i++) behind.op(siblings[i]!);
  for (let depth = modules.length - 1; depth >= 0; depth--) {
    const module = modules[depth]!;
    behind.tailOf(module, op.end);
    const around = depth === 0 ? old.ops : blockOf(modules[depth - 1]!, module).ops;
    for (let i = around.indexOf(module) + 1; i < around.length; i++) behind.op(around[i]!);
  }
  for (const alias of old.aliases) if (alias.start >= op.end) behind.alias(alias);
  if (old.resources !== undefined && old.resources.start >= op.end) behind.range(old.resources);
  const skippedBehind = old.skipped.filter((r) => r.start >= op.end);
  for (const r of skippedBehind) behind.range(r);
  for (const r of parsed.skipped) own.range(r);
  const skipped = [...old.skipped.filter((r) => r.end <= op.start), ...parsed.skipped, ...skippedBehind];
  return { ...old, skipped };
}

/** The range of `before` that differs. */
function changedRange(before: string, after: string): readonly [number, number] {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let same = 0;
  while (
    same < most - start &&
    before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)
  )
    same++;
  return [start, before.length - same];
}

/** The outermost op that is no module and holds the range inside of its text. */
function functionAround(ops: readonly StructureOp[], start: number, end: number): Place | undefined {
  const modules: StructureOp[] = [];
  let siblings = ops;
  for (;;) {
    // A value around a function would be known in it.
    if (siblings.some((o) => o.results.length > 0)) return undefined;
    const op = siblings.find((o) => o.start < start && end < o.end);
    if (op === undefined || op.regions.length === 0) return undefined;
    if (!isModule(op)) return start > op.nameRange.end ? { modules, op, siblings } : undefined;
    const block = op.regions.flatMap((r) => r.blocks).find((b) => b.start < start && end < b.end);
    if (block === undefined || op.regions.length !== 1 || block.arguments.length > 0) return undefined;
    modules.push(op);
    siblings = block.ops;
  }
}

const blockOf = (module: StructureOp, op: StructureOp): StructureBlock =>
  module.regions.flatMap((r) => r.blocks).find((b) => b.ops.includes(op))!;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Moves ranges in place. */
class Mover {
  /** Arguments of a header that several regions share. */
  readonly #moved = new Set<Name>();
  constructor(readonly by: number) {}

  range(r: TextRange): void {
    const range = r as Writable<TextRange>;
    range.start += this.by;
    range.end += this.by;
  }
  alias(a: AliasDefinition): void {
    this.range(a);
    this.range(a.nameRange);
    this.range(a.body);
  }
  op(o: StructureOp): void {
    const op = o as Writable<StructureOp>;
    this.range(op);
    this.range(op.nameRange);
    for (const list of [op.results, op.operands, op.successors, op.symbolUses, op.hashUses])
      for (const name of list) this.range(name);
    if (op.symbol !== undefined) this.range(op.symbol);
    if (op.location !== undefined) this.range(op.location);
    if (op.typesStart !== undefined) op.typesStart += this.by;
    for (const region of op.regions) this.#region(region);
  }
  #region(region: StructureRegion): void {
    this.range(region);
    for (const block of region.blocks) this.#block(block);
  }
  #block(block: StructureBlock): void {
    this.range(block);
    if (block.label !== undefined) this.range(block.label);
    for (const argument of block.arguments) {
      if (this.#moved.has(argument)) continue;
      this.#moved.add(argument);
      this.range(argument);
    }
    for (const op of block.ops) this.op(op);
  }
  /** Moves what of a module around an edit stands behind `from`: its end, its location and types, blocks after that of the edit. */
  tailOf(module: StructureOp, from: number): void {
    const op = module as Writable<StructureOp>;
    op.end += this.by;
    for (const list of [op.operands, op.successors, op.symbolUses, op.hashUses])
      for (const name of list) if (name.start >= from) this.range(name);
    if (op.location !== undefined && op.location.start >= from) this.range(op.location);
    if (op.typesStart !== undefined && op.typesStart >= from) op.typesStart += this.by;
    for (const region of op.regions) {
      (region as Writable<StructureRegion>).end += this.by;
      for (const block of region.blocks)
        if (block.start >= from) this.#block(block);
        else if (block.end >= from) (block as Writable<StructureBlock>).end += this.by;
    }
  }
}
