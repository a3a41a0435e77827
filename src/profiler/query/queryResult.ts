/** The answer to a query, as plain data that crosses any message channel, and as text. */
import { csvRow } from '../layout/csvText';

/** A number where it is exact, else its decimal digits as text. */
export type Cell = number | string | boolean | null;

export type CellType = 'integer' | 'number' | 'text' | 'boolean';

export interface QueryColumn {
  readonly name: string;
  readonly type: CellType;
  readonly cells: Cell[];
}

export interface QueryResult {
  readonly columns: readonly QueryColumn[];
  readonly rows: number;
  /** Whether there are more rows than were asked for. */
  readonly truncated: boolean;
  /** What the engine took. */
  readonly milliseconds: number;
}

/** Characters of a cell that are shown in a table. */
const MAX_WIDTH = 80;

function cellText(cell: Cell, type: CellType): string {
  if (cell === null) return '';
  if (typeof cell !== 'number' || type !== 'number') return String(cell).replaceAll('\n', ' · ');
  return Number.isInteger(cell) ? String(cell) : String(Number(cell.toPrecision(6)));
}

/** An aligned table: numbers to the right, long texts cut from the middle. */
export function formatResult(result: QueryResult): string {
  if (result.columns.length === 0) return 'no rows';
  const columns = result.columns.map(({ name, type, cells }) => {
    const shown = cells.map((c) => shorten(cellText(c, type)));
    const width = Math.max(name.length, ...shown.map((s) => s.length));
    const right = type === 'integer' || type === 'number';
    return [name, ...shown].map((s) => (right ? s.padStart(width) : s.padEnd(width)));
  });
  const lines = Array.from({ length: result.rows + 1 }, (_, r) =>
    columns
      .map((c) => c[r]!)
      .join('  ')
      .trimEnd(),
  );
  return [...lines, ...(result.truncated ? [`… more than ${result.rows} rows`] : [])].join('\n');
}

function shorten(text: string): string {
  if (text.length <= MAX_WIDTH) return text;
  const head = Math.ceil((MAX_WIDTH - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (MAX_WIDTH - 1 - head))}`;
}

/** RFC 4180, with a header row. */
export function* resultCsv(result: QueryResult): Generator<string> {
  yield csvRow(result.columns.map((c) => c.name));
  for (let r = 0; r < result.rows; r++) {
    yield csvRow(
      result.columns.map((c) => {
        const cell = c.cells[r] ?? undefined;
        return typeof cell === 'boolean' ? String(cell) : cell;
      }),
    );
  }
}

/** One object per row, for `--json`. */
export const resultObjects = (result: QueryResult): readonly Readonly<Record<string, Cell>>[] =>
  Array.from({ length: result.rows }, (_, r) =>
    Object.fromEntries(result.columns.map((c) => [c.name, c.cells[r] ?? null])),
  );
