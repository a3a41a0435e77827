/** Coded messages of schedules, loops, buffers and the arena (STR054x, STR055x). */
import { defineMessages, message } from '../../base/diagnostics';

export const loopMessages = defineMessages({
  STR0540: message<{ dispatch: string; problem: string }>({
    text: (p) => `dispatch '${p.dispatch}' cannot become one kernel: ${p.problem}.`,
    next: () => `Dispatch formation must leave that op in a dispatch of its own.`,
  }),
  STR0541: message<{ dispatch: string; problem: string }>({
    text: (p) => `the schedule of dispatch '${p.dispatch}' does not fit: ${p.problem}.`,
    next: () => `Remove the attribute 'schedule' to have one chosen; 'choose-schedules' prints what fits.`,
  }),
  STR0542: message<{ op: string; problem: string }>({
    text: (p) => `${p.op} cannot be turned into buffers: ${p.problem}.`,
  }),
  STR0543: message<{ problem: string }>({
    text: (p) => `the arena plan is wrong: ${p.problem}.`,
    next: () => `This is a defect of plan-arena; 'strata bisect' finds where it began.`,
  }),
  STR0544: message<{ found: string; expected: string }>({
    text: (p) => `'strata.target' is not understood: found ${p.found}, expected ${p.expected}.`,
  }),
  STR0545: message<{ found: string; known: readonly string[] }>({
    text: (p) => `there is no dispatch '${p.found}' to give a schedule to.`,
    next: (p) =>
      `Schedules are a dictionary by name of dispatch; here are ${p.known.slice(0, 5).join(', ')}${p.known.length > 5 ? ' and more' : ''} ('--emit scheduled' prints all).`,
  }),
});
