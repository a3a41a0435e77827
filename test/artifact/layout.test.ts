import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encoded, LayoutError, nested, struct, u16, u32, u64, u8 } from '../../src/artifact/layout';
import { structs } from '../../src/artifact/format';

test('a record that a C++ compiler would pad is refused when it is declared', () => {
  assert.throws(() => struct('gap', '', { a: u8(''), b: u32('') }), LayoutError);
  assert.throws(() => struct('tail', '', { a: u32(''), b: u16('') }), LayoutError);
  assert.equal(struct('gap', '', { a: u8(''), b: u32('') }, { packed: true }).size, 5);
});

test('records are little endian and nest', () => {
  const inner = struct('inner', '', { a: u16(''), b: u16('') });
  const outer = struct('outer', '', { first: u32(''), second: nested(inner, ''), third: u64('') });
  const record = { first: 0x01020304, second: { a: 5, b: 6 }, third: 2 ** 40 };
  const bytes = encoded(outer, record);
  assert.equal(Buffer.from(bytes).toString('hex'), '04030201' + '05000600' + '0000000000010000');
  assert.deepEqual(decode(outer, new DataView(bytes.buffer), 0), record);
});

test('values that a field cannot hold are refused', () => {
  const record = struct('record', '', { a: u8(''), b: u8(''), c: u16(''), d: u32(''), e: u64('') });
  const good = { a: 1, b: 2, c: 3, d: 4, e: 5 };
  for (const bad of [{ a: 256 }, { b: -1 }, { c: 1.5 }, { d: 2 ** 32 }, { e: 2 ** 53 }])
    assert.throws(() => encoded(record, { ...good, ...bad }), LayoutError);
  const tooLarge = encoded(record, good).fill(0xff);
  assert.throws(() => decode(record, new DataView(tooLarge.buffer), 0), LayoutError);
});

test('every record of the format has a name of its own', () => {
  assert.equal(new Set(structs.map((s) => s.name)).size, structs.length);
});
