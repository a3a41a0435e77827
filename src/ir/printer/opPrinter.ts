/** What the custom assembly of an op prints through; implemented by the printer. */
import type { Block, Operation, Region, Value } from '../operation';
import type { Attribute } from '../attributes';
import type { Type } from '../types';

export interface RegionPrintOptions {
  /** Leave out the label and arguments of the entry block (the op prints them itself). */
  readonly hideEntryArguments?: boolean;
  /** Leave out the terminator (the parser puts it back). */
  readonly hideTerminator?: boolean;
  /** Write the label of a block without ops, so that it is read back as a block. */
  readonly labelEmpty?: boolean;
}

export interface OpPrinter {
  /** Adds text, with a space before it where MLIR's formats have one. */
  word(text: string): void;
  /** Adds text as it is. */
  raw(text: string): void;
  /** No space before the next word. */
  glue(): void;
  operand(value: Value): void;
  /** `%a, %b`. */
  operands(values: readonly Value[]): void;
  type(type: Type): void;
  types(types: readonly Type[]): void;
  /** `(inputs) -> results`. */
  functionalType(inputs: readonly Type[], results: readonly Type[]): void;
  attribute(attribute: Attribute): void;
  /** `{a = 1}` of all attributes but `elide` and those at their default; nothing when empty. */
  attributeDictionary(
    op: Operation,
    options?: { readonly elide?: ReadonlySet<string>; readonly keyword?: boolean },
  ): void;
  symbol(name: string): void;
  region(region: Region, options: RegionPrintOptions): void;
  blockName(block: Block): void;
  /** `%arg0: type`. */
  argument(value: Value): void;
  /** ` loc(…)` of a block argument, when locations are printed; follows its attributes. */
  argumentLocation(value: Value): void;
  /** Words joined by commas. */
  list<T>(items: readonly T[], print: (item: T) => void): void;
}
