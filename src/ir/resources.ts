/**
 * Blobs that `dense_resource` attributes name: weights and folded constants. They stay in the model's own file
 * until someone reads them, and never enter the IR's text. Used by importers, passes, the interpreter and packaging.
 */
import { irMessages } from './messages';

/** Where a blob lies in a file, so that an artifact can refer to it instead of copying it. */
export interface FileRange {
  readonly path: string;
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
}

/** Little-endian elements, row-major. */
export interface Blob {
  readonly byteLength: number;
  /** The bytes; a view where they are in memory, read on demand where they are in a file. */
  readonly read: () => Uint8Array;
  readonly file?: FileRange;
}

export class ResourceStore {
  readonly #blobs = new Map<string, Blob>();
  /** Files beside the model that constants come from, those in the text too. */
  readonly files = new Set<string>();

  get(key: string): Uint8Array {
    return this.blob(key).read();
  }
  blob(key: string): Blob {
    const blob = this.#blobs.get(key);
    if (blob === undefined) throw irMessages.error('STR0123', { name: key });
    return blob;
  }
  has(key: string): boolean {
    return this.#blobs.has(key);
  }
  set(key: string, blob: Blob): void {
    this.#blobs.set(key, blob);
  }
  setBytes(key: string, bytes: Uint8Array): void {
    this.#blobs.set(key, { byteLength: bytes.byteLength, read: () => bytes });
  }
  /** Adds bytes under `base`, or `base_1`, `base_2`, … when that is taken; the same calls give the same names. */
  add(base: string, bytes: Uint8Array): string {
    let key = base;
    for (let n = 1; this.#blobs.has(key); n++) key = `${base}_${n}`;
    this.setBytes(key, bytes);
    return key;
  }
  delete(key: string): void {
    this.#blobs.delete(key);
  }
  get entries(): IterableIterator<[string, Blob]> {
    return this.#blobs.entries();
  }
  get size(): number {
    return this.#blobs.size;
  }
}
