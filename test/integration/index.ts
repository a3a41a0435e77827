// The entry that VS Code runs in its extension host (`extensionTestsPath`); the same for desktop and code-server.
// Writes what happened to $STRATA_TEST_RESULTS, since an extension host that dies looks like success from outside.

import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';

/** One test of the suite as the runner reads it. */
export interface IntegrationResult {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly error?: string;
  readonly ms?: number;
}

/** Runs every bundled `*.test.cjs` beside this file. Rejects when one fails, which fails the VS Code run. */
export async function run(): Promise<void> {
  const grep = process.env['STRATA_TEST_GREP'];
  const mocha = new Mocha({
    ui: 'tdd',
    color: false,
    timeout: 60_000,
    reporter: 'dot',
    ...(grep === undefined ? {} : { grep }),
  });
  for (const file of readdirSync(__dirname).sort())
    if (file.endsWith('.test.cjs')) mocha.addFile(path.join(__dirname, file));

  const results: IntegrationResult[] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on('pass', (test) => {
      results.push({ title: test.fullTitle(), state: 'passed', ms: test.duration ?? 0 });
    });
    runner.on('pending', (test) => {
      results.push({ title: test.fullTitle(), state: 'skipped' });
    });
    runner.on('fail', (test, error: Error) => {
      results.push({ title: test.fullTitle(), state: 'failed', error: error.stack ?? error.message });
    });
  });
  const file = process.env['STRATA_TEST_RESULTS'];
  if (file === undefined) throw new Error('STRATA_TEST_RESULTS does not name the file for the results');
  writeFileSync(file, JSON.stringify(results, null, 1));
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
