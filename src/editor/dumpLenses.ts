/** In the IR of dumps: above each function how many passes changed it and what it took in the trace that is open; times of dispatches. */
import * as vscode from 'vscode';
import { formatDuration, ns } from '../base/units';
import type { TableAnswer } from '../profiler/engine/queries';
import type { CommandId } from './commandIds';
import type { OpenDump, OpenDumps } from './openDumps';
import { dumpAddress } from './openDumps';
import type { TraceSource } from './traceSource';

/** What a function or dispatch took, over all its zones. */
export interface SymbolTime {
  readonly ns: number;
  /** Part of the time of all zones, 0 to 1. */
  readonly share: number;
  readonly calls: number;
}

/** Measured times by the names that compilers give functions and dispatches, without `@`. */
export interface SymbolTimes {
  timeOf(symbol: string): SymbolTime | undefined;
  readonly onDidChange: vscode.Event<void>;
}

/** The trace that is open: zones that bear the name of a function. */
export class TraceSymbolTimes implements SymbolTimes, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #subscription: vscode.Disposable;
  #times: ReadonlyMap<string, SymbolTime> = new Map();

  constructor(readonly trace: TraceSource) {
    this.#subscription = trace.onDidChange(() => void this.#read());
  }
  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
  timeOf(symbol: string): SymbolTime | undefined {
    return this.#times.get(symbol);
  }

  async #read(): Promise<void> {
    const { state } = this.trace;
    const times = new Map<string, SymbolTime>();
    if (state.kind === 'ready') {
      const { worker, number } = this.trace.at(0);
      try {
        const { rows } = (await worker.query(number, 'table', [{ by: 'name' }])) as TableAnswer;
        for (const { name, total, share, calls } of rows) times.set(name, { ns: total, share, calls });
      } catch {
        // The trace was closed meanwhile.
      }
    }
    if (this.trace.state !== state) return;
    this.#times = times;
    this.#changed.fire();
  }
}

/** A line that begins an op with a symbol. */
const symbolLine = /^[ \t]*(?:"[\w$.-]+"|[a-z_][\w$.]*)[^\n@(]{0,80}@(?:"((?:[^"\\\n]|\\.)*)"|([\w$.-]+))/gm;
/** An op that calls or dispatches a function. */
const dispatchLine = /\b(?:dispatch|call|launch_func)\b[^\n@]{0,40}((?:@[\w$.-]+(?:::)?)+)/g;
/** Functions that get a lens. */
const mostFunctions = 500;
/** Lines that are looked at for hints. */
const mostHints = 2000;

export class DumpLenses implements vscode.CodeLensProvider, vscode.InlayHintsProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly onDidChangeInlayHints = this.#changed.event;
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(
    readonly dumps: OpenDumps,
    readonly times: SymbolTimes,
  ) {
    const fire = (): void => {
      this.#changed.fire();
    };
    this.#subscriptions = [dumps.onDidChange(fire), times.onDidChange(fire)];
  }
  dispose(): void {
    for (const s of this.#subscriptions) s.dispose();
    this.#changed.dispose();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const address = dumpAddress(document.uri);
    const dump = address === undefined ? undefined : this.dumps.get(address.dump);
    if (address === undefined || dump === undefined) return [];
    const found: vscode.CodeLens[] = [];
    for (const { index, 1: quoted, 2: plain } of document.getText().matchAll(symbolLine)) {
      if (found.length >= mostFunctions) break;
      const lens = this.#lens(dump, address.run, quoted ?? plain!, document.positionAt(index).line);
      if (lens !== undefined) found.push(lens);
    }
    return found;
  }

  #lens(dump: OpenDump, run: number, symbol: string, line: number): vscode.CodeLens | undefined {
    const changed = dump.runs.filter(
      (r) => r.run.symbol === symbol && dump.changes.get(r.run.run)?.kind === 'changed',
    );
    const time = this.times.timeOf(symbol);
    const parts = [
      ...(changed.length === 0
        ? []
        : [`$(diff) changed in ${changed.length} ${changed.length === 1 ? 'pass' : 'passes'}`]),
      ...(time === undefined ? [] : [timeText(time)]),
    ];
    if (parts.length === 0) return undefined;
    const seen = changed.filter((r) => r.run.run <= run);
    const last = seen.at(-1) ?? changed[0];
    const names = changed.map((r) => r.pass.argument ?? r.pass.pass).join(', ');
    return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
      title: parts.join(' · '),
      tooltip: [names, ...(time === undefined ? [] : [callsText(time)])].filter((t) => t !== '').join('\n\n'),
      command: last === undefined ? '' : ('strata.diffDumpPass' satisfies CommandId),
      ...(last === undefined ? {} : { arguments: [{ dump: dump.id, run: last.run.run }] }),
    });
  }

  /** What the callee of a call or dispatch took. */
  provideInlayHints(document: vscode.TextDocument, range: vscode.Range): vscode.InlayHint[] {
    if (dumpAddress(document.uri) === undefined) return [];
    const hints: vscode.InlayHint[] = [];
    const from = document.offsetAt(range.start);
    for (const m of document.getText(range).matchAll(dispatchLine)) {
      if (hints.length >= mostHints) break;
      const name = m[1]!.slice(m[1]!.lastIndexOf('@') + 1);
      const time = this.times.timeOf(name);
      if (time === undefined) continue;
      const { line } = document.positionAt(from + m.index);
      const hint = new vscode.InlayHint(document.lineAt(line).range.end, timeText(time));
      hint.paddingLeft = true;
      hint.tooltip = `${name}: ${callsText(time)}`;
      hints.push(hint);
    }
    return hints;
  }
}

const timeText = (t: SymbolTime): string => `${formatDuration(ns(t.ns))} · ${(100 * t.share).toFixed(1)} %`;
const callsText = (t: SymbolTime): string =>
  `Time of ${t.calls} ${t.calls === 1 ? 'zone' : 'zones'} of the open trace, and its part of all zones`;
