/** The test of times on simulated machines, and the alignment of pipelines. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareTimes, decide, sequentialDefaults } from '../../src/bisect/perf/sequentialTest';
import { segmentsOf } from '../../src/bisect/perf/perf';
import { defaultPipeline } from '../../src/lowering/pipeline';
import { numbers } from '../lowering/lowered';

/** Times around `base` with a tail of interruptions, as a shared machine gives them. */
function machine(base: number, noise: number, seed: number): (runs: number) => Promise<readonly number[]> {
  const next = numbers(seed);
  return (runs) =>
    Promise.resolve(
      Array.from({ length: runs }, () => {
        const interrupted = next() > 0.9 ? 1 + Math.abs(next()) : 1;
        return base * (1 + noise * next()) * interrupted;
      }),
    );
}

describe('sequential comparison of times', () => {
  it('accuses nobody in 200 comparisons of equal programs', async () => {
    const said: string[] = [];
    for (let seed = 1; seed <= 200; seed++) {
      const { decision } = await compareTimes([machine(1e6, 0.03, seed), machine(1e6, 0.03, seed + 1000)]);
      said.push(decision.kind);
    }
    assert.deepEqual(
      said.filter((k) => k === 'slower' || k === 'faster'),
      [],
    );
  });

  it('finds five per cent, and stops as soon as it is clear', async () => {
    let runs = 0;
    for (let seed = 1; seed <= 50; seed++) {
      const { decision, repeats } = await compareTimes([
        machine(1e6, 0.03, seed),
        machine(1.05e6, 0.03, seed + 1000),
      ]);
      assert.equal(decision.kind, 'slower', `seed ${seed}`);
      runs += repeats;
    }
    assert.ok(runs / 50 < 60, `${runs / 50} runs of each side on average`);
    const { decision, repeats } = await compareTimes([machine(1e6, 0.03, 7), machine(2e6, 0.03, 8)]);
    assert.deepEqual([decision.kind, repeats], ['slower', sequentialDefaults.round]);
  });

  it('gives no answer where the noise is larger than the effect, and says how many runs would', async () => {
    const { decision } = await compareTimes([machine(1e6, 0.6, 3), machine(1.02e6, 0.6, 4)], {
      ...sequentialDefaults,
      mostRounds: 3,
    });
    assert.equal(decision.kind, 'unclear');
    assert.ok(decision.kind === 'unclear' && decision.repeats > 100, JSON.stringify(decision));
  });

  it('tells faster from slower', () => {
    const a = Array.from({ length: 40 }, (_, i) => 100 + (i % 5));
    const b = a.map((x) => x * 0.8);
    assert.equal(decide(a, b, 1, sequentialDefaults).decision.kind, 'faster');
    assert.equal(decide(b, a, 1, sequentialDefaults).decision.kind, 'slower');
    assert.equal(decide(a, a.slice(), 1, sequentialDefaults).decision.kind, 'same');
  });
});

describe('alignment of pipelines', () => {
  const labels = (good: 0 | 1 | 2 | 3, bad: 0 | 1 | 2 | 3): readonly string[] =>
    segmentsOf(defaultPipeline({ optLevel: good }), defaultPipeline({ optLevel: bad })).flatMap((s) =>
      'label' in s ? [s.label] : [],
    );

  it('sees no difference between equal ones, and each pass that is left out', () => {
    assert.deepEqual(labels(3, 3), []);
    const between = labels(3, 2);
    assert.ok(between.includes('without channels-last'), between.join());
    assert.ok(between.includes('without pack-weights'), between.join());
  });
});
