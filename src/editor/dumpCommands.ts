/** The commands of IR dumps: open, look at, compare, step, filter, search, trace. */
import * as vscode from 'vscode';
import type { Hit } from '../dump/session/dumpSession';
import type { CommandId } from './commandIds';
import type { DumpNode, DumpsTree } from './dumpsTree';
import { editorMessages } from './messages';
import type { DumpAddress, OpenDump, OpenDumps, RunPlace } from './openDumps';
import { dumpAddress } from './openDumps';
import type { CompilerTracing } from './traceCompiler';

export interface DumpCommandContext {
  readonly dumps: OpenDumps;
  readonly tree: DumpsTree;
  readonly tracing: CompilerTracing;
}

/** A run as rows and links name it. */
export interface RunTarget {
  readonly dump: number;
  readonly run: number;
  /** Of a long text; the first where it is absent. */
  readonly page?: number;
}

export type DumpCommandId = Extract<
  CommandId,
  | 'strata.openDump'
  | 'strata.traceCompiler'
  | 'strata.closeDump'
  | 'strata.openDumpPass'
  | 'strata.diffDumpPass'
  | 'strata.filterDump'
  | 'strata.clearDumpFilter'
  | 'strata.searchDump'
>;

/** Hits that are listed. */
const mostHits = 1000;

export class DumpCommands {
  constructor(readonly context: DumpCommandContext) {}

  get handlers(): Readonly<Record<DumpCommandId, (argument: unknown) => unknown>> {
    const { tree, tracing } = this.context;
    return {
      'strata.openDump': (argument) => this.open(argument instanceof vscode.Uri ? [argument] : undefined),
      'strata.traceCompiler': async (argument) => {
        const dump = await (typeof argument === 'string' ? tracing.run(argument) : tracing.ask());
        await this.#reveal(dump);
        return dump?.id;
      },
      'strata.closeDump': async (argument) => {
        const node = argument as DumpNode | undefined;
        if (node !== undefined) await this.context.dumps.close(node.dump.id);
      },
      'strata.openDumpPass': (argument) => this.#show(runTargetOf(argument)),
      'strata.diffDumpPass': (argument) => this.diff(runTargetOf(argument) ?? this.active()),
      'strata.filterDump': async (argument) => {
        const text =
          typeof argument === 'string'
            ? argument
            : await vscode.window.showInputBox({
                title: 'Filter Passes',
                prompt: 'A part of the name of a pass, function, op or dialect; empty shows all',
                value: tree.filter,
              });
        if (text === undefined) return;
        tree.filter = text;
        await vscode.commands.executeCommand('setContext', 'strata.dumpFilter', tree.filter !== '');
      },
      'strata.clearDumpFilter': async () => {
        tree.filter = '';
        await vscode.commands.executeCommand('setContext', 'strata.dumpFilter', false);
      },
      'strata.searchDump': (argument) => this.#search((argument as DumpNode | undefined)?.dump),
    };
  }

  /** Opens files and folders, asking for one where none is given. */
  async open(files: readonly vscode.Uri[] | undefined): Promise<number | undefined> {
    const chosen = files ?? (await askForDump());
    let last: OpenDump | undefined;
    for (const file of chosen ?? []) {
      if (file.scheme !== 'file') throw editorMessages.error('STR0902', { file: file.path });
      last = await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: `Reading ${file.path.replace(/^.*\//, '')}`,
          cancellable: true,
        },
        (progress, token) => {
          let shown = 0;
          return this.context.dumps.open(file.fsPath, token, (done, size) => {
            const percent = Math.floor((100 * done) / size);
            if (percent > shown) progress.report({ increment: percent - shown });
            shown = Math.max(shown, percent);
          });
        },
      );
    }
    await this.#reveal(last);
    return last?.id;
  }
  async #reveal(dump: OpenDump | undefined): Promise<void> {
    if (dump === undefined) return;
    await vscode.commands.executeCommand('strata.dumps.focus');
  }

  /** The run that the editor in front shows; of a diff, the one after the pass. Throws STR0920. */
  active(): DumpAddress {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    const uri =
      tab instanceof vscode.TabInputTextDiff ? tab.modified : vscode.window.activeTextEditor?.document.uri;
    const address = uri === undefined ? undefined : dumpAddress(uri);
    if (address === undefined) throw editorMessages.error('STR0920', {});
    return address;
  }

  /** A run opens as the diff with what was before; where nothing was, as text. */
  async #show(target: RunTarget | undefined): Promise<void> {
    if (target === undefined) return;
    const place = this.context.dumps.get(target.dump)?.runs[target.run];
    const change = this.context.dumps.get(target.dump)?.changes.get(target.run);
    if (place?.run.hasBefore === true && place.run.hasAfter && change?.kind !== 'unchanged')
      await this.diff(target);
    else await this.#text(target);
  }
  async #text({ dump, run }: RunTarget): Promise<void> {
    const place = this.context.dumps.get(dump)?.runs[run];
    const side = place?.run.hasAfter === false ? 'before' : 'after';
    const uri = this.context.dumps.uriOf({ dump, run, side, page: 0 });
    if (uri === undefined) throw editorMessages.error('STR0920', {});
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }
  async diff({ dump, run, page = 0 }: RunTarget): Promise<void> {
    const { dumps } = this.context;
    const place = dumps.get(dump)?.runs[run];
    const left = dumps.uriOf({ dump, run, side: 'before', page });
    const right = dumps.uriOf({ dump, run, side: 'like', page });
    if (place === undefined || left === undefined || right === undefined)
      throw editorMessages.error('STR0920', {});
    const symbol = place.run.symbol === undefined ? '' : ` @${place.run.symbol}`;
    await vscode.commands.executeCommand(
      'vscode.diff',
      left,
      right,
      `${place.pass.argument ?? place.pass.pass}${symbol}: before ↔ after`,
      { preview: true },
    );
  }

  /** Goes to the next (1) or previous (−1) pass that changed the function in front. */
  async step(direction: 1 | -1): Promise<void> {
    const { dump: id, run } = this.active();
    const dump = this.context.dumps.get(id);
    const here = dump?.runs[run];
    if (dump === undefined || here === undefined) throw editorMessages.error('STR0920', {});
    const unit = (p: RunPlace): string => `${p.run.op ?? ''}@${p.run.symbol ?? ''}`;
    for (let i = run + direction; i >= 0 && i < dump.runs.length; i += direction) {
      const place = dump.runs[i]!;
      const change = dump.changes.get(i);
      if (unit(place) !== unit(here) || !place.run.hasBefore || !place.run.hasAfter) continue;
      if (change !== undefined && change.kind !== 'changed') continue;
      await this.diff({ dump: id, run: i });
      return;
    }
    const name = here.run.symbol === undefined ? 'the module' : `@${here.run.symbol}`;
    vscode.window.setStatusBarMessage(
      direction === 1 ? `No later pass changes ${name}.` : `No earlier pass changes ${name}.`,
      4000,
    );
  }

  /** A quick pick that fills while the dump is searched. */
  async #search(given: OpenDump | undefined): Promise<void> {
    const dump = given ?? this.context.dumps.all[0];
    if (dump === undefined) throw editorMessages.error('STR0920', {});
    const text = await vscode.window.showInputBox({
      title: `Search in ${dump.name}`,
      prompt: 'Text of the IR of any pass',
    });
    if (text === undefined || text === '') return;
    type Item = vscode.QuickPickItem & { readonly hit: Hit };
    const pick = vscode.window.createQuickPick<Item>();
    const source = new vscode.CancellationTokenSource();
    pick.title = `'${text}' in ${dump.name}`;
    pick.busy = true;
    pick.matchOnDescription = true;
    pick.onDidAccept(() => {
      const [chosen] = pick.selectedItems;
      pick.hide();
      if (chosen !== undefined) void this.#goTo(dump, chosen.hit, text);
    });
    pick.onDidHide(() => {
      source.cancel();
      pick.dispose();
    });
    pick.show();
    await this.context.dumps.search(
      dump.id,
      text,
      mostHits,
      (hits) => {
        pick.items = [
          ...pick.items,
          ...hits.map((hit): Item => {
            const place = dump.runs[hit.run]!;
            const symbol = place.run.symbol === undefined ? '' : ` @${place.run.symbol}`;
            return {
              label: hit.line,
              description: `${place.pass.argument ?? place.pass.pass}${symbol}`,
              hit,
            };
          }),
        ];
      },
      source.token,
    );
    pick.busy = false;
    const count = pick.items.length;
    pick.placeholder =
      count === 0 ? 'nothing found' : count >= mostHits ? `the first ${mostHits}` : `${count} found`;
  }
  async #goTo(dump: OpenDump, hit: Hit, text: string): Promise<void> {
    await this.#text({ dump: dump.id, run: hit.run });
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) return;
    const content = editor.document.getText();
    const line = content.indexOf(hit.line);
    const at = line < 0 ? content.indexOf(text) : content.indexOf(text, line);
    if (at < 0) return;
    const range = new vscode.Range(
      editor.document.positionAt(at),
      editor.document.positionAt(at + text.length),
    );
    editor.selection = new vscode.Selection(range.start, range.end);
    editor.revealRange(range, vscode.TextEditorRevealType.InCenter);
  }
}

export function runTargetOf(argument: unknown): RunTarget | undefined {
  if (typeof argument !== 'object' || argument === null || !('dump' in argument)) return undefined;
  if ('kind' in argument) {
    const node = argument as DumpNode;
    const run = node.kind === 'run' ? node.run : node.kind === 'pass' ? node.pass.runs[0] : undefined;
    return run === undefined ? undefined : { dump: node.dump.id, run: run.run };
  }
  return 'run' in argument ? (argument as RunTarget) : undefined;
}

/** Files and folders in one dialog where the system has that; elsewhere the person says which. */
async function askForDump(): Promise<readonly vscode.Uri[] | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const file = { label: '$(file) A log or IR file', folders: false };
  const tree = { label: '$(folder) A folder of dumps', folders: true };
  const kind = await vscode.window.showQuickPick([file, tree], { title: 'Open IR Dump' });
  if (kind === undefined) return undefined;
  return vscode.window.showOpenDialog({
    title: 'Open IR Dump',
    openLabel: 'Open',
    canSelectFiles: !kind.folders,
    canSelectFolders: kind.folders,
    ...(folder === undefined ? {} : { defaultUri: folder }),
  });
}
