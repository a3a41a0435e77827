/** `strata bisect` as people use it: interrupted and gone on with, on a full disk, and the command of a reproducer. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bisection } from '../../src/bisect/bisection';
import { readBisection } from '../../src/bisect/savedBisection';
import { smallDisk, testCache } from '../runner/sharedBuild';
import { assertRefused, workplace } from './strata';

const w = await workplace({ after });
before(async () => {
  assert.equal((await w.strata(['models', 'build', 'tiny-convnet', '-o', 'tiny.onnx'])).code, 0);
});

describe('bisect numerics', () => {
  it('prints a command for its reproducer that finds the same rule again', async () => {
    const { stdout, code } = await w.strata([
      ...['bisect', 'numerics', 'tiny.onnx', '--ulp', '4', '--reproducer', 'out', '--json'],
    ]);
    assert.equal(code, 1, 'something was found');
    const [culprit] = (JSON.parse(stdout) as Bisection).culprits;
    const { command, files, ir } = culprit!.reproducer!;
    assert.ok(readFileSync(w.at(files[0]!), 'utf8').endsWith(ir));
    // As a person would paste it, with `strata` on the path.
    const bin = path.join(process.cwd(), 'bin/strata.mjs');
    let report = '';
    try {
      execFileSync('sh', ['-c', `strata() { "${process.execPath}" "${bin}" "$@"; }\n${command} --json`], {
        cwd: w.folder,
        env: { ...process.env, STRATA_CACHE_DIR: testCache },
        encoding: 'utf8',
      });
    } catch (error) {
      report = (error as { stdout: string }).stdout;
    }
    const again = (JSON.parse(report) as Bisection).culprits[0]!;
    assert.deepEqual(
      [again.pass, again.rewrite?.rule],
      [culprit!.pass, culprit!.rewrite!.rule],
      `${command} finds ${report}`,
    );
  });

  it('keeps its state when it is interrupted, and goes on from it', async () => {
    const args = ['bisect', 'numerics', 'tiny.onnx', '--ulp', '4', '--all', '--no-reproducer', '--state'];
    const running = w.start([...args, 'state.json']);
    for (let i = 0; i < 600 && (!existsSync(w.at('state.json')) || testsIn(w.at('state.json')) < 2); i++)
      await sleep(50);
    running.kill('SIGINT');
    const { exitCode, stderr } = await running;
    assert.equal(exitCode, 130, stderr);
    const kept = testsIn(w.at('state.json'));
    assert.ok(kept >= 2);
    const { stdout, code } = await w.strata([...args, 'state.json', '--json']);
    assert.equal(code, 1);
    const done = JSON.parse(stdout) as Bisection;
    assert.equal(done.status, 'done');
    assert.ok(testsOf(done) > kept);
    assert.deepEqual(w.temporary(), []);
  });

  it('says that the disk is full, and keeps what was there', async (t) => {
    const disk = await smallDisk(t, 4);
    if (disk === undefined) return;
    const state = path.join(disk, 'state.json');
    const { code, stderr } = await w.strata(['bisect', 'numerics', 'tiny.onnx', '--all', '--state', state]);
    assert.equal(code, 1);
    assert.match(stderr, /STR1105 cannot write to .*state\.json.*no space left on device/);
    assert.ok(readBisection(state) !== undefined, 'the last state that fitted is whole');
  });

  it('says that there is no room for the program', async (t) => {
    const disk = await smallDisk(t, 8);
    if (disk === undefined) return;
    const { code, stderr } = await w.strata(['bisect', 'numerics', 'tiny.onnx'], { TMPDIR: disk });
    assert.equal(code, 1);
    assert.match(stderr, /STR\d{4} .*(ENOSPC|No space left)/);
  });

  it('measures without a rule, without a search', async () => {
    const { stdout, code } = await w.strata([
      ...['bisect', 'numerics', 'tiny.onnx', '--without', 'bn-into-conv', '--what-if'],
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^without rule bn-into-conv: good, \S+ × the allowed error/);
    const unknown = ['bisect', 'numerics', 'tiny.onnx', '--without', '99999', '--what-if'];
    assertRefused(await w.strata(unknown), /STR1112/);
  });
});

it('bisect tensors prints nodes in graph order, and exits with 1 where one differs', async () => {
  const same = await w.strata(['bisect', 'tensors', 'tiny.onnx', '--good', 'O0', '--bad', 'O3']);
  assert.equal(same.code, 0, same.stderr);
  assert.match(same.stdout, /\/stem\/stem\.2\/Clip[^]*\/classifier\/Gemm[^]*All are within tolerance/);
  const strict = await w.strata(['bisect', 'tensors', 'tiny.onnx', '--ulp', '0']);
  assert.equal(strict.code, 1);
  assert.match(strict.stdout, /The first that differs is node 3, \/stem\/stem\.2\/Clip/);
});

const testsOf = (b: Bisection): number => b.levels.reduce((n, l) => n + l.search.tests.length, 0);
function testsIn(file: string): number {
  const b = readBisection(file);
  return b === undefined ? 0 : testsOf(b);
}
