/** What the custom assembly of an op reads through; implemented by the parser. */
import type { AffineMap } from '../affine';
import type { Attribute } from '../attributes';
import type { Location } from '../location';
import type { OpDefinition } from '../opDefinition';
import type { Block, Region, Value } from '../operation';
import type { FunctionType, Type } from '../types';

/** `%name` or `%name#2`, not yet tied to a value. */
export interface UnresolvedOperand {
  readonly name: string;
  readonly number: number;
  readonly offset: number;
}
/** A location that was read, or the alias of one that the end of the text defines. */
export type ParsedLocation =
  { readonly location: Location } | { readonly alias: string; readonly offset: number };

/** `%name : type`, declared by an op for the entry block of its region. */
export interface ParsedArgument {
  readonly name: string;
  readonly type: Type;
  readonly offset: number;
  readonly location?: ParsedLocation;
}

export interface OpParser {
  /** How many results the text gives names to. */
  readonly resultCount: number;
  /** Whether the next token is `text`, a keyword or punctuation. */
  at(text: string): boolean;
  expect(text: string): void;
  optional(text: string): boolean;
  /** Any bare word, such as `olt` or `nsw`. */
  keyword(): string;
  optionalKeyword(): string | undefined;
  keywordOf<W extends string>(words: readonly W[]): W;
  integer(): number;
  optionalInteger(): number | undefined;
  string(): string;
  atOperand(): boolean;
  operand(): UnresolvedOperand;
  optionalOperand(): UnresolvedOperand | undefined;
  /** Zero or more operands joined by commas. */
  optionalOperands(max: number): UnresolvedOperand[];
  /** `open` operands `close`, joined by commas; an empty list is allowed. */
  operandList(open: string, close: string): UnresolvedOperand[];
  resolve(operand: UnresolvedOperand, type: Type): Value;
  resolveAll(operands: readonly UnresolvedOperand[], types: readonly Type[] | Type): Value[];
  /** The type of the value when it was defined before. */
  knownType(operand: UnresolvedOperand): Type | undefined;
  type(): Type;
  typeList(): Type[];
  /** `(a, b) -> c`. */
  functionType(): FunctionType;
  /** `-> a` or `-> (a, b)`; empty when there is no arrow. */
  optionalArrowTypes(): Type[];
  attribute(type?: Type): Attribute;
  atAttribute(keywords: readonly string[] | undefined): boolean;
  /** `{…}` when present; with `keyword`, after `attributes`. */
  attributeDictionary(keyword?: boolean): Map<string, Attribute>;
  affineMap(): AffineMap;
  /** `@name`. */
  symbol(): string;
  optionalSymbol(): string | undefined;
  /** Items between brackets, joined by commas. */
  commaList<T>(open: string, close: string, item: () => T): T[];
  /** `{ … }`; `args` become the entry block's arguments. */
  region(args?: readonly ParsedArgument[]): Region;
  emptyRegion(): Region;
  /** `%name`, the name of a new argument. */
  argumentName(): { readonly name: string; readonly offset: number };
  successors(): Block[];
  optionalLocation(): ParsedLocation | undefined;
  inferResults(
    definition: OpDefinition,
    operands: readonly Value[],
    attributes: ReadonlyMap<string, Attribute>,
  ): readonly Type[];
  /** An op of the same registry, to put implicit terminators back. */
  find(name: string): OpDefinition | undefined;
  /** An error at the current token. */
  problem(text: string): Error;
}
