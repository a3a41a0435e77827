/**
 * Reference models in the user's cache: their files, what became of them when they were last checked, and each of their
 * workloads compiled, loaded and with inputs. `strata models` and `strata bench --all` use it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CancelledError } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import { formatBytes } from '../base/units';
import { version } from '../base/version';
import type { Agreement } from '../compiler/compilation';
import { agreementOf } from '../compiler/compareTensors';
import type { ModelSession } from '../compiler/artifactSession';
import { OrtReference } from '../compiler/onnxRuntime';
import { openSession } from '../compiler/openSession';
import type { StepAgreement } from '../compiler/quantisedSteps';
import { QuantisedSteps } from '../compiler/quantisedSteps';
import { loadInputs } from '../compiler/tensors';
import type { HostTensor } from '../frontend/elementType';
import { readOnnxModel } from '../frontend/onnx/readModel';
import type { OnnxGraphBuilder } from '../frontend/zoo/onnxGraphBuilder';
import type { ReferenceModel, Workload } from '../frontend/zoo/referenceModel';
import { writeModel } from '../frontend/zoo/writeModel';
import { defaultCacheFolder } from '../runner/cacheFolder';
import type { ArtifactOptions } from './compileOptions';
import { compileOptions } from './compileOptions';
import { sessionOptions } from './artifactFor';
import { compileFile } from './compileFile';
import type { CommandContext } from './output';
import { replaceFile } from './replaceFile';

export interface WorkloadState {
  readonly workload: string;
  /** Undefined when it did not compile. */
  readonly compileNs: number | undefined;
  /** Undefined when it did not compile or run, or there was nothing to compare with. */
  readonly agreement: Agreement | undefined;
  /** Why there is no agreement: a coded error. */
  readonly problem: string | undefined;
  /**
   * Of a quantised model whose results are beyond the tolerance: whether it agrees tensor by tensor. Absent where that
   * was not asked.
   */
  readonly steps?: StepAgreement | undefined;
}

/** What `strata models check` found. */
export interface ModelState {
  readonly model: string;
  /** Of Strata. */
  readonly version: string;
  /** ISO 8601. */
  readonly checkedAt: string;
  readonly fileBytes: number;
  readonly workloads: readonly WorkloadState[];
}

const folder = (): string => path.join(defaultCacheFolder(), 'models');
const stateFile = (name: string): string => path.join(folder(), `${name}.json`);

/** What the last check found; undefined when there was none, or of another version. */
export async function lastState(name: string): Promise<ModelState | undefined> {
  try {
    const state = JSON.parse(await readFile(stateFile(name), 'utf8')) as ModelState;
    return state.version === version && Array.isArray(state.workloads) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** In one word, for tables. */
export function stateWord(state: ModelState | undefined): string {
  if (state === undefined) return 'not checked';
  if (state.workloads.some((w) => w.compileNs === undefined)) return 'does not compile';
  if (state.workloads.some((w) => w.problem !== undefined)) return 'does not run';
  if (state.workloads.some((w) => w.agreement === undefined)) return 'runs';
  if (state.workloads.every((w) => w.agreement!.agrees)) return 'agrees';
  return state.workloads.every((w) => w.agreement!.agrees || w.steps?.agrees === true)
    ? 'agrees by steps'
    : 'DISAGREES';
}
/** Whether there is nothing to mend. */
export const isInOrder = (state: ModelState): boolean =>
  ['agrees', 'agrees by steps', 'runs'].includes(stateWord(state));

/** Writes a model as `file`. */
export async function writeReferenceModel(
  g: OnnxGraphBuilder,
  file: string,
  context: CommandContext,
): Promise<number> {
  let bytes = 0;
  await replaceFile(file, async (to) => {
    bytes = await writeModel(g, to, {
      finalName: file,
      cancellation: context.cancellation,
      onProgress: (written) => {
        context.progress(`writing ${path.basename(file)}: ${formatBytes(written)}`);
      },
    });
  });
  return bytes;
}

/** The model's file in the cache, built unless `reuse` finds it there. */
export async function cachedModel(
  model: ReferenceModel,
  context: CommandContext,
  reuse: boolean,
): Promise<{ readonly file: string; readonly bytes: number }> {
  const file = path.join(folder(), `${model.name}.onnx`);
  const found = reuse ? await stat(file).catch(() => undefined) : undefined;
  if (found !== undefined) return { file, bytes: found.size };
  context.progress(`building ${model.name}`);
  await mkdir(folder(), { recursive: true });
  return { file, bytes: await writeReferenceModel(model.graph(), file, context) };
}

export interface OpenWorkload {
  readonly session: ModelSession;
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly compileNs: number;
}

/** Compiles a workload and runs `body` with it, loaded and with seeded inputs. */
export async function withWorkload<T>(
  model: ReferenceModel,
  workload: Workload,
  file: string,
  options: ArtifactOptions,
  context: CommandContext,
  body: (open: OpenWorkload) => Promise<T>,
): Promise<T> {
  const place = mkdtempSync(path.join(tmpdir(), 'strata-'));
  try {
    const artifact = path.join(place, `${model.name}.strata`);
    const { durationNs } = await compileFile(
      {
        model: file,
        output: artifact,
        dims: workload.dims,
        externalParameters: true,
        ...compileOptions(options),
      },
      context,
    );
    const session = await openSession(artifact, sessionOptions(options, context));
    try {
      const inputs = loadInputs(
        session.entryPoint().inputs,
        new Map(),
        new Map(Object.entries(workload.dims)),
      );
      return await body({ session, inputs, compileNs: durationNs });
    } finally {
      await session.close();
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Builds, compiles, runs and compares a model, and keeps what was found for `strata models list`. */
export async function checkModel(
  model: ReferenceModel,
  options: ArtifactOptions,
  context: CommandContext,
): Promise<ModelState> {
  const { file, bytes } = await cachedModel(model, context, false);
  const reference = await OrtReference.load(file, 1, 'results');
  const workloads: WorkloadState[] = [];
  try {
    for (const workload of model.workloads)
      workloads.push(await checkWorkload(model, workload, file, reference, options, context));
  } finally {
    await reference?.release();
  }
  const state: ModelState = {
    model: model.name,
    version,
    checkedAt: new Date().toISOString(),
    fileBytes: bytes,
    workloads,
  };
  await replaceFile(stateFile(model.name), (to) => writeFile(to, `${JSON.stringify(state, undefined, 2)}\n`));
  return state;
}

async function checkWorkload(
  model: ReferenceModel,
  workload: Workload,
  file: string,
  reference: OrtReference | undefined,
  options: ArtifactOptions,
  context: CommandContext,
): Promise<WorkloadState> {
  let compileNs: number | undefined;
  let inputs: OpenWorkload['inputs'] | undefined;
  try {
    const agreement = await withWorkload(model, workload, file, options, context, async (open) => {
      ({ compileNs, inputs } = open);
      context.progress(`running ${model.name}`);
      const { outputs } = await open.session.run(open.inputs, { threads: 1 });
      if (reference === undefined) return undefined;
      const expected = await reference.run(open.inputs);
      return agreementOf(outputs, expected, `ONNX Runtime ${reference.version}`, model.tolerance);
    });
    const steps =
      agreement?.agrees === false
        ? await checkSteps(model, workload, file, inputs!, options, context)
        : undefined;
    return { workload: workload.name, compileNs, agreement, problem: undefined, steps };
  } catch (error) {
    if (error instanceof CancelledError || context.cancellation.signal.aborted) throw error;
    if (!(error instanceof StrataError)) throw error;
    return { workload: workload.name, compileNs, agreement: undefined, problem: error.message };
  }
}

/** Compares every quantised tensor, computed from ONNX Runtime's; undefined for a model that has none. */
async function checkSteps(
  model: ReferenceModel,
  workload: Workload,
  file: string,
  inputs: OpenWorkload['inputs'],
  options: ArtifactOptions,
  context: CommandContext,
): Promise<StepAgreement | undefined> {
  const steps = QuantisedSteps.of(readOnnxModel(file));
  if (steps === undefined) return undefined;
  context.progress(`comparing the quantised tensors of ${model.name}`);
  const place = mkdtempSync(path.join(tmpdir(), 'strata-'));
  try {
    const observed = path.join(place, 'observed.onnx');
    await writeFile(observed, steps.observed());
    const reference = await OrtReference.load(observed, 1, 'literal');
    if (reference === undefined) return undefined;
    const cut = path.join(place, 'cut.onnx');
    const expected = await reference.run(inputs).finally(() => reference.release());
    await writeFile(cut, steps.cut(expected));
    return await withWorkload(model, workload, cut, options, context, async ({ session }) => {
      const names = session.entryPoint().inputs.map((i) => i.name);
      const given = names.map((name) => [name, inputs[name] ?? expected[name]!] as const);
      const { outputs } = await session.run(Object.fromEntries(given), { threads: 1 });
      return steps.compare(outputs, expected);
    });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
