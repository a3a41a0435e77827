/** Weights in files, read when they are needed. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { FileRange } from '../ir';
import { modelFileMessages } from './messages';

/** The bytes of a range. `tensor` is what errors (STR0325) call it. */
export function readFileRange(range: FileRange, tensor: string): Uint8Array {
  const refuse = (reason: string, cause?: unknown): Error =>
    modelFileMessages.error('STR0325', { tensor, file: range.path, reason }, { cause });
  const bytes = new Uint8Array(range.length);
  let fd: number;
  try {
    fd = openSync(range.path, 'r');
  } catch (error) {
    throw refuse((error as NodeJS.ErrnoException).code ?? String(error), error);
  }
  try {
    for (let done = 0; done < bytes.length;) {
      const n = readSync(fd, bytes, done, Math.min(bytes.length - done, 2 ** 30), range.offset + done);
      if (n === 0) throw refuse('it became shorter');
      done += n;
    }
  } finally {
    closeSync(fd);
  }
  return bytes;
}
