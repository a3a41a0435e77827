/** Outline and folding of IR documents and `.mlir` files in VS Code's terms. */
import * as vscode from 'vscode';
import type { OutlineItem } from '../language/outline';
import { foldingOf, outlineOf } from '../language/outline';
import type { IrAnalyses } from './irAnalyses';

const kinds: Readonly<Record<OutlineItem['kind'], vscode.SymbolKind>> = {
  module: vscode.SymbolKind.Module,
  function: vscode.SymbolKind.Function,
  kernel: vscode.SymbolKind.Method,
  data: vscode.SymbolKind.Constant,
  region: vscode.SymbolKind.Object,
};

export class IrOutline implements vscode.DocumentSymbolProvider, vscode.FoldingRangeProvider {
  constructor(readonly analyses: IrAnalyses) {}

  provideDocumentSymbols(document: vscode.TextDocument): vscode.DocumentSymbol[] {
    const analysis = this.analyses.of(document);
    const range = (start: number, end: number): vscode.Range =>
      new vscode.Range(document.positionAt(start), document.positionAt(end));
    const symbol = (item: OutlineItem): vscode.DocumentSymbol => {
      const result = new vscode.DocumentSymbol(
        item.name,
        item.detail,
        kinds[item.kind],
        range(item.start, item.end),
        range(item.nameStart, item.nameEnd),
      );
      result.children = item.children.map(symbol);
      return result;
    };
    return analysis === undefined ? [] : outlineOf(analysis).map(symbol);
  }

  /** Nothing for text that does not parse: VS Code then folds by indentation. */
  provideFoldingRanges(document: vscode.TextDocument): vscode.FoldingRange[] | undefined {
    const analysis = this.analyses.of(document);
    return analysis === undefined
      ? undefined
      : foldingOf(analysis).map(
          (r) =>
            new vscode.FoldingRange(
              r.start,
              r.end,
              r.kind === 'comment' ? vscode.FoldingRangeKind.Comment : undefined,
            ),
        );
  }
}
