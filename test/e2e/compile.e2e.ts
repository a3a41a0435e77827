import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { VsCode } from './vscode';

test('a model is compiled, looked at and profiled', async (t) => {
  await VsCode.use(t, { width: 1500, height: 950 }, async (code) => {
    const model = path.join(code.workspace, 'mobilenet-v2.onnx');
    writeFileSync(model, buildReferenceModel('mobilenet-v2'));

    await t.test('the empty view says what to do', async () => {
      await code.openContainer('Strata');
      await code.page.getByRole('button', { name: 'Compile a Model…' }).first().waitFor();
      await code.page.getByRole('button', { name: 'Try MobileNetV2' }).first().waitFor();
      await code.screenshot('empty-state');
    });

    await t.test('the palette compiles MobileNetV2 with progress', async () => {
      await code.runCommand('Strata: Compile Model…');
      await code.fillQuickInput(model);
      await code.page.keyboard.press('Enter');
      await code.waitForNotification('Compiling mobilenet-v2.onnx');
      await code.waitForTreeRow(/mobilenet-v2\.onnx\s*\d+ % · (loops|c-compiler|C compiler)/, undefined, 120_000);
      await code.screenshot('compiling');
      await code.waitForNotification(/mobilenet-v2\.onnx compiled in/, 180_000);
    });

    await t.test('the tree shows stages, passes and functions', async () => {
      await code.treeRow(/^\s*graph/).click();
      await code.waitForTreeRow(/fold-batch-norm/);
      await code.screenshot('tree');
    });

    await t.test('a pass opens as IR with a hover that follows the op', async () => {
      await code.treeRow(/fold-batch-norm/).click();
      await code.waitForText(/= nn\.|"nn\./);
      await code.screenshot('ir');
      const hover = await code.hover('nn.conv2d');
      assert.match(hover, /Cost/);
      assert.match(hover, /From .*Conv/);
      assert.match(hover, /Became main_dispatch_\d+/);
      assert.match(hover, /Took [\d.]+ (ms|µs) \(median of \d+\), [\d.]+ % of the run/);
      await code.screenshot('hover');
    });

    await t.test('a pass is compared with the one before in the diff editor', async () => {
      await code.clickText('nn.conv2d');
      await code.runCommand('Strata: Compare IR with Previous Pass');
      await code.page.locator('.monaco-diff-editor').first().waitFor();
      await code.waitForText('nn.conv2d');
      await code.screenshot('diff');
    });

    await t.test('the profiler shows timeline, flame and zones', async () => {
      await code.runCommand('Strata: Show Profiler');
      const view = await code.webview('.details .hottest');
      await code.screenshot('profiler-timeline');
      await view.getByRole('tab', { name: 'Flame' }).click();
      await code.screenshot('profiler-flame');
      await view.getByRole('tab', { name: 'Zones' }).click();
      await code.screenshot('profiler-zones');
    });
    await t.test('a zone of the profiler leads to its IR', async () => {
      const view = await code.webview('.details .hottest');
      await view.locator('.details .hottest button').first().click();
      await view.getByRole('button', { name: 'Reveal in IR' }).click();
      await code.waitForText('nn.conv2d');
      await code.screenshot('zone-to-ir');
    });

    await t.test('an op of the IR leads to its zone', async () => {
      await code.treeRow(/^\s*dispatch/).click();
      await code.treeRow(/form-dispatches/).click();
      await code.waitForText('dispatch.region');
      await code.clickText('dispatch.region');
      await code.runCommand('Strata: Show in Timeline');
      const view = await code.webview('.details h2');
      await view.locator('.details h2', { hasText: /main_dispatch_/ }).waitFor();
      await code.screenshot('ir-to-zone');
    });

    await t.test('the profiler opens as a full editor', async () => {
      await code.runCommand('Strata: Open Profiler in an Editor');
      await code.tab('Profiler').waitFor();
      await code.webview('body[data-view=editor] .details h2');
      await code.screenshot('profiler-editor');
    });
    assert.deepEqual(code.consoleErrors, []);
  });
});
