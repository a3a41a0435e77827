/**
 * A bisection as plain data: what the command line prints, the view draws, the workspace keeps and a resumed search starts
 * from. `numerics.ts`, `perf/` and `command/` fill it.
 */
import type { NodeComparison } from './compareNodes';
import type { Search, Test } from './search';
import type { SemanticChange } from './semanticChange';
import type { Divergence } from './align';
import type { TensorStatistics } from './tolerance';

/** A point that can be tested. */
export interface PointInfo {
  /** The pass, or the rewrite: `17 bn-into-conv at Conv_4`. */
  readonly label: string;
  /** The stage of a pass, the rule of a rewrite. */
  readonly group: string;
  /** Of a rewrite: its number in the compilation, where nothing was held back in it. */
  readonly rewrite?: number;
}

/** One search: over passes, or over the rewrites of one. */
export interface Level {
  /** Unique in the bisection: `passes`, `rewrites of 4 fold-batch-norm`. */
  readonly id: string;
  readonly title: string;
  readonly points: readonly PointInfo[];
  readonly search: Search;
  /** Tests that a binary search needs at most. */
  readonly bound: number;
  /** The point that is being tested. */
  readonly running?: number;
}

export type Status = 'running' | 'paused' | 'done' | 'failed';

/** What one held-back rewrite or rule would change. */
export interface WhatIf {
  /** `rewrite 41 (bn-into-conv)`, `rule bn-into-conv`. */
  readonly without: string;
  /** Largest error over what is allowed, of the whole program without it; undefined where it does not compile. */
  readonly metric: number | undefined;
  /** Why it does not compile. */
  readonly problem?: string;
}

export interface OpSummary {
  readonly name: string;
  readonly nodes: readonly string[];
}

/** A place where results go wrong. */
export interface Culprit {
  /** `fold-batch-norm`, or `code` for what is below the last pass. */
  readonly pass: string;
  readonly stage: string;
  /** Passes or rewrites that it may be as well, since they could not be tested. */
  readonly alternatives: readonly string[];
  readonly rewrite?: {
    /** Position in the compilation, and in the pass. */
    readonly index: number;
    readonly inPass: number;
    /** Whether `index` counts rewrites of a compilation in which some were held back. */
    readonly renumbered?: boolean;
    readonly rule: string;
    readonly sources: readonly OpSummary[];
    readonly results: readonly OpSummary[];
  };
  readonly dispatch?: {
    readonly index: number;
    readonly name: string;
    readonly source: string;
    readonly race: boolean;
  };
  /** Signal that ended the process. */
  readonly crash?: string;
  readonly nodes: readonly string[];
  readonly divergence?: Divergence;
  /** Error of the program's outputs over what is allowed, right after it. */
  readonly metric: number | undefined;
  /** Of the outputs. */
  readonly outputs: readonly TensorStatistics[];
  /** The IR that the rewrite changed, as a unified diff. */
  readonly diff: string;
  /** What it did to each op. */
  readonly semantic?: SemanticChange;
  readonly whatIf: readonly WhatIf[];
  readonly reproducer?: Reproducer;
  /** Of a slowdown. */
  readonly perf?: PerfEvidence;
}

/** A kernel launch of one side with its time. */
export interface TimedDispatch {
  readonly index: number;
  readonly name: string;
  readonly nodes: readonly string[];
  readonly schedule: string;
  /** Median over the pairs, of the fastest run in each. */
  readonly ns: number;
}

/** Launches of both sides that compute the same model nodes: several on a side where they are fused otherwise. */
export interface DispatchChange {
  readonly good: readonly number[];
  readonly bad: readonly number[];
  readonly nodes: readonly string[];
  readonly goodNs: number;
  readonly badNs: number;
  /** Of bad / good, with its interval; undefined where one side has none. */
  readonly ratio?: number;
  readonly range?: readonly [low: number, high: number];
  /** Adjusted for the number of dispatches that were compared. */
  readonly p?: number;
  readonly verdict: 'slower' | 'faster' | 'same' | 'new' | 'gone';
}

/** The kernel of a dispatch, to be read beside the other side's. */
export interface KernelCode {
  readonly name: string;
  readonly c: string;
  /** Empty where the machine has no disassembler. */
  readonly assembly: string;
  /** What the assembly consists of: `812 instructions, 530 with 512-bit vectors`. */
  readonly mix: string;
}

/** Which part of a schedule makes a dispatch slow. */
export interface ScheduleCulprit {
  readonly dispatch: string;
  /** `tile`, or several that only work together. */
  readonly entries: readonly string[];
  readonly good: string;
  readonly bad: string;
}

/** What two neighbouring programs do differently, measured against one another. */
export interface PerfEvidence {
  readonly ratio: number;
  readonly range: readonly [low: number, high: number];
  readonly p: number;
  readonly pairs: number;
  readonly threads: readonly [good: number, bad: number];
  /** Both timelines. */
  readonly sides: readonly [good: readonly TimedDispatch[], bad: readonly TimedDispatch[]];
  /** Those that grew most first. */
  readonly changes: readonly DispatchChange[];
  /** Of the first change. */
  readonly kernels: readonly [good: KernelCode | undefined, bad: KernelCode | undefined];
  /** Lines of the two kernels that are the same, as pairs of line numbers from 0; jumps and addresses aside. */
  readonly equalLines: {
    readonly c: readonly (readonly [number, number])[];
    readonly assembly: readonly (readonly [number, number])[];
  };
  readonly schedule?: ScheduleCulprit;
}

export interface Reproducer {
  /** IR that still goes wrong. */
  readonly ir: string;
  /** Ops of its entry function. */
  readonly ops: number;
  readonly command: string;
  readonly files: readonly string[];
}

export interface Bisection {
  readonly version: 1;
  readonly kind: 'numerics' | 'perf' | 'command';
  readonly id: string;
  /** What is bisected: a model file, a command. */
  readonly subject: string;
  /** What it was started with, where it can be started again. */
  readonly request?: unknown;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly status: Status;
  /** What is going on, or why it failed. */
  readonly activity: string;
  /** What a metric counts, and above which it is bad. */
  readonly metric: { readonly name: string; readonly limit: number | undefined };
  readonly levels: readonly Level[];
  readonly culprits: readonly Culprit[];
  /** One sentence. */
  readonly verdict: string;
  /** What a person asked to be held back, and what that gave; the last of the same wins. */
  readonly asked?: readonly WhatIf[];
  /** The program's tensors against the reference's, model node by model node. */
  readonly nodes?: NodeComparison;
  /** Things to know: a second change, a reference that is not deterministic. */
  readonly notes: readonly string[];
  /** Runs of the program for the search, and at most how many a binary search needs. */
  readonly runs: { readonly search: number; readonly bound: number; readonly other: number };
}

/** What a search starts from when it was stopped: verdicts by level. */
export type SavedTests = ReadonlyMap<string, readonly Test[]>;

export const savedTests = (bisection: Bisection): SavedTests =>
  new Map(bisection.levels.map((l) => [l.id, l.search.tests]));

/** The bisection with the verdict of a person on a point; what was concluded from tests before is open again. */
export function markPoint(
  bisection: Bisection,
  levelId: string,
  point: number,
  verdict: Test['verdict'],
): Bisection {
  const at = bisection.levels.findIndex((l) => l.id === levelId);
  const level = bisection.levels[at];
  if (level === undefined || point < 0 || point >= level.points.length) return bisection;
  const test: Test = { point, verdict, by: 'hand' };
  const search = { ...level.search, tests: [...level.search.tests, test] };
  // Later levels look into what this one found, which may now be something else.
  const levels = [...bisection.levels.slice(0, at), { ...level, search }];
  return { ...bisection, levels, culprits: [], verdict: '', status: 'paused', activity: 'marked by hand' };
}
