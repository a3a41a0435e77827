import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StrataError } from '../../src/base/diagnostics';
import { types } from '../../src/ir';
import type { RuntimeValue } from '../../src/ir/interpreter/runtimeValue';
import { tensorOf } from '../../src/ir/interpreter/tensor';
import { keptDimensions } from '../../src/ir/dialects/tensorSemantics';
import { interpret, moduleOf, plain } from './interpret';

const matrix = (): RuntimeValue => tensorOf([2, 3], types.f32, [1, 2, 3, 4, 5, 6]);
/** Runs one op on `%a`, a 2x3 matrix of 1 to 6, and numbers `%n` and `%c`. */
function onMatrix(op: string, result: string, n = 1, c = 9): unknown {
  const text = `func.func @f(%a: tensor<2x3xf32>, %n: index, %c: f32) -> ${result} {\n  %r = ${op}\n  return %r : ${result}\n}`;
  return plain(interpret(text, [matrix(), n, c])[0]!);
}

describe('tensor ops', () => {
  it('read and replace elements', () => {
    assert.equal(onMatrix('tensor.extract %a[%n, %n] : tensor<2x3xf32>', 'f32'), 5);
    assert.deepEqual(onMatrix('tensor.insert %c into %a[%n, %n] : tensor<2x3xf32>', 'tensor<2x3xf32>'), [
      [1, 2, 3],
      [4, 9, 6],
    ]);
    assert.throws(() => onMatrix('tensor.extract %a[%n, %n] : tensor<2x3xf32>', 'f32', 2), StrataError);
    assert.throws(
      () => onMatrix('tensor.insert %c into %a[%n, %n] : tensor<2x3xf32>', 'tensor<2x3xf32>', 3),
      StrataError,
    );
  });
  it('slice with strides, drop unit dimensions, and put slices back', () => {
    assert.deepEqual(
      onMatrix(
        'tensor.extract_slice %a[0, 0] [2, 2] [1, 2] : tensor<2x3xf32> to tensor<2x2xf32>',
        'tensor<2x2xf32>',
      ),
      [
        [1, 3],
        [4, 6],
      ],
    );
    assert.deepEqual(
      onMatrix(
        'tensor.extract_slice %a[%n, 0] [1, 3] [1, 1] : tensor<2x3xf32> to tensor<3xf32>',
        'tensor<3xf32>',
      ),
      [4, 5, 6],
    );
    assert.throws(
      () =>
        onMatrix(
          'tensor.extract_slice %a[%n, 0] [1, 3] [1, 1] : tensor<2x3xf32> to tensor<3xf32>',
          'tensor<3xf32>',
          2,
        ),
      StrataError,
    );
    const text = `func.func @f(%a: tensor<2x3xf32>, %b: tensor<2xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %0 = tensor.insert_slice %b into %a[1, 0] [1, 2] [1, 2] : tensor<2xf32> into tensor<2x3xf32>
  return %0, %a : tensor<2x3xf32>, tensor<2x3xf32>
}`;
    const [changed, kept] = interpret(text, [matrix(), tensorOf([2], types.f32, [8, 9])]).map(plain);
    assert.deepEqual(changed, [
      [1, 2, 3],
      [8, 5, 9],
    ]);
    assert.deepEqual(
      kept,
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      'the operand stays as it was',
    );
  });
  it('keep the dimensions that the type of a slice has', () => {
    assert.deepEqual(keptDimensions([1, 1, 4], [1, 4]), [0, 2]);
    assert.deepEqual(keptDimensions([2, 1, 4], [2, 4]), [0, 2]);
    assert.deepEqual(keptDimensions([1, 1], []), []);
    assert.equal(keptDimensions([2, 4], [4]), undefined);
  });
  it('pad by a constant or by position', () => {
    const constant = `tensor.pad %a low[%n, 0] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %c : f32
  } : tensor<2x3xf32> to tensor<?x4xf32>`;
    assert.deepEqual(onMatrix(constant, 'tensor<?x4xf32>'), [
      [9, 9, 9, 9],
      [1, 2, 3, 9],
      [4, 5, 6, 9],
    ]);
    const computed = `tensor.pad %a low[0, 1] high[0, 0] {
  ^bb0(%i: index, %j: index):
    %k = arith.index_cast %i : index to i32
    %x = arith.sitofp %k : i32 to f32
    tensor.yield %x : f32
  } : tensor<2x3xf32> to tensor<2x4xf32>`;
    assert.deepEqual(onMatrix(computed, 'tensor<2x4xf32>'), [
      [0, 1, 2, 3],
      [1, 4, 5, 6],
    ]);
  });
  it('reshape without moving elements', () => {
    assert.deepEqual(
      onMatrix('tensor.collapse_shape %a [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>', 'tensor<6xf32>'),
      [1, 2, 3, 4, 5, 6],
    );
    assert.deepEqual(
      onMatrix(
        'tensor.expand_shape %a [[0], [1, 2]] output_shape [2, 3, 1] : tensor<2x3xf32> into tensor<2x3x1xf32>',
        'tensor<2x3x1xf32>',
      ),
      [
        [[1], [2], [3]],
        [[4], [5], [6]],
      ],
    );
    const text = `func.func @f(%a: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %shape = arith.constant dense<[3, 2]> : tensor<2xi64>
  %r = tensor.reshape %a(%shape) : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<3x2xf32>
  return %r : tensor<3x2xf32>
}`;
    assert.deepEqual(plain(interpret(text, [matrix()])[0]!), [
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });
  it('join along a dimension', () => {
    assert.deepEqual(
      onMatrix(
        'tensor.concat dim(1) %a, %a : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>',
        'tensor<2x6xf32>',
      ),
      [
        [1, 2, 3, 1, 2, 3],
        [4, 5, 6, 4, 5, 6],
      ],
    );
    assert.deepEqual(
      onMatrix(
        'tensor.concat dim(0) %a, %a : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>',
        'tensor<4x3xf32>',
      ),
      [
        [1, 2, 3],
        [4, 5, 6],
        [1, 2, 3],
        [4, 5, 6],
      ],
    );
  });
  it('make tensors', () => {
    assert.deepEqual(onMatrix('tensor.splat %c[%n] : tensor<?x2xf32>', 'tensor<?x2xf32>', 2), [
      [9, 9],
      [9, 9],
    ]);
    assert.deepEqual(onMatrix('tensor.from_elements %c, %c : tensor<1x2xf32>', 'tensor<1x2xf32>'), [[9, 9]]);
    const generated = `tensor.generate %n {
  ^bb0(%i: index, %j: index):
    %x = tensor.extract %a[%j, %i] : tensor<2x3xf32>
    tensor.yield %x : f32
  } : tensor<?x2xf32>`;
    assert.deepEqual(onMatrix(generated, 'tensor<?x2xf32>', 3), [
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    assert.equal(onMatrix('tensor.dim %a, %n : tensor<2x3xf32>', 'index'), 3);
    assert.equal(onMatrix('tensor.rank %a : tensor<2x3xf32>', 'index'), 2);
    assert.throws(() => onMatrix('tensor.dim %a, %n : tensor<2x3xf32>', 'index', 2), StrataError);
  });
  it('check a cast when it runs', () => {
    const text = `func.func @f(%a: tensor<?x3xf32>) -> tensor<4x3xf32> {
  %r = tensor.cast %a : tensor<?x3xf32> to tensor<4x3xf32>
  return %r : tensor<4x3xf32>
}`;
    assert.throws(() => interpret(text, [matrix()]), StrataError);
  });
  it('count the bytes that they move', () => {
    const work = (op: string): unknown => {
      const module = moduleOf(`func.func @f(%a: tensor<4x8xf32>) {\n  %r = ${op}\n  return\n}`);
      const [found] = module.find((o) => o.dialect === 'tensor');
      return found!.definition!.work(found!);
    };
    assert.deepEqual(
      work('tensor.extract_slice %a[0, 0] [2, 4] [1, 1] : tensor<4x8xf32> to tensor<2x4xf32>'),
      { flops: 0, bytesRead: 32, bytesWritten: 32 },
    );
    assert.deepEqual(
      work('tensor.concat dim(0) %a, %a : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>'),
      { flops: 0, bytesRead: 256, bytesWritten: 256 },
    );
    assert.deepEqual(work('tensor.collapse_shape %a [[0, 1]] : tensor<4x8xf32> into tensor<32xf32>'), {
      flops: 0,
      bytesRead: 0,
      bytesWritten: 0,
    });
  });
});
