/** The passes of a dump as a tree, pipeline → pass → function, as plain data for lists in the editor and the CLI. */
import type { Dump, DumpEntry } from './dump';
import { passKey } from './dump';
import type { TimingNode, TimingReport } from './timingReport';

/** Where IR at a moment is to be found. */
export interface IrPlace {
  /** The entry that holds it. */
  readonly entry: number;
  /** Only this function of the entry. */
  readonly symbol?: string;
  /** Functions that later entries hold: symbol → entry. */
  readonly parts?: ReadonlyMap<string, number>;
}

/** A pass on one op. */
export interface PassRun {
  readonly op?: string;
  readonly symbol?: string;
  /** Entries of this run in the dump, the one that shows its result last. */
  readonly entries: readonly number[];
  /** IR before the pass; absent at the first sight of an op. */
  readonly before?: IrPlace;
  /** IR after it; absent where the dump ends before. */
  readonly after?: IrPlace;
  readonly failed: boolean;
  /** The compiler said that it changed nothing. */
  readonly omitted: boolean;
}

export interface PassNode {
  readonly pass: string;
  readonly argument?: string;
  readonly options?: string;
  /** It is a place in the pipeline, not a pass: `print-ir`, a phase. */
  readonly snapshot: boolean;
  /** One for each function, in the order of the dump. */
  readonly runs: readonly PassRun[];
  /** Wall time of all runs. */
  readonly seconds?: number;
}

export interface PipelineGroup {
  /** Op that the pipeline is nested on: `builtin.module`, `func.func`. */
  readonly anchor: string;
  readonly passes: readonly PassNode[];
  readonly seconds?: number;
}

export interface PassList {
  readonly pipelines: readonly PipelineGroup[];
  /** Passes of the timing report that the dump does not have. */
  readonly untimed: number;
}

const wholeModule = (entry: DumpEntry): boolean =>
  entry.op === undefined || /^(?:builtin\.module|module|HloModule|IRModule)$/.test(entry.op);
/** XLA writes several modules into one folder; each has a history of its own. */
const moduleOf = (entry: DumpEntry): string =>
  entry.op === 'HloModule' && entry.symbol !== undefined ? entry.symbol : '';
const unitOf = (entry: DumpEntry): string => `${entry.op ?? ''}@${entry.symbol ?? ''}`;

/** Where each function was last seen, while entries go by. */
class States {
  #module = '';
  #whole: number | undefined;
  #parts = new Map<string, number>();
  readonly #units = new Map<string, number>();

  /** IR that a pass starts from, if it was seen. */
  before(entry: DumpEntry): IrPlace | undefined {
    if (moduleOf(entry) !== this.#module) return undefined;
    if (wholeModule(entry)) {
      if (this.#whole !== undefined)
        return { entry: this.#whole, ...(this.#parts.size === 0 ? {} : { parts: new Map(this.#parts) }) };
      return this.#parts.size === 0 ? undefined : { entry: entry.index, parts: new Map(this.#parts) };
    }
    const own = entry.moduleScope === true ? undefined : this.#units.get(unitOf(entry));
    if (own !== undefined) return { entry: own };
    if (this.#whole === undefined || entry.symbol === undefined || entry.op === 'loop') return undefined;
    return { entry: this.#whole, symbol: entry.symbol };
  }
  saw(entry: DumpEntry): void {
    if (entry.omitted === true) return;
    this.#module = moduleOf(entry);
    if (wholeModule(entry) || entry.moduleScope === true) {
      this.#whole = entry.index;
      this.#parts = new Map();
      this.#units.clear();
    } else {
      this.#units.set(unitOf(entry), entry.index);
      // A loop is a part of a function only.
      if (entry.symbol !== undefined && entry.op !== 'loop') this.#parts.set(entry.symbol, entry.index);
    }
  }
}

const placeOf = (entry: DumpEntry): IrPlace =>
  entry.moduleScope === true && entry.symbol !== undefined
    ? { entry: entry.index, symbol: entry.symbol }
    : { entry: entry.index };

interface Draft {
  readonly first: DumpEntry;
  entries: number[];
  before?: IrPlace;
  after?: IrPlace;
  failed: boolean;
}

function runsOf(dump: Dump): Draft[] {
  const states = new States();
  const beforeOnly =
    dump.entries.some((e) => e.when === 'before') &&
    dump.entries.every((e) => e.when === 'before' || e.when === 'snapshot');
  /** Before-entries whose after is to come, the latest last; with before-only dumps the last run of each unit. */
  const open = new Map<string, Draft[]>();
  const runs: Draft[] = [];
  /** The run before, where its entry is the whole module: what comes next is the module after it. */
  let last: Draft | undefined;
  const isModule = (entry: DumpEntry): boolean => wholeModule(entry) || entry.moduleScope === true;
  for (const entry of dump.entries) {
    const key = beforeOnly ? unitOf(entry) : `${passKey(entry)} ${unitOf(entry)}`;
    const draft: Draft = { first: entry, entries: [entry.index], failed: entry.when === 'failed' };
    if (entry.when === 'before') {
      // The state before a pass is the one after the pass before it.
      if (beforeOnly && last !== undefined && isModule(entry)) {
        const { symbol } = placeOf(last.first);
        last.after = { entry: entry.index, ...(symbol === undefined ? {} : { symbol }) };
      } else if (beforeOnly) for (const previous of open.get(key) ?? []) previous.after = placeOf(entry);
      last = isModule(entry) ? draft : undefined;
      draft.before = placeOf(entry);
      open.set(key, beforeOnly ? [draft] : [...(open.get(key) ?? []), draft]);
      runs.push(draft);
    } else {
      const started = entry.when === 'snapshot' ? undefined : open.get(key)?.pop();
      if (started === undefined) {
        const before = states.before(entry);
        if (before !== undefined) draft.before = before;
        draft.after = placeOf(entry);
        runs.push(draft);
      } else {
        started.entries.push(entry.index);
        started.after = placeOf(entry);
        started.failed = draft.failed;
      }
    }
    states.saw(entry);
  }
  return runs;
}

interface NodeDraft {
  readonly first: DumpEntry;
  readonly runs: PassRun[];
}

function finish(draft: Draft): PassRun {
  const { op, symbol, omitted } = draft.first;
  return {
    ...(op === undefined ? {} : { op }),
    ...(symbol === undefined ? {} : { symbol }),
    entries: draft.entries,
    ...(draft.before === undefined ? {} : { before: draft.before }),
    ...(draft.after === undefined ? {} : { after: draft.after }),
    failed: draft.failed,
    omitted: omitted === true,
  };
}

/** `timing` replaces what the dump's own log says. */
export function passListOf(dump: Dump, timing: TimingReport | undefined = dump.timing): PassList {
  const groups: { readonly anchor: string; readonly passes: NodeDraft[] }[] = [];
  /** Groups of the nested pipelines that run now, by anchor; and how often a function has passed each pass in them. */
  let nested = new Map<
    string,
    { passes: NodeDraft[]; byKey: Map<string, NodeDraft>; seen: Map<string, number> }
  >();
  let whole: NodeDraft[] | undefined;
  let module = '';
  for (const draft of runsOf(dump)) {
    const { first } = draft;
    const run = finish(draft);
    if (wholeModule(first)) {
      nested = new Map();
      if (whole === undefined || moduleOf(first) !== module) {
        module = moduleOf(first);
        whole = [];
        const op = first.op ?? 'builtin.module';
        groups.push({ anchor: module === '' ? op : `${op} ${module}`, passes: whole });
      }
      whole.push({ first, runs: [run] });
      continue;
    }
    whole = undefined;
    const anchor = first.op!;
    let group = nested.get(anchor);
    if (group === undefined) {
      group = { passes: [], byKey: new Map(), seen: new Map() };
      nested.set(anchor, group);
      groups.push({ anchor, passes: group.passes });
    }
    // The k-th run of a pass on one function and on another are the same place in the pipeline.
    const own = `${passKey(first)} ${first.symbol ?? ''}`;
    const occurrence = group.seen.get(own) ?? 0;
    group.seen.set(own, occurrence + 1);
    const key = `${passKey(first)} ${occurrence}`;
    const node = group.byKey.get(key);
    if (node !== undefined) node.runs.push(run);
    else {
      const fresh: NodeDraft = { first, runs: [run] };
      group.byKey.set(key, fresh);
      group.passes.push(fresh);
    }
  }
  const clock = new Clock(timing);
  const pipelines = groups.map(({ anchor, passes }): PipelineGroup => {
    const seconds = clock.take(`'${anchor}' Pipeline`);
    return {
      anchor,
      passes: passes.map(({ first, runs }): PassNode => {
        const own = first.when === 'snapshot' ? undefined : clock.take(first.pass);
        return {
          pass: first.pass,
          ...(first.argument === undefined ? {} : { argument: first.argument }),
          ...(first.options === undefined ? {} : { options: first.options }),
          snapshot: first.when === 'snapshot',
          runs,
          ...(own === undefined ? {} : { seconds: own }),
        };
      }),
      ...(seconds === undefined ? {} : { seconds }),
    };
  });
  return { pipelines, untimed: clock.left };
}

/** Rows of a timing report by name, each given out once, in order. */
class Clock {
  readonly #rows = new Map<string, number[]>();
  constructor(report: TimingReport | undefined) {
    const visit = (node: TimingNode): void => {
      const rows = this.#rows.get(node.name) ?? [];
      rows.push(node.seconds);
      this.#rows.set(node.name, rows);
      node.children.forEach(visit);
    };
    report?.nodes.forEach(visit);
  }
  take(name: string): number | undefined {
    return this.#rows.get(name)?.shift();
  }
  /** Rows of passes that nobody took. */
  get left(): number {
    const others = /^(?:\(A\) |Parser$|Output$|Rest$|root$)|Pipeline$|^Pipeline Collection/;
    return [...this.#rows].reduce((n, [name, rows]) => (others.test(name) ? n : n + rows.length), 0);
  }
}
