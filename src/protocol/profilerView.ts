/**
 * What the extension host and the profiler view ask of each other. The host implements `ProfilerHost`, the view
 * `ProfilerView`; each calls the other through `connect` of `rpc.ts`. The trace itself stays with the host's worker; the view
 * asks for what it draws.
 */
import type { Diagnostic } from '../base/diagnostics';
import type { Queries, QueryName, RemoteQueries, TraceInfo } from '../profiler/engine/queries';
import type { Comparison } from '../profiler/compare';
import type { NamedQuery } from '../profiler/query/exampleQueries';
import type { QueryResult } from '../profiler/query/queryResult';

export type * from '../profiler/engine/queries';
export type * from '../profiler/compare';
export type { NamedQuery } from '../profiler/query/exampleQueries';
export type { Cell, QueryResult } from '../profiler/query/queryResult';
export type { TimeRange } from '../profiler/statistics';

export interface RunState {
  /** Such as `mobilenet-v2.onnx → cpu, 2 threads`. */
  readonly title: string;
  readonly info: TraceInfo;
}

/** What there is to show. */
export type TraceState =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'loading';
      readonly what: string;
      /** How far it is, 0 to 1, where that is known; it can be stopped then. */
      readonly part?: number;
    }
  | { readonly kind: 'failed'; readonly diagnostic: Diagnostic }
  | {
      readonly kind: 'ready';
      /** Tells runs apart: the view keeps its place when the same run is set again. */
      readonly id: string;
      /** The run that is shown, then those it is compared with. */
      readonly runs: readonly RunState[];
    };

/** A zone, named so that the host finds its op without the trace. */
export interface ZoneRef {
  /** Row of `Trace.zones`. */
  readonly zone: number;
  readonly name: string;
  readonly dispatch?: number;
  readonly entry?: string;
  readonly origins: readonly string[];
  /** Source location that a tool recorded with it, `file:line`. */
  readonly location?: string;
}

/** What says that a zone and an op belong together, best first. */
export const EVIDENCE = ['recorded', 'symbol', 'location', 'name'] as const;
export type Evidence = (typeof EVIDENCE)[number];

/** A place in IR, a dump, the generated C or the model that a zone leads to. */
export interface ZoneLink {
  /** `op`, `pass`, `dispatch`, `node`, `kernel`. */
  readonly kind: 'op' | 'pass' | 'dispatch' | 'node' | 'kernel';
  readonly label: string;
  /** Said after the label: the rule that made it, the size of the change. */
  readonly note?: string;
  /** Given back to `openLink`. */
  readonly target: string;
}

/** What is behind a zone, as far as it is known. */
export interface ZoneJoin {
  readonly evidence: Evidence;
  /** In words: `the runner recorded dispatch 7 of main`. */
  readonly because: string;
  readonly links: readonly ZoneLink[];
}

export const VIEW_TABS = ['timeline', 'flame', 'find', 'zones', 'compare', 'sql'] as const;
export type ViewTab = (typeof VIEW_TABS)[number];

/** Where the person was; restored after a reload and when the full editor opens. */
export interface ProfilerViewState {
  /** Of which trace; the rest but the tab only holds for it. */
  readonly id?: string;
  readonly tab: ViewTab;
  readonly from?: number;
  readonly to?: number;
  readonly zone?: number;
  readonly collapsed?: readonly number[];
}

/** A place that a person marked, kept with the workspace. */
export interface Bookmark {
  readonly from: number;
  /** Equal to `from` for an instant. */
  readonly to: number;
  readonly note: string;
}

export type ExportFormat = 'perfetto' | 'chrome' | 'speedscope' | 'csv';

export interface SavedQuery {
  readonly name: string;
  readonly sql: string;
}

export interface OfferedQueries {
  /** Ship with Strata; `question` says what they answer. */
  readonly examples: readonly NamedQuery[];
  /** Kept by the person, with the workspace. */
  readonly saved: readonly SavedQuery[];
}

export interface ProfilerHost {
  /** Called once the view can draw. */
  getTrace(): Promise<TraceState>;
  /** The state last saved for this view, if any. */
  getState(): Promise<ProfilerViewState | undefined>;
  saveState(state: ProfilerViewState): Promise<void>;
  /** One query of `Queries` about run `run`; see `queriesOf`. */
  query(run: number, name: QueryName, args: readonly unknown[]): Promise<unknown>;
  /** How the run that is shown differs from run `run`, which is the one before. */
  compare(run: number): Promise<Comparison>;
  /** "Add a run…": asks for it, and sets the trace anew. */
  addRun(): Promise<void>;
  removeRun(run: number): Promise<void>;
  /** Runs SQL over the trace, at most `limit` rows of it. Fails with a coded error. */
  sql(text: string, limit: number): Promise<QueryResult>;
  /** Ends a query that runs. */
  stopSql(): Promise<void>;
  offeredQueries(): Promise<OfferedQueries>;
  saveQueries(queries: readonly SavedQuery[]): Promise<void>;
  exportTable(name: string, csv: string): Promise<void>;
  getBookmarks(): Promise<readonly Bookmark[]>;
  saveBookmarks(bookmarks: readonly Bookmark[]): Promise<void>;
  /** Asks for a line of text; undefined when dismissed. */
  askForText(title: string, value: string): Promise<string | undefined>;
  /** A zone was selected, or none: show its op without taking the focus. */
  selectZone(zone: ZoneRef | undefined): Promise<void>;
  /** "Reveal in IR": open the op of the zone and move the focus there. */
  revealZone(zone: ZoneRef): Promise<void>;
  /** What is behind a zone; undefined where nothing is known. */
  joinOf(zone: ZoneRef): Promise<ZoneJoin | undefined>;
  openLink(target: string): Promise<void>;
  /** Puts an address that opens this zone again on the clipboard. */
  copyLink(zone: ZoneRef): Promise<void>;
  openFullEditor(): Promise<void>;
  /** Stops reading what is being loaded. */
  cancelLoading(): Promise<void>;
  /** "Profile a model…" of the empty state. */
  profileModel(): Promise<void>;
  exportTrace(format: ExportFormat): Promise<void>;
  copyText(text: string): Promise<void>;
}

export interface ProfilerView {
  /** Another run is there, is being made, or failed. */
  setTrace(state: TraceState): Promise<void>;
  /**
   * "Show in timeline": selects and brings into view the longest zone of a dispatch (and entry point, where given).
   * Returns whether there is one. Does not take the focus. With `follow`, as the cursor moves
   * through the IR, tab and zoom stay.
   */
  selectDispatch(dispatch: number, entry?: string, follow?: boolean): Promise<boolean>;
  /** As `selectDispatch`, by the name of a model node. */
  selectOrigin(origin: string): Promise<boolean>;
  /** As `selectDispatch`, by the name of a zone: for traces that record neither. */
  selectName(name: string): Promise<boolean>;
  /** Selects a zone by its number, if its name is `name`. */
  selectNumber(zone: number, name: string): Promise<boolean>;
  setTab(tab: ViewTab): Promise<void>;
}

const NAMES: Readonly<Record<QueryName, true>> = {
  info: true,
  summary: true,
  names: true,
  window: true,
  counters: true,
  overview: true,
  extent: true,
  details: true,
  step: true,
  longest: true,
  nextMatch: true,
  table: true,
  find: true,
  roofline: true,
};

/** The queries of one run, asked through the host. */
export function queriesOf(host: Pick<ProfilerHost, 'query'>, run: number): RemoteQueries {
  return Object.fromEntries(
    Object.keys(NAMES).map((name) => [
      name,
      (...args: readonly unknown[]) => host.query(run, name as QueryName, args),
    ]),
  ) as unknown as RemoteQueries;
}

/** Answers one query that came over a channel; throws where there is none of that name. */
export function answerQuery(queries: Queries, name: string, args: readonly unknown[]): unknown {
  if (!Object.hasOwn(NAMES, name)) throw new RangeError(`there is no query "${name}"`);
  // Channels that pass through JSON make null of an undefined argument.
  const given = args.map((a) => a ?? undefined);
  return (queries[name as QueryName] as (...a: readonly unknown[]) => unknown).apply(queries, given);
}
