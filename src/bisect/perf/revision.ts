/**
 * Other versions of this compiler: a commit of its repository, checked out in a work tree of its own below the user's
 * cache, built there once, and used as a program. Its own native runner runs what it compiled.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cancellation } from '../../base/cancellation';
import { defaultCacheFolder } from '../../runner/cacheFolder';
import { runTool } from '../../runner/runTool';
import { bisectMessages } from '../messages';
import type { SideOptions } from './side';

export interface RevisionEnvironment {
  /** A clone of the repository, or the folder that is tried as one. */
  readonly repository: string;
  readonly cancellation: Cancellation;
  readonly onProgress: (text: string) => void;
}

/** A commit. */
export interface Commit {
  readonly hash: string;
  /** First line of its message. */
  readonly subject: string;
}

/** Written when a work tree is complete. */
const builtMark = '.strata-built';
const mostLog = 12;

export class Revisions {
  constructor(readonly environment: RevisionEnvironment) {}

  /** The commit that a name stands for. Throws STR1111 outside a clone of the repository, and for a name that it does not know. */
  async resolve(revision: string): Promise<Commit> {
    const { repository } = this.environment;
    const top = await this.#git(['rev-parse', '--show-toplevel']);
    if (!top.ok)
      throw this.#error(
        revision,
        /not a git repository/i.test(top.output)
          ? `'${repository}' is not a clone of Strata's repository`
          : lastLines(top.output),
      );
    const found = await this.#git(['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]);
    if (!found.ok) throw this.#error(revision, `the repository '${repository}' has no such commit`);
    const hash = found.output;
    const manifest = await this.#git(['show', `${hash}:package.json`]);
    if (!manifest.ok || !/"name":\s*"strata"/.test(manifest.output))
      throw this.#error(revision, `'${repository}' is the clone of another project`);
    const { output } = await this.#git(['show', '--no-patch', '--format=%s', hash]);
    return { hash, subject: output };
  }

  /** Commits from behind `good` to `bad`, oldest first, that touch the compiler; undefined where `good` is no ancestor. */
  async between(good: Commit, bad: Commit): Promise<readonly Commit[] | undefined> {
    if (!(await this.#git(['merge-base', '--is-ancestor', good.hash, bad.hash])).ok) return undefined;
    const range = `${good.hash}..${bad.hash}`;
    const { output } = await this.#git([
      'log',
      '--reverse',
      '--first-parent',
      '--format=%H %s',
      range,
      '--',
      'src',
      'native-runner',
    ]);
    const commits = output
      .split('\n')
      .filter((l) => l !== '')
      .map((l) => ({ hash: l.slice(0, 40), subject: l.slice(41) }));
    return commits[commits.length - 1]?.hash === bad.hash ? commits : [...commits, bad];
  }

  /** The folder of a commit's built compiler. Throws STR1111 with the end of the log when it does not build. */
  async build(commit: Commit): Promise<string> {
    const { onProgress } = this.environment;
    const folder = path.join(defaultCacheFolder(), 'revisions', commit.hash);
    if (existsSync(path.join(folder, builtMark))) return folder;
    const name = commit.hash.slice(0, 10);
    onProgress(`checking out ${name}`);
    // What a build left that was stopped.
    await this.#git(['worktree', 'remove', '--force', folder]);
    await rm(folder, { recursive: true, force: true });
    await this.#git(['worktree', 'prune']);
    try {
      await mkdir(path.dirname(folder), { recursive: true });
    } catch (cause) {
      throw bisectMessages.error('STR1105', { folder, problem: String(cause) }, { cause });
    }
    await this.#step(commit, 'git', ['worktree', 'add', '--detach', folder, commit.hash]);
    await this.#packages(commit, folder);
    onProgress(`building ${name}`);
    await this.#step(commit, process.execPath, ['scripts/build.mjs'], folder);
    await writeFile(path.join(folder, builtMark), `${commit.hash}\n`);
    return folder;
  }

  /** Compiles with a built commit. Throws STR1106 with what it said. */
  async compile(
    commit: Commit,
    folder: string,
    model: string,
    output: string,
    options: SideOptions & {
      readonly resources?: string;
      readonly dims?: Readonly<Record<string, number>>;
    },
  ): Promise<void> {
    this.environment.onProgress(`compiling with ${commit.hash.slice(0, 10)}`);
    const words = [
      path.join(folder, 'bin', 'strata.mjs'),
      'compile',
      path.resolve(model),
      '-o',
      output,
      ...(options.optLevel === undefined ? [] : ['-O', String(options.optLevel)]),
      ...(options.cpuLevel === undefined ? [] : ['--cpu', options.cpuLevel]),
      ...(options.schedule === undefined ? [] : ['--schedule', path.resolve(options.schedule)]),
      ...(options.resources === undefined ? [] : ['--resources', path.resolve(options.resources)]),
      ...Object.entries(options.dims ?? {}).flatMap(([name, size]) => ['--dim', `${name}=${size}`]),
    ];
    const { ok, output: said } = await this.#run(process.execPath, words, folder);
    if (!ok)
      throw bisectMessages.error('STR1106', {
        which: `revision:${commit.hash.slice(0, 10)}`,
        problem: lastLines(said),
      });
  }

  /** The packages of this clone where the commit asks for the same ones, else its own. */
  async #packages(commit: Commit, folder: string): Promise<void> {
    const { repository, onProgress } = this.environment;
    const lock = (where: string): Promise<string> =>
      readFile(path.join(where, 'package-lock.json'), 'utf8').catch(() => '');
    const here = path.join(repository, 'node_modules');
    if (existsSync(here) && (await lock(repository)) === (await lock(folder))) {
      await symlink(here, path.join(folder, 'node_modules'), 'junction');
      return;
    }
    onProgress(`installing the packages of ${commit.hash.slice(0, 10)}`);
    await this.#step(commit, 'npm', ['ci', '--no-audit', '--no-fund'], folder);
  }

  async #step(commit: Commit, program: string, words: readonly string[], cwd?: string): Promise<void> {
    const { ok, output } = await this.#run(program, words, cwd ?? this.environment.repository);
    if (ok) return;
    if (/ENOSPC|No space left on device/.test(output))
      throw bisectMessages.error('STR1105', { folder: defaultCacheFolder(), problem: lastLines(output) });
    throw this.#error(
      commit.hash,
      `'${path.basename(program)} ${words.join(' ')}' failed: ${lastLines(output)}`,
    );
  }
  #git(words: readonly string[]) {
    return this.#run('git', words, this.environment.repository);
  }
  #run(program: string, words: readonly string[], cwd: string) {
    return runTool(program, words, {
      cwd,
      signal: this.environment.cancellation.signal,
      // In an editor this program is its browser, which then behaves as Node.
      ...(program === process.execPath ? { env: { ELECTRON_RUN_AS_NODE: '1' } } : {}),
    });
  }
  #error(revision: string, problem: string): Error {
    return bisectMessages.error('STR1111', { revision, problem });
  }
}
const lastLines = (text: string): string =>
  text
    .split('\n')
    .filter((l) => l.trim() !== '')
    .slice(-mostLog)
    .join('\n');
