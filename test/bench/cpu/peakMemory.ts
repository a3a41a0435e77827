/** Rows of `npm run bench:cpu` on memory: the peak of a runner beside what ONNX Runtime adds to a Node process. */
import { ArtifactSession } from '../../../src/compiler/artifactSession';
import { loadInputs } from '../../../src/compiler/tensors';
import { memoryOf, memoryRuns, referenceMemory } from './freshProcess';
import { prepare } from './measureWork';
import type { Work } from './work';

export interface PeakMemory {
  readonly work: Work;
  readonly threads: number;
  /** Of the whole runner: its code, the artifact and the arena. */
  readonly ourBytes: number | undefined;
  readonly theirBytes: number | undefined;
}

export async function measurePeakMemory(work: Work, threads: number, folder: string): Promise<PeakMemory> {
  const { model, artifact } = await prepare(work, folder);
  const session = await ArtifactSession.open(artifact, { resourceRoot: process.cwd() });
  try {
    const inputs = loadInputs(session.entryPoint().inputs, new Map());
    await session.bench(inputs, { threads, warmup: 0, repeat: memoryRuns });
    const { pid } = session.runner;
    const ourBytes = pid === undefined ? undefined : memoryOf(pid, 'VmHWM');
    const theirBytes = await referenceMemory({ kind: 'reference-memory', model, threads, inputs });
    return { work, threads, ourBytes, theirBytes };
  } finally {
    await session.close();
  }
}
