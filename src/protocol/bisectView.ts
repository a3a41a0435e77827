/** What the bisection view asks of the extension, and what it is told. */
import type { Verdict } from '../bisect/search';

export type {
  Bisection,
  Culprit,
  DispatchChange,
  KernelCode,
  Level,
  PerfEvidence,
  WhatIf,
} from '../bisect/bisection';
export type { NodeComparison, NodeRow } from '../bisect/compareNodes';
export type { Test, Verdict } from '../bisect/search';
export type { SemanticChange } from '../bisect/semanticChange';
export type { Element, TensorStatistics } from '../bisect/tolerance';

/** What can be left out of a compilation: a rule, or one rewrite by its number. */
export type Held = { readonly rule: string } | { readonly rewrite: number };

export interface BisectHost {
  /** The view can be told things from now on. */
  ready(): Promise<void>;
  pause(): Promise<void>;
  /** Goes on from what is known. */
  resume(): Promise<void>;
  /** The person's verdict on a point; the search goes on from it when asked to. */
  mark(level: string, point: number, verdict: Verdict): Promise<void>;
  /** Writes a Markdown report where the person says. */
  exportReport(): Promise<void>;
  openReproducer(): Promise<void>;
  /** Compiles again without it, and measures the result. */
  measureWithout(held: Held): Promise<void>;
  /** Compares the program with the reference, model node by model node. */
  compareNodes(): Promise<void>;
}

export interface BisectView {
  /** A `Bisection` as `jsonWithNumbers` writes it: messages to a webview lose infinities. */
  show(bisection: string): Promise<void>;
}
