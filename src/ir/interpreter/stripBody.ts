/** The body of a structured op over strips: each value of the body is an array with one entry per point of the strip. */
import { irMessages } from '../messages';
import type { Block, Operation, Value } from '../operation';
import { isShaped } from '../types';
import { loopOf } from './elementwise';
import type {
  ElementArray,
  ElementLoop,
  EvaluationContext,
  Frame,
  Scalar,
  Step,
  StepCompiler,
} from './runtimeValue';
import { allocate } from './storage';
import type { Strip, StripOperand, Structured } from './structured';

/** Points that are handled at a time; registers of a body stay in the first caches. */
const chunk = 512;

/** Computes points `from` to `to` of the strip. */
type Action = (from: number, to: number) => void;
interface BodyOp {
  readonly op: Operation;
  readonly action: Action;
}

export class StripBody {
  readonly #registers = new Map<Value, ElementArray>();
  readonly #args: readonly ElementArray[];
  readonly #yields: readonly ElementArray[];
  readonly #ops: readonly BodyOp[];
  /** Run once per execution: constants, and values from outside. */
  readonly #invariants: readonly (() => void)[];
  readonly #indices: readonly { readonly loop: number; readonly register: Float64Array }[];
  readonly #block: Block;
  /** Ops that read an output, directly or not. */
  readonly #dependent: ReadonlySet<Operation>;

  #frame: Frame = [];
  #context: EvaluationContext | undefined;
  #operands: readonly (StripOperand | undefined)[] = [];
  #strip: Strip = { loop: -1, extent: 1, sequential: false };
  #free: readonly Action[] = [];
  #bound: readonly Action[] = [];

  constructor(
    readonly structured: Structured,
    readonly compiler: StepCompiler,
  ) {
    const block = structured.body.blocks[0]!;
    this.#block = block;
    const invariants: (() => void)[] = [];
    const ops: BodyOp[] = [];
    const indices: { loop: number; register: Float64Array }[] = [];
    this.#args = block.args.map((a) => this.#registerOf(a, invariants));
    for (const op of block.ops) {
      if (op === block.last) break;
      if (op.name === 'linalg.index') {
        const dim = op.attr('dim');
        indices.push({
          loop: dim?.kind === 'integer' ? Number(dim.value) : 0,
          register: this.#registerOf(op.result(0), invariants) as Float64Array,
        });
      } else if (op.definition?.traits.has('constantLike') === true) this.#constant(op, invariants);
      else ops.push({ op, action: this.#action(op, invariants) });
    }
    this.#yields = block.terminator.operands.map((v) => this.#registerOf(v, invariants));
    this.#ops = ops;
    this.#indices = indices;
    this.#invariants = invariants;
    this.#dependent = dependentOps(
      block,
      structured.inputs.length,
      ops.map((o) => o.op),
    );
  }

  /** The array of a value; a scalar from outside the body is spread over it when execution begins. */
  #registerOf(value: Value, invariants: (() => void)[]): ElementArray {
    let register = this.#registers.get(value);
    if (register === undefined) {
      if (isShaped(value.type))
        throw irMessages.error('STR0124', {
          op: this.structured.op.name,
          problem: `its body computes with ${value.type.text}; scalars are needed`,
        });
      register = allocate(value.type, chunk);
      this.#registers.set(value, register);
      if (value.block !== this.#block) {
        const slot = this.compiler.slot(value);
        const outer = register as Float64Array;
        invariants.push(() => outer.fill(this.#frame[slot] as number));
      }
    }
    return register;
  }
  #constant(op: Operation, invariants: (() => void)[]): void {
    const register = this.#registerOf(op.result(0), invariants) as Float64Array;
    const step = this.compiler.step(op);
    const slot = this.compiler.slot(op.result(0));
    invariants.push(() => {
      step(this.#frame, this.#context!);
      register.fill(this.#frame[slot] as number);
    });
  }
  #action(op: Operation, invariants: (() => void)[]): Action {
    const kernel = op.definition?.scalarKernel(op);
    if (kernel === undefined) return this.#pointByPoint(op, invariants);
    const [a, b, c] = op.operands.map((v) => this.#registerOf(v, invariants) as Float64Array);
    const out = this.#registerOf(op.result(0), invariants) as Float64Array;
    const loop: ElementLoop = kernel.loop ?? loopOf(kernel, op.operands.length);
    return (from, to) => {
      loop(out, from, to, a!, b!, c!);
    };
  }
  /** An op without a scalar kernel (a gather, control flow): through the frame, one point at a time. */
  #pointByPoint(op: Operation, invariants: (() => void)[]): Action {
    const reads = new Map<Value, { readonly slot: number; readonly register: ElementArray }>();
    op.walk((o) => {
      for (const v of o.operands) {
        if (v.block === this.#block)
          reads.set(v, { slot: this.compiler.slot(v), register: this.#registerOf(v, invariants) });
      }
    });
    const inputs = [...reads.values()];
    const outputs = op.results.map((r) => ({
      slot: this.compiler.slot(r),
      register: this.#registerOf(r, invariants) as Float64Array,
    }));
    const step: Step = this.compiler.step(op);
    return (from, to) => {
      const frame = this.#frame;
      for (let k = from; k < to; k++) {
        for (const input of inputs) frame[input.slot] = input.register[k]!;
        step(frame, this.#context!);
        for (const output of outputs) output.register[k] = frame[output.slot] as number;
      }
    };
  }

  /** Makes ready for one execution of the op. `inputs` gives scalars for operands that are no arrays. */
  begin(
    frame: Frame,
    context: EvaluationContext,
    inputs: readonly Scalar[],
    operands: readonly (StripOperand | undefined)[],
    strip: Strip,
  ): void {
    this.#frame = frame;
    this.#context = context;
    this.#operands = operands;
    this.#strip = strip;
    for (const prepare of this.#invariants) prepare();
    operands.forEach((o, i) => {
      if (o === undefined) (this.#args[i] as Float64Array).fill(inputs[i] as number);
    });
    const bound = strip.sequential ? this.#ops.filter((o) => this.#dependent.has(o.op)) : [];
    this.#bound = bound.map((o) => o.action);
    this.#free = this.#ops.filter((o) => !bound.includes(o)).map((o) => o.action);
  }

  /** Handles `count` points along the strip's loop, from loop value 0. */
  run(offsets: readonly number[], count: number, loops: number[]): void {
    for (let from = 0; from < count; from += chunk)
      this.#chunk(offsets, from, Math.min(chunk, count - from), loops);
  }
  #chunk(offsets: readonly number[], from: number, count: number, loops: number[]): void {
    const { loop, sequential } = this.#strip;
    const inputs = this.structured.inputs.length;
    for (const { loop: dim, register } of this.#indices) {
      if (dim === loop) for (let k = 0; k < count; k++) register[k] = from + k;
      else register.fill(loops[dim]!, 0, count);
    }
    for (let i = 0; i < this.#operands.length; i++) this.#load(i, offsets[i]!, from, count, loops);
    for (const action of this.#free) action(0, count);
    if (!sequential) {
      for (let i = inputs; i < this.#operands.length; i++)
        this.#store(i, this.#yields[i - inputs]!, offsets[i]!, from, 0, count, loops);
      return;
    }
    for (let k = 0; k < count; k++) {
      if (k > 0 || from > 0)
        for (let i = inputs; i < this.#operands.length; i++) this.#reload(i, offsets[i]!, from + k, k, loops);
      for (const action of this.#bound) action(k, k + 1);
      for (let i = inputs; i < this.#operands.length; i++)
        this.#store(i, this.#yields[i - inputs]!, offsets[i]!, from + k, k, k + 1, loops);
    }
  }
  /** Position of loop value `at` in operand `i`. */
  #position(i: number, offset: number, at: number, loops: number[]): number {
    const { strides, locate } = this.#operands[i]!;
    if (strides !== undefined) return offset + at * (strides[this.#strip.loop] ?? 0);
    if (this.#strip.loop >= 0) loops[this.#strip.loop] = at;
    return locate(loops);
  }
  #load(i: number, offset: number, from: number, count: number, loops: number[]): void {
    const operand = this.#operands[i];
    if (operand === undefined) return;
    const register = this.#args[i]!;
    if (operand.strides === undefined) {
      for (let k = 0; k < count; k++) this.#reload(i, offset, from + k, k, loops);
      return;
    }
    const step = operand.strides[this.#strip.loop] ?? 0;
    const at = offset + from * step;
    if (step === 0) (register as Float64Array).fill(operand.data[at] as number, 0, count);
    else if (operand.data instanceof Float32Array)
      gather32(register as Float32Array, operand.data, at, step, count);
    else gather(register, operand.data, at, step, count);
  }
  #reload(i: number, offset: number, at: number, k: number, loops: number[]): void {
    (this.#args[i] as Float64Array)[k] = this.#operands[i]!.data[
      this.#position(i, offset, at, loops)
    ] as number;
  }
  /** Writes entries `k` to `end` of a register to loop values from `from` on. */
  #store(
    i: number,
    register: ElementArray,
    offset: number,
    from: number,
    k: number,
    end: number,
    loops: number[],
  ): void {
    const operand = this.#operands[i]!;
    if (operand.strides === undefined) {
      for (let n = 0; k + n < end; n++)
        (operand.data as Float64Array)[this.#position(i, offset, from + n, loops)] = register[
          k + n
        ] as number;
      return;
    }
    const step = operand.strides[this.#strip.loop] ?? 0;
    const at = offset + from * step;
    if (operand.data instanceof Float32Array)
      scatter32(operand.data, at, step, register as Float32Array, k, end);
    else scatter(operand.data, at, step, register, k, end);
  }
}

function dependentOps(block: Block, inputs: number, ops: readonly Operation[]): ReadonlySet<Operation> {
  const values = new Set<Value>(block.args.slice(inputs));
  const found = new Set<Operation>();
  for (const op of ops) {
    let reads = false;
    op.walk((o) => {
      reads ||= o.operands.some((v) => values.has(v));
    });
    if (!reads) continue;
    found.add(op);
    for (const r of op.results) values.add(r);
  }
  return found;
}

// The loops on f32 stand apart: each sees one class of array, which is what makes it fast.
function gather32(to: Float32Array, from: Float32Array, at: number, step: number, count: number): void {
  if (step === 1) for (let k = 0; k < count; k++) to[k] = from[at + k]!;
  else for (let k = 0; k < count; k++, at += step) to[k] = from[at]!;
}
function gather(to: ElementArray, from: ElementArray, at: number, step: number, count: number): void {
  const [target, source] = [to as Float64Array, from as Float64Array];
  for (let k = 0; k < count; k++, at += step) target[k] = source[at]!;
}
function scatter32(
  to: Float32Array,
  at: number,
  step: number,
  from: Float32Array,
  k: number,
  end: number,
): void {
  for (; k < end; k++, at += step) to[at] = from[k]!;
}
function scatter(
  to: ElementArray,
  at: number,
  step: number,
  from: ElementArray,
  k: number,
  end: number,
): void {
  const [target, source] = [to as Float64Array, from as Float64Array];
  for (; k < end; k++, at += step) target[at] = source[k]!;
}
