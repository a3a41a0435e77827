/** Result types of `nn` ops, known and dynamic, and what they say when operands do not fit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceError } from '../../../src/ir';
import type { OpDefinition, Type } from '../../../src/ir';
import { f32Attr, i64Array, i64Attr, stringAttr } from '../../../src/ir';
import type { Attribute } from '../../../src/ir';
import { parseTypeText } from '../../../src/ir';
import { registry } from '../../../src/ir/dialects';
import * as nn from '../../../src/ir/dialects/nn';

const t = (text: string): Type => parseTypeText(`tensor<${text}>`);
const infer = (
  op: OpDefinition,
  operands: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): string | undefined => op.infer(operands.map(t), new Map(Object.entries(attributes)))?.[0]?.text;
const refuses = (
  op: OpDefinition,
  operands: readonly string[],
  attributes: Readonly<Record<string, Attribute>>,
  says: RegExp,
): void => {
  assert.throws(
    () => infer(op, operands, attributes),
    (e) => e instanceof InferenceError && says.test(e.message),
  );
};
const conv = (more: Readonly<Record<string, Attribute>> = {}): Readonly<Record<string, Attribute>> => ({
  strides: i64Array([2, 2]),
  pads: i64Array([1, 1, 1, 1]),
  dilations: i64Array([1, 1]),
  operandSegmentSizes: i64Array([1, 1, 0]),
  ...more,
});

test('convolutions in both layouts, with sizes that are not known', () => {
  assert.equal(infer(nn.conv2d, ['1x3x224x224xf32', '32x3x3x3xf32'], conv()), 'tensor<1x32x112x112xf32>');
  assert.equal(infer(nn.conv2d, ['?x3x?x224xf32', '32x3x3x3xf32'], conv()), 'tensor<?x32x?x112xf32>');
  assert.equal(
    infer(nn.conv2d, ['1x224x224x3xf32', '3x3x3x32xf32'], conv({ layout: stringAttr('nhwc_hwcf') })),
    'tensor<1x112x112x32xf32>',
  );
});

test('convolutions that do not fit say what was found and expected', () => {
  refuses(
    nn.conv2d,
    ['1x16x8x8xf32', '4x32x3x3xf32'],
    conv(),
    /^weight has 32 input channels, input has 16 \(groups = 1\)$/,
  );
  refuses(
    nn.conv2d,
    ['1x16x8x8xf32', '4x8x3x3xf32'],
    conv({ groups: i64Attr(4) }),
    /^weight has 32 input channels, input has 16 \(groups = 4\)$/,
  );
  refuses(
    nn.conv2d,
    ['1x6x8x8xf32', '4x2x3x3xf32'],
    conv({ groups: i64Attr(3) }),
    /^weight has 4 output channels, which 3 groups do not divide$/,
  );
  refuses(
    nn.conv2d,
    ['1x3x8x8xf32', '4x3x11x3xf32'],
    conv(),
    /^a window of 11 does not fit an axis of 8 with padding 1 and 1$/,
  );
  refuses(
    nn.conv2d,
    ['3x8x8xf32', '4x3x3x3xf32'],
    conv(),
    /^input must have rank 4, found tensor<3x8x8xf32>$/,
  );
  refuses(
    nn.conv2d,
    ['1x3x8x8xf32', '4x3x3x3xf32', '5xf32'],
    conv({ operandSegmentSizes: i64Array([1, 1, 1]) }),
    /^bias has 5 elements, weight has 4 output channels$/,
  );
});

test('broadcasting', () => {
  assert.equal(infer(nn.add, ['2x1x4xf32', '3x1xf32']), 'tensor<2x3x4xf32>');
  assert.equal(infer(nn.add, ['?x4xf32', '1x4xf32']), 'tensor<?x4xf32>');
  assert.equal(infer(nn.add, ['?x4xf32', '3x4xf32']), 'tensor<3x4xf32>');
  refuses(
    nn.add,
    ['2x3xf32', '4x3xf32'],
    {},
    /^shapes 2x3 and 4x3 do not broadcast \(sizes 2 and 4 in axis 0\)$/,
  );
  refuses(nn.add, ['2xf32', '2xi64'], {}, /^lhs has elements of type f32, rhs of i64$/);
});

test('matrix products', () => {
  assert.equal(infer(nn.matmul, ['2x1x3x4xf32', '5x4x6xf32']), 'tensor<2x5x3x6xf32>');
  assert.equal(infer(nn.matmul, ['4xf32', '5x4x6xf32']), 'tensor<5x6xf32>');
  assert.equal(infer(nn.matmul, ['3x4xf32', '4xf32']), 'tensor<3xf32>');
  refuses(nn.matmul, ['3x4xf32', '5x6xf32'], {}, /^lhs 3x4 has 4 columns, rhs 5x6 has 5 rows$/);
});

test('shapes', () => {
  assert.equal(infer(nn.reshape, ['2x3x4xf32'], { shape: i64Array([-1, 4]) }), 'tensor<6x4xf32>');
  assert.equal(infer(nn.reshape, ['?x3x4xf32'], { shape: i64Array([-1, 12]) }), 'tensor<?x12xf32>');
  refuses(
    nn.reshape,
    ['2x3xf32'],
    { shape: i64Array([4, -1]) },
    /^input 2x3 has 6 elements, which shape 4x\? does not divide$/,
  );
  refuses(nn.reshape, ['2x3xf32'], { shape: i64Array([5]) }, /^input 2x3 has 6 elements, shape 5 needs 5$/);
  refuses(
    nn.transpose,
    ['2x3xf32'],
    { permutation: i64Array([0, 0]) },
    /^\[0, 0\] is not a permutation of 2 axes$/,
  );
  assert.equal(infer(nn.concat, ['?x3xf32', '2x?xf32'], { axis: i64Attr(1) }), 'tensor<2x?xf32>');
  refuses(
    nn.concat,
    ['2x3xf32', '4x3xf32'],
    { axis: i64Attr(1) },
    /cannot be joined to tensor<2x3xf32> along axis 1: sizes 4 and 2 in axis 0$/,
  );
  refuses(nn.softmax, ['2x3xf32'], { axis: i64Attr(5) }, /^axis 5 is out of bounds for rank 2$/);
  refuses(
    nn.batchNorm,
    ['1x3x2x2xf32', '3xf32', '3xf32', '4xf32', '3xf32'],
    { epsilon: f32Attr(0) },
    /^mean must have one element for each of 3 channels, found tensor<4xf32>$/,
  );
});

test('every op of the graph stage has a summary and semantics', () => {
  const ops = [...registry.ops].filter((op) => op.name.startsWith('nn.'));
  assert.ok(ops.length > 40);
  for (const op of ops) {
    assert.ok(op.canEvaluate, `${op.name} cannot be evaluated`);
    assert.ok(op.summary.length > 0 && !op.summary.endsWith('.'), `${op.name}: ${op.summary}`);
  }
});
