/**
 * Compiled code in the user's cache, by content of what it was made from. Entries carry a checksum, appear by renaming,
 * and the least recently used go when there are too many bytes. A cache that cannot be read or written is no error: the
 * code is compiled.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const checksumBytes = 32;
const defaultLimit = 256 * 2 ** 20;
/** A temporary file that is older belongs to a process that died. */
const abandonedMs = 3_600_000;

const checksumOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** The bytes of an entry behind their checksum; undefined when it does not fit. */
function contentsOf(entry: Buffer): Uint8Array | undefined {
  const bytes = entry.subarray(checksumBytes);
  const whole = entry.length >= checksumBytes && checksumOf(bytes).equals(entry.subarray(0, checksumBytes));
  return whole ? bytes : undefined;
}

/** A key from what determines a result. */
export function cacheKey(parts: readonly (string | readonly string[])[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

export class CodeCache {
  constructor(
    readonly folder: string,
    /** Bytes that the cache may hold. */
    readonly limit = defaultLimit,
  ) {}

  /** What was kept under `key`; undefined when there is nothing, or nothing whole. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const file = join(this.folder, key);
    try {
      const bytes = contentsOf(await readFile(file));
      if (bytes === undefined) {
        await rm(file, { force: true });
        return undefined;
      }
      const now = new Date();
      await utimes(file, now, now).catch(() => undefined);
      return bytes;
    } catch {
      return undefined;
    }
  }

  /** What was kept under `key`, at once and without counting as a use. */
  getNow(key: string): Uint8Array | undefined {
    try {
      return contentsOf(readFileSync(join(this.folder, key)));
    } catch {
      return undefined;
    }
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.folder, key);
    const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
    try {
      await mkdir(this.folder, { recursive: true });
      await writeFile(temporary, Buffer.concat([checksumOf(bytes), bytes]));
      await rename(temporary, file);
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  /** Removes the least recently used entries until the cache is below four fifths of its limit, when it is above it. */
  async prune(): Promise<void> {
    const names = await readdir(this.folder).catch((): string[] => []);
    const entries: { readonly file: string; readonly bytes: number; readonly used: number }[] = [];
    for (const name of names) {
      const file = join(this.folder, name);
      const found = await stat(file).catch(() => undefined);
      if (found?.isFile() !== true) continue;
      if (name.endsWith('.tmp')) {
        if (Date.now() - found.mtimeMs > abandonedMs) await rm(file, { force: true }).catch(() => undefined);
      } else entries.push({ file, bytes: found.size, used: found.mtimeMs });
    }
    let total = entries.reduce((n, e) => n + e.bytes, 0);
    if (total <= this.limit) return;
    for (const { file, bytes } of entries.sort((a, b) => a.used - b.used)) {
      if (total <= 0.8 * this.limit) return;
      await rm(file, { force: true }).catch(() => undefined);
      total -= bytes;
    }
  }
}
