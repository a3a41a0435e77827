/** Logs of `--mlir-print-ir-*` of every age, of the `print-ir` pass, and of tools that print them: IREE, Triton, CIR. */
import { parseMarker } from '../marker';
import { scanLog } from '../scanLog';
import type { FileReader } from './reader';
import { headText } from './reader';

export const mlirLog: FileReader = {
  kind: 'file',
  format: 'mlir-log',
  title: 'MLIR log',
  score: (head) => {
    let best = 0;
    for (const line of headText(head).split('\n')) {
      const marker = line.includes('IR Dump') ? parseMarker(line) : undefined;
      if (marker === undefined || /\bCHECK/.test(line.slice(0, marker.from))) continue;
      const mlir = marker.style === 'mlir' || line.startsWith('// ***') || line.includes("' operation");
      best = Math.max(best, mlir ? 0.95 : 0.5);
    }
    return best;
  },
  read: async (source, context) => {
    const scan = { needle: 'IR Dump', parse: parseMarker, firstOp: true };
    return { sources: [source], ...(await scanLog(source, 0, scan, context)) };
  },
};
