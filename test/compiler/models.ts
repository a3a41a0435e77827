/** Reference models as files, compiled and run by the real parts, for the tests of the driver. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Sanitizer } from '../../src/runner/buildRunner';
import type { TestContext } from 'node:test';
import { ArtifactSession } from '../../src/compiler/artifactSession';
import { agreementOf } from '../../src/compiler/compareTensors';
import { OrtReference } from '../../src/compiler/onnxRuntime';
import { loadInputs } from '../../src/compiler/tensors';
import type { CpuLevel } from '../../src/compiler/targetDescription';
import { cpuLevels, describeTarget } from '../../src/compiler/targetDescription';
import type { HostTensor } from '../../src/frontend/elementType';
import type { BuildOptions } from '../../src/frontend/zoo/referenceModel';
import { buildReferenceModel, referenceGraph } from '../../src/frontend/zoo/referenceModels';
import { hostArchitecture, hostCpu } from '../../src/runner/hostCpu';
import { testCache } from '../runner/sharedBuild';

process.env['STRATA_CACHE_DIR'] ??= testCache;

export type Tensors = Readonly<Record<string, HostTensor>>;

/** A folder for this file's models, removed at its end. */
const folder = mkdtempSync(path.join(tmpdir(), 'strata-test-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});
export const scratch = (): string => folder;

/** The model as a file below `scratch()`. */
export function modelFile(name: string, options: BuildOptions = {}): string {
  const label = [name, ...Object.entries(options).map(([k, v]) => `${k}${v}`)].join('-');
  const file = path.join(scratch(), `${label}.onnx`);
  writeFileSync(file, buildReferenceModel(name, options));
  return file;
}

/** Seeded random inputs of a reference model. */
export function seededInputs(name: string, options: BuildOptions, seed: number): Tensors {
  const signatures = referenceGraph(name, options).inputs.map((s) => ({
    name: s.name,
    elementType: 'f32' as const,
    shape: s.shape,
  }));
  return loadInputs(signatures, new Map(signatures.map((s) => [s.name, { kind: 'random', seed }])));
}

/** What ONNX Runtime makes of each of `inputs`. Its package is a development dependency, so its absence is a failure. */
export async function referenceOutputs(
  file: string,
  inputs: readonly Tensors[],
): Promise<readonly Tensors[]> {
  const reference = await OrtReference.load(file, 2, 'results');
  assert.ok(reference !== undefined, 'onnxruntime-node is not installed');
  try {
    const outputs: Tensors[] = [];
    for (const each of inputs) outputs.push(await reference.run(each));
    return outputs;
  } finally {
    await reference.release();
  }
}

export async function openSession(
  t: TestContext,
  artifact: string,
  sanitizers: readonly Sanitizer[] = [],
): Promise<ArtifactSession> {
  const session = await ArtifactSession.open(artifact, { resourceRoot: process.cwd(), sanitizers });
  t.after(() => session.close());
  return session;
}

/** Asserts agreement of all outputs within a relative error, and that there is something to compare. */
export function assertAgrees(found: Tensors, expected: Tensors, tolerance: number, what: string): void {
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort(), what);
  for (const [name, t] of Object.entries(expected))
    assert.deepEqual(found[name]!.shape, t.shape, `${what}: ${name}`);
  const { relativeError } = agreementOf(found, expected, 'reference', tolerance);
  assert.ok(
    relativeError <= tolerance,
    `${what}: relative error ${relativeError}, at most ${tolerance} allowed`,
  );
}

/** The feature levels that this machine runs, and those that it does not. */
export async function runnableLevels(): Promise<{
  readonly here: readonly CpuLevel[];
  readonly elsewhere: readonly CpuLevel[];
}> {
  const architecture = hostArchitecture();
  const { features } = await hostCpu();
  const here: CpuLevel[] = [];
  const elsewhere: CpuLevel[] = [];
  for (const level of cpuLevels) {
    const target = await describeTarget(level);
    const runs =
      target.architecture === architecture && target.cpuFeatures.every((f) => features.includes(f));
    (runs ? here : elsewhere).push(level);
  }
  return { here, elsewhere };
}
