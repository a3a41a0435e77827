import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attributeCodec,
  attributeTypes,
  graphCodec,
  modelCodec,
  nodeCodec,
  tensorCodec,
  typeCodec,
} from '../../../src/frontend/onnx/proto/onnxProto';
import type { TypeProto } from '../../../src/frontend/onnx/proto/onnxProto';
import { ProtobufError } from '../../../src/frontend/onnx/proto/wire';

const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values);

test('every field of a message survives a round trip', () => {
  const attribute = attributeCodec.make({
    name: 'a',
    type: attributeTypes.INTS,
    i: -1n,
    f: 0.5,
    s: bytesOf(1, 2),
    ints: [2n ** 63n - 1n, -(2n ** 63n), 0n, -1n],
    floats: [1.5, -0],
    strings: [bytesOf(), bytesOf(255)],
    t: tensorCodec.make({
      name: 't',
      dims: [2, 0],
      dataType: 1,
      floatData: Float32Array.of(1, NaN),
      doubleData: Float64Array.of(-2.5),
      int32Data: Int32Array.of(-1, 2 ** 31 - 1),
      int64Data: BigInt64Array.of(-(2n ** 63n)),
      uint64Data: BigUint64Array.of(2n ** 64n - 1n),
      stringData: [bytesOf(104, 105)],
      rawData: bytesOf(),
    }),
  });
  assert.deepEqual(attributeCodec.decode(attributeCodec.encode(attribute)), attribute);
});

test('a size of zero and an absent size differ', () => {
  const shape = (dimValue: number | undefined) =>
    typeCodec.decode(
      typeCodec.encode(
        typeCodec.make({
          tensorType: { elemType: 1, shape: { dim: [{ dimValue, dimParam: undefined, denotation: '' }] } },
        }),
      ),
    ).tensorType?.shape?.dim[0]?.dimValue;
  assert.equal(shape(0), 0);
  assert.equal(shape(undefined), undefined);
});

test('raw data is a view of the buffer', () => {
  const encoded = tensorCodec.encode(tensorCodec.make({ name: 'w', rawData: bytesOf(7, 8, 9) }));
  const raw = tensorCodec.decode(encoded).rawData!;
  assert.equal(raw.buffer, encoded.buffer);
  encoded[raw.byteOffset - encoded.byteOffset] = 42;
  assert.deepEqual([...raw], [42, 8, 9]);
});

test('repeated numbers are read packed, unpacked and mixed', () => {
  // dims = 3 (unpacked), [4, 300] (packed), 5 (unpacked)
  const t = tensorCodec.decode(bytesOf(0x08, 3, 0x0a, 3, 4, 0xac, 0x02, 0x08, 5));
  assert.deepEqual(t.dims, [3, 4, 300, 5]);
});

test('fields that are not known are skipped, in groups too', () => {
  // field 100 varint, field 101 group holding field 1, then name
  const t = tensorCodec.decode(bytesOf(0xa0, 0x06, 1, 0xab, 0x06, 0x08, 1, 0xac, 0x06, 0x42, 1, 0x61));
  assert.equal(t.name, 'a');
});

function failure(bytes: Uint8Array): ProtobufError {
  try {
    modelCodec.decode(bytes);
  } catch (error) {
    assert.ok(error instanceof ProtobufError, String(error));
    return error;
  }
  return assert.fail('it was read');
}

test('what is malformed is told from what is cut short', () => {
  assert.equal(failure(bytesOf(0x3a, 100, 1)).kind, 'truncated');
  assert.equal(failure(bytesOf(0x08)).kind, 'truncated');
  assert.equal(failure(bytesOf(0x08, 0x80, 0x80)).kind, 'truncated');
  // The graph says 2 bytes; a node in it says 9.
  assert.equal(failure(bytesOf(0x3a, 2, 0x0a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0)).kind, 'malformed');
  // ir_version as text
  assert.match(
    failure(bytesOf(0x0a, 1, 0x61)).message,
    /ModelProto\.irVersion is stored as length-delimited/,
  );
  assert.match(failure(bytesOf(0x08, ...Array<number>(11).fill(0xff))).message, /ten bytes|invalid varint/);
  // The number 2^63 - 1 is not exact.
  const huge = failure(bytesOf(0x08, ...Array<number>(8).fill(0xff), 0x7f));
  assert.match(huge.message, /out of range/);
  // A length near 2^32 allocates nothing.
  assert.equal(failure(bytesOf(0x3a, 0xff, 0xff, 0xff, 0xff, 0x07)).kind, 'truncated');
});

test('deep nesting is refused', () => {
  const nested = (depth: number): TypeProto =>
    depth === 0 ? typeCodec.make({}) : typeCodec.make({ sequenceType: { elemType: nested(depth - 1) } });
  assert.ok(typeCodec.decode(typeCodec.encode(nested(40))).sequenceType);
  assert.throws(() => typeCodec.decode(typeCodec.encode(nested(60))), /nested more than 100 deep/);
});

test('defaults are not written', () => {
  assert.equal(nodeCodec.encode(nodeCodec.make({})).length, 0);
  assert.equal(graphCodec.encode(graphCodec.make({ name: '' })).length, 0);
});
