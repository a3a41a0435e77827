/** The search over another compiler's steps, with small programs in its place. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { CancelledError, cancellationOf, neverCancelled } from '../../src/base/cancellation';
import type { StrataError } from '../../src/base/diagnostics';
import type { Bisection } from '../../src/bisect/bisection';
import { savedTests } from '../../src/bisect/bisection';
import type { Judge } from '../../src/bisect/command/commandBisect';
import { bisectCommand } from '../../src/bisect/command/commandBisect';
import { pipelineLeaves, pipelinePrefix, stepKindOf } from '../../src/bisect/command/pointsOf';

const folder = mkdtempSync(path.join(tmpdir(), 'strata-command-test-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const script = (name: string, source: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, source);
  return file;
};
/** Writes the number of steps; does not compile with 4 to 6 of them. */
const compiler = script(
  'compiler.cjs',
  `const [n, out] = process.argv.slice(2);
if (n >= 4 && n <= 6) process.exit(1);
require('node:fs').writeFileSync(out, n);`,
);
const judge = (source: string): Judge => ({
  kind: 'command',
  command: `${process.execPath} ${script('judge.cjs', source)}`,
});
const run = (judged: Judge, count = 12) =>
  bisectCommand(
    { words: [process.execPath, compiler, '{n}', '{out}'], steps: 'template', count, judge: judged },
    { cancellation: neverCancelled },
  );
const badFrom = (n: number): string =>
  `const n = Number(require('node:fs').readFileSync(process.argv[2], 'utf8'));
if (process.env.STRATA_STEP !== String(n)) process.exit(125);
process.exit(n < ${n} ? 0 : 1);`;

describe('bisection of commands', () => {
  it('finds the first bad step by a judge', async () => {
    const b = await run(judge(badFrom(9)));
    assert.match(b.verdict, /^Step 9, step 9, is the first bad one/);
  });

  it('leaves open which of the steps it is that do not compile', async () => {
    const b = await run(judge(badFrom(5)));
    assert.match(b.verdict, /^Step 7, .*or 4 step 4, 5 step 5, 6 step 6, which could not be judged/);
    assert.ok(
      b.levels[0]!.search.tests.some((t) => t.verdict === 'skip' && /did not compile/.test(t.note ?? '')),
    );
  });

  it('takes a judge that dies of a signal for a bad result, and names the signal', async () => {
    const b = await run(judge(`if (process.env.STRATA_STEP >= 8) process.kill(process.pid, 'SIGSEGV');`), 9);
    assert.match(b.culprits[0]?.crash ?? '', /SIGSEGV/);
  });

  it('says which program cannot be started', async () => {
    await assert.rejects(
      run({ kind: 'command', command: 'no-such-program-anywhere' }),
      (e: StrataError) => e.code === 'STR1104' && e.message.includes('no-such-program-anywhere'),
    );
  });

  it('takes prefixes of pipelines as MLIR writes them', () => {
    const leaves = pipelineLeaves('builtin.module(a{x=1,2},func.func(b,linalg.x(c)),d)');
    assert.equal(pipelinePrefix(leaves, 3), 'builtin.module(a{x=1,2},func.func(b),func.func(linalg.x(c)))');
    assert.equal(pipelinePrefix(leaves, 0), 'builtin.module()');
    assert.equal(stepKindOf(['/usr/bin/mlir-opt-22', 'x']), 'counter');
    assert.equal(stepKindOf(['tool', '--limit={n}']), 'template');
  });

  it('says which compiler cannot be started', async () => {
    await assert.rejects(
      bisectCommand(
        { words: ['no-such-compiler', 'in.mlir'], steps: 'counter', judge: { kind: 'exit' } },
        { cancellation: neverCancelled },
      ),
      (e: StrataError) => e.code === 'STR1104' && e.message.includes("no program 'no-such-compiler'"),
    );
  });

  it('keeps what was found out when it is cancelled, and goes on from it', async () => {
    const abort = new AbortController();
    const tool = judge(badFrom(9));
    const request = {
      words: [process.execPath, compiler, '{n}', '{out}'],
      steps: 'template',
      count: 12,
      judge: tool,
    } as const;
    let kept: Bisection | undefined;
    await assert.rejects(
      bisectCommand(request, {
        cancellation: cancellationOf(abort.signal),
        onUpdate: (b) => {
          kept = b;
          if (b.runs.search === 3) abort.abort();
        },
      }),
      CancelledError,
    );
    const tests = kept!.levels[0]!.search.tests;
    assert.equal(tests.length, 3);
    const whole = await bisectCommand(request, { cancellation: neverCancelled });
    const resumed = await bisectCommand(request, { cancellation: neverCancelled, saved: savedTests(kept!) });
    assert.equal(resumed.verdict, whole.verdict);
    assert.deepEqual(resumed.levels[0]!.search.tests.slice(0, 3), tests);
    assert.equal(resumed.runs.search, whole.runs.search);
  });

  it('takes a full disk for no verdict: what was found out stays, and the search can be gone on with', async () => {
    const full = script(
      'full.cjs',
      `const [n, out] = process.argv.slice(2);
if (n === '6') { console.error('error: No space left on device'); process.exit(1); }
require('node:fs').writeFileSync(out, n);`,
    );
    let kept: Bisection | undefined;
    await assert.rejects(
      bisectCommand(
        {
          words: [process.execPath, full, '{n}', '{out}'],
          steps: 'template',
          count: 12,
          judge: judge(badFrom(5)),
        },
        {
          cancellation: neverCancelled,
          onUpdate: (b) => {
            kept = b;
          },
        },
      ),
      (e: StrataError) => e.code === 'STR1105' && e.message.includes('Make room'),
    );
    assert.deepEqual(
      kept!.levels[0]!.search.tests.map((t) => [t.point, t.verdict]),
      [
        [12, 'bad'],
        [0, 'good'],
      ],
    );
  });

  it('finds the step that makes what is built slow, by times in turns', async () => {
    // It sleeps, so that a busy machine does not hide it.
    const program = script(
      'program.cjs',
      `const n = Number(require('node:fs').readFileSync(process.argv[2], 'utf8'));
if (n > 1) setTimeout(() => {}, 400);`,
    );
    const b = await run({ kind: 'time', command: `${process.execPath} ${program}`, mostPairs: 60 }, 3);
    assert.match(b.verdict, /^Step 2, step 2, is the first bad one/);
    const [slow] = b.levels[0]!.search.tests.filter((t) => t.point === 3);
    assert.ok(slow!.range![0] > 1, JSON.stringify(slow));
  });
});
