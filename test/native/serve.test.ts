import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { unzipSync } from 'fflate';
import { writeArtifact } from '../../src/artifact/writeArtifact';
import { formatVersion } from '../../src/artifact/format';
import { encodeZip } from '../../src/artifact/zip';
import { StrataError } from '../../src/base/diagnostics';
import type { ExecuteRequest } from '../../src/runner/runnerRequests';
import {
  bytesOf,
  floatsOf,
  sampleBias,
  sampleContents,
  sampleInputs,
  sampleResult,
  smallContents,
} from '../runner/sampleProgram';
import {
  sampleKernels,
  sharedRunner,
  startRunner,
  temporaryFolder,
  writeSample,
} from '../runner/sharedBuild';

const { x, y } = sampleInputs();
const inputs = { x: { bytes: bytesOf(x) }, y: { bytes: bytesOf(y) } };

test('results are right with any number of threads', async (t) => {
  const runner = await startRunner(t);
  const { artifact, entryPoints } = await runner.load(await writeSample(t));
  assert.deepEqual(entryPoints.slice(0, 2), [
    {
      name: 'main',
      inputs: ['x', 'y'].map((name) => ({ name, elementType: 'f32', shape: [1000] })),
      outputs: [{ name: 'out', elementType: 'f32', shape: [1000] }],
      arenaBytes: 4064,
      steps: 2,
    },
    {
      name: 'dynamic',
      inputs: [{ name: 'rows', elementType: 'f32', shape: ['N', 4] }],
      outputs: [{ name: 'sums', elementType: 'f32', shape: ['N'] }],
      arenaBytes: 0,
      steps: 1,
    },
  ]);
  for (const threads of [1, 2, 3, 7]) {
    const { outputs, ...timings } = await runner.run({ artifact, inputs, threads, repeat: 50 });
    assert.deepEqual(floatsOf(outputs[0]!.bytes), sampleResult(), `${threads} threads`);
    assert.equal(timings.threads, threads);
    assert.equal(timings.iterationNs.length, 50);
    assert.deepEqual(
      timings.dispatches.map(({ index, name, ns }) => [index, name, ns.length]),
      [
        [0, 'add_0', 50],
        [1, 'scale_1', 50],
      ],
    );
    for (const [i, whole] of timings.iterationNs.entries())
      assert.ok(
        timings.dispatches.reduce((sum, d) => sum + d.ns[i]!, 0) <= whole,
        'dispatches fit into the iteration',
      );
  }
});

test('each thread has scratch of its own, and every unit is computed once', async (t) => {
  const runner = await startRunner(t);
  const { artifact } = await runner.load(await writeSample(t));
  const { outputs } = await runner.run({ artifact, entry: 'probe', threads: 4, repeat: 200 });
  const seen = new BigInt64Array(outputs[0]!.bytes.buffer, outputs[0]!.bytes.byteOffset, 4096);
  for (const [unit, value] of seen.entries()) {
    assert.equal(Number(value) - (Number(value) % 1000), unit * 1000);
    assert.ok(Number(value) % 1000 < 4, 'the thread number');
  }
});

test('symbolic dimensions come from the shapes of the inputs', async (t) => {
  const runner = await startRunner(t);
  const { artifact } = await runner.load(await writeSample(t));
  for (const rows of [3, 0, 300_000, 7]) {
    const bytes = bytesOf(Float32Array.from({ length: rows * 4 }, (_, i) => i));
    const result = await runner.run({
      artifact,
      entry: 'dynamic',
      inputs: { rows: { bytes, shape: [rows, 4] } },
    });
    assert.deepEqual(result.dims, { N: rows });
    assert.deepEqual(result.outputs[0]?.shape, [rows]);
    const expected = Float32Array.from({ length: rows }, (_, i) => 16 * i + 6);
    assert.deepEqual(floatsOf(result.outputs[0].bytes), expected);
  }
});

test('constants may lie in a parameter file beside the artifact', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'a.strata');
  mkdirSync(join(folder, 'weights'));
  const parameters = join(folder, 'weights', 'model.bin');
  const external = { path: 'weights/model.bin', offset: 12 };
  await writeArtifact(file, sampleContents({ bytes: await sampleKernels() }, external));
  const runner = await startRunner(t);
  await assert.rejects(runner.load(file), {
    message: /^STR0608 Constant "bias": .*model\.bin cannot be read: No such/,
  });
  writeFileSync(parameters, Buffer.concat([new Uint8Array(12), bytesOf(sampleBias())]));
  const { artifact } = await runner.load(file);
  assert.deepEqual(floatsOf((await runner.run({ artifact, inputs })).outputs[0]!.bytes), sampleResult());
  await runner.unload(artifact);
  truncateSync(parameters, 4011);
  await assert.rejects(runner.load(file), {
    message: /^STR0608 .* has 4011 bytes, bytes 12 to 4012 are needed/,
  });
});

test('bad requests get coded errors and leave the session usable', async (t) => {
  const runner = await startRunner(t);
  const { artifact } = await runner.load(await writeSample(t));
  const short = { bytes: bytesOf(x.subarray(1)) };
  const rows = (shape: readonly number[]) => ({ rows: { bytes: new Uint8Array(48), shape } });
  const cases: readonly [ExecuteRequest, RegExp][] = [
    [{ artifact: 9 }, /^STR07(15|23) /],
    [{ artifact, entry: 'decode' }, /^STR0708 .* no entry point "decode"; it has main, dynamic, probe/],
    [{ artifact, inputs: { x: inputs.x } }, /^STR0709 Input "y" was not given; .* needs f32\[1000\]/],
    [
      { artifact, inputs: { ...inputs, x: short } },
      /^STR0710 Input "x" has 3996 bytes, expected 4000 for f32\[1000\]/,
    ],
    [{ artifact, inputs: { ...inputs, z: inputs.x } }, /^STR0711 .* no input "z"; it has x, y/],
    [
      { artifact, inputs: { ...inputs, x: { ...inputs.x, shape: [10, 100] } } },
      /^STR0712 The shape 10x100 .* rank is 1/,
    ],
    [
      { artifact, inputs: { ...inputs, x: { file: '/nonexistent' } } },
      /^STR0713 \/nonexistent cannot be read/,
    ],
    [{ artifact, inputs: { ...inputs, x: { file: '/dev' } } }, /^STR0713 .* not a regular file/],
    [{ artifact, inputs, threads: 0 }, /^STR0715 .*"threads" is "0", not a number from 1/],
    [{ artifact, inputs, repeat: 2 ** 40 }, /^STR0715 .*"repeat"/],
    [
      { artifact, entry: 'dynamic', inputs: { rows: { bytes: new Uint8Array(48) } } },
      /^STR0712 .* how large N is/,
    ],
    [{ artifact, entry: 'dynamic', inputs: rows([3, 5]) }, /^STR0712 .* dimension 1 is 4/],
    [
      { artifact, entry: 'dynamic', inputs: rows([4, 4]) },
      /^STR0710 .* 48 bytes, expected 64 for f32\[Nx4\]/,
    ],
    [{ artifact, entry: 'dynamic', inputs: rows([2 ** 52, 4]) }, /^STR071[06] /],
  ];
  for (const [request, message] of cases)
    await assert.rejects(
      runner.run(request),
      (e: unknown) => e instanceof StrataError && message.test(e.message),
      String(message),
    );
  await runner.unload(artifact);
  await assert.rejects(runner.unload(artifact), { message: /^STR07(15|23) / });
  await assert.rejects(runner.load('/nonexistent.strata'), { message: /^STR0601 / });
  assert.equal((await runner.ping()).pid, runner.pid);
});

test('artifacts for other machines are refused before their code is touched', async (t) => {
  const runner = await startRunner(t);
  const { architecture, cpuFeatures } = await runner.ping();
  const other = architecture === 'x86_64' ? 'aarch64' : 'x86_64';
  const foreign = await writeSample(t, (c) => ({ ...c, target: { name: 'cpu', architecture: other } }));
  await assert.rejects(runner.load(foreign), {
    message: new RegExp(`^STR0705 .* kernels for ${other}, this machine is`),
  });
  const lacking = ['avx512fp16', 'avx512vbmi', 'avx512f', 'avx2', 'sve2', 'sve', 'i8mm', 'v'].filter(
    (name) => !cpuFeatures.includes(name),
  );
  const known = architecture === 'x86_64' ? 'avx' : architecture === 'aarch64' ? 'sve' : 'v';
  const feature = lacking.find((name) => name.startsWith(known));
  if (feature === undefined) return t.diagnostic('this machine has every feature of the test');
  const demanding = await writeSample(t, (c) => ({
    ...c,
    kernelLibraries: c.kernelLibraries.map((library) => ({ ...library, cpuFeatures: [feature] })),
  }));
  await assert.rejects(runner.load(demanding), {
    message: new RegExp(`^STR0704 .*CPU feature "${feature}"`),
  });
});

test('kernel libraries that do not fit are refused', async (t) => {
  const runner = await startRunner(t);
  const garbage = await writeSample(t, (c) => ({
    ...c,
    kernelLibraries: [{ ...c.kernelLibraries[0]!, bytes: Buffer.from('not a library at all') }],
  }));
  await assert.rejects(runner.load(garbage), {
    message: /^STR0706 Kernel library kernels\/0\.so .*cannot be loaded/,
  });
  const missing = await writeSample(t, (c) => ({
    ...c,
    entryPoints: c.entryPoints.map((e) => ({
      ...e,
      steps: e.steps.map((s) => ({ ...s, symbol: 'conv_7' })),
    })),
  }));
  await assert.rejects(runner.load(missing), {
    message: /^STR0707 .* no function "conv_7", which dispatch "add_0"/,
  });
});

test('several artifacts are loaded at a time', async (t) => {
  const runner = await startRunner(t);
  const doubled = new Uint8Array(sampleBias().map((v) => v + 1).buffer);
  const first = await runner.load(await writeSample(t));
  const second = await runner.load(
    await writeSample(t, (c) => ({ ...c, constants: [c.constants[0]!, { name: 'bias', bytes: doubled }] })),
  );
  const result = async (artifact: number) =>
    floatsOf((await runner.run({ artifact, inputs })).outputs[0]!.bytes);
  assert.deepEqual(
    await result(second.artifact),
    sampleResult().map((v) => v + 1),
  );
  assert.deepEqual(await result(first.artifact), sampleResult());
  const [a, b] = await Promise.all([result(first.artifact), result(second.artifact)]);
  assert.notDeepEqual(a, b, 'requests made at the same time do not mix');
});

test('bench makes up inputs on request and reports every repetition', async (t) => {
  const runner = await startRunner(t);
  const { artifact } = await runner.load(await writeSample(t));
  await assert.rejects(runner.bench({ artifact }), { message: /^STR0709 / });
  const timings = await runner.bench({ artifact, synthetic: true, repeat: 11, warmup: 2 });
  assert.equal(timings.iterationNs.length, 11);
  assert.ok(timings.iterationNs.every((ns) => ns > 0));
});

test('the wire: words are percent-encoded, replies are single lines of JSON', async () => {
  const lines = [
    'ping id=a%20%22b%22',
    'ping nonsense',
    'ping a=%zz',
    'ping a=1',
    'dance',
    'load path=%ff%0A',
    'load',
    'trace action=write path=/tmp/x',
    'quit',
  ];
  const { stdout, exitCode } = await execa(await sharedRunner(), ['serve'], {
    input: `${lines.join('\n')}\n`,
  });
  const replies = stdout
    .split('\n')
    .map((line) => JSON.parse(line) as { id?: string; ok: boolean; code?: string });
  assert.equal(exitCode, 0);
  assert.equal(replies[0]?.id, 'a "b"');
  assert.deepEqual(
    replies.map((reply) => reply.code ?? 'ok'),
    ['ok', 'STR0715', 'STR0715', 'STR0715', 'STR0715', 'STR0601', 'STR0715', 'STR0715', 'ok'],
  );
});

test('the runner ends when its input does', async () => {
  const { exitCode } = await execa(await sharedRunner(), ['serve'], { input: 'ping' });
  assert.equal(exitCode, 0);
});

test('one run from the command line writes outputs and a trace', async (t) => {
  const file = await writeSample(t);
  const folder = dirname(file);
  writeFileSync(join(folder, 'x.bin'), bytesOf(x));
  writeFileSync(join(folder, 'y.bin'), bytesOf(y));
  const runner = await sharedRunner();
  const given = ['--input', `x=${folder}/x.bin`, '--input', `y=${folder}/y.bin`];
  const options = [
    ...given,
    '--threads',
    '2',
    '--repeat',
    '3',
    '--warmup',
    '1',
    '--trace',
    `${folder}/t.pftrace`,
  ];
  const { stdout } = await execa(runner, [
    'run',
    file,
    '--entry',
    'main',
    ...options,
    '--output-dir',
    `${folder}/out`,
  ]);
  const reply = JSON.parse(stdout) as {
    outputs: { file: string }[];
    iterationNs: number[];
    trace: { zones: number };
  };
  assert.deepEqual(floatsOf(readFileSync(reply.outputs[0]!.file)), sampleResult());
  assert.equal(reply.iterationNs.length, 3);
  assert.ok(reply.trace.zones >= 3 * (2 + 1 + 2));
  assert.deepEqual(readdirSync(join(folder, 'out')), ['output-0.bin']);

  const failed = await execa(runner, ['run', file, '--entry', 'none'], { reject: false });
  assert.equal(failed.exitCode, 1);
  assert.equal((JSON.parse(failed.stderr) as { code: string }).code, 'STR0708');
  assert.equal((await execa(runner, ['run'], { reject: false })).exitCode, 2);
});

test('other versions, other files and changed bytes are refused', async (t) => {
  const runner = await startRunner(t);
  const file = await writeSample(t);
  const files = unzipSync(readFileSync(file));
  const rewrite = (change: (files: Record<string, Uint8Array>) => void): void => {
    const copies = Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [name, Uint8Array.from(bytes)]),
    );
    change(copies);
    const entries = Object.entries(copies).map(([name, bytes]) => ({ name, parts: [bytes] }));
    writeFileSync(file, Buffer.concat(encodeZip(file, entries)));
  };
  rewrite(({ 'program.bin': program }) => (program![4] = 99));
  await assert.rejects(runner.load(file), {
    message: new RegExp(`^STR0603 .* format version 99, .* reads version ${formatVersion}\\. Compile`),
  });
  rewrite((copies) => delete copies['program.bin']);
  await assert.rejects(runner.load(file), { message: /^STR0602 .* a zip without program\.bin/ });
  rewrite((copies) => delete copies['kernels/0.so']);
  await assert.rejects(runner.load(file), { message: /^STR0602 .* a zip without kernels\/0\.so/ });
  rewrite((copies) => (copies['constants.bin'] = new Uint8Array(64)));
  await assert.rejects(runner.load(file), {
    message: /^STR0604 .* constant "weight": it lies outside constants\.bin/,
  });
  rewrite(() => {});
  const bytes = readFileSync(file);
  bytes[bytes.indexOf('\x7fELF', 0, 'latin1') + 100]! ^= 1;
  writeFileSync(file, bytes);
  await assert.rejects(runner.load(file), { message: /^STR0604 .* kernels\/0\.so: its checksum is wrong/ });
  writeFileSync(file, 'GGUF');
  await assert.rejects(runner.load(file), { message: /^STR0602 / });
});

test('an artifact cut short at any length is refused', async (t) => {
  const runner = await startRunner(t);
  const file = join(await temporaryFolder(t), 'a.strata');
  // The kernels come last to be looked at, so they may be small here.
  const { bytes } = await writeArtifact(file, smallContents());
  for (let length = bytes - 1; length >= 0; length--) {
    truncateSync(file, length);
    await assert.rejects(runner.load(file), { message: /^STR060[24] / }, `at ${length} bytes`);
  }
});
