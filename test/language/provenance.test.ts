import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineAt, lineStarts } from '../../src/base/lines';
import {
  dispatchesOfNodes,
  firstPlace,
  opNameAt,
  placesOfNodes,
  Provenance,
} from '../../src/language/provenance';
import type { IrSnapshot } from '../../src/ir';
import { parseModule, snapshotOf } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';

const at = (node: string, n: number): string => `loc("${node}"("model:m.onnx":${n}:0))`;
const graph = `module {
  func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
    %0 = "nn.matmul"(%a, %b) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> ${at('gemm', 1)}
    %1 = "nn.relu"(%0) : (tensor<4xf32>) -> tensor<4xf32> ${at('relu', 2)}
    %2 = "nn.add"(%1, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> ${at('add', 3)}
    return %2 : tensor<4xf32>
  }
}
`;
const dispatched = `module {
  func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {
    %0 = "dispatch.region"(%a) <{sym_name = "k0"}> ({
    ^bb0(%x: tensor<4xf32>):
      "dispatch.yield"(%x) : (tensor<4xf32>) -> ()
    }) : (tensor<4xf32>) -> tensor<4xf32> ${at('gemm', 1)}
    return %0 : tensor<4xf32>
  }
}
`;
const snapshot = (text: string): IrSnapshot => snapshotOf(parseModule(text, registry).module);
const k0 = { entryPoint: 'main', index: 0, name: 'k0', symbol: 'kernel_k0', origins: ['gemm', 'relu'] };
const k1 = {
  entryPoint: 'main',
  index: 1,
  name: 'k1',
  symbol: 'kernel_k1',
  origins: ['gemm', 'relu', 'add'],
};
const dispatches = [k0, k1];

test('a node that several dispatches name belongs to the one that holds the least else', () => {
  assert.deepEqual(dispatchesOfNodes(dispatches, ['gemm']), [k0]);
  assert.deepEqual(dispatchesOfNodes(dispatches, ['add']), [k1]);
  assert.deepEqual(dispatchesOfNodes(dispatches, ['gemm', 'add']), [k1]);
  assert.deepEqual(dispatchesOfNodes(dispatches, ['other']), []);
});

test('before there are kernels, a dispatch stands at the ops of its model nodes', () => {
  const s = snapshot(graph);
  const p = new Provenance(s, dispatches);
  const names = (d: (typeof dispatches)[number]): string[] => p.placesOf(d).map((x) => opNameAt(s, x.index));
  assert.deepEqual(names(k0), ['nn.matmul', 'nn.relu']);
  assert.deepEqual(names(k1), ['nn.add']);
  const [matmul] = p.placesOf(k0);
  assert.deepEqual(p.dispatchesAt(matmul!.index), [k0]);
});

test('a kernel is where its dispatch stands, and all in it belongs to it', () => {
  const s = snapshot(dispatched);
  const p = new Provenance(s, dispatches);
  const [region, second] = p.placesOf(k0);
  assert.equal(second, undefined);
  assert.equal(opNameAt(s, region!.index), 'dispatch.region');
  assert.deepEqual(p.dispatchesAt(region!.index + 1), [k0]);
});

test('heat is on the op that does the work, and no share is counted twice', () => {
  const s = snapshot(graph);
  const starts = lineStarts(s.text);
  const heat = new Provenance(s, dispatches).heat(
    (d) => (d === k0 ? 0.75 : 0.25),
    (o) => lineAt(starts, o),
  );
  const lines = s.text.split('\n');
  assert.deepEqual(
    heat.map((h) => [/nn\.\w+/.exec(lines[h.line]!)?.[0], h.share, h.dispatch]),
    [
      ['nn.matmul', 0.75, k0],
      ['nn.add', 0.25, k1],
    ],
  );
});

test('an op is found again by its model nodes', () => {
  const s = snapshot(graph);
  assert.deepEqual(
    placesOfNodes(s, ['relu']).map((p) => opNameAt(s, p.index)),
    ['nn.relu'],
  );
});

test('IR opens at the first op that the pass made, or at the first that does something', () => {
  const s = snapshot(graph);
  const idOf = (name: string): number => {
    for (let i = 0; i < s.spans.length / 3; i++) if (opNameAt(s, i) === name) return s.spans[3 * i + 2]!;
    throw new Error(name);
  };
  assert.equal(opNameAt(s, firstPlace(s, new Set([idOf('nn.add')]))!.index), 'nn.add');
  assert.equal(opNameAt(s, firstPlace(s, new Set())!.index), 'nn.matmul');
});
