/**
 * Prints IR as MLIR text. Upstream dialects print in their custom form, others in the generic form, so that stock
 * `mlir-opt` reads everything (own dialects with `--allow-unregistered-dialect`). SSA names are canonical: the
 * same IR always prints the same text. `spans` ties text ranges back to ops.
 */
import type { AffineMap } from '../affine';
import { isDefault } from '../assembly';
import type { Attribute } from '../attributes';
import { keyText, symbolRef } from '../attributes';
import type { Location } from '../location';
import { locationText } from '../location';
import type { Block, Operation, Region, Value } from '../operation';
import type { Type } from '../types';
import { childMark, mapAlias, mapMark } from './marks';
import type { OpPrinter, RegionPrintOptions } from './opPrinter';
import { nameValues } from './valueNames';

export interface PrintOptions {
  /** `none`: as MLIR by default. `alias`: `loc(#loc3)` with definitions at the end. */
  readonly locations?: 'none' | 'alias';
  /** Custom forms of ops that have one (default), or the generic form of all. */
  readonly form?: 'custom' | 'generic';
  /** For a text that is put together from parts; not with locations. */
  readonly part?: PartOptions;
}

/** How the text of a part differs from one that stands for itself. */
export interface PartOptions {
  /** Levels that the text is indented by. */
  readonly indent: number;
  /** Print `childMark` in place of the ops in the root's body. */
  readonly frame: boolean;
}
/** The text `[start, end)` (UTF-16 offsets) of an op, with its regions. */
export interface OpSpan {
  readonly op: Operation;
  readonly start: number;
  readonly end: number;
}

export interface PrintedIr {
  readonly text: string;
  /** Texts of the affine maps that have aliases, in order of appearance. */
  readonly maps: readonly string[];
  /** In order of `start`: parents before their children. */
  readonly spans: readonly OpSpan[];
}

/** Text of an op with its regions, ending in a newline. */
export function printOp(op: Operation, options: PrintOptions = {}): string {
  return printWithSpans(op, options).text;
}

export function printWithSpans(op: Operation, options: PrintOptions = {}): PrintedIr {
  return new Printer(op, options).run();
}

/** A map with one short result is easier to read where it stands than behind a name. */
const isShort = (map: AffineMap): boolean => map.results.length === 1 && map.text.length <= 60;

/** Other affine maps get `#map` aliases at the head, as MLIR gives them. */
function collectMapAliases(root: Operation, part: PartOptions | undefined): Map<string, string> {
  const aliases = new Map<string, string>();
  const alias = part === undefined ? mapAlias : (i: number) => `${mapMark}${i}${mapMark}`;
  const visit = (a: Attribute): void => {
    if (a.kind === 'affine_map') {
      if (!isShort(a.map) && !aliases.has(a.text)) aliases.set(a.text, alias(aliases.size));
    } else if (a.kind === 'array') a.elements.forEach(visit);
    else if (a.kind === 'dictionary') a.entries.forEach(visit);
  };
  const visitOp = (op: Operation): void => {
    if (op.attributes.size === 1) op.attributes.forEach(visit);
    else for (const name of [...op.attributes.keys()].sort()) visit(op.attr(name)!);
  };
  if (part?.frame === true) visitOp(root);
  else root.walk(visitOp);
  return aliases;
}

class Printer implements OpPrinter {
  readonly #chunks: string[] = [];
  #length = 0;
  #indent: number;
  #last = '\n';
  #glued = false;
  readonly #spans: { op: Operation; start: number; end: number }[] = [];
  readonly #names: {
    readonly values: ReadonlyMap<Value, string>;
    readonly blocks: ReadonlyMap<Block, string>;
  };
  readonly #aliases: Map<string, string>;
  readonly #locations = new Map<string, string>();
  readonly #generic: boolean;

  constructor(
    readonly root: Operation,
    readonly options: PrintOptions,
  ) {
    this.#indent = options.part?.indent ?? 0;
    this.#names = options.part?.frame === true ? { values: new Map(), blocks: new Map() } : nameValues(root);
    this.#generic = options.form === 'generic';
    this.#aliases = collectMapAliases(root, options.part);
  }

  run(): PrintedIr {
    const whole = this.options.part === undefined;
    if (whole) for (const [text, alias] of this.#aliases) this.raw(`${alias} = ${text}\n`);
    this.#op(this.root);
    if (whole) this.raw('\n');
    for (const [text, alias] of this.#locations) this.raw(`${alias} = loc(${text})\n`);
    return { text: this.#chunks.join(''), spans: this.#spans, maps: [...this.#aliases.keys()] };
  }

  raw(text: string): void {
    if (text === '') return;
    this.#chunks.push(text);
    this.#length += text.length;
    this.#last = text[text.length - 1]!;
    this.#glued = false;
  }
  word(text: string): void {
    const first = text[0] ?? '';
    const opens = text.length === 1 && '<(['.includes(first) && !this.#afterOperator();
    const joins = this.#glued || '\n (<[{'.includes(this.#last) || ',)>]'.includes(first) || opens;
    this.raw(joins ? text : ` ${text}`);
  }
  /** After `->`, `:`, `,` or `=` a bracket opens a list of its own. */
  #afterOperator(): boolean {
    return ':,='.includes(this.#last) || this.#chunks[this.#chunks.length - 1]?.endsWith('->') === true;
  }
  glue(): void {
    this.#glued = true;
  }
  operand(value: Value): void {
    this.word(this.#nameOf(value));
  }
  argument(value: Value): void {
    this.operand(value);
    this.raw(':');
    this.type(value.type);
  }
  argumentLocation(value: Value): void {
    if (value.kind === 'argument') this.#location(value.location);
  }
  operands(values: readonly Value[]): void {
    this.list(values, (v) => {
      this.operand(v);
    });
  }
  list<T>(items: readonly T[], print: (item: T) => void): void {
    items.forEach((item, i) => {
      if (i > 0) this.raw(',');
      print(item);
    });
  }
  type(type: Type): void {
    this.word(type.text);
  }
  types(types: readonly Type[]): void {
    this.list(types, (t) => {
      this.type(t);
    });
  }
  functionalType(inputs: readonly Type[], results: readonly Type[]): void {
    this.word(`(${inputs.map((t) => t.text).join(', ')})`);
    this.word('->');
    const [only] = results;
    const bare = results.length === 1 && only!.kind !== 'function';
    this.word(bare ? only!.text : `(${results.map((t) => t.text).join(', ')})`);
  }
  attribute(attribute: Attribute): void {
    this.word(this.#attributeText(attribute));
  }
  symbol(name: string): void {
    this.word(symbolRef(name).text);
  }
  attributeDictionary(
    op: Operation,
    options: { readonly elide?: ReadonlySet<string>; readonly keyword?: boolean } = {},
  ): void {
    const shown = [...op.attributes].filter(([name, value]) => {
      if (
        name === 'operandSegmentSizes' ||
        name === 'resultSegmentSizes' ||
        options.elide?.has(name) === true
      )
        return false;
      const spec = op.definition?.attrs[name];
      return spec === undefined || !isDefault(spec, value);
    });
    if (shown.length === 0) return;
    if (options.keyword === true) this.word('attributes');
    this.word(`{${this.#entries(shown)}}`);
  }
  blockName(block: Block): void {
    this.word(this.#names.blocks.get(block) ?? '^unknown');
  }
  region(region: Region, options: RegionPrintOptions): void {
    this.word('{');
    this.raw('\n');
    this.#indent++;
    region.blocks.forEach((block, i) => {
      const needsLabel =
        block.args.length > 0 ||
        hasPredecessor(region, block) ||
        (options.labelEmpty === true && block.first === undefined);
      this.#block(
        block,
        i === 0 && (options.hideEntryArguments === true || !needsLabel),
        options.hideTerminator === true,
      );
    });
    this.#indent--;
    this.raw(`${'  '.repeat(this.#indent)}}`);
  }

  #nameOf(value: Value): string {
    return this.#names.values.get(value) ?? '%<<unknown>>';
  }
  #attributeText(a: Attribute): string {
    if (this.#aliases.size === 0) return a.text;
    switch (a.kind) {
      case 'affine_map':
        return this.#aliases.get(a.text) ?? a.text;
      case 'array':
        return `[${a.elements.map((e) => this.#attributeText(e)).join(', ')}]`;
      case 'dictionary':
        return `{${this.#entries([...a.entries])}}`;
      default:
        return a.text;
    }
  }
  #entries(entries: readonly (readonly [string, Attribute])[]): string {
    return [...entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => (v.kind === 'unit' ? keyText(k) : `${keyText(k)} = ${this.#attributeText(v)}`))
      .join(', ');
  }
  #block(block: Block, bare: boolean, hideTerminator: boolean): void {
    if (!bare) {
      this.raw('  '.repeat(this.#indent - 1));
      this.raw(this.#names.blocks.get(block)!);
      if (block.args.length > 0) {
        this.raw('(');
        this.list(block.args, (a) => {
          this.argument(a);
          this.argumentLocation(a);
        });
        this.raw(')');
      }
      this.raw(':\n');
    }
    if (this.options.part?.frame === true && block.parentOp === this.root) {
      this.raw(childMark);
      return;
    }
    for (let op = block.first; op !== undefined; op = op.next) {
      if (hideTerminator && op === block.last) break;
      this.raw('  '.repeat(this.#indent));
      this.#op(op);
      this.raw('\n');
    }
  }
  #op(op: Operation): void {
    const span = { op, start: this.#length, end: 0 };
    this.#spans.push(span);
    if (op.results.length > 0) this.raw(`${this.#resultNames(op)} = `);
    const custom = this.#generic ? undefined : op.definition?.assembly;
    if (custom !== undefined) {
      this.raw(op.name === 'builtin.module' ? 'module' : op.name);
      custom.print(op, this);
    } else this.#genericOp(op);
    this.#location(op.location);
    span.end = this.#length;
  }
  /** `%0:2` for several results of one name. */
  #resultNames(op: Operation): string {
    const first = this.#nameOf(op.result(0));
    return op.results.length === 1 ? first : `${first.slice(0, first.lastIndexOf('#'))}:${op.results.length}`;
  }
  #genericOp(op: Operation): void {
    this.raw(`"${op.name}"(${op.operands.map((v) => this.#nameOf(v)).join(', ')})`);
    if (op.successors.length > 0)
      this.raw(`[${op.successors.map((s) => this.#names.blocks.get(s) ?? '^unknown').join(', ')}]`);
    const entries = [...op.attributes];
    const properties = entries.filter(([k]) => op.isProperty(k));
    const discardable = entries.filter(([k]) => !op.isProperty(k));
    if (properties.length > 0) this.raw(` <{${this.#entries(properties)}}>`);
    if (op.regions.length > 0) {
      this.raw(' (');
      op.regions.forEach((r, i) => {
        if (i > 0) this.raw(', ');
        this.region(r, { labelEmpty: true });
      });
      this.raw(')');
    }
    if (discardable.length > 0) this.raw(` {${this.#entries(discardable)}}`);
    this.raw(' :');
    this.functionalType(
      op.operands.map((v) => v.type),
      op.results.map((r) => r.type),
    );
  }
  #location(location: Location): void {
    if (this.options.locations !== 'alias') return;
    const text = locationText(location);
    if (text === 'unknown') {
      this.word('loc(unknown)');
      return;
    }
    let alias = this.#locations.get(text);
    if (alias === undefined) {
      alias = `#loc${this.#locations.size === 0 ? '' : this.#locations.size}`;
      this.#locations.set(text, alias);
    }
    this.word(`loc(${alias})`);
  }
}

function hasPredecessor(region: Region, block: Block): boolean {
  return region.blocks.some((b) => b.last?.successors.includes(block) === true);
}
