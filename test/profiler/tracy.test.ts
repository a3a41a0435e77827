// What tracy-csvexport wrote of one capture of a million zones, where it is present.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readTrace } from '../../src/profiler/readTrace';
import { statisticsByName } from '../../src/profiler/statistics';
import { summarise } from '../../src/profiler/summary';
import type { Trace } from '../../src/profiler/trace';

const folder = path.resolve(process.cwd(), '../shared/data/tracy');
const skip = existsSync(folder) ? false : `no ${folder}`;
const read = (file: string): Trace => readTrace(readFileSync(path.join(folder, file)), file);

test('totals, single zones and self times of one capture agree to the nanosecond', { skip }, () => {
  const zones = read('zones-unwrapped.csv.gz');
  assert.deepEqual(zones.warnings, []);
  assert.equal(zones.zones.start.length, 981_441);
  const byName = new Map(statisticsByName(zones).map((s) => [zones.strings[s.name]!, s]));
  const totals = summarise(read('zones-aggregated.csv')).rows;
  assert.equal(totals.length, 4);
  for (const row of totals) {
    const s = byName.get(row.name)!;
    assert.deepEqual([s.calls, s.total, s.min, s.max], [row.calls, row.total, row.min, row.max], row.name);
  }
  for (const row of summarise(read('zones-aggregated-self.csv')).rows)
    assert.equal(byName.get(row.name)!.self, row.total, `self time of ${row.name}`);
});

test('messages and plots of the capture', { skip }, () => {
  const messages = read('messages.csv');
  assert.equal(messages.zones.start.length, 21);
  assert.equal(
    messages.strings[messages.zones.name[0]!],
    'Loaded 122153 kernel symbols (121775 code sections)',
  );
  const plots = read('plots.csv');
  assert.deepEqual(
    plots.tracks.map((t) => [t.kind, t.name, t.count]),
    [
      ['counter', 'Frame', 8],
      ['counter', 'progress', 1000],
    ],
  );
});
