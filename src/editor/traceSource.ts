/** What profiler views show: the last run of this window, or a trace file that was opened. */
import path from 'node:path';
import * as vscode from 'vscode';
import { StrataError } from '../base/diagnostics';
import { readTrace } from '../profiler/readTrace';
import type { TraceState } from '../protocol/profilerView';
import { toWire } from '../protocol/profilerView';
import { editorMessages } from './messages';
import type { ProfiledRun } from './modelRuns';

export interface TraceSource {
  readonly state: TraceState;
  /** Id of the compilation that was run, if it is one of this window. */
  readonly compilation: string | undefined;
  readonly onDidChange: vscode.Event<void>;
}

/** Reads a trace file from any file system. Never throws: a failure is a state. */
export async function loadTrace(file: vscode.Uri, id: string, title: string): Promise<TraceState> {
  const name = path.basename(file.path);
  try {
    const bytes = await vscode.workspace.fs.readFile(file);
    return { kind: 'ready', id, title, trace: toWire(readTrace(bytes, name)) };
  } catch (error) {
    const diagnostic =
      error instanceof StrataError
        ? error.diagnostic
        : editorMessages.diagnostic('STR0908', { file: name, problem: (error as Error).message });
    return { kind: 'failed', diagnostic };
  }
}

/** The trace that the panel and the full editor share. */
export class CurrentTrace implements TraceSource, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  #state: TraceState = { kind: 'none' };
  #compilation: string | undefined;
  #next = 1;

  get state(): TraceState {
    return this.#state;
  }
  get compilation(): string | undefined {
    return this.#compilation;
  }

  /** A run of a compilation or artifact. */
  async showRun(run: ProfiledRun): Promise<void> {
    await this.#load(vscode.Uri.file(run.trace), run.title, run.compilation);
  }
  async showFile(file: vscode.Uri): Promise<void> {
    await this.#load(file, path.basename(file.path), undefined);
  }
  clear(): void {
    this.#set({ kind: 'none' }, undefined);
  }
  dispose(): void {
    this.#changed.dispose();
  }

  async #load(file: vscode.Uri, title: string, compilation: string | undefined): Promise<void> {
    const number = this.#next++;
    if (this.#state.kind !== 'ready')
      this.#set({ kind: 'loading', what: `Reading ${path.basename(file.path)}…` }, compilation);
    const state = await loadTrace(file, `run${number}`, title);
    // A later one may have come meanwhile.
    if (number === this.#next - 1) this.#set(state, compilation);
  }
  #set(state: TraceState, compilation: string | undefined): void {
    this.#state = state;
    this.#compilation = compilation;
    this.#changed.fire();
  }
}
