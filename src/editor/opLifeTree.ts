/** The life of an op as a list of the passes that did something to it; a row opens the text after its pass at the op. */
import * as vscode from 'vscode';
import type { LifeEvent } from '../dump/semantic/lifeOfOp';
import { eventAfter, eventBefore, eventWord, lifeMarkdown } from '../dump/semantic/lifeText';
import type { OpLife } from './opSources';

const icons: Readonly<Record<LifeEvent['kind'], string>> = {
  kept: 'check',
  changed: 'diff-modified',
  moved: 'move',
  renamed: 'diff-renamed',
  fused: 'git-merge',
  split: 'git-branch',
  replaced: 'replace',
  new: 'star-empty',
  gone: 'circle-slash',
};

export class OpLifeTree implements vscode.TreeDataProvider<LifeEvent>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: vscode.TreeView<LifeEvent>;
  #shown: OpLife | undefined;

  constructor() {
    this.#view = vscode.window.createTreeView('strata.opLife', { treeDataProvider: this });
  }
  dispose(): void {
    this.#view.dispose();
    this.#changed.dispose();
  }

  async show(shown: OpLife): Promise<void> {
    this.#shown = shown;
    this.#view.description = shown.title;
    this.#view.message =
      shown.life.events.length === 0 ? `No pass of ${shown.life.steps} changed ${shown.title}.` : '';
    await vscode.commands.executeCommand('setContext', 'strata.opLife', true);
    this.#changed.fire(undefined);
    await vscode.commands.executeCommand('strata.opLife.focus');
  }
  markdown(): string | undefined {
    const shown = this.#shown;
    return shown === undefined ? undefined : lifeMarkdown(`Life of ${shown.title}`, shown.life);
  }

  getChildren(event?: LifeEvent): LifeEvent[] {
    return event === undefined ? [...(this.#shown?.life.events ?? [])] : [];
  }
  getTreeItem(event: LifeEvent): vscode.TreeItem {
    const [before, after] = [eventBefore(event), eventAfter(event)];
    const item = new vscode.TreeItem(`${event.index} ${event.pass}: ${eventWord(event)}`);
    item.description =
      before === after || before === '' || after === '' ? after || before : `${before} → ${after}`;
    item.iconPath = new vscode.ThemeIcon(icons[event.kind]);
    item.tooltip = new vscode.MarkdownString(
      [
        ...event.before.map((o) => `before, line ${o.line}: \`${o.label}\``),
        ...event.after.map((o) => `after, line ${o.line}: \`${o.label}\``),
        ...(event.evidence.length === 0 ? [] : [`evidence: ${event.evidence.join(', ')}`]),
      ].join('\n\n'),
    );
    item.accessibilityInformation = {
      label: `pass ${event.index}, ${event.pass}: ${eventWord(event)}. ${before} became ${after || 'nothing'}`,
    };
    const place = this.#shown?.addressOf(this.#shown.life.events.indexOf(event));
    if (place !== undefined)
      item.command = {
        command: 'strata.revealLifeEvent',
        title: 'Open the IR',
        arguments: [{ uri: place.uri.toString(), offset: place.offset }],
      };
    return item;
  }
}
