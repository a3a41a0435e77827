/**
 * The container of an artifact: a zip of stored entries, each entry's data aligned to `dataAlignment`. Strict on reading:
 * only what the writer produces is accepted, and nothing is trusted before it was checked against the size of the file.
 */
import { open } from 'node:fs/promises';
import { crc32 } from '../base/crc32';
import {
  dataAlignment,
  limits,
  zipCentralHeader,
  zipEnd,
  zipLocalHeader,
  zipPaddingId,
  zipSignatures,
} from './format';
import { decode, encoded } from './layout';
import { messages } from './messages';

export interface ZipInput {
  readonly name: string;
  /** Written one after the other, without copying them together. */
  readonly parts: readonly Uint8Array[];
}

/** Where bytes come from. `read` returns exactly `length` bytes or throws. */
export interface ByteSource {
  readonly file: string;
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface ZipEntry {
  readonly name: string;
  /** First byte of the data in the file. */
  readonly offset: number;
  readonly size: number;
  readonly crc32: number;
}

const totalSize = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

/** The zip as a list of chunks, to be written in order. Throws STR0607 (naming `file`) from 4 GiB on. */
export function encodeZip(file: string, inputs: readonly ZipInput[]): readonly Uint8Array[] {
  const bytes = totalSize(inputs.flatMap((input) => input.parts));
  // Headers and padding take less than a kilobyte for each entry.
  if (bytes + 1024 * inputs.length > 0xffffffff) throw messages.error('STR0607', { file, bytes });
  const chunks: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  const append = (chunk: Uint8Array): void => {
    chunks.push(chunk);
    position += chunk.length;
  };
  for (const { name, parts } of inputs) {
    const nameBytes = Buffer.from(name);
    const size = totalSize(parts);
    const shared = {
      versionNeeded: 10,
      flags: 0x0800,
      method: 0,
      time: 0,
      date: 0x0021,
      crc32: parts.reduce((crc, part) => crc32(part, crc), 0),
      compressedSize: size,
      size,
      nameLength: nameBytes.length,
    };
    const localHeaderOffset = position;
    const padding = paddingField(position + zipLocalHeader.size + nameBytes.length);
    append(
      encoded(zipLocalHeader, {
        signature: zipSignatures.localHeader,
        ...shared,
        extraLength: padding.length,
      }),
    );
    append(nameBytes);
    append(padding);
    parts.forEach(append);
    directory.push(
      encoded(zipCentralHeader, {
        signature: zipSignatures.centralHeader,
        versionMadeBy: 10,
        ...shared,
        extraLength: 0,
        commentLength: 0,
        disk: 0,
        internalAttributes: 0,
        externalAttributes: 0,
        localHeaderOffset,
      }),
      nameBytes,
    );
  }
  const directoryOffset = position;
  directory.forEach(append);
  append(
    encoded(zipEnd, {
      signature: zipSignatures.end,
      disk: 0,
      directoryDisk: 0,
      entriesOnDisk: inputs.length,
      entries: inputs.length,
      directorySize: position - directoryOffset,
      directoryOffset,
      commentLength: 0,
    }),
  );
  return chunks;
}

/** An extra field that moves the data, which would start at `position`, to the next aligned position. */
function paddingField(position: number): Uint8Array {
  let length = (dataAlignment - (position % dataAlignment)) % dataAlignment;
  if (length > 0 && length < 4) length += dataAlignment;
  const field = new Uint8Array(length);
  if (length === 0) return field;
  const view = new DataView(field.buffer);
  view.setUint16(0, zipPaddingId, true);
  view.setUint16(2, length - 4, true);
  return field;
}

export function bytesSource(bytes: Uint8Array, file = 'artifact'): ByteSource {
  return {
    file,
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

/** Opens `file` for as long as `use` runs. Throws STR0601 when it cannot be read. */
export async function withFileSource<T>(file: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const unreadable = (cause: unknown) =>
    messages.error(
      'STR0601',
      { file, reason: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    );
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw unreadable(cause);
  });
  try {
    const { size } = await handle.stat();
    return await use({
      file,
      size,
      read: async (offset, length) => {
        const buffer = Buffer.allocUnsafe(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await handle
            .read(buffer, done, length - done, offset + done)
            .catch((cause: unknown) => {
              throw unreadable(cause);
            });
          if (bytesRead === 0) throw unreadable('the file became shorter while it was read');
          done += bytesRead;
        }
        return buffer;
      },
    });
  } finally {
    await handle.close();
  }
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Reads and checks the directory. Throws STR0602 for another kind of file and STR0604 for a damaged one. */
export async function readZipDirectory(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const { file, size } = source;
  const damaged = (what: string, reason: string) => messages.error('STR0604', { file, what, reason });
  const head = size < 4 ? undefined : viewOf(await source.read(0, 4)).getUint32(0, true);
  if (head !== zipSignatures.localHeader)
    throw messages.error('STR0602', { file, reason: 'it does not begin with a zip entry' });
  if (size < zipEnd.size) throw damaged('end of directory', `the file has only ${size} bytes`);
  const end = decode(zipEnd, viewOf(await source.read(size - zipEnd.size, zipEnd.size)), 0);
  if (end.signature !== zipSignatures.end || end.commentLength !== 0)
    throw damaged('end of directory', `not found in the last ${zipEnd.size} bytes`);
  if (end.directoryOffset + end.directorySize !== size - zipEnd.size || end.entries > limits.maxZipEntries)
    throw damaged('end of directory', 'the directory does not lie in front of it');
  const directory = viewOf(await source.read(end.directoryOffset, end.directorySize));
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < end.entries; i++) {
    const what = `directory entry ${i}`;
    if (at + zipCentralHeader.size > directory.byteLength)
      throw damaged(what, 'it lies behind the directory');
    const header = decode(zipCentralHeader, directory, at);
    const nameAt = at + zipCentralHeader.size;
    at = nameAt + header.nameLength + header.extraLength + header.commentLength;
    if (header.signature !== zipSignatures.centralHeader || at > directory.byteLength)
      throw damaged(what, 'it is not a directory record');
    const name = Buffer.from(directory.buffer, directory.byteOffset + nameAt, header.nameLength).toString(
      'utf8',
    );
    if (header.method !== 0 || header.compressedSize !== header.size)
      throw damaged(name, 'it is compressed; entries must be stored');
    const entry = await readLocalHeader(source, name, header, end.directoryOffset);
    if (entries.has(name)) throw damaged(name, 'there are two entries of this name');
    entries.set(name, entry);
  }
  if (at !== directory.byteLength) throw damaged('directory', 'there are bytes behind its last entry');
  return entries;
}

async function readLocalHeader(
  source: ByteSource,
  name: string,
  central: { localHeaderOffset: number; nameLength: number; size: number; crc32: number },
  directoryOffset: number,
): Promise<ZipEntry> {
  const { file } = source;
  const damaged = (reason: string) => messages.error('STR0604', { file, what: name, reason });
  const at = central.localHeaderOffset;
  if (at + zipLocalHeader.size > directoryOffset) throw damaged('its header lies behind the directory');
  const local = decode(zipLocalHeader, viewOf(await source.read(at, zipLocalHeader.size)), 0);
  if (local.signature !== zipSignatures.localHeader)
    throw damaged('there is no entry where the directory says');
  const offset = at + zipLocalHeader.size + local.nameLength + local.extraLength;
  if (offset + central.size > directoryOffset) throw damaged('its data ends behind the directory');
  if (local.size !== central.size || local.crc32 !== central.crc32 || local.nameLength !== central.nameLength)
    throw damaged('its header and the directory disagree');
  if (offset % dataAlignment !== 0) throw damaged(`its data is not aligned to ${dataAlignment} bytes`);
  return { name, offset, size: central.size, crc32: central.crc32 };
}

/** The data of an entry, checksum verified. */
export async function readZipEntry(source: ByteSource, entry: ZipEntry): Promise<Uint8Array> {
  const bytes = await source.read(entry.offset, entry.size);
  if (crc32(bytes) !== entry.crc32)
    throw messages.error('STR0604', { file: source.file, what: entry.name, reason: 'its checksum is wrong' });
  return bytes;
}
