/**
 * Runs an artifact with a trace and compares its results with the interpreter where that takes seconds. What
 * `Strata: Profile Model…` does, and compiling does by default.
 */
import path from 'node:path';
import { CancelledError, cancellationOf } from '../base/cancellation';
import type { Agreement, Measurement } from '../compiler/compilation';
import { agreementOf } from '../compiler/compareTensors';
import type { Tensors } from '../compiler/artifactSession';
import { measurementOf } from '../compiler/artifactSession';
import { compileInWorker, interpretInWorker } from '../compiler/compileInWorker';
import type { KernelSamples } from '../compiler/kernelSamples';
import { openSession } from '../compiler/openSession';
import { sampleKernels } from '../compiler/sampleKernels';
import type { StagedSessionOptions } from '../compiler/staged/stagedSession';
import { loadInputs } from '../compiler/tensors';
import { knownPeak, measurePeak, tracedPeakOf } from '../runner/measurePeak';
import type { LoadedEntryPoint, TracedPeak } from '../runner/runnerRequests';

export interface MeasureRequest {
  readonly artifact: string;
  /** Where the trace goes. */
  readonly trace: string;
  /** 0: all processors. */
  readonly threads: number;
  /** Also count what perf_event has, per dispatch and thread. */
  readonly counters: boolean;
  /** The model file, when the results are to be compared with the interpreter's. */
  readonly reference: string | undefined;
}

export interface MeasureEnvironment {
  /** Folder of the installed extension, which holds the runner's sources. */
  readonly resourceRoot: string;
  readonly workerFile: string;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
  readonly warn: (text: string) => void;
}

/** Recorded runs: as many as fit in this time, within limits. */
const budgetNs = 2e9;
const fewestRuns = 3;
const mostRuns = 20;
const warmup = 3;
/** Of results in single precision. */
const tolerance = 1e-4;

/** Throws coded errors of the runner and `CancelledError`; writes nothing but the trace. */
export async function measureArtifact(
  request: MeasureRequest,
  environment: MeasureEnvironment,
): Promise<Measurement> {
  const { onProgress } = environment;
  const session = await openSession(request.artifact, sessionOptions(environment));
  try {
    const entry = session.entryPoint();
    const inputs = madeUpInputs(entry);
    const threads = request.threads === 0 ? {} : { threads: request.threads };
    const first = await session.run(inputs, { entry: entry.name, ...threads });
    const agreement =
      request.reference === undefined
        ? undefined
        : await compare(request.reference, inputs, first.outputs, environment);
    onProgress('Profiling');
    const { timings: probe } = await session.run(inputs, { entry: entry.name, ...threads });
    const took = Math.max(1, probe.iterationNs[0] ?? 1);
    const repeat = Math.min(mostRuns, Math.max(fewestRuns, Math.round(budgetNs / took)));
    const peak = await tracedPeak(probe.threads, environment);
    onProgress(`Profiling, ${warmup} runs to warm up and ${repeat} recorded ones`);
    const { timings, overhead, started } = await session.profile(inputs, request.trace, {
      entry: entry.name,
      ...threads,
      warmup,
      repeat,
      compareUnrecorded: true,
      counters: request.counters,
      ...(peak === undefined ? {} : { peak }),
    });
    if (started.missing !== '') environment.warn(`not counted: ${started.missing}`);
    return measurementOf(timings, {
      trace: request.trace,
      ...(agreement === undefined ? {} : { agreement }),
      ...(overhead === undefined ? {} : { overhead }),
      ...(peak === undefined ? {} : { peak }),
    });
  } finally {
    await session.close();
  }
}

const sessionOptions = ({
  resourceRoot,
  signal,
  onProgress,
  workerFile,
}: MeasureEnvironment): StagedSessionOptions => ({
  resourceRoot,
  cancellation: cancellationOf(signal),
  onProgress,
  compile: (stage) => compileInWorker(stage, { workerFile, signal }),
});

/** Runs an artifact for some seconds and says where its kernels spend them, line by line. Throws STR0729 to STR0733. */
export async function sampleArtifact(
  request: Pick<MeasureRequest, 'artifact' | 'threads'>,
  environment: MeasureEnvironment,
): Promise<KernelSamples> {
  const { onProgress } = environment;
  const session = await openSession(request.artifact, sessionOptions(environment));
  try {
    onProgress('running');
    const entry = session.entryPoint();
    const { source: _, ...samples } = await sampleKernels(session, request.artifact, madeUpInputs(entry), {
      entry: entry.name,
      ...(request.threads === 0 ? {} : { threads: request.threads }),
    });
    return samples;
  } finally {
    await session.close();
  }
}

/** Seeded values; symbolic dimensions are 1. */
function madeUpInputs(entry: LoadedEntryPoint): Tensors {
  const symbols = entry.inputs.flatMap((i) => i.shape.filter((d) => typeof d === 'string'));
  return loadInputs(entry.inputs, new Map(), new Map(symbols.map((s) => [s, 1])));
}

/** What so many threads of this machine can do, measured once per machine; undefined, with a warning, where that fails. */
async function tracedPeak(
  threads: number,
  { resourceRoot, signal, onProgress, warn }: MeasureEnvironment,
): Promise<TracedPeak | undefined> {
  let peak = await knownPeak();
  if (peak === undefined) {
    onProgress('Measuring what this machine reaches at most, once');
    try {
      peak = await measurePeak({ resourceRoot, signal });
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      warn(`there will be no roofline: ${(error as Error).message}`);
      return undefined;
    }
  }
  return tracedPeakOf(peak, threads);
}

/** Undefined, with a warning, where the interpreter cannot run the model. */
async function compare(
  model: string,
  inputs: Tensors,
  found: Tensors,
  environment: MeasureEnvironment,
): Promise<Agreement | undefined> {
  environment.onProgress('Comparing with the interpreter');
  try {
    const { workerFile, signal } = environment;
    const expected = await interpretInWorker(model, inputs, { workerFile, signal });
    return agreementOf(found, expected, 'interpreter', tolerance);
  } catch (error) {
    if (error instanceof CancelledError) throw error;
    environment.warn(
      `${path.basename(model)} was not compared with the interpreter: ${(error as Error).message}`,
    );
    return undefined;
  }
}
