// The unit and golden ring: bundles test/**/*.test.ts and runs them with node:test, two files at a time.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { build, root } from '../build.mjs';

const elsewhere = ['test/integration/', 'test/e2e/'];

function testFiles(filters) {
  return readdirSync(path.join(root, 'test'), { recursive: true })
    .map((file) => path.posix.join('test', file.split(path.sep).join('/')))
    .filter((file) => file.endsWith('.test.ts') && !elsewhere.some((folder) => file.startsWith(folder)))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
}

/** Removes what runs that no longer live have left. */
function sweep(folder) {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const pid = Number(/^run-(\d+)$/.exec(name)?.[1]);
    if (!Number.isInteger(pid)) continue;
    try {
      process.kill(pid, 0);
    } catch {
      rmSync(path.join(folder, name), { recursive: true, force: true });
    }
  }
}

/** Bundles each test file to `outdir`, same tree, `.mjs`. One that does not build is reported, not fatal. */
export async function bundleTests(files, outdir, options = {}) {
  const esbuild = await import('esbuild');
  const shared = {
    absWorkingDir: root,
    outdir,
    outbase: path.join(root, 'test'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    // What many tests import is built and parsed once.
    splitting: (options.format ?? 'esm') === 'esm',
    sourcemap: 'linked',
    outExtension: { '.js': '.mjs' },
    logLevel: 'silent',
    ...options,
  };
  const built = (file) => ({
    file,
    bundle: path.join(outdir, path.relative('test', file).replace(/\.ts$/, shared.outExtension['.js'])),
  });
  try {
    await esbuild.build({ ...shared, entryPoints: files });
    return { good: files.map(built), bad: [] };
  } catch {
    const good = [];
    const bad = [];
    for (const file of files) {
      try {
        await esbuild.build({ ...shared, entryPoints: [file] });
        good.push(built(file));
      } catch (error) {
        const messages = await esbuild.formatMessages(error.errors ?? [], { kind: 'error' });
        bad.push({ file, reason: messages.join('').trim() || String(error) });
      }
    }
    return { good, bad };
  }
}

function describeError(error) {
  if (error?.exitCode !== undefined && error.exitCode !== null)
    return `ended with exit code ${error.exitCode}`;
  if (error?.signal) return `ended by ${error.signal}`;
  const cause = error?.cause ?? error;
  const text = typeof cause === 'string' ? cause : (cause?.stack ?? cause?.message ?? String(cause));
  const further = cause?.cause === undefined ? '' : `\n[cause] ${describeError(cause.cause)}`;
  return `${text}${further}`
    .split('\n')
    .filter((line) => !/^\s+at .*\(?node:/.test(line))
    .join('\n');
}

/**
 * Runs bundled test files with node:test, prints one line per file and every failure in full. A file that takes longer
 * than `timeout` hangs: far more than the slowest takes (a minute), so that a machine that does other work fails none.
 * @param {readonly {file: string, bundle: string}[]} tests
 * @param {{name?: string, concurrency?: number, timeout?: number}} choices
 */
export async function runNodeTests(tests, { name, concurrency = 2, timeout = 900_000 } = {}) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  // Events name a file by its bundle or, where the source map reaches, by its source.
  const sources = new Map(
    tests.flatMap((test) => [
      [test.bundle, test.file],
      [path.join(root, test.file), test.file],
    ]),
  );
  const perFile = new Map(tests.map((test) => [test.file, { passed: 0, failed: 0, skipped: 0, ms: 0 }]));
  // Set in the environment of a run that is itself under node:test; the children would then report to nobody.
  delete process.env.NODE_TEST_CONTEXT;
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim();
  if (tests.length === 0) return totals;
  const stream = run({
    files: tests.map((test) => test.bundle),
    concurrency,
    timeout,
    ...(name === undefined ? {} : { testNamePatterns: [name] }),
  });
  const count = (event, kind) => {
    totals[kind] += 1;
    const file = perFile.get(sources.get(event.file) ?? sources.get(event.name));
    if (file === undefined) return;
    file[kind] += 1;
    if (event.nesting === 0) file.ms += event.details?.duration_ms ?? 0;
  };
  stream.on('test:pass', (event) => {
    if (event.details?.type === 'suite') return;
    // A file without a single test passes under its own path.
    if (sources.has(event.name)) {
      if (name !== undefined) return;
      console.log(`✗ ${sources.get(event.name)}\n  has no tests in it`);
      count(event, 'failed');
      return;
    }
    const reason = event.skip ?? event.todo;
    if (reason === 'test name does not match pattern') return;
    if (reason !== undefined)
      console.log(`- ${event.name}: skipped${typeof reason === 'string' ? `, ${reason}` : ''}`);
    count(event, reason === undefined ? 'passed' : 'skipped');
  });
  stream.on('test:fail', (event) => {
    const error = event.details?.error;
    // What holds failed tests fails with them, and they have been counted.
    if (error?.failureType === 'subtestsFailed') return;
    count(event, 'failed');
    const where = sources.get(event.file) ?? event.file ?? '';
    const title = sources.get(event.name) ?? event.name;
    console.log(`✗ ${where === title ? title : `${where}: ${title}`}`);
    console.log(describeError(error).replace(/^/gm, '  '));
  });
  for (const type of ['test:stdout', 'test:stderr'])
    stream.on(type, (event) => process.stdout.write(event.message));
  await new Promise((resolve, reject) => {
    stream.on('end', resolve);
    stream.on('error', reject);
    stream.resume();
  });
  for (const [source, file] of perFile) {
    const counts = [`${file.passed} passed`];
    if (file.failed > 0) counts.push(`${file.failed} failed`);
    if (file.skipped > 0) counts.push(`${file.skipped} skipped`);
    if (name !== undefined && file.passed + file.failed + file.skipped === 0) continue;
    console.log(`${file.failed > 0 ? '✗' : '✓'} ${source}  ${counts.join(', ')}  ${Math.round(file.ms)} ms`);
  }
  return totals;
}

/** The tests that start `bin/strata.mjs` or the compile worker need them built; one that does not build fails. */
export async function buildCounted() {
  try {
    await build({ quiet: true });
    return { passed: 0, failed: 0, skipped: 0 };
  } catch (error) {
    console.log(`✗ build\n${String(error.message).replace(/^/gm, '  ')}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** @param {{filters: readonly string[], name?: string}} choices */
export async function unit({ filters, name }) {
  const files = testFiles(filters);
  const folder = path.join(root, 'out/test');
  sweep(folder);
  const outdir = path.join(folder, `run-${process.pid}`);
  mkdirSync(outdir, { recursive: true });
  try {
    const built = await buildCounted();
    const { good, bad } = await bundleTests(files, outdir);
    for (const { file, reason } of bad)
      console.log(`✗ ${file} does not build\n${reason.replace(/^/gm, '  ')}`);
    const totals = await runNodeTests(good, { name });
    return { ...totals, failed: totals.failed + bad.length + built.failed };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
