/** Compiles generated C to a shared library with the C compiler of this machine. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compilerFlags,
  cpuFeatures as knownFeatures,
  findCpuFeature,
  type Architecture,
} from '../artifact/cpuFeatures';
import { defaultCacheFolder } from './cacheFolder';
import { hostArchitecture } from './hostCpu';
import { messages } from './messages';
import { runTool } from './runTool';
import { findToolchain, requireTools, type Toolchain } from './toolchain';

export interface CompileKernelsOptions {
  /** C11 with GNU extensions, complete: it includes nothing but headers of the C library. */
  readonly source: string;
  /** Features that the code may use; names of `cpuFeatures`. */
  readonly cpuFeatures: readonly string[];
  /** Added behind the default flags, so that they override them. */
  readonly flags?: readonly string[];
  readonly architecture?: Architecture;
  /** Searched when left out; pass it to compile many. */
  readonly toolchain?: Toolchain;
  /** Where C that the compiler refused is kept. */
  readonly cacheFolder?: string;
  /** Parent of the temporary folder. */
  readonly temporaryFolder?: string;
  readonly signal?: AbortSignal;
}

export interface CompiledKernels {
  /** The shared library. Equal source, flags and compiler give equal bytes. */
  readonly bytes: Uint8Array;
  /** The compiler and its arguments, for people. */
  readonly command: string;
}

const defaultFlags: readonly string[] = [
  ...['-std=gnu11', '-O3', '-fPIC', '-shared', '-fno-math-errno', '-fno-trapping-math'],
  ...(process.platform === 'linux' ? ['-Wl,--build-id=none'] : []),
];
const maxLogLines = 40;

/**
 * Throws STR0701 (no compiler), STR0703 (the compiler refused it, with its message and where the C was kept), STR0722
 * (disk full), STR0725 (unknown CPU feature) or `CancelledError`. Leaves no temporary files.
 */
export async function compileKernels(options: CompileKernelsOptions): Promise<CompiledKernels> {
  const { source, cpuFeatures, flags = [], toolchain, signal } = options;
  const architecture = options.architecture ?? hostArchitecture() ?? 'x86_64';
  const unknown = cpuFeatures.find((name) => findCpuFeature(name, architecture) === undefined);
  if (unknown !== undefined)
    throw messages.error('STR0725', {
      feature: unknown,
      architecture,
      known: knownFeatures.flatMap((f) => (f.architecture === architecture ? [f.name] : [])).join(', '),
    });
  const { cc } = await requireTools(toolchain ?? (await findToolchain()), ['cc']);
  const parent = options.temporaryFolder ?? tmpdir();
  const notWritable = (cause: unknown) =>
    messages.error(
      'STR0722',
      { folder: parent, reason: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    );
  const folder = await mkdtemp(join(parent, 'strata-kernels-')).catch((cause: unknown) => {
    throw notWritable(cause);
  });
  try {
    // Relative names, so that the library does not depend on the folder.
    const args = [
      ...defaultFlags,
      ...compilerFlags(architecture, cpuFeatures),
      ...flags,
      ...['-o', 'kernels.so', 'kernels.c', '-lm'],
    ];
    const command = [cc.path, ...args].join(' ');
    await writeFile(join(folder, 'kernels.c'), source).catch((cause: unknown) => {
      throw notWritable(cause);
    });
    // Temporaries of the compiler go where they are removed even if it is killed.
    const env = { TMPDIR: folder };
    const { ok, output } = await runTool(cc.path, args, {
      cwd: folder,
      env,
      ...(signal === undefined ? {} : { signal }),
    });
    if (ok) return { bytes: await readFile(join(folder, 'kernels.so')), command };
    if (/No space left on device/.test(output)) throw notWritable(new Error('no space left on device'));
    const kept = await keepSource(options.cacheFolder ?? defaultCacheFolder(), source);
    throw messages.error('STR0703', {
      log: output.split('\n').slice(0, maxLogLines).join('\n'),
      kept,
      command,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function keepSource(cacheFolder: string, source: string): Promise<string> {
  const folder = join(cacheFolder, 'refused-kernels');
  const file = join(folder, `${createHash('sha256').update(source).digest('hex').slice(0, 12)}.c`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(file, source);
    return file;
  } catch {
    return `nowhere, since ${folder} cannot be written`;
  }
}
