/** Runs `bin/strata.mjs` as people do: a process of its own. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ResultPromise } from 'execa';
import { execa } from 'execa';
import { testCache } from '../runner/sharedBuild';

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | undefined;
}

export interface Workplace {
  readonly folder: string;
  readonly at: (name: string) => string;
  /** All files below it but those of `tmp`, which is where temporary files go. */
  readonly files: () => readonly string[];
  readonly temporary: () => readonly string[];
  readonly start: (
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => ResultPromise<{ reject: false; cwd: string }>;
  readonly strata: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Finished>;
  /** Runs, expects exit code 0 and one JSON document on stdout. */
  readonly json: <T>(args: readonly string[]) => Promise<T>;
}

/** A folder that commands run in, removed after the test. */
export async function workplace(t: { readonly after: (work: () => void) => unknown }): Promise<Workplace> {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-cli-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const tmp = path.join(folder, 'tmp');
  await mkdir(tmp);
  const below = (root: string): readonly string[] =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((e) => !e.isDirectory())
      .map((e) => path.relative(root, path.join(e.parentPath, e.name)))
      .sort();
  const start: Workplace['start'] = (args, env = {}) =>
    execa(process.execPath, [path.join(process.cwd(), 'bin/strata.mjs'), ...args], {
      cwd: folder,
      reject: false,
      timeout: 120_000,
      env: { STRATA_CACHE_DIR: testCache, TMPDIR: tmp, ...env },
    });
  const strata: Workplace['strata'] = async (args, env) => {
    const { stdout, stderr, exitCode } = await start(args, env);
    return { stdout, stderr, code: exitCode };
  };
  return {
    folder,
    at: (name) => path.join(folder, name),
    files: () => below(folder).filter((f) => !f.startsWith('tmp/')),
    temporary: () => below(tmp),
    start,
    strata,
    json: async <T>(args: readonly string[]) => {
      const { stdout, stderr, code } = await strata([...args, '--json']);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout) as T;
    },
  };
}

/** Asserts a coded error on stderr, nothing on stdout, exit code 1. */
export function assertRefused({ stdout, stderr, code }: Finished, message: RegExp): void {
  assert.match(stderr, message);
  assert.match(stderr, /^STR\d{4} \S/);
  assert.doesNotMatch(stderr, /^\s+at /m, 'a stack is for defects');
  assert.equal(stdout, '');
  assert.equal(code, 1);
}
