/**
 * Finds the kernel whose compiled code does not do what its IR says: runs the program with a buffer of its own for every
 * intermediate result, then each kernel in the interpreter on what the code read.
 */
import { StrataError } from '../base/diagnostics';
import type { Tensors } from '../compiler/artifactSession';
import type { Operation, types } from '../ir';
import { Interpreter } from '../ir/interpreter/interpreter';
import type { MemRefValue } from '../ir/interpreter/runtimeValue';
import { elementsFromBytes, makeMemRef } from '../ir/interpreter/tensor';
import { accessOf, functionsOf } from '../lowering/targets/cpu/kernelFunctions';
import type {
  TargetBinding,
  TargetEntryPoint,
  TargetProgram,
  TargetStep,
} from '../lowering/targets/targetProgram';
import { numbersOf } from './capture';
import type { BuiltProgram, ProgramRuns } from './programRun';
import type { IrState } from './replay';
import type { TensorStatistics, Tolerance } from './tolerance';
import { compareElements } from './tolerance';

/** A kernel launch of which the code is wrong. */
export interface WrongDispatch {
  readonly index: number;
  readonly name: string;
  readonly symbol: string;
  /** Model nodes. */
  readonly nodes: readonly string[];
  /** What the code wrote against what the IR says; undefined where it crashed. */
  readonly statistics: TensorStatistics | undefined;
  /** The C function. */
  readonly source: string;
  /** Only with several threads. */
  readonly race: boolean;
}

/** What a step wrote: the output that holds it. */
export interface Kept {
  readonly step: number;
  readonly argument: number;
  readonly output: number;
}

export interface Instrumented {
  readonly program: TargetProgram;
  readonly kept: readonly Kept[];
  readonly steps: readonly TargetStep[];
}

/** The program with every buffer of the arena as an output of its own; undefined where places overlap in part. */
function keepBuffers(program: TargetProgram): Instrumented | undefined {
  const [entry, ...others] = program.entryPoints;
  if (entry === undefined) return undefined;
  const outputs = [...entry.outputs];
  const kept: Kept[] = [];
  const written: { readonly offset: number; readonly length: number; readonly output: number }[] = [];
  const steps: TargetStep[] = [];
  for (const [step, s] of entry.steps.entries()) {
    const bindings: TargetBinding[] = [];
    for (const [argument, b] of s.bindings.entries()) {
      if (b.space === 'output' && b.access !== 'read') kept.push({ step, argument, output: b.index });
      if (b.space !== 'arena') {
        bindings.push(b);
        continue;
      }
      let output = [...written]
        .reverse()
        .find((w) => w.offset < b.offset + b.length && b.offset < w.offset + w.length);
      if (b.access === 'write') {
        output = { offset: b.offset, length: b.length, output: outputs.length };
        outputs.push({ name: `buffer${outputs.length}`, element: 'u8', shape: [b.length], bytes: b.length });
        written.push(output);
      }
      if (output?.offset !== b.offset || output.length < b.length) return undefined;
      if (b.access !== 'read') kept.push({ step, argument, output: output.output });
      bindings.push({ access: b.access, length: b.length, space: 'output', index: output.output, offset: 0 });
    }
    steps.push({ ...s, bindings });
  }
  const made: TargetEntryPoint = { ...entry, outputs, steps };
  return { program: { ...program, entryPoints: [made, ...others] }, kept, steps };
}

/** A run of a program of which every intermediate buffer was kept. */
export interface KeptRun {
  readonly built: BuiltProgram;
  readonly instrumented: Instrumented;
  /** For each number of threads. */
  readonly outputs: readonly Tensors[];
}

/** The code of a kernel ended the process. */
export class CrashedRun extends Error {
  constructor(
    readonly at: number,
    readonly step: TargetStep,
    readonly built: BuiltProgram,
    cause: unknown,
  ) {
    super('a kernel crashed', { cause });
  }
}

/** Undefined where places of buffers overlap in part. Throws `CrashedRun` where the runner names the kernel it died in. */
export async function runKeepingBuffers(
  runs: ProgramRuns,
  state: IrState,
  inputs: Tensors,
  threads: readonly (number | undefined)[],
): Promise<KeptRun | undefined> {
  let instrumented: Instrumented | undefined;
  const built = await runs.build(state, (p) => {
    instrumented = keepBuffers(p);
    return instrumented?.program ?? p;
  });
  if (instrumented === undefined) return undefined;
  try {
    return { built, instrumented, outputs: await runs.run(built, inputs, threads) };
  } catch (error) {
    const at = error instanceof StrataError ? crashedDispatch(error) : undefined;
    const step = at === undefined ? undefined : instrumented.steps[at];
    throw step === undefined ? error : new CrashedRun(at!, step, built, error);
  }
}

/** Looks for the first kernel that is wrong with one of `threads`. Undefined when each does what its IR says. */
export async function findWrongDispatch(
  runs: ProgramRuns,
  state: IrState,
  inputs: Tensors,
  threads: readonly (number | undefined)[],
  tolerance: Tolerance,
): Promise<WrongDispatch | undefined> {
  let kept: KeptRun | undefined;
  try {
    kept = await runKeepingBuffers(runs, state, inputs, threads);
  } catch (error) {
    if (!(error instanceof CrashedRun)) throw error;
    return { ...describe(error.at, error.step, error.built), statistics: undefined, race: false };
  }
  if (kept === undefined) return undefined;
  const { instrumented, built, outputs } = kept;
  const checker = new KernelChecker(state, inputs, instrumented, built, tolerance);
  let first:
    { readonly index: number; readonly statistics: TensorStatistics; readonly run: number } | undefined;
  for (const [run, found] of outputs.entries()) {
    const wrong = checker.firstWrong(found, first?.index ?? Infinity);
    if (wrong !== undefined) first = { ...wrong, run };
  }
  if (first === undefined) return undefined;
  const { index, statistics, run } = first;
  const serial = threads.findIndex((n) => n === 1);
  const race = serial >= 0 && serial !== run && checker.firstWrong(outputs[serial]!, index + 1) === undefined;
  return { ...describe(index, instrumented.steps[index]!, built), statistics, race };
}

/** The number of the dispatch that an error of the runner names. */
export function crashedDispatch(error: StrataError): number | undefined {
  const at = /\(number (\d+) of /.exec(error.diagnostic.text)?.[1];
  return at === undefined ? undefined : Number(at);
}

export function describe(
  index: number,
  step: TargetStep,
  built: BuiltProgram,
): Omit<WrongDispatch, 'statistics' | 'race'> {
  return {
    index,
    name: step.name,
    symbol: step.symbol,
    nodes: step.origins,
    source: functionText(built.emitted.source, step.symbol),
  };
}

/** The function of the C, from the comment above it to its closing brace. */
export function functionText(source: string, symbol: string): string {
  const at = source.indexOf(`void ${symbol}(`);
  if (at < 0) return '';
  const start = source.lastIndexOf('\n\n', at) + 2;
  const end = source.indexOf('\n}', at);
  return source.slice(start, end < 0 ? undefined : end + 2);
}

class KernelChecker {
  readonly #kernels: ReadonlyMap<string, Operation>;
  readonly #interpreter: Interpreter;
  constructor(
    readonly state: IrState,
    readonly inputs: Tensors,
    readonly instrumented: Instrumented,
    readonly built: BuiltProgram,
    readonly tolerance: Tolerance,
  ) {
    this.#kernels = new Map(
      [...functionsOf(state.module).kernels.values()].map((k) => [k.symbol, k.op] as const),
    );
    this.#interpreter = new Interpreter(state.module, { resources: state.resources });
  }

  /** The first step before `end` that wrote something else than its IR says. */
  firstWrong(
    outputs: Tensors,
    end: number,
  ): { readonly index: number; readonly statistics: TensorStatistics } | undefined {
    const { steps } = this.instrumented;
    for (let index = 0; index < Math.min(end, steps.length); index++) {
      const statistics = this.#check(index, outputs);
      if (statistics !== undefined && statistics.worst > 1) return { index, statistics };
    }
    return undefined;
  }

  #check(index: number, outputs: Tensors): TensorStatistics | undefined {
    const step = this.instrumented.steps[index]!;
    const kernel = this.#kernels.get(step.symbol);
    if (kernel === undefined) return undefined;
    const types = kernel.region().blocks[0]!.args.map((a) => a.type as types.MemRefType);
    const args = types.map((type, i) => {
      const access = accessOf(kernel.region().blocks[0]!.args[i]!);
      const bytes = access === 'read' ? this.#bytes(step.bindings[i]!, outputs) : undefined;
      return makeMemRef(
        type.shape,
        type.element,
        bytes === undefined ? undefined : elementsFromBytes(type.element, bytes),
      );
    });
    this.#interpreter.call(kernelName(kernel), args);
    let worst: TensorStatistics | undefined;
    for (const { argument, output } of this.instrumented.kept.filter((k) => k.step === index)) {
      // A buffer that is written again later holds what the last one wrote.
      if (this.instrumented.kept.some((k) => k.output === output && k.step > index)) continue;
      const type = types[argument]!;
      const found: MemRefValue = makeMemRef(
        type.shape,
        type.element,
        elementsFromBytes(type.element, this.#output(output, outputs)),
      );
      const statistics = compareElements(
        `argument ${argument}`,
        type.shape,
        numbersOf(found),
        numbersOf(args[argument]!),
        this.tolerance,
      );
      if (worst === undefined || statistics.worst > worst.worst) worst = statistics;
    }
    return worst;
  }
  #output(index: number, outputs: Tensors): Uint8Array {
    return outputs[this.instrumented.program.entryPoints[0]!.outputs[index]!.name]!.bytes;
  }
  #bytes(b: TargetBinding, outputs: Tensors): Uint8Array {
    const entry = this.instrumented.program.entryPoints[0]!;
    switch (b.space) {
      case 'input':
        return this.inputs[entry.inputs[b.index]!.name]!.bytes;
      case 'output':
        return this.#output(b.index, outputs).subarray(0, b.length);
      case 'constant': {
        const c = this.instrumented.program.constants[b.index]!;
        return c.data ?? this.state.resources.get(c.resource);
      }
      case 'arena':
        throw new Error('every buffer of the arena is an output');
    }
  }
}
const kernelName = (kernel: Operation): string => {
  const name = kernel.attr('sym_name');
  return name?.kind === 'string' ? name.value : '';
};
