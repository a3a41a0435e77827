/** Bisection of planted defects by the real parts. `npm run bench:bisect` runs the whole bank; this is a share of it. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { CancelledError, cancellationOf, neverCancelled } from '../../src/base/cancellation';
import type { Bisection } from '../../src/bisect/bisection';
import { markPoint, savedTests } from '../../src/bisect/bisection';
import { bisectNumerics } from '../../src/bisect/numerics';
import { bisectionMarkdown } from '../../src/bisect/reportText';
import { readBisection, writeBisection } from '../../src/bisect/savedBisection';
import { defaultPipeline } from '../../src/lowering/pipeline';
import { testCache } from '../runner/sharedBuild';
import { backendDefects } from './bank/backends';
import { defects } from './bank/defects';
import { planted } from './bank/plant';
import { bisectDefect, modelOf } from './bank/runBank';

process.env['STRATA_CACHE_DIR'] ??= testCache;
const folder = mkdtempSync(path.join(tmpdir(), 'strata-bisect-test-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const environment = { cancellation: neverCancelled, resourceRoot: process.cwd() };
const defect = (name: string) => defects.find((d) => d.name === name)!;

describe('bisection of numerics', () => {
  for (const name of ['conv-accumulates-with-subtract', 'dispatch-inputs-swapped', 'stale-buffer-reuse']) {
    it(`finds the application of the rule: ${name}`, async () => {
      const row = await bisectDefect(defect(name), folder);
      assert.ok(row.exact, `expected ${JSON.stringify(row.expected)}, found ${row.found}`);
      assert.ok(row.runs <= Math.ceil(1.2 * row.bound), `${row.runs} runs, ${row.bound} are enough`);
      const [culprit] = row.bisection.culprits;
      assert.ok((culprit?.divergence?.statistics.worst ?? 0) > 1, 'an op differs');
      assert.notEqual(culprit?.diff, '');
    });
  }

  it('cuts out a reproducer that goes wrong by itself, and tells what holding the rule back does', async () => {
    const row = await bisectDefect(defect('bn-fold-shift-negated'), folder, true);
    const [culprit] = row.bisection.culprits;
    const { reproducer, whatIf } = culprit!;
    assert.ok(reproducer !== undefined && reproducer.ops <= 8, reproducer?.ir);
    assert.deepEqual(
      whatIf.map((w) => (w.metric ?? 0) <= 1),
      [false, true],
      'the rule is wrong wherever it is applied',
    );
    const file = path.join(folder, 'reproducer.mlir');
    writeFileSync(file, reproducer.ir);
    const steps = planted(defaultPipeline(), defect('bn-fold-shift-negated'));
    const again = await bisectNumerics({ model: file, reproducer: false }, environment, { steps });
    assert.equal(again.culprits[0]?.rewrite?.rule, 'bn-into-conv');
    const report = bisectionMarkdown(row.bisection);
    for (const part of ['bn-into-conv', '```mlir', '```diff', 'what if'])
      assert.ok(report.includes(part), part);
  });

  it('finds both of two defects', async () => {
    const both = planted(
      planted(defaultPipeline(), defect('clip-bound-lost')),
      defect('tile-edge-off-by-one'),
    );
    const b = await bisectNumerics(
      { model: modelOf({ model: 'tiny' }, folder), reproducer: false },
      environment,
      { steps: both },
    );
    assert.equal(b.culprits[0]?.rewrite?.rule, 'expand-clip', b.verdict);
    assert.equal(b.culprits[1]?.rewrite?.rule, 'dispatch-to-kernel', b.verdict);
  });

  it('finds the kernel whose code is wrong, and the signal of one that crashes', async () => {
    for (const d of backendDefects.filter((x) =>
      ['c-stores-twice-the-value', 'c-crashes'].includes(x.name),
    )) {
      const b = await bisectNumerics({ model: modelOf(d, folder), threads: 2 }, environment, {
        backend: d.backend,
      });
      assert.ok(b.culprits[0]?.dispatch?.name.includes(d.dispatch!), b.verdict);
      assert.notEqual(b.culprits[0]?.dispatch?.source, '');
      if (d.name === 'c-crashes') assert.match(b.verdict, /SIGSEGV/);
    }
  });

  it('finds nothing where nothing is wrong', async () => {
    const b = await bisectNumerics({ model: modelOf({ model: 'tiny' }, folder) }, environment);
    assert.deepEqual(b.culprits, []);
    assert.match(b.verdict, /^Nothing is wrong/);
  });

  it('keeps its state when it is cancelled, goes on from it, and believes what was marked by hand', async () => {
    const d = defect('conv-accumulates-with-subtract');
    const steps = planted(defaultPipeline(), d);
    const request = { model: modelOf(d, folder), reproducer: false };
    const file = path.join(folder, 'state.json');
    const abort = new AbortController();
    await assert.rejects(
      bisectNumerics(
        request,
        {
          ...environment,
          cancellation: cancellationOf(abort.signal),
          onUpdate: (b) => {
            writeBisection(file, b);
            if (b.runs.search >= 3) abort.abort();
          },
        },
        { steps },
      ),
      CancelledError,
    );
    const kept = readBisection(file)!;
    const tested = kept.levels.flatMap((l) => l.search.tests).length;
    assert.ok(tested >= 3);
    const resumed = await bisectNumerics(request, { ...environment, saved: savedTests(kept) }, { steps });
    assert.equal(resumed.culprits[0]?.pass, 'lower-nn-to-linalg');
    assert.deepEqual(resumed.levels[0]!.search.tests.slice(0, 3), kept.levels[0]!.search.tests.slice(0, 3));
    const import0 = resumed.levels[0]!.points.findIndex((p) => p.label === 'fold-batch-norm');
    const marked: Bisection = markPoint(resumed, 'passes', import0, 'bad');
    assert.deepEqual([marked.culprits, marked.status], [[], 'paused']);
    assert.match(readFileSync(file, 'utf8'), /"version":1/);
  });
});
