/** After a run: a heat bar in the gutter of IR documents, a code lens on what takes the time, and the time of each other op at its end. */
import * as vscode from 'vscode';
import { formatDuration, ns, threeDigits } from '../base/units';
import type { LineHeat } from '../language/provenance';
import { commands, type CommandId } from './commandIds';
import type { Compilations, DoneEntry } from './compilations';
import { provenanceOf, shareOf } from './compilations';
import { HeatBars } from './heatBars';
import { irScheme } from './irDocuments';
import type { IrNavigator, IrTarget, ShownIr, ShownModel } from './irNavigator';

/** Lines with less than this get no lens. */
const lensShare = 0.01;
/** Functions that get a lens. */
const mostFunctions = 500;

export class IrHeat implements vscode.CodeLensProvider, vscode.InlayHintsProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly onDidChangeInlayHints = this.#changed.event;
  readonly #bars = new HeatBars();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(
    compilations: Compilations,
    readonly navigator: IrNavigator,
  ) {
    this.#subscriptions = [
      compilations.onDidChange(() => {
        this.#changed.fire();
        this.#paint();
      }),
      vscode.window.onDidChangeVisibleTextEditors(() => {
        this.#paint();
      }),
    ];
  }
  dispose(): void {
    for (const d of [...this.#subscriptions, this.#bars, this.#changed]) d.dispose();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const model = this.navigator.modelIn(document);
    if (model !== undefined) return this.#modelLenses(model);
    const shown = this.navigator.shownIn(document);
    if (shown === undefined) return [];
    const times = this.#timeLenses(document, shown);
    return [...times, ...this.#changeLenses(document, shown)];
  }

  #timeLenses(document: vscode.TextDocument, shown: ShownIr): vscode.CodeLens[] {
    const show: CommandId = 'strata.showInTimeline';
    return this.#heat(document, shown).flatMap(({ line, share, dispatch }) => {
      const { compilation, measurement, id } = shown.entry;
      const info = compilation.dispatches.find((d) => d.index === dispatch);
      const time = measurement?.dispatches.find((d) => d.index === dispatch);
      if (share < lensShare || info === undefined || time === undefined) return [];
      const rate =
        info.flops > 0 && time.medianNs > 0 ? ` · ${threeDigits(info.flops / time.medianNs)} GFLOP/s` : '';
      const target: IrTarget = { compilation: id, pass: shown.pass.index, dispatch };
      const title = `$(pulse) ${formatDuration(ns(time.medianNs))} · ${(100 * share).toFixed(1)} %${rate}`;
      return [lens(line, title, show, commands[show], target)];
    });
  }

  /** Times above the ops of a model's own text. */
  #modelLenses({ entry, nodes }: ShownModel): vscode.CodeLens[] {
    const show: CommandId = 'strata.showInTimeline';
    return nodes.flatMap(({ line, ns: time, dispatches: [dispatch] }) => {
      const share = modelShare(entry, time);
      if (time === undefined || dispatch === undefined || share < lensShare) return [];
      const target: IrTarget = { compilation: entry.id, pass: 0, dispatch: dispatch.index };
      const title = `$(pulse) ${formatDuration(ns(time))} · ${(100 * share).toFixed(1)} %`;
      return [lens(line, title, show, commands[show], target)];
    });
  }

  /** `changed in 3 passes` above each function; leads to the last of them that this IR has seen. */
  #changeLenses(document: vscode.TextDocument, { entry, pass, snapshot }: ShownIr): vscode.CodeLens[] {
    const { passes } = entry.compilation.passes;
    return snapshot.functions.slice(0, mostFunctions).flatMap(({ symbol, start }) => {
      const changed = passes.filter((p) => p.index > 0 && p.changedFunctions.includes(symbol));
      const last = changed.filter((p) => p.index <= pass.index).at(-1);
      if (last === undefined) return [];
      const title = `$(diff) changed in ${changed.length} ${changed.length === 1 ? 'pass' : 'passes'}`;
      const tooltip = `${changed.map((p) => p.pass).join(', ')}\n\nCompare with the IR before ${last.pass}`;
      const target: IrTarget = { compilation: entry.id, pass: last.index, symbol };
      return [lens(document.positionAt(start).line, title, 'strata.diffWithPrevious', tooltip, target)];
    });
  }

  /** Times of the ops that take too little for a lens of their own. */
  provideInlayHints(document: vscode.TextDocument, range: vscode.Range): vscode.InlayHint[] {
    const model = this.navigator.modelIn(document);
    if (model !== undefined)
      return model.nodes.flatMap(({ line, ns: time, within }) => {
        const share = modelShare(model.entry, time);
        if (line < range.start.line || line > range.end.line || share >= lensShare) return [];
        if (time === undefined && within === undefined) return [];
        const label =
          time === undefined
            ? `in ${within!.name}`
            : `${formatDuration(ns(time))} · ${(100 * share).toFixed(1)} %`;
        const hint = new vscode.InlayHint(document.lineAt(line).range.end, label);
        hint.paddingLeft = true;
        if (time === undefined) hint.tooltip = 'Computed by the same dispatch, whose time stands there';
        return [hint];
      });
    const shown = this.navigator.shownIn(document);
    const times = shown?.entry.measurement?.dispatches ?? [];
    if (shown === undefined) return [];
    return this.#heat(document, shown).flatMap(({ line, share, dispatch }) => {
      const time = times.find((d) => d.index === dispatch);
      if (share >= lensShare || time === undefined || line < range.start.line || line > range.end.line)
        return [];
      const label = `${formatDuration(ns(time.medianNs))} · ${(100 * share).toFixed(1)} %`;
      const hint = new vscode.InlayHint(document.lineAt(line).range.end, label);
      hint.paddingLeft = true;
      hint.tooltip = `Median of ${time.calls} runs, and its part of the run`;
      return [hint];
    });
  }

  #heat(document: vscode.TextDocument, { entry, snapshot }: ShownIr): readonly LineHeat[] {
    const { measurement, compilation } = entry;
    if (measurement === undefined) return [];
    return provenanceOf(compilation, snapshot).heat(
      (d) => shareOf(measurement, d.index),
      (offset) => document.positionAt(offset).line,
    );
  }

  #paint(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const model = this.navigator.modelIn(editor.document);
      if (model !== undefined) {
        const heat = model.nodes.map(({ line, ns: time }) => ({
          line,
          share: modelShare(model.entry, time),
        }));
        this.#bars.paint(editor, heat);
      }
      if (editor.document.uri.scheme !== irScheme) continue;
      const shown = this.navigator.shownIn(editor.document);
      const heat = shown === undefined ? [] : this.#heat(editor.document, shown);
      this.#bars.paint(editor, heat);
    }
  }
}

function modelShare({ measurement }: DoneEntry, time: number | undefined): number {
  const total = (measurement?.dispatches ?? []).reduce((sum, d) => sum + d.medianNs, 0);
  return total === 0 ? 0 : (time ?? 0) / total;
}

function lens(
  line: number,
  title: string,
  command: CommandId,
  tooltip: string,
  target: IrTarget,
): vscode.CodeLens {
  return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
    title,
    command,
    tooltip,
    arguments: [target],
  });
}
