/**
 * The kinds of fields that ONNX messages have: how each is read from protobuf's wire format and written to it. One
 * function per kind and cardinality, called with the field's number in the tables of `onnxProto.ts`.
 */
import type protobuf from 'protobufjs/minimal.js';
import type { Field, Input, MessageCodec } from './wire';
import { ProtobufError, WireMismatch } from './wire';

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

function expectWire(found: number, expected: number): void {
  if (found !== expected) throw new WireMismatch();
}

/** Reads a length and checks that so many bytes are left in the message. */
function readLength({ reader, end }: Input): number {
  const length = reader.size();
  if (reader.pos + length > end)
    throw new RangeError(`${length} bytes are announced, ${Math.max(0, end - reader.pos)} are left`);
  return length;
}
function readView(input: Input): Uint8Array {
  const length = readLength(input);
  const { reader } = input;
  const view = new Uint8Array(reader.buf.buffer, reader.buf.byteOffset + reader.pos, length);
  reader.pos += length;
  return view;
}

/** A 64-bit varint as its two halves; `low` and `high` are unsigned. */
function readVarint64(reader: Reader): { readonly low: number; readonly high: number } {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (reader.pos >= reader.len) throw new RangeError('a number ends early');
    const byte = reader.buf[reader.pos++]!;
    const bits = byte & 127;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high |= bits >>> 4;
    } else high |= bits << (shift - 32);
    if (byte < 128) return { low: low >>> 0, high: high >>> 0 };
  }
  throw new Error('a number takes more than ten bytes');
}
const readInt64 = (reader: Reader): bigint => {
  const { low, high } = readVarint64(reader);
  return (BigInt(high | 0) << 32n) | BigInt(low);
};
const readUint64 = (reader: Reader): bigint => {
  const { low, high } = readVarint64(reader);
  return (BigInt(high) << 32n) | BigInt(low);
};
const readInt32 = (reader: Reader): number => readVarint64(reader).low | 0;
/** An int64 that must be exact as a number. */
function readCount(reader: Reader): number {
  const at = reader.pos;
  const { low, high } = readVarint64(reader);
  const value = (high | 0) * 2 ** 32 + low;
  if (!Number.isSafeInteger(value))
    throw new ProtobufError('malformed', `the number ${value} is out of range`, at);
  return value;
}
function writeInt64(writer: Writer, value: bigint): void {
  const bits = BigInt.asUintN(64, value);
  writer.uint64({ low: Number(bits & 0xffffffffn), high: Number(bits >> 32n), unsigned: true });
}
const writeCount = (writer: Writer, value: number): void => writeInt64(writer, BigInt(value));

interface Scalar<V> {
  readonly wire: number;
  read(reader: Reader): V;
  write(writer: Writer, value: V): void;
}
const int64Scalar: Scalar<bigint> = { wire: VARINT, read: readInt64, write: writeInt64 };
const uint64Scalar: Scalar<bigint> = { wire: VARINT, read: readUint64, write: writeInt64 };
const countScalar: Scalar<number> = { wire: VARINT, read: readCount, write: writeCount };
const int32Scalar: Scalar<number> = { wire: VARINT, read: readInt32, write: (w, v) => w.int32(v) };
const floatScalar: Scalar<number> = { wire: FIXED32, read: (r) => r.float(), write: (w, v) => w.float(v) };
const doubleScalar: Scalar<number> = { wire: FIXED64, read: (r) => r.double(), write: (w, v) => w.double(v) };

const tagOf = (number: number, wire: number): number => ((number << 3) | wire) >>> 0;

function field<V, A>(f: Field<V, A>): Field<V> {
  return f;
}

function optionalScalar<V>(number: number, scalar: Scalar<V>): Field<V | undefined> {
  return field<V | undefined, V | undefined>({
    number,
    start: () => undefined,
    read: ({ reader }, wire) => {
      expectWire(wire, scalar.wire);
      return scalar.read(reader);
    },
    finish: (v) => v,
    write: (writer, v) => {
      if (v !== undefined) scalar.write(writer.uint32(tagOf(number, scalar.wire)), v);
    },
  });
}
function scalarOr<V>(number: number, scalar: Scalar<V>, absent: V): Field<V> {
  return field<V, V>({
    number,
    start: () => absent,
    read: ({ reader }, wire) => {
      expectWire(wire, scalar.wire);
      return scalar.read(reader);
    },
    finish: (v) => v,
    write: (writer, v) => {
      if (v !== absent) scalar.write(writer.uint32(tagOf(number, scalar.wire)), v);
    },
  });
}

/** Calls `each` for the elements of one occurrence, packed or not. */
function readElements<V>(input: Input, wire: number, scalar: Scalar<V>, each: (value: V) => void): void {
  const { reader } = input;
  if (wire !== DELIMITED) {
    expectWire(wire, scalar.wire);
    each(scalar.read(reader));
    return;
  }
  const length = readLength(input);
  const end = reader.pos + length;
  while (reader.pos < end) each(scalar.read(reader));
  if (reader.pos !== end) throw new RangeError('a packed field does not end where its length says');
}
function writePacked<V>(writer: Writer, number: number, scalar: Scalar<V>, values: Iterable<V>): void {
  writer.uint32(tagOf(number, DELIMITED)).fork();
  for (const v of values) scalar.write(writer, v);
  writer.ldelim();
}
function repeatedScalar<V>(number: number, scalar: Scalar<V>): Field<readonly V[]> {
  return field<readonly V[], V[]>({
    number,
    start: () => [],
    read: (input, wire, soFar) => {
      readElements(input, wire, scalar, (v) => soFar.push(v));
      return soFar;
    },
    finish: (v) => v,
    write: (writer, values) => {
      for (const v of values) scalar.write(writer.uint32(tagOf(number, scalar.wire)), v);
    },
  });
}

type DataArray = Float32Array | Float64Array | Int32Array | BigInt64Array | BigUint64Array;
/** Element data of a tensor in a typed array; packed when written. */
function dataField<D extends DataArray>(
  number: number,
  scalar: Scalar<D[number]>,
  make: (length: number) => D,
): Field<D> {
  interface Growing {
    data: D;
    length: number;
  }
  const push = (acc: Growing, value: D[number]): void => {
    if (acc.length === acc.data.length) {
      const larger = make(Math.max(8, 2 * acc.length));
      (larger as unknown as { set(from: D): void }).set(acc.data);
      acc.data = larger;
    }
    acc.data[acc.length++] = value;
  };
  return field<D, Growing>({
    number,
    start: () => ({ data: make(0), length: 0 }),
    read: (input, wire, acc) => {
      readElements(input, wire, scalar, (v) => {
        push(acc, v);
      });
      return acc;
    },
    finish: ({ data, length }) => data.subarray(0, length) as D,
    write: (writer, values) => {
      if (values.length > 0) writePacked(writer, number, scalar, values as unknown as Iterable<D[number]>);
    },
  });
}

/** UTF-8 text; empty when absent. */
export const text = (number: number): Field<string> =>
  field<string, string>({
    number,
    start: () => '',
    read: (input, wire) => {
      expectWire(wire, DELIMITED);
      return textOf(readView(input));
    },
    finish: (v) => v,
    write: (writer, v) => {
      if (v !== '') writer.uint32(tagOf(number, DELIMITED)).string(v);
    },
  });
export const optionalText = (number: number): Field<string | undefined> =>
  field<string | undefined, string | undefined>({
    number,
    start: () => undefined,
    read: (input, wire) => {
      expectWire(wire, DELIMITED);
      return textOf(readView(input));
    },
    finish: (v) => v,
    write: (writer, v) => {
      if (v !== undefined) writer.uint32(tagOf(number, DELIMITED)).string(v);
    },
  });
export const texts = (number: number): Field<readonly string[]> =>
  field<readonly string[], string[]>({
    number,
    start: () => [],
    read: (input, wire, soFar) => {
      expectWire(wire, DELIMITED);
      soFar.push(textOf(readView(input)));
      return soFar;
    },
    finish: (v) => v,
    write: (writer, values) => {
      for (const v of values) writer.uint32(tagOf(number, DELIMITED)).string(v);
    },
  });
/** A view into the buffer that was read. */
export const optionalBytes = (number: number): Field<Uint8Array | undefined> =>
  field<Uint8Array | undefined, Uint8Array | undefined>({
    number,
    start: () => undefined,
    read: (input, wire) => {
      expectWire(wire, DELIMITED);
      return readView(input);
    },
    finish: (v) => v,
    write: (writer, v) => {
      if (v !== undefined) writer.uint32(tagOf(number, DELIMITED)).bytes(v);
    },
  });
export const byteStrings = (number: number): Field<readonly Uint8Array[]> =>
  field<readonly Uint8Array[], Uint8Array[]>({
    number,
    start: () => [],
    read: (input, wire, soFar) => {
      expectWire(wire, DELIMITED);
      soFar.push(readView(input));
      return soFar;
    },
    finish: (v) => v,
    write: (writer, values) => {
      for (const v of values) writer.uint32(tagOf(number, DELIMITED)).bytes(v);
    },
  });

/** A 64-bit integer that must be exact as a number; 0 when absent. */
export const count = (number: number): Field<number> => scalarOr(number, countScalar, 0);
export const optionalCount = (number: number): Field<number | undefined> =>
  optionalScalar(number, countScalar);
export const counts = (number: number): Field<readonly number[]> => repeatedScalar(number, countScalar);
/** A 32-bit integer or an enumeration; 0 when absent. */
export const int32 = (number: number): Field<number> => scalarOr(number, int32Scalar, 0);
export const optionalInt64 = (number: number): Field<bigint | undefined> =>
  optionalScalar(number, int64Scalar);
export const int64s = (number: number): Field<readonly bigint[]> => repeatedScalar(number, int64Scalar);
export const optionalFloat = (number: number): Field<number | undefined> =>
  optionalScalar(number, floatScalar);
export const floats = (number: number): Field<readonly number[]> => repeatedScalar(number, floatScalar);

export const floatData = (number: number): Field<Float32Array> =>
  dataField<Float32Array>(number, floatScalar, (n) => new Float32Array(n));
export const doubleData = (number: number): Field<Float64Array> =>
  dataField<Float64Array>(number, doubleScalar, (n) => new Float64Array(n));
export const int32Data = (number: number): Field<Int32Array> =>
  dataField<Int32Array>(number, int32Scalar, (n) => new Int32Array(n));
export const int64Data = (number: number): Field<BigInt64Array> =>
  dataField<BigInt64Array>(number, int64Scalar, (n) => new BigInt64Array(n));
export const uint64Data = (number: number): Field<BigUint64Array> =>
  dataField<BigUint64Array>(number, uint64Scalar, (n) => new BigUint64Array(n));

function readNested<T>(input: Input, codec: MessageCodec<T>): T {
  const { reader, depth } = input;
  const outer = reader.len;
  const length = readLength(input);
  const end = reader.pos + length;
  reader.len = end;
  const value = codec.readFrom({ reader, end, depth: depth + 1 });
  reader.len = outer;
  return value;
}
function writeNested<T>(writer: Writer, number: number, codec: MessageCodec<T>, value: T): void {
  writer.uint32(tagOf(number, DELIMITED)).fork();
  codec.writeTo(writer, value);
  writer.ldelim();
}
export const optionalMessage = <T>(number: number, codec: () => MessageCodec<T>): Field<T | undefined> =>
  field<T | undefined, T | undefined>({
    number,
    start: () => undefined,
    read: (input, wire) => {
      expectWire(wire, DELIMITED);
      return readNested(input, codec());
    },
    finish: (v) => v,
    write: (writer, v) => {
      if (v !== undefined) writeNested(writer, number, codec(), v);
    },
  });
export const messageList = <T>(number: number, codec: () => MessageCodec<T>): Field<readonly T[]> =>
  field<readonly T[], T[]>({
    number,
    start: () => [],
    read: (input, wire, soFar) => {
      expectWire(wire, DELIMITED);
      soFar.push(readNested(input, codec()));
      return soFar;
    },
    finish: (v) => v,
    write: (writer, values) => {
      for (const v of values) writeNested(writer, number, codec(), v);
    },
  });

const utf8 = new TextDecoder();
/** UTF-8 bytes as text; invalid sequences become U+FFFD. */
export const textOf = (bytes: Uint8Array): string => utf8.decode(bytes);
