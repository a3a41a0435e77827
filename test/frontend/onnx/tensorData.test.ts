import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { elementTypes } from '../../../src/frontend/elementType';
import type { TensorProto } from '../../../src/frontend/onnx/proto/onnxProto';
import { tensorCodec } from '../../../src/frontend/onnx/proto/onnxProto';
import { tensorData } from '../../../src/frontend/onnx/tensorData';

const bytesOf = (init: Partial<TensorProto>): number[] => {
  const { storage } = tensorData(tensorCodec.make({ name: 'w', ...init }), undefined);
  assert.equal(storage.kind, 'bytes');
  return storage.kind === 'bytes' ? [...storage.bytes] : [];
};
const fails = (init: Partial<TensorProto>, text: RegExp, modelFile?: string): void => {
  assert.throws(() => tensorData(tensorCodec.make({ name: 'w', ...init }), modelFile), text);
};

test('typed fields become little-endian bytes', () => {
  const t = elementTypes;
  assert.deepEqual(
    bytesOf({ dims: [1], dataType: t.f32.onnx, floatData: Float32Array.of(1) }),
    [0, 0, 128, 63],
  );
  assert.deepEqual(
    bytesOf({ dims: [], dataType: t.f64.onnx, doubleData: Float64Array.of(-2) }),
    [0, 0, 0, 0, 0, 0, 0, 192],
  );
  assert.deepEqual(bytesOf({ dims: [2], dataType: t.i8.onnx, int32Data: Int32Array.of(-1, 5) }), [255, 5]);
  assert.deepEqual(bytesOf({ dims: [1], dataType: t.f16.onnx, int32Data: Int32Array.of(0x3c00) }), [0, 0x3c]);
  assert.deepEqual(bytesOf({ dims: [2], dataType: t.bool.onnx, int32Data: Int32Array.of(1, 0) }), [1, 0]);
  assert.deepEqual(
    bytesOf({ dims: [1], dataType: t.i32.onnx, int32Data: Int32Array.of(-2) }),
    [254, 255, 255, 255],
  );
  assert.deepEqual(
    bytesOf({ dims: [1], dataType: t.u32.onnx, uint64Data: BigUint64Array.of(2n ** 32n - 1n) }),
    [255, 255, 255, 255],
  );
  assert.deepEqual(
    bytesOf({ dims: [1], dataType: t.i64.onnx, int64Data: BigInt64Array.of(-1n) }),
    Array<number>(8).fill(255),
  );
  assert.deepEqual(
    bytesOf({ dims: [1], dataType: t.c64.onnx, floatData: Float32Array.of(1, 0) }),
    [0, 0, 128, 63, 0, 0, 0, 0],
  );
  // Three 4-bit elements lie in two bytes.
  assert.deepEqual(
    bytesOf({ dims: [3], dataType: t.i4.onnx, int32Data: Int32Array.of(0x21, 0x0f) }),
    [0x21, 0x0f],
  );
  assert.deepEqual(bytesOf({ dims: [5], dataType: t.u2.onnx, int32Data: Int32Array.of(0xe4, 1) }), [0xe4, 1]);
  assert.deepEqual(bytesOf({ dims: [2, 0], dataType: t.f32.onnx }), []);
});

test('strings are text', () => {
  const stringData = ['a', 'é'].map((s) => new TextEncoder().encode(s));
  const { storage } = tensorData(
    tensorCodec.make({ dims: [2], dataType: elementTypes.string.onnx, stringData }),
    undefined,
  );
  assert.deepEqual(storage, { kind: 'strings', strings: ['a', 'é'] });
});

test('tensors that contradict themselves are refused', () => {
  fails({ dims: [2], dataType: 99 }, /STR0320 .*99/);
  fails({ dims: [-2], dataType: 1 }, /STR0321 .*negative/);
  fails({ dims: [2 ** 40, 2 ** 40], dataType: 1 }, /STR0321 .*too many/);
  fails({ dims: [2], dataType: 1, rawData: new Uint8Array(7) }, /STR0322 .*needs 8 bytes; raw_data has 7/);
  fails({ dims: [2], dataType: 1 }, /STR0322 .*float_data has 0/);
  fails(
    { dims: [1], dataType: 1, int32Data: Int32Array.of(1) },
    /STR0323 .*must be in float_data, found in int32_data/,
  );
  fails({ dims: [1], dataType: 1, segment: { begin: 0, end: 1 } }, /STR0323 .*segments/);
  fails({ dims: [3], dataType: 8, stringData: [] }, /STR0321 .*3 strings/);
});

test('external data is a checked range of a file in the folder of the model', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'strata-external-'));
  try {
    const folder = path.join(root, 'model');
    mkdirSync(path.join(folder, 'sub'), { recursive: true });
    const model = path.join(folder, 'm.onnx');
    writeFileSync(model, '');
    writeFileSync(path.join(folder, 'sub', 'w.bin'), new Uint8Array(100));
    writeFileSync(path.join(root, 'secret.bin'), new Uint8Array(100));
    symlinkSync(path.join(root, 'secret.bin'), path.join(folder, 'link.bin'));
    const at = (entries: Record<string, string>): Partial<TensorProto> => ({
      dims: [4],
      dataType: 1,
      dataLocation: 1,
      externalData: Object.entries(entries).map(([key, v]) => ({ key, value: v })),
    });
    assert.deepEqual(
      tensorData(tensorCodec.make(at({ location: 'sub/w.bin', offset: '84', length: '16' })), model).storage,
      { kind: 'file', range: { path: path.join(folder, 'sub', 'w.bin'), offset: 84, length: 16 } },
    );
    assert.equal(tensorData(tensorCodec.make(at({ location: 'sub/w.bin' })), model).storage.kind, 'file');

    fails(at({ location: 'sub/w.bin', offset: '85' }), /STR0326 .*100 bytes; 16 bytes from offset 85/, model);
    fails(at({ location: 'sub/w.bin', length: '12' }), /STR0322 .*needs 16 bytes; .*has 12/, model);
    fails(at({ location: 'sub/w.bin', offset: '-1' }), /STR0323 .*"-1" is not a number/, model);
    fails(at({ location: '../secret.bin' }), /STR0324 .*leaves/, model);
    fails(at({ location: 'sub/../../secret.bin' }), /STR0324 .*leaves/, model);
    fails(at({ location: path.join(root, 'secret.bin') }), /STR0324 .*absolute/, model);
    fails(at({ location: 'C:\\secret.bin' }), /STR0324 .*absolute/, model);
    fails(at({ location: 'link.bin' }), /STR0324 .*link/, model);
    fails(at({ location: 'sub' }), /STR0324 .*regular/, model);
    fails(at({ location: 'no.bin' }), /STR0325 .*ENOENT/, model);
    fails(at({}), /STR0323 .*no location/, model);
    fails(at({ location: 'sub/w.bin' }), /STR0324 .*as bytes/);

    // A download cache: model and data are links into one folder.
    const snapshot = path.join(root, 'snapshot');
    mkdirSync(snapshot);
    symlinkSync(model, path.join(snapshot, 'm.onnx'));
    symlinkSync(path.join(folder, 'sub', 'w.bin'), path.join(snapshot, 'w.bin'));
    const cached = tensorData(tensorCodec.make(at({ location: 'w.bin' })), path.join(snapshot, 'm.onnx'));
    assert.equal(cached.storage.kind, 'file');
  } finally {
    rmSync(root, { recursive: true });
  }
});
