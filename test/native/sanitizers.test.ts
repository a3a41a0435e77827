/** The native runner built with the address and undefined-behaviour sanitizers goes through a whole session. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { unzipSync } from 'fflate';
import type { DispatchStep } from '../../src/artifact/contents';
import { entryNames } from '../../src/artifact/format';
import { encodeArtifact } from '../../src/artifact/writeArtifact';
import { encodeZip } from '../../src/artifact/zip';
import { StrataError } from '../../src/base/diagnostics';
import type { Sanitizer } from '../../src/runner/buildRunner';
import { compileKernels } from '../../src/runner/compileKernels';
import {
  bytesOf,
  floatsOf,
  sampleContents,
  sampleInputs,
  sampleLength,
  sampleResult,
  sampleSource,
} from '../runner/sampleProgram';
import {
  sampleKernels,
  sharedRunner,
  startRunner,
  temporaryFolder,
  writeSample,
} from '../runner/sharedBuild';

const sanitizedRunner = () => sharedRunner(['address', 'undefined']);

test('a session with everything in it is clean', async (t) => {
  const runner = await startRunner(t, await sanitizedRunner());
  const file = await writeSample(t);
  const { artifact } = await runner.load(file);
  const { x, y } = sampleInputs();
  const inputs = { x: { bytes: bytesOf(x) }, y: { bytes: bytesOf(y) } };
  await runner.startTrace({ zones: 50, counters: true });
  for (const threads of [1, 3, 2]) {
    const { outputs } = await runner.run({ artifact, inputs, threads, repeat: 20, warmup: 1 });
    assert.deepEqual(floatsOf(outputs[0]!.bytes), sampleResult());
  }
  await runner.bench({
    artifact,
    entry: 'dynamic',
    inputs: { rows: { bytes: new Uint8Array(64), shape: [4, 4] } },
  });
  await runner.bench({ artifact, entry: 'probe', threads: 4 });
  await assert.rejects(runner.run({ artifact, inputs: { x: inputs.x } }), { message: /^STR0709 / });
  await assert.rejects(runner.run({ artifact, entry: 'none' }), { message: /^STR0708 / });
  await assert.rejects(runner.load('/nonexistent'), { message: /^STR0601 / });
  await runner.load(file);
  await runner.unload(artifact);
  await runner.writeTrace(join(await temporaryFolder(t), 't.pftrace'));
  await runner.close();
  assert.equal(runner.errorOutput, '', 'no sanitizer has anything to say, nor are there leaks');
  assert.equal(runner.exitCode, 0);
});

test('changed programs are loaded or refused without touching foreign memory', async (t) => {
  const runner = await startRunner(t, await sanitizedRunner());
  const file = join(await temporaryFolder(t), 'a.strata');
  const contents = sampleContents({ bytes: await sampleKernels() });
  const files = unzipSync(Buffer.concat(encodeArtifact(contents)));
  const program = files[entryNames.program]!;
  let seed = 99;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let refused = 0;
  const rounds = 400;
  for (let round = 0; round < rounds; round++) {
    const changed = Uint8Array.from(program);
    for (let i = 0; i <= random(3); i++)
      changed[random(changed.length)] = [0, 1, 0x7f, 0xff, random(256)][random(5)]!;
    if (random(8) === 0) changed.fill(random(256), random(changed.length));
    const entries = Object.entries({ ...files, [entryNames.program]: changed });
    writeFileSync(
      file,
      Buffer.concat(
        encodeZip(
          file,
          entries.map(([name, bytes]) => ({ name, parts: [bytes] })),
        ),
      ),
    );
    try {
      await runner.unload((await runner.load(file)).artifact);
    } catch (error) {
      assert.ok(
        error instanceof StrataError && /^STR0(60[1-8]|70[4-7])$/.test(error.code),
        `round ${round}: ${String(error)}`,
      );
      refused++;
    }
  }
  assert.ok(refused > rounds / 4, `${refused} of ${rounds} were refused`);
  await runner.close();
  assert.equal(runner.errorOutput, '');
});

/** The sample with the first step of an entry point changed and kernels that are checked as well, and the runner that checks them. */
async function checked(
  t: TestContext,
  sanitizers: readonly Sanitizer[],
  entryName: string,
  change: Partial<DispatchStep>,
) {
  const { bytes } = await compileKernels({ source: sampleSource, cpuFeatures: [], sanitizers });
  const file = await writeSample(t, (contents) => ({
    ...contents,
    kernelLibraries: contents.kernelLibraries.map((library) => ({ ...library, bytes })),
    entryPoints: contents.entryPoints.map((entry) => ({
      ...entry,
      steps: entry.steps.map((step, i) =>
        i === 0 && entry.name === entryName ? { ...step, ...change } : step,
      ),
    })),
  }));
  const runner = await startRunner(t, await sharedRunner(sanitizers));
  return { runner, artifact: (await runner.load(file)).artifact };
}

const sampleBindings = sampleContents().entryPoints[0]!.steps[0]!.bindings;
const strays: readonly (readonly [string, Partial<DispatchStep>])[] = [
  ['the end of an input', { extent: sampleLength + 1 }],
  [
    'what is bound to it in the arena',
    { bindings: sampleBindings.map((b) => (b.space === 'arena' ? { ...b, length: b.length - 4 } : b)) },
  ],
];
for (const [what, change] of strays)
  test(`a kernel that goes beyond ${what} is found`, async (t) => {
    const { runner, artifact } = await checked(t, ['address', 'undefined'], 'main', change);
    const { x, y } = sampleInputs();
    const inputs = { x: { bytes: bytesOf(x) }, y: { bytes: bytesOf(y) } };
    await assert.rejects(runner.run({ artifact, inputs, threads: 2 }), {
      message: /^STR0720 .*AddressSanitizer: use-after-poison/s,
    });
    assert.match(runner.errorOutput, /SUMMARY: AddressSanitizer: use-after-poison .* in add$/m);
  });

test('two threads that write the same bytes are found', async (t) => {
  const { runner, artifact } = await checked(t, ['thread'], 'dynamic', { extent: 64 });
  const rows = { bytes: new Uint8Array(16 * 1000), shape: [1000, 4] };
  const request = { artifact, entry: 'dynamic', inputs: { rows }, threads: 4, repeat: 50 };
  await runner.run(request).catch(() => undefined);
  await runner.close();
  assert.match(runner.errorOutput, /#0 row_sums /);
});
