// `node scripts/bench.mjs NAME [options]`: bundles test/bench/NAMEBench.ts and runs it with the options.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { build, root } from './build.mjs';
import { bundleTests } from './rings/unit.mjs';

const [name, ...options] = process.argv.slice(2);
// Some rows time the command line.
await build({ quiet: true });
const { good, bad } = await bundleTests([`test/bench/${name}Bench.ts`], path.join(root, 'out/bench'));
for (const { reason } of bad) console.error(reason);
if (good.length === 0) process.exit(2);
process.exit(spawnSync(process.execPath, [good[0].bundle, ...options], { stdio: 'inherit' }).status ?? 1);
