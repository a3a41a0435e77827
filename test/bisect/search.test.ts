/** The search by itself: rows of good and bad points without a compiler. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CancelledError, cancellationOf, neverCancelled } from '../../src/base/cancellation';
import type { Search, Test, Verdict } from '../../src/bisect/search';
import { binaryBound, outlook, rangeOf, returnsToGood, runSearch, spotChecks } from '../../src/bisect/search';

const letters: Readonly<Record<string, Verdict>> = { g: 'good', b: 'bad', s: 'skip' };
/** Searches a row such as `ggsbb`; counts the tests. */
async function searchRow(
  row: string,
  options: { readonly exhaustive?: boolean; readonly spotChecks?: number } = {},
) {
  let runs = 0;
  const result = await runSearch(
    { count: row.length, tests: [] },
    (point) => {
      runs++;
      return Promise.resolve({ verdict: letters[row[point]!]! });
    },
    { cancellation: neverCancelled, ...options },
  );
  return { ...result, runs };
}

describe('search', () => {
  it('finds every place in rows of every length within the bound of a binary search', async () => {
    for (let n = 2; n <= 65; n++) {
      for (let first = 1; first < n; first++) {
        const { outlook: end, runs } = await searchRow('g'.repeat(first) + 'b'.repeat(n - first));
        assert.deepEqual(
          end,
          { kind: 'found', good: first - 1, bad: first },
          `${n} points, bad from ${first}`,
        );
        assert.ok(runs <= binaryBound(n), `${runs} runs for ${n} points, ${binaryBound(n)} are enough`);
      }
    }
  });

  it('says when there is nothing to find, or nowhere to start', async () => {
    assert.equal((await searchRow('gggg')).outlook.kind, 'nothing');
    assert.equal((await searchRow('gggg')).runs, 1 + 1);
    assert.equal((await searchRow('bbbb')).outlook.kind, 'bad-start');
    assert.deepEqual((await searchRow('gggs')).outlook, { kind: 'untestable', point: 3 });
    assert.deepEqual((await searchRow('sggb')).outlook, { kind: 'untestable', point: 0 });
  });

  it('goes around points that cannot be tested, and leaves open what they hide', async () => {
    assert.deepEqual((await searchRow('ggsssgbb')).outlook, { kind: 'found', good: 5, bad: 6 });
    assert.deepEqual((await searchRow('ggsssb')).outlook, { kind: 'found', good: 1, bad: 5 });
  });

  it('sees a row that is good again, when it is asked to look everywhere', async () => {
    const { search, outlook: end } = await searchRow('ggbbggggbbbb', { exhaustive: true });
    assert.deepEqual(end, { kind: 'found', good: 1, bad: 2 });
    assert.deepEqual(returnsToGood(search), [4, 5, 6, 7]);
    // Two defects that cancel each other leave the last point good.
    const hidden = await searchRow('ggbbgggg', { exhaustive: true });
    assert.deepEqual(hidden.outlook, { kind: 'found', good: 1, bad: 2 });
    assert.equal(returnsToGood(hidden.search).length, 4);
  });

  it('spends spot checks where most is unknown', async () => {
    const search: Search = {
      count: 17,
      tests: [0, 16, 12].map((point): Test => ({ point, verdict: 'good', by: 'measured' })),
    };
    assert.deepEqual(spotChecks(search, 2), [6, 3]);
    assert.deepEqual(spotChecks({ count: 2, tests: search.tests.slice(0, 1) }, 9), []);
    const found = await searchRow(`gg${'b'.repeat(6)}${'g'.repeat(12)}${'b'.repeat(12)}`, { spotChecks: 6 });
    assert.deepEqual(found.outlook, { kind: 'found', good: 1, bad: 2 });
  });

  it('keeps what it found out when it is cancelled, and goes on from it', async () => {
    const row = 'g'.repeat(20) + 'b'.repeat(20);
    const abort = new AbortController();
    let kept: Search = { count: row.length, tests: [] };
    let runs = 0;
    const test = (point: number) => {
      if (++runs === 4) abort.abort();
      return Promise.resolve({ verdict: letters[row[point]!]! });
    };
    const onState = (search: Search): void => {
      kept = search;
    };
    await assert.rejects(
      runSearch(kept, test, { cancellation: cancellationOf(abort.signal), onState }),
      CancelledError,
    );
    assert.equal(kept.tests.length, 4);
    const copy = JSON.parse(JSON.stringify(kept)) as Search;
    const end = await runSearch(copy, test, { cancellation: neverCancelled });
    assert.deepEqual(end.outlook, { kind: 'found', good: 19, bad: 20 });
    assert.ok(runs <= binaryBound(row.length), `${runs} runs in two parts`);
  });

  it('lets a mark by hand win over what was measured', () => {
    const tests: Test[] = [
      { point: 0, verdict: 'good', by: 'measured' },
      { point: 4, verdict: 'bad', by: 'measured' },
      { point: 2, verdict: 'bad', by: 'measured' },
    ];
    assert.deepEqual(rangeOf({ count: 5, tests }), { good: 0, bad: 2 });
    const marked = { count: 5, tests: [...tests, { point: 2, verdict: 'good', by: 'hand' } as const] };
    assert.deepEqual(outlook(marked), { kind: 'next', point: 3 });
  });
});
