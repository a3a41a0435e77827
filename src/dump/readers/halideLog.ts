/** Logs of Halide's `HL_DEBUG_CODEGEN`: `Lowering after X:` before each stage. */
import { scanLog } from '../scanLog';
import type { FileReader } from './reader';
import { headText } from './reader';

const heading = /Lowering after ([^\n]+?):\s*$/;

export const halideLog: FileReader = {
  kind: 'file',
  format: 'halide-log',
  title: 'Halide lowering log',
  score: (head) => (/^Lowering after [^\n]+:\s*$/m.test(headText(head)) ? 0.9 : 0),
  read: async (source, context) => {
    const scanned = await scanLog(
      source,
      0,
      {
        needle: 'Lowering after ',
        firstOp: false,
        parse: (line) => {
          const m = heading.exec(line);
          return m === null ? undefined : { when: 'after', pass: m[1]!, from: m.index, to: line.length };
        },
      },
      context,
    );
    return { sources: [source], ...scanned };
  },
};
