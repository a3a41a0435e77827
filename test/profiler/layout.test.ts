import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnUnit } from '../../src/profiler/layout/columnUnits';
import { FAMILIES, familyOf, huesOf } from '../../src/profiler/layout/families';
import { leftHeavy } from '../../src/profiler/layout/flame';
import { cutMiddle, sharedPrefix } from '../../src/profiler/layout/labels';
import { rowOf, spanAt, traceRows, visibleInRow } from '../../src/profiler/layout/rows';
import type { RowRect } from '../../src/profiler/layout/rows';
import { formatInstant, timeAxis } from '../../src/profiler/layout/ticks';
import { counterColumns, heightOf, overview, trackBoxes } from '../../src/profiler/layout/tracks';
import {
  clampViewport,
  fitAll,
  fitRange,
  panBy,
  scrollTo,
  zoomAround,
} from '../../src/profiler/layout/viewport';
import { readTrace } from '../../src/profiler/readTrace';
import { random, sampleTrace } from './sampleTrace';

const row = (
  spans: readonly (readonly [number, number])[],
): Parameters<typeof visibleInRow> extends [infer R, infer S, ...unknown[]]
  ? [R & Uint32Array, S]
  : never => [
  Uint32Array.from(spans, (_, i) => i),
  { start: Float64Array.from(spans, (s) => s[0]), duration: Float64Array.from(spans, (s) => s[1]) },
];

const brief = (rects: readonly RowRect[]): number[][] => rects.map((r) => [r.x, r.width, r.span, r.count]);

test('wide zones stay single and are clipped to the view', () => {
  const [r, s] = row([
    [0, 100],
    [100, 50],
    [200, 100],
  ]);
  assert.deepEqual(brief(visibleInRow(r, s, { from: 50, to: 250 }, 200)), [
    [0, 50, 0, 1],
    [50, 50, 1, 1],
    [150, 50, 2, 1],
  ]);
  assert.deepEqual(visibleInRow(r, s, { from: 400, to: 500 }, 200), []);
});

test('narrow zones merge with near neighbours, not across a gap or a wide zone', () => {
  const [r, s] = row([
    [0, 1],
    [1, 1],
    [2, 1],
    [50, 1],
    [60, 1],
    [61, 30],
    [91, 1],
  ]);
  assert.deepEqual(brief(visibleInRow(r, s, { from: 0, to: 100 }, 100)), [
    [0, 3, 0, 3],
    [50, 1, 3, 1],
    [60, 1, 4, 1],
    [61, 30, 5, 1],
    [91, 1, 6, 1],
  ]);
});

test('random rows: rectangles never overlap, count every visible zone, and stay below the pixels', () => {
  const rand = random(3);
  for (let round = 0; round < 60; round++) {
    const spans: [number, number][] = [];
    let at = 0;
    for (let i = 0; i < 400; i++) {
      at += rand() < 0.5 ? 0 : rand() ** 4 * 200;
      const d = rand() ** 5 * 300;
      spans.push([at, d]);
      at += d;
    }
    const [r, s] = row(spans);
    const from = rand() * at * 0.5;
    const view = { from, to: from + 1 + rand() * at };
    const width = 300;
    const rects = visibleInRow(r, s, view, width);
    let reach = 0;
    for (const x of rects) {
      assert.ok(x.x >= reach && x.width > 0 && x.x + x.width <= width + 1e-9);
      reach = x.x + x.width;
    }
    const counted = rects.reduce((n, x) => n + x.count, 0);
    const edge = (4 * (view.to - view.from)) / width;
    const visible = spans.filter(([a, d]) => a + d >= view.from && a <= view.to).length;
    const near = spans.filter(([a, d]) => a + d >= view.from && a <= view.to + edge).length;
    assert.ok(counted <= near && counted >= visible - rects.length, `${counted} of ${visible}`);
    assert.ok(rects.length <= width);
  }
});

test('a row of a million zones costs what is on the screen', () => {
  const n = 1_000_000;
  const s = {
    start: Float64Array.from({ length: n }, (_, i) => i * 10),
    duration: new Float64Array(n).fill(9),
  };
  const r = Uint32Array.from({ length: n }, (_, i) => i);
  let reads = 0;
  const counting = new Proxy(r, {
    get: (t, key) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
      return Reflect.get(t, key) as unknown;
    },
  });
  const rects = visibleInRow(counting, s, fitAll(n * 10), 1000);
  assert.deepEqual(
    rects.map((x) => x.count),
    [n],
  );
  assert.ok(reads < 200_000, `${reads} reads`);
});

test('the zone under the pointer, and the nearest within reach', () => {
  const [r, s] = row([
    [10, 10],
    [20, 0],
    [40, 10],
  ]);
  assert.equal(spanAt(r, s, 15), 0);
  assert.equal(spanAt(r, s, 45), 2);
  assert.equal(spanAt(r, s, 30), undefined);
  assert.equal(spanAt(r, s, 38, 3), 2);
  assert.equal(spanAt(r, s, 20.5, 1), 1);
});

test('viewports keep the pointer in place and stay near the trace', () => {
  const v = zoomAround({ from: 100, to: 300 }, 150, 0.5, 1000);
  assert.deepEqual(v, { from: 125, to: 225 });
  assert.deepEqual(fitAll(1000), { from: -20, to: 1020 });
  assert.deepEqual(clampViewport({ from: 900, to: 1200 }, 1000), { from: 720, to: 1020 });
  assert.deepEqual(panBy({ from: 0, to: 100 }, 0.5, 1000), { from: 50, to: 150 });
  assert.deepEqual(fitRange(100, 200, 1000), { from: 90, to: 210 });
  assert.deepEqual(scrollTo({ from: 0, to: 100 }, 500, 520, 1000), { from: 460, to: 560 });
  assert.deepEqual(scrollTo({ from: 0, to: 100 }, 50, 60, 1000), { from: 0, to: 100 });
  let narrow = { from: 0, to: 1000 };
  for (let i = 0; i < 100; i++) narrow = zoomAround(narrow, 500, 0.5, 1000);
  assert.deepEqual(narrow, { from: 495, to: 505 });
  assert.deepEqual(fitAll(0), { from: -0.2, to: 10.2 });
});

test('every tick has its unit, and deep in a trace labels count from a base', () => {
  assert.deepEqual(
    timeAxis({ from: 0, to: 5e6 }, 600).ticks.map((t) => t.label),
    ['0 ns', '1 ms', '2 ms', '3 ms', '4 ms', '5 ms'],
  );
  assert.deepEqual(
    timeAxis({ from: 1e6, to: 1.4e6 }, 220).ticks.map((t) => t.label),
    ['1.0 ms', '1.2 ms', '1.4 ms'],
  );
  const deep = timeAxis({ from: 3_000_000_120, to: 3_000_000_180 }, 330);
  assert.equal(deep.base?.label, '3.0000001 s');
  assert.deepEqual(
    deep.ticks.map((t) => t.label),
    ['+20 ns', '+40 ns', '+60 ns', '+80 ns'],
  );
  assert.equal(formatInstant(1_234_567, 1), '1.234567 ms');
});

test('names are cut from the middle', () => {
  const measure = (t: string): number => t.length;
  assert.equal(cutMiddle('main_dispatch_17_conv2d', 30, measure), 'main_dispatch_17_conv2d');
  assert.equal(cutMiddle('main_dispatch_17_conv2d', 11, measure), 'main_d…nv2d');
  assert.equal(cutMiddle('main_dispatch', 2, measure), '');
  assert.equal(cutMiddle('日本語の名前が長い', 5, measure), '日本語…い');
});

test('labels leave out what all names share', () => {
  assert.equal(
    sharedPrefix(['main_dispatch_1_add', 'main_dispatch_12_mul', 'main_dispatch_1_sub']),
    'main_dispatch_',
  );
  assert.equal(sharedPrefix(['add', 'addition', 'adder']), '');
  assert.equal(sharedPrefix(['a_b', 'a_c']), '');
  assert.equal(sharedPrefix(['add_1', 'add_2', 'add_3']), '');
});

test('left-heavy merges equal paths, widest first', () => {
  const t = readTrace(sampleTrace({ iterations: 3, dispatches: 4, threads: 1, inner: 2 }), 'a.pftrace');
  const f = leftHeavy(t, [0]);
  assert.equal(f.name.length, 1 + 4 + 4 * 2);
  assert.equal(t.strings[f.name[0]!], 'invoke main');
  assert.equal(f.calls[0], 3);
  const second = rowOf(f.rows, 1);
  const widths = Array.from(second, (i) => f.duration[i]!);
  assert.deepEqual(
    widths,
    widths.toSorted((a, b) => b - a),
  );
  for (const i of second) {
    assert.equal(f.parent[i], 0);
    assert.ok(f.start[i]! + f.duration[i]! <= f.total);
  }
  const self = f.self.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(self - f.total) < 1e-6 * f.total);
});

test('track boxes, rows of a trace, counters and overview', () => {
  const t = readTrace(sampleTrace({ iterations: 2, dispatches: 4, threads: 2, inner: 2 }), 'a.pftrace');
  const rows = traceRows(t);
  assert.deepEqual(Array.from(rows.first), [0, 3, 5, 5]);
  assert.equal(rows.spans.length, t.zones.start.length);
  const boxes = trackBoxes(t.tracks, new Set([0]), { rowHeight: 20, counterHeight: 40, gap: 4 });
  assert.deepEqual(
    boxes.map((b) => [b.top, b.height, b.rows]),
    [
      [0, 20, 1],
      [24, 40, 2],
      [68, 40, 0],
    ],
  );
  assert.equal(heightOf(boxes), 108);
  const columns = counterColumns(t.counters, t.tracks[2]!, fitAll(t.span), 50);
  assert.ok(
    columns.length > 1 && columns.length <= 50 && columns.every((c) => c.low <= c.last && c.last <= c.high),
  );
  const busy = overview(t.zones, t.tracks, t.span, 20);
  assert.ok(busy.every((b) => b >= 0 && b <= 1) && busy.some((b) => b > 0.9) && busy.some((b) => b < 0.9));
});

test('families of ops, and hues by name where they say nothing', () => {
  const families = Object.fromEntries(
    [
      'main_dispatch_27_matmul_Dx2048x5632_f16',
      'conv2d_bias_relu6',
      'DepthwiseConv',
      'convert_element_type',
      'softmax',
      'flash_attention',
      'invoke main',
      'add_relu',
      'tile_3',
    ].map((n) => [n, familyOf(n)]),
  );
  assert.deepEqual(families, {
    main_dispatch_27_matmul_Dx2048x5632_f16: 'matmul',
    conv2d_bias_relu6: 'convolution',
    DepthwiseConv: 'depthwise',
    convert_element_type: 'data movement',
    softmax: 'reduction',
    flash_attention: 'attention',
    'invoke main': 'runtime',
    add_relu: 'elementwise',
    tile_3: undefined,
  });
  assert.deepEqual(huesOf(['x', 'conv', 'tile'], [1, 2]), {
    of: Int8Array.of(-1, 0, -1),
    legend: ['convolution'],
  });
  const other = huesOf(['physics', 'render', 'audio'], [0, 1, 2]);
  assert.deepEqual(other.legend, []);
  assert.ok(other.of.every((h) => h >= 0 && h < FAMILIES.length));
});

test('one unit per column', () => {
  const unit = columnUnit('time', [1_500, 2_500_000, 3_000_000, undefined]);
  assert.deepEqual(
    [unit.unit, unit.format(2_500_000), unit.format(1_500), unit.format(undefined)],
    ['ms', '2.50', '0.00150', ''],
  );
});
