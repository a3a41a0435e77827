/** The profiler view in a real browser, against a host that speaks the real protocol. Skipped where there is no Chromium. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readTrace } from '../../src/profiler/readTrace';
import { TraceEngine } from '../../src/profiler/engine/traceEngine';
import type { TraceState, ZoneRef } from '../../src/protocol/profilerView';
import { sampleName, sampleTrace } from '../profiler/sampleTrace';
import { missingBrowser, ViewBrowser } from './profilerPage';
import type { OpenChoices, ProfilerPage } from './profilerPage';

const missing = await missingBrowser();

const trace = readTrace(sampleTrace({ iterations: 4, dispatches: 20, threads: 2, inner: 3 }), 'run.pftrace');
const ready: TraceState = {
  kind: 'ready',
  id: 'run',
  runs: [{ title: 'model.onnx → cpu', info: new TraceEngine(trace).info() }],
};

/** Polls until `read` gives what `test` accepts. */
async function until<T>(what: string, read: () => T | Promise<T>, accepts: (v: T) => boolean): Promise<T> {
  let last: T | undefined;
  for (let i = 0; i < 100; i++) {
    last = await read();
    if (accepts(last)) return last;
    await sleep(30);
  }
  throw new Error(`${what} did not come; last: ${JSON.stringify(last)}`);
}

describe('profiler view', { skip: missing === undefined ? false : missing }, () => {
  let browser: ViewBrowser;
  before(async () => {
    browser = await ViewBrowser.start();
  });
  after(() => browser?.stop());

  async function withView(
    choices: Partial<OpenChoices>,
    check: (view: ProfilerPage) => Promise<void>,
  ): Promise<void> {
    const view = await browser.open({
      theme: 'dark',
      width: 1000,
      height: 300,
      state: ready,
      traces: [trace],
      ...choices,
    });
    try {
      await view.page.waitForSelector('.chart canvas, .message .actions');
      await check(view);
      assert.deepEqual(view.problems, [], 'no error and nothing that the security policy refused');
    } finally {
      await view.page.context().close();
    }
  }

  /** Keeps a picture for people where `STRATA_SCREENSHOTS` names a folder. */
  async function keep(v: ProfilerPage, name: string): Promise<void> {
    const folder = process.env['STRATA_SCREENSHOTS'];
    if (folder !== undefined) await v.page.screenshot({ path: `${folder}/${name}.png` });
  }

  /** Mean lightness of the blocks of 4 by 4 pixels of a picture: edges that are smoothed differently do not count. */
  const lightness = (v: ProfilerPage, png: Buffer): Promise<number[]> =>
    v.page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(Math.ceil(bitmap.width / 4), Math.ceil(bitmap.height / 4));
      const context = canvas.getContext('2d')!;
      context.imageSmoothingQuality = 'high';
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return Array.from(
        { length: data.length / 4 },
        (_, i) => (data[4 * i]! + data[4 * i + 1]! + data[4 * i + 2]!) / 3,
      );
    }, png.toString('base64'));

  const heading = (v: ProfilerPage): Promise<string> => v.page.locator('.details h2').innerText();
  const plain = (text: string): string => text.replaceAll(/\s/g, '');
  const calls = (v: ProfilerPage, method: string): readonly ZoneRef[] =>
    v.calls.filter((c) => c.method === method).map((c) => c.args[0] as ZoneRef);
  const viewport = (v: ProfilerPage): Promise<string> => v.page.locator('.timeline .axis').innerText();

  test('show in timeline selects the longest call, without an echo and without the focus', () =>
    withView({}, async (v) => {
      const before = await viewport(v);
      assert.equal(await v.view.selectDispatch(7, 'main'), true);
      await until(
        'details',
        () => heading(v),
        (t) => plain(t).includes(sampleName(7)),
      );
      assert.notEqual(await viewport(v), before, 'zoomed to the zone');
      assert.deepEqual(calls(v, 'selectZone'), []);
      assert.equal(await v.page.evaluate(() => document.activeElement?.tagName), 'BODY');
      assert.equal(await v.view.selectDispatch(999), false);
      const span = (text: string): string | undefined => text.split('\n')[0];
      const zoom = span(await viewport(v));
      assert.equal(await v.view.selectDispatch(5, undefined, true), true);
      await until(
        'details',
        () => heading(v),
        (t) => plain(t).includes(sampleName(5)),
      );
      assert.equal(span(await viewport(v)), zoom, 'following the cursor keeps the zoom');
      assert.equal(await v.view.selectOrigin('/features/3/Conv'), true);
      await until(
        'details',
        () => heading(v),
        (t) => plain(t).includes(sampleName(3)),
      );
    }));

  test('a click tells the host, a double-click and the button reveal', () =>
    withView({}, async (v) => {
      await v.view.selectDispatch(7);
      await until(
        'details',
        () => heading(v),
        (t) => plain(t).includes(sampleName(7)),
      );
      const canvas = (await v.page.locator('.timeline .chart-sticky > canvas:last-child').boundingBox())!;
      const row = { x: canvas.x + canvas.width / 2, y: canvas.y + 4 + 18 + 9 };
      await v.page.keyboard.press('Escape');
      await v.page.mouse.click(row.x, canvas.y + canvas.height - 4);
      await v.page.mouse.click(row.x, row.y);
      const chosen = await until(
        'selectZone',
        () => calls(v, 'selectZone').at(-1),
        (c) => c?.dispatch === 7,
      );
      assert.deepEqual(chosen?.origins, ['/features/7/Conv', '/features/7/Clip']);
      assert.equal(chosen?.name, sampleName(7));
      await v.page.mouse.dblclick(row.x, row.y);
      await until(
        'revealZone',
        () => calls(v, 'revealZone').length,
        (n) => n === 1,
      );
      await v.page.getByText('Reveal in IR', { exact: true }).click();
      await until(
        'revealZone',
        () => calls(v, 'revealZone').length,
        (n) => n === 2,
      );
    }));

  test('keys: walk, zoom, fit, clear; wheel and drag move the view', () =>
    withView({}, async (v) => {
      await v.page.locator('.timeline .chart-scroll').focus();
      const walked: string[] = [];
      for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowUp', 'ArrowRight']) {
        const before = v.calls.filter((c) => c.method === 'selectZone').length;
        await v.page.keyboard.press(key);
        await until(
          'a step',
          () => v.calls.filter((c) => c.method === 'selectZone').length,
          (n) => n === before + 1,
        );
        walked.push(calls(v, 'selectZone').at(-1)!.name);
      }
      assert.deepEqual(walked, [
        'invoke main',
        sampleName(0),
        'tile_0',
        'tile_1',
        sampleName(0),
        sampleName(1),
      ]);
      const steps: string[] = [await viewport(v)];
      const changed = async (act: () => Promise<void>): Promise<void> => {
        await act();
        steps.push(
          await until(
            'another range',
            () => viewport(v),
            (t) => t !== steps.at(-1),
          ),
        );
      };
      await changed(() => v.page.keyboard.press('s'));
      await changed(() => v.page.keyboard.press('d'));
      await changed(() => v.page.keyboard.press('f'));
      await changed(() => v.page.keyboard.press('w'));
      await changed(() => v.page.keyboard.press('a'));
      const box = (await v.page.locator('.timeline .chart-sticky > canvas:last-child').boundingBox())!;
      await v.page.mouse.move(box.x + 200, box.y + 20);
      await changed(() => v.page.mouse.wheel(0, -240));
      await changed(async () => {
        await v.page.mouse.down();
        await v.page.mouse.move(box.x + 320, box.y + 20, { steps: 4 });
        await v.page.mouse.up();
      });
      await v.page.keyboard.press('Escape');
      await until(
        'nothing selected',
        () => v.calls.at(-1),
        (c) => c?.method !== 'selectZone' || c.args[0] === undefined,
      );
      await until(
        'summary of the run',
        () => heading(v),
        (t) => t === 'model.onnx → cpu',
      );
    }));

  test('dragging with Shift measures', () =>
    withView({}, async (v) => {
      const box = (await v.page.locator('.timeline .chart-sticky > canvas:last-child').boundingBox())!;
      await v.page.keyboard.down('Shift');
      await v.page.mouse.move(box.x + 100, box.y + 20);
      await v.page.mouse.down();
      await v.page.mouse.move(box.x + 300, box.y + 20, { steps: 3 });
      await until(
        'length',
        () => v.page.locator('.timeline .axis-cursor').innerText(),
        (t) => /^↔ [\d.]+ ms$/.test(t),
      );
      await v.page.mouse.up();
      await v.page.keyboard.up('Shift');
    }));

  test('the table sorts, filters and is walked with the keyboard', () =>
    withView({}, async (v) => {
      await v.view.setTab('zones');
      const rows = v.page.locator('.zones-table tbody tr');
      await until(
        'rows',
        () => rows.count(),
        (n) => n === 20,
      );
      const column = (): Promise<string[]> => v.page.locator('.zones-table td.col-total').allInnerTexts();
      const totals = (await column()).map(Number);
      assert.deepEqual(
        totals,
        totals.toSorted((a, b) => b - a),
      );
      await v.page.getByRole('button', { name: /^Total/ }).click();
      assert.deepEqual((await column()).map(Number), totals.toReversed());
      assert.equal(await v.page.locator('th.col-total').getAttribute('aria-sort'), 'ascending');
      await rows.first().focus();
      await v.page.keyboard.press('ArrowDown');
      await v.page.keyboard.press('Enter');
      await until(
        'revealZone',
        () => calls(v, 'revealZone').length,
        (n) => n === 1,
      );
      await until(
        'the selected row',
        () => rows.nth(1).getAttribute('aria-selected'),
        (selected) => selected === 'true',
      );
      await v.page.locator('.toolbar vscode-text-field input').fill('features/12/');
      await until(
        'one row',
        () => rows.count(),
        (n) => n === 1,
      );
      assert.match(await rows.first().innerText(), /features\/12\/Conv/);
    }));

  test('tabs, flame view and collapsing tracks', () =>
    withView({}, async (v) => {
      await v.page.getByRole('tab', { name: 'Flame' }).click();
      await v.page.locator('.flame .chart-sticky > canvas:last-child').first().waitFor({ state: 'visible' });
      await until(
        'state',
        () => v.calls.filter((c) => c.method === 'saveState').length,
        (n) => n > 0,
      );
      await v.page.getByRole('tab', { name: 'Timeline' }).click();
      const host = v.page.locator('.track-label', { hasText: 'host' });
      assert.equal(await host.getAttribute('aria-expanded'), 'true');
      const worker = v.page.locator('.track-label', { hasText: 'worker 1' });
      const before = (await worker.boundingBox())!.y;
      await host.click();
      await until(
        'collapsed',
        () => host.getAttribute('aria-expanded'),
        (e) => e === 'false',
      );
      assert.ok((await worker.boundingBox())!.y < before);
    }));

  test('WebGL and the 2D canvas draw the same', async () => {
    const pictures: number[][] = [];
    for (const more of [{}, { renderer: 'webgl' }] as const)
      await withView(more, async (v) => {
        await v.page.waitForSelector('.timeline .chart[data-settled=true]');
        const rects = v.page.locator('.timeline .chart-rects canvas');
        const drawsFlat = await rects.evaluate((c: HTMLCanvasElement) => c.getContext('2d') !== null);
        assert.equal(drawsFlat, !('renderer' in more));
        // Texts are drawn by one painter in either case, after the rectangles.
        await v.page.evaluate(() => {
          document.querySelector<HTMLElement>('.timeline .chart-sticky > canvas:last-child')!.style.opacity =
            '0';
        });
        pictures.push(await lightness(v, await v.page.locator('.timeline .chart-scroll').screenshot()));
      });
    const [flat = [], gl = []] = pictures;
    const apart = flat.filter((value, i) => Math.abs(value - gl[i]!) > 12).length;
    assert.ok(new Set(flat).size > 20, 'there is something to see');
    assert.ok(apart / flat.length < 0.02, `${apart} of ${flat.length} blocks differ`);
  });

  test('a range is measured and described; bookmarks go to the host', () =>
    withView({ bookmarks: [{ from: 1_000_000, to: 1_000_000, note: 'here' }] }, async (v) => {
      await v.page.locator('.axis-flags .flag').waitFor();
      await v.view.selectDispatch(7);
      await until(
        'details',
        () => heading(v),
        (t) => plain(t).includes(sampleName(7)),
      );
      await v.page.locator('.timeline .chart-scroll').focus();
      await v.page.keyboard.press('m');
      await v.page.locator('.range-facts .hottest li').first().waitFor();
      await v.page.keyboard.press('b');
      const saved = await until(
        'saveBookmarks',
        () =>
          v.calls.findLast((c) => c.method === 'saveBookmarks')?.args[0] as { note: string }[] | undefined,
        (b) => b?.length === 2,
      );
      assert.deepEqual(saved!.map((b) => b.note).sort(), ['a note', 'here']);
      await v.page.getByRole('button', { name: /^Remove the bookmark at 1\.000 ms/ }).click();
      await until(
        'one is left',
        () => v.page.locator('.details .bookmark').count(),
        (n) => n === 1,
      );
      await v.page.locator('.timeline .chart-scroll').focus();
      await v.page.keyboard.press('Escape');
      await v.page.locator('.range-facts').waitFor({ state: 'detached' });
    }));

  test('the chain behind a zone is shown with its evidence and can be followed', () =>
    withView(
      {
        join: {
          evidence: 'name',
          because: 'its name is that of the model node /a',
          links: [{ kind: 'node', label: '/features/7/Conv', target: 'there' }],
        },
      },
      async (v) => {
        await v.view.selectDispatch(7);
        assert.match(await v.page.locator('.evidence').innerText(), /by name\s+its name is that of/);
        await v.page.locator('.chain button').click();
        await until(
          'openLink',
          () => v.calls.find((c) => c.method === 'openLink')?.args[0],
          (t) => t === 'there',
        );
        await v.page.getByRole('button', { name: 'Copy a link to this zone' }).click();
        await until(
          'copyLink',
          () => calls(v, 'copyLink').at(-1)?.dispatch,
          (d) => d === 7,
        );
      },
    ));

  test('Find Zone takes over the selected zone, groups and lists', () =>
    withView({ height: 500 }, async (v) => {
      await v.view.selectDispatch(7);
      await v.page.keyboard.press('h');
      const facts = v.page.locator('.find .facts');
      await until(
        'facts',
        () => facts.innerText(),
        (t) => /Zones\s+8\b/.test(t) && /p99\.9/.test(t),
      );
      const groups = v.page.locator('.find table[aria-label=Groups] tbody tr');
      assert.equal(await groups.count(), 2, 'by thread');
      await groups.nth(1).focus();
      await v.page.keyboard.press('Enter');
      await until(
        'selectZone',
        () => calls(v, 'selectZone').at(-1)?.dispatch,
        (d) => d === 7,
      );
      await v.page.locator('.find vscode-text-field input').fill('no such name');
      await v.page.getByText('No zone is called like').waitFor();
    }));

  test('another run is compared row by row, with both timelines', () => {
    const slower = readTrace(
      sampleTrace({ iterations: 6, dispatches: 19, threads: 2, inner: 3 }),
      'before.pftrace',
    );
    const runs = [trace, slower].map((t) => ({ title: 'run', info: new TraceEngine(t).info() }));
    return withView(
      { height: 600, width: 1400, state: { kind: 'ready', id: 'run', runs }, traces: [trace, slower] },
      async (v) => {
        await v.view.setTab('compare');
        const rows = v.page.locator('.compare tbody tr');
        await until(
          'rows',
          () => rows.count(),
          (n) => n === 20,
        );
        assert.match(await v.page.locator('.compare tbody').innerText(), /dispatch_19[^\n]*\s[\s\S]*new/);
        assert.match(await v.page.locator('.compare-totals').innerText(), /→/);
        await until(
          'both timelines',
          () => v.page.locator('.compare-side .chart[data-settled=true]').count(),
          (n) => n === 2,
        );
        await rows.nth(3).focus();
        await v.page.keyboard.press('ArrowDown');
        await until(
          'chosen',
          () => rows.nth(4).getAttribute('class'),
          (c) => c === 'selected',
        );
        await v.page.getByText('Remove', { exact: true }).click();
        await until(
          'removeRun',
          () => v.calls.find((c) => c.method === 'removeRun')?.args[0],
          (r) => r === 1,
        );
      },
    );
  });

  test('the search goes from match to match; the sheet of keys opens and closes', () =>
    withView({}, async (v) => {
      await v.page.keyboard.press('/');
      await v.page.keyboard.type('dispatch_4_');
      await v.page.keyboard.press('Enter');
      const found = (): number | undefined => calls(v, 'selectZone').at(-1)?.zone;
      const first = await until('a match', found, (z) => z !== undefined);
      await v.page.keyboard.press('Enter');
      const second = await until('the next match', found, (z) => z !== first);
      await v.page.keyboard.press('Shift+Enter');
      await until('the match before', found, (z) => z === first && z !== second);
      await v.page.keyboard.press('Escape');
      await v.page.keyboard.press('?');
      await v.page.locator('.sheet').waitFor({ state: 'visible' });
      await v.page.keyboard.press('Escape');
      await v.page.locator('.sheet').waitFor({ state: 'hidden' });
    }));

  test('another theme repaints', () =>
    withView({}, async (v) => {
      const paint = (): Promise<string> =>
        v.page.evaluate(() =>
          document
            .querySelector<HTMLCanvasElement>('.timeline .chart-sticky > canvas:last-child')!
            .toDataURL(),
        );
      const dark = await paint();
      await v.setTheme('hcLight');
      await until('other colours', paint, (p) => p !== dark);
    }));

  test('nothing yet, failed, and a new run that comes later', () =>
    withView({ state: { kind: 'none' } }, async (v) => {
      await v.page.getByText('Profile a model…').click();
      await until('profileModel', () => v.calls.some((c) => c.method === 'profileModel'), Boolean);
      await v.view.setTrace({
        kind: 'failed',
        diagnostic: { code: 'STR0802', severity: 'error', text: 'no event.', next: 'Record again.' },
      });
      assert.match(await v.page.locator('.message').innerText(), /^STR0802 no event\.\s+Record again\./);
      await v.page.getByText('Copy details').click();
      await until(
        'copyText',
        () => v.calls.find((c) => c.method === 'copyText')?.args[0],
        (t) => t === 'STR0802 no event. Record again.',
      );
      await v.view.setTrace(ready);
      await v.page.waitForSelector('.timeline .chart canvas');
    }));

  test('reading shows how far it is and can be stopped', () =>
    withView({ state: { kind: 'none' } }, async (v) => {
      await v.view.setTrace({ kind: 'loading', what: 'Reading a.json…' });
      await v.page.getByText('Reading a.json…').waitFor();
      assert.equal(await v.page.locator('.loading-progress').isVisible(), false);
      await v.view.setTrace({ kind: 'loading', what: 'Reading a.json…', part: 0.42 });
      const bar = v.page.getByRole('progressbar', { name: 'Read so far' });
      assert.equal(await bar.getAttribute('aria-valuenow'), '42');
      await v.page.getByText('42 %').waitFor();
      await v.page.getByText('Stop', { exact: true }).click();
      await until('cancelLoading', () => v.calls.some((c) => c.method === 'cancelLoading'), Boolean);
      await keep(v, 'profiler-loading');
    }));

  test('flows of a zone are drawn, listed, and gone along', () => {
    const event = (name: string, tid: number, ts: number, dur: number): string =>
      `{"ph":"X","name":"${name}","pid":1,"tid":${tid},"ts":${ts},"dur":${dur}}`;
    const arrow = (ph: string, tid: number, ts: number): string =>
      `{"ph":"${ph}","bp":"e","id":1,"name":"ac2g","cat":"ac2g","pid":1,"tid":${tid},"ts":${ts}}`;
    const events = [
      event('cudaLaunchKernel', 1, 100, 20),
      event('gemm_kernel', 7, 400, 300),
      arrow('s', 1, 100),
      arrow('f', 7, 400),
    ];
    const flowing = readTrace(new TextEncoder().encode(`[${events.join(',\n')}]`), 'a.json');
    const state: TraceState = {
      kind: 'ready',
      id: 'flows',
      runs: [{ title: 'a.json', info: new TraceEngine(flowing).info() }],
    };
    return withView({ state, traces: [flowing] }, async (v) => {
      await v.view.selectName('cudaLaunchKernel');
      const listed = v.page.locator('.details .chain button');
      await listed.waitFor();
      assert.equal(await listed.getAttribute('title'), 'Starts gemm_kernel on Thread 7, 300 µs later');
      await keep(v, 'profiler-flows');
      await listed.click();
      await v.page.locator('.details h2', { hasText: 'gemm_kernel' }).waitFor();
      assert.match(String(await listed.getAttribute('title')), /^Started by cudaLaunchKernel on Thread 1/);
    });
  });

  test('the saved place is found again', () =>
    withView(
      { saved: { id: 'run', tab: 'timeline', from: 1_000_000, to: 2_000_000, zone: 5, collapsed: [0] } },
      async (v) => {
        await until(
          'range',
          () => viewport(v),
          (t) => /^1\.00 ms/.test(t),
        );
        assert.equal(
          await v.page.locator('.track-label', { hasText: 'host' }).getAttribute('aria-expanded'),
          'false',
        );
      },
    ));

  test('tracks and table rows that do not fit scroll within the panel', () =>
    withView({ height: 180 }, async (v) => {
      const scrolled = (selector: string): Promise<readonly [number, boolean]> =>
        v.page.evaluate((s) => {
          const e = document.querySelector(s)!;
          e.scrollTop = 30;
          return [e.scrollTop, e.getBoundingClientRect().bottom <= innerHeight] as const;
        }, selector);
      assert.deepEqual(await scrolled('.timeline .chart-scroll'), [30, true]);
      await v.view.setTab('zones');
      await v.page.locator('.zones-table tbody tr').first().waitFor();
      assert.deepEqual(await scrolled('.table-scroll'), [30, true]);
    }));

  test('a panel of 250 by 420 pixels shows tracks and details without sideways scrolling', () =>
    withView({ width: 420, height: 250 }, async (v) => {
      const wide = await v.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(wide, false);
      assert.ok((await v.page.locator('.timeline .chart-scroll').boundingBox())!.height >= 40);
    }));
});
