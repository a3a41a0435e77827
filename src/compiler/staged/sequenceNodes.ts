/** Sequences and optionals on the host: lists of tensors, which stay where they are. */
import type { NodeProto } from '../../frontend/onnx/proto/onnxProto';
import { compilerMessages } from '../messages';
import { concatenated, graphOf, stacked } from './controlNodes';
import { int64s, integersOf, intOf, intsAttribute, truths } from './hostTensors';
import type { Ref } from './ref';
import type { HostFunction, StagedRun } from './stagedRun';

const sequence = (elements: readonly Ref[]): Ref => ({ kind: 'sequence', elements });
function elementsOf(node: NodeProto, ref: Ref | undefined): readonly Ref[] {
  const held = ref?.kind === 'optional' ? ref.value : ref;
  if (held?.kind === 'sequence') return held.elements;
  throw compilerMessages.error('STR0586', {
    node: node.name,
    operator: node.opType,
    found: held?.kind ?? 'nothing',
  });
}
async function positionOf(
  run: StagedRun,
  ref: Ref | undefined,
  length: number,
  absent: number,
): Promise<number> {
  if (ref === undefined) return absent;
  const i = integersOf(await run.tensor(ref))[0]!;
  return i < 0 ? i + length : i;
}

/** Parts of one axis: sizes that are given, or `size` for each but the last. */
const splitToSequence: HostFunction = async ({ node, inputs, run }) => {
  const [x, split] = inputs;
  const { shape } = await run.tensor(x!);
  const given = intOf(node, 'axis', 0);
  const axis = given < 0 ? given + shape.length : given;
  const length = shape[axis]!;
  const sizes = split === undefined ? undefined : await run.tensor(split);
  const values = sizes === undefined ? [1] : integersOf(sizes);
  const parts =
    sizes !== undefined && sizes.shape.length === 1
      ? values
      : Array.from({ length: Math.ceil(length / values[0]!) }, (_, i) =>
          Math.min(values[0]!, length - i * values[0]!),
        );
  let start = 0;
  const elements = parts.map((size) => {
    const bounds = [start, start + size].map((n) => run.hold(int64s([n])));
    start += size;
    const part = run.emit(node, 'Slice', [x!, bounds[0]!, bounds[1]!, run.hold(int64s([axis]))]);
    if (split !== undefined || intOf(node, 'keepdims', 1) !== 0) return part;
    return (run.model.opsets.get('') ?? 0) >= 13
      ? run.emit(node, 'Squeeze', [part, run.hold(int64s([axis]))])
      : run.emit(node, 'Squeeze', [part], [intsAttribute('axes', [axis])]);
  });
  return [sequence(elements)];
};

const sequenceMap: HostFunction = async ({ node, inputs, run, scope }) => {
  const body = graphOf(node, 'body');
  const first = elementsOf(node, inputs[0]);
  const results: (readonly Ref[])[] = [];
  for (let i = 0; i < first.length; i++) {
    const given = inputs.map((ref) => (ref?.kind === 'sequence' ? ref.elements[i]! : ref!));
    results.push(await run.subgraph(body, given, scope));
  }
  return body.output.map((_, k) => sequence(results.map((r) => r[k]!)));
};

export const sequenceNodes: Readonly<Record<string, HostFunction>> = {
  SequenceConstruct: ({ inputs }) => Promise.resolve([sequence(inputs as readonly Ref[])]),
  SequenceEmpty: () => Promise.resolve([sequence([])]),
  SequenceLength: ({ node, inputs, run }) =>
    Promise.resolve([run.hold(int64s([elementsOf(node, inputs[0]).length], []))]),
  SequenceAt: async ({ node, inputs, run }) => {
    const elements = elementsOf(node, inputs[0]);
    const at = await positionOf(run, inputs[1], elements.length, 0);
    const found = elements[at];
    if (found === undefined)
      throw compilerMessages.error('STR0586', {
        node: node.name,
        operator: node.opType,
        found: `position ${at}`,
      });
    return [found];
  },
  SequenceInsert: async ({ node, inputs, run }) => {
    const elements = elementsOf(node, inputs[0]);
    const at = await positionOf(run, inputs[2], elements.length, elements.length);
    return [sequence([...elements.slice(0, at), inputs[1]!, ...elements.slice(at)])];
  },
  SequenceErase: async ({ node, inputs, run }) => {
    const elements = elementsOf(node, inputs[0]);
    const at = await positionOf(run, inputs[1], elements.length, elements.length - 1);
    return [sequence(elements.filter((_, i) => i !== at))];
  },
  SplitToSequence: splitToSequence,
  ConcatFromSequence: ({ node, inputs, run }) => {
    const elements = elementsOf(node, inputs[0]);
    const axis = intOf(node, 'axis', 0);
    const join = intOf(node, 'new_axis', 0) !== 0 ? stacked : concatenated;
    return Promise.resolve([join(run, node, elements, axis)]);
  },
  SequenceMap: sequenceMap,
  Optional: ({ inputs }) => Promise.resolve([{ kind: 'optional', value: inputs[0] }]),
  OptionalHasElement: ({ inputs, run }) => {
    const [x] = inputs;
    const holds = x !== undefined && (x.kind !== 'optional' || x.value !== undefined);
    return Promise.resolve([run.hold(truths([holds]))]);
  },
  OptionalGetElement: ({ node, inputs }) => {
    const [x] = inputs;
    const held = x?.kind === 'optional' ? x.value : x;
    if (held === undefined)
      throw compilerMessages.error('STR0586', {
        node: node.name,
        operator: node.opType,
        found: 'an empty optional',
      });
    return Promise.resolve([held]);
  },
  Identity: ({ inputs, run }) => {
    const [x] = inputs;
    return Promise.resolve(x === undefined || (x.kind === 'tensor' && !run.isText(x)) ? undefined : [x]);
  },
};
