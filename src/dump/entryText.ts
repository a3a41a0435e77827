/** The text of an entry as people read it: cleaned of other output, with megabyte constants elided; and those in pages. */
import { createHash } from 'node:crypto';
import type { Diagnostic } from '../base/diagnostics';
import { formatBytes } from '../base/units';
import { readRange } from './byteSource';
import { cleanText } from './cleanLines';
import type { Dump, DumpEntry } from './dump';
import type { ElidedConstant } from './elide';
import { CHUNK, readElided } from './elide';
import { dumpMessages } from './messages';

export interface EntryText {
  readonly text: string;
  readonly warnings: readonly Diagnostic[];
}

/** Digits on a page of a constant, and bytes in a line of it. */
const PAGE_DIGITS = 1 << 20;
const LINE_BYTES = 32;

/** A page of the digits of a constant, with the offset of its first byte before each line. */
export async function constantPage(
  dump: Dump,
  entry: DumpEntry,
  { start, digits }: ElidedConstant,
  page: number,
): Promise<{ readonly text: string; readonly page: number; readonly pages: number }> {
  const pages = Math.max(1, Math.ceil(digits / PAGE_DIGITS));
  const index = Math.max(0, Math.min(page, pages - 1));
  const from = index * PAGE_DIGITS;
  const end = Math.min(digits, from + PAGE_DIGITS);
  const hex = (await readRange(dump.sources[entry.source]!, start + from, start + end)).toString('latin1');
  const lines: string[] = [];
  for (let at = 0; at < hex.length; at += 2 * LINE_BYTES) {
    const offset = ((from + at) / 2).toString(16).padStart(8, '0');
    lines.push(`${offset}  ${hex.slice(at, at + 2 * LINE_BYTES).replace(/.{8}(?=.)/g, '$& ')}`);
  }
  return { text: `${lines.join('\n')}\n`, page: index, pages };
}

/** Formats whose entries are MLIR; others' lines are all kept. */
export const isMlir = (entry: DumpEntry, format: string): boolean =>
  !['llvm-log', 'halide-log', 'xla-dump', 'tvm-dump'].includes(format) &&
  !['define', 'loop', 'machine function', 'module'].includes(entry.op ?? '');

/** Reads an entry. Never throws for what it holds; only STR0151 when the file cannot be read. */
export async function entryText(dump: Dump, entry: DumpEntry): Promise<EntryText> {
  const warnings: Diagnostic[] = [];
  const { bytes, cutLines, cutAt } = await readElided(dump, entry);
  if (cutAt !== undefined) {
    const size = formatBytes(entry.end - entry.start);
    warnings.push(dumpMessages.diagnostic('STR0161', { entry: entry.index, kept: formatBytes(cutAt), size }));
  }
  if (cutLines > 0)
    warnings.push(dumpMessages.diagnostic('STR0167', { entry: entry.index, lines: cutLines }));
  const clean = cleanText(bytes.toString('utf8'), entry.linePrefix, isMlir(entry, dump.format));
  if (clean.skipped.length > 0) {
    const first = clean.skipped[0]!.slice(0, 80);
    warnings.push(
      dumpMessages.diagnostic('STR0160', { entry: entry.index, lines: clean.skipped.length, first }),
    );
  }
  if (clean.cut && cutAt === undefined)
    warnings.push(dumpMessages.diagnostic('STR0166', { entry: entry.index }));
  return { text: clean.text, warnings };
}

/** Entries of more bytes are told apart by what is kept of them, which has the CRC of all that is not. */
const HASHED_WHOLE = 32 << 20;

/** A hash of an entry as it is in the dump: equal ones are the same IR, read once. */
export async function rawHash(dump: Dump, entry: DumpEntry): Promise<string> {
  const hash = createHash('sha1');
  if (entry.end - entry.start > HASHED_WHOLE) {
    const { bytes, cutAt } = await readElided(dump, entry);
    if (cutAt === undefined) return `elided ${hash.update(bytes).digest('hex')}`;
  }
  const source = dump.sources[entry.source]!;
  for (let position = entry.start; position < entry.end; position += CHUNK)
    hash.update(await readRange(source, position, Math.min(position + CHUNK, entry.end)));
  return hash.digest('hex');
}
