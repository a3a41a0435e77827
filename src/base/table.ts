/** Text tables for terminals and issues: columns aligned, numbers to the right, long cells cut in the middle. */

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Cells longer than this are cut in the middle. */
  readonly maxWidth?: number;
}

/** `features.1…conv.0` for a text longer than `width`; a width below 3 cuts the end. */
export function cutMiddle(text: string, width: number): string {
  const chars = [...text];
  if (chars.length <= width) return text;
  if (width < 3) return chars.slice(0, width).join('');
  const head = Math.ceil((width - 1) / 2);
  return `${chars.slice(0, head).join('')}…${chars.slice(chars.length - (width - 1 - head)).join('')}`;
}

/** Lines of the table, header first; no trailing blanks. */
export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [
    columns.map((c) => c.title),
    ...rows.map((row) =>
      columns.map((c) => (c.maxWidth === undefined ? c.cell(row) : cutMiddle(c.cell(row), c.maxWidth))),
    ),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => [...line[i]!].length)));
  const pad = (text: string, i: number): string => {
    const blanks = ' '.repeat(widths[i]! - [...text].length);
    return columns[i]!.align === 'right' ? blanks + text : text + blanks;
  };
  return cells.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

/** The table in GitHub's Markdown; cells with code characters stand in backquotes. */
export function formatMarkdown<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cell = (text: string): string => {
    const escaped = text.replace(/\r?\n/g, ' ').replaceAll('|', '\\|');
    return /[%@#<>_*[\]`]/.test(text) ? `\`${escaped.replaceAll('`', 'ˋ')}\`` : escaped;
  };
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map((c) => c.title)),
    line(columns.map((c) => (c.align === 'right' ? '--:' : '---'))),
    ...rows.map((row) => line(columns.map((c) => cell(c.cell(row))))),
  ].join('\n');
}
