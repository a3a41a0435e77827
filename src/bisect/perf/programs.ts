/** Makes what is timed: compiles recipes, opens artifacts, has other versions compile. Keeps them in a folder that goes at the end. */
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readArtifactSummary } from '../../artifact/readArtifact';
import type { Cancellation } from '../../base/cancellation';
import { inputSignatures } from '../../compiler/interpretModel';
import type { LoadedModel, ModelSource } from '../../compiler/loadModel';
import { reasonOf } from '../../compiler/readText';
import { describeTarget, targetAttribute } from '../../compiler/targetDescription';
import { elementBytes, loadInputs } from '../../compiler/tensors';
import type { RewriteControl } from '../../ir';
import { givenAttribute } from '../../lowering/passes/choose-schedules';
import { buildRunner } from '../../runner/buildRunner';
import type { RunnerInput } from '../../runner/runnerRequests';
import { bisectMessages } from '../messages';
import { ProgramRuns } from '../programRun';
import type { IrState } from '../replay';
import { Replay } from '../replay';
import type { TimedProgram } from './pairTimer';
import type { Recipe } from './recipe';
import type { Commit, Revisions } from './revision';
import type { SideOptions } from './side';

export interface Program extends TimedProgram {
  /** Equal for programs that do the same in the same way. */
  readonly identity: string;
  /** Whether the artifact is a temporary one. */
  readonly made: boolean;
}

export interface ProgramsEnvironment {
  readonly resourceRoot: string;
  readonly cancellation: Cancellation;
  readonly onProgress: (text: string) => void;
}

export class Programs {
  readonly #folder: string;
  readonly #builders: { readonly recipe: Recipe; readonly runs: ProgramRuns }[] = [];
  readonly #executables = new Map<string, string>();
  #count = 0;
  #inputs: Readonly<Record<string, RunnerInput>> | undefined;

  constructor(
    readonly model: LoadedModel,
    readonly source: ModelSource,
    readonly environment: ProgramsEnvironment,
  ) {
    this.#folder = temporaryFolder();
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    for (const { runs } of this.#builders) runs.close();
  }

  /** Seeded inputs as files, so that no run waits for them to be written. */
  get inputs(): Readonly<Record<string, RunnerInput>> {
    this.#inputs ??= Object.fromEntries(
      Object.entries(loadInputs(inputSignatures(this.model.module), new Map())).map(([name, tensor], i) => {
        const file = path.join(this.#folder, `input${i}.bin`);
        write(file, elementBytes(tensor));
        return [name, { file, shape: tensor.shape }];
      }),
    );
    return this.#inputs;
  }

  /** The passes of a recipe, run on the model. `controls`: by index of the pass. */
  async replay(recipe: Recipe, controls: ReadonlyMap<number, RewriteControl> = new Map()): Promise<Replay> {
    const module = this.model.module.clone();
    module.setAttr('strata.target', targetAttribute(await describeTarget(recipe.cpuLevel)));
    if (recipe.schedules !== undefined) module.setAttr(givenAttribute, recipe.schedules);
    const replay = new Replay(
      { module, resources: this.model.resources },
      recipe.steps,
      this.environment.cancellation,
      { skipRules: recipe.heldRules },
    );
    replay.run(controls);
    return replay;
  }

  /** Throws STR1106 where a pass refuses, and what the C compiler throws. */
  async compile(
    recipe: Recipe,
    which: string,
    controls: ReadonlyMap<number, RewriteControl> = new Map(),
  ): Promise<Program> {
    const replay = await this.replay(recipe, controls);
    if (replay.failure !== undefined)
      throw bisectMessages.error('STR1106', { which, problem: reasonOf(replay.failure.error) });
    const runs = await this.#builder(recipe);
    const { artifact } = await runs.build(last(replay));
    return this.#program(artifact, recipe.threads, this.environment.resourceRoot, true);
  }

  /** Throws what reading an artifact throws. */
  async open(file: string, threads: number): Promise<Program> {
    const { manifest } = await readArtifactSummary(file);
    const names = manifest.entryPoints[0]?.inputs.map((i) => i.name) ?? [];
    const expected = Object.keys(this.inputs);
    if ([...names].sort().join() !== [...expected].sort().join())
      throw bisectMessages.error('STR1106', {
        which: file,
        problem: `it takes ${names.join(', ') || 'no inputs'}, and the model takes ${expected.join(', ') || 'none'}`,
      });
    return this.#program(path.resolve(file), threads, this.environment.resourceRoot, false);
  }

  /** Built aside and compiled by that version. */
  async ofCommit(
    revisions: Revisions,
    commit: Commit,
    options: SideOptions,
    threads: number,
  ): Promise<Program> {
    const folder = await revisions.build(commit);
    const artifact = path.join(this.#folder, `${this.#count++}.strata`);
    const { resources, dims } = this.source;
    await revisions.compile(commit, folder, this.source.model, artifact, {
      ...options,
      ...(resources === undefined ? {} : { resources }),
      ...(dims === undefined ? {} : { dims }),
    });
    return this.#program(artifact, threads, folder, true);
  }

  /** Frees the space of a program that is not needed any more. */
  discard(program: Program): void {
    if (program.made) rmSync(program.artifact, { force: true });
  }

  async #program(artifact: string, threads: number, root: string, made: boolean): Promise<Program> {
    const { cancellation, onProgress } = this.environment;
    let executable = this.#executables.get(root);
    if (executable === undefined) {
      ({ executable } = await buildRunner({ resourceRoot: root, signal: cancellation.signal, onProgress }));
      this.#executables.set(root, executable);
    }
    const { manifest } = await readArtifactSummary(artifact);
    const hash = createHash('sha256');
    await pipeline(createReadStream(artifact), hash);
    return {
      artifact,
      executable,
      threads,
      made,
      steps: manifest.entryPoints[0]?.steps ?? [],
      identity: `${hash.digest('hex')} ${threads} ${executable}`,
    };
  }

  async #builder(recipe: Recipe): Promise<ProgramRuns> {
    const { cpuLevel, backend } = recipe;
    for (const { recipe: known, runs } of this.#builders)
      if (known.cpuLevel === cpuLevel && known.backend === backend) return runs;
    const runs = new ProgramRuns({
      target: await describeTarget(cpuLevel),
      resourceRoot: this.environment.resourceRoot,
      cancellation: this.environment.cancellation,
      backend,
    });
    this.#builders.push({ recipe, runs });
    return runs;
  }
}

const last = (replay: Replay): IrState => replay.points[replay.points.length - 1]!.state;

function temporaryFolder(): string {
  try {
    return mkdtempSync(path.join(tmpdir(), 'strata-bisect-'));
  } catch (cause) {
    throw bisectMessages.error('STR1105', { folder: tmpdir(), problem: reasonOf(cause) }, { cause });
  }
}
function write(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes);
  } catch (cause) {
    throw bisectMessages.error(
      'STR1105',
      { folder: path.dirname(file), problem: reasonOf(cause) },
      { cause },
    );
  }
}
