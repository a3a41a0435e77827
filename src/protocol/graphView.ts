/** What the extension host and the graph view ask of each other, through `connect` of `rpc.ts`. */
import type { Diagnostic } from '../base/diagnostics';
import type { GraphModel } from '../dump/layout/graphModel';

export type GraphState =
  | { readonly kind: 'loading'; readonly what: string }
  | { readonly kind: 'failed'; readonly diagnostic: Diagnostic }
  | { readonly kind: 'empty'; readonly why: string }
  | {
      readonly kind: 'ready';
      /** One, or before and after a pass. */
      readonly graphs: readonly GraphModel[];
      /** What the view keeps, to be opened again after the window is loaded anew. */
      readonly restore: readonly RestoredText[];
    };

/** A text that can be found again: a file, or a pass of a dump. */
export type RestoredText =
  | { readonly kind: 'file'; readonly uri: string }
  | {
      readonly kind: 'run';
      readonly file: string;
      readonly run: number;
      readonly side: 'before' | 'after' | 'like';
    };

export const colourModes = ['dialect', 'change', 'cost', 'time'] as const;
export type ColourMode = (typeof colourModes)[number];

export interface GraphHost {
  /** Called once the view can draw. */
  getGraph(): Promise<GraphState>;
  /** An op was chosen: show its text, without taking the focus unless `focus` is true. */
  revealOp(graph: number, op: number, focus: boolean): Promise<void>;
  /** The life of an op, in its own view. */
  showLife(graph: number, op: number): Promise<void>;
  copyText(text: string): Promise<void>;
}

export interface GraphView {
  setGraph(state: GraphState): Promise<void>;
  /** The cursor moved in the text of a graph: selects the op without telling the host. */
  selectOp(graph: number, op: number): Promise<void>;
}
