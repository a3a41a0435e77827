/**
 * Many small programs as one artifact in one runner: each module goes through the pipeline on its own, the kernels of all
 * are compiled together. Used where many models run once: conformance, comparison of random graphs.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Cancellation } from '../base/cancellation';
import { neverCancelled } from '../base/cancellation';
import { kernelHeaderText } from '../artifact/kernelAbi';
import { writeArtifact } from '../artifact/writeArtifact';
import { findCpuFeature } from '../artifact/cpuFeatures';
import type { HostTensor } from '../frontend/elementType';
import type { Operation } from '../ir';
import {
  Block,
  createOp,
  denseResource,
  Region,
  ResourceStore,
  runPipeline,
  SnapshotStates,
  stringAttr,
  symbolRef,
} from '../ir';
import { module as moduleOp } from '../ir/dialects/builtin';
import { func } from '../ir/dialects/func';
import { registry } from '../ir/dialects/index';
import * as memref from '../ir/dialects/memref';
import type { OptLevel } from '../lowering/pipeline';
import { defaultPipeline } from '../lowering/pipeline';
import { emitKernels } from '../lowering/targets/cpu/emitKernels';
import { hostProgram } from '../lowering/targets/cpu/hostProgram';
import { compileKernels } from '../runner/compileKernels';
import type { Tensors } from './artifactSession';
import { ArtifactSession } from './artifactSession';
import { packageProgram } from './packageProgram';
import type { TargetDescription } from './targetDescription';
import { describeTarget, targetAttribute } from './targetDescription';

export interface BatchOptions {
  /** Folder that holds `native-runner`. */
  readonly resourceRoot: string;
  readonly optLevel?: OptLevel;
  readonly cancellation?: Cancellation;
}

export interface BatchMember {
  /** A symbol that no other member has: the name of its entry point. */
  readonly name: string;
  /** With one function; taken over and changed. */
  readonly module: Operation;
  readonly resources: ResourceStore;
}

/** A program that waits for the others of its batch. */
interface Waiting extends BatchMember {
  readonly inputs: Tensors;
  readonly resolve: (outputs: Record<string, HostTensor>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs tasks side by side, each of which executes programs one after another. When all tasks that are not done wait for a
 * program, these programs become one artifact.
 */
export class ProgramBatch {
  #waiting: Waiting[] = [];
  #active = 0;
  #count = 0;
  #target: TargetDescription | undefined;

  constructor(readonly options: BatchOptions) {}

  /** Results of all tasks, in order; a task may call `execute`. */
  async run<T>(tasks: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
    this.#active = tasks.length;
    return Promise.all(
      tasks.map(async (task) => {
        try {
          return await task();
        } finally {
          this.#active--;
          this.#flushWhenAllWait();
        }
      }),
    );
  }

  /** Compiles a module with one function and runs it once. The module is changed. */
  execute(module: Operation, resources: ResourceStore, inputs: Tensors): Promise<Record<string, HostTensor>> {
    const name = `program_${this.#count++}`;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, module, resources, inputs, resolve, reject });
      this.#flushWhenAllWait();
    });
  }

  #flushWhenAllWait(): void {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#active) return;
    const members = this.#waiting;
    this.#waiting = [];
    this.#flush(members).catch((error: unknown) => {
      for (const m of members) m.reject(error);
    });
  }

  async #flush(members: readonly Waiting[]): Promise<void> {
    const { cancellation = neverCancelled } = this.options;
    const target = (this.#target ??= await describeTarget());
    const good = members.filter((m) => {
      try {
        lower(m, target, this.options.optLevel ?? 0, cancellation);
        return true;
      } catch (error) {
        m.reject(error);
        return false;
      }
    });
    await this.#execute(good, target);
  }

  async #execute(members: readonly Waiting[], target: TargetDescription): Promise<void> {
    const { cancellation = neverCancelled, resourceRoot } = this.options;
    if (members.length === 0) return;
    const folder = await mkdtemp(path.join(tmpdir(), 'strata-'));
    try {
      const artifact = path.join(folder, 'batch.strata');
      try {
        await this.#write(artifact, members, target);
      } catch (error) {
        // The others are not to blame for the one that the C compiler refuses.
        if (members.length === 1) throw error;
        const half = members.length >> 1;
        await this.#execute(members.slice(0, half), target);
        await this.#execute(members.slice(half), target);
        return;
      }
      const open = (): Promise<ArtifactSession> =>
        ArtifactSession.open(artifact, { resourceRoot, cancellation });
      let session = await open();
      for (const m of members) {
        try {
          if (!session.alive) session = await open();
          m.resolve((await session.run(m.inputs, { entry: m.name, threads: 1 })).outputs);
        } catch (error) {
          m.reject(error);
        }
      }
      await session.close();
    } catch (error) {
      for (const m of members) m.reject(error);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #write(artifact: string, members: readonly BatchMember[], target: TargetDescription): Promise<void> {
    const { signal } = this.options.cancellation ?? neverCancelled;
    const { module, resources } = joined(members);
    const emitted = emitKernels(module, { abi: kernelHeaderText, level: target.level });
    const library = await compileKernels({
      source: emitted.units,
      cpuFeatures: target.cpuFeatures,
      // Each program runs once.
      flags: [...target.flags, '-O1'],
      signal,
    });
    const contents = packageProgram({
      producer: 'strata',
      model: 'batch',
      target: { name: 'cpu', architecture: target.architecture },
      program: hostProgram(module, emitted.kernels),
      library: {
        bytes: library.bytes,
        source: emitted.source,
        cpuFeatures: target.cpuFeatures.filter((f) => findCpuFeature(f, target.architecture) !== undefined),
      },
      resources,
      externalParameters: false,
      record: { passes: [], rewrites: [], snapshots: new SnapshotStates() },
    });
    await writeArtifact(artifact, contents, { signal });
  }
}

function lower(
  member: BatchMember,
  target: TargetDescription,
  optLevel: OptLevel,
  cancellation: Cancellation,
): void {
  const { module, resources, name } = member;
  for (const op of module.body().ops) if (func.is(op)) op.setAttr('sym_name', stringAttr(name));
  module.setAttr('strata.target', targetAttribute(target));
  runPipeline(module, defaultPipeline({ target: 'cpu', optLevel }), {
    registry,
    resources,
    cancellation,
    verifyEach: false,
    keepSnapshots: false,
  });
  // What has no C is the member's problem, not the batch's.
  hostProgram(module, emitKernels(module).kernels);
}

interface Joined {
  readonly module: Operation;
  readonly resources: ResourceStore;
}
/** All ops in one module; constants are named after their members. */
function joined(members: readonly BatchMember[]): Joined {
  const body = new Block();
  const resources = new ResourceStore();
  for (const { name, module, resources: own } of members) {
    const blobs = new Map<string, string>();
    for (const [key, blob] of own.entries) {
      blobs.set(key, `${name}_${key}`);
      resources.set(`${name}_${key}`, blob);
    }
    for (const op of module.body().ops) {
      if (memref.global.is(op)) {
        const view = memref.global.view(op);
        op.setAttr('sym_name', stringAttr(`${name}_${view.sym_name}`));
        const initial = view.initial_value;
        if (initial?.kind === 'dense_resource')
          op.setAttr('initial_value', denseResource(blobs.get(initial.key)!, initial.type));
      } else
        for (const use of op.find((o) => memref.getGlobal.is(o)))
          use.setAttr('name', symbolRef(`${name}_${memref.getGlobal.view(use).name}`));
      op.detach();
      body.append(op);
    }
  }
  const module = createOp(moduleOp, {}, members[0]!.module.location, { regions: [new Region([body])] });
  return { module, resources };
}
