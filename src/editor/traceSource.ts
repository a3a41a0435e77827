/** What profiler views show: the last run of this window, or a trace file that was opened. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { RunState, TraceState } from '../protocol/profilerView';
import type { ProfiledRun } from './modelRuns';
import { editorMessages } from './messages';
import { TraceClient, traceDiagnostic } from './traceClient';

/** A trace that may be compared with: a run of this window or a file. */
export interface TraceRun {
  readonly file: vscode.Uri;
  readonly title: string;
  /** Id of the compilation that was run, if it is one of this window. */
  readonly compilation: string | undefined;
}

interface Loaded {
  readonly client: TraceClient;
  readonly runs: readonly (TraceRun & RunState & { readonly number: number })[];
}

/** A trace with the runs it is compared with; its columns are in a worker. */
export class TraceSource implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  #state: TraceState;
  #loaded: Loaded | undefined;
  #compilation: string | undefined;
  #number = 1;
  #nextRun = 1;
  #reading: TraceClient | undefined;
  #stopped: TraceClient | undefined;

  /** `workerFile` is `dist/trace-worker.cjs`. */
  constructor(
    readonly workerFile: string,
    initial: TraceState = { kind: 'none' },
  ) {
    this.#state = initial;
  }

  get state(): TraceState {
    return this.#state;
  }
  /** Id of the compilation that was run, if it is one of this window. */
  get compilation(): string | undefined {
    return this.#compilation;
  }
  /** The runs in order: the one that is shown first. */
  get runs(): readonly TraceRun[] {
    return this.#loaded?.runs ?? [];
  }

  /** Reads a trace and shows it in place of what was there. Never throws: a failure is a state. */
  async show(run: TraceRun, id?: string): Promise<void> {
    const number = this.#number++;
    const name = path.basename(run.file.path);
    const what = `Reading ${name}…`;
    if (this.#state.kind !== 'ready') this.#set({ kind: 'loading', what }, undefined, run.compilation);
    const client = new TraceClient(this.workerFile);
    this.#reading = client;
    let shown = -Infinity;
    const onProgress = (part: number): void => {
      if (this.#reading !== client || this.#state.kind !== 'loading' || part < shown + leastStep) return;
      shown = part;
      this.#set({ kind: 'loading', what, part }, undefined, run.compilation);
    };
    let state: TraceState;
    let loaded: Loaded | undefined;
    try {
      const info = await client.open(0, run.file, onProgress);
      loaded = { client, runs: [{ ...run, info, number: 0 }] };
      state = this.#ready(id ?? `run${number}`, loaded);
    } catch (error) {
      client.dispose();
      const stopped = this.#stopped === client;
      state = {
        kind: 'failed',
        diagnostic: stopped
          ? editorMessages.diagnostic('STR0937', { file: name })
          : traceDiagnostic(name, error),
      };
    }
    // A later one may have come meanwhile.
    if (number === this.#number - 1) this.#set(state, loaded, run.compilation);
    else loaded?.client.dispose();
  }

  /** Stops what is being read; nothing where nothing is. */
  cancel(): void {
    if (this.#state.kind !== 'loading') return;
    this.#stopped = this.#reading;
    this.#reading?.dispose();
  }

  /** Resolves once nothing is being read. */
  async settled(): Promise<void> {
    while (this.#state.kind === 'loading')
      await new Promise<void>((resolve) => {
        const subscription = this.onDidChange(() => {
          subscription.dispose();
          resolve();
        });
      });
  }

  /** Adds a run to compare with; throws what reading it threw. */
  async add(run: TraceRun): Promise<void> {
    const loaded = this.#loaded;
    if (loaded === undefined || this.#state.kind !== 'ready') return;
    const number = this.#nextRun++;
    const info = await loaded.client.open(number, run.file);
    if (this.#loaded !== loaded) return;
    this.#change({ ...loaded, runs: [...loaded.runs, { ...run, info, number }] });
  }
  async remove(index: number): Promise<void> {
    const loaded = this.#loaded;
    const gone = index === 0 ? undefined : loaded?.runs[index];
    if (loaded === undefined || gone === undefined) return;
    this.#change({ ...loaded, runs: loaded.runs.filter((r) => r !== gone) });
    await loaded.client.worker.close(gone.number);
  }

  clear(): void {
    this.#set({ kind: 'none' }, undefined, undefined);
  }
  dispose(): void {
    this.#loaded?.client.dispose();
    this.#changed.dispose();
  }

  /** Its worker, and the number there of the run at `index`; throws where nothing is loaded. */
  at(index: number): { readonly worker: TraceClient['worker']; readonly number: number } {
    const run = this.#loaded?.runs[index];
    if (this.#loaded === undefined || run === undefined) throw new Error('the trace is no longer open');
    return { worker: this.#loaded.client.worker, number: run.number };
  }

  #ready(id: string, { runs }: Loaded): TraceState {
    return { kind: 'ready', id, runs: runs.map(({ title, info }) => ({ title, info })) };
  }
  #change(loaded: Loaded): void {
    this.#loaded = loaded;
    if (this.#state.kind === 'ready') this.#state = this.#ready(this.#state.id, loaded);
    this.#changed.fire();
  }
  #set(state: TraceState, loaded: Loaded | undefined, compilation: string | undefined): void {
    if (this.#loaded !== loaded) this.#loaded?.client.dispose();
    this.#loaded = loaded;
    this.#state = state;
    this.#compilation = compilation;
    this.#changed.fire();
  }
}

/** The trace that the panel and the full editor share, with the runs of this window before it. */
export class CurrentTrace extends TraceSource {
  #history: readonly TraceRun[] = [];

  /** Runs of this window, newest first; files of compilations that were removed may be gone. */
  get history(): readonly TraceRun[] {
    return this.#history;
  }

  /** A run of a compilation or artifact. */
  async showRun(run: ProfiledRun): Promise<void> {
    const file = vscode.Uri.file(run.trace);
    const shown = { file, title: run.title, compilation: run.compilation };
    const others = this.#history.filter((r) => r.file.toString() !== file.toString());
    this.#history = [shown, ...others].slice(0, mostRuns);
    await this.show(shown);
  }
}

/** Progress is shown in steps of this part. */
const leastStep = 0.01;

/** Runs that are offered for comparison. */
const mostRuns = 20;
