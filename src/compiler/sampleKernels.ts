/** Runs an artifact for some seconds under a sampling profiler, and says which lines of the generated C the time goes to. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readArtifact } from '../artifact/readArtifact';
import { functionLines } from '../lowering/targets/cpu/sourceLines';
import { readTrace } from '../profiler/readTrace';
import { addressLines } from '../runner/addressLines';
import { messages } from '../runner/messages';
import { PerfSampler } from '../runner/perfSampler';
import type { ModelSession, RunOptions, Tensors } from './artifactSession';
import { attributeSamples, libraryAddresses, type KernelSamples } from './kernelSamples';

export interface SampleOptions extends Pick<RunOptions, 'threads'> {
  readonly entry: string;
  /** Nanoseconds that are sampled, about. */
  readonly budgetNs?: number;
}

const defaultBudgetNs = 3e9;
const fewestRuns = 3;
/** The runner keeps the newest so many zones of a thread. */
const keptZones = 1 << 16;
const warmup = 3;
/** How the runner maps kernel libraries. */
const isLibrary = (file: string): boolean => file.startsWith('/memfd:strata-kernels');

/**
 * Samples `artifact`, which `session` has loaded. The runs are recorded as well: the zone of its thread says which dispatch a
 * sample belongs to. Throws STR0729 to STR0732 where the system cannot sample, and `CancelledError`.
 */
export async function sampleKernels(
  session: ModelSession,
  artifact: string,
  inputs: Tensors,
  options: SampleOptions,
): Promise<KernelSamples & { readonly source: string }> {
  const { entry, threads, budgetNs = defaultBudgetNs } = options;
  const contents = await readArtifact(artifact);
  const { kernelLibraries, entryPoints } = [contents, ...contents.fallbacks][session.program] ?? contents;
  const [library, second] = kernelLibraries;
  if (library === undefined || second !== undefined)
    throw messages.error('STR0733', { artifact, libraries: kernelLibraries.length });
  const { cancellation } = session;
  const { signal } = cancellation;
  const run = { entry, ...(threads === undefined ? {} : { threads }) };
  // Threads of the pool must be there before they can be sampled.
  const { iterationNs } = await session.bench(inputs, { ...run, warmup, repeat: 1 });
  const most = Math.floor(keptZones / (session.entryPoint(entry).steps + 1));
  const fitting = Math.round(budgetNs / Math.max(1, iterationNs[0] ?? 1));
  const repeat = Math.max(1, Math.min(most, Math.max(fewestRuns, fitting)));
  const folder = await mkdtemp(path.join(tmpdir(), 'strata-samples-'));
  try {
    const file = path.join(folder, 'run.pftrace');
    const sampler = await PerfSampler.start({
      pid: session.pid!,
      file: path.join(folder, 'perf.data'),
      signal,
    });
    const { timings, sampled } = await session
      .profile(inputs, file, { ...run, warmup: 0, repeat })
      .then(async (profiled) => ({ timings: profiled.timings, sampled: await sampler.stop() }))
      .catch(async (error: unknown) => {
        await sampler.abandon();
        throw error;
      });
    cancellation.throwIfCancelled();
    const addressOf = libraryAddresses(sampled, library.bytes, isLibrary);
    const addresses = sampled.samples.map((s) => addressOf(s.address));
    const distinct = [...new Set(addresses.filter((a) => a !== undefined))];
    const found = await addressLines(library.bytes, distinct, signal);
    const lines = new Map(distinct.map((a, i) => [a, found[i]]));
    const lineOfSample = new Map(
      sampled.samples.map((s, i) => [s, addresses[i] === undefined ? undefined : lines.get(addresses[i])]),
    );
    return {
      source: library.source,
      ...attributeSamples({
        sampled,
        trace: readTrace(await readFile(file), 'run.pftrace'),
        entryPoint: entry,
        entries: new Set(entryPoints.map((e) => e.name)),
        threads: timings.threads,
        lineOf: (sample) => lineOfSample.get(sample),
        functions: functionLines(library.source),
      }),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
