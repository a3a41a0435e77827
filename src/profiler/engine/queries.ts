/**
 * What a view asks of a trace that lives elsewhere: on a thread of its own in the editor, in the same process in tests. Answers
 * are plain data that survives a message channel; what is drawn comes as typed arrays, never more than fits the pixels.
 */
import type { Diagnostic } from '../../base/diagnostics';
import type { Family } from '../layout/families';
import type { FindAnswer, FindRequest } from '../layout/histogram';
import type { RooflineAnswer } from '../layout/roofline';
import type { TableRow, ZoneDetails } from '../layout/table';
import type { KeyStep } from '../layout/walk';
import type { TimeRange } from '../statistics';
import type { TrackKind } from '../trace';

export interface TrackInfo {
  readonly kind: TrackKind;
  readonly name: string;
  readonly process?: string;
  readonly unit?: string;
  /** Nesting depth; 0 for counters. */
  readonly rows: number;
  /** Zones or readings. */
  readonly count: number;
  /** Smallest and largest reading of a counter, 0 included. */
  readonly range?: readonly [number, number];
}

/** Known at once; what has to look at every zone is in `RunSummary`. */
export interface TraceInfo {
  readonly format: string;
  /** Nanoseconds. */
  readonly span: number;
  readonly zones: number;
  readonly tracks: readonly TrackInfo[];
  readonly warnings: readonly Diagnostic[];
  /** Families whose hues are in use; empty where hues only tell names apart. */
  readonly legend: readonly Family[];
  /** Text of every zone name by number where they are few; where absent, ask `names`. */
  readonly names?: readonly string[];
}

export interface RunSummary {
  /** Whether rows are dispatches of ours or zone names. */
  readonly by: 'dispatch' | 'name';
  readonly rows: number;
  readonly total: number;
  /** The greatest few. */
  readonly top: readonly TableRow[];
  /** What the names of all dispatches begin with. */
  readonly prefix: string;
  /** Entry points in order of appearance. */
  readonly entries: readonly string[];
}

/** Rows of spans that a chart shows. */
export type ChartSource =
  | { readonly kind: 'tracks' }
  | {
      readonly kind: 'flame';
      /** Paths from the top; or of `name`: who calls it, what it calls. */
      readonly order: 'heavy' | 'callers' | 'callees';
      /** All tracks of zones where absent. */
      readonly track?: number;
      readonly name?: number;
      readonly range?: TimeRange;
    };

export interface WindowRequest {
  readonly source: ChartSource;
  /** Rows of the source; of `tracks`, counted over all tracks, depth by depth. */
  readonly rows: readonly number[];
  /** In units of the source: nanoseconds after the origin, or of summed time. */
  readonly from: number;
  readonly to: number;
  /** Width that `from … to` is drawn in; smaller spans are merged. */
  readonly pixels: number;
  /** Marks rectangles whose name or model nodes hold this text. */
  readonly search?: string;
}

/** Rectangles of the requested rows, row by row, left to right; one element per rectangle in each column. */
export interface WindowAnswer {
  readonly from: number;
  readonly to: number;
  readonly pixels: number;
  readonly rows: readonly number[];
  /** Rectangles of `rows[i]` are `offset[i] … offset[i + 1]`. */
  readonly offset: Uint32Array;
  /** Pixels right of `from`. */
  readonly x: Float32Array;
  readonly width: Float32Array;
  /** Spans merged into it; 1 for a single one. */
  readonly count: Uint32Array;
  /** The zone, or of several (or of a call path) one of them. */
  readonly zone: Uint32Array;
  readonly name: Uint32Array;
  /** 0 to 7, or −1. */
  readonly hue: Int8Array;
  /** 1 where the search found it; empty without a search. */
  readonly match: Uint8Array;
}

export interface CounterRequest {
  readonly tracks: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly pixels: number;
}

/** One point per pixel column at most. */
export interface CounterCurve {
  readonly track: number;
  readonly from: number;
  readonly to: number;
  readonly pixels: number;
  readonly x: Float32Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly last: Float64Array;
}

/** Whole iterations of the run (of other tools: frames, profiler steps), in order of time. */
export interface FrameColumns {
  readonly start: Float64Array;
  readonly duration: Float64Array;
  readonly zone: Uint32Array;
  /** Index into `entries`. */
  readonly entry: Uint8Array;
  readonly entries: readonly string[];
}

export interface OverviewAnswer {
  /** Busy part of each slice of the trace, 0 to 1. */
  readonly busy: Float64Array;
  readonly frames: FrameColumns;
}

export interface TableRequest {
  readonly by: 'dispatch' | 'name';
  readonly range?: TimeRange;
}

export interface TableAnswer {
  readonly rows: readonly TableRow[];
  /** Rows that were left out, smallest first. */
  readonly omitted: number;
}

/** By what a zone is looked for. */
export type ZoneQuery =
  | { readonly dispatch: number; readonly entry?: string }
  | { readonly origin: string }
  | { readonly name: string };

export interface Queries {
  info(): TraceInfo;
  summary(): RunSummary;
  names(ids: readonly number[]): readonly string[];
  window(request: WindowRequest): WindowAnswer;
  counters(request: CounterRequest): readonly CounterCurve[];
  overview(bins: number): OverviewAnswer;
  /** Extent and rows of a flame source. */
  extent(source: ChartSource): { readonly extent: number; readonly rows: number };
  details(zone: number): ZoneDetails;
  step(zone: number | undefined, step: KeyStep, from: number): number | undefined;
  longest(query: ZoneQuery): number | undefined;
  nextMatch(search: string, from: number | undefined, backwards: boolean): number | undefined;
  table(request: TableRequest): TableAnswer;
  find(request: FindRequest): FindAnswer;
  roofline(): RooflineAnswer;
}

export type QueryName = keyof Queries;

/** `Queries` from the other end of a channel. */
export type RemoteQueries = {
  readonly [K in QueryName]: (...args: Parameters<Queries[K]>) => Promise<ReturnType<Queries[K]>>;
};
