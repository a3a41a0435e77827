/** Coded messages of lowering from graph to dispatches (STR0501 … STR0519). */
import { defineMessages, message } from '../base/diagnostics';

export const loweringMessages = defineMessages({
  STR0501: message<{ problems: readonly string[] }>({
    text: (p) =>
      p.problems.length === 1
        ? `${p.problems[0]!}.`
        : `${p.problems.length} ops have no lowering:${p.problems.map((x) => `\n  ${x}`).join('')}`,
    next: () => `Give sizes that are not known a value, or rewrite these nodes when exporting the model.`,
  }),
  STR0502: message<{ op: string; found: string }>({
    text: (p) =>
      `dispatch formation cannot take ${p.op} into a kernel: it reads a value of type ${p.found} that is computed outside.`,
    next: () => `Kernels take tensors and constants.`,
  }),
  STR0503: message<{ found: string; known: readonly string[] }>({
    text: (p) => `there is no target '${p.found}'; there are ${p.known.join(', ')}.`,
  }),
});
