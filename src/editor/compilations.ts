/** The compilations of this window: what the tree, the IR documents, hovers and the profiler look up. */
import * as vscode from 'vscode';
import type { Compilation, CompileProgress, DispatchInfo, Measurement } from '../compiler/compilation';
import type { Diagnostic } from '../base/diagnostics';
import type { IrSnapshot, PassRecord } from '../ir';

/** A compilation that runs, failed, or is done. */
export type CompilationEntry =
  | { readonly state: 'running'; readonly id: string; readonly model: string; readonly progress: CompileProgress | undefined }
  | { readonly state: 'failed'; readonly id: string; readonly model: string; readonly diagnostic: Diagnostic }
  | { readonly state: 'done'; readonly id: string; readonly model: string; readonly compilation: Compilation; readonly measurement: Measurement | undefined };

export type DoneEntry = Extract<CompilationEntry, { state: 'done' }>;

export class Compilations implements vscode.Disposable {
  readonly #entries = new Map<string, CompilationEntry>();
  readonly #changed = new vscode.EventEmitter<string>();
  /** Fires with the id of the entry that changed, appeared or went away. */
  readonly onDidChange = this.#changed.event;
  #next = 1;

  /** Newest first. */
  get all(): readonly CompilationEntry[] {
    return [...this.#entries.values()].reverse();
  }
  newId(): string {
    return `c${this.#next++}`;
  }
  get(id: string): CompilationEntry | undefined {
    return this.#entries.get(id);
  }
  done(id: string): DoneEntry | undefined {
    const entry = this.#entries.get(id);
    return entry?.state === 'done' ? entry : undefined;
  }
  set(entry: CompilationEntry): void {
    this.#entries.set(entry.id, entry);
    this.#changed.fire(entry.id);
  }
  remove(id: string): void {
    if (this.#entries.delete(id)) this.#changed.fire(id);
  }
  dispose(): void {
    this.#changed.dispose();
  }
}

export const passRecord = (c: Compilation, index: number): PassRecord | undefined => c.passes.passes[index];
export function snapshotAfter(c: Compilation, index: number): IrSnapshot | undefined {
  const record = passRecord(c, index);
  return record === undefined ? undefined : c.passes.snapshots.get(record.snapshot);
}

/** The dispatches that an op became part of: the one of its kernel, else those that share a model node with it. */
export function dispatchesOf(c: Compilation, symbol: string, nodes: readonly string[]): readonly DispatchInfo[] {
  const own = c.dispatches.filter((d) => d.symbol === symbol);
  if (own.length > 0) return own;
  const wanted = new Set(nodes);
  return c.dispatches.filter((d) => d.origins.some((o) => wanted.has(o)));
}
