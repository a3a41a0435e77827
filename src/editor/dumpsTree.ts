/** The IR Dumps view: dump → pipeline → pass → function, with time, changed lines and ops by dialect; files dropped on it open. */
import * as vscode from 'vscode';
import { formatBytes, formatDuration, ns } from '../base/units';
import type { PassInfo, PipelineInfo, RunChange, RunInfo } from '../dump/session/dumpSession';
import type { CommandId } from './commandIds';
import { dimmed } from './compilationsTree';
import type { OpenDump, OpenDumps } from './openDumps';
import { onSettingChange, setting } from './settings';

export type DumpNode =
  | { readonly kind: 'dump'; readonly dump: OpenDump }
  | {
      readonly kind: 'pipeline';
      readonly dump: OpenDump;
      readonly pipeline: PipelineInfo;
      readonly index: number;
    }
  | { readonly kind: 'pass'; readonly dump: OpenDump; readonly pass: PassInfo }
  | { readonly kind: 'quiet'; readonly dump: OpenDump; readonly passes: readonly PassInfo[] }
  | { readonly kind: 'run'; readonly dump: OpenDump; readonly pass: PassInfo; readonly run: RunInfo }
  | { readonly kind: 'more'; readonly dump: OpenDump; readonly count: number; readonly of: string };

/** Rows below one parent; a filter shows the rest. */
const mostRows = 500;
const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;

export class DumpsTree
  implements vscode.TreeDataProvider<DumpNode>, vscode.TreeDragAndDropController<DumpNode>, vscode.Disposable
{
  readonly dropMimeTypes = ['text/uri-list'];
  readonly dragMimeTypes = [];
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #subscription: vscode.Disposable;
  #filter = '';

  constructor(
    readonly dumps: OpenDumps,
    readonly onDrop: (files: readonly vscode.Uri[]) => void,
  ) {
    const all = (): void => {
      this.#changed.fire(undefined);
    };
    this.#subscription = vscode.Disposable.from(
      dumps.onDidChange(all),
      onSettingChange('hideUnchangedPasses', all),
    );
  }
  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
  /** Only passes, functions and dialects whose name holds this; empty shows all. */
  get filter(): string {
    return this.#filter;
  }
  set filter(text: string) {
    this.#filter = text.trim();
    this.#changed.fire(undefined);
  }

  async handleDrop(_target: DumpNode | undefined, data: vscode.DataTransfer): Promise<void> {
    const list = await data.get('text/uri-list')?.asString();
    const files = (list ?? '')
      .split(/\r?\n/)
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => vscode.Uri.parse(line));
    this.onDrop(files);
  }

  getChildren(node?: DumpNode): DumpNode[] {
    if (node === undefined) return this.dumps.all.map((dump) => ({ kind: 'dump', dump }));
    switch (node.kind) {
      case 'dump':
        return this.#pipelines(node.dump);
      case 'pipeline':
        return this.#passes(node.dump, node.pipeline.passes);
      case 'quiet':
        return node.passes.map((pass) => ({ kind: 'pass', dump: node.dump, pass }));
      case 'pass':
        return this.#runs(node.dump, node.pass);
      default:
        return [];
    }
  }
  #pipelines(dump: OpenDump): DumpNode[] {
    const all = dump.info.pipelines.map((pipeline, index) => ({
      kind: 'pipeline' as const,
      dump,
      pipeline,
      index,
    }));
    const shown = all.filter((n) => this.#passes(dump, n.pipeline.passes).length > 0);
    // A single pipeline needs no row of its own.
    return shown.length === 1 && all.length === 1
      ? this.#passes(dump, shown[0]!.pipeline.passes)
      : limited(shown, dump);
  }
  #passes(dump: OpenDump, passes: readonly PassInfo[]): DumpNode[] {
    const nodes: DumpNode[] = [];
    let quiet: PassInfo[] = [];
    const hide = setting('hideUnchangedPasses') && this.#filter === '';
    const flush = (): void => {
      if (quiet.length === 1) nodes.push({ kind: 'pass', dump, pass: quiet[0]! });
      else if (quiet.length > 1) nodes.push({ kind: 'quiet', dump, passes: quiet });
      quiet = [];
    };
    for (const pass of passes) {
      if (!this.#matches(dump, pass)) continue;
      if (hide && pass.runs.every((run) => dump.isUnchanged(run))) quiet.push(pass);
      else {
        flush();
        nodes.push({ kind: 'pass', dump, pass });
      }
    }
    flush();
    return limited(nodes, dump);
  }
  #runs(dump: OpenDump, pass: PassInfo): DumpNode[] {
    if (pass.runs.length === 1) return [];
    const hide = setting('hideUnchangedPasses') && this.#filter === '';
    const own = this.#holds(`${pass.argument ?? ''} ${pass.pass}`);
    const shown = pass.runs.filter(
      (run) => (own || this.#runMatches(dump, run)) && !(hide && dump.isUnchanged(run)),
    );
    return limited(
      shown.map((run) => ({ kind: 'run', dump, pass, run })),
      dump,
    );
  }
  #holds(text: string): boolean {
    return this.#filter === '' || text.toLowerCase().includes(this.#filter.replace(/^@/, '').toLowerCase());
  }
  #runMatches(dump: OpenDump, run: RunInfo): boolean {
    const dialects = dump.changes.get(run.run)?.ops.map(([name]) => name) ?? [];
    return this.#holds(`${run.op ?? ''} ${run.symbol ?? ''} ${dialects.join(' ')}`);
  }
  #matches(dump: OpenDump, pass: PassInfo): boolean {
    return (
      this.#holds(`${pass.argument ?? ''} ${pass.pass}`) ||
      pass.runs.some((run) => this.#runMatches(dump, run))
    );
  }

  getTreeItem(node: DumpNode): vscode.TreeItem {
    switch (node.kind) {
      case 'dump':
        return dumpItem(node.dump, this.#filter);
      case 'pipeline':
        return pipelineItem(node.dump, node.pipeline, node.index);
      case 'pass':
        return passItem(node.dump, node.pass);
      case 'quiet': {
        const item = new vscode.TreeItem(`${node.passes.length} passes unchanged`, Collapsed);
        item.id = `d${node.dump.id}/quiet/${node.passes[0]!.runs[0]!.run}`;
        item.resourceUri = dimmed(item.id);
        item.tooltip = node.passes.map((p) => p.argument ?? p.pass).join('\n');
        return item;
      }
      case 'run':
        return runItem(node.dump, node.pass, node.run);
      case 'more': {
        const item = new vscode.TreeItem(`${node.count.toLocaleString('en')} more`, None);
        item.id = `d${node.dump.id}/more/${node.of}`;
        item.description = 'filter to find them';
        item.command = { command: 'strata.filterDump' satisfies CommandId, title: 'Filter Passes…' };
        return item;
      }
    }
  }
}

function limited(nodes: readonly DumpNode[], dump: OpenDump): DumpNode[] {
  if (nodes.length <= mostRows) return [...nodes];
  const first = nodes[0]!;
  const of = `${first.kind}-${first.kind === 'run' ? first.run.run : first.kind === 'pass' ? (first.pass.runs[0]?.run ?? 0) : 0}`;
  return [...nodes.slice(0, mostRows), { kind: 'more', dump, count: nodes.length - mostRows, of }];
}

const plural = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
const seconds = (s: number): string => formatDuration(ns(s * 1e9));

function dumpItem(dump: OpenDump, filter: string): vscode.TreeItem {
  const { info } = dump;
  const passes = info.pipelines.reduce((n, p) => n + p.passes.length, 0);
  const item = new vscode.TreeItem(dump.name, Expanded);
  item.id = `d${dump.id}`;
  item.contextValue = 'dump';
  item.iconPath = new vscode.ThemeIcon(dump.pending > 0 ? 'loading~spin' : 'versions');
  const state = filter !== '' ? `filter: ${filter}` : dump.pending > 0 ? 'comparing…' : info.title;
  item.description = `${plural(passes, 'pass', 'passes')} · ${formatBytes(info.bytes)} · ${state}`;
  item.tooltip = [info.path, info.title, ...info.notes.slice(0, 8)].join('\n');
  return item;
}

function pipelineItem(dump: OpenDump, pipeline: PipelineInfo, index: number): vscode.TreeItem {
  const item = new vscode.TreeItem(pipeline.anchor, Expanded);
  item.id = `d${dump.id}/pipeline/${index}`;
  item.contextValue = 'dumpPipeline';
  item.iconPath = new vscode.ThemeIcon('layers');
  const parts = [plural(pipeline.passes.length, 'pass', 'passes')];
  if (pipeline.seconds !== undefined) parts.push(seconds(pipeline.seconds));
  item.description = parts.join(' · ');
  return item;
}

/** `+4 −2 lines · linalg −1, vector +3`. */
function changeText(changes: readonly (RunChange | undefined)[]): string {
  const known = changes.filter((c) => c !== undefined);
  const changed = known.filter((c) => c.kind === 'changed');
  if (changed.length === 0) {
    if (known.length < changes.length) return '';
    if (known.every((c) => c.kind === 'unchanged')) return 'unchanged';
    return known.some((c) => c.kind === 'unfinished') ? 'unfinished' : 'first IR';
  }
  const sum = (pick: (c: RunChange) => number): number => changed.reduce((n, c) => n + pick(c), 0);
  const ops = new Map<string, number>();
  for (const { ops: list } of changed) for (const [name, n] of list) ops.set(name, (ops.get(name) ?? 0) + n);
  const moved = [...ops].filter(([, n]) => n !== 0).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const dialects = moved.slice(0, 3).map(([name, n]) => `${name} ${n > 0 ? `+${n}` : `−${-n}`}`);
  return [
    `+${sum((c) => c.added)} −${sum((c) => c.removed)}`,
    ...(dialects.length > 0 ? [dialects.join(', ')] : []),
  ].join(' · ');
}

function passItem(dump: OpenDump, pass: PassInfo): vscode.TreeItem {
  const [only] = pass.runs;
  const single = pass.runs.length === 1;
  const item = new vscode.TreeItem(pass.argument ?? pass.pass, single ? None : Collapsed);
  item.id = `d${dump.id}/pass/${only!.run}`;
  const changes = pass.runs.map((run) => dump.changes.get(run.run));
  const text = changeText(changes);
  const parts = [text];
  if (single && only!.symbol !== undefined) parts.unshift(`@${only!.symbol}`);
  if (!single) parts.push(plural(pass.runs.length, 'function'));
  if (pass.seconds !== undefined) parts.push(seconds(pass.seconds));
  item.description = parts.filter((p) => p !== '').join(' · ');
  const failed = pass.runs.some((run) => run.failed);
  decorate(item, failed, text === 'unchanged', pass.snapshot);
  item.tooltip = [pass.pass, pass.options ?? '', item.description].filter((line) => line !== '').join('\n');
  item.contextValue = single ? 'dumpRun' : 'dumpPass';
  if (single) item.command = open(dump, only!);
  return item;
}

function runItem(dump: OpenDump, pass: PassInfo, run: RunInfo): vscode.TreeItem {
  const item = new vscode.TreeItem(run.symbol === undefined ? (run.op ?? 'module') : `@${run.symbol}`, None);
  item.id = `d${dump.id}/run/${run.run}`;
  const text = changeText([dump.changes.get(run.run)]);
  item.description = text;
  decorate(item, run.failed, text === 'unchanged', pass.snapshot);
  item.tooltip = `${pass.pass} on ${run.op ?? 'module'}${run.symbol === undefined ? '' : ` @${run.symbol}`}\n${text}`;
  item.contextValue = 'dumpRun';
  item.command = open(dump, run);
  return item;
}

function decorate(item: vscode.TreeItem, failed: boolean, unchanged: boolean, snapshot: boolean): void {
  item.iconPath = failed
    ? new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
    : new vscode.ThemeIcon(unchanged ? 'circle-outline' : snapshot ? 'bookmark' : 'circle-filled');
  if (unchanged) item.resourceUri = dimmed(item.id!);
}

const open = (dump: OpenDump, run: RunInfo): vscode.Command => ({
  command: 'strata.openDumpPass' satisfies CommandId,
  title: 'Open IR',
  arguments: [{ dump: dump.id, run: run.run }],
});
