/** CRC-32 of zip (ISO 3309): of bytes, and of two pieces joined. Artifacts and the index of IR dumps use it. */
import * as zlib from 'node:zlib';

const POLYNOMIAL = 0xedb88320;

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? POLYNOMIAL ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32InScript(bytes: Uint8Array, start: number): number {
  let c = ~start;
  for (const byte of bytes) c = table[(c ^ byte) & 0xff]! ^ (c >>> 8);
  return ~c >>> 0;
}

/** Continued from `start`. Node has a native one from 20.15. */
export function crc32(bytes: Uint8Array, start = 0): number {
  const native = (zlib as { crc32?: (data: Uint8Array, value: number) => number }).crc32;
  return native === undefined ? crc32InScript(bytes, start) : native(bytes, start);
}

/** The product of two polynomials over GF(2) modulo that of the CRC; the highest bit is the lowest power. */
function product(a: number, b: number): number {
  let sum = 0;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) sum ^= b;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return sum >>> 0;
}

/** The CRC of two pieces one after the other, from that of each and the length of the second in bytes. */
export function joinedCrc32(first: number, second: number, secondLength: number): number {
  let power = 0x80000000;
  // x to the eighth: a byte further.
  let square = 0x00800000;
  for (let n = secondLength; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) power = product(square, power);
    square = product(square, square);
  }
  return (product(power, first) ^ second) >>> 0;
}
