import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { passesLog } from '../dump/passesLog';
import { eventually, run, strata, workspaceFile, writeFile } from './strata';

const log = readFileSync(path.join(process.cwd(), 'test/dump/logs/mlir-2024.log'), 'utf8');

/** Opens a dump and waits until all its runs are compared. */
async function opened(name: string, text: string): Promise<number> {
  const id = await run('strata.openDump', writeFile(name, text));
  assert.equal(typeof id, 'number');
  const { dumps } = await strata();
  await eventually('all passes to be compared', () =>
    dumps.get(id as number)?.pending === 0 ? true : undefined,
  );
  return id as number;
}

suite('IR dumps', () => {
  test('open with passes, what they changed, and the diff of one as editors of VS Code', async () => {
    const id = await opened('opt.log', log);
    const { dumps } = await strata();
    const dump = dumps.get(id)!;
    const changed = dump.runs.find(({ run: r }) => dump.changes.get(r.run)?.kind === 'changed')!;
    await run('strata.openDumpPass', { dump: id, run: changed.run.run });
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(tab instanceof vscode.TabInputTextDiff, 'it is no diff');
    const [before, after] = await Promise.all(
      [tab.original, tab.modified].map((u) => vscode.workspace.openTextDocument(u)),
    );
    assert.notEqual(before!.getText(), after!.getText());
    assert.equal(after!.languageId, 'mlir');
    // The language server reads them as any other IR.
    const symbols = await eventually('an outline', async () => {
      const found = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
        'vscode.executeDocumentSymbolProvider',
        after!.uri,
      );
      return found !== undefined && found.length > 0 ? found : undefined;
    });
    assert.match(symbols[0]!.name, /^(?:@|module)/);
  });

  test('step to the next change of the same function, and back', async () => {
    const id = await opened('attention.log', passesLog);
    const { dumps } = await strata();
    const dump = dumps.get(id)!;
    const query = (pass: string): string => {
      const place = dump.runs.findIndex((r) => r.pass.argument === pass && r.run.symbol === 'attention');
      return `${id}.${place}.like.0`;
    };
    const shown = (what: string): Promise<true> =>
      eventually(what, () => {
        const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
        return tab instanceof vscode.TabInputTextDiff && tab.modified.query === query(what)
          ? true
          : undefined;
      });
    const first = dump.runs.findIndex((r) => r.pass.argument === 'cse' && r.run.symbol === 'attention');
    await run('strata.openDumpPass', { dump: id, run: first });
    await shown('cse');
    await run('strata.nextChangedPass');
    await shown('tile');
    // Loop-invariant code motion changes nothing: there is no further step.
    await run('strata.nextChangedPass');
    await shown('tile');
    await run('strata.previousChangedPass');
    await shown('cse');
  });

  test('that are no dump are refused, and a closed one says so', async () => {
    const { dumps } = await strata();
    await assert.rejects(dumps.open(writeFile('no.log', 'nothing here\n').fsPath), /STR0150/);
    const id = await opened('opt.log', log);
    await run('strata.openDumpPass', { dump: id, run: 0 });
    await dumps.close(id);
    assert.equal(dumps.get(id), undefined);
    const document = await vscode.workspace.openTextDocument(
      vscode.Uri.from({ scheme: 'strata-dump', path: '/x.mlir', query: `${id}.0.after.0` }),
    );
    assert.match(document.getText(), /no longer open/);
  });

  test('are traced from the command that a person types', async function () {
    if (spawnSync('mlir-opt-22', ['--version']).status !== 0) this.skip();
    const file = writeFile(
      'traced.mlir',
      'func.func @f(%a: i32) -> i32 {\n  %c0 = arith.constant 0 : i32\n  %0 = arith.addi %a, %c0 : i32\n  return %0 : i32\n}\n',
    );
    const id = await run('strata.traceCompiler', `mlir-opt-22 '${file.fsPath}' --canonicalize --cse`);
    const { dumps } = await strata();
    const dump = dumps.get(id as number);
    assert.ok(dump, 'no dump');
    assert.deepEqual(
      dump.runs.map((r) => r.pass.argument),
      ['canonicalize', 'cse'],
    );
    await eventually('the comparison', () => (dump.pending === 0 ? true : undefined));
    assert.deepEqual(
      dump.runs.map((r) => dump.changes.get(r.run.run)?.kind),
      ['changed', 'unchanged'],
    );
    assert.ok(dump.runs[0]!.pass.seconds !== undefined, 'no time from the report');
    assert.ok(workspaceFile('traced.mlir'));
  });
});
