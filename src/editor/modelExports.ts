/** "Export Reference Models…": asks which models and where to, and has Python export them, with progress. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { exportModels } from '../runner/exportModels';
import type { CommandId } from './commandIds';
import type { ErrorReport } from './errorReport';
import { editorMessages } from './messages';

export interface ModelExports {
  /** Folder of the extension, which holds `python`. */
  readonly resourceRoot: string;
  /** Where the virtual environment is kept. */
  readonly storage: string;
  readonly report: ErrorReport;
}

/** What `export_all` knows, as it calls them. */
const models: readonly vscode.QuickPickItem[] = [
  { label: 'mobilenet-v1', description: 'image classifier' },
  { label: 'mobilenet-v2', description: 'image classifier', picked: true },
  { label: 'mobilenet-v3-small', description: 'image classifier' },
  { label: 'mobilenet-v3-large', description: 'image classifier' },
  { label: 'resnet50', description: 'image classifier' },
  { label: 'whisper-tiny-encoder', description: 'speech to text' },
  { label: 'whisper-tiny-decoder', description: 'speech to text' },
  { label: 'llama-15m', description: 'language model' },
  { label: 'llama-110m', description: 'language model' },
  { label: 'tinyllama-1.1b', description: 'language model, 4.4 GB' },
];

export async function exportReferenceModels({ resourceRoot, storage, report }: ModelExports): Promise<void> {
  const title = 'Export Reference Models';
  if (!vscode.workspace.isTrusted) {
    report.show(title, editorMessages.diagnostic('STR0901', { what: 'Exporting models' }));
    return;
  }
  const chosen = await vscode.window.showQuickPick(models, {
    title: `${title} from PyTorch`,
    placeHolder:
      'Models to export; the first time installs torch, torchvision and transformers (some gigabytes)',
    canPickMany: true,
  });
  if (chosen === undefined || chosen.length === 0) return;
  const start = vscode.workspace.workspaceFolders?.[0]?.uri;
  const [folder] =
    (await vscode.window.showOpenDialog({
      title: 'Folder for the models',
      openLabel: 'Export Here',
      canSelectFolders: true,
      canSelectFiles: false,
      ...(start === undefined ? {} : { defaultUri: start }),
    })) ?? [];
  if (folder === undefined) return;
  const sources = path.join(resourceRoot, 'python');
  try {
    await access(sources);
    const files = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (bar, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => {
          controller.abort();
        });
        let reached = 0;
        return exportModels(
          {
            sources,
            environment: path.join(storage, 'python'),
            output: folder.fsPath,
            only: chosen.map((m) => m.label),
          },
          {
            signal: controller.signal,
            onLine: (line) => {
              report.log.info(line);
            },
            onProgress: (message, fraction = 0) => {
              bar.report({ message, increment: 100 * fraction - reached });
              reached = 100 * fraction;
            },
          },
        );
      },
    );
    const what = files.length === 1 ? path.basename(files[0]!) : `${files.length} files`;
    const action = 'Compile…';
    const compile: CommandId = 'strata.compileModel';
    void vscode.window
      .showInformationMessage(`Exported ${what} to ${folder.fsPath}.`, action)
      .then((picked) => {
        const only = files.length === 1 ? vscode.Uri.file(files[0]!) : undefined;
        if (picked === action) void vscode.commands.executeCommand(compile, only);
      });
  } catch (error) {
    report.showError(title, error);
  }
}
