import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { randomStream, randomTensor } from '../../src/frontend/random';

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

test('numbers have the stated range and moments', () => {
  const r = randomStream(1);
  const n = 100_000;
  const bell = Array.from({ length: n }, () => r.bell());
  const mean = bell.reduce((a, b) => a + b, 0) / n;
  const variance = bell.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.02, `${mean} ${variance}`);
  const uniform = Array.from({ length: n }, () => r.between(2, 3));
  assert.ok(uniform.every((v) => v >= 2 && v < 3));
});

test('a seed gives the same bytes for ever; seeds and streams differ', () => {
  const x = randomTensor(1, [1000], 'f32', 'input');
  assert.deepEqual(randomTensor(1, [1000], 'f32', 'input').bytes, x.bytes);
  assert.equal(digest(x.bytes), 'd2e741f774114cac');
  assert.notDeepEqual(randomTensor(2, [1000], 'f32', 'input').bytes, x.bytes);
  assert.notDeepEqual(randomTensor(1, [1000], 'f32', 'other').bytes, x.bytes);
  assert.notDeepEqual(randomTensor(2 ** 32 + 1, [1000], 'f32', 'input').bytes, x.bytes);
});

test('integers, bools and packed elements stay in their range', () => {
  const i8 = new Int8Array(randomTensor(3, [1000], 'i8').bytes.buffer);
  assert.ok(i8.every((v) => v >= -10 && v <= 10) && i8.includes(-10) && i8.includes(10));
  assert.ok(randomTensor(3, [100], 'bool').bytes.every((v) => v <= 1));
  const i4 = randomTensor(3, [3], 'i4').bytes;
  assert.equal(i4.length, 2);
  assert.ok(i4[1]! < 16);
});

test('what cannot be made is refused', () => {
  assert.throws(() => randomTensor(1, [1], 'string'), /STR0334/);
  assert.throws(() => randomTensor(1, [-1], 'f32'), /STR0334 .*whole number/);
  assert.throws(() => randomTensor(1, [1e6, 1e6], 'f32'), /STR0334 .*2 GiB/);
});
