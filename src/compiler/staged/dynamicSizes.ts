/**
 * Runs a function in which the size of a result depends on data (`nn.non_zero`, `nn.unique`, NMS): the op runs with room
 * for the most that there can be, the result is cut to what was found, and the rest runs on sizes that are known then.
 */
import type { Cancellation } from '../../base/cancellation';
import type { HostTensor } from '../../frontend/elementType';
import { elementCountOf, elementTypeInfo } from '../../frontend/elementType';
import type { Attribute, Location, Operation, Type, Value } from '../../ir';
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
  ResourceStore,
  runPipeline,
  stringAttr,
  types as t,
} from '../../ir';
import { module as moduleOp } from '../../ir/dialects/builtin';
import { func, returnOp } from '../../ir/dialects/func';
import { registry } from '../../ir/dialects/index';
import { nonMaxSuppression } from '../../ir/dialects/nn/indexing';
import { passes } from '../../lowering/passes/index';
import { elementTypeOfHost } from '../elementNames';
import { compilerMessages } from '../messages';
import { digestOf, shapeKey } from './modelNumbers';
import type { Execute, StageFunction } from './stageFunction';

/** How much an op can give, per name. */
const capacities: Readonly<Record<string, (op: Operation) => number>> = {
  'nn.non_zero': (op) => elementCountOf(shapeOf(op.operand(0))),
  'nn.unique': (op) => shapeOf(op.operand(0))[axisOf(op)]!,
  'nn.non_max_suppression': (op) => {
    const { scores, max_output: most } = nonMaxSuppression.view(op);
    const [images = 0, classes = 0, boxes = 0] = shapeOf(scores);
    const perClass = most === undefined ? 0 : (constantOf(most) ?? boxes);
    return Math.max(1, images * classes * Math.min(boxes, perClass));
  },
};
/** The only element of a constant tensor of integers. */
function constantOf(v: Value): number | undefined {
  const value = v.definingOp?.attr('value');
  if (value?.kind !== 'dense' || value.bytes.length !== 8) return undefined;
  return Math.max(0, Number(new DataView(value.bytes.buffer, value.bytes.byteOffset).getBigInt64(0, true)));
}
const shapeOf = (v: Value): readonly number[] => (v.type.kind === 'tensor' ? v.type.shape : []);
function axisOf(op: Operation): number {
  const axis = op.attr('axis');
  return axis?.kind === 'integer' ? Number(axis.value) : 0;
}

/** Part of a function up to the first size that depends on data. */
interface Part {
  readonly stage: StageFunction;
  /** What it is given, as `input0`, `input1`, … */
  readonly inputs: readonly Value[];
  /** What it gives, as `value0`, `value1`, … */
  readonly outputs: readonly Value[];
  /** The op whose results are cut; undefined for the last part. */
  readonly stop: Operation | undefined;
  /** Where the next part begins. */
  readonly end: number;
}

/** A function whose results have sizes that depend on data. */
export class DynamicFunction {
  readonly #main: Operation;
  readonly #ops: readonly Operation[];
  readonly #results: readonly Value[];
  /** By position of the first op and the sizes of what it may read. */
  readonly #parts = new Map<string, Part>();

  /** Takes over `module`, which holds it as imported. */
  constructor(
    readonly key: string,
    module: Operation,
    readonly resources: ResourceStore,
    cancellation: Cancellation,
  ) {
    runPipeline(
      module,
      parsePipeline('convert-onnx-to-nn', passes).map((node) => ({ node, stage: 'graph' })),
      { registry, resources, cancellation, verifyEach: false, keepSnapshots: false },
    );
    this.#main = module.body().ops.find((op) => func.is(op))!;
    this.#ops = this.#main.body().ops.slice(0, -1);
    this.#results = this.#main.body().terminator.operands;
  }

  /** Results by their names. */
  async run(
    inputs: Readonly<Record<string, HostTensor>>,
    execute: Execute,
    cancellation: Cancellation,
  ): Promise<Record<string, HostTensor>> {
    const known = new Map<Value, HostTensor>();
    this.#main.body().args.forEach((a, i) => known.set(a, inputs[nameAt(this.#main, 'arg_attrs', i)]!));
    let part: Part | undefined;
    do {
      cancellation.throwIfCancelled();
      part = this.#part(part?.end ?? 0, known);
      const given = Object.fromEntries(part.inputs.map((v, i) => [`input${i}`, known.get(v)!]));
      const found = await execute(part.stage, given, cancellation);
      part.outputs.forEach((v, i) => known.set(v, found[`value${i}`]!));
      if (part.stop !== undefined) cut(part.stop, known);
    } while (part.end < this.#ops.length);
    return Object.fromEntries(
      this.#results.map((v, i) => [nameAt(this.#main, 'res_attrs', i), known.get(v)!]),
    );
  }

  #part(start: number, known: ReadonlyMap<Value, HostTensor>): Part {
    const key = `${start}:${[...known.values()].map(shapeKey).join(' ')}`;
    let part = this.#parts.get(key);
    if (part === undefined) {
      // Only sizes are kept: tensors of this run are not those of the next.
      const sizes = new Map([...known].map(([v, { elementType, shape }]) => [v, { elementType, shape }]));
      part = this.#newPart(start, sizes, digestOf(this.key, key));
      this.#parts.set(key, part);
    }
    return part;
  }
  /** Re-infers types with the sizes that are known by now, up to the next op whose size is not. */
  #newPart(start: number, known: Sizes, key: string): Part {
    const rest = this.#ops.slice(start);
    const build = new PartBuilder(this.#main.location, known);
    let stop: Operation | undefined;
    const done: Operation[] = [];
    for (const op of rest) {
      done.push(op);
      if (build.add(op, undefined)) continue;
      const capacity = capacities[op.name];
      if (capacity === undefined) throw compilerMessages.error('STR0587', { op: op.name });
      build.add(op, capacity(build.viewOf(op)));
      stop = op;
      break;
    }
    const after = new Set(rest.slice(done.length));
    const live = done.flatMap((op) =>
      op.results.filter((r) => this.#results.includes(r) || r.users.some((u) => after.has(u))),
    );
    const outputs = stop === undefined ? live : [...new Set([...live, ...stop.results])];
    const module = build.module(outputs);
    const { resources } = this;
    return {
      stage: {
        key,
        outputs: outputs.map((_, i) => `value${i}`),
        make: () => ({ module: module.clone(), resources: copyOf(resources) }),
      },
      inputs: build.inputs,
      outputs,
      stop,
      end: start + done.length,
    };
  }
}

/** Passes add what they compute, each run to its own. */
function copyOf(resources: ResourceStore): ResourceStore {
  const copy = new ResourceStore();
  for (const [key, blob] of resources.entries) copy.set(key, blob);
  return copy;
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

type Sizes = ReadonlyMap<Value, Pick<HostTensor, 'elementType' | 'shape'>>;

/** Copies ops to a function of its own, with types inferred anew from the sizes of what is known. */
class PartBuilder {
  readonly #block = new Block();
  readonly #b: Builder;
  readonly #values = new Map<Value, Value>();
  /** What the function is given, in order. */
  readonly inputs: Value[] = [];

  constructor(
    readonly location: Location,
    readonly known: Sizes,
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
      this.inputs.push(v);
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
      resultTypes: op.results.map((r) => r.type),
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
