/** The Compilations view: model → stage → pass → function, with time, change and result beside each. */
import path from 'node:path';
import * as vscode from 'vscode';
import { formatBytes, formatDuration, formatRate, ns } from '../base/units';
import type { Compilation, Measurement } from '../compiler/compilation';
import type { FunctionRange, PassRecord } from '../ir';
import type { CommandId } from './commandIds';
import type { CompilationEntry, Compilations, DoneEntry } from './compilations';
import { snapshotAfter } from './compilations';
import { withoutFolders } from './errorReport';
import { phaseText } from './modelRuns';
import { onSettingChange, setting } from './settings';

export type TreeNode =
  | { readonly kind: 'compilation'; readonly entry: CompilationEntry }
  | { readonly kind: 'stage'; readonly entry: DoneEntry; readonly stage: string }
  | { readonly kind: 'pass'; readonly entry: DoneEntry; readonly pass: PassRecord }
  | { readonly kind: 'unchanged'; readonly entry: DoneEntry; readonly passes: readonly PassRecord[] }
  | {
      readonly kind: 'function';
      readonly entry: DoneEntry;
      readonly pass: PassRecord;
      readonly fn: FunctionRange;
    }
  | { readonly kind: 'kernels'; readonly entry: DoneEntry }
  | { readonly kind: 'profile'; readonly entry: DoneEntry; readonly measurement: Measurement };

/** Functions listed under a pass; a model with more is better searched in the text. */
const maxFunctions = 200;

const command = (id: CommandId, title: string, ...args: unknown[]): vscode.Command => ({
  command: id,
  title,
  arguments: args,
});
const signed = (n: number): string => (n > 0 ? `+${n}` : n < 0 ? `−${-n}` : '±0');
const plural = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

export class CompilationsTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #subscription: vscode.Disposable;

  constructor(readonly compilations: Compilations) {
    const all = (): void => {
      this.#changed.fire(undefined);
    };
    this.#subscription = vscode.Disposable.from(
      compilations.onDidChange(all),
      onSettingChange('hideUnchangedPasses', all),
    );
  }
  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
  getParent(): undefined {
    return undefined;
  }
  /** The node of a compilation, for `reveal`. */
  nodeOf(id: string): TreeNode | undefined {
    const entry = this.compilations.get(id);
    if (entry === undefined) return undefined;
    return { kind: 'compilation', entry };
  }

  getChildren(node?: TreeNode): TreeNode[] {
    if (node === undefined) return this.compilations.all.map((entry) => ({ kind: 'compilation', entry }));
    switch (node.kind) {
      case 'compilation':
        return node.entry.state === 'done' ? this.#stages(node.entry) : [];
      case 'stage':
        return this.#passes(node.entry, node.stage);
      case 'unchanged':
        return node.passes.map((pass) => ({ kind: 'pass', entry: node.entry, pass }));
      case 'pass':
        return this.#functions(node.entry, node.pass);
      default:
        return [];
    }
  }

  #stages(entry: DoneEntry): TreeNode[] {
    const { compilation, measurement } = entry;
    const stages = [...new Set(compilation.passes.passes.map((p) => p.stage))];
    return [
      ...stages.map((stage): TreeNode => {
        const [only, second] = compilation.passes.passes.filter((p) => p.stage === stage);
        return only?.index === 0 && second === undefined
          ? { kind: 'pass', entry, pass: only }
          : { kind: 'stage', entry, stage };
      }),
      ...(compilation.kernelSource === '' ? [] : [{ kind: 'kernels', entry } as const]),
      ...(measurement === undefined ? [] : [{ kind: 'profile', entry, measurement } as const]),
    ];
  }
  #passes(entry: DoneEntry, stage: string): TreeNode[] {
    const passes = entry.compilation.passes.passes.filter((p) => p.stage === stage);
    const hide = setting('hideUnchangedPasses');
    const nodes: TreeNode[] = [];
    let quiet: PassRecord[] = [];
    const flush = (): void => {
      const [only] = quiet;
      if (quiet.length === 1 && only !== undefined) nodes.push({ kind: 'pass', entry, pass: only });
      else if (quiet.length > 1) nodes.push({ kind: 'unchanged', entry, passes: quiet });
      quiet = [];
    };
    for (const pass of passes) {
      if (hide && !pass.changed) quiet.push(pass);
      else {
        flush();
        nodes.push({ kind: 'pass', entry, pass });
      }
    }
    flush();
    return nodes;
  }
  #functions(entry: DoneEntry, pass: PassRecord): TreeNode[] {
    const functions = snapshotAfter(entry.compilation, pass.index)?.functions ?? [];
    return functions.slice(0, maxFunctions).map((fn) => ({ kind: 'function', entry, pass, fn }));
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    switch (node.kind) {
      case 'compilation':
        return compilationItem(node.entry);
      case 'stage':
        return stageItem(node.entry.compilation, node.stage, node.entry.id);
      case 'pass':
        return passItem(node.entry, node.pass);
      case 'unchanged': {
        const item = new vscode.TreeItem(
          `${node.passes.length} passes unchanged`,
          vscode.TreeItemCollapsibleState.Collapsed,
        );
        item.id = `${node.entry.id}/unchanged/${node.passes[0]!.index}`;
        item.description = formatDuration(ns(node.passes.reduce((t, p) => t + p.durationNs, 0)));
        item.resourceUri = dimmed(item.id);
        item.tooltip = node.passes.map((p) => p.pass).join('\n');
        return item;
      }
      case 'function':
        return functionItem(node.entry, node.pass, node.fn);
      case 'kernels': {
        const item = new vscode.TreeItem('generated C');
        item.id = `${node.entry.id}/kernels`;
        item.contextValue = 'kernels';
        item.iconPath = new vscode.ThemeIcon('code');
        item.description = plural(node.entry.compilation.kernelSource.split('\n').length, 'line');
        item.command = command('strata.openKernelSource', 'Open Generated C', node);
        return item;
      }
      case 'profile':
        return profileItem(node.entry, node.measurement);
    }
  }
}

function compilationItem(entry: CompilationEntry): vscode.TreeItem {
  const name = path.basename(entry.model);
  const { None, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(name, entry.state === 'done' ? Expanded : None);
  // VS Code remembers per id what is collapsed; a compilation that is done opens.
  item.id = `${entry.id}/${entry.state}`;
  item.contextValue = `compilation.${entry.state}`;
  switch (entry.state) {
    case 'running':
      item.iconPath = new vscode.ThemeIcon('loading~spin');
      item.description =
        entry.progress === undefined
          ? 'starting'
          : `${Math.round(100 * entry.progress.fraction)} % · ${phaseText(entry.progress)}`;
      item.tooltip = entry.model;
      return item;
    case 'failed':
      item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
      item.description = `${entry.diagnostic.code} ${withoutFolders(entry.diagnostic.text, name).replace(`${name} `, '')}`;
      item.tooltip = new vscode.MarkdownString().appendText(
        `${entry.model}\n\n${entry.diagnostic.code} ${entry.diagnostic.text}\n\n${entry.diagnostic.next ?? ''}`,
      );
      item.command = command('strata.showFailure', 'Show Error', { kind: 'compilation', entry });
      return item;
    case 'done':
      doneItem(item, entry);
      return item;
  }
}

/** `mobilenet-v2.onnx   6.10 ms · ✓ agrees · cpu (avx512)`: what matters most first, as narrow side bars cut the end. */
function doneItem(item: vscode.TreeItem, entry: DoneEntry): void {
  const { compilation, measurement, busy } = entry;
  const agreement = measurement?.agreement;
  const parts: string[] = [];
  if (busy !== undefined) parts.push(`${busy}…`);
  else if (measurement === undefined) parts.push(`compiled in ${formatDuration(ns(compilation.durationNs))}`);
  else parts.push(formatDuration(ns(measurement.medianNs)));
  if (agreement !== undefined) parts.push(agreement.agrees ? '✓ agrees' : '✗ differs');
  parts.push(`${compilation.target} (${compilation.featureLevel})`);
  item.description = parts.join(' · ');
  if (busy !== undefined) item.contextValue = 'compilation.busy';
  item.iconPath =
    busy !== undefined
      ? new vscode.ThemeIcon('loading~spin')
      : agreement?.agrees === false
        ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'))
        : new vscode.ThemeIcon('circuit-board');
  const flops = compilation.dispatches.reduce((t, d) => t + d.flops, 0);
  const lines = [
    entry.model,
    `${new Date(compilation.startedAt).toLocaleTimeString()}, compiled in ${formatDuration(ns(compilation.durationNs))}`,
    `${plural(compilation.modelNodes.length, 'model node')} → ${plural(compilation.dispatches.length, 'dispatch', 'dispatches')}, ${formatRate(flops, 'FLOP')} a run`,
    `arena ${formatBytes(compilation.arenaBytes)}, constants ${formatBytes(compilation.constantBytes)}`,
  ];
  if (measurement !== undefined)
    lines.push(
      `median ${formatDuration(ns(measurement.medianNs))} of ${plural(measurement.repeats, 'run')} on ${plural(measurement.threads, 'thread')}`,
    );
  if (agreement !== undefined) {
    lines.push(
      `${agreement.agrees ? 'agrees with' : 'differs from'} the ${agreement.reference} on seeded random input: relative error ${agreement.relativeError.toExponential(1)}, limit ${agreement.tolerance}`,
    );
  }
  item.tooltip = lines.join('\n');
}

function stageItem(c: Compilation, stage: string, id: string): vscode.TreeItem {
  const passes = c.passes.passes.filter((p) => p.stage === stage);
  const item = new vscode.TreeItem(stage, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `${id}/${stage}`;
  item.contextValue = 'stage';
  item.iconPath = new vscode.ThemeIcon('layers');
  item.description = formatDuration(ns(passes.reduce((t, p) => t + p.durationNs, 0)));
  const changed = passes.filter((p) => p.changed).length;
  item.tooltip = `${stage}: ${changed} of ${plural(passes.length, 'pass', 'passes')} changed the IR`;
  return item;
}

function passItem(entry: DoneEntry, pass: PassRecord): vscode.TreeItem {
  const { Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(pass.pass, Collapsed);
  item.id = `${entry.id}/pass/${pass.index}`;
  item.contextValue = pass.index === 0 ? 'pass.first' : pass.changed ? 'pass.changed' : 'pass.unchanged';
  item.iconPath = new vscode.ThemeIcon(pass.changed ? 'circle-filled' : 'circle-outline');
  const rewrites = pass.rewrites[1] - pass.rewrites[0];
  const parts = pass.changed ? [`${signed(pass.opCountAfter - pass.opCountBefore)} ops`] : ['unchanged'];
  if (rewrites > 0) parts.push(plural(rewrites, 'rewrite'));
  const took =
    pass.index > 0 ? pass.durationNs : entry.compilation.tools.find((t) => t.name === 'read')?.durationNs;
  if (took !== undefined) parts.push(formatDuration(ns(took)));
  item.description = parts.join(' · ');
  if (!pass.changed) item.resourceUri = dimmed(item.id);
  item.tooltip = new vscode.MarkdownString()
    .appendText(`${pass.pass}: ${pass.summary}\n\n`)
    .appendText(`${pass.opCountBefore} → ${pass.opCountAfter} ops`);
  item.command = command('strata.openPassIr', 'Open IR', { kind: 'pass', entry, pass });
  return item;
}

function functionItem(entry: DoneEntry, pass: PassRecord, fn: FunctionRange): vscode.TreeItem {
  const item = new vscode.TreeItem(`@${fn.symbol}`);
  item.id = `${entry.id}/pass/${pass.index}/${fn.symbol}`;
  item.iconPath = new vscode.ThemeIcon('symbol-function');
  item.description = plural(fn.opCount, 'op');
  if (pass.index > 0 && !pass.changedFunctions.includes(fn.symbol)) {
    item.resourceUri = dimmed(item.id);
    item.description += ' · unchanged';
  }
  item.command = command('strata.openPassIr', 'Open IR', { kind: 'function', entry, pass, fn });
  return item;
}

function profileItem(entry: DoneEntry, m: Measurement): vscode.TreeItem {
  const item = new vscode.TreeItem('profile');
  item.id = `${entry.id}/profile`;
  item.contextValue = 'profile';
  item.iconPath = new vscode.ThemeIcon('pulse');
  item.description = `${formatDuration(ns(m.medianNs))} · ${m.dispatches.length} dispatches · ${plural(m.threads, 'thread')}`;
  item.tooltip = `median of ${m.repeats} runs; min ${formatDuration(ns(m.minNs))}, p95 ${formatDuration(ns(m.p95Ns))}`;
  item.command = command('strata.showProfiler', 'Show Profiler', { kind: 'profile', entry, measurement: m });
  return item;
}

/** A marker address that `DimmedRows` paints in the colour of ignored things. */
const dimScheme = 'strata-dim';
export const dimmed = (id: string): vscode.Uri => vscode.Uri.from({ scheme: dimScheme, path: `/${id}` });

export class DimmedRows implements vscode.FileDecorationProvider {
  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    return uri.scheme === dimScheme ? { color: new vscode.ThemeColor('descriptionForeground') } : undefined;
  }
}
