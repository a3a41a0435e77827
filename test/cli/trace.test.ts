import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { perfettoProtobuf } from '../../src/profiler/export/perfettoProtobuf';
import { readTrace } from '../../src/profiler/readTrace';
import { TraceBuilder } from '../../src/profiler/traceBuilder';
import { random } from '../profiler/sampleTrace';
import { assertRefused, workplace } from './strata';

const w = await workplace({ after: (f) => after(f) });

/** Writes a run of 12 repeats of two dispatches; `scale` makes the first of them slower. */
function writeRun(name: string, scale: number, seed: number): string {
  const b = new TraceBuilder(name);
  const track = b.addTrack({ kind: 'thread', name: 'main' });
  const rand = random(seed);
  for (let i = 0; i < 24; i++) {
    b.arg('dispatch', i % 2);
    b.arg('entry', 'main');
    b.arg('iteration', i >> 1);
    const time = Math.round((i % 2 === 0 ? scale : 1) * 1_000_000 * (1 + 0.01 * rand()));
    b.zone(track, i * 10_000_000, time, b.intern(`main_dispatch_${i % 2}`), b.endArgs(), b.iteration);
  }
  writeFileSync(w.at(name), Buffer.concat([...perfettoProtobuf(b.finish('test', 0n, []))]));
  return name;
}

const base = writeRun('base.pftrace', 1, 1);
const same = writeRun('same.pftrace', 1, 2);
const slow = writeRun('slow.pftrace', 1.3, 3);

test('compare serves as a gate', async () => {
  assert.equal((await w.strata(['trace', base, 'compare', same, '--fail-above', '5%'])).code, 0);
  const failing = await w.strata(['trace', base, 'compare', slow, '--fail-above', '5%']);
  assert.equal(failing.code, 1);
  assert.match(failing.stdout, /^failed: main_dispatch_0 is (29|30|31)\.\d % slower, allowed are 5%$/m);
  assert.equal((await w.strata(['trace', base, 'compare', slow, '--fail-above', '40'])).code, 0);
});

test('compare takes several runs and prints one document', async () => {
  const { stdout, code } = await w.strata([
    'trace',
    'compare',
    base,
    same,
    slow,
    '--json',
    '--fail-above',
    '10 %',
  ]);
  assert.equal(code, 1);
  const { failed, comparisons } = JSON.parse(stdout) as {
    failed: boolean;
    comparisons: { after: string; rows: { name: string; verdict: string }[] }[];
  };
  assert.equal(failed, true);
  assert.deepEqual(
    comparisons.map((c) => [c.after, c.rows.find((r) => r.name === 'main_dispatch_0')?.verdict]),
    [
      [same, 'same'],
      [slow, 'slower'],
    ],
  );
});

test('export writes every format, and each reads back to the same zones', async () => {
  const wanted = readTrace(readFileSync(w.at(base)), base).zones;
  for (const name of ['out.pftrace', 'out.json', 'out.speedscope.json']) {
    assert.equal((await w.strata(['trace', base, 'export', '-o', name])).code, 0);
    const { zones } = readTrace(readFileSync(w.at(name)), name);
    assert.deepEqual([zones.start, zones.duration], [wanted.start, wanted.duration], name);
  }
});

test('mistakes are coded errors', async () => {
  for (const [args, message] of [
    [[base, 'compare', same, '--fail-above', 'much'], /^STR0002 --fail-above: expected a percentage/],
    [[base, 'export', '-o', 'x.foo'], /^STR0002 --output: expected a file that ends in \.pftrace/],
    [[base, 'show'], /^STR0002 ACTION/],
  ] as const)
    assertRefused(await w.strata(['trace', ...args]), message);
});

test('query answers in SQL as table, JSON and CSV', async () => {
  const sql = 'SELECT dispatch, count(*) AS calls FROM dispatch_call GROUP BY dispatch ORDER BY dispatch';
  const table = await w.strata(['trace', base, 'query', sql]);
  assert.equal(table.stdout, 'dispatch  calls\n       0     12\n       1     12');
  const document = await w.json<{ readonly rows: readonly object[] }>([
    'trace',
    'query',
    base,
    sql,
    '--json',
  ]);
  assert.deepEqual(document.rows, [
    { dispatch: 0, calls: 12 },
    { dispatch: 1, calls: 12 },
  ]);
  writeFileSync(w.at('calls.sql'), sql);
  await w.strata(['trace', base, 'query', 'calls.sql', '-o', 'calls.csv']);
  assert.equal(readFileSync(w.at('calls.csv'), 'utf8'), 'dispatch,calls\r\n0,12\r\n1,12\r\n');
  const example = await w.strata(['trace', base, 'query', '--example', 'dispatches', '--limit', '1']);
  assert.match(example.stdout, /main_dispatch_[01] .*\n… more than 1 rows$/m);
  const tables = await w.strata(['trace', base, 'query', '--tables']);
  assert.match(tables.stdout, /^ {2}dispatch_call {3}One call of a dispatch/m);
  assertRefused(await w.strata(['trace', base, 'query', 'SELECT']), /^STR0817 /);
  assertRefused(await w.strata(['trace', base, 'query']), /^STR0002 /);
  assertRefused(await w.strata(['trace', base, 'query', '--example', 'nothing']), /^STR0002 /);
});
