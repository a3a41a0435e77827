/**
 * Parses MLIR text, generic or custom form, into IR. `parseModule` is the entry; every error names line, column,
 * what was found and what was expected.
 */
import type { AffineMap } from '../affine';
import type { Attribute } from '../attributes';
import type { Location } from '../location';
import { fileLoc, unknownLoc } from '../location';
import { irMessages } from '../messages';
import type { OpDefinition } from '../opDefinition';
import { InferenceError } from '../opDefinition';
import type { OperationState, Value } from '../operation';
import { Block, Operation, Region } from '../operation';
import type { OpSpan } from '../printer/printer';
import type { Registry } from '../registry';
import { StrataError } from '../../base/diagnostics';
import type { FunctionType, Type } from '../types';
import { AttributeParser } from './attributeParser';
import { describePosition } from './lexer';
import type { OpParser, ParsedArgument, ParsedLocation, UnresolvedOperand } from './opParser';

export interface ParsedModule {
  /** A `builtin.module`; a file without one is wrapped. */
  readonly module: Operation;
  /** Blobs of the file's `dialect_resources`, little-endian, by name. */
  readonly resources: ReadonlyMap<string, Uint8Array>;
  /** `external_resources` and the like, as attributes (reproducer pipelines live here). */
  readonly metadata: ReadonlyMap<string, Attribute>;
  /** Where each op stands in the text, by start: parents before their children. */
  readonly spans: readonly OpSpan[];
}

export interface ParseOptions {
  /** Errors name it, and ops without `loc(…)` get their position in it; absent: unknown. */
  readonly fileName?: string;
}

export function parseModule(source: string, registry: Registry, options: ParseOptions = {}): ParsedModule {
  return new Parser(source, registry, options).file();
}

/** Parses one attribute, such as the right side of a command-line option. */
export function parseAttributeText(source: string): Attribute {
  return new StandaloneParser(source).attributeOnly();
}
/** Parses one type. */
export function parseTypeText(source: string): Type {
  return new StandaloneParser(source).typeOnly();
}

class StandaloneParser extends AttributeParser {
  attributeOnly(): Attribute {
    return this.#whole(this.parseAttribute());
  }
  typeOnly(): Type {
    return this.#whole(this.parseType());
  }
  #whole<T>(value: T): T {
    if (this.token.kind !== 'end') throw this.expected('the end of the text');
    return value;
  }
}

interface ForwardUse {
  readonly placeholder: Operation;
  readonly offset: number;
}

/** Names visible in a region. */
class Scope {
  readonly values = new Map<string, readonly Value[]>();
  /** `name#number` used before its definition. */
  readonly forward = new Map<string, ForwardUse>();
  readonly blocks = new Map<string, { readonly block: Block; defined: boolean; readonly offset: number }>();
  constructor(
    readonly parent: Scope | undefined,
    readonly isolated: boolean,
  ) {}
  find(name: string): readonly Value[] | undefined {
    return this.values.get(name) ?? (this.isolated ? undefined : this.parent?.find(name));
  }
}

class Parser extends AttributeParser implements OpParser {
  resultCount = 0;
  #scope = new Scope(undefined, true);
  readonly #deferred: {
    readonly alias: string;
    readonly offset: number;
    readonly assign: (l: Location) => void;
  }[] = [];
  readonly #resources = new Map<string, Uint8Array>();
  readonly #metadata = new Map<string, Attribute>();
  readonly #spans: OpSpan[] = [];
  /** Whether the op being read isolates its regions. */
  #isolates = false;

  constructor(
    source: string,
    readonly registry: Registry,
    readonly options: ParseOptions,
  ) {
    super(source);
  }

  protected override place(offset: number): { readonly where: string; readonly excerpt: string } {
    const { where, excerpt } = super.place(offset);
    const { fileName } = this.options;
    return { where: fileName === undefined ? where : `${fileName}:${where}`, excerpt };
  }

  file(): ParsedModule {
    const ops: Operation[] = [];
    while (this.token.kind !== 'end') {
      if (this.token.kind === 'hash') this.#attributeAlias();
      else if (this.token.kind === 'exclaim') this.#typeAlias();
      else if (this.is('{-#')) this.#fileMetadata();
      else ops.push(this.#operation());
    }
    this.#checkForward(this.#scope);
    for (const d of this.#deferred) {
      const location = this.locationAliases.get(d.alias);
      if (location === undefined)
        throw this.problemAt(d.offset, `the location alias #${d.alias} is not defined`);
      d.assign(location);
    }
    const spans = this.#spans.sort((a, b) => a.start - b.start || b.end - a.end);
    return { module: this.#asModule(ops), resources: this.#resources, metadata: this.#metadata, spans };
  }
  #asModule(ops: readonly Operation[]): Operation {
    const [only] = ops;
    if (ops.length === 1 && only!.name === 'builtin.module') return only!;
    const block = new Block();
    for (const op of ops) block.append(op);
    return new Operation({
      name: 'builtin.module',
      definition: this.registry.find('builtin.module'),
      regions: [new Region([block])],
    });
  }
  #attributeAlias(): void {
    const name = this.advance().text.slice(1);
    this.need('=');
    if (this.is('loc')) this.locationAliases.set(name, this.parseLocation());
    else this.attributeAliases.set(name, this.parseAttribute());
  }
  #typeAlias(): void {
    const name = this.advance().text.slice(1);
    this.need('=');
    this.typeAliases.set(name, this.parseType());
  }

  // The file's trailer: {-# dialect_resources: { builtin: { name: "0x…" } } #-}

  #fileMetadata(): void {
    this.need('{-#');
    while (!this.is('#-}')) {
      const section = this.#metadataKey();
      this.need(':');
      this.need('{');
      this.commas('}', () => {
        const group = this.#metadataKey();
        this.need(':');
        this.need('{');
        this.commas('}', () => {
          const key = this.#metadataKey();
          this.need(':');
          const { start } = this.token;
          const value = this.#metadataValue();
          if (section === 'dialect_resources' && value.kind === 'string')
            this.#resources.set(key, this.#blob(value.value, start));
          else this.#metadata.set(`${section}.${group}.${key}`, value);
        });
      });
      this.accept(',');
    }
    this.need('#-}');
  }
  #metadataKey(): string {
    if (this.token.kind === 'string') return this.parseString();
    if (this.token.kind !== 'identifier' && this.token.kind !== 'integer') throw this.expected('a key');
    return this.advance().text;
  }
  #metadataValue(): Attribute {
    return this.parseAttribute();
  }
  /** `0x`, four bytes of alignment (little-endian), then the bytes. */
  #blob(hex: string, offset: number): Uint8Array {
    // Decoding stops at what is no digit. A pattern over a text of megabytes would exhaust the stack.
    const bytes = Buffer.from(hex.slice(2), 'hex');
    if (!hex.startsWith('0x') || bytes.length < 4 || hex.length !== 2 + 2 * bytes.length)
      throw this.problemAt(offset, 'a resource blob is a hex string with 4 bytes of alignment first');
    return new Uint8Array(bytes.subarray(4));
  }

  // Operations.

  #operation(): Operation {
    return this.nested(() => this.#operationText());
  }
  #operationText(): Operation {
    const { start } = this.token;
    const results: { name: string; count: number; offset: number }[] = [];
    if (this.token.kind === 'value') {
      do {
        if (this.token.kind !== 'value') throw this.expected('a result name');
        const { text, start: offset } = this.advance();
        const count = this.accept(':') ? this.parseInt() : 1;
        results.push({ name: text, count, offset });
      } while (this.accept(','));
      this.need('=');
    }
    const named = results.reduce((n, r) => n + r.count, 0);
    const op = this.token.kind === 'string' ? this.#generic() : this.#custom(named);
    if (results.length > 0 && named !== op.results.length) {
      throw this.problemAt(start, `${op.name} has ${op.results.length} results, ${named} names are given`);
    }
    let at = 0;
    for (const r of results) {
      this.#define(r.name, op.results.slice(at, at + r.count), r.offset);
      at += r.count;
    }
    this.#trailingLocation(op, start);
    this.#spans.push({ op, start, end: this.consumed });
    return op;
  }
  #trailingLocation(op: Operation, start: number): void {
    const location = this.optionalLocation();
    if (location !== undefined) this.#locate(location, (l) => (op.location = l));
    else if (op.location === unknownLoc && this.options.fileName !== undefined) {
      op.location = this.#position(this.options.fileName, start);
    }
  }
  /** Assigns a location now, or when its alias is known. */
  #locate(location: ParsedLocation, assign: (location: Location) => void): void {
    if ('location' in location) assign(location.location);
    else this.#deferred.push({ ...location, assign });
  }
  #position(file: string, offset: number): Location {
    const [line = '1', column = '1'] = describePosition(this.source, offset).where.split(':');
    return fileLoc(file, Number(line), Number(column));
  }

  #generic(): Operation {
    const name = this.parseString();
    const definition = this.registry.find(name);
    const operands = this.operandList('(', ')');
    const successors = this.is('[') ? this.successors() : [];
    const properties = new Map<string, Attribute>();
    if (this.accept('<')) {
      for (const [k, v] of this.parseDictionary()) properties.set(k, v);
      this.need('>');
    }
    const regions: Region[] = [];
    if (this.accept('(')) {
      regions.push(...this.commas(')', () => this.#withIsolation(definition, () => this.region())));
    }
    const discardable = this.is('{') ? this.parseDictionary() : new Map<string, Attribute>();
    this.need(':');
    const { start } = this.token;
    const type = this.parseFunctionType();
    if (type.inputs.length !== operands.length) {
      throw this.problemAt(
        start,
        `${name} has ${operands.length} operands, its type has ${type.inputs.length}`,
      );
    }
    return new Operation({
      name,
      definition,
      operands: operands.map((o, i) => this.resolve(o, type.inputs[i]!)),
      resultTypes: type.results,
      attributes: [...properties, ...discardable],
      propertyNames: new Set(properties.keys()),
      regions,
      successors,
    });
  }
  #custom(resultCount: number): Operation {
    const { kind, text, start } = this.token;
    if (kind !== 'identifier') throw this.expected('an operation');
    const name = text.includes('.') ? text : text === 'module' ? 'builtin.module' : `func.${text}`;
    const definition = this.registry.find(name);
    if (definition?.assembly === undefined) {
      throw irMessages.error('STR0102', { ...this.place(start), op: text });
    }
    this.advance();
    this.resultCount = resultCount;
    const { assembly } = definition;
    const state: Omit<OperationState, 'name'> = this.#withIsolation(definition, () =>
      assembly.parse(this, definition),
    );
    return new Operation({ ...state, name, definition });
  }
  #withIsolation<T>(definition: OpDefinition | undefined, parse: () => T): T {
    const saved = this.#isolates;
    this.#isolates = definition?.traits.has('isolated') === true;
    try {
      return parse();
    } finally {
      this.#isolates = saved;
    }
  }

  // Values.

  #define(name: string, values: readonly Value[], offset: number): void {
    if (this.#scope.find(name) !== undefined) throw this.problemAt(offset, `${name} is defined twice`);
    this.#scope.values.set(name, values);
    values.forEach((value, i) => {
      const key = `${name}#${i}`;
      const use = this.#scope.forward.get(key);
      if (use === undefined) return;
      const placeholder = use.placeholder.result(0);
      if (placeholder.type !== value.type) {
        throw this.problemAt(
          use.offset,
          `${name} is used as ${placeholder.type.text} and defined as ${value.type.text}`,
        );
      }
      placeholder.replaceAllUsesWith(value);
      this.#scope.forward.delete(key);
    });
  }
  resolve(operand: UnresolvedOperand, type: Type): Value {
    const known = this.#scope.find(operand.name);
    if (known !== undefined) {
      const value = known[operand.number];
      if (value === undefined)
        throw this.problemAt(operand.offset, `${operand.name} has ${known.length} results`);
      if (value.type !== type) {
        throw this.problemAt(
          operand.offset,
          `${operand.name} has type ${value.type.text}, used here as ${type.text}`,
        );
      }
      return value;
    }
    const key = `${operand.name}#${operand.number}`;
    let use = this.#scope.forward.get(key);
    if (use === undefined) {
      use = { placeholder: new Operation({ name: 'forward', resultTypes: [type] }), offset: operand.offset };
      this.#scope.forward.set(key, use);
    }
    return use.placeholder.result(0);
  }
  resolveAll(operands: readonly UnresolvedOperand[], types: readonly Type[] | Type): Value[] {
    const list = Array.isArray(types) ? (types as readonly Type[]) : operands.map(() => types as Type);
    if (list.length !== operands.length)
      throw this.problem(`${operands.length} operands, ${list.length} types`);
    return operands.map((o, i) => this.resolve(o, list[i]!));
  }
  knownType(operand: UnresolvedOperand): Type | undefined {
    return this.#scope.find(operand.name)?.[operand.number]?.type;
  }
  #checkForward(scope: Scope): void {
    const [missing] = scope.forward;
    if (missing !== undefined) {
      throw this.problemAt(missing[1].offset, `${missing[0].replace(/#0$/, '')} is used but not defined`);
    }
  }

  // Regions and blocks.

  region(args?: readonly ParsedArgument[]): Region {
    const outer = this.#scope;
    this.#scope = new Scope(outer, this.#isolates);
    const region = new Region();
    try {
      this.need('{');
      this.#regionBody(region, args);
      this.need('}');
      this.#leaveScope(outer);
    } finally {
      this.#scope = outer;
    }
    return region;
  }
  #leaveScope(outer: Scope): void {
    for (const [name, b] of this.#scope.blocks)
      if (!b.defined) throw this.problemAt(b.offset, `the block ${name} is not defined`);
    if (this.#scope.isolated) this.#checkForward(this.#scope);
    else for (const [k, v] of this.#scope.forward) this.#moveForward(outer, k, v);
  }
  #moveForward(outer: Scope, key: string, use: ForwardUse): void {
    const known = outer.forward.get(key);
    if (known === undefined) outer.forward.set(key, use);
    else use.placeholder.result(0).replaceAllUsesWith(known.placeholder.result(0));
  }
  #regionBody(region: Region, args: readonly ParsedArgument[] | undefined): void {
    if (args !== undefined || !this.is('}')) {
      if (this.token.kind !== 'caret' || args !== undefined) {
        const entry = new Block();
        for (const a of args ?? []) {
          const arg = entry.addArgument(a.type);
          if (a.location !== undefined) this.#locate(a.location, (l) => (arg.location = l));
          this.#define(a.name, [arg], a.offset);
        }
        region.append(entry);
        this.#ops(entry);
      }
    }
    while (this.token.kind === 'caret') this.#labelledBlock(region);
  }
  #labelledBlock(region: Region): void {
    const { text, start } = this.advance();
    const entry = this.#blockNamed(text, start);
    if (entry.defined) throw this.problemAt(start, `the block ${text} is defined twice`);
    entry.defined = true;
    const { block } = entry;
    if (this.accept('(')) {
      this.commas(')', () => {
        const { name, offset } = this.argumentName();
        this.need(':');
        const arg = block.addArgument(this.parseType());
        this.#define(name, [arg], offset);
        const location = this.optionalLocation();
        if (location !== undefined) this.#locate(location, (l) => (arg.location = l));
      });
    }
    this.need(':');
    region.append(block);
    this.#ops(block);
  }
  #ops(block: Block): void {
    while (!this.is('}') && this.token.kind !== 'caret') {
      if (this.token.kind === 'end') throw this.expected(`'}'`);
      block.append(this.#operation());
    }
  }
  #blockNamed(name: string, offset: number): { readonly block: Block; defined: boolean } {
    let b = this.#scope.blocks.get(name);
    if (b === undefined) {
      b = { block: new Block(), defined: false, offset };
      this.#scope.blocks.set(name, b);
    }
    return b;
  }
  emptyRegion(): Region {
    return new Region();
  }
  successors(): Block[] {
    const one = (): Block => {
      if (this.token.kind !== 'caret') throw this.expected('a block name');
      const { text, start } = this.advance();
      return this.#blockNamed(text, start).block;
    };
    if (this.accept('[')) return this.commas(']', one);
    const out = [one()];
    while (this.accept(',')) out.push(one());
    return out;
  }
  argumentName(): { readonly name: string; readonly offset: number } {
    if (this.token.kind !== 'value') throw this.expected('an argument name (%name)');
    const { text, start } = this.advance();
    return { name: text, offset: start };
  }

  // What custom assembly reads through.

  at(text: string): boolean {
    return this.is(text);
  }
  expect(text: string): void {
    this.need(text);
  }
  optional(text: string): boolean {
    return this.accept(text);
  }
  keyword(): string {
    if (this.token.kind !== 'identifier') throw this.expected('a keyword');
    return this.advance().text;
  }
  optionalKeyword(): string | undefined {
    return this.token.kind === 'identifier' ? this.advance().text : undefined;
  }
  keywordOf<W extends string>(words: readonly W[]): W {
    const word = words.find((w) => w === this.token.text);
    if (word === undefined) throw this.expected(`one of ${words.join(', ')}`);
    this.advance();
    return word;
  }
  integer(): number {
    return this.parseInt();
  }
  optionalInteger(): number | undefined {
    return this.token.kind === 'integer' || this.is('-') ? this.parseInt() : undefined;
  }
  string(): string {
    return this.parseString();
  }
  atOperand(): boolean {
    return this.token.kind === 'value';
  }
  operand(): UnresolvedOperand {
    if (this.token.kind !== 'value') throw this.expected('an operand (%name)');
    const { text, start, end } = this.advance();
    let number = 0;
    const m = /^#(\d+)$/.exec(this.token.text);
    if (m !== null && this.token.start === end) {
      number = Number(m[1]);
      this.advance();
    }
    return { name: text, number, offset: start };
  }
  optionalOperand(): UnresolvedOperand | undefined {
    return this.atOperand() ? this.operand() : undefined;
  }
  optionalOperands(max: number): UnresolvedOperand[] {
    const out: UnresolvedOperand[] = [];
    if (!this.atOperand()) return out;
    out.push(this.operand());
    while (out.length < max && this.is(',') && this.peek().kind === 'value') {
      this.advance();
      out.push(this.operand());
    }
    return out;
  }
  operandList(open: string, close: string): UnresolvedOperand[] {
    this.need(open);
    return this.commas(close, () => this.operand());
  }
  commaList<T>(open: string, close: string, item: () => T): T[] {
    this.need(open);
    return this.commas(close, item);
  }
  type(): Type {
    return this.parseType();
  }
  typeList(): Type[] {
    const out: Type[] = [];
    if (!this.#atType()) return out;
    do out.push(this.parseType());
    while (this.accept(','));
    return out;
  }
  #atType(): boolean {
    return (
      this.is('(') ||
      this.token.kind === 'exclaim' ||
      (this.token.kind === 'identifier' && this.token.text !== 'loc')
    );
  }
  functionType(): FunctionType {
    return this.parseFunctionType();
  }
  optionalArrowTypes(): Type[] {
    return this.accept('->') ? this.parseResultTypes() : [];
  }
  attribute(type?: Type): Attribute {
    return this.parseAttribute(type);
  }
  atAttribute(keywords: readonly string[] | undefined): boolean {
    if (keywords !== undefined) return this.is('<') || keywords.includes(this.token.text);
    return (
      ['integer', 'float', 'string', 'symbol', 'hash'].includes(this.token.kind) ||
      this.is('[') ||
      this.is('-') ||
      this.is('dense')
    );
  }
  attributeDictionary(keyword = false): Map<string, Attribute> {
    const none = new Map<string, Attribute>();
    if (keyword) return this.accept('attributes') ? this.parseDictionary() : none;
    return this.is('{') ? this.parseDictionary() : none;
  }
  affineMap(): AffineMap {
    const a = this.parseAttribute();
    if (a.kind !== 'affine_map') throw this.problem(`expected an affine map, found ${a.text}`);
    return a.map;
  }
  symbol(): string {
    return this.parseSymbolName();
  }
  optionalSymbol(): string | undefined {
    return this.token.kind === 'symbol' ? this.parseSymbolName() : undefined;
  }
  optionalLocation(): ParsedLocation | undefined {
    if (!this.is('loc')) return undefined;
    let deferred: ParsedLocation | undefined;
    const location = this.parseLocation((alias, offset) => {
      deferred = { alias, offset };
    });
    return deferred ?? { location };
  }
  inferResults(
    definition: OpDefinition,
    operands: readonly Value[],
    attributes: ReadonlyMap<string, Attribute>,
  ): readonly Type[] {
    try {
      const types = definition.infer(
        operands.map((v) => v.type),
        attributes,
      );
      if (types === undefined)
        throw this.problem(`the result types of ${definition.name} are not in the text`);
      return types;
    } catch (e) {
      if (e instanceof StrataError) throw e;
      if (e instanceof InferenceError || e instanceof RangeError)
        throw this.problem(`${definition.name}: ${e.message}`);
      throw e;
    }
  }
  find(name: string): OpDefinition | undefined {
    return this.registry.find(name);
  }
  problem(text: string): Error {
    return this.problemAt(this.token.start, text);
  }
}
