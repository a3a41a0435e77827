/**
 * The driver: model file → artifact. Reads, runs the pipeline, compiles the kernels, packages; reports progress, can be
 * cancelled at any point and then leaves nothing behind. The command line, the editor's worker and bisection call it.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Cancellation } from '../base/cancellation';
import { CancelledError, neverCancelled } from '../base/cancellation';
import type { Diagnostic } from '../base/diagnostics';
import { StrataError } from '../base/diagnostics';
import { formatBytes } from '../base/units';
import { version } from '../base/version';
import { findCpuFeature } from '../artifact/cpuFeatures';
import type { ArtifactContents, HostModel, ProgramContents } from '../artifact/contents';
import { kernelHeaderText } from '../artifact/kernelAbi';
import { writeArtifact } from '../artifact/writeArtifact';
import type {
  Operation,
  PassRecord,
  PipelineNode,
  PipelineRecord,
  PipelineStep,
  ResourceStore,
  RewriteControl,
} from '../ir';
import { parsePipeline, parseAttributeText, pipelineText, printOp, runPipeline } from '../ir';
import { registry } from '../ir/dialects/index';
import { givenAttribute } from '../lowering/passes/choose-schedules';
import { passes } from '../lowering/passes/index';
import type { OptLevel } from '../lowering/pipeline';
import { defaultPipeline } from '../lowering/pipeline';
import { stageNamed, stages } from '../lowering/stages';
import type { TargetProgram } from '../lowering/targets/targetProgram';
import type { EmittedKernels } from '../lowering/targets/cpu/emitKernels';
import { emitKernels } from '../lowering/targets/cpu/emitKernels';
import { hostProgram } from '../lowering/targets/cpu/hostProgram';
import type { Sanitizer } from '../runner/buildRunner';
import { compileKernels } from '../runner/compileKernels';
import type { Compilation, CompileProgress, ToolStep } from './compilation';
import { DumpDirectory } from './dumpDirectory';
import { compilerMessages } from './messages';
import { remainingSteps } from './continuation';
import type { ExportForm } from './exportForms';
import { exportStage } from './exportForms';
import { exportText, writeExport } from './exportText';
import type { LoadedModel, ModelText } from './loadModel';
import { loadModel } from './loadModel';
import { packageProgram } from './packageProgram';
import type { Sizes } from './sizedModels';
import { loadSizedModel } from './sizedModels';
import { readText } from './readText';
import { hostInputs, hostOutputs } from './staged/hostSignature';
import { digestOf } from './staged/modelNumbers';
import type { StagePlan } from './staged/planStages';
import { planStages } from './staged/planStages';
import type { CpuLevel, TargetDescription } from './targetDescription';
import { assertFallbacks, describeTarget, levelOf, targetAttribute } from './targetDescription';

export interface CompileRequest {
  /** `.onnx`, `.tflite`, or `.mlir` text of any stage: the pipeline goes on from the stage that the text is in. */
  readonly model: string;
  readonly target?: 'cpu';
  /** Default: the best level that this machine runs. */
  readonly cpuLevel?: CpuLevel;
  /**
   * Code that the artifact carries besides, for machines that lack features of `cpuLevel`, from the most to the least
   * demanding. The runner takes the first that its machine runs.
   */
  readonly fallbackLevels?: readonly CpuLevel[];
  readonly optLevel?: OptLevel;
  /** A pipeline as text instead of the default one. */
  readonly pipeline?: string;
  /** A stage or pass of the pipeline. */
  readonly stopAfter?: string;
  /** Where to write the artifact; none is written without. */
  readonly output?: string;
  readonly dumpDir?: string;
  /** For `.mlir`: the file that its blobs are in. */
  readonly resources?: string;
  /** Sizes of the model's symbolic dimensions. */
  readonly dims?: Readonly<Record<string, number>>;
  /**
   * Compile for each of these sizes besides `dims`: one artifact with an entry point for each, of which the shapes of the
   * inputs choose one. Every symbolic dimension needs a size in each.
   */
  readonly sizes?: readonly Sizes[];
  /** File with schedules by name of their dispatch, as text of a dictionary attribute; the others are chosen. */
  readonly schedules?: string;
  /** Refer to unchanged weights in the model's file instead of copying them into the artifact. */
  readonly externalParameters?: boolean;
  /** IR text and its blobs instead of what is in `model`, which then is only a name. */
  readonly source?: ModelText;
  readonly control?: RewriteControl;
  /** Take compiled kernels from the user's cache and keep them there (default). */
  readonly kernelCache?: boolean;
  /** Checks in the generated code; the artifact needs a runner that is built with the same. */
  readonly sanitizers?: readonly Sanitizer[];
  /** Keep the IR as the pipeline left it, with locations, in `Compilation.finalText`. */
  readonly keepFinalText?: boolean;
  /** Stop after the stage of this form, and keep text that other compilers read in `Compilation.finalText`. */
  readonly exportForm?: ExportForm;
  /** Write that text here instead: a file has room for weights that no string holds. */
  readonly exportFile?: string;
}

export interface CompileEnvironment {
  readonly cancellation?: Cancellation;
  readonly onProgress?: (progress: CompileProgress) => void;
  /** Called after each pass, with the module as the pass left it. */
  readonly onRecord?: (record: PassRecord, module: Operation) => void;
}

export interface CompileResult {
  readonly compilation: Compilation;
  /** The IR as the pipeline left it. */
  readonly module: Operation;
  readonly resources: ResourceStore;
}

let nextCompilation = 1;

export async function compileModel(
  request: CompileRequest,
  environment: CompileEnvironment = {},
): Promise<CompileResult> {
  const compile = new Compile(request, environment);
  try {
    return await compile.run();
  } catch (error) {
    if (error instanceof CancelledError) compile.dump?.discard();
    throw error;
  }
}

/** Share of the progress bar at which each phase begins. */
const progressAt = {
  read: 0,
  passes: 0.05,
  target: 0.42,
  'c-compiler': 0.45,
  fallback: 0.7,
  package: 0.95,
} as const;

/** What the pipeline and the target make of a model for one feature level. */
interface Built {
  readonly model: LoadedModel;
  readonly target: TargetDescription;
  readonly steps: readonly PipelineStep[];
  readonly record: PipelineRecord;
  /** Undefined where the pipeline stopped before. */
  readonly code: (EmittedKernels & { readonly program: TargetProgram }) | undefined;
  /** For a model that runs in stages. */
  readonly plan: StagePlan | undefined;
}

/** Of a model of which nothing is known before it runs. */
const noCode = {
  program: { entryPoints: [], functions: [], constants: [] },
  kernels: [],
  source: '',
  units: [],
};

type ToolName = Exclude<keyof typeof progressAt, 'passes'>;

class Compile {
  readonly #start = process.hrtime.bigint();
  readonly #startedAt = Date.now();
  readonly #cancellation: Cancellation;
  readonly #tools: ToolStep[] = [];
  #fraction = 0;
  dump: DumpDirectory | undefined;

  constructor(
    readonly request: CompileRequest,
    readonly environment: CompileEnvironment,
  ) {
    this.#cancellation = environment.cancellation ?? neverCancelled;
  }

  async run(): Promise<CompileResult> {
    const { request } = this;
    for (const file of [request.output, request.exportFile])
      if (file !== undefined) await assertWritable(file);
    const built = await this.#build();
    const { model, target, steps, record, code, plan } = built;
    if (code !== undefined && request.output !== undefined && this.#stopAfter !== 'target')
      await this.#package(request.output, built, code);
    if (request.exportForm !== undefined && request.exportFile !== undefined)
      await writeExport(request.exportFile, model, request.exportForm, this.#cancellation);
    const program = code?.program;
    const compilation: Compilation = {
      id: `c${nextCompilation++}`,
      model: request.model,
      target: request.target ?? 'cpu',
      featureLevel: target.level,
      fallbackLevels: request.fallbackLevels ?? [],
      pipeline: pipelineText(steps.map((s) => s.node)),
      startedAt: this.#startedAt,
      durationNs: this.#elapsed(),
      passes: record,
      tools: this.#tools,
      modelNodes: model.nodes,
      dispatches: program === undefined ? [] : dispatchesOf(program),
      kernelSource: code?.source ?? '',
      artifact: program === undefined || this.#stopAfter === 'target' ? undefined : request.output,
      arenaBytes: Math.max(0, ...(program?.entryPoints ?? []).map((e) => e.arenaBytes)),
      constantBytes: program === undefined ? 0 : program.constants.reduce((n, c) => n + c.bytes, 0),
      warnings:
        plan?.problem === undefined ? model.warnings : [...model.warnings, notInAdvance(plan, plan.problem)],
      ...(plan === undefined
        ? {}
        : { host: { stages: plan.stages.length, assumed: plan.assumed, waiting: plan.waiting } }),
      ...(program === undefined || program.functions.length === 0
        ? {}
        : { variants: program.functions.flatMap((f) => f.variants) }),
      finalText: this.#finalText(model),
    };
    return { compilation, module: model.module, resources: model.resources };
  }

  async #build(): Promise<Built> {
    const { request } = this;
    const pipeline = this.#steps();
    const read = await this.#tool(
      'read',
      () => (request.sizes === undefined ? loadModel(request) : loadSizedModel(request, request.sizes)),
      (m) => `${m.nodes.length} nodes, ${m.resources.size} parameters`,
    );
    const plan = await this.#plan(read);
    const model =
      plan?.module === undefined ? read : { ...read, module: plan.module, resources: plan.resources };
    const target = await this.#target(model.module);
    assertFallbacks([target.level, ...(request.fallbackLevels ?? [])]);
    if (request.schedules !== undefined)
      model.module.setAttr(givenAttribute, parseAttributeText(await readText(request.schedules)));
    const steps = request.pipeline === undefined ? remainingSteps(model.module, pipeline) : pipeline;
    const nothingKnown = plan !== undefined && plan.module === undefined;
    const record = this.#passes(model, this.#stopAfter === 'import' || nothingKnown ? [] : steps);
    this.#cancellation.throwIfCancelled();
    if (nothingKnown) return { model, target, steps, record, code: noCode, plan };

    const code = this.#isComplete(model.module, record, steps)
      ? await this.#tool(
          'target',
          () => {
            const kernels = emitKernels(model.module, { abi: kernelHeaderText, level: target.level });
            return { program: hostProgram(model.module, kernels.kernels), ...kernels };
          },
          (e) => `${e.kernels.length} kernels, ${formatBytes(e.source.length)} of C`,
        )
      : undefined;
    return { model, target, steps, record, code, plan };
  }

  /** For a model that runs in stages: what of it is known now. Texts of the import stage show all of it. */
  async #plan({ host }: LoadedModel): Promise<StagePlan | undefined> {
    const { pipeline, exportForm, dims = {}, sizes = [{}] } = this.request;
    const whole = pipeline !== undefined || exportForm !== undefined || this.#stopAfter === 'import';
    return host === undefined || whole
      ? undefined
      : planStages(
          host,
          sizes.map((s) => ({ ...dims, ...s })),
          this.#cancellation,
        );
  }
  async #host({ model: { host: model }, plan, target }: Built): Promise<HostModel | undefined> {
    if (model === undefined || plan === undefined) return undefined;
    const { externalParameters, optLevel = 3 } = this.request;
    const elsewhere =
      externalParameters === true || model.graph.initializer.some((t) => t.externalData.length > 0);
    const file = path.resolve(model.file);
    const { size, mtimeMs } = await stat(file);
    return {
      model: elsewhere
        ? { path: file, size, modified: mtimeMs, sha256: digestOf(model.bytes) }
        : { bytes: model.bytes },
      inputs: hostInputs(model),
      outputs: hostOutputs(model),
      stages: plan.stages,
      cpuLevel: target.level,
      optLevel,
    };
  }

  #finalText({ module, resources }: LoadedModel): string | undefined {
    const { exportForm, exportFile, keepFinalText } = this.request;
    if (exportFile !== undefined) return undefined;
    if (exportForm !== undefined) return exportText(module, resources, exportForm);
    return keepFinalText === true ? printOp(module, { locations: 'alias' }) : undefined;
  }

  /** Where to stop, as asked or by the form that is exported. */
  get #stopAfter(): string | undefined {
    const { exportForm, stopAfter } = this.request;
    return exportForm === undefined ? stopAfter : exportStage[exportForm];
  }

  #steps(): readonly PipelineStep[] {
    const { pipeline, optLevel } = this.request;
    const stopAfter = this.#stopAfter;
    const steps =
      pipeline === undefined
        ? defaultPipeline({ target: 'cpu', optLevel: optLevel ?? 3 })
        : parsePipeline(pipeline, passes).map((node) => ({ node, stage: 'custom' }));
    const places = [...stages.map((s) => s.name), 'target', ...steps.flatMap((s) => passNames(s.node))];
    if (stopAfter !== undefined && !places.includes(stopAfter)) {
      throw compilerMessages.error('STR0592', {
        name: stopAfter,
        exists: passes.some((p) => p.name === stopAfter),
        stages: [...stages.map((s) => s.name), 'target'].join(', '),
      });
    }
    return steps;
  }

  /** What code is made for: as asked, as the text says, or the best of this machine. The module says it from here on. */
  async #target(module: Operation): Promise<TargetDescription> {
    const target = await describeTarget(this.request.cpuLevel ?? levelOf(module));
    if (this.request.cpuLevel !== undefined || module.attr('strata.target') === undefined)
      module.setAttr('strata.target', targetAttribute(target));
    return target;
  }

  /** Whether the IR is what code is made of. Throws STR0598 when the pipeline ended before and code is asked for. */
  #isComplete(module: Operation, record: PipelineRecord, steps: readonly PipelineStep[]): boolean {
    const { pipeline, output } = this.request;
    const stopAfter = this.#stopAfter;
    const all = record.passes.length - 1 === steps.reduce((n, s) => n + passNames(s.node).length, 0);
    if (
      stopAfter !== undefined &&
      stopAfter !== 'target' &&
      (!all || pipeline !== undefined || stopAfter === 'import')
    )
      return false;
    const rest = module.find((op) => !stageNamed('loops').allows(op));
    if (rest.length === 0) return true;
    if (output === undefined) return false;
    throw compilerMessages.error('STR0598', { found: [...new Set(rest.map((op) => op.name))].join(', ') });
  }

  #passes(model: LoadedModel, steps: readonly PipelineStep[]): PipelineRecord {
    const { request } = this;
    const stopAfter = this.#stopAfter;
    if (request.dumpDir !== undefined) this.dump = new DumpDirectory(request.dumpDir, model.module);
    const { dump } = this;
    const span = progressAt.target - progressAt.passes;
    try {
      const record = runPipeline(model.module, steps, {
        registry,
        resources: model.resources,
        cancellation: this.#cancellation,
        ...(request.control === undefined ? {} : { control: request.control }),
        ...(stopAfter === undefined ? {} : { stopAfter }),
        onPass: ({ name, stage, index, count }) => {
          this.#progress(stage, name, progressAt.passes + (span * index) / Math.max(1, count));
        },
        onRecord: (pass) => {
          dump?.write(pass, model.module);
          this.environment.onRecord?.(pass, model.module);
        },
      });
      dump?.writeParameters(model.resources);
      return record;
    } catch (error) {
      // What led to a pass that failed is worth looking at, and starting again from.
      if (error instanceof StrataError && error.code !== 'STR0591') dump?.writeParameters(model.resources);
      throw error;
    }
  }

  async #package(output: string, built: Built, code: NonNullable<Built['code']>): Promise<void> {
    const contents = await this.#contents(built, code);
    const host = await this.#host(built);
    const fallbacks: ProgramContents[] = [];
    for (const level of this.request.fallbackLevels ?? []) fallbacks.push(await this.#fallback(level));
    await this.#tool(
      'package',
      async () => {
        await writeArtifact(
          output,
          { ...contents, fallbacks, ...(host === undefined ? {} : { host }) },
          { signal: this.#cancellation.signal },
        );
        return stat(output);
      },
      (s) => formatBytes(s.size),
    );
  }

  /** The same model for another level. */
  async #fallback(level: CpuLevel): Promise<ProgramContents> {
    const { output: _, dumpDir: __, fallbackLevels: ___, ...request } = this.request;
    return this.#tool(
      'fallback',
      async () => {
        const other = new Compile({ ...request, cpuLevel: level }, { cancellation: this.#cancellation });
        const built = await other.#build();
        if (built.code === undefined)
          throw new TypeError('the pipeline of a fallback stopped before the code');
        return other.#contents(built, built.code);
      },
      (c) =>
        `${level}, ${formatBytes(c.kernelLibraries.reduce((n, l) => n + l.bytes.byteLength, 0))} of code`,
    );
  }

  async #contents(
    { model, target, record }: Built,
    { program, source, units }: NonNullable<Built['code']>,
  ): Promise<ArtifactContents> {
    const library =
      units.length === 0
        ? undefined
        : await this.#tool(
            'c-compiler',
            () =>
              compileKernels({
                source: units,
                architecture: target.architecture,
                cpuFeatures: target.cpuFeatures,
                flags: target.flags,
                sanitizers: this.request.sanitizers ?? [],
                cache: this.request.kernelCache !== false,
                signal: this.#cancellation.signal,
              }),
            (k) =>
              `${formatBytes(units.reduce((n, u) => n + u.source.length, 0))} of C in ${units.length} units, ` +
              `${k.compiledUnits} compiled, ${formatBytes(k.bytes.byteLength)} of code`,
          );
    this.#cancellation.throwIfCancelled();
    return packageProgram({
      producer: `strata ${version}`,
      model: path.basename(this.request.model),
      target: { name: 'cpu', architecture: target.architecture },
      program,
      library:
        library === undefined
          ? undefined
          : {
              bytes: library.bytes,
              source,
              cpuFeatures: target.cpuFeatures.filter(
                (f) => findCpuFeature(f, target.architecture) !== undefined,
              ),
            },
      resources: model.resources,
      externalParameters: this.request.externalParameters === true,
      record,
    });
  }

  async #tool<T>(name: ToolName, work: () => T | Promise<T>, detail: (result: T) => string): Promise<T> {
    this.#cancellation.throwIfCancelled();
    this.#progress(name, '', progressAt[name]);
    const startNs = this.#elapsed();
    const result = await work();
    this.#tools.push({ name, startNs, durationNs: this.#elapsed() - startNs, detail: detail(result) });
    return result;
  }
  #progress(phase: string, detail: string, fraction: number): void {
    this.#fraction = Math.max(this.#fraction, fraction);
    this.environment.onProgress?.({ phase, detail, fraction: this.#fraction });
  }
  #elapsed(): number {
    return Number(process.hrtime.bigint() - this.#start);
  }
}

const notInAdvance = ({ assumed }: StagePlan, { message }: StrataError): Diagnostic =>
  compilerMessages.diagnostic('STR0581', {
    assumed: Object.entries(assumed)
      .map(([name, size]) => `${name} = ${size}`)
      .join(', '),
    problem: message,
  });

const passNames = (node: PipelineNode): readonly string[] =>
  node.kind === 'pass' ? [node.pass.pass.name] : node.children.flatMap(passNames);

/**
 * Refuses a place where no artifact can be written before any work is done. An artifact takes the place of what is
 * there, so that must be a file.
 */
async function assertWritable(file: string): Promise<void> {
  const refuse = (problem: string, cause?: unknown) =>
    compilerMessages.error('STR0591', { file, problem }, cause === undefined ? {} : { cause });
  const found = await stat(file).catch(() => undefined);
  if (found !== undefined && !found.isFile())
    throw refuse(found.isDirectory() ? 'it is a folder' : 'it is no regular file');
  const folder = path.dirname(file);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw refuse(
      missing ? `the folder ${folder} does not exist` : `the folder ${folder} may not be written`,
      cause,
    );
  }
}

function dispatchesOf(program: TargetProgram): Compilation['dispatches'] {
  return program.entryPoints.flatMap((entry) =>
    entry.steps.map((s, index) => ({
      index,
      entryPoint: entry.name,
      name: s.name,
      symbol: s.symbol,
      origins: s.origins,
      flops: s.flops,
      bytesRead: s.bytesRead,
      bytesWritten: s.bytesWritten,
      schedule: s.schedule,
      refused: s.refused,
      predictedNs: s.predictedNs,
    })),
  );
}
