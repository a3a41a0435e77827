/**
 * `npm run bench:trace -- --view --zones N`: pan and zoom steps of the timeline over N zones, in a real headless Chromium with
 * the real view and engine. Printed per step: the time that the page works for the frame (input to last draw call), the distance of
 * frames while panning without a pause (which includes the browser's own compositing), the time that the engine takes for a
 * window, and the time until a step shows exactly what was asked for, over this harness's slow channel. With
 * --max-frame-ms X it fails where the 95th percentile of the page's work is above. Rectangles are drawn by WebGL where there
 * is a GPU, and by the 2D canvas elsewhere; --webgl takes WebGL in any case.
 */
import os from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { TraceEngine } from '../../src/profiler/engine/traceEngine';
import { quantile } from '../../src/profiler/statistics';
import type { TraceColumns, Track } from '../../src/profiler/trace';
import { random } from '../profiler/sampleTrace';
import { missingBrowser, ViewBrowser } from '../webview/profilerPage';

const { values } = parseArgs({
  options: {
    zones: { type: 'string', default: '200000' },
    'max-frame-ms': { type: 'string' },
    webgl: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

const TRACKS = 8;
const NAMES = 64;
const STEPS = 60;

/** Calls of three levels: one zone, four within it, one within each of these; gaps of all sizes between. */
function generate(zones: number): TraceColumns {
  const rand = random(11);
  const perTrack = Math.floor(zones / TRACKS);
  const n = perTrack * TRACKS;
  const start = new Float64Array(n);
  const duration = new Float64Array(n);
  const name = new Uint32Array(n);
  const track = new Uint16Array(n);
  const depth = new Uint16Array(n);
  const parent = new Int32Array(n).fill(-1);
  const tracks: Track[] = [];
  let span = 0;
  let i = 0;
  for (let t = 0; t < TRACKS; t++) {
    const first = i;
    let at = 0;
    const put = (from: number, length: number, level: number, around: number): number => {
      start[i] = from;
      duration[i] = length;
      name[i] = 1 + level * 20 + Math.floor(rand() * 20);
      track[i] = t;
      depth[i] = level;
      parent[i] = around;
      return i++;
    };
    while (i < first + perTrack) {
      const length = 4_000 + Math.floor(rand() ** 3 * 200_000);
      const top = put(at, length, 0, -1);
      for (let k = 0; k < 4 && i < first + perTrack; k++) {
        const part = Math.floor(length / 4) - 100;
        const child = put(at + (k * length) / 4, part, 1, top);
        if (i < first + perTrack) put(start[child]! + 50, part - 100, 2, child);
      }
      at += length + Math.floor(rand() ** 8 * 1_000_000);
    }
    span = Math.max(span, at);
    tracks.push({ kind: 'thread', name: `worker ${t}`, first, count: i - first, rows: 3 });
  }
  return {
    format: 'bench',
    span,
    strings: ['', ...Array.from({ length: NAMES }, (_, k) => `main_dispatch_${k}_conv2d_1x56x56x${k}_f32`)],
    tracks,
    zones: {
      start,
      duration,
      name,
      track,
      depth,
      parent,
      args: new Uint32Array(n),
      iteration: new Int32Array(n).fill(-1),
    },
    args: {
      offset: new Uint32Array(2),
      key: new Uint32Array(0),
      kind: new Uint8Array(0),
      value: new Float64Array(0),
    },
    counters: { time: new Float64Array(0), value: new Float64Array(0) },
    flows: { from: new Uint32Array(0), to: new Uint32Array(0) },
    warnings: [],
  };
}

interface Step {
  readonly work: number;
  readonly settled: number;
}

/** One step by key: the page's work for its frame, and the time until the view is exact again. */
const step = (page: Page, key: string): Promise<Step> =>
  page.evaluate(async (k) => {
    const scroller = document.querySelector<HTMLElement>('.timeline .chart-scroll')!;
    const chart = scroller.parentElement!;
    scroller.focus();
    const frame = (): Promise<number> =>
      new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
    const started = performance.now();
    // Callbacks of a frame run in order: one before the view's own, one after it.
    const before = frame();
    scroller.dispatchEvent(new KeyboardEvent('keydown', { key: k, bubbles: true, cancelable: true }));
    const input = performance.now() - started;
    const after = frame();
    const work = input + (await after) - (await before);
    while (chart.dataset['settled'] !== 'true') await frame();
    return { work, settled: performance.now() - started };
  }, key);

/** Distances of frames while a key is held down. */
const held = (page: Page, key: string, frames: number): Promise<number[]> =>
  page.evaluate(
    async ([k, n]) => {
      const scroller = document.querySelector<HTMLElement>('.timeline .chart-scroll')!;
      const times: number[] = [];
      for (let i = 0; i < n; i++) {
        scroller.dispatchEvent(new KeyboardEvent('keydown', { key: k, bubbles: true, cancelable: true }));
        times.push(await new Promise<number>((resolve) => requestAnimationFrame(resolve)));
      }
      return times.slice(1).map((t, i) => t - times[i]!);
    },
    [key, frames] as const,
  );

const describe = (samples: readonly number[]): { median: number; p95: number; max: number } => {
  const sorted = Float64Array.from(samples).sort();
  return {
    median: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    max: sorted[sorted.length - 1] ?? NaN,
  };
};
const text = (d: ReturnType<typeof describe>): string =>
  `median ${d.median.toFixed(1)} ms, p95 ${d.p95.toFixed(1)} ms, max ${d.max.toFixed(1)} ms`;

/** Windows as the view asks for them, over all levels of zoom, without any channel. */
function engineTimes(engine: TraceEngine, span: number): number[] {
  const rand = random(3);
  const rows = Array.from({ length: TRACKS * 3 }, (_, i) => i);
  return Array.from({ length: 200 }, (_, i) => {
    const length = span * 10 ** (-6 * ((i % 50) / 50));
    const from = rand() * (span - length);
    const started = performance.now();
    engine.window({ source: { kind: 'tracks' }, rows, from, to: from + length, pixels: 3000 });
    return performance.now() - started;
  });
}

const missing = await missingBrowser();
if (missing !== undefined) {
  complain(`bench:trace --view cannot run: ${missing}`);
  process.exit(2);
}
const zones = Number(values.zones);
const trace = generate(zones);
const engine = new TraceEngine(trace);
const started = performance.now();
const info = engine.info();
engine.window({ source: { kind: 'tracks' }, rows: [0], from: 0, to: trace.span, pixels: 100 });
const firstMs = performance.now() - started;
const windows = describe(engineTimes(engine, trace.span));

const browser = await ViewBrowser.start();
try {
  const view = await browser.open({
    theme: 'dark',
    width: 1500,
    height: 700,
    state: { kind: 'ready', id: 'bench', runs: [{ title: 'bench', info }] },
    traces: [trace],
    ...(values.webgl ? { renderer: 'webgl' as const } : {}),
  });
  const { page } = view;
  await page.waitForSelector('.details .hottest li', { timeout: 600_000 });
  await page.waitForFunction(
    () => document.querySelector<HTMLElement>('.timeline .chart')?.dataset['settled'] === 'true',
    undefined,
    { timeout: 600_000 },
  );
  const kinds: Record<string, Step[]> = { zoom: [], pan: [] };
  for (let i = 0; i < STEPS; i++) kinds['zoom']!.push(await step(page, i < STEPS / 2 ? 'w' : 's'));
  for (let i = 0; i < STEPS / 4; i++) await step(page, 'w');
  for (let i = 0; i < STEPS; i++) kinds['pan']!.push(await step(page, i % 20 < 10 ? 'd' : 'a'));
  const frames = describe([...(await held(page, 'd', STEPS)), ...(await held(page, 'a', STEPS))]);
  const webgl = await page.evaluate(() => {
    const gl = document
      .querySelector<HTMLCanvasElement>('.timeline .chart-rects canvas')
      ?.getContext('webgl2');
    return gl === null || gl === undefined ? 'no WebGL' : String(gl.getParameter(gl.VERSION));
  });
  const results = Object.entries(kinds).map(([kind, steps]) => ({
    kind,
    work: describe(steps.map((s) => s.work)),
    settled: describe(steps.map((s) => s.settled)),
  }));
  if (values.json) {
    const cpu = os.cpus()[0]?.model;
    print(JSON.stringify({ cpu, zones: info.zones, webgl, firstMs, windows, frames, results }, null, 2));
  } else {
    print(`${os.cpus()[0]?.model}, ${info.zones} zones, ${webgl}`);
    print(`engine: first window after ${firstMs.toFixed(0)} ms; a window ${text(windows)}`);
    for (const r of results)
      print(`${r.kind}: the page works ${text(r.work)}; exact after ${text(r.settled)}`);
    print(`frames while panning: ${text(frames)} apart`);
  }
  const limit = values['max-frame-ms'];
  if (limit !== undefined && results.some((r) => r.work.p95 > Number(limit))) {
    complain(`a step takes the page more than ${limit} ms`);
    process.exitCode = 1;
  }
  if (view.problems.length > 0) {
    complain(view.problems.join('\n'));
    process.exitCode = 1;
  }
} finally {
  await browser.stop();
}
process.exit();
