/** The outline and the foldable ranges of IR text, as plain data. */
import { lineAt, lineStarts } from '../base/lines';
import type { IrSnapshot } from '../ir';
import type { Analysis } from './analysis';

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

/** IR text with where its ops stand: parsed, or as a pass left it (which needs no parsing). */
export interface IrText {
  readonly text: string;
  /** By start: parents before their children. */
  readonly ops: readonly OpRange[];
}
interface OpRange {
  readonly name: string;
  /** Its own `sym_name`. */
  readonly symbol: string | undefined;
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
}

export const textOfAnalysis = ({ text, spans }: Analysis): IrText => ({
  text,
  ops: spans.map(({ op, start, end }) => {
    const symbol = op.attr('sym_name');
    return { name: op.name, symbol: symbol?.kind === 'string' ? symbol.value : undefined, start, end };
  }),
});

export function textOfSnapshot(s: IrSnapshot): IrText {
  const ops: OpRange[] = [];
  const open: { readonly end: number; readonly symbol: number }[] = [];
  for (let i = 0; i < s.spans.length / 3; i++) {
    const [start, end] = [s.spans[3 * i]!, s.spans[3 * i + 1]!];
    while (open.length > 0 && open[open.length - 1]!.end <= start) open.pop();
    const symbol = s.symbolOf[i]!;
    // Ops without a symbol of their own have that of the op around them.
    const own = symbol !== (open[open.length - 1]?.symbol ?? 0);
    ops.push({ name: s.opNames[s.nameOf[i]!]!, symbol: own ? s.symbols[symbol] : undefined, start, end });
    open.push({ end, symbol });
  }
  return { text: s.text, ops };
}

/** Ops with a symbol, and modules. Loops and other regions are not in it: they have no name. */
export function outlineOf({ text, ops }: IrText): readonly OutlineItem[] {
  interface Open {
    readonly item: OutlineItem;
    readonly children: OutlineItem[];
  }
  const roots: OutlineItem[] = [];
  const open: Open[] = [];
  for (const [i, { name, symbol, start, end }] of ops.entries()) {
    while (open.length > 0 && open[open.length - 1]!.item.end <= start) open.pop();
    const isModule = name === 'builtin.module';
    if (symbol === undefined && !isModule) continue;
    // A file without a module is wrapped in one, which has no text of its own.
    if (isModule && !/^(builtin\.module|module|"builtin\.module")\b/.test(text.slice(start, start + 20)))
      continue;
    const at = symbol === undefined ? -1 : text.indexOf(symbol, start);
    const found = at >= 0 && at < end;
    const count = insideOf(ops, i);
    const children: OutlineItem[] = [];
    const item: OutlineItem = {
      name: symbol === undefined ? 'module' : `@${symbol}`,
      detail: count > 0 ? `${name} · ${count} ops` : name,
      kind: kindOf(name),
      start,
      end,
      nameStart: found ? at : start,
      nameEnd: found ? at + symbol!.length : Math.min(end, start + name.length),
      children,
    };
    (open[open.length - 1]?.children ?? roots).push(item);
    open.push({ item, children });
  }
  return roots;
}

/** Number of ops inside of the one at row `i`. */
function insideOf(ops: readonly OpRange[], i: number): number {
  const { end } = ops[i]!;
  let low = i + 1;
  let high = ops.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (ops[mid]!.start < end) low = mid + 1;
    else high = mid;
  }
  return low - i - 1;
}

function kindOf(op: string): OutlineItem['kind'] {
  if (op === 'builtin.module') return 'module';
  if (op === 'dispatch.region') return 'kernel';
  if (op === 'memref.global' || op === 'ml_program.global') return 'data';
  return op.endsWith('.func') ? 'function' : 'region';
}

/** Lines, counted from 0: `start` stays visible. */
export interface FoldingRange {
  readonly start: number;
  readonly end: number;
  readonly kind: 'region' | 'comment';
}

/** Ops with regions that span lines, runs of comment lines, and the parameter data at the end of the file. */
export function foldingOf({ text, ops }: IrText): readonly FoldingRange[] {
  const lines = lineStarts(text);
  const ranges: FoldingRange[] = [];
  for (const [i, { start, end }] of ops.entries()) {
    const next = ops[i + 1];
    if (next === undefined || next.start >= end) continue;
    const from = lineAt(lines, start);
    // The closing brace stays visible.
    const to = lineAt(lines, Math.max(start, end - 1)) - 1;
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
