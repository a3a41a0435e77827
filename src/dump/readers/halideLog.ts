/** Logs of Halide's `HL_DEBUG_CODEGEN` (2 and more for every stage): `Lowering after X:`, also without the colon, or `: (unchanged)`. */
import { scanLog } from '../scanLog';
import type { FileReader } from './reader';
import { headText } from './reader';

const heading = /^Lowering after ([^\n]+?)(?::(?<omitted> \(unchanged\))?)?\s*$/;

export const halideLog: FileReader = {
  kind: 'file',
  format: 'halide-log',
  title: 'Halide lowering log',
  score: (head) => (/^Lowering after [^\n]+/m.test(headText(head)) ? 0.9 : 0),
  read: async (source, context) => {
    const scanned = await scanLog(
      source,
      0,
      {
        needle: 'Lowering after ',
        firstOp: false,
        parse: (line) => {
          const m = heading.exec(line);
          if (m === null) return undefined;
          const omitted = m.groups?.['omitted'] === undefined ? {} : { omitted: true as const };
          return { when: 'after', pass: m[1]!, from: 0, to: line.length, ...omitted };
        },
      },
      context,
    );
    return { sources: [source], ...scanned };
  },
};
