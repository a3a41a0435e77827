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

const pattern =
  /(\s+|\/\/[^\n]*)|(%(?:\d+|[\w$.-]+)(?:#\d+)?)|(\^[\w$.-]+)|(@(?:[\w$.-]+|"(?:[^"\\\n]|\\.)*"?))|(#[A-Za-z_](?:[\w$]|\.(?=\w))*)|(![A-Za-z_](?:[\w$]|\.(?=\w))*)|("(?:[^"\\\n]|\\.)*"?)|([A-Za-z_][\w$]*(?:\.[\w$-]*[\w$])*)|(\d[\w.]*(?:[eE][+-]?\d+)?)|(->|::|==|>=|<=|\{-#|#-\}|[\s\S])/y;

/** Group of `pattern` → kind; group 1 is blank. */
const kindOfGroup: readonly Kind[] = [0, 0, 2, 3, 4, 5, 6, 7, 8, 9, 1];

export class Tokens {
  readonly #kinds: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #breaks: boolean[] = [];

  constructor(readonly source: string) {
    let lineBreak = true;
    pattern.lastIndex = 0;
    for (let at = 0; at < source.length; at = pattern.lastIndex) {
      const m = pattern.exec(source);
      if (m === null) break;
      if (m[1] !== undefined) {
        if (m[1].includes('\n')) lineBreak = true;
        continue;
      }
      let group = 2;
      while (m[group] === undefined) group++;
      this.#kinds.push(kindOfGroup[group]!);
      this.#starts.push(at);
      this.#ends.push(pattern.lastIndex);
      this.#breaks.push(lineBreak);
      lineBreak = false;
    }
  }

  get length(): number {
    return this.#kinds.length;
  }
  kind(i: number): Kind {
    return (this.#kinds[i] ?? kinds.end) as Kind;
  }
  start(i: number): number {
    return this.#starts[i] ?? this.source.length;
  }
  end(i: number): number {
    return this.#ends[i] ?? this.source.length;
  }
  text(i: number): string {
    return this.source.slice(this.start(i), this.end(i));
  }
  /** It is the first of its line. */
  first(i: number): boolean {
    return this.#breaks[i] ?? true;
  }
  /** It is the punctuation `text`. */
  is(i: number, text: string): boolean {
    return (
      this.#kinds[i] === kinds.punctuation &&
      this.#ends[i]! - this.#starts[i]! === text.length &&
      this.source.startsWith(text, this.#starts[i])
    );
  }
}
