/** One file of MLIR, as the only entry of a dump. */
import { firstOp, parseMarker } from '../marker';
import { readRange } from '../byteSource';
import type { FileReader } from './reader';
import { headText } from './reader';

export const irFile: FileReader = {
  kind: 'file',
  format: 'ir-file',
  title: 'MLIR file',
  score: (head, name) => {
    const text = headText(head);
    if (text.split('\n').some((line) => line.includes('IR Dump') && parseMarker(line) !== undefined))
      return 0;
    const op = firstOp(text)?.op;
    if (name.endsWith('.mlir')) return op === undefined ? 0.2 : 0.7;
    return op === 'builtin.module' ? 0.4 : 0;
  },
  read: async (source) => {
    const found = firstOp((await readRange(source, 0, 64 << 10)).toString('utf8'));
    const pass = source.path.slice(Math.max(source.path.lastIndexOf('/'), source.path.lastIndexOf('\\')) + 1);
    const entry = {
      index: 0,
      when: 'snapshot',
      pass,
      source: 0,
      start: 0,
      end: source.size,
      ...found,
    } as const;
    return { sources: [source], entries: [entry], warnings: [] };
  },
};
