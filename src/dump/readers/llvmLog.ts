/** Logs of LLVM's `-print-after-all`, `-print-changed` and friends: new and legacy pass manager, machine IR. */
import { parseMarker } from '../marker';
import { scanLog } from '../scanLog';
import type { FileReader } from './reader';
import { headText } from './reader';

export const llvmLog: FileReader = {
  kind: 'file',
  format: 'llvm-log',
  title: 'LLVM log',
  score: (head) => {
    let best = 0;
    const text = headText(head);
    const llvm = /^(?:define|declare|target triple|source_filename|; ModuleID|# Machine code for) ?/m.test(
      text,
    );
    for (const line of text.split('\n')) {
      const marker = line.includes('IR Dump') ? parseMarker(line) : undefined;
      if (marker?.style !== 'stars' || line.startsWith('//')) continue;
      const sure =
        llvm || /^[;#] \*\*\*/.test(line) || (marker.op !== undefined && !line.includes("' operation"));
      best = Math.max(best, sure ? 0.9 : 0.3);
    }
    return best;
  },
  read: async (source, context) => {
    const scan = { needle: 'IR Dump', parse: parseMarker, firstOp: true };
    return { sources: [source], ...(await scanLog(source, 0, scan, context)) };
  },
};
