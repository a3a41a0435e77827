// The ring in the extension host: bundles test/integration and runs it with mocha inside VS Code.
// VSCODE_EXECUTABLE names the VS Code: unset, the one of tools/vscode-host where it can run, else a downloaded
// desktop; 'download', the desktop in any case; or the path of one.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root } from '../build.mjs';
import { hostRunsHere } from '../install.mjs';
import { buildCounted, bundleTests } from './unit.mjs';

function executable() {
  const given = process.env.VSCODE_EXECUTABLE;
  if (given === 'download') return undefined;
  if (given !== undefined) return given;
  return hostRunsHere ? path.join(root, 'tools/vscode-host/code-shim.mjs') : undefined;
}

/** @param {{filters: readonly string[], name?: string}} choices */
export async function integration({ filters, name }) {
  const files = readdirSync(path.join(root, 'test/integration'))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/integration/${file}`)
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };

  const outdir = path.join(root, 'out/integration', `run-${process.pid}`);
  const suite = path.join(outdir, 'integration');
  const workspace = path.join(outdir, 'workspace');
  const results = path.join(outdir, 'results.json');
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const totals = await buildCounted();
  try {
    const { bad } = await bundleTests(['test/integration/index.ts', ...files], outdir, {
      format: 'cjs',
      outExtension: { '.js': '.cjs' },
    });
    for (const { file, reason } of bad)
      console.log(`✗ ${file} does not build\n${reason.replace(/^/gm, '  ')}`);
    totals.failed += bad.length;
    cpSync(path.join(root, 'test/integration/workspace'), workspace, { recursive: true });

    const { runTests } = await import('@vscode/test-electron');
    const vscodeExecutablePath = executable();
    let failure;
    try {
      await runTests({
        ...(vscodeExecutablePath === undefined ? {} : { vscodeExecutablePath }),
        extensionDevelopmentPath: root,
        extensionTestsPath: path.join(suite, 'index.cjs'),
        launchArgs: [workspace],
        extensionTestsEnv: {
          STRATA_TEST_RESULTS: results,
          STRATA_TEST_WORKSPACE: workspace,
          ...(name === undefined ? {} : { STRATA_TEST_GREP: name }),
        },
      });
    } catch (error) {
      failure = error;
    }
    const report = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : undefined;
    for (const test of report?.results ?? []) {
      totals[test.state] += 1;
      if (test.state === 'failed') console.log(`✗ ${test.title}\n${test.error.replace(/^/gm, '  ')}`);
      else if (test.state === 'skipped') console.log(`- ${test.title}: skipped`);
      else console.log(`✓ ${test.title}  ${test.ms} ms`);
    }
    if (report?.complete !== true) {
      totals.failed += 1;
      const during = report?.running === undefined ? 'before the first test' : `during '${report.running}'`;
      console.log(
        `✗ the extension host ended ${during}${failure === undefined ? '' : `: ${failure.message}`}`,
      );
    } else if (failure !== undefined && !report.results.some((test) => test.state === 'failed')) {
      totals.failed += 1;
      console.log(`✗ extension host: ${failure.message}`);
    }
    return totals;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
