// `node scripts/fuzz.mjs NAME [options]`: bundles test/fuzz/NAMEFuzz.ts and runs it with the options.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { root } from './build.mjs';
import { bundleTests } from './rings/unit.mjs';

const [name, ...options] = process.argv.slice(2);
const { good, bad } = await bundleTests([`test/fuzz/${name}Fuzz.ts`], path.join(root, 'out/fuzz'));
for (const { reason } of bad) console.error(reason);
if (good.length === 0) process.exit(2);
process.exit(spawnSync(process.execPath, [good[0].bundle, ...options], { stdio: 'inherit' }).status ?? 1);
