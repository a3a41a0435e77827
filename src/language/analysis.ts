/**
 * IR text as language features see it: the parsed module with the range of each op. One analysis serves hover,
 * outline and navigation of a document version.
 */
import { StrataError } from '../base/diagnostics';
import type { Diagnostic } from '../base/diagnostics';
import type { Operation, OpSpan } from '../ir';
import { parseModule } from '../ir';
import { registry } from '../ir/dialects/index';

export interface Analysis {
  readonly text: string;
  readonly module: Operation;
  /** By start: parents before their children. UTF-16 offsets. */
  readonly spans: readonly OpSpan[];
}
export type AnalysisResult =
  | { readonly kind: 'ok'; readonly analysis: Analysis }
  | { readonly kind: 'failed'; readonly diagnostic: Diagnostic };

export function analyse(text: string): AnalysisResult {
  try {
    const { module, spans } = parseModule(text, registry);
    return { kind: 'ok', analysis: { text, module, spans } };
  } catch (error) {
    if (error instanceof StrataError) return { kind: 'failed', diagnostic: error.diagnostic };
    throw error;
  }
}

/** Index of the innermost op at an offset, or -1. */
export function spanIndexAt(
  spans: readonly { readonly start: number; readonly end: number }[],
  offset: number,
): number {
  let found = -1;
  for (const [i, s] of spans.entries()) {
    if (s.start > offset) break;
    if (offset < s.end) found = i;
  }
  return found;
}
