/** Folders of `--mlir-print-ir-tree-dir`: `builtin_module_x/func_func_f/{parent}_{n}_{pass}.mlir`. */
import { cleanLine } from '../cleanLines';
import type { DumpEntry } from '../dump';
import { readRange } from '../byteSource';
import { dumpMessages } from '../messages';
import { firstOp, parseMarker } from '../marker';
import type { FolderFile, FolderReader, ReadResult } from './reader';
import { share } from './reader';

interface TreeFile {
  readonly file: FolderFile;
  readonly folder: string;
  readonly counters: readonly number[];
  readonly pass: string;
}

/** The counters and pass that the name of a file of a tree says, or undefined. */
export function treeFile(file: FolderFile): TreeFile | undefined {
  const m = /^(?:(.*)\/)?(\d+(?:_\d+)*)_([^/]+)\.(?:mlir|ll)$/.exec(file.name);
  if (m === null) return undefined;
  return { file, folder: m[1] ?? '', counters: m[2]!.split('_').map(Number), pass: m[3]! };
}

/** Order of running: counters as numbers, those of a nested pass before the next of its parent. */
export function compareTreeFiles(a: TreeFile, b: TreeFile): number {
  for (let i = 0; i < Math.max(a.counters.length, b.counters.length); i++) {
    const [x, y] = [a.counters[i] ?? -1, b.counters[i] ?? -1];
    if (x !== y) return x - y;
  }
  return a.folder < b.folder ? -1 : a.folder > b.folder ? 1 : 0;
}

const HEAD = 8 << 10;

export async function readPassTree(
  files: readonly FolderFile[],
  open: Parameters<FolderReader['read']>[1],
  context: Parameters<FolderReader['read']>[2],
): Promise<ReadResult> {
  const known = files.map(treeFile);
  const strangers = files.filter((file, i) => known[i] === undefined && !file.name.endsWith('.safetensors'));
  const sorted = known.filter((f): f is TreeFile => f !== undefined).sort(compareTreeFiles);
  const sources = sorted.map((f) => open(f.file));
  const entries: DumpEntry[] = [];
  for (const [index, tree] of sorted.entries()) {
    context.cancellation.throwIfCancelled();
    const source = sources[index]!;
    const head = (await readRange(source, 0, HEAD)).toString('latin1');
    const newline = head.indexOf('\n');
    const marker = newline < 0 ? undefined : parseMarker(head.slice(0, newline));
    const start = marker === undefined ? 0 : newline + 1;
    const found = firstOp(Buffer.from(head.slice(start), 'latin1').toString('utf8'), (l) =>
      cleanLine(l, undefined),
    );
    entries.push({
      index,
      when: marker?.when ?? 'after',
      pass: marker?.pass ?? tree.pass,
      argument: marker?.argument ?? tree.pass,
      ...(marker?.options === undefined ? {} : { options: marker.options }),
      ...(found ?? {}),
      source: index,
      start,
      end: tree.file.size,
    });
    if (source.close !== undefined) await source.close();
    context.onProgress?.(index + 1, sorted.length);
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

const inTree = (name: string): boolean => treeFile({ name, size: 0 }) !== undefined;

export const passTree: FolderReader = {
  kind: 'folder',
  format: 'mlir-tree',
  title: 'MLIR tree of passes',
  score: (files) => 0.8 * share(files, (name) => inTree(name) && /(?:^|\/)[a-z]\w*_[^/]+\/[^/]+$/.test(name)),
  read: readPassTree,
};
