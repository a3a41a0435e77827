import assert from 'node:assert/strict';
import * as vscode from 'vscode';

suite('activation', () => {
  test('the extension is there and activates', async () => {
    const extension = vscode.extensions.getExtension('strata.strata');
    assert.ok(extension, 'strata.strata is not among the extensions');
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  test('the test workspace is open', async () => {
    const [file] = await vscode.workspace.findFiles('add.mlir');
    assert.ok(file, 'add.mlir is not in the workspace');
    const document = await vscode.workspace.openTextDocument(file);
    assert.match(document.getText(), /func\.func @add/);
  });
});
