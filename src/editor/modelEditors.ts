/** The view of a model's own file: its nodes, what each took in the newest run, and the way to its IR and its zone. */
import path from 'node:path';
import * as vscode from 'vscode';
import { StrataError } from '../base/diagnostics';
import { formatDuration, ns } from '../base/units';
import type { ModelNodeInfo } from '../compiler/compilation';
import { compileInWorker } from '../compiler/compileInWorker';
import { modelNodeTimes } from '../language/modelHeat';
import type { ModelHost, ModelRow, ModelState, ModelView } from '../protocol/modelView';
import type { Connection } from '../protocol/rpc';
import { connect } from '../protocol/rpc';
import { viewHtml } from '../protocol/webviewHtml';
import type { CommandId } from './commandIds';
import type { Compilations, DoneEntry } from './compilations';
import type { ErrorReport } from './errorReport';
import type { IrTarget } from './irNavigator';
import { dispatchShare, dispatchTime } from '../compiler/dispatchTimes';
import { dispatchId } from '../profiler/dispatchId';
import type { DispatchId } from '../profiler/dispatchId';
import { editorMessages } from './messages';
import { addressesOf, channelOf, viewFolder } from './webviewConnection';

export const modelEditorId = 'strata.model';

export interface ModelEditorOptions {
  readonly extensionUri: vscode.Uri;
  readonly compilations: Compilations;
  readonly report: ErrorReport;
  /** `dist/compile-worker.cjs`, which reads models that were not compiled yet. */
  readonly workerFile: string;
  /** Selects the zone of a dispatch in the profilers in view, without opening or focusing one. */
  readonly follow: (compilation: string, dispatch: DispatchId) => void;
}

export class ModelEditors implements vscode.CustomReadonlyEditorProvider, vscode.Disposable {
  readonly #open = new Set<ModelEditor>();

  constructor(readonly options: ModelEditorOptions) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.window.registerCustomEditorProvider(modelEditorId, this, {
        supportsMultipleEditorsPerDocument: true,
        webviewOptions: { retainContextWhenHidden: true },
      }),
      this,
    );
  }
  dispose(): void {
    for (const editor of this.#open) editor.dispose();
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }
  resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    const editor = new ModelEditor(uri, panel.webview, this.options);
    this.#open.add(editor);
    panel.onDidDispose(() => {
      this.#open.delete(editor);
      editor.dispose();
    });
  }

  /** Marks the model nodes of a dispatch in every view of that compilation's file; none of another one. */
  mark(entry: DoneEntry | undefined, nodes: readonly string[]): void {
    for (const editor of this.#open) editor.mark(entry?.model === editor.uri.fsPath ? nodes : []);
  }
}

class ModelEditor {
  readonly #connection: Connection<ModelView>;
  readonly #subscription: vscode.Disposable;
  readonly #stop = new AbortController();
  #nodes: readonly ModelNodeInfo[] | undefined;
  #ready = false;

  constructor(
    readonly uri: vscode.Uri,
    readonly webview: vscode.Webview,
    readonly options: ModelEditorOptions,
  ) {
    webview.options = { enableScripts: true, localResourceRoots: [viewFolder(options.extensionUri)] };
    this.#connection = connect<ModelView, ModelHost>(channelOf(webview), this.#host());
    this.#subscription = options.compilations.onDidChange((id) => {
      const changed = options.compilations.get(id);
      if (this.#ready && (changed === undefined || changed.model === uri.fsPath)) this.#show();
    });
    webview.html = viewHtml(addressesOf(webview, options.extensionUri, 'model'), 'editor', 'Strata Model');
  }
  dispose(): void {
    this.#stop.abort();
    this.#subscription.dispose();
    this.#connection.dispose();
  }

  mark(nodes: readonly string[]): void {
    if (this.#ready) this.#tell((view) => view.mark(nodes));
  }

  /** The newest compilation of the file, one that was run before others. */
  get #entry(): DoneEntry | undefined {
    const own = this.options.compilations.all.filter(
      (e): e is DoneEntry => e.state === 'done' && e.model === this.uri.fsPath,
    );
    return own.find((e) => e.measurement !== undefined) ?? own[0];
  }

  #host(): ModelHost {
    const target = (node: string): { readonly entry: DoneEntry; readonly target: IrTarget } => {
      const entry = this.#entry;
      if (entry === undefined) throw editorMessages.error('STR0938', { file: path.basename(this.uri.path) });
      return { entry, target: { compilation: entry.id, pass: 0, node } };
    };
    const run = async (id: CommandId, argument: unknown): Promise<void> => {
      await vscode.commands.executeCommand(id, argument);
    };
    return {
      ready: () => {
        this.#ready = true;
        return this.#begin();
      },
      select: (node) => {
        const entry = this.#entry;
        const dispatch = entry === undefined ? undefined : dispatchOf(entry, node);
        if (entry !== undefined && dispatch !== undefined) this.options.follow(entry.id, dispatch);
        return Promise.resolve();
      },
      openIr: (node) => this.#guard(() => run('strata.openPassIr', target(node).target)),
      showInTimeline: (node) =>
        this.#guard(() => {
          const { entry, target: at } = target(node);
          const dispatch = dispatchOf(entry, node);
          if (dispatch === undefined) throw editorMessages.error('STR0905', { op: node });
          return run('strata.showInTimeline', { ...at, dispatch: dispatchId(dispatch) });
        }),
      profile: () => run('strata.profileModel', this.uri),
    };
  }

  async #begin(): Promise<void> {
    if (this.#entry === undefined && this.#nodes === undefined) {
      const name = path.basename(this.uri.path);
      this.#send({ kind: 'loading', what: `Reading ${name}…` });
      try {
        if (this.uri.scheme !== 'file')
          throw editorMessages.error('STR0902', { file: this.uri.toString(true) });
        const { workerFile } = this.options;
        const request = { model: this.uri.fsPath, stopAfter: 'import' };
        const { modelNodes } = await compileInWorker(request, { workerFile, signal: this.#stop.signal });
        this.#nodes = modelNodes;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const diagnostic =
          error instanceof StrataError
            ? error.diagnostic
            : editorMessages.diagnostic('STR0909', { message: String(error) });
        this.#send({ kind: 'failed', diagnostic });
        return;
      }
    }
    this.#show();
  }

  #show(): void {
    const entry = this.#entry;
    const nodes = entry?.compilation.modelNodes ?? this.#nodes;
    if (nodes === undefined) return;
    const file = path.basename(this.uri.path);
    if (entry === undefined) {
      const rows = nodes.map((n) => rowOf(n));
      this.#send({ kind: 'ready', file, known: 'read', summary: `${rows.length} nodes`, rows });
      return;
    }
    const { measurement: m, compilation } = entry;
    this.#send({
      kind: 'ready',
      file,
      known: m === undefined ? 'compiled' : 'profiled',
      summary:
        m === undefined
          ? `${nodes.length} nodes, ${compilation.dispatches.length} dispatches`
          : `${formatDuration(ns(m.medianNs))} on ${m.threads} thread${m.threads === 1 ? '' : 's'}, ${nodes.length} nodes in ${m.dispatches.length} dispatches`,
      rows: rowsOf(entry),
    });
  }

  #send(state: ModelState): void {
    this.#tell((view) => view.show(state));
  }
  #tell(call: (view: Connection<ModelView>['remote']) => Promise<unknown>): void {
    // A view that was closed meanwhile has no one to tell.
    call(this.#connection.remote).catch((error: unknown) => {
      this.options.report.log.debug(`model view: ${String(error)}`);
    });
  }
  /** Errors are shown to the person, not to the view. */
  async #guard(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.options.report.showError(path.basename(this.uri.path), error);
    }
  }
}

const rowOf = ({ name, opType, position }: ModelNodeInfo): ModelRow => ({ name, opType, position });

/** The nodes of a compilation with the times of its run. */
export function rowsOf({ compilation, measurement }: DoneEntry): readonly ModelRow[] {
  const { modelNodes, dispatches } = compilation;
  // Other entry points have times of their own runs, or none.
  const run = dispatches.filter(
    (d) => measurement === undefined || dispatchTime(measurement, d) !== undefined,
  );
  const timed = modelNodeTimes(modelNodes, run, (d) => dispatchTime(measurement, d)?.medianNs);
  return timed.map(({ node, ns: time, dispatches: own, within }) => ({
    ...rowOf(node),
    ...(time === undefined || measurement === undefined
      ? {}
      : {
          time: { ns: time, share: own.reduce((sum, d) => sum + (dispatchShare(measurement, d) ?? 0), 0) },
        }),
    ...(within === undefined ? {} : { within: within.name }),
  }));
}

/** The dispatch that computes a node: the one whose time stands there, else any that names it. */
function dispatchOf(
  { compilation }: DoneEntry,
  node: string,
): DoneEntry['compilation']['dispatches'][number] | undefined {
  const { modelNodes, dispatches } = compilation;
  const timed = modelNodeTimes(modelNodes, dispatches, () => undefined).find((t) => t.node.name === node);
  return timed?.dispatches[0] ?? dispatches.find((d) => d.origins.includes(node));
}
