/** A semantic diff as rows, and as a table or Markdown for terminals, screen readers and issues. */
import { lineAt, lineStarts } from '../../base/lines';
import { formatMarkdown, formatTable } from '../../base/table';
import type { Column } from '../../base/table';
import { opLabel, workFirst } from './opGraph';
import type { OpGraph } from './opGraph';
import type { LinkKind, OpLink, SemanticDiff } from './semanticDiff';
import { linkKinds } from './semanticDiff';

export interface SemanticRow {
  /** Position in `SemanticDiff.links`. */
  readonly link: number;
  readonly kind: LinkKind;
  readonly before: readonly RowOp[];
  readonly after: readonly RowOp[];
  readonly evidence: OpLink['evidence'];
  readonly parts: OpLink['parts'];
  /** Of `gone` and `new`: ops on the other side that stand for it or that it comes from. */
  readonly related: readonly RowOp[];
  /** Symbol of the function around, without `@`; empty outside of functions. */
  readonly symbol: string;
}

export interface RowOp {
  readonly label: string;
  /** From 1. */
  readonly line: number;
  /** Offset in the text. */
  readonly start: number;
}

/** Links of the kinds wanted, in the order of the text. */
export function semanticRows(
  diff: SemanticDiff,
  wanted: (link: OpLink) => boolean = (l) => l.kind !== 'kept',
): SemanticRow[] {
  const sides = { before: describer(diff.before), after: describer(diff.after) };
  return diff.links.flatMap((l, link) => {
    if (!wanted(l)) return [];
    const { kind, evidence, parts } = l;
    const related = l.related.map(kind === 'gone' ? sides.after.op : sides.before.op);
    const symbol = l.after.length > 0 ? sides.after.symbol(l.after[0]!) : sides.before.symbol(l.before[0]!);
    const [before, after] = [
      workFirst(diff.before, l.before).map(sides.before.op),
      workFirst(diff.after, l.after).map(sides.after.op),
    ];
    return [{ link, kind, before, after, evidence, parts, related, symbol }];
  });
}

interface Describer {
  readonly op: (index: number) => RowOp;
  readonly symbol: (index: number) => string;
}
function describer(graph: OpGraph): Describer {
  const starts = lineStarts(graph.text);
  return {
    op: (index) => {
      const { start } = graph.ops[index]!.source;
      return { label: opLabel(graph, index), line: lineAt(starts, start) + 1, start };
    },
    symbol: (index) => enclosingSymbol(graph, index),
  };
}

/** The innermost symbol that an op is or is in; empty where there is none. */
export function enclosingSymbol(graph: OpGraph, index: number): string {
  for (let i = index; i >= 0; i = graph.ops[i]!.parent) {
    const { symbol } = graph.ops[i]!;
    if (symbol !== undefined) return symbol;
  }
  return '';
}

/** `2 changed, 1 fused`; what is kept last. */
export function semanticSummary(diff: SemanticDiff): string {
  const kinds = [...linkKinds.filter((k) => k !== 'kept'), 'kept' as const].filter((k) => diff.counts[k] > 0);
  return kinds.length === 0 ? 'no ops' : kinds.map((k) => `${diff.counts[k]} ${k}`).join(', ');
}

const opsText = (ops: readonly RowOp[]): string => ops.map((o) => o.label).join(' + ');
const linesText = (ops: readonly RowOp[]): string => ops.map((o) => o.line).join(', ');

/** What else there is to say of a row: changed parts, or who took over. */
export function detailText(row: SemanticRow): string {
  const related = opsText(row.related);
  if (related !== '') return row.kind === 'gone' ? `its uses read ${related}` : `from ${related}`;
  return row.parts.join(', ');
}

const columns: readonly Column<SemanticRow>[] = [
  { title: 'kind', cell: (r) => r.kind },
  { title: 'line', cell: (r) => linesText(r.before), align: 'right', maxWidth: 20 },
  { title: 'before', cell: (r) => opsText(r.before), maxWidth: 60 },
  { title: 'line', cell: (r) => linesText(r.after), align: 'right', maxWidth: 20 },
  { title: 'after', cell: (r) => opsText(r.after), maxWidth: 60 },
  { title: 'what', cell: detailText, maxWidth: 50 },
  { title: 'evidence', cell: (r) => r.evidence.join(', ') },
];

export const semanticTable = (rows: readonly SemanticRow[]): string => formatTable(rows, columns);

export const semanticMarkdown = (title: string, summary: string, rows: readonly SemanticRow[]): string =>
  [
    `### ${title}`,
    '',
    `${summary}.`,
    '',
    ...(rows.length === 0 ? [] : [formatMarkdown(rows, columns), '']),
  ].join('\n');
