/** What the views beside the timeline are made of: histograms, frames, callers and callees, flows, roofline; and the engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TraceEngine } from '../../src/profiler/engine/traceEngine';
import { toCsv } from '../../src/profiler/layout/csvText';
import { calleesOf, callersOf, leftHeavy } from '../../src/profiler/layout/flame';
import type { FlameTree } from '../../src/profiler/layout/flame';
import { FlowStep } from '../../src/profiler/recordedFlows';
import { tablesOf, ZoneLookup } from '../../src/profiler/layout/table';
import { flowsOf } from '../../src/profiler/layout/flows';
import { frameBars, framesOf } from '../../src/profiler/layout/frames';
import { describe, findZones, histogram } from '../../src/profiler/layout/histogram';
import { attained, roofAt, roofline } from '../../src/profiler/layout/roofline';
import { rowOf, traceRows, visibleInRow } from '../../src/profiler/layout/rows';
import { readTrace } from '../../src/profiler/readTrace';
import { quantile } from '../../src/profiler/statistics';
import { allFacts } from '../../src/profiler/trace';
import type { Trace } from '../../src/profiler/trace';
import { TraceBuilder } from '../../src/profiler/traceBuilder';
import { random, sampleTrace } from './sampleTrace';

/** Zones `name start end` of one thread. */
function traceOf(...zones: readonly string[]): Trace {
  const b = new TraceBuilder('test');
  const track = b.addTrack({ kind: 'thread', name: 'main' });
  for (const z of zones) {
    const [name = '', start, end] = z.split(' ');
    b.zone(track, Number(start), Number(end) - Number(start), b.intern(name));
  }
  return b.finish('test', 0n, []);
}

const lines = (trace: Trace, tree: FlameTree): string[] =>
  Array.from(
    tree.name,
    (n, i) =>
      `${'  '.repeat(tree.depth[i]!)}${trace.strings[n]} ${tree.start[i]}+${tree.duration[i]} self ${tree.self[i]} ×${tree.calls[i]}`,
  );

test('a histogram counts everything once, on either scale', () => {
  const rand = random(5);
  const times = Float64Array.from({ length: 5000 }, () => Math.floor(rand() ** 6 * 1e7)).sort();
  for (const log of [false, true]) {
    const h = histogram(times, 60, log);
    assert.equal(
      h.counts.reduce((a, b) => a + b),
      times.length,
    );
    assert.equal(h.edges.length, 61);
    h.counts.forEach((n, i) => {
      const within = times.filter((t) => t > h.edges[i]! * (1 + 1e-9) && t < h.edges[i + 1]! * (1 - 1e-9));
      assert.ok(within.length <= n, `bin ${i}`);
    });
  }
  assert.deepEqual([...histogram(new Float64Array([7, 7]), 4, false).counts], [2, 0, 0, 0]);
});

test('a description of times: moments, quantiles, and the mode from the fullest bin', () => {
  const times = Float64Array.from([1, 1, 1, 2, 95]);
  const d = describe(times, histogram(times, 10, false));
  assert.equal(d.mean, 20);
  assert.ok(Math.abs(d.deviation - Math.sqrt((3 * 19 ** 2 + 18 ** 2 + 75 ** 2) / 5)) < 1e-9);
  assert.ok(d.mode > 1 && d.mode < 11);
  assert.deepEqual([d.min, d.median, d.max], [1, 1, 95]);
  assert.equal(d.p90, quantile(times, 0.9));
});

test('found zones are grouped by thread, dispatch and entry point, and listed by time', () => {
  const trace = readTrace(sampleTrace({ iterations: 5, dispatches: 6, threads: 2 }), 'a.pftrace');
  const facts = allFacts(trace);
  const find = (more: object): ReturnType<typeof findZones> =>
    findZones(trace, facts, {
      text: 'dispatch_3_',
      exact: false,
      group: 'thread',
      log: true,
      bins: 20,
      ...more,
    });
  const byThread = find({});
  assert.equal(byThread.description?.count, 10);
  assert.deepEqual(byThread.groups.map((g) => [g.label, g.count]).sort(), [
    ['host', 5],
    ['worker 1', 5],
  ]);
  assert.deepEqual(
    find({ group: 'dispatch' }).groups.map((g) => g.label),
    ['main 3'],
  );
  assert.deepEqual(
    find({ group: 'entry' }).groups.map((g) => [g.label, g.count]),
    [['main', 10]],
  );
  const all = find({ between: { from: 0, to: Infinity } }).zones;
  assert.equal(all.length, 10);
  assert.ok(all.every((z, i) => i === 0 || z.duration <= all[i - 1]!.duration));
  assert.equal(find({ text: 'nothing of that name' }).description, undefined);
});

test('sandwich: what a name calls and who calls it, recursion counted once', () => {
  const trace = traceOf('a 0 100', 'f 10 50', 'g 20 30', 'f 30 40', 'b 200 300', 'f 210 220');
  const f = trace.strings.indexOf('f');
  assert.deepEqual(lines(trace, calleesOf(trace, [0], f)), [
    'f 0+50 self 30 ×2',
    '  f 0+10 self 10 ×1',
    '  g 10+10 self 10 ×1',
  ]);
  assert.deepEqual(lines(trace, callersOf(trace, [0], f)), [
    'f 0+50 self 30 ×2',
    '  a 0+40 self 0 ×1',
    '  b 40+10 self 0 ×1',
  ]);
  assert.equal(leftHeavy(trace, [0]).total, 200);
  assert.equal(callersOf(trace, [0], f, { from: 100, to: 300 }).total, 10);
});

test('frames are whole iterations by entry point, or what other tools call a step', () => {
  const b = new TraceBuilder('test');
  const queue = b.addTrack({ kind: 'queue', name: 'dispatches' });
  ['prefill', 'decode', 'decode'].forEach((entry, i) => {
    b.arg('entry', entry);
    b.arg('iteration', i);
    b.zone(queue, i * 100, 50 + i, b.intern(entry), b.endArgs(), b.iteration);
    b.arg('entry', entry);
    b.arg('dispatch', 0);
    b.arg('iteration', i);
    b.zone(queue, i * 100, 40, b.intern('d'), b.endArgs(), b.iteration);
  });
  const ours = b.finish('test', 0n, []);
  const frames = framesOf(ours, allFacts(ours));
  assert.deepEqual([...frames.duration], [50, 51, 52]);
  assert.deepEqual(
    [frames.entries, [...frames.entry]],
    [
      ['prefill', 'decode'],
      [0, 1, 1],
    ],
  );
  const kineto = traceOf('ProfilerStep#3 0 10', 'aten::add 1 5', 'ProfilerStep#4 10 30');
  assert.deepEqual([...framesOf(kineto, allFacts(kineto)).duration], [10, 20]);
  assert.equal(framesOf(traceOf('x 0 1'), []).start.length, 0);

  const many = { duration: Float64Array.from({ length: 1000 }, (_, i) => (i === 501 ? 9 : 1)) };
  const bars = frameBars(many, 100);
  assert.equal(
    bars.reduce((sum, bar) => sum + bar.count, 0),
    1000,
  );
  assert.deepEqual(
    bars.filter((bar) => bar.height === 1).map((bar) => bar.frame),
    [501],
    'the slow one is seen',
  );
});

test('a dispatch on its queue starts its parts on the threads, of the same iteration only', () => {
  const b = new TraceBuilder('test');
  const queue = b.addTrack({ kind: 'queue', name: 'dispatches' });
  const threads = [0, 1].map((i) => b.addTrack({ kind: 'thread', name: `thread ${i}` }));
  for (const i of [0, 1]) {
    const args = (): number => {
      b.arg('dispatch', 4);
      b.arg('entry', 'main');
      b.arg('iteration', i);
      return b.endArgs();
    };
    b.zone(queue, i * 100, 60, b.intern('whole'), args(), i);
    for (const t of threads) b.zone(t, i * 100 + 5, 50, b.intern('part'), args(), i);
  }
  const trace = b.finish('test', 0n, []);
  const facts = allFacts(trace);
  const whole = flowsOf(trace, facts, 1);
  assert.deepEqual(
    whole.map((f) => [f.track, f.start, f.direction]),
    [
      [1, 105, 'to'],
      [2, 105, 'to'],
    ],
  );
  assert.deepEqual(
    flowsOf(trace, facts, whole[1]!.zone).map((f) => [f.zone, f.direction]),
    [[1, 'from']],
  );
});

test('recorded flows are listed from both ends', () => {
  const b = new TraceBuilder('test');
  const [host, device] = ['host', 'device'].map((name) => b.addTrack({ kind: 'thread', name }));
  b.flows.point('a', 0, host!, b.zoneCount, FlowStep.start);
  b.zone(host!, 0, 10, b.intern('launch'));
  for (const k of [0, 1]) {
    b.flows.point('a', 20 + k, device!, b.zoneCount, FlowStep.next);
    b.zone(device!, 20 + 10 * k, 5, b.intern(`kernel ${k}`));
  }
  const trace = b.finish('test', 0n, []);
  const lookup = new ZoneLookup(trace, tablesOf(trace));
  const ends = (zone: number): unknown[] =>
    lookup.details(zone).flows.map((f) => [f.direction, f.name, f.zone]);
  assert.deepEqual(ends(0), [['to', 'kernel 0', 1]]);
  assert.deepEqual(ends(1), [
    ['to', 'kernel 1', 2],
    ['from', 'launch', 0],
  ]);
});

test('the roof is memory below the ridge and compute above it', () => {
  const roofs = { flopsPerSecond: 1e12, bytesPerSecond: 1e11 };
  assert.equal(roofAt(roofs, 1), 1e11);
  assert.equal(roofAt(roofs, 100), 1e12);
  assert.equal(attained({ flopsPerSecond: 5e11, bytesPerSecond: 1e10 }, roofs), 0.5);
  assert.equal(attained({ bytesPerSecond: 2.5e10 }, roofs), 0.25, 'a copy is held against memory');
  assert.equal(attained({}, roofs), undefined);
  const row = {
    key: '',
    name: 'a',
    origins: [],
    calls: 1,
    total: 1,
    self: 1,
    mean: 1,
    max: 1,
    share: 1,
    longest: 0,
  };
  const { points } = roofline([{ ...row, flopsPerSecond: 4e10, bytesPerSecond: 2e10 }, row], roofs);
  assert.deepEqual(
    points.map((p) => [p.intensity, p.attained]),
    [[2, 0.2]],
  );
});

test('a window holds the rectangles of each row, with what the search found', () => {
  const trace = readTrace(sampleTrace({ iterations: 6, dispatches: 9, threads: 3, inner: 2 }), 'a.pftrace');
  const engine = new TraceEngine(trace);
  const rows = traceRows(trace);
  const view = { from: trace.span * 0.2, to: trace.span * 0.6 };
  const asked = [2, 0, 1, 99];
  const w = engine.window({
    source: { kind: 'tracks' },
    rows: asked,
    ...view,
    pixels: 700,
    search: 'features/2/',
  });
  asked.forEach((row, i) => {
    const direct = row === 99 ? [] : visibleInRow(rowOf(rows, row), trace.zones, view, 700);
    const from = w.offset[i]!;
    assert.equal(w.offset[i + 1]! - from, direct.length);
    direct.forEach((r, k) => {
      assert.ok(Math.abs(w.x[from + k]! - r.x) < 1e-3);
      assert.equal(w.count[from + k], r.count);
      assert.equal(w.zone[from + k], r.span);
    });
  });
  const found = [...w.match].flatMap((m, i) => (m === 1 && w.count[i] === 1 ? [w.name[i]!] : []));
  assert.ok(found.length > 0 && found.every((n) => trace.strings[n]!.includes('dispatch_2_')));
});

test('keyboard steps, searches and lookups of the engine go by number', () => {
  const engine = new TraceEngine(
    readTrace(sampleTrace({ iterations: 2, dispatches: 4, threads: 1, inner: 2 }), 'a.pftrace'),
  );
  const first = engine.step(undefined, 'next', 0)!;
  const child = engine.step(first, 'child', 0)!;
  assert.equal(engine.step(child, 'parent', 0), first);
  assert.equal(engine.details(child).facts.dispatch, 0);
  const match = engine.nextMatch('dispatch_3_', child, false)!;
  assert.equal(engine.details(match).facts.dispatch, 3);
  assert.equal(engine.nextMatch('dispatch_3_', engine.nextMatch('dispatch_3_', match, false), false), match);
  assert.equal(engine.nextMatch('no such name', match, false), undefined);
  assert.equal(engine.details(engine.longest({ dispatch: 2, entry: 'main' })!).facts.dispatch, 2);
  assert.equal(engine.longest({ dispatch: 2, entry: 'decode' }), undefined);
  assert.throws(() => engine.details(1e9), RangeError);
  assert.deepEqual(engine.summary().entries, ['main']);
});

test('cells of CSV with separators are quoted', () => {
  assert.equal(toCsv([['a', 1, undefined], ['x,"y"']]), 'a,1,\r\n"x,""y"""\r\n');
});
