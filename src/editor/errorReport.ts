/** How errors reach a person: one line with its code and what to do, the whole in the log, and the actions that help. */
import * as vscode from 'vscode';
import { CancelledError } from '../base/cancellation';
import type { Diagnostic } from '../base/diagnostics';
import { formatDiagnostic, StrataError } from '../base/diagnostics';
import type { CommandId } from './commandIds';
import { editorMessages } from './messages';

/** Longer than this, a notification is cut by VS Code itself. */
const longest = 320;
const toolCodes = new Set(['STR0701', 'STR0702', 'STR0703', 'STR0722']);

export class ErrorReport {
  constructor(readonly log: vscode.LogOutputChannel) {}

  /** The diagnostic of anything that was thrown; undefined when it was a cancellation. */
  diagnosticOf(error: unknown): Diagnostic | undefined {
    if (error instanceof CancelledError || error instanceof vscode.CancellationError) return undefined;
    if (error instanceof StrataError) return error.diagnostic;
    this.log.error(error instanceof Error ? error : String(error));
    return editorMessages.diagnostic('STR0909', {
      message: error instanceof Error ? error.message : String(error),
    });
  }

  /** Logs and shows it, without waiting for the person. */
  show(what: string, diagnostic: Diagnostic): void {
    this.log.error(`${what}: ${formatDiagnostic(diagnostic)}`);
    void this.ask(what, diagnostic);
  }

  /** Shows what was thrown, unless it was a cancellation. */
  showError(what: string, error: unknown): void {
    const diagnostic = this.diagnosticOf(error);
    if (diagnostic !== undefined) this.show(what, diagnostic);
  }

  /** Shows it and does what the person chooses. */
  async ask(what: string, diagnostic: Diagnostic): Promise<void> {
    const actions: Record<string, () => Thenable<unknown>> = {
      ...(toolCodes.has(diagnostic.code)
        ? { 'Check Installation': () => run('strata.checkInstallation') }
        : {}),
      ...(diagnostic.code === 'STR0901'
        ? { 'Manage Workspace Trust': () => vscode.commands.executeCommand('workbench.trust.manage') }
        : {}),
      'Copy Details': () => vscode.env.clipboard.writeText(`${what}: ${formatDiagnostic(diagnostic)}`),
      'Show Log': () => run('strata.showLog'),
    };
    const show =
      diagnostic.severity === 'error' ? vscode.window.showErrorMessage : vscode.window.showWarningMessage;
    const chosen = await show(headline(what, diagnostic), ...Object.keys(actions));
    if (chosen !== undefined) await actions[chosen]?.();
  }
}

const run = (id: CommandId): Thenable<unknown> => vscode.commands.executeCommand(id);

/** `STR0301 model.onnx: what was found. What to do.` in one line; files by their names, as their paths are in the log. */
export function headline(what: string, d: Diagnostic): string {
  const [first = '', ...rest] = d.text.split('\n').filter((line) => line.trim() !== '');
  const more =
    rest.length === 0 ? '' : ` (${rest.length} more line${rest.length === 1 ? '' : 's'} in the log)`;
  const short = withoutFolders(first, what);
  const text = short.includes(what) ? short : `${what}: ${short}`;
  const next = d.next === undefined ? '' : ` ${d.next.split('\n')[0]}`;
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return `${d.code} ${cut}${more}${next.length > longest ? '' : next}`;
}

/** The text with the paths of the file `name` cut to its name. */
export function withoutFolders(text: string, name: string): string {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replace(new RegExp(`(?:[A-Za-z]:)?[\\\\/][^\\s'"]*[\\\\/]${escaped}`, 'g'), name);
}
