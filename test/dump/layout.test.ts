import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { drawnDiff, drawnGraph } from '../../src/dump/layout/drawGraph';
import { HEADER, layeredLayout } from '../../src/dump/layout/graphLayout';
import { COMFORTABLE, MOST_OPEN, firstExpanded, visibleGraph } from '../../src/dump/layout/graphModel';
import type { GraphModel } from '../../src/dump/layout/graphModel';
import { graphMarkdown, graphTable } from '../../src/dump/layout/graphText';
import { reproducerOf } from '../../src/dump/reproducer';
import { opGraph } from '../../src/dump/semantic/opGraph';
import { diffGraphs } from '../../src/dump/semantic/semanticDiff';
import { mlirOpt } from '../golden';

const text = `module {
  func.func @f(%x: f32) -> f32 {
    %c = arith.constant 1.0 : f32
    %0 = a.f %x, %c : f32
    %1 = scf.if %0 -> f32 {
      %2 = a.g %0 : f32
      scf.yield %2 : f32
    } else {
      scf.yield %c : f32
    }
    return %1 : f32
  }
}
`;
const model = drawnGraph('t', opGraph(text));
const names = (m: GraphModel, ops: Iterable<number>): string[] => [...ops].map((i) => m.ops[i]!.name);

/** `a→b` with names of ops, for the edges that show. */
function shownEdges(m: GraphModel, expanded: ReadonlySet<number>, constants = true): string[] {
  const graph = visibleGraph(m, { expanded, constants });
  return graph.edges.map(
    ({ from, to, count }) =>
      `${m.ops[graph.nodes[from]!.op]!.name}→${m.ops[graph.nodes[to]!.op]!.name}${count > 1 ? ` ×${count}` : ''}`,
  );
}

test('a collapsed group stands for the ops within it', () => {
  const all = new Set(model.ops.flatMap((op, i) => (op.group ? [i] : [])));
  assert.deepEqual(names(model, all), ['builtin.module', 'func.func', 'scf.if']);
  assert.deepEqual(shownEdges(model, all), [
    'arith.constant→a.f',
    'a.f→scf.if ×2',
    'a.g→scf.yield',
    'arith.constant→scf.if',
    'scf.if→func.return',
  ]);
  const closed = new Set([...all].filter((i) => model.ops[i]!.name !== 'scf.if'));
  assert.deepEqual(shownEdges(model, closed, false), ['a.f→scf.if ×2', 'scf.if→func.return']);
  assert.deepEqual(shownEdges(model, new Set()), []);
  const graph = visibleGraph(model, { expanded: closed, constants: false });
  const inside = model.ops.findIndex((op) => op.name === 'a.g');
  assert.equal(model.ops[graph.nodes[graph.nodeOf[inside]!]!.op]!.name, 'scf.if');
  assert.equal(graph.nodeOf[model.ops.findIndex((op) => op.constant)], -1);
});

const flat = (functions: number, ops: number): GraphModel =>
  drawnGraph(
    'flat',
    opGraph(
      Array.from(
        { length: functions },
        (_, f) =>
          `func.func @f${f}(%a: f32) {\n${Array.from({ length: ops }, (_, i) => `%v${i} = a.op${i % 7} ${i === 0 ? '%a' : `%v${i - 1}, %v${i >> 1}`} : f32`).join('\n')}\nreturn\n}`,
      ).join('\n'),
    ),
  );

test('what opens at first stays comfortable, and a large graph stays closed', () => {
  assert.equal(firstExpanded(model).size, 3);
  assert.equal(firstExpanded(flat(1, 1000)).size, 1, 'one function is open whatever its size');
  assert.equal(firstExpanded(flat(20, COMFORTABLE)).size, 0);
  assert.equal(firstExpanded(flat(1, MOST_OPEN + 1)).size, 0);
});

test('the simple layout nests groups, keeps nodes apart and reads downwards', () => {
  const large = flat(3, 300);
  const expanded = new Set(large.ops.flatMap((op, i) => (op.group ? [i] : [])));
  const graph = visibleGraph(large, { expanded, constants: true });
  const { x, y, width, height, routes, size } = layeredLayout(large, graph);
  const right = (n: number): number => x[n]! + width[n]!;
  const bottom = (n: number): number => y[n]! + height[n]!;
  graph.nodes.forEach(({ parent }, n) => {
    assert.ok(x[n]! >= 0 && right(n) <= size.width + 1e-6 && bottom(n) <= size.height + 1e-6);
    if (parent < 0) return;
    assert.ok(x[n]! >= x[parent]! && right(n) <= right(parent), `${n} is within its group`);
    assert.ok(y[n]! >= y[parent]! + HEADER && bottom(n) <= bottom(parent));
  });
  for (const siblings of [graph.roots, ...graph.nodes.map((n) => n.children)]) {
    const placed = [...siblings].sort((a, b) => y[a]! - y[b]! || x[a]! - x[b]!);
    placed.forEach((n, i) => {
      const next = placed[i + 1];
      if (next !== undefined && y[next] === y[n]) assert.ok(x[next]! >= right(n), `${n} and ${next} overlap`);
    });
  }
  for (const { from, to } of graph.edges) assert.ok(y[to]! >= bottom(from), 'what reads stands below');
  assert.equal(routes.length, graph.edges.length);
});

test('both graphs of a pass say what became of each op', () => {
  const after = text.replace('a.g %0', 'a.h %0');
  const [before, now] = drawnDiff(['old', 'new'], diffGraphs(opGraph(text), opGraph(after)));
  const at = before.ops.findIndex((op) => op.name === 'a.g');
  assert.equal(before.ops[at]!.change, 'replaced');
  assert.deepEqual(names(now, before.ops[at]!.linked!), ['a.h']);
  assert.equal(now.ops.filter((op) => op.change === 'kept').length, now.ops.length - 1);
});

test('the table says what the picture shows', () => {
  const table = graphTable(model);
  assert.match(table, /^t, 9 ops\n\n/);
  assert.match(table, /^ +4 {6}a\.f +%0 +%c +%1, %2$/m);
  assert.match(graphMarkdown(model), /^\| 4 \| `?\s*a\.f`? \| `%0` \| `%c` \| `%1, %2` \|$/m);
});

test('reproducers replay one pass', { skip: mlirOpt === undefined && 'mlir-opt 22 is not installed' }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-reproducer-'));
  try {
    const file = path.join(folder, 'it is.mlir');
    const ir = 'func.func @f(%x: i32) -> i32 {\n  %0 = arith.addi %x, %x : i32\n  return %x : i32\n}\n';
    const { text: written, command } = reproducerOf(
      { tool: 'mlir-opt', pipeline: 'builtin.module(func.func(canonicalize))', ir },
      file,
    );
    writeFileSync(file, written);
    assert.equal(command, `mlir-opt '${file}' --run-reproducer`);
    const run = spawnSync('sh', ['-c', command.replace(/^mlir-opt/, mlirOpt!)], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    assert.doesNotMatch(run.stdout, /arith\.addi/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('reproducers of our passes name the file of the blobs, and keep resource sections', () => {
  const pipeline = 'builtin.module(cse)';
  const ours = reproducerOf(
    { tool: 'strata', pipeline, ir: 'dense_resource<w>' },
    '/t/a.mlir',
    '/m/x y.onnx',
  );
  assert.equal(ours.command, `strata opt /t/a.mlir --passes 'builtin.module(cse)' --resources '/m/x y.onnx'`);
  assert.equal(ours.text, `// ${ours.command}\ndense_resource<w>\n`);
  const own = reproducerOf(
    { tool: 'mlir-opt', pipeline, ir: 'module {}\n{-# dialect_resources: {} #-}\n' },
    'a.mlir',
  );
  assert.match(own.command, /--pass-pipeline='builtin\.module\(cse\)'/);
});
