/** Folders with one file per stage: what the readers of IREE, XLA and TVM share. */
import type { DumpEntry } from '../dump';
import { readRange } from '../byteSource';
import { dumpMessages } from '../messages';
import { firstOp } from '../marker';
import type { FolderFile, FolderReader, ReadResult } from './reader';

export interface SequenceFile {
  readonly file: FolderFile;
  readonly pass: string;
  readonly argument?: string;
  readonly op?: string;
  readonly symbol?: string;
}

/** Reads files, already in order, as entries. With `mlir` the op and symbol come from each file. */
export async function readSequence(
  files: readonly FolderFile[],
  stages: readonly SequenceFile[],
  mlir: boolean,
  open: Parameters<FolderReader['read']>[1],
  context: Parameters<FolderReader['read']>[2],
): Promise<ReadResult> {
  const used = new Set(stages.map((s) => s.file.name));
  const strangers = files.filter((f) => !used.has(f.name));
  const sources = stages.map((s) => open(s.file));
  const entries: DumpEntry[] = [];
  for (const [index, stage] of stages.entries()) {
    context.cancellation.throwIfCancelled();
    const found = mlir
      ? firstOp((await readRange(sources[index]!, 0, 64 << 10)).toString('utf8'))
      : undefined;
    await sources[index]!.close();
    entries.push({
      index,
      when: 'after',
      pass: stage.pass,
      ...(stage.argument === undefined ? {} : { argument: stage.argument }),
      ...(stage.op === undefined ? {} : { op: stage.op }),
      ...(stage.symbol === undefined ? {} : { symbol: stage.symbol }),
      ...(found ?? {}),
      source: index,
      start: 0,
      end: stage.file.size,
    });
    context.onProgress?.(index + 1, stages.length);
  }
  const warnings =
    strangers.length === 0
      ? []
      : [
          dumpMessages.diagnostic('STR0163', {
            path: '.',
            files: strangers.length,
            first: strangers[0]!.name,
          }),
        ];
  return { sources, entries, warnings };
}

/** Compares names so that numbers in them count as numbers. */
export const compareNatural = (a: string, b: string): number =>
  a.localeCompare(b, 'en', { numeric: true, sensitivity: 'variant' });
