/** Bytes at positions: what the index is made from, be it a file of gigabytes or a buffer of a test. */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { dumpMessages } from './messages';

export interface ByteSource {
  /** For messages. */
  readonly path: string;
  readonly size: number;
  /** Fills `target` from `position` on; returns how many bytes there were. Throws STR0151. */
  readInto(target: Buffer, position: number): Promise<number>;
  close(): Promise<void>;
}

/** Bytes `[start, end)`, cut at the end of the source. */
export async function readRange(source: ByteSource, start: number, end: number): Promise<Buffer> {
  const target = Buffer.allocUnsafe(Math.max(0, Math.min(end, source.size) - start));
  return target.subarray(0, await source.readInto(target, start));
}

export class MemorySource implements ByteSource {
  readonly #bytes: Buffer;
  constructor(
    bytes: Uint8Array | string,
    readonly path = '<memory>',
  ) {
    this.#bytes =
      typeof bytes === 'string'
        ? Buffer.from(bytes)
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  get size(): number {
    return this.#bytes.length;
  }
  readInto(target: Buffer, position: number): Promise<number> {
    return Promise.resolve(this.#bytes.copy(target, 0, position));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A file that is opened at the first read and may be closed at any time: the next read opens it again. */
export class FileSource implements ByteSource {
  #handle: Promise<FileHandle> | undefined;
  constructor(
    readonly path: string,
    readonly size: number,
  ) {}
  async readInto(target: Buffer, position: number): Promise<number> {
    try {
      const handle = await (this.#handle ??= open(this.path, 'r'));
      let filled = 0;
      while (filled < target.length) {
        const { bytesRead } = await handle.read(target, filled, target.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    } catch (cause) {
      this.#handle = undefined;
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw dumpMessages.error('STR0151', { path: this.path, problem }, { cause });
    }
  }
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await (await handle)?.close();
  }
}
