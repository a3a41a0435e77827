import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Analysis } from '../../src/language/analysis';
import { analyse } from '../../src/language/analysis';
import { lineAt, lineStarts } from '../../src/base/lines';
import type { OutlineItem } from '../../src/language/outline';
import { foldingOf, outlineOf, textOfAnalysis, textOfSnapshot } from '../../src/language/outline';
import type { IrText } from '../../src/language/outline';
import { snapshotOf } from '../../src/ir';

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
function analysed(source: string): Analysis {
  const result = analyse(source);
  assert.equal(result.kind, 'ok', result.kind === 'failed' ? result.diagnostic.text : '');
  return result.analysis;
}
const parsed = (source: string): IrText => textOfAnalysis(analysed(source));
const names = (items: readonly OutlineItem[]): unknown =>
  items.map((i) => [i.kind, i.name, names(i.children)]);

test('the outline nests symbols and puts the cursor on names', () => {
  const outline = outlineOf(parsed(text));
  assert.deepEqual(names(outline), [['module', '@net', [['function', '@main', [['kernel', '@k0', []]]]]]]);
  const main = outline[0]!.children[0]!;
  assert.equal(text.slice(main.nameStart, main.nameEnd), 'main');
  assert.match(main.detail, /^func\.func · \d+ ops$/);
});

test('IR as a pass left it has the outline and folds of its parsed text', () => {
  const snapshot = textOfSnapshot(snapshotOf(analysed(text.replace(' @net', '')).module));
  assert.deepEqual(outlineOf(snapshot), outlineOf(parsed(snapshot.text)));
  assert.deepEqual(foldingOf(snapshot), foldingOf(parsed(snapshot.text)));
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

test('text that does not parse has a diagnostic instead', () => {
  const result = analyse('func.func @f( {');
  assert.equal(result.kind, 'failed');
  assert.match(result.diagnostic.code, /^STR01/);
});

test('offsets are found in their lines', () => {
  const starts = lineStarts('ab\nc\n');
  assert.deepEqual(
    [0, 2, 3, 4, 5].map((o) => lineAt(starts, o)),
    [0, 0, 1, 1, 2],
  );
});
