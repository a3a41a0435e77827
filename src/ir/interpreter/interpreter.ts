/**
 * Runs IR of any stage on real tensors: the meaning that passes, targets and tests are compared with. Blocks are
 * resolved once into arrays of steps over slots; what an op does is in its declaration.
 */
import type { Cancellation } from '../../base/cancellation';
import { neverCancelled } from '../../base/cancellation';
import { irMessages } from '../messages';
import type { Block, Operation, Region, Value } from '../operation';
import type {
  Branch,
  EvaluationContext,
  Frame,
  RegionCode,
  RuntimeValue,
  Step,
  StepCompiler,
} from './runtimeValue';
import { liftKernel } from './elementwise';
import { elementsOfAttribute, makeMemRef } from './tensor';

/**
 * Keeps results of ops for later runs, also of other modules, in which the same op gets the same operands. Asked about
 * ops right in functions that take and give tensors and scalars.
 */
export interface ResultMemo {
  /** The results, from what was kept or from `compute`. `captured` are the values that the op reads, operands first. */
  results(
    op: Operation,
    captured: readonly RuntimeValue[],
    compute: () => readonly RuntimeValue[],
  ): readonly RuntimeValue[];
}

export interface InterpreterOptions {
  /** Where `dense_resource` blobs come from. */
  readonly resources?: { get(key: string): Uint8Array };
  readonly cancellation?: Cancellation;
  /** Sees each op that has results after it ran (not those inside structured ops, which run in strips). */
  readonly onOp?: (op: Operation, results: readonly RuntimeValue[]) => void;
  /** Which ops `onOp` sees; all when left out. */
  readonly watches?: (op: Operation) => boolean;
  /** Sees each call of a function from another one, before and after it; buffers hold what they hold then. */
  readonly onCall?: (symbol: string, args: readonly RuntimeValue[], when: 'before' | 'after') => void;
  readonly memo?: ResultMemo;
}

interface BlockCode {
  readonly args: readonly number[];
  readonly steps: readonly Step[];
  readonly terminator: Operation;
  readonly yields: readonly number[];
  readonly branch: ((context: EvaluationContext) => Branch) | undefined;
}
interface FunctionCode {
  readonly op: Operation;
  readonly slots: ReadonlyMap<Value, number>;
}

/** Blocks run between two looks at the cancellation flag. */
const pollInterval = 4096;

export class Interpreter {
  readonly #symbols = new Map<string, Operation>();
  readonly #functions = new Map<string, FunctionCode>();
  readonly #globals = new Map<string, RuntimeValue>();
  readonly #options: InterpreterOptions;
  readonly #cancellation: Cancellation;
  #untilPoll = pollInterval;

  /** `module` must not change while the interpreter is in use. */
  constructor(
    readonly module: Operation,
    options: InterpreterOptions = {},
  ) {
    this.#options = options;
    this.#cancellation = options.cancellation ?? neverCancelled;
    for (const op of module.regions[0]?.blocks[0]?.ops ?? []) {
      const name = op.attr('sym_name');
      if (name?.kind === 'string') this.#symbols.set(name.value, op);
    }
  }

  /** Runs a function of the module. */
  call(symbol: string, args: readonly RuntimeValue[]): readonly RuntimeValue[] {
    const code = this.#function(symbol);
    const entry = code.op.region().blocks[0];
    if (entry === undefined) throw irMessages.error('STR0126', { name: symbol });
    if (entry.args.length !== args.length) {
      throw irMessages.error('STR0127', { name: symbol, expected: entry.args.length, found: args.length });
    }
    const frame = new Array<RuntimeValue>(code.slots.size).fill(0);
    return new CallContext(this, this.#options, code, frame).runRegion(code.op.region(), args).values;
  }
  resource(key: string): Uint8Array {
    const bytes = this.#options.resources?.get(key);
    if (bytes === undefined) throw irMessages.error('STR0123', { name: key });
    return bytes;
  }
  /** The buffer of a `memref.global`, made on first use and kept. */
  global(symbol: string): RuntimeValue {
    let value = this.#globals.get(symbol);
    if (value !== undefined) return value;
    const op = this.#symbols.get(symbol);
    const type = op?.attr('type');
    if (op === undefined || type?.kind !== 'type' || type.type.kind !== 'memref')
      throw irMessages.error('STR0128', { name: symbol });
    const initial = op.attr('initial_value');
    const data =
      initial === undefined ? undefined : elementsOfAttribute(initial, (key) => this.resource(key));
    // A global may be written to; a blob is shared with whoever gave it.
    value = makeMemRef(
      type.type.shape,
      type.type.element,
      op.attr('constant') === undefined && data !== undefined ? data.slice() : data,
    );
    this.#globals.set(symbol, value);
    return value;
  }
  poll(): void {
    if (--this.#untilPoll > 0) return;
    this.#untilPoll = pollInterval;
    this.#cancellation.throwIfCancelled();
  }

  readonly #blocks = new Map<Block, BlockCode>();
  /** The block's code for frames of `code`; made on first use. */
  blockCode(block: Block, code: FunctionCode): BlockCode {
    let known = this.#blocks.get(block);
    if (known === undefined) {
      known = new BlockCompiler(this, this.#options, code).block(block);
      this.#blocks.set(block, known);
    }
    return known;
  }

  #function(symbol: string): FunctionCode {
    let code = this.#functions.get(symbol);
    if (code === undefined) {
      const op = this.#symbols.get(symbol);
      if (op === undefined || op.regions.length === 0) {
        const known = [...this.#symbols].filter(([, o]) => o.regions.length > 0).map(([n]) => `@${n}`);
        throw irMessages.error('STR0125', { name: symbol, known: known.join(', ') || 'none' });
      }
      code = { op, slots: slotsOf(op) };
      this.#functions.set(symbol, code);
    }
    return code;
  }
}

/** A slot for each value below `op`. */
function slotsOf(op: Operation): ReadonlyMap<Value, number> {
  const slots = new Map<Value, number>();
  op.walk((o) => {
    if (o !== op) for (const r of o.results) slots.set(r, slots.size);
    for (const region of o.regions)
      for (const block of region.blocks) for (const arg of block.args) slots.set(arg, slots.size);
  });
  return slots;
}

class BlockCompiler implements StepCompiler {
  constructor(
    readonly interpreter: Interpreter,
    readonly options: InterpreterOptions,
    readonly code: FunctionCode,
  ) {}

  slot(value: Value): number {
    const slot = this.code.slots.get(value);
    if (slot === undefined) {
      throw irMessages.error('STR0124', {
        op: value.definingOp?.name ?? 'a block argument',
        problem: `its value is not visible in @${this.code.op.attr('sym_name')?.text ?? ''}`,
      });
    }
    return slot;
  }
  block(block: Block): BlockCode {
    const { terminator } = block;
    const steps: Step[] = [];
    for (let op = block.first; op !== undefined && op !== terminator; op = op.next) steps.push(this.step(op));
    // A block without a terminator (graph regions) ends in an op that does something.
    const ends = terminator.definition === undefined || terminator.definition.traits.has('terminator');
    if (!ends) steps.push(this.step(terminator));
    return {
      args: block.args.map((a) => this.slot(a)),
      steps,
      terminator,
      yields: ends ? terminator.operands.map((v) => this.slot(v)) : [],
      branch: terminator.definition?.brancher(terminator),
    };
  }
  region(region: Region): RegionCode {
    const [block] = region.blocks;
    if (block === undefined || region.blocks.length > 1) throw new Error('a region of one block is needed');
    const { interpreter, code } = this;
    const resolved = interpreter.blockCode(block, code);
    const { steps } = resolved;
    return {
      args: resolved.args,
      terminator: resolved.terminator,
      yields: resolved.yields,
      run: (frame, context) => {
        interpreter.poll();
        for (let i = 0; i < steps.length; i++) steps[i]!(frame, context);
      },
    };
  }
  step(op: Operation): Step {
    const step = this.#remembered(op, this.#step(op));
    const { onOp, watches } = this.options;
    if (onOp === undefined || op.results.length === 0 || watches?.(op) === false) return step;
    const results = op.results.map((r) => this.slot(r));
    return (frame, context) => {
      step(frame, context);
      onOp(
        op,
        results.map((s) => frame[s]!),
      );
    };
  }
  #remembered(op: Operation, step: Step): Step {
    const { memo } = this.options;
    if (memo === undefined || op.results.length === 0 || op.parentOp !== this.code.op) return step;
    const reads = valuesRead(op);
    if ([...reads, ...op.results].some((v) => v.type.kind === 'memref')) return step;
    const from = reads.map((v) => this.slot(v));
    const to = op.results.map((r) => this.slot(r));
    return (frame, context) => {
      const results = memo.results(
        op,
        from.map((s) => frame[s]!),
        () => {
          step(frame, context);
          return to.map((s) => frame[s]!);
        },
      );
      to.forEach((s, i) => {
        frame[s] = results[i]!;
      });
    };
  }
  #step(op: Operation): Step {
    const { definition } = op;
    const scalar = definition?.scalarKernel(op);
    if (scalar !== undefined) return liftKernel(op, scalar, this);
    const compiled = definition?.compileStep(op, this);
    if (compiled !== undefined) return compiled;
    const evaluate = definition?.evaluator(op);
    // Found out only when reached, so that a module may hold ops that are never run.
    if (evaluate === undefined) return () => fail(op);
    const results = op.results.map((r) => this.slot(r));
    const [only] = results;
    if (results.length === 1) {
      return (frame, context) => {
        frame[only!] = evaluate(context)[0]!;
      };
    }
    return (frame, context) => {
      const values = evaluate(context);
      for (let i = 0; i < results.length; i++) frame[results[i]!] = values[i]!;
    };
  }
}

/** The operands of the op, then what its regions read from around it. */
function valuesRead(op: Operation): readonly Value[] {
  const read = new Set<Value>(op.operands);
  const inside = new Set<Value>();
  op.walk((o) => {
    if (o !== op) {
      for (const v of o.operands) if (!inside.has(v)) read.add(v);
      for (const r of o.results) inside.add(r);
    }
    for (const region of o.regions)
      for (const block of region.blocks) for (const arg of block.args) inside.add(arg);
  });
  for (const v of inside) read.delete(v);
  return [...read];
}
function fail(op: Operation): never {
  throw irMessages.error('STR0120', { op: op.name });
}

/** One call of a function: its frame, and what semantics of ops ask of it. */
class CallContext implements EvaluationContext {
  constructor(
    readonly interpreter: Interpreter,
    readonly options: InterpreterOptions,
    readonly code: FunctionCode,
    readonly frame: Frame,
  ) {}

  get(value: Value): RuntimeValue {
    return this.frame[this.code.slots.get(value)!]!;
  }
  call(symbol: string, args: readonly RuntimeValue[]): readonly RuntimeValue[] {
    const { onCall } = this.options;
    onCall?.(symbol, args, 'before');
    const results = this.interpreter.call(symbol, args);
    onCall?.(symbol, args, 'after');
    return results;
  }
  resource(key: string): Uint8Array {
    return this.interpreter.resource(key);
  }
  global(symbol: string): RuntimeValue {
    return this.interpreter.global(symbol);
  }
  runRegion(
    region: Region,
    args: readonly RuntimeValue[],
  ): { readonly values: readonly RuntimeValue[]; readonly terminator: Operation } {
    const { interpreter, frame } = this;
    let block = region.blocks[0];
    let values = args;
    for (;;) {
      if (block === undefined) throw new Error('an empty region cannot run');
      const code = interpreter.blockCode(block, this.code);
      interpreter.poll();
      for (let i = 0; i < code.args.length; i++) frame[code.args[i]!] = values[i]!;
      const { steps } = code;
      for (let i = 0; i < steps.length; i++) steps[i]!(frame, this);
      if (code.terminator.successors.length === 0) {
        return { values: code.yields.map((s) => frame[s]!), terminator: code.terminator };
      }
      if (code.branch === undefined) fail(code.terminator);
      const next = code.branch(this);
      block = code.terminator.successors[next.successor];
      values = next.args;
    }
  }
}

/** A scalar argument or result as a number; throws for shaped values. */
export function asNumber(value: RuntimeValue): number {
  if (typeof value === 'object') throw new TypeError(`a ${value.kind} is not a scalar`);
  return Number(value);
}
