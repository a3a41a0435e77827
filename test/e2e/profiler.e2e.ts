import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { step, VsCode } from './vscode';

test('a run of MobileNetV2 on all processors is looked at in every view', async (t) => {
  await VsCode.use(t, { width: 1500, height: 950 }, async (code) => {
    const model = path.join(code.workspace, 'mobilenet-v2.onnx');
    writeFileSync(model, buildReferenceModel('mobilenet-v2'));

    await step(t, 'it is compiled and profiled', async () => {
      await code.openContainer('Strata');
      await code.runCommand('Strata: Compile Model…');
      await code.chooseFile('Compile Model', model);
      await code.waitForNotification(/mobilenet-v2\.onnx compiled in/, 240_000);
    });

    await step(t, 'the profiler shows timeline, flame, single zones, statistics and SQL', async () => {
      await code.runCommand('Strata: Show Profiler');
      const view = await code.webview('.details .hottest li');
      await view.locator('.timeline .chart[data-settled=true]').waitFor();
      // Threads, the memory of the arena and the iterations have their rows.
      for (const track of ['dispatches', 'thread 0 (main)', 'arena in use'])
        await view.locator('.track-label', { hasText: track }).waitFor();
      await view.locator('.frames canvas').waitFor();
      await code.screenshot('profiler-timeline');
      await view.locator('.details .hottest button').first().click();
      await view.locator('.details .evidence.recorded').waitFor();
      await view.locator('.details .chain li').first().waitFor();
      await code.screenshot('profiler-zone');
      await view.getByRole('tab', { name: 'Flame' }).click();
      await code.screenshot('profiler-flame');
      await view.getByRole('tab', { name: 'Find Zone' }).click();
      await view.locator('.find .facts dd').first().waitFor();
      await code.screenshot('profiler-find');
      await view.getByRole('tab', { name: 'Zones' }).click();
      await view.locator('.zones-table .col-attained').first().waitFor();
      await code.screenshot('profiler-zones');
      await view.getByRole('tab', { name: 'SQL' }).click();
      await view.getByText('Run', { exact: true }).click();
      await view.locator('.sql .zones-table tbody tr').first().waitFor();
      await code.screenshot('profiler-sql');
      await view.getByRole('tab', { name: 'Timeline' }).click();
      await view.locator('.timeline .chart-scroll').press('Escape');
    });

    await step(t, 'a second run is compared with the first, by IR op', async () => {
      await code.treeRow(/mobilenet-v2\.onnx/).hover();
      await code
        .treeRow(/mobilenet-v2\.onnx/)
        .getByRole('button', { name: /Profile Model/ })
        .click();
      const view = await code.webview('.details h2');
      await view.locator('.details h2', { hasText: 'run 2' }).waitFor({ timeout: 60_000 });
      await view.getByRole('tab', { name: 'Compare' }).click();
      await view.getByText('Add a run…').first().click();
      await code.page.locator('.quick-input-widget .monaco-list-row').first().click();
      await view.locator('.compare-totals .verdict').waitFor();
      await view.locator('.compare .zones-table tbody tr').first().waitFor();
      await code.screenshot('profiler-compare');
      await view.getByRole('tab', { name: 'Timeline' }).click();
    });

    await step(t, "the model's own file shows what each node took, and leads to its IR", async () => {
      await code.openFile('mobilenet-v2.onnx');
      const view = await code.webview('.model tbody tr');
      const conv = view.locator('tbody tr', { hasText: 'Conv' }).first();
      await conv.locator('.share', { hasText: '%' }).waitFor();
      await view.locator('tbody td', { hasText: /^in / }).first().waitFor();
      await view.getByRole('button', { name: 'Show what takes most time first' }).click();
      await view.locator('tbody tr').first().click();
      await code.screenshot('profiler-model');
      await view.locator('tbody tr[aria-selected=true]').press('Enter');
      await code.waitForText('onnx.Conv');
    });

    await step(t, 'kernels are sampled, and the C shows where their time goes', async () => {
      if (spawnSync('perf', ['--version']).status !== 0)
        return t.diagnostic('perf is not installed; sampling is not tested here');
      await code.runCommand('Strata: Sample Kernels…');
      await code.tab('mobilenet-v2.kernels.c').waitFor({ timeout: 120_000 });
      await code.waitForText(/· \d+\.\d %/, 30_000);
      await code.screenshot('profiler-samples');
    });
    assert.deepEqual(code.consoleErrors, []);
  });
});
