/** The compilations of this window: what the tree, the IR documents, hovers and the profiler look up. */
import * as vscode from 'vscode';
import type { Compilation, CompileProgress, DispatchInfo, Measurement } from '../compiler/compilation';
import type { KernelSamples } from '../compiler/kernelSamples';
import type { Diagnostic } from '../base/diagnostics';
import type { IrSnapshot, PassRecord } from '../ir';
import { Provenance } from '../language/provenance';

interface EntryBase {
  /** Unique in the window. */
  readonly id: string;
  /** Path of the model file. */
  readonly model: string;
}
/** A compilation that runs, failed, or is done. */
export type CompilationEntry =
  | (EntryBase & { readonly state: 'running'; readonly progress: CompileProgress | undefined })
  | (EntryBase & { readonly state: 'failed'; readonly diagnostic: Diagnostic })
  | (EntryBase & {
      readonly state: 'done';
      readonly compilation: Compilation;
      readonly measurement: Measurement | undefined;
      /** Where its kernels spend their time, line by line, once they were sampled. */
      readonly samples?: KernelSamples;
      /** What is being done with it: `profiling`. */
      readonly busy: string | undefined;
    });

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

const provenances = new WeakMap<IrSnapshot, Provenance<DispatchInfo>>();
/** What ties the ops of a snapshot to the dispatches of its compilation; made once. */
export function provenanceOf(c: Compilation, snapshot: IrSnapshot): Provenance<DispatchInfo> {
  let known = provenances.get(snapshot);
  if (known === undefined) {
    known = new Provenance(snapshot, c.dispatches);
    provenances.set(snapshot, known);
  }
  return known;
}
