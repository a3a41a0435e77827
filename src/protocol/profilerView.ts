/**
 * What the extension host and the profiler view ask of each other. The host implements `ProfilerHost`, the view
 * `ProfilerView`; each calls the other through `connect` of `rpc.ts`.
 */
import type { Diagnostic } from '../base/diagnostics';
import type { Trace } from '../profiler/trace';

/** A trace as it crosses the channel: its columns stay typed arrays, `origin` becomes decimal digits. */
export type WireTrace = Omit<Trace, 'origin'> & { readonly origin: string };

export const toWire = (trace: Trace): WireTrace => ({ ...trace, origin: trace.origin.toString() });
export const fromWire = (trace: WireTrace): Trace => ({ ...trace, origin: BigInt(trace.origin) });

/** What there is to show. */
export type TraceState =
  | { readonly kind: 'none' }
  | { readonly kind: 'loading'; readonly what: string }
  | { readonly kind: 'failed'; readonly diagnostic: Diagnostic }
  | {
      readonly kind: 'ready';
      /** Tells runs apart: the view keeps its place when the same run is set again. */
      readonly id: string;
      /** Shown above the timeline, such as `mobilenet-v2.onnx → cpu, 2 threads`. */
      readonly title: string;
      readonly trace: WireTrace;
    };

/** A zone, named so that the host finds its op without the trace. */
export interface ZoneRef {
  /** Row of `Trace.zones`. */
  readonly zone: number;
  readonly name: string;
  readonly dispatch?: number;
  readonly entry?: string;
  readonly origins: readonly string[];
}

export const VIEW_TABS = ['timeline', 'flame', 'zones'] as const;
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

export type ExportFormat = 'chrome' | 'csv';

export interface ProfilerHost {
  /** Called once the view can draw. */
  getTrace(): Promise<TraceState>;
  /** The state last saved for this view, if any. */
  getState(): Promise<ProfilerViewState | undefined>;
  saveState(state: ProfilerViewState): Promise<void>;
  /** A zone was selected, or none: show its op without taking the focus. */
  selectZone(zone: ZoneRef | undefined): Promise<void>;
  /** "Reveal in IR": open the op of the zone and move the focus there. */
  revealZone(zone: ZoneRef): Promise<void>;
  openFullEditor(): Promise<void>;
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
  setTab(tab: ViewTab): Promise<void>;
}
