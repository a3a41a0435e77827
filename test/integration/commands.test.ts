import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commands } from '../../src/editor/commandIds';
import { strata } from './strata';

suite('commands', () => {
  test('every command of the table is registered', async () => {
    await strata();
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      Object.keys(commands).filter((id) => !registered.has(id)),
      [],
    );
  });

  test('.mlir files have the language of the grammar', async () => {
    const [file] = await vscode.workspace.findFiles('add.mlir');
    assert.ok(file);
    assert.equal((await vscode.workspace.openTextDocument(file)).languageId, 'mlir');
  });
});
