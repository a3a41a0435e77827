/** Coded messages of dumps of other compilers (STR0150–0179). */
import { defineMessages, message } from '../base/diagnostics';

export const dumpMessages = defineMessages({
  STR0150: message<{ path: string; found: string; formats: readonly string[] }>({
    text: (p) => `'${p.path}' is not an IR dump that Strata knows: it is ${p.found}.`,
    next: (p) => `It reads ${p.formats.join(', ')}.`,
  }),
  STR0151: message<{ path: string; problem: string }>({
    text: (p) => `cannot read '${p.path}': ${p.problem}.`,
    next: () => 'Check the path.',
  }),
  STR0152: message<{ found: string; count: number }>({
    text: (p) => `the dump has no entry ${p.found}; it has ${p.count}, numbered from 0.`,
    next: () => `'strata dump list' shows them.`,
  }),
  STR0153: message<{ symbol: string; entry: number; known: string }>({
    text: (p) => `entry ${p.entry} has no function @${p.symbol}; it has ${p.known}.`,
  }),
  STR0154: message<{ path: string }>({
    text: (p) => `'${p.path}' holds no timing report of MLIR, neither as text nor as JSON.`,
    next: () => 'Run the compiler with --mlir-timing.',
  }),
  STR0155: message<{ op: string; states: number }>({
    text: (p) => `no op is called '${p.op}' in ${p.states === 1 ? 'that IR' : `any of ${p.states} IRs`}.`,
    next: () => 'Give a line, %value, @symbol, model node, or an op name as the IR has it.',
  }),
  STR0156: message<{ op: string; count: number; state: number; listed: string }>({
    text: (p) => `'${p.op}' are ${p.count} ops of ${p.state}: ${p.listed}${p.count > 8 ? ', …' : ''}.`,
    next: (p) => `Give ${p.state} and the line of the one that you mean.`,
  }),
  STR0157: message<{ title: string }>({
    text: (p) => `ops can be compared in MLIR only; this is a ${p.title}.`,
    next: () => `'strata dump diff' without --semantic compares lines.`,
  }),
  STR0158: message<{ pass: string; argument: boolean }>({
    text: (p) =>
      p.argument
        ? `the dump does not have the IR before '${p.pass}'.`
        : `the dump does not say how '${p.pass}' is called on the command line.`,
    next: () => 'Make the dump with --mlir-print-ir-before-all of a version of MLIR from 2021 or later.',
  }),
  STR0160: message<{ entry: number; lines: number; first: string }>({
    severity: 'warning',
    text: (p) =>
      `entry ${p.entry}: ${p.lines === 1 ? '1 line' : `${p.lines} lines`} of other output left out, first '${p.first}'.`,
  }),
  STR0161: message<{ entry: number; kept: string; size: string }>({
    severity: 'warning',
    text: (p) => `entry ${p.entry} is too long to show: the first ${p.kept} of ${p.size} are kept.`,
  }),
  STR0162: message<{ path: string; bytes: string }>({
    severity: 'warning',
    text: (p) => `${p.bytes} before the first pass in '${p.path}' are not IR and were left out.`,
  }),
  STR0163: message<{ path: string; files: number; first: string }>({
    severity: 'warning',
    text: (p) =>
      `${p.files === 1 ? '1 file' : `${p.files} files`} of '${p.path}' not part of the dump, first '${p.first}'.`,
  }),
  STR0164: message<{ path: string; limit: number }>({
    severity: 'warning',
    text: (p) => `'${p.path}' has more than ${p.limit} files; the rest was left out.`,
  }),
  STR0165: message<{ path: string; line: string }>({
    severity: 'warning',
    text: (p) =>
      `a pass marker in '${p.path}' could not be understood: '${p.line}'. What follows counts to the entry before.`,
  }),
  STR0167: message<{ entry: number; lines: number }>({
    severity: 'warning',
    text: (p) =>
      `entry ${p.entry}: ${p.lines === 1 ? 'a line' : `${p.lines} lines`} of more than a million characters cut.`,
  }),
  STR0166: message<{ entry: number }>({
    severity: 'warning',
    text: (p) => `entry ${p.entry} ends within an op: the dump was cut, or another thread wrote into it.`,
  }),
});
