/** The native runner and the sample's kernels, built once for all tests and kept in the ignored `build` folder. */
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { TestContext } from 'node:test';
import type { ArtifactContents } from '../../src/artifact/contents';
import { writeArtifact } from '../../src/artifact/writeArtifact';
import { buildRunner, type Sanitizer } from '../../src/runner/buildRunner';
import { compileKernels } from '../../src/runner/compileKernels';
import { RunnerProcess } from '../../src/runner/runnerProcess';
import { sampleContents, sampleSource } from './sampleProgram';

export const testCache = join(process.cwd(), 'build', 'test-cache');

export async function sharedRunner(sanitizers: readonly Sanitizer[] = []): Promise<string> {
  const { executable } = await buildRunner({
    resourceRoot: process.cwd(),
    cacheFolder: testCache,
    sanitizers,
  });
  return executable;
}

let kernels: Promise<Uint8Array> | undefined;

/** The compiled kernels of the sample program. */
export function sampleKernels(): Promise<Uint8Array> {
  kernels ??= compileKernels({ source: sampleSource, cpuFeatures: [], flags: ['-O1'] }).then(
    ({ bytes }) => bytes,
  );
  return kernels;
}

/** A folder that is removed after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A runner that is closed after the test. */
export async function startRunner(t: TestContext, executable?: string): Promise<RunnerProcess> {
  const runner = await RunnerProcess.start({ executable: executable ?? (await sharedRunner()) });
  t.after(() => runner.close());
  return runner;
}

/** Writes the sample, changed by `change`, and returns its path. */
export async function writeSample(
  t: TestContext,
  change: (contents: ArtifactContents) => ArtifactContents = (contents) => contents,
): Promise<string> {
  const file = join(await temporaryFolder(t), 'sample.strata');
  await writeArtifact(file, change(sampleContents({ bytes: await sampleKernels() })));
  return file;
}

/** A folder on a file system of `kilobytes`; undefined (and the test skipped) where none may be mounted. */
export async function smallDisk(t: TestContext, kilobytes: number): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    await rm(folder, { recursive: true, force: true });
    t.skip('mounting a small file system needs root');
    return undefined;
  }
  t.after(async () => {
    execFileSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}
