/** What the view of a model's file asks of the extension, and what it is told. */
import type { Diagnostic } from '../base/diagnostics';

/** A node of the model, with what became of it in the newest compilation of the file. */
export interface ModelRow {
  readonly name: string;
  readonly opType: string;
  /** In the order of the model, from 1. */
  readonly position: number;
  /** Median time of the dispatches that it is the main part of, and their share of the run. */
  readonly time?: { readonly ns: number; readonly share: number };
  /** The node whose dispatch computes this one too. */
  readonly within?: string;
}

export type ModelState =
  | { readonly kind: 'loading'; readonly what: string }
  | { readonly kind: 'failed'; readonly diagnostic: Diagnostic }
  | {
      readonly kind: 'ready';
      readonly file: string;
      /** Whether the file was compiled in this window, and run. */
      readonly known: 'read' | 'compiled' | 'profiled';
      /** Of the run: `6.10 ms on 2 threads`. */
      readonly summary: string;
      readonly rows: readonly ModelRow[];
    };

export interface ModelHost {
  /** The view can be told things from now on. */
  ready(): Promise<void>;
  /** A node was selected: its zone and op are shown where they are in view, without taking the focus. */
  select(node: string): Promise<void>;
  /** Opens the imported IR at the node. */
  openIr(node: string): Promise<void>;
  showInTimeline(node: string): Promise<void>;
  /** Compiles and profiles the file. */
  profile(): Promise<void>;
}

export interface ModelView {
  show(state: ModelState): Promise<void>;
  /** Marks nodes and brings the first into view: those of the zone that is selected in a profiler. */
  mark(nodes: readonly string[]): Promise<void>;
}
