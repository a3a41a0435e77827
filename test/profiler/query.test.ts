import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { FlowStep } from '../../src/profiler/recordedFlows';
import { readTrace } from '../../src/profiler/readTrace';
import { statisticsByName } from '../../src/profiler/statistics';
import { summarise } from '../../src/profiler/summary';
import { exampleQueries } from '../../src/profiler/query/exampleQueries';
import { formatResult, resultCsv, resultObjects } from '../../src/profiler/query/queryResult';
import { TraceDatabase } from '../../src/profiler/query/traceDatabase';
import { views } from '../../src/profiler/query/traceTables';
import { TraceBuilder } from '../../src/profiler/traceBuilder';
import { SAMPLE_ORIGIN, sampleTrace } from './sampleTrace';

const folder = path.dirname(createRequire(import.meta.url).resolve('@duckdb/duckdb-wasm/blocking'));
const trace = readTrace(sampleTrace({ iterations: 5, dispatches: 12, threads: 3, inner: 2 }), 'run.pftrace');
const database = await TraceDatabase.open(trace, folder);
const rows = async (sql: string, limit = 10_000): Promise<readonly object[]> =>
  resultObjects(await database.query(sql, limit));

test('the rows of slice are the zones, with times exact beyond 2^53', async () => {
  const { zones, strings, origin } = trace;
  const found = await rows('SELECT id, ts, dur, name, track_id, depth, parent_id FROM slice ORDER BY id');
  assert.equal(found.length, zones.start.length);
  found.forEach((row, i) => {
    assert.deepEqual(row, {
      id: i,
      ts: (origin + BigInt(zones.start[i]!)).toString(),
      dur: zones.duration[i],
      name: strings[zones.name[i]!],
      track_id: zones.track[i],
      depth: zones.depth[i],
      parent_id: zones.parent[i]! < 0 ? null : zones.parent[i],
    });
  });
  assert.ok(SAMPLE_ORIGIN > BigInt(Number.MAX_SAFE_INTEGER));
  assert.deepEqual(await rows('SELECT end_ts - start_ts AS span FROM trace_bounds'), [{ span: trace.span }]);
});

test('flow joins the zones at both ends of an arrow', async () => {
  const b = new TraceBuilder('test');
  const [host, device] = ['host', 'device'].map((name) => b.addTrack({ kind: 'thread', name }));
  b.flows.point(1, 0, host!, b.zoneCount, FlowStep.start);
  b.zone(host!, 0, 10, b.intern('launch'));
  b.flows.point(1, 20, device!, b.zoneCount, FlowStep.end);
  b.zone(device!, 20, 5, b.intern('kernel'));
  const flowing = await TraceDatabase.open(b.finish('test', 0n, []), folder);
  const sql = `SELECT o.name AS "from", i.name AS "to", i.ts - o.ts AS delay
    FROM flow f JOIN slice o ON o.id = f.slice_out JOIN slice i ON i.id = f.slice_in`;
  const found = resultObjects(await flowing.query(sql, 10));
  assert.deepEqual(found, [{ from: 'launch', to: 'kernel', delay: 20 }]);
  flowing.close();
});

test('sums per name are those of the statistics', async () => {
  const expected = statisticsByName(trace).map((s) => ({
    name: trace.strings[s.name],
    calls: s.calls,
    total: s.total,
    self: s.self,
    median: s.median,
  }));
  const found = await rows(
    'SELECT name, count(*) calls, sum(dur) total, sum(self_dur) self, median(dur) median FROM slice GROUP BY name',
  );
  const byName = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  assert.deepEqual([...found].sort(byName), [...expected].sort(byName));
});

test('calls of dispatches are those of the summary', async () => {
  const found = await rows(
    'SELECT dispatch, count(*) calls, sum(dur) total, any_value(flops) flops FROM dispatch_call GROUP BY dispatch ORDER BY dispatch',
  );
  const expected = [...summarise(trace).rows]
    .sort((a, b) => a.dispatch! - b.dispatch!)
    .map((r) => ({
      dispatch: r.dispatch,
      calls: r.calls,
      total: r.total,
      flops: Math.round((r.flopsPerSecond! * r.total) / r.calls / 1e9),
    }));
  assert.ok(expected.length > 0);
  assert.deepEqual(found, expected);
});

test('arguments keep their types and can be extracted by name', async () => {
  const b = new TraceBuilder('args');
  const track = b.addTrack({ kind: 'thread', name: 't', process: 'p' });
  b.arg('text', 'it\'s "quoted"');
  b.arg('whole', 7);
  b.arg('part', 0.5);
  b.arg('yes', true);
  b.zone(track, 0, 5, b.intern('a'), b.endArgs());
  b.zone(track, 9, 5, b.intern('b'));
  const own = await TraceDatabase.open(b.finish('test', 5n, []), folder);
  const of = async (sql: string): Promise<readonly object[]> => resultObjects(await own.query(sql, 100));
  assert.deepEqual(
    await of(
      'SELECT key, value_type AS t, int_value AS i, real_value AS r, string_value AS s FROM args ORDER BY id',
    ),
    [
      { key: 'text', t: 'string', i: null, r: null, s: 'it\'s "quoted"' },
      { key: 'whole', t: 'int', i: 7, r: null, s: null },
      { key: 'part', t: 'real', i: null, r: 0.5, s: null },
      { key: 'yes', t: 'bool', i: 1, r: null, s: null },
    ],
  );
  assert.deepEqual(
    await of(
      "SELECT name, extract_arg(arg_set_id, 'whole') AS w, extract_arg(arg_set_id, 'yes') AS y FROM slice ORDER BY id",
    ),
    [
      { name: 'a', w: '7', y: 'true' },
      { name: 'b', w: null, y: null },
    ],
  );
  assert.deepEqual(await of('SELECT thread_name, process_name FROM thread_slice LIMIT 1'), [
    { thread_name: 't', process_name: 'p' },
  ]);
  own.close();
});

test('every table and every example answers', async () => {
  for (const view of views)
    assert.ok((await database.query(`SELECT * FROM ${view.name}`, 5)).columns.length > 0);
  for (const example of exampleQueries) {
    const result = await database.query(example.sql, 5);
    assert.ok(result.columns.length > 1, example.name);
    if (example.name !== 'counters' && example.name !== 'predicted') assert.ok(result.rows > 0, example.name);
  }
});

test('the limit cuts, says so, and leaves the connection usable', async () => {
  const cut = await database.query('SELECT id FROM slice ORDER BY id', 3);
  assert.deepEqual([cut.rows, cut.truncated, cut.columns[0]!.cells], [3, true, [0, 1, 2]]);
  assert.equal((await database.query('SELECT 1', 1)).truncated, false);
});

test('refusals say what the engine found, and files are out of reach', async () => {
  const refused = (sql: string, what: RegExp): Promise<void> =>
    assert.rejects(database.query(sql, 1), { code: 'STR0817', message: what });
  await refused('SELEC 1', /^STR0817 The query failed: syntax error at or near "SELEC"/);
  await refused('SELECT * FROM slize', /Table with name slize does not exist/);
  await refused("SELECT * FROM read_csv('/etc/hosts')", /disabled by configuration/);
  await refused("COPY (SELECT 1) TO '/tmp/strata-out-of-reach.csv'", /disabled by configuration/);
  await refused('SET enable_external_access = true', /configuration has been locked/);
});

test('a result prints as a table and as CSV', async () => {
  const result = await database.query(
    `SELECT 1.25 AS x, 'a,"b"' AS text, repeat('long ', 40) AS long, NULL AS none, 12345678901234567890 AS big,
      DATE '2026-01-02' AS day, [1, 2] AS list, true AS yes`,
    10,
  );
  assert.deepEqual(
    [...resultCsv(result)].map((r) => r.trimEnd()),
    [
      'x,text,long,none,big,day,list,yes',
      `1.25,"a,""b""",${'long '.repeat(40)},,12345678901234567890,2026-01-02T00:00:00.000Z,"[1,2]",true`,
    ],
  );
  const [, line] = formatResult(result).split('\n');
  assert.match(line!, /^1\.25 {2}a,"b" {2}long long .*…ong .* {2}12345678901234567890 {2}2026-01-02T/);
});
