/**
 * A pull reader of JSON over bytes, for trace files larger than a JavaScript string may be. Numbers that hold
 * microseconds come out as exact nanoseconds. Nothing is built for what the caller skips.
 */
import { ByteStrings, HASH_START, hashByte } from './byteStrings';

export class JsonError extends Error {
  override readonly name = 'JsonError';
  constructor(
    readonly at: number,
    /** Whether the bytes ended, rather than held something unexpected. */
    readonly cut: boolean,
  ) {
    super(`malformed JSON at byte ${at}`);
  }
}

const code = (c: string): number => c.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code('\\');
const OPEN_OBJECT = code('{');
const CLOSE_OBJECT = code('}');
const OPEN_ARRAY = code('[');
const CLOSE_ARRAY = code(']');
const COMMA = code(',');
const COLON = code(':');
const ZERO = code('0');
const NINE = code('9');
const MINUS = code('-');
const POINT = code('.');
const MAX_DEPTH = 512;

/** Microseconds as whole and remaining nanoseconds, so that large time stamps stay exact. */
export interface Micros {
  whole: number;
  /** −999 to 999. */
  nanos: number;
}

const utf8 = new TextDecoder();

export class JsonReader {
  pos = 0;
  /** Accept a quote inside a string unless `,`, `}`, `]` or `:` follows: for writers that do not escape. */
  looseStrings = false;
  private readonly strings: ByteStrings;
  constructor(readonly bytes: Uint8Array) {
    this.strings = new ByteStrings(bytes);
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.pos = 3;
  }

  /** The next byte that is no white space, −1 at the end. */
  peek(): number {
    const { bytes } = this;
    while (this.pos < bytes.length) {
      const b = bytes[this.pos]!;
      if (b !== 0x20 && b !== 0x0a && b !== 0x0d && b !== 0x09) return b;
      this.pos++;
    }
    return -1;
  }

  fail(): never {
    throw new JsonError(this.pos, this.pos >= this.bytes.length);
  }

  expect(b: number): void {
    if (this.peek() !== b) this.fail();
    this.pos++;
  }

  /** Whether the next value is an object, an array, a string, or something else. */
  kind(): 'object' | 'array' | 'string' | 'other' {
    const b = this.peek();
    return b === OPEN_OBJECT ? 'object' : b === OPEN_ARRAY ? 'array' : b === QUOTE ? 'string' : 'other';
  }

  /** Reads an object; `onKey` must consume the value. A trailing comma is accepted. */
  object(onKey: (key: string) => void): void {
    for (let key = this.firstKey(); key !== undefined; key = this.nextKey()) onKey(key);
  }

  /** Opens an object and reads its first key; undefined where it has none. The caller consumes the value. */
  firstKey(): string | undefined {
    this.expect(OPEN_OBJECT);
    return this.keyOrEnd();
  }

  /** The key after a value that was consumed; undefined at the end of the object, which is consumed too. */
  nextKey(): string | undefined {
    const b = this.peek();
    if (b === COMMA) this.pos++;
    else if (b !== CLOSE_OBJECT) this.fail();
    return this.keyOrEnd();
  }

  private keyOrEnd(): string | undefined {
    if (this.peek() === CLOSE_OBJECT) {
      this.pos++;
      return undefined;
    }
    const key = this.string();
    this.expect(COLON);
    return key;
  }

  /** Reads an array; `onItem` must consume the item. A trailing comma is accepted. */
  array(onItem: () => void): void {
    this.expect(OPEN_ARRAY);
    while (this.peek() !== CLOSE_ARRAY) {
      onItem();
      if (this.peek() === COMMA) this.pos++;
      else if (this.peek() !== CLOSE_ARRAY) this.fail();
    }
    this.pos++;
  }

  /** Moves past a string and tells whether it has escapes; `pos` is after the closing quote. */
  private passString(): boolean {
    this.expect(QUOTE);
    const { bytes } = this;
    let escaped = false;
    for (; this.pos < bytes.length; this.pos++) {
      const b = bytes[this.pos]!;
      if (b === BACKSLASH) {
        escaped = true;
        this.pos++;
      } else if (b === QUOTE && (!this.looseStrings || this.closesString(this.pos + 1))) {
        this.pos++;
        return escaped;
      }
    }
    this.pos = bytes.length;
    this.fail();
  }

  private closesString(after: number): boolean {
    const { bytes } = this;
    while (bytes[after] === 0x20 || bytes[after] === 0x0a || bytes[after] === 0x0d) after++;
    const b = bytes[after];
    return b === undefined || b === COMMA || b === CLOSE_OBJECT || b === CLOSE_ARRAY || b === COLON;
  }

  string(): string {
    if (this.peek() !== QUOTE) this.fail();
    const { bytes } = this;
    const from = this.pos + 1;
    let hash = HASH_START;
    let p = from;
    for (; p < bytes.length; p++) {
      const b = bytes[p]!;
      if (b === QUOTE || b === BACKSLASH) break;
      hash = hashByte(hash, b);
    }
    if (bytes[p] === QUOTE && !this.looseStrings) {
      this.pos = p + 1;
      return this.strings.text(from, p, hash);
    }
    const escaped = this.passString();
    const text = utf8.decode(this.bytes.subarray(from, this.pos - 1));
    if (!escaped) return text;
    try {
      // Raw control characters are what loose writers leave in.
      return JSON.parse(`"${text.replace(/[\u0000-\u001f]/g, ' ')}"`) as string;
    } catch {
      return text;
    }
  }

  /** A string, or the text of a number: ids may be either. */
  scalarText(): string {
    if (this.peek() === QUOTE) return this.string();
    const from = this.pos;
    this.passWord();
    let hash = HASH_START;
    for (let p = from; p < this.pos; p++) hash = hashByte(hash, this.bytes[p]!);
    return this.strings.text(from, this.pos, hash);
  }

  private passWord(): void {
    const { bytes } = this;
    const from = this.pos;
    while (this.pos < bytes.length) {
      const b = bytes[this.pos]!;
      if (b === COMMA || b === CLOSE_OBJECT || b === CLOSE_ARRAY || b === COLON || b <= 0x20) break;
      if (b === QUOTE || b === OPEN_OBJECT || b === OPEN_ARRAY) this.fail();
      this.pos++;
    }
    if (this.pos === from) this.fail();
  }

  /** A number, `true`, `false`, `null`, or what loose writers put there (`NaN`), as a value. */
  word(): number | boolean | null {
    const integer = this.shortInteger();
    if (integer !== undefined) return integer;
    const text = this.scalarText();
    if (text === 'true' || text === 'false') return text === 'true';
    if (text === 'null') return null;
    const n = Number(text);
    if (Number.isNaN(n) && !/^-?(nan|inf)/i.test(text)) this.fail();
    return n;
  }

  /** Consumes an integer of at most 15 digits; undefined, with nothing consumed, where something else stands. */
  private shortInteger(): number | undefined {
    const { bytes } = this;
    const negative = this.peek() === MINUS;
    const first = negative ? this.pos + 1 : this.pos;
    let p = first;
    let value = 0;
    for (; bytes[p]! >= ZERO && bytes[p]! <= NINE; p++) value = value * 10 + (bytes[p]! - ZERO);
    const after = bytes[p];
    if (p === first || p - first > 15 || (after !== COMMA && after !== CLOSE_OBJECT && after !== CLOSE_ARRAY))
      return undefined;
    this.pos = p;
    return negative ? -value : value;
  }

  /** A number of microseconds, bare or in quotes, exact to the nanosecond; undefined where it is no number. */
  micros(out: Micros): boolean {
    const { bytes } = this;
    const quoted = this.peek() === QUOTE;
    const start = this.pos;
    let p = quoted ? start + 1 : start;
    const negative = bytes[p] === MINUS;
    if (negative) p++;
    const firstDigit = p;
    let whole = 0;
    for (; bytes[p]! >= ZERO && bytes[p]! <= NINE; p++) whole = whole * 10 + (bytes[p]! - ZERO);
    const digits = p - firstDigit;
    let nanos = 0;
    if (digits > 0 && bytes[p] === POINT) {
      p++;
      let scale = 100;
      let below = 0;
      for (let place = 0; bytes[p]! >= ZERO && bytes[p]! <= NINE; p++, place++) {
        const d = bytes[p]! - ZERO;
        if (place < 3) {
          nanos += d * scale;
          scale /= 10;
        } else if (place === 3) below = d;
      }
      if (below >= 5) nanos++;
    }
    const after = bytes[p];
    const plain = digits > 0 && Number.isSafeInteger(whole) && after !== code('e') && after !== code('E');
    if (plain && (!quoted || after === QUOTE)) {
      this.pos = quoted ? p + 1 : p;
      out.whole = negative ? -whole : whole;
      out.nanos = negative ? -nanos : nanos;
      return true;
    }
    if (this.kind() === 'object' || this.kind() === 'array') {
      this.skip();
      return false;
    }
    const value = Number(this.scalarText());
    if (!Number.isFinite(value)) return false;
    out.whole = Math.trunc(value);
    out.nanos = Math.round((value - out.whole) * 1000);
    return true;
  }

  skip(depth = 0): void {
    if (depth > MAX_DEPTH) this.fail();
    switch (this.kind()) {
      case 'object':
        return this.object(() => this.skip(depth + 1));
      case 'array':
        return this.array(() => this.skip(depth + 1));
      case 'string':
        this.passString();
        return;
      case 'other':
        return this.passWord();
    }
  }
}
