#!/usr/bin/env node
// Stands where @vscode/test-electron expects the desktop executable of VS Code: takes the same arguments, runs the
// extension tests in code-server and headless Chromium, and ends with their exit code. Its own failures are 90 to 94.

import path from 'node:path';
import process from 'node:process';
import { format } from 'node:util';
import { launchBrowser, startServer } from './host.mjs';

const argv = process.argv.slice(2);
const values = (name) =>
  argv.filter((each) => each.startsWith(`--${name}=`)).map((each) => each.slice(name.length + 3));
const folder = argv.find((each) => !each.startsWith('-'));
const limit = Number(process.env.CODE_SHIM_TIMEOUT_MS ?? 300_000);

/** What VS Code itself says about services that a test machine has not, and about its own end. */
const noise =
  /^\s*(Canceled|Error: \d+ tests failed|Resolv|Creating a socket|\[Service Worker|\[AgentHost|\[AccountPolicy|\[reconnection|Updating additional|getaddrinfo|\[ChatModel|Failed: getaddrinfo)/;

let server;
let browser;
let finishing = false;
async function finish(code, why) {
  if (finishing) return;
  finishing = true;
  if (why !== undefined) console.error(`code-shim: ${why}`);
  if (code >= 90 && server !== undefined) console.error(server.readLog().slice(-2_000));
  await browser?.close().catch(() => {});
  await server?.stop();
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void finish(130, `ended by ${signal}`));
setTimeout(() => void finish(91, `the tests took longer than ${limit / 1000} s`), limit).unref();

try {
  server = await startServer({ smokeTestDriver: true });
  void server.ended.then((how) => finish(90, `VS Code ended early (${how})`));
  browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });

  // A crash of the extension host is reported as success; only the log tells.
  let crash;
  await page.exposeFunction('codeAutomationLog', (type, args) => {
    const text = format(...args);
    if (/\[ExtensionHost\].*socket (close|timeout) event/.test(text)) {
      crash ??= text;
      setTimeout(() => void finish(94, `the extension host died: ${crash}`), 500);
    }
    if (process.env.VERBOSE || (crash === undefined && !noise.test(text)))
      (type === 'error' ? process.stderr : process.stdout).write(`${text}\n`);
  });
  await page.exposeFunction('codeAutomationExit', (code) =>
    crash === undefined ? finish(code) : finish(94, `the extension host died: ${crash}`),
  );
  page.on('crash', () => void finish(93, 'the browser page crashed'));
  page.on('console', (message) => {
    if (/Extension host .*(terminated unexpectedly|crashed)/i.test(message.text()))
      void finish(94, message.text());
  });

  const remote = (file) => `vscode-remote://${server.authority}${encodeURI(path.resolve(file))}`;
  const payload = ['extensionDevelopmentPath', 'extensionTestsPath'].flatMap((name) =>
    values(name).map((file) => [name, remote(file)]),
  );
  const query = new URLSearchParams({ payload: JSON.stringify(payload) });
  if (folder === undefined) query.set('ew', 'true');
  else query.set(folder.endsWith('.code-workspace') ? 'workspace' : 'folder', path.resolve(folder));
  await page.goto(`http://${server.authority}/?${query}`);
} catch (error) {
  await finish(92, error?.stack ?? String(error));
}
