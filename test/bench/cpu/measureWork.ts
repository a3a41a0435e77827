/** One row of `npm run bench:cpu`: a model compiled by us beside ONNX Runtime, on several numbers of threads in turns. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ArtifactSession, median } from '../../../src/compiler/artifactSession';
import { compileModel } from '../../../src/compiler/compileModel';
import { timeInTurns } from '../../../src/compiler/latency';
import { OrtReference } from '../../../src/compiler/onnxRuntime';
import { loadInputs } from '../../../src/compiler/tensors';
import type { Peak } from '../../../src/runner/measurePeak';
import { peakOf } from '../../../src/runner/measurePeak';
import type { Work } from './work';

export interface MeasuredTime {
  readonly work: Work;
  readonly threads: number;
  readonly ourNs: number;
  /** Undefined when ONNX Runtime is not installed or refuses the model. */
  readonly theirNs: number | undefined;
  /** How many times faster than on the first number of threads. */
  readonly scaling: number | undefined;
}

export interface ShareOfPeak {
  /** Of the machine's peak, by what binds. */
  readonly ofPeak: number | undefined;
  readonly bound: 'arithmetic' | 'reading' | undefined;
}

export interface MeasureOptions {
  /** Where models and artifacts are kept. */
  readonly folder: string;
  readonly threads: readonly number[];
  /** Time that each side may take, in milliseconds; what is short runs more often. */
  readonly budgetMs: number;
}

const fileName = (work: Work): string => work.name.replace(/[^\w]+/g, '-');

/** Writes the model and compiles it, unless both are there. */
export async function prepare(
  work: Work,
  folder: string,
): Promise<{ readonly model: string; readonly artifact: string }> {
  mkdirSync(folder, { recursive: true });
  const model = path.join(folder, `${fileName(work)}.onnx`);
  const artifact = path.join(folder, `${fileName(work)}.strata`);
  if (!existsSync(model)) writeFileSync(model, work.model());
  if (!existsSync(artifact)) await compileModel({ model, output: artifact });
  return { model, artifact };
}

export async function measureWork(work: Work, options: MeasureOptions): Promise<readonly MeasuredTime[]> {
  const { folder, threads, budgetMs } = options;
  const { model, artifact } = await prepare(work, folder);
  const session = await ArtifactSession.open(artifact, { resourceRoot: process.cwd() });
  const references: OrtReference[] = [];
  try {
    for (const n of threads) {
      const reference = await OrtReference.load(model, n, 'latency').catch(() => undefined);
      if (reference !== undefined) references.push(reference);
    }
    const compared = references.length === threads.length;
    const inputs = loadInputs(session.entryPoint().inputs, new Map());
    const ours = threads.map((n) => ({
      time: async (runs: number) =>
        (await session.bench(inputs, { threads: n, warmup: 0, repeat: runs })).iterationNs,
    }));
    const theirs = compared ? references.map((r) => ({ time: (runs: number) => r.time(inputs, runs) })) : [];
    const [first = 1] = (await ours[0]!.time(3)).slice(-1);
    const repeat = Math.max(10, Math.min(200, Math.round((budgetMs * 1e6) / first)));
    const times = (await timeInTurns([...ours, ...theirs], { repeat, warmup: 3 })).map(median);
    return threads.map((n, i): MeasuredTime => {
      const ourNs = times[i]!;
      return {
        work,
        threads: n,
        ourNs,
        theirNs: times[threads.length + i],
        scaling: i === 0 ? undefined : times[0]! / ourNs,
      };
    });
  } finally {
    for (const r of references) await r.release();
    await session.close();
  }
}

export function shareOfPeak(work: Work, threads: number, ns: number, peak: Peak): ShareOfPeak {
  const { demand } = work;
  const arithmetic = demand === undefined ? undefined : peakOf(peak, demand.arithmetic, threads);
  const read = peakOf(peak, 'read', threads);
  if (demand === undefined || arithmetic === undefined || read === undefined)
    return { ofPeak: undefined, bound: undefined };
  const computing = demand.operations / arithmetic;
  const reading = demand.bytes / read;
  return {
    ofPeak: Math.max(computing, reading) / (ns * 1e-9),
    bound: computing >= reading ? 'arithmetic' : 'reading',
  };
}
