import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { CodeCache } from '../../src/runner/codeCache';
import type { CompiledKernels, KernelUnit } from '../../src/runner/compileKernels';
import { compileKernels } from '../../src/runner/compileKernels';
import { temporaryFolder } from './sharedBuild';

const unit = (symbol: string, value: number, names: readonly string[] = []): KernelUnit => ({
  source: `__attribute__((visibility("default"))) int ${symbol}(void) { return ${value}; }\n`,
  exports: names.map((name) => ({ symbol, name })),
});
type Compile = (units: readonly KernelUnit[], flags?: readonly string[]) => Promise<CompiledKernels>;
async function cached(t: TestContext): Promise<{ readonly folder: string; readonly compile: Compile }> {
  const cacheFolder = await temporaryFolder(t);
  const compile: Compile = (source, flags = ['-O1']) =>
    compileKernels({ source, cpuFeatures: [], flags, cache: true, cacheFolder });
  return { folder: join(cacheFolder, 'kernels'), compile };
}

test('a unit is compiled once: per text and per flags', async (t) => {
  const { compile } = await cached(t);
  const [a, b, c] = [unit('a', 1), unit('b', 2), unit('c', 3)];
  const first = await compile([a, b]);
  assert.equal(first.compiledUnits, 2);
  const again = await compile([a, b]);
  assert.equal(again.compiledUnits, 0);
  assert.deepEqual(again.bytes, first.bytes);
  assert.equal((await compile([a, b, c])).compiledUnits, 1);
  assert.equal((await compile([a, unit('b', 4)])).compiledUnits, 1);
  assert.equal((await compile([a, b], ['-O2'])).compiledUnits, 2);
  assert.equal((await compile([unit('a', 1, ['other']), b])).compiledUnits, 0, 'a name needs no compiler');
});

test('a library does not depend on what was in the cache, and has all names', async (t) => {
  const { compile } = await cached(t);
  const units = [unit('a', 1, ['first', 'second']), unit('b', 2, ['third'])];
  await compile([units[1]!]);
  const mixed = await compile(units);
  assert.equal(mixed.compiledUnits, 1);
  const apart = await compileKernels({ source: units, cpuFeatures: [], flags: ['-O1'] });
  assert.equal(apart.compiledUnits, 2);
  assert.deepEqual(mixed.bytes, apart.bytes);
  const text = Buffer.from(mixed.bytes).toString('latin1');
  for (const name of ['first', 'second', 'third']) assert.ok(text.includes(`\0${name}\0`), name);
});

test('damaged entries are made again', async (t) => {
  const { folder, compile } = await cached(t);
  const units = [unit('a', 1), unit('b', 2)];
  const { bytes } = await compile(units);
  const damage = [
    (file: string) => writeFileSync(file, ''),
    (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 60)),
    (file: string) => {
      const entry = readFileSync(file);
      entry[entry.length - 1]! ^= 1;
      writeFileSync(file, entry);
    },
  ];
  for (const break_ of damage) {
    for (const name of readdirSync(folder)) break_(join(folder, name));
    const again = await compile(units);
    assert.equal(again.compiledUnits, 2);
    assert.deepEqual(again.bytes, bytes);
  }
  assert.equal(readdirSync(folder).length, 3);
});

test('compilations at the same time do not disturb each other, and leave no temporary files', async (t) => {
  const { folder, compile } = await cached(t);
  const units = [unit('a', 1), unit('b', 2)];
  const results = await Promise.all(Array.from({ length: 6 }, () => compile(units)));
  for (const r of results) assert.deepEqual(r.bytes, results[0]!.bytes);
  assert.deepEqual(
    readdirSync(folder).filter((name) => !/^[0-9a-f]{64}$/.test(name)),
    [],
  );
});

test('a cache that cannot be written is no error', async (t) => {
  const cacheFolder = await temporaryFolder(t);
  writeFileSync(join(cacheFolder, 'kernels'), 'a file where the folder should be');
  const options = { source: [unit('a', 1)], cpuFeatures: [], cache: true, cacheFolder };
  assert.equal((await compileKernels(options)).compiledUnits, 1);
});

test('C that is refused in one unit of several stops the others and is not kept', async (t) => {
  const { folder, compile } = await cached(t);
  const wrong: KernelUnit = { source: 'int f(void) { return undeclared; }\n' };
  await assert.rejects(compile([unit('a', 1), wrong, unit('b', 2)]), /STR0703 [^]*undeclared/);
  mkdirSync(folder, { recursive: true });
  assert.ok(readdirSync(folder).length <= 2);
});

test('the least recently used entries go first, and old temporary files with them', async (t) => {
  const folder = await temporaryFolder(t);
  const cache = new CodeCache(folder, 1000);
  const keys = ['a', 'b', 'c', 'd'];
  for (const [i, key] of keys.entries()) {
    await cache.put(key, new Uint8Array(268));
    utimesSync(join(folder, key), 1000 + i, 1000 + i);
  }
  writeFileSync(join(folder, 'x.1-2.tmp'), '');
  utimesSync(join(folder, 'x.1-2.tmp'), 1000, 1000);
  writeFileSync(join(folder, 'y.1-2.tmp'), '');
  assert.ok((await cache.get('a')) !== undefined);
  await cache.prune();
  assert.deepEqual(readdirSync(folder).sort(), ['a', 'd', 'y.1-2.tmp']);
  assert.equal(await cache.get('b'), undefined);
  await cache.prune();
  assert.equal(readdirSync(folder).length, 3);
});
