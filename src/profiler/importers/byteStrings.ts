/**
 * Strings of a file by their bytes: equal bytes give the very same string, decoded once. Names repeat millions of times in a
 * trace; decoding each would cost more than everything else. Used by the JSON reader.
 */

const utf8 = new TextDecoder();
/** Longer strings seldom repeat. */
const MAX_LENGTH = 256;
/** Beyond this many the strings are not names but data. */
const MAX_KNOWN = 1 << 20;

/** What `hash` starts with; `hashByte` adds one byte. */
export const HASH_START = 0x811c9dc5 | 0;
/** FNV-1a. */
export const hashByte = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193);

/** A string as V8 keeps names of properties: comparing two such strings compares pointers. */
const internalised = (text: string): string => Object.keys({ [text]: 0 })[0]!;

export class ByteStrings {
  /** Index into the columns below plus one, by hash; 0 where free. */
  private slots = new Int32Array(1 << 10);
  private readonly starts: number[] = [];
  private readonly lengths: number[] = [];
  private readonly hashes: number[] = [];
  private readonly texts: string[] = [];

  constructor(private readonly bytes: Uint8Array) {}

  /** The text of `bytes[from … to]`. `hash` is that of these bytes, made with `hashByte`. */
  text(from: number, to: number, hash: number): string {
    const length = to - from;
    if (length > MAX_LENGTH) return utf8.decode(this.bytes.subarray(from, to));
    const mask = this.slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const i = this.slots[slot]! - 1;
      if (this.hashes[i] === hash && this.lengths[i] === length && this.same(this.starts[i]!, from, length))
        return this.texts[i]!;
    }
    const text = internalised(utf8.decode(this.bytes.subarray(from, to)));
    if (this.texts.length < MAX_KNOWN) this.add(slot, from, length, hash, text);
    return text;
  }

  private same(a: number, b: number, length: number): boolean {
    const { bytes } = this;
    for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
    return true;
  }

  private add(slot: number, from: number, length: number, hash: number, text: string): void {
    this.starts.push(from);
    this.lengths.push(length);
    this.hashes.push(hash);
    this.slots[slot] = this.texts.push(text);
    if (this.texts.length * 2 < this.slots.length) return;
    const mask = this.slots.length * 4 - 1;
    this.slots = new Int32Array(mask + 1);
    this.hashes.forEach((h, i) => {
      let at = (h ^ (h >>> 15)) & mask;
      while (this.slots[at] !== 0) at = (at + 1) & mask;
      this.slots[at] = i + 1;
    });
  }
}
