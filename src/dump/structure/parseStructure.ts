/**
 * Parses MLIR text without knowing its dialects. The generic form is exact. Of custom assembly it knows what all of it has
 * in common: an op begins a line (or a region), brackets balance, `%a =` in a header names an argument of its region, and
 * what `{` opens shows in the token after it. It never throws: what is no op becomes a skipped range.
 */
import type {
  AliasDefinition,
  Name,
  Structure,
  StructureBlock,
  StructureOp,
  StructureRegion,
  TextRange,
  ValueDefinition,
  ValueUse,
} from './structure';
import { Tokens, kinds } from './tokens';

/** Ops that print without a dialect: of the builtin dialect, of `func` in functions, of PDL in patterns, of MLIR before 2022. */
const bareOps = new Set(
  'module func return call call_indirect br cond_br switch constant assert store dealloc dma_start dma_wait unreachable yield rewrite erase replace apply_native_constraint apply_native_rewrite'.split(
    ' ',
  ),
);
/** Ops whose `@name` right after their own name defines it. */
const definesSymbol =
  /(?:^|[._])(?:module|\w*func|global|executable|export|variant|binary|sequence|entry_point|import|rodata|comdat|alias|pattern|program|kernel|source|dispatch_entry|constant_block|class|template|declare_\w+|private|critical)$|\.global\.\w*$/;
const refersToSymbol =
  /(?:call|load|store|launch\w*|get\w*|address\w*|address_of|return|invoke|ref|dispatch)$/;

/** Deeper nesting is skipped: it is no IR, and recursion has an end. */
const DEEPEST = 1000;

export function parseStructure(source: string): Structure {
  return new StructureParser(source).parse();
}

/**
 * The structure of a function's text as it would be within `depth` regions that define no values. Undefined where the text is
 * not one whole op, or defines aliases, or could have an effect on what follows.
 */
export function parseFunction(source: string, depth: number): Structure | undefined {
  const parser = new StructureParser(source, depth);
  if (!parser.balanced) return undefined;
  const structure = parser.parse();
  const [op] = structure.ops;
  const whole = structure.ops.length === 1 && op!.start === 0 && op!.end === source.length;
  return whole && structure.aliases.length === 0 && structure.resources === undefined ? structure : undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Stands for every list without members: most lists of most ops have none. */
const none: never[] = [];
/** The list with one member more; a new one where there was none. */
function added<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}

/** Writable while an op is read. */
interface OpDraft {
  results: ValueDefinition[];
  operands: ValueUse[];
  successors: Name[];
  regions: StructureRegion[];
  symbolUses: Name[];
  hashUses: Name[];
  symbol?: Name;
  location?: TextRange;
  typesStart?: number;
  /** Arguments that the header names, for the next region. */
  header: ValueDefinition[];
  /** Those of the region before: `while(%i = %a) cond {…} do {…}` names them once for both. */
  shared: ValueDefinition[];
  /** `->` was read outside of brackets: the types of results follow. */
  arrow: boolean;
}

class Scope {
  readonly #names = new Set<string>();
  constructor(readonly parent: Scope | undefined) {}
  define(name: string): void {
    this.#names.add(name);
  }
  has(name: string): boolean {
    return this.#names.has(name) || (this.parent?.has(name) ?? false);
  }
}

const closer: Readonly<Record<string, string>> = { '(': ')', '[': ']', '<': '>', '{': '}' };

class StructureParser {
  readonly #tokens: Tokens;
  readonly #aliases: AliasDefinition[] = [];
  readonly #skipped: { start: number; end: number }[] = [];
  #resources: TextRange | undefined;
  #at = 0;
  #scope = new Scope(undefined);
  #depth: number;
  /** Names of ops, each once. */
  readonly #opNames = new Map<string, string>();

  /** `depth` regions are around the text. */
  constructor(source: string, depth = 0) {
    this.#tokens = new Tokens(source);
    this.#depth = depth;
  }

  /** Every bracket closes one of its kind, but for angles, which are operators too. */
  get balanced(): boolean {
    const t = this.#tokens;
    const open: string[] = [];
    for (let i = 0; i < t.length; i++) {
      if (t.kind(i) !== kinds.punctuation) continue;
      const text = t.text(i);
      if (text === '(' || text === '[' || text === '{') open.push(closer[text]!);
      else if ((text === ')' || text === ']' || text === '}') && open.pop() !== text) return false;
    }
    return open.length === 0;
  }

  parse(): Structure {
    const ops: StructureOp[] = [];
    while (this.#at < this.#tokens.length) {
      ops.push(...this.#blocks([]).flatMap((b) => b.ops));
      // A brace that closes nothing.
      if (this.#at < this.#tokens.length) this.#skip();
    }
    return {
      ops,
      aliases: this.#aliases,
      ...(this.#resources === undefined ? {} : { resources: this.#resources }),
      skipped: this.#skipped,
    };
  }

  /** Blocks up to the `}` that closes their region, or the end. `entry` are the arguments of the first. */
  #blocks(entry: readonly ValueDefinition[]): StructureBlock[] {
    const t = this.#tokens;
    const blocks: StructureBlock[] = [];
    let label: Name | undefined;
    let args: readonly ValueDefinition[] = entry;
    let ops: StructureOp[] = [];
    let start = t.start(this.#at);
    const close = (): void => {
      if (label === undefined && args.length === 0 && ops.length === 0 && blocks.length === 0) return;
      const end = ops[ops.length - 1]?.end ?? args[args.length - 1]?.end ?? label?.end ?? start;
      blocks.push({ start, end, ...(label === undefined ? {} : { label }), arguments: args, ops });
    };
    while (this.#at < t.length && !t.is(this.#at, '}')) {
      const kind = t.kind(this.#at);
      if (kind === kinds.caret && this.#isLabel(this.#at)) {
        // The label of the entry block adds nothing to arguments of the header.
        if (label !== undefined || ops.length > 0) {
          close();
          args = [];
        } else if (blocks.length > 0) args = [];
        start = t.start(this.#at);
        label = this.#name(this.#at++);
        ops = [];
        if (t.is(this.#at, '(')) {
          const own = this.#labelArguments();
          // `omp.target map_entries(%a -> %b) { ^bb0(%b: …):` names an argument in both.
          args = [...args.filter(({ name }) => !own.some((o) => o.name === name)), ...own];
        }
        if (t.is(this.#at, ':')) this.#at++;
      } else if ((kind === kinds.hash || kind === kinds.exclaim) && t.is(this.#at + 1, '=')) this.#alias();
      else if (t.is(this.#at, '{-#')) this.#resourceSection();
      else if (this.#startsOp(this.#at, true)) ops.push(this.#op());
      else this.#skip();
    }
    close();
    return blocks;
  }

  /** Leaves out the rest of a line. */
  #skip(): void {
    const t = this.#tokens;
    const start = t.start(this.#at);
    do this.#at++;
    while (this.#at < t.length && !t.first(this.#at) && !t.is(this.#at, '}'));
    const end = t.end(this.#at - 1);
    const last = this.#skipped[this.#skipped.length - 1];
    if (last !== undefined && /^\s*$/.test(t.source.slice(last.end, Math.min(start, last.end + 100))))
      last.end = end;
    else this.#skipped.push({ start, end });
  }

  #name(i: number): Name {
    const t = this.#tokens;
    return { name: t.text(i), start: t.start(i), end: t.end(i) };
  }

  /** `^name` that begins a block: `^bb1:`, `^bb1(%a: i32):`. */
  #isLabel(i: number): boolean {
    const t = this.#tokens;
    if (t.is(i + 1, ':')) return true;
    if (!t.is(i + 1, '(') || !(t.kind(i + 2) === kinds.value || t.is(i + 2, ')'))) return false;
    let depth = 0;
    for (let k = i + 1; k < t.length; k++) {
      if (t.is(k, '(')) depth++;
      else if (t.is(k, ')') && --depth === 0) return t.is(k + 1, ':');
    }
    return false;
  }

  #labelArguments(): ValueDefinition[] {
    const t = this.#tokens;
    const args: ValueDefinition[] = [];
    let depth = 0;
    for (; this.#at < t.length; this.#at++) {
      const i = this.#at;
      if (t.is(i, '(')) depth++;
      else if (t.is(i, ')') && --depth === 0) {
        this.#at++;
        break;
      } else if (depth === 1 && t.kind(i) === kinds.value && t.is(i + 1, ':')) args.push(this.#define(i));
    }
    return args;
  }

  #definition(i: number, count = 1): ValueDefinition {
    const t = this.#tokens;
    return { name: t.text(i), start: t.start(i), end: t.end(i), count };
  }
  #define(i: number): ValueDefinition {
    const definition = this.#definition(i);
    this.#scope.define(definition.name);
    return definition;
  }

  /** After the `=` of `%a, %b:2 =` at `i`, else -1. */
  #afterResults(i: number): number {
    const t = this.#tokens;
    let k = i;
    for (;;) {
      if (t.kind(k) !== kinds.value) return -1;
      k++;
      if (t.is(k, ':') && t.kind(k + 1) === kinds.number) k += 2;
      if (t.is(k, '=')) return k + 1;
      if (!t.is(k, ',')) return -1;
      k++;
    }
  }

  /** Whether an op begins at `i`. `sure`: it must, if anything does, as the place is one for ops. */
  #startsOp(i: number, sure: boolean): boolean {
    const t = this.#tokens;
    switch (t.kind(i)) {
      case kinds.value: {
        const name = this.#afterResults(i);
        return name >= 0 && (t.kind(name) === kinds.word || t.kind(name) === kinds.string);
      }
      case kinds.string:
        return t.is(i + 1, '(');
      case kinds.word: {
        if (t.is(i + 1, '=')) return false;
        const word = t.text(i);
        return word.includes('.') || bareOps.has(word) || (sure && this.#depth > 0 && !t.is(i + 1, ','));
      }
      default:
        return false;
    }
  }

  /** Whether what is at `i`, first of its line, ends the op before. */
  #endsOp(i: number): boolean {
    const t = this.#tokens;
    const kind = t.kind(i);
    if (kind === kinds.caret) return this.#isLabel(i);
    if (kind === kinds.hash || kind === kinds.exclaim) return t.is(i + 1, '=');
    return t.is(i, '{-#') || this.#startsOp(i, false);
  }

  #alias(): void {
    const t = this.#tokens;
    const name = this.#name(this.#at);
    this.#at += 2;
    const bodyStart = t.start(this.#at);
    let depth = 0;
    do {
      if (t.is(this.#at, '(') || t.is(this.#at, '[') || t.is(this.#at, '<') || t.is(this.#at, '{')) depth++;
      else if (t.is(this.#at, ')') || t.is(this.#at, ']') || t.is(this.#at, '>') || t.is(this.#at, '}'))
        depth--;
      this.#at++;
    } while (this.#at < t.length && !(t.first(this.#at) && (depth <= 0 || this.#endsOp(this.#at))));
    const end = t.end(this.#at - 1);
    this.#aliases.push({
      name: name.name,
      nameRange: { start: name.start, end: name.end },
      body: { start: bodyStart, end: Math.max(bodyStart, end) },
      start: name.start,
      end,
    });
  }

  #resourceSection(): void {
    const t = this.#tokens;
    const start = t.start(this.#at);
    while (this.#at < t.length && !t.is(this.#at, '#-}')) this.#at++;
    this.#resources = { start, end: t.end(this.#at) };
    this.#at++;
  }

  #op(): StructureOp {
    const t = this.#tokens;
    const start = t.start(this.#at);
    const draft: OpDraft = {
      results: none,
      operands: none,
      successors: none,
      regions: none,
      symbolUses: none,
      hashUses: none,
      header: none,
      shared: none,
      arrow: false,
    };
    const after = t.kind(this.#at) === kinds.value ? this.#afterResults(this.#at) : -1;
    if (after >= 0) {
      for (; this.#at < after; this.#at++) {
        if (t.kind(this.#at) !== kinds.value) continue;
        const count = t.is(this.#at + 1, ':') ? Number(t.text(this.#at + 2)) : 1;
        draft.results = added(draft.results, this.#definition(this.#at, count));
      }
    }
    const nameAt = this.#at++;
    const generic = t.kind(nameAt) === kinds.string;
    const name = this.#opName(t.text(nameAt));
    this.#body(draft, name, generic, nameAt);
    for (const result of draft.results) this.#scope.define(result.name);
    const op: Writable<StructureOp> = {
      name,
      nameRange: { start: t.start(nameAt), end: t.end(nameAt) },
      start,
      end: t.end(this.#at - 1),
      results: draft.results,
      operands: draft.operands,
      successors: draft.successors,
      regions: draft.regions,
      symbolUses: draft.symbolUses,
      hashUses: draft.hashUses,
    };
    if (draft.symbol !== undefined) op.symbol = draft.symbol;
    if (draft.location !== undefined) op.location = draft.location;
    if (draft.typesStart !== undefined) op.typesStart = draft.typesStart;
    return op;
  }

  #opName(written: string): string {
    let name = this.#opNames.get(written);
    if (name === undefined) {
      name = written.replace(/^"|"$/g, '');
      this.#opNames.set(written, name);
    }
    return name;
  }

  /** What follows the name of an op, up to the next op. */
  #body(draft: OpDraft, name: string, generic: boolean, nameAt: number): void {
    const t = this.#tokens;
    const open: string[] = [];
    let symbolAllowed = !generic && draft.results.length === 0 && !refersToSymbol.test(name);
    /** The next `(` holds the arguments of a function. */
    let parameters = false;
    let inParameters = -1;
    let location = -1;
    while (this.#at < t.length) {
      const i = this.#at;
      const kind = t.kind(i);
      if (t.first(i)) {
        if (open.length === 0 && this.#endsOp(i)) return;
        // A bracket that was never closed must not swallow the ops that follow.
        if (open.length > 0 && kind === kinds.value) {
          const next = this.#afterResults(i);
          if (
            next >= 0 &&
            (t.kind(next) === kinds.string
              ? t.is(next + 1, '(')
              : t.kind(next) === kinds.word && t.text(next).includes('.'))
          )
            return;
        }
      }
      switch (kind) {
        case kinds.value:
          this.#value(
            draft,
            i,
            inParameters < 0 ? 'none' : open.length === inParameters ? 'list' : 'within',
            open[open.length - 1],
          );
          break;
        case kinds.caret:
          draft.successors = added(draft.successors, this.#name(i));
          break;
        case kinds.hash:
        case kinds.exclaim:
          draft.hashUses = added(draft.hashUses, this.#name(i));
          break;
        case kinds.symbol:
          parameters = this.#symbol(draft, name, symbolAllowed && open.length === 0);
          symbolAllowed = false;
          break;
        case kinds.word: {
          const word = t.text(i);
          if (word === 'loc' && open.length === 0 && t.is(i + 1, '(')) location = t.start(i);
          else if (word === 'attributes') symbolAllowed = false;
          else if (generic && word === 'sym_name' && t.is(i + 1, '=') && t.kind(i + 2) === kinds.string) {
            const range = this.#name(i + 2);
            draft.symbol ??= { ...range, name: range.name.replace(/^"|"$/g, '') };
          }
          break;
        }
        case kinds.punctuation: {
          const text = t.text(i);
          if (text === '{' && this.#opensRegion(i, generic, open)) {
            this.#region(draft);
            continue;
          }
          if (text in closer) {
            if (text === '(' && parameters && open.length === 0) {
              inParameters = 1;
              parameters = false;
            }
            open.push(text);
          } else if (text === ':' && open.length === 0) draft.typesStart = t.end(i);
          else if (text === '->' && open.length === 0) draft.arrow = true;
          else if (text === ')' || text === ']' || text === '}' || text === '>') {
            if (text === '}' && !open.includes('{')) return;
            this.#close(open, text);
            if (open.length === 0) {
              inParameters = -1;
              if (location >= 0) {
                draft.location = { start: location, end: t.end(i) };
                location = -1;
              }
            }
          }
          if (text !== '::' && kind === kinds.punctuation && open.length === 0 && i > nameAt + 1)
            symbolAllowed = false;
          break;
        }
        default:
      }
      this.#at++;
    }
  }

  #close(open: string[], text: string): void {
    for (let k = open.length - 1; k >= 0; k--) {
      if (closer[open[k]!] === text) {
        open.length = k;
        return;
      }
      // `>` may also be an operator; the others close what was left open in them.
      if (text === '>') return;
    }
  }

  /** `parameters`: in the list of a function's arguments, or in brackets within it: `(%a[%from for %to]: !t)`. */
  #value(
    draft: OpDraft,
    i: number,
    parameters: 'none' | 'list' | 'within',
    within: string | undefined,
  ): void {
    const t = this.#tokens;
    // `-> %a = (%b: …) {` says that the result shares the storage of an operand.
    const assigned = t.is(i + 1, '=') && !t.is(i - 1, '->');
    const isParameter =
      (parameters === 'list' && t.is(i + 1, ':')) ||
      (parameters !== 'none' && (within === '[' || t.is(i + 1, '[')) && !this.#scope.has(t.text(i)));
    if (assigned || isParameter) {
      draft.header = added(draft.header, this.#definition(i));
      return;
    }
    const text = t.text(i);
    const hash = text.indexOf('#');
    const name = hash < 0 ? text : text.slice(0, hash);
    const use: Writable<ValueUse> = { name, start: t.start(i), end: t.end(i) };
    if (hash >= 0) use.resultNumber = Number(text.slice(hash + 1));
    // Sizes of types stand in braces and are operands: `!stream.resource<*>{%size}`.
    const known = (list: readonly Name[]): boolean => list.some((o) => o.name === name);
    const asOther =
      t.is(i - 1, '->') && (t.is(i + 1, '=') || (t.kind(i + 1) === kinds.word && t.text(i + 1) === 'as'));
    if (draft.arrow && within !== '{' && (asOther || known(draft.operands) || known(draft.header)))
      use.tied = true;
    draft.operands = added(draft.operands, use);
  }

  /** Reads `@a` or `@a::@b`, leaving the last token; true where it defines a symbol. */
  #symbol(draft: OpDraft, name: string, allowed: boolean): boolean {
    const t = this.#tokens;
    const first = this.#at;
    while (t.is(this.#at + 1, '::') && t.kind(this.#at + 2) === kinds.symbol) this.#at += 2;
    const whole: Name = {
      name: t.source.slice(t.start(first), t.end(this.#at)),
      start: t.start(first),
      end: t.end(this.#at),
    };
    if (
      allowed &&
      first === this.#at &&
      draft.symbol === undefined &&
      (definesSymbol.test(name) || t.is(this.#at + 1, '{'))
    ) {
      draft.symbol = { ...whole, name: whole.name.slice(1).replace(/^"|"$/g, '') };
      return true;
    }
    draft.symbolUses = added(draft.symbolUses, whole);
    return false;
  }

  /** Whether the `{` at `i` opens a region, not a dictionary. */
  #opensRegion(i: number, generic: boolean, open: readonly string[]): boolean {
    const t = this.#tokens;
    const within = open[open.length - 1];
    if (within === '<' || within === '[' || within === '{' || this.#depth >= DEEPEST) return false;
    if (generic) return within === '(' && (t.is(i - 1, '(') || t.is(i - 1, ','));
    if (t.kind(i - 1) === kinds.word && t.text(i - 1) === 'attributes') return false;
    const next = i + 1;
    switch (t.kind(next)) {
      case kinds.caret:
        return true;
      case kinds.value:
        return this.#afterResults(next) >= 0;
      case kinds.string:
        return t.is(next + 1, '(');
      case kinds.word: {
        if (t.is(next + 1, '=') || t.is(next + 1, ',')) return false;
        // `{ default: ^bb1, 0: ^bb2 }` lists successors.
        if (t.is(next + 1, ':') && !t.text(next).includes('.')) return false;
        // `{ ro %a[%b], wo %c[%d] }` lists uses.
        if (t.kind(next + 1) === kinds.value && !t.text(next).includes('.') && !bareOps.has(t.text(next)))
          return false;
        if (t.is(next + 1, '}'))
          return t.first(next) || /(?:yield|return|terminator|end)$/i.test(t.text(next));
        return within === undefined || t.text(next).includes('.');
      }
      case kinds.punctuation:
        // `knobs = {}` is a dictionary.
        return t.is(next, '}') && within === undefined && !t.is(i - 1, '=');
      case kinds.hash:
      case kinds.exclaim:
        return within === undefined && t.is(next + 1, '=');
      default:
        return false;
    }
  }

  /** Whether the region that begins here uses one of `names`, which no scope around defines. */
  #regionNames(names: readonly ValueDefinition[]): boolean {
    const t = this.#tokens;
    const unknown = names.filter(({ name }) => !this.#scope.has(name)).map(({ name }) => name);
    if (unknown.length === 0) return false;
    for (let i = this.#at, depth = 0; i < t.length && depth >= 0; i++) {
      if (t.is(i, '{')) depth++;
      else if (t.is(i, '}')) depth--;
      else if (t.kind(i) === kinds.value && unknown.includes(t.text(i))) return true;
    }
    return false;
  }

  #region(draft: OpDraft): void {
    const t = this.#tokens;
    const start = t.start(this.#at++);
    // Names in the header that nothing has defined can only be arguments: `gpu.launch blocks(%bx, …) in (…)`.
    const since = draft.regions[draft.regions.length - 1]?.end ?? 0;
    const isArgument = (use: ValueUse): boolean =>
      use.start >= since && use.tied !== true && use.resultNumber === undefined && !this.#scope.has(use.name);
    const unknown = draft.operands.filter(isArgument);
    if (unknown.length > 0) {
      draft.operands = draft.operands.filter((use) => !isArgument(use));
      draft.header = [
        ...draft.header,
        ...unknown.map(({ name, start, end }) => ({ name, start, end, count: 1 })),
      ];
      draft.header.sort((x, y) => x.start - y.start);
    }
    if (draft.header.length > 0) draft.shared = draft.header;
    else if (t.kind(this.#at) !== kinds.caret && this.#regionNames(draft.shared)) draft.header = draft.shared;
    const outer = this.#scope;
    this.#scope = new Scope(outer);
    this.#depth++;
    for (const argument of draft.header) this.#scope.define(argument.name);
    const blocks = this.#blocks(draft.header);
    draft.header = none;
    this.#depth--;
    this.#scope = outer;
    // At the end of a cut text the last token is where it ends.
    draft.regions = added(draft.regions, { start, end: t.end(this.#at), blocks });
    if (t.is(this.#at, '}')) this.#at++;
  }
}
