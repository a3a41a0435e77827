import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementsOf } from '../../src/compiler/compareTensors';
import type { ElementType } from '../../src/frontend/elementType';

/** Type, bytes as they lie in memory, and what they say (ONNX IR specification, "Tensor element types"). */
const samples: readonly (readonly [ElementType, readonly number[], readonly number[]])[] = [
  ['f16', [0x00, 0x3c, 0x00, 0xc1, 0x00, 0x7c, 0x01, 0x00], [1, -2.5, Infinity, 2 ** -24]],
  ['bf16', [0x80, 0x3f, 0x20, 0xc0], [1, -2.5]],
  ['f8E4M3FN', [0x38, 0xc4, 0x7e], [1, -3, 448]],
  ['f8E5M2', [0x3c, 0xfc], [1, -Infinity]],
  ['f8E8M0FNU', [127, 130], [1, 8]],
  ['u4', [0x21, 0x0f], [1, 2, 15]],
  ['i4', [0xf1, 0x08], [1, -1, -8]],
  ['i2', [0b10_01_11_00], [0, -1, 1, -2]],
  ['f4E2M1FN', [0xa7], [6, -1]],
  ['i8', [0xff, 0x01], [-1, 1]],
  ['bool', [1, 0], [1, 0]],
  ['c64', [...new Uint8Array(Float32Array.of(1, -2).buffer)], [1, -2]],
];
for (const [elementType, bytes, expected] of samples)
  test(`elements of ${elementType}`, () => {
    const count = elementType === 'c64' ? 1 : expected.length;
    const found = elementsOf({ elementType, shape: [count], bytes: Uint8Array.from(bytes) });
    assert.deepEqual([...found], expected);
  });

test('strings are refused', () => {
  assert.throws(() => elementsOf({ elementType: 'string', shape: [0], bytes: new Uint8Array() }), TypeError);
});
