/** The commands of the extension: from what VS Code hands over (a tree row, a file, a link of a hover) to what they do. */
import * as vscode from 'vscode';
import { changeSetting } from './settings';
import { checkInstallation } from './installation';
import type { Bisections } from './bisections';
import type { CommandId } from './commandIds';
import type { CompilationEntry, Compilations, DoneEntry } from './compilations';
import type { TreeNode } from './compilationsTree';
import type { DumpCommands } from './dumpCommands';
import type { ErrorReport } from './errorReport';
import type { IrNavigator, IrTarget } from './irNavigator';
import { findDispatch } from '../profiler/dispatchId';
import { editorMessages } from './messages';
import type { ModelExports } from './modelExports';
import { exportReferenceModels } from './modelExports';
import type { ModelRuns } from './modelRuns';
import { modelExtensions } from './modelRuns';
import { pickHotOp } from './hotOps';
import { sourceScheme } from './irDocuments';
import { dumpScheme } from './openDumps';
import type { OpViews } from './opCommands';
import type { ProfilerViews } from './profilerViews';
import { openZoneAddress } from './zoneAddress';

/** Files that a trace may have; what one is, its content decides. */
const traceExtensions = [
  ...['pftrace', 'perfetto-trace', 'json', 'gz', 'zst', 'tracy', 'csv', 'cpuprofile', 'jsonl', 'txt', 'perf'],
] as const;

export interface CommandContext {
  readonly dumps: DumpCommands;
  readonly compilations: Compilations;
  readonly runs: ModelRuns;
  readonly navigator: IrNavigator;
  readonly views: ProfilerViews;
  readonly bisections: Bisections;
  readonly ops: OpViews;
  readonly exports: ModelExports;
  readonly report: ErrorReport;
}

type Argument = TreeNode | IrTarget | vscode.Uri | undefined;

const isTarget = (a: Argument): a is IrTarget =>
  a !== undefined && 'compilation' in a && typeof a.compilation === 'string';
const isNode = (a: Argument): a is TreeNode => a !== undefined && 'kind' in a;
const entryOf = (a: Argument): CompilationEntry | undefined => (isNode(a) ? a.entry : undefined);

export function registerCommands(context: CommandContext): vscode.Disposable {
  const handlers = createCommands(context);
  return vscode.Disposable.from(
    ...Object.entries(handlers).map(([id, handler]) =>
      vscode.commands.registerCommand(id, async (argument: Argument) => {
        try {
          return await handler(argument);
        } catch (error) {
          context.report.showError('Strata', error);
          return undefined;
        }
      }),
    ),
  );
}

function createCommands({
  dumps,
  compilations,
  runs,
  navigator,
  views,
  bisections,
  ops,
  exports,
  report,
}: CommandContext): Readonly<Record<CommandId, (argument: Argument) => unknown>> {
  return {
    ...ops.handlers(targetOf),
    'strata.compileModel': async (argument) => {
      const file =
        argument instanceof vscode.Uri
          ? argument
          : await askForFile('Compile Model', { Models: modelExtensions });
      return file === undefined ? undefined : (await runs.compile(file))?.id;
    },
    'strata.tryReferenceModel': async () => (await runs.tryReferenceModel())?.id,
    'strata.exportReferenceModels': () => exportReferenceModels(exports),
    'strata.cancelCompilation': (argument) => {
      const entry = entryOf(argument);
      if (entry !== undefined) runs.cancel(entry.id);
    },
    'strata.removeCompilation': (argument) => {
      const entry = entryOf(argument);
      if (entry !== undefined) runs.remove(entry.id);
    },
    'strata.showFailure': (argument) => {
      const entry = entryOf(argument);
      const now = entry === undefined ? undefined : compilations.get(entry.id);
      if (now?.state === 'failed') void report.ask(now.model.replace(/^.*[\\/]/, ''), now.diagnostic);
    },
    'strata.bisectNumerics': async (argument) => {
      const file =
        argument instanceof vscode.Uri
          ? argument
          : await askForFile('Bisect Numerics', { Models: ['onnx', 'mlir'] });
      if (file !== undefined && runs.mayCompile(file, 'Bisecting')) await bisections.bisectNumerics(file);
    },
    'strata.bisectPerformance': async (argument) => {
      const file =
        argument instanceof vscode.Uri
          ? argument
          : await askForFile('Bisect Performance', { Models: ['onnx', 'tflite', 'mlir'] });
      if (file !== undefined && runs.mayCompile(file, 'Bisecting')) await bisections.bisectPerf(file);
    },
    'strata.bisectCommand': async () => {
      if (runs.mayRunCommands('Bisect Command', 'Bisecting')) await bisections.bisectCommand();
    },
    'strata.profileModel': async (argument) => {
      const entry = entryOf(argument);
      const done = entry === undefined ? undefined : compilations.done(entry.id);
      if (done !== undefined) return profileEntry(done);
      const chosen = argument instanceof vscode.Uri ? argument : await askWhatToProfile(compilations);
      if (chosen === undefined) return undefined;
      if (!(chosen instanceof vscode.Uri)) return profileEntry(chosen);
      if (chosen.path.endsWith('.strata')) {
        if ((await runs.profileArtifact(chosen)) !== undefined) await views.show();
        return undefined;
      }
      const compiled = await runs.compile(chosen, { profile: true });
      if (compiled?.state === 'done' && compiled.measurement !== undefined) await views.show();
      return compiled?.id;
    },
    'strata.sampleKernels': async (argument) => {
      const done = await compilationToSample(argument);
      if (done === undefined || !(await runs.sample(done))) return;
      await navigator.openKernelSource(done.id, compilations.done(done.id)?.samples?.dispatches[0]);
    },
    'strata.openTrace': async (argument) => {
      const file =
        argument instanceof vscode.Uri
          ? argument
          : await askForFile('Open Trace', { Traces: [...traceExtensions], 'All files': ['*'] });
      if (file === undefined) return;
      await vscode.commands.executeCommand('vscode.openWith', file, 'strata.trace');
    },
    'strata.openZoneLink': async () => {
      const clipboard = await vscode.env.clipboard.readText();
      const link = await vscode.window.showInputBox({
        title: 'Open Link to a Zone',
        value: clipboard.includes('/zone?') ? clipboard : '',
        prompt: 'As the details of a zone copy it',
      });
      if (link !== undefined && link !== '') await openZoneAddress(vscode.Uri.parse(link), views);
    },
    'strata.hotOps': () => pickHotOp(navigator),
    'strata.openProfiler': async (argument) => {
      await showRunOf(argument);
      await views.openEditor();
    },
    'strata.showProfiler': async (argument) => {
      await showRunOf(argument);
      await views.show();
    },
    'strata.openPassIr': async (argument) => {
      const target = targetOf(argument);
      if (target !== undefined) await navigator.openPass(target);
    },
    'strata.diffWithPrevious': (argument) =>
      navigator.diff(targetOf(argument) ?? navigator.activePass('Compare IR with Previous Pass')),
    'strata.nextChangedPass': () => step(1),
    'strata.previousChangedPass': () => step(-1),
    'strata.showInTimeline': (argument) => showInTimeline(isTarget(argument) ? argument : undefined),
    'strata.openKernelSource': (argument) =>
      isTarget(argument)
        ? navigator.openKernelSource(argument.compilation, argument.dispatch)
        : navigator.openKernelSource(entryOf(argument)?.id ?? ''),
    'strata.hideUnchangedPasses': () => changeSetting('hideUnchangedPasses', true),
    'strata.showUnchangedPasses': () => changeSetting('hideUnchangedPasses', false),
    ...dumps.handlers,
    'strata.checkInstallation': () => checkInstallation(report.log),
    'strata.showLog': () => {
      report.log.show(true);
    },
  };

  /** In IR of a compilation or of a dump, whichever is in front. */
  function step(direction: 1 | -1): Promise<void> {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    const uri =
      tab instanceof vscode.TabInputTextDiff ? tab.modified : vscode.window.activeTextEditor?.document.uri;
    return uri?.scheme === dumpScheme ? dumps.step(direction) : navigator.step(direction);
  }

  /** That of the row or of the C in front; asked for where there are several. */
  async function compilationToSample(argument: Argument): Promise<DoneEntry | undefined> {
    const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
    const id = isTarget(argument) ? argument.compilation : entryOf(argument)?.id;
    const named = compilations.done(id ?? (uri?.scheme === sourceScheme ? uri.query : ''));
    if (named !== undefined) return named;
    const done = compilations.all.filter((e): e is DoneEntry => e.state === 'done');
    if (done.length === 0) throw editorMessages.error('STR0936', {});
    if (done.length === 1) return done[0];
    const items = done.map((entry) => ({
      label: `$(circuit-board) ${entry.model.replace(/^.*[\\/]/, '')}`,
      description: `${entry.compilation.target} (${entry.compilation.featureLevel})`,
      entry,
    }));
    const chosen = await vscode.window.showQuickPick(items, {
      placeHolder: 'Compilation whose kernels are sampled',
    });
    return chosen?.entry;
  }

  async function profileEntry(entry: DoneEntry): Promise<string> {
    if ((await runs.profile(entry)) !== undefined) await views.show();
    return entry.id;
  }

  /** A run other than the one that is shown is loaded first. */
  async function showRunOf(argument: Argument): Promise<void> {
    const entry = entryOf(argument);
    const done = entry === undefined ? undefined : compilations.done(entry.id);
    if (done !== undefined && views.current.compilation !== done.id) await runs.showRun(done);
  }

  async function showInTimeline(target: IrTarget | undefined): Promise<void> {
    const found = target === undefined ? atCursor() : fromTarget(target);
    const { entry, dispatch } = found;
    if (entry.measurement === undefined)
      throw editorMessages.error('STR0904', { model: entry.model.replace(/^.*[\\/]/, '') });
    if (dispatch === undefined) throw editorMessages.error('STR0905', { op: found.op });
    if (views.current.compilation !== entry.id) await runs.showRun(entry);
    const endpoint = await views.show();
    await endpoint?.selectDispatch(dispatch.index, dispatch.entryPoint);
  }
  function atCursor(): NonNullable<ReturnType<IrNavigator['dispatchAt']>> {
    const editor = vscode.window.activeTextEditor;
    const found =
      editor === undefined ? undefined : navigator.dispatchAt(editor.document, editor.selection.active);
    if (found === undefined) throw editorMessages.error('STR0903', { what: 'Show in Timeline' });
    return found;
  }
  function fromTarget(target: IrTarget): NonNullable<ReturnType<IrNavigator['dispatchAt']>> {
    const entry = compilations.done(target.compilation);
    if (entry === undefined) throw editorMessages.error('STR0903', { what: 'Show in Timeline' });
    return {
      entry,
      op: 'the op',
      dispatch: findDispatch(entry.compilation.dispatches, target.dispatch),
    };
  }
}

/** What a row or link points to. */
function targetOf(argument: Argument): IrTarget | undefined {
  if (isTarget(argument)) return argument;
  if (!isNode(argument)) return undefined;
  switch (argument.kind) {
    case 'pass':
      return { compilation: argument.entry.id, pass: argument.pass.index };
    case 'function':
      return { compilation: argument.entry.id, pass: argument.pass.index, symbol: argument.fn.symbol };
    default:
      return undefined;
  }
}

async function askForFile(
  title: string,
  filters: Readonly<Record<string, readonly string[]>>,
): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const chosen = await vscode.window.showOpenDialog({
    title,
    openLabel: title.split(' ')[0] ?? title,
    filters: Object.fromEntries(Object.entries(filters).map(([name, extensions]) => [name, [...extensions]])),
    ...(folder === undefined ? {} : { defaultUri: folder }),
  });
  return chosen?.[0];
}

/** Models and artifacts that a quick pick lists. */
const mostFiles = 200;

async function askWhatToProfile(compilations: Compilations): Promise<DoneEntry | vscode.Uri | undefined> {
  type Item = vscode.QuickPickItem & { readonly value?: DoneEntry | vscode.Uri };
  const done = compilations.all.filter((e): e is DoneEntry => e.state === 'done');
  const files = await vscode.workspace.findFiles('**/*.{onnx,strata}', '**/node_modules/**', mostFiles);
  const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const base = (file: string): string => file.replace(/^.*[\\/]/, '');
  const browse: Item = { label: '$(folder-opened) Choose a file…' };
  const items: Item[] = [
    ...(done.length === 0 ? [] : [separator('compilations')]),
    ...done.map((e): Item => ({
      label: `$(circuit-board) ${base(e.model)}`,
      description: `${e.compilation.target} (${e.compilation.featureLevel})`,
      value: e,
    })),
    ...(files.length === 0 ? [] : [separator('files of the workspace')]),
    ...files.map((f): Item => ({
      label: `$(file) ${base(f.path)}`,
      description: vscode.workspace.asRelativePath(f),
      value: f,
    })),
    separator(''),
    browse,
  ];
  if (items.length === 2)
    return askForFile('Profile Model', { 'Models and artifacts': [...modelExtensions, 'strata'] });
  const chosen = await vscode.window.showQuickPick(items, {
    placeHolder: 'Model, artifact or compilation to profile',
  });
  if (chosen === browse)
    return askForFile('Profile Model', { 'Models and artifacts': [...modelExtensions, 'strata'] });
  return chosen?.value;
}
