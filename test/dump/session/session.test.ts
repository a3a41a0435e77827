import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { DumpSession } from '../../../src/dump/session/dumpSession';
import { pageOf, pageStarts } from '../../../src/dump/session/pages';
import { splitCommand, tracedCommand } from '../../../src/dump/trace/compilerCommand';

const open = (name: string): Promise<DumpSession> => DumpSession.open(path.join('test/dump/logs', name));

test('a session numbers the runs of a dump and says what each changed', async () => {
  const session = await open('mlir-2024.log');
  const runs = session.info.pipelines.flatMap((p) => p.passes.flatMap((pass) => pass.runs));
  assert.deepEqual(
    runs.map((r) => r.run),
    runs.map((_, i) => i),
  );
  const changes = await Promise.all(runs.map((r) => session.change(r.run)));
  assert.ok(changes.some((c) => c.kind === 'changed' && c.added + c.removed > 0));
  for (const run of runs) {
    const { text, pages } = await session.text(run.run, 'after');
    assert.equal(pages, 1);
    assert.ok(run.hasAfter === text.length > 0);
  }
  await session.close();
});

test('the two sides of a diff differ only where the pass changed something', async () => {
  const session = await open('mlir-2024.log');
  const runs = session.info.pipelines.flatMap((p) => p.passes.flatMap((pass) => pass.runs));
  for (const { run, hasBefore, hasAfter } of runs) {
    if (!hasBefore || !hasAfter) continue;
    const [before, like] = [await session.text(run, 'before'), await session.text(run, 'like')];
    const { kind } = await session.change(run);
    if (kind === 'unchanged') assert.equal(like.text, before.text);
    if (kind === 'changed') assert.notEqual(like.text, before.text);
  }
  await session.close();
});

test('a search says which run holds each hit', async () => {
  const session = await open('mlir-2024.log');
  const hits = [];
  for await (const hit of session.search('return')) hits.push(hit);
  assert.ok(hits.length > 0 && hits.every((h) => h.line.includes('return')));
  await session.close();
});

test('long texts come in pages that end between functions, and together are the text', () => {
  const functions = Array.from(
    { length: 40 },
    (_, f) => `func.func @f${f}() {\n${'  a.b\n'.repeat(10 + f)}}\n`,
  );
  const text = functions.join('');
  const starts = pageStarts(text, 600);
  assert.ok(starts.length > 5);
  const pages = starts.map((start, i) => text.slice(start, starts[i + 1]));
  assert.equal(pages.join(''), text);
  for (const page of pages) assert.match(page, /^func\.func/);
  // A function that is longer than a page is cut between lines; a line never is.
  const lines = pageStarts(`${'x'.repeat(500)}\n${'  a.b\n'.repeat(500)}`, 100);
  assert.ok(lines.length > 20);
  assert.deepEqual(pageStarts('x'.repeat(5000), 100), [0]);
  assert.deepEqual(pageOf('short\n', 3), { text: 'short\n', page: 0, pages: 1 });
  assert.ok(pageStarts('\n'.repeat(1000), 1 << 20, 100).length >= 9);
});

test('command lines are parted as a shell parts them', () => {
  assert.deepEqual(splitCommand(`A=1 mlir-opt 'a b.mlir' --p="x(y{z=\\"1\\"})" a\\ b`), [
    'A=1',
    'mlir-opt',
    'a b.mlir',
    '--p=x(y{z="1"})',
    'a b',
  ]);
  assert.deepEqual(splitCommand(`x ''`), ['x', '']);
  assert.deepEqual(splitCommand('  '), []);
  assert.equal(splitCommand(`x 'open`), undefined);
});

test('each compiler gets the flags and variables that make it dump, and keeps its own', () => {
  const of = (text: string): ReturnType<typeof tracedCommand> => tracedCommand(splitCommand(text)!, '/d');
  assert.deepEqual(of('/usr/bin/mlir-opt-22 m.mlir --cse --mlir-timing')?.args, [
    'm.mlir',
    '--cse',
    '--mlir-timing',
    '--mlir-print-ir-before-all',
    '--mlir-print-ir-after-all',
    '--mlir-disable-threading',
  ]);
  assert.equal(of('iree-compile m.mlir -o x.vmfb')?.output, 'stderr');
  assert.deepEqual(of('opt-19 -O2 a.ll')?.args, ['-O2', 'a.ll', '-print-before-all', '-print-after-all']);
  assert.deepEqual(of('clang -O2 a.c')?.args.slice(2), [
    '-mllvm',
    '-print-before-all',
    '-mllvm',
    '-print-after-all',
  ]);
  assert.deepEqual(of('strata compile m.onnx'), {
    tool: 'strata',
    program: 'strata',
    args: ['compile', 'm.onnx', '--dump-dir', '/d'],
    env: {},
    output: 'folder',
  });
  const python = of('XLA_FLAGS=--a CUDA=0 python3 train.py');
  assert.deepEqual(python?.args, ['train.py']);
  assert.equal(python?.env['MLIR_ENABLE_DUMP'], '1');
  assert.match(python?.env['XLA_FLAGS'] ?? '', /^--a --xla_dump_to=\/d /);
  assert.equal(of('gcc a.c'), undefined);
  assert.equal(of('A=1'), undefined);
});
