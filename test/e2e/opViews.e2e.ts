import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { step, VsCode } from './vscode';

test('ops are drawn, compared and followed', async (t) => {
  await VsCode.use(t, { width: 1500, height: 950 }, async (code) => {
    const model = path.join(code.workspace, 'tiny-convnet.onnx');
    writeFileSync(model, buildReferenceModel('tiny-convnet'));
    await code.openContainer('Strata');
    await code.runCommand('Strata: Compile Model…');
    await code.chooseFile('Compile Model', model);
    await code.waitForNotification(/tiny-convnet\.onnx compiled in/, 180_000);
    await code.expandRow(/^\s*graph/);
    await code.treeRow(/fold-batch-norm/).click();
    await code.waitForText(/"nn\./);

    await step(t, 'what became of each op is a tree with evidence', async () => {
      await code.clickText('nn.conv2d');
      await code.runCommand('Strata: Show What Became of Each Op');
      await code.waitForTreeRow(/nn\.batch_norm/);
      await code.screenshot('op-changes');
    });

    await step(t, 'the life of an op goes from its node to its kernel', async () => {
      await code.clickText('nn.conv2d');
      await code.runCommand('Strata: Show Life of Op');
      await code.waitForTreeRow(/convert-onnx-to-nn: replaced/);
      await code.waitForTreeRow(/lower-nn-to-linalg: split/);
      await code.screenshot('op-life');
    });

    await step(t, 'the IR is drawn, and an op of the graph is found in the text', async () => {
      await code.clickText('nn.conv2d');
      await code.runCommand('Strata: Open Graph');
      const view = await code.webview('.body[data-drawn]');
      await view.getByPlaceholder('Search ops').fill('reduce_mean');
      await view.getByPlaceholder('Search ops').press('Enter');
      await view.locator('.details h3', { hasText: 'nn.reduce_mean' }).waitFor();
      assert.match(await view.locator('.details').innerText(), /GlobalAveragePool/);
      await code.screenshot('graph');
    });

    await step(t, 'two passes are drawn side by side', async () => {
      await code.treeRow(/fold-batch-norm/).click();
      await code.waitForText(/"nn\./);
      await code.runCommand('Strata: Compare Graphs with Previous Pass');
      const view = await code.webview('.pane + .pane');
      await view.getByPlaceholder('Search ops').fill('batch_norm');
      await view.getByPlaceholder('Search ops').press('Enter');
      await view.locator('.details h3', { hasText: 'nn.batch_norm' }).waitFor();
      await code.screenshot('graphs-compared');
    });
  });
});
