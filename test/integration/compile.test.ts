import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { formatDuration, ns } from '../../src/base/units';
import { rowsOf } from '../../src/editor/modelEditors';
import { sameDispatch } from '../../src/profiler/dispatchId';
import type { DispatchId } from '../../src/profiler/dispatchId';
import { stageNodes, twoStages } from '../compiler/twoStages';
import {
  compile,
  eventually,
  openIr,
  passNamed,
  positionOf,
  run,
  strata,
  tinyConvnet,
  writeFile,
  writeReferenceModel,
} from './strata';

const hoverText = (hovers: readonly vscode.Hover[]): string =>
  hovers.flatMap((h) => h.contents.map((c) => (typeof c === 'string' ? c : c.value))).join('\n');

suite('compile', () => {
  test('a model is compiled, run and compared with the interpreter', async () => {
    const { compilation, measurement } = await tinyConvnet();
    assert.ok(compilation.dispatches.length > 0);
    assert.ok(compilation.artifact !== undefined && existsSync(compilation.artifact));
    assert.equal(compilation.modelNodes.length, 12);
    assert.ok(measurement, 'it was not profiled');
    assert.ok(measurement.medianNs > 0 && measurement.dispatches.length === compilation.dispatches.length);
    assert.ok(measurement.trace !== undefined && existsSync(measurement.trace));
    assert.equal(measurement.agreement?.reference, 'interpreter');
    assert.equal(measurement.agreement.agrees, true, `relative error ${measurement.agreement.relativeError}`);
  });

  test('its run is what the profiler shows', async () => {
    const { trace } = await strata();
    const entry = await tinyConvnet();
    const state = await eventually('the trace', () =>
      trace.state.kind === 'ready' ? trace.state : undefined,
    );
    assert.equal(trace.compilation, entry.id);
    assert.match(state.runs[0]!.title, /^tiny-convnet\.onnx → cpu \(\w+\), \d+ threads?$/);
    assert.ok(state.runs[0]!.info.zones > 0);
  });

  test('two compilations at once do not disturb each other', async () => {
    const [a, b] = await Promise.all([compile(writeReferenceModel('tiny-convnet')), tinyConvnet()]);
    assert.equal(a.state, 'done');
    assert.notEqual(a.id, b.id);
    assert.notEqual(a.state === 'done' ? a.compilation.artifact : undefined, b.compilation.artifact);
  });

  test('what is removed leaves nothing behind, and its open IR says so', async () => {
    const { compilations, storage } = await strata();
    const entry = await compile(writeReferenceModel('tiny-convnet'));
    assert.equal(entry.state, 'done');
    const { document } = await openIr(entry, 'form-dispatches');
    assert.ok(storage.files().some((f) => f.startsWith(entry.id)));
    await run('strata.removeCompilation', { kind: 'compilation', entry });
    assert.equal(compilations.get(entry.id), undefined);
    assert.deepEqual(
      storage.files().filter((f) => f.startsWith(entry.id)),
      [],
    );
    await eventually('the document to change', () =>
      document.getText().includes('no longer in the window') ? true : undefined,
    );
  });
});

suite('IR documents', () => {
  test('are read-only text of the pass in the MLIR language', async () => {
    const entry = await tinyConvnet();
    const { document } = await openIr(entry, 'form-dispatches');
    assert.equal(document.languageId, 'mlir');
    const { compilation } = entry;
    const record = compilation.passes.passes[passNamed(entry, 'form-dispatches').index];
    assert.equal(document.getText(), compilation.passes.snapshots.get(record!.snapshot)?.text);
    assert.match(document.getText(), /dispatch\.region/);
  });

  test('start where the pass did something', async () => {
    const editor = await openIr(await tinyConvnet(), 'form-dispatches');
    const line = editor.document.lineAt(editor.selection.active.line).text;
    assert.match(line, /dispatch\.region/);
  });

  test('have hovers with type, cost, model nodes, dispatch and time, in that order', async () => {
    const entry = await tinyConvnet();
    const { document } = await openIr(entry, 'convert-onnx-to-nn');
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      positionOf(document, 'nn.conv2d'),
    );
    const text = hoverText(hovers);
    const parts = [
      /nn\.conv2d/,
      /a two-dimensional convolution/,
      /input: tensor<1x3x16x16xf32>/,
      /\*\*Cost\*\*.*FLOP/,
      /\*\*From\*\*.*stem\.0\/Conv/,
      /\*\*Became\*\*.*main_dispatch_0/,
      /\*\*Took\*\*.*median/,
    ];
    const places = parts.map((p) => text.search(p));
    assert.ok(
      places.every((at, i) => at >= 0 && at > (places[i - 1] ?? -1)),
      `${parts.map((p, i) => `${places[i]} ${p}`).join('\n')}\nin:\n${text}`,
    );
  });

  test('have an outline of functions and kernels, and folds', async () => {
    const { document } = await openIr(await tinyConvnet(), 'form-dispatches');
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      document.uri,
    );
    const main = symbols[0]?.children.find((s) => s.name === '@main');
    assert.ok(main, JSON.stringify(symbols.map((s) => s.name)));
    assert.ok(main.children.some((s) => s.name.startsWith('@main_dispatch_0')));
    const folds = await vscode.commands.executeCommand<vscode.FoldingRange[]>(
      'vscode.executeFoldingRangeProvider',
      document.uri,
    );
    assert.ok(folds.some((f) => f.end > f.start));
  });

  test('have code lenses with the time of each kernel and the passes that changed a function', async () => {
    const { document } = await openIr(await tinyConvnet(), 'form-dispatches');
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      document.uri,
      10,
    );
    const titles = lenses.map((lens) => lens.command?.title ?? '').join('\n');
    assert.match(titles, /(µs|ns|ms) · [\d.]+ %/);
    assert.match(titles, /changed in \d+ passes/);
  });

  test('step to the next and previous pass that changed something, staying at the op', async () => {
    const entry = await tinyConvnet();
    const editor = await openIr(entry, 'convert-onnx-to-nn');
    const at = positionOf(editor.document, 'nn.conv2d');
    editor.selection = new vscode.Selection(at, at);
    await run('strata.nextChangedPass');
    const next = vscode.window.activeTextEditor;
    assert.ok(next && next.document !== editor.document);
    const { passes } = entry.compilation.passes;
    const expected = passes.find((p) => p.changed && p.index > passNamed(entry, 'convert-onnx-to-nn').index);
    assert.match(next.document.uri.path, new RegExp(`-${expected!.pass}\\.mlir$`));
    assert.match(next.document.lineAt(next.selection.active.line).text, /conv2d/);
    await run('strata.previousChangedPass');
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), editor.document.uri.toString());
  });

  test('are compared with the pass before in the diff editor', async () => {
    const entry = await tinyConvnet();
    const pass = passNamed(entry, 'fold-batch-norm').index;
    await run('strata.diffWithPrevious', { compilation: entry.id, pass });
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    assert.ok(tab?.input instanceof vscode.TabInputTextDiff);
    assert.match(tab.input.modified.path, /fold-batch-norm\.mlir$/);
    assert.match(tab.input.original.query, new RegExp(`\\.${pass - 1}$`));
    assert.match(tab.label, /fold-batch-norm: before ↔ after/);
  });

  test('lead to the generated C of a kernel', async () => {
    const entry = await tinyConvnet();
    await run('strata.openKernelSource', {
      compilation: entry.id,
      pass: 0,
      dispatch: { entryPoint: 'main', index: 1 },
    });
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.languageId, 'c');
    const symbol = entry.compilation.dispatches.find((d) => d.index === 1)?.symbol;
    assert.match(editor.document.lineAt(editor.selection.active.line).text, new RegExp(symbol!));
  });

  test('of a model with several entry points show the time of each dispatch at its own op', async () => {
    const entry = await compile(writeFile('two-stages.onnx', twoStages()));
    assert.equal(entry.state, 'done');
    const { compilation, measurement } = entry;
    assert.deepEqual(
      compilation.dispatches.map((d) => `${d.entryPoint}:${d.index}`),
      ['main:0', 'main_1:0'],
    );
    const times = measurement!.dispatches.map((d) => formatDuration(ns(d.medianNs)));
    const { document } = await openIr(entry, 'form-dispatches');
    for (const [i, d] of compilation.dispatches.entries()) {
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        positionOf(document, `"${d.name}"`, -60),
      );
      const text = hoverText(hovers);
      assert.ok(text.includes(`\`${d.name}\``), text);
      assert.ok(text.includes(times[i]!), `${times[i]} in ${text}`);
    }
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      document.uri,
    );
    const shown = lenses.flatMap((l) => {
      const [target] = (l.command?.arguments ?? []) as readonly { readonly dispatch?: DispatchId }[];
      return target?.dispatch === undefined ? [] : [{ title: l.command!.title, id: target.dispatch }];
    });
    assert.equal(shown.length, 2);
    for (const { title, id } of shown)
      assert.ok(title.includes(times[compilation.dispatches.findIndex((d) => sameDispatch(d, id))]!), title);
    assert.deepEqual(
      rowsOf(entry).flatMap((r) => (r.time === undefined ? [] : [r.name])),
      [...stageNodes],
    );
    for (const d of compilation.dispatches) {
      await run('strata.openKernelSource', {
        compilation: entry.id,
        pass: 0,
        dispatch: { entryPoint: d.entryPoint, index: d.index },
      });
      const { document: c, selection } = vscode.window.activeTextEditor!;
      assert.match(c.lineAt(selection.active.line).text, new RegExp(d.symbol));
    }
  });

  test('of a file that was opened have hovers and an outline too', async () => {
    const [file] = await vscode.workspace.findFiles('add.mlir');
    assert.ok(file);
    const document = await vscode.workspace.openTextDocument(file);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      file,
      positionOf(document, 'arith.addf'),
    );
    assert.match(hoverText(hovers), /arith\.addf/);
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      file,
    );
    assert.equal(symbols[0]?.children[0]?.name, '@add');
  });
});
