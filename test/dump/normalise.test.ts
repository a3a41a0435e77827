import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { randomStream } from '../../src/frontend/random';
import { matchLines, unifiedDiff } from '../../src/dump/lineDiff';
import {
  canonicalHash,
  canonicalText,
  dropLocations,
  prepareLines,
  renameLike,
} from '../../src/dump/normalise';

const before = `#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0) -> (0)>
module {
  func.func @f(%arg0: f32) -> f32 {
    %0 = arith.addf %arg0, %arg0 : f32
    %1 = arith.mulf %0, %arg0 {m = #map} : f32
    cf.br ^bb1(%1 : f32)
  ^bb1(%2: f32):  // pred: ^bb0
    return %2 : f32 loc(#loc1)
  }
  func.func @g() {
    %0:2 = "a.b"() {m = #map1, s = "%0 #map"} : () -> (f32, f32)
    "c.d"(%0#1) : (f32) -> () loc(#loc2)
  }
}
#loc1 = loc("a":1:1)
#loc2 = loc("a":2:1)
`;
const renumbered = `#m9 = affine_map<(d0) -> (0)>
#map = affine_map<(d0) -> (d0)>
module {
  func.func @f(%x: f32) -> f32 {
    %7 = arith.addf %x, %x : f32
    %3 = arith.mulf %7, %x {m = #map} : f32
    cf.br ^bb4(%3 : f32)
  ^bb4(%0: f32):  // pred: ^bb0
    return %0 : f32 loc(#loc7)
  }
  func.func @g() {
    %res:2 = "a.b"() {m = #m9, s = "%0 #map"} : () -> (f32, f32)
    "c.d"(%res#1) : (f32) -> () loc(#loc)
  }
}
#loc = loc("a":2:1)
#loc7 = loc("a":1:1)
`;

test('a renumbering of LLVM IR, its blocks too, is no change', () => {
  const ir = (x: number, body: number, more = ''): string =>
    `define i32 @f(i32 %0) {\n  br label %${body}\n\n${body}:        ; preds = %${body}, %1\n${more}  %${x} = phi i32 [ 0, %1 ], [ %${x}, %${body} ]\n  br label %${body}\n}\n`;
  assert.equal(canonicalHash(ir(3, 2)), canonicalHash(ir(9, 7)));
  const [old, now] = [prepareLines(ir(3, 2)), prepareLines(ir(9, 7, '  %2 = add i32 %0, 1\n'))];
  const renamed = renameLike(old, now);
  assert.deepEqual(
    renamed.filter((line) => !old.includes(line)),
    ['  %new2 = add i32 %0, 1'],
  );
});

test('a renumbering of values, blocks, aliases and locations is no change', () => {
  assert.equal(canonicalText(renumbered), canonicalText(before));
  const [a, b] = [prepareLines(before), prepareLines(renumbered)];
  const renamed = renameLike(a, b);
  assert.deepEqual([...renamed].sort(), [...a].sort());
});

test('each real change is a change', () => {
  const edits: readonly (readonly [string, string])[] = [
    ['arith.addf %arg0, %arg0', 'arith.subf %arg0, %arg0'],
    ['arith.mulf %0, %arg0', 'arith.mulf %arg0, %0'],
    ['{m = #map}', '{m = #map1}'],
    ['s = "%0 #map"', 's = "%1 #map"'],
    ['%0#1', '%0#0'],
    ['(d0) -> (0)', '(d0) -> (1)'],
    ['"a":2:1', '"a":3:1'],
    ['return %2', 'return %1'],
    ['@g', '@h'],
  ];
  for (const [from, to] of edits) {
    assert.ok(before.includes(from));
    assert.notEqual(canonicalHash(before.replace(from, to)), canonicalHash(before), to);
  }
  const moved = before.replace('"a":2:1', '"a":3:1');
  assert.equal(canonicalHash(moved, { locations: 'drop' }), canonicalHash(before, { locations: 'drop' }));
});

test('a text with aliases equals the same without', () => {
  const inline = before
    .replace(/#map1\b(?! =)/g, 'affine_map<(d0) -> (0)>')
    .replace(/= #map\}/, '= affine_map<(d0) -> (d0)>}');
  const without = inline.replace(/^#map.*\n/gm, '');
  assert.equal(canonicalText(without, { aliases: 'expand' }), canonicalText(before, { aliases: 'expand' }));
});

test('an inserted op changes one line, though it renumbers all that follow', () => {
  const ops = (from: number, n: number): string[] =>
    Array.from({ length: n }, (_, k) => `  %${from + k + 1} = test.op${k} %${from + k} : i32`);
  const a = ['func.func @f(%arg0: i32) {', '  %0 = test.first %arg0 : i32', ...ops(0, 50), '}'];
  const b = [
    'func.func @f(%arg0: i32) {',
    '  %0 = test.added : i32',
    '  %1 = test.first %arg0 : i32',
    ...ops(1, 50),
    '}',
  ];
  const diff = unifiedDiff(a, renameLike(a, b), ['a', 'b']);
  assert.deepEqual([diff.added, diff.removed], [1, 0], diff.text);
  assert.equal(
    diff.text,
    `--- a\n+++ b\n@@ -1,4 +1,5 @@\n func.func @f(%arg0: i32) {\n+  %new0 = test.added : i32\n   %0 = test.first %arg0 : i32\n   %1 = test.op0 %0 : i32\n   %2 = test.op1 %1 : i32\n`,
  );
});

test('locations of any nesting can be left out', () => {
  assert.equal(
    dropLocations('  a.b %0 : i32 loc(fused<"x)">["a", callsite("f" at "m.mlir":8:24)]) // x'),
    '  a.b %0 : i32 // x',
  );
});

test('diffs are as short as they can be, and patch applies them', () => {
  const random = randomStream(Number(process.env['STRATA_SEED'] ?? 1));
  const pick = (n: number): number => Math.floor(random.uniform() * n);
  const folder = mkdtempSync(path.join(tmpdir(), 'diff-'));
  const havePatch = spawnSync('patch', ['--version']).status === 0;
  try {
    for (let round = 0; round < 60; round++) {
      const a = Array.from({ length: pick(40) }, () => `line ${pick(8)}`);
      const b = a.flatMap((line) =>
        pick(5) === 0 ? [] : pick(5) === 0 ? [line, `line ${pick(8)}`] : [line],
      );
      const pairs = matchLines(a, b);
      for (const [i, j] of pairs) assert.equal(a[i], b[j]);
      assert.equal(pairs.length, longestCommon(a, b));
      const diff = unifiedDiff(a, b, ['f', 'f']);
      if (!havePatch || diff.text === '' || round > 8) continue;
      writeFileSync(path.join(folder, 'f'), a.map((l) => `${l}\n`).join(''));
      const run = spawnSync('patch', ['--silent', path.join(folder, 'f')], { input: diff.text });
      assert.equal(run.status, 0, diff.text);
      assert.equal(readFileSync(path.join(folder, 'f'), 'utf8'), b.map((l) => `${l}\n`).join(''));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const x of a) {
    const next = [0];
    b.forEach((y, j) => next.push(x === y ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!)));
    row = next;
  }
  return row[b.length]!;
}

test('texts with nothing in common do not take for ever', () => {
  const a = Array.from({ length: 30_000 }, (_, i) => `a${i}`);
  const b = Array.from({ length: 30_000 }, (_, i) => (i === 15_000 ? 'a15000' : `b${i}`));
  assert.deepEqual(matchLines(a, b), [[15_000, 15_000]]);
});
