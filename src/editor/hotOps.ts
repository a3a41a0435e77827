/** "Hot Ops of This Function…": the ops of the function at the cursor by their time, to go to. */
import * as vscode from 'vscode';
import { formatDuration, ns } from '../base/units';
import { opNameAt } from '../language/provenance';
import { dispatchShare } from '../compiler/dispatchTimes';
import { findDispatch } from '../profiler/dispatchId';
import { provenanceOf } from './compilations';
import type { IrNavigator } from './irNavigator';
import { editorMessages } from './messages';

type Item = vscode.QuickPickItem & { readonly start: number };

/** Throws STR0903 outside of IR and STR0904 where there is no run. Moves along while the person looks through the list. */
export async function pickHotOp(navigator: IrNavigator): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const shown = editor === undefined ? undefined : navigator.shownIn(editor.document);
  if (editor === undefined || shown === undefined)
    throw editorMessages.error('STR0903', { what: 'Hot Ops of This Function' });
  const { entry, snapshot } = shown;
  const { measurement, compilation } = entry;
  if (measurement === undefined)
    throw editorMessages.error('STR0904', { model: entry.model.replace(/^.*[\\/]/, '') });
  const { document } = editor;
  const at = document.offsetAt(editor.selection.active);
  const around = snapshot.functions.find((f) => at >= f.start && at <= f.end);
  const within = (start: number): boolean =>
    around === undefined || (start >= around.start && start < around.end);
  const provenance = provenanceOf(compilation, snapshot);
  const timed = measurement.dispatches.flatMap((time) => {
    const dispatch = findDispatch(compilation.dispatches, time);
    const [place] = (dispatch === undefined ? [] : provenance.placesOf(dispatch)).filter((p) =>
      within(p.start),
    );
    return dispatch === undefined || place === undefined ? [] : [{ dispatch, time, place }];
  });
  const items = timed
    .sort((a, b) => b.time.medianNs - a.time.medianNs)
    .map(({ dispatch, time, place }): Item => {
      const share = dispatchShare(measurement, dispatch) ?? 0;
      return {
        label: `$(flame) ${formatDuration(ns(time.medianNs))} · ${(100 * share).toFixed(1)} %`,
        description: `${opNameAt(snapshot, place.index)} · ${dispatch.name}`,
        detail: dispatch.origins.join(', '),
        start: place.start,
      };
    });
  const before = editor.selection;
  const goTo = (item: Item | undefined): void => {
    if (item === undefined) return;
    const position = document.positionAt(item.start);
    editor.selection = new vscode.Selection(position, position);
    editor.revealRange(
      new vscode.Range(position, position),
      vscode.TextEditorRevealType.InCenterIfOutsideViewport,
    );
  };
  const chosen = await vscode.window.showQuickPick(items, {
    placeHolder:
      items.length === 0
        ? 'No op of this function took time'
        : `Ops of ${around === undefined ? 'this IR' : around.symbol} by time`,
    matchOnDescription: true,
    matchOnDetail: true,
    onDidSelectItem: (item) => {
      goTo(typeof item === 'string' ? undefined : (item as Item));
    },
  });
  if (chosen === undefined) {
    editor.selection = before;
    editor.revealRange(before);
  } else goTo(chosen);
}
