// `npm run package [-- --out FILE]`: production bundles, then the VSIX that people install → dist/strata.vsix.

import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { build, root } from './build.mjs';

const [option, file] = process.argv.slice(2);
if (option !== undefined && (option !== '--out' || file === undefined)) {
  console.error(`package: unknown option ${option}; usage: package [--out FILE]`);
  process.exit(2);
}
const packagePath = path.resolve(file ?? path.join(root, 'dist/strata.vsix'));
for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md'])
  if (!existsSync(path.join(root, name))) throw new Error(`${name} is not there; the VSIX must hold it`);
await build({ production: true }).catch(() => process.exit(1)); // esbuild has printed what is wrong
const { createVSIX } = await import('@vscode/vsce');
await createVSIX({
  cwd: root,
  packagePath,
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});
console.log(
  `package: ${path.relative(root, packagePath)}, ${(statSync(packagePath).size / 2 ** 20).toFixed(1)} MiB`,
);
