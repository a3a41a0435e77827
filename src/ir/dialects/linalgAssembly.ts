/** Custom forms of `linalg` ops: `ins(… : …) outs(… : …)`, with the body of named ops left out. */
import type { CustomAssembly } from '../assembly';
import type { Attribute } from '../attributes';
import { affineMapAttr, arrayAttr, dialectAttr, stringAttr } from '../attributes';
import { ints } from '../constraints';
import type { Location } from '../location';
import { unknownLoc } from '../location';
import { segmentAttribute } from '../opDefinition';
import type { Operation, Region, Value } from '../operation';
import type { OpParser } from '../parser/opParser';
import type { OpPrinter } from '../printer/opPrinter';
import { namedMaps } from './linalgMaps';
import { inputCountOf } from './linalgStructure';

type Regions = (operands: readonly Value[], location: Location) => readonly Region[];

function printGroup(p: OpPrinter, word: string, values: readonly Value[]): void {
  if (values.length === 0) return;
  p.word(`${word}(`);
  p.operands(values);
  p.word(':');
  p.types(values.map((v) => v.type));
  p.raw(')');
}
function printOperands(op: Operation, p: OpPrinter): void {
  const inputs = inputCountOf(op);
  printGroup(p, 'ins', op.operands.slice(0, inputs));
  printGroup(p, 'outs', op.operands.slice(inputs));
}
function parseGroup(p: OpParser, word: string): Value[] {
  if (!p.optional(word)) return [];
  p.expect('(');
  const values = p.optionalOperands(Infinity);
  p.expect(':');
  const resolved = p.resolveAll(values, p.typeList());
  p.expect(')');
  return resolved;
}
function printResults(op: Operation, p: OpPrinter): void {
  const types = op.results.map((r) => r.type);
  if (types.length === 0) return;
  p.word('->');
  if (types.length === 1) p.type(types[0]!);
  else {
    p.word('(');
    p.types(types);
    p.raw(')');
  }
}

// `iterator_types = ["parallel"]` in the text is `[#linalg.iterator_type<parallel>]` in the op.
const iteratorText = (a: Attribute): Attribute =>
  a.kind === 'array' ? arrayAttr(a.elements.map((e) => stringAttr(/<(.*)>/.exec(e.text)?.[1] ?? e.text))) : a;
const iteratorAttribute = (a: Attribute): Attribute =>
  a.kind === 'array'
    ? arrayAttr(
        a.elements.map((e) =>
          e.kind === 'string'
            ? dialectAttr('linalg', `iterator_type<${e.value}>`, `#linalg.iterator_type<${e.value}>`)
            : e,
        ),
      )
    : a;
const traitNames = ['doc', 'indexing_maps', 'iterator_types', 'library_call'] as const;
const traitSet: ReadonlySet<string> = new Set(traitNames);

export const genericAssembly: CustomAssembly = {
  print: (op, p) => {
    p.word('{');
    traitNames
      .filter((name) => op.attr(name) !== undefined)
      .forEach((name, i) => {
        if (i > 0) p.raw(',');
        p.word(name);
        p.word('=');
        const value = op.attr(name)!;
        p.attribute(name === 'iterator_types' ? iteratorText(value) : value);
      });
    p.raw('}');
    printOperands(op, p);
    if ([...op.attributes.keys()].some((name) => !traitSet.has(name) && name !== 'operandSegmentSizes')) {
      p.word('attrs');
      p.word('=');
      p.attributeDictionary(op, { elide: traitSet });
    }
    p.region(op.region(), {});
    printResults(op, p);
  },
  parse: (p) => {
    const trait = p.attribute();
    if (trait.kind !== 'dictionary')
      throw p.problem('linalg.generic begins with a dictionary of maps and iterator types');
    const inputs = parseGroup(p, 'ins');
    const outputs = parseGroup(p, 'outs');
    const attributes = new Map(trait.entries);
    if (p.optional('attrs')) {
      p.expect('=');
      for (const [name, value] of p.attributeDictionary()) attributes.set(name, value);
    }
    const iterators = attributes.get('iterator_types');
    if (iterators !== undefined) attributes.set('iterator_types', iteratorAttribute(iterators));
    attributes.set('operandSegmentSizes', segmentAttribute([inputs.length, outputs.length]));
    const region = p.region();
    return {
      operands: [...inputs, ...outputs],
      attributes,
      regions: [region],
      resultTypes: p.optionalArrowTypes(),
    };
  },
};

const hidden = new Set(['operandSegmentSizes', 'indexing_maps', 'linalg.memoized_indexing_maps']);
/** Whether maps are those that the op's name means. */
const isImplied = (op: Operation, maps: Attribute): boolean =>
  maps.text === arrayAttr(namedMaps(op).maps.map(affineMapAttr)).text;
/** `{attributes} ins(…) outs(…) -> type`; with `maps`, `indexing_maps = […]` first. */
export const namedAssembly = (regions: Regions, maps = false): CustomAssembly => ({
  print: (op, p) => {
    const given = maps ? op.attr('indexing_maps') : undefined;
    if (given !== undefined && !isImplied(op, given)) {
      p.word('indexing_maps');
      p.word('=');
      p.attribute(given);
    }
    p.attributeDictionary(op, { elide: hidden });
    printOperands(op, p);
    printResults(op, p);
  },
  parse: (p) => {
    let given: Attribute | undefined;
    if (maps && p.optional('indexing_maps')) {
      p.expect('=');
      given = p.attribute();
    }
    const attributes = p.attributeDictionary();
    if (given !== undefined) attributes.set('indexing_maps', given);
    const inputs = parseGroup(p, 'ins');
    const outputs = parseGroup(p, 'outs');
    attributes.set('operandSegmentSizes', segmentAttribute([inputs.length, outputs.length]));
    const operands = [...inputs, ...outputs];
    return {
      operands,
      attributes,
      regions: regions(operands, unknownLoc),
      resultTypes: p.optionalArrowTypes(),
    };
  },
});
/** `ins(…) outs(…) name = [1, 0]`: one input, one output, the result type not written. */
export const trailingAttribute = (name: string, regions: Regions): CustomAssembly => ({
  print: (op, p) => {
    printOperands(op, p);
    p.word(name);
    p.word('=');
    p.word(`[${(ints.read(op.attr(name)!) ?? []).join(', ')}]`);
    p.attributeDictionary(op, { elide: new Set([name]) });
  },
  parse: (p) => {
    const inputs = parseGroup(p, 'ins');
    const outputs = parseGroup(p, 'outs');
    p.expect(name);
    p.expect('=');
    const list = p.commaList('[', ']', () => p.integer());
    const attributes = p.attributeDictionary();
    attributes.set(name, ints.write(list));
    const operands = [...inputs, ...outputs];
    const resultTypes = outputs.map((v) => v.type).filter((t) => t.kind === 'tensor');
    return { operands, attributes, regions: regions(operands, unknownLoc), resultTypes };
  },
});
