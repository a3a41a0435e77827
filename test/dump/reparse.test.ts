/** After any edit the structure is the one that parsing the whole text gives. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseStructure } from '../../src/dump/structure/parseStructure';
import { reparse } from '../../src/dump/structure/reparse';
import { randomStream } from '../../src/frontend/random';

const texts = [
  ...readdirSync('test/dump/structures').map((f) =>
    readFileSync(path.join('test/dump/structures', f), 'utf8'),
  ),
  `#map = affine_map<(d0) -> (d0)>
module @m attributes {a.b = 1 : i32} {
  func.func @first(%a: i32, %b: memref<4xf32, #map>) -> i32 {
    %0:2 = scf.while (%i = %a, %j = %a) : (i32, i32) -> (i32, i32) {
      scf.condition(%c) %i, %j : i32, i32
    } do {
    ^bb0(%i: i32, %j: i32):
      scf.yield %i, %j : i32, i32
    }
    cf.br ^bb1(%0#1 : i32)
  ^bb1(%x: i32):
    return %x : i32 loc("a.py":1:2)
  } loc("a.py":0:0)
  module @inner {
    func.func private @declared(i32)
    func.func @second() {
      "a.b"() ({ "c.d"() {x = #map} : () -> () }) : () -> ()
      call @declared() : () -> ()
      return
    }
  }
  func.func @last() { return }
} loc(unknown)
#loc1 = loc("x")
`,
];
const pieces = [
  '{',
  '}',
  '(',
  ')',
  '"',
  '%z = a.b %q : i32\n',
  '\n',
  '//',
  'return',
  '^bb7:',
  '-> ',
  '#map',
  '@f',
  ' ',
  '{-#',
  'loc(#loc1)',
  '%0#1',
  '<',
  '>',
];

test('an edit gives the structure that parsing anew gives', () => {
  const random = randomStream(Number(process.env['STRATA_SEED'] ?? 1));
  const below = (n: number): number => Math.floor(random.uniform() * n);
  let alone = 0;
  for (const original of texts) {
    let before = original;
    let structure = parseStructure(before);
    for (let k = 0; k < 400; k++) {
      const at = below(before.length + 1);
      const removed = below(3) === 0 ? below(30) : below(2);
      const piece = below(4) === 0 ? '' : pieces[below(pieces.length)]!;
      const after = before.slice(0, at) + piece + before.slice(at + removed);
      const expected = parseStructure(after);
      const made = reparse(structure, before, after);
      if (made !== undefined) {
        alone++;
        assert.deepEqual(made, expected, `edit ${k}: '${piece}' for ${removed} at ${at}`);
      }
      // Most texts stay near the original, so that they have functions.
      const keep = below(3) > 0;
      [before, structure] = keep ? [after, expected] : [original, parseStructure(original)];
    }
  }
  assert.ok(alone > 100, `only ${alone} edits were parsed alone`);
});

test('only the function that was edited is parsed', () => {
  const f = (k: number): string => `  func.func @f${k}() {\n${'    a.b\n'.repeat(50)}    return\n  }\n`;
  const before = `module {\n${Array.from({ length: 200 }, (_, k) => f(k)).join('')}}\n`;
  const after = before.replace('@f100() {\n    a.b', '@f100() {\n    %0 = c.d : i32');
  const old = parseStructure(before);
  const functions = [...old.ops[0]!.regions[0]!.blocks[0]!.ops];
  const made = reparse(old, before, after)!;
  assert.deepEqual(made, parseStructure(after));
  const now = made.ops[0]!.regions[0]!.blocks[0]!.ops;
  assert.deepEqual(
    now.flatMap((op, i) => (op === functions[i] ? [] : [i])),
    [100],
  );
});
