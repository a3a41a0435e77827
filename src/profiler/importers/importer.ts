/** What an importer is: one file that scores the head of a file and reads it. `readTrace` picks the highest score. */
import type { Trace } from '../trace';

/** Told how far reading is, 0 to 1; costs nothing where it is called every few megabytes. */
export type ReadProgress = (part: number) => void;

/** Bytes between two calls of `ReadProgress`. */
export const PROGRESS_BYTES = 4 << 20;

export interface Importer {
  /** Name of the format in messages and summaries. */
  readonly format: string;
  /** How sure it is that it can read the file, 0 to 1, from its first kilobytes (already expanded). */
  score(head: Uint8Array, fileName: string): number;
  /** Reads the whole file. Throws a coded error (STR08xx); keeps what lies before a cut and warns. */
  read(bytes: Uint8Array, fileName: string, onProgress?: ReadProgress): Trace;
}
