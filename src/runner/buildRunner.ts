/**
 * Builds `native-runner` into the user's cache, once per state of its sources and compiler. Safe when several processes
 * ask at once: one builds while the others wait, and a finished runner appears by renaming.
 */
import { createHash, randomBytes } from 'node:crypto';
import { access, copyFile, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Architecture } from '../artifact/cpuFeatures';
import { CancelledError } from '../base/cancellation';
import { defaultCacheFolder } from './cacheFolder';
import { requireCrossCompiler } from './crossToolchain';
import { hostArchitecture } from './hostCpu';
import { messages } from './messages';
import { runTool } from './runTool';
import { findToolchain, requireTools, type Tool, type ToolName } from './toolchain';

export type Sanitizer = 'address' | 'undefined' | 'thread';

export interface BuildRunnerOptions {
  /** The folder that holds `native-runner`: the root of the repository or of the installed extension. */
  readonly resourceRoot: string;
  readonly cacheFolder?: string;
  readonly sanitizers?: readonly Sanitizer[];
  /** For another machine than this one; it is then built with a cross compiler. */
  readonly architecture?: Architecture;
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  readonly signal?: AbortSignal;
  /** Told what is going on, as one line of text. */
  readonly onProgress?: (text: string) => void;
}

export interface BuiltRunner {
  readonly executable: string;
  /** False when it was in the cache already. */
  readonly built: boolean;
}

const executableName = 'strata-runner';
const pollMs = 100;

type BuildTools = Readonly<Record<Exclude<ToolName, 'cc'>, Tool>>;

async function listSources(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /(\.(h|cc)|CMakeLists\.txt)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function hashOf(sources: string, tools: BuildTools, sanitizers: readonly Sanitizer[]): Promise<string> {
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([process.platform, process.arch, tools.cxx.path, tools.cxx.description, sanitizers]),
  );
  for (const file of await listSources(sources)) {
    hash.update(`\0${relative(sources, file).split(sep).join('/')}\0`);
    hash.update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 20);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Takes the lock file, which names its owner; undefined while a living process holds it. */
async function tryLock(file: string): Promise<(() => Promise<void>) | undefined> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(String(process.pid));
    await handle.close();
    return () => rm(file, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = Number(await readFile(file, 'utf8').catch(() => ''));
  const age = Date.now() - (await stat(file).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
  // A file that names nobody belongs to a process between creating and writing it, or that died there. The limits are
  // for those, and for numbers of processes that were given out again; building twice does no harm.
  if (age > (owner > 0 ? 600_000 : 10_000) || (owner > 0 && !isAlive(owner))) await rm(file, { force: true });
  return undefined;
}

/** Removes what builds that were killed have left: `runner-<hash>.<pid>-<random>.tmp`. */
async function removeAbandoned(cacheFolder: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    const owner = /^runner-.*\.(\d+)-[0-9a-f]+\.tmp$/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner)))
      await rm(join(cacheFolder, name), { recursive: true, force: true });
  }
}

/**
 * The native runner for these sources. Throws STR0701 or STR0728 (tools missing), STR0702 (build failed), STR0722 (cache not
 * writable) or `CancelledError`; nothing but a finished runner stays in the cache.
 */
export async function buildRunner(options: BuildRunnerOptions): Promise<BuiltRunner> {
  const { resourceRoot, env = process.env, sanitizers = [], signal, onProgress } = options;
  const cacheFolder = options.cacheFolder ?? defaultCacheFolder(env);
  const sources = join(resourceRoot, 'native-runner');
  const own = await requireTools(await findToolchain(env), ['cxx', 'cmake', 'ninja']);
  const { architecture = hostArchitecture() } = options;
  const foreign =
    architecture === undefined || architecture === hostArchitecture() ? undefined : architecture;
  const tools =
    foreign === undefined ? own : { ...own, cxx: await requireCrossCompiler(foreign, 'cxx', env) };
  const target = join(cacheFolder, `runner-${await hashOf(sources, tools, sanitizers)}`);
  const executable = join(target, executableName);
  try {
    await mkdir(cacheFolder, { recursive: true });
    for (let waiting = false; ; waiting = true) {
      if (await exists(executable)) return { executable, built: false };
      if (signal?.aborted === true) throw new CancelledError();
      const unlock = await tryLock(`${target}.lock`);
      if (unlock === undefined) {
        if (!waiting) onProgress?.('Waiting for another build of the native runner');
        await sleep(pollMs);
        continue;
      }
      try {
        if (await exists(executable)) return { executable, built: false };
        await removeAbandoned(cacheFolder);
        onProgress?.('Building the native runner');
        await build(sources, target, tools, sanitizers, foreign, signal);
        return { executable, built: true };
      } finally {
        await unlock();
      }
    }
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw messages.error('STR0722', { folder: cacheFolder, reason: error.message }, { cause: error });
  }
}

/** CMake does not pass on why its checks fail. Less than this is too little for the smallest build. */
const leastFreeBytes = 2 ** 20;

async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < leastFreeBytes;
}

const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';

async function build(
  sources: string,
  target: string,
  tools: BuildTools,
  sanitizers: readonly Sanitizer[],
  foreign: Architecture | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const temporary = `${target}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  const objects = join(temporary, 'build');
  const result = join(temporary, 'result');
  try {
    await mkdir(result, { recursive: true });
    await step('cmake', tools.cmake.path, [
      ...['-S', sources, '-B', objects, '-G', 'Ninja'],
      `-DCMAKE_MAKE_PROGRAM=${tools.ninja.path}`,
      `-DCMAKE_CXX_COMPILER=${tools.cxx.path}`,
      `-DCMAKE_BUILD_TYPE=${sanitizers.length === 0 ? 'Release' : 'Debug'}`,
      `-DSTRATA_SANITIZE=${sanitizers.join(',')}`,
      ...(foreign === undefined ? [] : ['-DCMAKE_SYSTEM_NAME=Linux', `-DCMAKE_SYSTEM_PROCESSOR=${foreign}`]),
    ]);
    // Ninja itself, not `cmake --build`: it stops its compilers when it is cancelled.
    await step('ninja', tools.ninja.path, ['-C', objects, '-j', String(availableParallelism())]);
    await copyFile(join(objects, executableName), join(result, executableName));
    await rename(result, target).catch(async (error: unknown) => {
      if (!(await exists(join(target, executableName)))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  }

  async function step(name: string, file: string, args: readonly string[]): Promise<void> {
    const { ok, output } = await runTool(file, args, signal === undefined ? {} : { signal });
    if (ok) return;
    const log = output.split('\n').slice(-60).join('\n');
    if (await isFull(temporary))
      throw messages.error('STR0722', { folder: temporary, reason: 'no space left on device' });
    throw messages.error('STR0702', { step: name, log, sources });
  }
}
