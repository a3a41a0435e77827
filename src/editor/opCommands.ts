/** The commands of the views of ops: graphs, what became of each op, lives, reproducers. */
import * as vscode from 'vscode';
import { lifeOf } from '../dump/semantic/lifeOfOp';
import { addressOf } from '../dump/semantic/opAddress';
import { opLabel } from '../dump/semantic/opGraph';
import { cancellationOf } from '../base/cancellation';
import type { CommandId } from './commandIds';
import type { Compilations } from './compilations';
import type { ErrorReport } from './errorReport';
import { GraphPanels } from './graphPanels';
import type { IrNavigator, IrTarget } from './irNavigator';
import { editorMessages } from './messages';
import { OpChangesTree } from './opChangesTree';
import { OpLifeTree } from './opLifeTree';
import { OpSources, revealOp } from './opSources';
import { writeReproducer } from './reproducer';

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
  readonly start: number;
  readonly end: number;
}

export class OpViews implements vscode.Disposable {
  readonly sources: OpSources;
  readonly #changes = new OpChangesTree();
  readonly #life = new OpLifeTree();
  readonly #graphs: GraphPanels;
  readonly #rows: vscode.Disposable;

  constructor(
    extensionUri: vscode.Uri,
    readonly compilations: Compilations,
    readonly navigator: IrNavigator,
    report: ErrorReport,
  ) {
    this.sources = new OpSources(compilations, navigator);
    this.#graphs = new GraphPanels({
      extensionUri,
      sources: this.sources,
      report,
      showLife: (document, offset) => this.showLife(document, offset),
    });
    // Of rows only: no palette entry, no title.
    this.#rows = vscode.Disposable.from(
      vscode.commands.registerCommand('strata.revealOpChange', (link: number) => this.#changes.reveal(link)),
      vscode.commands.registerCommand('strata.revealLifeEvent', ({ uri, start, end }: TextPlace) =>
        revealOp(vscode.Uri.parse(uri), { start, end }, true),
      ),
    );
  }
  dispose(): void {
    this.#graphs.dispose();
    this.#changes.dispose();
    this.#life.dispose();
    this.#rows.dispose();
  }

  /** `targetOf` reads the pass that a row or link stands for. */
  handlers<A>(
    targetOf: (argument: A) => IrTarget | undefined,
  ): Readonly<Record<OpCommandId, (argument: A) => unknown>> {
    return {
      'strata.openGraph': async (argument) => {
        const target = argument instanceof vscode.Uri ? argument : targetOf(argument);
        this.#graphs.show(await this.sources.text(target, 'Open Graph'));
      },
      'strata.compareGraphs': async (argument) => {
        this.#graphs.compare(await this.#pair(argument, targetOf, 'Compare Graphs'));
      },
      'strata.showOpChanges': async (argument) => {
        await this.#changes.show(await this.#pair(argument, targetOf, 'Show What Became of Each Op'));
      },
      'strata.showLifeOfOp': async (argument) => {
        const target = targetOf(argument);
        if (target?.offset !== undefined) {
          const { uri } = await this.sources.text(target, 'Show Life of Op');
          await this.showLife(await vscode.workspace.openTextDocument(uri), target.offset);
          return;
        }
        const editor = vscode.window.activeTextEditor;
        if (editor === undefined) throw editorMessages.error('STR0930', { what: 'Show Life of Op' });
        await this.showLife(editor.document, editor.document.offsetAt(editor.selection.active));
      },
      'strata.writeReproducer': async (argument) => {
        const target = targetOf(argument) ?? this.navigator.activePass('Write Reproducer');
        const entry = this.compilations.done(target.compilation);
        if (entry === undefined) throw editorMessages.error('STR0903', { what: 'Write Reproducer' });
        return writeReproducer(entry, target.pass);
      },
      'strata.copyOpChanges': () => copied(this.#changes.markdown()),
      'strata.copyOpLife': () => copied(this.#life.markdown()),
    };
  }
  #pair<A>(
    argument: A,
    targetOf: (argument: A) => IrTarget | undefined,
    what: string,
  ): ReturnType<OpSources['pair']> {
    return Promise.resolve(
      vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: 'Comparing ops' }, () =>
        this.sources.pair(argument instanceof vscode.Uri ? undefined : targetOf(argument), what),
      ),
    );
  }

  async showLife(document: vscode.TextDocument, offset: number): Promise<void> {
    const { graph, op, steps, at, uriOf } = this.sources.history(document, offset);
    const title = opLabel(graph, op);
    const life = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Following ${title}`, cancellable: true },
      (_, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => {
          abort.abort();
        });
        return lifeOf(steps, at, [addressOf(graph, op)], cancellationOf(abort.signal));
      },
    );
    await this.#life.show({ title, life, at, uriOf });
  }
}

async function copied(text: string | undefined): Promise<void> {
  if (text === undefined) return;
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage('Copied as Markdown', 3000);
}
