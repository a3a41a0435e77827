/**
 * What a run shows in texts: bars in the gutter, lenses above what takes the time, times at the ends of other lines. A subclass
 * says which lines of which documents are hot; everything is shown again when a compilation changes.
 */
import * as vscode from 'vscode';
import { commands } from './commandIds';
import type { CommandId } from './commandIds';
import type { Compilations } from './compilations';
import type { HotLine } from './heatBars';
import { HeatBars } from './heatBars';

export abstract class HeatView
  implements vscode.CodeLensProvider, vscode.InlayHintsProvider, vscode.Disposable
{
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly onDidChangeInlayHints = this.#changed.event;
  readonly #bars = new HeatBars();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(readonly compilations: Compilations) {
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

  abstract provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[];
  abstract provideInlayHints(document: vscode.TextDocument, range: vscode.Range): vscode.InlayHint[];
  /** Undefined for documents that the view has nothing to do with. */
  protected abstract hotLines(document: vscode.TextDocument): readonly HotLine[] | undefined;

  #paint(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const hot = this.hotLines(editor.document);
      if (hot !== undefined) this.#bars.paint(editor, hot);
    }
  }
}

/** A lens that runs a command, whose title is what the pointer says unless there is more to say. */
export const lens = <A>(
  line: number,
  title: string,
  command: CommandId,
  argument: A,
  tooltip: string = commands[command],
): vscode.CodeLens =>
  new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
    title,
    command,
    tooltip,
    arguments: [argument],
  });

/** A text at the end of a line. */
export function hintAt(
  document: vscode.TextDocument,
  line: number,
  text: string,
  tooltip: string | undefined,
): vscode.InlayHint {
  const hint = new vscode.InlayHint(document.lineAt(line).range.end, text);
  hint.paddingLeft = true;
  if (tooltip !== undefined) hint.tooltip = tooltip;
  return hint;
}
