/** A reproducer of one pass: its input as a file, with the command that runs the pass on it alone. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Reproduction } from '../dump/reproducer';
import { reproducerOf } from '../dump/reproducer';
import type { DoneEntry } from './compilations';
import { snapshotAfter } from './compilations';
import type { RunTarget } from './dumpCommands';
import { editorMessages } from './messages';
import type { OpenDumps } from './openDumps';
import { dumpError } from './openDumps';

export async function writeReproducer(entry: DoneEntry, pass: number): Promise<vscode.Uri | undefined> {
  const record = entry.compilation.passes.passes[pass];
  const before = snapshotAfter(entry.compilation, Math.max(0, pass - 1));
  if (record === undefined || before === undefined || pass === 0)
    throw editorMessages.error('STR0935', { pass: record?.pass ?? String(pass) });
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(path.dirname(entry.model));
  const pipeline = `builtin.module(${record.pass})`;
  return save({ tool: 'strata', pipeline, ir: before.text }, record.pass, folder, entry.model);
}

/** Of a run of a dump. Throws STR0157 and STR0158. */
export async function writeDumpReproducer(
  dumps: OpenDumps,
  { dump, run }: RunTarget,
): Promise<vscode.Uri | undefined> {
  const open = dumps.get(dump);
  const place = open?.runs[run];
  if (open === undefined || place === undefined) throw editorMessages.error('STR0920', {});
  const file = open.info.path;
  const reproduction = await dumps.remote.reproduction(dump, run).catch((error: unknown) => {
    throw dumpError(file, error);
  });
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(path.dirname(file));
  return save(reproduction, place.pass.argument ?? place.pass.pass, folder);
}

/** Asks where to, and puts the command on the clipboard. `resources` is the file with the blobs of the IR. */
async function save(
  reproduction: Reproduction,
  pass: string,
  folder: vscode.Uri,
  resources?: string,
): Promise<vscode.Uri | undefined> {
  const name = `${pass.replace(/\{.*$/s, '').replace(/[^\w.-]+/g, '-')}.mlir`;
  const chosen = await vscode.window.showSaveDialog({
    title: 'Write Reproducer',
    defaultUri: vscode.Uri.joinPath(folder, name),
    filters: { 'MLIR text': ['mlir'] },
  });
  if (chosen === undefined) return undefined;
  const { text, command } = reproducerOf(reproduction, chosen.fsPath, resources);
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
