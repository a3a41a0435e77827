import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';

const log = (name: string): string => path.resolve('test/dump/logs', `${name}.log`);
const strata = (...args: string[]): Promise<{ stdout: string; stderr: string; exitCode?: number }> =>
  execa(process.execPath, ['bin/strata.mjs', 'dump', ...args], { reject: false });

test('strata dump lists, shows, compares, counts and searches', async () => {
  const [list, json, show, diff, own, stats, search] = await Promise.all([
    strata(log('mlir-2024'), 'list'),
    strata('list', log('mlir-2024'), '--json', '--all'),
    strata(log('triton'), 'show', '0', '--no-locations', '--function', 'k'),
    strata(log('mlir-2024'), 'diff', '0', '1'),
    strata(log('mlir-2024'), 'diff', '1'),
    strata(log('mlir-2024'), 'stats'),
    strata(log('mlir-2024'), 'search', 'arith.muli', '--json'),
  ]);
  assert.match(list.stdout, /^MLIR log, 5 entries\n/);
  assert.match(list.stdout, /^ +1 +func\.func +fuse +@f +400 µs +\+1 −1$/m);
  assert.match(list.stderr, /warning: STR0162/);
  const passes = (JSON.parse(json.stdout) as { passes: { argument?: string; change: { kind: string } }[] })
    .passes;
  assert.deepEqual(passes.map((p) => [p.argument, p.change.kind])[0], ['fuse', 'changed']);
  assert.equal(
    show.stdout,
    'tt.func public @k(%arg0: !tt.ptr<f32>) attributes {noinline = false} {\n  tt.return\n}',
  );
  for (const { stdout } of [diff, own]) {
    assert.match(stdout, /^-#map = affine_map<\(d0\) -> \(d0\)>$/m);
    assert.match(
      stdout,
      /^- {2}%0 = arith\.addi %arg0, %arg0 : i32\n\+ {2}%0 = arith\.muli %arg0, %arg0 : i32$/m,
    );
  }
  assert.match(stats.stdout, /^fuse +1 +1 +2 +400 µs$/m);
  assert.deepEqual(JSON.parse(search.stdout), [
    {
      entry: 1,
      offset: 461,
      line: '%0 = arith.muli %arg0, %arg0 : i32',
      pass: '(anonymous namespace)::FusePass',
    },
  ]);
});

test('strata dump compares ops and tells the life of one', async () => {
  const [semantic, markdown, life, json] = await Promise.all([
    strata(log('life'), 'diff', '1', '--semantic'),
    strata(log('life'), 'diff', '1', '--semantic', '--markdown', '--all'),
    strata(log('life'), 'life', 'tosa.clamp'),
    strata('life', log('life'), '3', '%0', '--json'),
  ]);
  assert.match(semantic.stdout, /^TosaFuse: 1 fused, 2 kept$/m);
  assert.match(
    semantic.stdout,
    /^fused +2, 3 +%0 = tosa\.add \+ %1 = tosa\.clamp +2 +%0 = tosa\.add_clamp +location, structure$/m,
  );
  assert.match(markdown.stdout, /^### TosaFuse\n\n1 fused, 2 kept\.\n\n\| kind \| line \|/);
  assert.match(markdown.stdout, /^\| kept \| 4 \| func\.return \|/m);
  assert.match(life.stdout, /^%1 = tosa\.clamp, as it is in 0\n/);
  assert.match(life.stdout, /^ +3 +tosa-tag +changed: attributes /m);
  const [graph, reproducer] = await Promise.all([
    strata(log('life'), 'graph', '1'),
    strata(log('life'), 'reproduce', '1', '--json'),
  ]);
  assert.match(graph.stdout, /^ +2 {4}tosa\.add_clamp +%0 +func\.return$/m);
  const { text, command } = JSON.parse(reproducer.stdout) as { text: string; command: string };
  assert.match(text, /tosa\.clamp[^]*pipeline: "builtin\.module\(func\.func\(tosa-fuse\)\)"/);
  assert.equal(command, 'mlir-opt reproducer.mlir --run-reproducer');
  const { events } = JSON.parse(json.stdout) as { events: { kind: string; index: number }[] };
  assert.deepEqual(
    events.map((e) => `${e.index} ${e.kind}`),
    ['1 fused', '3 changed', '4 gone'],
  );
});

test('strata dump says what is wrong', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[log('triton'), 'show', '9'], /^STR0152 the dump has no entry 9; it has 2/m],
    [[log('triton'), 'show', '0', '--function', 'x'], /^STR0153 entry 0 has no function @x; it has @k\./m],
    [[log('triton'), 'soup'], /^STR0002 ACTION: expected list/m],
    [[log('life'), 'life', 'nowhere'], /^STR0155 no op is called 'nowhere' in any of 5 IRs\./m],
    [[log('life'), 'life', '0', 'func.return'], /^STR0156 'func\.return' are 2 ops of 0: line 5 /m],
    [[log('llvm-new'), 'diff', '1', '--semantic'], /^STR0157 ops can be compared in MLIR only/m],
    [[log('triton'), 'diff'], /^STR0002 N: expected the number of an entry/m],
    [[log('triton'), 'list', '--timing', log('triton')], /^STR0154 /m],
    [['package.json', 'list'], /^STR0150 'package\.json' is not an IR dump/m],
    [['nowhere.log', 'list'], /^STR0151 cannot read 'nowhere\.log'/m],
  ];
  for (const [args, message] of cases) {
    const { stderr, exitCode } = await strata(...args);
    assert.match(stderr, message);
    assert.equal(exitCode, 1);
  }
});
