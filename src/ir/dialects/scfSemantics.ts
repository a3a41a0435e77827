/** What `scf` ops do to run-time values; the loops of the interpreter. */
import { irMessages } from '../messages';
import type {
  EvaluationContext,
  Frame,
  RuntimeValue,
  Scalar,
  Step,
  StepCompiler,
  TensorValue,
} from '../interpreter/runtimeValue';
import { forEachIndex, getElement, rowMajorStrides, setElement } from '../interpreter/tensor';
import type { Operation, Value } from '../operation';
import type { MixedIndex } from './mixedIndices';
import { evaluateMixed, sliceOf } from './mixedIndices';

type Values = readonly RuntimeValue[];

function checkStep(op: Operation, step: Scalar): void {
  if (!(step > 0))
    throw irMessages.error('STR0124', { op: op.name, problem: `its step is ${step}, it must be positive` });
}

/** Moves values between slots as if all were read before any is written. */
function mover(from: readonly number[], to: readonly number[]): (frame: Frame) => void {
  const [a] = from;
  const [b] = to;
  if (from.length === 0) return () => undefined;
  if (from.length === 1) {
    return (frame) => {
      frame[b!] = frame[a!]!;
    };
  }
  const held = new Array<RuntimeValue>(from.length);
  return (frame) => {
    for (let i = 0; i < from.length; i++) held[i] = frame[from[i]!]!;
    for (let i = 0; i < to.length; i++) frame[to[i]!] = held[i]!;
  };
}

export function compileFor(
  view: {
    readonly op: Operation;
    readonly lowerBound: Value;
    readonly upperBound: Value;
    readonly step: Value;
    readonly initArgs: readonly Value[];
    readonly finals: readonly Value[];
    readonly unsignedCmp: boolean;
  },
  compiler: StepCompiler,
): Step {
  const body = compiler.region(view.op.region());
  const [induction, ...args] = body.args;
  const [lower, upper, step] = [view.lowerBound, view.upperBound, view.step].map((v) => compiler.slot(v));
  const begin = mover(
    view.initArgs.map((v) => compiler.slot(v)),
    args,
  );
  const next = mover(body.yields, args);
  const end = mover(
    args,
    view.finals.map((v) => compiler.slot(v)),
  );
  const width = view.lowerBound.type.kind === 'integer' ? view.lowerBound.type.width : 64;
  const order = (v: Scalar): Scalar =>
    !view.unsignedCmp ? v : typeof v === 'bigint' ? BigInt.asUintN(width, v) : v < 0 ? v + 2 ** width : v;
  return (frame, context) => {
    const to = order(frame[upper!] as Scalar);
    const by = frame[step!] as Scalar;
    checkStep(view.op, by);
    begin(frame);
    for (
      let i = frame[lower!] as Scalar;
      order(i) < to;
      i = typeof i === 'bigint' ? i + (by as bigint) : i + (by as number)
    ) {
      frame[induction!] = i;
      body.run(frame, context);
      next(frame);
    }
    end(frame);
  };
}

export function evaluateIf(
  view: { readonly op: Operation; readonly condition: Value },
  context: EvaluationContext,
): Values {
  const region = view.op.region(Number(context.get(view.condition)) !== 0 ? 0 : 1);
  return region.blocks.length === 0 ? [] : context.runRegion(region, []).values;
}

export function evaluateWhile(
  view: { readonly op: Operation; readonly inits: readonly Value[] },
  context: EvaluationContext,
): Values {
  let carried: Values = view.inits.map((v) => context.get(v));
  for (;;) {
    const [goOn, ...forwarded] = context.runRegion(view.op.region(0), carried).values;
    if (Number(goOn) === 0) return forwarded;
    carried = context.runRegion(view.op.region(1), forwarded).values;
  }
}

/** Calls `visit` with each point of the range, last dimension fastest. The array is reused. */
function overRange(
  op: Operation,
  lower: readonly number[],
  upper: readonly number[],
  step: readonly number[],
  visit: (point: readonly number[]) => void,
): void {
  for (const s of step) checkStep(op, s);
  const counts = upper.map((u, d) => Math.max(0, Math.ceil((u - lower[d]!) / step[d]!)));
  const point = [...lower];
  forEachIndex(counts, (index) => {
    for (let d = 0; d < point.length; d++) point[d] = lower[d]! + index[d]! * step[d]!;
    visit(point);
  });
}

export function compileForall(
  view: { readonly op: Operation; readonly outputs: readonly Value[]; readonly results: readonly Value[] },
  range: {
    readonly lower: readonly MixedIndex[];
    readonly upper: readonly MixedIndex[];
    readonly step: readonly MixedIndex[];
  },
  compiler: StepCompiler,
): Step {
  const block = view.op.region().blocks[0]!;
  const body = compiler.region(view.op.region());
  const rank = range.upper.length;
  const inserts = body.terminator.regions[0]?.blocks[0]?.ops ?? [];
  const targets = inserts.map((op) => {
    const target = block.args.slice(rank).findIndex((a) => a === op.operand(1));
    if (op.name !== 'tensor.parallel_insert_slice' || target < 0) {
      throw irMessages.error('STR0124', {
        op: view.op.name,
        problem: `${op.name} in scf.forall.in_parallel does not write one of its outputs`,
      });
    }
    return target;
  });
  const results = view.results.map((v) => compiler.slot(v));
  return (frame, context) => {
    const outs = view.outputs.map((v): TensorValue => {
      const t = context.get(v) as TensorValue;
      return { ...t, data: t.data.slice() };
    });
    const [lower, upper, step] = [range.lower, range.upper, range.step].map((r) => evaluateMixed(r, context));
    outs.forEach((t, i) => (frame[body.args[rank + i]!] = t));
    overRange(view.op, lower!, upper!, step!, (point) => {
      for (let d = 0; d < rank; d++) frame[body.args[d]!] = point[d]!;
      body.run(frame, context);
      inserts.forEach((op, i) => {
        writeSlice(op, outs[targets[i]!]!, context.get(op.operand(0)) as TensorValue, context);
      });
    });
    results.forEach((slot, i) => (frame[slot] = outs[i]!));
  };
}

/** Writes `source` into the slice of `target` that the op names. */
function writeSlice(
  op: Operation,
  target: TensorValue,
  source: TensorValue,
  context: EvaluationContext,
): void {
  const slice = sliceOf(op, 2);
  const [offsets, sizes, strides] = [slice.offsets, slice.sizes, slice.strides].map((l) =>
    evaluateMixed(l, context),
  );
  const steps = rowMajorStrides(target.shape);
  forEachIndex(sizes!, (index, position) => {
    let at = 0;
    for (let d = 0; d < index.length; d++) at += (offsets![d]! + index[d]! * strides![d]!) * steps[d]!;
    setElement(target.data, at, getElement(source.data, position));
  });
}

export function evaluateParallel(
  view: {
    readonly op: Operation;
    readonly lowerBound: readonly Value[];
    readonly upperBound: readonly Value[];
    readonly step: readonly Value[];
    readonly initVals: readonly Value[];
  },
  context: EvaluationContext,
): Values {
  const numbers = (values: readonly Value[]): number[] => values.map((v) => Number(context.get(v)));
  const results = view.initVals.map((v) => context.get(v));
  overRange(view.op, numbers(view.lowerBound), numbers(view.upperBound), numbers(view.step), (point) => {
    const { values, terminator } = context.runRegion(view.op.region(), point);
    values.forEach((value, i) => {
      results[i] = context.runRegion(terminator.region(i), [results[i]!, value]).values[0]!;
    });
  });
  return results;
}

export const evaluateExecuteRegion = (view: { readonly op: Operation }, context: EvaluationContext): Values =>
  context.runRegion(view.op.region(), []).values;
