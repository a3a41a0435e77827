import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StrataError } from '../../src/base/diagnostics';
import type { Operation, Pass, Rule, RunOptions } from '../../src/ir';
import {
  ResourceStore,
  definePass,
  modelNodesOf,
  parseModule,
  parsePipeline,
  pipelineText,
  printOp,
  runPipeline,
  unknownLoc,
  intOption,
} from '../../src/ir';
import { Registry, createOp, defineOp, one } from '../../src/ir';
import { anyType } from '../../src/ir/constraints';
import { dialects } from '../../src/ir/dialects/index';

const unary = (name: string) =>
  defineOp({
    name,
    summary: 'an op of the tests',
    operands: { x: one(anyType) },
    results: { y: one(anyType) },
    traits: ['pure', 'sameType'],
  });
const a = unary('t.a');
const b = unary('t.b');
const c = unary('t.c');
const registry = new Registry([
  ...dialects,
  { name: 't', summary: 'tests', ops: [a, b, c], upstream: false },
]);

/** t.a(t.b(x)) → t.c(x), and t.c(x) → x: two rules that meet. */
const fuse: Rule = {
  name: 'a-of-b',
  doc: 'a(b(x)) → c(x)',
  roots: [{ name: 't.a' }],
  match: (op) => {
    const inner = op.operand(0).definingOp;
    if (inner?.name !== 't.b') return undefined;
    return {
      sources: [inner],
      build: (builder) => [builder.value(c, { x: inner.operand(0) })],
    };
  },
};
const drop: Rule = {
  name: 'drop-c',
  doc: 'c(x) → x',
  roots: [{ name: 't.c' }],
  match: (op) => ({ build: () => [op.operand(0)] }),
};
const movePast: Rule = {
  name: 'a-past-b',
  doc: 'a(b(x)) → c(x), where b only arranges',
  roots: [{ name: 't.a' }],
  match: (op) => {
    const inner = op.operand(0).definingOp;
    if (inner?.name !== 't.b') return undefined;
    return { past: [inner], build: (builder) => [builder.value(c, { x: inner.operand(0) })] };
  },
};
const endless: Rule = {
  name: 'again',
  doc: 'a(x) → a(x)',
  roots: [{ name: 't.a' }],
  match: (op) => ({
    build: (builder) => [builder.value(a, { x: op.operand(0) })],
  }),
};
const rulesPass = (name: string, rules: readonly Rule[]): Pass =>
  definePass({
    name,
    summary: 'apply rules',
    anchor: 'func.func',
    options: { times: intOption(1, 'how often') },
    rules,
    run: (op, { rewriter }, { times }) => {
      for (let i = 0; i < times; i++) rewriter.applyRules(op, rules);
    },
  });
const passes = [
  rulesPass('fuse', [fuse]),
  rulesPass('fuse-and-drop', [fuse, drop]),
  rulesPass('endless', [endless]),
  rulesPass('move-past', [movePast]),
  definePass({
    name: 'lose-location',
    summary: 'forget where ops come from',
    anchor: 'func.func',
    run: (op, { rewriter }) => {
      const [first] = op.body().ops;
      rewriter.apply({
        rule: 'lose',
        root: first!,
        build: (builder) => [builder.insert(createOp(c, { x: first!.operand(0) }, unknownLoc)).result()],
      });
    },
  }),
  definePass({
    name: 'break-ir',
    summary: 'use a value before its definition',
    anchor: 'func.func',
    run: (op, { rewriter }) => {
      const [early, late] = op.body().ops;
      rewriter.apply({
        rule: 'break',
        root: late!,
        build: () => {
          early!.setOperand(0, late!.result());
          return undefined;
        },
      });
    },
  }),
];

const source = `func.func @f(%x: f32) -> f32 {
  %0 = "t.b"(%x) : (f32) -> f32 loc("B"("model:m":1:0))
  %1 = "t.a"(%0) : (f32) -> f32 loc("A"("model:m":2:0))
  func.return %1 : f32
}
func.func @g(%x: f32) -> f32 {
  %0 = "t.b"(%x) : (f32) -> f32 loc("C"("model:m":3:0))
  %1 = "t.a"(%0) : (f32) -> f32 loc("D"("model:m":4:0))
  func.return %1 : f32
}`;

function run(
  pipeline: string,
  options: Partial<RunOptions> = {},
): { module: Operation; record: ReturnType<typeof runPipeline> } {
  const { module } = parseModule(source, registry);
  const steps = parsePipeline(pipeline, passes).map((node) => ({ node, stage: 'test' }));
  const record = runPipeline(module, steps, { registry, resources: new ResourceStore(), ...options });
  return { module, record };
}

describe('rewriter', () => {
  test('a rule replaces its root, erases what is dead and joins locations', () => {
    const { module } = run('fuse');
    const c = module.find((op) => op.name === 't.c');
    assert.equal(c.length, 2);
    assert.equal(module.find((op) => op.name === 't.b').length, 0);
    assert.deepEqual(
      modelNodesOf(c[0]!.location).map((n) => n.name),
      ['B', 'A'],
    );
  });

  test('ops that a root moves past are recorded and erased, but lend no location', () => {
    const { module, record } = run('move-past');
    const moved = module.find((op) => op.name === 't.c');
    assert.deepEqual(
      moved.map((op) => modelNodesOf(op.location).map((n) => n.name)),
      [['A'], ['D']],
    );
    assert.equal(module.find((op) => op.name === 't.b').length, 0);
    assert.deepEqual(
      record.rewrites[0]!.sources.map((r) => r.name),
      ['t.a', 't.b'],
    );
  });

  test('each application is in the record with its sources and results', () => {
    const { record } = run('fuse-and-drop');
    assert.deepEqual(
      record.rewrites.map((r) => [
        r.index,
        r.pass,
        r.rule,
        r.sources.map((s) => s.name),
        r.results.map((s) => s.name),
      ]),
      [
        [0, 'fuse-and-drop', 'a-of-b', ['t.a', 't.b'], ['t.c']],
        [1, 'fuse-and-drop', 'drop-c', ['t.c'], []],
        [2, 'fuse-and-drop', 'a-of-b', ['t.a', 't.b'], ['t.c']],
        [3, 'fuse-and-drop', 'drop-c', ['t.c'], []],
      ],
    );
    assert.deepEqual(
      record.rewrites[0]!.sources.map((s) => s.nodes),
      [['A'], ['B']],
    );
    assert.ok(record.rewrites.every((r) => r.durationNs > 0));
  });

  test('stops after N applications, and skips one by number', () => {
    const names = (m: Operation): string[] => m.find((op) => op.dialect === 't').map((op) => op.name);
    assert.deepEqual(names(run('fuse-and-drop', { control: { stopAfter: 1 } }).module), [
      't.c',
      't.b',
      't.a',
    ]);
    assert.deepEqual(names(run('fuse-and-drop', { control: { skip: new Set([1]) } }).module), ['t.c']);
    assert.deepEqual(names(run('fuse-and-drop', { control: { stopAfter: 0 } }).module), [
      't.b',
      't.a',
      't.b',
      't.a',
    ]);
  });

  test('rules that never rest are an error, not a hang', () => {
    assert.throws(
      () => run('endless'),
      (e) => e instanceof StrataError && e.code === 'STR0203' && /again/.test(e.message),
    );
  });
});

describe('pass manager', () => {
  test('records time, change and IR of each pass, the IR once when unchanged', () => {
    const { record } = run('builtin.module(func.func(fuse,fuse))');
    const [start, first, second] = record.passes;
    assert.equal(start!.pass, 'import');
    assert.equal(first!.changed, true);
    assert.deepEqual(first!.changedFunctions, ['f', 'g']);
    assert.deepEqual(first!.rewrites, [0, 2]);
    assert.equal(first!.opCountAfter - first!.opCountBefore, -2);
    assert.equal(second!.changed, false);
    assert.equal(second!.snapshot, first!.snapshot);
    assert.equal(record.snapshots.size, 2);
  });

  test('a snapshot leads from text to op, model nodes and symbol', () => {
    const { module, record } = run('fuse');
    const s = record.snapshots.get(record.passes[1]!.snapshot)!;
    assert.equal(s.text, printOp(module));
    const i = s.opNames.indexOf('t.c');
    const at = [...s.nameOf].indexOf(i);
    assert.equal(s.text.slice(s.spans[3 * at], s.spans[3 * at + 1]), '%0 = "t.c"(%arg0) : (f32) -> f32');
    assert.deepEqual(s.nodeSets[s.nodesOf[at]!], ['B', 'A']);
    assert.equal(s.symbols[s.symbolOf[at]!], 'f');
    assert.deepEqual(
      s.functions.map((f) => [f.symbol, f.opCount]),
      [
        ['f', 3],
        ['g', 3],
      ],
    );
    assert.deepEqual(s.dialects, { builtin: 1, func: 4, t: 2 });
  });

  test('a pass that loses provenance is refused', () => {
    assert.throws(
      () => run('lose-location'),
      (e) => e instanceof StrataError && e.code === 'STR0205' && /t\.c \(×2\)/.test(e.message),
    );
  });
  test('a pass that leaves invalid IR is refused', () => {
    assert.throws(
      () => run('break-ir'),
      (e) => e instanceof StrataError && e.code === 'STR0204' && /not defined before its use/.test(e.message),
    );
  });
  test('a stage that is not complete is refused', () => {
    const { module } = parseModule(source, registry);
    const steps = parsePipeline('fuse', passes).map((node) => ({
      node,
      stage: 'test',
      establishes: { name: 'test', allows: (op: Operation) => op.name !== 't.c' },
    }));
    assert.throws(
      () => runPipeline(module, steps, { registry, resources: new ResourceStore() }),
      (e) => e instanceof StrataError && e.code === 'STR0206' && /t\.c \(×2\)/.test(e.message),
    );
  });
  test('stops after a pass by name', () => {
    assert.deepEqual(
      run('fuse,fuse-and-drop', { stopAfter: 'fuse' }).record.passes.map((p) => p.pass),
      ['import', 'fuse'],
    );
  });
  test('can be cancelled', () => {
    const abort = new AbortController();
    abort.abort();
    const cancellation = { signal: abort.signal, throwIfCancelled: () => abort.signal.throwIfAborted() };
    assert.throws(() => run('fuse', { cancellation }), { name: 'AbortError' });
  });
});

describe('pipeline text', () => {
  for (const text of [
    '',
    'fuse',
    'fuse,fuse',
    'builtin.module(func.func(fuse,fuse-and-drop),fuse)',
    'fuse{times=3}',
  ]) {
    test(`round trip of '${text}'`, () => assert.equal(pipelineText(parsePipeline(text, passes)), text));
  }
  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['fsue', 'STR0201', /Did you mean 'fuse'/],
    ['fuse(', 'STR0202', /expected the name of a pass or op at character 6/],
    ['func.func(fuse', 'STR0202', /expected '\)'/],
    ['fuse{times=x}', 'STR0207', /'times' must be an integer, found 'x'/],
    ['fuse{often=1}', 'STR0208', /no option 'often'; it has times/],
    ['fuse fuse', 'STR0202', /end of the pipeline/],
  ];
  for (const [text, code, message] of bad) {
    test(`${code} ${text}`, () => {
      assert.throws(
        () => parsePipeline(text, passes),
        (e) => e instanceof StrataError && e.code === code && message.test(e.message),
      );
    });
  }
});
