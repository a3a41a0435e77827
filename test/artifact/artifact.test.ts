import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unzipSync } from 'fflate';
import type { ArtifactContents, DispatchStep, ProgramContents } from '../../src/artifact/contents';
import { dataAlignment, entryNames, formatVersion } from '../../src/artifact/format';
import {
  readArtifact,
  readArtifactFrom,
  readArtifactIr,
  readArtifactSummary,
  readKernelSource,
} from '../../src/artifact/readArtifact';
import { encodeArtifact, writeArtifact } from '../../src/artifact/writeArtifact';
import { crc32 } from '../../src/base/crc32';
import { bytesSource, encodeZip, readZipDirectory } from '../../src/artifact/zip';
import { CancelledError } from '../../src/base/cancellation';
import { StrataError } from '../../src/base/diagnostics';
import { sampleContents, smallContents } from '../runner/sampleProgram';
import { smallDisk, temporaryFolder } from '../runner/sharedBuild';

const encodeSample = (contents: ArtifactContents = sampleContents()): Buffer =>
  Buffer.concat(encodeArtifact(contents));
const read = (bytes: Uint8Array): Promise<ArtifactContents> =>
  readArtifactFrom(bytesSource(bytes, 'a.strata'));
const withCode = (code: string | RegExp) => (error: unknown) =>
  error instanceof StrataError && (typeof code === 'string' ? error.code === code : code.test(error.message));

const zipOf = (files: Readonly<Record<string, Uint8Array>>): Buffer =>
  Buffer.concat(
    encodeZip(
      'a',
      Object.entries(files).map(([name, bytes]) => ({ name, parts: [bytes] })),
    ),
  );

/** The files of an artifact, `change`d and put together again with right checksums. */
function rebuilt(change: (files: Record<string, Uint8Array>) => void): Buffer {
  const files: Record<string, Uint8Array> = { ...unzipSync(encodeSample(smallContents())) };
  change(files);
  return zipOf(files);
}

test('what is written is read back', async (t) => {
  const file = join(await temporaryFolder(t), 'a.strata');
  const contents = sampleContents({}, { path: 'weights/model.bin', offset: 128 });
  const { bytes } = await writeArtifact(file, contents);
  assert.deepEqual(toPlain(await readArtifact(file)), toPlain(contents));
  const summary = await readArtifactSummary(file);
  assert.equal(summary.bytes, bytes);
  assert.equal(summary.manifest.entryPoints[0]?.steps[1]?.origins[1], 'Add_2 "β"');
  assert.deepEqual(summary.manifest.entryPoints[1]?.symbols, ['N']);
  assert.equal(await readArtifactIr(file, 'fuse{max=3}'), contents.irTexts[2]?.text);
  assert.equal(await readArtifactIr(file, 'nowhere'), undefined);
  assert.equal(await readKernelSource(file, 0), contents.kernelLibraries[0]?.source);
});

/** Contents with checksums for byte arrays, which then compare by value whatever their class. */
const toPlain = (contents: ArtifactContents) => ({
  ...plainProgram(contents),
  fallbacks: contents.fallbacks.map(plainProgram),
});
const plainProgram = <T extends ProgramContents>(program: T) => ({
  ...program,
  constants: program.constants.map((c) => ('bytes' in c ? { ...c, bytes: crc32(c.bytes) } : c)),
  kernelLibraries: program.kernelLibraries.map((library) => ({ ...library, bytes: crc32(library.bytes) })),
});

test('fallbacks are read back, and bytes that programs share are stored once', async (t) => {
  const file = join(await temporaryFolder(t), 'a.strata');
  const demanding = sampleContents({ cpuFeatures: ['avx2', 'fma'], source: '// wide' });
  const { entryPoints, functions, kernelLibraries, constants, irTexts } = sampleContents({
    source: '// narrow',
  });
  const own = { name: 'packed', bytes: new Uint8Array(640).fill(7) };
  const narrow = {
    entryPoints,
    functions,
    kernelLibraries,
    constants: [...constants, own],
    irTexts: [...irTexts.slice(0, 2), { pass: 'tile', text: 'module { }\n' }],
  };
  const contents = { ...demanding, fallbacks: [narrow] };
  await writeArtifact(file, contents);
  assert.deepEqual(toPlain(await readArtifact(file)), toPlain(contents));
  const files = unzipSync(readFileSync(file));
  assert.deepEqual(Object.keys(files), [
    ...['manifest.json', 'program.bin', 'program-1.bin'],
    ...['kernels/0.so', 'kernels/0.c', 'kernels/1.so', 'kernels/1.c', 'constants.bin'],
    ...['ir/00-import.mlir', 'ir/02-fuse-max-3-.mlir', 'ir/1-02-tile.mlir'],
  ]);
  const alone = unzipSync(encodeSample(demanding))[entryNames.constants]!;
  assert.equal(files[entryNames.constants]!.length, alone.length + own.bytes.length);
  assert.equal(await readKernelSource(file, 1), '// narrow');
  const { manifest } = await readArtifactSummary(file);
  assert.deepEqual(
    [manifest.target.cpuFeatures, ...manifest.fallbacks.map((f) => f.cpuFeatures)],
    [['avx2', 'fma'], []],
  );
  const lost = zipOf(Object.fromEntries(Object.entries(files).filter(([name]) => name !== 'program-1.bin')));
  await assert.rejects(read(lost), withCode(/does not describe/));
});

test('it is a zip that others read, stored and aligned, with unchanged IR stored once', async () => {
  const bytes = encodeSample();
  const files = unzipSync(bytes);
  assert.deepEqual(Object.keys(files), [
    ...['manifest.json', 'program.bin', 'kernels/0.so', 'kernels/0.c', 'constants.bin'],
    ...['ir/00-import.mlir', 'ir/02-fuse-max-3-.mlir'],
  ]);
  for (const entry of (await readZipDirectory(bytesSource(bytes))).values()) {
    assert.equal(entry.offset % dataAlignment, 0, entry.name);
    assert.deepEqual(
      bytes.subarray(entry.offset, entry.offset + entry.size),
      Buffer.from(files[entry.name]!),
    );
  }
});

test('equal contents give equal bytes', () => assert.deepEqual(encodeSample(), encodeSample()));

test('a file cut short at any length gives a coded error', async () => {
  const bytes = encodeSample(smallContents());
  for (let length = 0; length < bytes.length; length++)
    await assert.rejects(read(bytes.subarray(0, length)), withCode(/^STR060[24] /), `at ${length} bytes`);
});

test('a changed byte gives a coded error or the same contents', async () => {
  const bytes = encodeSample(smallContents());
  const original = JSON.stringify(toPlain(await read(bytes)));
  let seed = 12345;
  for (let i = 0; i < 3000; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const changed = Buffer.from(bytes);
    const at = seed % bytes.length;
    changed[at] = changed[at]! ^ (1 << (seed >>> 29));
    try {
      assert.equal(JSON.stringify(toPlain(await read(changed))), original, `byte ${at} changed the contents`);
    } catch (error) {
      assert.ok(withCode(/^STR060[234] /)(error), `byte ${at}: ${String(error)}`);
    }
  }
});

test('a program whose bytes were changed along with its checksum is refused or agrees with the manifest', async () => {
  const files = unzipSync(encodeSample(smallContents()));
  const program = files[entryNames.program]!;
  for (let at = 0; at < program.length; at++) {
    program[at]! ^= 0xff;
    await read(zipOf(files)).catch((error: unknown) =>
      assert.ok(withCode(/^STR060[34] /)(error), `${at}: ${String(error)}`),
    );
    program[at]! ^= 0xff;
  }
});

test('another format version is refused with a sentence', async () => {
  const newer = rebuilt((files) =>
    new DataView(files[entryNames.program]!.buffer, files[entryNames.program]!.byteOffset).setUint32(
      4,
      99,
      true,
    ),
  );
  await assert.rejects(read(newer), {
    message: new RegExp(
      `^STR0603 a.strata has artifact format version 99, .* reads version ${formatVersion}\\. Compile`,
    ),
  });
});

test('other files are refused for what they are', async () => {
  await assert.rejects(read(Buffer.from('\x7fELF and so on')), withCode('STR0602'));
  await assert.rejects(
    read(Buffer.concat(encodeZip('z', [{ name: 'word.xml', parts: [] }]))),
    withCode('STR0602'),
  );
  await assert.rejects(readArtifact('/nonexistent/a.strata'), withCode('STR0601'));
  await assert.rejects(read(rebuilt((files) => delete files['kernels/0.c'])), withCode(/kernel library 0/));
  await assert.rejects(
    read(rebuilt((files) => delete files['ir/00-import.mlir'])),
    withCode(/ir\/00-import\.mlir/),
  );
  const renamed = rebuilt((files) => {
    const manifest = Buffer.from(files[entryNames.manifest]!).toString().replace('"Add_0"', '"Conv_9"');
    files[entryNames.manifest] = Buffer.from(manifest);
  });
  await assert.rejects(read(renamed), withCode(/does not describe program\.bin/));
});

const changedStep = (change: Partial<DispatchStep>): ArtifactContents => {
  const contents = sampleContents();
  const [main, ...others] = contents.entryPoints;
  const steps = main!.steps.map((step, i) => (i === 0 ? { ...step, ...change } : step));
  return { ...contents, entryPoints: [{ ...main!, steps }, ...others] };
};
const output = { space: 'output', index: 0, access: 'write' } as const;

/** A function of `x[N, M, 8]` with an entry point for each of `sizes`, whose inputs are of `shape` instead where given. */
function sizedContents(sizes: readonly (readonly number[])[], shape?: readonly number[]): ArtifactContents {
  const x = { name: 'x', elementType: 'f32' } as const;
  const contents = sampleContents();
  const entryPoints = sizes.map((s, i) => ({
    name: `sized.${i}`,
    inputs: [{ ...x, shape: [...(shape ?? s), 8] }],
    outputs: [],
    arenaBytes: 0,
    steps: [],
  }));
  const variants = sizes.map((s, i) => ({ entry: `sized.${i}`, sizes: s }));
  return {
    ...contents,
    entryPoints: [...contents.entryPoints, ...entryPoints],
    functions: [{ name: 'sized', inputs: [{ ...x, shape: ['N', 'M', 8] }], variants }],
  };
}

test('functions with entry points for several sizes are read back', async () => {
  const contents = sizedContents([
    [1, 0],
    [16, 3],
  ]);
  assert.deepEqual(toPlain(await read(Buffer.concat(encodeArtifact(contents)))), toPlain(contents));
});
const unsound: readonly [string, ArtifactContents, RegExp][] = [
  ['no entry point', { ...sampleContents(), entryPoints: [] }, /no entry point/],
  ['extent 0', changedStep({ extent: 0 }), /step 0 "add_0": its extent is 0/],
  ['a fraction of work', changedStep({ flops: 0.5 }), /its flops is 0\.5/],
  ['an unknown library', changedStep({ kernelLibrary: 1 }), /no kernel library 1/],
  ['an impossible symbol', changedStep({ symbol: 'a b' }), /"a b" is no C function name/],
  [
    'an unknown output',
    changedStep({ bindings: [{ ...output, index: 1 }] }),
    /binding 0: there is no output 1/,
  ],
  ['a written input', changedStep({ bindings: [{ ...output, space: 'input' }] }), /inputs can only be read/],
  [
    'a range outside the arena',
    changedStep({ bindings: [{ space: 'arena', access: 'read', offset: 4000, length: 100 }] }),
    /bytes 4000 to 4100 lie outside the arena of 4064 bytes/,
  ],
  ['an unknown CPU feature', sampleContents({ cpuFeatures: ['mmx3'] }), /"mmx3" is no known CPU feature/],
  [
    'a fallback that never runs',
    { ...sampleContents(), fallbacks: [sampleContents({ cpuFeatures: ['avx2'] })] },
    /fallback 1, program: wherever it runs, program 0 runs/,
  ],
  [
    'a fallback with another signature',
    {
      ...sampleContents({ cpuFeatures: ['avx2'] }),
      fallbacks: [{ ...sampleContents(), entryPoints: sampleContents().entryPoints.slice(1) }],
    },
    /fallback 1, program: its entry points differ/,
  ],
  [
    'two entry points for the same sizes',
    sizedContents([
      [2, 3],
      [2, 3],
    ]),
    /function "sized": two entry points are for 2x3/,
  ],
  [
    'sizes that are not those of the inputs',
    sizedContents([[2, 3]], [4, 3]),
    /function "sized": the inputs of "sized.0" are not those for 2x3/,
  ],
  ['a function without entry points', sizedContents([]), /function "sized": it has no entry point/],
  ['a path that is none', sampleContents({}, { path: '', offset: 0 }), /constant "bias"/],
];
for (const [name, contents, reason] of unsound)
  test(`the writer refuses ${name}`, () =>
    assert.throws(() => encodeArtifact(contents), { message: new RegExp(`^STR0605 .*${reason.source}`) }));

test('an artifact of 4 GiB is refused before anything is written', async (t) => {
  const folder = await temporaryFolder(t);
  const gibibyte = new Uint8Array(2 ** 30);
  const constants = ['a', 'b', 'c', 'd'].map((name) => ({ name, bytes: gibibyte }));
  await assert.rejects(
    writeArtifact(join(folder, 'a.strata'), { ...sampleContents(), constants }),
    withCode(
      /^STR0607 .* would have 4\d+ bytes; .* less than 4 GiB\. Keep the parameters in an external file/,
    ),
  );
  assert.deepEqual(readdirSync(folder), []);
});

test('a write that fails leaves what was there', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(writeArtifact(join(folder, 'no', 'a.strata'), sampleContents()), withCode('STR0606'));
  const file = join(folder, 'a.strata');
  writeFileSync(file, 'old');
  const cancelled = writeArtifact(file, sampleContents(), { signal: AbortSignal.abort() });
  await assert.rejects(cancelled, CancelledError);
  assert.equal(readFileSync(file, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['a.strata']);
});

test('a full disk is a coded error and leaves nothing', async (t) => {
  const disk = await smallDisk(t, 16);
  if (disk === undefined) return;
  const big = sampleContents({ bytes: new Uint8Array(100_000) });
  await assert.rejects(writeArtifact(join(disk, 'a.strata'), big), withCode(/^STR0606 .*no space left/i));
  assert.deepEqual(readdirSync(disk), []);
});
