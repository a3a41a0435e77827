/** Tokens of MLIR text. Positions are UTF-16 offsets; comments are skipped. */

export type TokenKind =
  | 'identifier' // bare word, may hold dots and dollars: func.func, strided
  | 'value' // %name
  | 'caret' // ^bb0
  | 'symbol' // @name or @"name"
  | 'hash' // #alias or #dialect.attr
  | 'exclaim' // !alias or !dialect.type
  | 'integer' // decimal or 0x…
  | 'float'
  | 'string'
  | 'punctuation'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const patterns =
  /(?:\s|\/\/[^\n]*)*(?:(%(?:[0-9]+|[A-Za-z$._-][\w$.-]*))|(\^[\w$.-]+)|(@(?:[A-Za-z_][\w$.]*|"(?:[^"\\\n]|\\.)*"))|(#[A-Za-z_][\w$.]*|#\d+)|(![A-Za-z_][\w$.]*)|(0x[0-9a-fA-F]+(?![\w])|[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|[0-9]+)|("(?:[^"\\\n]|\\[\s\S])*")|([A-Za-z_][\w$.]*)|(->|::|==|>=|<=|\.\.\.|\{-#|#-\}|[-+*/=:;,.<>()[\]{}?|&!#]))/gy;

/** Reads tokens on demand; `rewind` goes back to an offset, so that type bodies can be re-read in another way. */
export class Lexer {
  #at = 0;
  constructor(readonly source: string) {}

  get offset(): number {
    return this.#at;
  }
  rewind(offset: number): void {
    this.#at = offset;
  }
  next(): Token {
    patterns.lastIndex = this.#at;
    const m = patterns.exec(this.source);
    if (m === null) {
      const start = this.#skipBlank();
      if (start >= this.source.length) {
        this.#at = start;
        return { kind: 'end', text: '', start, end: start };
      }
      this.#at = start + 1;
      return { kind: 'punctuation', text: this.source[start]!, start, end: start + 1 };
    }
    const end = patterns.lastIndex;
    const group = m.findIndex((g, i) => i > 0 && g !== undefined);
    const text = m[group]!;
    this.#at = end;
    const start = end - text.length;
    return { kind: kindOf(group, text), text, start, end };
  }
  #skipBlank(): number {
    const blank = /(?:\s|\/\/[^\n]*)*/y;
    blank.lastIndex = this.#at;
    blank.exec(this.source);
    return blank.lastIndex;
  }
}

const kinds: readonly TokenKind[] = [
  'value',
  'caret',
  'symbol',
  'hash',
  'exclaim',
  'integer',
  'string',
  'identifier',
  'punctuation',
];
function kindOf(group: number, text: string): TokenKind {
  const kind = kinds[group - 1]!;
  return kind === 'integer' && text.includes('.') ? 'float' : kind;
}

/** The value of a string literal, escapes resolved, bytes read as UTF-8. */
export function unquote(literal: string): string {
  const body = literal.slice(1, -1);
  if (!body.includes('\\')) return body;
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (let i = 0; i < body.length; i++) {
    const c = body[i]!;
    if (c !== '\\') {
      const code = body.codePointAt(i)!;
      if (code > 0xffff) i++;
      bytes.push(...encoder.encode(String.fromCodePoint(code)));
      continue;
    }
    const hex = body.slice(i + 1, i + 3);
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(parseInt(hex, 16));
      i += 2;
    } else {
      const escape = body[++i] ?? '';
      bytes.push(
        ...encoder.encode(escape === 'n' ? '\n' : escape === 't' ? '\t' : escape === 'r' ? '\r' : escape),
      );
    }
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** `line:column` from 1, and the line with a caret under the column. */
export function describePosition(
  source: string,
  offset: number,
): { readonly where: string; readonly excerpt: string } {
  const before = source.slice(0, offset);
  const line = before.split('\n').length;
  const lineStart = before.lastIndexOf('\n') + 1;
  const lineEnd = source.indexOf('\n', offset);
  const column = offset - lineStart + 1;
  const from = Math.max(lineStart, offset - 60);
  const shown = source
    .slice(from, Math.min(lineEnd < 0 ? source.length : lineEnd, offset + 60))
    .replace(/\t/g, ' ');
  return { where: `${line}:${column}`, excerpt: `  ${shown}\n  ${' '.repeat(offset - from)}^` };
}
