/**
 * Reads FlatBuffers (https://flatbuffers.dev/internals): tables found through their vtables, vectors and strings. Every
 * offset and length is checked against the buffer before it is followed.
 */

export class FlatBufferError extends Error {
  override readonly name = 'FlatBufferError';
  constructor(
    readonly problem: string,
    readonly at: number,
  ) {
    super(`${problem} at byte ${at}`);
  }
}

/** Sizes of elements in vectors. */
const offsetSize = 4;

class Bytes {
  readonly view: DataView;
  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  /** `size` bytes at `at` are there. */
  need(at: number, size: number, what: string): void {
    if (at < 0 || size < 0 || at + size > this.bytes.length)
      throw new FlatBufferError(`${what} lies outside the file`, Math.max(0, at));
  }
  u16(at: number, what: string): number {
    this.need(at, 2, what);
    return this.view.getUint16(at, true);
  }
  u32(at: number, what: string): number {
    this.need(at, 4, what);
    return this.view.getUint32(at, true);
  }
  /** Where the offset at `at` leads. */
  follow(at: number, what: string): number {
    const target = at + this.u32(at, what);
    if (target === at) throw new FlatBufferError(`${what} leads to itself`, at);
    return target;
  }
}

/** A table; fields are numbered from 0 as the schema lists them. Absent fields have their default. */
export class FlatTable {
  readonly #fields: number;
  readonly #vtable: number;

  private constructor(
    readonly source: Bytes,
    readonly at: number,
  ) {
    source.need(at, 4, 'a table');
    this.#vtable = at - source.view.getInt32(at, true);
    const size = source.u16(this.#vtable, 'a vtable');
    if (size < 4 || size % 2 !== 0) throw new FlatBufferError(`a vtable of ${size} bytes`, this.#vtable);
    source.need(this.#vtable, size, 'a vtable');
    this.#fields = (size - 4) / 2;
  }

  /** The root of a buffer with the file identifier `identifier` (four letters). */
  static root(bytes: Uint8Array, identifier: string): FlatTable {
    const source = new Bytes(bytes);
    source.need(0, 8, 'the header');
    const found = String.fromCharCode(...bytes.subarray(4, 8));
    if (found !== identifier) throw new FlatBufferError(`the identifier is not ${identifier}`, 4);
    return new FlatTable(source, source.follow(0, 'the root'));
  }

  /** Where a field's value is; undefined when it has its default. */
  #field(index: number, size: number): number | undefined {
    if (index >= this.#fields) return undefined;
    const offset = this.source.u16(this.#vtable + 4 + 2 * index, 'a vtable');
    if (offset === 0) return undefined;
    this.source.need(this.at + offset, size, `field ${index} of a table`);
    return this.at + offset;
  }
  has(index: number): boolean {
    return this.#field(index, 1) !== undefined;
  }
  i8(index: number, absent = 0): number {
    const at = this.#field(index, 1);
    return at === undefined ? absent : this.source.view.getInt8(at);
  }
  u8(index: number, absent = 0): number {
    const at = this.#field(index, 1);
    return at === undefined ? absent : this.source.view.getUint8(at);
  }
  i32(index: number, absent = 0): number {
    const at = this.#field(index, 4);
    return at === undefined ? absent : this.source.view.getInt32(at, true);
  }
  u32(index: number, absent = 0): number {
    const at = this.#field(index, 4);
    return at === undefined ? absent : this.source.view.getUint32(at, true);
  }
  f32(index: number, absent = 0): number {
    const at = this.#field(index, 4);
    return at === undefined ? absent : this.source.view.getFloat32(at, true);
  }
  table(index: number): FlatTable | undefined {
    const at = this.#field(index, offsetSize);
    return at === undefined ? undefined : new FlatTable(this.source, this.source.follow(at, 'a table'));
  }
  tables(index: number): readonly FlatTable[] {
    const v = this.#vector(index, offsetSize);
    return Array.from(
      { length: v?.count ?? 0 },
      (_, i) => new FlatTable(this.source, this.source.follow(v!.at + offsetSize * i, 'a table')),
    );
  }
  /** Undefined when the field is absent, which is not the same as an empty list for shapes. */
  i32s(index: number): readonly number[] | undefined {
    return this.#numbers(index, 4, (at) => this.source.view.getInt32(at, true));
  }
  f32s(index: number): readonly number[] | undefined {
    return this.#numbers(index, 4, (at) => this.source.view.getFloat32(at, true));
  }
  i64s(index: number): readonly bigint[] | undefined {
    return this.#numbers(index, 8, (at) => this.source.view.getBigInt64(at, true));
  }
  /** A view of the file. */
  bytes(index: number): Uint8Array | undefined {
    const v = this.#vector(index, 1);
    return v === undefined ? undefined : this.source.bytes.subarray(v.at, v.at + v.count);
  }
  text(index: number): string {
    const bytes = this.bytes(index);
    return bytes === undefined ? '' : new TextDecoder().decode(bytes);
  }

  #numbers<T>(index: number, size: number, read: (at: number) => T): readonly T[] | undefined {
    const v = this.#vector(index, size);
    return v === undefined ? undefined : Array.from({ length: v.count }, (_, i) => read(v.at + size * i));
  }
  #vector(index: number, size: number): { readonly at: number; readonly count: number } | undefined {
    const field = this.#field(index, offsetSize);
    if (field === undefined) return undefined;
    const start = this.source.follow(field, 'a vector');
    const count = this.source.u32(start, 'a vector');
    this.source.need(start + 4, count * size, `a vector of ${count} elements`);
    return { at: start + 4, count };
  }
}
