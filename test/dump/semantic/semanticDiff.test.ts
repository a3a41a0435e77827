import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opGraph } from '../../../src/dump/semantic/opGraph';
import { diffGraphs } from '../../../src/dump/semantic/semanticDiff';
import { semanticRows } from '../../../src/dump/semantic/semanticText';
import { cases } from './cases';
import type { EditedPair, Locations } from './randomEdits';
import { editedPair } from './randomEdits';
import type { Score } from './score';
import { scoreOf } from './score';

const seed = Number(process.env['STRATA_SEED'] ?? 1);

const score = (pair: EditedPair): Score =>
  scoreOf(pair, diffGraphs(opGraph(pair.before), opGraph(pair.after)));

for (const locations of ['none', 'own', 'lines'] as Locations[]) {
  test(`recovers random edits apart from each other, locations: ${locations}`, () => {
    let edits = 0;
    for (let i = 0; i < 40; i++) {
      const pair = editedPair(1000 * seed + i, { ops: 400, edits: 14, locations, spaced: true });
      const { right, missed, wrong } = score(pair);
      edits += right;
      assert.deepEqual({ missed, wrong }, { missed: [], wrong: [] }, `seed ${1000 * seed + i}`);
    }
    assert.ok(edits > 400, `only ${edits} links`);
  });
}

test('finds most of edits that touch each other', () => {
  for (const locations of ['none', 'own', 'lines'] as Locations[]) {
    let [right, all, wrong] = [0, 0, 0];
    for (let i = 0; i < 10; i++) {
      const pair = editedPair(1000 * seed + i, {
        ops: 400,
        edits: 80,
        locations,
        spaced: false,
        variety: 0.3,
      });
      const result = score(pair);
      right += result.right;
      all += result.right + result.missed.length;
      wrong += result.wrong.length;
    }
    const found = `locations ${locations}: ${right} of ${all} found, ${wrong} others`;
    assert.ok(right / all > 0.97 && wrong / all < 0.03, found);
  }
});

for (const { name, before, after, links } of cases) {
  test(`case: ${name}`, () => {
    const rows = semanticRows(diffGraphs(opGraph(before), opGraph(after)));
    const ops = (side: readonly { label: string }[]): string => side.map((o) => o.label).join(' + ');
    const found = rows.map(
      (r) =>
        `${r.kind} ${ops(r.before)} → ${ops(r.after)} (${r.parts.join(', ')}) [${r.evidence.join(', ')}]`,
    );
    assert.deepEqual(found, links);
  });
}
