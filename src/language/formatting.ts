/**
 * Formatting that changes blanks only. Lines are indented by region; ops that Strata knows get the spacing of the printer
 * where the printer writes the same tokens. Comments, names and forms stay as they are.
 */
import type { StructureOp, StructureRegion } from '../dump/structure/structure';
import { kinds, Tokens } from '../dump/structure/tokens';
import type { Operation } from '../ir';
import { printWithSpans } from '../ir';
import type { IrSource } from './irSource';
import type { KnownIr } from './knownIr';
import { lineAt } from '../base/lines';

export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly newText: string;
}

const INDENT = 2;

export function formatIr(source: IrSource, known: KnownIr | undefined): readonly TextEdit[] {
  const edits = [...indentation(source), ...(known === undefined ? [] : spacing(source, known))];
  return edits
    .filter((e) => source.text.slice(e.start, e.end) !== e.newText)
    .sort((a, b) => a.start - b.start);
}

function indentation(source: IrSource): TextEdit[] {
  const { text, lines, structure } = source;
  /** Per line: what it is indented by; absent lines keep their blanks. */
  const wanted = new Map<number, number>();
  /** Lines that go on with an op: they keep their distance to its first line. */
  const follows = new Map<number, number>();
  /** Lines that an op begins. */
  const done = new Set<number>();
  const visit = (op: StructureOp, depth: number): void => {
    const first = lineAt(lines, op.start);
    if (!done.has(first)) wanted.set(first, depth * INDENT);
    done.add(first);
    follows.delete(first);
    const last = lineAt(lines, op.end);
    // What the region around gave these lines was meant for comments.
    for (let line = first + 1; line <= last; line++) {
      wanted.delete(line);
      follows.set(line, first);
    }
    for (const region of op.regions) {
      inside(region, depth);
      for (const block of region.blocks) {
        if (block.label !== undefined) wanted.set(lineAt(lines, block.label.start), depth * INDENT);
        for (const inner of block.ops) visit(inner, depth + 1);
      }
    }
  };
  const inside = (region: StructureRegion, depth: number): void => {
    const [open, close] = [
      lineAt(lines, region.start),
      lineAt(lines, Math.max(region.start, region.end - 1)),
    ];
    for (let line = open + 1; line < close; line++) wanted.set(line, (depth + 1) * INDENT);
    if (close > open) wanted.set(close, depth * INDENT);
  };
  for (const op of structure.ops) visit(op, 0);
  const blanksOf = (line: number): number =>
    /^[ \t]*/.exec(text.slice(lines[line], lines[line + 1] ?? text.length))![0].length;
  const edits: TextEdit[] = [];
  lines.forEach((start, line) => {
    const end = (lines[line + 1] ?? text.length + 1) - 1;
    const content = text.slice(start, end);
    const blanks = blanksOf(line);
    const trailing = /[ \t]+\r?$/.exec(content);
    if (content.trim() === '') {
      if (content.replace(/\r$/, '') !== '')
        edits.push({ start, end: start + content.replace(/\r$/, '').length, newText: '' });
      return;
    }
    if (trailing !== null)
      edits.push({
        start: start + trailing.index,
        end: start + trailing.index + trailing[0].replace('\r', '').length,
        newText: '',
      });
    const anchor = follows.get(line);
    const own = wanted.get(line);
    const target =
      anchor !== undefined && own === undefined
        ? (wanted.get(anchor) ?? blanksOf(anchor)) + Math.max(0, blanks - blanksOf(anchor))
        : own;
    if (target !== undefined) edits.push({ start, end: start + blanks, newText: ' '.repeat(target) });
  });
  return edits;
}

function spacing(source: IrSource, known: KnownIr): TextEdit[] {
  const edits: TextEdit[] = [];
  const printed = { custom: new Map<Operation, string>(), generic: new Map<Operation, string>() };
  for (const op of source.ops) {
    const real = known.opAt(op.start);
    if (real === undefined) continue;
    const form = source.text[op.nameRange.start] === '"' ? 'generic' : 'custom';
    const texts = printed[form];
    if (!texts.has(real)) {
      // The whole function is printed once.
      let root = real;
      while (root.parentOp !== undefined && root.parentOp.name !== 'builtin.module') root = root.parentOp;
      const { text, spans } = printWithSpans(root, { form });
      for (const span of spans) texts.set(span.op, text.slice(span.start, span.end));
    }
    const like = texts.get(real);
    if (like !== undefined) edits.push(...blanksLike(source, op, like));
  }
  return edits;
}

/** The blanks of `like` between the same tokens; none where the tokens differ, or a line or comment is between them. */
function blanksLike(source: IrSource, op: StructureOp, like: string): TextEdit[] {
  const header = source.text.slice(op.start, op.regions[0]?.start ?? op.end);
  if (/\n|\/\//.test(header)) return [];
  const [own, other] = [new Tokens(header), new Tokens(like)];
  if (other.length < own.length) return [];
  const edits: TextEdit[] = [];
  for (let i = 0; i < own.length; i++) {
    const kind = own.kind(i);
    if (kind !== other.kind(i)) return [];
    // Names are free; the op's own may lack its dialect.
    const free =
      kind === kinds.value || kind === kinds.caret || op.start + own.start(i) === op.nameRange.start;
    if (!free && own.text(i) !== other.text(i)) return [];
    if (i === 0) continue;
    const gap = like.slice(other.end(i - 1), other.start(i));
    if (gap.includes('\n')) return [];
    edits.push({ start: op.start + own.end(i - 1), end: op.start + own.start(i), newText: gap });
  }
  return edits;
}
