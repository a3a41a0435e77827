import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VsCode } from './vscode';

test('the VSIX installs and a model text opens, in every theme', async (t) => {
  await VsCode.use(t, {}, async (code) => {
    await code.openFile('add.mlir');
    await code.waitForText('func.func @add(%a: tensor<4xf32>');
    assert.ok((await code.locateText('arith.addf')).x > 0);

    await code.runCommand('Extensions: Show Installed Extensions');
    await code.waitForTreeRow('Strata');

    for (const theme of ['light', 'highContrast', 'highContrastLight', 'dark'] as const) {
      await code.setTheme(theme);
      await code.screenshot(`window-${theme}`);
    }
    assert.deepEqual(code.consoleErrors, []);
  });
});
