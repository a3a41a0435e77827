import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { OnnxGraphBuilder } from '../../src/frontend/zoo/onnxGraphBuilder';
import { compile, eventually, run, strata, writeFile, writeReferenceModel } from './strata';

/** The diagnostic of a compilation that must fail; nothing may be left in the storage. */
async function failure(
  file: vscode.Uri,
): Promise<{ readonly code: string; readonly text: string; readonly next?: string }> {
  const entry = await compile(file);
  assert.equal(entry.state, 'failed');
  const { storage } = await strata();
  assert.deepEqual(
    storage.files().filter((f) => f.startsWith(entry.id)),
    [],
  );
  return entry.diagnostic;
}

suite('failures', () => {
  test('a file that is no ONNX model', async () => {
    const { code, text } = await failure(writeFile('letter.onnx', 'Dear all, this is not a model.\n'));
    assert.match(code, /^STR03\d\d$/);
    assert.match(text, /letter\.onnx/);
  });

  test('a model that is cut short', async () => {
    const whole = await vscode.workspace.fs.readFile(writeReferenceModel('tiny-convnet'));
    const { code, text } = await failure(writeFile('half.onnx', whole.subarray(0, whole.length >> 1)));
    assert.match(code, /^STR03\d\d$/);
    assert.match(text, /half\.onnx/);
  });

  test('operators that are not supported are listed all at once with their nodes', async () => {
    const g = new OnnxGraphBuilder({ name: 'odd', seed: 0 });
    const x = g.input('x', 'f32', [1, 4]);
    const a = g.node('/first', 'Erf', [x]);
    const b = g.node('/second', 'NoSuchOperator', [a]);
    g.node('/third', 'AnotherUnknown', [b], { output: 'y' });
    g.output('y', 'f32', [1, 4]);
    const { code, text } = await failure(writeFile('odd.onnx', g.build()));
    assert.match(code, /^STR0[34]\d\d$/);
    assert.match(text, /NoSuchOperator/);
    assert.match(text, /AnotherUnknown/);
    assert.match(text, /second/);
  });

  test('a file that is not there', async () => {
    const { code } = await failure(
      vscode.Uri.joinPath(writeReferenceModel('tiny-convnet'), '../missing.onnx'),
    );
    assert.match(code, /^STR03\d\d$/);
  });

  test('no C compiler: the error names the command that installs one', async () => {
    const file = writeReferenceModel('tiny-convnet');
    const { PATH, CC } = process.env;
    process.env['PATH'] = '';
    delete process.env['CC'];
    try {
      const { code, text, next } = await failure(file);
      assert.equal(code, 'STR0701');
      assert.match(text, /C compiler/);
      assert.match(next ?? '', /gcc|xcode|package manager/);
      const report = (await run('strata.checkInstallation')) as {
        readonly ok: boolean;
        readonly fix?: string;
      };
      assert.equal(report.ok, false);
      assert.ok(report.fix);
    } finally {
      process.env['PATH'] = PATH;
      if (CC !== undefined) process.env['CC'] = CC;
    }
  });

  test('cancelling half way leaves nothing behind', async () => {
    const { compilations, storage } = await strata();
    const before = { entries: compilations.all.map((e) => e.id), files: storage.files() };
    const compiling = run('strata.compileModel', writeReferenceModel('mobilenet-v2'));
    const entry = await eventually('the compilation to be under way', () =>
      compilations.all.find(
        (e) => e.state === 'running' && e.progress !== undefined && e.progress.phase === 'structured',
      ),
    );
    const asked = Date.now();
    await run('strata.cancelCompilation', { kind: 'compilation', entry });
    assert.equal(await compiling, undefined);
    assert.ok(Date.now() - asked < 4_000, `it took ${Date.now() - asked} ms to stop`);
    assert.deepEqual(
      compilations.all.map((e) => e.id),
      before.entries,
    );
    assert.deepEqual(storage.files(), before.files);
  });

  test('a model that is on no disk', async () => {
    const { compilations } = await strata();
    const before = compilations.all.length;
    assert.equal(await run('strata.compileModel', vscode.Uri.parse('memory:/model.onnx')), undefined);
    assert.equal(compilations.all.length, before);
  });
});

suite('traces', () => {
  test('a trace file opens in the profiler', async () => {
    const { trace } = await strata();
    const file = await eventually('a trace', async () => {
      const { compilations } = await strata();
      return compilations.all
        .map((e) => (e.state === 'done' ? e.measurement?.trace : undefined))
        .find((f) => f !== undefined && existsSync(f));
    });
    await run('strata.openTrace', vscode.Uri.file(file));
    const tab = await eventually('the editor', () => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return input instanceof vscode.TabInputCustom ? input : undefined;
    });
    assert.equal(tab.viewType, 'strata.trace');
    assert.notEqual(trace.state.kind, 'loading');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
});
