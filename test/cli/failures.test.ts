/** Commands when something breaks outside: compilers, runners, disks, signals, other commands. */
import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import type { TestContext } from 'node:test';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { smallDisk } from '../runner/sharedBuild';
import type { Workplace } from './strata';
import { assertRefused, workplace } from './strata';

/** Models and an artifact that the tests share. */
const shared = await workplace({ after });
before(async () => {
  for (const name of ['tiny-convnet', 'mobilenet-v2'])
    assert.equal((await shared.strata(['models', 'build', name, '-o', `${name}.onnx`])).code, 0);
  const { code, stderr } = await shared.strata(['compile', 'tiny-convnet.onnx', '-o', 'tiny.strata']);
  assert.equal(code, 0, stderr);
  // Builds the runner, so that no test waits for it.
  assert.equal((await shared.strata(['run', 'tiny.strata'])).code, 0);
});

async function emptyPlace(t: TestContext): Promise<Workplace> {
  const w = await workplace(t);
  copyFileSync(shared.at('tiny-convnet.onnx'), w.at('tiny.onnx'));
  return w;
}
function assertLeft(w: Workplace, files: readonly string[]): void {
  assert.deepEqual(w.files(), files);
  assert.deepEqual(w.temporary(), [], 'temporary files');
}

/** A program that acts as the C compiler until it is asked to compile. */
function fakeCompiler(w: Workplace, body: string): string {
  mkdirSync(w.at('tmp/fake'), { recursive: true });
  const file = w.at('tmp/fake/cc');
  writeFileSync(file, `#!/bin/sh\ncase "$1" in --version) echo "cc (Fake) 12.2.0"; exit 0;; esac\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}
const realTools = (w: Workplace, names: readonly string[]): string => {
  const folder = w.at('tmp/bin');
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const found = (process.env['PATH'] ?? '')
      .split(path.delimiter)
      .map((f) => path.join(f, name))
      .find((f) => {
        try {
          readFileSync(f, { flag: 'r' });
          return true;
        } catch {
          return false;
        }
      });
    if (found !== undefined) symlinkSync(found, path.join(folder, name));
  }
  return folder;
};

describe('without a working C compiler', () => {
  it('says what to install', async (t) => {
    const w = await emptyPlace(t);
    const refused = await w.strata(['compile', 'tiny.onnx'], { PATH: '/nonexistent', CC: '' });
    assertRefused(
      refused,
      /^STR0701 Building native code needs a C compiler, which was not found\. Run: \S+/,
    );
    assertLeft(w, ['tiny.onnx']);
  });
  it('says so before any work when the runner cannot be built', async (t) => {
    const w = await emptyPlace(t);
    const bin = realTools(w, ['cc', 'as', 'ld']);
    const refused = await w.strata(['run', shared.at('tiny.strata')], { PATH: bin, CXX: '' });
    assertRefused(refused, /^STR0701 .*a C\+\+ compiler and CMake and Ninja/);
  });
  it('still prints IR', async (t) => {
    const w = await emptyPlace(t);
    const { stdout, code } = await w.strata(['compile', 'tiny.onnx', '--emit', 'loops'], {
      PATH: '/nonexistent',
      CC: '',
    });
    assert.equal(code, 0);
    assert.match(stdout, /vector\./);
  });
  it('keeps the C that it refused, with its message', async (t) => {
    const w = await emptyPlace(t);
    const cc = fakeCompiler(w, 'echo "kernels.c:7: error: the moon is in the wrong phase" >&2; exit 1');
    const refused = await w.strata(['compile', 'tiny.onnx'], { CC: cc, STRATA_CACHE_DIR: w.at('cache') });
    assertRefused(
      refused,
      /^STR0703 The C compiler refused a generated kernel:\nkernels\.c:7: error: the moon/,
    );
    const kept = /The C source was kept in (\S+\.c);/.exec(refused.stderr)?.[1];
    assert.match(readFileSync(kept!, 'utf8'), /strata|kernel/i);
    assert.deepEqual(
      w.files().filter((f) => !f.startsWith('cache/')),
      ['tiny.onnx'],
    );
    assert.deepEqual(w.temporary(), ['fake/cc']);
  });
  it('survives a compiler that crashes', async (t) => {
    const w = await emptyPlace(t);
    const refused = await w.strata(['compile', 'tiny.onnx'], {
      CC: fakeCompiler(w, 'kill -SEGV $$'),
      STRATA_CACHE_DIR: w.at('cache'),
    });
    assertRefused(refused, /^STR0703 [^]*SIGSEGV/);
  });
});

/** The native runner that a command has started. */
async function runnerOf(pid: number): Promise<number> {
  for (let i = 0; i < 600; i++) {
    for (const each of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
      try {
        const stat = readFileSync(`/proc/${each}/stat`, 'utf8');
        const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? [];
        if (name?.startsWith('strata-runner') === true && Number(parent) === pid) return Number(each);
      } catch {
        // It has just ended.
      }
    }
    await sleep(50);
  }
  return assert.fail('no runner was started');
}

describe('when the runner dies', { skip: process.platform !== 'linux' }, () => {
  for (const [signal, message] of [
    ['SIGKILL', /^STR0718 The native runner was killed from outside \(SIGKILL\) while (doing "bench"|idle)/],
    ['SIGSEGV', /^STR0717 The native runner crashed with SIGSEGV /],
  ] as const) {
    it(`of ${signal}, the command says so`, async (t) => {
      const w = await emptyPlace(t);
      const running = w.start(['bench', shared.at('tiny.strata'), '--repeat', '1000000', '--warmup', '1000']);
      const runner = await runnerOf(running.pid!);
      await sleep(500);
      process.kill(runner, signal);
      const { stdout, stderr, exitCode } = await running;
      assertRefused({ stdout, stderr, code: exitCode }, message);
      assertLeft(w, ['tiny.onnx']);
    });
  }
});

/** Takes what room a disk has. */
function fill(file: string): void {
  for (;;) {
    try {
      appendFileSync(file, Buffer.alloc(1024));
    } catch {
      return;
    }
  }
}

describe('when the disk is full', () => {
  it('artifact, outputs, models, traces and IR are refused and nothing of them stays', async (t) => {
    const disk = await smallDisk(t, 16);
    if (disk === undefined) return;
    const w = await emptyPlace(t);
    const artifact = shared.at('tiny.strata');
    const on = (name: string): string => path.join(disk, name);
    assert.equal((await w.strata(['profile', artifact, '-o', 't.pftrace', '--repeat', '50'])).code, 0);
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['compile', 'tiny.onnx', '-o', on('a.strata')], /^STR0606 .*(ENOSPC|no space left)/],
      [
        ['compile', 'tiny.onnx', '--stop-after', 'loops', '-o', on('a.mlir')],
        /^STR0004 .*no space left on device/,
      ],
      [
        ['compile', 'tiny.onnx', '--stop-after', 'loops', '--dump-dir', on('ir')],
        /^STR0591 .*no space left on device/,
      ],
      [['models', 'build', 'mobilenet-v2', '-o', on('m.onnx')], /^STR0004 .*no space left on device/],
      [['profile', artifact, '-o', on('t.pftrace'), '--repeat', '500'], /^STR0714 .*No space left/],
      [['trace', 't.pftrace', 'export', '-o', on('t.json')], /^STR0004 .*no space left on device/],
      [['run', artifact, '--output-dir', disk], /^STR0004 .*no space left on device/],
    ];
    fill(on('filler'));
    for (const [args, message] of cases) {
      assertRefused(await w.strata(args), message);
      assert.deepEqual(readdirSync(disk), ['filler'], args.join(' '));
    }
    assertLeft(w, ['t.pftrace', 'tiny.onnx']);
  });
  it('standard output is refused too', async (t) => {
    const w = await emptyPlace(t);
    const { exitCode, stderr } = await execa(
      'sh',
      [
        '-c',
        '"$0" "$1" opt --list > /dev/full',
        process.execPath,
        path.join(process.cwd(), 'bin/strata.mjs'),
      ],
      { cwd: w.folder, reject: false },
    );
    assert.match(stderr, /^STR0004 cannot write 'standard output': no space left on device/);
    assert.equal(exitCode, 1);
  });
  it('a reader that has gone is no error', async (t) => {
    const w = await emptyPlace(t);
    const script = '"$0" "$1" compile tiny.onnx --emit loops | head -1; exit 0';
    const { stderr, stdout } = await execa(
      'sh',
      ['-c', script, process.execPath, path.join(process.cwd(), 'bin/strata.mjs')],
      { cwd: w.folder },
    );
    assert.equal(stderr, '');
    assert.equal(stdout.split('\n').length, 1);
  });
});

describe('when it is interrupted', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`by ${signal}, compile stops soon and leaves nothing behind`, async (t) => {
      const w = await workplace(t);
      let told = 0;
      const started = Date.now();
      await w.start(['--version']);
      // How long anything takes at present: the machine may be busy.
      const startMs = Date.now() - started;
      for (const delay of [1, 3, 6, 12].map((starts) => starts * startMs)) {
        const running = w.start([
          'compile',
          shared.at('mobilenet-v2.onnx'),
          '-o',
          'm.strata',
          '--dump-dir',
          'ir',
        ]);
        await sleep(delay);
        const sent = Date.now();
        running.kill(signal);
        const { exitCode, signal: died, stderr, stdout } = await running;
        assert.equal(stdout, '');
        // Before the command listens, the signal ends it as it ends any program.
        if (died === undefined) {
          assert.equal(exitCode, signal === 'SIGINT' ? 130 : 143, `${delay} ms: ${stderr}`);
          assert.equal(stderr, 'STR0009 cancelled. Nothing was left behind.');
          told++;
        } else assert.equal(died, signal);
        assert.ok(
          Date.now() - sent < Math.max(8000, 20 * startMs),
          `it took ${Date.now() - sent} ms to stop`,
        );
        assertLeft(w, []);
        assert.deepEqual(readdirSync(w.folder), ['tmp']);
      }
      assert.ok(told >= 2, `${told} of 4 were told that they were cancelled`);
    });
  }
  it('bench stops, and its runner with it', { skip: process.platform !== 'linux' }, async (t) => {
    const w = await emptyPlace(t);
    const running = w.start(['bench', 'tiny.onnx', '--repeat', '1000000', '--warmup', '1000', '--json']);
    const runner = await runnerOf(running.pid!);
    await sleep(200);
    running.kill('SIGINT');
    const { exitCode, stdout } = await running;
    assert.equal(exitCode, 130);
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'STR0009');
    assert.throws(() => process.kill(runner, 0), 'the runner is gone');
    assertLeft(w, ['tiny.onnx']);
  });
});

describe('two commands at once', () => {
  it('write the same artifact, whole', async (t) => {
    const w = await emptyPlace(t);
    const both = await Promise.all([1, 2].map(() => w.strata(['compile', 'tiny.onnx', '-o', 'a.strata'])));
    assert.deepEqual(
      both.map((b) => b.code),
      [0, 0],
    );
    assertLeft(w, ['a.strata', 'tiny.onnx']);
    const { code, stdout } = await w.strata([
      'run',
      'a.strata',
      '--model',
      'tiny.onnx',
      '--check',
      'onnxruntime',
    ]);
    assert.equal(code, 0, stdout);
  });
  it('dump beside one another', async (t) => {
    const w = await emptyPlace(t);
    const both = await Promise.all(
      ['a', 'b'].map((n) => w.strata(['compile', 'tiny.onnx', '-o', `${n}.strata`, '--dump-dir', n])),
    );
    assert.deepEqual(
      both.map((b) => b.code),
      [0, 0],
    );
    const of = (n: string): readonly string[] =>
      w
        .files()
        .filter((f) => f.startsWith(`${n}/`))
        .map((f) => f.slice(2));
    assert.deepEqual(of('a'), of('b'));
    assert.ok(readFileSync(w.at('a.strata')).equals(readFileSync(w.at('b.strata'))));
  });
});
