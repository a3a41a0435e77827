/**
 * Runs a function in which the size of a result depends on data (`nn.non_zero`, `nn.unique`, NMS): the op runs with room
 * for the most that there can be, the result is cut to what was found, and the rest runs on sizes that are known then.
 */
import type { Cancellation } from '../../base/cancellation';
import type { HostTensor } from '../../frontend/elementType';
import { elementCountOf, elementTypeInfo } from '../../frontend/elementType';
import type { Attribute, Location, Operation, ResourceStore, Type, Value } from '../../ir';
import {
  arrayAttr,
  Block,
  Builder,
  createOp,
  dictionaryAttr,
  i64Attr,
  Operation as Op,
  parsePipeline,
  Region,
  runPipeline,
  stringAttr,
  types as t,
} from '../../ir';
import { module as moduleOp } from '../../ir/dialects/builtin';
import { func, returnOp } from '../../ir/dialects/func';
import { registry } from '../../ir/dialects/index';
import { passes } from '../../lowering/passes/index';
import { elementTypeOfHost } from '../elementNames';
import { compilerMessages } from '../messages';
import type { Execute } from './execute';

/** How much an op can give, per name. */
const capacities: Readonly<Record<string, (op: Operation) => number>> = {
  'nn.non_zero': (op) => elementCountOf(shapeOf(op.operand(0))),
  'nn.unique': (op) => shapeOf(op.operand(0))[axisOf(op)]!,
  'nn.non_max_suppression': (op) => elementCountOf(shapeOf(op.operand(1))),
};
const shapeOf = (v: Value): readonly number[] => (v.type.kind === 'tensor' ? v.type.shape : []);
function axisOf(op: Operation): number {
  const axis = op.attr('axis');
  return axis?.kind === 'integer' ? Number(axis.value) : 0;
}

/** Results of a function by their names. `module` holds it as imported. */
export async function executeDynamic(
  module: Operation,
  resources: ResourceStore,
  inputs: Readonly<Record<string, HostTensor>>,
  execute: Execute,
  cancellation: Cancellation,
): Promise<Record<string, HostTensor>> {
  runPipeline(
    module,
    parsePipeline('convert-onnx-to-nn', passes).map((node) => ({ node, stage: 'graph' })),
    { registry, resources, cancellation, verifyEach: false, keepSnapshots: false },
  );
  const main = module.body().ops.find((op) => func.is(op))!;
  const results = main.body().terminator.operands;
  const names = results.map((_, i) => nameAt(main, 'res_attrs', i));
  const known = new Map<Value, HostTensor>();
  main.body().args.forEach((a, i) => known.set(a, inputs[nameAt(main, 'arg_attrs', i)]!));

  let rest = main.body().ops.slice(0, -1);
  for (;;) {
    cancellation.throwIfCancelled();
    // Re-infers types with the sizes that are known by now, up to the next op whose size is not.
    const build = new SegmentBuilder(main.location, known);
    let stop: Operation | undefined;
    const done: Operation[] = [];
    for (const op of rest) {
      const capacity = capacities[op.name]?.(op);
      if (build.add(op, undefined)) done.push(op);
      else {
        if (capacity === undefined) throw compilerMessages.error('STR0587', { op: op.name });
        build.add(op, capacities[op.name]!(build.viewOf(op)));
        stop = op;
        done.push(op);
        break;
      }
    }
    const after = rest.slice(done.length);
    const live = done.flatMap((op) =>
      op.results.filter((r) => results.includes(r) || r.users.some((u) => after.includes(u))),
    );
    const asked = stop === undefined ? live : [...new Set([...live, ...stop.results])];
    const found = await execute(build.module(asked), resources, build.inputs(), cancellation);
    asked.forEach((v, i) => known.set(v, found[`value${i}`]!));
    if (stop === undefined) break;
    cut(stop, known);
    rest = after;
  }
  return Object.fromEntries(results.map((v, i) => [names[i]!, known.get(v)!]));
}

/** Brings the results of an op that ran with its capacity to the size that was found. */
function cut(op: Operation, known: Map<Value, HostTensor>): void {
  const counted = known.get(op.results[op.results.length - 1]!)!;
  const values = new BigInt64Array(counted.bytes.slice().buffer);
  // The last result holds -1 where nothing was found; positions are rows of NMS, columns of NonZero.
  const [size, step] =
    op.name === 'nn.non_max_suppression'
      ? [counted.shape[0]!, 3]
      : [counted.shape[counted.shape.length - 1]!, 1];
  let count = 0;
  while (count < size && values[count * step]! >= 0n) count++;
  op.results.forEach((r) => {
    const axis = shapeOf(r).indexOf(t.DYNAMIC);
    if (axis >= 0) known.set(r, firstAlong(known.get(r)!, axis, count));
  });
}
function firstAlong(tensor: HostTensor, axis: number, count: number): HostTensor {
  const { shape, elementType } = tensor;
  const bytes = elementTypeInfo(elementType).bits / 8;
  const inner = elementCountOf(shape.slice(axis + 1)) * bytes;
  const rows = elementCountOf(shape.slice(0, axis));
  const out = new Uint8Array(rows * count * inner);
  for (let row = 0; row < rows; row++)
    out.set(
      tensor.bytes.subarray(row * shape[axis]! * inner, (row * shape[axis]! + count) * inner),
      row * count * inner,
    );
  return { elementType, shape: shape.map((d, i) => (i === axis ? count : d)), bytes: out };
}

/** Copies ops to a function of its own, with types inferred anew from the sizes of what is known. */
class SegmentBuilder {
  readonly #block = new Block();
  readonly #b: Builder;
  readonly #values = new Map<Value, Value>();
  readonly #arguments: HostTensor[] = [];

  constructor(
    readonly location: Location,
    readonly known: ReadonlyMap<Value, HostTensor>,
  ) {
    this.#b = Builder.atEnd(this.#block, location);
  }
  #value(v: Value): Value {
    let value = this.#values.get(v);
    if (value === undefined) {
      const tensor = this.known.get(v)!;
      value = this.#block.addArgument(
        t.tensor(tensor.shape, elementTypeOfHost(tensor.elementType)),
        this.location,
      );
      this.#arguments.push(tensor);
      this.#values.set(v, value);
    }
    return value;
  }
  /** The op with the operands that it has here. */
  viewOf(op: Operation): Operation {
    return new Op({
      name: op.name,
      definition: op.definition,
      operands: op.operands.map((v) => this.#value(v)),
      attributes: op.attributes,
      location: op.location,
    });
  }
  /** False, and nothing is added, when a size of the result is not known. */
  add(op: Operation, capacity: number | undefined): boolean {
    const operands = op.operands.map((v) => this.#value(v));
    const attributes = new Map(op.attributes);
    if (capacity !== undefined) attributes.set('capacity', i64Attr(capacity));
    const isConstant = op.definition?.traits.has('constantLike') === true;
    const resultTypes: readonly Type[] | undefined = isConstant
      ? op.results.map((r) => r.type)
      : op.definition?.infer(
          operands.map((v) => v.type),
          attributes,
        );
    if (resultTypes === undefined) throw compilerMessages.error('STR0587', { op: op.name });
    if (resultTypes.some((type) => type.kind !== 'tensor' || !t.isStatic(type.shape))) return false;
    const made = this.#b.insert(
      new Op({
        name: op.name,
        definition: op.definition,
        operands,
        resultTypes,
        attributes,
        location: op.location,
      }),
    );
    op.results.forEach((r, i) => this.#values.set(r, made.result(i)));
    return true;
  }
  inputs(): Record<string, HostTensor> {
    return Object.fromEntries(this.#arguments.map((tensor, i) => [`input${i}`, tensor]));
  }
  /** The module with `@main`, which gives `values` as `value0`, `value1`, … */
  module(values: readonly Value[]): Operation {
    const results = values.map((v) => this.#value(v));
    this.#b.op(returnOp, { values: results });
    const named = (stem: string, count: number): Attribute =>
      arrayAttr(
        Array.from({ length: count }, (_, i) => dictionaryAttr([['strata.name', stringAttr(`${stem}${i}`)]])),
      );
    const { args } = this.#block;
    const main = createOp(
      func,
      {
        sym_name: 'main',
        function_type: t.functionType(
          args.map((a) => a.type),
          results.map((r) => r.type),
        ),
        arg_attrs: named('input', args.length),
        res_attrs: named('value', results.length),
      },
      this.location,
      { regions: [new Region([this.#block])] },
    );
    const body = new Block();
    body.append(main);
    return createOp(moduleOp, {}, this.location, { regions: [new Region([body])] });
  }
}

function nameAt(entry: Operation, list: 'arg_attrs' | 'res_attrs', i: number): string {
  const attrs = entry.attr(list);
  const d = attrs?.kind === 'array' ? attrs.elements[i] : undefined;
  const name = d?.kind === 'dictionary' ? d.entries.get('strata.name') : undefined;
  return name?.kind === 'string' ? name.value : '';
}
