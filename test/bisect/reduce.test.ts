/** The reducer on small texts, with tests that look at the text. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { neverCancelled } from '../../src/base/cancellation';
import { splitCommand } from '../../src/bisect/command/runCommand';
import { takeAway } from '../../src/bisect/reduce/ddmin';
import { countOps } from '../../src/bisect/reduce/edits';
import { reduceIr } from '../../src/bisect/reduce/reduce';
import { parseModule, verify } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';

const source = `module attributes {test.note = "kept for nothing"} {
  func.func @unused(%arg0: i32) -> i32 {
    %0 = arith.addi %arg0, %arg0 : i32
    return %0 : i32
  }
  func.func @main(%arg0: tensor<4x8xf32>, %n: index) -> (tensor<4x8xf32>, f32) {
    %cst = arith.constant 0.000000e+00 : f32
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = tensor.empty() : tensor<4x8xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<4x8xf32>) -> tensor<4x8xf32>
    %3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %cst) -> (f32) {
      %4 = arith.index_cast %i : index to i32
      %5 = arith.sitofp %4 : i32 to f32
      %6 = math.exp %5 : f32
      %7 = arith.addf %acc, %6 : f32
      scf.yield %7 : f32
    }
    return %1, %3 : tensor<4x8xf32>, f32
  }
}
`;
const valid = (text: string): boolean => {
  try {
    return verify(parseModule(text, registry).module).length === 0;
  } catch {
    return false;
  }
};
const reduce = (text: string, test: (text: string) => boolean) =>
  reduceIr(text, { test, cancellation: neverCancelled });

describe('reduction', () => {
  it('leaves what the test needs and little else', async () => {
    const { text, ops } = await reduce(source, (t) => valid(t) && t.includes('math.exp'));
    assert.ok(ops.after <= 3, text);
    assert.ok(!text.includes('@unused') && !text.includes('scf.for') && !text.includes('tensor'), text);
    assert.ok(valid(text));
  });

  it('shrinks shapes and constants together', async () => {
    const ir = `func.func @f(%a: tensor<64x32xf32>) -> tensor<64x32xf32> {
  %c = arith.constant dense<[1.5, 2.5]> : tensor<2xf32>
  %0 = math.tanh %a : tensor<64x32xf32>
  %1 = arith.addf %0, %a : tensor<64x32xf32>
  return %1 : tensor<64x32xf32>
}
`;
    const { text } = await reduce(ir, (t) => valid(t) && t.includes('math.tanh'));
    assert.match(text, /tensor<1x1xf32>/);
    assert.equal(countOps(text), 3);
  });

  it('works on dialects that nobody knows', async () => {
    const ir = `"a.module"() ({
  %0 = "a.source"() {size = 4096 : i64} : () -> !a.thing
  %1:2 = "a.split"(%0) : (!a.thing) -> (!a.thing, !a.thing)
  %2 = "a.keep"(%1#0) ({
    %5 = "a.inner"() : () -> !a.thing
    "a.yield"(%5) : (!a.thing) -> ()
  }) : (!a.thing) -> !a.thing
  "a.sink"(%2, %1#1) : (!a.thing, !a.thing) -> ()
}) : () -> ()
`;
    const { text } = await reduce(ir, (t) => t.includes('"a.keep"') && t.includes('"a.source"'));
    assert.ok(!text.includes('a.inner') && !text.includes('a.sink') && !text.includes('4096'), text);
  });

  it('stops at the number of tests it is allowed', async () => {
    const { tests, complete } = await reduceIr(source, {
      test: (t) => t.includes('math.exp') && valid(t),
      cancellation: neverCancelled,
      maxTests: 5,
    });
    assert.deepEqual([tests, complete], [5, false]);
  });

  it('takes away all that is not needed together', async () => {
    const needed = new Set([3, 17, 18]);
    const taken = await takeAway(
      Array.from({ length: 40 }, (_, i) => i),
      (gone) => Promise.resolve(!gone.some((i) => needed.has(i))),
    );
    assert.equal(taken.length, 37);
  });

  it('splits command lines into words', () => {
    assert.deepEqual(splitCommand(`sh -c 'grep "a b" {}' x\\ y "q\\"r"`), [
      'sh',
      '-c',
      'grep "a b" {}',
      'x y',
      'q"r',
    ]);
    assert.throws(() => splitCommand(`a 'b`), /not closed/);
  });
});
