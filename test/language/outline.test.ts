import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IrSource } from '../../src/language/irSource';
import { lineAt, lineStarts } from '../../src/base/lines';
import type { OutlineItem } from '../../src/language/outline';
import { foldingOf, outlineOf } from '../../src/language/outline';

const text = `// two
// lines
module @net {
  func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {
    %0 = "dispatch.region"(%a) <{sym_name = "k0"}> ({
    ^bb0(%x: tensor<4xf32>):
      "dispatch.yield"(%x) : (tensor<4xf32>) -> ()
    }) : (tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
`;
const parsed = (source: string): IrSource => new IrSource(source);
const names = (items: readonly OutlineItem[]): unknown =>
  items.map((i) => [i.kind, i.name, names(i.children)]);

test('the outline nests symbols and puts the cursor on names', () => {
  const outline = outlineOf(parsed(text));
  assert.deepEqual(names(outline), [['module', '@net', [['function', '@main', [['kernel', '@k0', []]]]]]]);
  const main = outline[0]!.children[0]!;
  assert.equal(text.slice(main.nameStart, main.nameEnd), 'main');
  assert.match(main.detail, /^func\.func · \d+ ops$/);
});

test('a file without a module has its functions at the top', () => {
  const outline = outlineOf(parsed('func.func @f() {\n  return\n}\n'));
  assert.deepEqual(names(outline), [['function', '@f', []]]);
});

test('regions and comments fold, and leave the closing brace', () => {
  const folds = foldingOf(parsed(text)).map((f) => [f.start, f.end, f.kind]);
  assert.deepEqual(folds, [
    [0, 1, 'comment'],
    [2, 9, 'region'],
    [3, 8, 'region'],
    [4, 6, 'region'],
  ]);
});

test('offsets are found in their lines', () => {
  const starts = lineStarts('ab\nc\n');
  assert.deepEqual(
    [0, 2, 3, 4, 5].map((o) => lineAt(starts, o)),
    [0, 0, 1, 1, 2],
  );
});
