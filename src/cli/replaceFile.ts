/** Writing what a command was asked to write: the old file or the whole new one, and nothing of it when that fails. */
import { randomBytes } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { reasonOf } from '../compiler/readText';
import { cliMessages } from './messages';

/** `write` is given the path to write to; it has the ending of `file`. Throws STR0004. */
export async function replaceFile(file: string, write: (to: string) => void | Promise<void>): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  // A device or pipe is written to, not replaced.
  const direct = found !== undefined && !found.isFile();
  const suffix = randomBytes(6).toString('hex');
  const to = direct ? file : path.join(path.dirname(file), `.${suffix}.tmp.${path.basename(file)}`);
  try {
    await write(to);
    if (!direct) await rename(to, file);
  } catch (cause) {
    if (!direct) await rm(to, { force: true });
    throw cliMessages.error('STR0004', { path: file, problem: reasonOf(cause) }, { cause });
  }
}
