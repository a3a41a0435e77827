import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StrataError } from '../../src/base/diagnostics';
import { CancelledError, neverCancelled } from '../../src/base/cancellation';
import { types } from '../../src/ir';
import { compareTensors, isClose } from '../../src/ir/interpreter/compare';
import { Interpreter } from '../../src/ir/interpreter/interpreter';
import type { RuntimeValue } from '../../src/ir/interpreter/runtimeValue';
import {
  broadcastShapes,
  broadcastTo,
  makeMemRef,
  tensorFromBytes,
  tensorOf,
  tensorToBytes,
} from '../../src/ir/interpreter/tensor';
import { interpret, moduleOf, plain } from './interpret';

const code =
  (expected: string) =>
  (e: unknown): boolean =>
    e instanceof StrataError && e.code === expected;

describe('the interpreter', () => {
  it('calls functions, recursion included', () => {
    const text = `func.func @f(%n: i32) -> i32 {
  %c1 = arith.constant 1 : i32
  %stop = arith.cmpi sle, %n, %c1 : i32
  %r = scf.if %stop -> (i32) {
    scf.yield %c1 : i32
  } else {
    %less = arith.subi %n, %c1 : i32
    %rest = func.call @f(%less) : (i32) -> i32
    %product = arith.muli %n, %rest : i32
    scf.yield %product : i32
  }
  return %r : i32
}`;
    assert.deepEqual(interpret(text, [10]), [3628800]);
  });
  it('follows branches between blocks', () => {
    const text = `func.func @f(%n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  cf.br ^loop(%c0, %c0 : index, index)
^loop(%i: index, %sum: index):
  %more = arith.cmpi slt, %i, %n : index
  cf.cond_br %more, ^body, ^end(%sum : index)
^body:
  %next = arith.addi %i, %c1 : index
  %s = arith.addi %sum, %i : index
  cf.br ^loop(%next, %s : index, index)
^end(%r: index):
  return %r : index
}`;
    assert.deepEqual(interpret(text, [101]), [5050]);
  });
  it('runs loops with carried values', () => {
    const text = `func.func @f(%m: memref<4xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  %sum = scf.for %i = %c0 to %c4 step %c1 iter_args(%acc = %zero) -> (f32) {
    %x = memref.load %m[%i] : memref<4xf32>
    %next = arith.addf %acc, %x : f32
    scf.yield %next : f32
  }
  return %sum : f32
}`;
    assert.deepEqual(interpret(text, [makeMemRef([4], types.f32, Float32Array.of(1, 2, 3, 4))]), [10]);
  });
  it('makes globals once, from the text or from blobs, and keeps constant ones shared', () => {
    const text = `memref.global "private" constant @w : memref<2xf32> = dense_resource<w>
memref.global "private" @state : memref<1xi32> = dense<7>
func.func @f() -> (f32, i32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = memref.get_global @w : memref<2xf32>
  %x = memref.load %w[%c1] : memref<2xf32>
  %s = memref.get_global @state : memref<1xi32>
  %old = memref.load %s[%c0] : memref<1xi32>
  %one = arith.constant 1 : i32
  %new = arith.addi %old, %one : i32
  memref.store %new, %s[%c0] : memref<1xi32>
  return %x, %old : f32, i32
}`;
    const resources = { get: () => new Uint8Array(Float32Array.of(1.5, 2.5).buffer) };
    const interpreter = new Interpreter(moduleOf(text), { resources });
    assert.deepEqual(interpreter.call('f', []), [2.5, 7]);
    assert.deepEqual(interpreter.call('f', []), [2.5, 8]);
  });
  it('lets memrefs of other types alias one arena', () => {
    const text = `func.func @f(%arena: memref<16xi8>) -> i8 {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c7 = arith.constant 7 : index
  %one = arith.constant 1.0 : f32
  %view = memref.view %arena[%c4][] : memref<16xi8> to memref<2xf32>
  memref.store %one, %view[%c0] : memref<2xf32>
  %byte = memref.load %arena[%c7] : memref<16xi8>
  return %byte : i8
}`;
    assert.deepEqual(interpret(text, [makeMemRef([16], types.i8)]), [0x3f]);
  });
  it('shows each op and its results to an observer', () => {
    const seen: string[] = [];
    const text = `func.func @f(%x: f32) -> f32 {
  %0 = arith.addf %x, %x : f32
  %1 = arith.mulf %0, %0 : f32
  return %1 : f32
}`;
    interpret(text, [1.5], {
      onOp: (op, results) => seen.push(`${op.name} ${results.map(plain).join(' ')}`),
    });
    assert.deepEqual(seen, ['arith.addf 3', 'arith.mulf 9']);
  });
  it('speaks in codes about what it cannot run', () => {
    const text = `func.func private @outside(f32) -> f32
func.func @f(%x: f32) -> f32 {
  %0 = func.call @outside(%x) : (f32) -> f32
  return %0 : f32
}
func.func @odd() {
  %0 = "other.op"() : () -> f32
  return
}
func.func @blob() -> tensor<1xf32> {
  %0 = arith.constant dense_resource<missing> : tensor<1xf32>
  return %0 : tensor<1xf32>
}`;
    const interpreter = new Interpreter(moduleOf(text));
    assert.throws(() => interpreter.call('nothing', []), code('STR0125'));
    assert.throws(() => interpreter.call('f', [1]), code('STR0126'));
    assert.throws(() => interpreter.call('f', []), code('STR0127'));
    assert.throws(() => interpreter.call('odd', []), code('STR0120'));
    assert.throws(() => interpreter.call('blob', []), code('STR0123'));
  });
  it('stops when cancelled', () => {
    const text = `func.func @f() {
  cf.br ^again
^again:
  cf.br ^again
}`;
    let polls = 0;
    const cancellation = {
      ...neverCancelled,
      throwIfCancelled: () => {
        if (++polls > 3) throw new CancelledError();
      },
    };
    assert.throws(() => interpret(text, [], { cancellation }), CancelledError);
  });
});

describe('run-time tensors', () => {
  it('come from bytes and go back to them, in every element type', () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => (i * 37) & 0x3f);
    for (const element of [
      types.f16,
      types.bf16,
      types.f32,
      types.f64,
      types.i8,
      types.i16,
      types.i32,
      types.i64,
      types.float('f8E4M3FN'),
    ]) {
      const count = 32 / types.storageBytes(element);
      const t = tensorFromBytes([count], element, bytes);
      assert.deepEqual(tensorToBytes(t), bytes, element.text);
    }
    const indices = tensorFromBytes([2], types.index, new Uint8Array(BigInt64Array.of(5n, -7n).buffer));
    assert.deepEqual(plain(indices), [5, -7]);
    assert.deepEqual(tensorToBytes(indices), new Uint8Array(BigInt64Array.of(5n, -7n).buffer));
    assert.throws(() => tensorFromBytes([3], types.f32, bytes), RangeError);
    assert.throws(() => tensorFromBytes([3], types.f32, bytes.subarray(1)), RangeError);
  });
  it('broadcast by the rule of NumPy', () => {
    assert.deepEqual(broadcastShapes([3, 1], [4]), [3, 4]);
    assert.deepEqual(broadcastShapes([], [2, 2]), [2, 2]);
    assert.equal(broadcastShapes([3], [4]), undefined);
    assert.deepEqual(plain(broadcastTo(tensorOf([2, 1], types.f32, [1, 2]), [2, 2, 3])), [
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
    ]);
  });
  it('are compared in absolute and relative difference and in units in the last place', () => {
    const f = (...v: number[]): ReturnType<typeof tensorOf> => tensorOf([v.length], types.f32, v);
    const same = compareTensors(f(1, NaN, 0), f(1, NaN, -0));
    assert.deepEqual([same.differing, same.maxAbs, same.maxUlp, same.worst], [0, 0, 0, undefined]);
    const c = compareTensors(f(1, 2, -4), f(1, 2 + 2 ** -22, -4 - 2 ** -20));
    assert.deepEqual(c, {
      count: 3,
      maxAbs: 2 ** -20,
      maxRel: 2 ** -22,
      maxUlp: 2,
      differing: 2,
      worst: { position: 2, expected: -4, actual: -4 - 2 ** -20 },
    });
    assert.equal(compareTensors(f(1), f(NaN)).maxAbs, Infinity);
    assert.equal(compareTensors(f(Infinity), f(Infinity)).differing, 0);
    assert.equal(compareTensors(f(-(2 ** -149)), f(2 ** -149)).maxUlp, 2);
    const h = (v: number): RuntimeValue => tensorOf([1], types.f16, [v]);
    assert.equal(compareTensors(h(1) as never, h(1.0009765625) as never).maxUlp, 1);
    assert.ok(
      isClose(f(100), f(100.001), { abs: 0, rel: 1e-4 }) && !isClose(f(100), f(100.1), { abs: 0, rel: 1e-4 }),
    );
    assert.throws(() => compareTensors(f(1), f(1, 2)), RangeError);
  });
});
