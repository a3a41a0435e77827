// The ring of a user: packs the VSIX, installs it in a real VS Code and drives that through the browser.
// Screenshots land in out/screenshots.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root } from '../build.mjs';
import { hostRunsHere } from '../install.mjs';
import { bundleTests, runNodeTests } from './unit.mjs';

/** @param {{filters: readonly string[], name?: string}} choices */
export async function e2e({ filters, name }) {
  const folder = path.join(root, 'test/e2e');
  const files = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => file.endsWith('.e2e.ts'))
    .map((file) => `test/e2e/${file}`)
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };

  if (!hostRunsHere) {
    console.log(`- ${files.join(', ')}: skipped, the VS Code for them runs on Linux x64 only`);
    return { passed: 0, failed: 0, skipped: files.length };
  }

  const outdir = path.join(root, 'out/e2e', `run-${process.pid}`);
  mkdirSync(outdir, { recursive: true });
  try {
    const vsix = path.join(outdir, 'strata.vsix');
    const packed = spawnSync('npm', ['run', '--silent', 'package', '--', '--out', vsix], {
      cwd: root,
      encoding: 'utf8',
    });
    if (packed.status !== 0) {
      console.log(`✗ npm run package\n${`${packed.stdout}${packed.stderr}`.replace(/^/gm, '  ')}`);
      return { passed: 0, failed: 1, skipped: 0 };
    }
    process.env.STRATA_VSIX = vsix;
    const { good, bad } = await bundleTests(files, outdir);
    for (const { file, reason } of bad)
      console.log(`✗ ${file} does not build\n${reason.replace(/^/gm, '  ')}`);
    const totals = await runNodeTests(good, { name, concurrency: 1, timeout: 600_000 });
    return { ...totals, failed: totals.failed + bad.length };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
