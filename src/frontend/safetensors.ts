/**
 * safetensors files: named tensors behind a JSON header. The parameters beside dumped IR are kept in one, so that
 * each stage can be started again. Format: 8 bytes of header length (little-endian), the header, the data.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { Blob } from '../ir';
import { ResourceStore } from '../ir';
import { modelFileMessages } from './messages';

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** The published limit on the header's size. */
const headerLimit = 100_000_000;

/** Opens a file's tensors as blobs that are read on demand. Throws STR0339 when it is not such a file. */
export function readSafetensors(file: string): ResourceStore {
  const fd = openSync(file, 'r');
  try {
    const { size } = fstatSync(fd);
    const fail = (problem: string): Error => modelFileMessages.error('STR0339', { file, problem });
    if (size < 8) throw fail('it is shorter than its length field');
    const length = Buffer.alloc(8);
    readSync(fd, length, 0, 8, 0);
    const headerSize = Number(length.readBigUInt64LE());
    if (headerSize > headerLimit || 8 + headerSize > size)
      throw fail(`its header of ${headerSize} bytes does not fit in ${size} bytes`);
    const header = Buffer.alloc(headerSize);
    readSync(fd, header, 0, headerSize, 8);
    let entries: Record<string, unknown>;
    try {
      entries = JSON.parse(header.toString('utf8')) as Record<string, unknown>;
    } catch {
      throw fail('its header is not JSON');
    }
    const store = new ResourceStore();
    for (const [name, entry] of Object.entries(entries)) {
      if (name === '__metadata__') continue;
      if (!isEntry(entry)) throw fail(`the entry '${name.slice(0, 80)}' is not a tensor`);
      const [from, to] = entry.data_offsets;
      if (from < 0 || to < from || 8 + headerSize + to > size)
        throw fail(`the tensor '${name.slice(0, 80)}' lies outside the file`);
      store.set(name, fileBlob(file, 8 + headerSize + from, to - from));
    }
    return store;
  } finally {
    closeSync(fd);
  }
}

function isEntry(value: unknown): value is Entry {
  const e = value as Partial<Entry> | null;
  return (
    typeof e === 'object' &&
    e !== null &&
    typeof e.dtype === 'string' &&
    Array.isArray(e.data_offsets) &&
    e.data_offsets.length === 2 &&
    e.data_offsets.every((n) => Number.isSafeInteger(n))
  );
}

function fileBlob(path: string, offset: number, length: number): Blob {
  return {
    byteLength: length,
    file: { path, offset, length },
    read: () => {
      const fd = openSync(path, 'r');
      try {
        const bytes = Buffer.alloc(length);
        for (let at = 0; at < length;) {
          const n = readSync(fd, bytes, at, length - at, offset + at);
          if (n === 0)
            throw modelFileMessages.error('STR0339', {
              file: path,
              problem: 'it became shorter while it was read',
            });
          at += n;
        }
        return bytes;
      } finally {
        closeSync(fd);
      }
    },
  };
}

/** Writes all blobs of a store, each as a tensor of bytes, in order of name. */
export function writeSafetensors(file: string, store: ResourceStore): void {
  const entries = [...store.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  const header: Record<string, Entry> = {};
  let at = 0;
  for (const [name, blob] of entries) {
    header[name] = { dtype: 'U8', shape: [blob.byteLength], data_offsets: [at, at + blob.byteLength] };
    at += blob.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  // The data begins at a multiple of eight; the header may end in blanks.
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const fd = openSync(file, 'w');
  try {
    for (const part of [length, padded]) writeSync(fd, part);
    for (const [, blob] of entries) {
      const bytes = blob.read();
      for (let n = 0; n < bytes.byteLength;) n += writeSync(fd, bytes, n);
    }
  } finally {
    closeSync(fd);
  }
}
