/**
 * `dispatch`: one kernel's worth of work, and the host's call of it. Dispatch formation makes regions, schedules are
 * attached to them, and lowering to loops turns each into a kernel function and a launch. Own dialect.
 */
import { anyTensor, anyType, dictionary, symbol, text } from '../constraints';
import type { EvaluationContext, MemRefValue, RuntimeValue } from '../interpreter/runtimeValue';
import { makeMemRef, makeTensor } from '../interpreter/tensor';
import { attr, defineOp, optionalAttr, variadic } from '../opDefinition';
import type { Operation, Value } from '../operation';
import type { Dialect } from '../registry';
import { byteSize, isShaped } from '../types';

const bytesOf = (values: readonly Value[]): number =>
  values.reduce((sum, v) => sum + (isShaped(v.type) ? (byteSize(v.type) ?? 0) : 0), 0);

/** The values that a region yields. */
const yielded = (op: Operation): readonly Value[] => op.regions[0]?.blocks[0]?.last?.operands ?? [];

export const region = defineOp({
  name: 'dispatch.region',
  summary: 'work that becomes one kernel',
  doc: [
    'The body takes the operands as arguments and sees nothing else. It holds at most one op with a reduction, elementwise producers of its inputs,',
    'padding and slices of them, and elementwise consumers of its result; what it yields are the results. Or it is a list of dispatch.regions, the',
    'phases of a kernel that go over the same rows one after another; the results are those of the last.',
    '`schedule` says how the kernel is tiled, vectorised and divided among threads.',
  ].join('\n'),
  operands: { inputs: variadic(anyTensor, 'the tensors that the kernel reads') },
  attrs: {
    sym_name: attr(text, 'name of the kernel; says what it computes'),
    schedule: optionalAttr(dictionary, 'how loops are made of it; see `lowering/schedule`'),
  },
  results: { outputs: variadic(anyTensor, 'what the body yields') },
  regions: ['body'],
  traits: ['pure', 'isolated', 'singleBlock'],
  verify: ({ op, inputs, outputs }) => {
    const block = op.region().blocks[0];
    const list = (values: readonly Value[]): string => values.map((v) => v.type.text).join(', ');
    if (block === undefined || list(block.args) !== list(inputs))
      return `the body takes (${list(block?.args ?? [])}), the operands are (${list(inputs)})`;
    if (block.last?.name !== 'dispatch.yield') return 'the body must end in dispatch.yield';
    return list(yielded(op)) === list(outputs)
      ? undefined
      : `the body yields (${list(yielded(op))}), the results are (${list(outputs)})`;
  },
  evaluate: ({ op, inputs }, context) =>
    context.runRegion(
      op.region(),
      inputs.map((v) => context.get(v)),
    ).values,
  work: ({ op, inputs, outputs }) => {
    let flops = 0;
    op.walk((inner) => {
      if (inner !== op && inner.block?.parentOp === op) flops += inner.definition?.work(inner)?.flops ?? 0;
    });
    return { flops, bytesRead: bytesOf(inputs), bytesWritten: bytesOf(outputs) };
  },
});

export const yieldOp = defineOp({
  name: 'dispatch.yield',
  summary: 'ends the body of a dispatch with its results',
  operands: { values: variadic(anyType) },
  traits: ['terminator', 'pure'],
});

/** A buffer over the elements of a tensor; kernels only read their inputs. */
function bufferOf(value: RuntimeValue): MemRefValue {
  if (typeof value !== 'object' || value.kind !== 'tensor') throw new TypeError('a launch needs tensors');
  return makeMemRef(value.shape, value.element, value.data);
}

export const launch = defineOp({
  name: 'dispatch.launch',
  summary: 'runs a kernel on tensors',
  doc: 'Calls the kernel function with one buffer per input, then one new buffer per result, and gives the latter as tensors.',
  operands: { inputs: variadic(anyTensor, 'read by the kernel') },
  attrs: { callee: attr(symbol, 'the kernel function') },
  results: { outputs: variadic(anyTensor, 'written by the kernel') },
  traits: ['pure'],
  evaluate: ({ callee, inputs, outputs }, context: EvaluationContext) => {
    const results = outputs.map((r) => {
      if (r.type.kind !== 'tensor') throw new TypeError('a launch gives tensors');
      return makeMemRef(r.type.shape, r.type.element);
    });
    context.call(callee, [...inputs.map((v) => bufferOf(context.get(v))), ...results]);
    return results.map((r) => makeTensor(r.shape, r.element, r.data));
  },
});

export const dispatchDialect: Dialect = {
  name: 'dispatch',
  summary: 'Work that becomes one kernel each, and calls of kernels.',
  ops: [region, yieldOp, launch],
  upstream: false,
};
