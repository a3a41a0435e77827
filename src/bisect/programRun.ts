/**
 * Compiled code at the end of the search: builds what the target makes of a module and runs it in the native runner, as a
 * whole or with every intermediate buffer kept, to find the kernel that is wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findCpuFeature } from '../artifact/cpuFeatures';
import { kernelHeaderText } from '../artifact/kernelAbi';
import { writeArtifact } from '../artifact/writeArtifact';
import type { Cancellation } from '../base/cancellation';
import { version } from '../base/version';
import type { Tensors } from '../compiler/artifactSession';
import { ArtifactSession } from '../compiler/artifactSession';
import { packageProgram } from '../compiler/packageProgram';
import { reasonOf } from '../compiler/readText';
import type { TargetDescription } from '../compiler/targetDescription';
import type { Operation } from '../ir';
import { SnapshotStates } from '../ir';
import type { EmittedKernels, EmitOptions } from '../lowering/targets/cpu/emitKernels';
import { emitKernels } from '../lowering/targets/cpu/emitKernels';
import { hostProgram } from '../lowering/targets/cpu/hostProgram';
import type { TargetProgram } from '../lowering/targets/targetProgram';
import { stageNamed } from '../lowering/stages';
import { compileKernels } from '../runner/compileKernels';
import { bisectMessages } from './messages';
import type { IrState } from './replay';

/** How code is made and run; a parameter so that what is judged can be another backend than the shipped one. */
export interface Backend {
  readonly emit: (module: Operation, options: EmitOptions) => EmittedKernels;
  readonly host: (module: Operation, kernels: EmittedKernels['kernels']) => TargetProgram;
}
export const shippedBackend: Backend = { emit: emitKernels, host: hostProgram };

export interface ProgramEnvironment {
  readonly target: TargetDescription;
  /** Folder that holds `native-runner`. */
  readonly resourceRoot: string;
  readonly cancellation: Cancellation;
  readonly backend: Backend;
}

/** Whether the module is what code is made of. */
export const isProgram = (module: Operation): boolean =>
  module.find((op) => !stageNamed('loops').allows(op)).length === 0;

export interface BuiltProgram {
  readonly program: TargetProgram;
  readonly emitted: EmittedKernels;
  /** Path of the artifact. */
  readonly artifact: string;
}

/** A folder of artifacts that goes when `close` is called. */
export class ProgramRuns {
  readonly #folder: string;
  #count = 0;
  constructor(readonly environment: ProgramEnvironment) {
    try {
      this.#folder = mkdtempSync(path.join(tmpdir(), 'strata-bisect-'));
    } catch (cause) {
      throw bisectMessages.error('STR1105', { folder: tmpdir(), problem: reasonOf(cause) }, { cause });
    }
  }

  async build(
    { module, resources }: IrState,
    transform: (program: TargetProgram) => TargetProgram = (p) => p,
  ): Promise<BuiltProgram> {
    const { target, backend, cancellation } = this.environment;
    const emitted = backend.emit(module, { abi: kernelHeaderText, level: target.level });
    const program = transform(backend.host(module, emitted.kernels));
    const library = await compileKernels({
      source: emitted.units,
      cpuFeatures: target.cpuFeatures,
      flags: target.flags,
      cache: true,
      signal: cancellation.signal,
    });
    const artifact = path.join(this.#folder, `${this.#count++}.strata`);
    const contents = packageProgram({
      producer: `strata ${version}`,
      model: 'bisect',
      target: { name: 'cpu', architecture: target.architecture },
      program,
      library: {
        bytes: library.bytes,
        source: emitted.source,
        // Those that a machine is asked for; the others are only said to the C compiler.
        cpuFeatures: target.cpuFeatures.filter((f) => findCpuFeature(f, target.architecture) !== undefined),
      },
      resources,
      externalParameters: false,
      record: { passes: [], rewrites: [], snapshots: new SnapshotStates() },
    });
    try {
      await writeArtifact(artifact, contents, { signal: cancellation.signal });
    } catch (cause) {
      cancellation.throwIfCancelled();
      throw bisectMessages.error('STR1105', { folder: this.#folder, problem: reasonOf(cause) }, { cause });
    }
    return { program, emitted, artifact };
  }

  /** Runs with each number of threads in turn, in one process. A crash of the code throws STR0717. */
  async run(
    built: BuiltProgram,
    inputs: Tensors,
    threads: readonly (number | undefined)[],
  ): Promise<Tensors[]> {
    const { cancellation, resourceRoot } = this.environment;
    const session = await ArtifactSession.open(built.artifact, { resourceRoot, cancellation });
    try {
      // A wrong pass may leave an input that nothing reads; the program then lacks it.
      const taken = new Set(session.entryPoints[0]?.inputs.map((input) => input.name));
      const given = Object.fromEntries(Object.entries(inputs).filter(([name]) => taken.has(name)));
      const outputs: Tensors[] = [];
      for (const n of threads)
        outputs.push((await session.run(given, n === undefined ? {} : { threads: n })).outputs);
      return outputs;
    } finally {
      await session.close();
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
