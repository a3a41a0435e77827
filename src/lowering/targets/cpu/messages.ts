/** Coded messages of the C target (STR056x). */
import { defineMessages, message } from '../../../base/diagnostics';

export const cpuMessages = defineMessages({
  STR0560: message<{ kernel: string; op: string; from: string; reason: string }>({
    text: (p) => `kernel '${p.kernel}': ${p.op}${p.from} has no C: ${p.reason}.`,
    next: () => `Lower it to ops that the target has, or report it; '--stop-after loops' shows the kernel.`,
  }),
  STR0561: message<{ kernel: string; type: string; reason: string }>({
    text: (p) => `kernel '${p.kernel}': ${p.type} has no C type: ${p.reason}.`,
  }),
  STR0562: message<{ kernel: string; problem: string }>({
    text: (p) => `kernel '${p.kernel}' has not the form of a kernel: ${p.problem}.`,
  }),
  STR0563: message<{ op: string; problem: string }>({
    text: (p) => `the host function cannot be run as a list of launches: ${p.op}: ${p.problem}.`,
    next: () =>
      `It may hold memref.get_global, memref.view of one arena, views without copying, memref.copy and func.call.`,
  }),
});
