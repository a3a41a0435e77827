/** What can be asked of a native runner, and what it answers. `RunnerProcess` is the other end. */
import type { ElementType, SizedFunction, TensorSignature } from '../artifact/contents';

export interface RequestOptions {
  /** Aborting kills the runner: the request rejects with `CancelledError` and the process is gone. */
  readonly signal?: AbortSignal;
  /** Longest wait for the reply; default: none. */
  readonly timeoutMs?: number;
}

export interface RunnerInfo {
  readonly formatVersion: number;
  readonly architecture: string;
  readonly pid: number;
  /** Threads used when a request names no number. */
  readonly threads: number;
  readonly cpuFeatures: readonly string[];
}

export interface LoadedEntryPoint {
  readonly name: string;
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  readonly arenaBytes: number;
  /** Number of dispatches. */
  readonly steps: number;
  /** For a function of which several entry points are: the sizes of its symbolic dimensions that there are, in order. */
  readonly sizes?: readonly Readonly<Record<string, number>>[];
}

export interface LoadedFunction extends SizedFunction {
  /** In the order of the sizes of its variants. */
  readonly symbols: readonly string[];
}

export interface LoadedArtifact {
  /** Names the artifact in later requests. */
  readonly artifact: number;
  /** Which program of the file runs on this machine: 0, or the number of a fallback. */
  readonly program: number;
  readonly entryPoints: readonly LoadedEntryPoint[];
  readonly functions: readonly LoadedFunction[];
}

/** Raw little-endian data, in memory or in a file. `shape` is needed where the signature has symbols. */
export type RunnerInput = { readonly shape?: readonly number[] } & (
  { readonly bytes: Uint8Array } | { readonly file: string }
);

export interface ExecuteRequest {
  readonly artifact: number;
  /** An entry point, or a function, of which the shapes of the inputs choose one. Default: the first of either. */
  readonly entry?: string;
  readonly inputs?: Readonly<Record<string, RunnerInput>>;
  /** Makes up data for inputs that are not given. */
  readonly synthetic?: boolean;
  /** Default: all processors. */
  readonly threads?: number;
  /** Measured executions; default 1 for `run` and 20 for `bench`. */
  readonly repeat?: number;
  /** Executions before them; default 0 for `run` and 3 for `bench`. */
  readonly warmup?: number;
  /** The number that zones of traces get; default: counted up with each execution. */
  readonly iteration?: number;
}

export interface DispatchTiming {
  /** Position in the entry point. */
  readonly index: number;
  readonly name: string;
  /** Entry point, where a run goes through several. */
  readonly entry?: string;
  /** Nanoseconds of each measured execution. */
  readonly ns: readonly number[];
}

export interface Timings {
  readonly entry: string;
  readonly threads: number;
  /** Extents of the symbolic dimensions. */
  readonly dims: Readonly<Record<string, number>>;
  /** Nanoseconds of each measured execution, from the first dispatch to the last. */
  readonly iterationNs: readonly number[];
  readonly dispatches: readonly DispatchTiming[];
}

export interface RunnerOutput {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface RunResult extends Timings {
  readonly outputs: readonly RunnerOutput[];
}

/** What a recording counts per dispatch and thread. */
export interface StartedTrace {
  readonly counters: readonly string[];
  /** Which of those that were asked for the machine does not have, and why; empty when it has all. */
  readonly missing: string;
}

/** What all threads of a run could reach; noted in the trace with each iteration. */
export interface TracedPeak {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface WrittenTrace {
  readonly bytes: number;
  readonly zones: number;
  /** Zones that the rings had no more room for; the newest are kept. */
  readonly dropped: number;
}
