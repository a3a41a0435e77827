// `npm run package`: production bundles, then the VSIX that people install → dist/strata.vsix.

import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, root } from './build.mjs';

/** Builds and packs the extension to the file `to`. Returns the path of the VSIX. */
export async function packageExtension({ quiet = false, to = path.join(root, 'dist/strata.vsix') } = {}) {
  for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md'])
    if (!existsSync(path.join(root, name))) throw new Error(`${name} is not there; the VSIX must hold it`);
  await build({ production: true, quiet });
  const { createVSIX } = await import('@vscode/vsce');
  await createVSIX({
    cwd: root,
    packagePath: to,
    dependencies: false,
    allowMissingRepository: true,
  });
  if (!quiet)
    console.log(`package: ${path.relative(root, to)}, ${(statSync(to).size / 2 ** 20).toFixed(1)} MiB`);
  return to;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await packageExtension();
