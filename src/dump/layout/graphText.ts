/** A graph as a table: the text twin of the picture, for terminals, screen readers and issues. */
import type { Column } from '../../base/table';
import { formatMarkdown, formatTable } from '../../base/table';
import { formatDuration, ns } from '../../base/units';
import type { GraphModel } from './graphModel';

export interface GraphRow {
  readonly op: number;
  readonly depth: number;
  readonly name: string;
  readonly label: string;
  readonly line: number;
  readonly change: string;
  /** Labels of the ops that it reads, and of those that read it. */
  readonly reads: string;
  readonly readBy: string;
  readonly time: string;
}

const LISTED = 4;

export function graphRows(model: GraphModel): GraphRow[] {
  const reads: number[][] = model.ops.map(() => []);
  const readBy: number[][] = model.ops.map(() => []);
  for (let e = 0; e < model.edges.length; e += 2) {
    const [from, to] = [model.edges[e]!, model.edges[e + 1]!];
    reads[to]!.push(from);
    readBy[from]!.push(to);
  }
  const short = (ops: readonly number[]): string => {
    const names = ops.slice(0, LISTED).map((i) => model.ops[i]!.label || model.ops[i]!.name);
    return `${names.join(', ')}${ops.length > LISTED ? ` and ${ops.length - LISTED} more` : ''}`;
  };
  const depths: number[] = [];
  return model.ops.map((op, i) => {
    depths.push(op.parent < 0 ? 0 : depths[op.parent]! + 1);
    return {
      op: i,
      depth: depths[i]!,
      name: op.name,
      label: op.label,
      line: op.line,
      change: op.change ?? '',
      reads: short(reads[i]!),
      readBy: short(readBy[i]!),
      time: op.timeNs === undefined ? '' : formatDuration(ns(op.timeNs)),
    };
  });
}

const columnsOf = (rows: readonly GraphRow[]): readonly Column<GraphRow>[] => {
  const columns: Column<GraphRow>[] = [
    { title: 'line', cell: (r) => String(r.line), align: 'right' },
    { title: 'op', cell: (r) => `${'  '.repeat(r.depth)}${r.name}`, maxWidth: 60 },
    { title: 'result', cell: (r) => r.label, maxWidth: 40 },
    { title: 'reads', cell: (r) => r.reads, maxWidth: 60 },
    { title: 'read by', cell: (r) => r.readBy, maxWidth: 60 },
  ];
  if (rows.some((r) => r.change !== '')) columns.push({ title: 'change', cell: (r) => r.change });
  if (rows.some((r) => r.time !== '')) columns.push({ title: 'time', cell: (r) => r.time, align: 'right' });
  return columns;
};

export const graphTable = (model: GraphModel): string => {
  const rows = graphRows(model);
  return `${model.title}, ${rows.length} ops\n\n${formatTable(rows, columnsOf(rows))}`;
};
export const graphMarkdown = (model: GraphModel): string => {
  const rows = graphRows(model);
  return `### ${model.title}\n\n${rows.length} ops.\n\n${formatMarkdown(rows, columnsOf(rows))}\n`;
};
