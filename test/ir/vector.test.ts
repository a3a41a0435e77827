import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuntimeValue } from '../../src/ir/interpreter/runtimeValue';
import { parseModule, types as t, verify } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';
import { makeMemRef, makeVector, tensorOf } from '../../src/ir/interpreter/tensor';
import { interpret, plain } from './interpret';

const problem = (line: string, args: string): string | undefined =>
  verify(parseModule(`func.func @f(${args}) { ${line} return }`, registry).module)[0]?.text;
const range = (n: number, from = 0): Float32Array => Float32Array.from({ length: n }, (_, i) => i + from);
const vec = (n: number, from = 0): RuntimeValue => makeVector([n], t.f32, range(n, from));

/** The value of one line that defines `%r` of `type`. */
const run = (args: string, lines: string, type: string, ...values: RuntimeValue[]): unknown =>
  plain(interpret(`func.func @f(${args}) -> ${type} { ${lines} return %r : ${type} }`, values)[0]!);

test('loads and stores move neighbours along the last dimension', () => {
  const m = makeMemRef([3, 6], t.f32, range(18));
  assert.deepEqual(
    run(
      '%m: memref<3x6xf32>, %i: index',
      '%r = vector.load %m[%i, %i] : memref<3x6xf32>, vector<4xf32>',
      'vector<4xf32>',
      m,
      1,
    ),
    [7, 8, 9, 10],
  );
  assert.deepEqual(
    run(
      '%m: memref<3x6xf32>, %i: index',
      '%r = vector.load %m[%i, %i] : memref<3x6xf32>, vector<2x2xf32>',
      'vector<2x2xf32>',
      m,
      1,
    ),
    [
      [7, 8],
      [13, 14],
    ],
  );
  interpret(
    'func.func @f(%m: memref<3x6xf32>, %v: vector<2xf32>, %i: index) { vector.store %v, %m[%i, %i] : memref<3x6xf32>, vector<2xf32> return }',
    [m, vec(2, 90), 2],
  );
  assert.deepEqual(plain(m), [
    [0, 1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10, 11],
    [12, 13, 90, 91, 16, 17],
  ]);
  assert.throws(
    () =>
      run(
        '%m: memref<3x6xf32>, %i: index',
        '%r = vector.load %m[%i, %i] : memref<3x6xf32>, vector<5xf32>',
        'vector<5xf32>',
        m,
        2,
      ),
    /STR0124.*\[2, 7\) leave dimension 1 of size 6/,
  );
});

test('transfers pad outside, permute, repeat and obey masks', () => {
  const m = makeMemRef([3, 4], t.f32, range(12));
  const args = '%m: memref<3x4xf32>, %i: index, %p: f32';
  const read = (attrs: string, type: string): string =>
    `%r = vector.transfer_read %m[%i, %i], %p ${attrs} : memref<3x4xf32>, ${type}`;
  assert.deepEqual(run(args, read('', 'vector<4xf32>'), 'vector<4xf32>', m, 2, -1), [10, 11, -1, -1]);
  assert.deepEqual(
    run(
      args,
      read('{permutation_map = affine_map<(d0, d1) -> (d1, d0)>}', 'vector<2x3xf32>'),
      'vector<2x3xf32>',
      m,
      1,
      -1,
    ),
    [
      [5, 9, -1],
      [6, 10, -1],
    ],
  );
  assert.deepEqual(
    run(
      args,
      read(
        '{in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (0, d1)>}',
        'vector<2x3xf32>',
      ),
      'vector<2x3xf32>',
      m,
      1,
      -1,
    ),
    [
      [5, 6, 7],
      [5, 6, 7],
    ],
  );
  assert.throws(
    () => run(args, read('{in_bounds = [true]}', 'vector<4xf32>'), 'vector<4xf32>', m, 2, -1),
    /said to be in bounds/,
  );
  const masked =
    '%k = vector.constant_mask [1] : vector<4xi1> %r = vector.transfer_read %m[%i, %i], %p, %k : memref<3x4xf32>, vector<4xf32>';
  assert.deepEqual(run(args, masked, 'vector<4xf32>', m, 0, -1), [0, -1, -1, -1]);
  const write = '%r = vector.transfer_write %v, %t[%i] : vector<4xf32>, tensor<6xf32>';
  assert.deepEqual(
    run(
      '%v: vector<4xf32>, %t: tensor<6xf32>, %i: index',
      write,
      'tensor<6xf32>',
      vec(4, 50),
      tensorOf([6], t.f32, [0, 1, 2, 3, 4, 5]),
      4,
    ),
    [0, 1, 2, 3, 50, 51],
  );
});

test('masked and gathered access touches only what the mask has', () => {
  const m = makeMemRef([4], t.f32, range(4));
  const args = '%m: memref<4xf32>, %n: index, %p: vector<6xf32>';
  const load =
    '%c = arith.constant 0 : index %k = vector.create_mask %n : vector<6xi1> %r = vector.maskedload %m[%c], %k, %p : memref<4xf32>, vector<6xi1>, vector<6xf32> into vector<6xf32>';
  assert.deepEqual(run(args, load, 'vector<6xf32>', m, 3, vec(6, 10)), [0, 1, 2, 13, 14, 15]);
  const gather =
    '%c = arith.constant 0 : index %k = vector.create_mask %n : vector<6xi1> %x = arith.constant dense<[3, 0, 3, 99, 99, 99]> : vector<6xi32> %r = vector.gather %m[%c] [%x], %k, %p : memref<4xf32>, vector<6xi32>, vector<6xi1>, vector<6xf32> into vector<6xf32>';
  assert.deepEqual(run(args, gather, 'vector<6xf32>', m, 3, vec(6, 10)), [3, 0, 3, 13, 14, 15]);
});

test('rearrangements', () => {
  const two = '%a: vector<4xf32>, %b: vector<4xf32>';
  const a = vec(4);
  const b = vec(4, 10);
  const six = '%a: vector<2x3xf32>';
  const m = makeVector([2, 3], t.f32, range(6));
  assert.deepEqual(
    run(two, '%r = vector.shuffle %a, %b [0, 5, 3] : vector<4xf32>, vector<4xf32>', 'vector<3xf32>', a, b),
    [0, 11, 3],
  );
  assert.deepEqual(
    run(six, '%r = vector.transpose %a, [1, 0] : vector<2x3xf32> to vector<3x2xf32>', 'vector<3x2xf32>', m),
    [
      [0, 3],
      [1, 4],
      [2, 5],
    ],
  );
  assert.deepEqual(
    run(six, '%r = vector.extract %a[1] : vector<3xf32> from vector<2x3xf32>', 'vector<3xf32>', m),
    [3, 4, 5],
  );
  assert.deepEqual(run(six, '%r = vector.extract %a[1, 2] : f32 from vector<2x3xf32>', 'f32', m), 5);
  assert.deepEqual(
    run(
      `${six}, %x: vector<3xf32>`,
      '%r = vector.insert %x, %a[0] : vector<3xf32> into vector<2x3xf32>',
      'vector<2x3xf32>',
      m,
      vec(3, 7),
    ),
    [
      [7, 8, 9],
      [3, 4, 5],
    ],
  );
  assert.deepEqual(
    run(
      six,
      '%r = vector.extract_strided_slice %a {offsets = [0, 1], sizes = [2, 2], strides = [1, 1]} : vector<2x3xf32> to vector<2x2xf32>',
      'vector<2x2xf32>',
      m,
    ),
    [
      [1, 2],
      [4, 5],
    ],
  );
  assert.deepEqual(
    run(
      `${six}, %x: vector<2xf32>`,
      '%r = vector.insert_strided_slice %x, %a {offsets = [1, 1], strides = [1]} : vector<2xf32> into vector<2x3xf32>',
      'vector<2x3xf32>',
      m,
      vec(2, 7),
    ),
    [
      [0, 1, 2],
      [3, 7, 8],
    ],
  );
  assert.deepEqual(
    run(two, '%r = vector.interleave %a, %b : vector<4xf32> -> vector<8xf32>', 'vector<8xf32>', a, b),
    [0, 10, 1, 11, 2, 12, 3, 13],
  );
  assert.deepEqual(
    run(two, '%x, %r = vector.deinterleave %a : vector<4xf32> -> vector<2xf32>', 'vector<2xf32>', a, b),
    [1, 3],
  );
  assert.deepEqual(
    run(
      '%x: vector<2x1xf32>',
      '%r = vector.broadcast %x : vector<2x1xf32> to vector<2x2x2xf32>',
      'vector<2x2x2xf32>',
      makeVector([2, 1], t.f32, range(2)),
    ),
    [
      [
        [0, 0],
        [1, 1],
      ],
      [
        [0, 0],
        [1, 1],
      ],
    ],
  );
  assert.deepEqual(run('', '%r = vector.step : vector<3xindex>', 'vector<3xindex>'), [0, 1, 2]);
  assert.deepEqual(
    run(
      '%x: vector<2xf32>',
      '%r = vector.bitcast %x : vector<2xf32> to vector<2xi32>',
      'vector<2xi32>',
      vec(2),
    ),
    [0, 0x3f800000],
  );
});

test('reductions and products', () => {
  const v = makeVector([4], t.f32, Float32Array.of(3, NaN, -1, 2));
  const one = '%a: vector<4xf32>';
  assert.deepEqual(run(one, '%r = vector.reduction <maxnumf>, %a : vector<4xf32> into f32', 'f32', v), 3);
  assert.deepEqual(run(one, '%r = vector.reduction <minimumf>, %a : vector<4xf32> into f32', 'f32', v), NaN);
  assert.deepEqual(
    run(
      '%a: vector<3xi8>, %s: i8',
      '%r = vector.reduction <add>, %a, %s : vector<3xi8> into i8',
      'i8',
      makeVector([3], t.i8, Int8Array.of(100, 20, 30)),
      7,
    ),
    -99,
  );
  assert.deepEqual(
    run(
      '%a: vector<2xi8>',
      '%r = vector.reduction <maxui>, %a : vector<2xi8> into i8',
      'i8',
      makeVector([2], t.i8, Int8Array.of(-1, 5)),
    ),
    -1,
  );
  const m = makeVector([2, 3], t.f32, range(6));
  assert.deepEqual(
    run(
      '%a: vector<2x3xf32>, %s: vector<2xf32>',
      '%r = vector.multi_reduction <add>, %a, %s [1] : vector<2x3xf32> to vector<2xf32>',
      'vector<2xf32>',
      m,
      vec(2, 10),
    ),
    [13, 23],
  );
  assert.deepEqual(
    run(
      '%a: vector<2xf32>, %b: vector<2xf32>',
      '%r = vector.outerproduct %a, %b : vector<2xf32>, vector<2xf32>',
      'vector<2x2xf32>',
      vec(2, 1),
      vec(2, 3),
    ),
    [
      [3, 4],
      [6, 8],
    ],
  );
  const contract = `%r = vector.contract {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %c : vector<2x3xf32>, vector<3x2xf32> into vector<2x2xf32>`;
  const c = makeVector([2, 2], t.f32, Float32Array.of(100, 0, 0, 0));
  assert.deepEqual(
    run(
      '%a: vector<2x3xf32>, %b: vector<3x2xf32>, %c: vector<2x2xf32>',
      contract,
      'vector<2x2xf32>',
      m,
      makeVector([3, 2], t.f32, range(6)),
      c,
    ),
    [
      [110, 13],
      [28, 40],
    ],
  );
});

test('the verifier of vector says what does not fit', () => {
  assert.equal(
    problem('%r = vector.extract %a[4] : f32 from vector<4xf32>', '%a: vector<4xf32>'),
    'position 4 is outside dimension 0 of vector<4xf32>',
  );
  assert.equal(
    problem('%r = vector.broadcast %a : vector<3xf32> to vector<4xf32>', '%a: vector<3xf32>'),
    'cannot repeat vector<3xf32> to vector<4xf32>',
  );
  assert.equal(
    problem('%r = vector.shape_cast %a : vector<4xf32> to vector<5xf32>', '%a: vector<4xf32>'),
    'vector<4xf32> and vector<5xf32> have different numbers of elements',
  );
  assert.equal(
    problem('%r = vector.load %m[%i] : memref<4xf32>, vector<4xi32>', '%m: memref<4xf32>, %i: index'),
    'vector<4xi32> does not fit memref<4xf32>',
  );
  assert.equal(
    problem('%r = vector.reduction <maxsi>, %a : vector<4xf32> into f32', '%a: vector<4xf32>'),
    'maxsi does not apply to f32',
  );
  assert.equal(
    problem(
      '%r = vector.transfer_read %m[%i], %p {in_bounds = [true, true]} : memref<4xf32>, vector<4xf32>',
      '%m: memref<4xf32>, %i: index, %p: f32',
    ),
    'in_bounds needs 1 entries',
  );
});
