/** Coded messages of bisection and reduction (STR11xx). */
import { defineMessages, message } from '../base/diagnostics';

export const bisectMessages = defineMessages({
  STR1101: message<{ reference: string; output: string; error: string }>({
    text: (p) =>
      `the reference '${p.reference}' disagrees with itself: two runs on the same inputs differ in '${p.output}' by ${p.error}, more than the tolerance.`,
    next: () =>
      'Nothing can be judged by it. Fix its seed or threads, take another --reference, or widen the tolerance.',
  }),
  STR1102: message<{ what: string; expected: string; found: string }>({
    text: (p) => `the reference has ${p.found} where the model gives ${p.expected} (${p.what}).`,
    next: () => 'Give one .npy file for a model of one output, or a folder with NAME.npy for each.',
  }),
  STR1103: message<{ model: string; problem: string }>({
    text: (p) => `'${p.model}' cannot be bisected: ${p.problem}.`,
  }),
  STR1104: message<{ command: string; problem: string }>({
    text: (p) => `the command could not be started: ${p.command}: ${p.problem}.`,
    next: () => 'Check that the program exists and may be executed.',
  }),
  STR1105: message<{ folder: string; problem: string }>({
    text: (p) => `cannot write to '${p.folder}': ${p.problem}.`,
    next: () => 'Make room and start again: what was found out is kept.',
  }),
  STR1106: message<{ which: string; problem: string }>({
    text: (p) => `the side '${p.which}' cannot be measured: ${p.problem}.`,
  }),
  STR1107: message<{ file: string; problem: string }>({
    text: (p) => `the saved search '${p.file}' cannot be gone on with: ${p.problem}.`,
    next: () => 'Start anew without --state, or with another file.',
  }),
  STR1108: message<{ text: string; expected: string }>({
    text: (p) => `the template '${p.text}' must hold ${p.expected}.`,
    next: () => `'{n}' is the number of steps that may happen, '{out}' the file that the command writes.`,
  }),
  STR1109: message<{ command: string; exit: string }>({
    text: (p) => `'${p.command}' does not hold for the whole input (${p.exit}), so there is nothing to keep.`,
    next: () => 'The test must exit with 0 for the input file that it is given as its last word.',
  }),
  STR1110: message<{ side: string; problem: string; known: string }>({
    text: (p) => `the side '${p.side}' is not understood: ${p.problem}.`,
    next: (p) => `A side is ${p.known}.`,
  }),
  STR1111: message<{ revision: string; problem: string }>({
    text: (p) => `revision '${p.revision}' cannot be built: ${p.problem}.`,
    next: () =>
      'Name a clone of this repository with --repository, or compile the model with the other version and give its .strata artifact as the side.',
  }),
  STR1112: message<{ number: number; count: number }>({
    text: (p) => `there is no rewrite ${p.number}: the compilation has ${p.count}, counted from 0.`,
    next: () => 'Take the number that a bisection says, or the name of a rule.',
  }),
});
