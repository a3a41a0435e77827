/**
 * Samples a running process with Linux `perf`: where each of its threads was, some thousand times a second. Used on the native
 * runner while it executes; `readSamples` gives the addresses with the mappings that they lie in.
 */
import { rm } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { execa, type ResultPromise } from 'execa';
import { CancelledError } from '../base/cancellation';
import { messages } from './messages';
import { runTool } from './runTool';
import { findProgram, installCommandOf, readPlatform } from './toolchain';

/** Not a divisor of timers that programs run by; the system lowers it where it allows less. */
const samplesPerSecond = 9973;
const startMs = 10_000;

/** A file that was mapped to be executed. */
export interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
  /** Of its start, in the file. */
  readonly fileOffset: bigint;
  readonly file: string;
}

export interface Sample {
  /** As the system names it: `strata-1` is thread 1 of the runner's pool. */
  readonly thread: string;
  /** Nanoseconds of the monotonic clock. */
  readonly time: bigint;
  readonly address: bigint;
  /** Function and file that perf found; the first is `[unknown]` where it found none. */
  readonly symbol: string;
  readonly object: string;
}

export interface PerfSamples {
  /** What was counted from one sample to the next: `cycles`, or `cpu-clock` where the machine has no counters. */
  readonly event: string;
  readonly mappings: readonly Mapping[];
  readonly samples: readonly Sample[];
}

export interface StartSamplerOptions {
  readonly pid: number;
  /** Where perf keeps what it records; removed by `stop`. */
  readonly file: string;
  readonly signal?: AbortSignal;
}

/** Takes samples of a process from `start` to `stop`. Its threads must be there when it starts. */
export class PerfSampler {
  readonly #child: ResultPromise<{ reject: false; all: true }>;

  private constructor(
    readonly perf: string,
    readonly options: StartSamplerOptions,
  ) {
    const { pid, file, signal } = options;
    const args = [
      ...['record', '-p', String(pid), '-F', String(samplesPerSecond), '-k', 'CLOCK_MONOTONIC'],
      // Starts switched off; the first command over the pipe switches it on and is acknowledged.
      ...['-D', '-1', '--control', 'fd:3,4', '-o', file],
    ];
    this.#child = execa(perf, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      all: true,
      reject: false,
      env: { LC_ALL: 'C' },
      forceKillAfterDelay: 2000,
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    }) as unknown as ResultPromise<{ reject: false; all: true }>;
  }

  /** Samples are taken once it resolves. Throws STR0729 without perf and STR0730 where the system does not let it. */
  static async start(options: StartSamplerOptions): Promise<PerfSampler> {
    const perf = await findProgram('perf', process.env);
    if (perf === undefined)
      throw messages.error('STR0729', { command: installCommandOf('perf', await readPlatform()) });
    const sampler = new PerfSampler(perf.path, options);
    await sampler.#switchOn();
    return sampler;
  }

  async #switchOn(): Promise<void> {
    const [control, answers] = this.#child.stdio.slice(3) as unknown as [Writable, Readable];
    // perf may be gone by the time it is told to begin; how it ended says why.
    control.on('error', () => {});
    const acknowledged = new Promise<boolean>((resolve) => {
      let text = '';
      answers.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (text.includes('ack')) resolve(true);
      });
    });
    control.write('enable\n');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), startMs)));
    const began = await Promise.race([acknowledged, late, this.#child.then(() => false)]);
    clearTimeout(timer);
    if (began) return;
    this.#child.kill('SIGKILL');
    await this.#fail('record');
  }

  async #fail(step: string): Promise<never> {
    const { isCanceled, all } = await this.#child;
    await rm(this.options.file, { force: true });
    if (isCanceled || this.options.signal?.aborted === true) throw new CancelledError();
    throw messages.error('STR0730', { step, log: lastLines(String(all)) });
  }

  /** Ends sampling and gives what was sampled. */
  async stop(): Promise<PerfSamples> {
    const { file, signal } = this.options;
    this.#child.kill('SIGINT');
    const { isCanceled } = await this.#child;
    try {
      if (isCanceled) throw new CancelledError();
      const fields = 'comm,tid,time,event,ip,sym,dso';
      const args = ['script', '-i', file, '-F', fields, '--ns', '--show-mmap-events'];
      const { ok, output } = await runTool(this.perf, args, signal === undefined ? {} : { signal });
      if (!ok) throw messages.error('STR0730', { step: 'script', log: lastLines(output) });
      return readSamples(output);
    } finally {
      await rm(file, { force: true });
    }
  }

  /** Ends sampling for nothing. */
  async abandon(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child;
    await rm(this.options.file, { force: true });
  }
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-12).join('\n');

const mapping =
  /PERF_RECORD_MMAP2? -?\d+\/\d+: \[(0x[0-9a-f]+)\((0x[0-9a-f]+)\) @ (0x[0-9a-f]+|0)[^\]]*\]: \S*x\S* (.+)$/;
const sample = /^\s*(.+?)\s+(\d+)\s+(\d+)\.(\d{9}):\s+(\S+?):\s+([0-9a-f]+) (.*?) \((.*)\)$/;

/** Reads what `perf script` prints of the fields comm, tid, time, event, ip, sym and dso. */
export function readSamples(text: string): PerfSamples {
  const mappings: Mapping[] = [];
  const samples: Sample[] = [];
  let event = '';
  for (const line of text.split('\n')) {
    const mapped = mapping.exec(line);
    if (mapped !== null) {
      const [start, size, fileOffset] = mapped.slice(1, 4).map(BigInt) as [bigint, bigint, bigint];
      mappings.push({ start, end: start + size, fileOffset, file: mapped[4]! });
      continue;
    }
    const taken = sample.exec(line);
    if (taken === null) continue;
    const [, thread, , seconds, fraction, name, address, symbol, object] = taken;
    event ||= name!.replace(/:.*$/, '');
    samples.push({
      thread: thread!,
      time: BigInt(seconds!) * 1_000_000_000n + BigInt(fraction!),
      address: BigInt(`0x${address!}`),
      symbol: symbol!.trim(),
      object: object!,
    });
  }
  return { event, mappings, samples };
}
