/** What random graphs leave out because generated code is known to be wrong there; each goes with its defect. */
import type { GraphNode } from './randomGraph';

export interface KnownDefect {
  readonly reason: string;
  /** Whether an operator on these operands has it; `producers` are the nodes that compute them. */
  readonly has: (op: string, producers: readonly GraphNode[]) => boolean;
}

export const knownDefects: readonly KnownDefect[] = [
  {
    reason: 'at level 2, the second part of a reduction that is concatenated with itself is wrong',
    has: (op, producers) => op === 'Concat' && producers.some((n) => n.op.startsWith('Reduce')),
  },
  {
    reason:
      'at level 2, a padded window (of LRN or AveragePool) over a value that is computed gives wrong sums',
    has: (op, producers) => (op === 'LRN' || op === 'AveragePool') && producers.length > 0,
  },
];
