/** Keeps profilers at the op where the cursor is, as `IrNavigator.highlightZone` keeps IR at the selected zone. */
import * as vscode from 'vscode';
import type { IrNavigator } from './irNavigator';
import type { ProfilerViews } from './profilerViews';

/** The cursor rests this long before profilers follow. */
const restMs = 150;

export function followCursor(navigator: IrNavigator, views: ProfilerViews): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const subscription = vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind, selections }) => {
    // Selections that commands make come from a profiler already.
    if (
      kind !== vscode.TextEditorSelectionChangeKind.Mouse &&
      kind !== vscode.TextEditorSelectionChangeKind.Keyboard
    )
      return;
    const position = selections[0]?.active;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const found = position === undefined ? undefined : navigator.dispatchAt(textEditor.document, position);
      if (found?.dispatch !== undefined) views.follow(found.entry.id, found.dispatch);
    }, restMs);
  });
  return new vscode.Disposable(() => {
    clearTimeout(timer);
    subscription.dispose();
  });
}
