/** The graph view in a real browser. Skipped where there is no Chromium. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { drawnDiff, drawnGraph } from '../../src/dump/layout/drawGraph';
import { opGraph } from '../../src/dump/semantic/opGraph';
import { diffGraphs } from '../../src/dump/semantic/semanticDiff';
import type { GraphState } from '../../src/protocol/graphView';
import { bundleGraph, launchBrowser, openGraph } from './graphPage';
import type { GraphPage } from './graphPage';
import { missingBrowser } from './profilerPage';

const missing = await missingBrowser();
const text = `func.func @f(%x: f32) -> f32 {
  %c = arith.constant 1.0 : f32
  %0 = a.conv %x, %c : f32
  %1 = scf.if %0 -> f32 {
    %2 = a.relu %0 : f32
    scf.yield %2 : f32
  }
  return %1 : f32
}
`;
const one: GraphState = { kind: 'ready', graphs: [drawnGraph('one', opGraph(text))], restore: [] };
const changed = text.replace('a.relu', 'a.gelu');
const two: GraphState = {
  kind: 'ready',
  restore: [],
  graphs: drawnDiff(['before', 'after'], diffGraphs(opGraph(text), opGraph(changed))),
};

describe('graph view', { skip: missing === undefined ? false : missing }, () => {
  let browser: Browser;
  let files: ReadonlyMap<string, string>;
  before(async () => {
    [browser, files] = await Promise.all([launchBrowser(), bundleGraph()]);
  });
  after(() => browser?.close());

  async function withView(state: GraphState, check: (view: GraphPage) => Promise<void>): Promise<void> {
    const view = await openGraph(browser, files, state);
    try {
      if (state.kind === 'ready') await view.drawn(state.graphs.length);
      await check(view);
      assert.deepEqual(view.problems, [], 'no error and nothing that the security policy refused');
    } finally {
      await view.page.close();
    }
  }
  const heading = (v: GraphPage): Promise<string> => v.page.locator('.details h3').innerText();

  test('the keyboard walks along reads, opens groups and goes to the text', () =>
    withView(one, async (v) => {
      await v.page.locator('.graph-canvas').focus();
      await v.page.keyboard.press('ArrowDown');
      assert.equal(await heading(v), 'func.func');
      for (const [key, op] of [
        ['ArrowDown', 'a.conv'],
        ['ArrowDown', 'scf.if'],
        ['ArrowDown', 'func.return'],
        ['ArrowUp', 'scf.if'],
      ] as const) {
        await v.page.keyboard.press(key);
        assert.equal(await heading(v), op);
      }
      await v.page.keyboard.press(' ');
      await v.drawn(2);
      assert.match(await v.page.locator('.status').innerText(), /^5 of 7 ops shown$|^4 of 7 ops shown$/);
      await v.page.keyboard.press('Enter');
      const reveals = (await v.calls()).filter(([method]) => method === 'revealOp');
      assert.deepEqual(reveals[reveals.length - 1], ['revealOp', 0, 3, true]);
    }));

  test('search counts and goes round; what is found in a closed group opens it', () =>
    withView(one, async (v) => {
      await v.page.keyboard.press('/');
      await v.page.keyboard.type('a.');
      assert.equal(await v.page.locator('.count').innerText(), '2 found');
      await v.page.keyboard.press('Enter');
      await v.page.locator('.details h3', { hasText: 'a.conv' }).waitFor();
      await v.page.keyboard.press('Enter');
      await v.page.locator('.details h3', { hasText: 'a.relu' }).waitFor();
      assert.equal(await v.page.locator('.count').innerText(), '2 of 2');
    }));

  test('two graphs select the same op, and say what changed', () =>
    withView(two, async (v) => {
      assert.equal(await v.page.locator('.pane').count(), 2);
      assert.match(await v.page.locator('.legend').innerText(), /kept 6 → 6\s+⇄ replaced 1 → 1/);
      await v.tell('selectOp', 0, 4);
      await v.page.locator('.details h3', { hasText: 'a.relu' }).waitFor();
      await v.page.getByRole('button', { name: '%2 a.gelu' }).click();
      await v.page.locator('.details h3', { hasText: 'a.gelu' }).waitFor();
    }));

  test('the table says the same, and copies as Markdown', () =>
    withView(one, async (v) => {
      await v.page.getByRole('button', { name: 'Show as a table' }).click();
      assert.equal(await v.page.locator('tbody tr').count(), 7);
      await v.page.getByRole('button', { name: 'a.conv' }).click();
      assert.equal(await heading(v), 'a.conv');
      await v.page.getByRole('button', { name: 'Copy as Markdown' }).click();
      const copies = (await v.calls()).filter(([method]) => method === 'copyText');
      assert.match(String(copies[0]?.[1]), /^### one\n/);
    }));

  test('nothing to show, and what went wrong', async () => {
    await withView({ kind: 'empty', why: 'This text holds no ops.' }, async (v) => {
      await v.page.getByText('This text holds no ops.').waitFor();
    });
    const diagnostic = {
      code: 'STR0931',
      severity: 'error',
      text: 'too large.',
      next: 'Open a part.',
    } as const;
    await withView({ kind: 'failed', diagnostic }, async (v) => {
      assert.match(await v.page.getByRole('alert').innerText(), /STR0931 too large\.\s+Open a part\./);
    });
  });
});
