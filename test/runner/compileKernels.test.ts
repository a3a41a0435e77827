import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cpuFeatures } from '../../src/artifact/cpuFeatures';
import { CancelledError } from '../../src/base/cancellation';
import { StrataError } from '../../src/base/diagnostics';
import { compileKernels } from '../../src/runner/compileKernels';
import { hostArchitecture } from '../../src/runner/hostCpu';
import { findToolchain } from '../../src/runner/toolchain';
import { sampleSource } from './sampleProgram';
import { smallDisk, temporaryFolder } from './sharedBuild';

test('equal source gives an equal shared library, and nothing stays behind', async (t) => {
  const temporary = await temporaryFolder(t);
  const options = {
    source: sampleSource,
    cpuFeatures: [],
    flags: ['-Wall', '-Wextra', '-Werror', '-Wno-infinite-recursion', '-O1'],
    temporaryFolder: temporary,
  };
  const [first, second] = await Promise.all([compileKernels(options), compileKernels(options)]);
  assert.equal(Buffer.from(first.bytes.subarray(0, 4)).toString('latin1'), '\x7fELF');
  assert.deepEqual(first.bytes, second.bytes);
  assert.match(first.command, /-O3 .*-O1 /);
  assert.deepEqual(readdirSync(temporary), []);
});

test('the compiler knows every feature of this architecture', async () => {
  const names = cpuFeatures.filter((f) => f.architecture === hostArchitecture()).map((f) => f.name);
  await compileKernels({ source: 'int x;', cpuFeatures: names });
  await assert.rejects(compileKernels({ source: 'int x;', cpuFeatures: ['mmx3'] }), {
    message: /^STR0725 "mmx3" is no known CPU feature/,
  });
});

test('a compiler error carries its message and keeps the C', async (t) => {
  const cacheFolder = await temporaryFolder(t);
  const temporary = await temporaryFolder(t);
  const source = 'void f(void) { undeclared(1 + ; }';
  await assert.rejects(
    compileKernels({ source, cpuFeatures: [], cacheFolder, temporaryFolder: temporary }),
    (error: unknown) => {
      assert.ok(error instanceof StrataError && error.code === 'STR0703');
      assert.match(error.message, /kernels\.c:1:\d+: error: expected expression/);
      const kept = /kept in (\S+\.c);/.exec(error.message)![1]!;
      assert.equal(readFileSync(kept, 'utf8'), source);
      return true;
    },
  );
  assert.deepEqual(readdirSync(temporary), []);
});

test('no compiler, a cancelled compilation and a full disk are told apart', async (t) => {
  const temporary = await temporaryFolder(t);
  const options = { source: sampleSource, cpuFeatures: [], temporaryFolder: temporary };
  await assert.rejects(compileKernels({ ...options, toolchain: {} }), {
    message: /^STR0701 .*a C compiler, which was not found/,
  });
  const toolchain = await findToolchain();
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(compileKernels({ ...options, toolchain, signal: controller.signal }), CancelledError);
  assert.deepEqual(readdirSync(temporary), []);
  const disk = await smallDisk(t, 16);
  if (disk === undefined) return;
  await assert.rejects(compileKernels({ ...options, toolchain, temporaryFolder: disk }), {
    message: /^STR0722 .*no space left/i,
  });
  assert.deepEqual(readdirSync(disk), []);
});
