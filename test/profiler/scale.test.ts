/**
 * The benchmark of `npm run bench:trace` at reduced size: reading is held against `JSON.parse` of the same trace on the same
 * machine, so that neither its speed nor its load decides.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromeJson } from '../../src/profiler/export/chromeJson';
import { perfettoProtobuf } from '../../src/profiler/export/perfettoProtobuf';
import { readTrace } from '../../src/profiler/readTrace';
import { statisticsByName } from '../../src/profiler/statistics';
import { generatedTrace } from './generatedTrace';

const ZONES = 150_000;
const ROUNDS = 5;

/** Least processor time of each in nanoseconds, taken in turn: what else the machine does is added to neither. */
function leastTimes<K extends string>(work: Readonly<Record<K, () => unknown>>): Record<K, number> {
  const names = Object.keys(work) as K[];
  const least = Object.fromEntries(names.map((n) => [n, Infinity])) as Record<K, number>;
  for (let round = 0; round < ROUNDS; round++)
    for (const name of names) {
      const before = process.cpuUsage();
      work[name]();
      const { user, system } = process.cpuUsage(before);
      least[name] = Math.min(least[name], user + system);
    }
  return least;
}

test('reading keeps pace with JSON.parse, in few bytes per zone', (t) => {
  const trace = generatedTrace(ZONES);
  const zones = trace.zones.start.length;
  const json = Buffer.from([...chromeJson(trace)].join(''));
  const protobuf = Buffer.concat([...perfettoProtobuf(trace)]);
  const read = readTrace(protobuf, 'a.pftrace');
  assert.equal(read.zones.start.length, zones);
  assert.equal(readTrace(json, 'a.json').zones.start.length, zones);
  const columns = [read.zones, read.args, read.counters, read.flows].flatMap(
    (c) => Object.values(c) as readonly ArrayBufferView[],
  );
  const bytes = columns.reduce((sum, c) => sum + c.byteLength, 0) / zones;
  assert.ok(bytes <= 40, `${bytes.toFixed(1)} bytes per zone`);

  const range = { from: 0, to: read.span };
  const took = leastTimes({
    parse: () => JSON.parse(json.toString('utf8')) as unknown,
    chrome: () => readTrace(json, 'a.json'),
    perfetto: () => readTrace(protobuf, 'a.pftrace'),
    statistics: () => statisticsByName(read, range),
  });
  const ratio = (name: 'chrome' | 'perfetto' | 'statistics'): number => took[name] / took.parse;
  t.diagnostic(
    `of JSON.parse: Chrome JSON ${ratio('chrome').toFixed(2)}, Perfetto ${ratio('perfetto').toFixed(2)}, statistics ${ratio('statistics').toFixed(3)}`,
  );
  assert.ok(ratio('chrome') < 1.5, `Chrome JSON takes ${ratio('chrome').toFixed(2)} × JSON.parse`);
  assert.ok(ratio('perfetto') < 1.2, `Perfetto takes ${ratio('perfetto').toFixed(2)} × JSON.parse`);
  assert.ok(ratio('statistics') < 0.1, `statistics take ${ratio('statistics').toFixed(3)} × JSON.parse`);
});
