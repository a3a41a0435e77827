import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { StrataError } from '../../src/base/diagnostics';
import { importerFor, importers, readTrace } from '../../src/profiler/readTrace';
import { summarise } from '../../src/profiler/summary';
import { argsOf } from '../../src/profiler/trace';
import type { Trace } from '../../src/profiler/trace';
import { bytesOf, IREE_HOST, samples } from './samples';
import type { SampleFile } from './samples';
import { random, sampleTrace } from './sampleTrace';

const read = (sample: SampleFile): Trace => readTrace(bytesOf(sample), sample.name);

/** Name, start, duration, depth and track of each zone; depth tells the nesting. */
const rowsOf = (t: Trace): (string | number)[][] =>
  Array.from(t.zones.start, (s, i) => [
    t.strings[t.zones.name[i]!]!,
    s,
    t.zones.duration[i]!,
    t.zones.depth[i]!,
    t.tracks[t.zones.track[i]!]!.name,
  ]);

const args = (t: Trace, zone: number): Record<string, unknown> =>
  Object.fromEntries(argsOf(t, t.zones.args[zone]!));

const codes = (t: Trace): string[] => t.warnings.map((w) => w.code);

const counters = (t: Trace): (string | number)[][] =>
  t.tracks
    .filter((x) => x.kind === 'counter')
    .flatMap((x) =>
      Array.from({ length: x.count }, (_, i) => [
        x.name,
        t.counters.time[x.first + i]!,
        t.counters.value[x.first + i]!,
      ]),
    );

test('Tracy zones: names and texts with commas, rows out of order, texts that repeat, plots at the end', () => {
  const t = read(samples.tracyZones);
  assert.deepEqual(rowsOf(t), [
    ['layer', 0, 500, 0, 'Thread 2'],
    ['leaf, "quoted"', 100, 30, 1, 'Thread 2'],
    ['layer', 1000, 500, 0, 'Thread 2'],
    ['leaf, "quoted"', 1100, 40, 1, 'Thread 2'],
    ['matmul', 50, 200, 0, 'Thread 3'],
  ]);
  assert.deepEqual(args(t, 0), { file: 'emit.cpp', line: 13, value: 'first' });
  assert.deepEqual(args(t, 2), { file: 'emit.cpp', line: 13 });
  assert.deepEqual(args(t, 4), { file: 'emit.cpp', line: 12, value: '7, [0x7]' });
  assert.deepEqual(counters(t), [['Frame', 500, 59.5]]);
  assert.equal(t.origin, 1000n);
  assert.deepEqual(codes(t), []);
});

test('Tracy zones with other separators are the same trace', () => {
  const comma = read(samples.tracyZones);
  for (const separator of ['\t', '\u001f']) {
    // Only the separators between columns: those within names and texts stay.
    const text = samples.tracyZones.text.replaceAll(/,(?! )/g, separator);
    assert.deepEqual(rowsOf(read({ name: 'zones.tsv', text })), rowsOf(comma), JSON.stringify(separator));
  }
});

test('Tracy totals: calls, least and greatest time come from the file', () => {
  const t = read(samples.tracyAggregated);
  const summary = summarise(t);
  assert.deepEqual(
    summary.rows.map((r) => [r.name, r.calls, r.total, r.min, r.max, r.median]),
    [
      ['layer', 100000, 123386445, 170, 17710243, NaN],
      ['leafB, "quoted"', 290580, 16806004, 1, 10174385, NaN],
    ],
  );
  assert.equal(args(t, 0)['std_ns'], 94155.171504);
});

test('Tracy totals with columns of a later version', () => {
  const text =
    'name,src_file,src_line,total_ns,total_perc,counts,mean_ns,min_ns,max_ns,std_ns,p50_ns,p99_ns\n' +
    'a,b,c.cpp,3,900,1.5,3,300,100,500,10,290,499\n';
  const t = read({ name: 'x.csv', text });
  assert.deepEqual(rowsOf(t), [['a,b', 0, 900, 0, 'Zones']]);
  assert.equal(args(t, 0)['p99_ns'], 499);
});

test('Tracy GPU zones, messages and plots', () => {
  assert.deepEqual(rowsOf(read(samples.tracyGpu)), [
    ['draw, opaque', 0, 700, 0, 'GPU'],
    ['blit', 1000, 100, 0, 'GPU'],
  ]);
  const messages = read(samples.tracyMessages);
  assert.deepEqual(rowsOf(messages), [
    ['Loaded 122153 symbols, all of them', 0, 0, 0, 'Messages'],
    ['tick', 182, 0, 0, 'Messages'],
  ]);
  assert.deepEqual(counters(messages), [['Frame', 230, 60]]);
  assert.deepEqual(counters(read(samples.tracyPlots)), [
    ['Frame', 0, 59.574467],
    ['a,b', 150, -1.5],
  ]);
});

test('a Tracy capture itself is refused with the command that exports it', () => {
  assert.throws(
    () => readTrace(Uint8Array.of(0x74, 0x72, 0xfd, 0x50, 1), 'a.tracy'),
    (e) => e instanceof StrataError && e.code === 'STR0816' && /tracy-csvexport/.test(e.message),
  );
});

test('a CPU profile: idle time is a gap, the collector runs on top of what it interrupts', () => {
  const t = read(samples.cpuProfile);
  assert.deepEqual(rowsOf(t), [
    ['main', 0, 700_000, 0, 'JavaScript'],
    ['parse', 100_000, 400_000, 1, 'JavaScript'],
    ['(garbage collector)', 350_000, 150_000, 2, 'JavaScript'],
    ['(anonymous)', 500_000, 200_000, 1, 'JavaScript'],
  ]);
  assert.equal(t.origin, 5_000_100_000n);
  assert.deepEqual(args(t, 1), { file: 'file:///app/main.js', line: 10 });
});

test('speedscope: evented and sampled profiles', () => {
  const t = read(samples.speedscope);
  assert.deepEqual(rowsOf(t), [
    ['main', 0, 10_000, 0, 'host'],
    ['load', 1_500, 1_750, 1, 'host'],
    ['main', 0, 6_000, 0, 'worker'],
    ['run', 1_000, 4_000, 1, 'worker'],
  ]);
  assert.equal(t.origin, 10_000n);
  assert.deepEqual(args(t, 0), { file: 'main.c', line: 3 });
});

test('speedscope values that are no time are read with a warning', () => {
  const text = samples.speedscope.text.replaceAll('"microseconds"', '"bytes"');
  assert.deepEqual(codes(read({ name: 'heap.json', text })), ['STR0811']);
});

test('perf script: stacks from the outside in, threads apart, commands with blanks', () => {
  const t = read(samples.perf);
  assert.deepEqual(rowsOf(t), [
    ['main', 0, 4_000_000, 0, 'node 21295'],
    ['do_lookup_x', 0, 2_000_000, 1, 'node 21295'],
    ['[libc.so.6]', 2_000_000, 2_000_000, 1, 'node 21295'],
    ['clear_page_erms', 2_000_000, 2_000_000, 2, 'node 21295'],
    [
      'std::vector<int, std::allocator<int> >::push_back(int const&)',
      1_239_000,
      1_000_000,
      0,
      'my worker 21300',
    ],
  ]);
  assert.equal(t.origin, 5_790_448_761_000n);
});

test('perf script: a thread that waits is not drawn as running', () => {
  const sample = (time: string): string => `a 1 ${time}: 1 cycles: \n\t 10 f+0x0 (/x)\n\n`;
  const text = ['1.000', '1.001', '1.002', '1.500', '1.501'].map(sample).join('');
  assert.deepEqual(rowsOf(read({ name: 'perf.txt', text })), [
    ['f', 0, 3_000_000, 0, 'a 1'],
    ['f', 500_000_000, 2_000_000, 0, 'a 1'],
  ]);
});

test('a Firefox profile: samples, markers, counters', () => {
  const t = read(samples.firefox);
  assert.deepEqual(rowsOf(t), [
    ['root', 0, 3_000_000, 0, 'GeckoMain 77'],
    ['layout', 1_000_000, 2_000_000, 1, 'GeckoMain 77'],
    ['root', 4_500_000, 1_000_000, 0, 'GeckoMain 77'],
    ['paint', 4_500_000, 1_000_000, 1, 'GeckoMain 77'],
    ['Refresh', 500_000, 750_000, 0, 'GeckoMain markers'],
    ['Refresh', 1_500_000, 0, 0, 'GeckoMain markers'],
  ]);
  assert.deepEqual(counters(t), [
    ['malloc', 0, 100],
    ['malloc', 1_000_000, 60],
  ]);
  assert.equal(t.origin, 1_700_000_000_001_000_000n);
});

test('a Firefox profile with shared tables and time differences is the same trace', () => {
  const old = JSON.parse(samples.firefox.text) as { threads: Record<string, unknown>[] };
  const [thread] = old.threads;
  const { stackTable, frameTable, funcTable, stringArray, ...rest } = thread!;
  const differences = { stack: [0, 2, 2, null, 1], timeDeltas: [1, 1, 1, 1, 1.5], length: 5 };
  const text = JSON.stringify({
    ...old,
    shared: { stackTable, frameTable, funcTable, stringArray },
    threads: [{ ...rest, samples: differences }],
  });
  assert.deepEqual(rowsOf(read({ name: 'new.json', text })), rowsOf(read(samples.firefox)));
});

test('MLIR timing as text and as JSON are the same tree', () => {
  const text = read(samples.mlirTimingText);
  assert.deepEqual(rowsOf(text), [
    ['Parser', 0, 1_600_000, 0, 'Execution time report'],
    ["'func.func' Pipeline", 1_600_000, 3_100_000, 0, 'Execution time report'],
    ['CSE', 1_600_000, 3_000_000, 1, 'Execution time report'],
    ['(A) DominanceInfo', 1_600_000, 0, 2, 'Execution time report'],
    // Rounding makes the children longer than their parent: the last one is moved to end with it.
    ['Canonicalizer', 4_500_000, 200_000, 2, 'Execution time report'],
    ['Rest', 4_700_000, 700_000, 0, 'Execution time report'],
  ]);
  const parent = text.zones.parent[4]!;
  assert.equal(text.strings[text.zones.name[parent]!], "'func.func' Pipeline");
  assert.deepEqual(rowsOf(read(samples.mlirTimingJson)), rowsOf(text));
  assert.deepEqual(args(text, 1), { user_ns: 3_300_000 });
});

test("LLVM's timing report, and MLIR's list display", () => {
  const llvm = read({
    name: 't.txt',
    text:
      '===---===\n                      ... Pass execution timing report ...\n===---===\n  Total Execution Time: 0.0006 seconds (0.0007 wall clock)\n\n' +
      '   ---User Time---   --System Time--   --User+System--   ---Wall Time---  --- Name ---\n' +
      '   0.0003 ( 60.0%)   0.0001 (100.0%)   0.0004 ( 66.7%)   0.0005 ( 70.0%)  X86 DAG->DAG Instruction Selection\n' +
      '   0.0002 ( 40.0%)   0.0000 (  0.0%)   0.0002 ( 33.3%)   0.0002 ( 30.0%)  Prologue/Epilogue Insertion\n' +
      '   0.0005 (100.0%)   0.0001 (100.0%)   0.0006 (100.0%)   0.0007 (100.0%)  Total\n',
  });
  assert.deepEqual(rowsOf(llvm), [
    ['X86 DAG->DAG Instruction Selection', 0, 500_000, 0, 'Pass execution timing report'],
    ['Prologue/Epilogue Insertion', 500_000, 200_000, 0, 'Pass execution timing report'],
  ]);
  const list = samples.mlirTimingText.text.replace(
    /^ {4}0\.0016.*\n/m,
    (row) => `${row.replace('Parser', 'root')}${row}`,
  );
  const flat = read({ name: 'l.txt', text: list.replaceAll(/( {2})(?: {2})+(CSE|\(A\)|Canon)/g, '$1$2') });
  assert.deepEqual(codes(flat), ['STR0813']);
  assert.equal(flat.zones.start.length, 6);
});

test("MLIR's actions are named after their pass or pattern, whatever their text holds", () => {
  const t = read(samples.mlirActions);
  assert.deepEqual(
    rowsOf(t).map((r) => r.slice(0, 4)),
    [
      ['CSE', 0, 141_000, 0],
      ['Fold<"a", "b": 1>', 69_000, 2_000, 1],
    ],
  );
  assert.deepEqual(codes(t), []);
});

test('IREE: device ticks on the clock of the host, exact beyond 2^53', () => {
  const t = read(samples.iree);
  assert.deepEqual(rowsOf(t), [
    ['main_dispatch_0', 60, 100, 0, 'Queue 0 dispatches'],
    ['execute', 10, 350, 0, 'Queue 0 host execution'],
    ['execute', 0, 0, 0, 'Queue 0 queue operations'],
  ]);
  assert.equal(t.origin, IREE_HOST + 1040n);
  assert.deepEqual(codes(t), ['STR0815']);
  assert.equal(args(t, 1)['command_buffer_id'], 7);
  const other = samples.iree.text.replace('"schema_version":15', '"schema_version":16');
  assert.deepEqual(codes(read({ name: 'x.jsonl', text: other })), ['STR0814', 'STR0815']);
});

test('samples of perf on one line each, without call stacks, are all read', () => {
  const sample = (time: string, frame: string): string =>
    `   strata-runner 13915   949.${time}:     100270 cpu-clock:pppH:      ${frame}`;
  const t = read({
    name: 'perf.txt',
    text: [
      sample('933531', '560348b57088 strata::Executor::set_inputs+0x468 (/opt/strata-runner)'),
      sample('933631', '560348b57090 strata::Executor::set_inputs+0x470 (/opt/strata-runner)'),
      sample('933731', '7fe5d278b838 __memmove_avx512_unaligned_erms+0x38 (/usr/lib/libc.so.6)'),
      '',
    ].join('\n'),
  });
  assert.deepEqual(codes(t), []);
  assert.deepEqual(
    Array.from(t.zones.name, (n, i) => [t.strings[n], t.zones.start[i], t.zones.duration[i]]),
    [
      ['strata::Executor::set_inputs', 0, 200_000],
      ['__memmove_avx512_unaligned_erms', 200_000, 100_000],
    ],
  );
});

test('an event of IREE without a key is called by what it does', () => {
  const event = (key: string, op: string, from: number, to: number): string =>
    `{"schema_version":15,"record_type":"host_execution_event","physical_device_ordinal":0,"queue_ordinal":0,"command_index":4294967295,"op":"${op}","key":${key},"workgroup_count":[0,0,0],"start_host_time_ns":${5355928000000 + from},"end_host_time_ns":${5355928000000 + to},"duration_ns":${to - from},"valid":true}`;
  const t = read({
    name: 'host.jsonl',
    text: [
      '{"record_type":"schema","format":"ireeperf-jsonl","schema_version":15}',
      event('null', 'execute', 701481, 738415),
      event('"main_dispatch_0_matmul_64x64x64_f32"', 'dispatch', 710506, 731624),
      '',
    ].join('\n'),
  });
  assert.deepEqual(
    Array.from(t.zones.name, (n, i) => [t.strings[n], t.zones.duration[i]]),
    [
      ['execute', 36934],
      ['main_dispatch_0_matmul_64x64x64_f32', 21118],
    ],
  );
  assert.deepEqual(codes(t), []);
});

test('each format is recognised by its content, whatever its name', () => {
  const expected: Readonly<Record<keyof typeof samples, string>> = {
    tracyZones: 'Tracy CSV',
    tracyAggregated: 'Tracy CSV',
    tracyGpu: 'Tracy CSV',
    tracyMessages: 'Tracy CSV',
    tracyPlots: 'Tracy CSV',
    cpuProfile: 'CPU profile',
    speedscope: 'speedscope',
    perf: 'perf script',
    firefox: 'Firefox profile',
    mlirTimingText: 'MLIR timing report',
    mlirTimingJson: 'MLIR timing report',
    mlirActions: 'Chrome JSON',
    iree: 'IREE profile',
  };
  for (const [key, sample] of Object.entries(samples)) {
    const scores = importers.map((i) => [i.score(bytesOf(sample), 'file'), i.format] as const);
    const sure = scores.filter(([score]) => score >= 0.5).map(([, format]) => format);
    assert.deepEqual(sure, [expected[key as keyof typeof samples]], key);
  }
  const ours = sampleTrace({ iterations: 1, dispatches: 2, threads: 1 });
  assert.equal(importerFor(ours, 'file')?.format, 'Perfetto');
});

test('gzip and zstd are transparent', () => {
  const plain = rowsOf(read(samples.perf));
  assert.deepEqual(rowsOf(readTrace(gzipSync(bytesOf(samples.perf)), 'perf.txt.gz')), plain);
  // One raw block: magic, a single segment with its size, then the last block.
  const text = new TextEncoder().encode('MessageName,total_ns\na,1\nb,5\n');
  const zstd = Uint8Array.of(
    0x28,
    0xb5,
    0x2f,
    0xfd,
    0x20,
    text.length,
    (text.length << 3) | 1,
    0,
    0,
    ...text,
  );
  assert.deepEqual(rowsOf(readTrace(zstd, 'm.csv.zst')), [
    ['a', 0, 0, 0, 'Messages'],
    ['b', 4, 0, 0, 'Messages'],
  ]);
  for (const cut of [5, 8, 20])
    assert.throws(
      () => readTrace(zstd.subarray(0, cut), 'm.csv.zst'),
      (e) => e instanceof StrataError && e.code === 'STR0805',
      `cut at ${cut}`,
    );
});

/** A trace, or a coded error of this area; nothing else. */
function survives(bytes: Uint8Array, name: string, what: string): Trace | undefined {
  try {
    return readTrace(bytes, name);
  } catch (e) {
    assert.ok(e instanceof StrataError && /^STR08\d\d$/.test(e.code), `${what}: ${String(e)}`);
    return undefined;
  }
}

for (const [key, sample] of Object.entries(samples)) {
  test(`${key} cut at every length: what lies before the cut, said so, or a coded error`, () => {
    const bytes = bytesOf(sample);
    const whole = readTrace(bytes, sample.name);
    for (let n = 0; n < bytes.length; n += bytes.length > 2000 ? 3 : 1) {
      const t = survives(bytes.subarray(0, n), sample.name, `${key} cut at ${n}`);
      if (t === undefined) continue;
      assert.ok(t.zones.start.length <= whole.zones.start.length, `${key} cut at ${n}`);
      const missing =
        t.zones.start.length < whole.zones.start.length ||
        t.counters.time.length < whole.counters.time.length;
      // A cut between two lines or records leaves no trace in a format without an end.
      const unseen = bytes[n - 1] === 0x0a || bytes[n] === 0x0a || key === 'iree' || key === 'perf';
      if (missing && !unseen) assert.ok(t.warnings.length > 0, `${key} cut at ${n} says nothing`);
    }
  });
  test(`${key} garbled: a trace or a coded error`, () => {
    const rand = random(11);
    for (let round = 0; round < 150; round++) {
      const bytes = bytesOf(sample).slice();
      for (let k = 0; k <= round % 5; k++)
        bytes[Math.floor(rand() * bytes.length)] = Math.floor(rand() * 256);
      survives(bytes, sample.name, `${key} round ${round}`);
    }
  });
}
