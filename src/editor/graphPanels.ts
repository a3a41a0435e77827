/** Graphs of ops in editors of their own: one text, or two side by side, in step with the texts that they show. */
import * as vscode from 'vscode';
import { StrataError } from '../base/diagnostics';
import { innermostAt } from '../dump/layout/graphModel';
import type { GraphHost, GraphState, GraphView, RestoredText } from '../protocol/graphView';
import type { Connection } from '../protocol/rpc';
import { connect } from '../protocol/rpc';
import { graphHtml } from '../protocol/webviewHtml';
import type { ErrorReport } from './errorReport';
import { editorMessages } from './messages';
import type { OpDrawing, OpPair, OpSources, OpText } from './opSources';
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

export class GraphPanels implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #panels = new Map<string, GraphPanel>();
  readonly #serializer: vscode.Disposable;
  constructor(readonly options: GraphPanelOptions) {
    this.#serializer = vscode.window.registerWebviewPanelSerializer(viewId, this);
  }

  /** After the window was loaded anew: files and dumps are read again; compilations are gone, and so are their graphs. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { sources } = this.options;
    const texts: OpText[] = [];
    try {
      for (const text of (state as readonly RestoredText[] | undefined) ?? [])
        texts.push(await sources.restore(text));
    } catch (error) {
      this.options.report.showError('Graph', error);
    }
    const [first, second] = texts;
    if (first === undefined) panel.dispose();
    else if (second === undefined) this.show(first, panel);
    else this.compare({ before: first, after: second }, panel);
  }

  show(text: OpText, panel?: vscode.WebviewPanel): void {
    this.#open(text.uri.toString(), `Graph: ${text.title}`, [text], undefined, panel);
  }
  compare(pair: OpPair, panel?: vscode.WebviewPanel): void {
    const { before, after } = pair;
    this.#open(
      `${before.uri.toString()} ${after.uri.toString()}`,
      `Graphs: ${before.title} ↔ ${after.title}`,
      [before, after],
      pair,
      panel,
    );
  }
  #open(
    key: string,
    title: string,
    texts: readonly OpText[],
    pair: OpPair | undefined,
    restored: vscode.WebviewPanel | undefined,
  ): void {
    const known = this.#panels.get(key);
    if (known !== undefined) {
      known.panel.reveal();
      return;
    }
    const panel = new GraphPanel(title, texts, pair, this.options, restored);
    this.#panels.set(key, panel);
    panel.panel.onDidDispose(() => this.#panels.delete(key));
  }
  dispose(): void {
    this.#serializer.dispose();
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
  /** Of each text; none before they are made. */
  #drawings: readonly OpDrawing[] = [];

  constructor(
    title: string,
    private texts: readonly OpText[],
    private readonly pair: OpPair | undefined,
    readonly options: GraphPanelOptions,
    restored: vscode.WebviewPanel | undefined,
  ) {
    const allowed = { enableScripts: true, localResourceRoots: [viewFolder(options.extensionUri)] };
    this.panel =
      restored ??
      vscode.window.createWebviewPanel(viewId, title, vscode.ViewColumn.Active, {
        ...allowed,
        retainContextWhenHidden: true,
      });
    this.panel.webview.options = allowed;
    const { webview } = this.panel;
    this.#connection = connect<GraphView, GraphHost>(channelOf(webview), this.#host());
    this.#subscriptions.push(
      vscode.window.onDidChangeTextEditorSelection((e) => {
        if (!this.#revealing) this.#later(() => this.#follow(e.textEditor));
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (this.pair === undefined && document.uri.toString() === this.texts[0]?.uri.toString())
          this.#later(() => void this.#refresh(document));
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
  async #state(): Promise<GraphState> {
    try {
      this.#drawings = await this.#draw();
    } catch (error) {
      const diagnostic =
        error instanceof StrataError
          ? error.diagnostic
          : editorMessages.diagnostic('STR0909', { message: String(error) });
      return { kind: 'failed', diagnostic };
    }
    const graphs = this.#drawings.map((d) => d.model);
    return graphs.every((g) => g.ops.length === 0)
      ? { kind: 'empty', why: 'This text holds no ops.' }
      : { kind: 'ready', graphs, restore: this.#restore() };
  }
  #restore(): readonly RestoredText[] {
    const texts = this.texts.flatMap((t) => this.options.sources.restored(t) ?? []);
    return texts.length === this.texts.length ? texts : [];
  }
  async #draw(): Promise<readonly OpDrawing[]> {
    const { sources } = this.options;
    if (this.pair !== undefined) return (await sources.comparison(this.pair, true)).drawings ?? [];
    const [text] = this.texts;
    return text === undefined ? [] : [await sources.drawing(text)];
  }
  async #refresh(document: vscode.TextDocument): Promise<void> {
    try {
      this.texts = [this.options.sources.ofDocument(document)];
    } catch (error) {
      this.options.report.showError('Graph', error);
      return;
    }
    const state = await this.#state();
    this.#tell((view) => view.setGraph(state));
  }
  #follow({ document, selection }: vscode.TextEditor): void {
    if (!this.panel.visible) return;
    const at = document.offsetAt(selection.active);
    this.#drawings.forEach((drawing, graph) => {
      const offset = this.options.sources.offsetIn(this.texts[graph]!, drawing, document.uri, at);
      const op = offset === undefined ? undefined : innermostAt(drawing.model, offset);
      if (op !== undefined) this.#tell((view) => view.selectOp(graph, op));
    });
  }
  #tell(call: (view: Connection<GraphView>['remote']) => Promise<unknown>): void {
    // A view that was closed meanwhile has no one to tell.
    call(this.#connection.remote).catch((error: unknown) => {
      this.options.report.log.debug(`graph view: ${String(error)}`);
    });
  }

  #host(): GraphHost {
    const placeOf = (graph: number, op: number): ReturnType<OpSources['pageAt']> | undefined => {
      const [text, drawing] = [this.texts[graph], this.#drawings[graph]];
      const drawn = drawing?.model.ops[op];
      return text === undefined || drawing === undefined || drawn === undefined
        ? undefined
        : this.options.sources.pageAt(text, drawing, drawn.start);
    };
    return {
      getGraph: () => this.#state(),
      revealOp: (graph, op, focus) =>
        this.#guard(async () => {
          const place = placeOf(graph, op);
          if (place === undefined) return;
          this.#revealing = true;
          await revealOp(place.uri, place.offset, focus);
          setTimeout(() => {
            this.#revealing = false;
          }, REST);
        }),
      showLife: (graph, op) =>
        this.#guard(async () => {
          const place = placeOf(graph, op);
          if (place === undefined) return;
          await this.options.showLife(await vscode.workspace.openTextDocument(place.uri), place.offset);
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
