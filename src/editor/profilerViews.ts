/** Where profilers are shown: the bottom panel, the full editor, and the editor of a trace file. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { DispatchId } from '../profiler/dispatchId';
import type { EndpointOptions } from './profilerEndpoint';
import { ProfilerEndpoint } from './profilerEndpoint';
import { TraceSource } from './traceSource';
import type { CurrentTrace } from './traceSource';

export const profilerViewId = 'strata.profiler';
export const traceEditorId = 'strata.trace';
/** The same for files whose endings others use too: offered, never the default. */
export const optionalTraceEditorId = 'strata.trace.option';

export class ProfilerViews
  implements
    vscode.WebviewViewProvider,
    vscode.WebviewPanelSerializer,
    vscode.CustomReadonlyEditorProvider<TraceDocument>,
    vscode.Disposable
{
  #view: { readonly view: vscode.WebviewView; readonly endpoint: ProfilerEndpoint } | undefined;
  #panel: { readonly panel: vscode.WebviewPanel; readonly endpoint: ProfilerEndpoint } | undefined;
  #resolved: (() => void)[] = [];
  /** Newest editor of each trace file. */
  readonly #files = new Map<string, ProfilerEndpoint>();

  constructor(
    readonly current: CurrentTrace,
    readonly options: EndpointOptions,
  ) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.window.registerWebviewViewProvider(profilerViewId, this),
      vscode.window.registerWebviewPanelSerializer(profilerViewId, this),
      ...[traceEditorId, optionalTraceEditorId].map((id) =>
        vscode.window.registerCustomEditorProvider(id, this, { supportsMultipleEditorsPerDocument: true }),
      ),
      this,
    );
  }
  dispose(): void {
    this.#view?.endpoint.dispose();
    this.#panel?.panel.dispose();
  }

  // The bottom panel

  resolveWebviewView(view: vscode.WebviewView): void {
    const endpoint = new ProfilerEndpoint(view.webview, 'panel', this.current, this.options);
    this.#view = { view, endpoint };
    view.onDidDispose(() => {
      endpoint.dispose();
      if (this.#view?.endpoint === endpoint) this.#view = undefined;
    });
    for (const go of this.#resolved) go();
    this.#resolved = [];
  }

  /** Shows the bottom panel, or the full editor where that is in view already. */
  async show(): Promise<ProfilerEndpoint | undefined> {
    if (this.#panel?.panel.visible === true) return this.#panel.endpoint;
    if (this.#view !== undefined) {
      this.#view.view.show(true);
      return this.#view.endpoint;
    }
    const resolved = new Promise<void>((resolve) => this.#resolved.push(resolve));
    await vscode.commands.executeCommand(`${profilerViewId}.focus`, { preserveFocus: true });
    await resolved;
    return this.#viewEndpoint();
  }
  #viewEndpoint(): ProfilerEndpoint | undefined {
    return this.#view?.endpoint;
  }

  // The full editor

  /** Opens it in place of the panel: the same twice would only take room. */
  async openEditor(): Promise<void> {
    const inPanel = this.#view?.view.visible === true;
    if (this.#panel !== undefined) this.#panel.panel.reveal();
    else this.#adopt(vscode.window.createWebviewPanel(profilerViewId, 'Profiler', vscode.ViewColumn.Active));
    if (inPanel) await vscode.commands.executeCommand('workbench.action.closePanel');
  }
  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.#adopt(panel);
    return Promise.resolve();
  }
  #adopt(panel: vscode.WebviewPanel): void {
    const icon = (theme: string): vscode.Uri =>
      vscode.Uri.joinPath(this.options.extensionUri, 'media', `profiler-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    const endpoint = new ProfilerEndpoint(panel.webview, 'editor', this.current, this.options);
    this.#panel = { panel, endpoint };
    panel.onDidDispose(() => {
      endpoint.dispose();
      if (this.#panel?.endpoint === endpoint) this.#panel = undefined;
    });
  }

  // Trace files

  openCustomDocument(uri: vscode.Uri): TraceDocument {
    return new TraceDocument(uri, this.current.workerFile);
  }
  async resolveCustomEditor(document: TraceDocument, panel: vscode.WebviewPanel): Promise<void> {
    const endpoint = new ProfilerEndpoint(panel.webview, 'editor', document.source, this.options);
    const key = document.uri.toString();
    this.#files.set(key, endpoint);
    panel.onDidDispose(() => {
      endpoint.dispose();
      if (this.#files.get(key) === endpoint) this.#files.delete(key);
    });
    await document.load();
  }
  /** The profiler of a trace file that is open in an editor, once it has been read. */
  async endpointOf(file: vscode.Uri): Promise<ProfilerEndpoint | undefined> {
    const endpoint = this.#files.get(file.toString());
    await endpoint?.source.settled();
    return endpoint;
  }

  // Selection

  /** Selects a dispatch in every profiler of that compilation that is in view, without opening or focusing one. */
  follow(compilation: string, dispatch: DispatchId): void {
    if (this.current.compilation !== compilation) return;
    const endpoints = [
      this.#view?.view.visible === true ? this.#view.endpoint : undefined,
      this.#panel?.panel.visible === true ? this.#panel.endpoint : undefined,
    ];
    for (const endpoint of endpoints) {
      if (endpoint?.ready === true)
        endpoint.selectDispatch(dispatch.index, dispatch.entryPoint, true).catch(() => undefined);
    }
  }
}

/** A trace file as a document of its own. */
export class TraceDocument implements vscode.CustomDocument {
  readonly source: TraceSource;
  #loading: Promise<void> | undefined;

  constructor(
    readonly uri: vscode.Uri,
    workerFile: string,
  ) {
    this.source = new TraceSource(workerFile, {
      kind: 'loading',
      what: `Reading ${path.basename(uri.path)}…`,
    });
  }
  load(): Promise<void> {
    const { uri } = this;
    this.#loading ??= this.source.show(
      { file: uri, title: path.basename(uri.path), compilation: undefined },
      uri.toString(),
    );
    return this.#loading;
  }
  dispose(): void {
    this.source.dispose();
  }
}
