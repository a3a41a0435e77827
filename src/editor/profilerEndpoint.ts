/** The extension's end of one profiler webview: serves its trace, answers its requests, selects zones in it. */
import path from 'node:path';
import * as vscode from 'vscode';
import { exampleQueries } from '../profiler/query/exampleQueries';
import type { Connection } from '../protocol/rpc';
import { connect } from '../protocol/rpc';
import type {
  Bookmark,
  ExportFormat,
  ProfilerHost,
  ProfilerView,
  ProfilerViewState,
  SavedQuery,
  ZoneRef,
} from '../protocol/profilerView';
import { profilerHtml } from '../protocol/webviewHtml';
import type { CommandId } from './commandIds';
import type { ErrorReport } from './errorReport';
import type { IrNavigator } from './irNavigator';
import type { TraceRun, TraceSource } from './traceSource';
import { zoneAddress } from './zoneAddress';
import { addressesOf, channelOf, viewFolder } from './webviewConnection';

export interface EndpointOptions {
  readonly extensionUri: vscode.Uri;
  readonly navigator: IrNavigator;
  readonly report: ErrorReport;
  /** Where the place of the person in a view is kept. */
  readonly memory: vscode.Memento;
  /** Runs of this window, newest first. */
  readonly history: () => readonly TraceRun[];
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
    const folder = viewFolder(options.extensionUri);
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    this.#connection = connect<ProfilerView, ProfilerHost>(channelOf(webview), this.#host());
    this.#subscription = source.onDidChange(() => {
      if (this.#ready) this.#tell((view) => view.setTrace(source.state));
    });
    webview.html = profilerHtml(addressesOf(webview, options.extensionUri, 'profiler'), where);
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
  /** Selects a zone by its number where its name is as expected; waits until the view can draw. */
  async selectNumber(zone: number, name: string): Promise<boolean> {
    await this.#untilReady();
    return this.#connection.remote.selectNumber(zone, name);
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
      query: (run, name, args) => {
        const { worker, number } = this.source.at(run);
        return worker.query(number, name, args);
      },
      compare: (run) => {
        const { worker, number } = this.source.at(run);
        return worker.compare(number, this.source.at(0).number);
      },
      addRun: () => this.#guard('compare', () => addRun(this.source, this.options.history())),
      removeRun: (run) => this.source.remove(run),
      sql: (text, limit) => {
        const { worker, number } = this.source.at(0);
        return worker.sql(number, text, limit);
      },
      stopSql: () => {
        const { worker, number } = this.source.at(0);
        return worker.stopSql(number);
      },
      offeredQueries: () =>
        Promise.resolve({
          examples: exampleQueries,
          saved: memory.get<readonly SavedQuery[]>(queriesKey, []),
        }),
      saveQueries: async (queries) => {
        await memory.update(queriesKey, queries);
      },
      exportTable: (name, csv) =>
        this.#guard('export', () => saveText(name, { CSV: ['csv'] }, new TextEncoder().encode(csv))),
      getBookmarks: () => Promise.resolve(memory.get<readonly Bookmark[]>(this.#bookmarksKey(), [])),
      saveBookmarks: async (bookmarks) => {
        await memory.update(this.#bookmarksKey(), bookmarks.length === 0 ? undefined : bookmarks);
      },
      askForText: async (title, value) => vscode.window.showInputBox({ title, value }),
      selectZone: (zone) =>
        this.#guard('profiler', () => navigator.highlightZone(this.source.compilation, zone)),
      revealZone: (zone: ZoneRef) =>
        this.#guard(zone.name, () => navigator.revealZone(this.source.compilation, zone)),
      joinOf: (zone) => Promise.resolve(navigator.joinOf(this.source.compilation, zone)),
      openLink: (target) => this.#guard('profiler', () => navigator.openLink(target)),
      copyLink: async (zone) => {
        const [run] = this.source.runs;
        if (run === undefined) return;
        await vscode.env.clipboard.writeText(zoneAddress(run.file, zone).toString(true));
        void vscode.window.setStatusBarMessage('Copied a link to the zone', 4000);
      },
      openFullEditor: () => run('strata.openProfiler'),
      cancelLoading: () => {
        this.source.cancel();
        return Promise.resolve();
      },
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
    const name = (state.runs[0]?.title ?? 'trace').replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '');
    const { label, extension } = formats[format];
    const file = await askWhere(`${name}.${extension}`, { [label]: [extension.replace(/^.*\./, '')] });
    if (file === undefined) return;
    const { worker, number } = this.source.at(0);
    const title = `Exporting ${path.basename(file.path)}`;
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, async () => {
      const bytes = await worker.export(number, format, file.scheme === 'file' ? file.fsPath : undefined);
      if (bytes !== undefined) await vscode.workspace.fs.writeFile(file, bytes);
    });
    sayExported(file);
  }

  /** Bookmarks belong to a file, wherever it is looked at; those of a run of this window go with it. */
  #bookmarksKey(): string {
    return `profiler.bookmarks ${this.source.runs[0]?.file.toString() ?? ''}`;
  }
}

const queriesKey = 'profiler.queries';

const formats: Readonly<Record<ExportFormat, { readonly label: string; readonly extension: string }>> = {
  perfetto: { label: 'Perfetto trace', extension: 'pftrace' },
  chrome: { label: 'Chrome trace', extension: 'json' },
  speedscope: { label: 'speedscope profile', extension: 'speedscope.json' },
  csv: { label: 'CSV', extension: 'csv' },
};

async function askWhere(name: string, filters: Record<string, string[]>): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  return vscode.window.showSaveDialog({
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters,
    title: 'Export',
  });
}
const sayExported = (file: vscode.Uri): void =>
  void vscode.window.setStatusBarMessage(`Exported ${path.basename(file.path)}`, 4000);

async function saveText(name: string, filters: Record<string, string[]>, bytes: Uint8Array): Promise<void> {
  const file = await askWhere(name, filters);
  if (file === undefined) return;
  await vscode.workspace.fs.writeFile(file, bytes);
  sayExported(file);
}

/** Asks for a run to compare with: an earlier one of this window, or a file. */
async function addRun(source: TraceSource, history: readonly TraceRun[]): Promise<void> {
  const shown = new Set(source.runs.map((r) => r.file.toString()));
  type Item = vscode.QuickPickItem & { readonly run?: TraceRun };
  const browse: Item = { label: '$(folder-opened) Choose a file…' };
  const items = history
    .filter((r) => !shown.has(r.file.toString()))
    .map((run): Item => ({ label: run.title, description: path.basename(run.file.path), run }));
  const chosen =
    items.length === 0
      ? browse
      : await vscode.window.showQuickPick([...items, browse], {
          placeHolder: 'The run to compare with the one that is shown',
        });
  if (chosen === undefined) return;
  if (chosen.run !== undefined) return source.add(chosen.run);
  const [file] = (await vscode.window.showOpenDialog({ title: 'Compare with a trace' })) ?? [];
  if (file !== undefined) await source.add({ file, title: path.basename(file.path), compilation: undefined });
}
