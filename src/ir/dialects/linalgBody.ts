/** Ops that stand in the bodies of `linalg` ops. */
import { anyType, indexType, int } from '../constraints';
import { attr, defineOp, one, variadic } from '../opDefinition';
import { index } from '../types';

export const linalgYield = defineOp({
  name: 'linalg.yield',
  summary: 'ends the body with the new element of each output',
  operands: { values: variadic(anyType) },
  traits: ['terminator', 'pure'],
  assembly: 'attr-dict ($values^ `:` type($values))?',
});
export const linalgIndex = defineOp({
  name: 'linalg.index',
  summary: 'the value of a loop of the enclosing linalg op',
  attrs: { dim: attr(int, 'which loop, from 0') },
  results: { result: one(indexType) },
  traits: ['pure'],
  assembly: '$dim attr-dict `:` type($result)',
  infer: () => [index],
  work: () => ({ flops: 0, bytesRead: 0, bytesWritten: 0 }),
});
