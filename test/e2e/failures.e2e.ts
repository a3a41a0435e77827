import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { step, VsCode } from './vscode';

test('what goes wrong is said with a code and what to do', async (t) => {
  // Without a compiler on the PATH, as on a fresh machine; VS Code would take the PATH of a login shell.
  const tools = path.join(process.cwd(), 'out', 'no-tools');
  const shell = path.join(tools, 'no-shell');
  mkdirSync(tools, { recursive: true });
  writeFileSync(shell, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  await VsCode.use(t, { env: { PATH: tools, SHELL: shell } }, async (code) => {
    const model = path.join(code.workspace, 'mobilenet-v2.onnx');
    writeFileSync(model, buildReferenceModel('mobilenet-v2'));
    const letter = path.join(code.workspace, 'letter.onnx');
    writeFileSync(letter, 'Dear all, this is not a model.\n');
    const compile = async (file: string): Promise<void> => {
      await code.runCommand('Strata: Compile Model…');
      await code.chooseFile('Compile Model', file);
    };
    await code.openContainer('Strata');

    await step(t, 'a file that is no model', async () => {
      await compile(letter);
      const text = await code.waitForNotification(/STR03\d\d/);
      assert.match(text, /letter\.onnx is not an ONNX model/);
      await code.waitForTreeRow(/letter\.onnx\s*STR03\d\d/);
      await code.screenshot('error-toast');
      await code.clickNotificationButton(/STR03\d\d/, 'Show Log');
      await code.page.locator('.part.panel .view-line', { hasText: 'letter.onnx' }).first().waitFor();
      assert.match(code.outputChannel('Strata'), /\[error\] letter\.onnx: STR03\d\d/);
      await code.screenshot('log');
    });

    await step(t, 'cancelling half way leaves nothing behind', async () => {
      await compile(model);
      await code.waitForTreeRow(/mobilenet-v2\.onnx\s*\d+ %/);
      await code.clickNotificationButton('Compiling mobilenet-v2.onnx', 'Cancel');
      await code.treeRow(/mobilenet-v2\.onnx/).waitFor({ state: 'detached' });
      assert.match(code.outputChannel('Strata'), /mobilenet-v2\.onnx: cancelled/);
    });

    await step(t, 'no C compiler', async () => {
      await compile(model);
      const text = await code.waitForNotification(/STR0701/);
      assert.match(text, /a C compiler, which was not found/);
      await code.screenshot('no-compiler');
      await code.clickNotificationButton(/STR0701/, 'Check Installation');
      const missing = await code.waitForNotification(/Missing: a C compiler, a C\+\+ compiler, CMake, Ninja/);
      assert.match(missing, /To install: /);
      await code.screenshot('check-installation');
    });
  });
});

test('a workspace that is not trusted can be looked at, not run', async (t) => {
  await VsCode.use(
    t,
    { trust: false, settings: { 'security.workspace.trust.startupPrompt': 'never' } },
    async (code) => {
      await code.openContainer('Strata');
      await code.page.getByRole('button', { name: 'Manage Workspace Trust' }).first().waitFor();
      await code.openFile('add.mlir');
      assert.match(await code.hover('arith.addf'), /arith\.addf/);
      await code.runCommand('Strata: Try MobileNetV2');
      const text = await code.waitForNotification(/STR0901/);
      assert.match(text, /needs a trusted workspace/);
      await code.screenshot('untrusted');
    },
  );
});
