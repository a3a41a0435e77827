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
const QUOTE = 0x22;
const HASH = 0x23;
const BACKSLASH = 0x5c;

const longPunctuation = ['->', '=>', '::', '==', '>=', '<=', '{-#', '#-}'];

export class Tokens {
  readonly #kinds: Uint8Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** First of its line. */
  readonly #breaks: Uint8Array;
  readonly length: number;

  constructor(readonly source: string) {
    // Grown by need: most texts have a token in four characters.
    let capacity = 64 + (source.length >> 2);
    let tokenKinds = new Uint8Array(capacity);
    let starts = new Int32Array(capacity);
    let ends = new Int32Array(capacity);
    let breaks = new Uint8Array(capacity);
    const grow = (): void => {
      capacity *= 2;
      const larger = <A extends Uint8Array | Int32Array>(to: A, from: A): A => {
        to.set(from);
        return to;
      };
      tokenKinds = larger(new Uint8Array(capacity), tokenKinds);
      starts = larger(new Int32Array(capacity), starts);
      ends = larger(new Int32Array(capacity), ends);
      breaks = larger(new Uint8Array(capacity), breaks);
    };
    const size = source.length;
    const classAt = (i: number): number => {
      const c = source.charCodeAt(i);
      return c < 128 ? classes[c]! : 0;
    };
    const run = (i: number, mask: number): number => {
      while (i < size && (classAt(i) & mask) !== 0) i++;
      return i;
    };
    let count = 0;
    let lineBreak = 1;
    for (let at = 0; at < size;) {
      const c = source.charCodeAt(at);
      if (c === NEWLINE) {
        lineBreak = 1;
        at++;
        continue;
      }
      const kindOf = c < 128 ? classes[c]! : /\s/.test(source[at]!) ? blank : 0;
      if (kindOf === blank) {
        at++;
        continue;
      }
      if (c === 0x2f && source.charCodeAt(at + 1) === 0x2f) {
        const end = source.indexOf('\n', at);
        at = end < 0 ? size : end;
        continue;
      }
      let kind: Kind = kinds.punctuation;
      let end = at + 1;
      if (kindOf === letter) {
        kind = kinds.word;
        end = wordEnd(end);
      } else if (kindOf === digit) {
        kind = kinds.number;
        end = run(end, letter | digit | dot);
      } else if (c === QUOTE) {
        kind = kinds.string;
        end = stringEnd(source, at);
      } else if (c === 0x25) {
        const digits = run(end, digit);
        const stop = digits > end ? digits : run(end, suffix);
        if (stop > end) {
          kind = kinds.value;
          end = stop;
          if (source.charCodeAt(end) === HASH) {
            const number = run(end + 1, digit);
            if (number > end + 1) end = number;
          }
        }
      } else if (c === 0x5e) {
        const stop = run(end, suffix);
        if (stop > end) {
          kind = kinds.caret;
          end = stop;
        }
      } else if (c === 0x40) {
        const stop = source.charCodeAt(end) === QUOTE ? stringEnd(source, end) : run(end, suffix);
        if (stop > end) {
          kind = kinds.symbol;
          end = stop;
        }
      } else if ((c === HASH || c === 0x21) && classAt(end) === letter) {
        kind = c === HASH ? kinds.hash : kinds.exclaim;
        end = dottedEnd(end + 1);
      } else {
        for (const long of longPunctuation) {
          if (long.charCodeAt(0) === c && source.startsWith(long, at)) {
            end = at + long.length;
            break;
          }
        }
      }
      if (count === capacity) grow();
      tokenKinds[count] = kind;
      starts[count] = at;
      ends[count] = end;
      breaks[count] = lineBreak;
      count++;
      lineBreak = 0;
      at = end;
    }
    this.length = count;
    this.#kinds = tokenKinds;
    this.#starts = starts;
    this.#ends = ends;
    this.#breaks = breaks;

    /** After `[\w$]*(\.[\w$-]*[\w$])*`. */
    function wordEnd(i: number): number {
      let end = run(i, name);
      while (source.charCodeAt(end) === 0x2e) {
        let stop = run(end + 1, name | dash);
        while (stop > end + 1 && source.charCodeAt(stop - 1) === 0x2d) stop--;
        if (stop === end + 1) break;
        end = stop;
      }
      return end;
    }
    /** After `([\w$]|\.(?=\w))*`. */
    function dottedEnd(i: number): number {
      for (;;) {
        i = run(i, name);
        if (source.charCodeAt(i) !== 0x2e || (classAt(i + 1) & (letter | digit)) === 0) return i;
        i++;
      }
    }
  }

  kind(i: number): Kind {
    return (i < this.length ? this.#kinds[i]! : kinds.end) as Kind;
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
    return i >= this.length || this.#breaks[i] === 1;
  }
  /** It is the punctuation `text`. */
  is(i: number, text: string): boolean {
    if (i < 0 || i >= this.length || this.#kinds[i] !== kinds.punctuation) return false;
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
