/** Runs one task of a bisection on a worker thread, so that an editor stays responsive. */
import { serveTask } from '../compiler/cancellableWorker';
import type { Bisection, SavedTests, WhatIf } from './bisection';
import type { CompareNodesRequest, NodeComparison } from './compareNodes';
import { compareNodes } from './compareNodes';
import type { NumericsParts, NumericsRequest } from './numerics';
import { bisectNumerics, measureWhatIf } from './numerics';

export type BisectTask = { readonly resourceRoot: string } & (
  | { readonly kind: 'search'; readonly request: NumericsRequest; readonly saved: SavedTests }
  /** Measures the program with what the request holds back. */
  | { readonly kind: 'what-if'; readonly request: NumericsRequest }
  | { readonly kind: 'nodes'; readonly request: CompareNodesRequest }
);
export type BisectResult<T extends BisectTask> = T['kind'] extends 'search'
  ? Bisection
  : T['kind'] extends 'what-if'
    ? WhatIf
    : NodeComparison;

/** `parts` is what is bisected, where that is not the shipped compiler. */
export const serveBisection = (parts: NumericsParts = {}): Promise<void> =>
  serveTask<BisectTask, Bisection, Bisection | WhatIf | NodeComparison>((task, cancellation, onUpdate) => {
    const { resourceRoot } = task;
    switch (task.kind) {
      case 'search':
        return bisectNumerics(
          task.request,
          { resourceRoot, saved: task.saved, cancellation, onUpdate },
          parts,
        );
      case 'what-if':
        return measureWhatIf(task.request, { resourceRoot, cancellation }, parts);
      case 'nodes':
        return compareNodes(task.request, { resourceRoot, cancellation, parts });
    }
  });
