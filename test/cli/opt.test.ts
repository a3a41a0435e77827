/**
 * What `strata opt` prints, by the command on the first line of each file below `opt`; what follows `// ===== output`
 * is its standard output, or its error. `UPDATE=1` rewrites it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const folder = path.join('test', 'cli', 'opt');
const marker = '// ===== output\n';

for (const name of readdirSync(folder).sort()) {
  const file = path.join(folder, name);
  test(file, () => {
    const [source, expected] = readFileSync(file, 'utf8').split(marker);
    const [, command] =
      /^\/\/ strata (opt %s.*)\n/.exec(source!) ?? assert.fail('the first line is the command');
    // On standard input, so that errors and locations are the same from every folder.
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [path.join('bin', 'strata.mjs'), ...command!.split(' ').map((word) => (word === '%s' ? '-' : word))],
      { input: source, encoding: 'utf8' },
    );
    const output = status === 0 ? stdout : stderr.replace(/^(?=.)/gm, '// ');
    assert.equal(status === 0 ? stderr : stdout, '');
    if (process.env['UPDATE'] === '1') writeFileSync(file, `${source}${marker}${output}`);
    else assert.equal(output, expected, `UPDATE=1 accepts it`);
  });
}
