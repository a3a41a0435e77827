// Drives a real VS Code with Strata's VSIX installed, through the browser, as a person does. Used by the tests of this folder.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Browser, FrameLocator, Locator, Page } from 'playwright-core';
import type { Server } from '../../tools/vscode-host/host.mjs';

const root = process.cwd();

/** Setting and, as the window's class, the file of each theme. */
const themes = {
  dark: { name: 'Dark 2026', file: '2026-dark' },
  light: { name: 'Light 2026', file: '2026-light' },
  highContrast: { name: 'Default High Contrast', file: 'hc_black' },
  highContrastLight: { name: 'Default High Contrast Light', file: 'hc_light' },
} as const;
export type Theme = keyof typeof themes;

export interface VsCodeChoices {
  /** Folder whose copy is opened; default test/integration/workspace. */
  readonly workspace?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** False leaves workspace trust on: the window opens in restricted mode and asks. */
  readonly trust?: boolean;
  readonly width?: number;
  readonly height?: number;
  /** Device pixels per CSS pixel of screenshots. */
  readonly scale?: number;
  /** False starts without the VSIX. */
  readonly install?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

interface Poll {
  readonly timeout?: number;
  readonly what: string;
}

/** Repeats `attempt` until it gives something else than undefined. Throws what was waited for, and the last error. */
async function eventually<T>(
  attempt: () => Promise<T | undefined>,
  { timeout = 20_000, what }: Poll,
): Promise<T> {
  const end = Date.now() + timeout;
  let last: unknown;
  for (;;) {
    try {
      const value = await attempt();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end)
      throw new Error(`waited ${timeout / 1000} s for ${what}`, last === undefined ? {} : { cause: last });
    await sleep(100);
  }
}

/** Monaco draws blanks as no-break spaces. */
function plain(text: string): string {
  return text.replace(/[\u00a0\u200b]/g, (blank) => (blank === '\u00a0' ? ' ' : ''));
}

/** A part of a test that later ones build on: when it fails, they are not tried. */
export async function step(t: TestContext, name: string, body: () => Promise<void>): Promise<void> {
  let passed = false;
  await t.test(name, async () => {
    await body();
    passed = true;
  });
  if (!passed) throw new Error(`stopped after '${name}'`);
}

export class VsCode {
  /** Errors of the window and its webviews, such as what a content security policy refused. */
  readonly consoleErrors: string[] = [];

  private constructor(
    readonly page: Page,
    /** The opened folder, as a path. */
    readonly workspace: string,
    private readonly browser: Browser,
    private readonly server: Server,
  ) {
    page.on('console', (message) => {
      const { url } = message.location();
      const text = url + message.text();
      // VS Code logs what its own services lack here; only what names Strata, or comes from a webview, is ours.
      const ofVsCode =
        /vsda|open-vsx/.test(text) || (/%c\s+ERR/.test(text) && !/strata/i.test(message.text()));
      if (message.type() !== 'error' || ofVsCode) return;
      this.consoleErrors.push(`${message.text()} (${url})`);
    });
    page.on('pageerror', (error) => this.consoleErrors.push(error.stack ?? error.message));
  }

  static async start(choices: VsCodeChoices = {}): Promise<VsCode> {
    // Not bundled: it finds VS Code beside itself.
    const url = pathToFileURL(path.join(root, 'tools/vscode-host/host.mjs')).href;
    const host = (await import(url)) as typeof import('../../tools/vscode-host/host.mjs');
    const vsix = process.env['STRATA_VSIX'] ?? path.join(root, 'dist/strata.vsix');
    if (choices.install !== false && !existsSync(vsix))
      throw new Error(`${vsix} is not there; start these tests by 'node scripts/test.mjs e2e'`);
    const server = await host.startServer({
      settings: { 'files.exclude': { '**/.vscode': true }, ...choices.settings },
      ...(choices.env === undefined ? {} : { env: choices.env }),
      trust: choices.trust ?? true,
      extensions: choices.install === false ? [] : [vsix],
    });
    let browser: Browser | undefined;
    try {
      const workspace = path.join(server.directory, 'workspace');
      cpSync(choices.workspace ?? path.join(root, 'test/integration/workspace'), workspace, {
        recursive: true,
      });
      browser = await host.launchBrowser();
      const page = await browser.newPage({
        viewport: { width: choices.width ?? 1400, height: choices.height ?? 900 },
        deviceScaleFactor: choices.scale ?? 1,
        reducedMotion: 'reduce',
      });
      page.setDefaultTimeout(20_000);
      const code = new VsCode(page, workspace, browser, server);
      await page.goto(`http://${server.authority}/?folder=${encodeURIComponent(workspace)}`);
      await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
      await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor({ timeout: 60_000 });
      return code;
    } catch (error) {
      await browser?.close();
      await server.stop();
      throw error;
    }
  }

  /** Runs `body` in a fresh VS Code and closes it; when it throws, a screenshot `failed-…` is left behind. */
  static async use(
    t: TestContext,
    choices: VsCodeChoices,
    body: (code: VsCode) => Promise<void>,
  ): Promise<void> {
    const code = await VsCode.start(choices);
    try {
      await body(code);
    } catch (error) {
      const name = `failed-${t.name.replace(/[^a-z0-9]+/gi, '-')}`;
      await code.screenshot(name).catch(() => undefined);
      t.diagnostic(`out/screenshots/${name}.png shows the window`);
      throw error;
    } finally {
      await code.close();
    }
  }

  // Palette, quick picks, files

  /** Runs a command by its full label in the palette, such as 'Strata: Compile Model…'. */
  async runCommand(label: string): Promise<void> {
    await eventually(
      async () => {
        await this.page.keyboard.press('F1');
        await this.fillQuickInput(`>${label}`);
        const row = this.quickRow(label);
        try {
          await row.waitFor({ timeout: 2_000 });
        } catch (error) {
          // Commands of an extension come late after the start.
          await this.page.keyboard.press('Escape');
          throw error;
        }
        await row.click();
        return true;
      },
      { what: `the command '${label}'`, timeout: 30_000 },
    );
  }

  /** Writes into the open palette, quick pick or input box. */
  async fillQuickInput(text: string): Promise<void> {
    await this.page.locator('.quick-input-widget:visible input[type=text]').first().fill(text);
  }

  /** Gives a path to the open file dialog. */
  async chooseFile(title: string, file: string): Promise<void> {
    const dialog = this.page
      .locator('.quick-input-widget:visible')
      .filter({ has: this.page.locator('.quick-input-title', { hasText: title }) });
    const input = dialog.locator('input[type=text]').first();
    await input.waitFor();
    await eventually(
      async () => {
        await input.fill(file, { timeout: 2_000 });
        // The dialog writes its own folder once it has read that.
        await sleep(300);
        if ((await input.inputValue({ timeout: 2_000 })) !== file) return undefined;
        await this.page.keyboard.press('Enter');
        await dialog.waitFor({ state: 'hidden', timeout: 3_000 });
        return true;
      },
      { what: `the dialog '${title}' to take ${file}` },
    );
  }

  /** Chooses the row with this label in the open quick pick. */
  async pick(label: string): Promise<void> {
    await this.quickRow(label).click();
  }

  /** Labels of the open quick pick that are in view. */
  async quickLabels(): Promise<string[]> {
    const labels = this.page.locator(
      '.quick-input-widget:visible .quick-input-list .monaco-list-row .label-name',
    );
    return (await labels.allTextContents()).map(plain);
  }

  private quickRow(label: string): Locator {
    const exact = new RegExp(
      `^\\s*${label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ /g, '\\s')}\\s*$`,
    );
    return this.page
      .locator('.quick-input-widget:visible .quick-input-list .monaco-list-row')
      .filter({ has: this.page.locator('.label-name', { hasText: exact }) })
      .first();
  }

  /** Opens a file of the workspace, by its name or path in it, and waits for its editor. `waitForText` waits for more. */
  async openFile(name: string): Promise<void> {
    await eventually(
      async () => {
        await this.page.keyboard.press('Control+KeyP');
        await this.fillQuickInput(name);
        const row = this.page
          .locator('.quick-input-widget:visible .quick-input-list .monaco-list-row')
          .first();
        await row.filter({ hasText: path.basename(name) }).waitFor({ timeout: 2_000 });
        await this.page.keyboard.press('Enter');
        await this.tab(path.basename(name)).waitFor({ timeout: 5_000 });
        return true;
      },
      { what: `${name} to open`, timeout: 30_000 },
    );
  }

  /** The tab of an open editor by the start of its title. */
  tab(title: string): Locator {
    return this.page.locator(`.tabs-container [role=tab][aria-label^=${JSON.stringify(title)}]`).first();
  }

  // Text editors

  /** The text that the active editor shows; lines scrolled out of view are not in it. */
  async visibleText(): Promise<string> {
    const lines = await this.editor()
      .locator('.view-lines .view-line')
      .evaluateAll((all) =>
        all
          .map((line) => ({ top: line.getBoundingClientRect().top, text: line.textContent }))
          .sort((a, b) => a.top - b.top)
          .map((line) => line.text),
      );
    return plain(lines.join('\n'));
  }

  /** Waits until the active editor shows `text`, and returns all that it shows. */
  async waitForText(text: string | RegExp, timeout = 20_000): Promise<string> {
    return eventually(
      async () => {
        const shown = await this.visibleText();
        return (typeof text === 'string' ? shown.includes(text) : text.test(shown)) ? shown : undefined;
      },
      { what: `the editor to show ${text}`, timeout },
    );
  }

  private editor(): Locator {
    return this.page.locator('.editor-group-container.active .monaco-editor:visible').last();
  }

  /** The middle of the first place in view where the active editor shows `text`, within one line. */
  async locateText(text: string): Promise<{ readonly x: number; readonly y: number }> {
    return eventually(
      async () =>
        (await this.editor()
          .locator('.view-lines')
          .evaluate((lines, wanted) => {
            for (const line of lines.querySelectorAll('.view-line')) {
              const at = line.textContent.replace(/\u00a0/g, ' ').indexOf(wanted);
              if (at < 0) continue;
              const range = document.createRange();
              const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
              let offset = 0;
              const boundary = (position: number, set: (node: Node, index: number) => void): void => {
                for (let node = walker.currentNode; ;) {
                  const length = node.nodeType === Node.TEXT_NODE ? (node.nodeValue ?? '').length : 0;
                  if (node.nodeType === Node.TEXT_NODE && position <= offset + length && length > 0) {
                    set(node, position - offset);
                    return;
                  }
                  offset += length;
                  const next = walker.nextNode();
                  if (next === null) return;
                  node = next;
                }
              };
              boundary(at + 0.5, (node, index) => range.setStart(node, Math.floor(index)));
              boundary(at + wanted.length, (node, index) => range.setEnd(node, index));
              const box = range.getBoundingClientRect();
              if (box.width > 0) return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
            }
            return null;
          }, text)) ?? undefined,
      { what: `'${text}' in the editor` },
    );
  }

  /** Puts the cursor on `text` in the active editor. */
  async clickText(text: string): Promise<void> {
    const { x, y } = await this.locateText(text);
    await this.page.mouse.click(x, y);
  }

  /** Hovers `text` in the active editor and returns what the hover says, once it says something other than 'Loading'. */
  async hover(text: string): Promise<string> {
    return eventually(
      async () => {
        const { x, y } = await this.locateText(text);
        await this.page.mouse.move(1, 1);
        await sleep(300);
        await this.page.mouse.move(x - 2, y);
        await this.page.mouse.move(x, y, { steps: 3 });
        const hover = this.page.locator('.monaco-hover:visible .rendered-markdown');
        await hover.first().waitFor({ timeout: 3_000 });
        const said = plain((await hover.allInnerTexts()).join('\n'));
        return said.trim() === '' || said.startsWith('Loading') ? undefined : said;
      },
      { what: `a hover at '${text}'`, timeout: 30_000 },
    );
  }

  // Views

  /** Opens a container of the activity bar, or of the panel once that is open, by its title. */
  async openContainer(title: string): Promise<void> {
    const item = this.page
      .locator('.part.activitybar li[role=tab], .part.panel li[role=tab]')
      .filter({ has: this.page.locator(`.action-label[aria-label^=${JSON.stringify(title)}]`) })
      .first();
    await item.waitFor();
    if ((await item.getAttribute('aria-selected')) !== 'true') await item.click();
  }

  /** One view of a side bar or panel by its title. */
  view(title: string): Locator {
    return this.page.locator('.pane').filter({
      has: this.page.locator(`.pane-header[aria-label^=${JSON.stringify(title)}]`),
    });
  }

  /** The row of a tree (or list) that holds `text`; `view` narrows it to one view. */
  treeRow(text: string | RegExp, view?: string): Locator {
    const within = view === undefined ? this.page.locator('.part.sidebar, .part.panel') : this.view(view);
    return within.locator('.monaco-list-row').filter({ hasText: text }).first();
  }

  /** Waits until a tree shows a row with `text`, and returns its whole text. */
  async waitForTreeRow(text: string | RegExp, view?: string, timeout = 30_000): Promise<string> {
    const row = this.treeRow(text, view);
    await row.waitFor({ timeout });
    return plain(await row.innerText());
  }

  /** Drags the border of the side bar to the right. */
  async widenSideBar(pixels: number): Promise<void> {
    const box = await this.page.locator('.part.sidebar').boundingBox();
    if (box === null) throw new Error('the side bar is closed');
    const [x, y] = [box.x + box.width + 1, box.y + box.height / 2];
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(x + pixels, y, { steps: 5 });
    await this.page.mouse.up();
    await this.page.mouse.move(x + 200, 1);
  }

  /** Opens the row of a tree that holds `text`, if it is closed. */
  async expandRow(text: string | RegExp, view?: string): Promise<void> {
    await eventually(
      async () => {
        const row = this.treeRow(text, view);
        if ((await row.getAttribute('aria-expanded', { timeout: 2_000 })) === 'true') return true;
        await row.click({ timeout: 2_000 });
        // Rows move while others open.
        await sleep(200);
        return undefined;
      },
      { what: `the row ${text} to open` },
    );
  }

  /** Texts of the rows in view, top to bottom. */
  async treeRows(view: string): Promise<string[]> {
    const rows = await this.view(view)
      .locator('.monaco-list-row')
      .evaluateAll((all) =>
        all
          .map((row) => ({ top: row.getBoundingClientRect().top, text: (row as HTMLElement).innerText }))
          .sort((a, b) => a.top - b.top)
          .map((row) => row.text),
      );
    return rows.map((row) => plain(row).replace(/\s+/g, ' ').trim());
  }

  /** The document inside the visible webview that holds `selector`. */
  async webview(selector = 'body', timeout = 30_000): Promise<FrameLocator> {
    return eventually(
      async () => {
        const outer = this.page.locator('iframe.webview.ready');
        for (let i = 0; i < (await outer.count()); i++) {
          if (!(await outer.nth(i).isVisible())) continue;
          const inner = outer.nth(i).contentFrame().frameLocator('iframe#active-frame');
          if ((await inner.locator(selector).count()) > 0) return inner;
        }
        return undefined;
      },
      { what: `a webview with '${selector}'`, timeout },
    );
  }

  // Window

  /** Texts of the notifications (toasts) in view. */
  async notifications(): Promise<string[]> {
    return (await this.page.locator('.notification-list-item-message').allInnerTexts()).map(plain);
  }

  /** Waits for a notification that holds `text` and returns it whole. */
  async waitForNotification(text: string | RegExp, timeout = 60_000): Promise<string> {
    const message = this.page.locator('.notification-list-item-message').filter({ hasText: text }).first();
    await message.waitFor({ timeout });
    return plain(await message.innerText());
  }

  /** Presses a button of the notification that holds `text`. */
  async clickNotificationButton(text: string | RegExp, button: string): Promise<void> {
    const item = this.page.locator('.notification-list-item').filter({ hasText: text }).first();
    await item.locator('.monaco-button', { hasText: button }).first().click();
  }

  /** Everything the extension has written to an output channel so far. */
  outputChannel(name: string): string {
    const logs = path.join(this.server.userData, 'logs');
    const files = existsSync(logs) ? readdirSync(logs, { recursive: true }).map(String) : [];
    return files
      .filter((file) => new RegExp(`(^|[-/\\\\])${name}\\.log$`).test(file))
      .map((file) => readFileSync(path.join(logs, file), 'utf8'))
      .join('');
  }

  /**
   * Changes settings of the open folder (the window does not notice further changes of the user's file);
   * those of the application or machine can only be given at the start.
   */
  setSettings(settings: Readonly<Record<string, unknown>>): void {
    const file = path.join(this.workspace, '.vscode/settings.json');
    const before = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)
      : {};
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ ...before, ...settings }, null, 2));
  }

  async setTheme(theme: Theme): Promise<void> {
    const { name, file } = themes[theme];
    await eventually(
      async () => {
        // A change that comes while the last one is still being read is missed.
        this.setSettings({ 'workbench.colorTheme': name });
        await this.page
          .locator(`.monaco-workbench.vscode-theme-defaults-themes-${file}-json`)
          .waitFor({ timeout: 5_000 });
        return true;
      },
      { what: `the theme ${name}` },
    );
  }

  /** Writes out/screenshots/NAME.png and returns its path. */
  async screenshot(name: string): Promise<string> {
    const file = path.join(root, 'out/screenshots', `${name}.png`);
    mkdirSync(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
    return file;
  }

  /** Closes the browser and ends the server with everything it started. */
  async close(): Promise<void> {
    await this.browser.close().catch(() => undefined);
    await this.server.stop();
  }
}
