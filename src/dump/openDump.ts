/** Opens a dump of any known format; what the command line and the editor call. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Cancellation } from '../base/cancellation';
import { neverCancelled } from '../base/cancellation';
import type { Diagnostic } from '../base/diagnostics';
import type { ByteSource } from './byteSource';
import { FileSource, readRange } from './byteSource';
import type { Dump } from './dump';
import { dumpMessages } from './messages';
import type { ScanContext } from './scanLog';
import { halideLog } from './readers/halideLog';
import { ireeExecutables } from './readers/ireeExecutables';
import { ireePhases } from './readers/ireePhases';
import { irFile } from './readers/irFile';
import { llvmLog } from './readers/llvmLog';
import { mlirLog } from './readers/mlirLog';
import { passTree } from './readers/passTree';
import type { DumpReader, FileReader, FolderFile, FolderReader } from './readers/reader';
import { strataDump } from './readers/strataDump';
import { tvmFolder } from './readers/tvmFolder';
import { xlaFolder } from './readers/xlaFolder';

/** Every reader; the one with the highest score reads, so their order does not matter. */
export const dumpReaders: readonly DumpReader[] = [
  mlirLog,
  llvmLog,
  halideLog,
  irFile,
  passTree,
  strataDump,
  ireePhases,
  ireeExecutables,
  xlaFolder,
  tvmFolder,
];

const HEAD = 64 << 10;
/** Logs begin with other output: the search for the first marker goes on this far when the head shows none. */
const FAR_HEAD = 4 << 20;
const SURE_ENOUGH = 0.15;
const MOST_FILES = 200_000;

export interface OpenOptions {
  readonly cancellation?: Cancellation;
  /** Bytes or files done so far. */
  readonly onProgress?: (done: number, size: number) => void;
}

function best<R>(scored: readonly { readonly reader: R; readonly score: number }[]): R | undefined {
  const top = scored.reduce((a, b) => (b.score > a.score ? b : a));
  return top.score >= SURE_ENOUGH ? top.reader : undefined;
}

/** The reader for a file, by its head. */
export function fileReaderFor(head: Uint8Array, name: string): FileReader | undefined {
  const files = dumpReaders.filter((r): r is FileReader => r.kind === 'file');
  return best(files.map((reader) => ({ reader, score: reader.score(head, name) })));
}

/** The reader for a folder, by the files below it. */
export function folderReaderFor(files: readonly FolderFile[]): FolderReader | undefined {
  const folders = dumpReaders.filter((r): r is FolderReader => r.kind === 'folder');
  return best(folders.map((reader) => ({ reader, score: reader.score(files) })));
}

const contextOf = (options: OpenOptions): ScanContext => ({
  cancellation: options.cancellation ?? neverCancelled,
  ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
});

const unknown = (file: string, found: string): Error =>
  dumpMessages.error('STR0150', { path: file, found, formats: dumpReaders.map((r) => r.title) });

/** Indexes a file or folder. Throws STR0150 and STR0151; what a damaged dump still holds is kept, with warnings. */
export async function openDump(file: string, options: OpenOptions = {}): Promise<Dump> {
  let folder: boolean;
  let size: number;
  try {
    const status = await stat(file);
    folder = status.isDirectory();
    size = status.size;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw dumpMessages.error('STR0151', { path: file, problem }, { cause });
  }
  if (folder) return openFolder(file, options);
  const source = new FileSource(file, size);
  try {
    return await openSource(source, options);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Indexes bytes. Throws STR0150. */
export async function openSource(source: ByteSource, options: OpenOptions = {}): Promise<Dump> {
  const name = path.basename(source.path);
  const head = await readRange(source, 0, HEAD);
  let reader = fileReaderFor(head, name);
  if (reader === undefined || reader.format === 'ir-file') {
    const far = await readRange(source, 0, FAR_HEAD);
    const marker = far.indexOf('IR Dump');
    if (marker >= HEAD - 8)
      reader = fileReaderFor(far.subarray(Math.max(0, marker - 1024), marker + HEAD), name) ?? reader;
  }
  if (reader === undefined)
    throw unknown(
      source.path,
      source.size === 0
        ? 'empty'
        : `text or bytes that begin '${head.toString('latin1', 0, 40).replace(/[^ -~]/g, '·')}'`,
    );
  const result = await reader.read(source, contextOf(options));
  return { path: source.path, format: reader.format, title: reader.title, ...result };
}

async function openFolder(folder: string, options: OpenOptions): Promise<Dump> {
  const warnings: Diagnostic[] = [];
  const files: FolderFile[] = [];
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((item) => item.isFile())
    .map((item) =>
      path
        .relative(folder, path.join(item.parentPath ?? item.path, item.name))
        .split(path.sep)
        .join('/'),
    )
    .sort();
  if (names.length > MOST_FILES)
    warnings.push(dumpMessages.diagnostic('STR0164', { path: folder, limit: MOST_FILES }));
  for (const name of names.slice(0, MOST_FILES)) {
    options.cancellation?.throwIfCancelled();
    files.push({ name, size: (await stat(path.join(folder, name))).size });
  }
  const reader = folderReaderFor(files);
  if (reader === undefined)
    throw unknown(folder, files.length === 0 ? 'an empty folder' : `a folder with '${files[0]!.name}'`);
  const open = (file: FolderFile): ByteSource => new FileSource(path.join(folder, file.name), file.size);
  const result = await reader.read(files, open, contextOf(options));
  return {
    path: folder,
    format: reader.format,
    title: reader.title,
    ...result,
    warnings: [...warnings, ...result.warnings],
  };
}

/** Closes the files of a dump; a later read opens them again. */
export async function closeDump(dump: Dump): Promise<void> {
  await Promise.all(dump.sources.map((source) => source.close()));
}
