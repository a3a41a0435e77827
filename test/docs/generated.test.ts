import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { opReference, passReference } from '../../src/ir/opReference';
import { dialects } from '../../src/ir/dialects/index';
import { passes } from '../../src/lowering/passes/index';

const documents = { 'docs/ops.md': opReference(dialects), 'docs/passes.md': passReference(passes) };

for (const [file, text] of Object.entries(documents)) {
  test(`${file} is what the declarations say (UPDATE=1 rewrites it)`, () => {
    if (process.env['UPDATE'] === '1') writeFileSync(file, text);
    assert.equal(readFileSync(file, 'utf8'), text);
  });
}
