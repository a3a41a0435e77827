/** Named `linalg` ops: shorthands of `linalg.generic` whose maps and body follow from the name. */
import { Builder } from '../builder';
import type { Attribute } from '../attributes';
import { affineMaps, anyType, denseInts, ints, tensorOrMemref } from '../constraints';
import { compileStructured } from '../interpreter/structured';
import type { Location } from '../location';
import { attr, defineOp, one, optionalAttr, variadic } from '../opDefinition';
import type { Region, Value } from '../operation';
import type { Type } from '../types';
import { elementOf } from '../types';
import * as arith from './arith';
import { namedAssembly, trailingAttribute } from './linalgAssembly';
import { linalgYield } from './linalgBody';
import { structuredOf, structuredProblem, structuredWork } from './linalgStructure';

const tensorsOf = (outputs: readonly Type[]): readonly Type[] => outputs.filter((t) => t.kind === 'tensor');
type Body = (b: Builder, args: readonly Value[]) => Value;

/** The region that the name means. */
const bodyOf =
  (body: Body) =>
  (operands: readonly Value[], location: Location): readonly Region[] => {
    const b = new Builder(location);
    return [
      b.region(
        operands.map((v) => elementOf(v.type)),
        (args) => {
          b.op(linalgYield, { values: [body(b, args)] });
        },
      ),
    ];
  };
const copyBody: Body = (_, [value]) => value!;
/** `out + in · weight`, in the output's type. */
const multiplyAdd: Body = (b, [x, w, sum]) => {
  const type = sum!.type;
  const [wideX, wideW] = [widened(b, x!, type), widened(b, w!, type)];
  if (type.kind === 'float')
    return b.value(arith.addf, { lhs: sum!, rhs: b.value(arith.mulf, { lhs: wideX, rhs: wideW }) });
  return b.value(arith.addi, { lhs: sum!, rhs: b.value(arith.muli, { lhs: wideX, rhs: wideW }) });
};
function widened(b: Builder, value: Value, type: Type): Value {
  if (value.type === type) return value;
  if (type.kind === 'float')
    return value.type.kind === 'float'
      ? b.value(arith.extf, { in: value }, type)
      : b.value(arith.sitofp, { in: value }, type);
  return b.value(arith.extsi, { in: value }, type);
}

export const fill = defineOp({
  name: 'linalg.fill',
  summary: 'writes one value to every element',
  operands: { inputs: variadic(anyType, 'the value'), outputs: variadic(tensorOrMemref) },
  results: { results: variadic(anyType) },
  regions: ['region'],
  traits: ['singleBlock', 'destinationStyle', 'reads', 'writes'],
  implicitRegions: bodyOf(copyBody),
  assembly: namedAssembly(bodyOf(copyBody)),
  infer: ({ types }) => tensorsOf(types.outputs),
  verify: ({ op, inputs, outputs }) => {
    const element = outputs[0] === undefined ? undefined : elementOf(outputs[0].type);
    return inputs[0]?.type === element
      ? structuredProblem(op)
      : `fills ${outputs[0]?.type.text ?? 'nothing'} with ${inputs[0]?.type.text ?? 'nothing'}`;
  },
  compile: ({ op }, compiler) => compileStructured(structuredOf(op), compiler),
  work: ({ op }) => structuredWork(op),
});

export const transpose = defineOp({
  name: 'linalg.transpose',
  summary: 'reorders dimensions: dimension i of the result is dimension permutation[i] of the input',
  operands: { input: one(tensorOrMemref), init: one(tensorOrMemref) },
  attrs: { permutation: attr(ints) },
  results: { result: variadic(anyType) },
  regions: ['region'],
  traits: ['singleBlock', 'destinationStyle', 'reads', 'writes'],
  implicitRegions: bodyOf(copyBody),
  assembly: trailingAttribute('permutation', bodyOf(copyBody)),
  resultName: () => 'transposed',
  infer: ({ types }) => tensorsOf([types.init]),
  verify: ({ op, permutation }) => {
    const isPermutation = [...permutation].sort((a, b) => a - b).every((p, i) => p === i);
    return isPermutation ? structuredProblem(op) : `[${permutation.join(', ')}] is no permutation`;
  },
  compile: ({ op }, compiler) => compileStructured(structuredOf(op), compiler),
  work: ({ op }) => structuredWork(op),
});
export const broadcast = defineOp({
  name: 'linalg.broadcast',
  summary: 'repeats a value along added dimensions',
  operands: { input: one(tensorOrMemref), init: one(tensorOrMemref) },
  attrs: { dimensions: attr(ints, 'dimensions of the result that the input lacks') },
  results: { result: variadic(anyType) },
  regions: ['region'],
  traits: ['singleBlock', 'destinationStyle', 'reads', 'writes'],
  implicitRegions: bodyOf(copyBody),
  assembly: trailingAttribute('dimensions', bodyOf(copyBody)),
  resultName: () => 'broadcasted',
  infer: ({ types }) => tensorsOf([types.init]),
  verify: ({ op }) => structuredProblem(op),
  compile: ({ op }, compiler) => compileStructured(structuredOf(op), compiler),
  work: ({ op }) => structuredWork(op),
});

const contraction = (name: string, summary: string) =>
  defineOp({
    name: `linalg.${name}`,
    summary,
    operands: { inputs: variadic(anyType), outputs: variadic(tensorOrMemref, 'added to') },
    attrs: {
      indexing_maps: optionalAttr(
        affineMaps,
        'other than what the name means: transposed or broadcast operands',
      ),
      cast: optionalAttr(anyCast),
    },
    results: { results: variadic(anyType) },
    regions: ['region'],
    traits: ['singleBlock', 'destinationStyle', 'reads', 'writes'],
    implicitRegions: bodyOf(multiplyAdd),
    assembly: namedAssembly(bodyOf(multiplyAdd), true),
    infer: ({ types }) => tensorsOf(types.outputs),
    verify: ({ op }) => structuredProblem(op),
    compile: ({ op }, compiler) => compileStructured(structuredOf(op), compiler),
    work: ({ op }) => structuredWork(op),
  });
const anyCast = { describe: 'a #linalg.type_fn', read: (a: Attribute) => a, write: (a: Attribute) => a };
export const matmul = contraction('matmul', 'matrix product, added to the output');
export const batchMatmul = contraction('batch_matmul', 'matrix products of a batch, added to the output');

const convolution = (name: string, summary: string) =>
  defineOp({
    name: `linalg.${name}`,
    summary,
    operands: {
      inputs: variadic(anyType, 'image and filter'),
      outputs: variadic(tensorOrMemref, 'added to'),
    },
    attrs: { strides: optionalAttr(denseInts), dilations: optionalAttr(denseInts) },
    results: { results: variadic(anyType) },
    regions: ['region'],
    traits: ['singleBlock', 'destinationStyle', 'reads', 'writes'],
    implicitRegions: bodyOf(multiplyAdd),
    assembly: namedAssembly(bodyOf(multiplyAdd)),
    infer: ({ types }) => tensorsOf(types.outputs),
    verify: ({ op }) => structuredProblem(op),
    compile: ({ op }, compiler) => compileStructured(structuredOf(op), compiler),
    work: ({ op }) => structuredWork(op),
  });
export const conv2dNhwcHwcf = convolution(
  'conv_2d_nhwc_hwcf',
  'convolution of an NHWC image by an HWCF filter, without padding, added to the output',
);
export const depthwiseConv2dNhwcHwc = convolution(
  'depthwise_conv_2d_nhwc_hwc',
  'convolution of each channel by a filter of its own, without padding, added to the output',
);

export const all = [fill, transpose, broadcast, matmul, batchMatmul, conv2dNhwcHwcf, depthwiseConv2dNhwcHwc];
