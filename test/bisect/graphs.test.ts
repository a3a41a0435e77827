/** Defects in random graphs are found. `npm run bench:bisect -- --graphs N` does it for more of them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, it } from 'node:test';
import { testCache } from '../runner/sharedBuild';
import { bisectGraph } from './bank/graphBank';

process.env['STRATA_CACHE_DIR'] ??= testCache;
const folder = mkdtempSync(path.join(tmpdir(), 'strata-graphs-test-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const wanted = 3;

it(`finds defects planted in ${wanted} random graphs`, async () => {
  let found = 0;
  for (let seed = 1; found < wanted; seed++) {
    assert.ok(seed < 20 * wanted, 'plants have an effect on a good part of the graphs');
    const row = await bisectGraph(seed, folder);
    if (row === undefined) continue;
    assert.ok(row.exact, `graph ${seed}: planted ${JSON.stringify(row.planted)}, found ${row.found}`);
    found++;
  }
});

// Two arguments of a kernel are swapped, so that the program takes an input less.
for (const seed of [24, 25, 35])
  it(`finds a defect that leaves an input of random graph ${seed} unread`, async () => {
    const row = await bisectGraph(seed, folder);
    assert.ok(row?.exact, row?.found);
  });
