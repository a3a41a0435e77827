/**
 * Opens the bundled profiler view in a headless Chromium: its real document with its real content security policy, the
 * theme variables of VS Code, and a host that speaks the real protocol. Used by the tests of the view.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { connect } from '../../src/protocol/rpc';
import type { Connection, RpcMessage } from '../../src/protocol/rpc';
import { compareTraces } from '../../src/profiler/compare';
import { exampleQueries } from '../../src/profiler/query/exampleQueries';
import { QueryThread } from '../../src/profiler/query/queryThread';
import { TraceEngine } from '../../src/profiler/engine/traceEngine';
import type { TraceColumns } from '../../src/profiler/trace';
import { answerQuery } from '../../src/protocol/profilerView';
import type {
  Bookmark,
  ProfilerHost,
  ProfilerView,
  ProfilerViewState,
  TraceState,
  ZoneJoin,
} from '../../src/protocol/profilerView';
import { profilerHtml } from '../../src/protocol/webviewHtml';
import { THEMES } from './themes';
import type { HarnessTheme } from './themes';

const ORIGIN = 'http://strata.test';
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const browserFile = (): string => CHROMIUM.find((f) => existsSync(f))!;
export const browserArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-dev-shm-usage',
];

/** Why the tests of the view cannot run here, or undefined. */
export async function missingBrowser(): Promise<string | undefined> {
  if (!CHROMIUM.some((f) => existsSync(f))) return 'no Chromium in /usr/bin';
  return import('playwright-core').then(
    () => undefined,
    () => 'playwright-core is not installed',
  );
}

export interface ProfilerPage {
  readonly page: Page;
  readonly view: Connection<ProfilerView>['remote'];
  /** Calls of the view to its host, newest last. */
  readonly calls: readonly { readonly method: string; readonly args: readonly unknown[] }[];
  /** Errors and refusals of the content security policy. */
  readonly problems: readonly string[];
  setTheme(theme: HarnessTheme): Promise<void>;
}

export interface OpenChoices {
  readonly theme: HarnessTheme;
  readonly width: number;
  readonly height: number;
  readonly state: TraceState;
  /** The traces of the state's runs, in their order. */
  readonly traces?: readonly TraceColumns[];
  readonly where?: 'panel' | 'editor';
  readonly scale?: number;
  readonly saved?: ProfilerViewState;
  /** `webgl` also where only software draws it. */
  readonly renderer?: 'webgl';
  readonly bookmarks?: readonly Bookmark[];
  readonly join?: ZoneJoin;
}

/** JSON with typed arrays apart, as the editor's own channel does it. */
const pack = (message: unknown): string =>
  JSON.stringify(message, (_, v: unknown) =>
    ArrayBuffer.isView(v)
      ? {
          $typed: v.constructor.name,
          data: Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString('base64'),
        }
      : v,
  );

export class ViewBrowser {
  private constructor(
    private readonly browser: Browser,
    private readonly files: ReadonlyMap<string, Buffer>,
  ) {}

  static async start(): Promise<ViewBrowser> {
    const { chromium } = await import('playwright-core');
    const out = mkdtempSync(path.join(os.tmpdir(), 'strata-view-'));
    try {
      await build({
        entryPoints: ['webview/profiler/main.ts'],
        outfile: path.join(out, 'profiler.js'),
        bundle: true,
        platform: 'browser',
        target: 'es2023',
        format: 'iife',
        logLevel: 'warning',
      });
      const codicons = 'node_modules/@vscode/codicons/dist';
      const files = new Map([
        ['/profiler.js', readFileSync(path.join(out, 'profiler.js'))],
        ['/profiler.css', readFileSync(path.join(out, 'profiler.css'))],
        ['/codicon.css', readFileSync(path.join(codicons, 'codicon.css'))],
        ['/codicon.ttf', readFileSync(path.join(codicons, 'codicon.ttf'))],
      ]);
      const browser = await chromium.launch({ executablePath: browserFile(), args: browserArguments });
      return new ViewBrowser(browser, files);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  }

  async open(o: OpenChoices): Promise<ProfilerPage> {
    const context = await this.browser.newContext({
      viewport: { width: o.width, height: o.height },
      deviceScaleFactor: o.scale ?? 1,
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (e) => problems.push(String(e)));
    page.on('console', (m) => {
      // A software renderer has its pixels read back; its driver remarks on that.
      if (/GL Driver Message .*Performance/.test(m.text())) return;
      if (m.type() === 'error' || m.type() === 'warning') problems.push(m.text());
    });
    const calls: { method: string; args: readonly unknown[] }[] = [];
    const listeners = new Set<(message: unknown) => void>();
    await page.exposeFunction('strataSend', (text: string) => {
      const message = JSON.parse(text) as RpcMessage;
      if (message.rpc === 'call') calls.push({ method: message.method, args: message.args });
      for (const l of listeners) l(message);
    });
    await page.addInitScript((saved) => {
      let state: unknown = saved;
      const unpack = (_: string, v: unknown): unknown => {
        if (typeof v !== 'object' || v === null || !('$typed' in v) || !('data' in v)) return v;
        const bytes = Uint8Array.from(atob(String(v.data)), (c) => c.charCodeAt(0));
        const make = (globalThis as unknown as Record<string, new (b: ArrayBuffer) => unknown>)[
          String(v.$typed)
        ]!;
        return new make(bytes.buffer);
      };
      Object.assign(window, {
        acquireVsCodeApi: () => ({
          postMessage: (m: unknown) =>
            void (window as unknown as { strataSend(t: string): Promise<void> }).strataSend(
              JSON.stringify(m),
            ),
          getState: () => state,
          setState: (s: unknown) => (state = s),
        }),
        strataReceive: (text: string) => window.postMessage(JSON.parse(text, unpack), '*'),
      });
    }, o.saved);
    const [first] = o.traces ?? [];
    // The thread ends with the page: an engine of its own would outlive the test.
    const sql = first === undefined ? undefined : new QueryThread({ origin: 0n, ...first }, 'dist');
    page.on('close', () => sql?.dispose());
    const engines = (o.traces ?? []).map((t) => new TraceEngine(t));
    const host: ProfilerHost = {
      query: (run, name, args) => Promise.resolve(answerQuery(engines[run]!, name, args)),
      compare: (run) => Promise.resolve(compareTraces(engines[run]!.trace, engines[0]!.trace)),
      addRun: () => Promise.resolve(),
      removeRun: () => Promise.resolve(),
      sql: (text, limit) => sql!.query(text, limit),
      stopSql: () => Promise.resolve(sql?.dispose()),
      offeredQueries: () => Promise.resolve({ examples: exampleQueries, saved: [] }),
      saveQueries: () => Promise.resolve(),
      exportTable: () => Promise.resolve(),
      getBookmarks: () => Promise.resolve(o.bookmarks ?? []),
      saveBookmarks: () => Promise.resolve(),
      askForText: () => Promise.resolve('a note'),
      joinOf: () => Promise.resolve(o.join),
      openLink: () => Promise.resolve(),
      copyLink: () => Promise.resolve(),
      getTrace: () => Promise.resolve(o.state),
      getState: () => Promise.resolve(undefined),
      saveState: () => Promise.resolve(),
      selectZone: () => Promise.resolve(),
      revealZone: () => Promise.resolve(),
      openFullEditor: () => Promise.resolve(),
      cancelLoading: () => Promise.resolve(),
      profileModel: () => Promise.resolve(),
      exportTrace: () => Promise.resolve(),
      copyText: () => Promise.resolve(),
    };
    const { remote } = connect<ProfilerView, ProfilerHost>(
      {
        send: (m) =>
          void page
            .evaluate(
              (t) => (window as unknown as { strataReceive(t: string): void }).strataReceive(t),
              pack(m),
            )
            .catch(() => {}),
        listen: (l) => {
          listeners.add(l);
          return () => listeners.delete(l);
        },
      },
      host,
    );
    const html = profilerHtml(
      {
        nonce: 'harness0123456789nonce',
        cspSource: ORIGIN,
        scriptUri: `${ORIGIN}/profiler.js`,
        styleUri: `${ORIGIN}/profiler.css`,
        codiconUri: `${ORIGIN}/codicon.css`,
      },
      o.where ?? 'panel',
    );
    // VS Code sets class and variables on the document before any script of ours runs.
    const themed = html.replace(
      '<body ',
      `<body ${o.renderer === undefined ? '' : `data-renderer="${o.renderer}" `}class="${THEMES[o.theme].bodyClass}" `,
    );
    await page.route(`${ORIGIN}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: themed });
      const body = this.files.get(pathname);
      const contentType = { '.js': 'text/javascript', '.css': 'text/css', '.ttf': 'font/ttf' }[
        path.extname(pathname)
      ];
      return body === undefined ? route.abort() : route.fulfill({ contentType: contentType ?? '', body });
    });
    const setVariables = (theme: HarnessTheme): Promise<void> =>
      page.evaluate(
        ([bodyClass, colours]) => {
          document.documentElement.removeAttribute('style');
          for (const [k, v] of Object.entries(colours))
            document.documentElement.style.setProperty(`--vscode-${k}`, v);
          document.body.className = bodyClass;
        },
        [THEMES[theme].bodyClass, THEMES[theme].colours] as const,
      );
    await page.goto(`${ORIGIN}/`, { waitUntil: 'domcontentloaded' });
    await setVariables(o.theme);
    return { page, view: remote, calls, problems, setTheme: setVariables };
  }

  stop(): Promise<void> {
    return this.browser.close();
  }
}
