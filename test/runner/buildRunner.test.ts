import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { execa } from 'execa';
import { CancelledError } from '../../src/base/cancellation';
import { buildRunner } from '../../src/runner/buildRunner';
import { smallDisk, temporaryFolder } from './sharedBuild';

/** A small project in place of the runner, so that each test can build its own. */
async function project(t: TestContext, source = 'int main() { return 42; }') {
  const resourceRoot = await temporaryFolder(t);
  mkdirSync(join(resourceRoot, 'native-runner', 'src'), { recursive: true });
  const cmake =
    'cmake_minimum_required(VERSION 3.18)\nproject(p LANGUAGES CXX)\nadd_executable(strata-runner src/main.cc)\n';
  writeFileSync(join(resourceRoot, 'native-runner', 'CMakeLists.txt'), cmake);
  const main = join(resourceRoot, 'native-runner', 'src', 'main.cc');
  writeFileSync(main, source);
  return { options: { resourceRoot, cacheFolder: join(await temporaryFolder(t), 'cache') }, main };
}

test('two builds at once give one runner; changed sources give another', async (t) => {
  const { options, main } = await project(t);
  const progress: string[] = [];
  const both = await Promise.all(
    [0, 1].map(() => buildRunner({ ...options, onProgress: (text) => progress.push(text) })),
  );
  assert.deepEqual(both.map((b) => b.built).sort(), [false, true]);
  assert.equal(both[0]!.executable, both[1]!.executable);
  assert.deepEqual(progress.sort(), [
    'Building the native runner',
    'Waiting for another build of the native runner',
  ]);
  assert.equal((await execa(both[0]!.executable, { reject: false })).exitCode, 42);
  assert.deepEqual(await buildRunner(options), { executable: both[0]!.executable, built: false });

  writeFileSync(main, 'int main() { return 43; }');
  const changed = await buildRunner(options);
  assert.equal(changed.built, true);
  assert.equal((await execa(changed.executable, { reject: false })).exitCode, 43);
  assert.equal(readdirSync(options.cacheFolder).length, 2, 'two runners and nothing else');
});

test('a build that fails says why and leaves nothing', async (t) => {
  const { options } = await project(t, 'int main() { return undeclared; }');
  await assert.rejects(buildRunner(options), {
    message: /^STR0702 .*\(ninja failed\)[^]*'?undeclared'? was not declared/,
  });
  assert.deepEqual(readdirSync(options.cacheFolder), []);
});

test('a build can be cancelled and leaves nothing', async (t) => {
  const { options } = await project(t);
  const controller = new AbortController();
  const building = buildRunner({
    ...options,
    signal: controller.signal,
    onProgress: () => setTimeout(() => controller.abort(), 150),
  });
  await assert.rejects(building, CancelledError);
  assert.deepEqual(readdirSync(options.cacheFolder), []);
});

test('what a killed build has left does not stand in the way', async (t) => {
  const { options } = await project(t);
  const { executable } = await buildRunner(options);
  const target = join(executable, '..');
  await execa('rm', ['-r', target]);
  const dead = await execa(process.execPath, ['-p', 'process.pid']);
  writeFileSync(`${target}.lock`, dead.stdout);
  mkdirSync(`${target}.${dead.stdout}-00112233.tmp`);
  assert.equal((await buildRunner(options)).built, true);
  assert.ok(statSync(executable).isFile());
  assert.equal(readdirSync(options.cacheFolder).length, 1);
});

test('missing tools and places that cannot be written are coded errors', async (t) => {
  const { options } = await project(t);
  await assert.rejects(buildRunner({ ...options, env: { PATH: '/nonexistent' } }), {
    message: /^STR0701 .*a C\+\+ compiler and CMake and Ninja, which were not found\. Run: /,
  });
  await assert.rejects(buildRunner({ ...options, cacheFolder: '/dev/null/cache' }), {
    message: /^STR0722 \/dev\/null\/cache /,
  });
  const disk = await smallDisk(t, 64);
  if (disk === undefined) return;
  await assert.rejects(buildRunner({ ...options, cacheFolder: disk }), {
    message: /^STR0722 .*no space left/i,
  });
  assert.deepEqual(readdirSync(disk), []);
});
