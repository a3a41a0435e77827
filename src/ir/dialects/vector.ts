/** `vector`: fixed-size vectors, their arithmetic and rearrangement. Upstream dialect. Memory access: `vectorMemory.ts`. */
import type { CustomAssembly } from '../assembly';
import {
  affineMaps,
  anyType,
  anyVector,
  eitherOf,
  floatScalar,
  anyInteger,
  indexType,
  intList,
  ints,
} from '../constraints';
import { numbersOf } from '../attributes';
import { attr, defaultAttr, defineOp, InferenceError, one, optional, variadic } from '../opDefinition';
import type { Dialect } from '../registry';
import type { Type, VectorType } from '../types';
import { bitWidth, elementCount, elementOf, i1, index, isShaped, vector } from '../types';
import { mixedIndices, mixedProblem, parseMixed, printMixed, staticIndices } from './mixedIndices';
import {
  combiningKind,
  combiningKinds,
  fastMath,
  innerType,
  iteratorTypes,
  printInts,
  vectorType,
  withInts,
  parseInts,
} from './vectorAssembly';
import { memoryOps } from './vectorMemory';
import * as semantics from './vectorSemantics';

export type { CombiningKind } from './vectorAssembly';

const scalarOrVector = eitherOf(anyVector, floatScalar, anyInteger);
const count = (t: Type): number => (isShaped(t) ? (elementCount(t.shape) ?? 0) : 1);
const elementsMatch = (a: Type, b: Type): string | undefined =>
  elementOf(a) === elementOf(b) ? undefined : `element types differ: ${a.text} and ${b.text}`;

export const broadcast = defineOp({
  name: 'vector.broadcast',
  summary: 'repeats a scalar or vector to a larger vector',
  doc: 'The source aligns with the last dimensions; sizes of 1 are repeated.',
  operands: { source: one(scalarOrVector) },
  results: { vector: one(anyVector) },
  traits: ['pure'],
  assembly: '$source attr-dict `:` type($source) `to` type($vector)',
  verify: ({ source, vector: result }) => {
    const problem = elementsMatch(source.type, result.type);
    if (problem !== undefined || source.type.kind !== 'vector') return problem;
    const { shape } = source.type;
    const target = vectorType(result.type).shape;
    const fits =
      shape.length <= target.length &&
      shape.every((s, i) => s === 1 || s === target[target.length - shape.length + i]);
    return fits ? undefined : `cannot repeat ${source.type.text} to ${result.type.text}`;
  },
  compile: semantics.compileBroadcast,
});

export const fma = defineOp({
  name: 'vector.fma',
  summary: 'multiplies and adds: lhs * rhs + acc, rounded once',
  operands: { lhs: one(anyVector), rhs: one(anyVector), acc: one(anyVector) },
  results: { result: one(anyVector) },
  traits: ['pure', 'elementwise', 'sameType'],
  assembly: '$lhs `,` $rhs `,` $acc attr-dict `:` type($lhs)',
  verify: ({ lhs }) =>
    elementOf(lhs.type).kind === 'float' ? undefined : `needs a vector of floats, found ${lhs.type.text}`,
  scalar: semantics.fmaKernel,
  work: ({ lhs }) => ({ flops: 2 * count(lhs.type), bytesRead: 0, bytesWritten: 0 }),
});

const extractAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = extract.view(op);
    p.operand(v.source);
    printMixed(p, mixedIndices(v.static_position, v.dynamic_position), '[', ']');
    p.attributeDictionary(op, { elide: new Set(['static_position']) });
    p.word(':');
    p.type(v.result.type);
    p.word('from');
    p.type(v.source.type);
  },
  parse: (p) => {
    const source = p.operand();
    const position = parseMixed(p, '[', ']');
    const attributes = p.attributeDictionary();
    attributes.set('static_position', staticIndices(position.statics));
    p.expect(':');
    const resultTypes = [p.type()];
    p.expect('from');
    return {
      operands: [p.resolve(source, p.type()), ...p.resolveAll(position.operands, index)],
      resultTypes,
      attributes,
    };
  },
};
const positionProblem = (v: VectorType, statics: readonly number[], dynamics: number): string | undefined => {
  if (statics.length > v.shape.length)
    return `${v.text} has ${v.shape.length} dimensions, ${statics.length} are indexed`;
  const bad = statics.findIndex((s, d) => s >= v.shape[d]!);
  return bad < 0
    ? mixedProblem('the position', statics, dynamics)
    : `position ${statics[bad]} is outside dimension ${bad} of ${v.text}`;
};
/** What a position gives; rank-0 vectors and vectors of one scalar stay apart as upstream has them. */
const atPosition = (t: Type, depth: number): Type => {
  const v = vectorType(t);
  if (depth > v.shape.length)
    throw new InferenceError(`${v.text} has ${v.shape.length} dimensions, ${depth} are indexed`);
  return innerType(v, depth, vector);
};
export const extract = defineOp({
  name: 'vector.extract',
  summary: 'one element, or a vector of the inner dimensions',
  operands: { source: one(anyVector), dynamic_position: variadic(indexType) },
  attrs: { static_position: attr(ints, 'one per indexed outer dimension') },
  results: { result: one(scalarOrVector) },
  traits: ['pure'],
  assembly: extractAssembly,
  infer: ({ types, attrs }) => [atPosition(types.source, attrs.static_position.length)],
  verify: ({ source, static_position, dynamic_position }) =>
    positionProblem(vectorType(source.type), static_position, dynamic_position.length),
  evaluate: semantics.evaluateExtract,
});

const insertAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = insert.view(op);
    p.operands([v.valueToStore, v.dest]);
    printMixed(p, mixedIndices(v.static_position, v.dynamic_position), ' [', ']');
    p.attributeDictionary(op, { elide: new Set(['static_position']) });
    p.word(':');
    p.type(v.valueToStore.type);
    p.word('into');
    p.type(v.dest.type);
  },
  parse: (p) => {
    const value = p.operand();
    p.expect(',');
    const dest = p.operand();
    const position = parseMixed(p, '[', ']');
    const attributes = p.attributeDictionary();
    attributes.set('static_position', staticIndices(position.statics));
    p.expect(':');
    const valueType = p.type();
    p.expect('into');
    const destType = p.type();
    const operands = [
      p.resolve(value, valueType),
      p.resolve(dest, destType),
      ...p.resolveAll(position.operands, index),
    ];
    return { operands, resultTypes: [destType], attributes };
  },
};
export const insert = defineOp({
  name: 'vector.insert',
  summary: 'a vector with one element or inner vector replaced',
  operands: {
    valueToStore: one(scalarOrVector),
    dest: one(anyVector),
    dynamic_position: variadic(indexType),
  },
  attrs: { static_position: attr(ints, 'one per indexed outer dimension') },
  results: { result: one(anyVector) },
  traits: ['pure'],
  assembly: insertAssembly,
  infer: ({ types }) => [types.dest],
  verify: ({ valueToStore, dest, static_position, dynamic_position }) => {
    const problem = positionProblem(vectorType(dest.type), static_position, dynamic_position.length);
    if (problem !== undefined) return problem;
    const expected = atPosition(dest.type, static_position.length);
    return valueToStore.type === expected
      ? undefined
      : `the value must be ${expected.text}, found ${valueToStore.type.text}`;
  },
  evaluate: semantics.evaluateInsert,
});

export const extractStridedSlice = defineOp({
  name: 'vector.extract_strided_slice',
  summary: 'a rectangular part of a vector',
  operands: { source: one(anyVector) },
  attrs: { offsets: attr(intList), sizes: attr(intList), strides: attr(intList, 'all 1') },
  results: { result: one(anyVector) },
  traits: ['pure'],
  assembly: '$source attr-dict `:` type($source) `to` type($result)',
  infer: ({ types, attrs }) => {
    const v = vectorType(types.source);
    return [vector([...attrs.sizes, ...v.shape.slice(attrs.sizes.length)], v.element)];
  },
  verify: ({ source, offsets, sizes, strides }) => {
    const { shape, text } = vectorType(source.type);
    if (offsets.length !== sizes.length || strides.length !== sizes.length || sizes.length > shape.length)
      return `offsets, sizes and strides need one length of at most ${shape.length}`;
    if (strides.some((s) => s !== 1)) return 'strides must be 1';
    const bad = sizes.findIndex((s, d) => offsets[d]! < 0 || s < 1 || offsets[d]! + s > shape[d]!);
    return bad < 0
      ? undefined
      : `the slice [${offsets[bad]}, +${sizes[bad]}) leaves dimension ${bad} of ${text}`;
  },
  evaluate: semantics.evaluateExtractSlice,
});
export const insertStridedSlice = defineOp({
  name: 'vector.insert_strided_slice',
  summary: 'a vector with a rectangular part replaced',
  operands: { valueToStore: one(anyVector), dest: one(anyVector) },
  attrs: { offsets: attr(intList, 'one per dimension of dest'), strides: attr(intList, 'all 1') },
  results: { result: one(anyVector) },
  traits: ['pure'],
  assembly: { format: '$valueToStore `,` $dest attr-dict `:` type($valueToStore) `into` type($dest)' },
  infer: ({ types }) => [types.dest],
  verify: ({ valueToStore, dest, offsets, strides }) => {
    const [from, to] = [vectorType(valueToStore.type), vectorType(dest.type)];
    if (offsets.length !== to.shape.length || strides.length !== from.shape.length)
      return `needs ${to.shape.length} offsets and ${from.shape.length} strides`;
    if (strides.some((s) => s !== 1)) return 'strides must be 1';
    const skip = to.shape.length - from.shape.length;
    const bad = from.shape.findIndex((s, d) => offsets[skip + d]! + s > to.shape[skip + d]!);
    return bad < 0
      ? elementsMatch(from, to)
      : `${from.text} at ${offsets[skip + bad]} leaves dimension ${skip + bad} of ${to.text}`;
  },
  evaluate: semantics.evaluateInsertSlice,
});

export const shuffle = defineOp({
  name: 'vector.shuffle',
  summary: 'picks outer elements from two vectors by a fixed list',
  operands: { v1: one(anyVector), v2: one(anyVector) },
  attrs: { mask: attr(ints, 'positions in v1 followed by v2; -1 leaves an element undefined') },
  results: { result: one(anyVector) },
  traits: ['pure'],
  assembly: withInts('mask', false, ''),
  infer: ({ types, attrs }) => {
    const v = vectorType(types.v1);
    return [vector([attrs.mask.length, ...v.shape.slice(1)], v.element)];
  },
  verify: ({ v1, v2, mask }) => {
    const [a, b] = [vectorType(v1.type), vectorType(v2.type)];
    const total = (a.shape[0] ?? 1) + (b.shape[0] ?? 1);
    const bad = mask.find((m) => m < -1 || m >= total);
    return bad === undefined ? elementsMatch(a, b) : `position ${bad} is outside the ${total} elements`;
  },
  evaluate: semantics.evaluateShuffle,
});

const reductionAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = reduction.view(op);
    p.word(`<${v.kind}>,`);
    p.operands([v.vector, ...(v.acc === undefined ? [] : [v.acc])]);
    if (v.fastmath !== 'none') p.word(`fastmath<${v.fastmath}>`);
    p.attributeDictionary(op, { elide: new Set(['kind', 'fastmath']) });
    p.word(':');
    p.type(v.vector.type);
    p.word('into');
    p.type(v.dest.type);
  },
  parse: (p) => {
    p.expect('<');
    const kind = p.keywordOf(combiningKinds);
    p.expect('>');
    p.expect(',');
    const operands = p.optionalOperands(2);
    const flags = p.optional('fastmath') ? p.commaList('<', '>', () => p.keyword()).join(',') : 'none';
    const attributes = p.attributeDictionary();
    attributes.set('kind', combiningKind.write(kind));
    attributes.set('fastmath', fastMath.write(flags));
    p.expect(':');
    const from = p.type();
    p.expect('into');
    const to = p.type();
    return {
      operands: operands.map((o, i) => p.resolve(o, i === 0 ? from : to)),
      resultTypes: [to],
      attributes,
    };
  },
};
const kindProblem = (kind: (typeof combiningKinds)[number], element: Type): string | undefined => {
  const float = kind.endsWith('f') || kind === 'add' || kind === 'mul';
  const integer = !kind.endsWith('f');
  return (element.kind === 'float' ? float : integer)
    ? undefined
    : `${kind} does not apply to ${element.text}`;
};
export const reduction = defineOp({
  name: 'vector.reduction',
  summary: 'joins the elements of a vector to a scalar',
  doc: 'Elements join in order, from `acc` when given, unless fastmath allows reassociation.',
  operands: { vector: one(anyVector), acc: optional(anyType, 'the start') },
  attrs: { kind: attr(combiningKind), fastmath: defaultAttr(fastMath, 'none') },
  results: { dest: one(anyType) },
  traits: ['pure'],
  assembly: reductionAssembly,
  infer: ({ types }) => [elementOf(types.vector)],
  verify: ({ kind, vector: v }) =>
    vectorType(v.type).shape.length > 1
      ? `reduces a vector of rank 1 at most, found ${v.type.text}`
      : kindProblem(kind, elementOf(v.type)),
  evaluate: semantics.evaluateReduction,
  work: ({ vector: v, acc }) => ({
    flops: count(v.type) - (acc === undefined ? 1 : 0),
    bytesRead: 0,
    bytesWritten: 0,
  }),
});

const multiReductionAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = multiReduction.view(op);
    p.word(`<${v.kind}>,`);
    p.operands([v.source, v.acc]);
    printInts(p, op.attr('reduction_dims'));
    p.attributeDictionary(op, { elide: new Set(['kind', 'reduction_dims']) });
    p.word(':');
    p.type(v.source.type);
    p.word('to');
    p.type(v.dest.type);
  },
  parse: (p) => {
    p.expect('<');
    const kind = p.keywordOf(combiningKinds);
    p.expect('>');
    p.expect(',');
    const source = p.operand();
    p.expect(',');
    const acc = p.operand();
    const dims = parseInts(p);
    const attributes = p.attributeDictionary();
    attributes.set('kind', combiningKind.write(kind));
    attributes.set('reduction_dims', dims);
    p.expect(':');
    const from = p.type();
    p.expect('to');
    const to = p.type();
    return { operands: [p.resolve(source, from), p.resolve(acc, to)], resultTypes: [to], attributes };
  },
};
export const multiReduction = defineOp({
  name: 'vector.multi_reduction',
  summary: 'joins the elements of a vector along some dimensions',
  operands: { source: one(anyVector), acc: one(scalarOrVector, 'the start') },
  attrs: { kind: attr(combiningKind), reduction_dims: attr(ints) },
  results: { dest: one(scalarOrVector) },
  traits: ['pure'],
  assembly: multiReductionAssembly,
  infer: ({ types, attrs }) => {
    const v = vectorType(types.source);
    const kept = v.shape.filter((_, d) => !attrs.reduction_dims.includes(d));
    return [kept.length === 0 ? v.element : vector(kept, v.element)];
  },
  verify: ({ kind, source }) => kindProblem(kind, elementOf(source.type)),
  evaluate: semantics.evaluateMultiReduction,
  work: ({ source }) => ({ flops: count(source.type), bytesRead: 0, bytesWritten: 0 }),
});

const contractAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = contract.view(op);
    const kind = v.kind === 'add' ? '#vector.kind<add>' : `#vector.kind<${v.kind}>`;
    p.word('{indexing_maps =');
    p.attribute(op.attr('indexing_maps')!);
    p.raw(`, iterator_types = [${v.iterator_types.map((t) => `"${t}"`).join(', ')}], kind = ${kind}}`);
    p.operands([v.lhs, v.rhs, v.acc]);
    p.attributeDictionary(op, { elide: new Set(['indexing_maps', 'iterator_types', 'kind']) });
    p.word(':');
    p.types([v.lhs.type, v.rhs.type]);
    p.word('into');
    p.type(v.acc.type);
  },
  parse: (p) => {
    const attributes = p.attributeDictionary();
    const operands = p.optionalOperands(3);
    for (const [k, a] of p.attributeDictionary()) attributes.set(k, a);
    const words = attributes.get('iterator_types');
    const read = words === undefined ? undefined : iteratorTypes.read(words);
    if (read !== undefined) attributes.set('iterator_types', iteratorTypes.write(read));
    if (!attributes.has('kind')) attributes.set('kind', combiningKind.write('add'));
    p.expect(':');
    const [lhs, rhs] = p.typeList();
    p.expect('into');
    const acc = p.type();
    if (lhs === undefined || rhs === undefined || operands.length !== 3)
      throw p.problem('vector.contract needs three operands and the types of the first two');
    return { operands: p.resolveAll(operands, [lhs, rhs, acc]), resultTypes: [acc], attributes };
  },
};
export const contract = defineOp({
  name: 'vector.contract',
  summary: 'sums products over an iteration space: matrix product and its kin',
  doc: '`indexing_maps` say which elements of lhs, rhs and acc meet at each point; products join with `kind` over reduction dimensions.',
  operands: { lhs: one(anyVector), rhs: one(anyVector), acc: one(scalarOrVector) },
  attrs: {
    indexing_maps: attr(affineMaps),
    iterator_types: attr(iteratorTypes),
    kind: defaultAttr(combiningKind, 'add'),
  },
  results: { result: one(scalarOrVector) },
  traits: ['pure'],
  assembly: contractAssembly,
  infer: ({ types }) => [types.acc],
  verify: ({ indexing_maps, iterator_types, lhs, rhs, acc }) => {
    if (indexing_maps.length !== 3) return `needs 3 indexing maps, found ${indexing_maps.length}`;
    const sizes = new Map<number, number>();
    for (const [i, v] of [lhs, rhs, acc].entries()) {
      const map = indexing_maps[i]!;
      if (map.numDims !== iterator_types.length || !map.isProjectedPermutation)
        return `indexing map ${map.text} must pick distinct dims of ${iterator_types.length}`;
      const shape = v.type.kind === 'vector' ? v.type.shape : [];
      if (map.results.length !== shape.length) return `indexing map ${map.text} does not fit ${v.type.text}`;
      for (const [d, r] of map.results.entries()) {
        const dim = r.kind === 'dim' ? r.index : -1;
        if ((sizes.get(dim) ?? shape[d]) !== shape[d])
          return `dim d${dim} has size ${sizes.get(dim)} and ${shape[d]}`;
        sizes.set(dim, shape[d]!);
      }
    }
    return undefined;
  },
  evaluate: semantics.evaluateContract,
  work: ({ indexing_maps, lhs, rhs }) => {
    const sizes = new Map<number, number>();
    [lhs, rhs].forEach((v, i) => {
      indexing_maps[i]!.results.forEach(
        (r, d) => r.kind === 'dim' && sizes.set(r.index, vectorType(v.type).shape[d]!),
      );
    });
    return { flops: 2 * [...sizes.values()].reduce((a, b) => a * b, 1), bytesRead: 0, bytesWritten: 0 };
  },
});

const outerProductAssembly: CustomAssembly = {
  print: (op, p) => {
    p.operands(op.operands);
    p.attributeDictionary(op);
    p.word(':');
    p.types(op.operands.slice(0, 2).map((v) => v.type));
  },
  parse: (p, definition) => {
    const operands = p.optionalOperands(3);
    const attributes = p.attributeDictionary();
    p.expect(':');
    const [lhs, rhs] = p.typeList();
    const first = p.resolveAll(
      operands.slice(0, 2),
      [lhs, rhs].flatMap((t) => t ?? []),
    );
    const resultTypes = p.inferResults(definition, first, attributes);
    return {
      operands: [...first, ...p.resolveAll(operands.slice(2), resultTypes[0]!)],
      resultTypes,
      attributes,
    };
  },
};
export const outerproduct = defineOp({
  name: 'vector.outerproduct',
  summary: 'all products of the elements of two vectors, joined to acc when given',
  operands: { lhs: one(anyVector), rhs: one(scalarOrVector), acc: optional(anyVector) },
  attrs: { kind: defaultAttr(combiningKind, 'add') },
  results: { result: one(anyVector) },
  traits: ['pure'],
  assembly: outerProductAssembly,
  infer: ({ types }) => {
    const v = vectorType(types.lhs);
    return [types.rhs.kind === 'vector' ? vector([v.shape[0]!, types.rhs.shape[0]!], v.element) : v];
  },
  evaluate: semantics.evaluateOuterProduct,
  work: ({ result, acc }) => ({
    flops: (acc === undefined ? 1 : 2) * count(result.type),
    bytesRead: 0,
    bytesWritten: 0,
  }),
});

export const transpose = defineOp({
  name: 'vector.transpose',
  summary: 'a vector with its dimensions in another order',
  operands: { vector: one(anyVector) },
  attrs: {
    permutation: attr(ints, 'dimension `i` of the result is dimension `permutation[i]` of the source'),
  },
  results: { result: one(anyVector) },
  traits: ['pure'],
  assembly: withInts('permutation', true, 'to'),
  infer: ({ types, attrs }) => {
    const v = vectorType(types.vector);
    if (
      [...attrs.permutation].sort((a, b) => a - b).some((d, i) => d !== i) ||
      attrs.permutation.length !== v.shape.length
    )
      throw new InferenceError(`[${attrs.permutation.join(', ')}] does not permute ${v.text}`);
    return [
      vector(
        attrs.permutation.map((d) => v.shape[d]!),
        v.element,
      ),
    ];
  },
  evaluate: semantics.evaluateTranspose,
});

export const createMask = defineOp({
  name: 'vector.create_mask',
  summary: 'a mask that is set below a size in each dimension',
  operands: { operands: variadic(indexType, 'how many are set, per dimension') },
  results: { result: one(anyVector) },
  traits: ['pure', 'noProvenance'],
  assembly: '$operands attr-dict `:` type($result)',
  verify: ({ operands, result }) =>
    elementOf(result.type) !== i1
      ? 'the result must be a vector of i1'
      : vectorType(result.type).shape.length === operands.length
        ? undefined
        : `${result.type.text} needs one size per dimension`,
  evaluate: semantics.evaluateCreateMask,
});
const constantMaskAssembly: CustomAssembly = {
  print: (op, p) => {
    p.raw(` [${(numbersOf(op.attr('mask_dim_sizes')) ?? []).join(', ')}]`);
    p.attributeDictionary(op, { elide: new Set(['mask_dim_sizes']) });
    p.word(':');
    p.type(op.result(0).type);
  },
  parse: (p) => {
    const sizes = parseInts(p);
    const attributes = p.attributeDictionary();
    attributes.set('mask_dim_sizes', sizes);
    p.expect(':');
    return { resultTypes: [p.type()], attributes };
  },
};
export const constantMask = defineOp({
  name: 'vector.constant_mask',
  summary: 'a mask that is set below a fixed size in each dimension',
  attrs: { mask_dim_sizes: attr(ints) },
  results: { result: one(anyVector) },
  traits: ['pure', 'noProvenance'],
  assembly: constantMaskAssembly,
  verify: ({ mask_dim_sizes, result }) => {
    const { shape, element, text } = vectorType(result.type);
    if (element !== i1) return 'the result must be a vector of i1';
    return mask_dim_sizes.length === shape.length && mask_dim_sizes.every((s, d) => s >= 0 && s <= shape[d]!)
      ? undefined
      : `sizes [${mask_dim_sizes.join(', ')}] do not fit ${text}`;
  },
  evaluate: semantics.evaluateConstantMask,
});

export const shapeCast = defineOp({
  name: 'vector.shape_cast',
  summary: 'the same elements in row-major order in another shape',
  operands: { source: one(anyVector) },
  results: { result: one(anyVector) },
  traits: ['pure'],
  assembly: '$source attr-dict `:` type($source) `to` type($result)',
  verify: ({ source, result }) =>
    count(source.type) === count(result.type)
      ? elementsMatch(source.type, result.type)
      : `${source.type.text} and ${result.type.text} have different numbers of elements`,
  evaluate: semantics.evaluateShapeCast,
});
export const fromElements = defineOp({
  name: 'vector.from_elements',
  summary: 'a vector of the given elements in row-major order',
  operands: { elements: variadic(anyType) },
  results: { dest: one(anyVector) },
  traits: ['pure'],
  assembly: {
    format: '$elements attr-dict `:` type($dest)',
    types: (known) => ({ elements: elementOf(known['dest'] as Type) }),
  },
  verify: ({ elements, dest }) =>
    elements.length === count(dest.type) && elements.every((e) => e.type === elementOf(dest.type))
      ? undefined
      : `${dest.type.text} needs ${count(dest.type)} elements of ${elementOf(dest.type).text}`,
  evaluate: semantics.evaluateFromElements,
});
export const toElements = defineOp({
  name: 'vector.to_elements',
  summary: 'the elements of a vector in row-major order',
  operands: { source: one(anyVector) },
  results: { elements: variadic(anyType) },
  traits: ['pure'],
  assembly: {
    format: '$source attr-dict `:` type($source)',
    types: (known) => ({
      elements: new Array<Type>(count(known['source'] as Type)).fill(elementOf(known['source'] as Type)),
    }),
  },
  verify: ({ source, elements }) =>
    elements.length === count(source.type)
      ? undefined
      : `${source.type.text} has ${count(source.type)} elements, there are ${elements.length} results`,
  evaluate: semantics.evaluateToElements,
});
export const bitcast = defineOp({
  name: 'vector.bitcast',
  summary: 'the same bits as elements of another type',
  operands: { source: one(anyVector) },
  results: { result: one(anyVector) },
  traits: ['pure'],
  assembly: '$source attr-dict `:` type($source) `to` type($result)',
  verify: ({ source, result }) => {
    const bits = (t: Type): number => count(t) * (bitWidth(elementOf(t)) ?? 0);
    return bits(source.type) === bits(result.type)
      ? undefined
      : `${source.type.text} and ${result.type.text} have different widths`;
  },
  evaluate: semantics.evaluateBitcast,
});
export const step = defineOp({
  name: 'vector.step',
  summary: '0, 1, 2, … up to the size',
  results: { result: one(anyVector) },
  traits: ['pure', 'noProvenance'],
  assembly: 'attr-dict `:` type($result)',
  verify: ({ result }) =>
    elementOf(result.type) === index && vectorType(result.type).shape.length === 1
      ? undefined
      : `the result must be a vector of index of rank 1, found ${result.type.text}`,
  evaluate: semantics.evaluateStep,
});

const interleaveOf = (t: Type, factor: number): Type => {
  const v = vectorType(t);
  return vector([...v.shape.slice(0, -1), v.shape[v.shape.length - 1]! * factor], v.element);
};
export const interleave = defineOp({
  name: 'vector.interleave',
  summary: 'elements of two vectors in turn, along the last dimension',
  operands: { lhs: one(anyVector), rhs: one(anyVector) },
  results: { result: one(anyVector) },
  traits: ['pure', 'sameOperandTypes'],
  assembly: '$lhs `,` $rhs attr-dict `:` type($lhs) `->` type($result)',
  infer: ({ types }) => [interleaveOf(types.lhs, 2)],
  evaluate: semantics.evaluateInterleave,
});
export const deinterleave = defineOp({
  name: 'vector.deinterleave',
  summary: 'even and odd elements of the last dimension as two vectors',
  operands: { source: one(anyVector) },
  results: { res1: one(anyVector), res2: one(anyVector) },
  traits: ['pure'],
  assembly: {
    format: '$source attr-dict `:` type($source) `->` type($res1)',
    types: (known) => ({ res2: known['res1'] }),
  },
  infer: ({ types }) => [interleaveOf(types.source, 0.5), interleaveOf(types.source, 0.5)],
  evaluate: semantics.evaluateDeinterleave,
});

export const vectorDialect: Dialect = {
  name: 'vector',
  summary: 'Fixed-size vectors: memory access, arithmetic and rearrangement.',
  ops: [
    ...memoryOps,
    broadcast,
    fma,
    extract,
    insert,
    extractStridedSlice,
    insertStridedSlice,
    shuffle,
    reduction,
    multiReduction,
    contract,
    outerproduct,
    transpose,
    createMask,
    constantMask,
    shapeCast,
    fromElements,
    toElements,
    bitcast,
    step,
    interleave,
    deinterleave,
  ],
  upstream: true,
};
