/** IR of dumps as read-only documents: `strata-dump:/opt.log/012-canonicalize-f.mlir?1.12.after.0`. */
import * as vscode from 'vscode';
import type { OpenDumps } from './openDumps';
import { dumpAddress, dumpScheme } from './openDumps';

export class DumpDocuments implements vscode.TextDocumentContentProvider {
  constructor(readonly dumps: OpenDumps) {}
  register(): vscode.Disposable {
    return vscode.workspace.registerTextDocumentContentProvider(dumpScheme, this);
  }
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const address = dumpAddress(uri);
    if (address === undefined || this.dumps.get(address.dump) === undefined)
      return '// This dump is no longer open. Open it again to see its IR.\n';
    const { text } = await this.dumps.text(address);
    return text === '' ? '// The dump does not have this IR.\n' : text;
  }
}
