/** Writes the protobuf wire format into a growing buffer; 64-bit values as two unsigned halves. */
const utf8 = new TextEncoder();

export class ProtobufWriter {
  private bytes: Uint8Array;
  private view: DataView;
  length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** What was written since the last `clear`; valid until the next write. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  clear(): this {
    this.length = 0;
    return this;
  }

  private reserve(n: number): void {
    if (this.length + n <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + n));
    grown.set(this.written());
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /** `value` is a whole number from 0 to 2^53. */
  varint(value: number): void {
    if (value >= 0x1_0000_0000)
      return this.varint64(value % 0x1_0000_0000, Math.floor(value / 0x1_0000_0000));
    this.reserve(5);
    let v = value >>> 0;
    for (; v > 0x7f; v >>>= 7) this.bytes[this.length++] = (v & 0x7f) | 0x80;
    this.bytes[this.length++] = v;
  }

  varint64(lo: number, hi: number): void {
    this.reserve(10);
    let [l, h] = [lo >>> 0, hi >>> 0];
    while (h > 0 || l > 0x7f) {
      this.bytes[this.length++] = (l & 0x7f) | 0x80;
      l = ((l >>> 7) | (h << 25)) >>> 0;
      h >>>= 7;
    }
    this.bytes[this.length++] = l;
  }

  private tag(field: number, wire: number): void {
    this.varint(field * 8 + wire);
  }

  unsigned(field: number, value: number): void {
    this.tag(field, 0);
    this.varint(value);
  }

  unsigned64(field: number, lo: number, hi: number): void {
    this.tag(field, 0);
    this.varint64(lo, hi);
  }

  /** A safe integer, in two's complement. */
  signed(field: number, value: number): void {
    this.unsigned64(field, value % 0x1_0000_0000, Math.floor(value / 0x1_0000_0000));
  }

  double(field: number, value: number): void {
    this.tag(field, 1);
    this.reserve(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** A whole number from 0 to 2^53 in 8 bytes. */
  fixed64(field: number, value: number): void {
    this.tag(field, 1);
    this.reserve(8);
    this.view.setUint32(this.length, value % 0x1_0000_0000, true);
    this.view.setUint32(this.length + 4, Math.floor(value / 0x1_0000_0000), true);
    this.length += 8;
  }

  bytesField(field: number, value: Uint8Array): void {
    this.tag(field, 2);
    this.varint(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  text(field: number, value: string): void {
    this.bytesField(field, utf8.encode(value));
  }

  message(field: number, write: (inner: ProtobufWriter) => void): void {
    const inner = new ProtobufWriter(64);
    write(inner);
    this.bytesField(field, inner.written());
  }
}
