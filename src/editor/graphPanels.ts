/** Graphs of ops in editors of their own: one text, or two side by side, in step with the texts that they show. */
import * as vscode from 'vscode';
import { StrataError } from '../base/diagnostics';
import { drawnDiff, drawnGraph } from '../dump/layout/drawGraph';
import type { GraphModel } from '../dump/layout/graphModel';
import { opAtOffset } from '../dump/semantic/opGraph';
import type { GraphHost, GraphState, GraphView } from '../protocol/graphView';
import type { Connection } from '../protocol/rpc';
import { connect } from '../protocol/rpc';
import { graphHtml } from '../protocol/webviewHtml';
import type { ErrorReport } from './errorReport';
import { editorMessages } from './messages';
import type { OpPair, OpSources, OpText } from './opSources';
import { revealOp } from './opSources';
import { addressesOf, channelOf, viewFolder } from './webviewConnection';

const viewId = 'strata.graph';
/** The text rests this long before its graph is made anew, and the cursor before the graph follows. */
const REST = 300;

export interface GraphPanelOptions {
  readonly extensionUri: vscode.Uri;
  readonly sources: OpSources;
  readonly report: ErrorReport;
  readonly showLife: (document: vscode.TextDocument, offset: number) => Promise<void>;
}

export class GraphPanels implements vscode.Disposable {
  readonly #panels = new Map<string, GraphPanel>();
  constructor(readonly options: GraphPanelOptions) {}

  show(text: OpText): void {
    this.#open(text.uri.toString(), `Graph: ${text.title}`, [text], undefined);
  }
  compare(pair: OpPair): void {
    const { before, after } = pair;
    this.#open(
      `${before.uri.toString()} ${after.uri.toString()}`,
      `Graphs: ${pair.title}`,
      [before, after],
      pair,
    );
  }
  #open(key: string, title: string, texts: readonly OpText[], pair: OpPair | undefined): void {
    const known = this.#panels.get(key);
    if (known !== undefined) {
      known.panel.reveal();
      return;
    }
    const panel = new GraphPanel(title, texts, pair, this.options);
    this.#panels.set(key, panel);
    panel.panel.onDidDispose(() => this.#panels.delete(key));
  }
  dispose(): void {
    for (const { panel } of this.#panels.values()) panel.dispose();
  }
}

class GraphPanel {
  readonly panel: vscode.WebviewPanel;
  readonly #connection: Connection<GraphView>;
  readonly #subscriptions: vscode.Disposable[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Set while the view moves the cursor, which must not move the view. */
  #revealing = false;

  constructor(
    title: string,
    private texts: readonly OpText[],
    private readonly pair: OpPair | undefined,
    readonly options: GraphPanelOptions,
  ) {
    const folder = viewFolder(options.extensionUri);
    this.panel = vscode.window.createWebviewPanel(viewId, title, vscode.ViewColumn.Active, {
      enableScripts: true,
      localResourceRoots: [folder],
      retainContextWhenHidden: true,
    });
    const { webview } = this.panel;
    this.#connection = connect<GraphView, GraphHost>(channelOf(webview), this.#host());
    this.#subscriptions.push(
      vscode.window.onDidChangeTextEditorSelection((e) => {
        if (!this.#revealing) this.#later(() => this.#follow(e.textEditor));
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (this.pair === undefined && document.uri.toString() === this.texts[0]?.uri.toString())
          this.#later(() => this.#refresh(document));
      }),
    );
    this.panel.onDidDispose(() => {
      clearTimeout(this.#timer);
      for (const s of this.#subscriptions) s.dispose();
      this.#connection.dispose();
    });
    webview.html = graphHtml(addressesOf(webview, options.extensionUri, 'graph'));
  }

  #later(act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, REST);
  }
  #state(): GraphState {
    const graphs = this.#graphs();
    return graphs.every((g) => g.ops.length === 0)
      ? { kind: 'empty', why: 'This text holds no ops.' }
      : { kind: 'ready', graphs };
  }
  #graphs(): readonly GraphModel[] {
    const [first, second] = this.texts;
    if (first === undefined) return [];
    if (this.pair === undefined || second === undefined)
      return [drawnGraph(first.title, first.graph, first.factsOf)];
    return drawnDiff([first.title, second.title], this.pair.diff, second.factsOf);
  }
  #refresh(document: vscode.TextDocument): void {
    let state: GraphState;
    try {
      this.texts = [this.options.sources.ofDocument(document)];
      state = this.#state();
    } catch (error) {
      const diagnostic =
        error instanceof StrataError
          ? error.diagnostic
          : editorMessages.diagnostic('STR0909', { message: String(error) });
      state = { kind: 'failed', diagnostic };
    }
    this.#tell((view) => view.setGraph(state));
  }
  #follow({ document, selection }: vscode.TextEditor): void {
    const graph = this.texts.findIndex((t) => t.uri.toString() === document.uri.toString());
    if (graph < 0 || !this.panel.visible) return;
    const op = opAtOffset(this.texts[graph]!.graph, document.offsetAt(selection.active));
    if (op !== undefined) this.#tell((view) => view.selectOp(graph, op.index));
  }
  #tell(call: (view: Connection<GraphView>['remote']) => Promise<unknown>): void {
    // A view that was closed meanwhile has no one to tell.
    call(this.#connection.remote).catch((error: unknown) => {
      this.options.report.log.debug(`graph view: ${String(error)}`);
    });
  }

  #host(): GraphHost {
    const rangeOf = (
      graph: number,
      op: number,
    ): { uri: vscode.Uri; start: number; end: number } | undefined => {
      const text = this.texts[graph];
      const source = text?.graph.ops[op]?.source;
      return text === undefined || source === undefined
        ? undefined
        : { uri: text.uri, start: source.start, end: source.end };
    };
    return {
      getGraph: () => Promise.resolve(this.#state()),
      revealOp: (graph, op, focus) =>
        this.#guard(async () => {
          const range = rangeOf(graph, op);
          if (range === undefined) return;
          this.#revealing = true;
          await revealOp(range.uri, range, focus);
          setTimeout(() => {
            this.#revealing = false;
          }, REST);
        }),
      showLife: (graph, op) =>
        this.#guard(async () => {
          const range = rangeOf(graph, op);
          if (range === undefined) return;
          await this.options.showLife(await vscode.workspace.openTextDocument(range.uri), range.start);
        }),
      copyText: async (text) => {
        await vscode.env.clipboard.writeText(text);
        vscode.window.setStatusBarMessage('Copied as Markdown', 3000);
      },
    };
  }
  /** Errors are shown to the person, not to the view. */
  async #guard(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.options.report.showError('Graph', error);
    }
  }
}
