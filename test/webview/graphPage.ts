/** Opens the bundled graph view in a headless Chromium with its real document and policy; the page itself answers as the host. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import type { GraphState } from '../../src/protocol/graphView';
import { graphHtml } from '../../src/protocol/webviewHtml';
import { browserArguments, browserFile } from './profilerPage';
import { THEMES } from './themes';
import type { HarnessTheme } from './themes';

const ORIGIN = 'http://strata.test';

export interface GraphPage {
  readonly page: Page;
  /** Errors and refusals of the content security policy. */
  readonly problems: readonly string[];
  /** `method` and arguments of what the view asked its host, oldest first. */
  calls(): Promise<readonly (readonly [string, ...unknown[]])[]>;
  /** Waits until so many layouts were drawn. */
  drawn(count: number): Promise<void>;
  /** Calls a method of the view. */
  tell(method: string, ...args: readonly unknown[]): Promise<void>;
}

export async function launchBrowser(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: browserFile(), args: browserArguments });
}

export async function bundleGraph(): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    entryPoints: ['webview/graph/main.ts'],
    outfile: 'graph.js',
    bundle: true,
    write: false,
    platform: 'browser',
    target: 'es2023',
    format: 'iife',
    loader: { '.min.js': 'text' },
    logLevel: 'warning',
  });
  const files = new Map(outputFiles.map((f) => [`/${path.basename(f.path)}`, f.text]));
  return files.set('/codicon.css', readFileSync('node_modules/@vscode/codicons/dist/codicon.css', 'utf8'));
}

/** What the page does in place of VS Code. */
function fakeEditor(state: GraphState): void {
  const calls: unknown[] = [];
  Object.assign(window, {
    strataCalls: calls,
    acquireVsCodeApi: () => ({
      getState: () => undefined,
      setState: () => undefined,
      postMessage: (m: { rpc: string; id: number; method: string; args: unknown[] }) => {
        if (m.rpc !== 'call') return;
        calls.push([m.method, ...m.args]);
        const value = m.method === 'getGraph' ? state : undefined;
        window.postMessage({ rpc: 'result', id: m.id, value }, '*');
      },
    }),
  });
}

export async function openGraph(
  browser: Browser,
  files: ReadonlyMap<string, string>,
  state: GraphState,
  {
    theme = 'dark',
    width = 1200,
    height = 760,
  }: { theme?: HarnessTheme; width?: number; height?: number } = {},
): Promise<GraphPage> {
  const page = await browser.newPage({ viewport: { width, height } });
  const problems: string[] = [];
  page.on('pageerror', (e) => problems.push(String(e)));
  page.on('console', (m) => {
    if (m.type() === 'error' && !m.text().includes('codicon.ttf')) problems.push(m.text());
  });
  await page.addInitScript(fakeEditor, state);
  const { bodyClass, colours } = THEMES[theme];
  const style = Object.entries(colours)
    .map(([k, v]) => `--vscode-${k}: ${v};`)
    .join(' ');
  const html = graphHtml({
    nonce: 'harness0123456789nonce',
    cspSource: ORIGIN,
    scriptUri: `${ORIGIN}/graph.js`,
    styleUri: `${ORIGIN}/graph.css`,
    codiconUri: `${ORIGIN}/codicon.css`,
  })
    .replace('<body ', `<body class="${bodyClass}" `)
    .replace('</head>', `<style nonce="harness0123456789nonce">:root { ${style} }</style></head>`);
  await page.route(`${ORIGIN}/**`, (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/codicon.ttf')
      return route.fulfill({ path: 'node_modules/@vscode/codicons/dist/codicon.ttf' });
    const body = pathname === '/' ? html : files.get(pathname);
    const contentType =
      { '.js': 'text/javascript', '.css': 'text/css' }[path.extname(pathname)] ?? 'text/html';
    return body === undefined ? route.abort() : route.fulfill({ contentType, body });
  });
  await page.goto(`${ORIGIN}/`, { waitUntil: 'domcontentloaded' });
  return {
    page,
    problems,
    calls: () =>
      page.evaluate(() => (window as unknown as { strataCalls: [string, ...unknown[]][] }).strataCalls),
    drawn: async (count) => {
      for (let i = 0; i < 600; i++) {
        const body = page.locator('.body');
        if (Number((await body.getAttribute('data-drawn')) ?? 0) >= count) return;
        await page.waitForTimeout(50);
      }
      throw new Error(`the graph was not drawn ${count} times`);
    },
    tell: (method, ...args) =>
      page.evaluate((m) => window.postMessage(m, '*'), { rpc: 'call', id: 1_000_000, method, args }),
  };
}
