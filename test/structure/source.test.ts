import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { parse, root, sourceFiles } from './sourceFiles';

/** May only fall. */
const allowedAnys = 0;

const longest = 800;
/** Tables and grammars that may be longer than other files; each says what it is in its header. */
const longFiles: readonly string[] = [];

function countAny(node: ts.Node): number {
  let count = node.kind === ts.SyntaxKind.AnyKeyword ? 1 : 0;
  ts.forEachChild(node, (child) => {
    count += countAny(child);
  });
  return count;
}

test(`the type any is written ${allowedAnys} times`, () => {
  const places = sourceFiles('src', 'webview', 'test')
    .map((file) => ({ file, count: countAny(parse(file)) }))
    .filter(({ count }) => count > 0);
  const total = places.reduce((sum, { count }) => sum + count, 0);
  const list = places.map(({ file, count }) => `${file}: ${count}`).join('\n');
  assert.ok(total <= allowedAnys, `any is written ${total} times, ${allowedAnys} at most:\n${list}`);
  assert.ok(total >= allowedAnys, `any is written only ${total} times now: lower allowedAnys to that`);
});

const lines = (file: string): number => readFileSync(path.join(root, file), 'utf8').split('\n').length - 1;

test(`no file is longer than ${longest} lines, unless it is a table or a grammar`, () => {
  const long = sourceFiles('src', 'webview')
    .filter((file) => !longFiles.includes(file) && lines(file) > longest)
    .map((file) => `${file}: ${lines(file)} lines`);
  assert.deepEqual(long, [], 'split it, or name it in longFiles when it is a table or a grammar');
});

test('no file has a name that says nothing', () => {
  // The pass manager is what the field calls it.
  const named = sourceFiles('src', 'webview', 'test').filter((file) => !file.endsWith('/passManager.ts'));
  const vague = named.filter((file) =>
    /(^|[/-])(utils?|helpers?|common|misc|managers?)(\.|\/)|(Utils?|Helpers?|Manager)\.ts$/.test(file),
  );
  assert.deepEqual(vague, []);
});

/** Message codes start with the number of their area: folder → first two digits. */
const codeRanges: Readonly<Record<string, readonly string[]>> = {
  'src/cli': ['00'],
  'src/base': ['00'],
  'src/ir': ['01', '02', '03', '04'],
  'src/dump': ['01'],
  'src/language': ['01'],
  'src/lowering': ['02', '05'],
  'src/bisect': ['11'],
  'src/compiler': ['00', '02', '03', '05', '06', '07'],
  'src/frontend': ['03', '04', '10'],
  'src/artifact': ['06'],
  'src/runner': ['07'],
  'src/profiler': ['08'],
  'src/editor': ['09'],
};

test('every message code is declared once, in the range of its area', () => {
  const declared = new Map<string, string>();
  const wrong: string[] = [];
  for (const file of sourceFiles('src').filter((each) => each.endsWith('/messages.ts'))) {
    const visit = (node: ts.Node): void => {
      if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && /^STR\d+$/.test(node.name.text)) {
        const code = node.name.text;
        const before = declared.get(code);
        if (before !== undefined) wrong.push(`${code} is declared in ${before} and in ${file}`);
        declared.set(code, file);
        const folder = file.split('/').slice(0, 2).join('/');
        const ranges = codeRanges[folder] ?? [];
        if (!/^STR\d{4}$/.test(code) || !ranges.includes(code.slice(3, 5)))
          wrong.push(`${code} in ${file}: codes of ${folder} start with STR${ranges.join(' or STR')}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(parse(file));
  }
  assert.ok(declared.size > 0);
  assert.deepEqual(wrong, []);
});
