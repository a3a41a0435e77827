/** Starts the language server when the first IR text opens, and tells it what this window knows of ops (`factsOf`, Markdown). */
import path from 'node:path';
import * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import type { OpFacts, OpFactsParams, ServerOptions } from '../lsp/protocol';
import { opFacts } from '../lsp/protocol';
import { irLinks } from './irFacts';

export function startLanguageServer(
  extensionPath: string,
  factsOf: (document: vscode.TextDocument, offset: number) => Promise<OpFacts>,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const module = path.join(extensionPath, 'dist', 'language-server.cjs');
  const initializationOptions: ServerOptions = { opFacts: true };
  const client = new LanguageClient(
    'strata',
    'Strata Language Server',
    { module, transport: TransportKind.ipc },
    {
      documentSelector: [{ language: 'mlir' }],
      outputChannel: log,
      initializationOptions,
      markdown: { isTrusted: { enabledCommands: irLinks } },
    },
  );
  client.onRequest(opFacts, ({ uri, offset }: OpFactsParams): Promise<OpFacts> => {
    const document = vscode.workspace.textDocuments.find(
      (d) => client.code2ProtocolConverter.asUri(d.uri) === uri,
    );
    return document === undefined ? Promise.resolve('') : factsOf(document, offset);
  });
  let started: Promise<void> | undefined;
  const start = (document: vscode.TextDocument): void => {
    if (document.languageId !== 'mlir' || started !== undefined) return;
    started = client.start();
    started.catch((error: unknown) => {
      log.error(error instanceof Error ? error : String(error));
    });
  };
  const opened = vscode.workspace.onDidOpenTextDocument(start);
  vscode.workspace.textDocuments.forEach(start);
  return new vscode.Disposable(() => {
    opened.dispose();
    void started?.then(() => client.dispose()).catch(() => undefined);
  });
}
