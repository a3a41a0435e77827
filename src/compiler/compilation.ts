/**
 * What is kept of one compilation, as plain data that crosses threads: the views, the command line, bisection and
 * dumps read it. Together with a `Measurement` it holds the chain model node → IR op at every pass → dispatch → zone.
 */
import type { Diagnostic } from '../base/diagnostics';
import type { PipelineRecord } from '../ir';
import type { Roofs } from '../profiler/layout/roofline';

/** One kernel launch of the compiled program. */
export interface DispatchInfo {
  /** Order of execution within the entry point, and number in traces. */
  readonly index: number;
  readonly entryPoint: string;
  readonly name: string;
  /** The kernel function in the IR of the later stages, and in the C. */
  readonly symbol: string;
  /** Names of the model nodes that it came from. */
  readonly origins: readonly string[];
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly schedule: string;
  /** Why more ops were not fused into it, a reason a line; empty when nothing was refused. */
  readonly refused: string;
  readonly predictedNs: number | undefined;
}

/** A step outside the pass pipeline: reading, writing the C, the C compiler, packaging. */
export interface ToolStep {
  readonly name: string;
  readonly startNs: number;
  readonly durationNs: number;
  /** What it did, for people: `gcc 12.2, 214 KiB of C`. */
  readonly detail: string;
}

/** A node of the model as written. */
export interface ModelNodeInfo {
  readonly name: string;
  readonly opType: string;
  /** Position in the graph, from 1. */
  readonly position: number;
  /** Line of the model's file, from 1, where that is text. */
  readonly line?: number;
}

export interface Compilation {
  /** Unique in a process, ascending. */
  readonly id: string;
  /** Path of the model file. */
  readonly model: string;
  readonly target: string;
  /** CPU feature level that the code is for. */
  readonly featureLevel: string;
  /** Levels that the artifact has code for besides, in the order in which the runner tries them. */
  readonly fallbackLevels: readonly string[];
  /** The pipeline as text; `strata opt --passes` takes it. */
  readonly pipeline: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationNs: number;
  /** How long it took to find one that was compiled before; its other times are those of then. Absent for a new one. */
  readonly foundNs?: number;
  readonly passes: PipelineRecord;
  readonly tools: readonly ToolStep[];
  readonly modelNodes: readonly ModelNodeInfo[];
  readonly dispatches: readonly DispatchInfo[];
  /** The generated C; empty when the pipeline stopped before. */
  readonly kernelSource: string;
  /** Path of the artifact; undefined when the pipeline stopped before. */
  readonly artifact: string | undefined;
  readonly arenaBytes: number;
  readonly constantBytes: number;
  readonly warnings: readonly Diagnostic[];
  /** Present where a host program runs the functions that `dispatches` belong to, and asks for others as it goes. */
  readonly host?: HostedStages | undefined;
  /** Entry points of one function, for the sizes of its symbolic dimensions that were asked for. */
  readonly variants?: readonly SizedEntry[];
  /** The IR as the pipeline left it, with locations; undefined unless it was asked for. */
  readonly finalText: string | undefined;
}

/** An entry point, and the sizes of symbolic dimensions that it is for. */
export interface SizedEntry {
  readonly entry: string;
  readonly sizes: Readonly<Record<string, number>>;
}

/** What of a model that runs in stages was compiled in advance. */
export interface HostedStages {
  /** Functions that are entry points. */
  readonly stages: number;
  /** Sizes that were assumed for symbolic dimensions without one. */
  readonly assumed: Readonly<Record<string, number>>;
  /** The node that waits for elements of a tensor: what is behind it is compiled when it is reached. */
  readonly waiting: string | undefined;
}

/** Time of one dispatch over the repeats of a run. */
export interface DispatchTime {
  readonly index: number;
  readonly entryPoint: string;
  readonly medianNs: number;
  readonly minNs: number;
  readonly calls: number;
}

/** A run of a compilation. */
export interface Measurement {
  readonly entryPoint: string;
  readonly threads: number;
  readonly repeats: number;
  /** Whole-run times. */
  readonly minNs: number;
  readonly medianNs: number;
  readonly p95Ns: number;
  readonly dispatches: readonly DispatchTime[];
  /** Path of the trace, when one was recorded. */
  readonly trace: string | undefined;
  readonly agreement: Agreement | undefined;
  /** What recording the trace costs, as a part of the time without it; absent where that was not measured. */
  readonly overhead?: number;
  /** What so many threads of the machine reach at most; absent where that was not measured. */
  readonly peak?: Roofs;
}

/** Of differences below a tenth of a per cent nothing can be said. */
export const overheadText = (overhead: number): string =>
  overhead < 0.001
    ? 'recording cost nothing that can be measured'
    : `recording cost ${(100 * overhead).toFixed(1)} %`;

/** How the results compare with a reference. */
export interface Agreement {
  /** `interpreter`, `onnxruntime 1.30`. */
  readonly reference: string;
  /** max |a − b| / max |b| over all outputs. */
  readonly relativeError: number;
  readonly tolerance: number;
  readonly agrees: boolean;
}

/** Where a compilation is. */
export interface CompileProgress {
  /** `read`, a stage of the lowering, `target`, `c-compiler`, `package`. */
  readonly phase: string;
  /** The pass or tool that runs. */
  readonly detail: string;
  /** 0 to 1, never falling. */
  readonly fraction: number;
}
