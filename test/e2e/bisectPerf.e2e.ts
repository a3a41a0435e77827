import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { step, VsCode } from './vscode';

test('lost speed is found, drawn, kept across a reload and reported', async (t) => {
  await VsCode.use(t, { width: 1400, height: 1200 }, async (code) => {
    const model = path.join(code.workspace, 'resnet8.onnx');
    writeFileSync(model, buildReferenceModel('resnet8'));

    await step(t, 'the search can be paused and gone on with', async () => {
      await code.runCommand('Strata: Bisect Performance…');
      await code.chooseFile('Bisect Performance', model);
      await code.pick('As Usual');
      await code.pick('Without a Pass…');
      await code.pick('winograd-convolutions');
      const view = await code.webview('.strip');
      await view.getByText('Pause').click();
      await view.locator('.verdict', { hasText: 'The search is paused.' }).waitFor({ timeout: 60_000 });
      await view.getByText('Resume').click();
    });

    await step(t, 'the pass, its rewrite and the dispatch are found', async () => {
      const view = await code.webview('.strip');
      await view
        .locator('.verdict', { hasText: /winograd-convolutions, rule conv2d-by-tiles.*slower.*in dispatch/ })
        .waitFor({ timeout: 400_000 });
      await view.locator('.plot .interval').first().waitFor({ state: 'attached' });
      assert.ok((await view.locator('.timelines .zone.lit').count()) >= 2);
      assert.ok((await view.locator('.changes tr').count()) >= 2);
      await view.locator('.pane .removed').first().waitFor({ state: 'attached' });
      assert.equal(await view.locator('.side-by-side').count(), 2);
    });

    await step(t, 'it is there after a reload, in every theme', async () => {
      const loaded = code.page.waitForEvent('load');
      await code.runCommand('Developer: Reload Window');
      await loaded;
      const view = await code.webview('.strip');
      await view.locator('.verdict', { hasText: 'winograd-convolutions' }).waitFor({ timeout: 60_000 });
      for (const theme of ['light', 'highContrast', 'dark'] as const) {
        await code.setTheme(theme);
        await code.screenshot(`bisect-perf-${theme}`);
      }
      await view.locator('.side-by-side').first().scrollIntoViewIfNeeded();
      await code.screenshot('bisect-perf-kernels');
    });

    await step(t, 'the report has both timelines and both kernels', async () => {
      const view = await code.webview('.strip');
      await view.getByText('Export Report…').click();
      const file = path.join(code.workspace, 'slow.md');
      await code.chooseFile('Export Report', file);
      await code.waitForText('Performance bisection');
      const report = readFileSync(file, 'utf8');
      assert.match(report, /### both timelines/);
      assert.match(report, /### C, good and bad/);
    });
    assert.deepEqual(code.consoleErrors, []);
  });
});
