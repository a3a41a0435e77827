import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseModule, verify } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';
import { makeMemRef } from '../../src/ir/interpreter/tensor';
import { types as t } from '../../src/ir';
import { interpret, plain } from './interpret';

const problem = (text: string): string | undefined => verify(parseModule(text, registry).module)[0]?.text;
const numbers = (...shape: number[]) =>
  makeMemRef(
    shape,
    t.f32,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );

test('views share storage: a store through one is seen through the others', () => {
  const text = `func.func @f(%m: memref<4x6xf32>) -> (memref<2x3xf32, strided<[12, 2], offset: 7>>, memref<3xf32, strided<[2], offset: ?>>, memref<2x2x6xf32>) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %v = arith.constant 99.0 : f32
    %s = memref.subview %m[1, 1] [2, 3] [2, 2] : memref<4x6xf32> to memref<2x3xf32, strided<[12, 2], offset: 7>>
    memref.store %v, %s[%c1, %c2] : memref<2x3xf32, strided<[12, 2], offset: 7>>
    %r = memref.subview %s[%c1, 0] [1, 3] [1, 1] : memref<2x3xf32, strided<[12, 2], offset: 7>> to memref<3xf32, strided<[2], offset: ?>>
    %e = memref.expand_shape %m [[0, 1], [2]] output_shape [2, 2, 6] : memref<4x6xf32> into memref<2x2x6xf32>
    return %s, %r, %e : memref<2x3xf32, strided<[12, 2], offset: 7>>, memref<3xf32, strided<[2], offset: ?>>, memref<2x2x6xf32>
  }`;
  const [s, r, e] = interpret(text, [numbers(4, 6)]).map(plain);
  assert.deepEqual(s, [
    [7, 9, 11],
    [19, 21, 99],
  ]);
  assert.deepEqual(r, [19, 21, 99]);
  assert.deepEqual(e, [
    [
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10, 11],
    ],
    [
      [12, 13, 14, 15, 16, 17],
      [18, 19, 20, 21, 22, 99],
    ],
  ]);
});

test('views of bytes, globals, copies, casts and sizes', () => {
  const text = `
  memref.global "private" constant @w : memref<2x2xf32> = dense<[[1.0, 2.0], [3.0, 4.0]]>
  func.func @f(%bytes: memref<64xi8>, %n: index) -> (memref<2x2xf32>, memref<?xf32>, memref<4xf32>, index, memref<2xi32>) {
    %c8 = arith.constant 8 : index
    %c0 = arith.constant 0 : index
    %w = memref.get_global @w : memref<2x2xf32>
    %v = memref.view %bytes[%c8][] : memref<64xi8> to memref<2x2xf32>
    memref.copy %w, %v : memref<2x2xf32> to memref<2x2xf32>
    %d = memref.view %bytes[%c0][%n] : memref<64xi8> to memref<?xf32>
    %c = memref.collapse_shape %v [[0, 1]] : memref<2x2xf32> into memref<4xf32>
    %size = memref.dim %d, %c0 : memref<?xf32>
    %i = memref.view %bytes[%c8][] : memref<64xi8> to memref<2xi32>
    return %v, %d, %c, %size, %i : memref<2x2xf32>, memref<?xf32>, memref<4xf32>, index, memref<2xi32>
  }`;
  const [v, d, c, size, i] = interpret(text, [makeMemRef([64], t.i8), 3]).map(plain);
  assert.deepEqual(v, [
    [1, 2],
    [3, 4],
  ]);
  assert.deepEqual(d, [0, 0, 1]);
  assert.deepEqual(c, [1, 2, 3, 4]);
  assert.equal(size, 3);
  assert.deepEqual(i, [0x3f800000, 0x40000000]);
});

test('copies between overlapping views read before they write', () => {
  const text = `func.func @f(%m: memref<6xf32>) {
    %a = memref.subview %m[0] [5] [1] : memref<6xf32> to memref<5xf32, strided<[1]>>
    %b = memref.subview %m[1] [5] [1] : memref<6xf32> to memref<5xf32, strided<[1], offset: 1>>
    memref.copy %a, %b : memref<5xf32, strided<[1]>> to memref<5xf32, strided<[1], offset: 1>>
    return
  }`;
  const m = numbers(6);
  interpret(text, [m]);
  assert.deepEqual(plain(m), [0, 0, 1, 2, 3, 4]);
});

test('accesses outside of a buffer are errors that say where', () => {
  const load = `func.func @f(%m: memref<4x6xf32>, %i: index) -> f32 {
    %v = memref.load %m[%i, %i] : memref<4x6xf32>
    return %v : f32
  }`;
  assert.deepEqual(interpret(load, [numbers(4, 6), 2]), [14]);
  assert.throws(
    () => interpret(load, [numbers(4, 6), 4]),
    /STR0124.*index 4 is outside dimension 0 of size 4/,
  );
  const view = `func.func @f(%m: memref<64xi8>, %i: index) -> memref<4xf32> {
    %v = memref.view %m[%i][] : memref<64xi8> to memref<4xf32>
    return %v : memref<4xf32>
  }`;
  assert.throws(
    () => interpret(view, [makeMemRef([64], t.i8), 52]),
    /STR0124.*bytes \[52, 68\) leave the buffer of 64/,
  );
  assert.throws(() => interpret(view, [makeMemRef([64], t.i8), 2]), /STR0124.*not aligned to 4/);
});

test('the verifier of memref says what does not fit', () => {
  const one = (line: string): string | undefined =>
    problem(`func.func @f(%m: memref<4x6xf32>, %i: index, %x: i32) { ${line} return }`);
  assert.equal(one('%v = memref.load %m[%i] : memref<4x6xf32>'), 'memref<4x6xf32> needs 2 indices, found 1');
  assert.equal(
    one(
      '%v = memref.subview %m[1, 0] [2, 6] [1, 1] : memref<4x6xf32> to memref<2x6xf32, strided<[6, 1], offset: 5>>',
    ),
    'the result must be memref<2x6xf32, strided<[6, 1], offset: 6>>, found memref<2x6xf32, strided<[6, 1], offset: 5>>',
  );
  assert.match(
    one('%v = memref.collapse_shape %m [[0, 1]] : memref<4x6xf32> into memref<25xf32>') ?? '',
    /group 0 has 4x6 elements, memref<25xf32> has 25/,
  );
  assert.equal(
    one('%v = memref.alloc(%i) : memref<4xf32>'),
    'memref<4xf32> has 0 dynamic sizes, 1 are given',
  );
  assert.equal(
    problem('memref.global @g : memref<?xf32>'),
    'the type must be a static memref, found memref<?xf32>',
  );
});
