/**
 * Where the bytes of an ELF file lie once it is linked: maps offsets in the file, as the system gives them of a mapping, to
 * addresses, as line tables have them. System V ABI, chapter 5, "Program Header"; 64 bits, little endian.
 */

const LOAD = 1;

/** The address of the byte at `offset`; undefined where no segment holds it, and for anything but such a file. */
export function addressOfOffset(file: Uint8Array, offset: bigint): bigint | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = [0x7f, 0x45, 0x4c, 0x46, 2, 1];
  if (file.byteLength < 64 || magic.some((b, i) => file[i] !== b)) return undefined;
  const table = Number(view.getBigUint64(32, true));
  const size = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  if (size < 56 || table + count * size > file.byteLength) return undefined;
  for (let i = 0; i < count; i++) {
    const at = table + i * size;
    if (view.getUint32(at, true) !== LOAD) continue;
    const start = view.getBigUint64(at + 8, true);
    const bytes = view.getBigUint64(at + 32, true);
    if (offset >= start && offset < start + bytes) return view.getBigUint64(at + 16, true) + offset - start;
  }
  return undefined;
}
