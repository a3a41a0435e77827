/**
 * Custom assembly of ops: either a declarative format, read once into elements that both parse and print, or a
 * pair of functions. The format language is a subset of MLIR's ODS `assemblyFormat`:
 *
 *   `lit`   literal             $name   operand, attribute, region or successor by declared name
 *   type($name), type(operands), type(results), functional-type(operands, results)
 *   attr-dict, attr-dict-with-keyword
 *   ( … )?  optional group; the element marked ^ decides
 *   ``      (empty literal) joins the neighbours
 */
import type { Attribute } from './attributes';
import type { AttrSpec, OpDefinition, ValueSpecs } from './opDefinition';
import { needsSegments, segmentAttribute, segmentsOf } from './opDefinition';
import type { OpParser, UnresolvedOperand } from './parser/opParser';
import type { OpPrinter } from './printer/opPrinter';
import type { Block, Operation, OperationState, Region, Value } from './operation';
import type { Type } from './types';

/** Known types by operand and result name while parsing. */
export type NamedTypes = Record<string, Type | readonly Type[] | undefined>;

export interface AssemblyFormat {
  readonly format: string;
  /** Completes types that the format leaves out, from those it has. */
  readonly types?: (known: Readonly<NamedTypes>, attributes: ReadonlyMap<string, Attribute>) => NamedTypes;
}

/** What a custom parser returns: all of the op but its name and location. */
export type ParsedOperation = Omit<OperationState, 'name' | 'definition' | 'location'>;

export interface CustomAssembly {
  /** Prints all after the op's name. */
  print(op: Operation, printer: OpPrinter): void;
  /** Reads all after the op's name. */
  parse(parser: OpParser, definition: OpDefinition): ParsedOperation;
}

type Element =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'glue' }
  | { readonly kind: 'operand' | 'attribute' | 'region' | 'successors'; readonly name: string }
  | { readonly kind: 'type'; readonly of: string }
  | { readonly kind: 'functional' }
  | { readonly kind: 'attr-dict'; readonly keyword: boolean }
  | { readonly kind: 'group'; readonly elements: readonly Element[]; readonly anchor: string };

/** Reads a format. Throws on anything that it cannot both print and parse. */
export function compileAssembly(definition: OpDefinition, source: string | AssemblyFormat): CustomAssembly {
  const spec: AssemblyFormat = typeof source === 'string' ? { format: source } : source;
  const elements = readFormat(definition, spec.format);
  const inFormat = attributesIn(elements);
  return {
    print: (op, printer) => {
      printElements(definition, elements, op, printer, inFormat);
    },
    parse: (parser) => new FormatParse(definition, spec, parser).run(elements),
  };
}

function readFormat(definition: OpDefinition, source: string): readonly Element[] {
  const tokens =
    source.match(
      /`[^`]*`|\$\w+|functional-type\(operands, results\)|type\(\$?\w+\)|attr-dict-with-keyword|attr-dict|[()?^]/g,
    ) ?? [];
  const rest = source.replace(
    /`[^`]*`|\$\w+|functional-type\(operands, results\)|type\(\$?\w+\)|attr-dict-with-keyword|attr-dict|[()?^]|\s/g,
    '',
  );
  if (rest !== '') throw new Error(`assembly of ${definition.name}: cannot read '${rest}'`);
  let at = 0;
  const variable = (name: string): Element => {
    if (name in definition.operands) return { kind: 'operand', name };
    if (name in definition.attrs) return { kind: 'attribute', name };
    if (definition.regions.includes(name)) return { kind: 'region', name };
    if (name === 'successors') return { kind: 'successors', name };
    throw new Error(`assembly of ${definition.name}: unknown name $${name}`);
  };
  const list = (nested: boolean): { elements: Element[]; anchor: string } => {
    const elements: Element[] = [];
    let anchor = '';
    while (at < tokens.length) {
      const t = tokens[at++]!;
      if (t === ')') {
        if (!nested || tokens[at++] !== '?')
          throw new Error(`assembly of ${definition.name}: groups end in ')?'`);
        return { elements, anchor };
      }
      if (t === '(') {
        const group = list(true);
        elements.push({ kind: 'group', ...group });
      } else if (t === '^') {
        const last = elements[elements.length - 1];
        anchor = last !== undefined && 'name' in last ? last.name : '';
      } else if (t === '``') elements.push({ kind: 'glue' });
      else if (t.startsWith('`')) elements.push({ kind: 'literal', text: t.slice(1, -1) });
      else if (t.startsWith('$')) elements.push(variable(t.slice(1)));
      else if (t.startsWith('type(')) elements.push({ kind: 'type', of: t.slice(5, -1).replace('$', '') });
      else if (t.startsWith('functional')) elements.push({ kind: 'functional' });
      else elements.push({ kind: 'attr-dict', keyword: t.endsWith('keyword') });
    }
    if (nested) throw new Error(`assembly of ${definition.name}: a group is not closed`);
    return { elements, anchor };
  };
  return list(false).elements;
}

const attributesIn = (elements: readonly Element[]): ReadonlySet<string> =>
  new Set(
    elements.flatMap((e) =>
      e.kind === 'attribute' ? [e.name] : e.kind === 'group' ? [...attributesIn(e.elements)] : [],
    ),
  );

const valuesNamed = (
  specs: ValueSpecs,
  values: readonly Value[],
  sizes: Attribute | undefined,
  what: string,
): Record<string, readonly Value[]> => {
  const list = sizes?.kind === 'dense_array' ? sizes.values.map(Number) : undefined;
  const segments = segmentsOf(specs, values.length, list, what);
  const named: Record<string, readonly Value[]> = {};
  for (const name in segments) {
    const [from, to] = segments[name]!;
    named[name] = to - from === values.length ? values : values.slice(from, to);
  }
  return named;
};

function printElements(
  definition: OpDefinition,
  elements: readonly Element[],
  op: Operation,
  p: OpPrinter,
  inFormat: ReadonlySet<string>,
): void {
  const operands = valuesNamed(definition.operands, op.operands, op.attr('operandSegmentSizes'), op.name);
  const results = valuesNamed(definition.results, op.results, op.attr('resultSegmentSizes'), op.name);
  const isPresent = (name: string): boolean => {
    if (name in operands) return operands[name]!.length > 0;
    if (name in definition.attrs) return !isDefault(definition.attrs[name]!, op.attr(name));
    const region = definition.regions.indexOf(name);
    return region >= 0 && (op.regions[region]?.blocks.length ?? 0) > 0;
  };
  const typesOf = (what: string): readonly Type[] => {
    const values =
      what === 'operands' ? op.operands : what === 'results' ? op.results : (operands[what] ?? results[what]);
    if (values === undefined) throw new Error(`assembly of ${op.name}: type of unknown $${what}`);
    return values.map((v) => v.type);
  };
  const print = (list: readonly Element[]): void => {
    for (const e of list) {
      switch (e.kind) {
        case 'literal':
          p.word(e.text);
          break;
        case 'glue':
          p.glue();
          break;
        case 'operand':
          p.list(operands[e.name]!, (v) => {
            p.operand(v);
          });
          break;
        case 'attribute':
          printAttribute(definition.attrs[e.name]!, op.attr(e.name), p);
          break;
        case 'region':
          p.region(op.region(definition.regions.indexOf(e.name)), {});
          break;
        case 'successors':
          p.list(op.successors, (s) => {
            p.blockName(s);
          });
          break;
        case 'type':
          p.list(typesOf(e.of), (t) => {
            p.type(t);
          });
          break;
        case 'functional':
          p.functionalType(typesOf('operands'), typesOf('results'));
          break;
        case 'attr-dict':
          p.attributeDictionary(op, { elide: inFormat, keyword: e.keyword });
          break;
        case 'group':
          if (isPresent(e.anchor)) print(e.elements);
          break;
      }
    }
  };
  print(elements);
}

/** Whether the attribute is absent or equals what its absence means. */
export function isDefault(spec: AttrSpec, value: Attribute | undefined): boolean {
  if (value === undefined) return true;
  return (
    spec.codec.presence !== true &&
    spec.fallback !== undefined &&
    value.text === spec.codec.write(spec.fallback).text
  );
}

function printAttribute(spec: AttrSpec, value: Attribute | undefined, p: OpPrinter): void {
  if (value === undefined) {
    if (spec.fallback === undefined) return;
    value = spec.codec.write(spec.fallback);
  }
  const { keywords, bareType, presence } = spec.codec;
  if (presence === true) return;
  if (keywords !== undefined) {
    p.word(
      value.kind === 'dialect' ? value.body.slice(value.body.indexOf('<')) : String(spec.codec.read(value)),
    );
  } else if (bareType !== undefined && 'type' in value && value.type === bareType)
    p.word(value.text.slice(0, value.text.lastIndexOf(' : ')));
  else p.attribute(value);
}

class FormatParse {
  readonly #unresolved: Record<string, UnresolvedOperand[]> = {};
  readonly #types: NamedTypes = {};
  readonly #attributes = new Map<string, Attribute>();
  readonly #regions: Record<string, Region> = {};
  #successors: Block[] = [];

  constructor(
    readonly definition: OpDefinition,
    readonly spec: AssemblyFormat,
    readonly parser: OpParser,
  ) {}

  run(elements: readonly Element[]): ParsedOperation {
    this.#elements(elements);
    return this.#finish();
  }

  #elements(elements: readonly Element[]): void {
    const { parser: p, definition } = this;
    for (const e of elements) {
      switch (e.kind) {
        case 'literal':
          p.expect(e.text);
          break;
        case 'glue':
          break;
        case 'operand': {
          const { arity } = definition.operands[e.name]!;
          this.#unresolved[e.name] =
            arity === 'one' ? [p.operand()] : p.optionalOperands(arity === 'variadic' ? Infinity : 1);
          break;
        }
        case 'attribute':
          this.#attributes.set(e.name, this.#attribute(definition.attrs[e.name]!));
          break;
        case 'region':
          this.#regions[e.name] = p.region();
          break;
        case 'successors':
          this.#successors = [...p.successors()];
          break;
        case 'type':
          this.#type(e.of);
          break;
        case 'functional': {
          const t = p.functionType();
          this.#assign(definition.operands, t.inputs, this.#counts());
          this.#assign(definition.results, t.results, {});
          break;
        }
        case 'attr-dict':
          for (const [k, v] of p.attributeDictionary(e.keyword)) this.#attributes.set(k, v);
          break;
        case 'group':
          if (this.#begins(e.elements)) this.#elements(e.elements);
          else
            for (const inner of e.elements) if (inner.kind === 'operand') this.#unresolved[inner.name] = [];
          break;
      }
    }
  }

  /** Whether an optional group is present, by its first element. */
  #begins(elements: readonly Element[]): boolean {
    const first = elements.find((e) => e.kind !== 'glue');
    if (first === undefined) return false;
    switch (first.kind) {
      case 'literal':
        return this.parser.at(first.text);
      case 'operand':
        return this.parser.atOperand();
      case 'region':
        return this.parser.at('{');
      case 'attribute':
        return this.parser.atAttribute(this.definition.attrs[first.name]!.codec.keywords);
      default:
        throw new Error(`assembly of ${this.definition.name}: a group cannot begin with ${first.kind}`);
    }
  }

  #attribute(spec: AttrSpec): Attribute {
    const { codec } = spec;
    const { keywords, bareType, several, presence } = codec;
    if (presence === true) return spec.codec.write(true);
    if (keywords !== undefined) {
      const angled = this.parser.optional('<');
      const words = [this.parser.keywordOf(keywords)];
      while (several === true && this.parser.optional(',')) words.push(this.parser.keywordOf(keywords));
      if (angled) this.parser.expect('>');
      return spec.codec.write(several === true ? words.filter((w) => w !== 'none') : words[0]);
    }
    const value = this.parser.attribute(bareType);
    if (codec.read(value) === undefined && value.kind === 'integer') return codec.write(Number(value.value));
    return value;
  }

  #type(of: string): void {
    const { parser: p, definition } = this;
    if (of === 'operands') this.#assign(definition.operands, p.typeList(), this.#counts());
    else if (of === 'results') this.#assign(definition.results, p.typeList(), {});
    else {
      const spec = definition.operands[of] ?? definition.results[of];
      if (spec === undefined) throw new Error(`assembly of ${definition.name}: type of unknown $${of}`);
      this.#types[of] = spec.arity === 'variadic' ? p.typeList() : p.type();
    }
  }
  #counts(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#unresolved).map(([n, u]) => [n, u.length]));
  }
  #assign(specs: ValueSpecs, types: readonly Type[], counts: Readonly<Record<string, number>>): void {
    const sizes =
      Object.keys(counts).length > 0
        ? Object.keys(specs).map((n) => counts[n] ?? (specs[n]!.arity === 'one' ? 1 : 0))
        : undefined;
    let segments;
    try {
      segments = segmentsOf(specs, types.length, sizes, this.definition.name);
    } catch (e) {
      throw this.parser.problem((e as Error).message);
    }
    for (const [name, [from, to]] of Object.entries(segments)) {
      this.#types[name] = specs[name]!.arity === 'variadic' ? types.slice(from, to) : types[from];
    }
  }

  #finish(): ParsedOperation {
    const { definition, parser } = this;
    const types = this.#complete();
    const operands: Value[] = [];
    const sizes: number[] = [];
    for (const [name, spec] of Object.entries(definition.operands)) {
      const unresolved = this.#unresolved[name] ?? [];
      const known = types[name];
      unresolved.forEach((u, i) => {
        const type = Array.isArray(known)
          ? ((known as readonly Type[])[i] ??
            (spec.arity === 'variadic' ? undefined : (known as readonly Type[])[0]))
          : (known as Type | undefined);
        const t = type ?? parser.knownType(u);
        if (t === undefined)
          throw parser.problem(`the type of operand '${name}' of ${definition.name} is not known`);
        operands.push(parser.resolve(u, t));
      });
      sizes.push(unresolved.length);
    }
    if (needsSegments(definition.operands))
      this.#attributes.set('operandSegmentSizes', segmentAttribute(sizes));
    const given = Object.keys(definition.results).flatMap((n) => types[n] ?? []);
    const arities = Object.values(definition.results);
    const complete = arities.every(
      (s, i) => s.arity !== 'one' || types[Object.keys(definition.results)[i]!] !== undefined,
    );
    const resultTypes =
      complete && (given.length > 0 || arities.every((s) => s.arity !== 'one'))
        ? given
        : parser.inferResults(definition, operands, this.#attributes);
    return {
      operands,
      resultTypes,
      attributes: this.#attributes,
      regions: definition.regions.flatMap(
        (r) => this.#regions[r] ?? (r.endsWith('*') ? [] : [parser.emptyRegion()]),
      ),
      successors: this.#successors,
    };
  }

  /** Fills in types by traits, exact constraints and the format's own rule. */
  #complete(): NamedTypes {
    const { definition, spec } = this;
    const types: NamedTypes = { ...this.#types };
    const all = { ...definition.operands, ...definition.results };
    const first = (names: readonly string[]): Type | undefined => {
      for (const n of names) {
        const t = types[n];
        const single = Array.isArray(t) ? (t as readonly Type[])[0] : (t as Type | undefined);
        if (single !== undefined) return single;
      }
      return undefined;
    };
    const spread = (names: readonly string[], type: Type | undefined): void => {
      if (type === undefined) return;
      for (const n of names)
        types[n] ??= all[n]!.arity === 'variadic' ? (this.#unresolved[n] ?? []).map(() => type) : type;
    };
    for (const [n, s] of Object.entries(all)) {
      if (s.constraint.exact !== undefined) spread([n], s.constraint.exact);
    }
    if (definition.traits.has('sameType')) spread(Object.keys(all), first(Object.keys(all)));
    if (definition.traits.has('sameOperandTypes'))
      spread(Object.keys(definition.operands), first(Object.keys(definition.operands)));
    const more = spec.types?.(types, this.#attributes) ?? {};
    for (const [n, t] of Object.entries(more)) types[n] ??= t;
    return types;
  }
}
