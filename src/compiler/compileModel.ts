/**
 * The driver: model file → artifact. Reads, runs the pipeline, compiles the kernels, packages; reports progress, can be
 * cancelled at any point and then leaves nothing behind. The command line, the editor's worker and bisection call it.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Cancellation } from '../base/cancellation';
import { neverCancelled } from '../base/cancellation';
import type { Diagnostic } from '../base/diagnostics';
import { formatBytes } from '../base/units';
import { version } from '../base/version';
import { findCpuFeature } from '../artifact/cpuFeatures';
import type { ArtifactContents } from '../artifact/contents';
import { kernelHeaderText } from '../artifact/kernelAbi';
import { writeArtifact } from '../artifact/writeArtifact';
import { importOnnx } from '../frontend/onnx/importOnnx';
import { readOnnxModel } from '../frontend/onnx/readModel';
import type { Operation, PipelineRecord, PipelineStep, RewriteControl } from '../ir';
import { ResourceStore, parseModule, parsePipeline, pipelineText, runPipeline } from '../ir';
import { registry } from '../ir/dialects/index';
import { passes } from '../lowering/passes/index';
import type { OptLevel } from '../lowering/pipeline';
import { defaultPipeline } from '../lowering/pipeline';
import { stages } from '../lowering/stages';
import type { TargetProgram } from '../lowering/targets/targetProgram';
import { emitKernels } from '../lowering/targets/cpu/emitKernels';
import { hostProgram } from '../lowering/targets/cpu/hostProgram';
import { compileKernels } from '../runner/compileKernels';
import type { Compilation, CompileProgress, ModelNodeInfo, ToolStep } from './compilation';
import { DumpDirectory } from './dumpDirectory';
import { compilerMessages } from './messages';
import { packageProgram } from './packageProgram';
import { loadResources } from './resourceFiles';
import type { CpuLevel } from './targetDescription';
import { describeTarget, targetAttribute } from './targetDescription';

export interface CompileRequest {
  /** `.onnx` or `.mlir`. */
  readonly model: string;
  readonly target?: 'cpu';
  /** Default: the best level that this machine runs. */
  readonly cpuLevel?: CpuLevel;
  readonly optLevel?: OptLevel;
  /** A pipeline as text instead of the default one. */
  readonly pipeline?: string;
  /** A stage or pass. */
  readonly stopAfter?: string;
  /** Where to write the artifact; none is written without. */
  readonly output?: string;
  readonly dumpDir?: string;
  /** For `.mlir`: the file that its blobs are in. */
  readonly resources?: string;
  /** Sizes of the model's symbolic dimensions. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Refer to unchanged weights in the model's file instead of copying them into the artifact. */
  readonly externalParameters?: boolean;
  readonly control?: RewriteControl;
}

export interface CompileEnvironment {
  readonly cancellation?: Cancellation;
  readonly onProgress?: (progress: CompileProgress) => void;
}

export interface CompileResult {
  readonly compilation: Compilation;
  /** The IR as the pipeline left it. */
  readonly module: Operation;
  readonly resources: ResourceStore;
}

interface LoadedModel {
  readonly module: Operation;
  readonly resources: ResourceStore;
  readonly nodes: readonly ModelNodeInfo[];
  readonly warnings: readonly Diagnostic[];
}

let nextCompilation = 1;

export async function compileModel(
  request: CompileRequest,
  environment: CompileEnvironment = {},
): Promise<CompileResult> {
  return new Compile(request, environment).run();
}

/** Share of the progress bar at which each phase begins. */
const progressAt = { read: 0, passes: 0.05, 'c-compiler': 0.45, package: 0.95 } as const;

class Compile {
  readonly #start = process.hrtime.bigint();
  readonly #startedAt = Date.now();
  readonly #cancellation: Cancellation;
  readonly #tools: ToolStep[] = [];
  #fraction = 0;

  constructor(
    readonly request: CompileRequest,
    readonly environment: CompileEnvironment,
  ) {
    this.#cancellation = environment.cancellation ?? neverCancelled;
  }

  async run(): Promise<CompileResult> {
    const { request } = this;
    const steps = this.#steps();
    const model = await this.#tool(
      'read',
      () => this.#load(),
      (m) => `${m.nodes.length} nodes, ${m.resources.size} parameters`,
    );
    const target = await describeTarget(request.cpuLevel);
    if (model.module.attr('strata.target') === undefined)
      model.module.setAttr('strata.target', targetAttribute(target));
    const record = this.#passes(model, steps);
    this.#cancellation.throwIfCancelled();

    let program: TargetProgram | undefined;
    let kernelSource = '';
    if (isComplete(record, steps)) {
      program = hostProgram(model.module);
      const emitted = emitKernels(model.module, { abi: kernelHeaderText, level: target.level });
      kernelSource = emitted.source;
      if (request.output !== undefined)
        await this.#package(request.output, program, kernelSource, record, model, target);
    }
    const compilation: Compilation = {
      id: `c${nextCompilation++}`,
      model: request.model,
      target: request.target ?? 'cpu',
      featureLevel: target.level,
      pipeline: pipelineText(steps.map((s) => s.node)),
      startedAt: this.#startedAt,
      durationNs: this.#elapsed(),
      passes: record,
      tools: this.#tools,
      modelNodes: model.nodes,
      dispatches: program === undefined ? [] : dispatchesOf(program),
      kernelSource,
      artifact: program === undefined ? undefined : request.output,
      arenaBytes: program?.entryPoints[0]?.arenaBytes ?? 0,
      constantBytes:
        program === undefined
          ? 0
          : program.constants.reduce((n, c) => n + c.bytes, 0),
      warnings: model.warnings,
    };
    return { compilation, module: model.module, resources: model.resources };
  }

  #steps(): readonly PipelineStep[] {
    const { pipeline, stopAfter, optLevel } = this.request;
    const steps =
      pipeline === undefined
        ? defaultPipeline({ target: 'cpu', optLevel: optLevel ?? 3 })
        : parsePipeline(pipeline, passes).map((node) => ({ node, stage: 'custom' }));
    if (
      stopAfter !== undefined &&
      !stages.some((s) => s.name === stopAfter) &&
      !passes.some((p) => p.name === stopAfter)
    ) {
      throw compilerMessages.error('STR0592', {
        name: stopAfter,
        stages: stages.map((s) => s.name).join(', '),
      });
    }
    return steps;
  }

  async #load(): Promise<LoadedModel> {
    const { model, resources, dims } = this.request;
    const extension = path.extname(model).toLowerCase();
    if (extension === '.mlir') {
      const parsed = parseModule(await readFile(model, 'utf8'), registry, { fileName: path.basename(model) });
      const store = resources === undefined ? new ResourceStore() : loadResources(resources);
      for (const [key, bytes] of parsed.resources) store.setBytes(key, bytes);
      return { module: parsed.module, resources: store, nodes: [], warnings: [] };
    }
    if (extension === '.gguf') {
      throw compilerMessages.error('STR0590', {
        file: model,
        found: 'GGUF models are not supported by this version',
      });
    }
    const read = readOnnxModel(model);
    const imported = importOnnx(read, dims === undefined ? {} : { dims });
    return {
      module: imported.module,
      resources: imported.resources,
      nodes: imported.nodes,
      warnings: [...read.warnings, ...imported.warnings],
    };
  }

  #passes(model: LoadedModel, steps: readonly PipelineStep[]): PipelineRecord {
    const { request } = this;
    const dump = request.dumpDir === undefined ? undefined : new DumpDirectory(request.dumpDir, model.module);
    const span = progressAt['c-compiler'] - progressAt.passes;
    const record = runPipeline(model.module, steps, {
      registry,
      resources: model.resources,
      cancellation: this.#cancellation,
      ...(request.control === undefined ? {} : { control: request.control }),
      ...(request.stopAfter === undefined ? {} : { stopAfter: request.stopAfter }),
      onPass: ({ name, stage, index, count }) => {
        this.#progress(stage, name, progressAt.passes + (span * index) / Math.max(1, count));
      },
      onRecord: (pass) => dump?.write(pass, model.module),
    });
    dump?.writeParameters(model.module, model.resources);
    return record;
  }

  async #package(
    output: string,
    program: TargetProgram,
    source: string,
    record: PipelineRecord,
    model: LoadedModel,
    target: Awaited<ReturnType<typeof describeTarget>>,
  ): Promise<void> {
    const library = await this.#tool(
      'c-compiler',
      () =>
        compileKernels({
          source,
          cpuFeatures: target.cpuFeatures,
          flags: target.flags,
          signal: this.#cancellation.signal,
        }),
      (k) => `${formatBytes(source.length)} of C, ${formatBytes(k.bytes.byteLength)} of code`,
    );
    this.#cancellation.throwIfCancelled();
    await this.#tool(
      'package',
      async () => {
        const contents: ArtifactContents = packageProgram({
          producer: `strata ${version}`,
          model: path.basename(this.request.model),
          target: { name: 'cpu', architecture: target.architecture },
          program,
          library: {
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
        await writeArtifact(output, contents, { signal: this.#cancellation.signal });
        return stat(output);
      },
      (s) => formatBytes(s.size),
    );
  }

  async #tool<T>(
    name: 'read' | 'c-compiler' | 'package',
    work: () => Promise<T>,
    detail: (result: T) => string,
  ): Promise<T> {
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

/** Whether every pass of the pipeline ran and left the loops stage. */
function isComplete(record: PipelineRecord, steps: readonly PipelineStep[]): boolean {
  const last = record.passes[record.passes.length - 1];
  return (
    last !== undefined &&
    last.stage === steps[steps.length - 1]?.stage &&
    (last.stage === 'loops' || last.stage === 'custom')
  );
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
      predictedNs: s.predictedNs,
    })),
  );
}
