/** IR text as ops with ranges, and edits of it: what the moves of the reducer are made of. */
import { parseStructure } from '../../dump/structure/parseStructure';
import type {
  Structure,
  StructureBlock,
  StructureOp,
  TextRange,
  ValueUse,
} from '../../dump/structure/structure';
import { walkStructure } from '../../dump/structure/structure';

export interface Edit extends TextRange {
  readonly text: string;
}

/** An op with where it stands. */
export interface Placed {
  readonly op: StructureOp;
  readonly block: StructureBlock | undefined;
  /** The innermost op around it with a symbol and a region: names of values are its own. */
  readonly scope: StructureOp | undefined;
  readonly depth: number;
  /** Whether it ends its block, which then may need it. */
  readonly last: boolean;
}

/** One version of the text, read once. */
export class IrText {
  readonly structure: Structure;
  readonly placed: readonly Placed[];
  readonly #uses = new Map<StructureOp | undefined, Map<string, { use: ValueUse; op: StructureOp }[]>>();

  constructor(readonly text: string) {
    this.structure = parseStructure(text);
    this.placed = placeAll(this.structure.ops);
    for (const { op, scope } of this.placed) {
      const own = this.#uses.get(scope) ?? new Map<string, { use: ValueUse; op: StructureOp }[]>();
      this.#uses.set(scope, own);
      for (const use of op.operands) own.set(use.name, [...(own.get(use.name) ?? []), { use, op }]);
    }
  }

  usesOf(
    name: string,
    scope: StructureOp | undefined,
  ): readonly { readonly use: ValueUse; readonly op: StructureOp }[] {
    return this.#uses.get(scope)?.get(name) ?? [];
  }
  /** Uses of any of its results. */
  usesOfResults({ op, scope }: Placed): readonly { readonly use: ValueUse; readonly op: StructureOp }[] {
    return op.results.flatMap((r) => this.usesOf(r.name, scope)).filter((u) => !within(u.op, op));
  }
  source(range: TextRange): string {
    return this.text.slice(range.start, range.end);
  }
  /** The op's lines with the blanks before it. */
  lines(op: TextRange): TextRange {
    let start = op.start;
    while (start > 0 && ' \t'.includes(this.text[start - 1]!)) start--;
    const newline = start > 0 && this.text[start - 1] === '\n';
    const end = newline && this.text[op.end] === '\n' ? op.end + 1 : op.end;
    return { start: newline ? start : op.start, end };
  }
  /** Undefined when edits overlap. */
  apply(edits: readonly Edit[]): string | undefined {
    const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
    let out = '';
    let at = 0;
    for (const e of sorted) {
      if (e.start < at) return undefined;
      out += this.text.slice(at, e.start) + e.text;
      at = e.end;
    }
    return out + this.text.slice(at);
  }
  /** Takes ops out with all that is in them; of nested ones the outer counts. */
  without(ops: readonly StructureOp[]): string {
    const outer = ops.filter((op) => !ops.some((o) => o !== op && within(op, o)));
    return this.apply(outer.map((op) => ({ ...this.lines(op), text: '' }))) ?? this.text;
  }
}

export const within = (inner: TextRange, outer: TextRange): boolean =>
  outer.start <= inner.start && inner.end <= outer.end;

function placeAll(top: readonly StructureOp[]): readonly Placed[] {
  const all: Placed[] = [];
  const visit = (
    ops: readonly StructureOp[],
    block: StructureBlock | undefined,
    scope: StructureOp | undefined,
    depth: number,
  ): void => {
    ops.forEach((op, i) => {
      all.push({ op, block, scope, depth, last: block !== undefined && i === ops.length - 1 });
      const inner = op.symbol !== undefined && op.regions.length > 0 ? op : scope;
      for (const region of op.regions) for (const b of region.blocks) visit(b.ops, b, inner, depth + 1);
    });
  };
  visit(top, undefined, undefined, 0);
  return all;
}

export const countOps = (text: string): number => [...walkStructure(parseStructure(text).ops)].length;

/** Splits at commas that are in no brackets. */
export function splitTypes(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if ('<([{'.includes(c)) depth++;
    else if ('>)]}'.includes(c) && text[i - 1] !== '-') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === '' ? parts : [...parts, last];
}

/** The type of a result as the text of its op says it: after `->`, after `to`, or the only type there is. */
export function resultTypes(ir: IrText, op: StructureOp): readonly string[] {
  if (op.typesStart === undefined) return [];
  const end = op.location?.start ?? op.end;
  const text = ir.text.slice(op.typesStart, end).trim();
  const arrow = topLevelIndex(text, '->');
  if (arrow >= 0) {
    const results = text.slice(arrow + 2).trim();
    return results.startsWith('(') && results.endsWith(')')
      ? splitTypes(results.slice(1, -1))
      : splitTypes(results);
  }
  for (const word of [' into ', ' to ']) {
    const at = topLevelIndex(text, word);
    if (at >= 0) return splitTypes(text.slice(at + word.length));
  }
  const types = splitTypes(text);
  return op.results.length === 1 ? types.slice(-1) : types;
}

export function topLevelIndex(text: string, needle: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (depth === 0 && text.startsWith(needle, i)) return i;
    const c = text[i]!;
    if ('<([{'.includes(c)) depth++;
    else if (')]}'.includes(c) || (c === '>' && text[i - 1] !== '-')) depth--;
  }
  return -1;
}
