/**
 * Parts of a Markdown document that commands write: each replaces what stands between its two marks and leaves the rest.
 * `docs/conformance.md` is made of them.
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { Column } from '../base/table';
import { replaceFile } from './replaceFile';

export interface DocumentSection {
  /** Tells it from the others of the document. */
  readonly name: string;
  /** The command that writes it, as a reader would type it. */
  readonly command: string;
  /** Markdown. */
  readonly body: string;
}

const startOf = (name: string): string => `<!-- ${name}: written by `;
const endOf = (name: string): string => `<!-- end of ${name} -->`;

/** `document` with the section in its place, or at its end when it has none yet. */
export function withSection(document: string, { name, command, body }: DocumentSection): string {
  const text = `${startOf(name)}\`${command}\` -->\n\n${body.trim()}\n\n${endOf(name)}\n`;
  const start = document.indexOf(startOf(name));
  const end = document.indexOf(endOf(name), start);
  if (start < 0 || end < 0) return document === '' ? text : `${document.trimEnd()}\n\n${text}`;
  return document.slice(0, start) + text + document.slice(end + endOf(name).length + 1);
}

/** Writes the section into `file`, which need not be there. Throws STR0004. */
export async function writeSection(file: string, section: DocumentSection): Promise<void> {
  const before = await readFile(file, 'utf8').catch(() => '');
  await replaceFile(file, (to) => writeFile(to, withSection(before, section)));
}

/** A table with the columns of one for the terminal. */
export function markdownTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((c) => c.replace(/\s+/g, ' ').replace(/\|/g, '\\|')).join(' | ')} |`;
  return [
    line(columns.map((c) => c.title)),
    line(columns.map((c) => (c.align === 'right' ? '---:' : '---'))),
    ...rows.map((r) => line(columns.map((c) => c.cell(r)))),
  ].join('\n');
}
