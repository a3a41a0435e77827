/**
 * A model that runs in stages, in a running native runner: its host program runs here, on this thread, and what it asks
 * for runs there. Functions that were not compiled in advance are compiled when they are asked for, and kept.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HostModel } from '../../artifact/contents';
import type { Cancellation } from '../../base/cancellation';
import { neverCancelled } from '../../base/cancellation';
import type { HostTensor } from '../../frontend/elementType';
import type { OnnxModel } from '../../frontend/onnx/readModel';
import { readOnnxModel } from '../../frontend/onnx/readModel';
import { printOp, stringAttr } from '../../ir';
import { func } from '../../ir/dialects/func';
import type { LoadedEntryPoint, RunnerInput, Timings } from '../../runner/runnerRequests';
import type { RunnerProcess } from '../../runner/runnerProcess';
import type {
  ModelSession,
  ProfiledRuns,
  ProfileOptions,
  RunOptions,
  SessionOptions,
  Tensors,
} from '../artifactSession';
import { entryPointOf, programNotesOf, recordRuns, startRunner } from '../artifactSession';
import type { CompileRequest } from '../compileModel';
import type { HostValue } from '../hostValue';
import { tensorsOf } from '../hostValue';
import { compilerMessages } from '../messages';
import type { CpuLevel } from '../targetDescription';
import { elementBytes, hostTensorOf, hostType } from '../tensors';
import { tensorInputs } from './hostSignature';
import { digestOf } from './modelNumbers';
import { stageEntry } from './planStages';
import { StagedModel } from './stagedRun';
import type { StageFunction } from './stageFunction';

export interface StagedSessionOptions extends SessionOptions {
  /** Compiles a function that was not known in advance; writes `request.output`. */
  readonly compile: (request: CompileRequest) => Promise<unknown>;
}

/** A function in the runner. */
interface LoadedStage {
  readonly artifact: number;
  readonly entry: LoadedEntryPoint;
  /** Whether it has an artifact of its own. */
  readonly own: boolean;
}

/** Times of a run, as they come. */
interface Clock {
  readonly dispatches: Map<string, { index: number; name: string; entry: string; ns: number[] }>;
}

/** Functions with artifacts of their own that stay loaded; the longest unused goes first. */
const mostLoaded = 48;
/** Iterations of loops are gathered up to so many nodes: more take the C compiler long. */
const longestFunction = 64;
/** Inputs from this size on are written to a file once, however often the model runs. */
const largeInput = 2 ** 16;

export class StagedSession implements ModelSession {
  readonly cancellation: Cancellation;
  readonly functions: readonly LoadedEntryPoint[] = [];
  entryPoints: readonly LoadedEntryPoint[];
  readonly #staged: StagedModel;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'strata-stages-'));
  readonly #stages = new Map<string, LoadedStage>();
  /** How many functions have a name. */
  #named: number;
  readonly #files = new WeakMap<HostTensor, string>();
  #written = 0;
  #program = 0;

  private constructor(
    readonly runner: RunnerProcess,
    readonly host: HostModel,
    readonly model: OnnxModel,
    readonly options: StagedSessionOptions,
  ) {
    this.cancellation = options.cancellation ?? neverCancelled;
    this.#staged = new StagedModel(model);
    this.#named = host.stages.length;
    this.entryPoints = [
      {
        name: 'main',
        inputs: tensorInputs(host.inputs),
        outputs: host.outputs.flatMap(({ name, tensor }) =>
          tensor === undefined ? [] : [{ name, ...tensor }],
        ),
        arenaBytes: 0,
        steps: 0,
      },
    ];
  }

  /** Throws STR0582 when the model has changed since, and what reading it, and starting the runner, throw. */
  static async open(
    artifact: string,
    host: HostModel,
    options: StagedSessionOptions,
  ): Promise<StagedSession> {
    const model = readHost(artifact, host);
    const { signal } = options.cancellation ?? neverCancelled;
    const runner = await startRunner(options);
    try {
      const session = new StagedSession(runner, host, model, options);
      if (host.stages.length > 0) {
        const loaded = await runner.load(artifact, { signal });
        session.#program = loaded.program;
        for (const { entry, key } of host.stages) {
          const found = entryPointOf(loaded.entryPoints, entry);
          session.entryPoints = session.entryPoints.map((e) => ({ ...e, steps: e.steps + found.steps }));
          session.#stages.set(key, { artifact: loaded.artifact, entry: found, own: false });
        }
      }
      return session;
    } catch (error) {
      await runner.close();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.runner.pid;
  }
  get program(): number {
    return this.#program;
  }
  get programNotes(): readonly string[] {
    return programNotesOf(this.#program);
  }
  get alive(): boolean {
    return this.runner.alive;
  }
  entryPoint(name?: string): LoadedEntryPoint {
    return entryPointOf(this.entryPoints, name);
  }

  /** Elements of sequences are outputs of their own, `name[0]` and so on; an empty optional is none. */
  async run(
    inputs: Tensors,
    options: RunOptions = {},
  ): Promise<{ readonly outputs: Record<string, HostTensor>; readonly timings: Timings }> {
    let outputs: Record<string, HostTensor> = {};
    const timings = await this.#repeat(inputs, { warmup: 0, repeat: 1, ...options }, (found) => {
      outputs = found;
    });
    return { outputs, timings };
  }

  /** Each time is that of a whole run, from inputs to outputs, the host program included. */
  bench(inputs: Tensors, options: RunOptions = {}): Promise<Timings> {
    return this.#repeat(inputs, { warmup: 3, repeat: 20, ...options });
  }

  profile(inputs: Tensors, file: string, options: ProfileOptions = {}): Promise<ProfiledRuns> {
    const bench = (plan: RunOptions): Promise<Timings> => this.bench(inputs, plan);
    return recordRuns(this.runner, bench, file, options, { signal: this.cancellation.signal });
  }

  async close(): Promise<void> {
    await this.runner.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #repeat(
    inputs: Tensors,
    { repeat, warmup, threads, entry }: RunOptions & { readonly repeat: number; readonly warmup: number },
    onOutputs: (outputs: Record<string, HostTensor>) => void = () => {},
  ): Promise<Timings> {
    entryPointOf(this.entryPoints, entry);
    const values = Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]): [string, HostValue] => [name, { kind: 'tensor', tensor }]),
    );
    for (const tensor of Object.values(inputs))
      if (tensor.bytes.length >= largeInput) await this.#fileOf(tensor);
    const iterationNs: number[] = [];
    let clock: Clock = { dispatches: new Map() };
    let used = threads;
    for (let i = -warmup; i < repeat; i++) {
      if (i === 0) clock = { dispatches: new Map() };
      const start = process.hrtime.bigint();
      const found = await this.#staged.run(values, {
        cancellation: this.cancellation,
        longestFunction,
        execute: async (stage, given) => {
          const { outputs, timings } = await this.#execute(stage, given, threads, Math.max(0, i));
          used = timings.threads;
          note(clock, timings);
          return outputs;
        },
      });
      if (i >= 0) iterationNs.push(Number(process.hrtime.bigint() - start));
      if (i === repeat - 1) onOutputs(tensorsOf(found));
    }
    return {
      entry: 'main',
      threads: used ?? 1,
      dims: {},
      iterationNs,
      dispatches: [...clock.dispatches.values()],
    };
  }

  async #execute(
    stage: StageFunction,
    inputs: Tensors,
    threads: number | undefined,
    iteration: number,
  ): Promise<{ readonly outputs: Record<string, HostTensor>; readonly timings: Timings }> {
    const { artifact, entry } = await this.#loaded(stage);
    const given = Object.values(inputs);
    const words = entry.inputs.map(({ name }, i): [string, RunnerInput] => {
      const tensor = given[i]!;
      const file = this.#files.get(tensor);
      const { shape } = tensor;
      return [name, file === undefined ? { shape, bytes: elementBytes(tensor) } : { shape, file }];
    });
    const { outputs, ...timings } = await this.runner.run(
      {
        artifact,
        entry: entry.name,
        inputs: Object.fromEntries(words),
        iteration,
        ...(threads === undefined ? {} : { threads }),
      },
      { signal: this.cancellation.signal },
    );
    const results = outputs.map((o) => hostTensorOf(hostType(o.elementType), o.shape, o.bytes));
    return { outputs: Object.fromEntries(stage.outputs.map((name, i) => [name, results[i]!])), timings };
  }

  async #fileOf(tensor: HostTensor): Promise<void> {
    if (this.#files.has(tensor)) return;
    const file = path.join(this.#folder, `input-${this.#written++}.bin`);
    await writeFile(file, elementBytes(tensor));
    this.#files.set(tensor, file);
  }

  async #loaded(stage: StageFunction): Promise<LoadedStage> {
    const known = this.#stages.get(stage.key);
    if (known !== undefined) {
      // Moves to the end: it was used last.
      this.#stages.delete(stage.key);
      this.#stages.set(stage.key, known);
      return known;
    }
    const { signal } = this.cancellation;
    const own = [...this.#stages].filter(([, s]) => s.own);
    if (own.length >= mostLoaded) {
      const [key, { artifact }] = own[0]!;
      this.#stages.delete(key);
      await this.runner.unload(artifact, { signal });
    }
    const file = path.join(this.#folder, `stage-${this.#named}.strata`);
    await this.#compile(stage, stageEntry(this.#named++), file);
    const loaded = await this.runner.load(file, { signal });
    // It is mapped.
    rmSync(file, { force: true });
    const entry = { artifact: loaded.artifact, entry: loaded.entryPoints[0]!, own: true };
    this.#stages.set(stage.key, entry);
    return entry;
  }
  async #compile(stage: StageFunction, entry: string, output: string): Promise<void> {
    const { module, resources } = stage.make();
    for (const op of module.body().ops) if (func.is(op)) op.setAttr('sym_name', stringAttr(entry));
    const { cpuLevel, optLevel } = this.host;
    // A machine that runs a fallback does not have what the first program needs.
    const level = this.#program === 0 ? { cpuLevel: cpuLevel as CpuLevel } : {};
    this.options.onProgress?.(`compiling ${entry}, whose sizes are known now`);
    await this.options.compile({
      model: path.basename(this.model.file),
      source: {
        text: printOp(module, { locations: 'alias' }),
        blobs: [...resources.entries].map(([name, blob]) => [name, blob.file ?? blob.read()]),
      },
      output,
      ...level,
      optLevel: optLevel as 0 | 1 | 2 | 3,
      externalParameters: true,
    });
  }
}

function note({ dispatches }: Clock, timings: Timings): void {
  for (const { index, name, ns } of timings.dispatches) {
    const key = `${timings.entry}:${index}`;
    const known = dispatches.get(key);
    if (known === undefined) dispatches.set(key, { index, name, entry: timings.entry, ns: [...ns] });
    else known.ns.push(...ns);
  }
}

function readHost(artifact: string, { model }: HostModel): OnnxModel {
  if ('bytes' in model) return readOnnxModel({ bytes: model.bytes, name: path.basename(artifact) });
  const found = statSync(model.path, { throwIfNoEntry: false });
  const refuse = (problem: string): Error => compilerMessages.error('STR0582', { file: model.path, problem });
  if (found === undefined) throw refuse('is gone');
  const read = found.size === model.size ? readOnnxModel(model.path) : undefined;
  if (read === undefined || (found.mtimeMs !== model.modified && digestOf(read.bytes) !== model.sha256))
    throw refuse('has changed since');
  return read;
}
