/**
 * Which lines of the C that people see stand behind lines of the functions that are compiled: those have no comments and no
 * empty lines, and one name for all kernels of the same code. See `translationUnits.ts`.
 */
import { codeOf, compiledName } from './translationUnits';

/** A compiled function in the C of all kernels. */
export interface FunctionLines {
  /** The first kernel that has the code; the others call it. */
  readonly symbol: string;
  /** Of each line of the compiled function, from that of its name on: the line of the C, from 0. */
  readonly lines: readonly number[];
}

const head = /^STRATA_EXPORT void (\w+)\(/;

/** By the name of the compiled function. */
export function functionLines(source: string): ReadonlyMap<string, FunctionLines> {
  const found = new Map<string, FunctionLines>();
  const text = source.split('\n');
  for (let i = 0; i < text.length; i++) {
    const symbol = head.exec(text[i]!)?.[1];
    if (symbol === undefined) continue;
    const end = text.indexOf('}', i);
    if (end < 0) break;
    const body = text.slice(i + 1, end + 1);
    const name = compiledName(codeOf(body.join('\n')));
    if (!found.has(name))
      found.set(name, {
        symbol,
        lines: [i, ...body.flatMap((line, k) => (codeOf(line) === '' ? [] : [i + 1 + k]))],
      });
    i = end;
  }
  return found;
}
