/** Compares the links that were found with those of the edits that were made. */
import { lineAt, lineStarts } from '../../../src/base/lines';
import type { OpGraph } from '../../../src/dump/semantic/opGraph';
import type { SemanticDiff } from '../../../src/dump/semantic/semanticDiff';
import type { EditedPair } from './randomEdits';

export interface Score {
  /** Links of edits that were found. */
  readonly right: number;
  readonly missed: readonly string[];
  /** Links that are not of an edit. */
  readonly wrong: readonly string[];
}

/** What is kept is not listed: an op that should be and is not shows as a wrong link. */
export function scoreOf(pair: EditedPair, diff: SemanticDiff): Score {
  const idOf = (graph: OpGraph, ids: ReadonlyMap<number, number>) => {
    const starts = lineStarts(graph.text);
    return (op: number): number => ids.get(lineAt(starts, graph.ops[op]!.source.start))!;
  };
  const [a, b] = [idOf(diff.before, pair.idsBefore), idOf(diff.after, pair.idsAfter)];
  // An op may be the neighbour of two edits, and then is listed twice.
  const expected = new Set(pair.expected.map((l) => linkText(l.kind, l.before, l.after)));
  const found = new Set(
    diff.links.filter((l) => l.kind !== 'kept').map((l) => linkText(l.kind, l.before.map(a), l.after.map(b))),
  );
  return {
    right: [...expected].filter((l) => found.has(l)).length,
    missed: [...expected].filter((l) => !found.has(l)),
    wrong: [...found].filter((l) => !expected.has(l)),
  };
}

/** `fused 3,4→9`. */
const linkText = (kind: string, before: readonly number[], after: readonly number[]): string =>
  `${kind} ${[...before].sort((x, y) => x - y).join(',')}→${[...after].sort((x, y) => x - y).join(',')}`;
