/** Outline and folding of IR documents and `.mlir` files in VS Code's terms. */
import * as vscode from 'vscode';
import type { IrText, OutlineItem } from '../language/outline';
import { foldingOf, outlineOf, textOfAnalysis, textOfSnapshot } from '../language/outline';
import type { IrAnalyses } from './irAnalyses';
import type { IrNavigator } from './irNavigator';

const kinds: Readonly<Record<OutlineItem['kind'], vscode.SymbolKind>> = {
  module: vscode.SymbolKind.Module,
  function: vscode.SymbolKind.Function,
  kernel: vscode.SymbolKind.Method,
  data: vscode.SymbolKind.Constant,
  region: vscode.SymbolKind.Object,
};

export class IrOutline implements vscode.DocumentSymbolProvider, vscode.FoldingRangeProvider {
  constructor(
    readonly analyses: IrAnalyses,
    readonly navigator: IrNavigator,
  ) {}

  /** IR of a compilation is known without parsing it. */
  #textOf(document: vscode.TextDocument): IrText | undefined {
    const shown = this.navigator.shownIn(document);
    if (shown !== undefined) return textOfSnapshot(shown.snapshot);
    const analysis = this.analyses.of(document);
    return analysis === undefined ? undefined : textOfAnalysis(analysis);
  }

  provideDocumentSymbols(document: vscode.TextDocument): vscode.DocumentSymbol[] {
    const text = this.#textOf(document);
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
    return text === undefined ? [] : outlineOf(text).map(symbol);
  }

  /** Nothing for text that does not parse: VS Code then folds by indentation. */
  provideFoldingRanges(document: vscode.TextDocument): vscode.FoldingRange[] | undefined {
    const text = this.#textOf(document);
    return text === undefined
      ? undefined
      : foldingOf(text).map(
          (r) =>
            new vscode.FoldingRange(
              r.start,
              r.end,
              r.kind === 'comment' ? vscode.FoldingRangeKind.Comment : undefined,
            ),
        );
  }
}
