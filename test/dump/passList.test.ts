import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { MemorySource } from '../../src/dump/byteSource';
import type { Dump } from '../../src/dump/dump';
import { IrStates } from '../../src/dump/irState';
import { closeDump, openDump, openSource } from '../../src/dump/openDump';
import { passListOf } from '../../src/dump/passList';
import type { SearchHit } from '../../src/dump/searchDump';
import { searchDump } from '../../src/dump/searchDump';
import { findTimingReport } from '../../src/dump/timingReport';

const marker = (rest: string): string => `// -----// IR Dump ${rest} //----- //\n`;
const f = (name: string, ...ops: string[]): string =>
  `func.func @${name}(%arg0: i32) {\n${ops.map((op) => `  ${op}\n`).join('')}  return\n}\n\n`;
const add = (n: number): string => `%${n} = arith.addi %arg0, %arg0 : i32`;
const inModule = (...functions: string[]): string =>
  `module {\n${functions.map((text) => text.trimEnd().replace(/^/gm, '  ')).join('\n')}\n}\n\n`;

const open = (log: string): Promise<Dump> => openSource(new MemorySource(log));

/** Pipelines with a line per pass and run: `pass: @f change`. */
async function outline(dump: Dump): Promise<string[]> {
  const states = new IrStates(dump);
  const lines: string[] = [];
  for (const { anchor, passes } of passListOf(dump).pipelines) {
    lines.push(anchor);
    for (const node of passes) {
      for (const run of node.runs) {
        const change = await states.change(run);
        const what =
          change.kind === 'changed'
            ? `+${change.added} -${change.removed}${[...change.ops].map(([d, n]) => ` ${d} ${n}`).join('')}`
            : change.kind;
        lines.push(
          `  ${node.argument ?? node.pass}: ${run.symbol ?? ''} ${what}${run.failed ? ' failed' : ''}`,
        );
      }
    }
  }
  return lines;
}

test('passes on functions, interleaved by threads, then on the module', async () => {
  const log = [
    marker('After A (a)') + f('x', add(0)),
    marker('After A (a)') + f('y'),
    marker('After B (b)') + f('x'),
    marker('After A (a)') + f('x', add(7)),
    marker('After B (b)') + f('y'),
    marker('After C (c)') + inModule(f('x', add(3)), f('y')),
    marker('After D Failed (d)') + inModule(f('x', add(0), add(1)), f('y')),
  ].join('');
  assert.deepEqual(await outline(await open(log)), [
    'func.func',
    '  a: x first',
    '  a: y first',
    '  b: x +0 -1 arith -1',
    '  b: y unchanged',
    '  a: x +1 -0 arith 1',
    'builtin.module',
    '  c:  unchanged',
    '  d:  +1 -0 arith 1 failed',
  ]);
});

test('a function after a pass on the module starts from what the module had', async () => {
  const log =
    marker('After M (m)') +
    inModule(f('x', add(0)), f('y')) +
    marker('After A (a)') +
    f('x', add(4)) +
    marker('After A (a)') +
    f('y', add(0));
  assert.deepEqual(await outline(await open(log)), [
    'builtin.module',
    '  m:  first',
    'func.func',
    '  a: x unchanged',
    '  a: y +1 -0 arith 1',
  ]);
});

test('with module scope each entry is the module, and the pass is compared on its function', async () => {
  const scoped = (pass: string, symbol: string): string =>
    marker(`After ${pass} ('func.func' operation: @${symbol})`);
  const log =
    scoped('A (a)', 'x') +
    inModule(f('x', add(0)), f('y')) +
    scoped('A (a)', 'y') +
    inModule(f('x', add(0)), f('y', add(0))) +
    scoped('B (b)', 'x') +
    inModule(f('x', add(9)), f('y', add(0)));
  assert.deepEqual(await outline(await open(log)), [
    'func.func',
    '  a: x first',
    '  a: y +1 -0 arith 1',
    '  b: x unchanged',
  ]);
});

test('before and after are one run; of before only, the next before is the after', async () => {
  const both =
    marker('Before A (a)') +
    f('x', add(0)) +
    marker('After A (a)') +
    f('x') +
    marker('Before B (b)') +
    f('x');
  assert.deepEqual(await outline(await open(both)), [
    'func.func',
    '  a: x +0 -1 arith -1',
    '  b: x unfinished',
  ]);
  const before =
    marker('Before A (a)') +
    inModule(f('x', add(0))) +
    marker('Before B (b)') +
    inModule(f('x')) +
    marker('Before C (c)') +
    inModule(f('x'));
  assert.deepEqual(await outline(await open(before)), [
    'builtin.module',
    '  a:  +0 -1 arith -1',
    '  b:  unchanged',
    '  c:  unfinished',
  ]);
});

test('aliases in the module and written out in the function are the same IR', async () => {
  const map = 'affine_map<(d0) -> (d0)>';
  const op = (m: string): string => `%0 = affine.apply ${m}(%arg0)`;
  const log =
    marker('After A (a)') +
    f('x', op(map)) +
    marker('After C (c)') +
    `#map = ${map}\n${inModule(f('x', op('#map')))}`;
  assert.deepEqual(await outline(await open(log)), [
    'func.func',
    '  a: x first',
    'builtin.module',
    '  c:  unchanged',
  ]);
});

const json = `[
{"user": {"duration":   0.0006, "percentage":  12.6}, "wall": {"duration":   0.0007, "percentage":  14.3}, "name": "Parser", "passes": [
{}]},
{"user": {"duration":   0.0006, "percentage":  12.2}, "wall": {"duration":   0.0005, "percentage":  11.4}, "name": "'func.func' Pipeline", "passes": [
  {"user": {"duration":   0.0004, "percentage":   8.4}, "wall": {"duration":   0.0003, "percentage":   9.4}, "name": "A", "passes": [
  {}]},
{}]},
{"user": {"duration":   0.0046, "percentage": 100.0}, "wall": {"duration":   0.0040, "percentage": 100.0}, "name": "Total"}
]
`;

test('timing reports as text and JSON give passes their time', async () => {
  const report = findTimingReport(`noise [1]\n${json}`);
  assert.equal(report?.totalSeconds, 0.004);
  const list = passListOf(
    await open(marker('After A (a)') + f('x') + marker('After B (b)') + f('x')),
    report,
  );
  assert.equal(list.pipelines[0]!.seconds, 0.0005);
  assert.deepEqual(
    list.pipelines[0]!.passes.map((p) => p.seconds),
    [0.0003, undefined],
  );
  const inLog = await open(readFileSync('test/dump/logs/mlir-2024.log', 'utf8'));
  const named = passListOf(inLog).pipelines.flatMap((p) => p.passes.map((n) => `${n.pass} ${n.seconds}`));
  assert.ok(named.includes('Lower 0.0011'), named.join());
  const old = findTimingReport(
    '===---===\n ... Pass execution timing report ...\n===---===\n  Total Execution Time: 0.0203 seconds\n\n   ---Wall Time---  --- Name ---\n   0.0047 ( 55.9%)  Canonicalizer\n   0.0019 ( 22.2%)  VerifierPass\n',
  );
  assert.deepEqual(
    old?.nodes.map((n) => [n.name, n.seconds]),
    [
      ['Canonicalizer', 0.0047],
      ['VerifierPass', 0.0019],
    ],
  );
});

test('a search finds each line once, wherever chunks end', async () => {
  const line = (i: number): string => `  "x.needle"() {i = ${i}} : () -> () // needle\n`;
  const parts = [marker('After A (a)')];
  for (let i = 0; i < 3000; i++)
    parts.push(line(i), `  "x.${'y'.repeat((i * 7919) % 12_000)}"() : () -> ()\n`);
  const dump = await open(parts.join(''));
  const found: SearchHit[] = [];
  for await (const hit of searchDump(dump, 'needle')) found.push(hit);
  assert.deepEqual(
    found.map((h) => h.line),
    Array.from({ length: 3000 }, (_, i) => line(i).trim()),
  );
  assert.ok(found.every((h) => h.entry === 0));
});

for (const mlirOpt of ['mlir-opt-22', 'mlir-opt-19']) {
  const skip = spawnSync(mlirOpt, ['--version']).status === 0 ? false : `${mlirOpt} is not installed`;

  test(
    `a live log of ${mlirOpt}, with and without module scope, and a tree show the same passes and changes`,
    { skip },
    async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'dump-'));
      try {
        const input = path.join(folder, 'in.mlir');
        writeFileSync(
          input,
          `#map = affine_map<(d0) -> (d0 + 1)>
func.func @a(%x: index) -> index { %c = arith.constant 1 : index %d = arith.constant 1 : index %0 = arith.addi %c, %d : index %1 = affine.apply #map(%x) return %1 : index }
func.func @b(%x: i32) -> i32 { return %x : i32 }
`
            .replace(/ %/g, '\n %')
            .replace(/ return/g, '\n return'),
        );
        const run = (...flags: string[]): string => {
          const pipeline =
            '--pass-pipeline=builtin.module(func.func(cse,canonicalize),symbol-dce,func.func(print-ir{label=here}))';
          const result = spawnSync(mlirOpt, [input, pipeline, '--mlir-disable-threading', ...flags], {
            encoding: 'utf8',
          });
          assert.equal(result.status, 0, result.stderr);
          return result.stderr;
        };
        const expected = [
          'func.func',
          '  cse: a first',
          '  cse: b first',
          '  canonicalize: a +1 -2 arith -1',
          '  canonicalize: b unchanged',
          'builtin.module',
          '  symbol-dce:  unchanged',
        ];
        const log = run('--mlir-print-ir-after-all', '--mlir-timing');
        const dump = await open(log);
        assert.deepEqual((await outline(dump)).slice(0, 7), expected, log);
        assert.ok(
          dump.timing !== undefined &&
            passListOf(dump).pipelines[0]!.passes.every((p) => p.seconds !== undefined),
        );
        assert.ok(
          dump.entries.some((e) => e.when === 'snapshot' && e.pass === 'here'),
          'label of print-ir',
        );
        const scoped = await open(
          run('--mlir-print-ir-after-all', '--mlir-print-ir-module-scope', '--mlir-print-debuginfo'),
        );
        // The dump of the first pass on @a shows @b as it is before its own.
        assert.deepEqual(
          (await outline(scoped)).slice(0, 7),
          expected.map((line) => line.replace('cse: b first', 'cse: b unchanged')),
        );
        run('--mlir-print-ir-after-all', `--mlir-print-ir-tree-dir=${path.join(folder, 'tree')}`);
        if (existsSync(path.join(folder, 'tree'))) {
          const tree = await openDump(path.join(folder, 'tree'));
          assert.deepEqual((await outline(tree)).slice(0, 7), expected);
          await closeDump(tree);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
}

test('steps that Triton prints within a pass are no part of the IR before it', async () => {
  const step = (name: string): string => `// -----// SoftwarePipeliner internal IR Dump After: ${name}\n`;
  const before = (pass: string): string => marker(`Before ${pass}Pass: ${pass} ('builtin.module' operation)`);
  const log =
    before('schedule') +
    inModule(f('k', add(0))) +
    before('pipeline') +
    inModule(f('k', add(0))) +
    step('LowerLoops') +
    inModule(f('k', add(0), add(1))) +
    before('cse') +
    inModule(f('k', add(0), add(1)));
  const dump = await open(log);
  assert.deepEqual(
    dump.entries.map((e) => `${e.when} ${e.pass}`),
    [
      'before schedulePass',
      'before pipelinePass',
      'snapshot SoftwarePipeliner: LowerLoops',
      'before csePass',
    ],
  );
  assert.deepEqual(
    (await outline(dump)).filter((line) => !line.includes('LowerLoops')),
    ['builtin.module', '  schedule:  unchanged', '  pipeline:  +1 -0 arith 1', '  cse:  unfinished'],
  );
});

test('of modules printed before each pass, the next is what the pass before it left, whatever it ran on', async () => {
  const before = (pass: string, op: string): string => marker(`Before ${pass}Pass: ${pass} (${op})`);
  const log =
    before('inline', "'builtin.module' operation") +
    inModule(f('k', add(0), add(1))) +
    before('canonicalize', "'func.func' operation: @k") +
    inModule(f('k', add(0), add(1))) +
    before('cse', "'builtin.module' operation") +
    inModule(f('k', add(0)));
  assert.deepEqual(await outline(await open(log)), [
    'builtin.module',
    '  inline:  unchanged',
    'func.func',
    '  canonicalize: k +0 -1 arith -1',
    'builtin.module',
    '  cse:  unfinished',
  ]);
});
