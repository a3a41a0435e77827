// The entry that VS Code runs in its extension host (`extensionTestsPath`); the same for desktop and code-server.
// Writes what happened to $STRATA_TEST_RESULTS, since an extension host that dies looks like success from outside.

import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';

interface TestResult {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly error?: string;
  readonly ms?: number;
}

/** What scripts/rings/integration.mjs reads. `running` is the test that was under way when the file was written. */
interface Report {
  readonly complete: boolean;
  readonly running?: string;
  readonly results: readonly TestResult[];
}

/** Runs every bundled `*.test.cjs` beside this file. Rejects when one fails, which fails the VS Code run. */
export async function run(): Promise<void> {
  const file = process.env['STRATA_TEST_RESULTS'];
  if (file === undefined) throw new Error('STRATA_TEST_RESULTS does not name the file for the results');
  const report = (state: Report): void => {
    writeFileSync(file, JSON.stringify(state, null, 1));
  };
  const grep = process.env['STRATA_TEST_GREP'];
  const mocha = new Mocha({
    ui: 'tdd',
    color: false,
    timeout: 60_000,
    reporter: 'base',
    ...(grep === undefined ? {} : { grep }),
  });
  for (const name of readdirSync(__dirname).sort())
    if (name.endsWith('.test.cjs')) mocha.addFile(path.join(__dirname, name));

  const results: TestResult[] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on('test', (test) => {
      report({ complete: false, running: test.fullTitle(), results });
    });
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
  report({ complete: true, results });
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
