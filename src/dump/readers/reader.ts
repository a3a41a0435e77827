/** What a reader of dumps is. Each is one file; the one with the highest score reads, so their order does not matter. */
import type { Diagnostic } from '../../base/diagnostics';
import type { ByteSource } from '../byteSource';
import type { DumpEntry } from '../dump';
import type { SolidStretch } from '../elide';
import type { ScanContext } from '../scanLog';
import type { TimingReport } from '../timingReport';

export interface ReadResult {
  readonly sources: readonly ByteSource[];
  readonly entries: readonly DumpEntry[];
  readonly warnings: readonly Diagnostic[];
  readonly timing?: TimingReport;
  readonly solid?: readonly SolidStretch[];
}

export interface FileReader {
  readonly kind: 'file';
  readonly format: string;
  readonly title: string;
  /** How sure it is, 0 to 1, from the first bytes (64 KiB) and the file name. */
  readonly score: (head: Uint8Array, name: string) => number;
  readonly read: (source: ByteSource, context: ScanContext) => Promise<ReadResult>;
}

/** A file in a folder, by its path from there, with `/`. */
export interface FolderFile {
  readonly name: string;
  readonly size: number;
}

export interface FolderReader {
  readonly kind: 'folder';
  readonly format: string;
  readonly title: string;
  /** How sure it is, 0 to 1, from the paths of the files below the folder. */
  readonly score: (files: readonly FolderFile[]) => number;
  readonly read: (
    files: readonly FolderFile[],
    open: (file: FolderFile) => ByteSource,
    context: ScanContext,
  ) => Promise<ReadResult>;
}

export type DumpReader = FileReader | FolderReader;

/** The part of a folder's files that `matches`, 0 to 1. */
export function share(files: readonly FolderFile[], matches: (name: string) => boolean): number {
  const texts = files.filter((f) => !f.name.endsWith('.safetensors'));
  if (texts.length === 0) return 0;
  return texts.filter((f) => matches(f.name)).length / texts.length;
}

/** The beginning of a file as text. */
export const headText = (head: Uint8Array): string =>
  Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('utf8');
