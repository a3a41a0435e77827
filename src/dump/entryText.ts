/** The text of an entry as people read it: cleaned of other output, with megabyte constants elided. */
import { createHash } from 'node:crypto';
import type { Diagnostic } from '../base/diagnostics';
import { formatBytes } from '../base/units';
import { readRange } from './byteSource';
import { cleanText } from './cleanLines';
import type { Dump, DumpEntry } from './dump';
import { dumpMessages } from './messages';

export interface EntryText {
  readonly text: string;
  readonly warnings: readonly Diagnostic[];
}

/** A blob that a text leaves out. */
export interface ElidedConstant {
  /** Offset of its first digit in the source, after `0x`. */
  readonly start: number;
  readonly digits: number;
  /** As it stands in the text. */
  readonly hash: string;
}

/** Hexadecimal blobs longer than this many characters are elided. */
const LONGEST_BLOB = 256;
const CHUNK = 8 << 20;
/** Of one entry, after blobs are elided. */
const MOST_TEXT = 192 << 20;
const QUOTE = 0x22;

/**
 * Copies `[start, end)` without the contents of long `"0x…"` strings: `"0x08000000…1048576 bytes, 1f3a99c2"` keeps
 * the first digits, the size of the data and a hash of the digits, so that another constant is another text. Memory
 * stays at what is kept, even where one line has gigabytes. What is left out is added to `constants`.
 */
export async function readElided(
  dump: Dump,
  entry: DumpEntry,
  constants: ElidedConstant[] = [],
): Promise<{ readonly bytes: Buffer; readonly cutAt?: number }> {
  const source = dump.sources[entry.source]!;
  const kept: Buffer[] = [];
  let size = 0;
  const keep = (piece: Buffer): void => {
    kept.push(Buffer.from(piece));
    size += piece.length;
  };
  let blob: { start: number; digits: number; head: Buffer; hash: ReturnType<typeof createHash> } | undefined;
  let carry = Buffer.alloc(0);
  for (let position = entry.start; position < entry.end; position += CHUNK) {
    if (size > MOST_TEXT) return { bytes: Buffer.concat(kept), cutAt: position - entry.start };
    const read = await readRange(source, position, Math.min(position + CHUNK, entry.end));
    const last = position + CHUNK >= entry.end;
    const bytes = carry.length === 0 ? read : Buffer.concat([carry, read]);
    const base = position - carry.length;
    carry = Buffer.alloc(0);
    let at = 0;
    while (at < bytes.length) {
      if (blob !== undefined) {
        const close = bytes.indexOf(QUOTE, at);
        const stop = close < 0 ? bytes.length : close;
        blob.digits += stop - at;
        blob.hash.update(bytes.subarray(at, stop));
        at = stop;
        if (close < 0) break;
        keep(blob.head);
        const hash = blob.hash.digest('hex').slice(0, 8);
        constants.push({ start: blob.start, digits: blob.digits, hash });
        keep(Buffer.from(`…${blob.digits / 2} bytes, ${hash}`));
        blob = undefined;
        continue;
      }
      const open = bytes.indexOf('"0x', at);
      if (open < 0) {
        // The beginning of a blob may lie across the border.
        const tail = last ? bytes.length : Math.max(at, bytes.length - 2);
        keep(bytes.subarray(at, tail));
        carry = Buffer.from(bytes.subarray(tail));
        break;
      }
      const window = open + 3 + LONGEST_BLOB;
      if (window > bytes.length && !last) {
        keep(bytes.subarray(at, open));
        carry = Buffer.from(bytes.subarray(open));
        break;
      }
      const close = bytes.indexOf(QUOTE, open + 3);
      const isBlob = /^[0-9A-Fa-f]*$/.test(
        bytes.toString('latin1', open + 3, Math.min(window, bytes.length)),
      );
      if ((close >= 0 && close < window) || !isBlob || window > bytes.length) {
        keep(bytes.subarray(at, open + 3));
        at = open + 3;
        continue;
      }
      const head = Buffer.from(bytes.subarray(open, open + 3 + 8));
      keep(bytes.subarray(at, open));
      blob = { start: base + open + 3, digits: 0, head, hash: createHash('sha1') };
      at = open + 3;
    }
  }
  if (blob !== undefined) keep(Buffer.from(`${blob.head.toString('latin1')}…${blob.digits / 2} bytes, cut`));
  return { bytes: Buffer.concat(kept) };
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

/** Editors do not show longer lines, and no IR has them but in a constant. */
const LONGEST_LINE = 1 << 20;

/** Lines that are too long, with a hash in place of what is beyond, so that another line is another text. */
export function cutLines(text: string): { readonly text: string; readonly cut: number } {
  if (text.length <= LONGEST_LINE) return { text, cut: 0 };
  const pieces: string[] = [];
  let from = 0;
  let cut = 0;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    if (end - at > LONGEST_LINE) {
      const rest = text.slice(at + LONGEST_LINE, end);
      const hash = createHash('sha1').update(rest).digest('hex').slice(0, 8);
      pieces.push(text.slice(from, at + LONGEST_LINE), ` …${rest.length} more characters, ${hash}`);
      from = end;
      cut++;
    }
    at = end + 1;
  }
  return { text: pieces.join('') + text.slice(from), cut };
}

/** Formats whose entries are MLIR; others' lines are all kept. */
export const isMlir = (entry: DumpEntry, format: string): boolean =>
  !['llvm-log', 'halide-log', 'xla-dump', 'tvm-dump'].includes(format) &&
  !['define', 'machine function', 'module'].includes(entry.op ?? '');

/** Reads an entry. Never throws for what it holds; only STR0151 when the file cannot be read. */
export async function entryText(dump: Dump, entry: DumpEntry): Promise<EntryText> {
  const warnings: Diagnostic[] = [];
  const { bytes, cutAt } = await readElided(dump, entry);
  if (cutAt !== undefined) {
    const size = formatBytes(entry.end - entry.start);
    warnings.push(dumpMessages.diagnostic('STR0161', { entry: entry.index, kept: formatBytes(cutAt), size }));
  }
  const { text, cut } = cutLines(bytes.toString('utf8'));
  if (cut > 0) warnings.push(dumpMessages.diagnostic('STR0167', { entry: entry.index, lines: cut }));
  const clean = cleanText(text, entry.linePrefix, isMlir(entry, dump.format));
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

/** SHA-1 of the bytes of an entry as they are in the dump: equal bytes are the same IR, read once. */
export async function rawHash(dump: Dump, entry: DumpEntry): Promise<string> {
  const hash = createHash('sha1');
  const source = dump.sources[entry.source]!;
  for (let position = entry.start; position < entry.end; position += CHUNK)
    hash.update(await readRange(source, position, Math.min(position + CHUNK, entry.end)));
  return hash.digest('hex');
}
