/**
 * Protobuf messages as typed tables: a codec is one entry per property of a plain interface, and reading and
 * writing both derive from it. Bytes are views into the buffer that is read, never copies. Used by the ONNX
 * messages in `onnxProto.ts`; the wire primitives are protobufjs's reader and writer.
 */
import protobuf from 'protobufjs/minimal.js';

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;

/** Messages may be nested this deep, as in the reference implementation of protobuf. */
const maximumDepth = 100;

/** What is wrong with the bytes, and where. Readers of files turn it into a coded error that names the file. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
  constructor(
    /** `truncated`: the bytes end before the message does. */
    readonly kind: 'truncated' | 'malformed',
    readonly reason: string,
    /** From the start of the buffer. */
    readonly offset: number,
  ) {
    super(`${reason} at byte ${offset}`);
  }
}

/** How one property is stored. `A` accumulates while the fields of a message arrive in any order. */
export interface Field<V, A = unknown> {
  readonly number: number;
  start(): A;
  /** Reads one occurrence and returns the new accumulator. */
  read(input: Input, wire: number, soFar: A): A;
  finish(soFar: A): V;
  /** Writes the field, or nothing when the value is the default. */
  write(writer: Writer, value: V): void;
}

export interface MessageCodec<T> {
  readonly name: string;
  /** The message with all fields at their defaults but those given. */
  make(init: Partial<T>): T;
  decode(bytes: Uint8Array): T;
  encode(message: T): Uint8Array;
  /** For nesting. */
  readFrom(input: Input): T;
  writeTo(writer: Writer, message: T): void;
}

export type FieldTable<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** The reader, the end of the message being read, and its depth. */
export interface Input {
  readonly reader: Reader;
  readonly end: number;
  readonly depth: number;
}

const wireNames = ['varint', '64-bit', 'length-delimited', 'group', 'end of group', '32-bit'] as const;

/** `table` is called once, at first use, so that messages may contain one another. */
export function messageCodec<T extends object>(name: string, table: () => FieldTable<T>): MessageCodec<T> {
  interface Entry {
    readonly key: keyof T & string;
    readonly field: Field<unknown>;
  }
  let known: { entries: readonly Entry[]; byNumber: ReadonlyMap<number, number> } | undefined;
  const layout = () => {
    if (known !== undefined) return known;
    const entries = (Object.entries(table()) as [keyof T & string, Field<unknown>][])
      .map(([key, field]): Entry => ({ key, field }))
      .sort((a, b) => a.field.number - b.field.number);
    known = { entries, byNumber: new Map(entries.map((e, i) => [e.field.number, i])) };
    return known;
  };

  const codec: MessageCodec<T> = {
    name,
    make: (init) => {
      const message: Record<string, unknown> = {};
      for (const { key, field } of layout().entries) message[key] = init[key] ?? field.finish(field.start());
      return message as T;
    },
    readFrom: (input) => {
      const { entries, byNumber } = layout();
      const { reader, end, depth } = input;
      if (depth > maximumDepth)
        throw new ProtobufError(
          'malformed',
          `messages are nested more than ${maximumDepth} deep`,
          reader.pos,
        );
      const values = entries.map((e) => e.field.start());
      while (reader.pos < end) {
        const at = reader.pos;
        const tag = reader.tag();
        const number = tag >>> 3;
        const wire = tag & 7;
        const i = byNumber.get(number);
        if (i === undefined) {
          if (number === 0) throw new ProtobufError('malformed', `${name} has a field with the number 0`, at);
          reader.skipType(wire, depth, number);
          continue;
        }
        const { key, field } = entries[i]!;
        try {
          values[i] = field.read(input, wire, values[i]);
        } catch (error) {
          if (error instanceof WireMismatch)
            throw new ProtobufError(
              'malformed',
              `${name}.${key} is stored as ${wireNames[wire] ?? `wire type ${wire}`}`,
              at,
            );
          throw error;
        }
      }
      if (reader.pos !== end) throw new RangeError(`${name} does not end where its length says`);
      const message: Record<string, unknown> = {};
      entries.forEach(({ key, field }, j) => {
        message[key] = field.finish(values[j]);
      });
      return message as T;
    },
    writeTo: (writer, message) => {
      for (const { key, field } of layout().entries) field.write(writer, message[key]);
    },
    decode: (bytes) => {
      const reader = protobuf.Reader.create(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      try {
        return codec.readFrom({ reader, end: bytes.byteLength, depth: 0 });
      } catch (error) {
        if (error instanceof ProtobufError) throw error;
        if (!(error instanceof Error)) throw error;
        const truncated = error instanceof RangeError && reader.len === bytes.byteLength;
        const at = Math.min(reader.pos, bytes.byteLength);
        throw new ProtobufError(
          truncated ? 'truncated' : 'malformed',
          truncated ? 'the data ends early' : error.message,
          at,
        );
      }
    },
    encode: (message) => {
      const writer = protobuf.Writer.create();
      codec.writeTo(writer, message);
      return writer.finish();
    },
  };
  return codec;
}

/** Thrown by a field that is stored in another way than it should be. */
export class WireMismatch extends Error {}
