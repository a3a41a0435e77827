/** What one rewrite did to each op, as plain data: for the report and the view. */
import type { Cancellation } from '../base/cancellation';
import { diffSnapshots } from '../dump/semantic/snapshotDiff';
import type { SemanticRow } from '../dump/semantic/semanticText';
import { semanticRows, semanticSummary } from '../dump/semantic/semanticText';
import type { Operation } from '../ir';
import { snapshotOf } from '../ir';

export interface SemanticChange {
  /** `2 changed, 1 fused, 40 kept`: of the functions that are not the same in both. */
  readonly summary: string;
  /** What is not kept as it was, in the order of the text. */
  readonly rows: readonly SemanticRow[];
  /** Rows that were left out at the end. */
  readonly more: number;
}

const mostRows = 80;

export function semanticChange(
  before: Operation,
  after: Operation,
  cancellation: Cancellation,
): SemanticChange {
  const diff = diffSnapshots(snapshotOf(before), snapshotOf(after), { cancellation });
  const rows = semanticRows(diff);
  return {
    summary: semanticSummary(diff),
    rows: rows.slice(0, mostRows),
    more: Math.max(0, rows.length - mostRows),
  };
}
