// The entry of the extension: VS Code calls `activate` once, when a command, view or document of Strata is first used.

import path from 'node:path';
import * as vscode from 'vscode';
import { ArtifactStorage } from './editor/artifactStorage';
import { registerCommands } from './editor/commands';
import { Bisections } from './editor/bisections';
import { Compilations } from './editor/compilations';
import type { TreeNode } from './editor/compilationsTree';
import { CompilationsTree, DimmedRows } from './editor/compilationsTree';
import { DumpCommands } from './editor/dumpCommands';
import { DumpDocuments } from './editor/dumpDocuments';
import { DumpsTree } from './editor/dumpsTree';
import { ErrorReport } from './editor/errorReport';
import { irScheme, IrDocuments, sourceScheme } from './editor/irDocuments';
import { IrHeat } from './editor/irHeat';
import { KernelHeat } from './editor/kernelHeat';
import { IrNavigator } from './editor/irNavigator';
import { startLanguageServer } from './editor/languageClient';
import { ModelEditors } from './editor/modelEditors';
import { ModelRuns } from './editor/modelRuns';
import { DumpLenses, TraceSymbolTimes } from './editor/dumpLenses';
import { opFactsOf } from './editor/irFacts';
import { dumpScheme, OpenDumps } from './editor/openDumps';
import { OpViews } from './editor/opCommands';
import { ProfilerViews } from './editor/profilerViews';
import { followCursor } from './editor/selectionSync';
import { CompilerTracing } from './editor/traceCompiler';
import { CurrentTrace } from './editor/traceSource';
import { openZoneAddress } from './editor/zoneAddress';

/** What other extensions and the tests in the extension host get from `activate`. */
export interface StrataApi {
  readonly compilations: Compilations;
  readonly storage: ArtifactStorage;
  readonly trace: CurrentTrace;
  readonly dumps: OpenDumps;
}

/** IR of compilations, and models that are text. */
const heatSelector: vscode.DocumentSelector = [{ scheme: irScheme }, { scheme: 'file', language: 'mlir' }];

let storageInUse: ArtifactStorage | undefined;

export function activate(context: vscode.ExtensionContext): StrataApi {
  const log = vscode.window.createOutputChannel('Strata', { log: true });
  const report = new ErrorReport(log);
  const storage = new ArtifactStorage((context.storageUri ?? context.globalStorageUri).fsPath);
  storageInUse = storage;
  storage.removeAll();
  storage.sweep();

  const compilations = new Compilations();
  const documents = new IrDocuments(compilations);
  const navigator = new IrNavigator(compilations, documents);
  const trace = new CurrentTrace(path.join(context.extensionPath, 'dist', 'trace-worker.cjs'));
  const views = new ProfilerViews(trace, {
    extensionUri: context.extensionUri,
    navigator,
    report,
    memory: context.workspaceState,
    history: () => trace.history,
  });
  const tree = new CompilationsTree(compilations);
  const treeView = vscode.window.createTreeView('strata.compilations', {
    treeDataProvider: tree,
    showCollapseAll: true,
  });
  const runs = new ModelRuns({
    compilations,
    storage,
    report,
    resourceRoot: context.extensionPath,
    workerFile: path.join(context.extensionPath, 'dist', 'compile-worker.cjs'),
    onRun: (run) => trace.showRun(run),
    onStart: (id) => showRow(treeView, tree.nodeOf(id)),
  });

  const dumps = new OpenDumps(path.join(context.extensionPath, 'dist', 'dump-worker.cjs'), log);
  const dumpTree = new DumpsTree(dumps, (files) => {
    dumpCommands.open(files).catch((error: unknown) => {
      report.showError('Strata', error);
    });
  });
  const dumpView = vscode.window.createTreeView('strata.dumps', {
    treeDataProvider: dumpTree,
    dragAndDropController: dumpTree,
    showCollapseAll: true,
  });
  const dumpCommands = new DumpCommands({
    dumps,
    tree: dumpTree,
    tracing: new CompilerTracing(
      dumps,
      path.join((context.storageUri ?? context.globalStorageUri).fsPath, 'traced'),
      context.workspaceState,
      log,
    ),
  });
  const bisections = new Bisections({
    extensionUri: context.extensionUri,
    storage: (context.storageUri ?? context.globalStorageUri).fsPath,
    report,
  });
  const ops = new OpViews(context.extensionUri, compilations, navigator, dumps, report);
  const times = new TraceSymbolTimes(trace);
  const lenses = new DumpLenses(dumps, times);
  const heat = new IrHeat(compilations, navigator);
  const models = new ModelEditors({
    extensionUri: context.extensionUri,
    compilations,
    report,
    workerFile: path.join(context.extensionPath, 'dist', 'compile-worker.cjs'),
    follow: (compilation, dispatch) => {
      views.follow(compilation, dispatch);
    },
  });
  const kernelHeat = new KernelHeat(compilations);
  context.subscriptions.push(
    log,
    runs,
    treeView,
    tree,
    navigator,
    trace,
    heat,
    kernelHeat,
    ops,
    compilations,
    documents.register(),
    models.register(),
    navigator.onDidSelectZone((zone) => {
      models.mark(zone?.entry, zone?.dispatch.origins ?? []);
    }),
    dumps,
    dumpTree,
    dumpView,
    new DumpDocuments(dumps).register(),
    views.register(),
    vscode.window.registerUriHandler({
      handleUri: (address) =>
        openZoneAddress(address, views).catch((error: unknown) => {
          report.showError('Open Link', error);
        }),
    }),
    bisections.register(),
    vscode.window.registerFileDecorationProvider(new DimmedRows()),
    startLanguageServer(
      context.extensionPath,
      async (document, offset) => {
        const shown = navigator.shownIn(document);
        const parts = [
          shown === undefined ? '' : opFactsOf(shown, offset),
          await ops.lifeFacts(document, offset),
        ];
        return parts.filter((part) => part !== '').join('\n\n');
      },
      log,
    ),
    vscode.languages.registerCodeLensProvider(heatSelector, heat),
    times,
    lenses,
    vscode.languages.registerCodeLensProvider({ scheme: dumpScheme }, lenses),
    vscode.languages.registerInlayHintsProvider({ scheme: dumpScheme }, lenses),
    vscode.languages.registerInlayHintsProvider(heatSelector, heat),
    vscode.languages.registerCodeLensProvider({ scheme: sourceScheme }, kernelHeat),
    vscode.languages.registerInlayHintsProvider({ scheme: sourceScheme }, kernelHeat),
    followCursor(navigator, views),
    compilations.onDidChange((id) => {
      if (trace.compilation === id && compilations.get(id) === undefined) trace.clear();
    }),
    registerCommands({
      dumps: dumpCommands,
      compilations,
      runs,
      navigator,
      views,
      ops,
      bisections,
      exports: {
        resourceRoot: context.extensionUri.fsPath,
        storage: context.globalStorageUri.fsPath,
        report,
      },
      report,
    }),
  );
  return { compilations, storage, dumps, trace };
}

/** Brings a row into view without selecting it. The wait is short: what is about to begin must not depend on a view. */
async function showRow(view: vscode.TreeView<TreeNode>, node: TreeNode | undefined): Promise<void> {
  if (node === undefined) return;
  const shown = Promise.resolve(view.reveal(node, { select: false, focus: false })).catch(() => undefined);
  await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, 1000))]);
}

/** Artifacts of this window go with it. */
export function deactivate(): void {
  storageInUse?.removeAll();
}
