import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summaryCsv, zonesCsv } from '../../src/profiler/export/csv';
import { selfTimes } from '../../src/profiler/nesting';
import { select } from '../../src/profiler/select';
import { TraceEngine } from '../../src/profiler/engine/traceEngine';
import { readTrace } from '../../src/profiler/readTrace';
import { quantile, statisticsByName } from '../../src/profiler/statistics';
import { formatSummary, summarise } from '../../src/profiler/summary';
import { TraceBuilder } from '../../src/profiler/traceBuilder';
import type { Trace } from '../../src/profiler/trace';
import { random, sampleTrace } from './sampleTrace';

/** Zones as [track, start, duration, name, dispatch?, iteration?]. */
function build(zones: readonly (readonly [number, number, number, string, number?, number?])[]): Trace {
  const b = new TraceBuilder('test');
  for (let t = 0; t <= Math.max(...zones.map((z) => z[0])); t++)
    b.addTrack({ kind: 'thread', name: `t${t}` });
  for (const [track, start, duration, name, dispatch, iteration] of zones) {
    if (dispatch !== undefined) {
      b.arg('dispatch', dispatch);
      b.arg('flops', 100);
    }
    if (iteration !== undefined) b.arg('iteration', iteration);
    b.zone(track, start, duration, b.intern(name), b.endArgs(), b.iteration);
  }
  return b.finish('test', 0n, []);
}

test('nesting is rebuilt from intervals, whatever their order', () => {
  const t = build([
    [0, 30, 10, 'grandchild'],
    [0, 20, 30, 'child'],
    [0, 0, 100, 'root'],
    [0, 50, 10, 'sibling'],
    [0, 100, 5, 'next'],
    [0, 102, 10, 'overlaps'],
  ]);
  const name = (i: number): string => t.strings[t.zones.name[i]!]!;
  assert.deepEqual(
    Array.from(t.zones.depth, (d, i) => [name(i), d, t.zones.parent[i]! < 0 ? '' : name(t.zones.parent[i]!)]),
    [
      ['root', 0, ''],
      ['child', 1, 'root'],
      ['grandchild', 2, 'child'],
      ['sibling', 1, 'root'],
      ['next', 0, ''],
      ['overlaps', 1, ''],
    ],
  );
  assert.deepEqual(Array.from(selfTimes(t.zones)), [60, 20, 10, 10, 5, 10]);
});

test('statistics by name: quantiles, self time and a range', () => {
  const t = build([
    [0, 0, 10, 'a'],
    [0, 10, 20, 'a'],
    [0, 30, 40, 'a'],
    [0, 30, 30, 'b'],
  ]);
  const [b, a] = statisticsByName(t).toSorted((x, y) => t.strings[y.name]!.localeCompare(t.strings[x.name]!));
  assert.deepEqual(
    { ...a, name: 'a' },
    {
      name: 'a',
      self: 40,
      share: 40 / 70,
      calls: 3,
      total: 70,
      mean: 70 / 3,
      min: 10,
      median: 20,
      p95: 38,
      max: 40,
      longest: 2,
    },
  );
  assert.equal(b!.self, 30);
  assert.equal(statisticsByName(t, { from: 10, to: 30 })[0]!.calls, 1);
  assert.equal(quantile([], 0.5), NaN);
});

test('a dispatch on several threads is one call, its wall time counted once', () => {
  const s = summarise(
    build([
      [0, 0, 50, 'd0', 0],
      [1, 5, 55, 'd0', 0],
      [0, 100, 10, 'd0', 0],
      [0, 100, 10, 'tile'],
      [0, 200, 40, 'd1', 1],
    ]),
  );
  assert.equal(s.by, 'dispatch');
  assert.deepEqual(
    s.rows.map((r) => [r.name, r.calls, r.total, r.self, r.share, r.flopsPerSecond]),
    [
      ['d0', 2, 70, 105, 70 / 110, (200 * 1e9) / 70],
      ['d1', 1, 40, 40, 40 / 110, (100 * 1e9) / 40],
    ],
  );
});

test('recorded iterations tell apart calls that overlap', () => {
  const s = summarise(
    build([
      [0, 0, 10, 'd', 0, 0],
      [1, 2, 10, 'd', 0, 1],
      [2, 12, 3, 'd', 0, 1],
    ]),
  );
  assert.deepEqual(
    s.rows.map((r) => [r.calls, r.total]),
    [[2, 23]],
  );
});

test('a nested zone of the same dispatch is part of the call around it', () => {
  const s = summarise(
    build([
      [0, 0, 10, 'd', 0],
      [0, 2, 5, 'd', 0],
    ]),
  );
  assert.deepEqual(
    s.rows.map((r) => [r.calls, r.total, r.self]),
    [[1, 10, 10]],
  );
});

test('the table and the CSV of a run', () => {
  const t = readTrace(sampleTrace({ iterations: 2, dispatches: 3, threads: 2 }), 'a.pftrace');
  const summary = summarise(t);
  assert.deepEqual(
    summary.rows.map((r) => r.calls),
    [2, 2, 2],
  );
  assert.ok(Math.abs(summary.rows.reduce((a, r) => a + r.share, 0) - 1) < 1e-12);
  const table = formatSummary(summary, 2);
  assert.match(table, /^dispatch +model nodes +calls +total µs +median µs +share +GFLOP\/s +GB\/s\n/);
  assert.match(table, /… and 1 more$/);
  const [first] = summary.rows;
  const rate = first!.flopsPerSecond!;
  const bound = formatSummary({ ...summary, rows: [{ ...first!, predicted: 2 * first!.median }] }, 2, {
    flopsPerSecond: 4 * rate,
    bytesPerSecond: 1e18,
  });
  assert.match(bound, / bound +of bound +predicted µs +off by\n/);
  assert.match(bound, / compute +25 % +[\d.]+ +0\.500 ×$/);
  const refused = summary.rows.map((r) => ({ ...r, refused: ['2 ops read its result'] }));
  assert.match(
    formatSummary({ ...summary, rows: refused }, 2),
    new RegExp(
      `more\\n\\nnot fused, and why:\\n  2 ops read its result: ${refused[0]!.name}, ${refused[1]!.name}$`,
    ),
  );
  assert.match(table, /\/features\/1\/Conv \+ Clip/);
  assert.equal(summaryCsv(summary).split('\r\n').length, 5);
  assert.equal([...zonesCsv(t)].length, 1 + t.zones.start.length);
});

test('selecting puts the element where sorting would, whatever repeats', () => {
  const rand = random(3);
  for (const [length, values] of [
    [1, 1],
    [2, 1],
    [700, 3],
    [5_000, 1e6],
    [20_000, 40],
  ] as const) {
    const data = Float64Array.from({ length }, () => Math.floor(rand() * values));
    const sorted = data.slice().sort();
    for (const k of [0, length >> 1, Math.floor(length * 0.95), length - 1]) {
      const work = data.slice();
      select(work, k);
      assert.equal(work[k], sorted[k]);
      assert.ok(work.subarray(0, k).every((v) => v <= work[k]!));
      assert.ok(work.subarray(k).every((v) => v >= work[k]!));
    }
  }
});

test('statistics of any range are those of its zones one by one, on nested and on overlapping tracks', () => {
  const rand = random(11);
  const zones: [number, number, number, string][] = [];
  const nestZones = (track: number, from: number, to: number, depth: number): void => {
    for (let at = from; at < to - 4;) {
      const length = 2 + Math.floor(rand() * (to - at - 2));
      zones.push([track, at, length, `n${Math.floor(rand() * 5)}`]);
      if (depth < 4 && length > 8) nestZones(track, at + 1, at + length - 1, depth + 1);
      at += length + Math.floor(rand() * 5);
    }
  };
  nestZones(0, 0, 3_000, 0);
  for (let i = 0; i < 300; i++)
    zones.push([1, Math.floor(rand() * 3_000), Math.floor(rand() * 400), `n${i % 5}`]);
  const trace = build(zones);
  assert.deepEqual(
    trace.tracks.map((t) => t.loose === true),
    [false, true],
  );
  const self = selfTimes(trace.zones);
  for (const range of [undefined, { from: 500, to: 1_700 }, { from: 0, to: 1 }, { from: 2_990, to: 9_000 }]) {
    const rows = [...trace.zones.start.keys()].filter(
      (i) => range === undefined || (trace.zones.start[i]! >= range.from && trace.zones.start[i]! < range.to),
    );
    const found = statisticsByName(trace, range);
    assert.equal(
      found.reduce((sum, s) => sum + s.calls, 0),
      rows.length,
    );
    for (const s of found) {
      const own = rows.filter((i) => trace.zones.name[i] === s.name);
      const sorted = own.map((i) => trace.zones.duration[i]!).sort((a, b) => a - b);
      assert.deepEqual(
        [s.calls, s.total, s.self, s.min, s.max, s.median, s.p95],
        [
          own.length,
          sorted.reduce((a, b) => a + b, 0),
          own.reduce((sum, i) => sum + self[i]!, 0),
          sorted[0],
          sorted.at(-1),
          quantile(sorted, 0.5),
          quantile(sorted, 0.95),
        ],
      );
    }
  }
});

test('statistics of few names and of many are those of sorted durations, in any range', () => {
  const rand = random(7);
  const kinds = [
    () => 0,
    () => 1,
    () => 1000,
    () => Math.floor(rand() * 7),
    () => Math.floor(1000 * 2 ** (rand() * 40)),
    () => 2 ** Math.floor(rand() * 50),
  ];
  for (const names of [1, 3, 40, 6000]) {
    const zones = Array.from({ length: 4000 }, (_, i): readonly [number, number, number, string] => {
      const k = Math.floor(rand() * names);
      return [i % 3, i === 0 ? 0 : Math.floor(rand() * 1e6), kinds[k % kinds.length]!(), `n${k}`];
    });
    const t = build([...zones, ...Array.from({ length: names }, (_, k) => [0, 2e6, 1, `n${k}`] as const)]);
    for (const range of [undefined, { from: 2e5, to: 7e5 }, { from: 5e5, to: 5e5 }]) {
      const within = zones.filter(
        ([, start]) => range === undefined || (start >= range.from && start < range.to),
      );
      const found = statisticsByName(t, range ?? { from: 0, to: 1.5e6 });
      const byName = new Map<string, number[]>();
      for (const [, , d, name] of within) byName.set(name, [...(byName.get(name) ?? []), d]);
      assert.equal(found.length, byName.size);
      for (const row of found) {
        const durations = byName.get(t.strings[row.name]!)!.sort((a, b) => a - b);
        const total = durations.reduce((a, b) => a + b, 0);
        assert.deepEqual(
          {
            calls: row.calls,
            total: row.total,
            min: row.min,
            max: row.max,
            median: row.median,
            p95: row.p95,
          },
          {
            calls: durations.length,
            total,
            min: durations[0],
            max: durations.at(-1),
            median: quantile(durations, 0.5),
            p95: quantile(durations, 0.95),
          },
        );
        assert.equal(t.zones.duration[row.longest], row.max);
        assert.equal(t.zones.name[row.longest], row.name);
      }
    }
  }
});

test('a range has a table by dispatch, whose calls start within it', () => {
  const t = build([
    [0, 0, 10, 'a', 0, 0],
    [1, 2, 10, 'a', 0, 0],
    [0, 20, 30, 'b', 1, 0],
    [0, 100, 20, 'a', 0, 1],
    [1, 101, 29, 'a', 0, 1],
    [0, 130, 5, 'other'],
  ]);
  const engine = new TraceEngine(t);
  const rows = (range?: { from: number; to: number }): unknown =>
    engine
      .table({ by: 'dispatch', ...(range === undefined ? {} : { range }) })
      .rows.map((r) => [r.dispatch, r.name, r.calls, r.total, r.share]);
  assert.deepEqual(rows(), [
    [0, 'a', 2, 42, 42 / 72],
    [1, 'b', 1, 30, 30 / 72],
  ]);
  assert.deepEqual(rows({ from: 90, to: 200 }), [[0, 'a', 1, 30, 1]]);
  assert.deepEqual(rows({ from: 0, to: 50 }), [
    [1, 'b', 1, 30, 30 / 42],
    [0, 'a', 1, 12, 12 / 42],
  ]);
  assert.deepEqual(rows({ from: 60, to: 90 }), []);
});
