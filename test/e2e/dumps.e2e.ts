import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { passesLog } from '../dump/passesLog';
import { step, VsCode } from './vscode';

test('a dump of another compiler is read pass by pass', async (t) => {
  await VsCode.use(t, { settings: { 'diffEditor.renderSideBySide': true } }, async (code) => {
    const file = path.join(code.workspace, 'attention.log');
    writeFileSync(file, passesLog);

    await step(t, 'it opens from the palette, with its unchanged passes folded', async () => {
      await code.runCommand('Strata: Open IR Dump…');
      await code.pick('A log or IR file');
      await code.chooseFile('Open IR Dump', file);
      await code.waitForTreeRow(/^\s*tile/);
      await code.widenSideBar(140);
      await code.expandRow(/^\s*tile/);
      await code.waitForTreeRow(/@attention/);
      await code.screenshot('dump-tree');
    });

    await step(t, 'a pass opens as a diff of normalised text', async () => {
      await code.treeRow(/@attention/).click();
      await code.page.locator('.monaco-diff-editor .line-insert').first().waitFor();
      await code.screenshot('dump-diff');
    });

    await step(t, 'its IR has hovers of any dialect', async () => {
      assert.match(await code.hover('kernel.tile'), /kernel\.tile.*does not know/s);
      await code.screenshot('dump-hover');
    });

    await step(t, 'what became of each op of a pass is a tree, from its row and from its diff', async () => {
      await code.runCommand('Strata: Show What Became of Each Op');
      await code.waitForTreeRow(/kernel\.tile/);
      await code.screenshot('dump-op-changes');
    });

    await step(t, 'an op is followed through the passes of the dump', async () => {
      await code.treeRow(/@attention/).click();
      await code.page.locator('.monaco-diff-editor .line-insert').first().waitFor();
      await code.clickText('kernel.tile');
      await code.runCommand('Strata: Show Life of Op');
      await code.waitForTreeRow(/tile: (?:born|replaced|split|changed)/);
      await code.screenshot('dump-op-life');
    });

    await step(t, 'its graphs are drawn side by side', async () => {
      await code.treeRow(/@attention/).click();
      await code.page.locator('.monaco-diff-editor .line-insert').first().waitFor();
      await code.runCommand('Strata: Compare Graphs with Previous Pass');
      const view = await code.webview('.pane + .pane');
      await view.getByPlaceholder('Search ops').fill('kernel.tile');
      await view.getByPlaceholder('Search ops').press('Enter');
      await view.locator('.details h3', { hasText: 'kernel.tile' }).waitFor();
      await code.screenshot('dump-graphs');
    });

    await step(t, 'the graphs are there after a reload, in every theme', async () => {
      const loaded = code.page.waitForEvent('load');
      await code.runCommand('Developer: Reload Window');
      await loaded;
      const view = await code.webview('.pane + .pane', 60_000);
      await view.locator('.body[data-drawn]').waitFor();
      await code.waitForTreeRow(/^\s*tile/);
      for (const theme of ['light', 'highContrast', 'dark'] as const) {
        await code.setTheme(theme);
        await code.screenshot(`dump-graphs-${theme}`);
      }
    });

    await step(t, 'the filter leaves what it names, in light and high contrast too', async () => {
      await code.runCommand('Strata: Filter Passes…');
      await code.fillQuickInput('cse');
      await code.page.keyboard.press('Enter');
      await code.waitForTreeRow(/filter: cse/);
      await code.setTheme('light');
      await code.screenshot('dump-filter-light');
      await code.setTheme('highContrast');
      await code.screenshot('dump-filter-hc');
    });
    assert.deepEqual(code.consoleErrors, []);
  });
});
