import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { projectFiles, root } from './sourceFiles';

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

// Put together from parts, so that this file does not find itself.
const forbidden: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: 'a path of one machine',
    pattern: new RegExp(`(?<![\\w.$~*}-])/(${['work', 'root'].join('|')})/[\\w.]`),
  },
  { what: 'a home directory', pattern: new RegExp(`(?<![\\w.$~*}-])/(${['home', 'Users'].join('|')})/\\w`) },
  { what: 'a package registry', pattern: new RegExp(['registry', '(npmjs|yarnpkg|npmmirror)'].join('\\.')) },
  { what: 'a download address in a lock', pattern: new RegExp(`"${['res', 'olved'].join('')}": *"http`) },
];

test('no file holds what is true on one machine only', () => {
  const found: string[] = [];
  for (const file of projectFiles()) {
    const bytes = readFileSync(path.join(root, file));
    if (bytes.length > 1 << 22 || bytes.subarray(0, 8_000).includes(0)) continue;
    const lines = bytes.toString('utf8').split('\n');
    lines.forEach((line, i) => {
      for (const { what, pattern } of forbidden) {
        const match = pattern.exec(line);
        if (match !== null) found.push(`${file}:${i + 1} holds ${what}: ${match[0]}`);
      }
    });
  }
  assert.deepEqual(found, []);
});

interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
interface LockFile {
  readonly lockfileVersion: number;
  readonly packages: Readonly<
    Record<string, PackageFile & { readonly integrity?: string; readonly link?: boolean }>
  >;
}

for (const folder of ['.', 'tools/vscode-host']) {
  test(`the lock of ${folder} matches its package.json and holds integrities, not addresses`, () => {
    const manifest = JSON.parse(read(`${folder}/package.json`)) as PackageFile;
    const lock = JSON.parse(read(`${folder}/package-lock.json`)) as LockFile;
    assert.equal(lock.lockfileVersion, 3);
    for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const)
      assert.deepEqual(lock.packages['']?.[kind] ?? {}, manifest[kind] ?? {}, `${kind}: run 'npm install'`);
    const without = Object.entries(lock.packages)
      .filter(([place, entry]) => place !== '' && entry.integrity === undefined && entry.link !== true)
      .map(([place]) => place);
    assert.deepEqual(without, []);
    assert.match(read(`${folder}/.npmrc`), /^omit-lockfile-registry-resolved=true$/m);
  });
}

test('the extension needs no newer VS Code than it is typed for', () => {
  const manifest = JSON.parse(read('package.json')) as PackageFile & { engines: { vscode: string } };
  const [engine, types] = [manifest.engines.vscode, manifest.devDependencies?.['@types/vscode']];
  assert.equal(/\d+\.\d+/.exec(types ?? '')?.[0], /\d+\.\d+/.exec(engine)?.[0]);
});
