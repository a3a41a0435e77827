/** Parsed IR of open documents, once per version: hover, outline and folding share it. */
import type * as vscode from 'vscode';
import type { Analysis } from '../language/analysis';
import { analyse } from '../language/analysis';

/** Texts beyond this are not parsed. */
const maxText = 8 * 1024 * 1024;
const kept = 8;

export class IrAnalyses {
  readonly #known = new Map<string, { readonly version: number; readonly analysis: Analysis | undefined }>();

  /** Undefined for text that does not parse or is too long. */
  of(document: vscode.TextDocument): Analysis | undefined {
    const key = document.uri.toString();
    const known = this.#known.get(key);
    if (known?.version === document.version) return known.analysis;
    const text = document.getText();
    const result = text.length > maxText ? undefined : analyse(text);
    const analysis = result?.kind === 'ok' ? result.analysis : undefined;
    this.#known.delete(key);
    this.#known.set(key, { version: document.version, analysis });
    const [oldest] = this.#known.keys();
    if (this.#known.size > kept && oldest !== undefined) this.#known.delete(oldest);
    return analysis;
  }
}
