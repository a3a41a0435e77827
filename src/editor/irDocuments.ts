/**
 * IR of a compilation as read-only documents: `strata-ir:/mobilenet-v2/07-fold-batch-norm.mlir?c1.7`. The address
 * carries the compilation and the pass, so that hovers and jumps find their way back.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import type { Compilations } from './compilations';
import { passRecord, snapshotAfter } from './compilations';

export const irScheme = 'strata-ir';
export const sourceScheme = 'strata-source';

export interface IrAddress {
  readonly compilation: string;
  readonly pass: number;
}

export function irUri(model: string, passName: string, address: IrAddress): vscode.Uri {
  const number = String(address.pass).padStart(2, '0');
  const name = passName.replace(/\{.*$/, '').replace(/[^\w.-]+/g, '-');
  return vscode.Uri.from({
    scheme: irScheme,
    path: `/${path.basename(model, path.extname(model))}/${number}-${name}.mlir`,
    query: `${address.compilation}.${address.pass}`,
  });
}

export function irAddress(uri: vscode.Uri): IrAddress | undefined {
  const m = /^(\w+)\.(\d+)$/.exec(uri.query);
  return uri.scheme === irScheme && m !== null ? { compilation: m[1]!, pass: Number(m[2]) } : undefined;
}

export function sourceUri(model: string, compilation: string): vscode.Uri {
  return vscode.Uri.from({
    scheme: sourceScheme,
    path: `/${path.basename(model, path.extname(model))}.kernels.c`,
    query: compilation,
  });
}

/** Serves both schemes. */
export class IrDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #subscription: vscode.Disposable;

  constructor(readonly compilations: Compilations) {
    this.#subscription = compilations.onDidChange((id) => {
      if (compilations.get(id) !== undefined) return;
      // What is open of a compilation that was removed says so.
      for (const { uri } of vscode.workspace.textDocuments) {
        if (irAddress(uri)?.compilation === id || (uri.scheme === sourceScheme && uri.query === id))
          this.#changed.fire(uri);
      }
    });
  }
  register(): vscode.Disposable {
    return vscode.Disposable.from(
      ...[irScheme, sourceScheme].map((scheme) =>
        vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      ),
      this,
    );
  }
  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    if (uri.scheme === sourceScheme)
      return (
        this.compilations.done(uri.query)?.compilation.kernelSource ?? '// This compilation was removed.\n'
      );
    const address = irAddress(uri);
    const entry = address === undefined ? undefined : this.compilations.done(address.compilation);
    if (address === undefined || entry === undefined) {
      return '// This compilation is no longer in the window. Compile the model again to see its IR.\n';
    }
    return snapshotAfter(entry.compilation, address.pass)?.text ?? '// The compilation has no such pass.\n';
  }

  /** The address of the IR after pass `index`. */
  uriOf(compilation: string, index: number): vscode.Uri | undefined {
    const entry = this.compilations.done(compilation);
    const record = entry === undefined ? undefined : passRecord(entry.compilation, index);
    return entry === undefined || record === undefined
      ? undefined
      : irUri(entry.model, record.pass, { compilation, pass: index });
  }
}
