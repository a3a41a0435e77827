/** Moves between IR documents, dispatches and zones: opens passes, diffs and kernels, and keeps the selection in step. */
import path from 'node:path';
import * as vscode from 'vscode';
import { lineAt, lineStarts } from '../base/lines';
import type { DispatchInfo, ModelNodeInfo } from '../compiler/compilation';
import type { IrSnapshot, PassRecord } from '../ir';
import { spanAt } from '../ir';
import type { NodeTime } from '../language/modelHeat';
import { modelNodeTimes } from '../language/modelHeat';
import type { OpPlace } from '../language/provenance';
import {
  dispatchesOfNodes,
  firstPlace,
  nodesAt,
  opNameAt,
  placeOfSymbol,
  placesOfNodes,
  symbolAt,
} from '../language/provenance';
import { joinZoneToAny, passHistory } from '../language/zoneJoin';
import type { Joined } from '../language/zoneJoin';
import type { ZoneJoin, ZoneLink, ZoneRef } from '../protocol/profilerView';
import type { Compilations, DoneEntry } from './compilations';
import { passRecord, provenanceOf, snapshotAfter } from './compilations';
import type { IrDocuments } from './irDocuments';
import { irAddress, irScheme, sourceUri } from './irDocuments';
import { dispatchTime } from '../compiler/dispatchTimes';
import { dispatchId, findDispatch } from '../profiler/dispatchId';
import type { DispatchId } from '../profiler/dispatchId';
import { editorMessages } from './messages';

/** Model nodes of a dispatch that are linked. */
const mostNodes = 6;

/** Where in a compilation to go; what hovers and other commands pass as an argument. */
export interface IrTarget {
  readonly compilation: string;
  readonly pass: number;
  /** A model node, or a dispatch, or a function to go to in it. */
  readonly node?: string;
  readonly dispatch?: DispatchId;
  readonly symbol?: string;
  /** Or the op at this offset of the text. */
  readonly offset?: number;
}

/** An IR document with the compilation and the pass that it shows. */
export interface ShownIr {
  readonly entry: DoneEntry;
  readonly pass: PassRecord;
  readonly snapshot: IrSnapshot;
}

/** A node of a model file that is text, with the dispatches whose time stands at it. */
export interface ShownNode extends NodeTime<ModelNodeInfo, DispatchInfo> {
  /** From 0. */
  readonly line: number;
}
export interface ShownModel {
  readonly entry: DoneEntry;
  readonly nodes: readonly ShownNode[];
}

export class IrNavigator implements vscode.Disposable {
  /** The op of the zone that is selected in a profiler. */
  readonly #selected = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor('editor.rangeHighlightBackground'),
    borderColor: new vscode.ThemeColor('contrastActiveBorder'),
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.rangeHighlightForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
  });

  /** Fires with the dispatch of the zone that is selected in a profiler, undefined for none. */
  readonly #zoneSelected = new vscode.EventEmitter<
    { readonly entry: DoneEntry; readonly dispatch: DispatchInfo } | undefined
  >();
  readonly onDidSelectZone = this.#zoneSelected.event;

  constructor(
    readonly compilations: Compilations,
    readonly documents: IrDocuments,
  ) {}
  dispose(): void {
    this.#zoneSelected.dispose();
    this.#selected.dispose();
  }

  /** What an IR document shows; undefined for other documents and when its compilation is gone. */
  shownIn(document: vscode.TextDocument): ShownIr | undefined {
    const address = irAddress(document.uri);
    const entry = address === undefined ? undefined : this.compilations.done(address.compilation);
    if (address === undefined || entry === undefined) return undefined;
    const pass = passRecord(entry.compilation, address.pass);
    const snapshot = snapshotAfter(entry.compilation, address.pass);
    return pass === undefined || snapshot === undefined ? undefined : { entry, pass, snapshot };
  }
  /** A model file that is text, with the newest compilation of it that was run; undefined for other documents and once it is changed. */
  modelIn(document: vscode.TextDocument): ShownModel | undefined {
    if (document.uri.scheme !== 'file' || document.languageId !== 'mlir' || document.isDirty)
      return undefined;
    const entry = this.compilations.all.find(
      (e): e is DoneEntry => e.state === 'done' && e.model === document.uri.fsPath,
    );
    if (entry === undefined) return undefined;
    const { modelNodes, dispatches } = entry.compilation;
    const nodes = modelNodes.filter((n) => n.line !== undefined && n.line <= document.lineCount);
    const timed = modelNodeTimes(nodes, dispatches, (d) => dispatchTime(entry.measurement, d)?.medianNs);
    return { entry, nodes: timed.map((t) => ({ ...t, line: t.node.line! - 1 })) };
  }
  /** As `shownIn`, for the editor in front; throws STR0903. */
  #activeIr(what: string): ShownIr & { readonly editor: vscode.TextEditor } {
    const editor = vscode.window.activeTextEditor;
    const shown = editor === undefined ? undefined : this.shownIn(editor.document);
    if (editor === undefined || shown === undefined) throw editorMessages.error('STR0903', { what });
    return { ...shown, editor };
  }

  // Documents

  async openPass(target: IrTarget): Promise<vscode.TextEditor> {
    const uri = this.#uriOf(target);
    const snapshot = this.#snapshotOf(target);
    const places = this.#places(target, snapshot);
    const document = await vscode.workspace.openTextDocument(uri);
    const visible = vscode.window.visibleTextEditors.find((e) => e.document === document);
    const column = visible?.viewColumn;
    const editor = await vscode.window.showTextDocument(document, {
      preview: true,
      ...(column === undefined ? {} : { viewColumn: column }),
    });
    const [first] = places;
    if (first !== undefined) this.#goTo(editor, first);
    else if (editor.selection.active.isEqual(new vscode.Position(0, 0))) {
      const start = this.#startOf(target);
      if (start !== undefined) {
        editor.selection = new vscode.Selection(start.start, start.start);
        editor.revealRange(start, vscode.TextEditorRevealType.InCenter);
      }
    }
    return editor;
  }
  /** The C of all kernels, at that of `dispatch` where one is given: at its line with most samples, once it was sampled. */
  async openKernelSource(id: string, dispatch?: DispatchId): Promise<void> {
    const entry = this.compilations.done(id);
    if (entry === undefined) throw editorMessages.error('STR0903', { what: 'the generated C' });
    const document = await vscode.workspace.openTextDocument(sourceUri(entry.model, id));
    const editor = await vscode.window.showTextDocument(document, { preview: true });
    const hottest = findDispatch(entry.samples?.dispatches, dispatch)?.lines[0]?.line;
    if (hottest !== undefined) {
      const { range } = document.lineAt(hottest);
      editor.selection = new vscode.Selection(range.start, range.start);
      editor.revealRange(range, vscode.TextEditorRevealType.InCenter);
      return;
    }
    const symbol = findDispatch(entry.compilation.dispatches, dispatch)?.symbol;
    const at =
      symbol === undefined ? -1 : entry.compilation.kernelSource.search(new RegExp(`\\b${symbol}\\(`));
    if (at < 0) return;
    const start = document.positionAt(at);
    editor.selection = new vscode.Selection(start, start);
    editor.revealRange(new vscode.Range(start, start), vscode.TextEditorRevealType.AtTop);
  }

  /** The IR before and after a pass, in the diff editor. */
  async diff(target: Pick<IrTarget, 'compilation' | 'pass'>): Promise<void> {
    const { compilation, pass } = target;
    const record = this.#recordOf(target);
    const left = this.#uriOf({ compilation, pass: Math.max(0, pass - 1) });
    const entry = this.compilations.done(compilation);
    const model = entry === undefined ? '' : ` (${path.basename(entry.model)})`;
    const title = `${record.pass}: before ↔ after${model}`;
    // Without a place, the diff editor goes to its first change, which is often among the constants.
    const selection = this.#startOf(target);
    await vscode.commands.executeCommand('vscode.diff', left, this.#uriOf(target), title, {
      preview: true,
      ...(selection === undefined ? {} : { selection }),
    });
  }
  /** The pass that the editor in front shows. */
  activePass(what: string): IrTarget {
    const { entry, pass } = this.#activeIr(what);
    return { compilation: entry.id, pass: pass.index };
  }

  /** Goes to the next (1) or previous (−1) pass that changed something, at the op where the cursor is. */
  async step(direction: 1 | -1): Promise<void> {
    const { entry, pass, snapshot, editor } = this.#activeIr(
      direction === 1 ? 'Next Changed Pass' : 'Previous Changed Pass',
    );
    const { passes } = entry.compilation.passes;
    const inOrder = direction === 1 ? passes.slice(pass.index + 1) : passes.slice(0, pass.index).reverse();
    const next = inOrder.find((p) => p.changed);
    if (next === undefined) {
      vscode.window.setStatusBarMessage(
        direction === 1 ? 'This is the last pass that changed something.' : 'This is the first IR.',
        4000,
      );
      return;
    }
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    if (tab instanceof vscode.TabInputTextDiff) {
      await this.diff({ compilation: entry.id, pass: next.index });
      return;
    }
    const after = snapshotAfter(entry.compilation, next.index);
    const index = spanAt(snapshot, editor.document.offsetAt(editor.selection.active));
    const document = await vscode.workspace.openTextDocument(
      this.#uriOf({ compilation: entry.id, pass: next.index }),
    );
    const shown = await vscode.window.showTextDocument(document, {
      preview: true,
      ...(editor.viewColumn === undefined ? {} : { viewColumn: editor.viewColumn }),
    });
    const atTop = editor.selection.active.line === 0;
    const place =
      after === undefined || index < 0 || atTop ? undefined : sameOp(entry, snapshot, index, after);
    if (place !== undefined) this.#goTo(shown, place);
  }

  // From zones

  /** Shows the ops of a zone where their IR is in view, without moving the focus. */
  highlightZone(compilation: string | undefined, zone: ZoneRef | undefined): Promise<void> {
    const joined = zone === undefined ? undefined : this.joined(compilation, zone);
    this.#zoneSelected.fire(joined);
    for (const editor of vscode.window.visibleTextEditors) {
      const model = this.modelIn(editor.document);
      if (model !== undefined) {
        const own = model.entry.id === joined?.entry.id ? joined.dispatch.origins : [];
        const lines = model.nodes.filter((n) => own.includes(n.node.name));
        editor.setDecorations(
          this.#selected,
          lines.map((n) => editor.document.lineAt(n.line).range),
        );
        const [first] = lines;
        if (first !== undefined)
          editor.revealRange(
            editor.document.lineAt(first.line).range,
            vscode.TextEditorRevealType.InCenterIfOutsideViewport,
          );
      }
      if (editor.document.uri.scheme !== irScheme) continue;
      const shown = this.shownIn(editor.document);
      const places =
        joined === undefined || shown === undefined || shown.entry.id !== joined.entry.id
          ? []
          : provenanceOf(shown.entry.compilation, shown.snapshot).placesOf(joined.dispatch);
      const ranges = places.map((p) => rangeOf(editor.document, p));
      editor.setDecorations(this.#selected, ranges);
      const [first] = ranges;
      if (first !== undefined)
        editor.revealRange(headOf(first), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
    return Promise.resolve();
  }

  /** Opens the op of a zone: in the IR of its compilation that is in view, else where its kernel first appears. Throws STR0906. */
  async revealZone(compilation: string | undefined, zone: ZoneRef): Promise<void> {
    const joined = this.joined(compilation, zone);
    if (joined === undefined) throw editorMessages.error('STR0906', { zone: zone.name });
    const { entry, dispatch } = joined;
    // Of a diff, the side after the pass is the one that is looked at.
    const before = vscode.window.tabGroups.all
      .map((g) => g.activeTab?.input)
      .flatMap((i) => (i instanceof vscode.TabInputTextDiff ? [i.original.toString()] : []));
    const inView = vscode.window.visibleTextEditors
      .filter((e) => !before.includes(e.document.uri.toString()))
      .map((e) => this.shownIn(e.document))
      .find((shown) => shown?.entry.id === entry.id);
    await this.openPass({
      compilation: entry.id,
      pass: inView?.pass.index ?? kernelPass(entry, dispatch),
      dispatch: dispatchId(dispatch),
    });
  }
  /** The dispatch behind a zone of a run of `compilation`, or of any trace by what it tells of itself. */
  joined(
    compilation: string | undefined,
    zone: ZoneRef,
  ): (Joined<DispatchInfo> & { readonly entry: DoneEntry }) | undefined {
    const candidates = this.compilations.all
      .filter(
        (e): e is DoneEntry => e.state === 'done' && (compilation === undefined || e.id === compilation),
      )
      .map((entry) => ({
        entry,
        dispatches: entry.compilation.dispatches,
        modelNodes: entry.compilation.modelNodes,
        model: entry.model,
        ran: entry.id === compilation,
      }));
    const found = joinZoneToAny<DispatchInfo, (typeof candidates)[number]>(zone, candidates);
    return found === undefined ? undefined : { ...found, entry: found.compilation.entry };
  }

  /** The chain behind a zone for the details of a profiler. */
  joinOf(compilation: string | undefined, zone: ZoneRef): ZoneJoin | undefined {
    const joined = this.joined(compilation, zone);
    if (joined === undefined) return undefined;
    const { entry, dispatch, evidence, because } = joined;
    const { passes, rewrites } = entry.compilation.passes;
    const home = kernelPass(entry, dispatch);
    const link = (
      kind: ZoneLink['kind'],
      label: string,
      target: Omit<IrTarget, 'compilation'> | undefined,
      note?: string,
    ): ZoneLink => ({
      kind,
      label,
      target: JSON.stringify({ compilation: entry.id, dispatch: dispatchId(dispatch), ...target, kind }),
      ...(note === undefined ? {} : { note }),
    });
    const history = passHistory(dispatch.origins, passes, rewrites);
    return {
      evidence,
      because,
      links: [
        ...dispatch.origins.slice(0, mostNodes).map((node) => link('node', node, { pass: 0, node })),
        ...history.map((h) => link('pass', h.name, { pass: h.pass }, h.rules.join(', '))),
        link('dispatch', dispatch.name, { pass: home }, passes[home]?.pass ?? ''),
        link('op', 'the loops of its kernel', { pass: passes.length - 1 }, passes.at(-1)?.pass ?? ''),
        ...(entry.compilation.kernelSource === ''
          ? []
          : [link('kernel', dispatch.symbol, undefined, kernelNote(entry, dispatch))]),
      ],
    };
  }
  /** Follows a link that `joinOf` gave. */
  async openLink(text: string): Promise<void> {
    const { kind, ...target } = JSON.parse(text) as IrTarget & { readonly kind: ZoneLink['kind'] };
    if (kind === 'kernel') await this.openKernelSource(target.compilation, target.dispatch);
    else await this.openPass(target);
  }

  // To zones

  /** The dispatch of the op at a position of an IR document. */
  dispatchAt(
    document: vscode.TextDocument,
    position: vscode.Position,
  ):
    | { readonly entry: DoneEntry; readonly op: string; readonly dispatch: DispatchInfo | undefined }
    | undefined {
    const model = this.modelIn(document);
    const node = model?.nodes.find((n) => n.line === position.line)?.node;
    if (model !== undefined && node !== undefined) {
      const { entry } = model;
      const [dispatch] = dispatchesOfNodes(entry.compilation.dispatches, [node.name]);
      return { entry, op: node.opType, dispatch };
    }
    const shown = this.shownIn(document);
    if (shown === undefined) return undefined;
    const { entry, snapshot } = shown;
    const index = spanAt(snapshot, document.offsetAt(firstText(document, position)));
    const [dispatch, second] = provenanceOf(entry.compilation, snapshot).dispatchesAt(index);
    // An op that went into several, such as a constant, selects none of them; a kernel that is called again, its first call.
    const one = second === undefined || second.symbol === dispatch?.symbol;
    return { entry, op: opNameAt(snapshot, index), dispatch: one ? dispatch : undefined };
  }

  // Places

  #uriOf(target: Pick<IrTarget, 'compilation' | 'pass'>): vscode.Uri {
    const uri = this.documents.uriOf(target.compilation, target.pass);
    if (uri === undefined) throw editorMessages.error('STR0903', { what: 'the IR' });
    return uri;
  }
  #recordOf(target: Pick<IrTarget, 'compilation' | 'pass'>): PassRecord {
    const entry = this.compilations.done(target.compilation);
    const record = entry === undefined ? undefined : passRecord(entry.compilation, target.pass);
    if (record === undefined) throw editorMessages.error('STR0903', { what: 'the IR' });
    return record;
  }
  #snapshotOf(target: IrTarget): IrSnapshot | undefined {
    const entry = this.compilations.done(target.compilation);
    return entry === undefined ? undefined : snapshotAfter(entry.compilation, target.pass);
  }
  #places(target: IrTarget, snapshot: IrSnapshot | undefined): readonly Pick<OpPlace, 'start' | 'end'>[] {
    if (snapshot === undefined) return [];
    if (target.symbol !== undefined) return snapshot.functions.filter((f) => f.symbol === target.symbol);
    if (target.node !== undefined) return placesOfNodes(snapshot, [target.node]);
    const compilation = this.compilations.done(target.compilation)?.compilation;
    const dispatch = findDispatch(compilation?.dispatches, target.dispatch);
    return compilation === undefined || dispatch === undefined
      ? []
      : provenanceOf(compilation, snapshot).placesOf(dispatch);
  }
  /** Where the IR after a pass is opened: where the pass did something, not at the constants. */
  #startOf(target: Pick<IrTarget, 'compilation' | 'pass'>): vscode.Range | undefined {
    const compilation = this.compilations.done(target.compilation)?.compilation;
    const snapshot = compilation === undefined ? undefined : snapshotAfter(compilation, target.pass);
    if (compilation === undefined || snapshot === undefined) return undefined;
    const { passes, rewrites } = compilation.passes;
    const [from, to] = passes[target.pass]?.rewrites ?? [0, 0];
    const made = new Set(rewrites.slice(from, to).flatMap((r) => r.results.map((op) => op.id)));
    const place = firstPlace(snapshot, made);
    if (place === undefined) return undefined;
    const starts = lineStarts(snapshot.text);
    const line = lineAt(starts, place.start);
    const position = new vscode.Position(line, place.start - starts[line]!);
    return new vscode.Range(position, position);
  }
  #goTo(editor: vscode.TextEditor, place: Pick<OpPlace, 'start' | 'end'>): void {
    const range = rangeOf(editor.document, place);
    editor.selection = new vscode.Selection(range.start, range.start);
    editor.revealRange(headOf(range), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    editor.setDecorations(this.#selected, [range]);
  }
}

/** What is said of the generated C of a dispatch: where it is, and what sampling found. */
function kernelNote(entry: DoneEntry, dispatch: DispatchId): string {
  const found = findDispatch(entry.samples?.dispatches, dispatch);
  const [first] = found?.lines ?? [];
  if (found === undefined || first === undefined) return 'generated C';
  const part = ((100 * first.samples) / found.samples).toFixed(1);
  return `generated C, ${found.samples} samples, ${part} % of them on line ${first.line + 1}`;
}

/** The first pass after which the kernel of a dispatch is in the IR, else the last. */
export function kernelPass(entry: DoneEntry, dispatch: Pick<DispatchInfo, 'name'>): number {
  const { passes } = entry.compilation.passes;
  const found = passes.find(
    (p) => snapshotAfter(entry.compilation, p.index)?.symbols.includes(dispatch.name) === true,
  );
  return found?.index ?? passes.length - 1;
}

/** The op in another snapshot: its kernel, if it is in one that is there too, else what comes from the same model nodes. */
function sameOp(entry: DoneEntry, from: IrSnapshot, index: number, to: IrSnapshot): OpPlace | undefined {
  const symbol = symbolAt(from, index);
  const kernel = entry.compilation.dispatches.some((d) => d.name === symbol)
    ? placeOfSymbol(to, symbol)
    : undefined;
  return kernel ?? placesOfNodes(to, nodesAt(from, index))[0];
}

/** Without the blanks before it, and ending on its last line. */
function rangeOf(document: vscode.TextDocument, place: Pick<OpPlace, 'start' | 'end'>): vscode.Range {
  const end = document.positionAt(place.end);
  return new vscode.Range(
    document.positionAt(place.start),
    end.character === 0 && end.line > 0 ? document.lineAt(end.line - 1).range.end : end,
  );
}
const headOf = (range: vscode.Range): vscode.Range => new vscode.Range(range.start, range.start);
/** Blanks before an op belong to it for a person. */
function firstText(document: vscode.TextDocument, position: vscode.Position): vscode.Position {
  const first = document.lineAt(position.line).firstNonWhitespaceCharacterIndex;
  return position.character < first ? position.with({ character: first }) : position;
}
