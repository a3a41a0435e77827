/** Custom forms of `tensor` ops that formats cannot say: mixed index lists and regions. */
import type { CustomAssembly } from '../assembly';
import { intLists, unit } from '../constraints';
import { segmentAttribute } from '../opDefinition';
import type { Operation } from '../operation';
import type { OpParser } from '../parser/opParser';
import type { OpPrinter } from '../printer/opPrinter';
import type { Type } from '../types';
import { elementOf, index } from '../types';
import { mixedIndices, parseMixed, printMixed, sliceOf, staticIndices } from './mixedIndices';
import { numbersOf } from '../attributes';

const sliceAttributes = new Set(['static_offsets', 'static_sizes', 'static_strides']);

function printSlice(op: Operation, p: OpPrinter, at: number): void {
  const { offsets, sizes, strides } = sliceOf(op, at);
  printMixed(p, offsets, '[', ']');
  printMixed(p, sizes, ' [', ']');
  printMixed(p, strides, ' [', ']');
  p.attributeDictionary(op, { elide: sliceAttributes });
}
/** The lists and the attribute dictionary; `fixed` operands come first. */
function parseSlice(p: OpParser, fixed: number) {
  const lists = [parseMixed(p, '[', ']'), parseMixed(p, '[', ']'), parseMixed(p, '[', ']')] as const;
  const attributes = p.attributeDictionary();
  ['static_offsets', 'static_sizes', 'static_strides'].forEach((name, i) =>
    attributes.set(name, staticIndices(lists[i]!.statics)),
  );
  attributes.set(
    'operandSegmentSizes',
    segmentAttribute([...new Array<number>(fixed).fill(1), ...lists.map((l) => l.operands.length)]),
  );
  return { indices: lists.flatMap((l) => p.resolveAll(l.operands, index)), attributes };
}

export const extractSliceAssembly: CustomAssembly = {
  print: (op, p) => {
    p.operand(op.operand(0));
    printSlice(op, p, 1);
    p.word(':');
    p.type(op.operand(0).type);
    p.word('to');
    p.type(op.result(0).type);
  },
  parse: (p) => {
    const source = p.operand();
    const { indices, attributes } = parseSlice(p, 1);
    p.expect(':');
    const from = p.type();
    p.expect('to');
    return { operands: [p.resolve(source, from), ...indices], resultTypes: [p.type()], attributes };
  },
};

const inserting = (hasResult: boolean): CustomAssembly => ({
  print: (op, p) => {
    p.operand(op.operand(0));
    p.word('into');
    p.operand(op.operand(1));
    printSlice(op, p, 2);
    p.word(':');
    p.type(op.operand(0).type);
    p.word('into');
    p.type(op.operand(1).type);
  },
  parse: (p) => {
    const source = p.operand();
    p.expect('into');
    const dest = p.operand();
    const { indices, attributes } = parseSlice(p, 2);
    p.expect(':');
    const from = p.type();
    p.expect('into');
    const to = p.type();
    return {
      operands: [p.resolve(source, from), p.resolve(dest, to), ...indices],
      resultTypes: hasResult ? [to] : [],
      attributes,
    };
  },
});
export const insertSliceAssembly = inserting(true);
export const parallelInsertSliceAssembly = inserting(false);

const padAttributes = new Set(['static_low', 'static_high', 'nofold']);
export const padAssembly: CustomAssembly = {
  print: (op, p) => {
    const statics = (name: string): readonly number[] => numbersOf(op.attr(name)) ?? [];
    const [low, high] = [statics('static_low'), statics('static_high')];
    const lowValues = op.operands.slice(1, 1 + (numbersOf(op.attr('operandSegmentSizes'))?.[1] ?? 0));
    p.operand(op.operand(0));
    if (op.attr('nofold') !== undefined) p.word('nofold');
    p.word('low');
    printMixed(p, mixedIndices(low, lowValues), '[', ']');
    p.word('high');
    printMixed(p, mixedIndices(high, op.operands.slice(1 + lowValues.length)), '[', ']');
    p.region(op.region(), {});
    p.attributeDictionary(op, { elide: padAttributes });
    p.word(':');
    p.type(op.operand(0).type);
    p.word('to');
    p.type(op.result(0).type);
  },
  parse: (p) => {
    const source = p.operand();
    const nofold = p.optional('nofold');
    p.expect('low');
    const low = parseMixed(p, '[', ']');
    p.expect('high');
    const high = parseMixed(p, '[', ']');
    const region = p.region();
    const attributes = p.attributeDictionary();
    attributes.set('static_low', staticIndices(low.statics));
    attributes.set('static_high', staticIndices(high.statics));
    if (nofold) attributes.set('nofold', unit.write(true));
    attributes.set('operandSegmentSizes', segmentAttribute([1, low.operands.length, high.operands.length]));
    p.expect(':');
    const from = p.type();
    p.expect('to');
    const operands = [p.resolve(source, from), ...p.resolveAll([...low.operands, ...high.operands], index)];
    return { operands, resultTypes: [p.type()], attributes, regions: [region] };
  },
};

export const fromElementsAssembly: CustomAssembly = {
  print: (op, p) => {
    p.operands(op.operands);
    p.attributeDictionary(op);
    p.word(':');
    p.type(op.result(0).type);
  },
  parse: (p) => {
    const elements = p.optionalOperands(Infinity);
    const attributes = p.attributeDictionary();
    p.expect(':');
    const type = p.type();
    return { operands: p.resolveAll(elements, elementOf(type)), resultTypes: [type], attributes };
  },
};
export const splatAssembly: CustomAssembly = {
  print: (op, p) => {
    const [input, ...sizes] = op.operands;
    p.operand(input!);
    if (sizes.length > 0) {
      p.raw('[');
      p.operands(sizes);
      p.raw(']');
    }
    p.attributeDictionary(op);
    p.word(':');
    p.type(op.result(0).type);
  },
  parse: (p) => {
    const input = p.operand();
    const sizes = p.at('[') ? p.operandList('[', ']') : [];
    const attributes = p.attributeDictionary();
    p.expect(':');
    const type: Type = p.type();
    return {
      operands: [p.resolve(input, elementOf(type)), ...p.resolveAll(sizes, index)],
      resultTypes: [type],
      attributes,
    };
  },
};

const expandAttributes = new Set(['reassociation', 'static_output_shape']);
export const expandShapeAssembly: CustomAssembly = {
  print: (op, p) => {
    p.operand(op.operand(0));
    p.attribute(op.attr('reassociation') ?? intLists.write([]));
    p.word('output_shape');
    printMixed(
      p,
      mixedIndices(numbersOf(op.attr('static_output_shape')) ?? [], op.operands.slice(1)),
      ' [',
      ']',
    );
    p.attributeDictionary(op, { elide: expandAttributes });
    p.word(':');
    p.type(op.operand(0).type);
    p.word('into');
    p.type(op.result(0).type);
  },
  parse: (p) => {
    const source = p.operand();
    const reassociation = p.attribute();
    p.expect('output_shape');
    const shape = parseMixed(p, '[', ']');
    const attributes = p.attributeDictionary();
    attributes.set('reassociation', reassociation);
    attributes.set('static_output_shape', staticIndices(shape.statics));
    p.expect(':');
    const from = p.type();
    p.expect('into');
    return {
      operands: [p.resolve(source, from), ...p.resolveAll(shape.operands, index)],
      resultTypes: [p.type()],
      attributes,
    };
  },
};
