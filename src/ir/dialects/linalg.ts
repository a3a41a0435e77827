/** `linalg`: loops over tensors and buffers as one op, and named shorthands of them. Upstream dialect. */
import { affineMaps, anyType, dialectEnum, listOf, tensorOrMemref, text } from '../constraints';
import type { StepCompiler } from '../interpreter/runtimeValue';
import { compileStructured } from '../interpreter/structured';
import { attr, defineOp, optionalAttr, variadic } from '../opDefinition';
import type { Operation } from '../operation';
import type { Dialect } from '../registry';
import type { Type } from '../types';
import { genericAssembly } from './linalgAssembly';
import { linalgIndex, linalgYield } from './linalgBody';
import * as named from './linalgNamed';
import { structuredOf, structuredProblem, structuredWork } from './linalgStructure';

export const iteratorTypes = ['parallel', 'reduction', 'window'] as const;
export type IteratorType = (typeof iteratorTypes)[number];

/** Results of an op in destination style: one per tensor destination. */
const tensorsOf = (outputs: readonly Type[]): readonly Type[] => outputs.filter((t) => t.kind === 'tensor');

export const generic = defineOp({
  name: 'linalg.generic',
  summary: 'a perfect loop nest over operands, with a scalar body',
  doc: [
    'For each point of the iteration space the body gets the element of each operand that its indexing map picks, and',
    'yields the new element of each output. The extent of a loop is the size of a dimension that it alone indexes. A',
    'reduction loop visits one output element many times, in ascending order of the loops.',
  ].join(' '),
  operands: {
    inputs: variadic(anyType, 'what the body reads; scalars too'),
    outputs: variadic(tensorOrMemref, 'what the body updates'),
  },
  attrs: {
    indexing_maps: attr(affineMaps, 'per operand, from loops to its elements'),
    iterator_types: attr(listOf(dialectEnum('linalg', 'iterator_type', ...iteratorTypes)), 'per loop'),
    doc: optionalAttr(text),
    library_call: optionalAttr(text),
  },
  results: { results: variadic(anyType) },
  regions: ['region'],
  traits: ['singleBlock', 'destinationStyle', 'reads', 'writes'],
  assembly: genericAssembly,
  infer: ({ types }) => tensorsOf(types.outputs),
  argumentName: (op, _, i) => (i < op.operands.length - outputCount(op) ? 'in' : 'out'),
  verify: ({ op }) => structuredProblem(op),
  compile: ({ op }, compiler: StepCompiler) => compileStructured(structuredOf(op), compiler),
  work: ({ op }) => structuredWork(op),
});
const outputCount = (op: Operation): number => generic.view(op).outputs.length;

export { linalgIndex, linalgYield } from './linalgBody';
export {
  batchMatmul,
  broadcast,
  conv2dNhwcHwcf,
  depthwiseConv2dNhwcHwc,
  fill,
  matmul,
  transpose,
} from './linalgNamed';

export const linalgDialect: Dialect = {
  name: 'linalg',
  summary: 'Loops over tensors and buffers as one op.',
  ops: [generic, linalgYield, linalgIndex, ...named.all],
  upstream: true,
};
