/** What the bisection view asks of the extension, and what it is told. */
import type { Bisection } from '../bisect/bisection';
import type { Verdict } from '../bisect/search';

export type { Bisection, Culprit, Level, WhatIf } from '../bisect/bisection';
export type { Test, Verdict } from '../bisect/search';
export type { Element, TensorStatistics } from '../bisect/tolerance';

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
}

export interface BisectView {
  show(bisection: Bisection): Promise<void>;
}
