/** The test of times on simulated machines, the row of recipes between two sides, and the alignment of dispatches. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { neverCancelled } from '../../src/base/cancellation';
import { pairedRows } from '../../src/base/pairedRows';
import type { StrataError } from '../../src/base/diagnostics';
import { alignDispatches } from '../../src/bisect/perf/alignDispatches';
import { instructionMix } from '../../src/bisect/perf/kernelCode';
import { pairTimes } from '../../src/bisect/perf/pairTimer';
import type { PairedOptions } from '../../src/bisect/perf/pairedTest';
import {
  decide,
  estimateOf,
  lighter,
  looksOf,
  measureUntil,
  pairedDefaults,
  place,
  signedRank,
} from '../../src/bisect/perf/pairedTest';
import { sideBySide } from '../../src/bisect/perf/perfReport';
import type { Recipe } from '../../src/bisect/perf/recipe';
import { RecipeRow, segmentsOf } from '../../src/bisect/perf/recipe';
import { Revisions } from '../../src/bisect/perf/revision';
import { parseSide } from '../../src/bisect/perf/side';
import { shippedBackend } from '../../src/bisect/programRun';
import { singlePasses } from '../../src/bisect/replay';
import { defaultPipeline } from '../../src/lowering/pipeline';
import { numbers } from '../lowering/lowered';

/** Logarithms of ratios around `ratio`; one pair in ten is hit by something on either side, as on a shared machine. */
function machine(ratio: number, noise: number, seed: number): () => Promise<number> {
  const next = numbers(seed);
  return () => {
    const hit = next() > 0.8 ? next() / 3 : 0;
    return Promise.resolve(Math.log(ratio) + noise * next() + hit);
  };
}
const compare = (pair: () => Promise<number>, options: PairedOptions = pairedDefaults) =>
  measureUntil(pair, (logs) => decide(logs, options), options);

describe('paired comparison of times', () => {
  it('accuses nobody in 300 comparisons of equal programs', async () => {
    const said: string[] = [];
    for (let seed = 1; seed <= 300; seed++) said.push((await compare(machine(1, 0.03, seed))).decision.kind);
    assert.deepEqual(
      said.filter((k) => k === 'slower' || k === 'faster'),
      [],
    );
  });

  it('finds five per cent, and stops as soon as it is clear', async () => {
    let pairs = 0;
    for (let seed = 1; seed <= 50; seed++) {
      const { decision, estimate } = await compare(machine(1.05, 0.03, seed));
      assert.equal(decision.kind, 'slower', `seed ${seed}`);
      assert.ok(estimate.low <= 1.05 && 1.05 <= estimate.high, JSON.stringify(estimate));
      pairs += estimate.pairs;
    }
    assert.ok(pairs / 50 < 40, `${pairs / 50} pairs on average`);
    const { decision, estimate } = await compare(machine(2, 0.03, 7));
    assert.deepEqual([decision.kind, estimate.pairs], ['slower', pairedDefaults.firstPairs]);
  });

  it('gives no answer where the noise is larger than the effect, and says how many pairs would', async () => {
    const { decision } = await compare(machine(1.02, 0.6, 3), { ...pairedDefaults, mostPairs: 30 });
    assert.equal(decision.kind, 'unclear');
    assert.ok(decision.kind === 'unclear' && decision.pairs > 100, JSON.stringify(decision));
  });

  it('tells faster from slower, and says when any difference is too small to matter', () => {
    const logs = (ratio: number): readonly number[] =>
      Array.from({ length: 20 }, (_, i) => Math.log(ratio) + (i % 5) / 1000);
    assert.equal(decide(logs(0.8), pairedDefaults).decision.kind, 'faster');
    assert.equal(decide(logs(1.2), pairedDefaults).decision.kind, 'slower');
    assert.equal(decide(logs(1), pairedDefaults).decision.kind, 'same');
  });

  it('puts a point below or above a limit, and waits while noise hides it', async () => {
    const options = lighter(pairedDefaults);
    const placed = async (ratio: number, noise: number, seed: number, most = 100) =>
      (
        await measureUntil(
          machine(ratio, noise, seed),
          (logs) => place(logs, 1.05, { ...options, mostPairs: most }),
          {
            ...options,
            mostPairs: most,
          },
        )
      ).decision.kind;
    assert.equal(await placed(1, 0.02, 1), 'below');
    assert.equal(await placed(1.1, 0.02, 2), 'above');
    assert.equal(await placed(1.05, 0.5, 5, 20), 'unclear');
    assert.ok(['below', 'above'].includes(await placed(1.05, 0.004, 4)));
  });

  it('has the exact distribution of the signed-rank test', () => {
    // Of 2^5 signs two are as extreme as all alike; ranks 1 and 2 against the rest: sums up to 3 in 5 of 32 ways.
    assert.equal(signedRank([1, 2, 3, 4, 5]), 2 / 32);
    assert.equal(signedRank([-1, -2, 3, 4, 5]), 10 / 32);
    assert.equal(signedRank([0, 0, 0]), 1);
    assert.equal(looksOf(pairedDefaults).at(-1), pairedDefaults.mostPairs);
    const { low, high } = estimateOf([0.1, 0.2, 0.3], 0.01);
    assert.deepEqual([low, high], [0, Infinity]);
  });
});

describe('a pair', () => {
  const step = (name: string, ...origins: string[]) => ({ name, origins });

  it('is aligned by provenance: equal nodes, then groups that overlap, then names', () => {
    const good = [
      step('main_dispatch_0_conv', 'a', 'b'),
      step('main_dispatch_1_conv', 'c', 'd'),
      step('copy'),
    ];
    const bad = [
      step('main_dispatch_0_conv', 'a'),
      step('main_dispatch_1_add', 'b'),
      step('main_dispatch_2_conv', 'c', 'd'),
      step('copy'),
      step('main_dispatch_3_pad', 'e'),
    ];
    assert.deepEqual(alignDispatches(good, bad), [
      { good: [1], bad: [2] },
      { good: [0], bad: [0, 1] },
      { good: [2], bad: [3] },
      { good: [], bad: [4] },
    ]);
  });

  it('has one group for what one side computes in more launches', () => {
    const good = [step('input', 'a'), step('products', 'a'), step('output', 'a'), step('next', 'b')];
    const bad = [step('conv', 'a'), step('next', 'b')];
    assert.deepEqual(alignDispatches(good, bad), [
      { good: [0, 1, 2], bad: [0] },
      { good: [3], bad: [1] },
    ]);
    // The last launch has what follows fused into it, and so has the other side's only one.
    assert.deepEqual(
      alignDispatches(
        [step('input', 'a'), step('products', 'a'), step('output', 'a', 'relu')],
        [step('conv', 'a', 'relu')],
      ),
      [{ good: [0, 1, 2], bad: [0] }],
    );
  });

  it('takes the median of neighbouring turns for each dispatch, so that a busy moment counts for nothing', () => {
    const aligned = [
      { good: [0], bad: [0] },
      { good: [1], bad: [1] },
    ];
    const first = [
      [100, 1000, 0],
      [300, 3000, 0],
      [100, 1000, 0],
    ];
    const second = [
      [100, 1500, 0],
      [300, 4500, 0],
      [900, 1500, 0],
    ];
    const { log, groups } = pairTimes(aligned, first, second);
    assert.equal(groups[0]!.log, 0);
    assert.ok(Math.abs(Math.exp(groups[1]!.log!) - 1.5) < 1e-9);
    assert.ok(Math.abs(Math.exp(log) - 1600 / 1100) < 1e-9);
  });
});

describe('what lies between two sides', () => {
  const steps = (level: 0 | 1 | 2 | 3) => singlePasses(defaultPipeline({ optLevel: level }));
  const labels = (good: 0 | 1 | 2 | 3, bad: 0 | 1 | 2 | 3): readonly string[] =>
    segmentsOf(steps(good), steps(bad)).flatMap((s) => ('label' in s ? [s.label] : []));
  const recipe = (change: Partial<Recipe> = {}): Recipe => ({
    steps: steps(3),
    cpuLevel: 'avx2',
    threads: 1,
    heldRules: new Set(),
    backend: shippedBackend,
    ...change,
  });

  it('sees no difference between equal pipelines, and each pass that is left out', () => {
    assert.deepEqual(labels(3, 3), []);
    const between = labels(3, 2);
    assert.ok(between.includes('without channels-last'), between.join());
    assert.ok(between.includes('without pack-weights'), between.join());
  });

  it('is settings first, then passes; the last recipe is the bad one', () => {
    const bad = recipe({
      cpuLevel: 'baseline',
      threads: 2,
      heldRules: new Set(['pack-operand']),
      steps: steps(2),
    });
    const row = new RecipeRow(recipe(), bad);
    assert.deepEqual(
      row.points.slice(1, 4).map((p) => p.label),
      ['--cpu avx2 → baseline', '--threads 1 → 2', 'without rule pack-operand'],
    );
    const { heldRules, ...last } = row.at(row.differences.length);
    assert.deepEqual([last.cpuLevel, last.threads, [...heldRules]], ['baseline', 2, ['pack-operand']]);
    assert.equal(last.steps.length, bad.steps.length);
    assert.equal(row.at(0).steps.length, steps(3).length);
  });

  it('goes into a pass that the bad side leaves out from its last rewrite on', () => {
    const row = new RecipeRow(
      recipe(),
      recipe({
        steps: steps(3).filter((s) => s.node.kind !== 'pass' || s.node.pass.pass.name !== 'channels-last'),
      }),
    );
    assert.equal(row.inside(0, 'taken'), undefined);
    const inside = row.inside(0, 'lost');
    assert.ok(inside !== undefined && !inside.follows);
    const node = inside.recipe.steps[inside.step]!.node;
    assert.equal(node.kind === 'pass' && node.pass.pass.name, 'channels-last');
  });
});

describe('sides as people write them', () => {
  it('are levels, options, pipelines, artifacts and revisions', () => {
    const kinds = (text: string) => {
      const { text: _, ...side } = parseSide(text);
      return side;
    };
    assert.deepEqual(kinds('O2'), { kind: 'compile', optLevel: 2, withoutRules: [], withoutPasses: [] });
    assert.deepEqual(kinds('-O1 --cpu avx2 --threads 2 --schedule "my tiles.txt" --without pack-operand'), {
      kind: 'compile',
      optLevel: 1,
      cpuLevel: 'avx2',
      threads: 2,
      schedule: 'my tiles.txt',
      withoutRules: ['pack-operand'],
      withoutPasses: [],
    });
    assert.equal(parseSide('builtin.module(canonicalize,cse)').kind, 'compile');
    assert.deepEqual(kinds('out/a.strata --threads 4'), {
      kind: 'artifact',
      file: 'out/a.strata',
      threads: 4,
    });
    assert.deepEqual(kinds('revision:HEAD~3 -O2'), { kind: 'revision', revision: 'HEAD~3', optLevel: 2 });
  });

  it('are refused with what is wrong about them', () => {
    const refused: readonly (readonly [string, RegExp])[] = [
      ['O7', /'O7' is neither/],
      ['--cpu pentium', /no CPU level 'pentium'/],
      ['--threads 0', /'0' is no number of threads/],
      ['--fast', /--fast/],
      ['--without-pass nope', /no pass 'nope'/],
      ['a.strata --cpu avx2', /compiled already/],
      ['revision:HEAD --without x', /cannot be held back/],
      ['O2 builtin.module(cse)', /a level and a pipeline/],
    ];
    for (const [text, problem] of refused)
      assert.throws(
        () => parseSide(text),
        (e: StrataError) => e.code === 'STR1110' && problem.test(e.message),
        text,
      );
  });
});

describe('code side by side', () => {
  it('has equal lines beside one another and says where they differ', () => {
    const equal = [
      [0, 0],
      [2, 1],
    ] as const;
    assert.deepEqual(pairedRows(['a', 'b', 'c'], ['a', 'c', 'd'], equal), [
      ['a', 'a', true],
      ['b', undefined, false],
      ['c', 'c', true],
      [undefined, 'd', false],
    ]);
    assert.match(sideBySide('a\nb\nc', 'a\nc\nd', equal), /^a +a\nb +\|\nc +c\n +\| d$/);
  });

  it('counts instructions by the vectors that they work on', () => {
    const text = ['    0  vaddps %zmm0,%zmm1,%zmm2', '    6  vmulss %xmm0,%xmm1,%xmm2', '    a  ret'].join(
      '\n',
    );
    assert.equal(instructionMix(text), '3 instructions, 1 with 512-bit vectors, 1 on single floats');
  });
});

describe('revisions', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-revisions-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const resolve = (repository: string, name: string) =>
    new Revisions({ repository, cancellation: neverCancelled, onProgress: () => {} }).resolve(name);
  const refused = (problem: RegExp) => (e: StrataError) => e.code === 'STR1111' && problem.test(e.message);

  it('are refused outside a clone of the repository, with what to do instead', async () => {
    await assert.rejects(resolve(folder, 'HEAD'), refused(/is not a clone.*--repository/s));
    const git = (...words: readonly string[]): void => {
      assert.equal(
        spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...words], { cwd: folder }).status,
        0,
      );
    };
    git('init', '-q');
    writeFileSync(path.join(folder, 'package.json'), '{"name": "other"}');
    git('add', '.');
    git('commit', '-q', '-m', 'first');
    await assert.rejects(resolve(folder, 'HEAD'), refused(/clone of another project/));
    await assert.rejects(resolve(folder, 'nothing'), refused(/no such commit/));
    writeFileSync(path.join(folder, 'package.json'), '{"name": "strata"}');
    git('commit', '-q', '-a', '-m', 'second');
    assert.equal((await resolve(folder, 'HEAD')).subject, 'second');
  });
});
