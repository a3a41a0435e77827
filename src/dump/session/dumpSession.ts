/**
 * An open dump as views see it: runs of passes by number, their changes, texts in pages that editors can hold, search. Plain
 * data in and out, so that it can live on another thread; `DumpSession` holds the index and the texts.
 */
import type { Cancellation } from '../../base/cancellation';
import { neverCancelled } from '../../base/cancellation';
import { formatDiagnostic } from '../../base/diagnostics';
import type { Dump } from '../dump';
import { passKey } from '../dump';
import type { Change } from '../irState';
import { IrStates } from '../irState';
import { prepareLines, renameLike } from '../normalise';
import { closeDump, openDump } from '../openDump';
import type { PassList, PassRun } from '../passList';
import { passListOf } from '../passList';
import { searchDump } from '../searchDump';
import type { ElidedConstant } from '../elide';
import { readElided } from '../elide';
import { constantPage } from '../entryText';
import type { Reproduction } from '../reproducer';
import { reproductionOf } from '../reproducer';
import { DumpHistory } from '../semantic/dumpHistory';
import type { TextPage } from './pages';
import { alignedStarts, pageOf, pageStarts } from './pages';

/** A pass on one function. */
export interface RunInfo {
  /** Number of the run in the dump. */
  readonly run: number;
  readonly op?: string;
  readonly symbol?: string;
  /** The entry that shows its result, or else its beginning. */
  readonly entry: number;
  readonly failed: boolean;
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}
export interface PassInfo {
  readonly pass: string;
  readonly argument?: string;
  readonly options?: string;
  readonly snapshot: boolean;
  readonly seconds?: number;
  readonly runs: readonly RunInfo[];
}
export interface PipelineInfo {
  readonly anchor: string;
  readonly seconds?: number;
  readonly passes: readonly PassInfo[];
}
export interface DumpInfo {
  readonly path: string;
  readonly format: string;
  readonly title: string;
  readonly entries: number;
  readonly bytes: number;
  readonly pipelines: readonly PipelineInfo[];
  /** What was left out or could not be understood. */
  readonly notes: readonly string[];
}

/** What a run did; ops by dialect as pairs, most changed first. */
export interface RunChange {
  readonly run: number;
  readonly kind: Change['kind'];
  readonly added: number;
  readonly removed: number;
  readonly ops: readonly (readonly [dialect: string, change: number])[];
}

/** `like`: the IR after the pass with the names of the IR before, for a diff. */
export type Side = 'before' | 'after' | 'like';

/** A text with the offsets at which its pages begin. */
export interface PagedText {
  readonly text: string;
  readonly starts: readonly number[];
}

/** Digits of a constant in lines, and what page of them it is. */
export interface ConstantPage {
  readonly text: string;
  readonly page: number;
  readonly pages: number;
}

export interface Hit {
  /** The run whose IR holds it. */
  readonly run: number;
  readonly line: string;
}

/** Characters of shown texts that are kept. */
const KEPT = 32 << 20;

export class DumpSession {
  readonly info: DumpInfo;
  readonly #runs: readonly PassRun[];
  readonly #states: IrStates;
  readonly #list: PassList;
  readonly #runOfEntry = new Map<number, number>();
  /** Texts that were shown last, the latest last. */
  readonly #shown = new Map<string, PagedText>();
  #history: DumpHistory | undefined;

  private constructor(readonly dump: Dump) {
    const list = passListOf(dump);
    this.#runs = list.pipelines.flatMap((p) => p.passes.flatMap((pass) => pass.runs));
    this.#runs.forEach((run, i) => {
      for (const entry of run.entries) this.#runOfEntry.set(entry, i);
    });
    this.#states = new IrStates(dump);
    this.#list = list;
    this.info = infoOf(dump, list);
  }

  /** Throws STR0150 and STR0151. */
  static async open(
    file: string,
    cancellation: Cancellation = neverCancelled,
    onProgress?: (done: number, size: number) => void,
  ): Promise<DumpSession> {
    return new DumpSession(
      await openDump(file, { cancellation, ...(onProgress === undefined ? {} : { onProgress }) }),
    );
  }
  close(): Promise<void> {
    return closeDump(this.dump);
  }

  async change(run: number): Promise<RunChange> {
    const change = await this.#states.change(this.#run(run));
    if (change.kind !== 'changed') return { run, kind: change.kind, added: 0, removed: 0, ops: [] };
    const ops = [...change.ops].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    return { run, kind: 'changed', added: change.added, removed: change.removed, ops };
  }

  /** IR of a run; empty where the dump does not have it. Long texts come in pages, counted from 0. */
  async text(run: number, side: Side, page = 0): Promise<TextPage> {
    const { text, starts } = await this.whole(run, side);
    return pageOf(text, page, starts);
  }

  /** As `text`, in one piece. The pages of `like` begin where those of `before` do. */
  async whole(run: number, side: Side): Promise<PagedText> {
    const key = `${run} ${side}`;
    const known = this.#shown.get(key);
    if (known !== undefined) return known;
    const made = await this.#make(run, side);
    this.#shown.set(key, made);
    let kept = 0;
    for (const [old, { text }] of [...this.#shown].reverse()) {
      kept += text.length;
      if (kept > KEPT && old !== key) this.#shown.delete(old);
    }
    return made;
  }
  async #make(run: number, side: Side): Promise<PagedText> {
    const { before, after } = this.#run(run);
    const place = side === 'before' ? before : after;
    const raw = place === undefined ? '' : ((await this.#states.text(place)) ?? '');
    if (side === 'after' || before === undefined) return { text: raw, starts: pageStarts(raw) };
    const lines = prepareLines(raw);
    if (side === 'before') {
      const text = `${lines.join('\n')}\n`;
      return { text, starts: pageStarts(text) };
    }
    const old = await this.whole(run, 'before');
    const text = `${renameLike(old.text.trimEnd().split('\n'), lines).join('\n')}\n`;
    return { text, starts: alignedStarts(old.text, old.starts, text) };
  }

  /** A constant that the IR of a run shows elided, by the hash that stands for it; undefined where the run has none with it. */
  async constant(run: number, hash: string, page: number): Promise<ConstantPage | undefined> {
    const { before, after } = this.#run(run);
    const entries = [after, before].flatMap((p) =>
      p === undefined ? [] : [p.entry, ...(p.parts?.values() ?? [])],
    );
    for (const index of new Set(entries)) {
      const entry = this.dump.entries[index]!;
      const constants: ElidedConstant[] = [];
      await readElided(this.dump, entry, constants);
      const found = constants.find((c) => c.hash === hash);
      if (found !== undefined) return constantPage(this.dump, entry, found, page);
    }
    return undefined;
  }

  /** The passes as steps that ops can be followed through. */
  get history(): DumpHistory {
    this.#history ??= new DumpHistory(this.dump, this.#states, this.#list);
    return this.#history;
  }
  /** The run whose entries hold `entry`. */
  runOfEntry(entry: number): number | undefined {
    return this.#runOfEntry.get(entry);
  }
  /** `canonicalize @f`. */
  titleOf(run: number): string {
    const { symbol, entries } = this.#run(run);
    const name = passKey(this.dump.entries[entries[0]!]!);
    return symbol === undefined ? name : `${name} @${symbol}`;
  }
  lastEntry(run: number): number {
    const { entries } = this.#run(run);
    return entries[entries.length - 1]!;
  }

  /** What replays a run. Throws STR0157 and STR0158. */
  reproduction(run: number): Promise<Reproduction> {
    return reproductionOf(this.dump, this.#states, this.#run(run));
  }

  /** Lines of IR that hold `text`, in the order of the dump. */
  async *search(text: string, cancellation: Cancellation = neverCancelled): AsyncGenerator<Hit> {
    for await (const hit of searchDump(this.dump, text, cancellation)) {
      const run = this.#runOfEntry.get(hit.entry);
      if (run !== undefined) yield { run, line: hit.line };
    }
  }

  #run(run: number): PassRun {
    const found = this.#runs[run];
    if (found === undefined) throw new RangeError(`the dump has no run ${run}`);
    return found;
  }
}

function infoOf(dump: Dump, list: PassList): DumpInfo {
  let next = 0;
  const runInfo = (run: PassRun): RunInfo => ({
    run: next++,
    ...(run.op === undefined ? {} : { op: run.op }),
    ...(run.symbol === undefined ? {} : { symbol: run.symbol }),
    entry: run.entries[run.entries.length - 1]!,
    failed: run.failed,
    hasBefore: run.before !== undefined,
    hasAfter: run.after !== undefined,
  });
  const pipelines = list.pipelines.map(({ anchor, seconds, passes }): PipelineInfo => ({
    anchor,
    ...(seconds === undefined ? {} : { seconds }),
    passes: passes.map(({ runs, ...pass }): PassInfo => ({ ...pass, runs: runs.map(runInfo) })),
  }));
  return {
    path: dump.path,
    format: dump.format,
    title: dump.title,
    entries: dump.entries.length,
    bytes: dump.sources.reduce((n, s) => n + s.size, 0),
    pipelines,
    notes: dump.warnings.map(formatDiagnostic),
  };
}
