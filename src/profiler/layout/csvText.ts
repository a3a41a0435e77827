/** Text of a table as CSV (RFC 4180). */
export type CsvCell = string | number | undefined;

const cell = (value: CsvCell): string => {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export const csvRow = (cells: readonly CsvCell[]): string => `${cells.map(cell).join(',')}\r\n`;
export const toCsv = (rows: readonly (readonly CsvCell[])[]): string => rows.map(csvRow).join('');
