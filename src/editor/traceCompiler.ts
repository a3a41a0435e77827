/** "Trace a Compiler Command…": runs a compiler with flags that make it dump, and shows its passes as they arrive. */
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { TracedCommand } from '../dump/trace/compilerCommand';
import { splitCommand, tracedCommand, tracedTools } from '../dump/trace/compilerCommand';
import { editorMessages } from './messages';
import type { OpenDump, OpenDumps } from './openDumps';

const rememberedKey = 'strata.tracedCommand';
/** Passes are looked for this often while the compiler runs; more rarely where reading takes long. */
const lookMs = 700;

export class CompilerTracing {
  constructor(
    readonly dumps: OpenDumps,
    readonly storage: string,
    readonly memory: vscode.Memento,
    readonly log: vscode.LogOutputChannel,
  ) {}

  /** Asks for the command. The dump, or undefined where the person gave up. Throws STR0901, STR0921–STR0923. */
  async ask(): Promise<OpenDump | undefined> {
    if (!vscode.workspace.isTrusted) throw editorMessages.error('STR0901', { what: 'Tracing a compiler' });
    const command = await vscode.window.showInputBox({
      title: 'Trace a Compiler Command',
      prompt: `As you would type it; flags that dump every pass are added. Known: ${tracedTools}.`,
      placeHolder: 'mlir-opt model.mlir --pass-pipeline="builtin.module(canonicalize)"',
      value: this.memory.get<string>(rememberedKey) ?? '',
      ignoreFocusOut: true,
    });
    if (command === undefined || command.trim() === '') return undefined;
    await this.memory.update(rememberedKey, command);
    return this.run(command);
  }

  run(command: string): Thenable<OpenDump | undefined> {
    mkdirSync(this.storage, { recursive: true });
    const place = mkdtempSync(path.join(this.storage, 'traced-'));
    const folder = path.join(place, 'dump');
    mkdirSync(folder);
    const words = splitCommand(command);
    const traced = words === undefined ? undefined : tracedCommand(words, folder);
    if (traced === undefined) throw editorMessages.error('STR0921', { command, known: tracedTools });
    const log = path.join(place, `${traced.tool}.log`);
    return vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Tracing ${traced.tool}`, cancellable: true },
      (progress, token) => this.#follow(traced, { log, folder }, progress, token),
    );
  }

  async #follow(
    traced: TracedCommand,
    { log, folder }: { readonly log: string; readonly folder: string },
    progress: vscode.Progress<{ message?: string }>,
    token: vscode.CancellationToken,
  ): Promise<OpenDump | undefined> {
    this.log.info(`${traced.program} ${traced.args.join(' ')}`);
    const child = spawn(traced.program, traced.args, {
      cwd: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
      env: { ...process.env, ...traced.env },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: process.platform !== 'win32',
    });
    const written = createWriteStream(log);
    child.stderr.pipe(written);
    const stop = token.onCancellationRequested(() => {
      // The group: drivers start compilers of their own.
      if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGTERM');
      else child.kill();
    });
    let ended: { readonly code: number | null; readonly problem?: string } | undefined;
    const end = new Promise<void>((resolve) => {
      child.on('error', (error) => {
        ended = { code: null, problem: error.message };
        resolve();
      });
      child.on('close', (code) => {
        ended ??= { code };
        resolve();
      });
    });
    let dump: OpenDump | undefined;
    let size = -1;
    try {
      for (;;) {
        const over = ended !== undefined;
        const from = performance.now();
        const source = sourceOf(log, folder);
        if (source !== undefined && source.size !== size) {
          size = source.size;
          // Before the first pass there is nothing that a reader knows.
          dump = await this.dumps.open(source.path).catch(() => dump);
          const runs = dump?.runs.length ?? 0;
          if (runs > 0) progress.report({ message: `${runs.toLocaleString('en')} passes` });
        }
        if (over) break;
        const pause = Math.max(lookMs, 4 * (performance.now() - from));
        await Promise.race([end, new Promise((resolve) => setTimeout(resolve, pause))]);
        if (ended !== undefined) await new Promise((resolve) => written.end(resolve));
      }
    } finally {
      stop.dispose();
    }
    if (ended?.problem !== undefined)
      throw editorMessages.error('STR0922', { tool: traced.program, problem: ended.problem });
    if (dump === undefined && !token.isCancellationRequested)
      throw editorMessages.error('STR0923', { tool: traced.tool, code: ended?.code ?? -1, log });
    if (ended?.code !== 0 && !token.isCancellationRequested)
      void vscode.window.showWarningMessage(
        `${traced.tool} ended with code ${ended?.code ?? '?'}; its passes up to there are in the IR Dumps view.`,
      );
    return dump;
  }
}

/** What the compiler wrote: files, or else its standard error. */
function sourceOf(log: string, folder: string): { readonly path: string; readonly size: number } | undefined {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  if (files.length > 0) return { path: folder, size: files.length };
  return existsSync(log) && statSync(log).size > 0 ? { path: log, size: statSync(log).size } : undefined;
}
