import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { step, VsCode } from './vscode';

test('a model is compiled, looked at and profiled', async (t) => {
  // Diffs of large IR take longer than VS Code allows by default where two processors are busy.
  const settings = { 'diffEditor.maxComputationTime': 0 };
  // An empty cache: a compilation that is kept from another run would be found before any progress shows.
  const cache = mkdtempSync(path.join(tmpdir(), 'strata-cache-'));
  t.after(() => rmSync(cache, { recursive: true, force: true, maxRetries: 5 }));
  const env = { STRATA_CACHE_DIR: cache };
  await VsCode.use(t, { width: 1500, height: 950, settings, env }, async (code) => {
    const model = path.join(code.workspace, 'mobilenet-v2.onnx');
    writeFileSync(model, buildReferenceModel('mobilenet-v2'));

    await step(t, 'the empty view says what to do', async () => {
      await code.openContainer('Strata');
      await code.page.getByRole('button', { name: 'Compile a Model…' }).first().waitFor();
      await code.page.getByRole('button', { name: 'Try MobileNetV2' }).first().waitFor();
      await code.screenshot('empty-state');
    });

    await step(t, 'the palette compiles MobileNetV2 with progress', async () => {
      await code.runCommand('Strata: Compile Model…');
      await code.chooseFile('Compile Model', model);
      await code.waitForNotification('Compiling mobilenet-v2.onnx');
      await code.waitForTreeRow(/mobilenet-v2\.onnx\s*\d+ % · \w/, undefined, 120_000);
      await code.screenshot('compiling');
      await code.waitForNotification(/mobilenet-v2\.onnx compiled in/, 180_000);
    });

    await step(t, 'the tree shows stages, passes and functions', async () => {
      await code.expandRow(/^\s*graph/);
      await code.waitForTreeRow(/fold-batch-norm/);
      await code.screenshot('tree');
    });

    await step(t, 'a pass opens as IR with a hover that follows the op', async () => {
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

    await step(t, 'a pass is compared with the one before in the diff editor', async () => {
      await code.clickText('nn.conv2d');
      await code.runCommand('Strata: Compare IR with Previous Pass');
      await code.page
        .locator('.monaco-diff-editor .line-insert, .monaco-diff-editor .line-delete')
        .first()
        .waitFor();
      await code.screenshot('diff');
      await code.treeRow(/fold-batch-norm/).click();
      await code.waitForText(/"nn\./);
    });

    await step(t, 'the profiler shows timeline, flame and zones', async () => {
      await code.runCommand('Strata: Show Profiler');
      const view = await code.webview('.details .hottest');
      await code.screenshot('profiler-timeline');
      await view.getByRole('tab', { name: 'Flame' }).click();
      await code.screenshot('profiler-flame');
      await view.getByRole('tab', { name: 'Zones' }).click();
      await code.screenshot('profiler-zones');
    });

    await step(t, 'a zone lights up its op in the IR, and leads to it', async () => {
      const view = await code.webview('.details .hottest');
      const hottest = view.locator('.details .hottest button').first();
      const name = await hottest.getAttribute('title');
      await hottest.click();
      await view.getByRole('button', { name: 'Reveal in IR' }).waitFor();
      await code.page.locator('.editor-group-container.active .view-overlays .cdr').first().waitFor();
      await code.screenshot('zone-selected');
      await code.expandRow(/^\s*dispatch/);
      await code.treeRow(/form-dispatches/).click();
      await code.waitForText('dispatch.region');
      await view.getByRole('button', { name: 'Reveal in IR' }).click();
      await code.waitForText(`"${name}"`);
      await code.screenshot('zone-to-ir');
    });

    await step(t, 'an op of the IR leads to its zone', async () => {
      await code.page.keyboard.press('Control+Home');
      await code.clickText('dispatch.region');
      await code.runCommand('Strata: Show in Timeline');
      const view = await code.webview('.details h2');
      await view.locator('.details h2', { hasText: /main_dispatch_0_/ }).waitFor();
      await code.screenshot('ir-to-zone');
    });

    await step(t, 'the picture of the README shows all of it (UPDATE=1 makes it anew)', async () => {
      await code.widenSideBar(90);
      await code.treeRow(/fold-batch-norm/).click();
      await code.waitForText(/"nn\./);
      await code.clickText('nn.conv2d');
      await code.runCommand('Strata: Show in Timeline');
      const view = await code.webview('.details h2');
      await view.locator('.details h2', { hasText: /main_dispatch_0_/ }).waitFor();
      const picture = await code.screenshot('overview');
      if (process.env['UPDATE'] === '1')
        copyFileSync(picture, path.join(process.cwd(), 'docs/images/overview.png'));
    });

    await step(t, 'it looks right in every theme', async () => {
      for (const theme of ['light', 'highContrast', 'highContrastLight'] as const) {
        await code.setTheme(theme);
        await code.screenshot(`overview-${theme}`);
      }
      await code.setTheme('dark');
    });

    await step(t, 'the profiler opens as a full editor', async () => {
      await code.runCommand('Strata: Open Profiler in an Editor');
      await code.tab('Profiler').waitFor();
      await code.webview('body[data-view=editor] .details h2');
      await code.screenshot('profiler-editor');
    });

    await step(t, 'the generated C opens', async () => {
      await code.treeRow('generated C').click();
      await code.waitForText('strata');
      await code.screenshot('generated-c');
    });
    assert.deepEqual(code.consoleErrors, []);
  });
});
