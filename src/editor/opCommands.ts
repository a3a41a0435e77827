/** The commands of the views of ops: graphs, what became of each op, lives, reproducers. */
import * as vscode from 'vscode';
import type { OpComparison } from '../dump/session/opSession';
import type { SemanticRow } from '../dump/semantic/semanticText';
import type { CommandId } from './commandIds';
import type { Compilations } from './compilations';
import type { ErrorReport } from './errorReport';
import { GraphPanels } from './graphPanels';
import type { IrNavigator, IrTarget } from './irNavigator';
import { editorMessages } from './messages';
import { OpChangesTree } from './opChangesTree';
import { OpLifeTree } from './opLifeTree';
import type { RunTarget } from './dumpCommands';
import { runTargetOf } from './dumpCommands';
import type { OpenDumps } from './openDumps';
import { dumpAddress, dumpScheme } from './openDumps';
import { irScheme } from './irDocuments';
import type { OpAt } from './irFacts';
import { lifeFacts } from './irFacts';
import type { OpPair, OpTarget } from './opSources';
import { OpSources, revealOp } from './opSources';
import { writeDumpReproducer, writeReproducer } from './reproducer';

/** A hover tells what is found out about earlier passes this soon. */
const hoverBudgetMs = 250;

export type OpCommandId = Extract<
  CommandId,
  | 'strata.openGraph'
  | 'strata.compareGraphs'
  | 'strata.showOpChanges'
  | 'strata.showLifeOfOp'
  | 'strata.writeReproducer'
  | 'strata.copyOpChanges'
  | 'strata.copyOpLife'
>;

interface TextPlace {
  readonly uri: string;
  readonly offset: number;
}

export class OpViews implements vscode.Disposable {
  readonly sources: OpSources;
  readonly #changes: OpChangesTree;
  readonly #life = new OpLifeTree();
  readonly #graphs: GraphPanels;
  readonly #rows: vscode.Disposable;

  constructor(
    extensionUri: vscode.Uri,
    readonly compilations: Compilations,
    readonly navigator: IrNavigator,
    readonly dumps: OpenDumps,
    report: ErrorReport,
  ) {
    this.sources = new OpSources(compilations, navigator, dumps);
    this.#changes = new OpChangesTree(dumps);
    this.#graphs = new GraphPanels({
      extensionUri,
      sources: this.sources,
      report,
      showLife: (document, offset) => this.showLife(document, offset),
    });
    // Of rows only: no palette entry, no title.
    this.#rows = vscode.Disposable.from(
      vscode.commands.registerCommand('strata.revealOpChange', (row: SemanticRow) =>
        this.#changes.reveal(row),
      ),
      vscode.commands.registerCommand('strata.revealLifeEvent', ({ uri, offset }: TextPlace) =>
        revealOp(vscode.Uri.parse(uri), offset, true),
      ),
    );
  }
  dispose(): void {
    this.#graphs.dispose();
    this.#changes.dispose();
    this.#life.dispose();
    this.#rows.dispose();
    this.sources.dispose();
  }

  /** `passOf` reads the pass of a compilation that a row or link stands for. */
  handlers<A>(
    passOf: (argument: A) => IrTarget | undefined,
  ): Readonly<Record<OpCommandId, (argument: A) => unknown>> {
    const targetOf = (argument: A): OpTarget | undefined =>
      argument instanceof vscode.Uri ? undefined : (runTargetOf(argument) ?? passOf(argument));
    return {
      'strata.openGraph': async (argument) => {
        const target = argument instanceof vscode.Uri ? argument : targetOf(argument);
        this.#graphs.show(await this.sources.text(target, 'Open Graph'));
      },
      'strata.compareGraphs': async (argument) => {
        this.#graphs.compare(await this.sources.pair(targetOf(argument), 'Compare Graphs'));
      },
      'strata.showOpChanges': async (argument) => {
        const pair = await this.sources.pair(targetOf(argument), 'Show What Became of Each Op');
        await this.#changes.show(pair, await this.#compare(pair));
      },
      'strata.showLifeOfOp': async (argument) => {
        if (isOpAt(argument)) {
          const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(argument.uri));
          await this.showLife(document, argument.offset);
          return;
        }
        const editor = vscode.window.activeTextEditor;
        if (editor === undefined) throw editorMessages.error('STR0930', { what: 'Show Life of Op' });
        await this.showLife(editor.document, editor.document.offsetAt(editor.selection.active));
      },
      'strata.writeReproducer': async (argument) => {
        const target =
          targetOf(argument) ?? this.#activeRun() ?? this.navigator.activePass('Write Reproducer');
        if ('dump' in target) return writeDumpReproducer(this.dumps, target);
        const entry = this.compilations.done(target.compilation);
        if (entry === undefined) throw editorMessages.error('STR0903', { what: 'Write Reproducer' });
        return writeReproducer(entry, target.pass);
      },
      'strata.copyOpChanges': () => copied(this.#changes.markdown()),
      'strata.copyOpLife': () => copied(this.#life.markdown()),
    };
  }
  /** The run of a dump that the editor in front shows. */
  #activeRun(): RunTarget | undefined {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    const uri =
      tab instanceof vscode.TabInputTextDiff ? tab.modified : vscode.window.activeTextEditor?.document.uri;
    return uri === undefined ? undefined : dumpAddress(uri);
  }
  #compare(pair: OpPair): Thenable<OpComparison> {
    return vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: 'Comparing ops', cancellable: true },
      (_, token) => this.sources.comparison(pair, false, token),
    );
  }

  /** What is known of the life of the op at an offset, as Markdown for its hover. */
  async lifeFacts(document: vscode.TextDocument, offset: number): Promise<string> {
    const { scheme } = document.uri;
    if (scheme !== dumpScheme && scheme !== irScheme) return '';
    const blame = await this.sources.blame(document, offset, hoverBudgetMs).catch(() => undefined);
    return lifeFacts(document.uri.toString(), offset, blame);
  }

  async showLife(document: vscode.TextDocument, offset: number): Promise<void> {
    const life = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: 'Following the op', cancellable: true },
      (_, token) => this.sources.life(document, offset, token),
    );
    await this.#life.show(life);
  }
}

const isOpAt = (argument: unknown): argument is OpAt =>
  typeof argument === 'object' && argument !== null && 'uri' in argument && 'offset' in argument;

async function copied(text: string | undefined): Promise<void> {
  if (text === undefined) return;
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage('Copied as Markdown', 3000);
}
