/** IR of dumps as read-only documents: `strata-dump:/opt.log/012-canonicalize-f.mlir?1.12.after.0`. */
import * as vscode from 'vscode';
import type { OpenDumps } from './openDumps';
import { dumpAddress, dumpScheme } from './openDumps';

export class DumpDocuments implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider {
  constructor(readonly dumps: OpenDumps) {}
  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(dumpScheme, this),
      vscode.languages.registerDocumentLinkProvider({ scheme: dumpScheme }, this),
    );
  }
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const address = dumpAddress(uri);
    if (address === undefined || this.dumps.get(address.dump) === undefined)
      return '// This dump is no longer open. Open it again to see its IR.\n';
    const { text } = await this.dumps.text(address);
    return text === '' ? '// The dump does not have this IR.\n' : text;
  }

  /** The other pages of a long text, in its first line. */
  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    const address = dumpAddress(document.uri);
    const line = document.lineAt(0).text;
    if (address === undefined || !line.startsWith('// page ')) return [];
    return (
      [
        ['previous page', -1],
        ['next page', 1],
      ] as const
    ).flatMap(([words, step]) => {
      const at = line.indexOf(words);
      const uri = this.dumps.uriOf({ ...address, page: address.page + step });
      if (at < 0 || uri === undefined) return [];
      return [new vscode.DocumentLink(new vscode.Range(0, at, 0, at + words.length), uri)];
    });
  }
}
