import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromeJson } from '../../src/profiler/export/chromeJson';
import { perfettoProtobuf } from '../../src/profiler/export/perfettoProtobuf';
import { speedscopeJson } from '../../src/profiler/export/speedscopeJson';
import { FlowStep } from '../../src/profiler/recordedFlows';
import { readTrace } from '../../src/profiler/readTrace';
import { argsOf } from '../../src/profiler/trace';
import type { Trace } from '../../src/profiler/trace';
import { TraceBuilder } from '../../src/profiler/traceBuilder';
import { decodePackets } from './perfettoSchema';
import { bytesOf, samples } from './samples';
import { random, SAMPLE_ORIGIN, sampleTrace } from './sampleTrace';

const protobuf = (t: Trace): Uint8Array => Buffer.concat([...perfettoProtobuf(t)]);
const again = (t: Trace): Trace => readTrace(protobuf(t), 'again.pftrace');

/** Everything a zone says; nesting follows from it. */
const zonesOf = (t: Trace): unknown[] =>
  Array.from(t.zones.start, (s, i) => {
    const track = t.tracks[t.zones.track[i]!]!;
    return [
      [track.kind, track.process, track.name],
      t.strings[t.zones.name[i]!],
      s,
      t.zones.duration[i],
      t.zones.depth[i],
      t.zones.iteration[i],
      argsOf(t, t.zones.args[i]!),
    ];
  });

const countersOf = (t: Trace): unknown[] =>
  t.tracks
    .filter((x) => x.kind === 'counter')
    .map((x) => [
      x.process,
      x.name,
      x.unit,
      [...t.counters.time.subarray(x.first, x.first + x.count)],
      [...t.counters.value.subarray(x.first, x.first + x.count)],
    ]);

const flowsOf = (t: Trace): unknown[] =>
  Array.from(t.flows.from, (from, i) => `${from} → ${t.flows.to[i]}`).sort();

/** Random zones that nest, with arguments of every kind, at times beyond 2^32. */
function nestedTrace(): Trace {
  const b = new TraceBuilder('test');
  const rand = random(5);
  const tracks = [
    b.addTrack({ kind: 'thread', name: 'main ü', process: 'app' }),
    b.addTrack({ kind: 'queue', name: 'queue 0', process: 'app' }),
    b.addTrack({ kind: 'thread', name: 'lone' }),
    b.addTrack({ kind: 'async', name: 'io' }),
  ];
  const fill = (track: number, from: number, to: number, depth: number): void => {
    let at = from;
    for (let child = 0; child < 4 && at < to; child++) {
      const length = Math.floor(rand() * (to - at)) + 1;
      if (rand() < 0.3) b.arg('text', `t${Math.floor(rand() * 3)}`);
      if (rand() < 0.3) for (const v of [1, -2, 2.5, -0, 2 ** 50]) b.arg('number', v);
      if (rand() < 0.3) b.arg('flag', rand() < 0.5);
      if (rand() < 0.3) b.arg('iteration', Math.floor(rand() * 5));
      if (rand() < 0.2) b.flows.point(Math.floor(rand() * 8), at, track, b.zoneCount, FlowStep.next);
      b.zone(track, at, rand() < 0.1 ? 0 : length, b.intern(`f${depth}`), b.endArgs(), b.iteration);
      if (depth < 4 && length > 50) fill(track, at, at + length, depth + 1);
      at += length + Math.floor(rand() * 10) + 1;
    }
  };
  for (const track of tracks) fill(track, 7, 9_000_000_000_000, 0);
  const counter = b.addTrack({ kind: 'counter', name: 'memory', unit: 'B', process: 'app' });
  for (let i = 0; i < 20; i++)
    b.counter(counter, i * 1e11, i % 3 === 0 ? -i : i % 3 === 1 ? i / 7 : i * 2 ** 40);
  return b.finish('test', SAMPLE_ORIGIN, []);
}

test('a Perfetto file of ours reads back to the same trace, to the nanosecond', () => {
  for (const before of [
    nestedTrace(),
    readTrace(sampleTrace({ iterations: 2, dispatches: 4, threads: 3, inner: 3 }), 'a.pftrace'),
    readTrace(bytesOf(samples.tracyZones), 'zones.csv'),
    readTrace(bytesOf(samples.cpuProfile), 'a.cpuprofile'),
    readTrace(bytesOf(samples.tracyAggregated), 'a.csv'),
  ]) {
    const after = again(before);
    assert.deepEqual(after.warnings, []);
    assert.deepEqual(zonesOf(after), zonesOf(before));
    assert.deepEqual(countersOf(after), countersOf(before));
    assert.deepEqual(flowsOf(after), flowsOf(before));
    assert.equal(after.origin, before.origin);
    assert.equal(after.span, before.span);
  }
});

test('flows survive Perfetto and Chrome JSON', () => {
  const before = nestedTrace();
  assert.ok(before.flows.from.length > 20);
  assert.deepEqual(flowsOf(again(before)), flowsOf(before));
});

test('zones that overlap keep their times', () => {
  const b = new TraceBuilder('test');
  const track = b.addTrack({ kind: 'thread', name: 't' });
  const zones = [
    [0, 10, 'a'],
    [5, 10, 'b'],
    [5, 2, 'c'],
    [7, 20, 'd'],
  ] as const;
  for (const [start, duration, name] of zones) b.zone(track, start, duration, b.intern(name));
  const before = b.finish('test', 0n, []);
  const flat = (t: Trace): unknown[] =>
    Array.from(t.zones.start, (s, i) => [t.strings[t.zones.name[i]!], s, t.zones.duration[i]]).sort();
  assert.deepEqual(flat(again(before)), flat(before));
  assert.deepEqual(
    again(before).tracks.map((t) => [t.kind, t.name]),
    [
      ['thread', 't'],
      ['thread', 't'],
      ['thread', 't'],
    ],
  );
  const speedscope = readTrace(Buffer.from([...speedscopeJson(before, 'x')].join('')), 'x.json');
  assert.deepEqual(flat(speedscope), flat(before));
});

test('the published schema finds our events', () => {
  const packets = decodePackets(protobuf(nestedTrace()));
  const events = packets.flatMap((p): Readonly<Record<string, unknown>>[] => {
    const e = p['track_event'] as Readonly<Record<string, unknown>> | undefined;
    return e === undefined ? [] : [{ ...e, timestamp: p['timestamp'] }];
  });
  const count = (type: number): number => events.filter((e) => e['type'] === type).length;
  assert.equal(count(1), count(2));
  assert.ok(count(1) > 100 && count(3) > 10);
  assert.equal(count(4), 20);
  assert.ok(events.every((e) => BigInt(String(e['timestamp'])) >= SAMPLE_ORIGIN));
  assert.ok(packets.every((p) => p['trusted_packet_sequence_id'] === 1));
  assert.deepEqual(packets.map((p) => p['sequence_flags'] as number).slice(0, 3), [3, 2, 2]);
  const threads = packets.flatMap((p) => {
    const d = p['track_descriptor'] as Readonly<Record<string, unknown>> | undefined;
    const thread = d?.['thread'] as Readonly<Record<string, unknown>> | undefined;
    return thread === undefined ? [] : [thread['thread_name']];
  });
  assert.deepEqual(threads, ['main ü', 'lone']);
});

test('one run through Perfetto, Chrome JSON and speedscope has the same zones to the nanosecond', () => {
  const run = readTrace(sampleTrace({ iterations: 2, dispatches: 5, threads: 2, inner: 2 }), 'a.pftrace');
  const shape = (t: Trace): unknown[] =>
    Array.from(t.zones.start, (s, i) => [
      t.strings[t.zones.name[i]!],
      s,
      t.zones.duration[i],
      t.zones.depth[i],
      t.zones.parent[i],
    ]);
  const chrome = readTrace(Buffer.from([...chromeJson(run)].join('')), 'a.json');
  const speedscope = readTrace(Buffer.from([...speedscopeJson(run, 'run')].join('')), 'a.speedscope.json');
  assert.equal(speedscope.format, 'speedscope');
  assert.deepEqual(shape(chrome), shape(run));
  assert.deepEqual(shape(speedscope), shape(run));
  assert.deepEqual(shape(again(run)), shape(run));
});
