/** Commands write their own sections of a document and leave the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markdownTable, withSection } from '../../src/cli/documentSection';

test('a section is added once, replaced after, and leaves what is around it', () => {
  const first = withSection('# Title\n\nText.\n', { name: 'a', command: 'strata x', body: 'one' });
  const both = withSection(first, { name: 'ab', command: 'strata y', body: 'two\n' });
  assert.equal(
    both,
    '# Title\n\nText.\n\n<!-- a: written by `strata x` -->\n\none\n\n<!-- end of a -->\n\n' +
      '<!-- ab: written by `strata y` -->\n\ntwo\n\n<!-- end of ab -->\n',
  );
  assert.equal(
    withSection(both, { name: 'a', command: 'strata x', body: 'three' }),
    both.replace('one', 'three'),
  );
  assert.equal(withSection(both, { name: 'ab', command: 'strata y', body: 'two' }), both);
});

test('a table has the columns of the terminal, and no cell ends it', () => {
  const columns = [
    { title: 'name', cell: (r: { name: string; n: number }) => r.name },
    { title: 'n', cell: (r: { name: string; n: number }) => String(r.n), align: 'right' as const },
  ];
  assert.equal(
    markdownTable([{ name: 'a | b\nc', n: 1 }], columns),
    '| name | n |\n| --- | ---: |\n| a \\| b c | 1 |',
  );
});
