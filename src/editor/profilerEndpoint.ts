/** The extension's end of one profiler webview: serves its trace, answers its requests, selects zones in it. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import * as vscode from 'vscode';
import { chromeJson } from '../profiler/export/chromeJson';
import { zonesCsv } from '../profiler/export/csv';
import type { Connection } from '../protocol/rpc';
import { connect } from '../protocol/rpc';
import type {
  ExportFormat,
  ProfilerHost,
  ProfilerView,
  ProfilerViewState,
  ZoneRef,
} from '../protocol/profilerView';
import { fromWire } from '../protocol/profilerView';
import { profilerHtml } from '../protocol/webviewHtml';
import type { CommandId } from './commandIds';
import type { ErrorReport } from './errorReport';
import type { IrNavigator } from './irNavigator';
import type { TraceSource } from './traceSource';

export interface EndpointOptions {
  readonly extensionUri: vscode.Uri;
  readonly navigator: IrNavigator;
  readonly report: ErrorReport;
  /** Where the place of the person in a view is kept. */
  readonly memory: vscode.Memento;
}

const run = async (id: CommandId): Promise<void> => {
  await vscode.commands.executeCommand(id);
};

export class ProfilerEndpoint implements vscode.Disposable {
  readonly #connection: Connection<ProfilerView>;
  readonly #subscription: vscode.Disposable;
  #ready = false;
  #waiting: (() => void)[] = [];

  constructor(
    readonly webview: vscode.Webview,
    readonly where: 'panel' | 'editor',
    readonly source: TraceSource,
    readonly options: EndpointOptions,
  ) {
    const folder = vscode.Uri.joinPath(options.extensionUri, 'dist', 'webview');
    const uri = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    this.#connection = connect<ProfilerView, ProfilerHost>(
      {
        send: (message) => void webview.postMessage(message),
        listen: (onMessage) => {
          const subscription = webview.onDidReceiveMessage(onMessage);
          return () => {
            subscription.dispose();
          };
        },
      },
      this.#host(),
    );
    this.#subscription = source.onDidChange(() => {
      if (this.#ready) this.#tell((view) => view.setTrace(source.state));
    });
    webview.html = profilerHtml(
      {
        nonce: randomBytes(24).toString('hex'),
        cspSource: webview.cspSource,
        scriptUri: uri('profiler.js'),
        styleUri: uri('profiler.css'),
        codiconUri: uri('codicon.css'),
      },
      where,
    );
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#connection.dispose();
    for (const go of this.#waiting) go();
    this.#waiting = [];
  }

  /** Selects the longest zone of a dispatch; waits until the view can draw. Returns whether there is one. */
  async selectDispatch(dispatch: number, entry: string | undefined, follow = false): Promise<boolean> {
    await this.#untilReady();
    return this.#connection.remote.selectDispatch(dispatch, entry, follow);
  }
  get ready(): boolean {
    return this.#ready;
  }

  #untilReady(): Promise<void> {
    return this.#ready ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
  #tell(call: (view: Connection<ProfilerView>['remote']) => Promise<unknown>): void {
    // A view that was closed meanwhile has no one to tell.
    call(this.#connection.remote).catch((error: unknown) => {
      this.options.report.log.debug(`profiler view: ${String(error)}`);
    });
  }

  #host(): ProfilerHost {
    const { navigator, memory } = this.options;
    // One for all: the full editor opens where the panel was left.
    const key = 'profiler.place';
    return {
      getTrace: () => {
        // The answer goes first; then calls that wait for a view that draws.
        setTimeout(() => {
          this.#ready = true;
          for (const go of this.#waiting) go();
          this.#waiting = [];
        });
        return Promise.resolve(this.source.state);
      },
      getState: () => Promise.resolve(memory.get<ProfilerViewState>(key)),
      saveState: async (state) => {
        await memory.update(key, state);
      },
      selectZone: (zone) =>
        this.#guard('profiler', () => navigator.highlightZone(this.source.compilation, zone)),
      revealZone: (zone: ZoneRef) =>
        this.#guard(zone.name, () => navigator.revealZone(this.source.compilation, zone)),
      openFullEditor: () => run('strata.openProfiler'),
      profileModel: () => run('strata.profileModel'),
      exportTrace: (format) => this.#guard('export', () => this.#export(format)),
      copyText: async (text) => {
        await vscode.env.clipboard.writeText(text);
      },
    };
  }
  /** Errors are shown to the person, not to the view. */
  async #guard(what: string, body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.options.report.showError(what, error);
    }
  }

  async #export(format: ExportFormat): Promise<void> {
    const { state } = this.source;
    if (state.kind !== 'ready') return;
    const extension = format === 'chrome' ? 'json' : 'csv';
    const name = state.title.replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '');
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const file = await vscode.window.showSaveDialog({
      ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, `${name}.${extension}`) }),
      filters: format === 'chrome' ? { 'Chrome trace': ['json'] } : { CSV: ['csv'] },
      title: 'Export the trace',
    });
    if (file === undefined) return;
    const trace = fromWire(state.trace);
    const text = [...(format === 'chrome' ? chromeJson(trace) : zonesCsv(trace))].join('');
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
    void vscode.window.setStatusBarMessage(`Exported ${path.basename(file.path)}`, 4000);
  }
}
