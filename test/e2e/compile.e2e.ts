import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { VsCode } from './vscode';

test('MobileNetV2 is compiled from the palette and looked at', async (t) => {
  await VsCode.use(t, { width: 1500, height: 950 }, async (code) => {
    const model = path.join(code.workspace, 'mobilenet-v2.onnx');
    writeFileSync(model, buildReferenceModel('mobilenet-v2'));
    await code.openContainer('Strata');
    await code.page.getByText('Try MobileNetV2').first().waitFor();
    await code.screenshot('empty-state');

    await code.runCommand('Strata: Compile Model…');
    await code.fillQuickInput(model);
    await code.page.keyboard.press('Enter');
    await code.waitForNotification('Compiling mobilenet-v2.onnx');
    await code.waitForTreeRow(/mobilenet-v2\.onnx\s*\d+ %/);
    await code.screenshot('compiling');
    await code.waitForNotification(/mobilenet-v2\.onnx compiled in/, 180_000);
    await code.screenshot('compiled');
    assert.deepEqual(code.consoleErrors, []);
  });
});
