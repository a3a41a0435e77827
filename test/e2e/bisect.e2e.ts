import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { step, VsCode } from './vscode';

/** Puts a worker whose compiler has a planted defect in the place of the installed one. */
async function plantDefect(workspace: string): Promise<void> {
  const extensions = path.join(path.dirname(workspace), 'extensions');
  const installed = readdirSync(extensions).find((name) => name.startsWith('strata'));
  assert.ok(installed !== undefined, `no extension in ${extensions}`);
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    entryPoints: ['test/e2e/plantedWorker.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode', 'onnxruntime-node'],
    banner: {
      js: 'const strata_module_url = require("node:url").pathToFileURL(__filename).href;',
    },
    define: { 'import.meta.url': 'strata_module_url' },
  });
  writeFileSync(path.join(extensions, installed, 'dist', 'bisect-worker.cjs'), outputFiles[0]!.contents);
}

test('a planted defect is found, kept across a reload and reported', async (t) => {
  await VsCode.use(t, { width: 1400, height: 1000 }, async (code) => {
    const model = path.join(code.workspace, 'tiny.onnx');
    writeFileSync(model, buildReferenceModel('tiny-convnet'));
    await plantDefect(code.workspace);

    await step(t, 'the search finds pass, rule and model node', async () => {
      await code.runCommand('Strata: Bisect Numerics…');
      await code.chooseFile('Bisect Numerics', model);
      await code.pick('Interpreter');
      const view = await code.webview('.strip');
      await view.locator('.cell.bad').first().waitFor({ timeout: 120_000 });
      await code.screenshot('bisect-running');
      await view
        .locator('.verdict', { hasText: /fold-batch-norm, rule bn-into-conv, rewrite \d+, at .*stem/ })
        .waitFor({ timeout: 180_000 });
      await view.getByText('Reproducer').first().waitFor();
      await view.locator('.diff .added').first().waitFor();
      await code.screenshot('bisect-dark');
    });

    await step(t, 'a rule is disabled with one click, and the result measured', async () => {
      const view = await code.webview('.strip');
      await view.locator('.culprit').getByText('Disable This Rule').click();
      await view
        .locator('.asked', { hasText: /Without rule bn-into-conv the result is good/ })
        .waitFor({ timeout: 120_000 });
      await view.getByText('Change of the ops').first().waitFor();
    });

    await step(t, 'the program is compared with the reference node by node', async () => {
      const view = await code.webview('.strip');
      await view.getByText('Compare Node by Node').click();
      const first = view.locator('.nodes .first-apart', { hasText: '/stem/stem.2/Clip' });
      await first.waitFor({ timeout: 120_000 });
      await first.scrollIntoViewIfNeeded();
      await code.screenshot('bisect-nodes');
      await view.locator('.asked').scrollIntoViewIfNeeded();
      await code.screenshot('bisect-what-if');
    });

    await step(t, 'it is there after a reload, and points can be marked by hand', async () => {
      // As a person does it: a reload of the page alone may come before the window has kept its editors.
      const loaded = code.page.waitForEvent('load');
      await code.runCommand('Developer: Reload Window');
      await loaded;
      const view = await code.webview('.strip');
      await view.locator('.verdict', { hasText: 'bn-into-conv' }).waitFor({ timeout: 60_000 });
      await view.locator('.cell').first().click();
      await view.getByText('Mark Good').waitFor();
      for (const theme of ['light', 'highContrast', 'highContrastLight', 'dark'] as const) {
        await code.setTheme(theme);
        await code.screenshot(`bisect-${theme}`);
      }
    });

    await step(t, 'a mark by hand is believed when the search goes on', async () => {
      const view = await code.webview('.strip');
      await view.locator('.cell[title^="fold-constants"]').click();
      await view.getByText('Mark Bad').click();
      await view.getByText('Resume').click();
      await view.locator('.verdict', { hasText: /^fold-constants, rule fold-constant/ }).waitFor({
        timeout: 120_000,
      });
      await code.screenshot('bisect-marked');
    });

    await step(t, 'the report is a Markdown file', async () => {
      const view = await code.webview('.strip');
      await view.getByText('Export Report…').click();
      const file = path.join(code.workspace, 'report.md');
      await code.chooseFile('Export Report', file);
      await code.waitForText('Numerics bisection');
      assert.match(readFileSync(file, 'utf8'), /## What was tested/);
    });
    assert.deepEqual(code.consoleErrors, []);
  });
});
