import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import protobuf from 'protobufjs';
import { perfettoProtobuf } from '../../src/profiler/export/perfettoProtobuf';
import { FlowStep } from '../../src/profiler/recordedFlows';
import { TraceBuilder } from '../../src/profiler/traceBuilder';
import { bytesOf, sampleInputs } from '../runner/sampleProgram';
import { startRunner, temporaryFolder, writeSample } from '../runner/sharedBuild';

/**
 * The part of Perfetto's schema that a trace of ours may use, written down from `protos/perfetto/trace` for this test;
 * any field that is not in it shows as an unknown field below.
 */
const schema = protobuf.parse(`
  syntax = "proto2";
  message Trace { repeated TracePacket packet = 1; }
  message TracePacket {
    optional uint64 timestamp = 8;
    optional uint32 trusted_packet_sequence_id = 10;
    optional TrackEvent track_event = 11;
    optional InternedData interned_data = 12;
    optional uint32 sequence_flags = 13;
    optional TrackDescriptor track_descriptor = 60;
  }
  message TrackEvent {
    enum Type { UNSPECIFIED = 0; SLICE_BEGIN = 1; SLICE_END = 2; INSTANT = 3; COUNTER = 4; }
    repeated DebugAnnotation debug_annotations = 4;
    optional Type type = 9;
    optional uint64 name_iid = 10;
    optional uint64 track_uuid = 11;
    repeated string categories = 22;
    optional int64 counter_value = 30;
  }
  message DebugAnnotation {
    optional uint64 name_iid = 1;
    optional bool bool_value = 2;
    optional uint64 uint_value = 3;
    optional int64 int_value = 4;
    optional double double_value = 5;
    optional string string_value = 6;
    repeated DebugAnnotation array_values = 12;
  }
  message InternedData {
    repeated EventName event_names = 2;
    repeated DebugAnnotationName debug_annotation_names = 3;
  }
  message EventName { optional uint64 iid = 1; optional string name = 2; }
  message DebugAnnotationName { optional uint64 iid = 1; optional string name = 2; }
  message TrackDescriptor {
    optional uint64 uuid = 1;
    optional string name = 2;
    optional ProcessDescriptor process = 3;
    optional ThreadDescriptor thread = 4;
    optional uint64 parent_uuid = 5;
    optional CounterDescriptor counter = 8;
  }
  message CounterDescriptor {
    enum Unit { UNIT_UNSPECIFIED = 0; UNIT_TIME_NS = 1; UNIT_COUNT = 2; UNIT_SIZE_BYTES = 3; }
    optional Unit unit = 3;
  }
  message ProcessDescriptor { optional int32 pid = 1; optional string process_name = 6; }
  message ThreadDescriptor { optional int32 pid = 1; optional int32 tid = 2; optional string thread_name = 5; }
`).root;

interface Annotation {
  nameIid: number;
  uintValue?: number;
  doubleValue?: number;
  stringValue?: string;
  arrayValues?: Annotation[];
}
interface Packet {
  timestamp?: number;
  trustedPacketSequenceId: number;
  sequenceFlags: number;
  trackEvent?: {
    type: string;
    nameIid?: number;
    trackUuid: number;
    categories?: string[];
    debugAnnotations?: Annotation[];
    counterValue?: number;
  };
  internedData?: {
    eventNames: { iid: number; name: string }[];
    debugAnnotationNames: { iid: number; name: string }[];
  };
  trackDescriptor?: {
    uuid: number;
    name?: string;
    parentUuid?: number;
    process?: { pid: number; processName: string };
    thread?: { pid: number; tid: number; threadName: string };
    counter?: { unit: string };
  };
}
interface Slice {
  name: string;
  category: string;
  start: number;
  end: number;
  depth: number;
  args: Record<string, unknown>;
}
interface DecodedTrace {
  packets: Packet[];
  tracks: Map<number, NonNullable<Packet['trackDescriptor']>>;
  slices: Map<number, Slice[]>;
  readings: Map<number, { time: number; value: number }[]>;
}

/** Decodes, and checks on the way what every consumer relies on: order within a track, balance, known names. */
function decode(file: string): DecodedTrace {
  const type = schema.lookupType('Trace');
  const bytes = readFileSync(file);
  const message = type.decode(bytes);
  assert.equal(
    type.encode(message).finish().length,
    bytes.length,
    'there are fields that the schema does not know',
  );
  const { packet: packets } = type.toObject(message, { longs: Number, enums: String }) as {
    packet: Packet[];
  };
  const tracks: DecodedTrace['tracks'] = new Map();
  const slices: DecodedTrace['slices'] = new Map();
  const readings: DecodedTrace['readings'] = new Map();
  const open = new Map<number, Slice[]>();
  const eventNames = new Map<number, string>();
  const annotationNames = new Map<number, string>();
  const lastTime = new Map<number, number>();
  const valueOf = (a: Annotation): unknown =>
    a.arrayValues?.map(valueOf) ?? a.uintValue ?? a.doubleValue ?? a.stringValue ?? [];
  for (const [i, p] of packets.entries()) {
    assert.equal(
      p.sequenceFlags,
      i === 0 ? 1 : 2,
      'the state is cleared by the first packet and needed by the others',
    );
    assert.equal(p.trustedPacketSequenceId, packets[0]!.trustedPacketSequenceId);
    if (p.trackDescriptor) tracks.set(p.trackDescriptor.uuid, p.trackDescriptor);
    p.internedData?.eventNames.forEach(({ iid, name }) => eventNames.set(iid, name));
    p.internedData?.debugAnnotationNames.forEach(({ iid, name }) => annotationNames.set(iid, name));
    if (p.trackEvent === undefined) continue;
    const { type: edge, trackUuid, nameIid, categories, counterValue, debugAnnotations = [] } = p.trackEvent;
    assert.ok(tracks.has(trackUuid), 'tracks are described before their events');
    assert.ok(p.timestamp! >= (lastTime.get(trackUuid) ?? 0), 'time goes on');
    lastTime.set(trackUuid, p.timestamp!);
    if (edge === 'COUNTER') {
      const reading = { time: p.timestamp!, value: counterValue! };
      readings.set(trackUuid, [...(readings.get(trackUuid) ?? []), reading]);
      continue;
    }
    const stack = open.get(trackUuid) ?? [];
    open.set(trackUuid, stack);
    if (edge === 'SLICE_END') {
      const slice = stack.pop();
      assert.ok(slice !== undefined, 'a slice ends that has begun');
      slice.end = p.timestamp!;
      continue;
    }
    assert.equal(edge, 'SLICE_BEGIN');
    const name = eventNames.get(nameIid!);
    assert.ok(name, 'the name is interned');
    const args: Record<string, unknown> = Object.fromEntries(
      debugAnnotations.map((a) => [annotationNames.get(a.nameIid) ?? '', valueOf(a)]),
    );
    const slice = {
      name,
      category: categories![0]!,
      start: p.timestamp!,
      end: NaN,
      depth: stack.length,
      args,
    };
    stack.push(slice);
    slices.set(trackUuid, [...(slices.get(trackUuid) ?? []), slice]);
  }
  for (const stack of open.values()) assert.equal(stack.length, 0, 'every slice has ended');
  return { packets, tracks, slices, readings };
}

async function record(
  t: TestContext,
  options: { threads: number; repeat: number; zones?: number; counters?: boolean },
) {
  const runner = await startRunner(t);
  const { artifact } = await runner.load(await writeSample(t));
  const { x, y } = sampleInputs();
  const inputs = { x: { bytes: bytesOf(x) }, y: { bytes: bytesOf(y) } };
  const started = await runner.startTrace(options);
  const timings = await runner.run({
    artifact,
    inputs,
    warmup: 2,
    threads: options.threads,
    repeat: options.repeat,
  });
  const file = join(await temporaryFolder(t), 't.pftrace');
  return { runner, artifact, inputs, timings, file, started, written: await runner.writeTrace(file) };
}

const named = (trace: DecodedTrace, name: string): Slice[] =>
  trace.slices.get([...trace.tracks.values()].find((track) => track.name === name)!.uuid)!;
const threadTracks = (trace: DecodedTrace) => [...trace.tracks.values()].filter((track) => track.thread);

test('a trace shows every iteration, dispatch and thread', async (t) => {
  const { file, timings, written, runner } = await record(t, { threads: 2, repeat: 20 });
  const trace = decode(file);
  assert.equal(written.bytes, readFileSync(file).length);
  assert.equal(written.dropped, 0);

  const process = [...trace.tracks.values()].find((track) => track.process)!;
  assert.deepEqual(process.process, { pid: runner.pid, processName: 'strata-runner' });
  assert.deepEqual(
    threadTracks(trace).map(({ parentUuid, thread }) => [parentUuid, thread!.pid, thread!.threadName]),
    [
      [process.uuid, runner.pid, 'thread 0 (main)'],
      [process.uuid, runner.pid, 'thread 1'],
    ],
  );

  const host = named(trace, 'dispatches');
  assert.deepEqual(
    host.map(({ name, category, depth }) => `${depth} ${category} ${name}`),
    timings.iterationNs.flatMap(() => ['0 iteration main', '1 dispatch add_0', '1 dispatch scale_1']),
  );
  const dispatches = host.filter((slice) => slice.category === 'dispatch');
  assert.deepEqual(
    dispatches.map((slice) => slice.end - slice.start),
    timings.iterationNs.flatMap((_, i) => timings.dispatches.map((dispatch) => dispatch.ns[i])),
    'the trace and the reply tell the same times',
  );
  assert.deepEqual(dispatches[0]!.args, {
    entry: 'main',
    iteration: 0,
    dispatch: 0,
    name: 'add_0',
    origins: ['Add_0'],
    flops: 1000,
    bytes_read: 8000,
    bytes_written: 4000,
    predicted_ns: 120.5,
    schedule: '#schedule<grain = 16>',
    refused: '2 ops read its result, so it is written to memory',
    units: 1000,
    extent: 1000,
  });
  assert.deepEqual(dispatches[1]!.args['origins'], ['Mul_1', 'Add_2 "β"']);
  assert.equal(dispatches.at(-1)!.args['iteration'], 19);

  const shares = threadTracks(trace).flatMap(({ uuid }) => trace.slices.get(uuid) ?? []);
  for (const dispatch of dispatches) {
    const same = shares.filter(
      ({ args }) =>
        args['iteration'] === dispatch.args['iteration'] && args['dispatch'] === dispatch.args['dispatch'],
    );
    assert.equal(
      same.reduce((sum, share) => sum + Number(share.args['units']), 0),
      1000,
      'the shares add up',
    );
    for (const share of same)
      assert.ok(share.start >= dispatch.start && share.end <= dispatch.end, 'and lie within');
  }
});

test('the arena in use is a counter in bytes, read at each dispatch, empty between runs', async (t) => {
  const { file } = await record(t, { threads: 1, repeat: 2 });
  const trace = decode(file);
  const track = [...trace.tracks.values()].find((d) => d.counter !== undefined)!;
  assert.deepEqual([track.name, track.counter], ['arena in use', { unit: 'UNIT_SIZE_BYTES' }]);
  const readings = trace.readings.get(track.uuid)!;
  // The sum of the first dispatch is what the second one reads.
  assert.deepEqual(
    readings.map((r) => r.value),
    [4000, 4000, 0, 4000, 4000, 0],
  );
  const dispatches = named(trace, 'dispatches').filter((s) => s.category === 'dispatch');
  assert.deepEqual(
    readings.filter((r) => r.value > 0).map((r) => r.time),
    dispatches.map((d) => d.start),
  );
});

test('what the machine can do is noted with each iteration, where it is given', async (t) => {
  const { runner, file } = await record(t, { threads: 1, repeat: 2 });
  const peaks = (): unknown[] =>
    named(decode(file), 'dispatches').map((s) => [
      s.args['peak_flops_per_second'],
      s.args['peak_bytes_per_second'],
    ]);
  assert.deepEqual(new Set(peaks().flat()), new Set([undefined]));
  await runner.writeTrace(file, { flopsPerSecond: 5.4e11, bytesPerSecond: 2.5e10 });
  const none = [undefined, undefined];
  const noted = [5.4e11, 2.5e10];
  assert.deepEqual(peaks(), [noted, none, none, noted, none, none]);
});

test('counters of perf_event stand with the shares of threads, as far as the machine has them', async (t) => {
  const { file, started } = await record(t, { threads: 2, repeat: 3, counters: true });
  const all = ['cycles', 'instructions', 'cache_misses', 'task_clock_ns'];
  assert.ok(started.counters.every((c) => all.includes(c)));
  for (const c of all)
    assert.equal(
      started.missing.includes(`${c}: `),
      !started.counters.includes(c),
      'what is missing is said',
    );
  const trace = decode(file);
  const shares = threadTracks(trace).flatMap(({ uuid }) => trace.slices.get(uuid) ?? []);
  for (const share of shares)
    for (const c of all) assert.equal(share.args[c] !== undefined, started.counters.includes(c));
  const host = named(trace, 'dispatches');
  assert.ok(host.every((s) => all.every((c) => s.args[c] === undefined)));
  if (!started.counters.includes('task_clock_ns')) t.diagnostic(started.missing);
  else assert.ok(shares.some((s) => Number(s.args['task_clock_ns']) > 0));
});

test('a full ring keeps the newest zones and says how many it dropped', async (t) => {
  const { file, written } = await record(t, { threads: 1, repeat: 50, zones: 30 });
  const trace = decode(file);
  assert.equal(written.dropped, 50 * 3 - 30 + (50 * 2 - 30));
  assert.equal(written.zones, 60);
  assert.equal(named(trace, 'dispatches').at(-1)!.args['iteration'], 49);
  assert.equal(trace.slices.get(threadTracks(trace)[0]!.uuid)!.at(-1)!.args['dispatch'], 1);
});

test('a trace outlives its artifact and spans several entry points', async (t) => {
  const { runner, artifact, inputs, file } = await record(t, { threads: 1, repeat: 1 });
  await runner.run({ artifact, entry: 'probe', threads: 3 });
  await runner.unload(artifact);
  await runner.writeTrace(file);
  const trace = decode(file);
  assert.deepEqual(
    named(trace, 'dispatches').map((slice) => slice.name),
    ['main', 'add_0', 'scale_1', 'probe', 'probe'],
  );
  assert.equal(threadTracks(trace).length, 3);
  await runner.stopTrace();
  await assert.rejects(runner.writeTrace(file), { message: /^STR0715 .*no trace was started/ });
  await assert.rejects(runner.run({ artifact, inputs }), { message: /^STR0723 / });
});

test('a trace that cannot be written is a coded error', async (t) => {
  const { runner } = await record(t, { threads: 1, repeat: 1 });
  await assert.rejects(runner.writeTrace('/dev/full'), {
    message: /^STR0714 \/dev\/full cannot be written: No space left/,
  });
  await assert.rejects(runner.writeTrace('/nonexistent/t'), { message: /^STR0714 / });
});

test('a trace decodes with the schema that Perfetto publishes, and so does what we write of a trace', async (t) => {
  const python = process.env['STRATA_PYTHON'] ?? 'python3';
  if (spawnSync(python, ['-c', 'import perfetto.protos.perfetto.trace.perfetto_trace_pb2']).status !== 0)
    return t.skip(
      `${python} has no package 'perfetto', which carries the schema (STRATA_PYTHON names another)`,
    );
  const decoded = (file: string): unknown => {
    const { stdout, stderr, status } = spawnSync(python, ['test/native/decode_published.py', file], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
  };
  const { file } = await record(t, { threads: 2, repeat: 3 });
  const zones = decode(file);
  const begins = [...zones.slices.values()].reduce((n, slices) => n + slices.length, 0);
  const readings = [...zones.readings.values()].reduce((n, r) => n + r.length, 0);
  const expected = {
    unknown: [],
    events: { TYPE_SLICE_BEGIN: begins, TYPE_SLICE_END: begins, TYPE_COUNTER: readings },
    threads: ['thread 0 (main)', 'thread 1'],
    counters: ['arena in use'],
    flows: 0,
  };
  assert.deepEqual(decoded(file), expected);

  const b = new TraceBuilder('test');
  const [host, device] = ['host', 'device'].map((name) => b.addTrack({ kind: 'thread', name, process: 'p' }));
  b.arg('text', 'ü');
  for (const value of [1, -2, 2.5]) b.arg('list', value);
  b.arg('flag', true);
  b.flows.point(1, 0, host!, b.zoneCount, FlowStep.start);
  b.zone(host!, 0, 10, b.intern('launch'), b.endArgs());
  b.flows.point(1, 20, device!, b.zoneCount, FlowStep.end);
  b.zone(device!, 20, 0, b.intern('instant'));
  b.counter(b.addTrack({ kind: 'counter', name: 'memory', unit: 'B' }), 5, 1.5);
  const exported = join(await temporaryFolder(t), 'exported.pftrace');
  writeFileSync(
    exported,
    Buffer.concat([...perfettoProtobuf(b.finish('test', 1_790_000_000_123_456_789n, []))]),
  );
  assert.deepEqual(decoded(exported), {
    unknown: [],
    events: { TYPE_SLICE_BEGIN: 1, TYPE_SLICE_END: 1, TYPE_INSTANT: 1, TYPE_COUNTER: 1 },
    threads: ['host', 'device'],
    counters: ['memory'],
    flows: 1,
  });
});
