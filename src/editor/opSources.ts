/**
 * Where the views of ops get their graphs: from the IR of compilations and dumps, from any `.mlir` text, and from open diffs.
 * The work is done in the worker of the dumps.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import { CancelledError } from '../base/cancellation';
import type { Compilation } from '../compiler/compilation';
import { dispatchShare, dispatchTime } from '../compiler/dispatchTimes';
import type { DrawnFacts } from '../dump/layout/drawGraph';
import type { GraphModel } from '../dump/layout/graphModel';
import type { LifeView, OpComparison, OpDrawing as PlainDrawing, OpPlace } from '../dump/session/opSession';
import type { PagePlace } from '../dump/session/pages';
import { offsetOnPage, placeOnPage } from '../dump/session/pages';
import { pipelineData } from '../ir';
import type { Compilations } from './compilations';
import { provenanceOf, snapshotAfter } from './compilations';
import type { RestoredText } from '../protocol/graphView';
import type { RunTarget } from './dumpCommands';
import { irScheme } from './irDocuments';
import type { IrNavigator, IrTarget } from './irNavigator';
import { editorMessages } from './messages';
import type { OpenDumps } from './openDumps';
import { dumpAddress, dumpError, dumpScheme } from './openDumps';

/** A text that views of ops show. */
export interface OpText {
  readonly title: string;
  /** Of a paged text the first page. */
  readonly uri: vscode.Uri;
  readonly place: OpPlace;
}

/** What of a text is drawn, with its measured times. */
export interface OpDrawing {
  readonly model: GraphModel;
  readonly starts: readonly number[];
}

export interface OpPair {
  readonly before: OpText;
  readonly after: OpText;
}

/** The life of an op with the text that each event is to be seen in. */
export interface OpLife extends LifeView {
  readonly addressOf: (event: number) => { readonly uri: vscode.Uri; readonly offset: number } | undefined;
}

/** What rows, links and palettes hand to the commands of the views. */
export type OpTarget = IrTarget | RunTarget;
const isRun = (target: OpTarget): target is RunTarget => 'dump' in target;

/** Texts beyond this are not drawn or compared op by op. */
const LONGEST = 32 << 20;

export class OpSources implements vscode.Disposable {
  readonly #records = new Map<Compilation, { readonly record: number; readonly generation: number }>();
  readonly #subscription: vscode.Disposable;
  #next = 1;

  constructor(
    readonly compilations: Compilations,
    readonly navigator: IrNavigator,
    readonly dumps: OpenDumps,
  ) {
    this.#subscription = compilations.onDidChange(() => {
      const live = new Set(compilations.all.flatMap((e) => (e.state === 'done' ? [e.compilation] : [])));
      for (const [compilation, { record, generation }] of this.#records) {
        if (live.has(compilation)) continue;
        this.#records.delete(compilation);
        if (generation === dumps.generation) void dumps.remote.dropRecord(record).catch(() => undefined);
      }
    });
  }
  dispose(): void {
    this.#subscription.dispose();
  }

  /** The text of a pass, or of the editor in front. Throws STR0903, STR0920, STR0930 and STR0931. */
  async text(target: OpTarget | vscode.Uri | undefined, what: string): Promise<OpText> {
    if (target === undefined || target instanceof vscode.Uri) {
      const active = vscode.window.activeTextEditor?.document;
      const document = target === undefined ? active : await vscode.workspace.openTextDocument(target);
      if (document === undefined) throw editorMessages.error('STR0930', { what });
      return this.ofDocument(document, what);
    }
    if (isRun(target)) {
      const run = this.dumps.get(target.dump)?.runs[target.run]?.run;
      const side = run?.hasAfter === false ? 'before' : 'after';
      return this.#ofRun({ ...target, side });
    }
    const uri = this.navigator.documents.uriOf(target.compilation, target.pass);
    if (uri === undefined) throw editorMessages.error('STR0903', { what });
    return this.ofDocument(await vscode.workspace.openTextDocument(uri), what);
  }

  /** Throws STR0930 and STR0931. */
  ofDocument(document: vscode.TextDocument, what = 'Open Graph'): OpText {
    const { uri } = document;
    const address = dumpAddress(uri);
    if (address !== undefined) return this.#ofRun(address);
    if (document.languageId !== 'mlir') throw editorMessages.error('STR0930', { what });
    const shown = this.navigator.shownIn(document);
    if (shown !== undefined) {
      const { entry, pass } = shown;
      const title = `${path.basename(entry.model)}: ${pass.pass}`;
      const record = this.#recordOf(entry.compilation);
      return { title, uri, place: { kind: 'pass', title, record, pass: pass.index } };
    }
    const title = path.basename(uri.path);
    const text = document.getText();
    if (text.length > LONGEST) throw editorMessages.error('STR0931', { file: title });
    return { title, uri, place: { kind: 'text', title, text } };
  }

  #ofRun({ dump, run, side }: RunTarget & { readonly side: 'before' | 'after' | 'like' }): OpText {
    const open = this.dumps.get(dump);
    const found = open?.runs[run];
    const uri = this.dumps.uriOf({ dump, run, side, page: 0 });
    if (open === undefined || found === undefined || uri === undefined)
      throw editorMessages.error('STR0920', {});
    const symbol = found.run.symbol === undefined ? '' : ` @${found.run.symbol}`;
    const title = `${open.name}: ${found.pass.argument ?? found.pass.pass}${symbol}`;
    return { title, uri, place: { kind: 'run', dump, run, side } };
  }

  /** Before and after a pass, or the two sides of the diff in front. Throws STR0903, STR0920 and STR0932. */
  async pair(target: OpTarget | undefined, what: string): Promise<OpPair> {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    if (target === undefined && tab instanceof vscode.TabInputTextDiff)
      return { before: await this.text(tab.original, what), after: await this.text(tab.modified, what) };
    const pass = target ?? this.#activePass(what);
    if (isRun(pass))
      return {
        before: this.#ofRun({ ...pass, side: 'before' }),
        after: this.#ofRun({ ...pass, side: 'like' }),
      };
    return {
      before: await this.text({ ...pass, pass: Math.max(0, pass.pass - 1) }, what),
      after: await this.text(pass, what),
    };
  }
  #activePass(what: string): OpTarget {
    const address = dumpAddress(vscode.window.activeTextEditor?.document.uri ?? vscode.Uri.file('/'));
    if (address !== undefined) return { dump: address.dump, run: address.run };
    try {
      return this.navigator.activePass(what);
    } catch {
      throw editorMessages.error('STR0932', { what });
    }
  }

  /** Throws STR0157. */
  async drawing({ uri, place }: OpText): Promise<OpDrawing> {
    await this.#handOver([place]);
    return this.#withFacts(uri, await this.#ask(uri, this.dumps.remote.drawing(place)));
  }

  /** Throws STR0157. `draw` asks for both graphs too. */
  async comparison(
    { before, after }: OpPair,
    draw: boolean,
    token?: vscode.CancellationToken,
  ): Promise<OpComparison> {
    await this.#handOver([before.place, after.place]);
    const found = await this.#cancellable(token, (stop) =>
      this.#ask(after.uri, this.dumps.remote.comparison(before.place, after.place, draw, stop)),
    );
    if (found.drawings === undefined) return found;
    const [x, y] = found.drawings;
    return { ...found, drawings: [x, { ...y, ...this.#withFacts(after.uri, y) }] };
  }

  /** The op at an offset of a document through all passes. Throws STR0157, STR0933 and STR0934. */
  async life(
    document: vscode.TextDocument,
    offset: number,
    token: vscode.CancellationToken,
  ): Promise<OpLife> {
    const text = this.ofDocument(document, 'Show Life of Op');
    const { place } = text;
    if (place.kind === 'text')
      throw editorMessages.error('STR0934', { file: path.basename(document.uri.path) });
    await this.#handOver([place]);
    const at: PagePlace = { page: dumpAddress(document.uri)?.page ?? 0, offset };
    const view = await this.#cancellable(token, (stop) =>
      this.#ask(document.uri, this.dumps.remote.life(place, at, stop)),
    );
    if (view === undefined) throw editorMessages.error('STR0933', {});
    const addressOf = (event: number): ReturnType<OpLife['addressOf']> => {
      const found = view.places[event];
      if (found === undefined) return undefined;
      const { run, side, page, offset: start } = found;
      const uri =
        place.kind === 'run'
          ? this.dumps.uriOf({ dump: place.dump, run, side, page })
          : this.#passUri(document, run);
      return uri === undefined ? undefined : { uri, offset: start };
    };
    return { ...view, addressOf };
  }
  #passUri(document: vscode.TextDocument, pass: number): vscode.Uri | undefined {
    const entry = this.navigator.shownIn(document)?.entry;
    return entry === undefined || snapshotAfter(entry.compilation, pass) === undefined
      ? undefined
      : this.navigator.documents.uriOf(entry.id, pass);
  }

  /** The last pass up to the text that did something to the op at an offset, for hovers; undefined where that is not known soon. */
  async blame(document: vscode.TextDocument, offset: number, budgetMs: number): Promise<string | undefined> {
    if (document.uri.scheme !== dumpScheme && document.uri.scheme !== irScheme) return undefined;
    const { place } = this.ofDocument(document);
    if (place.kind === 'text') return undefined;
    await this.#handOver([place]);
    const at = { page: dumpAddress(document.uri)?.page ?? 0, offset };
    return this.dumps.remote.blame(place, at, budgetMs);
  }

  /** The document and the offset in it of a place of a drawn text. */
  pageAt(
    { uri }: OpText,
    drawing: OpDrawing,
    start: number,
  ): { readonly uri: vscode.Uri; readonly offset: number } {
    const address = dumpAddress(uri);
    const { page, offset } = placeOnPage(drawing.starts, start);
    const paged = address === undefined ? undefined : this.dumps.uriOf({ ...address, page });
    return { uri: paged ?? uri, offset };
  }
  /** The reverse: the offset in a drawn text of one in a document; undefined where the document shows another text. */
  offsetIn({ uri }: OpText, drawing: OpDrawing, document: vscode.Uri, offset: number): number | undefined {
    const [mine, theirs] = [dumpAddress(uri), dumpAddress(document)];
    if (mine === undefined || theirs === undefined)
      return uri.toString() === document.toString() ? offset : undefined;
    const same = mine.dump === theirs.dump && mine.run === theirs.run && mine.side === theirs.side;
    return same ? offsetOnPage(drawing.starts, { page: theirs.page, offset }) : undefined;
  }

  /** How a text is found again after the window was loaded anew; undefined for passes of compilations, which are gone then. */
  restored({ uri, place }: OpText): RestoredText | undefined {
    if (place.kind === 'pass') return undefined;
    if (place.kind === 'text') return { kind: 'file', uri: uri.toString() };
    const { dump, run, side } = place;
    const file = this.dumps.get(dump)?.info.path;
    return file === undefined ? undefined : { kind: 'run', file, run, side };
  }
  /** Throws where the file is gone. */
  async restore(text: RestoredText): Promise<OpText> {
    if (text.kind === 'file')
      return this.ofDocument(await vscode.workspace.openTextDocument(vscode.Uri.parse(text.uri)));
    const known = this.dumps.all.find((d) => d.info.path === text.file);
    const { id } = known ?? (await this.dumps.open(text.file));
    return this.#ofRun({ dump: id, run: text.run, side: text.side });
  }

  /** The worker refers to the passes of a compilation by number; a worker that began anew is told again. */
  #recordOf(compilation: Compilation): number {
    const known = this.#records.get(compilation);
    if (known !== undefined) return known.record;
    const record = this.#next++;
    this.#records.set(compilation, { record, generation: -1 });
    return record;
  }
  async #handOver(places: readonly OpPlace[]): Promise<void> {
    const { remote } = this.dumps;
    for (const [compilation, { record, generation }] of this.#records) {
      if (generation === this.dumps.generation) continue;
      if (!places.some((p) => p.kind === 'pass' && p.record === record)) continue;
      this.#records.set(compilation, { record, generation: this.dumps.generation });
      await remote.addRecord(record, pipelineData(compilation.passes));
    }
  }

  async #ask<T>(uri: vscode.Uri, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw dumpError(path.basename(uri.path), error);
    }
  }
  async #cancellable<T>(
    token: vscode.CancellationToken | undefined,
    ask: (stop: Int32Array) => Promise<T>,
  ): Promise<T> {
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const subscription = token?.onCancellationRequested(() => Atomics.store(stop, 0, 1));
    try {
      return await ask(stop);
    } catch (error) {
      throw token?.isCancellationRequested === true ? new CancelledError() : error;
    } finally {
      subscription?.dispose();
    }
  }

  /** What a compilation knows of the ops of its text. */
  #withFacts(uri: vscode.Uri, { model, starts, spans }: PlainDrawing): OpDrawing {
    const document = vscode.workspace.textDocuments.find((d) => d.uri.toString() === uri.toString());
    const shown = document === undefined ? undefined : this.navigator.shownIn(document);
    if (shown === undefined || spans === undefined) return { model, starts };
    const { compilation, measurement } = shown.entry;
    const provenance = provenanceOf(compilation, shown.snapshot);
    const flops = compilation.dispatches.reduce((n, d) => n + d.flops, 0);
    const factsOf = (op: number): DrawnFacts => {
      const [dispatch, second] = provenance.dispatchesAt(spans[op]!);
      if (dispatch === undefined || second !== undefined) return {};
      const time = dispatchTime(measurement, dispatch);
      const share = dispatchShare(measurement, dispatch);
      return {
        dispatch: dispatch.name,
        ...(flops === 0 ? {} : { cost: dispatch.flops / flops }),
        ...(time === undefined ? {} : { timeNs: time.medianNs }),
        ...(share === undefined ? {} : { share }),
      };
    };
    return { model: { ...model, ops: model.ops.map((op, i) => ({ ...op, ...factsOf(i) })) }, starts };
  }
}

/** Opens a text at an offset; `focus` false leaves the focus where it is and the text in view beside it. */
export async function revealOp(uri: vscode.Uri, offset: number, focus: boolean): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const shown = vscode.window.visibleTextEditors.find((e) => e.document.uri.toString() === uri.toString());
  if (shown === undefined && !focus) return;
  const editor = await vscode.window.showTextDocument(document, {
    preview: true,
    preserveFocus: !focus,
    viewColumn: shown?.viewColumn ?? vscode.ViewColumn.Beside,
  });
  const start = document.positionAt(offset);
  editor.selection = new vscode.Selection(start, start);
  editor.revealRange(
    new vscode.Range(start, document.lineAt(start.line).range.end),
    vscode.TextEditorRevealType.InCenterIfOutsideViewport,
  );
}
