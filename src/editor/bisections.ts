/** Bisections of this workspace: run on a worker, drawn in an editor of their own, kept as files until they are removed. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { CancelledError } from '../base/cancellation';
import { formatDiagnostic } from '../base/diagnostics';
import { jsonWithNumbers } from '../base/jsonNumbers';
import type { Bisection } from '../bisect/bisection';
import { markPoint, savedTests } from '../bisect/bisection';
import { bisectInWorker } from '../bisect/bisectInWorker';
import { splitCommand } from '../bisect/command/runCommand';
import { stepKindOf } from '../bisect/command/pointsOf';
import { bisectionMarkdown } from '../bisect/reportText';
import { readBisection, writeBisection } from '../bisect/savedBisection';
import type { NumericsRequest } from '../bisect/numerics';
import type { BisectRequest } from '../bisect/serveBisection';
import type { BisectHost, BisectView } from '../protocol/bisectView';
import type { Connection } from '../protocol/rpc';
import { connect } from '../protocol/rpc';
import { viewHtml } from '../protocol/webviewHtml';
import { askForCommand, askForSide, cloneInWorkspace } from './bisectQuestions';
import type { ErrorReport } from './errorReport';
import { addressesOf, channelOf, viewFolder } from './webviewConnection';

export const bisectViewId = 'strata.bisect';

export interface BisectionsOptions {
  readonly extensionUri: vscode.Uri;
  /** Where bisections are kept. */
  readonly storage: string;
  readonly report: ErrorReport;
}

/** Of a bisection that a view shows. */
interface Session {
  bisection: Bisection | undefined;
  readonly request: BisectRequest;
  abort: AbortController | undefined;
}

/** What a panel keeps across a reload of the window. */
interface PanelState {
  readonly id: string;
}

const referenceChoices = [
  {
    label: 'Interpreter',
    description: 'the model as imported, on the reference semantics',
    value: 'interpreter',
  },
  { label: 'ONNX Runtime', description: 'needs the package onnxruntime-node', value: 'onnxruntime' },
  { label: 'File…', description: 'expected outputs as .npy or .pb', value: 'file' },
] as const;

export class Bisections implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #folder: string;
  readonly #running = new Set<Session>();

  constructor(readonly options: BisectionsOptions) {
    this.#folder = path.join(options.storage, 'bisections');
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(vscode.window.registerWebviewPanelSerializer(bisectViewId, this), this);
  }
  dispose(): void {
    for (const session of this.#running) session.abort?.abort();
  }

  /** Asks what to compare with and starts. */
  async bisectNumerics(model: vscode.Uri): Promise<void> {
    const picked = await vscode.window.showQuickPick(referenceChoices, {
      title: 'Expected Result',
      placeHolder: 'What should the result be?',
    });
    if (picked === undefined) return;
    let reference: string = picked.value;
    if (reference === 'file') {
      const [file] =
        (await vscode.window.showOpenDialog({
          title: 'Expected output',
          filters: { Tensors: ['npy', 'pb'] },
        })) ?? [];
      if (file === undefined) return;
      reference = file.fsPath;
    }
    this.#start({ kind: 'numerics', model: model.fsPath, reference });
  }

  /** Asks for both sides and starts. */
  async bisectPerf(model: vscode.Uri): Promise<void> {
    const good = await askForSide('good');
    const bad = good === undefined ? undefined : await askForSide('bad');
    if (good === undefined || bad === undefined) return;
    const repository = cloneInWorkspace();
    this.#start({
      kind: 'perf',
      model: model.fsPath,
      good,
      bad,
      ...(repository === undefined ? {} : { repository }),
    });
  }

  /** Asks for the command of another compiler and for its judge, and starts. */
  async bisectCommand(): Promise<void> {
    const asked = await askForCommand();
    if (asked === undefined) return;
    const words = splitCommand(asked.command);
    const cwd = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    this.#start({
      kind: 'command',
      words,
      steps: stepKindOf(words) ?? 'counter',
      judge: asked.judge === '' ? { kind: 'exit' } : { kind: 'command', command: asked.judge },
      ...(asked.count === undefined ? {} : { count: asked.count }),
      ...(cwd === undefined ? {} : { cwd }),
    });
  }

  #start(request: BisectRequest): void {
    this.#open({ request, bisection: undefined, abort: undefined }, true);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const id = (state as Partial<PanelState> | undefined)?.id;
    let kept: Bisection | undefined;
    try {
      kept = id === undefined ? undefined : readBisection(this.#file(id));
    } catch (error) {
      this.options.report.showError('Bisection', error);
    }
    if (kept === undefined) {
      panel.dispose();
      return Promise.resolve();
    }
    const interrupted: Bisection =
      kept.status === 'running' ? { ...kept, status: 'paused', activity: 'the window was closed' } : kept;
    const session: Session = {
      bisection: interrupted,
      // Of a numerics bisection the model is enough to start it again.
      request: {
        kind: kept.kind,
        model: kept.subject,
        ...(kept.request as object | undefined),
      } as BisectRequest,
      abort: undefined,
    };
    this.#adopt(panel, session);
    return Promise.resolve();
  }

  #open(session: Session, start: boolean): void {
    const panel = vscode.window.createWebviewPanel(
      bisectViewId,
      `Bisect ${subjectOf(session.request)}`,
      vscode.ViewColumn.Active,
    );
    const show = this.#adopt(panel, session);
    if (start) void this.#run(session, show);
  }

  /** Fills the panel; the result shows the session's state in it. */
  #adopt(panel: vscode.WebviewPanel, session: Session): () => void {
    const { webview } = panel;
    const folder = viewFolder(this.options.extensionUri);
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    const icon = (theme: string): vscode.Uri =>
      vscode.Uri.joinPath(this.options.extensionUri, 'media', `profiler-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    let ready = false;
    const show = (): void => {
      if (ready && session.bisection !== undefined)
        connection.remote.show(jsonWithNumbers(session.bisection)).catch(() => undefined);
    };
    const host: BisectHost = {
      ready: () => {
        ready = true;
        show();
        return Promise.resolve();
      },
      pause: () => {
        session.abort?.abort();
        return Promise.resolve();
      },
      resume: () => this.#run(session, show),
      mark: (level, point, verdict) => {
        if (session.bisection === undefined || session.abort !== undefined) return Promise.resolve();
        this.#keep(session, markPoint(session.bisection, level, point, verdict));
        show();
        return Promise.resolve();
      },
      exportReport: () => this.#export(session),
      measureWithout: (held) =>
        this.#aside(session, show, 'compiling without it', async (b, request, signal) => {
          const result = await bisectInWorker(
            {
              kind: 'what-if',
              request: {
                ...request,
                ...('rule' in held ? { withoutRules: [held.rule] } : { withoutRewrites: [held.rewrite] }),
              },
              resourceRoot: this.#root,
            },
            { workerFile: this.#worker, signal },
          );
          const others = (b.asked ?? []).filter((w) => w.without !== result.without);
          return { ...b, asked: [...others, result] };
        }),
      compareNodes: () =>
        this.#aside(session, show, 'comparing node by node', async (b, request, signal) => {
          const { reference = 'interpreter', model, inputs, tolerance } = request;
          const nodes = await bisectInWorker(
            {
              kind: 'nodes',
              request: {
                model,
                expected: reference === 'onnxruntime' ? reference : 'interpreter',
                found: 'O3',
                ...(inputs === undefined ? {} : { inputs }),
                ...(tolerance === undefined ? {} : { tolerance }),
              },
              resourceRoot: this.#root,
            },
            { workerFile: this.#worker, signal },
          );
          return { ...b, nodes };
        }),
      openReproducer: async () => {
        const ir = session.bisection?.culprits.find((c) => c.reproducer !== undefined)?.reproducer;
        if (ir === undefined) return;
        const document = await vscode.workspace.openTextDocument({
          language: 'mlir',
          content: `// ${ir.command}\n${ir.ir}`,
        });
        await vscode.window.showTextDocument(document, vscode.ViewColumn.Beside);
      },
    };
    const connection: Connection<BisectView> = connect<BisectView, BisectHost>(channelOf(webview), host);
    panel.onDidDispose(() => {
      session.abort?.abort();
      connection.dispose();
    });
    webview.html = viewHtml(
      addressesOf(webview, this.options.extensionUri, 'bisect'),
      'editor',
      'Strata Bisect',
    );
    return show;
  }

  async #run(session: Session, show: () => void): Promise<void> {
    if (session.abort !== undefined) return;
    const abort = new AbortController();
    session.abort = abort;
    this.#running.add(session);
    const { id, startedAt, asked, nodes } = session.bisection ?? {};
    const same = (b: Bisection): Bisection => ({
      ...b,
      request: session.request,
      ...(id === undefined ? {} : { id }),
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(asked === undefined ? {} : { asked }),
      ...(nodes === undefined ? {} : { nodes }),
    });
    const name = subjectOf(session.request);
    try {
      const saved =
        session.bisection === undefined ? new Map<string, never>() : savedTests(session.bisection);
      const done = await bisectInWorker(
        { kind: 'search', request: session.request, saved, resourceRoot: this.#root },
        {
          workerFile: this.#worker,
          signal: abort.signal,
          onUpdate: (b) => {
            this.#keep(session, same(b));
            show();
          },
        },
      );
      this.#keep(session, same(done));
    } catch (error) {
      const last = session.bisection;
      const paused = error instanceof CancelledError;
      const diagnostic = this.options.report.diagnosticOf(error);
      if (last !== undefined)
        this.#keep(session, {
          ...last,
          status: paused ? 'paused' : 'failed',
          activity: diagnostic === undefined ? '' : formatDiagnostic(diagnostic),
        });
      if (!paused) this.options.report.showError(name, error);
    } finally {
      session.abort = undefined;
      this.#running.delete(session);
    }
    show();
  }

  get #root(): string {
    return this.options.extensionUri.fsPath;
  }
  get #worker(): string {
    return path.join(this.#root, 'dist', 'bisect-worker.cjs');
  }

  /** Something that is found out beside a search for wrong numbers; what the search found stays. */
  async #aside(
    session: Session,
    show: () => void,
    activity: string,
    work: (b: Bisection, request: NumericsRequest, signal: AbortSignal) => Promise<Bisection>,
  ): Promise<void> {
    const { bisection: before, request } = session;
    if (session.abort !== undefined || before === undefined || request.kind !== 'numerics') return;
    const abort = new AbortController();
    session.abort = abort;
    this.#running.add(session);
    session.bisection = { ...before, status: 'running', activity };
    show();
    try {
      const { status, activity: old } = before;
      this.#keep(session, { ...(await work(before, request, abort.signal)), status, activity: old });
    } catch (error) {
      session.bisection = before;
      if (!(error instanceof CancelledError)) this.options.report.showError(subjectOf(request), error);
    } finally {
      session.abort = undefined;
      this.#running.delete(session);
    }
    show();
  }

  /** Writes it to the workspace's storage; a full disk does not end the search. */
  #keep(session: Session, bisection: Bisection): void {
    session.bisection = bisection;
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeBisection(this.#file(bisection.id), bisection);
    } catch (error) {
      this.options.report.log.warn(error instanceof Error ? error.message : String(error));
    }
  }
  #file(id: string): string {
    return path.join(this.#folder, `${id.replace(/[^\w-]/g, '')}.json`);
  }

  async #export(session: Session): Promise<void> {
    if (session.bisection === undefined) return;
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const name = `${subjectOf(session.request)}.bisect.md`;
    const target = await vscode.window.showSaveDialog({
      title: 'Export Report',
      filters: { Markdown: ['md'] },
      ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    });
    if (target === undefined) return;
    await vscode.workspace.fs.writeFile(target, Buffer.from(bisectionMarkdown(session.bisection)));
    await vscode.window.showTextDocument(target);
  }
}

/** What is bisected, in a word. */
const subjectOf = (request: BisectRequest): string =>
  path.basename(request.kind === 'command' ? (request.words[0] ?? '') : request.model);
