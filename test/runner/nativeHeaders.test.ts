import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { nativeHeaders } from '../../src/runner/nativeHeaders';

for (const [file, text] of Object.entries(nativeHeaders)) {
  test(`${file} is what its description generates`, () => {
    const path = join(process.cwd(), file);
    if (process.env['UPDATE'] === '1') {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    assert.equal(readFileSync(path, 'utf8'), text, 'run again with UPDATE=1');
  });
}
