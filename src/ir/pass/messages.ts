/** Coded messages about passes and pipelines (STR02xx). */
import { defineMessages, message } from '../../base/diagnostics';

export const passMessages = defineMessages({
  STR0201: message<{ pass: string; known: readonly string[] }>({
    text: (p) => `there is no pass '${p.pass}'.`,
    next: (p) =>
      `${p.known.length > 0 ? `Did you mean ${p.known.map((k) => `'${k}'`).join(' or ')}? ` : ''}'strata opt --list' shows all.`,
  }),
  STR0202: message<{ text: string; at: number; expected: string }>({
    text: (p) => `pipeline '${p.text}': expected ${p.expected} at character ${p.at + 1}.`,
    next: () => `A pipeline reads 'builtin.module(func.func(canonicalize,cse),form-dispatches)'.`,
  }),
  STR0203: message<{ pass: string; rules: string; count: number }>({
    text: (p) => `${p.pass} did not come to rest after ${p.count} rewrites (rules: ${p.rules}).`,
    next: () => `Two rules undo each other; 'strata opt --stop-after-rewrite N' shows them.`,
  }),
  STR0204: message<{ pass: string; problem: string }>({
    text: (p) => `after pass '${p.pass}' the IR is not valid: ${p.problem}`,
    next: () => `This is a defect of the pass. 'strata bisect' finds the rewrite.`,
  }),
  STR0205: message<{ pass: string; lost: string }>({
    text: (p) => `pass '${p.pass}' made ops that lead to no model node: ${p.lost}.`,
    next: () => `Build them through the rewriter, or give them the location of the ops that they replace.`,
  }),
  STR0206: message<{ pass: string; stage: string; illegal: string }>({
    text: (p) => `pass '${p.pass}' left ops that stage '${p.stage}' does not allow: ${p.illegal}.`,
  }),
  STR0207: message<{ pass: string; option: string; expected: string; found: string }>({
    text: (p) => `pass '${p.pass}': option '${p.option}' must be ${p.expected}, found '${p.found}'.`,
  }),
  STR0208: message<{ pass: string; option: string; known: string }>({
    text: (p) => `pass '${p.pass}' has no option '${p.option}'; it has ${p.known}.`,
  }),
  STR0209: message<{ pass: string; anchor: string; found: string }>({
    text: (p) => `pass '${p.pass}' runs on ${p.anchor}, not on ${p.found}.`,
  }),
});
