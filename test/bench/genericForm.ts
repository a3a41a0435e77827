/**
 * Reads MLIR's generic form strictly, as `mlir-opt --mlir-print-op-generic` prints it: the oracle of the structural
 * parser, which shares no code with it. Throws where the text is not that form.
 */

export interface GenericOp {
  readonly name: string;
  /** One for each value: `%0:2` is `%0#0`, `%0#1`. */
  readonly results: readonly string[];
  readonly operands: readonly string[];
  readonly regions: readonly GenericRegion[];
}
export interface GenericBlock {
  readonly args: readonly string[];
  readonly ops: readonly GenericOp[];
}
export type GenericRegion = readonly GenericBlock[];

export function readGenericForm(text: string): GenericOp[] {
  return new Reader(text).file();
}

class Reader {
  #at = 0;
  constructor(readonly text: string) {}

  file(): GenericOp[] {
    const ops: GenericOp[] = [];
    for (this.#blanks(); this.#at < this.text.length; this.#blanks()) {
      if (/[#!]/.test(this.text[this.#at]!) || this.text.startsWith('{-#', this.#at)) this.#toLineEnd();
      else ops.push(this.#op());
    }
    return ops;
  }

  #op(): GenericOp {
    const results: string[] = [];
    while (this.#accept('%')) {
      const name = `%${this.#match(/[\w$.-]+/y)}`;
      const count = this.#accept(':') ? Number(this.#match(/\d+/y)) : undefined;
      if (count === undefined) results.push(name);
      else for (let i = 0; i < count; i++) results.push(`${name}#${i}`);
      this.#blanks();
      this.#accept(',');
      this.#blanks();
    }
    if (results.length > 0) this.#need('=');
    this.#blanks();
    this.#need('"');
    const name = this.#match(/[^"]+/y);
    this.#need('"');
    this.#need('(');
    const operands = this.#match(/[^)]*/y)
      .split(',')
      .map((o) => o.trim())
      .filter((o) => o !== '');
    this.#need(')');
    const regions: GenericRegion[] = [];
    this.#blanks();
    if (this.text[this.#at] === '[') this.#balanced();
    this.#blanks();
    if (this.text.startsWith('<{', this.#at)) {
      this.#at++;
      this.#balanced();
      this.#need('>');
    }
    this.#blanks();
    if (this.#accept('(')) {
      do regions.push(this.#region());
      while (this.#accept(','));
      this.#need(')');
    }
    this.#blanks();
    if (this.text[this.#at] === '{') this.#balanced();
    this.#blanks();
    this.#need(':');
    this.#toLineEnd();
    return { name, results, operands, regions };
  }

  #region(): GenericRegion {
    this.#blanks();
    this.#need('{');
    const blocks: { args: string[]; ops: GenericOp[] }[] = [];
    for (this.#blanks(); !this.#accept('}'); this.#blanks()) {
      if (this.text[this.#at] === '^') {
        const start = this.#at;
        this.#toLineEnd();
        const label = this.text.slice(start, this.#at);
        blocks.push({ args: [...label.matchAll(/[(,]\s*(%[\w$.-]+): /g)].map((m) => m[1]!), ops: [] });
      } else {
        if (blocks.length === 0) blocks.push({ args: [], ops: [] });
        blocks[blocks.length - 1]!.ops.push(this.#op());
      }
    }
    this.#blanks();
    return blocks;
  }

  #blanks(): void {
    this.#match(/(?:\s+|\/\/[^\n]*)*/y);
  }
  /** To the end of the line on which all brackets are closed. */
  #toLineEnd(): void {
    for (let depth = 0; this.#at < this.text.length; this.#at++) {
      const c = this.text[this.#at]!;
      if (c === '\n' && depth <= 0) return;
      if (c === '"') this.#string();
      else if ('([{'.includes(c)) depth++;
      else if (')]}'.includes(c)) depth--;
    }
  }
  /** From an opening bracket past the one that closes it. */
  #balanced(): void {
    let depth = 0;
    for (; this.#at < this.text.length; this.#at++) {
      const c = this.text[this.#at]!;
      if (c === '"') this.#string();
      else if ('([{'.includes(c)) depth++;
      else if (')]}'.includes(c) && --depth === 0) {
        this.#at++;
        return;
      }
    }
  }
  /** From the opening quote onto the closing one. */
  #string(): void {
    for (this.#at++; this.#at < this.text.length && this.text[this.#at] !== '"'; this.#at++)
      if (this.text[this.#at] === '\\') this.#at++;
  }
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const m = pattern.exec(this.text);
    if (m === null) throw this.#problem(String(pattern));
    this.#at += m[0].length;
    return m[0];
  }
  #accept(text: string): boolean {
    if (!this.text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
  #need(text: string): void {
    if (!this.#accept(text)) throw this.#problem(text);
  }
  #problem(expected: string): Error {
    return new Error(`expected ${expected} at '${this.text.slice(this.#at, this.#at + 60)}'`);
  }
}
