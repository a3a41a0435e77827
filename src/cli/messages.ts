/** Coded messages of the command line (STR00xx). */
import { defineMessages, message } from '../base/diagnostics';

export const cliMessages = defineMessages({
  STR0001: message<{ problem: string }>({
    text: (p) => `an internal error: ${p.problem}`,
    next: () => 'This is a defect of Strata; please report it with the command that led here.',
  }),
  STR0002: message<{ option: string; found: string; expected: string }>({
    text: (p) => `${p.option}: expected ${p.expected}, found '${p.found}'.`,
  }),
  STR0003: message<{ path: string; problem: string }>({
    text: (p) => `cannot read '${p.path}': ${p.problem}.`,
    next: () => 'Check the path.',
  }),
  STR0004: message<{ path: string; problem: string }>({
    text: (p) => `cannot write '${p.path}': ${p.problem}.`,
    next: () => 'Check that the folder exists, may be written and has room.',
  }),
  STR0005: message<{ path: string; known: string }>({
    text: (p) => `'${p.path}' is not a file that Strata can compile or run.`,
    next: (p) => `It takes ${p.known}.`,
  }),
  STR0006: message<{ name: string; known: string }>({
    text: (p) => `the model has no input '${p.name}'; it has ${p.known}.`,
  }),
  STR0007: message<{ reference: string; problem: string }>({
    text: (p) => `the reference '${p.reference}' cannot be used: ${p.problem}.`,
  }),
  STR0008: message<{ problem: string; command: string }>({
    text: (p) => `${p.problem}${p.problem.endsWith('?') ? '' : '.'}`,
    next: (p) => `'${p.command} --help' shows what there is.`,
  }),
  STR0009: message<Record<never, never>>({
    text: () => 'cancelled. Nothing was left behind.',
  }),
});
