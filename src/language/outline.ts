/** The outline and the foldable ranges of IR text, as plain data. */
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

/** Ops with a symbol, and ops that hold such ops. Loops and other regions are not in it: they have no name. */
export function outlineOf({ text, spans }: Analysis): readonly OutlineItem[] {
  interface Open {
    readonly item: OutlineItem;
    readonly children: OutlineItem[];
  }
  const roots: OutlineItem[] = [];
  const open: Open[] = [];
  for (const { op, start, end } of spans) {
    while (open.length > 0 && open[open.length - 1]!.item.end <= start) open.pop();
    const symbol = op.attr('sym_name');
    const isModule = op.name === 'builtin.module';
    if (symbol?.kind !== 'string' && !isModule) continue;
    // A file without a module is wrapped in one, which has no text of its own.
    if (isModule && !/^(builtin\.module|module|"builtin\.module")\b/.test(text.slice(start, start + 20)))
      continue;
    const label = symbol?.kind === 'string' ? symbol.value : undefined;
    const at = label === undefined ? -1 : text.indexOf(label, start);
    let count = 0;
    op.walk(() => count++);
    const children: OutlineItem[] = [];
    const item: OutlineItem = {
      name: label === undefined ? 'module' : `@${label}`,
      detail: count > 1 ? `${op.name} · ${count} ops` : op.name,
      kind: kindOf(op.name),
      start,
      end,
      nameStart: at < 0 || at > end ? start : at,
      nameEnd: at < 0 || at > end ? Math.min(end, start + op.name.length) : at + label!.length,
      children,
    };
    (open[open.length - 1]?.children ?? roots).push(item);
    open.push({ item, children });
  }
  return roots;
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
export function foldingOf({ text, spans }: Analysis): readonly FoldingRange[] {
  const lines = lineStarts(text);
  const ranges: FoldingRange[] = [];
  for (const { op, start, end } of spans) {
    if (op.regions.length === 0) continue;
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

/** Offset of the start of each line. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return starts;
}

/** The line of an offset, counted from 0. */
export function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if (starts[mid]! <= offset) low = mid;
    else high = mid - 1;
  }
  return low;
}
