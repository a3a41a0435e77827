/**
 * The language server for IR text of any dialect: the features of `src/language` over the Language Server Protocol. The
 * extension runs it in a process of its own; `strata lsp` runs it on stdio for other editors.
 */
import type { Connection, InitializeResult, MarkupContent, Range } from 'vscode-languageserver';
import {
  CompletionItemKind,
  DiagnosticSeverity,
  DocumentHighlightKind,
  FoldingRangeKind,
  InlayHintKind,
  MarkupKind,
  ResponseError,
  LSPErrorCodes,
  SymbolKind,
  TextDocuments,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import type { DocumentSymbol, SelectionRange } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextRange } from '../dump/structure/structure';
import type { Completion } from '../language/completion';
import { completionsAt } from '../language/completion';
import { formatIr } from '../language/formatting';
import { hoverAt, hoverMarkdown } from '../language/hover';
import { typeHints } from '../language/inlayHints';
import { nameAt, referencesOf, renameTo, selectionRanges } from '../language/navigation';
import type { OutlineItem } from '../language/outline';
import { foldingOf, outlineOf } from '../language/outline';
import { semanticTokens, tokenModifiers, tokenTypes } from '../language/semanticTokens';
import type { OpenIr } from './documents';
import { IrDocuments } from './documents';
import type { OpFacts, OpFactsParams, ServerOptions } from './protocol';
import { opFacts } from './protocol';

/** Types and costs come with a hover when they are there this soon. */
const hoverWaitMs = 80;
/** Semantic tokens beyond this many characters are only given for what is in view. */
const longestForTokens = 4 << 20;

const symbolKinds: Readonly<Record<OutlineItem['kind'], SymbolKind>> = {
  module: SymbolKind.Module,
  function: SymbolKind.Function,
  kernel: SymbolKind.Method,
  data: SymbolKind.Constant,
  region: SymbolKind.Object,
};
const completionKinds: Readonly<Record<Completion['kind'], CompletionItemKind>> = {
  op: CompletionItemKind.Function,
  dialect: CompletionItemKind.Module,
  value: CompletionItemKind.Variable,
  block: CompletionItemKind.Reference,
  symbol: CompletionItemKind.Method,
  alias: CompletionItemKind.Constant,
  type: CompletionItemKind.Struct,
  attribute: CompletionItemKind.Property,
};

const initializeResult: InitializeResult = {
  serverInfo: { name: 'strata' },
  capabilities: {
    textDocumentSync: TextDocumentSyncKind.Incremental,
    hoverProvider: true,
    definitionProvider: true,
    referencesProvider: true,
    documentHighlightProvider: true,
    renameProvider: { prepareProvider: true },
    documentSymbolProvider: { label: 'Strata' },
    foldingRangeProvider: true,
    selectionRangeProvider: true,
    semanticTokensProvider: {
      legend: { tokenTypes: [...tokenTypes], tokenModifiers: [...tokenModifiers] },
      full: true,
      range: true,
    },
    completionProvider: { triggerCharacters: ['%', '^', '@', '#', '!', '"', '.'] },
    inlayHintProvider: true,
    documentFormattingProvider: true,
  },
};

export function serve(connection: Connection): void {
  const documents = new TextDocuments(TextDocument);
  let options: ServerOptions = {};
  let refreshesHints = false;
  const irs = new IrDocuments(documents, connection, (open) => {
    publish(connection, open);
    if (refreshesHints) connection.languages.inlayHint.refresh().catch(() => undefined);
  });

  connection.onInitialize((params) => {
    options = (params.initializationOptions as ServerOptions | null | undefined) ?? {};
    refreshesHints = params.capabilities.workspace?.inlayHint?.refreshSupport === true;
    return initializeResult;
  });

  connection.onHover(async ({ textDocument: { uri }, position }) => {
    const open = await irs.settled(uri, hoverWaitMs);
    if (open === undefined) return null;
    const hover = hoverAt(open.source, open.known, open.document.offsetAt(position));
    if (hover === undefined) return null;
    let facts: OpFacts = '';
    if (hover.op !== undefined && options.opFacts === true) {
      const params: OpFactsParams = { uri, offset: hover.op };
      facts = await connection.sendRequest<OpFacts>(opFacts, params).catch(() => '');
    }
    return { contents: markdown(hoverMarkdown(hover, facts)), range: rangeIn(open, hover.range) };
  });

  connection.onDefinition(({ textDocument: { uri }, position }) => {
    const found = bindingAt(uri, position);
    return found === undefined ? null : { uri, range: rangeIn(found.open, found.binding.definition) };
  });
  connection.onReferences(({ textDocument: { uri }, position, context }) => {
    const found = bindingAt(uri, position);
    if (found === undefined) return null;
    return referencesOf(found.binding)
      .filter((r) => context.includeDeclaration || !r.isDefinition)
      .map((r) => ({ uri, range: rangeIn(found.open, r) }));
  });
  connection.onDocumentHighlight(({ textDocument: { uri }, position }) => {
    const found = bindingAt(uri, position);
    if (found === undefined) return null;
    return referencesOf(found.binding).map((r) => ({
      range: rangeIn(found.open, r),
      kind: r.isDefinition ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
    }));
  });
  connection.onPrepareRename(({ textDocument: { uri }, position }) => {
    const found = bindingAt(uri, position);
    if (found === undefined) return null;
    const written = found.open.source.text.slice(found.start, found.end).replace(/#\d+$/, '');
    return {
      range: rangeIn(found.open, { start: found.start, end: found.start + written.length }),
      placeholder: written,
    };
  });
  connection.onRenameRequest(({ textDocument: { uri }, position, newName }) => {
    const found = bindingAt(uri, position);
    if (found === undefined) return null;
    const edits = renameTo(found.open.source, found.binding, newName);
    if (typeof edits === 'string') throw new ResponseError(LSPErrorCodes.RequestFailed, edits);
    return {
      changes: { [uri]: edits.map((e) => ({ range: rangeIn(found.open, e), newText: e.newText })) },
    };
  });

  connection.onDocumentSymbol(({ textDocument: { uri } }) => {
    const open = irs.get(uri);
    if (open === undefined) return null;
    const symbol = (item: OutlineItem): DocumentSymbol => ({
      name: item.name,
      detail: item.detail,
      kind: symbolKinds[item.kind],
      range: rangeIn(open, item),
      selectionRange: rangeIn(open, { start: item.nameStart, end: item.nameEnd }),
      children: item.children.map(symbol),
    });
    return outlineOf(open.source).map(symbol);
  });
  connection.onFoldingRanges(({ textDocument: { uri } }) => {
    const open = irs.get(uri);
    if (open === undefined) return null;
    return foldingOf(open.source).map((r) => ({
      startLine: r.start,
      endLine: r.end,
      ...(r.kind === 'comment' ? { kind: FoldingRangeKind.Comment } : {}),
    }));
  });
  connection.onSelectionRanges(({ textDocument: { uri }, positions }) => {
    const open = irs.get(uri);
    if (open === undefined) return null;
    return positions.map((position): SelectionRange => {
      const ranges = selectionRanges(open.source, open.document.offsetAt(position));
      const nested = [...ranges]
        .reverse()
        .reduce<SelectionRange | undefined>(
          (parent, r) => ({ range: rangeIn(open, r), ...(parent === undefined ? {} : { parent }) }),
          undefined,
        );
      return nested ?? { range: { start: position, end: position } };
    });
  });

  connection.languages.semanticTokens.on(({ textDocument: { uri } }) => {
    const open = irs.get(uri);
    if (open === undefined || open.source.text.length > longestForTokens) return { data: [] };
    return { data: tokenData(open) };
  });
  connection.languages.semanticTokens.onRange(({ textDocument: { uri }, range }) => {
    const open = irs.get(uri);
    return { data: open === undefined ? [] : tokenData(open, offsets(open, range)) };
  });

  connection.onCompletion(async ({ textDocument: { uri }, position }) => {
    const open = await irs.settled(uri, hoverWaitMs);
    if (open === undefined) return null;
    return completionsAt(open.source, open.known, open.document.offsetAt(position)).map((c, i) => ({
      label: c.label,
      kind: completionKinds[c.kind],
      sortText: String(i).padStart(6, '0'),
      filterText: c.label,
      ...(c.detail === undefined ? {} : { detail: c.detail }),
      ...(c.documentation === undefined || c.documentation === ''
        ? {}
        : { documentation: markdown(c.documentation) }),
      textEdit: { range: rangeIn(open, c), newText: c.insert },
    }));
  });
  connection.languages.inlayHint.on(({ textDocument: { uri }, range }) => {
    const open = irs.get(uri);
    if (open === undefined) return null;
    return typeHints(open.source, open.known, offsets(open, range)).map((h) => ({
      position: open.document.positionAt(h.offset),
      label: h.label,
      kind: InlayHintKind.Type,
    }));
  });
  connection.onDocumentFormatting(async ({ textDocument: { uri } }) => {
    const open = await irs.settled(uri, 5_000);
    if (open === undefined) return null;
    return formatIr(open.source, open.known).map((e) => ({ range: rangeIn(open, e), newText: e.newText }));
  });

  function bindingAt(
    uri: string,
    position: { readonly line: number; readonly character: number },
  ): (NonNullable<ReturnType<typeof nameAt>> & { readonly open: OpenIr }) | undefined {
    const open = irs.get(uri);
    const found = open === undefined ? undefined : nameAt(open.source, open.document.offsetAt(position));
    return open === undefined || found === undefined ? undefined : { ...found, open };
  }

  documents.listen(connection);
  connection.listen();
}

const markdown = (value: string): MarkupContent => ({ kind: MarkupKind.Markdown, value });
const rangeIn = ({ document }: OpenIr, { start, end }: TextRange): Range => ({
  start: document.positionAt(start),
  end: document.positionAt(end),
});
const offsets = ({ document }: OpenIr, range: Range): TextRange => ({
  start: document.offsetAt(range.start),
  end: document.offsetAt(range.end),
});

/** Line and start relative to the token before, length, type, modifiers. */
function tokenData(open: OpenIr, range?: TextRange): number[] {
  const data: number[] = [];
  let [line, character] = [0, 0];
  for (const token of semanticTokens(open.source, range)) {
    const start = open.document.positionAt(token.start);
    data.push(
      start.line - line,
      start.line === line ? start.character - character : start.character,
      token.end - token.start,
      tokenTypes.indexOf(token.type),
      token.modifiers,
    );
    line = start.line;
    character = start.character;
  }
  return data;
}

/** IR that a compiler of ours printed is right by construction, and nobody edits it. */
function publish(connection: Connection, { document, known }: OpenIr): void {
  if (!/^(?:file|untitled|vscode-vfs|vscode-remote):/.test(document.uri)) return;
  void connection.sendDiagnostics({
    uri: document.uri,
    version: document.version,
    diagnostics: known.problems.map((p) => ({
      severity: p.severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
      source: 'strata',
      code: p.code,
      message: p.text,
      range: { start: document.positionAt(p.start), end: document.positionAt(p.end) },
    })),
  });
}
