/**
 * Elements narrower than a byte: files pack them, first element in the low bits; the IR keeps one element per byte,
 * signed ones extended.
 */

/** One element per byte. `bits` is 2 or 4. */
export function unpackElements(packed: Uint8Array, bits: number, count: number, signed: boolean): Uint8Array {
  const out = new Uint8Array(count);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  for (let i = 0; i < count; i++) {
    const v = (packed[Math.floor(i / perByte)]! >> ((i % perByte) * bits)) & mask;
    out[i] = signed && v > mask >> 1 ? v - mask - 1 : v;
  }
  return out;
}

/** The inverse of `unpackElements`; unused bits of the last byte are zero. */
export function packElements(elements: Uint8Array, bits: number): Uint8Array {
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const out = new Uint8Array(Math.ceil(elements.length / perByte));
  elements.forEach((v, i) => {
    out[Math.floor(i / perByte)]! |= (v & mask) << ((i % perByte) * bits);
  });
  return out;
}
