import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { CancelledError } from '../../src/base/cancellation';
import { RunnerProcess } from '../../src/runner/runnerProcess';
import { bytesOf, sampleInputs } from '../runner/sampleProgram';
import { sharedRunner, smallDisk, startRunner, temporaryFolder, writeSample } from '../runner/sharedBuild';

test('a crash of generated code is an error that names the signal and the dispatch', async (t) => {
  for (const threads of [1, 4]) {
    const runner = await startRunner(t);
    const { artifact } = await runner.load(await writeSample(t));
    await assert.rejects(runner.run({ artifact, entry: 'crash', threads }), {
      message:
        /^STR0717 The native runner crashed with SIGSEGV in dispatch "crash_dispatch" \(number 0 of "crash"\)\. /,
    });
    assert.equal(runner.alive, false);
    await assert.rejects(runner.ping(), { message: /^STR0717 / });
  }
});

test('a stack overflow is told like any crash, also when threads overflow together', async (t) => {
  const sample = await writeSample(t);
  for (let i = 0; i < 12; i++) {
    const runner = await startRunner(t);
    const { artifact } = await runner.load(sample);
    await assert.rejects(runner.run({ artifact, entry: 'overflow', threads: 2 }), {
      message: /^STR0717 .* SIGSEGV in dispatch "overflow_dispatch"/,
    });
  }
});

test('a runner that is killed from outside is a coded error', async (t) => {
  const runner = await startRunner(t);
  const { artifact } = await runner.load(await writeSample(t));
  const spinning = runner.run({ artifact, entry: 'spin', threads: 1 });
  setTimeout(() => process.kill(runner.pid!, 'SIGKILL'), 50);
  await assert.rejects(spinning, { message: /^STR0718 .*killed from outside \(SIGKILL\) while doing "run"/ });
});

test('cancelling and running out of time stop the process and leave nothing behind', async (t) => {
  const temporary = await temporaryFolder(t);
  const start = async () => {
    const runner = await RunnerProcess.start({
      executable: await sharedRunner(),
      temporaryFolder: temporary,
    });
    return { runner, artifact: (await runner.load(await writeSample(t))).artifact };
  };
  const cancelled = await start();
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(
    cancelled.runner.run({ artifact: cancelled.artifact, entry: 'spin' }, { signal: controller.signal }),
    CancelledError,
  );
  assert.equal(isRunning(cancelled.runner.pid!), false);

  const late = await start();
  await assert.rejects(late.runner.bench({ artifact: late.artifact, entry: 'spin' }, { timeoutMs: 100 }), {
    message: /^STR0719 .*did not answer "bench" within 0\.1 s/,
  });
  const closed = await start();
  const spinning = closed.runner.run({ artifact: closed.artifact, entry: 'spin' });
  const refused = assert.rejects(spinning, { message: /^STR0726 .*before it could answer "run"/ });
  await sleep(50);
  await closed.runner.close();
  await refused;
  assert.deepEqual(readdirSync(temporary), []);
});

/** A process that ended but was not waited for, as in containers without an init process, does not count. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc/self/stat') || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('a request that was cancelled before its turn leaves the process alone', async (t) => {
  const runner = await startRunner(t);
  await assert.rejects(runner.ping({ signal: AbortSignal.abort() }), CancelledError);
  assert.equal(runner.alive, true);
  await runner.ping();
});

test('a busy runner does not outlive its owner', { skip: process.platform !== 'linux' }, async (t) => {
  const script = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.argv[1], ['serve']);
    child.stdin.write('load path=' + encodeURIComponent(process.argv[2]) + '\\nrun artifact=1 entry=spin\\n');
    child.stdout.once('data', () => setTimeout(() => { console.log(child.pid); process.kill(process.pid, 'SIGKILL'); }, 50));`;
  const result = await execa(process.execPath, ['-e', script, await sharedRunner(), await writeSample(t)], {
    reject: false,
  });
  const pid = Number(result.stdout);
  assert.ok(pid > 0);
  for (let i = 0; i < 50 && isRunning(pid); i++) await sleep(20);
  assert.equal(isRunning(pid), false);
});

test('a program that is no runner is a coded error', async (t) => {
  await assert.rejects(RunnerProcess.start({ executable: '/nonexistent/strata-runner' }), {
    message: /^STR0721 /,
  });
  await assert.rejects(RunnerProcess.start({ executable: '/bin/false' }), {
    message: /^STR0720 .*exit code 1/,
  });
  const talker = await temporaryFolder(t);
  await assert.rejects(RunnerProcess.start({ executable: '/bin/echo', temporaryFolder: talker }), {
    message: /^STR0720 .*serve/,
  });
  assert.deepEqual(readdirSync(talker), []);
});

test('a full disk is a coded error for outputs and traces, and partial files are removed', async (t) => {
  const disk = await smallDisk(t, 16);
  if (disk === undefined) return;
  const runner = await RunnerProcess.start({ executable: await sharedRunner() });
  t.after(() => runner.close());
  const { x, y } = sampleInputs();
  const { artifact } = await runner.load(await writeSample(t));
  const inputs = { x: { bytes: bytesOf(x) }, y: { bytes: bytesOf(y) } };
  await runner.startTrace();
  await runner.run({ artifact, inputs, repeat: 100 });
  await assert.rejects(runner.writeTrace(join(disk, 't.pftrace')), { message: /^STR0714 .*No space left/ });
  assert.deepEqual(readdirSync(disk), []);

  const cramped = await RunnerProcess.start({ executable: await sharedRunner(), temporaryFolder: disk });
  t.after(() => cramped.close());
  const loaded = await cramped.load(await writeSample(t));
  await assert.rejects(cramped.run({ artifact: loaded.artifact, entry: 'probe' }), {
    message: /^STR0714 .*No space left/,
  });
  const large = { bytes: new Uint8Array(64 * 1024) };
  await assert.rejects(cramped.run({ artifact: loaded.artifact, inputs: { x: large } }), {
    message: /^STR0714 .*ENOSPC/,
  });
  await cramped.ping();
  await cramped.close();
  assert.deepEqual(readdirSync(disk), []);
});

test('closing is final and removes temporary files', async (t) => {
  const temporary = await temporaryFolder(t);
  const runner = await RunnerProcess.start({ executable: await sharedRunner(), temporaryFolder: temporary });
  assert.equal(readdirSync(temporary).length, 1);
  await Promise.all([runner.close(), runner.close()]);
  await assert.rejects(runner.ping(), { message: /^STR0726 / });
  assert.deepEqual(readdirSync(temporary), []);
  assert.equal(existsSync(await sharedRunner()), true);
});
