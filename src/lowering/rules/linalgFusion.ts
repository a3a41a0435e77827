/**
 * Fusion of elementwise producers into the ops that read them: composition of index maps. The rule says yes, no with a
 * reason, or that there is nothing to decide; `fuse-elementwise` applies it and keeps the reasons.
 */
import type { Operation, Rule, Value } from '../../ir';
import { dimsOf, types } from '../../ir';
import { generic } from '../../ir/dialects/linalg';
import { pad } from '../../ir/dialects/tensor';
import type { MappedOperand } from './linalgGeneric';
import {
  buildElementwise,
  buildGeneric,
  elementTypeOf,
  Generic,
  inlineBody,
  invertPermutation,
  loopsAreKnown,
  shapeOf,
  visitsPerElement,
} from './linalgGeneric';
import { paddingOf } from './tensor';
import { padTensor } from './tensorBuild';

export type FusionVerdict =
  | {
      readonly kind: 'fuse';
      readonly consumer: Generic;
      readonly input: MappedOperand;
      readonly producer: Generic;
    }
  | {
      readonly kind: 'refuse';
      readonly reason: string;
      /** Nothing is lost: the producer follows the reduction that it reads into a kernel. */
      readonly expected: boolean;
    };

/** Whether the producer of input `index` of `op` goes into it; undefined when it is not an elementwise op. */
export function fusionVerdict(op: Operation, index: number): FusionVerdict | undefined {
  const consumer = Generic.of(op);
  const input = consumer?.inputs[index];
  if (consumer === undefined || input === undefined) return undefined;
  const producer = Generic.defining(input.value);
  if (producer === undefined || producer.op.block !== op.block || !producer.isElementwise) return undefined;
  const expected = endsKernel(producer);
  const refuse = (reason: string): FusionVerdict => ({ kind: 'refuse', reason, expected });

  if (!producer.isCopy && !onlyWidens(producer) && onlyWidens(consumer))
    return refuse(`what reads ${describe(consumer)} takes it in and reads the narrow elements`);
  if (producer.bodyOps.some((o) => o.name === 'linalg.index'))
    return refuse('the producer computes with positions');
  if (producer.bodyOps.length > 0 && !onlyWidens(producer)) {
    const { users } = input.value;
    if (users.length > 1)
      return refuse(
        `${users.length} ops read the result of ${describe(producer)}; each would compute it again`,
      );
    if (!consumer.isParallel && expected)
      return refuse(`${describe(producer)} ends the kernel that computes its input`);
    const extents = consumer.extents;
    const visits = extents === undefined ? Infinity : visitsPerElement(input.map, extents);
    if (visits > 1) return refuse(`each element of ${describe(producer)} would be computed ${visits} times`);
    if (!consumer.isParallel && !input.map.isProjectedPermutation)
      return refuse(`${describe(producer)} is read through a sliding window`);
  }
  // A copy that is read only once costs more than it saves.
  const reads = consumer.extents === undefined ? Infinity : visitsPerElement(input.map, consumer.extents);
  if (!consumer.isParallel && reads > 2 && breaksRows(consumer, input, producer)) {
    return refuse(`${describe(producer)} makes the rows that the loops read contiguous`);
  }
  const remaining = [
    ...consumer.operands.filter((o) => o !== input).map((o) => o.map),
    ...composed(input, producer).map((o) => o.map),
  ];
  if (!loopsAreKnown(remaining, consumer.loops.length))
    return refuse('no other operand says how far a loop runs');
  return { kind: 'fuse', consumer, input, producer };
}

const widening = new Set([
  'arith.extsi',
  'arith.extui',
  'arith.subi',
  'builtin.unrealized_conversion_cast',
  'arith.constant',
]);
/** Integers made wider (and centred) as they are read: less work than to write and read four times the bytes. */
function onlyWidens(g: Generic): boolean {
  if (!g.isElementwise) return false;
  const [source, second] = g.inputs.filter((i) => i.argument.hasUses);
  if (source === undefined || second !== undefined || g.bodyOps.some((o) => !widening.has(o.name)))
    return false;
  const bytes = (v: Value): number => types.storageBytes(elementTypeOf(v));
  return bytes(source.value) < bytes(g.op.result()) && g.bodyOps.some((o) => o.name.startsWith('arith.ext'));
}

/**
 * Whether the reduction's innermost result loop walks rows of the producer's result that are not rows of its input:
 * vectors would be gathered element by element, each time they are read.
 */
function breaksRows(consumer: Generic, input: MappedOperand, producer: Generic): boolean {
  const [row, out] = [input.map.results.at(-1), consumer.outputs[0]!.map.results.at(-1)];
  if (row?.kind !== 'dim' || out?.kind !== 'dim' || row.index !== out.index) return false;
  return composed(input, producer).some((o) => {
    const last = o.map.results.at(-1);
    const reads = o.map.results.some((r) => dimsOf(r).includes(row.index));
    return reads && !(last?.kind === 'dim' && last.index === row.index);
  });
}

/** `add, maximumf`: what an elementwise op computes. */
function describe(g: Generic): string {
  const names = g.bodyOps
    .filter((o) => o.definition?.traits.has('constantLike') !== true)
    .map((o) => o.name.slice(o.dialect.length + 1));
  return names.length === 0
    ? 'the copy'
    : `'${names.slice(0, 4).join(', ')}${names.length > 4 ? ', …' : ''}'`;
}

/** Whether an input comes from a reduction that nothing else reads, so that this op can follow it in its kernel. */
function endsKernel(g: Generic): boolean {
  return g.inputs.some((i) => {
    const source = Generic.defining(i.value);
    return source !== undefined && !source.isParallel && i.value.users.length === 1 && i.map.isPermutation;
  });
}

/** The producer's inputs with maps from the consumer's loops. */
function composed(
  input: MappedOperand,
  producer: Generic,
): readonly { readonly value: Value; readonly map: MappedOperand['map'] }[] {
  const toProducer = invertPermutation(producer.outputs[0]!.map).compose(input.map);
  return producer.inputs.map((i) => ({ value: i.value, map: i.map.compose(toProducer) }));
}

export const fuseProducer: Rule = {
  name: 'fuse-producer',
  doc: 'generic(…, elementwise(xs), …) → generic(…, xs, …) when nothing is computed twice',
  roots: [generic],
  match: (op) => {
    const count = Generic.of(op)?.inputs.length ?? 0;
    for (let i = 0; i < count; i++) {
      const verdict = fusionVerdict(op, i);
      if (verdict?.kind !== 'fuse') continue;
      const { consumer, input, producer } = verdict;
      const inner = composed(input, producer);
      return {
        sources: [producer.op],
        build: (b) =>
          buildGeneric(b, {
            inputs: [...consumer.inputs.slice(0, i), ...inner, ...consumer.inputs.slice(i + 1)],
            outputs: consumer.outputs,
            loops: consumer.loops,
            extra: consumer.extra,
            body: (inside, args, outs) => {
              // The producer does not read the old value of its output, so any argument stands for it.
              const given = args.slice(i, i + inner.length);
              const [value] = inlineBody(inside, producer.body, [...given, ...given.slice(0, 1)]);
              return inlineBody(inside, consumer.body, [
                ...args.slice(0, i),
                value!,
                ...args.slice(i + inner.length),
                ...outs,
              ]);
            },
          }),
      };
    }
    return undefined;
  },
};

export const padBeforeTranspose: Rule = {
  name: 'pad-before-transpose',
  doc: 'pad(transpose(x)) → transpose(pad(x)), so that what reads the padding can read through the transpose',
  roots: [pad],
  match: (op) => {
    const padding = paddingOf(op);
    const copy = padding === undefined ? undefined : Generic.defining(padding.source);
    if (padding === undefined || copy?.isCopy !== true || padding.source.users.length > 1) return undefined;
    const from = copy.inputs.find((i) => i.argument === copy.yielded[0])!;
    if (copy.inputs.length > 1 || !from.map.isPermutation) return undefined;
    // From axes of the transposed tensor to those of its source.
    const map = from.map.compose(invertPermutation(copy.outputs[0]!.map));
    const axes = map.results.map((r) => (r.kind === 'dim' ? r.index : 0));
    return {
      sources: [copy.op],
      build: (b) => {
        const moved = (list: readonly number[]): number[] => axes.map((a) => list[a]!);
        const padded = padTensor(
          b,
          from.value,
          moved(padding.low),
          moved(padding.high),
          () => padding.scalar,
        );
        return [
          buildElementwise(
            b,
            [{ value: padded, map }],
            shapeOf(op.result()),
            elementTypeOf(op.result()),
            (_, [x]) => x!,
          ),
        ];
      },
    };
  },
};
