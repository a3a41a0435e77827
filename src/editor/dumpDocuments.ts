/** IR of dumps as read-only documents: `strata-dump:/opt.log/012-canonicalize-f.mlir?1.12.after.0`. */
import * as vscode from 'vscode';
import { pageHead } from '../dump/session/pages';
import type { CommandId } from './commandIds';
import type { OpenDumps } from './openDumps';
import { constantAddress, constantUri, dumpAddress, dumpScheme } from './openDumps';

export class DumpDocuments implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider {
  constructor(readonly dumps: OpenDumps) {}
  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(dumpScheme, this),
      vscode.languages.registerDocumentLinkProvider({ scheme: dumpScheme }, this),
    );
  }
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const constant = constantAddress(uri);
    const address = dumpAddress(uri);
    const dump = this.dumps.get((address ?? constant)?.dump ?? -1);
    if (dump === undefined) return '// This dump is no longer open. Open it again to see its IR.\n';
    if (constant !== undefined) {
      const found = await this.dumps.constant(constant);
      if (found === undefined) return '// The dump does not have this constant.\n';
      const { text, page, pages } = found;
      return `${pages === 1 ? '' : pageHead(page, pages)}${text}`;
    }
    if (address === undefined) return '';
    const { text } = await this.dumps.text(address);
    return text === '' ? '// The dump does not have this IR.\n' : text;
  }

  /** The other pages of a long text, in its first line, and constants that are left out. */
  provideDocumentLinks(
    document: vscode.TextDocument,
    token: vscode.CancellationToken,
  ): vscode.DocumentLink[] {
    const address = dumpAddress(document.uri);
    if (address === undefined) {
      const constant = constantAddress(document.uri);
      return constant === undefined
        ? []
        : pageLinks(document, constant.page, (page) => constantUri({ ...constant, page }));
    }
    const links = pageLinks(document, address.page, (page) =>
      address.side === 'after'
        ? this.dumps.uriOf({ ...address, page })
        : // A side of a diff: both sides go to the page.
          commandUri('strata.diffDumpPass', { dump: address.dump, run: address.run, page }),
    );
    for (const { 0: text, 1: hash, index } of document.getText().matchAll(elided)) {
      if (token.isCancellationRequested || links.length >= MOST_LINKS) break;
      const range = new vscode.Range(document.positionAt(index), document.positionAt(index + text.length));
      const link = new vscode.DocumentLink(
        range,
        constantUri({ dump: address.dump, run: address.run, hash: hash!, page: 0 }),
      );
      link.tooltip = 'Show all bytes';
      links.push(link);
    }
    return links;
  }
}

/** As `readElided` writes them. */
const elided = /"0x[0-9A-Fa-f]{8}…[\d.]+ bytes, ([0-9a-f]{8})"/g;
const MOST_LINKS = 5000;

const commandUri = (command: CommandId, argument: unknown): vscode.Uri =>
  vscode.Uri.parse(`command:${command}?${encodeURIComponent(JSON.stringify([argument]))}`);

function pageLinks(
  document: vscode.TextDocument,
  page: number,
  uriOf: (page: number) => vscode.Uri | undefined,
): vscode.DocumentLink[] {
  const line = document.lineAt(0).text;
  if (!line.startsWith('// page ')) return [];
  return (
    [
      ['previous page', -1],
      ['next page', 1],
    ] as const
  ).flatMap(([words, step]) => {
    const at = line.indexOf(words);
    const uri = at < 0 ? undefined : uriOf(page + step);
    return uri === undefined
      ? []
      : [new vscode.DocumentLink(new vscode.Range(0, at, 0, at + words.length), uri)];
  });
}
