/**
 * Compiles generated C to a shared library with the C compiler of this machine: units side by side, then one library.
 * Keeps what it compiled, so that a unit is compiled once.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compilerFlags,
  cpuFeatures as knownFeatures,
  findCpuFeature,
  type Architecture,
} from '../artifact/cpuFeatures';
import { CancelledError } from '../base/cancellation';
import type { Sanitizer } from './buildRunner';
import { defaultCacheFolder } from './cacheFolder';
import { cacheKey, CodeCache } from './codeCache';
import { requireCrossCompiler } from './crossToolchain';
import { hostArchitecture } from './hostCpu';
import { messages } from './messages';
import { runTool } from './runTool';
import { findToolchain, requireTools, type Tool, type Toolchain } from './toolchain';

/** C11 with GNU extensions, complete: it includes nothing but headers of the C library. */
export interface KernelUnit {
  readonly source: string;
  /** Names that the library has for symbols of the unit, besides the symbols. */
  readonly exports?: readonly { readonly symbol: string; readonly name: string }[];
}

export interface CompileKernelsOptions {
  /** One unit, or several. */
  readonly source: string | readonly KernelUnit[];
  /** Features that the code may use; names of `cpuFeatures`. */
  readonly cpuFeatures: readonly string[];
  /** Added behind the default flags, so that they override them. */
  readonly flags?: readonly string[];
  readonly architecture?: Architecture;
  /** The library then only loads into a runner that is built with the same. */
  readonly sanitizers?: readonly Sanitizer[];
  /** Searched when left out; pass it to compile many. */
  readonly toolchain?: Toolchain;
  /** Whether compiled code is taken from the cache and kept there; not when left out. */
  readonly cache?: boolean;
  /** Where compiled code, and C that the compiler refused, is kept. */
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
  /** Units that were compiled; the others were in the cache. */
  readonly compiledUnits: number;
}

const defaultFlags: readonly string[] = [
  '-std=gnu11',
  '-O3',
  '-fPIC',
  '-fno-math-errno',
  '-fno-trapping-math',
  // Line tables only: they change no code, and tell samples of a kernel apart by its lines.
  '-g1',
  '-gno-record-gcc-switches',
];
const linkFlags: readonly string[] = [
  '-shared',
  ...(process.platform === 'linux' ? ['-Wl,--build-id=none'] : []),
];
const maxLogLines = 40;

/** `-O1` keeps the accesses that the C has, and compiles in a fraction of the time. */
const sanitizerFlags = (sanitizers: readonly Sanitizer[]): readonly string[] =>
  sanitizers.length === 0
    ? []
    : [
        `-fsanitize=${sanitizers.join(',')}`,
        '-fno-sanitize-recover=all',
        '-fno-omit-frame-pointer',
        '-g1',
        '-O1',
      ];

/**
 * Throws STR0701 or STR0728 (no compiler), STR0703 (the compiler refused it, with its message and where the C was kept), STR0722
 * (disk full), STR0725 (unknown CPU feature) or `CancelledError`. Leaves no temporary files.
 */
export async function compileKernels(options: CompileKernelsOptions): Promise<CompiledKernels> {
  const { source, cpuFeatures, flags = [], toolchain } = options;
  const architecture = options.architecture ?? hostArchitecture() ?? 'x86_64';
  const unknown = cpuFeatures.find((name) => findCpuFeature(name, architecture) === undefined);
  if (unknown !== undefined)
    throw messages.error('STR0725', {
      feature: unknown,
      architecture,
      known: knownFeatures.flatMap((f) => (f.architecture === architecture ? [f.name] : [])).join(', '),
    });
  const cc =
    architecture === (hostArchitecture() ?? architecture)
      ? (await requireTools(toolchain ?? (await findToolchain(process.env, ['cc'])), ['cc'])).cc
      : await requireCrossCompiler(architecture, 'cc');
  const units = typeof source === 'string' ? [{ source }] : source;
  const compileFlags = [
    ...defaultFlags,
    ...compilerFlags(architecture, cpuFeatures),
    ...flags,
    ...sanitizerFlags(options.sanitizers ?? []),
  ];
  return new KernelBuild(cc, compileFlags, units, options).run();
}

/** What else than its version tells one compiler from another. */
async function identityOf(cc: Tool): Promise<readonly string[]> {
  const file = await realpath(cc.path);
  const { size, mtimeMs } = await stat(file);
  const { CPATH, C_INCLUDE_PATH } = process.env;
  return [file, cc.description, String(size), String(mtimeMs), CPATH ?? '', C_INCLUDE_PATH ?? ''];
}

class KernelBuild {
  readonly #cacheFolder: string;
  readonly #cache: CodeCache | undefined;
  readonly #parent: string;
  /** Stops the other units when one fails. */
  readonly #stop = new AbortController();

  constructor(
    readonly cc: Tool,
    readonly compileFlags: readonly string[],
    readonly units: readonly KernelUnit[],
    readonly options: CompileKernelsOptions,
  ) {
    this.#cacheFolder = options.cacheFolder ?? defaultCacheFolder();
    this.#cache = options.cache === true ? new CodeCache(join(this.#cacheFolder, 'kernels')) : undefined;
    this.#parent = options.temporaryFolder ?? tmpdir();
  }

  async run(): Promise<CompiledKernels> {
    const { units, compileFlags } = this;
    const compiler = this.#cache === undefined ? [] : await identityOf(this.cc);
    const keys = units.map((u) => cacheKey(['unit', u.source, compileFlags, compiler]));
    const names = units.flatMap((u) => u.exports ?? []);
    const key = cacheKey(['library', keys, names.map((n) => `${n.name}=${n.symbol}`), linkFlags]);
    // Relative names, so that the library does not depend on the folder.
    const command = [this.cc.path, ...compileFlags, '-c', 'kernels.c'].join(' ');
    const known = await this.#cache?.get(key);
    if (known !== undefined) return { bytes: known, command, compiledUnits: 0 };
    const folder = await mkdtemp(join(this.#parent, 'strata-kernels-')).catch((cause: unknown) => {
      throw this.#notWritable(cause);
    });
    try {
      const compiledUnits = await this.#objects(folder, keys);
      const bytes = await this.#link(folder, names);
      if (this.#cache !== undefined) {
        await this.#cache.put(key, bytes);
        await this.#cache.prune();
      }
      return { bytes, command, compiledUnits };
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  /** Puts `N/kernels.o` of each unit there; the number of those that had to be compiled. */
  async #objects(folder: string, keys: readonly string[]): Promise<number> {
    const missing: number[] = [];
    for (const [i, key] of keys.entries()) {
      await this.#write(() => mkdir(join(folder, String(i))));
      const object = await this.#cache?.get(key);
      if (object === undefined) missing.push(i);
      else await this.#write(() => writeFile(join(folder, String(i), 'kernels.o'), object));
    }
    // The longest first, so that none is left alone at the end.
    const work = [...missing].sort((a, b) => this.units[b]!.source.length - this.units[a]!.source.length);
    const worker = async (): Promise<void> => {
      for (let i = work.shift(); i !== undefined; i = work.shift()) {
        await this.#compile(join(folder, String(i)), this.units[i]!.source);
        if (this.#cache !== undefined)
          await this.#cache.put(keys[i]!, await readFile(join(folder, String(i), 'kernels.o')));
      }
    };
    const workers = Array.from({ length: Math.min(availableParallelism(), work.length) }, async () => {
      try {
        await worker();
      } catch (error) {
        work.length = 0;
        this.#stop.abort();
        throw error;
      }
    });
    const ended = await Promise.allSettled(workers);
    const failures = ended.flatMap((e) => (e.status === 'rejected' ? [e.reason as unknown] : []));
    if (failures.length > 0) throw failures.find((f) => !(f instanceof CancelledError)) ?? failures[0];
    return missing.length;
  }

  async #compile(folder: string, source: string): Promise<void> {
    await this.#write(() => writeFile(join(folder, 'kernels.c'), source));
    // Line tables name the folder, which is another one each time.
    const nameless = `-ffile-prefix-map=${await realpath(folder)}=.`;
    const flags = [...this.compileFlags, nameless];
    await this.#tool([...flags, '-c', '-o', 'kernels.o', 'kernels.c'], folder, source);
  }

  async #link(
    folder: string,
    names: readonly { readonly symbol: string; readonly name: string }[],
  ): Promise<Uint8Array> {
    const objects = this.units.map((_, i) => `${i}/kernels.o`);
    const aliases = names.map(({ name, symbol }) =>
      process.platform === 'darwin' ? `-Wl,-alias,_${symbol},_${name}` : `-Wl,--defsym,${name}=${symbol}`,
    );
    // A file, since a large model has more names than a command line may hold.
    await this.#write(() => writeFile(join(folder, 'names'), `${aliases.join('\n')}\n`));
    const args = [...this.compileFlags, ...linkFlags, '-o', 'kernels.so', ...objects, '@names', '-lm'];
    await this.#tool(args, folder, this.units.map((u) => u.source).join('\n'));
    return readFile(join(folder, 'kernels.so'));
  }

  async #tool(args: readonly string[], cwd: string, source: string): Promise<void> {
    const { signal } = this.options;
    const { ok, output } = await runTool(this.cc.path, args, {
      cwd,
      // Temporaries of the compiler go where they are removed even if it is killed.
      env: { TMPDIR: cwd },
      signal: signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]),
    });
    if (ok) return;
    if (/No space left on device/.test(output)) throw this.#notWritable(new Error('no space left on device'));
    throw messages.error('STR0703', {
      log: output.split('\n').slice(0, maxLogLines).join('\n'),
      kept: await keepSource(this.#cacheFolder, source),
      command: [this.cc.path, ...args].join(' '),
    });
  }

  async #write(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (cause) {
      throw this.#notWritable(cause);
    }
  }
  #notWritable(cause: unknown): Error {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return messages.error('STR0722', { folder: this.#parent, reason }, { cause });
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
