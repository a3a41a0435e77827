/** Where the views of ops get their graphs: from the IR of compilations, from any `.mlir` text, and from open diffs. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { DrawnFacts } from '../dump/layout/drawGraph';
import type { HistoryStep } from '../dump/semantic/lifeOfOp';
import type { OpGraph } from '../dump/semantic/opGraph';
import { opAtOffset, opGraph } from '../dump/semantic/opGraph';
import type { SemanticDiff } from '../dump/semantic/semanticDiff';
import { diffGraphs } from '../dump/semantic/semanticDiff';
import type { SnapshotGraph } from '../dump/semantic/snapshotDiff';
import { SnapshotDiffs, snapshotGraph } from '../dump/semantic/snapshotDiff';
import type { Compilation } from '../compiler/compilation';
import type { Compilations } from './compilations';
import { provenanceOf, shareOf, snapshotAfter } from './compilations';
import type { IrNavigator, IrTarget } from './irNavigator';
import { editorMessages } from './messages';

/** A text with its graph. */
export interface OpText {
  readonly title: string;
  readonly uri: vscode.Uri;
  readonly graph: OpGraph;
  readonly factsOf: (op: number) => DrawnFacts;
}

/** Two texts with what became of each op. */
export interface OpPair {
  readonly title: string;
  readonly before: OpText;
  readonly after: OpText;
  readonly diff: SemanticDiff;
}

/** An op with the passes that it can be followed through. */
export interface OpHistory {
  readonly graph: OpGraph;
  readonly op: number;
  readonly steps: readonly HistoryStep[];
  /** Position in `steps` of the pass that made the text. */
  readonly at: number;
  /** The text after the pass with this number of a step. */
  readonly uriOf: (index: number) => vscode.Uri | undefined;
}

/** Texts beyond this are not drawn or compared op by op. */
const LONGEST = 32 << 20;

export class OpSources {
  readonly #diffs = new WeakMap<Compilation, SnapshotDiffs>();
  constructor(
    readonly compilations: Compilations,
    readonly navigator: IrNavigator,
  ) {}

  /** The text of a pass, or of the editor in front. Throws STR0903 and STR0930. */
  async text(target: IrTarget | vscode.Uri | undefined, what: string): Promise<OpText> {
    if (target === undefined || target instanceof vscode.Uri) {
      const active = vscode.window.activeTextEditor?.document;
      const document = target === undefined ? active : await vscode.workspace.openTextDocument(target);
      if (document?.languageId !== 'mlir') throw editorMessages.error('STR0930', { what });
      return this.ofDocument(document);
    }
    const uri = this.navigator.documents.uriOf(target.compilation, target.pass);
    if (uri === undefined) throw editorMessages.error('STR0903', { what });
    return this.ofDocument(await vscode.workspace.openTextDocument(uri));
  }

  ofDocument(document: vscode.TextDocument): OpText {
    const { uri } = document;
    const name = path.basename(uri.path);
    const shown = this.navigator.shownIn(document);
    if (shown === undefined) {
      const text = document.getText();
      if (text.length > LONGEST) throw editorMessages.error('STR0931', { file: name });
      return { title: name, uri, graph: opGraph(text), factsOf: () => ({}) };
    }
    const graph = snapshotGraph(shown.snapshot);
    const model = path.basename(shown.entry.model);
    return { title: `${model}: ${shown.pass.pass}`, uri, graph, factsOf: this.#facts(shown.entry.id, graph) };
  }

  #facts(id: string, graph: SnapshotGraph): (op: number) => DrawnFacts {
    const entry = this.compilations.done(id);
    if (entry === undefined) return () => ({});
    const { compilation, measurement } = entry;
    const provenance = provenanceOf(compilation, graph.snapshot);
    return (op) => {
      const [dispatch, second] = provenance.dispatchesAt(graph.spans[op]!);
      if (dispatch === undefined || second !== undefined) return {};
      const time = measurement?.dispatches.find((d) => d.index === dispatch.index);
      const share = measurement === undefined ? undefined : shareOf(measurement, dispatch.index);
      return {
        dispatch: dispatch.name,
        ...(time === undefined ? {} : { timeNs: time.medianNs }),
        ...(share === undefined ? {} : { share }),
      };
    };
  }

  /** Before and after a pass of a compilation, or the two sides of the diff in front. Throws STR0903 and STR0932. */
  async pair(target: IrTarget | undefined, what: string): Promise<OpPair> {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    if (target === undefined && tab instanceof vscode.TabInputTextDiff) {
      const [before, after] = await Promise.all([
        this.text(tab.original, what),
        this.text(tab.modified, what),
      ]);
      return this.#compared(before, after);
    }
    const pass = target ?? this.#activePass(what);
    const [before, after] = [
      await this.text({ ...pass, pass: Math.max(0, pass.pass - 1) }, what),
      await this.text(pass, what),
    ];
    return this.#compared(before, after);
  }
  #activePass(what: string): IrTarget {
    try {
      return this.navigator.activePass(what);
    } catch {
      throw editorMessages.error('STR0932', { what });
    }
  }

  #compared(before: OpText, after: OpText): OpPair {
    const title = `${before.title} ↔ ${after.title}`;
    const [left, right] = [this.#passOf(before.uri), this.#passOf(after.uri)];
    if (left !== undefined && right?.compilation === left.compilation) {
      const diff = this.diffsOf(left.compilation).between(left.pass, right.pass);
      const name = left.compilation.passes.passes[right.pass]?.pass;
      if (diff !== undefined)
        return {
          title: left.pass + 1 === right.pass && name !== undefined ? name : title,
          before,
          after,
          diff,
        };
    }
    return { title, before, after, diff: diffGraphs(before.graph, after.graph) };
  }
  #passOf(uri: vscode.Uri): { readonly compilation: Compilation; readonly pass: number } | undefined {
    const document = vscode.workspace.textDocuments.find((d) => d.uri.toString() === uri.toString());
    const shown = document === undefined ? undefined : this.navigator.shownIn(document);
    return shown === undefined ? undefined : { compilation: shown.entry.compilation, pass: shown.pass.index };
  }
  diffsOf(compilation: Compilation): SnapshotDiffs {
    let diffs = this.#diffs.get(compilation);
    if (diffs === undefined) this.#diffs.set(compilation, (diffs = new SnapshotDiffs(compilation.passes)));
    return diffs;
  }

  /** The op at an offset of a document with its passes. Throws STR0933 and STR0934. */
  history(document: vscode.TextDocument, offset: number): OpHistory {
    const shown = this.navigator.shownIn(document);
    if (shown === undefined)
      throw editorMessages.error('STR0934', { file: path.basename(document.uri.path) });
    const { entry, pass } = shown;
    const graph = snapshotGraph(shown.snapshot);
    const op = opAtOffset(graph, offset);
    if (op === undefined) throw editorMessages.error('STR0933', {});
    const steps = this.diffsOf(entry.compilation).steps();
    return {
      graph,
      op: op.index,
      steps,
      at: steps.findLastIndex((s) => s.index <= pass.index),
      uriOf: (index) =>
        snapshotAfter(entry.compilation, index) === undefined
          ? undefined
          : this.navigator.documents.uriOf(entry.id, index),
    };
  }
}

/** Opens a text at an op; `focus` false leaves the focus where it is and the text in view beside it. */
export async function revealOp(
  uri: vscode.Uri,
  range: { readonly start: number; readonly end: number },
  focus: boolean,
): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const shown = vscode.window.visibleTextEditors.find((e) => e.document.uri.toString() === uri.toString());
  if (shown === undefined && !focus) return;
  const editor = await vscode.window.showTextDocument(document, {
    preview: true,
    preserveFocus: !focus,
    viewColumn: shown?.viewColumn ?? vscode.ViewColumn.Beside,
  });
  const start = document.positionAt(range.start);
  editor.selection = new vscode.Selection(start, start);
  editor.revealRange(
    new vscode.Range(start, document.lineAt(start.line).range.end),
    vscode.TextEditorRevealType.InCenterIfOutsideViewport,
  );
}
