/** `vector` ops that access memory: loads, stores, transfers, gathers. */
import { AffineMap } from '../affine';
import type { Attribute } from '../attributes';
import { affineMapAttr } from '../attributes';
import type { CustomAssembly } from '../assembly';
import {
  affineMap,
  anyMemref,
  anyShaped,
  anyType,
  anyVector,
  bool,
  indexType,
  int,
  listOf,
  tensorOrMemref,
} from '../constraints';
import {
  attr,
  defaultAttr,
  defineOp,
  one,
  optional,
  optionalAttr,
  segmentAttribute,
  variadic,
} from '../opDefinition';
import type { Operation, Value } from '../operation';
import type { OpParser, UnresolvedOperand } from '../parser/opParser';
import type { Type } from '../types';
import { byteSize, elementOf, i1, index, isShaped, vector } from '../types';
import { vectorType } from './vectorAssembly';
import * as semantics from './vectorMemorySemantics';

const rankOf = (t: Type): number => (isShaped(t) ? t.shape.length : 0);
const bytesOf = (t: Type): number => (isShaped(t) ? (byteSize(t) ?? 0) : 0);
const indexProblem = (t: Type, indices: readonly Value[]): string | undefined =>
  rankOf(t) === indices.length ? undefined : `${t.text} needs ${rankOf(t)} indices, found ${indices.length}`;
/** A memref of vectors holds elements of vector type. */
const elementProblem = (base: Type, v: Type): string | undefined =>
  elementOf(base) === elementOf(v) || elementOf(base) === v
    ? undefined
    : `${v.text} does not fit ${base.text}`;
const maskProblem = (mask: Type, v: Type): string | undefined => {
  const expected = vector(vectorType(v).shape, i1, vectorType(v).scalable);
  return mask === expected ? undefined : `the mask must be ${expected.text}, found ${mask.text}`;
};

const accessAttrs = { nontemporal: defaultAttr(bool, false), alignment: optionalAttr(int, 'in bytes') };

export const load = defineOp({
  name: 'vector.load',
  summary: 'reads neighbouring elements along the last dimensions',
  doc: 'Reading outside of the buffer is undefined, as for memref.load.',
  operands: { base: one(anyMemref), indices: variadic(indexType, 'where the first element is') },
  attrs: accessAttrs,
  results: { result: one(anyVector) },
  traits: ['reads'],
  assembly: '$base `[` $indices `]` attr-dict `:` type($base) `,` type($result)',
  verify: ({ base, indices, result }) =>
    indexProblem(base.type, indices) ?? elementProblem(base.type, result.type),
  compile: semantics.compileLoad,
  work: ({ result }) => ({ flops: 0, bytesRead: bytesOf(result.type), bytesWritten: 0 }),
});
export const store = defineOp({
  name: 'vector.store',
  summary: 'writes neighbouring elements along the last dimensions',
  operands: {
    valueToStore: one(anyVector),
    base: one(anyMemref),
    indices: variadic(indexType, 'where the first element goes'),
  },
  attrs: accessAttrs,
  traits: ['writes'],
  assembly: '$valueToStore `,` $base `[` $indices `]` attr-dict `:` type($base) `,` type($valueToStore)',
  verify: ({ valueToStore, base, indices }) =>
    indexProblem(base.type, indices) ?? elementProblem(base.type, valueToStore.type),
  compile: semantics.compileStore,
  work: ({ valueToStore }) => ({ flops: 0, bytesRead: 0, bytesWritten: bytesOf(valueToStore.type) }),
});

export const maskedLoad = defineOp({
  name: 'vector.maskedload',
  summary: 'reads neighbouring elements where a mask is set, others from a vector',
  operands: {
    base: one(anyMemref),
    indices: variadic(indexType),
    mask: one(anyVector),
    passThru: one(anyVector, 'result where the mask is clear'),
  },
  attrs: { alignment: optionalAttr(int, 'in bytes') },
  results: { result: one(anyVector) },
  traits: ['reads'],
  assembly:
    '$base `[` $indices `]` `,` $mask `,` $passThru attr-dict `:` type($base) `,` type($mask) `,` type($passThru) `into` type($result)',
  infer: ({ types }) => [types.passThru],
  verify: ({ base, indices, mask, passThru }) =>
    indexProblem(base.type, indices) ??
    elementProblem(base.type, passThru.type) ??
    maskProblem(mask.type, passThru.type),
  evaluate: semantics.evaluateMaskedLoad,
  work: ({ result }) => ({ flops: 0, bytesRead: bytesOf(result.type), bytesWritten: 0 }),
});
export const maskedStore = defineOp({
  name: 'vector.maskedstore',
  summary: 'writes neighbouring elements where a mask is set',
  operands: {
    base: one(anyMemref),
    indices: variadic(indexType),
    mask: one(anyVector),
    valueToStore: one(anyVector),
  },
  attrs: { alignment: optionalAttr(int, 'in bytes') },
  traits: ['writes'],
  assembly:
    '$base `[` $indices `]` `,` $mask `,` $valueToStore attr-dict `:` type($base) `,` type($mask) `,` type($valueToStore)',
  verify: ({ base, indices, mask, valueToStore }) =>
    indexProblem(base.type, indices) ??
    elementProblem(base.type, valueToStore.type) ??
    maskProblem(mask.type, valueToStore.type),
  evaluate: semantics.evaluateMaskedStore,
  work: ({ valueToStore }) => ({ flops: 0, bytesRead: 0, bytesWritten: bytesOf(valueToStore.type) }),
});

/** `(d0, d1, d2) -> (d1, d2)`: vector dimensions are the last of the source. */
export const minorIdentity = (rank: number, vectorRank: number): AffineMap =>
  AffineMap.projection(
    rank,
    Array.from({ length: vectorRank }, (_, i) => rank - vectorRank + i),
  );

/** Rank of the vector without dimensions that the elements of the source have already. */
const transferRank = (source: Type, v: Type): number => {
  const element = elementOf(source);
  return vectorType(v).shape.length - (element.kind === 'vector' ? element.shape.length : 0);
};
/** The mask covers the source dimensions that the map reads, in the source's order. */
function maskTypeOf(map: AffineMap, v: Type): Type {
  const dims = map.results.flatMap((r, i) =>
    r.kind === 'dim' ? [{ dim: r.index, size: vectorType(v).shape[i]! }] : [],
  );
  return vector(
    dims.sort((a, b) => a.dim - b.dim).map((d) => d.size),
    i1,
  );
}

const printTransferAttributes = (
  op: Operation,
  p: Parameters<CustomAssembly['print']>[1],
  map: AffineMap,
  inBounds: readonly boolean[],
): void => {
  const elide = new Set<string>();
  const rank = map.numDims;
  if (map.text === minorIdentity(rank, map.results.length).text) elide.add('permutation_map');
  if (!inBounds.includes(true)) elide.add('in_bounds');
  p.attributeDictionary(op, { elide });
};
function completeTransfer(attributes: Map<string, Attribute>, source: Type, v: Type): AffineMap {
  const rank = transferRank(source, v);
  const given = attributes.get('permutation_map');
  const map = given?.kind === 'affine_map' ? given.map : minorIdentity(rankOf(source), rank);
  attributes.set('permutation_map', affineMapAttr(map));
  if (!attributes.has('in_bounds'))
    attributes.set('in_bounds', listOf(bool).write(map.results.map(() => false)));
  return map;
}
function transferProblem(
  source: Type,
  indices: readonly Value[],
  map: AffineMap,
  inBounds: readonly boolean[],
  v: Type,
  mask: Value | undefined,
): string | undefined {
  const problem = indexProblem(source, indices);
  if (problem !== undefined) return problem;
  if (map.numDims !== rankOf(source) || map.results.length !== transferRank(source, v))
    return `permutation_map ${map.text} does not fit ${source.text} and ${v.text}`;
  const dims = map.results.map((r) =>
    r.kind === 'dim' ? r.index : r.kind === 'constant' && r.value === 0 ? -1 : NaN,
  );
  if (
    dims.some(Number.isNaN) ||
    new Set(dims.filter((d) => d >= 0)).size !== dims.filter((d) => d >= 0).length
  )
    return `permutation_map ${map.text} must name distinct dims, or 0`;
  if (inBounds.length !== map.results.length) return `in_bounds needs ${map.results.length} entries`;
  if (dims.some((d, i) => d < 0 && inBounds[i] !== true))
    return 'in_bounds must be true where permutation_map broadcasts';
  if (mask === undefined) return undefined;
  const expected = maskTypeOf(map, v);
  return mask.type === expected ? undefined : `the mask must be ${expected.text}, found ${mask.type.text}`;
}
const parseIndexed = (p: OpParser): readonly [UnresolvedOperand, UnresolvedOperand[]] => [
  p.operand(),
  p.operandList('[', ']'),
];

const readAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = transferRead.view(op);
    p.operand(v.base);
    p.raw('[');
    p.operands(v.indices);
    p.raw('],');
    p.operands([v.padding, ...(v.mask === undefined ? [] : [v.mask])]);
    printTransferAttributes(op, p, v.permutation_map, v.in_bounds);
    p.word(':');
    p.types([v.base.type, v.result.type]);
  },
  parse: (p) => {
    const [base, indices] = parseIndexed(p);
    p.expect(',');
    const padding = p.operand();
    const mask = p.optional(',') ? p.operand() : undefined;
    const attributes = p.attributeDictionary();
    p.expect(':');
    const source = p.type();
    p.expect(',');
    const result = p.type();
    const map = completeTransfer(attributes, source, result);
    attributes.set(
      'operandSegmentSizes',
      segmentAttribute([1, indices.length, 1, mask === undefined ? 0 : 1]),
    );
    const operands = [
      p.resolve(base, source),
      ...p.resolveAll(indices, index),
      p.resolve(padding, elementOf(source)),
    ];
    if (mask !== undefined) operands.push(p.resolve(mask, maskTypeOf(map, result)));
    return { operands, resultTypes: [result], attributes };
  },
};
export const transferRead = defineOp({
  name: 'vector.transfer_read',
  summary: 'reads a slice of a buffer or tensor, with padding outside of it',
  doc: 'Dimension `i` of the vector walks the source dimension that `permutation_map` names, or repeats (0). Where `in_bounds` is false, elements outside are `padding`.',
  operands: {
    base: one(tensorOrMemref),
    indices: variadic(indexType),
    padding: one(anyType),
    mask: optional(anyVector, 'clear elements read as padding'),
  },
  attrs: { permutation_map: attr(affineMap), in_bounds: attr(listOf(bool)) },
  results: { result: one(anyVector) },
  traits: ['reads'],
  assembly: readAssembly,
  verify: ({ base, indices, padding, mask, permutation_map, in_bounds, result }) =>
    (padding.type === elementOf(base.type)
      ? undefined
      : `the padding must be ${elementOf(base.type).text}, found ${padding.type.text}`) ??
    elementProblem(base.type, result.type) ??
    transferProblem(base.type, indices, permutation_map, in_bounds, result.type, mask),
  evaluate: semantics.evaluateTransferRead,
  work: ({ result }) => ({ flops: 0, bytesRead: bytesOf(result.type), bytesWritten: 0 }),
});

const writeAssembly: CustomAssembly = {
  print: (op, p) => {
    const v = transferWrite.view(op);
    p.operand(v.valueToStore);
    p.raw(',');
    p.operand(v.base);
    p.raw('[');
    p.operands(v.indices);
    p.raw(']');
    if (v.mask !== undefined) {
      p.raw(',');
      p.operand(v.mask);
    }
    printTransferAttributes(op, p, v.permutation_map, v.in_bounds);
    p.word(':');
    p.types([v.valueToStore.type, v.base.type]);
  },
  parse: (p) => {
    const value = p.operand();
    p.expect(',');
    const [base, indices] = parseIndexed(p);
    const mask = p.optional(',') ? p.operand() : undefined;
    const attributes = p.attributeDictionary();
    p.expect(':');
    const stored = p.type();
    p.expect(',');
    const target = p.type();
    const map = completeTransfer(attributes, target, stored);
    attributes.set(
      'operandSegmentSizes',
      segmentAttribute([1, 1, indices.length, mask === undefined ? 0 : 1]),
    );
    const operands = [p.resolve(value, stored), p.resolve(base, target), ...p.resolveAll(indices, index)];
    if (mask !== undefined) operands.push(p.resolve(mask, maskTypeOf(map, stored)));
    return { operands, resultTypes: target.kind === 'tensor' ? [target] : [], attributes };
  },
};
export const transferWrite = defineOp({
  name: 'vector.transfer_write',
  summary: 'writes a slice of a buffer or tensor, leaving out what lies outside of it',
  operands: {
    valueToStore: one(anyVector),
    base: one(tensorOrMemref),
    indices: variadic(indexType),
    mask: optional(anyVector, 'clear elements are not written'),
  },
  attrs: { permutation_map: attr(affineMap), in_bounds: attr(listOf(bool)) },
  results: { result: optional(tensorOrMemref, 'the tensor after the write') },
  traits: ['writes'],
  assembly: writeAssembly,
  infer: ({ types }) => (types.base.kind === 'tensor' ? [types.base] : []),
  verify: ({ op, base, indices, mask, permutation_map, in_bounds, valueToStore }) =>
    ((base.type.kind === 'tensor') === (op.results.length === 1)
      ? undefined
      : 'has a result when, and only when, it writes a tensor') ??
    elementProblem(base.type, valueToStore.type) ??
    transferProblem(base.type, indices, permutation_map, in_bounds, valueToStore.type, mask),
  evaluate: semantics.evaluateTransferWrite,
  work: ({ valueToStore }) => ({ flops: 0, bytesRead: 0, bytesWritten: bytesOf(valueToStore.type) }),
});

export const gather = defineOp({
  name: 'vector.gather',
  summary: 'reads elements at offsets along the last dimension where a mask is set',
  operands: {
    base: one(tensorOrMemref),
    offsets: variadic(indexType),
    indices: one(anyVector),
    mask: one(anyVector),
    passThru: one(anyVector),
  },
  attrs: { alignment: optionalAttr(int, 'in bytes') },
  results: { result: one(anyVector) },
  traits: ['reads'],
  assembly:
    '$base `[` $offsets `]` `[` $indices `]` `,` $mask `,` $passThru attr-dict `:` type($base) `,` type($indices) `,` type($mask) `,` type($passThru) `into` type($result)',
  infer: ({ types }) => [types.passThru],
  verify: ({ base, offsets, mask, passThru }) =>
    indexProblem(base.type, offsets) ??
    elementProblem(base.type, passThru.type) ??
    maskProblem(mask.type, passThru.type),
  evaluate: semantics.evaluateGather,
  work: ({ result }) => ({ flops: 0, bytesRead: bytesOf(result.type), bytesWritten: 0 }),
});
export const scatter = defineOp({
  name: 'vector.scatter',
  summary: 'writes elements at offsets along the last dimension where a mask is set',
  operands: {
    base: one(anyShaped),
    offsets: variadic(indexType),
    indices: one(anyVector),
    mask: one(anyVector),
    valueToStore: one(anyVector),
  },
  attrs: { alignment: optionalAttr(int, 'in bytes') },
  traits: ['writes'],
  assembly:
    '$base `[` $offsets `]` `[` $indices `]` `,` $mask `,` $valueToStore attr-dict `:` type($base) `,` type($indices) `,` type($mask) `,` type($valueToStore)',
  verify: ({ base, offsets, mask, valueToStore }) => {
    if (base.type.kind !== 'memref') return `writes to a memref, found ${base.type.text}`;
    return (
      indexProblem(base.type, offsets) ??
      elementProblem(base.type, valueToStore.type) ??
      maskProblem(mask.type, valueToStore.type)
    );
  },
  evaluate: semantics.evaluateScatter,
  work: ({ valueToStore }) => ({ flops: 0, bytesRead: 0, bytesWritten: bytesOf(valueToStore.type) }),
});
export const memoryOps = [load, store, maskedLoad, maskedStore, transferRead, transferWrite, gather, scatter];
