/**
 * What views of ops ask about texts: their graphs, what became of each op, lives. Plain data in and out, so that it can live on
 * another thread: the texts may be passes of a dump, of a compilation, or any other.
 */
import type { Cancellation } from '../../base/cancellation';
import { lineStarts } from '../../base/lines';
import type { PipelineData } from '../../ir';
import { pipelineOf } from '../../ir';
import { drawnDiff, drawnGraph } from '../layout/drawGraph';
import type { GraphModel } from '../layout/graphModel';
import type { Reproduction } from '../reproducer';
import { assertMlir } from '../reproducer';
import type { HistoryStep, Life, LifeEvent } from '../semantic/lifeOfOp';
import { lastChange, lifeOf } from '../semantic/lifeOfOp';
import { eventWord } from '../semantic/lifeText';
import { addressOf } from '../semantic/opAddress';
import { GraphCache } from '../semantic/graphCache';
import type { OpGraph } from '../semantic/opGraph';
import { opAtOffset, opLabel } from '../semantic/opGraph';
import type { SemanticDiff } from '../semantic/semanticDiff';
import { diffGraphs } from '../semantic/semanticDiff';
import type { SemanticRow } from '../semantic/semanticText';
import { semanticRows, semanticSummary } from '../semantic/semanticText';
import { SnapshotDiffs, snapshotGraph } from '../semantic/snapshotDiff';
import type { DumpSession, PagedText, Side } from './dumpSession';
import type { PagePlace } from './pages';
import { offsetOnPage, placeOnPage } from './pages';

/** A text that is open in a view. */
export type OpPlace =
  | { readonly kind: 'text'; readonly title: string; readonly text: string }
  | { readonly kind: 'run'; readonly dump: number; readonly run: number; readonly side: Side }
  /** IR after a pass of a compilation, whose record was handed over before. */
  | { readonly kind: 'pass'; readonly title: string; readonly record: number; readonly pass: number };

export interface OpDrawing {
  readonly model: GraphModel;
  /** Where the pages of the text begin, in offsets of the model. */
  readonly starts: readonly number[];
  /** Of a pass: the row of each op in its snapshot, or -1. */
  readonly spans?: Int32Array;
}

export interface OpComparison {
  readonly title: string;
  /** `2 changed, 1 fused`. */
  readonly summary: string;
  /** Without what is kept. */
  readonly rows: readonly SemanticRow[];
  readonly startsBefore: readonly number[];
  readonly startsAfter: readonly number[];
  /** Both sides, where they are to be drawn. */
  readonly drawings?: readonly [OpDrawing, OpDrawing];
}

/** Where an event of a life is to be seen: a range on a page of the text after its pass, or before it for what is gone. */
export interface LifePlace extends PagePlace {
  /** Run of the dump, or pass of the compilation. */
  readonly run: number;
  readonly side: Side;
}

export interface LifeView {
  /** `%5 = linalg.matmul`. */
  readonly title: string;
  readonly life: Life;
  /** Of each event; undefined where its text is not kept. */
  readonly places: readonly (LifePlace | undefined)[];
}

interface Text extends PagedText {
  readonly title: string;
  readonly graph: OpGraph;
  readonly spans?: Int32Array;
}

/**
 * Limits of the thread that a session is on. Graphs of large texts are many small objects that live: in a small young
 * generation they are copied over and over.
 */
export const opThreadLimits = { maxYoungGenerationSizeMb: 192 } as const;

export class OpSession {
  readonly #records = new Map<number, SnapshotDiffs>();
  readonly #graphs = new GraphCache();

  constructor(readonly dumpOf: (dump: number) => DumpSession) {}

  addRecord(id: number, record: PipelineData): void {
    this.#records.set(id, new SnapshotDiffs(pipelineOf(record)));
  }
  dropRecord(id: number): void {
    this.#records.delete(id);
  }

  /** Throws STR0157. */
  async drawing(place: OpPlace): Promise<OpDrawing> {
    const { title, graph, starts, spans } = await this.#text(place);
    return { model: drawnGraph(title, graph), starts, ...(spans === undefined ? {} : { spans }) };
  }

  /** Throws STR0157 and, when cancelled, `CancelledError`. */
  async comparison(
    before: OpPlace,
    after: OpPlace,
    draw: boolean,
    cancellation: Cancellation,
  ): Promise<OpComparison> {
    const [old, now] = [await this.#text(before), await this.#text(after)];
    const { title, diff } = this.#diff(before, old, after, now, cancellation);
    const drawings = (): readonly [OpDrawing, OpDrawing] => {
      const [x, y] = drawnDiff([old.title, now.title], diff);
      return [
        { model: x, starts: old.starts },
        { model: y, starts: now.starts, ...(now.spans === undefined ? {} : { spans: now.spans }) },
      ];
    };
    return {
      title,
      summary: semanticSummary(diff),
      rows: semanticRows(diff),
      startsBefore: old.starts,
      startsAfter: now.starts,
      ...(draw ? { drawings: drawings() } : {}),
    };
  }

  /** The op at a place of a text through all passes; undefined where there is no op. A plain text has no passes. */
  async life(place: OpPlace, at: PagePlace, cancellation: Cancellation): Promise<LifeView | undefined> {
    const found = await this.#opAt(place, at);
    if (found === undefined) return undefined;
    const { graph, op, steps, step } = found;
    const life = await lifeOf(steps, step, [addressOf(graph, op)], cancellation);
    const places: (LifePlace | undefined)[] = [];
    for (const event of life.events) places.push(await this.#placeOf(place, event));
    return { title: opLabel(graph, op), life, places };
  }

  /**
   * The last pass up to the text that did something to the op at a place: `canonicalize changed its operands`. Undefined where
   * none did, and where it takes longer than `budgetMs` to find out.
   */
  async blame(
    place: OpPlace,
    at: PagePlace,
    budgetMs: number,
    cancellation: Cancellation,
  ): Promise<string | undefined> {
    const found = await this.#opAt(place, at);
    if (found === undefined || found.steps.length === 0) return undefined;
    const { graph, op, steps, step } = found;
    const event = await lastChange(steps, step, addressOf(graph, op), budgetMs, cancellation);
    return event === undefined ? undefined : `${eventWord(event)} in \`${event.pass}\` (${event.index})`;
  }

  reproduction(dump: number, run: number): Promise<Reproduction> {
    return this.dumpOf(dump).reproduction(run);
  }

  async #opAt(
    place: OpPlace,
    at: PagePlace,
  ): Promise<
    | {
        readonly graph: OpGraph;
        readonly op: number;
        readonly steps: readonly HistoryStep[];
        readonly step: number;
      }
    | undefined
  > {
    const { graph, starts } = await this.#text(place);
    const op = opAtOffset(graph, offsetOnPage(starts, at));
    if (op === undefined) return undefined;
    const { steps, at: step } = this.#steps(place);
    return { graph, op: op.index, steps, step };
  }

  /** Passes, and the position of the one that made the text; -1 before the first. */
  #steps(place: OpPlace): { readonly steps: readonly HistoryStep[]; readonly at: number } {
    switch (place.kind) {
      case 'text':
        return { steps: [], at: -1 };
      case 'pass': {
        const steps = this.#record(place.record).steps();
        return { steps, at: steps.findLastIndex((s) => s.index <= place.pass) };
      }
      case 'run': {
        const session = this.dumpOf(place.dump);
        const steps = session.history.steps();
        const entry = session.lastEntry(place.run);
        const at = steps.findLastIndex((s) => s.index <= entry);
        return { steps, at: place.side === 'before' && steps[at]?.index === entry ? at - 1 : at };
      }
    }
  }

  async #placeOf(place: OpPlace, event: LifeEvent): Promise<LifePlace | undefined> {
    const [after] = event.after;
    const op = after ?? event.before[0];
    if (op === undefined) return undefined;
    if (place.kind === 'pass') {
      const run = after === undefined ? event.index - 1 : event.index;
      return { run, side: 'after', page: 0, offset: op.start };
    }
    if (place.kind !== 'run') return undefined;
    const session = this.dumpOf(place.dump);
    const run = session.runOfEntry(event.index);
    if (run === undefined) return undefined;
    const side = after === undefined ? 'before' : 'after';
    const { text, starts } = await session.whole(run, side);
    // The text before a pass is shown with its lines normalised: they keep their numbers.
    const offset = side === 'after' ? op.start : (lineStarts(text)[op.line - 1] ?? 0);
    return { run, side, ...placeOnPage(starts, offset) };
  }

  #diff(
    before: OpPlace,
    old: Text,
    after: OpPlace,
    now: Text,
    cancellation: Cancellation,
  ): { readonly title: string; readonly diff: SemanticDiff } {
    const title = `${old.title} ↔ ${now.title}`;
    if (before.kind === 'pass' && after.kind === 'pass' && before.record === after.record) {
      const diffs = this.#record(after.record);
      const diff = diffs.between(before.pass, after.pass, { cancellation });
      const name = diffs.record.passes[after.pass]?.pass;
      if (diff !== undefined)
        return { title: before.pass + 1 === after.pass && name !== undefined ? name : title, diff };
    }
    const sameRun =
      before.kind === 'run' && after.kind === 'run' && before.dump === after.dump && before.run === after.run;
    return {
      title: sameRun ? now.title : title,
      diff: diffGraphs(old.graph, now.graph, { cancellation }),
    };
  }

  #record(id: number): SnapshotDiffs {
    const found = this.#records.get(id);
    if (found === undefined) throw new RangeError(`there is no record ${id}`);
    return found;
  }

  async #text(place: OpPlace): Promise<Text> {
    switch (place.kind) {
      case 'text':
        return { title: place.title, text: place.text, starts: [0], graph: this.#graphs.graph(place.text) };
      case 'pass': {
        const { passes, snapshots } = this.#record(place.record).record;
        const snapshot = snapshots.get(passes[place.pass]?.snapshot ?? '');
        if (snapshot === undefined) throw new RangeError(`there is no pass ${place.pass}`);
        const graph = snapshotGraph(snapshot);
        return { title: place.title, text: snapshot.text, starts: [0], graph, spans: graph.spans };
      }
      case 'run': {
        const session = this.dumpOf(place.dump);
        assertMlir(session.dump);
        const paged = await session.whole(place.run, place.side);
        return { title: session.titleOf(place.run), ...paged, graph: this.#graphs.graph(paged.text) };
      }
    }
  }
}
