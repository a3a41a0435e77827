/**
 * ONNX `If`, `Loop` and `Scan`: ops with the subgraphs as regions, which see the values around them. They run in the
 * interpreter on tensors; there is no conversion to the graph stage yet.
 */
import { int, ints } from '../../constraints';
import type { EvaluationContext, RuntimeValue, TensorValue } from '../../interpreter/runtimeValue';
import { defaultAttr, defineOp, one, optional, optionalAttr, variadic } from '../../opDefinition';
import type { Value } from '../../operation';
import { i1, i64 } from '../../types';
import { normaliseAxis, rowMajorStrides } from '../nn/shapes';
import { countOf, gatherStrided, newElements, tensorOf } from '../nn/tensors';
import { modelTensor } from './defineOnnxOp';

export const yieldOp = defineOp({
  name: 'onnx.yield',
  summary: 'the results of a subgraph',
  operands: { values: variadic(modelTensor) },
  traits: ['terminator', 'pure', 'noProvenance'],
});

const outputs = { outputs: variadic(modelTensor) };
const isTrue = (context: EvaluationContext, v: Value): boolean =>
  Number(tensorOf(context, v).data[0] ?? 0) !== 0;
const asTensorValue = (v: RuntimeValue): TensorValue => {
  if (typeof v !== 'object' || v.kind !== 'tensor') throw new TypeError('a subgraph gives tensors');
  return v;
};
const scalar = (value: bigint): TensorValue => ({
  kind: 'tensor',
  shape: [],
  element: i64,
  data: BigInt64Array.of(value),
});
const truth = (value: boolean): TensorValue => ({
  kind: 'tensor',
  shape: [],
  element: i1,
  data: Uint8Array.of(Number(value)),
});

/** Tensors of one shape along a new axis. Without any, the type of `result` says what is empty. */
function stacked(parts: readonly TensorValue[], axisGiven: number, result: Value): TensorValue {
  const [first] = parts;
  if (first === undefined) {
    const { type } = result;
    const element = type.kind === 'tensor' || type.kind === 'unranked_tensor' ? type.element : i64;
    const inner = type.kind === 'tensor' ? type.shape.slice(1).map((d) => Math.max(0, d)) : [];
    return { kind: 'tensor', shape: [0, ...inner], element, data: newElements(element, 0) };
  }
  const axis = normaliseAxis(axisGiven, first.shape.length + 1);
  const shape = [...first.shape];
  shape.splice(axis, 0, parts.length);
  const data = newElements(first.element, countOf(shape));
  const inner = countOf(first.shape.slice(axis));
  parts.forEach((p, k) => {
    for (let i = 0; i < p.data.length; i++)
      data[(Math.floor(i / inner) * parts.length + k) * inner + (i % inner)] = p.data[i]!;
  });
  return { kind: 'tensor', shape, element: first.element, data };
}
/** One position of an axis, which goes. */
function taken(x: TensorValue, axis: number, at: number): TensorValue {
  const strides = rowMajorStrides(x.shape);
  const keep = x.shape.map((_, i) => i).filter((i) => i !== axis);
  return gatherStrided(
    x,
    keep.map((i) => x.shape[i]!),
    keep.map((i) => strides[i]!),
    at * strides[axis]!,
  );
}

export const ifOp = defineOp({
  name: 'onnx.If',
  summary: 'one of two subgraphs, by a condition',
  operands: { condition: one(modelTensor) },
  results: outputs,
  regions: ['then_branch', 'else_branch'],
  traits: ['singleBlock'],
  evaluate: ({ op, condition }, context) =>
    context.runRegion(op.region(isTrue(context, condition) ? 0 : 1), []).values,
});

export const loopOp = defineOp({
  name: 'onnx.Loop',
  summary: 'a subgraph again and again, with values carried from one time to the next',
  doc: 'The body takes the number of the iteration, the condition and the carried values; it gives the condition, the carried values, and values that are collected along a new first axis.',
  operands: {
    trip_count: optional(modelTensor),
    condition: optional(modelTensor),
    initial: variadic(modelTensor),
  },
  results: outputs,
  regions: ['body'],
  traits: ['singleBlock'],
  evaluate: ({ op, trip_count, condition, initial }, context) => {
    const limit = trip_count === undefined ? Infinity : Number(tensorOf(context, trip_count).data[0]);
    let live = condition === undefined || isTrue(context, condition);
    let carried: readonly RuntimeValue[] = initial.map((v) => context.get(v));
    const collected: TensorValue[][] = op.results.slice(initial.length).map(() => []);
    for (let i = 0; i < limit && live; i++) {
      const { values } = context.runRegion(op.region(0), [scalar(BigInt(i)), truth(live), ...carried]);
      live =
        condition === undefined && trip_count !== undefined
          ? true
          : Number(asTensorValue(values[0]!).data[0]) !== 0;
      carried = values.slice(1, 1 + initial.length);
      values.slice(1 + initial.length).forEach((v, k) => collected[k]!.push(asTensorValue(v)));
    }
    return [...carried, ...collected.map((parts, k) => stacked(parts, 0, op.result(initial.length + k)))];
  },
});

export const scanOp = defineOp({
  name: 'onnx.Scan',
  summary: 'a subgraph for each position of an axis, with values carried from one to the next',
  doc: 'As of opset 9. The last inputs are taken apart along their scan axes, the last results of the body are put together.',
  operands: { inputs: variadic(modelTensor) },
  attrs: {
    num_scan_inputs: defaultAttr(int, 1),
    scan_input_axes: optionalAttr(ints),
    scan_input_directions: optionalAttr(ints),
    scan_output_axes: optionalAttr(ints),
    scan_output_directions: optionalAttr(ints),
  },
  results: outputs,
  regions: ['body'],
  traits: ['singleBlock'],
  evaluate: (v, context) => {
    const { op, inputs } = v;
    const states = inputs.length - v.num_scan_inputs;
    let carried: readonly RuntimeValue[] = inputs.slice(0, states).map((x) => context.get(x));
    const scanned = inputs.slice(states).map((x) => tensorOf(context, x));
    const axes = scanned.map((x, k) => normaliseAxis(v.scan_input_axes?.[k] ?? 0, x.shape.length));
    const length = scanned[0]?.shape[axes[0]!] ?? 0;
    const collected: TensorValue[][] = op.results.slice(states).map(() => []);
    for (let i = 0; i < length; i++) {
      const slices = scanned.map((x, k) =>
        taken(x, axes[k]!, v.scan_input_directions?.[k] === 1 ? length - 1 - i : i),
      );
      const { values } = context.runRegion(op.region(0), [...carried, ...slices]);
      carried = values.slice(0, states);
      values.slice(states).forEach((x, k) => {
        if (v.scan_output_directions?.[k] === 1) collected[k]!.unshift(asTensorValue(x));
        else collected[k]!.push(asTensorValue(x));
      });
    }
    return [
      ...carried,
      ...collected.map((parts, k) => stacked(parts, v.scan_output_axes?.[k] ?? 0, op.result(states + k))),
    ];
  },
});

export const controlFlowOps = [ifOp, loopOp, scanOp, yieldOp] as const;
/** The control-flow op for an ONNX operator. */
export const controlFlowNamed = (name: string): typeof ifOp | typeof loopOp | typeof scanOp | undefined =>
  name === 'If' ? ifOp : name === 'Loop' ? loopOp : name === 'Scan' ? scanOp : undefined;
