/** Reads IR text that a person names. */
import { readFile } from 'node:fs/promises';
import { compilerMessages } from './messages';

/** Throws STR0599 with the reason. */
export async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw compilerMessages.error('STR0599', { file, problem: reasonOf(cause) }, { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw compilerMessages.error('STR0599', { file, problem: 'it is no UTF-8 text' }, { cause });
  }
}

/** What the system said about a file, for people. */
export function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission is denied';
    case 'ENOSPC':
      return 'no space left on device';
    case 'ENOTDIR':
      return 'a part of its path is no folder';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
