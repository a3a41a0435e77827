import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StrataError } from '../../src/base/diagnostics';
import { chromeJson } from '../../src/profiler/export/chromeJson';
import { readTrace } from '../../src/profiler/readTrace';
import { argsOf, factsOf } from '../../src/profiler/trace';
import type { Trace } from '../../src/profiler/trace';
import { sampleTrace } from './sampleTrace';

const read = (text: string): Trace => readTrace(new TextEncoder().encode(text), 'trace.json');

const zonesOf = (t: Trace): (string | number)[][] =>
  Array.from(t.zones.start, (s, i) => [
    t.strings[t.zones.name[i]!]!,
    s,
    t.zones.duration[i]!,
    t.zones.depth[i]!,
    t.tracks[t.zones.track[i]!]!.name,
  ]);

const flowsOf = (t: Trace): string[][] => {
  const name = (zone: number): string => t.strings[t.zones.name[zone]!]!;
  return Array.from(t.flows.from, (from, i) => [name(from), name(t.flows.to[i]!)]);
};

test('an array without its end, numbers as strings, unsorted events', () => {
  const t = read(`[
    {"name":"b","ph":"E","pid":"1","tid":"2","ts":"30"},
    {"name":"b","ph":"B","pid":"1","tid":"2","ts":"10.5"},
    {"name":"a","ph":"X","pid":1,"tid":2,"ts":10,"dur":"40.0015","args":{"n":1,"deep":{"x":[1,"two",null]}}},
    {"ph":"M","name":"thread_name","pid":1,"tid":2,"args":{"name":"main"}},
  `);
  assert.deepEqual(zonesOf(t), [
    ['a', 0, 40_002, 0, 'main'],
    ['b', 500, 19_500, 1, 'main'],
  ]);
  assert.deepEqual(argsOf(t, t.zones.args[0]!), [
    ['n', 1],
    ['deep.x', 1],
    ['deep.x', 'two'],
  ]);
  assert.deepEqual(
    t.warnings.map((w) => w.code),
    ['STR0803'],
  );
});

test('large time stamps keep their nanoseconds', () => {
  const t = read(
    '{"traceEvents":[{"ph":"X","name":"a","ts":1790000000123456.789,"dur":0.001}],"displayTimeUnit":"ms"}',
  );
  assert.equal(t.origin, 1790000000123456789n);
  assert.equal(t.zones.duration[0], 1);
  assert.deepEqual(t.warnings, []);
});

test('async events, instants and counters', () => {
  const t = read(`{"traceEvents":[
    {"ph":"b","cat":"io","id":"0x1","name":"read","pid":1,"ts":1},
    {"ph":"b","cat":"io","id":"0x2","name":"read","pid":1,"ts":2},
    {"ph":"e","cat":"io","id":"0x1","name":"read","pid":1,"ts":3},
    {"ph":"e","cat":"io","id":"0x2","name":"read","pid":1,"ts":4},
    {"ph":"i","name":"mark","pid":1,"tid":1,"ts":2,"s":"g"},
    {"ph":"C","name":"memory","pid":1,"ts":2,"args":{"used":5,"free":"7"}},
    {"ph":"X","name":"kernel","pid":0,"tid":"stream 7","ts":2,"dur":1}
  ]}`);
  assert.deepEqual(
    t.tracks.map((x) => [x.kind, x.name]),
    [
      ['queue', 'stream 7'],
      ['thread', 'Thread 1'],
      ['async', 'io 0x1'],
      ['async', 'io 0x2'],
      ['counter', 'memory used'],
      ['counter', 'memory free'],
    ],
  );
  assert.deepEqual(Array.from(t.counters.value), [5, 7]);
});

test("quotes that a writer did not escape, as in MLIR's action profile", () => {
  const t = read(`[
{"name": "pass", "cat": "PERF", "ph": "B", "pid": 0, "tid": 0, "ts": 1, "args": {"desc": "run "canonicalize" on op"}},
{"name": "pass", "ph": "E", "pid": 0, "tid": 0, "ts": 5},
{"name": broken
{"name": "after", "ph": "X", "pid": 0, "tid": 0, "ts": 6, "dur": 1}
]`);
  assert.deepEqual(
    zonesOf(t).map((z) => z[0]),
    ['pass'],
  );
  assert.deepEqual(argsOf(t, t.zones.args[0]!), [['desc', 'run "canonicalize" on op']]);
  assert.deepEqual(
    t.warnings.map((w) => w.code),
    ['STR0803'],
  );
});

test('a damaged line costs one event', () => {
  const t = read(`[
{"name": "a", "ph": "X", "ts": 1, "dur": 1},
{"name": "b", "ph": oops "X", "ts": 2},
{"name": "c", "ph": "X", "ts": 3, "dur": 1}
]`);
  assert.deepEqual(
    zonesOf(t).map((z) => z[0]),
    ['a', 'c'],
  );
  assert.deepEqual(
    t.warnings.map((w) => w.code),
    ['STR0804'],
  );
});

test('cut at every length: a coded error or what lies before the cut', () => {
  const bytes = new TextEncoder().encode(
    '{"traceEvents":[\n{"ph":"X","name":"a\\u00e9","pid":1,"tid":1,"ts":1.25,"dur":2,"args":{"k":["v"]}},\n{"ph":"B","name":"b","pid":1,"tid":1,"ts":5},\n{"ph":"E","pid":1,"tid":1,"ts":6}\n]}',
  );
  let kept = 0;
  for (let n = 0; n <= bytes.length; n++) {
    try {
      const t = readTrace(bytes.subarray(0, n), 'cut.json');
      assert.ok(t.zones.start.length >= kept);
      kept = t.zones.start.length;
    } catch (e) {
      assert.ok(e instanceof StrataError && /^STR080[12]$/.test(e.code), `at ${n}: ${String(e)}`);
      assert.equal(kept, 0);
    }
  }
  assert.equal(kept, 2);
});

test('our export reads back to the same trace', () => {
  const before = readTrace(sampleTrace({ iterations: 2, dispatches: 4, threads: 2, inner: 3 }), 'a.pftrace');
  const after = read([...chromeJson(before)].join(''));
  assert.deepEqual(zonesOf(after), zonesOf(before));
  const facts = (t: Trace): unknown[] =>
    Array.from(t.zones.args, (a, i) => [factsOf(t, a), t.zones.iteration[i]]);
  assert.deepEqual(facts(after), facts(before));
  assert.deepEqual(after.counters, before.counters);
});

test('flows bind to the zone around them, or what ends them to the next one', () => {
  const t = read(`[
    {"name":"launch","ph":"X","pid":1,"tid":1,"ts":10,"dur":10},
    {"name":"outer","ph":"X","pid":1,"tid":1,"ts":0,"dur":100},
    {"name":"kernel","ph":"X","pid":1,"tid":7,"ts":30,"dur":20},
    {"name":"after","ph":"X","pid":1,"tid":7,"ts":60,"dur":5},
    {"name":"ac2g","cat":"ac2g","ph":"s","id":5,"pid":1,"tid":1,"ts":12},
    {"name":"ac2g","cat":"ac2g","ph":"f","bp":"e","id":5,"pid":1,"tid":7,"ts":30},
    {"name":"x","cat":"c","ph":"s","id":5,"pid":1,"tid":1,"ts":40},
    {"name":"x","cat":"c","ph":"t","id":5,"pid":1,"tid":7,"ts":45},
    {"name":"x","cat":"c","ph":"f","id":5,"pid":1,"tid":7,"ts":55},
    {"name":"lost","cat":"c","ph":"s","id":9,"pid":1,"tid":3,"ts":55},
    {"name":"lost","cat":"c","ph":"f","id":9,"pid":1,"tid":7,"ts":99},
    {"name":"a","ph":"X","pid":2,"tid":1,"ts":0,"dur":1,"bind_id":"0x4","flow_out":true},
    {"name":"b","ph":"X","pid":2,"tid":2,"ts":5,"dur":1,"bind_id":"0x4","flow_in":true,"flow_out":true},
    {"name":"c","ph":"X","pid":2,"tid":1,"ts":9,"dur":1,"bind_id":"0x4","flow_in":true}
  ]`);
  assert.deepEqual(flowsOf(t), [
    ['a', 'b'],
    ['b', 'c'],
    ['launch', 'kernel'],
    ['outer', 'kernel'],
    ['kernel', 'after'],
  ]);
  assert.deepEqual(t.warnings, []);
  const again = read([...chromeJson(t)].join(''));
  assert.deepEqual(flowsOf(again), flowsOf(t));
});
