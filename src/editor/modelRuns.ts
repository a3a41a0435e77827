/** Compiles and profiles models for a person: progress, cancellation, results in the tree, errors said. */
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { CancelledError } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import { formatDuration, ns } from '../base/units';
import type { Compilation, CompileProgress, Measurement } from '../compiler/compilation';
import { overheadText } from '../compiler/compilation';
import { compileInWorker } from '../compiler/compileInWorker';
import { buildReferenceModel } from '../frontend/zoo/referenceModels';
import type { ArtifactStorage } from './artifactStorage';
import type { CommandId } from './commandIds';
import type { CompilationEntry, Compilations, DoneEntry } from './compilations';
import type { ErrorReport } from './errorReport';
import { measureArtifact, sampleArtifact } from './measureArtifact';
import { editorMessages } from './messages';
import { setting } from './settings';

/** Files that a compilation can start from. */
export const modelExtensions = ['onnx', 'tflite', 'gguf', 'mlir'] as const;

export interface ProfiledRun {
  /** Of the compilation; undefined for an artifact that was opened as a file. */
  readonly compilation: string | undefined;
  readonly title: string;
  /** Path of the trace. */
  readonly trace: string;
}

export interface ModelRunsOptions {
  readonly compilations: Compilations;
  readonly storage: ArtifactStorage;
  readonly report: ErrorReport;
  readonly resourceRoot: string;
  readonly workerFile: string;
  /** A run was recorded. */
  readonly onRun: (run: ProfiledRun) => Promise<void>;
  /** A compilation is about to begin: its row can be shown. */
  readonly onStart: (id: string) => Promise<void>;
}

/** The interpreter takes some seconds for this much. */
const interpretedFlops = 100e6;
/** Share of the notification's bar that compiling has when a run follows. */
const compileShare = 0.8;

type Report = vscode.Progress<{ message?: string; increment?: number }>;

export class ModelRuns implements vscode.Disposable {
  readonly #running = new Map<string, AbortController>();

  constructor(readonly options: ModelRunsOptions) {}

  dispose(): void {
    for (const controller of this.#running.values()) controller.abort();
  }

  /** Compiles a model file, and profiles it when the settings (or `profile`) say so. The entry as it ends; undefined when cancelled. */
  async compile(
    file: vscode.Uri,
    choices: { readonly profile?: boolean } = {},
  ): Promise<CompilationEntry | undefined> {
    const name = path.basename(file.path);
    if (!this.#mayRun(name, 'Compiling') || !this.#isOnDisk(file)) return undefined;
    const { compilations, storage, report } = this.options;
    const id = compilations.newId();
    const model = file.fsPath;
    compilations.set({ state: 'running', id, model, progress: undefined });
    const profile = choices.profile ?? setting('profileAfterCompile', file);
    try {
      await this.#withProgress(id, `Compiling ${name}`, async (signal, bar) => {
        await this.options.onStart(id);
        const compilation = await this.#compile(id, file, signal, bar, profile ? compileShare : 1);
        const done: DoneEntry = {
          state: 'done',
          id,
          model,
          compilation,
          measurement: undefined,
          busy: undefined,
        };
        compilations.set(done);
        const took = formatDuration(ns(compilation.durationNs));
        report.log.info(`${name}: compiled in ${took}, ${compilation.dispatches.length} dispatches`);
        for (const w of compilation.warnings) report.log.warn(`${name}: ${w.code} ${w.text}`);
        if (profile && compilation.artifact !== undefined) await this.#measure(done, signal, bar);
      });
      this.#sayDone(id);
    } catch (error) {
      storage.remove(id);
      const diagnostic = report.diagnosticOf(error);
      if (diagnostic === undefined) {
        report.log.info(`${name}: cancelled`);
        compilations.remove(id);
      } else {
        compilations.set({ state: 'failed', id, model, diagnostic });
        report.show(name, diagnostic);
      }
    }
    return compilations.get(id);
  }

  async #compile(
    id: string,
    file: vscode.Uri,
    signal: AbortSignal,
    bar: Report,
    share: number,
  ): Promise<Compilation> {
    const { compilations, storage, workerFile } = this.options;
    const model = file.fsPath;
    const cpuLevel = setting('cpuLevel', file);
    let reached = 0;
    const onProgress = (progress: CompileProgress): void => {
      if (compilations.get(id)?.state !== 'running') return;
      compilations.set({ state: 'running', id, model, progress });
      const percent = 100 * share * progress.fraction;
      bar.report({ message: phaseText(progress), increment: percent - reached });
      reached = percent;
    };
    const output = path.join(storage.folder(id), `${path.basename(model, path.extname(model))}.strata`);
    return compileInWorker(
      { model, output, ...(cpuLevel === 'auto' ? {} : { cpuLevel }) },
      { workerFile, signal, onProgress },
    );
  }

  /** Profiles a compilation again. */
  async profile(entry: DoneEntry): Promise<Measurement | undefined> {
    const name = path.basename(entry.model);
    if (!this.#mayRun(name, 'Profiling')) return undefined;
    if (entry.busy !== undefined) return undefined;
    return this.#withProgress(entry.id, `Profiling ${name}`, (signal, bar) =>
      this.#measure(entry, signal, bar),
    );
  }

  /** Samples the kernels of a compilation; false where that failed or was cancelled, which the person was told. */
  async sample(entry: DoneEntry): Promise<boolean> {
    const name = path.basename(entry.model);
    const { artifact } = entry.compilation;
    if (artifact === undefined || entry.busy !== undefined || !this.#mayRun(name, 'Sampling')) return false;
    const { compilations, report } = this.options;
    const set = (more: Partial<Pick<DoneEntry, 'samples' | 'busy'>>): void => {
      const now = compilations.done(entry.id);
      if (now !== undefined) compilations.set({ ...now, ...more });
    };
    return this.#withProgress(entry.id, `Sampling kernels of ${name}`, async (signal, bar) => {
      set({ busy: 'sampling' });
      try {
        const threads = setting('threads', vscode.Uri.file(entry.model));
        const samples = await sampleArtifact({ artifact, threads }, this.#environment(signal, bar));
        set({ samples, busy: undefined });
        const inDispatches = samples.dispatches.reduce((n, d) => n + d.samples, 0);
        report.log.info(
          `${name}: ${inDispatches} of ${samples.taken} samples of ${samples.event} in dispatches`,
        );
        return true;
      } catch (error) {
        set({ busy: undefined });
        if (!(error instanceof CancelledError)) report.showError(name, error);
        return false;
      }
    });
  }

  /** Makes the last run of a compilation the one that profilers show. */
  async showRun({ id, model, compilation, measurement }: DoneEntry): Promise<void> {
    if (measurement?.trace === undefined) return;
    const run = this.#recorded.get(id) ?? 1;
    const which = run === 1 ? '' : `, run ${run}`;
    const title = `${path.basename(model)} → ${compilation.target} (${compilation.featureLevel}), ${threadsText(measurement)}${which}`;
    await this.options.onRun({ compilation: id, title, trace: measurement.trace });
  }

  /** Profiles an artifact that was made elsewhere. */
  async profileArtifact(file: vscode.Uri): Promise<Measurement | undefined> {
    const name = path.basename(file.path);
    if (!this.#mayRun(name, 'Profiling') || !this.#isOnDisk(file)) return undefined;
    const { compilations, storage, report } = this.options;
    const id = compilations.newId();
    return this.#withProgress(id, `Profiling ${name}`, async (signal, bar) => {
      try {
        const trace = path.join(storage.folder(id), `${path.basename(name, '.strata')}.pftrace`);
        const request = {
          artifact: file.fsPath,
          trace,
          threads: setting('threads', file),
          counters: setting('countEvents', file),
          reference: undefined,
        };
        const measurement = await measureArtifact(request, this.#environment(signal, bar));
        await this.options.onRun({
          compilation: undefined,
          title: `${name}, ${threadsText(measurement)}`,
          trace,
        });
        return measurement;
      } catch (error) {
        storage.remove(id);
        report.showError(name, error);
        return undefined;
      }
    });
  }

  /** Writes MobileNetV2 into the extension's storage and compiles it. */
  async tryReferenceModel(): Promise<CompilationEntry | undefined> {
    const name = 'mobilenet-v2';
    if (!this.#mayRun(name, 'Compiling')) return undefined;
    const folder = path.join(this.options.storage.root, 'models');
    const file = vscode.Uri.joinPath(vscode.Uri.file(folder), `${name}.onnx`);
    try {
      await vscode.workspace.fs.createDirectory(vscode.Uri.file(folder));
      await writeFile(file.fsPath, buildReferenceModel(name));
    } catch (error) {
      const problem = editorMessages.error('STR0907', { folder, problem: (error as Error).message });
      this.options.report.showError(name, error instanceof StrataError ? error : problem);
      return undefined;
    }
    const entry = await this.compile(file);
    if (entry === undefined) await rm(file.fsPath, { force: true });
    return entry;
  }

  cancel(id: string): void {
    this.#running.get(id)?.abort();
  }
  remove(id: string): void {
    this.cancel(id);
    this.options.compilations.remove(id);
    this.options.storage.remove(id);
  }

  /** Failure of the run leaves the compilation as it is. */
  async #measure(entry: DoneEntry, signal: AbortSignal, bar: Report): Promise<Measurement | undefined> {
    const { compilations, report } = this.options;
    const { id, compilation, model } = entry;
    const name = path.basename(model);
    if (compilation.artifact === undefined) return undefined;
    const set = (more: Partial<Pick<DoneEntry, 'measurement' | 'busy'>>): void => {
      const now = compilations.done(id);
      if (now !== undefined) compilations.set({ ...now, ...more });
    };
    set({ busy: 'profiling' });
    try {
      const flops = compilation.dispatches.reduce((n, d) => n + d.flops, 0);
      const compared = setting('compareWithInterpreter', vscode.Uri.file(model)) && flops < interpretedFlops;
      const measurement = await measureArtifact(
        {
          artifact: compilation.artifact,
          trace: this.#traceFile(id, path.basename(model, path.extname(model))),
          threads: setting('threads', vscode.Uri.file(model)),
          counters: setting('countEvents', vscode.Uri.file(model)),
          reference: compared ? model : undefined,
        },
        this.#environment(signal, bar),
      );
      set({ measurement, busy: undefined });
      const { trace, agreement } = measurement;
      report.log.info(
        `${name}: ${formatDuration(ns(measurement.medianNs))}, median of ${measurement.repeats} runs on ${threadsText(measurement)}`,
      );
      if (measurement.overhead !== undefined)
        report.log.info(`${name}: ${overheadText(measurement.overhead)}`);
      if (agreement !== undefined) {
        const text = `${name}: ${agreement.agrees ? 'agrees with' : 'DIFFERS from'} the ${agreement.reference} on seeded random input, relative error ${agreement.relativeError.toExponential(1)} (limit ${agreement.tolerance})`;
        if (agreement.agrees) report.log.info(text);
        else report.log.error(text);
      }
      const now = compilations.done(id);
      if (now !== undefined && trace !== undefined) await this.showRun(now);
      return measurement;
    } catch (error) {
      set({ busy: undefined });
      if (!(error instanceof CancelledError)) report.showError(name, error);
      return undefined;
    }
  }

  readonly #recorded = new Map<string, number>();
  /** Each run has a file of its own, so that runs can be compared; all go with the compilation. */
  #traceFile(id: string, name: string): string {
    const number = (this.#recorded.get(id) ?? 0) + 1;
    this.#recorded.set(id, number);
    return path.join(this.options.storage.folder(id), `${name}${number === 1 ? '' : `-${number}`}.pftrace`);
  }

  #environment(signal: AbortSignal, bar: Report): Parameters<typeof measureArtifact>[1] {
    const { resourceRoot, workerFile, report } = this.options;
    return {
      resourceRoot,
      workerFile,
      signal,
      onProgress: (message) => {
        bar.report({ message });
      },
      warn: (text) => {
        report.log.warn(text);
      },
    };
  }

  async #withProgress<T>(
    id: string,
    title: string,
    body: (signal: AbortSignal, bar: Report) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      return await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title, cancellable: true },
        (bar, token) => {
          token.onCancellationRequested(() => {
            controller.abort();
          });
          return body(controller.signal, bar);
        },
      );
    } finally {
      this.#running.delete(id);
    }
  }

  /** Whether what compiles and runs the model may begin; says why where it may not. */
  mayCompile(file: vscode.Uri, what: string): boolean {
    return this.#mayRun(path.basename(file.path), what) && this.#isOnDisk(file);
  }
  /** Whether commands that a person gives may run; says so when not. */
  mayRunCommands(name: string, what: string): boolean {
    return this.#mayRun(name, what, 'a command');
  }
  #mayRun(name: string, what: string, object = 'a model'): boolean {
    if (vscode.workspace.isTrusted) return true;
    this.options.report.show(name, editorMessages.diagnostic('STR0901', { what: `${what} ${object}` }));
    return false;
  }
  #isOnDisk(file: vscode.Uri): boolean {
    if (file.scheme === 'file') return true;
    this.options.report.show(
      path.basename(file.path),
      editorMessages.diagnostic('STR0902', { file: file.toString(true) }),
    );
    return false;
  }

  /** Not awaited: it ends when the person closes it. */
  #sayDone(id: string): void {
    const entry = this.options.compilations.done(id);
    if (entry === undefined) return;
    const { compilation, measurement, model } = entry;
    const name = path.basename(model);
    const compiled = `${name} compiled in ${formatDuration(ns(compilation.durationNs))}`;
    if (measurement === undefined) return void vscode.window.showInformationMessage(`${compiled}.`);
    const { agreement } = measurement;
    const agrees =
      agreement === undefined ? '' : agreement.agrees ? `, agrees with the ${agreement.reference}` : '';
    const cost = measurement.overhead === undefined ? '' : `; ${overheadText(measurement.overhead)}`;
    const ran = `A run takes ${formatDuration(ns(measurement.medianNs))} on ${threadsText(measurement)}${agrees}${cost}.`;
    const differs = agreement?.agrees === false;
    const text = differs
      ? `${compiled}, but its results differ from the ${agreement.reference}'s. ${ran}`
      : `${compiled}. ${ran}`;
    const action = 'Show Profiler';
    const show = differs ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
    void show(text, action).then((chosen) => {
      const shown: CommandId = 'strata.showProfiler';
      if (chosen === action) void vscode.commands.executeCommand(shown);
    });
  }
}

export const threadsText = (m: Pick<Measurement, 'threads'>): string =>
  `${m.threads} thread${m.threads === 1 ? '' : 's'}`;

const phases: Readonly<Record<string, string>> = {
  read: 'reading the model',
  'c-compiler': 'C compiler',
  package: 'writing the artifact',
};
/** `graph: fold-batch-norm`. */
export function phaseText({ phase, detail }: CompileProgress): string {
  const name = phases[phase] ?? phase;
  return detail === '' ? name : `${name}: ${detail}`;
}
