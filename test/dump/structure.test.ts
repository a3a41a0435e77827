import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { compareStructure } from '../bench/compareStructure';
import { readGenericForm } from '../bench/genericForm';
import { parseStructure } from '../../src/dump/structure/parseStructure';
import type { StructureOp } from '../../src/dump/structure/structure';
import { opsAt, walkStructure } from '../../src/dump/structure/structure';
import type { Operation } from '../../src/ir';
import { parseModule, printOp } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';

/** `name results operands successors [arguments of blocks, of those with ops] symbol`. */
function facts(op: StructureOp): string {
  const results = op.results.reduce((sum, r) => sum + r.count, 0);
  const regions = op.regions.map((r) =>
    r.blocks
      .filter((b) => b.ops.some((o) => !implicit(o)))
      .map((b) => b.arguments.length)
      .join(','),
  );
  return `${op.name} ${results} ${op.operands.length} ${op.successors.length} [${regions.join('|').replace(/\|+$/, '')}] ${op.symbol?.name ?? ''}`;
}

function realFacts(op: Operation): string {
  const symbol = op.attr('sym_name');
  const regions = op.regions.map((r) =>
    r.blocks
      .filter((b) => b.ops.some((o) => !implicit(o)))
      .map((b) => b.args.length)
      .join(','),
  );
  return `${op.name} ${op.results.length} ${op.operands.length} ${op.successors.length} [${regions.join('|').replace(/\|+$/, '')}] ${symbol?.kind === 'string' ? symbol.value : ''}`;
}

/** Bare names as their dialects have them. */
const dialects: Readonly<Record<string, string>> = {
  module: 'builtin.module',
  func: 'func.func',
  return: 'func.return',
  call: 'func.call',
};
/** Its region follows from its name, and its custom assembly leaves it out. */
const hidesRegion = (name: string): boolean =>
  name.startsWith('linalg.') && !/\.(?:generic|map|reduce|index|yield)$/.test(name);
/** Custom assembly leaves out terminators that say nothing. */
const implicit = (op: StructureOp | Operation): boolean =>
  op.operands.length === 0 &&
  (/^(?:scf|affine)\.yield$/.test(op.name) ||
    (op.name === 'scf.forall.in_parallel' &&
      op.regions.every((r) => r.blocks.every((b) => b.ops.length === 0))));

/** Facts of all ops; with `printed` of those that custom assembly prints. */
function structureFacts(text: string, printed: boolean): string[] {
  const found: string[] = [];
  const visit = (written: StructureOp): void => {
    const name = dialects[written.name] ?? written.name;
    if (printed && implicit(written)) return;
    const op = { ...written, name, regions: printed && hidesRegion(name) ? [] : written.regions };
    found.push(facts(op));
    for (const region of op.regions) for (const block of region.blocks) block.ops.forEach(visit);
  };
  parseStructure(text).ops.forEach(visit);
  return found;
}

function realFactsOf(module: Operation, printed: boolean): string[] {
  const found: string[] = [];
  const visit = (op: Operation): void => {
    if (printed && implicit(op)) return;
    const hidden = printed && hidesRegion(op.name);
    found.push(hidden ? realFacts(op).replace(/\[.*\]/, '[]') : realFacts(op));
    if (hidden) return;
    for (const region of op.regions) for (const block of region.blocks) block.ops.forEach(visit);
  };
  visit(module);
  return found;
}

/** Inputs of the golden tests that are valid IR. */
function* ownIr(): Generator<{ file: string; module: Operation }> {
  for (const folder of ['test/ir/golden', 'test/lowering/golden', 'test/lowering/graph/golden']) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder).filter((n) => n.endsWith('.mlir'))) {
      const file = path.join(folder, name);
      for (const part of readFileSync(file, 'utf8').split(/^\/\/ -+.*$/m)) {
        try {
          yield { file, module: parseModule(part, registry, { fileName: file }).module };
        } catch {
          // Tests of messages hold wrong IR.
        }
      }
    }
  }
}

test('of our own IR it finds the ops, results, operands, blocks and symbols that the real parser finds', () => {
  let ops = 0;
  for (const { file, module } of ownIr()) {
    for (const form of ['generic', 'custom'] as const) {
      const real = realFactsOf(module, form === 'custom');
      for (const locations of ['none', 'alias'] as const) {
        const text = printOp(module, { form, locations });
        assert.deepEqual(
          structureFacts(text, form === 'custom'),
          real,
          `${file} ${form} ${locations}\n${text}`,
        );
        assert.deepEqual(parseStructure(text).skipped, []);
      }
      ops += real.length;
    }
  }
  assert.ok(ops > 300, `only ${ops} ops compared`);
});

test('custom assembly of ops that it does not know', () => {
  const ops = (text: string): string[] =>
    [...walkStructure(parseStructure(text).ops)].map(
      (op) =>
        `${op.results.map((r) => r.name).join()}=${op.name}(${op.operands.map((o) => o.name + (o.resultNumber === undefined ? '' : `#${o.resultNumber}`)).join()})[${op.regions.map((r) => r.blocks.map((b) => b.arguments.map((a) => a.name).join()).join(';')).join('|')}]`,
    );
  assert.deepEqual(
    ops(`tt.func public @k(%arg0: !tt.ptr<f32> {tt.divisibility = 16 : i32}) attributes {noinline = false} {
  %c = arith.constant 1 : i32
  %0:2 = foo.split %arg0, %c
    into [%c]
    {mode = "a}", v = @x::@y} : i32 -> (i32, i32)
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c, %gy = %c, %gz = %c) {
    gpu.terminator
  }
  scf.parallel (%i, %j) = (%c, %c) to (%0#0, %0#1) step (%c, %c) {
    scf.reduce
  }
  %1 = scf.while (%a = %c) : (i32) -> i32 {
    scf.condition(%c) %a : i32
  } do {
  ^bb0(%b: i32):
    scf.yield %b : i32
  }
  cf.cond_br %c, ^bb1(%c : i32), ^bb2
^bb1(%x: i32):  // pred: ^bb0
  %2 = linalg.reduce ins(%x : i32) outs(%c : i32) dimensions = [0]
    (%in: f32, %init: f32) {
      linalg.yield %in : f32
    }
  scf.index_switch %c
  case 0 {
    scf.yield
  }
  default {
  }
  vm.br_table %c {
    default: ^bb2(%c : i32),
    0: ^bb2
  }
  c.smt knobs = {}
      dims(%c, %c) {
  ^bb0(%m: !smt.int, %n: !smt.int):
    smt.eq %m, %n : !smt.int
  }
  stream.cmd.func private @declared(%r[%from for %to]: !stream.resource<*>, %n: i32)
  %9 = flow.dispatch.workgroups[%c](%c) : (i32) -> %c =
      (%in: !flow.t) {
    flow.return
  }
  tt.return
^bb2:
  "a.b"(%c) <{x = {y = 1}}> ({
    "c.d"() : () -> ()
  }, {
  ^bb0(%q: i32):
    "e.f"(%q)[^bb0] : (i32) -> ()
  }) {z = 1 : i32} : (i32) -> () loc(fused["a", callsite("f" at "m.mlir":8:24)])
}`),
    [
      '=tt.func()[%arg0;%x;]',
      '%c=arith.constant()[]',
      '%0=foo.split(%arg0,%c,%c)[]',
      '=gpu.launch(%c,%c,%c)[%bx,%by,%bz,%gx,%gy,%gz]',
      '=gpu.terminator()[]',
      '=scf.parallel(%c,%c,%0#0,%0#1,%c,%c)[%i,%j]',
      '=scf.reduce()[]',
      '%1=scf.while(%c)[%a|%b]',
      '=scf.condition(%c,%a)[]',
      '=scf.yield(%b)[]',
      '=cf.cond_br(%c,%c)[]',
      '%2=linalg.reduce(%x,%c)[%in,%init]',
      '=linalg.yield(%in)[]',
      '=scf.index_switch(%c)[|]',
      '=scf.yield()[]',
      '=vm.br_table(%c,%c)[]',
      '=c.smt(%c,%c)[%m,%n]',
      '=smt.eq(%m,%n)[]',
      '=stream.cmd.func()[]',
      '%9=flow.dispatch.workgroups(%c,%c,%c)[%in]',
      '=flow.return()[]',
      '=tt.return()[]',
      '=a.b(%c)[|%q]',
      '=c.d()[]',
      '=e.f(%q)[]',
    ],
  );
});

test('aliases, resources, symbols, locations and ranges', () => {
  const text = `#map = affine_map<(d0) -> (d0)>
!t = !llvm.struct<(ptr,
  i32)>
module @m {
  func.func private @"a b"(i32)
  func.func @f() {
    func.call @"a b"(%x) : (i32) -> () loc(#loc1)
    return
  }
}
#loc1 = loc("a":1:2)
{-#
  dialect_resources: { builtin: { a: "0x08000000" } }
#-}
`;
  const s = parseStructure(text);
  assert.deepEqual(
    s.aliases.map((a) => [a.name, text.slice(a.body.start, a.body.end)]),
    [
      ['#map', 'affine_map<(d0) -> (d0)>'],
      ['!t', '!llvm.struct<(ptr,\n  i32)>'],
      ['#loc1', 'loc("a":1:2)'],
    ],
  );
  assert.ok(s.resources !== undefined && text.slice(s.resources.start).startsWith('{-#'));
  const ops = [...walkStructure(s.ops)];
  assert.deepEqual(
    ops.map((op) => op.symbol?.name),
    ['m', 'a b', 'f', undefined, undefined],
  );
  const call = ops[3]!;
  assert.equal(text.slice(call.start, call.end), 'func.call @"a b"(%x) : (i32) -> () loc(#loc1)');
  assert.equal(text.slice(call.location!.start, call.location!.end), 'loc(#loc1)');
  assert.deepEqual(
    call.symbolUses.map((u) => u.name),
    ['@"a b"'],
  );
  assert.deepEqual(
    opsAt(s, text.indexOf('@"a b"(%x)')).map((op) => op.name),
    ['module', 'func.func', 'func.call'],
  );
});

test('cut, garbled and hostile text is read as far as it goes', () => {
  const texts = [...ownIr()]
    .map(({ module }) => printOp(module, { form: 'custom', locations: 'alias' }))
    .slice(0, 12);
  for (const text of texts) {
    for (let i = 1; i < 40; i++) {
      parseStructure(text.slice(0, Math.floor((text.length * i) / 40)));
      const at = (i * 7919) % text.length;
      parseStructure(`${text.slice(0, at)}${'({[<"%^@#!}>])'[i % 14]}${text.slice(at + 1)}`);
    }
  }
  for (const hostile of [
    '{'.repeat(50_000),
    '"a"({'.repeat(20_000),
    '%0 = '.repeat(10_000),
    '^bb0('.repeat(2_000),
    '<'.repeat(50_000),
    '"',
    '\0\uffff',
  ])
    parseStructure(hostile);
  const open = parseStructure('func.func @f() {\n  %0 = a.b(%1\n  %2 = c.d %0 : i32\n}\n');
  assert.deepEqual(
    [...walkStructure(open.ops)].map((op) => op.name),
    ['func.func', 'a.b', 'c.d'],
  );
});

/** Compilers of each age that may be here; the last two years print the same generic form. */
for (const compiler of ['mlir-opt-22', 'mlir-opt-19']) {
  const missing = spawnSync(compiler, ['--version']).status === 0 ? false : `${compiler} is not installed`;
  test(`hard custom assembly is read as ${compiler} reads it`, { skip: missing }, () => {
    const file = 'test/dump/structures/upstream.mlir';
    const run = spawnSync(
      compiler,
      ['--mlir-print-op-generic', '--mlir-print-local-scope', '--allow-unregistered-dialect', file],
      { encoding: 'utf8' },
    );
    assert.equal(run.status, 0, run.stderr);
    const { ops, wrong } = compareStructure(readFileSync(file, 'utf8'), readGenericForm(run.stdout));
    assert.deepEqual(wrong, []);
    assert.ok(ops > 40, `${ops} ops`);
  });
}

test('the comparison with a compiler finds what is wrong', () => {
  const of = (source: string, generic: string): readonly string[] =>
    compareStructure(source, readGenericForm(generic)).wrong;
  const generic =
    '%0 = "t.a"() : () -> i32\n%1 = "t.b"(%0) : (i32) -> i32\n"t.c"(%1, %0) : (i32, i32) -> ()\n';
  assert.deepEqual(of('%x = t.a\n%y = t.b %x\nt.c %y, %x\n', generic), []);
  assert.equal(of('%x = t.a\n%y = t.b %x\nt.c %x, %x\n', generic).length, 1);
  assert.equal(of('%x = t.a\nt.c %x, %x\n', generic).length, 2);
  assert.equal(of('%x, %z = t.a\n%y = t.b %x\nt.c %y, %x\n', generic).length, 1);
  assert.equal(of('%x = t.a\n%y = t.b %x\nt.d\nt.c %y, %x\n', generic).length, 1);
});

const mlirOpt = 'mlir-opt-22';
const samples = '../shared/data/mlir-dumps';
const skip =
  spawnSync(mlirOpt, ['--version']).status !== 0
    ? `${mlirOpt} is not installed`
    : existsSync(samples)
      ? false
      : 'the sample dumps are not here';

test('custom assembly of real dumps is read as mlir-opt reads it', { skip }, () => {
  const log = readFileSync(path.join(samples, 'linalg-matmul-llvm22.mlir.log'), 'utf8');
  const bodies = log.split(/^\/\/ -----\/\/ IR Dump.*$/m).slice(1);
  const run = spawnSync(
    mlirOpt,
    ['--mlir-print-op-generic', '--split-input-file', '--mlir-print-local-scope'],
    {
      input: bodies.join('\n// -----\n'),
      encoding: 'utf8',
    },
  );
  assert.equal(run.status, 0, run.stderr);
  const generic = run.stdout.split('// -----\n');
  assert.equal(generic.length, bodies.length);
  let ops = 0;
  bodies.forEach((body, i) => {
    const custom = structureFacts(body, true);
    assert.deepEqual(custom, structureFacts(generic[i]!, true), `dump ${i}`);
    ops += custom.length;
  });
  assert.ok(ops > 1000);
});
