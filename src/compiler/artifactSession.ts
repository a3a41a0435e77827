/**
 * A loaded artifact in a running native runner: run, time and trace it. Builds the runner first when it has to. Used by
 * the command line, the editor and bisection, which keep one session warm.
 */
import type { Architecture } from '../artifact/cpuFeatures';
import type { Cancellation } from '../base/cancellation';
import { neverCancelled } from '../base/cancellation';
import type { HostTensor } from '../frontend/elementType';
import type { Sanitizer } from '../runner/buildRunner';
import { buildRunner } from '../runner/buildRunner';
import { RunnerProcess } from '../runner/runnerProcess';
import type {
  LoadedArtifact,
  LoadedEntryPoint,
  LoadedFunction,
  Timings,
  StartedTrace,
  TracedPeak,
  WrittenTrace,
} from '../runner/runnerRequests';
import type { Measurement } from './compilation';
import { compilerMessages } from './messages';
import { elementBytes, hostTensorOf, hostType } from './tensors';

export interface SessionOptions {
  /** Folder that holds `native-runner`: the repository or the installed extension. */
  readonly resourceRoot: string;
  /** An emulator of another machine, and that machine's architecture. */
  readonly emulator?: { readonly architecture: Architecture; readonly launcher: readonly string[] };
  /** Those that the kernels were compiled with. */
  readonly sanitizers?: readonly Sanitizer[];
  readonly cancellation?: Cancellation;
  readonly onProgress?: (text: string) => void;
}

export interface RunOptions {
  readonly entry?: string;
  /** Default: all processors. */
  readonly threads?: number;
  readonly repeat?: number;
  readonly warmup?: number;
}

export interface ProfileOptions extends RunOptions {
  readonly compareUnrecorded?: boolean;
  /** Also what perf_event counts, per dispatch and thread. */
  readonly counters?: boolean;
  /** Noted in the trace. */
  readonly peak?: TracedPeak;
}

export interface ProfiledRuns {
  readonly timings: Timings;
  readonly started: StartedTrace;
  readonly trace: WrittenTrace;
  /** What recording costs, as a part of the time without it; within the noise of the runs. */
  readonly overhead?: number;
}

export type Tensors = Readonly<Record<string, HostTensor>>;

/** A compiled model in a running native runner. */
export interface ModelSession {
  readonly cancellation: Cancellation;
  readonly entryPoints: readonly LoadedEntryPoint[];
  /** False once the runner is gone: generated code may have ended it. */
  readonly alive: boolean;
  /** Of the runner; undefined once it is gone. */
  readonly pid: number | undefined;
  /** Which program of the artifact runs: 0, or the number of a fallback. */
  readonly program: number;
  /** What to say of the program that was chosen: nothing where it is the first. */
  readonly programNotes: readonly string[];
  /** Functions of which the shapes of inputs choose an entry point. */
  readonly functions: readonly LoadedEntryPoint[];
  /** The named function or entry point, or the first of either; throws STR0589. */
  entryPoint(name?: string): LoadedEntryPoint;
  run(
    inputs: Tensors,
    options?: RunOptions,
  ): Promise<{ readonly outputs: Record<string, HostTensor>; readonly timings: Timings }>;
  bench(inputs: Tensors, options?: RunOptions): Promise<Timings>;
  /**
   * Times runs while recording them, and writes the trace. With `compareUnrecorded` it runs as often without recording
   * before and after, and says what recording costs: median with / median without − 1.
   */
  profile(inputs: Tensors, file: string, options?: ProfileOptions): Promise<ProfiledRuns>;
  close(): Promise<void>;
}

/** `ModelSession.profile` for whatever `bench` runs in `runner`. */
export async function recordRuns(
  runner: RunnerProcess,
  bench: (options: RunOptions) => Promise<Timings>,
  file: string,
  options: ProfileOptions,
  request: { readonly signal: AbortSignal },
): Promise<ProfiledRuns> {
  // Warm-up runs are not recorded.
  const { warmup = 3, compareUnrecorded = false, counters = false, peak, ...rest } = options;
  if (warmup > 0) await bench({ ...rest, warmup: 0, repeat: warmup });
  const unrecorded: number[] = [];
  const runUnrecorded = async (): Promise<void> => {
    if (compareUnrecorded) unrecorded.push(...(await bench({ ...rest, warmup: 0 })).iterationNs);
  };
  await runUnrecorded();
  const started = await runner.startTrace({ counters }, request);
  let recorded: Omit<ProfiledRuns, 'overhead'>;
  try {
    const timings = await bench({ ...rest, warmup: 0 });
    recorded = { timings, started, trace: await runner.writeTrace(file, peak, request) };
  } finally {
    if (runner.alive) await runner.stopTrace(request);
  }
  await runUnrecorded();
  const without = median(unrecorded);
  if (without === 0) return recorded;
  return { ...recorded, overhead: median(recorded.timings.iterationNs) / without - 1 };
}

export const programNotesOf = (program: number): readonly string[] =>
  program === 0
    ? []
    : [
        `program ${program} of the artifact: this machine lacks CPU features of ${program === 1 ? 'program 0' : 'those before'}`,
      ];

/** The named entry point, or the first; throws STR0589. */
export function entryPointOf(entryPoints: readonly LoadedEntryPoint[], name?: string): LoadedEntryPoint {
  const entry = name === undefined ? entryPoints[0] : entryPoints.find((e) => e.name === name);
  if (entry === undefined) {
    const known = entryPoints.map((e) => `'${e.name}'`).join(', ') || 'none';
    throw compilerMessages.error('STR0589', { name: name ?? '', known });
  }
  return entry;
}

/** A function as what can be run: sizes that differ between its entry points have names. */
function functionEntry(
  { name, inputs, symbols, variants }: LoadedFunction,
  entryPoints: readonly LoadedEntryPoint[],
): LoadedEntryPoint {
  const entries = variants.map((v) => entryPoints.find((e) => e.name === v.entry)!);
  const [first] = entries as [LoadedEntryPoint];
  return {
    name,
    inputs,
    outputs: first.outputs.map((o, i) => ({
      ...o,
      shape: o.shape.map((d, k) =>
        entries.every((e) => e.outputs[i]?.shape[k] === d) ? d : `${o.name}.${k}`,
      ),
    })),
    arenaBytes: Math.max(...entries.map((e) => e.arenaBytes)),
    steps: Math.max(...entries.map((e) => e.steps)),
    sizes: variants.map((v) => Object.fromEntries(symbols.map((s, k) => [s, v.sizes[k]!]))),
  };
}

/** Builds the runner when it has to, and starts it. */
export async function startRunner(options: SessionOptions): Promise<RunnerProcess> {
  const { emulator, resourceRoot, onProgress, cancellation = neverCancelled } = options;
  const { signal } = cancellation;
  const { executable } = await buildRunner({
    resourceRoot,
    signal,
    sanitizers: options.sanitizers ?? [],
    ...(emulator === undefined ? {} : { architecture: emulator.architecture }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return RunnerProcess.start({ executable, signal, launcher: emulator?.launcher ?? [] });
}

export class ArtifactSession implements ModelSession {
  private constructor(
    readonly runner: RunnerProcess,
    readonly loaded: LoadedArtifact,
    readonly cancellation: Cancellation,
  ) {}

  static async open(artifact: string, options: SessionOptions): Promise<ArtifactSession> {
    const cancellation = options.cancellation ?? neverCancelled;
    const { signal } = cancellation;
    const runner = await startRunner(options);
    try {
      return new ArtifactSession(runner, await runner.load(artifact, { signal }), cancellation);
    } catch (error) {
      await runner.close();
      throw error;
    }
  }

  get alive(): boolean {
    return this.runner.alive;
  }
  get entryPoints(): readonly LoadedEntryPoint[] {
    return this.loaded.entryPoints;
  }
  get functions(): readonly LoadedEntryPoint[] {
    return this.loaded.functions.map((f) => functionEntry(f, this.entryPoints));
  }
  get pid(): number | undefined {
    return this.runner.pid;
  }
  get program(): number {
    return this.loaded.program;
  }
  get programNotes(): readonly string[] {
    return programNotesOf(this.program);
  }

  entryPoint(name?: string): LoadedEntryPoint {
    return entryPointOf([...this.functions, ...this.entryPoints], name);
  }

  async run(
    inputs: Tensors,
    options: RunOptions = {},
  ): Promise<{ readonly outputs: Record<string, HostTensor>; readonly timings: Timings }> {
    const { outputs, ...timings } = await this.runner.run(
      { artifact: this.loaded.artifact, inputs: runnerInputs(inputs), ...options },
      this.#request(),
    );
    return {
      outputs: Object.fromEntries(
        outputs.map((o) => [o.name, hostTensorOf(hostType(o.elementType), o.shape, o.bytes)]),
      ),
      timings,
    };
  }

  bench(inputs: Tensors, options: RunOptions = {}): Promise<Timings> {
    return this.runner.bench(
      { artifact: this.loaded.artifact, inputs: runnerInputs(inputs), ...options },
      this.#request(),
    );
  }

  profile(inputs: Tensors, file: string, options: ProfileOptions = {}): Promise<ProfiledRuns> {
    const bench = (plan: RunOptions): Promise<Timings> => this.bench(inputs, plan);
    return recordRuns(this.runner, bench, file, options, this.#request());
  }

  async close(): Promise<void> {
    await this.runner.close();
  }

  #request(): { readonly signal: AbortSignal } {
    return { signal: this.cancellation.signal };
  }
}

const runnerInputs = (inputs: Tensors): Record<string, { shape: readonly number[]; bytes: Uint8Array }> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [
      name,
      { shape: tensor.shape, bytes: elementBytes(tensor) },
    ]),
  );

const ascending = (values: readonly number[]): readonly number[] => [...values].sort((a, b) => a - b);
export const median = (values: readonly number[]): number => {
  const s = ascending(values);
  const mid = s.length >> 1;
  return s.length === 0 ? 0 : s.length % 2 === 1 ? s[mid]! : (s[mid - 1]! + s[mid]!) / 2;
};

/** How long whole runs took; zero where there was none. */
export function runTimes(
  iterationNs: readonly number[],
): Pick<Measurement, 'repeats' | 'minNs' | 'medianNs' | 'p95Ns'> {
  const sorted = ascending(iterationNs);
  return {
    repeats: sorted.length,
    minNs: sorted[0] ?? 0,
    medianNs: median(sorted),
    p95Ns: sorted[Math.min(sorted.length - 1, Math.floor(0.95 * sorted.length))] ?? 0,
  };
}

/** What is known of a run besides its times. */
export type MeasuredBesides = Partial<Pick<Measurement, 'trace' | 'agreement' | 'overhead' | 'peak'>>;

/** What the views and tables need of a series of runs. */
export function measurementOf(
  timings: Timings,
  { trace, agreement, overhead, peak }: MeasuredBesides = {},
): Measurement {
  return {
    entryPoint: timings.entry,
    threads: timings.threads,
    ...runTimes(timings.iterationNs),
    dispatches: timings.dispatches.map((d) => ({
      index: d.index,
      entryPoint: d.entry ?? timings.entry,
      medianNs: median(d.ns),
      minNs: Math.min(...d.ns),
      calls: d.ns.length,
    })),
    trace,
    agreement,
    ...(overhead === undefined ? {} : { overhead }),
    ...(peak === undefined ? {} : { peak }),
  };
}
