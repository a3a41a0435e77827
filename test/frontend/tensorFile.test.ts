import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { ElementType, HostTensor } from '../../src/frontend/elementType';
import { elementTypes } from '../../src/frontend/elementType';
import { randomTensor } from '../../src/frontend/random';
import {
  decodeNpy,
  decodeTensorPb,
  encodeNpy,
  encodeTensorPb,
  readTensorFile,
  writeTensorFile,
} from '../../src/frontend/tensorFile';

const plain = (t: HostTensor) => ({ ...t, bytes: [...t.bytes] });

test('every element type goes through .pb, plain ones through .npy', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-tensor-'));
  try {
    for (const type of Object.keys(elementTypes) as ElementType[]) {
      if (type === 'string') continue;
      const tensor = randomTensor(7, [2, 3], type);
      writeTensorFile(path.join(folder, 'a.pb'), tensor, 'input');
      const read = readTensorFile(path.join(folder, 'a.pb'));
      assert.equal(read.name, 'input');
      assert.deepEqual(plain(read.tensor), plain(tensor), type);
      if (elementTypes[type].onnx > 15) {
        assert.throws(() => encodeNpy(tensor, 'a.npy'), /STR0332/);
        continue;
      }
      writeTensorFile(path.join(folder, 'a.npy'), tensor);
      assert.deepEqual(plain(readTensorFile(path.join(folder, 'a.npy')).tensor), plain(tensor), type);
    }
    assert.throws(() => readTensorFile(path.join(folder, 'a.txt')), /STR0331/);
    assert.throws(() => readTensorFile(path.join(folder, 'none.npy')), /STR0301/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('strings go through .pb', () => {
  const tensor: HostTensor = {
    elementType: 'string',
    shape: [2],
    bytes: new Uint8Array(0),
    strings: ['a', 'ü'],
  };
  assert.deepEqual(decodeTensorPb(encodeTensorPb(tensor), 'a.pb').tensor.strings, ['a', 'ü']);
});

/** A file as `numpy.save` writes it, with the header given. */
function npy(header: string, data: number[], version = 1): Uint8Array {
  const length =
    version === 1
      ? [header.length & 255, header.length >> 8]
      : [header.length & 255, header.length >> 8, 0, 0];
  return Uint8Array.from([
    0x93,
    ...Buffer.from('NUMPY'),
    version,
    0,
    ...length,
    ...Buffer.from(header),
    ...data,
  ]);
}

test('.npy files of either byte order and storage order are read', () => {
  const big = npy("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }\n", [0, 1, 1, 0]);
  assert.deepEqual(plain(decodeNpy(big, 'a.npy')), { elementType: 'i16', shape: [2], bytes: [1, 0, 0, 1] });
  // [[0, 1, 2], [3, 4, 5]] stored column by column
  const fortran = npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", [0, 3, 1, 4, 2, 5], 2);
  assert.deepEqual(plain(decodeNpy(fortran, 'a.npy')), {
    elementType: 'u8',
    shape: [2, 3],
    bytes: [0, 1, 2, 3, 4, 5],
  });
  const scalar = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", [0, 0, 128, 63]);
  assert.deepEqual(decodeNpy(scalar, 'a.npy').shape, []);
});

test('the data of a written .npy file starts at a multiple of 64', () => {
  for (const shape of [[], [5], [1, 3, 224, 224].slice(0, 3), Array<number>(20).fill(1)]) {
    const tensor = randomTensor(1, shape, 'f32');
    const bytes = encodeNpy(tensor, 'a.npy');
    assert.equal((bytes.length - tensor.bytes.length) % 64, 0);
    assert.deepEqual(decodeNpy(bytes, 'a.npy').shape, shape);
  }
});

test('tensor files that are not usable are refused at every length', () => {
  const tensor = randomTensor(1, [3], 'f32');
  const whole = encodeNpy(tensor, 'a.npy');
  for (let n = 0; n < whole.length; n++)
    assert.throws(() => decodeNpy(whole.subarray(0, n), 'a.npy'), /^StrataError: STR0330/);
  const pb = encodeTensorPb(tensor, 'input');
  for (let n = 0; n < pb.length; n++)
    assert.throws(() => decodeTensorPb(pb.subarray(0, n), 'a.pb'), /^StrataError: STR03(33|22)/);
  const header = (descr: string, shape: string) =>
    npy(`{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`, []);
  assert.throws(() => decodeNpy(header("[('a', '<f4')]", '(1,)'), 'a.npy'), /one plain type/);
  assert.throws(() => decodeNpy(header("'|O'", '(1,)'), 'a.npy'), /\|O is not supported/);
  assert.throws(() => decodeNpy(header("'<f4'", '(-1,)'), 'a.npy'), /shape is not understood/);
  assert.throws(() => decodeNpy(header("'<f4'", '(99999999999, 99999999999)'), 'a.npy'), /STR0330/);
});
