/**
 * `npm run bench:graph [-- --ops 10000]`: the graph view in a real browser: the time from opening to the first picture, and
 * the frames while the graph is dragged and zoomed.
 */
import os from 'node:os';
import { drawnGraph } from '../../src/dump/layout/drawGraph';
import { opGraph } from '../../src/dump/semantic/opGraph';
import { bundleGraph, launchBrowser, openGraph } from '../webview/graphPage';

const at = process.argv.indexOf('--ops');
const count = at < 0 ? 10_000 : Number(process.argv[at + 1]);

function sampleText(): string {
  const lines = ['func.func @f(%a: f32) {'];
  for (let i = 0; i < count - 1; i++) {
    const near = i - 1 - ((i * 7919) % Math.min(Math.max(1, i), 40));
    const far = i - 1 - ((i * 104729) % Math.min(Math.max(1, i), 300));
    lines.push(`%v${i} = d${i % 9}.op${i % 7} ${i < 3 ? '%a' : `%v${near}, %v${far}`} : f32`);
  }
  return [...lines, '}'].join('\n');
}

/** Runs in the page: drags, then turns the wheel, and measures the time between frames. */
async function gestures(): Promise<{ pan: number[]; zoom: number[] }> {
  const canvas = document.querySelector('canvas')!;
  const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
  const send = (type: string, x: number, y: number, buttons: number): void => {
    const target = type === 'mousedown' ? canvas : window;
    target.dispatchEvent(
      new MouseEvent(type, { clientX: x, clientY: y, buttons, bubbles: true, view: window }),
    );
  };
  const measure = async (steps: number, act: (i: number) => void): Promise<number[]> => {
    const times: number[] = [];
    let last = await frame();
    for (let i = 0; i < steps; i++) {
      act(i);
      const now = await frame();
      times.push(now - last);
      last = now;
    }
    return times.sort((a, b) => a - b);
  };
  send('mousedown', 500, 300, 1);
  const pan = await measure(120, (i) => send('mousemove', 500 + 2 * i, 300 + i, 1));
  send('mouseup', 740, 420, 0);
  const zoom = await measure(120, (i) => {
    canvas.dispatchEvent(
      new WheelEvent('wheel', { deltaY: i % 60 < 30 ? -30 : 30, clientX: 600, clientY: 400, bubbles: true }),
    );
  });
  return { pan, zoom };
}

const start = performance.now();
const graph = opGraph(sampleText());
const model = drawnGraph('bench', graph);
const made = performance.now() - start;
const [browser, files] = await Promise.all([launchBrowser(), bundleGraph()]);
try {
  const opened = performance.now();
  const view = await openGraph(browser, files, { kind: 'ready', graphs: [model], restore: [] });
  await view.drawn(1);
  const first = performance.now() - opened;
  const { pan, zoom } = await view.page.evaluate(gestures);
  const line = (name: string, times: readonly number[]): string => {
    const of = (part: number): string => times[Math.floor(part * (times.length - 1))]!.toFixed(1);
    return `${name}: median ${of(0.5)} ms a frame, p95 ${of(0.95)} ms, longest ${of(1)} ms`;
  };
  process.stdout.write(
    `${[
      `${os.cpus()[0]?.model}, Node ${process.version}, Chromium ${browser.version()} without a GPU`,
      `${model.ops.length} ops, ${model.edges.length / 2} edges: graph from text ${made.toFixed(0)} ms, from opening the page to the first picture ${first.toFixed(0)} ms`,
      line('pan', pan),
      line('zoom', zoom),
    ].join('\n')}\n`,
  );
} finally {
  await browser.close();
}
