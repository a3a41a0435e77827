import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTraces, regressions } from '../../src/profiler/compare';
import type { CompareRow, Comparison } from '../../src/profiler/compare';
import { formatComparison } from '../../src/profiler/compareText';
import { readTrace } from '../../src/profiler/readTrace';
import { adjust, confidenceOf, mannWhitney } from '../../src/profiler/significance';
import { TraceBuilder } from '../../src/profiler/traceBuilder';
import type { Trace } from '../../src/profiler/trace';
import { bytesOf, samples } from './samples';
import { random } from './sampleTrace';

interface Dispatch {
  readonly name: string;
  readonly time: number;
  readonly origins?: readonly string[];
  readonly entry?: string;
}

/** A run of `repeats` iterations over `dispatches`, whose times scatter by `noise` (0.02: ± 2 %). */
function run(dispatches: readonly Dispatch[], repeats = 12, noise = 0.02, seed = 3): Trace {
  const b = new TraceBuilder('test');
  const track = b.addTrack({ kind: 'thread', name: 'main' });
  const rand = random(seed);
  let at = 0;
  for (let i = 0; i < repeats; i++) {
    for (const [d, { name, time, origins, entry }] of dispatches.entries()) {
      b.arg('dispatch', d);
      b.arg('entry', entry ?? 'main');
      for (const origin of origins ?? []) b.arg('origins', origin);
      b.arg('iteration', i);
      const duration = Math.round(time * (1 + noise * (2 * rand() - 1)));
      b.zone(track, at, duration, b.intern(name), b.endArgs(), b.iteration);
      at += duration + 100;
    }
  }
  return b.finish('test', 0n, []);
}

const row = (c: Comparison, name: string): CompareRow => {
  const found = c.rows.find((r) => r.name === name);
  assert.ok(found, `no row ${name}`);
  return found;
};

const chain: readonly Dispatch[] = [
  { name: 'main_dispatch_0_conv', time: 5_000_000, origins: ['/0/Conv'] },
  { name: 'main_dispatch_1_matmul_bias', time: 3_000_000, origins: ['/1/MatMul', '/1/Add'] },
  { name: 'main_dispatch_2_softmax', time: 1_000_000, origins: ['/2/Softmax'] },
];

test('the same run differs in nothing', () => {
  const c = compareTraces(run(chain, 12, 0.02, 3), run(chain, 12, 0.02, 4));
  assert.deepEqual(
    c.rows.map((r) => [r.status, r.alignedBy, r.verdict, r.hint]).sort(),
    Array.from({ length: 3 }, () => ['both', 'exact', 'same', undefined]),
  );
  assert.equal(c.totals[0]!.verdict, 'same');
  assert.deepEqual(regressions(c, 0), []);
});

test('a slower dispatch is found, with an interval that holds the truth', () => {
  const slower = chain.map((d) => (d.name.includes('conv') ? { ...d, time: d.time * 1.2 } : d));
  const c = compareTraces(run(chain, 12, 0.02, 3), run(slower, 12, 0.02, 4));
  const conv = row(c, 'main_dispatch_0_conv');
  assert.equal(c.rows[0], conv);
  assert.equal(conv.verdict, 'slower');
  assert.equal(conv.per, 'repeat');
  assert.deepEqual(conv.repeats, [12, 12]);
  assert.ok(conv.confidence!.low < 1.2 && conv.confidence!.high > 1.2, JSON.stringify(conv.confidence));
  assert.ok(conv.confidence!.high - conv.confidence!.low < 0.05);
  assert.ok(conv.confidence!.p < 1e-4);
  assert.deepEqual(
    regressions(c, 0.05).map((r) => ('name' in r ? r.name : `total ${r.entry}`)),
    ['total main', 'main_dispatch_0_conv'],
  );
  assert.deepEqual(regressions(c, 0.25), []);
});

test('numbers that move do not matter; model nodes do', () => {
  const after: readonly Dispatch[] = [
    { name: 'main_dispatch_0_pad', time: 100_000, origins: ['/pad'] },
    { ...chain[0]!, name: 'main_dispatch_1_conv' },
    { ...chain[1]!, name: 'main_dispatch_2_renamed' },
    { ...chain[2]!, name: 'main_dispatch_3_softmax' },
  ];
  const c = compareTraces(run(chain), run(after));
  assert.deepEqual(c.rows.map((r) => [r.name, r.status, r.alignedBy, r.dispatch]).sort(), [
    ['main_dispatch_0_pad', 'new', undefined, [undefined, 0]],
    ['main_dispatch_1_conv', 'both', 'origins', [0, 1]],
    ['main_dispatch_2_renamed', 'both', 'origins', [1, 2]],
    ['main_dispatch_3_softmax', 'both', 'origins', [2, 3]],
  ]);
});

test('a dispatch that lost its fusion is explained on both sides, and so is one that was fused away', () => {
  const split: readonly Dispatch[] = [
    chain[0]!,
    { name: 'main_dispatch_1_matmul', time: 4_000_000, origins: ['/1/MatMul'] },
    { name: 'main_dispatch_2_add', time: 800_000, origins: ['/1/Add'] },
    { ...chain[2]!, name: 'main_dispatch_3_softmax' },
  ];
  const lost = compareTraces(run(chain, 12, 0), run(split, 12, 0));
  assert.deepEqual(row(lost, 'main_dispatch_1_matmul_bias').hint, {
    kind: 'split',
    into: ['main_dispatch_1_matmul', 'main_dispatch_2_add'],
    net: 1_800_000,
  });
  assert.deepEqual(row(lost, 'main_dispatch_2_add').hint, {
    kind: 'unfused',
    from: 'main_dispatch_1_matmul_bias',
  });
  const text = formatComparison(lost, ['a', 'b']);
  assert.match(text, /no longer fused: split into .*matmul, .*add \(\+1\.80 ms together\)/);
  const fused = compareTraces(run(split, 12, 0), run(chain, 12, 0));
  assert.deepEqual(row(fused, 'main_dispatch_2_add').hint, {
    kind: 'fused',
    into: 'main_dispatch_1_matmul_bias',
  });
  assert.match(formatComparison(fused, ['a', 'b']), /gone .*now part of main_dispatch_1_matmul_bias/);
});

test('a dispatch of the same name that lost a node says which', () => {
  const before = [{ name: 'matmul_3', time: 1000, origins: ['/MatMul', '/Add'] }];
  const after = [{ name: 'matmul_3', time: 2000, origins: ['/MatMul'] }];
  const c = compareTraces(run(before), run(after));
  assert.deepEqual(row(c, 'matmul_3').hint, { kind: 'regrouped', lost: ['/Add'], gained: [] });
  assert.match(formatComparison(c, ['a', 'b']), /slower; no longer fused with \/Add/);
});

test('entry points are kept apart', () => {
  const both = (prefill: number): Trace =>
    run([
      { name: 'step', time: prefill, entry: 'prefill' },
      { name: 'step', time: 1000, entry: 'decode' },
    ]);
  const c = compareTraces(both(1000), both(3000));
  assert.deepEqual(c.totals.map((t) => [t.entry, t.verdict]).sort(), [
    ['decode', 'same'],
    ['prefill', 'slower'],
  ]);
  assert.deepEqual(
    c.rows.map((r) => [r.entry, r.verdict]),
    [
      ['prefill', 'slower'],
      ['decode', 'same'],
    ],
  );
});

test('too few repeats: the difference is told, no verdict is made up', () => {
  const c = compareTraces(
    run(chain, 1),
    run(
      chain.map((d) => ({ ...d, time: d.time * 2 })),
      1,
    ),
  );
  assert.ok(c.rows.every((r) => r.verdict === 'unknown' && r.confidence === undefined));
  // The whole run counts all the same: that is all there is to go by.
  assert.deepEqual(
    regressions(c, 0.05).map((r) => 'name' in r),
    [false],
  );
});

test('traces of other tools align by zone name; totals alone compare by their means', () => {
  const zones = readTrace(bytesOf(samples.tracyZones), 'zones.csv');
  const c = compareTraces(zones, zones);
  assert.equal(c.by, 'name');
  assert.ok(c.rows.every((r) => r.status === 'both' && r.difference === 0));
  const totals = readTrace(bytesOf(samples.tracyAggregated), 'a.csv');
  assert.ok(compareTraces(totals, totals).rows.every((r) => r.per === 'mean call' && r.ratio === 1));
});

test("Mann–Whitney's p: published values, ties, large samples", () => {
  const of = (...v: readonly number[]): Float64Array => Float64Array.from(v).sort();
  // All of one side above the other: 2 / C(8, 4) and 2 / C(10, 5).
  assert.ok(Math.abs(mannWhitney(of(1, 2, 3, 4), of(5, 6, 7, 8)) - 2 / 70) < 1e-12);
  assert.ok(Math.abs(mannWhitney(of(6, 7, 8, 9, 10), of(1, 2, 3, 4, 5)) - 2 / 252) < 1e-12);
  // One pair of nine against the order: 2 · 2 / 20.
  assert.ok(Math.abs(mannWhitney(of(1, 2, 4), of(3, 5, 6)) - 0.2) < 1e-12);
  assert.equal(mannWhitney(of(1, 4, 5), of(2, 3, 6)), 1);
  assert.equal(mannWhitney(of(1, 1, 1, 1), of(1, 1, 1, 1)), 1);
  const rand = random(9);
  const noise = (n: number, shift: number): Float64Array =>
    Float64Array.from({ length: n }, () => rand() + rand() + rand() + shift).sort();
  assert.ok(mannWhitney(noise(500, 0), noise(500, 0)) > 0.05);
  assert.ok(mannWhitney(noise(500, 0), noise(500, 0.2)) < 1e-4);
  // The exact and the approximate p of the same order agree where both apply.
  const [a, b] = [noise(20, 0), noise(20, 0.3)];
  const exact = mannWhitney(a, b);
  const tied = mannWhitney(a, Float64Array.from([...b.subarray(0, 19), b[18]!]));
  assert.ok(Math.abs(exact - tied) < 0.05, `${exact} ${tied}`);
});

test('p values are adjusted for their number', () => {
  assert.deepEqual(
    adjust([0.01, 0.04, 0.03, 0.5]).map((p) => Number(p.toFixed(6))),
    [0.04, 0.053333, 0.053333, 0.5],
  );
  assert.deepEqual(adjust([]), []);
});

test('intervals hold the true ratio about as often as they say', () => {
  const rand = random(21);
  const sample = (n: number, scale: number): Float64Array =>
    Float64Array.from({ length: n }, () => scale * (1 + 0.1 * rand()));
  for (const n of [15, 150]) {
    let held = 0;
    for (let i = 0; i < 60; i++) {
      const { low, high } = confidenceOf(sample(n, 100), sample(n, 110))!;
      if (low <= 1.1 && high >= 1.1) held++;
    }
    assert.ok(held >= 52, `${held} of 60 with ${n} repeats`);
  }
  assert.equal(confidenceOf(sample(3, 1), sample(30, 1)), undefined);
});
