/** `memref`: buffers, views of them, and access to their elements. Upstream dialect. */
import type { Attribute } from '../attributes';
import { arrayAttr, denseArray, i64Attr, numbersOf, stringAttr, typeAttr } from '../attributes';
import type { CustomAssembly } from '../assembly';
import {
  anyAttr,
  anyMemref,
  anyType,
  bool,
  eitherOf,
  indexType,
  int,
  integerOf,
  ints,
  opaqueType,
  symbol,
  text,
  typeOf,
  unit,
} from '../constraints';
import type { AttributeCodec } from '../constraints';
import { attr, defaultAttr, defineOp, one, optionalAttr, variadic } from '../opDefinition';
import type { MemRefType, ShapedType, Type } from '../types';
import { DYNAMIC, elementOf, i32, index, isShaped, storageBytes, tensor } from '../types';
import type { Dialect } from '../registry';
import { mixedIndices, mixedProblem, parseMixed, printMixed, staticIndices } from './mixedIndices';
import type { Layout } from './memrefLayout';
import { dropDims, keptDims, layoutOf, subviewType } from './memrefLayout';
import * as semantics from './memrefSemantics';

const ranked = (t: Type): MemRefType => {
  if (t.kind !== 'memref') throw new TypeError(`${t.text} is no memref`);
  return t;
};
const memrefOrUnranked = eitherOf(anyMemref, opaqueType('memref<*'));
const dynamicDims = (t: MemRefType): number => t.shape.filter((d) => d === DYNAMIC).length;
const indexProblem = (t: Type, indices: number): string | undefined =>
  ranked(t).shape.length === indices
    ? undefined
    : `${t.text} needs ${ranked(t).shape.length} indices, found ${indices}`;

const allocation = {
  operands: {
    dynamicSizes: variadic(indexType, 'sizes of the dynamic dimensions'),
    symbolOperands: variadic(indexType, 'symbols of the layout map'),
  },
  attrs: { alignment: optionalAttr(int, 'in bytes') },
  results: { memref: one(anyMemref) },
  traits: ['allocates', 'noProvenance'],
  assembly: '`(` $dynamicSizes `)` (`` `[` $symbolOperands^ `]`)? attr-dict `:` type($memref)',
  evaluate: semantics.evaluateAlloc,
} as const;
const allocationProblem = (t: Type, sizes: number): string | undefined =>
  dynamicDims(ranked(t)) === sizes
    ? undefined
    : `${t.text} has ${dynamicDims(ranked(t))} dynamic sizes, ${sizes} are given`;

export const alloc = defineOp({
  name: 'memref.alloc',
  summary: 'allocates a buffer on the heap',
  ...allocation,
  verify: ({ memref, dynamicSizes }) => allocationProblem(memref.type, dynamicSizes.length),
});
export const alloca = defineOp({
  name: 'memref.alloca',
  summary: 'allocates a buffer that lives until its scope ends',
  ...allocation,
  verify: ({ memref, dynamicSizes }) => allocationProblem(memref.type, dynamicSizes.length),
});
export const dealloc = defineOp({
  name: 'memref.dealloc',
  summary: 'frees a buffer of memref.alloc',
  operands: { memref: one(memrefOrUnranked) },
  traits: ['writes', 'noProvenance'],
  assembly: '$memref attr-dict `:` type($memref)',
  evaluate: () => [],
});

export const load = defineOp({
  name: 'memref.load',
  summary: 'reads one element',
  operands: { memref: one(anyMemref), indices: variadic(indexType, 'one per dimension') },
  attrs: { nontemporal: defaultAttr(bool, false), alignment: optionalAttr(int, 'in bytes') },
  results: { result: one(anyType) },
  traits: ['reads'],
  assembly: '$memref `[` $indices `]` attr-dict `:` type($memref)',
  infer: ({ types }) => [elementOf(types.memref)],
  verify: ({ memref, indices }) => indexProblem(memref.type, indices.length),
  compile: semantics.compileLoad,
  work: ({ result }) => ({ flops: 0, bytesRead: storageBytes(result.type), bytesWritten: 0 }),
});
export const store = defineOp({
  name: 'memref.store',
  summary: 'writes one element',
  operands: {
    value: one(anyType),
    memref: one(anyMemref),
    indices: variadic(indexType, 'one per dimension'),
  },
  attrs: { nontemporal: defaultAttr(bool, false), alignment: optionalAttr(int, 'in bytes') },
  traits: ['writes'],
  assembly: {
    format: '$value `,` $memref `[` $indices `]` attr-dict `:` type($memref)',
    types: (known) => ({ value: elementOf(known['memref'] as Type) }),
  },
  verify: ({ value, memref, indices }) =>
    indexProblem(memref.type, indices.length) ??
    (value.type === elementOf(memref.type)
      ? undefined
      : `stores ${value.type.text} into ${memref.type.text}`),
  compile: semantics.compileStore,
  work: ({ value }) => ({ flops: 0, bytesRead: 0, bytesWritten: storageBytes(value.type) }),
});

const prefetchAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = prefetch.view(op);
    p.operand(v.memref);
    p.glue();
    p.word('[');
    p.glue();
    p.operands(v.indices);
    p.glue();
    p.word(
      `], ${v.isWrite ? 'write' : 'read'}, locality<${v.localityHint}>, ${v.isDataCache ? 'data' : 'instr'}`,
    );
    p.attributeDictionary(op, { elide: new Set(['isWrite', 'localityHint', 'isDataCache']) });
    p.word(':');
    p.type(v.memref.type);
  },
  parse: (p) => {
    const buffer = p.operand();
    const indices = p.operandList('[', ']');
    p.expect(',');
    const access = p.keywordOf(['read', 'write']);
    p.expect(',');
    p.expect('locality');
    p.expect('<');
    const hint = p.integer();
    p.expect('>');
    p.expect(',');
    const cache = p.keywordOf(['data', 'instr']);
    const attributes = p.attributeDictionary();
    attributes.set('isWrite', bool.write(access === 'write'));
    attributes.set('localityHint', integerOf(i32).write(hint));
    attributes.set('isDataCache', bool.write(cache === 'data'));
    p.expect(':');
    const type = p.type();
    return {
      operands: [p.resolve(buffer, type), ...p.resolveAll(indices, index)],
      resultTypes: [],
      attributes,
    };
  },
};
export const prefetch = defineOp({
  name: 'memref.prefetch',
  summary: 'asks for an element to be brought into the caches',
  doc: 'A hint: nothing happens where the element lies outside the buffer.',
  operands: { memref: one(anyMemref), indices: variadic(indexType, 'one per dimension') },
  attrs: {
    isWrite: attr(bool, 'whether it will be written'),
    localityHint: attr(integerOf(i32), 'from 0, read once, to 3, kept in all caches'),
    isDataCache: attr(bool, 'data, or instructions'),
  },
  assembly: prefetchAssembly,
  verify: ({ memref, indices, localityHint }) =>
    indexProblem(memref.type, indices.length) ??
    (localityHint >= 0 && localityHint <= 3
      ? undefined
      : `the locality is from 0 to 3, found ${localityHint}`),
  evaluate: () => [],
  work: () => ({ flops: 0, bytesRead: 0, bytesWritten: 0 }),
});

export const view = defineOp({
  name: 'memref.view',
  summary: 'part of a byte buffer as a buffer of another type',
  operands: {
    source: one(anyMemref, 'a one-dimensional memref of i8'),
    byteShift: one(indexType, 'where the view begins'),
    sizes: variadic(indexType, 'sizes of the dynamic dimensions'),
  },
  results: { result: one(anyMemref) },
  traits: ['pure', 'noProvenance'],
  assembly: '$source `[` $byteShift `]` `` `[` $sizes `]` attr-dict `:` type($source) `to` type($result)',
  verify: ({ source, sizes, result }) => {
    const from = ranked(source.type);
    if (from.shape.length !== 1 || from.element.text !== 'i8')
      return `the source must be a one-dimensional memref of i8, found ${from.text}`;
    const problem = allocationProblem(result.type, sizes.length);
    if (problem !== undefined) return problem;
    return ranked(result.type).layout === undefined
      ? undefined
      : `the view must be row-major, found ${result.type.text}`;
  },
  evaluate: semantics.evaluateView,
});

const sliceLists = { static_offsets: attr(ints), static_sizes: attr(ints), static_strides: attr(ints) };
const sliceNames = new Set(Object.keys(sliceLists));

const subviewAssembly: CustomAssembly = {
  print: (op, p) => {
    const { source, result } = subview.view(op);
    const slice = semantics.subviewSlice(op);
    p.operand(source);
    printMixed(p, slice.offsets, '[', ']');
    printMixed(p, slice.sizes, ' [', ']');
    printMixed(p, slice.strides, ' [', ']');
    p.attributeDictionary(op, { elide: sliceNames });
    p.word(':');
    p.type(source.type);
    p.word('to');
    p.type(result.type);
  },
  parse: (p) => {
    const source = p.operand();
    const lists = [parseMixed(p, '[', ']'), parseMixed(p, '[', ']'), parseMixed(p, '[', ']')];
    const attributes = p.attributeDictionary();
    p.expect(':');
    const from = p.type();
    p.expect('to');
    const resultTypes = [p.type()];
    Object.keys(sliceLists).forEach((name, i) => attributes.set(name, staticIndices(lists[i]!.statics)));
    attributes.set('operandSegmentSizes', denseArray(i32, [1, ...lists.map((l) => l.operands.length)]));
    const operands = [
      p.resolve(source, from),
      ...p.resolveAll(
        lists.flatMap((l) => l.operands),
        index,
      ),
    ];
    return { operands, resultTypes, attributes };
  },
};

const sameLayout = (a: Layout | undefined, b: Layout | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.offset === b.offset &&
  a.strides.every((s, d) => s === b.strides[d]);

export const subview = defineOp({
  name: 'memref.subview',
  summary: 'a rectangular part of a buffer, without copying',
  doc: 'Element `i` of the result is element `offset + i * stride` of the source. Unit dimensions may be dropped in the result.',
  operands: {
    source: one(anyMemref),
    offsets: variadic(indexType),
    sizes: variadic(indexType),
    strides: variadic(indexType),
  },
  attrs: sliceLists,
  results: { result: one(anyMemref) },
  traits: ['pure', 'noProvenance'],
  assembly: subviewAssembly,
  verify: ({ op, source, offsets, sizes, strides, static_offsets, static_sizes, static_strides, result }) => {
    const from = ranked(source.type);
    const to = ranked(result.type);
    const rank = from.shape.length;
    if ([static_offsets, static_sizes, static_strides].some((l) => l.length !== rank))
      return `offsets, sizes and strides need ${rank} entries each`;
    const problem =
      mixedProblem('offsets', static_offsets, offsets.length) ??
      mixedProblem('sizes', static_sizes, sizes.length) ??
      mixedProblem('strides', static_strides, strides.length);
    if (problem !== undefined) return problem;
    const full = subviewType(from, semantics.subviewSlice(op));
    if (full === undefined) return undefined;
    const kept = keptDims(full.shape, to.shape);
    const expected = kept === undefined ? full : dropDims(full, kept);
    return kept !== undefined && to.element === from.element && sameLayout(layoutOf(expected), layoutOf(to))
      ? undefined
      : `the result must be ${expected.text}, found ${to.text}`;
  },
  evaluate: semantics.evaluateSubview,
});

const reinterpretAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = reinterpretCast.view(op);
    p.operand(v.source);
    p.word('to offset:');
    printMixed(p, mixedIndices(v.static_offsets, v.offsets), ' [', ']');
    p.raw(', sizes:');
    printMixed(p, mixedIndices(v.static_sizes, v.sizes), ' [', ']');
    p.raw(', strides:');
    printMixed(p, mixedIndices(v.static_strides, v.strides), ' [', ']');
    p.attributeDictionary(op, { elide: sliceNames });
    p.word(':');
    p.type(v.source.type);
    p.word('to');
    p.type(v.result.type);
  },
  parse: (p) => {
    const source = p.operand();
    p.expect('to');
    const lists = ['offset', 'sizes', 'strides'].map((name, i) => {
      if (i > 0) p.expect(',');
      p.expect(name);
      p.expect(':');
      return parseMixed(p, '[', ']');
    });
    const attributes = p.attributeDictionary();
    p.expect(':');
    const from = p.type();
    p.expect('to');
    const resultTypes = [p.type()];
    Object.keys(sliceLists).forEach((name, i) => attributes.set(name, staticIndices(lists[i]!.statics)));
    attributes.set('operandSegmentSizes', denseArray(i32, [1, ...lists.map((l) => l.operands.length)]));
    const operands = [
      p.resolve(source, from),
      ...p.resolveAll(
        lists.flatMap((l) => l.operands),
        index,
      ),
    ];
    return { operands, resultTypes, attributes };
  },
};
export const reinterpretCast = defineOp({
  name: 'memref.reinterpret_cast',
  summary: 'the storage of a buffer with another shape, offset and strides',
  operands: {
    source: one(memrefOrUnranked),
    offsets: variadic(indexType),
    sizes: variadic(indexType),
    strides: variadic(indexType),
  },
  attrs: sliceLists,
  results: { result: one(anyMemref) },
  traits: ['pure', 'noProvenance'],
  assembly: reinterpretAssembly,
  verify: ({ source, result, offsets, sizes, strides, static_offsets, static_sizes, static_strides }) => {
    const rank = ranked(result.type).shape.length;
    if (elementOf(source.type) !== elementOf(result.type)) return 'source and result need one element type';
    if (static_offsets.length !== 1 || static_sizes.length !== rank || static_strides.length !== rank)
      return `needs one offset, ${rank} sizes and ${rank} strides`;
    return (
      mixedProblem('offset', static_offsets, offsets.length) ??
      mixedProblem('sizes', static_sizes, sizes.length) ??
      mixedProblem('strides', static_strides, strides.length)
    );
  },
  evaluate: semantics.evaluateReinterpretCast,
});

export const cast = defineOp({
  name: 'memref.cast',
  summary: 'a buffer as a more or less static type of the same shape',
  operands: { source: one(memrefOrUnranked) },
  results: { dest: one(memrefOrUnranked) },
  traits: ['pure', 'noProvenance'],
  assembly: '$source attr-dict `:` type($source) `to` type($dest)',
  verify: ({ source, dest }) => {
    const [a, b] = [source.type, dest.type];
    if (a.kind !== 'memref' || b.kind !== 'memref') return undefined;
    const fits =
      a.element === b.element &&
      a.shape.length === b.shape.length &&
      a.shape.every((s, d) => s === b.shape[d] || s === DYNAMIC || b.shape[d] === DYNAMIC);
    return fits ? undefined : `cannot cast ${a.text} to ${b.text}`;
  },
  evaluate: ({ source }, context) => [context.get(source)],
});

/** `[[0, 1], [2]]`. */
export const reassociation: AttributeCodec<readonly (readonly number[])[]> = {
  describe: 'a list of lists of i64',
  read: (a) => {
    if (a.kind !== 'array') return undefined;
    const groups = a.elements.map((e) => numbersOf(e));
    return groups.every((g) => g !== undefined) ? groups : undefined;
  },
  write: (v) => arrayAttr(v.map((g) => arrayAttr(g.map(i64Attr)))),
};
const groupsText = (groups: readonly (readonly number[])[]): string =>
  `[${groups.map((g) => `[${g.join(', ')}]`).join(', ')}]`;
/** Whether each group of `expanded` multiplies to the size in `collapsed`. */
function reassociationProblem(
  groups: readonly (readonly number[])[],
  expanded: ShapedType,
  collapsed: ShapedType,
): string | undefined {
  // A buffer of rank 0 has no dimension to list.
  if (collapsed.shape.length === 0 && groups.length === 0 && expanded.shape.every((d) => d === 1))
    return undefined;
  if (groups.flat().some((d, i) => d !== i) || groups.flat().length !== expanded.shape.length)
    return `the groups ${groupsText(groups)} do not list the dimensions of ${expanded.text} in order`;
  if (groups.length !== collapsed.shape.length)
    return `there are ${groups.length} groups for ${collapsed.text}`;
  const bad = groups.findIndex((g, i) => {
    const sizes = g.map((d) => expanded.shape[d]!);
    return (
      !sizes.includes(DYNAMIC) &&
      collapsed.shape[i] !== DYNAMIC &&
      sizes.reduce((a, b) => a * b, 1) !== collapsed.shape[i]
    );
  });
  return bad < 0
    ? undefined
    : `group ${bad} has ${groups[bad]!.map((d) => expanded.shape[d]).join('x')} elements, ${collapsed.text} has ${collapsed.shape[bad]}`;
}

const expandAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = expandShape.view(op);
    p.operand(v.src);
    p.word(groupsText(v.reassociation));
    p.word('output_shape');
    printMixed(p, mixedIndices(v.static_output_shape, v.output_shape), ' [', ']');
    p.attributeDictionary(op, { elide: new Set(['reassociation', 'static_output_shape']) });
    p.word(':');
    p.type(v.src.type);
    p.word('into');
    p.type(v.result.type);
  },
  parse: (p) => {
    const src = p.operand();
    const groups = p.attribute();
    p.expect('output_shape');
    const shape = parseMixed(p, '[', ']');
    const attributes = p.attributeDictionary();
    p.expect(':');
    const from = p.type();
    p.expect('into');
    const resultTypes = [p.type()];
    attributes.set('reassociation', groups);
    attributes.set('static_output_shape', staticIndices(shape.statics));
    return {
      operands: [p.resolve(src, from), ...p.resolveAll(shape.operands, index)],
      resultTypes,
      attributes,
    };
  },
};
export const expandShape = defineOp({
  name: 'memref.expand_shape',
  summary: 'splits dimensions of a buffer, without copying',
  operands: { src: one(anyMemref), output_shape: variadic(indexType, 'sizes of the dynamic dimensions') },
  attrs: {
    reassociation: attr(reassociation, 'per source dimension, the result dimensions it becomes'),
    static_output_shape: attr(ints),
  },
  results: { result: one(anyMemref) },
  traits: ['pure', 'noProvenance'],
  assembly: expandAssembly,
  verify: ({ src, result, reassociation: groups, static_output_shape, output_shape }) =>
    mixedProblem('output_shape', static_output_shape, output_shape.length) ??
    reassociationProblem(groups, ranked(result.type), ranked(src.type)),
  evaluate: semantics.evaluateExpandShape,
});

const collapseAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = collapseShape.view(op);
    p.operand(v.src);
    p.word(groupsText(v.reassociation));
    p.attributeDictionary(op, { elide: new Set(['reassociation']) });
    p.word(':');
    p.type(v.src.type);
    p.word('into');
    p.type(v.result.type);
  },
  parse: (p) => {
    const src = p.operand();
    const groups = p.attribute();
    const attributes = p.attributeDictionary();
    p.expect(':');
    const from = p.type();
    p.expect('into');
    const resultTypes = [p.type()];
    attributes.set('reassociation', groups);
    return { operands: [p.resolve(src, from)], resultTypes, attributes };
  },
};
export const collapseShape = defineOp({
  name: 'memref.collapse_shape',
  summary: 'joins dimensions of a buffer, without copying',
  operands: { src: one(anyMemref) },
  attrs: { reassociation: attr(reassociation, 'per result dimension, the source dimensions it joins') },
  results: { result: one(anyMemref) },
  traits: ['pure', 'noProvenance'],
  assembly: collapseAssembly,
  verify: ({ src, result, reassociation: groups }) =>
    reassociationProblem(groups, ranked(src.type), ranked(result.type)),
  evaluate: semantics.evaluateCollapseShape,
});

const globalNames = new Set(['sym_name', 'sym_visibility', 'type', 'initial_value', 'constant']);
const globalAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = global.view(op);
    if (v.sym_visibility !== undefined) p.word(stringAttr(v.sym_visibility).text);
    if (v.constant) p.word('constant');
    p.symbol(v.sym_name);
    p.word(':');
    p.type(v.type);
    const initial = v.initial_value;
    if (initial?.kind === 'unit') p.word('= uninitialized');
    else if (initial !== undefined) p.word(`= ${initial.text.slice(0, initial.text.lastIndexOf(' : '))}`);
    p.attributeDictionary(op, { elide: globalNames });
  },
  parse: (p) => {
    let visibility: string | undefined;
    let constant = false;
    let name = p.optionalSymbol();
    if (name === undefined && !p.at('constant')) visibility = p.string();
    if (name === undefined) {
      constant = p.optional('constant');
      name = p.symbol();
    }
    p.expect(':');
    const type = ranked(p.type());
    const given = p.optional('=');
    const initial = !given
      ? undefined
      : p.optional('uninitialized')
        ? unit.write(true)
        : p.attribute(tensor(type.shape, type.element));
    const attributes: Map<string, Attribute> = p.attributeDictionary();
    attributes.set('sym_name', stringAttr(name));
    attributes.set('type', typeAttr(type));
    if (visibility !== undefined) attributes.set('sym_visibility', stringAttr(visibility));
    if (constant) attributes.set('constant', unit.write(true));
    if (initial !== undefined) attributes.set('initial_value', initial);
    return { attributes };
  },
};
export const global = defineOp({
  name: 'memref.global',
  summary: 'a buffer of the module, with or without initial values',
  attrs: {
    sym_name: attr(text),
    sym_visibility: optionalAttr(text),
    type: attr(typeOf),
    initial_value: optionalAttr(anyAttr, 'dense elements, dense_resource, or unit for uninitialised'),
    constant: defaultAttr(unit, false, 'whether it is never written'),
    alignment: optionalAttr(int, 'in bytes'),
  },
  traits: ['symbol', 'noProvenance'],
  assembly: globalAssembly,
  verify: ({ type, initial_value }) => {
    if (type.kind !== 'memref' || type.shape.includes(DYNAMIC))
      return `the type must be a static memref, found ${type.text}`;
    if (initial_value === undefined || initial_value.kind === 'unit') return undefined;
    if (initial_value.kind !== 'dense' && initial_value.kind !== 'dense_resource')
      return 'initial_value must be elements or unit';
    const expected = tensor(type.shape, type.element);
    return initial_value.type === expected
      ? undefined
      : `initial_value must be of type ${expected.text}, found ${initial_value.type.text}`;
  },
});
export const getGlobal = defineOp({
  name: 'memref.get_global',
  summary: 'the buffer of a memref.global',
  attrs: { name: attr(symbol) },
  results: { result: one(anyMemref) },
  traits: ['pure', 'noProvenance'],
  assembly: '$name `:` type($result) attr-dict',
  evaluate: ({ name }, context) => [context.global(name)],
});

export const dim = defineOp({
  name: 'memref.dim',
  summary: 'the size of one dimension',
  operands: { source: one(memrefOrUnranked), index: one(indexType) },
  results: { result: one(indexType) },
  traits: ['pure', 'noProvenance'],
  assembly: 'attr-dict $source `,` $index `:` type($source)',
  infer: () => [index],
  evaluate: semantics.evaluateDim,
});
export const copy = defineOp({
  name: 'memref.copy',
  summary: 'copies all elements of one buffer to another of the same shape',
  operands: { source: one(memrefOrUnranked), target: one(memrefOrUnranked) },
  traits: ['reads', 'writes'],
  assembly: '$source `,` $target attr-dict `:` type($source) `to` type($target)',
  verify: ({ source, target }) => {
    const [a, b] = [source.type, target.type];
    if (elementOf(a) !== elementOf(b)) return `cannot copy ${a.text} to ${b.text}`;
    if (!isShaped(a) || !isShaped(b)) return undefined;
    const fits =
      a.shape.length === b.shape.length &&
      a.shape.every((s, d) => s === b.shape[d] || s === DYNAMIC || b.shape[d] === DYNAMIC);
    return fits ? undefined : `cannot copy ${a.text} to ${b.text}`;
  },
  evaluate: semantics.evaluateCopy,
  work: ({ source }) => {
    const t = source.type;
    const bytes =
      t.kind === 'memref' && !t.shape.includes(DYNAMIC)
        ? t.shape.reduce((a, b) => a * b, storageBytes(t.element))
        : 0;
    return { flops: 0, bytesRead: bytes, bytesWritten: bytes };
  },
});
export const assumeAlignment = defineOp({
  name: 'memref.assume_alignment',
  summary: 'promises that a buffer begins at a multiple of some bytes',
  operands: { memref: one(anyMemref) },
  attrs: { alignment: attr(integerOf(i32), 'in bytes') },
  results: { result: one(anyMemref) },
  traits: ['sameType', 'noProvenance'],
  assembly: '$memref `,` $alignment attr-dict `:` type($memref)',
  evaluate: ({ memref }, context) => [context.get(memref)],
});

export const memrefDialect: Dialect = {
  name: 'memref',
  summary: 'Buffers, views of them, and access to their elements.',
  ops: [
    alloc,
    alloca,
    dealloc,
    load,
    store,
    prefetch,
    view,
    subview,
    reinterpretCast,
    cast,
    expandShape,
    collapseShape,
    global,
    getGlobal,
    dim,
    copy,
    assumeAlignment,
  ],
  upstream: true,
};
