/**
 * Reads an entry of any size without what nobody reads: the digits of long constants, and what is beyond a megabyte of a line.
 * Where the index of the dump knows that a stretch has no line end, not even its bytes are read.
 */
import { crc32, joinedCrc32 } from '../base/crc32';
import { readRange } from './byteSource';
import type { Dump, DumpEntry } from './dump';

/** A blob that a text leaves out. */
export interface ElidedConstant {
  /** Offset of its first digit in the source, after `0x`. */
  readonly start: number;
  readonly digits: number;
  /** As it stands in the text. */
  readonly hash: string;
}

/** Bytes of a source without a line end: a part of a line of megabytes. */
export interface SolidStretch {
  readonly source: number;
  readonly start: number;
  readonly end: number;
  readonly crc: number;
  /** There is a `"` in it. */
  readonly quotes: boolean;
}

export interface ElidedBytes {
  readonly bytes: Buffer;
  /** Lines of which the end is left out. */
  readonly cutLines: number;
  /** Bytes of the entry after which it was not read on. */
  readonly cutAt?: number;
}

/** Sources are read, and stretches begin, at multiples of this. */
export const CHUNK = 8 << 20;
/** Hexadecimal blobs longer than this many characters are elided. */
const LONGEST_BLOB = 256;
/** Editors do not show longer lines, and no IR has them but in a constant. */
const LONGEST_LINE = 1 << 20;
/** Of one entry, after all that is elided. */
const MOST_TEXT = 192 << 20;
const QUOTE = 0x22;
const NEWLINE = 10;
const OPENING = '"0x';

/**
 * Copies an entry without the contents of long `"0x…"` strings: `"0x08000000…1048576 bytes, 1f3a99c2"` keeps the first
 * digits, the size of the data and the CRC of the digits, so that another constant is another text; and without the ends of
 * lines of more than a megabyte. Memory stays at what is kept. What is left out of constants is added to `constants`.
 */
export async function readElided(
  dump: Dump,
  entry: DumpEntry,
  constants: ElidedConstant[] = [],
): Promise<ElidedBytes> {
  const source = dump.sources[entry.source]!;
  const elider = new Elider(constants);
  for (let position = entry.start; position < entry.end;) {
    if (elider.size > MOST_TEXT) return { ...elider.finish(), cutAt: position - entry.start };
    const stretch = elider.leavingOut ? stretchAt(dump.solid, entry.source, position) : undefined;
    if (stretch !== undefined && stretch.end <= entry.end && elider.skip(stretch)) {
      position = stretch.end;
      continue;
    }
    const end = Math.min((Math.floor(position / CHUNK) + 1) * CHUNK, entry.end);
    elider.read(await readRange(source, position, end), position, end === entry.end);
    position = end;
  }
  return elider.finish();
}

/** The stretch that begins at `position`. */
function stretchAt(
  solid: readonly SolidStretch[] | undefined,
  source: number,
  position: number,
): SolidStretch | undefined {
  return solid?.find((s) => s.source === source && s.start === position);
}

/** What is being left out: its size in bytes and its CRC so far. */
interface LeftOut {
  readonly kind: 'blob' | 'line';
  readonly start: number;
  size: number;
  crc: number;
}

class Elider {
  readonly #kept: Buffer[] = [];
  size = 0;
  #cutLines = 0;
  #out: LeftOut | undefined;
  /** Bytes kept of the line so far. */
  #line = 0;
  /** The end of what was read last, in which a blob may begin. */
  #carry = Buffer.alloc(0);

  constructor(readonly constants: ElidedConstant[]) {}

  get leavingOut(): boolean {
    return this.#out !== undefined;
  }

  /** Leaves out a stretch unread; false where it may hold the end of what is left out. */
  skip({ start, end, crc, quotes }: SolidStretch): boolean {
    const out = this.#out!;
    if (out.kind === 'blob' && quotes) return false;
    out.crc = joinedCrc32(out.crc, crc, end - start);
    out.size += end - start;
    return true;
  }

  read(read: Buffer, position: number, last: boolean): void {
    const bytes = this.#carry.length === 0 ? read : Buffer.concat([this.#carry, read]);
    const base = position - this.#carry.length;
    this.#carry = Buffer.alloc(0);
    for (let at = 0; at < bytes.length;)
      at = this.#out === undefined ? this.#text(bytes, at, base, last) : this.#leave(bytes, at, this.#out);
  }

  finish(): ElidedBytes {
    const out = this.#out;
    if (out !== undefined) this.#end(out, false);
    return { bytes: Buffer.concat(this.#kept), cutLines: this.#cutLines };
  }

  #keep(piece: Buffer): void {
    this.#kept.push(Buffer.from(piece));
    this.size += piece.length;
  }

  /** Keeps text from `at` on; returns where to go on. */
  #text(bytes: Buffer, at: number, base: number, last: boolean): number {
    const open = bytes.indexOf(OPENING, at);
    if (open < 0) {
      // The beginning of a blob may lie across the border.
      const tail = last ? bytes.length : Math.max(at, bytes.length - (OPENING.length - 1));
      const cut = this.#lines(bytes, at, tail, base);
      if (cut >= 0) return cut;
      this.#carry = Buffer.from(bytes.subarray(tail));
      return bytes.length;
    }
    const digits = open + OPENING.length;
    const window = digits + LONGEST_BLOB;
    if (window > bytes.length && !last) {
      const cut = this.#lines(bytes, at, open, base);
      if (cut >= 0) return cut;
      this.#carry = Buffer.from(bytes.subarray(open));
      return bytes.length;
    }
    const head = bytes.toString('latin1', digits, Math.min(window, bytes.length));
    if (window > bytes.length || !/^[0-9A-Fa-f]*$/.test(head)) {
      const cut = this.#lines(bytes, at, digits, base);
      return cut >= 0 ? cut : digits;
    }
    const kept = digits + 8;
    const cut = this.#lines(bytes, at, kept, base);
    if (cut >= 0) return cut;
    this.#out = { kind: 'blob', start: base + digits, size: 0, crc: 0 };
    return digits;
  }

  /** Keeps `[at, end)`. Of a line that becomes too long the rest is left out; returns where that begins, else -1. */
  #lines(bytes: Buffer, at: number, end: number, base: number): number {
    let start = at;
    while (end - start + this.#line > LONGEST_LINE) {
      const most = start + LONGEST_LINE - this.#line;
      const newline = most <= start ? -1 : bytes.subarray(start, most).lastIndexOf(NEWLINE);
      if (newline < 0) {
        let cut = Math.max(start, most);
        // Not within a character of UTF-8.
        while (cut > start && (bytes[cut]! & 0xc0) === 0x80) cut--;
        this.#keep(bytes.subarray(at, cut));
        this.#out = { kind: 'line', start: base + cut, size: 0, crc: 0 };
        return cut;
      }
      start += newline + 1;
      this.#line = 0;
    }
    this.#keep(bytes.subarray(at, end));
    const newline = bytes.subarray(start, end).lastIndexOf(NEWLINE);
    this.#line = newline < 0 ? this.#line + end - start : end - start - newline - 1;
    return -1;
  }

  /** Leaves out up to the end of what is left out. */
  #leave(bytes: Buffer, at: number, out: LeftOut): number {
    let end = bytes.indexOf(out.kind === 'blob' ? QUOTE : NEWLINE, at);
    if (end < 0) end = bytes.length;
    // A blob that was cut ends with its line.
    if (out.kind === 'blob') {
      const newline = bytes.subarray(at, end).indexOf(NEWLINE);
      if (newline >= 0) end = at + newline;
    }
    const piece = bytes.subarray(at, end);
    out.crc = crc32(piece, out.crc);
    out.size += piece.length;
    if (end < bytes.length) this.#end(out, bytes[end] === QUOTE || out.kind === 'line');
    return end;
  }

  #end(out: LeftOut, whole: boolean): void {
    this.#out = undefined;
    const hash = out.crc.toString(16).padStart(8, '0');
    let note: string;
    if (out.kind === 'line') {
      note = ` …${out.size} more bytes, ${hash}`;
      this.#cutLines++;
      this.#line = 0;
    } else {
      note = `…${out.size / 2} bytes, ${whole ? hash : 'cut'}`;
      if (whole) this.constants.push({ start: out.start, digits: out.size, hash });
    }
    this.#keep(Buffer.from(note));
  }
}
