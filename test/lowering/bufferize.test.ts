import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printOp, ResourceStore } from '../../src/ir';
import { makeMemRef, tensorFromBytes } from '../../src/ir/interpreter/tensor';
import { types as t } from '../../src/ir';
import { bufferize } from '../../src/lowering/passes/bufferize';
import { lowerToLoops } from '../../src/lowering/passes/lower-to-loops';
import { planArena } from '../../src/lowering/passes/plan-arena';
import { assertClose, parse, randomTensor, runPass } from './lowered';
import { Interpreter } from '../../src/ir/interpreter/interpreter';
import type { TensorValue } from '../../src/ir/interpreter/runtimeValue';

const scale = (name: string, n: number, input: string, weight: string): string => `
    %${name} = "dispatch.region"(%${input}, %${weight}) <{sym_name = "main_dispatch_${name}"}> ({
    ^bb0(%x: tensor<${n}xf32>, %y: tensor<${n}xf32>):
      %e = tensor.empty() : tensor<${n}xf32>
      %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x, %y : tensor<${n}xf32>, tensor<${n}xf32>) outs(%e : tensor<${n}xf32>) {
      ^bb0(%p: f32, %q: f32, %o: f32):
        %s = arith.addf %p, %q : f32
        linalg.yield %s : f32
      } -> tensor<${n}xf32>
      "dispatch.yield"(%r) : (tensor<${n}xf32>) -> ()
    }) : (tensor<${n}xf32>, tensor<${n}xf32>) -> tensor<${n}xf32>`;

/** A chain of additions with a skip, a reshaped result, a result that is also read, and one that is an input. */
const program = `
module {
  func.func @main(%x: tensor<20xf32> {strata.name = "x"}) -> (tensor<4x5xf32> {strata.name = "y"}, tensor<20xf32> {strata.name = "z"}, tensor<20xf32> {strata.name = "same"}) {
    %w = arith.constant dense_resource<weights.0> : tensor<20xf32>
    %c = arith.constant dense<1.500000e+00> : tensor<20xf32>
    %w2 = arith.constant dense_resource<weights.0> : tensor<20xf32>
    ${scale('a', 20, 'x', 'w')}
    ${scale('b', 20, 'a', 'c')}
    ${scale('d', 20, 'b', 'a')}
    ${scale('e', 20, 'd', 'w2')}
    ${scale('g', 20, 'e', 'd')}
    %y = tensor.expand_shape %g [[0, 1]] output_shape [4, 5] : tensor<20xf32> into tensor<4x5xf32>
    return %y, %e, %x : tensor<4x5xf32>, tensor<20xf32>, tensor<20xf32>
  }
}
`;
const resources = new ResourceStore();
resources.setBytes('weights.0', new Uint8Array(new Float32Array(20).fill(0.25).buffer));

function callOnBuffers(
  module: ReturnType<typeof parse>,
  inputs: readonly TensorValue[],
  shapes: readonly (readonly number[])[],
): readonly TensorValue[] {
  const outputs = shapes.map((s) => makeMemRef(s, t.f32));
  new Interpreter(module, { resources }).call('main', [
    ...inputs.map((i) => makeMemRef(i.shape, i.element, i.data)),
    ...outputs,
  ]);
  return outputs.map((o) => tensorFromBytes(o.shape, o.element, new Uint8Array(o.data.buffer)));
}

test('a bufferised program computes what the program on tensors does', () => {
  const x = randomTensor([20], 'f32', 5);
  const module = parse(program);
  const expected = new Interpreter(parse(program), { resources }).call('main', [x]);
  runPass(lowerToLoops, module);
  runPass(bufferize, module);
  const shapes = [[4, 5], [20], [20]];
  assertClose(callOnBuffers(module, [x], shapes), expected, 1e-6, 'after bufferize');
  const text = printOp(module);
  assert.equal(text.match(/memref\.global/g)?.length, 2, 'equal constants share a global');
  assert.match(text, /strata\.name = "y", strata\.output = 0/);
  assert.equal(text.match(/memref\.alloc\(/g)?.length, 3, 'results are computed in place');
  assert.equal(text.match(/memref\.copy/g)?.length, 1, 'only the input that is returned is copied');
  assert.equal(printOp(parse(text)), text);
  runPass(planArena, module);
  assertClose(callOnBuffers(module, [x], shapes), expected, 1e-6, 'after plan-arena');
  assert.match(printOp(module), /memref\.alloc\(\) \{alignment = 64 : i64\} : memref<384xi8>/);
});
