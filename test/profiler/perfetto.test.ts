import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { StrataError } from '../../src/base/diagnostics';
import { importerFor, readTrace } from '../../src/profiler/readTrace';
import { summarise } from '../../src/profiler/summary';
import { factsOf } from '../../src/profiler/trace';
import type { Trace } from '../../src/profiler/trace';
import { encodePackets, EventType } from './perfettoSchema';
import type { Packet } from './perfettoSchema';
import { SAMPLE_ORIGIN, sampleName, samplePackets, sampleTrace } from './sampleTrace';

const read = (packets: readonly Packet[]): Trace => readTrace(encodePackets(packets), 'run.pftrace');

const zonesOf = (t: Trace): (string | number)[][] =>
  Array.from(t.zones.start, (s, i) => [
    t.strings[t.zones.name[i]!]!,
    s,
    t.zones.duration[i]!,
    t.zones.depth[i]!,
    t.tracks[t.zones.track[i]!]!.name,
  ]);

const event = (timestamp: number | string, track_event: object, more: object = {}): Packet => ({
  timestamp,
  trusted_packet_sequence_id: 1,
  track_event,
  ...more,
});

test('a trace of the runner: tracks, nesting, facts and exact nanoseconds', () => {
  const t = readTrace(sampleTrace({ iterations: 3, dispatches: 5, threads: 2, inner: 2 }), 'run.pftrace');
  assert.deepEqual(t.warnings, []);
  assert.equal(t.origin, SAMPLE_ORIGIN);
  assert.deepEqual(
    t.tracks.map((x) => [x.kind, x.name, x.process, x.count, x.rows]),
    [
      ['thread', 'host', 'strata-runner', 3 + 3 * 5 * 3, 3],
      ['thread', 'worker 1', 'strata-runner', 3 * 5 * 3, 2],
      ['counter', 'arena in use', 'strata-runner', 15, 0],
    ],
  );
  assert.equal(t.tracks[2]!.unit, 'B');
  const first = Array.from(t.zones.name).findIndex((n) => t.strings[n] === sampleName(0));
  assert.equal(t.zones.start[first], 900);
  assert.equal(t.zones.parent[first], 0);
  assert.deepEqual(factsOf(t, t.zones.args[first]!), {
    dispatch: 0,
    entry: 'main',
    origins: ['/features/0/Conv', '/features/0/Clip'],
    flops: 1_000_000,
    bytes: 200_000,
  });
  assert.equal(t.args.offset.length - 2, 1 + 5, 'equal argument sets are stored once');
  assert.deepEqual(
    [0, first].map((i) => t.zones.iteration[i]),
    [0, -1],
  );
});

test('interned names, defaults and incremental state', () => {
  const t = read([
    event(5, { type: EventType.instant, name_iid: 1, track_uuid: 3 }, { sequence_flags: 2 }),
    {
      trusted_packet_sequence_id: 1,
      sequence_flags: 1,
      trace_packet_defaults: { track_event_defaults: { track_uuid: 7 } },
      interned_data: {
        event_names: [{ iid: 1, name: 'first' }],
        debug_annotation_names: [{ iid: 4, name: 'origins' }],
        debug_annotation_string_values: [{ iid: 9, str: new TextEncoder().encode('Conv_1') }],
      },
    },
    { track_descriptor: { uuid: 7, thread: { pid: 1, tid: 2, thread_name: 'worker' } } },
    event(
      10,
      { type: EventType.begin, name_iid: 1, debug_annotations: [{ name_iid: 4, string_value_iid: 9 }] },
      { sequence_flags: 2 },
    ),
    event(20, { type: EventType.end }, { sequence_flags: 2 }),
    {
      trusted_packet_sequence_id: 1,
      sequence_flags: 1,
      interned_data: { event_names: [{ iid: 1, name: 'second' }] },
    },
    event(30, { type: EventType.begin, name_iid: 1, track_uuid: 7 }, { sequence_flags: 2 }),
    event(45, { type: EventType.end, track_uuid: 7 }, { sequence_flags: 2 }),
  ]);
  assert.deepEqual(zonesOf(t), [
    ['first', 0, 10, 0, 'worker'],
    ['second', 20, 15, 0, 'worker'],
  ]);
  assert.deepEqual(factsOf(t, t.zones.args[0]!), { origins: ['Conv_1'] });
  assert.deepEqual(
    t.warnings.map((w) => w.code),
    ['STR0807'],
  );
});

test('compressed packets, gzip and unknown fields', () => {
  const plain = samplePackets({ iterations: 1, dispatches: 3, threads: 2 });
  const packed = encodePackets([
    { unknown: { text: 'later', word: 7, number: 1.5 } },
    { compressed_packets: deflateSync(encodePackets(plain)) },
  ]);
  const expected = read(plain);
  for (const bytes of [packed, gzipSync(packed)]) {
    const t = readTrace(bytes, 'run.pftrace.gz');
    assert.deepEqual(zonesOf(t), zonesOf(expected));
    assert.deepEqual(t.warnings, []);
  }
});

test('legacy complete events, counters, and ends without begins', () => {
  const t = read([
    event(1000, { track_uuid: 5, name: 'X', legacy_event: { phase: 'X'.charCodeAt(0), duration_us: 3 } }),
    event(1500, { track_uuid: 5, type: EventType.end }),
    event(1600, { track_uuid: 5, type: EventType.begin, name: 'open' }),
    event(1700, { track_uuid: 8, type: EventType.counter, double_counter_value: 0.5 }),
    { track_descriptor: { uuid: 8, name: 'load', counter: { unit_multiplier: 100, unit_name: '%' } } },
  ]);
  assert.deepEqual(zonesOf(t), [
    ['X', 0, 3000, 0, 'Track 5'],
    ['open', 600, 2400, 1, 'Track 5'],
  ]);
  assert.equal(t.counters.time[0], 700);
  assert.deepEqual(
    t.warnings.map((w) => w.text.replace(/^\S+ /, '')),
    ['1 end has no begin and 1 begin has no end; open zones were closed at the end of the trace.'],
  );
});

test('incremental clocks of a sequence', () => {
  const t = read([
    {
      trusted_packet_sequence_id: 1,
      sequence_flags: 1,
      trace_packet_defaults: { timestamp_clock_id: 64, track_event_defaults: { track_uuid: 7 } },
      clock_snapshot: {
        clocks: [
          { clock_id: 6, timestamp: '9000000000000000000' },
          { clock_id: 64, timestamp: 100, is_incremental: true, unit_multiplier_ns: 1000 },
        ],
      },
    },
    event(2, { type: EventType.begin, name: 'a' }),
    event(3, { type: EventType.end }),
    event('9000000000000009001', { type: EventType.instant, name: 'b' }, { timestamp_clock_id: 6 }),
  ]);
  assert.equal(t.origin, 9000000000000002000n);
  assert.deepEqual(
    zonesOf(t).map((z) => z.slice(0, 3)),
    [
      ['a', 0, 3000],
      ['b', 7001, 0],
    ],
  );
});

test('cut at every length: a coded error or what lies before the cut', () => {
  const bytes = sampleTrace({ iterations: 1, dispatches: 2, threads: 2 });
  const whole = readTrace(bytes, 'cut.pftrace');
  let kept = 0;
  for (let n = 0; n < bytes.length; n++) {
    try {
      const t = readTrace(bytes.subarray(0, n), 'cut.pftrace');
      assert.ok(t.zones.start.length >= kept, `fewer zones at ${n}`);
      kept = t.zones.start.length;
    } catch (e) {
      assert.ok(e instanceof StrataError && /^STR080[12]$/.test(e.code), `at ${n}: ${String(e)}`);
      assert.equal(kept, 0, `lost zones at ${n}`);
    }
  }
  assert.equal(kept, whole.zones.start.length);
});

test('garbled bytes never escape as another error', () => {
  const bytes = sampleTrace({ iterations: 1, dispatches: 2, threads: 1 });
  for (let n = 0; n < bytes.length; n += 3) {
    const garbled = bytes.slice();
    garbled[n] = garbled[n]! ^ 0xff;
    try {
      readTrace(garbled, 'garbled.pftrace');
    } catch (e) {
      assert.ok(e instanceof StrataError, `at ${n}: ${String(e)}`);
    }
  }
});

test('detection needs no file name, and refuses what it does not know', () => {
  assert.equal(
    importerFor(sampleTrace({ iterations: 1, dispatches: 1, threads: 1 }), 'x')?.format,
    'Perfetto',
  );
  assert.throws(() => readTrace(new Uint8Array(0), 'x.bin'), /STR0801 x\.bin: .*it is empty/);
  assert.throws(() => readTrace(new TextEncoder().encode('name,total\n1,2\n'), 'x.csv'), /STR0801/);
  assert.throws(() => readTrace(gzipSync('abc').subarray(0, 12), 'x.gz'), /STR0805/);
});

test('the shape of our runner: whole dispatches on one track, the part of each thread on its own', () => {
  const annotations = (iteration: number, units: number): object[] => [
    { name: 'entry', string_value: 'main' },
    { name: 'iteration', uint_value: iteration },
    { name: 'dispatch', uint_value: 4 },
    { name: 'name', string_value: 'conv' },
    { name: 'origins', array_values: [{ string_value: 'Conv_1' }, { string_value: 'Relu_2' }] },
    { name: 'flops', uint_value: 1000 },
    { name: 'bytes_read', uint_value: 300 },
    { name: 'bytes_written', uint_value: 100 },
    { name: 'predicted_ns', double_value: 80 },
    { name: 'schedule', string_value: 'tile=8x8' },
    { name: 'refused', string_value: '2 ops read its result\nno' },
    { name: 'units', uint_value: units },
    { name: 'extent', uint_value: 8 },
  ];
  const zone = (track: number, from: number, to: number, name: string, notes: object[]): Packet[] => [
    event(from, { type: EventType.begin, track_uuid: track, name, debug_annotations: notes }),
    event(to, { type: EventType.end, track_uuid: track }),
  ];
  const iteration = (i: number, at: number): Packet[] => [
    event(at, {
      type: EventType.begin,
      track_uuid: 2,
      name: 'main',
      debug_annotations: [
        { name: 'entry', string_value: 'main' },
        { name: 'iteration', uint_value: i },
      ],
    }),
    ...zone(2, at + 5, at + 105, 'conv', annotations(i, 8)),
    event(at + 110, { type: EventType.end, track_uuid: 2 }),
    ...zone(16, at + 6, at + 100, 'conv', annotations(i, 5)),
    ...zone(17, at + 8, at + 104, 'conv', annotations(i, 3)),
  ];
  const t = read([
    { track_descriptor: { uuid: 1, process: { pid: 9, process_name: 'strata-runner' } } },
    { track_descriptor: { uuid: 2, parent_uuid: 1, name: 'dispatches' } },
    ...[0, 1].map((n) => ({
      track_descriptor: {
        uuid: 16 + n,
        parent_uuid: 1,
        thread: { pid: 9, tid: 9 + n, thread_name: `thread ${n}` },
      },
    })),
    ...iteration(0, 1000),
    ...iteration(1, 2000),
  ]);
  assert.deepEqual(
    t.tracks.map((x) => [x.kind, x.name, x.process, x.count]),
    [
      ['queue', 'dispatches', 'strata-runner', 4],
      ['thread', 'thread 0', 'strata-runner', 2],
      ['thread', 'thread 1', 'strata-runner', 2],
    ],
  );
  assert.deepEqual(factsOf(t, t.zones.args[5]!), {
    dispatch: 4,
    origins: ['Conv_1', 'Relu_2'],
    flops: 1000,
    bytes: 400,
    entry: 'main',
    predicted: 80,
    schedule: 'tile=8x8',
    refused: ['2 ops read its result', 'no'],
    part: 5 / 8,
  });
  const { rows } = summarise(t);
  assert.deepEqual(
    rows.map((r) => [
      r.name,
      r.entry,
      r.dispatch,
      r.calls,
      r.total,
      r.self,
      r.flopsPerSecond,
      r.bytesPerSecond,
    ]),
    [['conv', 'main', 4, 2, 200, 2 * (94 + 96), 1e10, 4e9]],
  );
});

test('slices with the same flow id follow one another in time, until one ends the flow', () => {
  const t = read([
    event(100, { type: EventType.begin, track_uuid: 1, name: 'first', flow_ids: ['9007199254740993', 7] }),
    event(110, { type: EventType.end, track_uuid: 1 }),
    event(300, { type: EventType.instant, track_uuid: 3, name: 'third', terminating_flow_ids: [7] }),
    event(200, { type: EventType.begin, track_uuid: 2, name: 'second', flow_ids: [7] }),
    event(210, { type: EventType.end, track_uuid: 2, flow_ids: [7] }),
    event(400, { type: EventType.begin, track_uuid: 1, name: 'fourth', flow_ids: [7] }),
    event(410, { type: EventType.end, track_uuid: 1 }),
    event(400, { type: EventType.begin, track_uuid: 2, name: 'large', flow_ids_old: ['9007199254740993'] }),
    event(410, { type: EventType.end, track_uuid: 2 }),
  ]);
  const name = (zone: number): string => t.strings[t.zones.name[zone]!]!;
  assert.deepEqual(
    Array.from(t.flows.from, (from, i) => [name(from), name(t.flows.to[i]!)]),
    [
      ['first', 'second'],
      ['second', 'third'],
      ['first', 'large'],
    ],
  );
});
