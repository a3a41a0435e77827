import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, writeFile } from './strata';

const text = `#map = affine_map<(d0) -> (d0)>
module {
  func.func private @callee(i32) -> i32
  func.func @caller(%arg0: i32) -> i32 {
    %0 = call @callee(%arg0) : (i32) -> i32
      %1 = "my.op"(%0) {map = #map} : (i32) -> i32
    return %1 : i32
  }
}
`;

async function opened(name: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(writeFile(name, text));
  await vscode.window.showTextDocument(document);
  return document;
}
const at = (document: vscode.TextDocument, words: string): vscode.Position =>
  document.positionAt(document.getText().indexOf(words));

/** What the language server answers, once it runs. */
const asked = <T>(what: string, command: string, ...args: unknown[]): Promise<T> =>
  eventually(what, async () => {
    const found = await vscode.commands.executeCommand<T | undefined>(command, ...args);
    return found === undefined || found === null || (Array.isArray(found) && found.length === 0)
      ? undefined
      : found;
  });

async function renamed(document: vscode.TextDocument, words: string, name: string): Promise<string> {
  const edit = await eventually('a rename', async () => {
    const found = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      document.uri,
      at(document, words),
      name,
    );
    return found.size > 0 ? found : undefined;
  });
  assert.ok(await vscode.workspace.applyEdit(edit), JSON.stringify(edit));
  return document.getText();
}

suite('language features of IR text', () => {
  test('values and symbols are renamed where they are defined and used', async () => {
    const document = await opened('rename.mlir');
    const values = await renamed(document, '%0 =', '%sum');
    assert.match(values, /%sum = call/);
    assert.match(values, /"my\.op"\(%sum\)/);
    const symbols = await renamed(document, '@callee(i32)', '@other');
    assert.match(symbols, /private @other\(i32\)/);
    assert.match(symbols, /call @other\(%arg0\)/);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  test('completion, selection ranges, tokens, hints, highlights and definition', async () => {
    const document = await opened('features.mlir');
    const { uri } = document;
    const list = await asked<vscode.CompletionList>(
      'completions',
      'vscode.executeCompletionItemProvider',
      uri,
      at(document, '%1 : i32').translate(0, 1),
    );
    const labels = list.items.map((i) => (typeof i.label === 'string' ? i.label : i.label.label));
    assert.ok(
      ['%0', '%1', '%arg0'].every((name) => labels.includes(name)),
      labels.join(),
    );
    const [range] = await asked<vscode.SelectionRange[]>(
      'selection ranges',
      'vscode.executeSelectionRangeProvider',
      uri,
      [at(document, 'my.op')],
    );
    const sizes: number[] = [];
    for (let r: vscode.SelectionRange | undefined = range; r !== undefined; r = r.parent)
      sizes.push(document.getText(r.range).length);
    assert.ok(sizes.length >= 4 && sizes.every((n, i) => i === 0 || n >= sizes[i - 1]!), sizes.join());
    const tokens = await asked<vscode.SemanticTokens>(
      'semantic tokens',
      'vscode.provideDocumentSemanticTokens',
      uri,
    );
    assert.ok(tokens.data.length > 20);
    const highlights = await asked<vscode.DocumentHighlight[]>(
      'highlights',
      'vscode.executeDocumentHighlights',
      uri,
      at(document, '%arg0: i32'),
    );
    assert.equal(highlights.length, 2);
    const [definition] = await asked<vscode.Location[]>(
      'a definition',
      'vscode.executeDefinitionProvider',
      uri,
      at(document, '@callee(%arg0)').translate(0, 2),
    );
    assert.equal(definition!.range.start.line, 2);
  });

  test('formatting indents by region and keeps names, forms and comments', async () => {
    const document = await opened('format.mlir');
    const edits = await asked<vscode.TextEdit[]>(
      'edits',
      'vscode.executeFormatDocumentProvider',
      document.uri,
      {
        tabSize: 2,
        insertSpaces: true,
      },
    );
    const edit = new vscode.WorkspaceEdit();
    edit.set(document.uri, edits);
    assert.ok(await vscode.workspace.applyEdit(edit));
    assert.match(document.getText(), /^ {4}%1 = "my\.op"\(%0\) \{map = #map\} : \(i32\) -> i32$/m);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  test('an edit in the middle is seen by the next hover', async () => {
    const document = await opened('edited.mlir');
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(6, 0), '    %new = my.other %1 : i32\n');
    assert.ok(await vscode.workspace.applyEdit(edit));
    const hovers = await asked<vscode.Hover[]>(
      'a hover',
      'vscode.executeHoverProvider',
      document.uri,
      at(document, 'my.other').translate(0, 3),
    );
    const said = hovers
      .flatMap((h) => h.contents.map((c) => (typeof c === 'string' ? c : c.value)))
      .join('\n');
    assert.match(said, /my\.other/);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });
});
