/**
 * What this machine reaches at most, measured by `native-runner/tools/peak.c`: multiply-adds by element type, and
 * reading memory, on one thread and on all. Kept in the user's cache, as `strata profile` compares each run with it.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilerFlags } from '../artifact/cpuFeatures';
import { defaultCacheFolder } from './cacheFolder';
import { hostCpu, type HostCpu } from './hostCpu';
import { messages } from './messages';
import { runTool } from './runTool';
import type { TracedPeak } from './runnerRequests';
import { findToolchain, requireTools } from './toolchain';

/** `f32`: fused multiply-adds; `u8s8` and `bf16`: dot products into i32 and f32; `read`: memory larger than caches. */
export const peakKinds = ['f32', 'u8s8', 'bf16', 'read'] as const;
export type PeakKind = (typeof peakKinds)[number];

export interface PeakFigure {
  readonly kind: PeakKind;
  readonly threads: number;
  /** Operations (two per multiply-add) or bytes per second, by all threads together. */
  readonly perSecond: number;
}
export interface Peak {
  readonly cpu: string;
  /** What the machine has no instruction for is left out. */
  readonly figures: readonly PeakFigure[];
}

export interface MeasurePeakOptions {
  /** The folder that holds `native-runner`. */
  readonly resourceRoot: string;
  readonly cacheFolder?: string;
  readonly signal?: AbortSignal;
}

/** Larger than the last-level cache of one core complex, small enough for a small machine. */
const readMebibytes = 256;
const keptIn = (cacheFolder: string): string => join(cacheFolder, 'peak.json');

/** Throws STR0701 (no compiler) or STR0727 (it cannot be built or run). Takes about two seconds. */
export async function measurePeak(options: MeasurePeakOptions): Promise<Peak> {
  const { resourceRoot, cacheFolder = defaultCacheFolder(), signal } = options;
  const { cc } = await requireTools(await findToolchain(process.env, ['cc']), ['cc']);
  const cpu = await hostCpu();
  const source = join(resourceRoot, 'native-runner', 'tools', 'peak.c');
  const folder = await mkdtemp(join(tmpdir(), 'strata-peak-'));
  const run = async (step: string, file: string, args: readonly string[]): Promise<string> => {
    const { ok, output } = await runTool(file, args, signal === undefined ? {} : { signal });
    if (!ok) throw messages.error('STR0727', { step, log: output });
    return output;
  };
  try {
    const program = join(folder, 'peak');
    const machine = cpu.architecture === undefined ? [] : compilerFlags(cpu.architecture, cpu.features);
    await run('building it', cc.path, [
      ...['-std=gnu11', '-O3', '-ffp-contract=fast', '-pthread', ...machine],
      ...['-o', program, source],
    ]);
    const figures = parsePeak(await run('running it', program, [String(cpu.threads), String(readMebibytes)]));
    const peak: Peak = { cpu: cpu.model, figures };
    await mkdir(cacheFolder, { recursive: true })
      .then(() => writeFile(keptIn(cacheFolder), JSON.stringify(peak)))
      // It can be measured again.
      .catch(() => undefined);
    return peak;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What `measurePeak` found on this machine before; undefined when it did not run, or on another processor. */
export async function knownPeak(
  cacheFolder = defaultCacheFolder(),
  cpu?: Pick<HostCpu, 'model'>,
): Promise<Peak | undefined> {
  try {
    const peak = JSON.parse(await readFile(keptIn(cacheFolder), 'utf8')) as Peak;
    const { model } = cpu ?? (await hostCpu());
    return peak.cpu === model && Array.isArray(peak.figures) ? peak : undefined;
  } catch {
    return undefined;
  }
}

/** The figure for so many threads; of fewer where that was not measured. */
export function peakOf(peak: Peak, kind: PeakKind, threads: number): number | undefined {
  const fitting = peak.figures.filter((f) => f.kind === kind && f.threads <= threads);
  return fitting.length === 0 ? undefined : Math.max(...fitting.map((f) => f.perSecond));
}

/** The roofs of a run on so many threads; undefined where one of them was not measured. */
export function tracedPeakOf(peak: Peak, threads: number): TracedPeak | undefined {
  const flopsPerSecond = peakOf(peak, 'f32', threads);
  const bytesPerSecond = peakOf(peak, 'read', threads);
  return flopsPerSecond === undefined || bytesPerSecond === undefined
    ? undefined
    : { flopsPerSecond, bytesPerSecond };
}

/** Lines `f32 2 5.4e+11`. */
export function parsePeak(text: string): readonly PeakFigure[] {
  return text.split('\n').flatMap((line): PeakFigure[] => {
    const [name, threads, perSecond] = line.trim().split(' ');
    const kind = peakKinds.find((k) => k === name);
    return kind === undefined || !(Number(perSecond) > 0)
      ? []
      : [{ kind, threads: Number(threads), perSecond: Number(perSecond) }];
  });
}
