/**
 * Which definition each name of a structure refers to: values and blocks by region, symbols by the tables around, aliases
 * by file. Files that hold several (`// -----`) are several scopes. What is defined nowhere has no binding.
 */
import type { Name, Structure, StructureOp, StructureRegion, TextRange, ValueDefinition } from './structure';

export type BindingKind = 'value' | 'argument' | 'block' | 'symbol' | 'alias';

/** A definition with what refers to it. */
export interface Binding {
  readonly kind: BindingKind;
  /** As written: `%0`, `^bb1`, `@f`, `#map`. Of a symbol in a string (`sym_name = "f"`) the quotes are not part of it. */
  readonly definition: TextRange & { readonly name: string };
  /** In the order of the text; of `@a::@b` the part that names it. */
  readonly uses: readonly Name[];
  /** The op that defines it as a result or symbol, or whose region has it as argument or block. */
  readonly op?: StructureOp;
}

export interface Bindings {
  readonly all: readonly Binding[];
  /** By the start of a definition or use. */
  readonly at: ReadonlyMap<number, Binding>;
  /** Symbols that are used and not defined in the text. */
  readonly unresolvedSymbols: readonly Name[];
}

interface Draft extends Binding {
  readonly uses: Name[];
}

class Scope {
  readonly values = new Map<string, Draft>();
  readonly blocks = new Map<string, Draft>();
  constructor(readonly parent: Scope | undefined) {}
  value(name: string): Draft | undefined {
    return this.values.get(name) ?? this.parent?.value(name);
  }
  block(name: string): Draft | undefined {
    return this.blocks.get(name) ?? this.parent?.block(name);
  }
}

/** Symbols of the regions of one op. */
class SymbolTable {
  readonly own = new Map<string, { readonly draft: Draft; readonly inner: SymbolTable }>();
  constructor(readonly parent: SymbolTable | undefined) {}
}

/** Offsets of lines that split a file into several: `// -----`. */
export function splitOffsets(text: string): number[] {
  return [...text.matchAll(/^\/\/ -{5}\s*$/gm)].map((m) => m.index);
}

export function bindingsOf(structure: Structure, text: string): Bindings {
  const splits = splitOffsets(text);
  const binder = new Binder();
  if (splits.length === 0) binder.file(structure);
  else {
    [0, ...splits].forEach((start, i) => {
      const end = splits[i] ?? Infinity;
      const inside = (r: TextRange): boolean => r.start >= start && r.start < end;
      binder.file({
        ...structure,
        ops: structure.ops.filter(inside),
        aliases: structure.aliases.filter(inside),
      });
    });
  }
  return binder.finish();
}

class Binder {
  readonly #all: Draft[] = [];
  readonly #at = new Map<number, Draft>();
  readonly #unresolved: Name[] = [];
  /** Uses wait until all symbols of a file are known. */
  #symbolUses: { readonly use: Name; readonly table: SymbolTable }[] = [];
  #aliases = new Map<string, Draft>();

  file(structure: Pick<Structure, 'ops' | 'aliases'>): void {
    this.#aliases = new Map();
    this.#symbolUses = [];
    for (const { name, nameRange } of structure.aliases) {
      const draft = this.#define('alias', { name, ...nameRange });
      if (!this.#aliases.has(name)) this.#aliases.set(name, draft);
    }
    this.#scope([{ ops: structure.ops }], new Scope(undefined), new SymbolTable(undefined), undefined);
    for (const { use, table } of this.#symbolUses) this.#bindSymbol(use, table);
  }

  finish(): Bindings {
    for (const draft of this.#all) draft.uses.sort((a, b) => a.start - b.start);
    return { all: this.#all, at: this.#at, unresolvedSymbols: this.#unresolved };
  }

  #define(kind: BindingKind, definition: Binding['definition'], op?: StructureOp): Draft {
    // `while(%i = %a) cond {…} do {…}` names an argument of two regions once.
    const known = this.#at.get(definition.start);
    if (known !== undefined) return known;
    const draft: Draft = { kind, definition, uses: [], ...(op === undefined ? {} : { op }) };
    this.#all.push(draft);
    this.#at.set(definition.start, draft);
    return draft;
  }
  #use(draft: Draft | undefined, use: Name): void {
    if (draft === undefined) return;
    draft.uses.push(use);
    this.#at.set(use.start, draft);
  }

  #scope(
    blocks: readonly {
      readonly label?: Name;
      readonly arguments?: readonly ValueDefinition[];
      readonly ops: readonly StructureOp[];
    }[],
    scope: Scope,
    table: SymbolTable,
    owner: StructureOp | undefined,
  ): void {
    const tables = new Map<StructureOp, SymbolTable>();
    // Blocks and graph regions let a use come before its definition.
    for (const block of blocks) {
      if (block.label !== undefined)
        scope.blocks.set(block.label.name, this.#define('block', block.label, owner));
      for (const argument of block.arguments ?? [])
        scope.values.set(argument.name, this.#define('argument', argument, owner));
      for (const op of block.ops) {
        for (const result of op.results) {
          const draft = this.#define('value', result, op);
          // A name that is defined again is an error of the text; the first one stays.
          if (!scope.values.has(result.name)) scope.values.set(result.name, draft);
        }
        const inner = new SymbolTable(table);
        tables.set(op, inner);
        if (op.symbol !== undefined) {
          const draft = this.#define('symbol', op.symbol, op);
          if (!table.own.has(op.symbol.name)) table.own.set(op.symbol.name, { draft, inner });
        }
      }
    }
    for (const block of blocks) for (const op of block.ops) this.#op(op, scope, table, tables.get(op)!);
  }

  #op(op: StructureOp, scope: Scope, outer: SymbolTable, inner: SymbolTable): void {
    for (const use of op.operands) this.#use(scope.value(use.name), use);
    for (const use of op.successors) this.#use(scope.block(use.name), use);
    for (const use of op.hashUses) this.#use(this.#aliases.get(use.name), use);
    for (const use of op.symbolUses) this.#symbolUses.push({ use, table: outer });
    for (const region of op.regions) this.#region(region, scope, op, inner);
  }
  #region(region: StructureRegion, scope: Scope, op: StructureOp, table: SymbolTable): void {
    this.#scope(region.blocks, new Scope(scope), table, op);
  }

  /** `@a::@b`: `a` in the nearest table that has it, `b` inside of it. */
  #bindSymbol(use: Name, table: SymbolTable): void {
    let known: { readonly draft: Draft; readonly inner: SymbolTable } | undefined;
    for (const part of symbolParts(use)) {
      if (known === undefined) {
        for (let t: SymbolTable | undefined = table; t !== undefined && known === undefined; t = t.parent)
          known = t.own.get(part.name);
      } else known = known.inner.own.get(part.name);
      if (known === undefined) {
        this.#unresolved.push(part);
        return;
      }
      this.#use(known.draft, part);
    }
  }
}

/** The names of `@a::@"b c"` without `@` and quotes; ranges are those of the whole parts. */
export function symbolParts(use: Name): Name[] {
  return [...use.name.matchAll(/@("(?:[^"\\]|\\.)*"|[\w$.-]+)/g)].map((m) => ({
    name: m[1]!.replace(/^"|"$/g, ''),
    start: use.start + m.index,
    end: use.start + m.index + m[0].length,
  }));
}
