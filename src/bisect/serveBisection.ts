/** Runs one task of a bisection on a worker thread, so that an editor stays responsive. */
import type { Cancellation } from '../base/cancellation';
import { serveTask } from '../compiler/cancellableWorker';
import type { Bisection, SavedTests, WhatIf } from './bisection';
import type { CommandRequest } from './command/commandBisect';
import { bisectCommand } from './command/commandBisect';
import type { CompareNodesRequest, NodeComparison } from './compareNodes';
import { compareNodes } from './compareNodes';
import type { NumericsParts, NumericsRequest } from './numerics';
import { bisectNumerics, measureWhatIf } from './numerics';
import type { PerfRequest } from './perf/perf';
import { bisectPerf } from './perf/perf';

/** What to search, as plain data. */
export type BisectRequest =
  | ({ readonly kind: 'numerics' } & NumericsRequest)
  | ({ readonly kind: 'perf' } & PerfRequest)
  | ({ readonly kind: 'command' } & CommandRequest);

interface SearchTask {
  readonly kind: 'search';
  readonly request: BisectRequest;
  readonly saved: SavedTests;
  readonly resourceRoot: string;
}
export type BisectTask =
  | SearchTask
  | ({ readonly resourceRoot: string } & (
      | /** Measures the program with what the request holds back. */
        { readonly kind: 'what-if'; readonly request: NumericsRequest }
      | { readonly kind: 'nodes'; readonly request: CompareNodesRequest }
    ));
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
        return search(task, cancellation, onUpdate, parts);
      case 'what-if':
        return measureWhatIf(task.request, { resourceRoot, cancellation }, parts);
      case 'nodes':
        return compareNodes(task.request, { resourceRoot, cancellation, parts });
    }
  });

function search(
  { request, saved, resourceRoot }: SearchTask,
  cancellation: Cancellation,
  onUpdate: (bisection: Bisection) => void,
  parts: NumericsParts,
): Promise<Bisection> {
  const environment = { resourceRoot, saved, cancellation, onUpdate };
  switch (request.kind) {
    case 'numerics':
      return bisectNumerics(request, environment, parts);
    case 'perf':
      return bisectPerf(request, environment);
    case 'command':
      return bisectCommand(request, environment);
  }
}
