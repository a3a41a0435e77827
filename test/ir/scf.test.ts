import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseModule, verify } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';
import { interpret, plain } from './interpret';

/** What the verifier says about the first problem. */
const problem = (text: string): string | undefined => verify(parseModule(text, registry).module)[0]?.text;

test('scf.for carries values, in order, also when they change places', () => {
  const text = `func.func @f(%n: index) -> (i32, i32, index) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %a = arith.constant 1 : i32
    %b = arith.constant 10 : i32
    %r:3 = scf.for %i = %c0 to %n step %c2 iter_args(%x = %a, %y = %b, %s = %c0) -> (i32, i32, index) {
      %t = arith.addi %s, %i : index
      scf.yield %y, %x, %t : i32, i32, index
    }
    return %r#0, %r#1, %r#2 : i32, i32, index
  }`;
  assert.deepEqual(interpret(text, [6]), [10, 1, 6]);
  assert.deepEqual(interpret(text, [0]), [1, 10, 0]);
});

test('scf.for over i64 and with unsigned bounds', () => {
  const wide = `func.func @f(%n: i64) -> i64 {
    %c0 = arith.constant 0 : i64
    %c1 = arith.constant 1 : i64
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %c0) -> (i64) : i64 {
      %t = arith.addi %s, %i : i64
      scf.yield %t : i64
    }
    return %r : i64
  }`;
  assert.deepEqual(interpret(wide, [5n]), [10n]);
  const unsigned = (word: string): string => `func.func @f() -> i32 {
    %from = arith.constant 5 : i8
    %to = arith.constant -126 : i8
    %c60 = arith.constant 60 : i8
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r = scf.for ${word} %i = %from to %to step %c60 iter_args(%s = %c0) -> (i32) : i8 {
      %t = arith.addi %s, %c1 : i32
      scf.yield %t : i32
    }
    return %r : i32
  }`;
  assert.deepEqual(interpret(unsigned('unsigned')), [3]);
  assert.deepEqual(interpret(unsigned('')), [0]);
});

test('scf.while stops when its condition is false', () => {
  const text = `func.func @f(%n: i32) -> i32 {
    %lim = arith.constant 100 : i32
    %r = scf.while (%x = %n) : (i32) -> i32 {
      %c = arith.cmpi slt, %x, %lim : i32
      scf.condition(%c) %x : i32
    } do {
    ^bb0(%y: i32):
      %d = arith.addi %y, %y : i32
      scf.yield %d : i32
    }
    return %r : i32
  }`;
  assert.deepEqual(interpret(text, [7]), [112]);
});

test('scf.forall writes slices of its results', () => {
  const text = `func.func @f() -> tensor<2x6xf32> {
    %z = arith.constant dense<0.0> : tensor<2x6xf32>
    %r = scf.forall (%i, %j) = (0, 1) to (2, 6) step (1, 3) shared_outs(%o = %z) -> (tensor<2x6xf32>) {
      %x = arith.index_cast %j : index to i32
      %v = arith.sitofp %x : i32 to f32
      %t = tensor.from_elements %v, %v : tensor<1x2xf32>
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %t into %o[%i, %j] [1, 2] [1, 1] : tensor<1x2xf32> into tensor<2x6xf32>
      }
    }
    return %r : tensor<2x6xf32>
  }`;
  assert.deepEqual(plain(interpret(text)[0]!), [
    [0, 1, 1, 0, 4, 4],
    [0, 1, 1, 0, 4, 4],
  ]);
});

test('scf.parallel joins values by its reduction', () => {
  const text = `func.func @f() -> i32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %one = arith.constant 1 : i32
    %two = arith.constant 2 : i32
    %r = scf.parallel (%i) = (%c0) to (%c4) step (%c1) init (%one) -> i32 {
      scf.reduce(%two : i32) {
      ^bb0(%a: i32, %b: i32):
        %p = arith.muli %a, %b : i32
        scf.reduce.return %p : i32
      }
    }
    return %r : i32
  }`;
  assert.deepEqual(interpret(text), [16]);
});

test('branches of cf and scf.execute_region lead through blocks', () => {
  const text = `func.func @f(%n: i32) -> i32 {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %r = scf.execute_region -> i32 {
      cf.br ^loop(%c0, %n : i32, i32)
    ^loop(%s: i32, %k: i32):
      %go = arith.cmpi sgt, %k, %c0 : i32
      cf.cond_br %go, ^body, ^end(%s : i32)
    ^body:
      %t = arith.addi %s, %k : i32
      %m = arith.subi %k, %c1 : i32
      cf.br ^loop(%t, %m : i32, i32)
    ^end(%x: i32):
      scf.yield %x : i32
    }
    return %r : i32
  }`;
  assert.deepEqual(interpret(text, [4]), [10]);
});

test('a loop without progress is refused, not run for ever', () => {
  const text = `func.func @f(%n: index) {
    %c0 = arith.constant 0 : index
    scf.for %i = %c0 to %n step %c0 {
    }
    return
  }`;
  assert.throws(() => interpret(text, [3]), /STR0124.*step is 0/);
});

test('the verifier of scf says what does not fit', () => {
  const loop = (body: string, types: string): string => `func.func @f(%n: index, %x: f32) {
    %r = "scf.for"(%n, %n, %n, %x) ({${body}}) : (index, index, index, f32) -> ${types}
    return
  }`;
  assert.equal(
    problem(loop('^bb0(%i: index): scf.yield %x : f32', 'f32')),
    'the body takes (index), expected (index, f32)',
  );
  assert.equal(
    problem(loop('^bb0(%i: index, %a: f32): scf.yield', 'f32')),
    'the body yields (), the carried values are (f32)',
  );
  assert.equal(
    problem(loop('^bb0(%i: index, %a: f32): scf.yield %a : f32', 'index')),
    'the results are (index), the carried values are (f32)',
  );
  assert.equal(
    problem(
      `func.func @f(%c: i1, %x: f32) { %r = "scf.if"(%c) ({ scf.yield %x : f32 }, {}) : (i1) -> f32 return }`,
    ),
    'has results and so needs an else region',
  );
  assert.equal(
    problem(`func.func @f(%n: index) { "scf.forall"(%n) <{operandSegmentSizes = array<i32: 0, 1, 0, 0>, staticLowerBound = array<i64: 0>, staticStep = array<i64: 1>, staticUpperBound = array<i64: 8>}> ({
    ^bb0(%i: index): scf.forall.in_parallel {} }) : (index) -> () return }`),
    'the upper bound has 0 dynamic entries and 1 values',
  );
});
