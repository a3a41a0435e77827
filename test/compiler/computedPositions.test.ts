/** Ops at computed positions and narrow element types: generated code against the interpreter. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interpretModule } from '../../src/compiler/interpretModel';
import { ProgramBatch } from '../../src/compiler/programBatch';
import type { HostTensor } from '../../src/frontend/elementType';
import { randomTensor } from '../../src/frontend/random';
import { neverCancelled } from '../../src/base/cancellation';
import { ResourceStore, parseModule } from '../../src/ir';
import { registry } from '../../src/ir/dialects';

const indices: HostTensor = {
  elementType: 'i64',
  shape: [2, 3],
  bytes: new Uint8Array(BigInt64Array.of(1n, -1n, 3n, 0n, 2n, -4n).buffer),
};
const x = randomTensor(7, [4, 5], 'f32', 'x');

interface Case {
  readonly name: string;
  readonly results: string;
  /** Ops that compute `%r`, and `%s` where there are two. */
  readonly body: string;
}
const cases: readonly Case[] = [
  {
    name: 'gather',
    results: 'tensor<2x3x5xf32>',
    body: '%r = "nn.gather"(%x, %i) {axis = 0 : i64} : (tensor<4x5xf32>, tensor<2x3xi64>) -> tensor<2x3x5xf32>',
  },
  {
    name: 'scatter with a reduction',
    results: 'tensor<4x5xf32>',
    body: `%u = "nn.slice"(%x) {starts = array<i64: 0, 0>, ends = array<i64: 2, 3>, steps = array<i64: 1, 1>} : (tensor<4x5xf32>) -> tensor<2x3xf32>
    %r = "nn.scatter_elements"(%x, %i, %u) {axis = 0 : i64, reduction = "add"} : (tensor<4x5xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<4x5xf32>`,
  },
  {
    name: 'running sum from the end',
    results: 'tensor<4x5xf32>',
    body: '%r = "nn.cumulate"(%x) {axis = 1 : i64, kind = "sum", exclusive = true, reverse = true} : (tensor<4x5xf32>) -> tensor<4x5xf32>',
  },
  {
    name: 'the last of the smallest',
    results: 'tensor<1x5xi64>',
    body: '%r = "nn.arg_reduce"(%x) {axis = 0 : i64, kind = "min", last = true} : (tensor<4x5xf32>) -> tensor<1x5xi64>',
  },
  {
    name: 'positions with room for more',
    results: 'tensor<2x20xi64>',
    body: '%r = "nn.non_zero"(%x) {capacity = 20 : i64} : (tensor<4x5xf32>) -> tensor<2x20xi64>',
  },
  {
    name: 'a cast through 8 bits',
    results: 'tensor<4x5xf32>',
    body: `%n = "nn.cast"(%x) {to = f8E4M3FN} : (tensor<4x5xf32>) -> tensor<4x5xf8E4M3FN>
    %r = "nn.cast"(%n) {to = f32} : (tensor<4x5xf8E4M3FN>) -> tensor<4x5xf32>`,
  },
  {
    name: 'arithmetic on unsigned integers',
    results: 'tensor<4x5xi1>',
    body: `%n = "nn.cast"(%x) {to = ui8} : (tensor<4x5xf32>) -> tensor<4x5xui8>
    %m = "nn.sub"(%n, %n) : (tensor<4x5xui8>, tensor<4x5xui8>) -> tensor<4x5xui8>
    %r = "nn.compare"(%n, %m) {predicate = "gt"} : (tensor<4x5xui8>, tensor<4x5xui8>) -> tensor<4x5xi1>`,
  },
  {
    name: 'arithmetic on bf16',
    results: 'tensor<4x5xf32>',
    body: `%n = "nn.cast"(%x) {to = bf16} : (tensor<4x5xf32>) -> tensor<4x5xbf16>
    %m = "nn.mul"(%n, %n) : (tensor<4x5xbf16>, tensor<4x5xbf16>) -> tensor<4x5xbf16>
    %r = "nn.cast"(%m) {to = f32} : (tensor<4x5xbf16>) -> tensor<4x5xf32>`,
  },
];
const textOf = ({ results, body }: Case): string => `module {
  func.func @main(%x: tensor<4x5xf32> {strata.name = "x"}, %i: tensor<2x3xi64> {strata.name = "i"}) -> (${results} {strata.name = "r"}) {
    ${body}
    return %r : ${results}
  }
}`;

test('generated code computes what the interpreter does', async () => {
  const batch = new ProgramBatch({ resourceRoot: process.cwd() });
  const inputs = { x, i: indices };
  const parse = (c: Case) => parseModule(textOf(c), registry, { fileName: 'test.mlir' }).module;
  const found = await batch.run(cases.map((c) => () => batch.execute(parse(c), new ResourceStore(), inputs)));
  cases.forEach((c, k) => {
    const expected = interpretModule(parse(c), new ResourceStore(), inputs, neverCancelled);
    assert.deepEqual(found[k]!['r']!.shape, expected['r']!.shape, c.name);
    const values = (t: HostTensor): number[] =>
      t.elementType === 'f32'
        ? Array.from(new Float32Array(t.bytes.slice().buffer), (v) => Math.round(v * 1e5) / 1e5)
        : [...t.bytes];
    assert.deepEqual(values(found[k]!['r']!), values(expected['r']!), c.name);
  });
});
