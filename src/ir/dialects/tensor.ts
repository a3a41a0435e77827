/** `tensor`: making, slicing, padding and reshaping tensors as values. Upstream dialect. */
import {
  anyInteger,
  anyTensor,
  anyType,
  eitherOf,
  indexType,
  int,
  intLists,
  ints,
  unit,
  tensorOf,
} from '../constraints';
import { attr, defaultAttr, defineOp, InferenceError, one, variadic } from '../opDefinition';
import type { Operation, Value } from '../operation';
import type { Dialect } from '../registry';
import type { TensorType, Type } from '../types';
import { DYNAMIC, elementOf, i32, i64, index, tensor } from '../types';
import { mixedProblem, DYNAMIC_INDEX } from './mixedIndices';
import * as assembly from './tensorAssembly';
import * as semantics from './tensorSemantics';
import { tensorWork } from './tensorSemantics';

const asTensor = (value: Value): TensorType => value.type as TensorType;
/** Two sizes that can be one: equal, or one unknown. */
const agree = (a: number, b: number): boolean => a === b || a === DYNAMIC || b === DYNAMIC;
const sizeText = (shape: readonly number[]): string =>
  `[${shape.map((d) => (d === DYNAMIC ? '?' : d)).join(', ')}]`;
const dynamicCount = (shape: readonly number[]): number => shape.filter((d) => d === DYNAMIC).length;
const known = (list: readonly number[]): number[] => list.map((d) => (d === DYNAMIC_INDEX ? DYNAMIC : d));

const dynamicSizesProblem = (type: Type, sizes: readonly Value[]): string | undefined => {
  const needed = dynamicCount((type as TensorType).shape);
  return needed === sizes.length
    ? undefined
    : `${type.text} has ${needed} dynamic sizes, ${sizes.length} are given`;
};

export const empty = defineOp({
  name: 'tensor.empty',
  summary: 'a tensor of unspecified content, a destination to write to',
  doc: 'The interpreter gives zeros; nothing may rely on that.',
  operands: { dynamicSizes: variadic(indexType, 'one per `?` of the result') },
  results: { result: one(anyTensor) },
  traits: ['pure'],
  assembly: '`(` $dynamicSizes `)` attr-dict `:` type($result)',
  verify: ({ result, dynamicSizes }) => dynamicSizesProblem(result.type, dynamicSizes),
  evaluate: semantics.evaluateEmpty,
  work: () => ({ flops: 0, bytesRead: 0, bytesWritten: 0 }),
});

export const cast = defineOp({
  name: 'tensor.cast',
  summary: 'the same tensor with sizes forgotten or asserted in its type',
  operands: { source: one(anyType) },
  results: { dest: one(anyType) },
  traits: ['pure'],
  assembly: '$source attr-dict `:` type($source) `to` type($dest)',
  verify: ({ source, dest }) => {
    const [a, b] = [source.type, dest.type];
    if (elementOf(a) !== elementOf(b)) return `casts ${a.text} to ${b.text}: the element types differ`;
    if (a.kind !== 'tensor' || b.kind !== 'tensor') return undefined;
    return a.shape.length === b.shape.length && a.shape.every((d, i) => agree(d, b.shape[i]!))
      ? undefined
      : `casts ${a.text} to ${b.text}: the shapes cannot be one`;
  },
  evaluate: semantics.evaluateCast,
  work: () => ({ flops: 0, bytesRead: 0, bytesWritten: 0 }),
});

export const dim = defineOp({
  name: 'tensor.dim',
  summary: 'the size of a dimension',
  operands: { source: one(anyTensor), index: one(indexType) },
  results: { result: one(indexType) },
  traits: ['pure'],
  assembly: 'attr-dict $source `,` $index `:` type($source)',
  infer: () => [index],
  evaluate: semantics.evaluateDim,
  work: () => ({ flops: 0, bytesRead: 0, bytesWritten: 0 }),
});

const indicesProblem = (source: Value, indices: readonly Value[]): string | undefined => {
  const rank = asTensor(source).shape.length;
  return rank === indices.length
    ? undefined
    : `${source.type.text} needs ${rank} indices, ${indices.length} are given`;
};
export const extract = defineOp({
  name: 'tensor.extract',
  summary: 'one element of a tensor',
  operands: { tensor: one(anyTensor), indices: variadic(indexType) },
  results: { result: one(anyType) },
  traits: ['pure'],
  assembly: '$tensor `` `[` $indices `]` attr-dict `:` type($tensor)',
  resultName: () => 'extracted',
  infer: ({ types }) => [elementOf(types.tensor)],
  verify: ({ tensor: source, indices }) => indicesProblem(source, indices),
  compile: semantics.compileExtract,
  work: ({ op }) => tensorWork(op, [], []),
});
export const insert = defineOp({
  name: 'tensor.insert',
  summary: 'a tensor with one element replaced',
  operands: { scalar: one(anyType), dest: one(anyTensor), indices: variadic(indexType) },
  results: { result: one(anyTensor) },
  traits: ['pure'],
  assembly: '$scalar `into` $dest `` `[` $indices `]` attr-dict `:` type($dest)',
  resultName: () => 'inserted',
  infer: ({ types }) => [types.dest],
  verify: ({ scalar, dest, indices }) =>
    scalar.type === elementOf(dest.type)
      ? indicesProblem(dest, indices)
      : `inserts ${scalar.type.text} into ${dest.type.text}`,
  evaluate: semantics.evaluateInsert,
  work: ({ op }) => tensorWork(op, [], []),
});

export const fromElements = defineOp({
  name: 'tensor.from_elements',
  summary: 'a tensor of given elements, in row-major order',
  operands: { elements: variadic(anyType) },
  results: { result: one(anyTensor) },
  traits: ['pure'],
  assembly: assembly.fromElementsAssembly,
  resultName: () => 'from_elements',
  verify: ({ result, elements }) => {
    const { shape, element } = asTensor(result);
    const count = shape.reduce((a, b) => a * b, 1);
    if (shape.includes(DYNAMIC) || count !== elements.length)
      return `${result.type.text} does not hold ${elements.length} elements`;
    const odd = elements.find((e) => e.type !== element);
    return odd === undefined ? undefined : `elements must be ${element.text}, found ${odd.type.text}`;
  },
  evaluate: semantics.evaluateFromElements,
  work: ({ op }) => tensorWork(op, [], op.results),
});
export const splat = defineOp({
  name: 'tensor.splat',
  summary: 'a tensor with one value everywhere',
  operands: { input: one(anyType), dynamicSizes: variadic(indexType) },
  results: { aggregate: one(anyTensor) },
  traits: ['pure'],
  assembly: assembly.splatAssembly,
  resultName: () => 'splat',
  verify: ({ input, aggregate, dynamicSizes }) =>
    elementOf(aggregate.type) === input.type
      ? dynamicSizesProblem(aggregate.type, dynamicSizes)
      : `fills ${aggregate.type.text} with ${input.type.text}`,
  evaluate: semantics.evaluateSplat,
  work: ({ op }) => tensorWork(op, [], op.results),
});

/** What is wrong with a region that maps an index to one element. */
function elementRegionProblem(op: Operation, rank: number, element: Type): string | undefined {
  const body = op.regions[0]?.blocks[0];
  if (body === undefined) return 'needs a region with a block';
  if (body.args.length !== rank || body.args.some((a) => a.type !== index))
    return `the region must take ${rank} index arguments`;
  const last = body.last;
  if (last?.name !== 'tensor.yield') return 'the region must end in tensor.yield';
  return last.operands[0]?.type === element
    ? undefined
    : `the region yields ${last.operands[0]?.type.text ?? 'nothing'}, expected ${element.text}`;
}
export const generate = defineOp({
  name: 'tensor.generate',
  summary: 'a tensor whose elements a region computes from their index',
  operands: { dynamicExtents: variadic(indexType) },
  results: { result: one(anyTensor) },
  regions: ['body'],
  traits: ['pure', 'singleBlock'],
  assembly: '$dynamicExtents $body attr-dict `:` type($result)',
  resultName: () => 'generated',
  verify: ({ op, result, dynamicExtents }) =>
    dynamicSizesProblem(result.type, dynamicExtents) ??
    elementRegionProblem(op, asTensor(result).shape.length, elementOf(result.type)),
  evaluate: semantics.evaluateGenerate,
  work: ({ op }) => tensorWork(op, [], op.results),
});
export const pad = defineOp({
  name: 'tensor.pad',
  summary: 'a tensor with elements added around it',
  doc: 'The region gives the value of an added element from its index in the result.',
  operands: { source: one(anyTensor), low: variadic(indexType), high: variadic(indexType) },
  attrs: {
    static_low: attr(ints, 'elements added before each dimension'),
    static_high: attr(ints, 'elements added after each dimension'),
    nofold: defaultAttr(unit, false, 'keeps the op even when it adds nothing'),
  },
  results: { result: one(anyTensor) },
  regions: ['region'],
  traits: ['pure', 'singleBlock'],
  assembly: assembly.padAssembly,
  resultName: () => 'padded',
  verify: ({ op, source, result, low, high, static_low, static_high }) => {
    const [from, to] = [asTensor(source), asTensor(result)];
    const rank = from.shape.length;
    if (to.shape.length !== rank || static_low.length !== rank || static_high.length !== rank)
      return `pads ${from.text} to ${to.text} by ${static_low.length} and ${static_high.length} amounts`;
    const problem =
      mixedProblem('low', static_low, low.length) ?? mixedProblem('high', static_high, high.length);
    if (problem !== undefined) return problem;
    const expected = from.shape.map((d, i) => {
      const [a, b] = [static_low[i]!, static_high[i]!];
      return d === DYNAMIC || a === DYNAMIC_INDEX || b === DYNAMIC_INDEX ? DYNAMIC : d + a + b;
    });
    if (to.element !== from.element || !to.shape.every((d, i) => agree(d, expected[i]!)))
      return `the result must be ${tensor(expected, from.element).text}, found ${to.text}`;
    return elementRegionProblem(op, rank, from.element);
  },
  evaluate: semantics.evaluatePad,
  work: ({ op, source }) => tensorWork(op, [source], op.results),
});
export const yieldOp = defineOp({
  name: 'tensor.yield',
  summary: 'ends a region with one element',
  operands: { value: one(anyType) },
  traits: ['terminator', 'pure'],
  assembly: '$value attr-dict `:` type($value)',
});

/** What is wrong with slice lists over `full`, whose slice has type `slice`; unit dimensions of the slice may be left out. */
function sliceProblem(
  full: TensorType,
  slice: TensorType,
  lists: readonly (readonly [string, readonly number[], readonly Value[]])[],
): string | undefined {
  const rank = full.shape.length;
  for (const [name, statics, dynamics] of lists) {
    if (statics.length !== rank) return `${full.text} needs ${rank} ${name}, ${statics.length} are given`;
    const problem = mixedProblem(name, statics, dynamics.length);
    if (problem !== undefined) return problem;
  }
  const [offsets, sizes, strides] = lists.map((l) => known(l[1]));
  for (let d = 0; d < rank; d++) {
    const [o, n, s, size] = [offsets![d]!, sizes![d]!, strides![d]!, full.shape[d]!];
    if (lists[2]![1][d] === 0) return `the stride of dimension ${d} is 0`;
    if (o === DYNAMIC || n === DYNAMIC || s === DYNAMIC || size === DYNAMIC || n === 0) continue;
    if (o < 0 || o + (n - 1) * s >= size)
      return `elements ${o} to ${o + (n - 1) * s} of dimension ${d} are outside ${full.text}`;
  }
  if (full.element !== slice.element || semantics.keptDimensions(sizes!, slice.shape) === undefined) {
    return `a slice of sizes ${sizeText(sizes!)} of ${full.text} is not ${slice.text}`;
  }
  return undefined;
}
const sliceOperands = {
  offsets: variadic(indexType),
  sizes: variadic(indexType),
  strides: variadic(indexType),
} as const;
const sliceAttrs = {
  static_offsets: attr(ints),
  static_sizes: attr(ints),
  static_strides: attr(ints),
} as const;

export const extractSlice = defineOp({
  name: 'tensor.extract_slice',
  summary: 'a strided box of a tensor',
  doc: 'Element `i` of the result is element `offset + i * stride` of the source. Dimensions of size 1 may be left out of the result.',
  operands: { source: one(anyTensor), ...sliceOperands },
  attrs: sliceAttrs,
  results: { result: one(anyTensor) },
  traits: ['pure'],
  assembly: assembly.extractSliceAssembly,
  resultName: () => 'extracted_slice',
  verify: (v) =>
    sliceProblem(asTensor(v.source), asTensor(v.result), [
      ['offsets', v.static_offsets, v.offsets],
      ['sizes', v.static_sizes, v.sizes],
      ['strides', v.static_strides, v.strides],
    ]),
  evaluate: semantics.evaluateExtractSlice,
  work: ({ op }) => tensorWork(op, op.results, op.results),
});
export const insertSlice = defineOp({
  name: 'tensor.insert_slice',
  summary: 'a tensor with a strided box replaced',
  operands: { source: one(anyTensor), dest: one(anyTensor), ...sliceOperands },
  attrs: sliceAttrs,
  results: { result: one(anyTensor) },
  traits: ['pure', 'destinationStyle'],
  assembly: assembly.insertSliceAssembly,
  resultName: () => 'inserted_slice',
  infer: ({ types }) => [types.dest],
  verify: (v) =>
    sliceProblem(asTensor(v.dest), asTensor(v.source), [
      ['offsets', v.static_offsets, v.offsets],
      ['sizes', v.static_sizes, v.sizes],
      ['strides', v.static_strides, v.strides],
    ]),
  evaluate: semantics.evaluateInsertSlice,
  work: ({ op, source }) => tensorWork(op, [source], [source]),
});
export const parallelInsertSlice = defineOp({
  name: 'tensor.parallel_insert_slice',
  summary: 'the box of a shared result that an iteration of scf.forall writes',
  operands: { source: one(anyTensor), dest: one(anyTensor), ...sliceOperands },
  attrs: sliceAttrs,
  assembly: assembly.parallelInsertSliceAssembly,
  verify: (v) =>
    sliceProblem(asTensor(v.dest), asTensor(v.source), [
      ['offsets', v.static_offsets, v.offsets],
      ['sizes', v.static_sizes, v.sizes],
      ['strides', v.static_strides, v.strides],
    ]),
  work: ({ op, source }) => tensorWork(op, [source], [source]),
});

/** What is wrong with groups that fold the dimensions of `wide` into those of `narrow`. */
function reassociationProblem(
  wide: TensorType,
  narrow: TensorType,
  groups: readonly (readonly number[])[],
): string | undefined {
  const flat = groups.flat();
  if (groups.length !== narrow.shape.length || wide.element !== narrow.element)
    return `does not fold ${wide.text} into ${narrow.text}`;
  if (groups.length > 0 && (flat.length !== wide.shape.length || flat.some((d, i) => d !== i)))
    return `the groups must list the ${wide.shape.length} dimensions of ${wide.text} in order`;
  if (groups.length === 0)
    return wide.shape.every((d) => d === 1 || d === DYNAMIC)
      ? undefined
      : `${wide.text} has more than one element`;
  for (const [i, group] of groups.entries()) {
    const sizes = group.map((d) => wide.shape[d]!);
    const folded = sizes.includes(DYNAMIC) ? DYNAMIC : sizes.reduce((a, b) => a * b, 1);
    if (!agree(folded, narrow.shape[i]!))
      return `dimensions ${sizeText(group)} of ${wide.text} have ${folded} elements, dimension ${i} of ${narrow.text} has ${narrow.shape[i]!}`;
  }
  return undefined;
}
export const expandShape = defineOp({
  name: 'tensor.expand_shape',
  summary: 'splits dimensions; elements keep their row-major order',
  operands: { src: one(anyTensor), output_shape: variadic(indexType) },
  attrs: {
    reassociation: attr(intLists, 'for each dimension of the source, those of the result'),
    static_output_shape: attr(ints),
  },
  results: { result: one(anyTensor) },
  traits: ['pure'],
  assembly: assembly.expandShapeAssembly,
  resultName: () => 'expanded',
  infer: ({ types, attrs }) => [tensor(known(attrs.static_output_shape), elementOf(types.src))],
  verify: ({ src, result, reassociation, static_output_shape, output_shape }) =>
    mixedProblem('output_shape', static_output_shape, output_shape.length) ??
    reassociationProblem(asTensor(result), asTensor(src), reassociation),
  evaluate: semantics.evaluateExpandShape,
  work: () => ({ flops: 0, bytesRead: 0, bytesWritten: 0 }),
});
export const collapseShape = defineOp({
  name: 'tensor.collapse_shape',
  summary: 'joins neighbouring dimensions; elements keep their row-major order',
  operands: { src: one(anyTensor) },
  attrs: { reassociation: attr(intLists, 'for each dimension of the result, those of the source') },
  results: { result: one(anyTensor) },
  traits: ['pure'],
  assembly: '$src $reassociation attr-dict `:` type($src) `into` type($result)',
  resultName: () => 'collapsed',
  infer: ({ types, attrs }) => {
    const { shape, element } = types.src as TensorType;
    const sizes = attrs.reassociation.map((g) => {
      const group = g.map((d) => shape[d] ?? DYNAMIC);
      return group.includes(DYNAMIC) ? DYNAMIC : group.reduce((a, b) => a * b, 1);
    });
    return [tensor(sizes, element)];
  },
  verify: ({ src, result, reassociation }) =>
    reassociationProblem(asTensor(src), asTensor(result), reassociation),
  evaluate: semantics.evaluateCollapseShape,
  work: () => ({ flops: 0, bytesRead: 0, bytesWritten: 0 }),
});
export const reshape = defineOp({
  name: 'tensor.reshape',
  summary: 'a tensor of the same elements whose shape is a tensor of sizes',
  operands: { source: one(anyTensor), shape: one(eitherOf(tensorOf(i32, i64, index))) },
  results: { result: one(anyTensor) },
  traits: ['pure'],
  assembly: '$source `` `(` $shape `)` attr-dict `:` functional-type(operands, results)',
  resultName: () => 'reshape',
  verify: ({ source, shape, result }) => {
    if (elementOf(source.type) !== elementOf(result.type)) return 'the element types differ';
    const rank = asTensor(shape).shape[0];
    if (rank !== undefined && rank !== DYNAMIC && rank !== asTensor(result).shape.length)
      return `${rank} sizes do not make ${result.type.text}`;
    const [a, b] = [asTensor(source).shape, asTensor(result).shape];
    const count = (s: readonly number[]): number => s.reduce((x, y) => x * y, 1);
    return a.includes(DYNAMIC) || b.includes(DYNAMIC) || count(a) === count(b)
      ? undefined
      : `${source.type.text} and ${result.type.text} have different numbers of elements`;
  },
  evaluate: semantics.evaluateReshape,
  work: () => ({ flops: 0, bytesRead: 0, bytesWritten: 0 }),
});
export const concat = defineOp({
  name: 'tensor.concat',
  summary: 'tensors one after another along a dimension',
  operands: { inputs: variadic(anyTensor) },
  attrs: { dim: attr(int, 'the dimension, from 0') },
  results: { result: one(anyTensor) },
  traits: ['pure'],
  assembly: '`dim` `(` $dim `)` $inputs attr-dict `:` functional-type(operands, results)',
  resultName: () => 'concat',
  infer: ({ types: { inputs }, attrs: { dim: along } }) => {
    const [first, ...rest] = inputs as readonly TensorType[];
    if (first === undefined) throw new InferenceError('there is nothing to join');
    if (along < 0 || along >= first.shape.length)
      throw new InferenceError(`${first.text} has no dimension ${along}`);
    const shape = [...first.shape];
    for (const t of rest) {
      if (t.element !== first.element || t.shape.length !== shape.length)
        throw new InferenceError(`${t.text} cannot be joined to ${first.text}`);
      t.shape.forEach((d, i) => {
        if (i === along) shape[i] = d === DYNAMIC || shape[i] === DYNAMIC ? DYNAMIC : shape[i]! + d;
        else if (!agree(d, shape[i]!))
          throw new InferenceError(
            `${t.text} cannot be joined to ${first.text} along ${along}: dimension ${i} differs`,
          );
        else if (shape[i] === DYNAMIC) shape[i] = d;
      });
    }
    return [tensor(shape, first.element)];
  },
  evaluate: semantics.evaluateConcat,
  work: ({ op }) => tensorWork(op, op.operands, op.results),
});
export const rank = defineOp({
  name: 'tensor.rank',
  summary: 'the number of dimensions',
  operands: { tensor: one(anyType) },
  results: { result: one(anyInteger) },
  traits: ['pure'],
  assembly: '$tensor attr-dict `:` type($tensor)',
  resultName: () => 'rank',
  infer: () => [index],
  evaluate: semantics.evaluateRank,
  work: () => ({ flops: 0, bytesRead: 0, bytesWritten: 0 }),
});

export const tensorDialect: Dialect = {
  name: 'tensor',
  summary: 'Making, slicing, padding and reshaping tensors.',
  ops: [
    empty,
    cast,
    dim,
    rank,
    extract,
    insert,
    fromElements,
    splat,
    generate,
    pad,
    yieldOp,
    extractSlice,
    insertSlice,
    parallelInsertSlice,
    expandShape,
    collapseShape,
    reshape,
    concat,
  ],
  upstream: true,
};
