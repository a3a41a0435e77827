/** The semantic diff of our own passes: ops keep their numbers, and the record of rewrites says what became what. */
import type { Cancellation } from '../../base/cancellation';
import type { IrSnapshot, PipelineRecord, RewriteRecord } from '../../ir';
import type { HistoryStep } from './lifeOfOp';
import type { RecordedChange } from './groupOps';
import type { OpGraph } from './opGraph';
import { opGraph } from './opGraph';
import type { RecordedLinks, SemanticDiff, SemanticDiffOptions } from './semanticDiff';
import { diffGraphs } from './semanticDiff';

/** A snapshot as a graph. The model nodes of an op stand as its locations. */
export interface SnapshotGraph extends OpGraph {
  readonly snapshot: IrSnapshot;
  /** Row of each op in the snapshot, and number in its compilation; -1 for one that the snapshot does not know. */
  readonly spans: Int32Array;
  readonly ids: Int32Array;
}

/** `without` are functions that the graph leaves out. */
export function snapshotGraph(snapshot: IrSnapshot, without: ReadonlySet<string> = new Set()): SnapshotGraph {
  const spanOf = new Map<number, number>();
  for (let i = 0; i < snapshot.spans.length / 3; i++) {
    const start = snapshot.spans[3 * i]!;
    // Where two begin at the same place the text shows the outer one.
    if (!spanOf.has(start)) spanOf.set(start, i);
  }
  const nodesAt = (start: number): readonly string[] => {
    const span = spanOf.get(start);
    return span === undefined ? [] : (snapshot.nodeSets[snapshot.nodesOf[span]!] ?? []);
  };
  const graph = opGraph(blanked(snapshot, without), (op) => nodesAt(op.start));
  const spans = Int32Array.from(graph.ops, (op) => spanOf.get(op.source.start) ?? -1);
  return { ...graph, snapshot, spans, ids: spans.map((s) => snapshot.spans[3 * s + 2] ?? -1) };
}

/** The text with blanks in place of some functions, so that offsets stay. */
function blanked(snapshot: IrSnapshot, without: ReadonlySet<string>): string {
  const pieces: string[] = [];
  let at = 0;
  for (const { symbol, start, end } of snapshot.functions) {
    if (!without.has(symbol)) continue;
    pieces.push(snapshot.text.slice(at, start), snapshot.text.slice(start, end).replace(/[^\n]+/g, blanks));
    at = end;
  }
  return pieces.join('') + snapshot.text.slice(at);
}
const blanks = (text: string): string => ' '.repeat(text.length);

/** Functions whose text is the same in both. */
function equalFunctions(a: IrSnapshot, b: IrSnapshot): ReadonlySet<string> {
  const texts = new Map(b.functions.map((f) => [f.symbol, b.text.slice(f.start, f.end)]));
  return new Set(
    a.functions.filter((f) => texts.get(f.symbol) === a.text.slice(f.start, f.end)).map((f) => f.symbol),
  );
}

/** Of two texts that have no record of what lies between them; functions that are the same in both are left out. */
export function diffSnapshots(
  before: IrSnapshot,
  after: IrSnapshot,
  options: SemanticDiffOptions = {},
): SemanticDiff {
  const without = equalFunctions(before, after);
  return diffGraphs(snapshotGraph(before, without), snapshotGraph(after, without), options);
}

/** What rewrites say of the ops of two snapshots that they lie between. */
export function recordedLinks(
  before: SnapshotGraph,
  after: SnapshotGraph,
  rewrites: readonly RewriteRecord[],
): RecordedLinks {
  const [mine, theirs] = [indexOfIds(before), indexOfIds(after)];
  const pairs = [...mine].flatMap(([id, a]) => {
    const b = theirs.get(id);
    return b === undefined ? [] : [[a, b] as const];
  });
  /** By id of an op that a rewrite made: ops of `before` that it comes from. */
  const ancestors = new Map<number, ReadonlySet<number>>();
  const ancestorsOf = (id: number): ReadonlySet<number> => {
    const own = mine.get(id);
    return own === undefined ? (ancestors.get(id) ?? new Set()) : new Set([own]);
  };
  for (const { sources, results } of rewrites) {
    const from = new Set(sources.flatMap((s) => [...ancestorsOf(s.id)]));
    for (const r of results)
      if (!mine.has(r.id)) ancestors.set(r.id, new Set([...(ancestors.get(r.id) ?? []), ...from]));
  }
  const changes: RecordedChange[] = [];
  for (const [id, b] of theirs) {
    const from = mine.has(id) ? undefined : ancestors.get(id);
    if (from !== undefined && from.size > 0) changes.push({ before: [...from], after: [b] });
  }
  return { pairs, changes };
}

function indexOfIds(graph: SnapshotGraph): Map<number, number> {
  const index = new Map<number, number>();
  graph.ids.forEach((id, op) => {
    if (id >= 0) index.set(id, op);
  });
  return index;
}

/** The passes of a compilation as diffs; each is made when it is asked for. */
export class SnapshotDiffs {
  readonly #changes = new Map<number, SemanticDiff | undefined>();

  constructor(readonly record: PipelineRecord) {}

  /** From the IR after pass `from` to that after pass `to`; undefined where one of them was not kept. */
  between(
    from: number,
    to: number,
    { cancellation, changedOnly = false }: { cancellation?: Cancellation; changedOnly?: boolean } = {},
  ): SemanticDiff | undefined {
    const { passes, rewrites, snapshots } = this.record;
    const [first, last] = [passes[from], passes[to]];
    const [old, now] = [snapshots.get(first?.snapshot ?? ''), snapshots.get(last?.snapshot ?? '')];
    if (first === undefined || last === undefined || old === undefined || now === undefined) return undefined;
    const without = changedOnly ? equalFunctions(old, now) : undefined;
    const [before, after] = [snapshotGraph(old, without), snapshotGraph(now, without)];
    const applied = from < to ? rewrites.slice(first.rewrites[1], last.rewrites[1]) : [];
    const recorded = recordedLinks(before, after, applied);
    return diffGraphs(before, after, { recorded, ...(cancellation === undefined ? {} : { cancellation }) });
  }

  /** Passes that changed something as steps of the lives of ops; their diffs leave out functions that stayed as they were. */
  steps(): HistoryStep[] {
    return this.record.passes
      .filter((p) => p.changed && p.index > 0)
      .map(({ index, pass }) => ({
        index,
        pass: pass.replace(/\{.*$/s, ''),
        scope: undefined,
        diff: () => {
          if (!this.#changes.has(index))
            this.#changes.set(index, this.between(index - 1, index, { changedOnly: true }));
          return Promise.resolve(this.#changes.get(index));
        },
      }));
  }
}
