/**
 * A bounds-checked reader of the protobuf wire format that allocates nothing per field, for traces of millions of
 * packets. 64-bit values come as two unsigned halves, `lo` and `hi`.
 */
import { ByteStrings, HASH_START, hashByte } from './byteStrings';

export class WireError extends Error {
  override readonly name = 'WireError';
  constructor(readonly at: number) {
    super(`malformed protobuf at byte ${at}`);
  }
}

export const Wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

export class ProtobufReader {
  pos: number;
  end: number;
  /** Field number and wire type of the last `next()`. */
  field = 0;
  wire = 0;
  /** Halves of the last 64-bit value. */
  lo = 0;
  hi = 0;
  private readonly view: DataView;
  private readonly strings: ByteStrings;

  constructor(readonly bytes: Uint8Array) {
    this.pos = 0;
    this.end = bytes.length;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.strings = new ByteStrings(bytes);
  }

  /** Restricts reading to `from … to`. */
  within(from: number, to: number): this {
    this.pos = from;
    this.end = to;
    return this;
  }

  /** Reads the next tag; false at the end. */
  next(): boolean {
    if (this.pos >= this.end) return false;
    const at = this.pos;
    this.readVarint();
    this.field = (this.lo >>> 3) | (this.hi << 29);
    this.wire = this.lo & 7;
    if (this.hi > 0 || this.field === 0) throw new WireError(at);
    return true;
  }

  /** Reads a varint into `lo` and `hi`. */
  readVarint(): void {
    const only = this.bytes[this.pos]!;
    if (only < 0x80 && this.pos < this.end) {
      this.pos++;
      this.lo = only;
      this.hi = 0;
    } else this.readLongVarint();
  }

  /** Apart from `readVarint`, so that the usual single byte is inlined where it is read. */
  private readLongVarint(): void {
    const { bytes } = this;
    const at = this.pos;
    // Unrolled: times are nine bytes long, and every event has one.
    if (at + 10 > bytes.length) return this.readLastVarint();
    let p = at;
    let b = bytes[p++]!;
    let lo = b & 0x7f;
    let hi = 0;
    done: {
      lo |= ((b = bytes[p++]!) & 0x7f) << 7;
      if (b < 0x80) break done;
      lo |= ((b = bytes[p++]!) & 0x7f) << 14;
      if (b < 0x80) break done;
      lo |= ((b = bytes[p++]!) & 0x7f) << 21;
      if (b < 0x80) break done;
      b = bytes[p++]!;
      lo |= b << 28;
      hi = (b & 0x7f) >>> 4;
      if (b < 0x80) break done;
      hi |= ((b = bytes[p++]!) & 0x7f) << 3;
      if (b < 0x80) break done;
      hi |= ((b = bytes[p++]!) & 0x7f) << 10;
      if (b < 0x80) break done;
      hi |= ((b = bytes[p++]!) & 0x7f) << 17;
      if (b < 0x80) break done;
      hi |= ((b = bytes[p++]!) & 0x7f) << 24;
      if (b < 0x80) break done;
      hi |= ((b = bytes[p++]!) & 1) << 31;
      if (b >= 0x80) throw new WireError(at);
    }
    if (p > this.end) throw new WireError(at);
    this.pos = p;
    this.lo = lo >>> 0;
    this.hi = hi >>> 0;
  }

  /** As `readLongVarint` where fewer bytes are left in the file than a varint may have. */
  private readLastVarint(): void {
    const at = this.pos;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.pos >= this.end) throw new WireError(at);
      const b = this.bytes[this.pos++]!;
      const bits = b & 0x7f;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else if (shift < 63) hi |= bits << (shift - 32);
      else hi |= (bits & 1) << 31;
      if (b < 0x80) {
        this.lo = lo >>> 0;
        this.hi = hi >>> 0;
        return;
      }
    }
    throw new WireError(at);
  }

  private readFixed64(): void {
    if (this.pos + 8 > this.end) throw new WireError(this.pos);
    this.lo = this.view.getUint32(this.pos, true);
    this.hi = this.view.getUint32(this.pos + 4, true);
    this.pos += 8;
  }

  /** Reads a varint, fixed32 or fixed64 field into `lo` and `hi`. */
  scalar(): void {
    if (this.wire === Wire.varint) this.readVarint();
    else if (this.wire === Wire.fixed64) this.readFixed64();
    else if (this.wire === Wire.fixed32) {
      if (this.pos + 4 > this.end) throw new WireError(this.pos);
      this.lo = this.view.getUint32(this.pos, true);
      this.hi = 0;
      this.pos += 4;
    } else throw new WireError(this.pos);
  }

  /** The scalar field as an unsigned number; above 2^53 it is rounded. */
  unsigned(): number {
    this.scalar();
    return this.hi * 0x1_0000_0000 + this.lo;
  }

  /** The scalar field as a two's-complement number; beyond ±2^53 it is rounded. */
  signed(): number {
    this.scalar();
    return (this.hi | 0) * 0x1_0000_0000 + this.lo;
  }

  /** The scalar field as a key that is exact for all 64 bits. */
  key(): number | bigint {
    this.scalar();
    return this.hi < 0x20_0000
      ? this.hi * 0x1_0000_0000 + this.lo
      : (BigInt(this.hi) << 32n) | BigInt(this.lo);
  }

  double(): number {
    if (this.wire !== Wire.fixed64 || this.pos + 8 > this.end) throw new WireError(this.pos);
    const v = this.view.getFloat64(this.pos, true);
    this.pos += 8;
    return v;
  }

  /** Length of a bytes field, checked against the end; `pos` is at its first byte. */
  size(): number {
    if (this.wire !== Wire.bytes) throw new WireError(this.pos);
    const at = this.pos;
    this.readVarint();
    if (this.hi > 0 || this.lo > this.end - this.pos) throw new WireError(at);
    return this.lo;
  }

  text(): string {
    const n = this.size();
    const from = this.pos;
    const to = (this.pos += n);
    let hash = HASH_START;
    for (let p = from; p < to; p++) hash = hashByte(hash, this.bytes[p]!);
    return this.strings.text(from, to, hash);
  }

  /** Reads the fields of an embedded message; `onField` consumes the value or calls `skip`. */
  message(onField: (field: number) => void): void {
    const n = this.size();
    const outer = this.end;
    this.end = this.pos + n;
    while (this.next()) onField(this.field);
    this.end = outer;
  }

  skip(): void {
    switch (this.wire) {
      case Wire.varint:
        return this.readVarint();
      case Wire.bytes: {
        const n = this.size();
        this.pos += n;
        return;
      }
      case Wire.fixed64:
      case Wire.fixed32:
        return this.scalar();
      case 3:
        return this.skipGroup();
      default:
        throw new WireError(this.pos);
    }
  }

  /** Groups are long deprecated but legal; nested ones are bounded by the depth of the stack kept here. */
  private skipGroup(): void {
    const open = [this.field];
    while (open.length > 0) {
      const at = this.pos;
      if (!this.next() || open.length > 100) throw new WireError(at);
      if (this.wire === 3) open.push(this.field);
      else if (this.wire === 4) {
        if (open.pop() !== this.field) throw new WireError(at);
      } else this.skip();
    }
  }
}
