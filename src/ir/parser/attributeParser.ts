/**
 * Parses types, attributes, affine maps and locations: all of MLIR's text that is not an op. The op parser
 * extends it.
 */
import type { AffineConstraint, AffineExpr } from '../affine';
import {
  AffineMap,
  affineAdd,
  affineCeilDiv,
  affineConstant,
  affineDim,
  affineFloorDiv,
  affineMod,
  affineMul,
  affineSymbol,
  IntegerSet,
} from '../affine';
import type { Attribute, StridedLayoutAttr } from '../attributes';
import * as A from '../attributes';
import { decodeElements } from '../elements';
import type { Location } from '../location';
import { callSiteLoc, fileLoc, nameLoc, unknownLoc } from '../location';
import { irMessages } from '../messages';
import type { FloatName, FloatType, IndexType, IntegerType, ShapedType, Type } from '../types';
import * as T from '../types';
import type { Token } from './lexer';
import { describePosition, Lexer, unquote } from './lexer';

/** `loc(#loc3)` seen before `#loc3 = …`: filled in when the file ends. */
export interface DeferredLocation {
  readonly alias: string;
  readonly assign: (location: Location) => void;
  readonly offset: number;
}

const depthLimit = 256;

export class AttributeParser {
  protected readonly lexer: Lexer;
  protected token: Token;
  protected readonly attributeAliases = new Map<string, Attribute>();
  protected readonly typeAliases = new Map<string, Type>();
  protected readonly locationAliases = new Map<string, Location>();
  #depth = 0;

  constructor(protected readonly source: string) {
    this.lexer = new Lexer(source);
    this.token = this.lexer.next();
  }

  // Tokens.

  /** Where the text that was read so far ends. */
  protected consumed = 0;

  protected advance(): Token {
    const t = this.token;
    this.consumed = t.end;
    this.token = this.lexer.next();
    return t;
  }
  protected peek(): Token {
    const { offset } = this.lexer;
    const t = this.lexer.next();
    this.lexer.rewind(offset);
    return t;
  }
  /** Goes back to `offset` and reads from there. */
  protected rewind(offset: number): void {
    this.consumed = offset;
    this.lexer.rewind(offset);
    this.token = this.lexer.next();
  }
  protected is(text: string): boolean {
    return this.token.text === text && this.token.kind !== 'string';
  }
  protected accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.advance();
    return true;
  }
  protected need(text: string): Token {
    if (!this.is(text)) {
      // `>=` and `->` may hide a closing angle bracket or minus.
      if (this.token.text.startsWith(text) && this.token.kind === 'punctuation') {
        const { start } = this.token;
        this.rewind(start + text.length);
        return { kind: 'punctuation', text, start, end: start + text.length };
      }
      throw this.expected(`'${text}'`);
    }
    return this.advance();
  }
  protected expected(what: string, token: Token = this.token): Error {
    const { where, excerpt } = this.place(token.start);
    const found =
      token.kind === 'end'
        ? 'the end of the text'
        : `'${token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text}'`;
    return irMessages.error('STR0101', { where, found, expected: what, excerpt });
  }
  protected problemAt(offset: number, problem: string): Error {
    return irMessages.error('STR0103', { ...this.place(offset), problem });
  }
  /** What errors say of a place in the text. */
  protected place(offset: number): { readonly where: string; readonly excerpt: string } {
    return describePosition(this.source, offset);
  }
  protected commas<T>(close: string, item: () => T): T[] {
    const out: T[] = [];
    if (this.accept(close)) return out;
    do out.push(item());
    while (this.accept(','));
    this.need(close);
    return out;
  }
  protected nested<T>(parse: () => T): T {
    if (++this.#depth > depthLimit)
      throw this.problemAt(this.token.start, `nesting deeper than ${depthLimit}`);
    try {
      return parse();
    } finally {
      this.#depth--;
    }
  }
  protected parseInt(): number {
    const negative = this.accept('-');
    if (this.token.kind !== 'integer') throw this.expected('an integer');
    const value = Number(this.advance().text);
    return negative ? -value : value;
  }
  protected parseString(): string {
    if (this.token.kind !== 'string') throw this.expected('a string');
    return unquote(this.advance().text);
  }
  protected parseSymbolName(): string {
    if (this.token.kind !== 'symbol') throw this.expected('a symbol (@name)');
    const t = this.advance().text.slice(1);
    return t.startsWith('"') ? unquote(t) : t;
  }

  // Types.

  protected parseType(): Type {
    return this.nested(() => {
      if (this.is('(')) return this.parseFunctionType();
      return this.#nonFunctionType();
    });
  }
  protected parseFunctionType(): T.FunctionType {
    this.need('(');
    const inputs = this.commas(')', () => this.parseType());
    this.need('->');
    return T.functionType(inputs, this.parseResultTypes());
  }
  /** What follows an arrow: one type or a parenthesised list. */
  protected parseResultTypes(): Type[] {
    if (!this.is('(')) return [this.parseType()];
    this.advance();
    return this.commas(')', () => this.parseType());
  }
  #nonFunctionType(): Type {
    const { kind, text, start } = this.token;
    if (kind === 'exclaim') return this.#dialectType();
    if (kind !== 'identifier') throw this.expected('a type');
    const builtin = this.#builtinScalar(text);
    if (builtin !== undefined) {
      this.advance();
      return builtin;
    }
    switch (text) {
      case 'tensor':
        return this.#tensor();
      case 'memref':
        return this.#memref();
      case 'vector':
        return this.#vector();
      case 'complex': {
        this.advance();
        this.need('<');
        const element = this.parseType();
        this.need('>');
        return T.complex(element);
      }
      case 'tuple':
        this.advance();
        this.need('<');
        return T.tuple(this.commas('>', () => this.parseType()));
      default:
        throw this.expected('a type', { kind, text, start, end: start });
    }
  }
  #builtinScalar(text: string): Type | undefined {
    const m = /^(s|u)?i([1-9][0-9]*)$/.exec(text);
    if (m !== null) {
      const width = Number(m[2]);
      if (width > 16777215) throw this.expected('an integer width below 2^24');
      return T.integer(width, m[1] === 's' ? 'signed' : m[1] === 'u' ? 'unsigned' : 'signless');
    }
    if ((T.floatNames as readonly string[]).includes(text)) return T.float(text as FloatName);
    return text === 'index' ? T.index : text === 'none' ? T.none : undefined;
  }
  #dialectType(): Type {
    const { text, start } = this.token;
    const name = text.slice(1);
    if (!name.includes('.')) {
      // An alias, or the verbose form !dialect<"…">.
      this.advance();
      if (this.is('<')) {
        const whole = this.#throughAngles(start, this.token.start);
        return T.dialectType(name, whole.slice(text.length + 1, -1), whole);
      }
      const known = this.typeAliases.get(name);
      if (known === undefined) throw this.problemAt(start, `the type alias !${name} is not defined`);
      return known;
    }
    const whole = this.#throughAngles(start, start + text.length);
    const dot = name.indexOf('.');
    return T.dialectType(name.slice(0, dot), whole.slice(dot + 2), whole);
  }
  /** The text from `start` through the angle brackets that open at `open`, if any do; reading goes on after it. */
  #throughAngles(start: number, open: number): string {
    const end = this.source[open] === '<' ? this.#skipAngles(open) : open;
    this.rewind(end);
    return this.source.slice(start, end);
  }
  /** The offset after the bracket that closes the one at `open`; strings inside are skipped. */
  #skipAngles(open: number): number {
    const closers: string[] = [];
    const pairs: Record<string, string> = { '<': '>', '(': ')', '[': ']', '{': '}' };
    for (let i = open; i < this.source.length; i++) {
      const c = this.source[i]!;
      if (c === '"') {
        for (i++; i < this.source.length && this.source[i] !== '"'; i++) if (this.source[i] === '\\') i++;
      } else if (c === '-' && this.source[i + 1] === '>') i++;
      else if (c in pairs) closers.push(pairs[c]!);
      else if (c === closers[closers.length - 1]) {
        closers.pop();
        if (closers.length === 0) return i + 1;
      } else if (')]}'.includes(c)) break;
    }
    throw this.problemAt(open, 'this bracket is not closed');
  }

  /**
   * `4x?x8x` before an element type. The lexer reads `4x8xf32` as odd words, so dimensions are read from the
   * source; leaves the parser at the element type.
   */
  protected parseDimensions(scalable = false, trailingX = true): { shape: number[]; flags: boolean[] } {
    const pattern = scalable ? /\s*(?:(\d+)|\?|\[(\d+)\])/y : /\s*(?:(\d+)|\?)/y;
    const shape: number[] = [];
    const flags: boolean[] = [];
    let at = this.token.start;
    for (;;) {
      pattern.lastIndex = at;
      const m = pattern.exec(this.source);
      if (m === null) break;
      const after = pattern.lastIndex;
      const separated = this.source[after] === 'x';
      if (!separated && trailingX) break;
      const text = m[1] ?? m[2];
      const size = text === undefined ? T.DYNAMIC : Number(text);
      if (!Number.isSafeInteger(size)) throw this.problemAt(at, `dimension ${text} is too large`);
      shape.push(size);
      flags.push(m[2] !== undefined);
      at = separated ? after + 1 : after;
      if (!separated) break;
    }
    this.rewind(at);
    return { shape, flags };
  }
  #tensor(): Type {
    this.advance();
    const open = this.need('<');
    if (this.#unranked(open)) {
      const element = this.parseType();
      this.need('>');
      return T.unrankedTensor(element);
    }
    const { shape } = this.parseDimensions();
    const element = this.parseType();
    const encoding = this.accept(',') ? this.parseAttribute() : undefined;
    this.need('>');
    return T.tensor(shape, element, encoding);
  }
  #unranked(open: Token): boolean {
    if (!/^\s*\*\s*x/.test(this.source.slice(open.end, open.end + 8))) return false;
    this.rewind(this.source.indexOf('x', open.end) + 1);
    return true;
  }
  #memref(): Type {
    this.advance();
    const open = this.need('<');
    const unranked = this.#unranked(open);
    const { shape } = unranked ? { shape: [] } : this.parseDimensions();
    const element = this.parseType();
    let layout: Attribute | undefined;
    let space: Attribute | undefined;
    while (this.accept(',')) {
      const a = this.parseAttribute();
      if (a.kind === 'strided' || a.kind === 'affine_map') layout = a;
      else space = a;
    }
    this.need('>');
    if (layout?.kind === 'affine_map' && layout.map.isIdentity) layout = undefined;
    return unranked ? T.unrankedMemref(element, space) : T.memref(shape, element, layout, space);
  }
  #vector(): Type {
    this.advance();
    this.need('<');
    const { shape, flags } = this.parseDimensions(true);
    const element = this.parseType();
    this.need('>');
    return T.vector(shape, element, flags);
  }

  // Attributes.

  /** `type` is what a bare number or a `dense<…>` without its own type gets. */
  protected parseAttribute(type?: Type): Attribute {
    return this.nested(() => this.#attribute(type));
  }
  #attribute(type: Type | undefined): Attribute {
    const { kind, text, start } = this.token;
    switch (kind) {
      case 'integer':
      case 'float':
        return this.#number(type);
      case 'string': {
        const value = this.parseString();
        if (this.is(':')) {
          this.advance();
          this.parseType();
        }
        return A.stringAttr(value);
      }
      case 'symbol': {
        const root = this.parseSymbolName();
        const nested: string[] = [];
        while (this.accept('::')) nested.push(this.parseSymbolName());
        return A.symbolRef(root, nested);
      }
      case 'hash':
        return this.#hashAttribute();
      case 'exclaim':
        return A.typeAttr(this.parseType());
      case 'punctuation':
        if (text === '-') return this.#number(type);
        if (text === '[') {
          this.advance();
          return A.arrayAttr(this.commas(']', () => this.parseAttribute()));
        }
        if (text === '{') return A.dictionaryAttr(this.parseDictionary());
        if (text === '(') return A.typeAttr(this.parseType());
        throw this.expected('an attribute');
      case 'identifier':
        return this.#wordAttribute(text, start, type);
      default:
        throw this.expected('an attribute');
    }
  }
  #wordAttribute(text: string, start: number, type: Type | undefined): Attribute {
    switch (text) {
      case 'true':
      case 'false':
        this.advance();
        if (type === undefined && this.accept(':')) this.parseType();
        return A.boolAttr(text === 'true');
      case 'unit':
        this.advance();
        return A.unitAttr;
      case 'affine_map': {
        this.advance();
        this.need('<');
        const map = this.parseAffineMap();
        this.need('>');
        return A.affineMapAttr(map);
      }
      case 'affine_set': {
        this.advance();
        this.need('<');
        const set = this.#integerSet();
        this.need('>');
        return A.integerSetAttr(set);
      }
      case 'dense':
        return this.#dense(type);
      case 'dense_resource': {
        this.advance();
        this.need('<');
        const key = this.token.kind === 'string' ? this.parseString() : this.advance().text;
        this.need('>');
        return A.denseResource(key, this.#shapedType(type));
      }
      case 'array':
        return this.#denseArray();
      case 'strided':
        return this.#strided();
      case 'loc':
        return A.locationAttr(this.parseLocation());
      case 'sparse':
        throw this.problemAt(start, 'sparse elements are not supported; write them dense');
      default:
        return A.typeAttr(this.parseType());
    }
  }
  #number(type: Type | undefined): Attribute {
    const { start } = this.token;
    const negative = this.accept('-');
    const { kind, text } = this.token;
    if (kind !== 'integer' && kind !== 'float') throw this.expected('a number');
    this.advance();
    const hex = text.startsWith('0x');
    let t = type;
    if (t === undefined && this.accept(':')) t = this.parseType();
    t ??= kind === 'float' ? T.f64 : T.i64;
    if (t.kind === 'float') {
      const value = hex ? this.#floatBits(text, t, start) : Number(text);
      return A.floatAttr(negative ? -value : value, t);
    }
    if (kind === 'float') throw this.problemAt(start, `a float literal cannot be ${t.text}`);
    if (t.kind !== 'integer' && t.kind !== 'index')
      throw this.problemAt(start, `a number cannot be ${t.text}`);
    const value = BigInt(text);
    return A.integerAttr(negative ? -value : value, t);
  }
  #floatBits(hex: string, type: FloatType, offset: number): number {
    const size = T.storageBytes(type);
    const digits = hex.slice(2).padStart(2 * size, '0');
    if (digits.length > 2 * size) throw this.problemAt(offset, `${hex} is too wide for ${type.text}`);
    return Number(decodeElements(type, Uint8Array.from(Buffer.from(digits, 'hex')).reverse())[0]);
  }
  protected parseDictionary(): Map<string, Attribute> {
    this.need('{');
    const entries = new Map<string, Attribute>();
    this.commas('}', () => {
      const { kind, start } = this.token;
      if (kind !== 'identifier' && kind !== 'string' && kind !== 'integer')
        throw this.expected('an attribute name');
      const name = kind === 'string' ? this.parseString() : this.advance().text;
      if (entries.has(name)) throw this.problemAt(start, `the attribute '${name}' is given twice`);
      entries.set(name, this.accept('=') ? this.parseAttribute() : A.unitAttr);
    });
    return entries;
  }
  #hashAttribute(): Attribute {
    const { text, start } = this.token;
    const name = text.slice(1);
    if (!name.includes('.')) {
      this.advance();
      if (this.is('<')) {
        const whole = this.#throughAngles(start, this.token.start);
        return A.dialectAttr(name, whole.slice(text.length + 1, -1), whole);
      }
      const known = this.attributeAliases.get(name);
      if (known !== undefined) return known;
      const location = this.locationAliases.get(name);
      if (location !== undefined) return A.locationAttr(location);
      throw this.problemAt(start, `the attribute alias #${name} is not defined`);
    }
    const whole = this.#throughAngles(start, start + text.length);
    const dot = name.indexOf('.');
    return A.dialectAttr(name.slice(0, dot), whole.slice(dot + 2), whole);
  }
  #shapedType(type: Type | undefined): ShapedType {
    const { start } = this.token;
    if (type === undefined) this.need(':');
    const t = type ?? this.parseType();
    if (!T.isShaped(t)) throw this.problemAt(start, `elements need a shaped type, not ${t.text}`);
    return t;
  }
  #denseArray(): Attribute {
    this.advance();
    this.need('<');
    const element = this.parseType();
    if (element.kind !== 'integer' && element.kind !== 'float')
      throw this.expected('an integer or float type');
    const values: (bigint | number | boolean)[] = [];
    if (this.accept(':')) {
      do values.push(this.#scalar(element));
      while (this.accept(','));
    }
    this.need('>');
    return A.denseArray(element, values);
  }
  #scalar(type: IntegerType | IndexType | FloatType): bigint | number | boolean {
    const a = this.parseAttribute(type);
    if (a.kind === 'integer' || a.kind === 'float' || a.kind === 'bool') return a.value;
    throw this.expected(`a value of ${type.text}`);
  }
  #strided(): StridedLayoutAttr {
    this.advance();
    this.need('<');
    this.need('[');
    const size = (): number => (this.accept('?') ? T.DYNAMIC : this.parseInt());
    const strides = this.commas(']', size);
    let offset = 0;
    if (this.accept(',')) {
      this.need('offset');
      this.need(':');
      offset = size();
    }
    this.need('>');
    return A.stridedLayout(strides, offset);
  }

  /** The words between the angles are kept until the type, which follows them, says what they are. */
  #dense(type: Type | undefined): Attribute {
    this.advance();
    const open = this.need('<');
    const { start } = this.token;
    const hex = this.token.kind === 'string' && this.token.text.startsWith('"0x');
    const words: { text: string; offset: number }[] = [];
    const shape: number[] = [];
    if (hex) words.push({ text: unquote(this.advance().text), offset: start });
    else if (!this.is('>')) this.#denseWords(words, shape, 0);
    this.need('>');
    const t = this.#shapedType(type);
    const count = T.elementCount(t.shape);
    if (count === undefined)
      throw this.problemAt(open.start, `dense elements need a static shape, not ${t.text}`);
    if (hex && t.element.kind !== 'dialect') return this.#denseHex(words[0]!.text, t, count, start);
    if (t.element.kind === 'dialect')
      return A.denseStrings(
        t,
        words.map((w) => w.text),
      );
    if (words.length !== count && !(words.length === 1 && shape.length === 0)) {
      throw this.problemAt(start, `${t.text} needs ${count} elements, found ${words.length}`);
    }
    const element = t.element;
    if (element.kind !== 'integer' && element.kind !== 'float' && element.kind !== 'index') {
      throw this.problemAt(start, `elements of ${element.text} are not supported`);
    }
    const values = words.map((w) => this.#wordValue(w.text, element, w.offset));
    return count === 0 ? A.denseBytes(t, new Uint8Array(0), false) : A.denseElements(t, values);
  }
  #denseWords(words: { text: string; offset: number }[], shape: number[], depth: number): void {
    if (this.is('[')) {
      this.advance();
      if (depth > 64) throw this.expected('at most 64 nested lists');
      const items = this.commas(']', () => {
        this.#denseWords(words, shape, depth + 1);
      });
      shape[depth] ??= items.length;
      return;
    }
    const { start, kind } = this.token;
    const sign = this.accept('-') ? '-' : '';
    if (kind === 'string') words.push({ text: this.parseString(), offset: start });
    else words.push({ text: sign + this.advance().text, offset: start });
  }
  #wordValue(word: string, type: IntegerType | IndexType | FloatType, offset: number): bigint | number {
    if (word === 'true') return 1;
    if (word === 'false') return 0;
    if (!/^-?(0x[0-9a-fA-F]+|[0-9]+(\.[0-9]*([eE][-+]?[0-9]+)?)?)$/.test(word)) {
      throw this.problemAt(offset, `'${word}' is not a value of ${type.text}`);
    }
    if (type.kind === 'float')
      return word.startsWith('0x') ? this.#floatBits(word, type, offset) : Number(word);
    if (word.includes('.')) throw this.problemAt(offset, `'${word}' is not a value of ${type.text}`);
    return word.startsWith('-') ? -BigInt(word.slice(1)) : BigInt(word);
  }
  #denseHex(text: string, type: ShapedType, count: number, offset: number): Attribute {
    const size = T.storageBytes(type.element);
    const raw = Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
    const packed = type.element === T.i1;
    const bytes =
      packed && raw.length !== 1
        ? Uint8Array.from({ length: count }, (_, i) => (raw[i >> 3]! >> (i & 7)) & 1)
        : raw;
    if (bytes.length === size && count !== 1) return A.denseBytes(type, bytes, true);
    if (bytes.length !== size * count) {
      throw this.problemAt(
        offset,
        `${type.text} needs ${size * count} bytes, the hex string has ${bytes.length}`,
      );
    }
    return A.denseBytes(type, bytes, count === 1);
  }

  // Affine maps and sets.

  protected parseAffineMap(): AffineMap {
    const { dims, symbols } = this.#affineSpace();
    this.need('->');
    this.need('(');
    const results = this.commas(')', () => this.#affineExpr(dims, symbols));
    return new AffineMap(dims.length, symbols.length, results);
  }
  #affineSpace(): { dims: string[]; symbols: string[] } {
    this.need('(');
    const name = (): string => {
      if (this.token.kind !== 'identifier') throw this.expected('a dimension name');
      return this.advance().text;
    };
    const dims = this.commas(')', name);
    const symbols = this.accept('[') ? this.commas(']', name) : [];
    return { dims, symbols };
  }
  #integerSet(): IntegerSet {
    const { dims, symbols } = this.#affineSpace();
    this.need(':');
    this.need('(');
    const constraints = this.commas(')', (): AffineConstraint => {
      const lhs = this.#affineExpr(dims, symbols);
      const { text } = this.token;
      if (text !== '==' && text !== '>=' && text !== '<=') throw this.expected(`'==', '>=' or '<='`);
      this.advance();
      const rhs = this.#affineExpr(dims, symbols);
      const difference =
        text === '<='
          ? affineAdd(rhs, affineMul(lhs, affineConstant(-1)))
          : affineAdd(lhs, affineMul(rhs, affineConstant(-1)));
      return { expr: difference, equality: text === '==' };
    });
    return new IntegerSet(dims.length, symbols.length, constraints);
  }
  #affineExpr(dims: readonly string[], symbols: readonly string[]): AffineExpr {
    return this.nested(() => {
      const { start } = this.token;
      const checked = (make: () => AffineExpr): AffineExpr => {
        try {
          return make();
        } catch (e) {
          throw this.problemAt(start, (e as Error).message);
        }
      };
      const primary = (): AffineExpr => {
        if (this.accept('-')) return affineMul(primary(), affineConstant(-1));
        if (this.accept('(')) {
          const e = this.#affineExpr(dims, symbols);
          this.need(')');
          return e;
        }
        const { kind, text } = this.token;
        if (kind === 'integer') return affineConstant(Number(this.advance().text));
        const d = dims.indexOf(text);
        const s = symbols.indexOf(text);
        if (kind !== 'identifier' || (d < 0 && s < 0)) throw this.expected('a dimension, symbol or integer');
        this.advance();
        return d >= 0 ? affineDim(d) : affineSymbol(s);
      };
      const product = (): AffineExpr => {
        let lhs = primary();
        for (;;) {
          const op = this.token.text;
          if (op !== '*' && op !== 'mod' && op !== 'floordiv' && op !== 'ceildiv') return lhs;
          this.advance();
          const left = lhs;
          const rhs = primary();
          lhs = checked(() =>
            op === '*'
              ? affineMul(left, rhs)
              : op === 'mod'
                ? affineMod(left, rhs)
                : op === 'floordiv'
                  ? affineFloorDiv(left, rhs)
                  : affineCeilDiv(left, rhs),
          );
        }
      };
      let lhs = product();
      for (;;) {
        if (this.accept('+')) lhs = affineAdd(lhs, product());
        else if (this.accept('-')) lhs = affineAdd(lhs, affineMul(product(), affineConstant(-1)));
        else return lhs;
      }
    });
  }

  // Locations.

  /** `loc(…)`. An alias that is defined later resolves to a placeholder through `defer`. */
  protected parseLocation(defer?: (alias: string, offset: number) => void): Location {
    this.need('loc');
    this.need('(');
    let location: Location = unknownLoc;
    if (
      this.token.kind === 'hash' &&
      defer !== undefined &&
      !this.locationAliases.has(this.token.text.slice(1))
    ) {
      const { text, start } = this.advance();
      defer(text.slice(1), start);
    } else location = this.#location();
    this.need(')');
    return location;
  }
  #location(): Location {
    return this.nested(() => {
      const { kind, text, start } = this.token;
      if (kind === 'hash') {
        this.advance();
        const known = this.locationAliases.get(text.slice(1));
        if (known === undefined) throw this.problemAt(start, `the location alias ${text} is not defined`);
        return known;
      }
      if (kind === 'string') {
        const name = this.parseString();
        if (this.accept(':')) {
          const line = this.parseInt();
          this.need(':');
          const column = this.parseInt();
          if (this.is('to')) this.#skipRange();
          return fileLoc(name, line, column);
        }
        if (!this.accept('(')) return nameLoc(name);
        const child = this.#location();
        this.need(')');
        return nameLoc(name, child);
      }
      switch (text) {
        case 'unknown':
          this.advance();
          return unknownLoc;
        case 'callsite': {
          this.advance();
          this.need('(');
          const callee = this.#location();
          this.need('at');
          const caller = this.#location();
          this.need(')');
          return callSiteLoc(callee, caller);
        }
        case 'fused': {
          this.advance();
          let metadata: Attribute | undefined;
          if (this.accept('<')) {
            metadata = this.parseAttribute();
            this.need('>');
          }
          this.need('[');
          return { kind: 'fused', locations: this.commas(']', () => this.#location()), metadata };
        }
        default:
          throw this.expected('a location');
      }
    });
  }
  /** `to 3:4`, `to :4`: the end of a range is read and left out. */
  #skipRange(): void {
    this.need('to');
    if (this.token.kind === 'integer') this.parseInt();
    this.need(':');
    this.parseInt();
  }
}
