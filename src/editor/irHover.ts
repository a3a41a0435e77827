/** Hovers over IR ops: in the documents of a compilation with all that is known, in any other `.mlir` file from its text. */
import * as vscode from 'vscode';
import type { Analysis } from '../language/analysis';
import { analyse, spanIndexAt } from '../language/analysis';
import type { OpFacts, OpHover } from '../language/hover';
import { hoverOf, timeText, workText } from '../language/hover';
import type { CommandId } from './commandIds';
import type { Compilations } from './compilations';
import { dispatchesOf, snapshotAfter } from './compilations';
import { irAddress } from './irDocuments';

/** Texts beyond this are not parsed for a hover. */
const maxText = 8 * 1024 * 1024;
const nothing: OpFacts = { nodes: [], dispatches: [] };

export class IrHover implements vscode.HoverProvider {
  readonly #analyses = new Map<string, { readonly version: number; readonly analysis: Analysis | undefined }>();
  constructor(readonly compilations: Compilations) {}

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const analysis = this.#analysisOf(document);
    if (analysis === undefined) return undefined;
    const offset = document.offsetAt(position);
    const index = spanIndexAt(analysis.spans, offset);
    const span = analysis.spans[index];
    if (span === undefined) return undefined;
    const facts = this.#facts(document.uri, index);
    const hover = hoverOf(span.op, facts);
    const firstLineEnd = document.lineAt(document.positionAt(span.start).line).range.end;
    const end = document.positionAt(span.end);
    const range = new vscode.Range(document.positionAt(span.start), end.isBefore(firstLineEnd) ? end : firstLineEnd);
    // Inside a region only the op's own first line speaks for it.
    if (position.isAfter(range.end) && span.op.name === 'builtin.module') return undefined;
    return new vscode.Hover(markdownOf(hover, document.uri), range);
  }

  #analysisOf(document: vscode.TextDocument): Analysis | undefined {
    const key = document.uri.toString();
    const known = this.#analyses.get(key);
    if (known?.version === document.version) return known.analysis;
    const text = document.getText();
    const result = text.length > maxText ? undefined : analyse(text);
    const analysis = result?.kind === 'ok' ? result.analysis : undefined;
    if (this.#analyses.size > 8) this.#analyses.clear();
    this.#analyses.set(key, { version: document.version, analysis });
    return analysis;
  }

  /** What the compilation knows of the op with this number in the text; parsed and printed ops have one order. */
  #facts(uri: vscode.Uri, index: number): OpFacts {
    const address = irAddress(uri);
    const entry = address === undefined ? undefined : this.compilations.done(address.compilation);
    const snapshot = address === undefined || entry === undefined ? undefined : snapshotAfter(entry.compilation, address.pass);
    if (entry === undefined || snapshot === undefined) return nothing;
    const nodes = snapshot.nodeSets[snapshot.nodesOf[index] ?? 0] ?? [];
    const symbol = snapshot.symbols[snapshot.symbolOf[index] ?? 0] ?? '';
    const { compilation, measurement } = entry;
    const total = measurement?.dispatches.reduce((t, d) => t + d.medianNs, 0) ?? 0;
    return {
      nodes,
      dispatches: dispatchesOf(compilation, symbol, nodes).map((d) => {
        const time = measurement?.dispatches.find((t) => t.index === d.index);
        return {
          index: d.index,
          name: d.name,
          flops: d.flops,
          ...(time === undefined ? {} : { medianNs: time.medianNs, share: total === 0 ? 0 : time.medianNs / total, runs: time.calls }),
        };
      }),
    };
  }
}

const shown = 4;

function markdownOf(hover: OpHover, uri: vscode.Uri): vscode.MarkdownString {
  const md = new vscode.MarkdownString(undefined, true);
  const allowed: readonly CommandId[] = ['strata.showInTimeline'];
  md.isTrusted = { enabledCommands: allowed };
  md.appendMarkdown(`**\`${hover.title}\`** `).appendText(hover.summary).appendMarkdown('\n\n');
  if (hover.signature.length > 0) md.appendCodeblock(hover.signature.join('\n'), 'mlir');
  if (hover.work !== undefined && hover.work.flops + hover.work.bytesRead + hover.work.bytesWritten > 0) {
    md.appendMarkdown('**Cost** ').appendText(workText(hover.work)).appendMarkdown('\n\n');
  }
  if (hover.nodes.length > 0) {
    md.appendMarkdown('**From** ').appendMarkdown(hover.nodes.slice(0, shown).map(code).join(', '));
    if (hover.nodes.length > shown) md.appendText(` and ${hover.nodes.length - shown} more`);
    md.appendMarkdown('\n\n');
  }
  for (const d of hover.dispatches.slice(0, shown)) {
    const args = encodeURIComponent(JSON.stringify([{ uri: uri.toString(), dispatch: d.index }]));
    md.appendMarkdown(`**Became** ${code(d.name)}`);
    const time = timeText(d);
    if (time !== undefined) md.appendMarkdown(` · [$(pulse) show in timeline](command:strata.showInTimeline?${args})\n\n**Took** `).appendText(time);
    md.appendMarkdown('\n\n');
  }
  if (hover.dispatches.length > shown) md.appendText(`and ${hover.dispatches.length - shown} more dispatches\n\n`);
  if (hover.documentation !== '') md.appendMarkdown('---\n\n').appendMarkdown(hover.documentation);
  return md;
}
const code = (text: string): string => `\`${text.replace(/`/g, "'")}\``;
