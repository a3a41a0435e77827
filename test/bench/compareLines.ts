/**
 * The second opinion on text that no compiler here accepts: what its lines say, without brackets or nesting. A line that
 * begins `%a, %b:2 = dialect.op` or `"dialect.op"(` begins an op with those results; the values on it are its operands.
 */
import { lineAt, lineStarts } from '../../src/base/lines';
import { parseStructure } from '../../src/dump/structure/parseStructure';
import { walkStructure } from '../../src/dump/structure/structure';
import type { Comparison } from './compareStructure';

const opLine =
  /^\s*(?:((?:%[\w$.-]+(?::\d+)?(?:\s*,\s*)?)+)\s*=\s*)?(?:"([A-Za-z_][\w$.-]*)"\s*\(|([a-z_][\w$]*\.[\w$][\w$.]*)(?![\w$.]))(.*)$/;
/** A line after which an op does not go on. */
const newStart = /^\s*(?:$|\}|\^|\/\/|%[\w$.-]+[^=]*=|"[\w.]+"\s*\(|return\b|[a-z_][\w$]*\.)/;

interface Line {
  readonly name: string;
  readonly results: number;
  /** Values on the line after the name; undefined where the op goes on or opens a region with arguments. */
  readonly operands: readonly string[] | undefined;
}

function linesOf(text: string): Map<number, Line> {
  const found = new Map<number, Line>();
  const lines = text.split('\n');
  lines.forEach((raw, i) => {
    const line = raw.replace(/\/\/.*$/, '');
    const m = opLine.exec(line);
    // An attribute of a dictionary: `foo.bar = 1`.
    if (m === null || (m[1] === undefined && /^\s*=/.test(m[4]!))) return;
    const results = [...(m[1] ?? '').matchAll(/%[\w$.-]+(?::(\d+))?/g)].reduce(
      (n, r) => n + Number(r[1] ?? 1),
      0,
    );
    const rest = m[4]!.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    const balanced = [...rest].reduce(
      (n, c) => n + ('([{'.includes(c) ? 1 : ')]}'.includes(c) ? -1 : 0),
      m[2] === undefined ? 0 : 1,
    );
    const alone = newStart.test(lines[i + 1] ?? '');
    const simple = alone && balanced === 0 && !rest.includes('=') && !/[{@]/.test(rest) && /[:]/.test(rest);
    found.set(i, {
      name: m[2] ?? m[3]!,
      results,
      operands: simple ? [...rest.matchAll(/%[\w$.-]+(?:#\d+)?/g)].map((v) => v[0]) : undefined,
    });
  });
  return found;
}

export function compareLines(text: string): Comparison {
  const lines = linesOf(text);
  const wrong: string[] = [];
  const starts = lineStarts(text);
  const seen = new Set<number>();
  for (const op of walkStructure(parseStructure(text).ops)) {
    const i = lineAt(starts, op.start);
    const line = lines.get(i);
    const first = /^\s*$/.test(text.slice(starts[i], op.start));
    if (!first) continue;
    if (line === undefined) {
      // Without a dialect, lines do not tell what is an op.
      if (op.name.includes('.') && lineAt(starts, op.nameRange.start) === i)
        wrong.push(`${i + 1}: ${op.name} is no op`);
      continue;
    }
    seen.add(i);
    const results = op.results.reduce((n, r) => n + r.count, 0);
    const operands = op.operands.map((o) =>
      o.resultNumber === undefined ? o.name : `${o.name}#${o.resultNumber}`,
    );
    if (op.name !== line.name) wrong.push(`${i + 1}: ${op.name} is ${line.name}`);
    else if (results !== line.results)
      wrong.push(`${i + 1}: ${op.name}: ${results} results of ${line.results}`);
    else if (line.operands !== undefined && line.operands.join() !== operands.join())
      wrong.push(`${i + 1}: ${op.name}: operands ${operands.join()} are ${line.operands.join()}`);
  }
  for (const [i, line] of lines) if (!seen.has(i)) wrong.push(`${i + 1}: ${line.name} not found`);
  return { ops: lines.size, wrong };
}
