// The ring that runs nothing of ours: types, lint rules and format, each counted as one test.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from '../build.mjs';

const checks = [
  { name: 'types', args: ['typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint', args: ['eslint/bin/eslint.js', '.', '--max-warnings', '0'] },
  { name: 'format', args: ['prettier/bin/prettier.cjs', '--check', '.'], hint: "run 'npm run format'" },
];

function runCheck({ name, args: [script, ...args], hint }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, 'node_modules', script), ...args], { cwd: root });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    child.on('error', reject);
    child.on('close', (code) => {
      const passed = code === 0;
      console.log(passed ? `✓ ${name}` : `✗ ${name}\n${output.trimEnd().replace(/^/gm, '  ')}`);
      if (!passed && hint !== undefined) console.log(`  ${hint}`);
      resolve(passed);
    });
  });
}

/** @param {{filters: readonly string[]}} choices */
export async function staticChecks({ filters }) {
  const chosen = checks.filter(({ name }) => filters.length === 0 || filters.includes(name));
  const results = await Promise.all(chosen.map(runCheck));
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed, skipped: 0 };
}
