/**
 * Whole compilations in the user's cache: a model that is compiled again, unchanged, is found instead. An entry is known
 * by the bytes of everything that went into it: the model and the files that it refers to, the options, the processor,
 * the C compiler and the compiler's own code. Whoever compiles asks here first; `compileInWorker` does.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { PipelineData, PipelineRecord } from '../ir';
import { pipelineData, pipelineOf } from '../ir';
import { defaultCacheFolder } from '../runner/cacheFolder';
import { CodeCache, cacheKey } from '../runner/codeCache';
import { hostCpu } from '../runner/hostCpu';
import { locateCandidates } from '../runner/locateProgram';
import type { Compilation } from './compilation';
import type { CompileRequest } from './compileModel';
import { compilerMessages } from './messages';

/** A compilation as it crosses threads and is kept: what views ask for last is bytes until then. */
export interface PackedCompilation {
  /** Without snapshots and rewrites. */
  readonly compilation: Compilation;
  /** A `PassDetails`, as `v8.serialize` has it. */
  readonly details: Uint8Array;
  /** Files beside the model that were read. */
  readonly files: readonly string[];
}
/** What passes did, in full. */
type PassDetails = Omit<PipelineData, 'passes'>;

export function packCompilation(compilation: Compilation, files: readonly string[]): PackedCompilation {
  const { passes, ...details } = pipelineData(compilation.passes);
  return {
    compilation: { ...compilation, passes: pipelineOf({ passes, rewrites: [], states: new Map() }) },
    details: serialize(details),
    files,
  };
}
export const unpackCompilation = ({ compilation, details }: PackedCompilation): Compilation =>
  withDetails(compilation, () => details);

/** The compilation with details that are read when they are first asked for. */
function withDetails(compilation: Compilation, bytes: () => Uint8Array): Compilation {
  const { passes } = compilation.passes;
  let known: PipelineRecord | undefined;
  const details = (): PipelineRecord =>
    (known ??= pipelineOf({ passes, ...(deserialize(bytes()) as PassDetails) }));
  return {
    ...compilation,
    passes: {
      passes,
      get rewrites() {
        return details().rewrites;
      },
      get snapshots() {
        return details().snapshots;
      },
    },
  };
}

/** What is kept beside artifact and details. */
interface Kept {
  readonly compilation: Compilation;
  /** Files beside the model, relative to its folder, with the SHA-256 of their bytes. */
  readonly files: readonly (readonly [string, string])[];
  readonly artifactBytes: number;
}

/** Bytes that entries may take: the artifact of a large model is as large as its weights. */
const limit = 2 * 2 ** 30;
/** Larger models are not kept: reading and copying them is most of compiling them. */
const largestArtifact = 512 * 2 ** 20;

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hashOfFile = async (file: string): Promise<string> => hashOf(await readFile(file));

/** Whether the request asks for an artifact and nothing else, so that it is determined by its bytes and options. */
const isRepeatable = (r: CompileRequest): boolean =>
  r.source === undefined &&
  r.output !== undefined &&
  r.kernelCache !== false &&
  r.stopAfter === undefined &&
  r.exportForm === undefined &&
  r.dumpDir === undefined &&
  r.control === undefined &&
  ['.onnx', '.tflite'].includes(path.extname(r.model).toLowerCase());

export class CompilationCache {
  readonly #store: CodeCache;
  private constructor(
    readonly request: CompileRequest,
    readonly key: string,
    readonly folder: string,
  ) {
    this.#store = new CodeCache(folder, limit);
  }

  /**
   * The place of the request's result in the cache; undefined for one that is not kept. `compiler` is a file that holds
   * the compiler's code. Files that cannot be read are left to the compiler to report.
   */
  static async of(
    request: CompileRequest,
    compiler: string,
    folder = path.join(defaultCacheFolder(), 'compilations'),
  ): Promise<CompilationCache | undefined> {
    if (!isRepeatable(request)) return undefined;
    try {
      const { model, output: _, resources, schedules, ...options } = request;
      const { architecture, features } = await hostCpu();
      const key = cacheKey([
        'compilation 2',
        [path.basename(model), ...(request.externalParameters === true ? [path.resolve(model)] : [])],
        await Promise.all([model, compiler].map(hashOfFile)),
        await Promise.all([resources, schedules].map(async (f) => (f === undefined ? '' : hashOfFile(f)))),
        JSON.stringify(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))),
        [architecture ?? '', ...features],
        await locateCandidates('cc'),
      ]);
      return new CompilationCache(request, key, folder);
    } catch {
      return undefined;
    }
  }

  #file(part: 'artifact' | 'details'): string {
    return path.join(this.folder, `${this.key}.${part}`);
  }

  /**
   * What was kept, with the artifact at its place; undefined when there is nothing, or not all of it. Whoever will hardly
   * look at the IR of passes has it read `later`, and then only while it is kept.
   */
  async take(detailsAreRead: 'now' | 'later' = 'now'): Promise<Compilation | undefined> {
    const start = process.hrtime.bigint();
    const startedAt = Date.now();
    const { model, output } = this.request;
    const bytes = await this.#store.get(`${this.key}.record`);
    if (bytes === undefined || output === undefined) return undefined;
    const kept = deserialize(bytes) as Kept;
    const folder = path.dirname(model);
    try {
      for (const [file, hash] of kept.files)
        if ((await hashOfFile(path.resolve(folder, file))) !== hash) return undefined;
      const details = await this.#details(detailsAreRead);
      if (details === undefined || (await stat(this.#file('artifact'))).size !== kept.artifactBytes)
        return undefined;
      await copyWhole(this.#file('artifact'), output);
      const now = new Date();
      await utimes(this.#file('artifact'), now, now);
      const compilation: Compilation = {
        ...kept.compilation,
        model,
        artifact: output,
        startedAt,
        foundNs: Number(process.hrtime.bigint() - start),
      };
      return withDetails(compilation, details);
    } catch {
      return undefined;
    }
  }

  async #details(read: 'now' | 'later'): Promise<(() => Uint8Array) | undefined> {
    const name = `${this.key}.details`;
    if (read === 'now') {
      const bytes = await this.#store.get(name);
      return bytes === undefined ? undefined : () => bytes;
    }
    const file = this.#file('details');
    const now = new Date();
    await utimes(file, now, now);
    return () => {
      const bytes = this.#store.getNow(name);
      if (bytes === undefined) throw compilerMessages.error('STR0583', { file });
      return bytes;
    };
  }

  /** Keeps a result. What cannot be written is not kept. */
  async keep({ compilation, details, files }: PackedCompilation): Promise<void> {
    const { model, output } = this.request;
    if (output === undefined || compilation.artifact === undefined) return;
    try {
      const { size } = await stat(output);
      if (size > largestArtifact) return;
      const folder = path.dirname(model);
      const kept: Kept = {
        compilation,
        files: await Promise.all(
          files.map(async (f) => [path.relative(folder, f), await hashOfFile(f)] as const),
        ),
        artifactBytes: size,
      };
      await mkdir(this.folder, { recursive: true });
      await copyWhole(output, this.#file('artifact'));
      await this.#store.put(`${this.key}.details`, details);
      // The last: an entry without its record is not there.
      await this.#store.put(`${this.key}.record`, serialize(kept));
      await this.#store.prune();
    } catch {
      // The next compilation does the work again.
    }
  }
}

/** Copies a file so that nobody sees half of it. */
async function copyWhole(from: string, to: string): Promise<void> {
  const part = `${to}.${process.pid}.tmp`;
  try {
    await copyFile(from, part, constants.COPYFILE_FICLONE);
    await rename(part, to);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
