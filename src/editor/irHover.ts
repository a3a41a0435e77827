/** Hovers over IR ops: in the documents of a compilation with all that is known, in any other `.mlir` file from its text. */
import * as vscode from 'vscode';
import { spanIndexAt } from '../language/analysis';
import type { OpFacts, OpHover } from '../language/hover';
import { hoverOf, timeText, workText } from '../language/hover';
import { nodesAt } from '../language/provenance';
import type { CommandId } from './commandIds';
import { provenanceOf, shareOf } from './compilations';
import type { IrAnalyses } from './irAnalyses';
import type { IrNavigator, IrTarget, ShownIr } from './irNavigator';
import { kernelPass } from './irNavigator';

const nothing: OpFacts = { nodes: [], dispatches: [] };
/** Model nodes and dispatches that are listed; the rest is counted. */
const listed = 4;
const linked: readonly CommandId[] = [
  'strata.showInTimeline',
  'strata.openPassIr',
  'strata.openKernelSource',
];

export class IrHover implements vscode.HoverProvider {
  constructor(
    readonly analyses: IrAnalyses,
    readonly navigator: IrNavigator,
  ) {}

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const analysis = this.analyses.of(document);
    if (analysis === undefined) return undefined;
    const index = spanIndexAt(analysis.spans, document.offsetAt(position));
    const span = analysis.spans[index];
    if (span === undefined) return undefined;
    const start = document.positionAt(span.start);
    const firstLine = document.lineAt(start.line).range.end;
    const end = document.positionAt(span.end);
    // An op with regions is spoken for by its first line; blank places inside it say nothing.
    if (span.op.regions.length > 0 && position.line !== start.line) return undefined;
    const shown = this.navigator.shownIn(document);
    const facts = shown === undefined ? nothing : factsOf(shown, index);
    return new vscode.Hover(
      markdownOf(hoverOf(span.op, facts), shown),
      new vscode.Range(start, end.isBefore(firstLine) ? end : firstLine),
    );
  }
}

/** What the compilation knows of the op with this number in the text; parsed and printed ops have one order. */
function factsOf({ entry, snapshot }: ShownIr, index: number): OpFacts {
  const { compilation, measurement } = entry;
  return {
    nodes: nodesAt(snapshot, index),
    dispatches: provenanceOf(compilation, snapshot)
      .dispatchesAt(index)
      .map((d) => {
        const time = measurement?.dispatches.find((t) => t.index === d.index);
        const share = measurement === undefined ? undefined : shareOf(measurement, d.index);
        return {
          index: d.index,
          name: d.name,
          flops: d.flops,
          ...(time === undefined ? {} : { medianNs: time.medianNs, runs: time.calls }),
          ...(share === undefined ? {} : { share }),
        };
      }),
  };
}

function markdownOf(hover: OpHover, shown: ShownIr | undefined): vscode.MarkdownString {
  const md = new vscode.MarkdownString(undefined, true);
  md.isTrusted = { enabledCommands: linked };
  md.appendMarkdown(`**\`${hover.title}\`** — `).appendMarkdown(`${plain(hover.summary)}\n\n`);
  if (hover.signature.length > 0) md.appendCodeblock(hover.signature.join('\n'), 'mlir');
  if (hover.work !== undefined && hover.work.flops + hover.work.bytesRead + hover.work.bytesWritten > 0) {
    md.appendMarkdown(`**Cost** ${plain(workText(hover.work))}\n\n`);
  }
  if (hover.nodes.length > 0) {
    const nodes = hover.nodes
      .slice(0, listed)
      .map((n) =>
        shown === undefined
          ? code(n)
          : link(code(n), 'strata.openPassIr', { compilation: shown.entry.id, pass: 0, node: n }),
      );
    md.appendMarkdown(`**From** ${nodes.join(', ')}`);
    if (hover.nodes.length > listed) md.appendMarkdown(` and ${hover.nodes.length - listed} more`);
    md.appendMarkdown('\n\n');
  }
  if (shown !== undefined) appendDispatches(md, hover, shown);
  if (hover.documentation !== '') md.appendMarkdown('---\n\n').appendMarkdown(hover.documentation);
  return md;
}

function appendDispatches(md: vscode.MarkdownString, hover: OpHover, { entry, pass }: ShownIr): void {
  const { compilation } = entry;
  const single = hover.dispatches.length === 1;
  for (const d of hover.dispatches.slice(0, listed)) {
    const info = compilation.dispatches.find((i) => i.index === d.index);
    const home = info === undefined ? pass.index : kernelPass(entry, info);
    const target: IrTarget = { compilation: entry.id, pass: home, dispatch: d.index };
    const became = home === pass.index ? code(d.name) : link(code(d.name), 'strata.openPassIr', target);
    const source =
      !single || compilation.kernelSource === ''
        ? ''
        : ` &nbsp;${link('$(code) C', 'strata.openKernelSource', target)}`;
    md.appendMarkdown(`**Became** ${became}${source}\n\n`);
    const time = timeText(d);
    if (time === undefined) continue;
    md.appendMarkdown(
      `**Took** ${plain(time)} &nbsp;${link('$(pulse) Show in timeline', 'strata.showInTimeline', target)}\n\n`,
    );
  }
  if (hover.dispatches.length > listed)
    md.appendMarkdown(`and ${hover.dispatches.length - listed} more dispatches\n\n`);
}

const link = (label: string, command: CommandId, target: IrTarget): string =>
  `[${label}](command:${command}?${encodeURIComponent(JSON.stringify([target]))})`;
/** `appendText` would keep every blank, so that lines do not wrap. */
const plain = (text: string): string => text.replace(/[\\`*_{}[\]()#+!<>|~$&]/g, '\\$&');
const code = (text: string): string => `\`${text.replace(/`/g, "'")}\``;
