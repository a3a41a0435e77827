/** What became of each op between two texts, as a tree: kinds, then links; a row opens both texts at its ops. */
import * as vscode from 'vscode';
import type { LinkKind } from '../dump/semantic/semanticDiff';
import { linkKinds } from '../dump/semantic/semanticDiff';
import type { RowOp, SemanticRow } from '../dump/semantic/semanticText';
import type { OpComparison } from '../dump/session/opSession';
import { detailText, semanticMarkdown } from '../dump/semantic/semanticText';
import { placeOnPage } from '../dump/session/pages';
import { dumpAddress } from './openDumps';
import type { OpenDumps } from './openDumps';
import type { OpPair } from './opSources';

type Node =
  | { readonly kind: 'group'; readonly of: LinkKind; readonly rows: readonly SemanticRow[] }
  | { readonly kind: 'row'; readonly row: SemanticRow };

const icons: Readonly<Record<LinkKind, string>> = {
  kept: 'check',
  changed: 'diff-modified',
  moved: 'move',
  renamed: 'diff-renamed',
  fused: 'git-merge',
  split: 'git-branch',
  replaced: 'replace',
  new: 'diff-added',
  gone: 'diff-removed',
};
const labels = (ops: readonly RowOp[]): string => ops.map((o) => o.label).join(' + ');

export class OpChangesTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: vscode.TreeView<Node>;
  #shown: { readonly pair: OpPair; readonly comparison: OpComparison } | undefined;
  #groups: readonly Node[] = [];

  constructor(readonly dumps: OpenDumps) {
    this.#view = vscode.window.createTreeView('strata.opChanges', {
      treeDataProvider: this,
      showCollapseAll: true,
    });
  }
  dispose(): void {
    this.#view.dispose();
    this.#changed.dispose();
  }

  async show(pair: OpPair, comparison: OpComparison): Promise<void> {
    this.#shown = { pair, comparison };
    this.#groups = linkKinds
      .map((of): Node => ({ kind: 'group', of, rows: comparison.rows.filter((r) => r.kind === of) }))
      .filter((g) => g.kind === 'group' && g.rows.length > 0);
    this.#view.title = 'Op Changes';
    this.#view.description = comparison.title;
    this.#view.message = `${comparison.summary}.`;
    await vscode.commands.executeCommand('setContext', 'strata.opChanges', true);
    this.#changed.fire(undefined);
    await vscode.commands.executeCommand('strata.opChanges.focus');
  }

  markdown(): string | undefined {
    const comparison = this.#shown?.comparison;
    return comparison === undefined
      ? undefined
      : semanticMarkdown(comparison.title, comparison.summary, comparison.rows);
  }

  getChildren(node?: Node): Node[] {
    if (node === undefined) return [...this.#groups];
    return node.kind === 'group' ? node.rows.map((row) => ({ kind: 'row', row })) : [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'group') {
      const item = new vscode.TreeItem(node.of, vscode.TreeItemCollapsibleState.Expanded);
      item.description = String(node.rows.length);
      item.iconPath = new vscode.ThemeIcon(icons[node.of]);
      return item;
    }
    const { row } = node;
    const [from, to] = [labels(row.before), labels(row.after)];
    const same = from === to || from === '' || to === '';
    const item = new vscode.TreeItem(same ? from || to : `${from} → ${to}`);
    item.description = [row.symbol === '' ? '' : `@${row.symbol}`, detailText(row)]
      .filter((t) => t !== '')
      .join(' · ');
    item.tooltip = new vscode.MarkdownString(
      [
        ...row.before.map((o) => `before, line ${o.line}: \`${o.label}\``),
        ...row.after.map((o) => `after, line ${o.line}: \`${o.label}\``),
        ...(row.evidence.length === 0 ? [] : [`evidence: ${row.evidence.join(', ')}`]),
        ...(detailText(row) === '' ? [] : [detailText(row)]),
      ].join('\n\n'),
    );
    item.accessibilityInformation = {
      label: `${row.kind}: ${same ? from || to : `${from} became ${to}`}. ${detailText(row)} Evidence: ${row.evidence.join(', ') || 'none'}`,
    };
    item.command = { command: 'strata.revealOpChange', title: 'Open Both Texts', arguments: [row] };
    return item;
  }

  /** Opens the diff of both texts with the ops of a row in view. */
  async reveal(row: SemanticRow): Promise<void> {
    if (this.#shown === undefined) return;
    const { pair, comparison } = this.#shown;
    const [op] = row.after.length > 0 ? row.after : row.before;
    if (op === undefined) return;
    const [side, starts] =
      row.after.length > 0 ? [pair.after, comparison.startsAfter] : [pair.before, comparison.startsBefore];
    const { page, offset } = placeOnPage(starts, op.start);
    const [before, after] = [this.#page(pair.before.uri, page), this.#page(pair.after.uri, page)];
    await vscode.commands.executeCommand('vscode.diff', before, after, comparison.title, {
      preview: true,
      preserveFocus: true,
    });
    const shown = side === pair.after ? after : before;
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.toString() !== shown.toString()) continue;
      const start = editor.document.positionAt(offset);
      editor.selection = new vscode.Selection(start, start);
      editor.revealRange(new vscode.Range(start, start), vscode.TextEditorRevealType.InCenter);
    }
  }
  #page(uri: vscode.Uri, page: number): vscode.Uri {
    const address = dumpAddress(uri);
    return (address === undefined ? undefined : this.dumps.uriOf({ ...address, page })) ?? uri;
  }
}
