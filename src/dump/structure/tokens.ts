/** Tokens of MLIR text in columns, for the structural parser. Any text has tokens; nothing throws. */

export const kinds = {
  end: 0,
  punctuation: 1,
  value: 2,
  caret: 3,
  symbol: 4,
  hash: 5,
  exclaim: 6,
  string: 7,
  word: 8,
  number: 9,
} as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

// Classes of characters below 128, as bits; others belong to no name.
const letter = 1;
const digit = 2;
const dollar = 4;
const dot = 8;
const dash = 16;
const blank = 32;
const classes = new Uint8Array(128);
for (let c = 0; c < 128; c++) {
  const text = String.fromCharCode(c);
  if (/[A-Za-z_]/.test(text)) classes[c] = letter;
  else if (/\d/.test(text)) classes[c] = digit;
  else if (/\s/.test(text)) classes[c] = blank;
}
classes[0x24] = dollar;
classes[0x2e] = dot;
classes[0x2d] = dash;
/** `[\w$]` and `[\w$.-]`. */
const name = letter | digit | dollar;
const suffix = name | dot | dash;

const NEWLINE = 10;
const EXCLAIM = 0x21;
const QUOTE = 0x22;
const HASH = 0x23;
const PERCENT = 0x25;
const DASH = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const AT = 0x40;
const BACKSLASH = 0x5c;
const CARET = 0x5e;

const longPunctuation = ['->', '=>', '::', '==', '>=', '<=', '{-#', '#-}'];
/** Characters that a long punctuation begins with. */
const beginsLong = new Uint8Array(128);
for (const long of longPunctuation) beginsLong[long.charCodeAt(0)] = 1;

/** Set in the byte of a token that is the first of its line. */
const FIRST = 0x80;

/** Offset after the characters from `i` on that are of the classes in `mask`. */
function runEnd(source: string, i: number, mask: number): number {
  for (; i < source.length; i++) {
    const c = source.charCodeAt(i);
    if (c >= 128 || (classes[c]! & mask) === 0) break;
  }
  return i;
}
const isOf = (source: string, i: number, mask: number): boolean => {
  const c = source.charCodeAt(i);
  return c < 128 && (classes[c]! & mask) !== 0;
};

/** After `[\w$]*(\.[\w$-]*[\w$])*`. */
function wordEnd(source: string, i: number): number {
  let end = runEnd(source, i, name);
  while (source.charCodeAt(end) === DOT) {
    let stop = runEnd(source, end + 1, name | dash);
    while (stop > end + 1 && source.charCodeAt(stop - 1) === DASH) stop--;
    if (stop === end + 1) break;
    end = stop;
  }
  return end;
}
/** After `([\w$]|\.(?=\w))*`. */
function dottedEnd(source: string, i: number): number {
  for (;;) {
    i = runEnd(source, i, name);
    if (source.charCodeAt(i) !== DOT || !isOf(source, i + 1, letter | digit)) return i;
    i++;
  }
}
/** After the value whose `%` is at `at`, with the number of its result; `at + 1` where there is no name. */
function valueEnd(source: string, at: number): number {
  const digits = runEnd(source, at + 1, digit);
  const end = digits > at + 1 ? digits : runEnd(source, at + 1, suffix);
  if (end === at + 1 || source.charCodeAt(end) !== HASH) return end;
  const number = runEnd(source, end + 1, digit);
  return number > end + 1 ? number : end;
}

const longerArray = <A extends Uint8Array | Int32Array>(to: A, from: A): A => {
  to.set(from);
  return to;
};

export class Tokens {
  readonly #kinds: Uint8Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly length: number;

  constructor(readonly source: string) {
    // Grown by need: most texts have fewer than a token in three characters.
    let capacity = 64 + Math.floor(source.length / 3);
    let tokenKinds = new Uint8Array(capacity);
    let starts = new Int32Array(capacity);
    let ends = new Int32Array(capacity);
    const size = source.length;
    let count = 0;
    let first = FIRST;
    for (let at = 0; at < size;) {
      const c = source.charCodeAt(at);
      if (c === NEWLINE) {
        first = FIRST;
        at++;
        continue;
      }
      const classOf = c < 128 ? classes[c]! : /\s/.test(source[at]!) ? blank : 0;
      if (classOf === blank) {
        at++;
        continue;
      }
      if (c === SLASH && source.charCodeAt(at + 1) === SLASH) {
        const end = source.indexOf('\n', at);
        at = end < 0 ? size : end;
        continue;
      }
      let kind: Kind = kinds.punctuation;
      let end = at + 1;
      if (classOf === letter) {
        kind = kinds.word;
        end = wordEnd(source, end);
      } else if (classOf === digit) {
        kind = kinds.number;
        end = runEnd(source, end, letter | digit | dot);
      } else {
        switch (c) {
          case QUOTE:
            kind = kinds.string;
            end = stringEnd(source, at);
            break;
          case PERCENT:
            end = valueEnd(source, at);
            if (end > at + 1) kind = kinds.value;
            break;
          case CARET:
            end = runEnd(source, end, suffix);
            if (end > at + 1) kind = kinds.caret;
            break;
          case AT:
            end = source.charCodeAt(end) === QUOTE ? stringEnd(source, end) : runEnd(source, end, suffix);
            if (end > at + 1) kind = kinds.symbol;
            break;
          default:
            if ((c === HASH || c === EXCLAIM) && isOf(source, end, letter)) {
              kind = c === HASH ? kinds.hash : kinds.exclaim;
              end = dottedEnd(source, end + 1);
            } else if (c < 128 && beginsLong[c] === 1) {
              for (const long of longPunctuation) {
                if (long.charCodeAt(0) === c && source.startsWith(long, at)) {
                  end = at + long.length;
                  break;
                }
              }
            }
        }
      }
      if (count === capacity) {
        capacity *= 2;
        tokenKinds = longerArray(new Uint8Array(capacity), tokenKinds);
        starts = longerArray(new Int32Array(capacity), starts);
        ends = longerArray(new Int32Array(capacity), ends);
      }
      tokenKinds[count] = kind | first;
      starts[count] = at;
      ends[count] = end;
      count++;
      first = 0;
      at = end;
    }
    this.length = count;
    this.#kinds = tokenKinds;
    this.#starts = starts;
    this.#ends = ends;
  }

  kind(i: number): Kind {
    return (i < this.length ? this.#kinds[i]! & ~FIRST : kinds.end) as Kind;
  }
  start(i: number): number {
    return i < this.length ? this.#starts[i]! : this.source.length;
  }
  end(i: number): number {
    return i < this.length ? this.#ends[i]! : this.source.length;
  }
  text(i: number): string {
    return this.source.slice(this.start(i), this.end(i));
  }
  /** It is the first of its line. */
  first(i: number): boolean {
    return i >= this.length || this.#kinds[i]! >= FIRST;
  }
  /** It is the punctuation `text`. */
  is(i: number, text: string): boolean {
    if (i < 0 || i >= this.length || (this.#kinds[i]! & ~FIRST) !== kinds.punctuation) return false;
    const start = this.#starts[i]!;
    if (this.source.charCodeAt(start) !== text.charCodeAt(0)) return false;
    const { length } = text;
    return this.#ends[i]! - start === length && (length === 1 || this.source.startsWith(text, start));
  }
}

/** After the string that begins at `i`; one that is not closed ends with its line. */
function stringEnd(source: string, i: number): number {
  for (let k = i + 1; k < source.length; k++) {
    const c = source.charCodeAt(k);
    if (c === QUOTE) return k + 1;
    if (c === NEWLINE) return k;
    if (c === BACKSLASH) {
      if (source.charCodeAt(k + 1) === NEWLINE || k + 1 >= source.length) return k;
      k++;
    }
  }
  return source.length;
}
