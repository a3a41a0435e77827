/**
 * A running `strata-runner serve`: typed requests to a child process that executes artifacts. A crash of generated code
 * ends the child and is reported as a coded error; the caller then starts another one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { CancelledError } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import { messages } from './messages';
import type {
  ExecuteRequest,
  LoadedArtifact,
  RequestOptions,
  RunnerInfo,
  RunnerInput,
  RunnerOutput,
  RunResult,
  Timings,
  StartedTrace,
  TracedPeak,
  WrittenTrace,
} from './runnerRequests';

export interface StartRunnerOptions extends RequestOptions {
  /** What `buildRunner` built. */
  readonly executable: string;
  /** Program and arguments that run it: an emulator of another machine. */
  readonly launcher?: readonly string[];
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  /** Parent of the folder for inputs and outputs. */
  readonly temporaryFolder?: string;
}

type Reply = Readonly<Record<string, unknown>>;

interface Pending {
  readonly name: string;
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

interface WrittenOutput extends Omit<RunnerOutput, 'bytes'> {
  readonly file: string;
}

type InputFiles = Readonly<Record<string, { readonly file: string; readonly shape?: readonly number[] }>>;

const keptErrorOutput = 64 * 1024;
const quitMs = 2000;
/** Signals that a program gets for its own mistakes. */
const crashSignals: ReadonlySet<string> = new Set([
  'SIGSEGV',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGABRT',
  'SIGTRAP',
]);

const word = (name: string, value: string | number): string =>
  `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;

function executeWords(request: ExecuteRequest, inputs: InputFiles): readonly string[] {
  const { artifact, entry, synthetic, threads, repeat, warmup, iteration } = request;
  return [
    word('artifact', artifact),
    ...(entry === undefined ? [] : [word('entry', entry)]),
    ...(synthetic === true ? [word('synthetic', 1)] : []),
    ...Object.entries({ threads, repeat, warmup, iteration }).flatMap(([name, value]) =>
      value === undefined ? [] : [word(name, value)],
    ),
    ...Object.entries(inputs).flatMap(([name, { file, shape }]) => [
      word(`input.${name}`, file),
      ...(shape === undefined ? [] : [word(`shape.${name}`, shape.join('x'))]),
    ]),
  ];
}

/** The line that the runner's signal handler writes; see `native-runner/src/crash.h`. */
function parseCrash(errorOutput: string): { signal: string; place: string } | undefined {
  const line = /^strata-runner crashed (\{.*\})$/m.exec(errorOutput)?.[1];
  if (line === undefined) return undefined;
  try {
    const { signal, dispatch } = JSON.parse(line) as {
      signal: string;
      dispatch: { name: string; index: number; entry: string } | null;
    };
    if (dispatch === null) return { signal, place: 'outside any dispatch' };
    return {
      signal,
      place: `in dispatch "${dispatch.name}" (number ${dispatch.index} of "${dispatch.entry}")`,
    };
  } catch {
    return undefined;
  }
}

export class RunnerProcess {
  readonly #child: ResultPromise<{ buffer: false; reject: false; stdin: 'pipe' }>;
  readonly #folder: string;
  #received: Buffer[] = [];
  #errorOutput = '';
  #exitCode: number | undefined;
  #pending: Pending | undefined;
  /** The tail of the queue of requests; each waits for the one before. */
  #queue: Promise<unknown> = Promise.resolve();
  /** Why the process is gone, once it is. */
  #failure: Error | undefined;
  /** Set before the process is killed by us. */
  #reasonOfKill: Error | undefined;
  readonly #ended: Promise<void>;
  readonly #removeFolder = (): void => rmSync(this.#folder, { recursive: true, force: true });

  private constructor(options: StartRunnerOptions) {
    const { executable, launcher = [], env, temporaryFolder = tmpdir() } = options;
    try {
      this.#folder = mkdtempSync(join(temporaryFolder, 'strata-runner-'));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw messages.error('STR0722', { folder: temporaryFolder, reason }, { cause });
    }
    process.once('exit', this.#removeFolder);
    const [program = executable, ...args] = [...launcher, executable, 'serve'];
    this.#child = execa(program, args, {
      stdin: 'pipe',
      buffer: false,
      reject: false,
      ...(env === undefined ? {} : { env }),
    });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errorOutput = (this.#errorOutput + chunk.toString('utf8')).slice(-keptErrorOutput);
    });
    // A write to a dead child fails here; the end of the child says why.
    this.#child.stdin.on('error', () => {});
    this.#ended = this.#child.then((result) => {
      const { exitCode, signal, cause } = result as { exitCode?: number; signal?: string; cause?: unknown };
      this.#exitCode = exitCode;
      this.#failure = this.#reasonOfKill ?? this.#explainEnd(executable, exitCode, signal, cause);
      this.#pending?.reject(this.#failure);
      this.#pending = undefined;
      process.removeListener('exit', this.#removeFolder);
      this.#removeFolder();
    });
  }

  /** Starts the process and waits until it answers. Throws STR0721 when it cannot be started. */
  static async start(options: StartRunnerOptions): Promise<RunnerProcess> {
    if (options.signal?.aborted === true) throw new CancelledError();
    const runner = new RunnerProcess(options);
    try {
      await runner.ping(options);
      return runner;
    } catch (error) {
      await runner.close();
      throw error;
    }
  }

  /** False once the process has crashed, was killed or closed. */
  get alive(): boolean {
    return this.#failure === undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The last 64 KiB of what the process wrote on standard error: crash reports, findings of sanitizers. */
  get errorOutput(): string {
    return this.#errorOutput;
  }

  /** Undefined while it runs and when a signal ended it. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  ping(options?: RequestOptions): Promise<RunnerInfo> {
    return this.#ask<RunnerInfo>('ping', [], options);
  }

  /** Errors: STR06xx for the file; STR0704 to STR0707 when its kernels do not run here. */
  load(file: string, options?: RequestOptions): Promise<LoadedArtifact> {
    return this.#ask<LoadedArtifact>('load', [word('path', file)], options);
  }

  async unload(artifact: number, options?: RequestOptions): Promise<void> {
    await this.#ask('unload', [word('artifact', artifact)], options);
  }

  /** Executes an entry point and returns its outputs, those of the last execution. */
  run(request: ExecuteRequest, options?: RequestOptions): Promise<RunResult> {
    return this.#exclusively(options, async () => {
      const folder = join(this.#folder, 'outputs');
      const words = [...(await this.#prepare(request)), word('output-dir', folder)];
      try {
        const reply = await this.#send<Timings & { outputs: readonly WrittenOutput[] }>(
          'run',
          words,
          options,
        );
        const outputs: RunnerOutput[] = [];
        for (const { file, name, elementType, shape } of reply.outputs)
          outputs.push({ name, elementType, shape, bytes: await readFile(file) });
        return { ...reply, outputs };
      } finally {
        await rm(folder, { recursive: true, force: true });
        await this.#removeInputs();
      }
    });
  }

  /** Measures an entry point. */
  bench(request: ExecuteRequest, options?: RequestOptions): Promise<Timings> {
    return this.#exclusively(options, async () => {
      const words = await this.#prepare(request);
      try {
        return await this.#send<Timings>('bench', words, options);
      } finally {
        await this.#removeInputs();
      }
    });
  }

  /**
   * Records the executions from now on. `zones` bounds the zones kept per thread; the newest are kept. With `counters` also
   * what perf_event counts, as far as the machine has it.
   */
  startTrace(
    choices: { readonly zones?: number; readonly counters?: boolean } = {},
    options?: RequestOptions,
  ): Promise<StartedTrace> {
    const words = [
      ...(choices.zones === undefined ? [] : [word('zones', choices.zones)]),
      ...(choices.counters === true ? [word('counters', 1)] : []),
    ];
    return this.#ask<StartedTrace>('trace', [word('action', 'start'), ...words], options);
  }

  /** Writes what was recorded as a Perfetto trace, with what the machine can do where that is known; recording goes on. */
  writeTrace(file: string, peak?: TracedPeak, options?: RequestOptions): Promise<WrittenTrace> {
    const words =
      peak === undefined
        ? []
        : [
            word('peakFlops', Math.round(peak.flopsPerSecond)),
            word('peakBytes', Math.round(peak.bytesPerSecond)),
          ];
    return this.#ask<WrittenTrace>('trace', [word('action', 'write'), word('path', file), ...words], options);
  }

  /** Drops what was recorded and records no more. */
  async stopTrace(options?: RequestOptions): Promise<void> {
    await this.#ask('trace', [word('action', 'stop')], options);
  }

  /** Ends the process and removes its temporary files. A request that is under way fails with STR0726. */
  async close(): Promise<void> {
    if (this.#failure === undefined && this.#reasonOfKill === undefined) {
      const busy = this.#pending !== undefined;
      this.#reasonOfKill = messages.error('STR0726', { request: this.#pending?.name ?? 'another request' });
      if (busy) this.#child.kill('SIGKILL');
      else this.#child.stdin.end('quit\n');
    }
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), quitMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** One request or sequence at a time; the wire has no numbers of requests. */
  #exclusively<T>(options: RequestOptions | undefined, work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      if (options?.signal?.aborted === true) throw new CancelledError();
      if (this.#failure !== undefined) throw this.#failure;
      return work();
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  #ask<T>(name: string, words: readonly string[], options?: RequestOptions): Promise<T> {
    return this.#exclusively(options, () => this.#send<T>(name, words, options));
  }

  async #send<T>(name: string, words: readonly string[], options: RequestOptions = {}): Promise<T> {
    const { signal, timeoutMs } = options;
    if (this.#failure !== undefined) throw this.#failure;
    const reply = new Promise<Reply>((resolve, reject) => (this.#pending = { name, resolve, reject }));
    const stop = (reason: Error): void => {
      this.#reasonOfKill ??= reason;
      this.#child.kill('SIGKILL');
    };
    const onAbort = (): void => stop(new CancelledError());
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(
            () =>
              stop(messages.error('STR0719', { request: name, seconds: Math.round(timeoutMs / 100) / 10 })),
            timeoutMs,
          );
    try {
      this.#child.stdin.write(`${[name, ...words].join(' ')}\n`);
      const { ok, code, text, next, ...fields } = await reply;
      if (ok === true) return fields as T;
      throw new StrataError({
        code: String(code),
        severity: 'error',
        text: String(text),
        ...(typeof next === 'string' ? { next } : {}),
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #receive(chunk: Buffer): void {
    const end = chunk.indexOf(0x0a);
    if (end < 0) {
      this.#received.push(chunk);
      return;
    }
    const line = Buffer.concat([...this.#received, chunk.subarray(0, end)]).toString('utf8');
    this.#received = [];
    const pending = this.#pending;
    this.#pending = undefined;
    let reply: Reply | undefined;
    try {
      reply = JSON.parse(line) as Reply;
    } catch (cause) {
      // Generated code may write to standard output; nothing that follows can be trusted.
      this.#reasonOfKill ??= messages.error(
        'STR0720',
        { exitCode: 'none', output: line.slice(0, 200) },
        { cause },
      );
      this.#child.kill('SIGKILL');
      pending?.reject(this.#reasonOfKill);
      return;
    }
    pending?.resolve(reply);
    if (end + 1 < chunk.length) this.#receive(chunk.subarray(end + 1));
  }

  #explainEnd(executable: string, exitCode?: number, signal?: string, cause?: unknown): Error {
    const doing = this.#pending === undefined ? 'while idle' : `while doing "${this.#pending.name}"`;
    const crash = parseCrash(this.#errorOutput);
    if (crash !== undefined) return messages.error('STR0717', crash);
    if (signal !== undefined)
      return messages.error(crashSignals.has(signal) ? 'STR0717' : 'STR0718', { signal, place: doing });
    if (exitCode === undefined)
      return messages.error('STR0721', {
        file: executable,
        reason: cause instanceof Error ? cause.message : 'the system gave no reason',
      });
    const output = this.#errorOutput.trim() || 'it wrote nothing on standard error';
    return messages.error('STR0720', { exitCode, output });
  }

  /** Writes inputs that are in memory to files and returns the words of the request. */
  async #prepare(request: ExecuteRequest): Promise<readonly string[]> {
    const files: Record<string, { file: string; shape?: readonly number[] }> = {};
    for (const [i, [name, input]] of Object.entries(request.inputs ?? {}).entries())
      files[name] = {
        file: await this.#inputFile(i, input),
        ...(input.shape === undefined ? {} : { shape: input.shape }),
      };
    return executeWords(request, files);
  }

  async #inputFile(index: number, input: RunnerInput): Promise<string> {
    if ('file' in input) return input.file;
    const file = join(this.#folder, 'inputs', `input-${index}.bin`);
    try {
      await mkdir(join(this.#folder, 'inputs'), { recursive: true });
      await writeFile(file, input.bytes);
    } catch (cause) {
      // The folder goes with the process.
      if (this.#failure !== undefined) throw this.#failure;
      await this.#removeInputs();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw messages.error('STR0714', { file, reason }, { cause });
    }
    return file;
  }

  #removeInputs(): Promise<void> {
    return rm(join(this.#folder, 'inputs'), { recursive: true, force: true });
  }
}
