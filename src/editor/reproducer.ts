/** A reproducer of one pass: its input as a file, with the command that runs the pass on it alone. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { reproducerOf } from '../dump/reproducer';
import type { DoneEntry } from './compilations';
import { snapshotAfter } from './compilations';
import { editorMessages } from './messages';

export async function writeReproducer(entry: DoneEntry, pass: number): Promise<vscode.Uri | undefined> {
  const record = entry.compilation.passes.passes[pass];
  const before = snapshotAfter(entry.compilation, Math.max(0, pass - 1));
  if (record === undefined || before === undefined || pass === 0)
    throw editorMessages.error('STR0935', { pass: record?.pass ?? String(pass) });
  const name = `${record.pass.replace(/\{.*$/s, '')}.mlir`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(path.dirname(entry.model));
  const chosen = await vscode.window.showSaveDialog({
    title: 'Write Reproducer',
    defaultUri: vscode.Uri.joinPath(folder, name),
    filters: { 'MLIR text': ['mlir'] },
  });
  if (chosen === undefined) return undefined;
  const { text, command } = reproducerOf(
    { tool: 'strata', pipeline: `builtin.module(${record.pass})`, ir: before.text },
    chosen.fsPath,
    entry.model,
  );
  try {
    await writeFile(chosen.fsPath, text);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw editorMessages.error('STR0907', { folder: chosen.fsPath, problem }, { cause });
  }
  await vscode.window.showTextDocument(chosen, { preview: true });
  await vscode.env.clipboard.writeText(command);
  void vscode.window.showInformationMessage(`The command that replays it is on the clipboard: ${command}`);
  return chosen;
}
