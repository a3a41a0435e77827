/** The outline and the foldable ranges of IR text, as plain data. */
import type { StructureOp } from '../dump/structure/structure';
import type { IrSource } from './irSource';
import { lineAt } from '../base/lines';
import { fullName } from './opNames';

export interface OutlineItem {
  /** `@main`, or the op's name where it has no symbol. */
  readonly name: string;
  /** `func.func · 43 ops`. */
  readonly detail: string;
  readonly kind: 'module' | 'function' | 'kernel' | 'data' | 'region';
  /** UTF-16 offsets of the whole op. */
  readonly start: number;
  readonly end: number;
  /** Of its name within the text: where the cursor goes. */
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly children: readonly OutlineItem[];
}

/** Ops with a symbol, and modules. Loops and other regions are not in it: they have no name. */
export function outlineOf(source: IrSource): readonly OutlineItem[] {
  const { text } = source;
  /** Items of ops, and how many ops there are in them. */
  const visit = (ops: readonly StructureOp[]): { items: OutlineItem[]; count: number } => {
    const items: OutlineItem[] = [];
    let count = 0;
    for (const op of ops) {
      const name = fullName(op.name);
      const inside = visit(op.regions.flatMap((r) => r.blocks.flatMap((b) => b.ops)));
      count += 1 + inside.count;
      const { symbol } = op;
      if (symbol === undefined && name !== 'builtin.module') {
        items.push(...inside.items);
        continue;
      }
      const range = symbol ?? op.nameRange;
      // Of `@f` and `"f"` the cursor goes to the letters.
      const sigil =
        symbol === undefined ? 0 : text[symbol.start] === '"' ? 1 : text[symbol.start + 1] === '"' ? 2 : 1;
      items.push({
        name: symbol === undefined ? 'module' : `@${symbol.name}`,
        detail: inside.count > 0 ? `${name} · ${inside.count} ops` : name,
        kind: kindOf(name),
        start: op.start,
        end: op.end,
        nameStart: range.start + sigil,
        nameEnd: symbol === undefined ? range.end : range.start + sigil + symbol.name.length,
        children: inside.items,
      });
    }
    return { items, count };
  };
  return visit(source.structure.ops).items;
}

function kindOf(op: string): OutlineItem['kind'] {
  if (op === 'builtin.module') return 'module';
  if (op === 'dispatch.region') return 'kernel';
  if (/\.global$/.test(op)) return 'data';
  return /\.\w*func$/.test(op) ? 'function' : 'region';
}

/** Lines, counted from 0: `start` stays visible. */
export interface FoldingRange {
  readonly start: number;
  readonly end: number;
  readonly kind: 'region' | 'comment';
}

/** Ops with regions that span lines, runs of comment lines, and the parameter data at the end of the file. */
export function foldingOf(source: IrSource): readonly FoldingRange[] {
  const { text, lines } = source;
  const ranges: FoldingRange[] = [];
  for (const op of source.ops) {
    if (op.regions.length === 0) continue;
    const from = lineAt(lines, op.start);
    // The closing brace stays visible.
    const to = lineAt(lines, Math.max(op.start, op.end - 1)) - 1;
    if (to > from) ranges.push({ start: from, end: to, kind: 'region' });
  }
  return [...ranges, ...textRanges(text)].sort((a, b) => a.start - b.start || b.end - a.end);
}

function textRanges(text: string): FoldingRange[] {
  const ranges: FoldingRange[] = [];
  const lines = text.split('\n');
  let comment = -1;
  let metadata = -1;
  for (const [i, line] of [...lines, ''].entries()) {
    const isComment = /^\s*\/\//.test(line);
    if (isComment && comment < 0) comment = i;
    if (!isComment && comment >= 0) {
      if (i - 1 > comment) ranges.push({ start: comment, end: i - 1, kind: 'comment' });
      comment = -1;
    }
    if (line.startsWith('{-#')) metadata = i;
    else if (metadata >= 0 && line.includes('#-}')) {
      ranges.push({ start: metadata, end: i, kind: 'region' });
      metadata = -1;
    }
  }
  return ranges;
}
