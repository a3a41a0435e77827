/** Coded messages about IR text, declarations and the verifier (STR01xx). */
import { defineMessages, message } from '../base/diagnostics';

export const irMessages = defineMessages({
  STR0101: message<{ where: string; found: string; expected: string; excerpt: string }>({
    text: (p) => `${p.where}: expected ${p.expected}, found ${p.found}\n${p.excerpt}`,
  }),
  STR0102: message<{ where: string; op: string; excerpt: string }>({
    text: (p) => `${p.where}: no custom form is known for '${p.op}'\n${p.excerpt}`,
    next: () => `Print it in the generic form (mlir-opt: --mlir-print-op-generic).`,
  }),
  STR0103: message<{ where: string; problem: string; excerpt: string }>({
    text: (p) => `${p.where}: ${p.problem}\n${p.excerpt}`,
  }),
  STR0110: message<{ op: string; location: string; problem: string }>({
    text: (p) => `${p.op}${p.location}: ${p.problem}`,
  }),
  STR0120: message<{ op: string }>({
    text: (p) => `${p.op} has no reference semantics, so it cannot be interpreted.`,
    next: () => `Add 'evaluate' to its declaration.`,
  }),
  STR0121: message<{ op: string; attribute: string; expected: string }>({
    text: (p) => `${p.op} needs the attribute '${p.attribute}' (${p.expected}).`,
  }),
  STR0122: message<{ op: string; attribute: string; expected: string; found: string }>({
    text: (p) => `${p.op}: attribute '${p.attribute}' must be ${p.expected}, found ${p.found}.`,
  }),
  STR0123: message<{ name: string }>({
    text: (p) => `the blob '${p.name}' that the IR refers to is not loaded.`,
    next: () => `Give the model file or parameter file that holds it.`,
  }),
  STR0124: message<{ op: string; problem: string }>({
    text: (p) => `${p.op} cannot be evaluated: ${p.problem}.`,
  }),
  STR0125: message<{ name: string; known: string }>({
    text: (p) => `there is no function '@${p.name}' to run; the module has ${p.known}.`,
  }),
  STR0126: message<{ name: string }>({
    text: (p) => `the function '@${p.name}' has no body, so it cannot be interpreted.`,
    next: () => `Link its definition into the module.`,
  }),
  STR0127: message<{ name: string; expected: number; found: number }>({
    text: (p) => `'@${p.name}' takes ${p.expected} arguments, ${p.found} are given.`,
  }),
  STR0128: message<{ name: string }>({
    text: (p) => `there is no memref.global '@${p.name}'.`,
  }),
});
