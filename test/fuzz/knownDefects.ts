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
    reason: 'at level 2, LRN of a value that is computed differs from the interpreter by 1e-4',
    has: (op, producers) => op === 'LRN' && producers.length > 0,
  },
];
