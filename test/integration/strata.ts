// What the tests in the extension host share: the extension's own API, model files, and waiting.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { CommandId } from '../../src/editor/commandIds';
import type { CompilationEntry, DoneEntry } from '../../src/editor/compilations';
import type { StrataApi } from '../../src/extension';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';

export async function strata(): Promise<StrataApi> {
  const extension = vscode.extensions.getExtension<StrataApi>('strata.strata');
  assert.ok(extension, 'strata.strata is not among the extensions');
  return extension.activate();
}

export const run = (id: CommandId, ...args: readonly unknown[]): Thenable<unknown> =>
  vscode.commands.executeCommand(id, ...args);

/** A file in the opened workspace. */
export function workspaceFile(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no workspace is open');
  return vscode.Uri.joinPath(folder.uri, name);
}
export function writeFile(name: string, bytes: Uint8Array | string): vscode.Uri {
  const file = workspaceFile(name);
  mkdirSync(path.dirname(file.fsPath), { recursive: true });
  writeFileSync(file.fsPath, bytes);
  return file;
}
export const writeReferenceModel = (name: string): vscode.Uri =>
  writeFile(`${name}.onnx`, buildReferenceModel(name));

/** Compiles a model and returns its entry as it ended. */
export async function compile(file: vscode.Uri): Promise<CompilationEntry> {
  const { compilations } = await strata();
  const id = await run('strata.compileModel', file);
  const entry = typeof id === 'string' ? compilations.get(id) : undefined;
  assert.ok(entry, `compiling ${file.fsPath} gave nothing`);
  return entry;
}

let tiny: Promise<DoneEntry> | undefined;
/** The small convnet, compiled and profiled once for all tests. */
export function tinyConvnet(): Promise<DoneEntry> {
  tiny ??= compile(writeReferenceModel('tiny-convnet')).then((entry) => {
    assert.equal(
      entry.state,
      'done',
      JSON.stringify(entry.state === 'failed' ? entry.diagnostic : entry.state),
    );
    return entry;
  });
  return tiny;
}

/** The pass of a compilation with this name. */
export function passNamed({ compilation }: DoneEntry, name: string): { readonly index: number } {
  const pass = compilation.passes.passes.find((p) => p.pass === name);
  assert.ok(pass, `no pass ${name} among ${compilation.passes.passes.map((p) => p.pass).join(', ')}`);
  return pass;
}

/** Opens the IR after a pass as a person does and returns its editor. */
export async function openIr(entry: DoneEntry, pass: string): Promise<vscode.TextEditor> {
  await run('strata.openPassIr', { compilation: entry.id, pass: passNamed(entry, pass).index });
  const editor = vscode.window.activeTextEditor;
  assert.equal(editor?.document.uri.scheme, 'strata-ir');
  return editor;
}

/** The position of a text in a document; `within` goes some characters into it. */
export function positionOf(document: vscode.TextDocument, text: string, within = 1): vscode.Position {
  const at = document.getText().indexOf(text);
  assert.ok(at >= 0, `'${text}' is not in ${document.uri.toString()}`);
  return document.positionAt(at + within);
}

/** Repeats `attempt` until it gives something else than undefined. */
export async function eventually<T>(
  what: string,
  attempt: () => T | undefined | Promise<T | undefined>,
  timeout = 20_000,
): Promise<T> {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await attempt();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`waited ${timeout / 1000} s for ${what}`);
    await sleep(50);
  }
}
