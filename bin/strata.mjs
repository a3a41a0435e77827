#!/usr/bin/env node
// The `strata` command: starts the bundled command line.
import { existsSync } from 'node:fs';

const cli = new URL('../dist/cli.mjs', import.meta.url);
if (existsSync(cli)) {
  await import(cli.href);
} else {
  console.error("strata: dist/cli.mjs is not built. Run 'npm run build' in the repository first.");
  process.exitCode = 1;
}
