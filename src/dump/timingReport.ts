/** Timing reports of MLIR (`--mlir-timing`), as text or JSON. Times are wall time in seconds. */

export interface TimingNode {
  readonly name: string;
  readonly seconds: number;
  readonly children: readonly TimingNode[];
}

export interface TimingReport {
  readonly nodes: readonly TimingNode[];
  readonly totalSeconds?: number;
  /** UTF-16 range in the text it was found in. */
  readonly start: number;
  readonly end: number;
}

/** The last report in a text, or undefined. What can be read of a cut report is kept. */
export function findTimingReport(text: string): TimingReport | undefined {
  const title = /^[^\n]*\.\.\. (?:Pass e|E)xecution tim(?:e|ing) report \.\.\.[^\n]*$/gim;
  let found: RegExpExecArray | undefined;
  for (let m = title.exec(text); m !== null; m = title.exec(text)) found = m;
  if (found !== undefined) return readText(text, found.index);
  return readJson(text);
}

const row = /^((?:\s*\d+\.\d+ \(\s*\d+\.\d+%\))+) {2}(\s*)(\S.*?)\s*$/;
const column = /(\d+\.\d+) \(\s*\d+\.\d+%\)/g;

interface OpenNode {
  readonly name: string;
  readonly seconds: number;
  readonly children: OpenNode[];
}

function readText(text: string, title: number): TimingReport {
  const rule = text.lastIndexOf('\n', title - 2);
  const above = text.slice(rule + 1, title);
  const start = above.trimStart().startsWith('===') ? rule + 1 : title;
  const nodes: OpenNode[] = [];
  const open: { readonly indent: number; readonly node: OpenNode }[] = [];
  let totalSeconds: number | undefined;
  let position = text.indexOf('\n', title) + 1;
  let end = position === 0 ? text.length : position;
  while (position > 0 && position < text.length) {
    const stop = text.indexOf('\n', position);
    const line = text.slice(position, stop < 0 ? text.length : stop).replace(/\r$/, '');
    const total = /^\s*Total Execution Time: (\d+(?:\.\d+)?) seconds/.exec(line);
    const m = row.exec(line);
    if (total !== null) totalSeconds = Number(total[1]);
    else if (m !== null) {
      const times = [...m[1]!.matchAll(column)];
      const node: OpenNode = {
        name: m[3]!,
        seconds: Number(times[times.length - 1]?.[1] ?? 0),
        children: [],
      };
      const indent = m[2]!.length;
      while (open.length > 0 && open[open.length - 1]!.indent >= indent) open.pop();
      const parent = open[open.length - 1];
      if (parent === undefined && node.name === 'Total') totalSeconds ??= node.seconds;
      else (parent?.node.children ?? nodes).push(node);
      open.push({ indent, node });
    } else if (!/^\s*(?:$|===|-{2,}.*Time-{2,})/.test(line)) break;
    position = stop < 0 ? 0 : stop + 1;
    end = position === 0 ? text.length : position;
  }
  return { nodes, ...(totalSeconds === undefined ? {} : { totalSeconds }), start, end };
}

function readJson(text: string): TimingReport | undefined {
  const at = text.lastIndexOf('"name": "Total"');
  const first = /\[\s*\{\s*"user":/g;
  let start = -1;
  for (let m = first.exec(text); m !== null; m = first.exec(text)) {
    // Nested arrays are the children of a row.
    if (text.slice(Math.max(0, m.index - 12), m.index).includes('"passes":')) continue;
    start = m.index;
  }
  if (start < 0) return undefined;
  const close = text.indexOf(']', Math.max(at, start));
  const end = close < 0 || at < start ? text.length : close + 1;
  let rows: unknown;
  try {
    rows = JSON.parse(text.slice(start, end));
  } catch {
    return undefined;
  }
  let totalSeconds: number | undefined;
  const convert = (values: unknown): TimingNode[] =>
    (Array.isArray(values) ? (values as readonly unknown[]) : []).flatMap((value) => {
      const item = value as { name?: unknown; wall?: { duration?: unknown }; passes?: unknown };
      if (typeof item.name !== 'string') return [];
      return [{ name: item.name, seconds: Number(item.wall?.duration ?? 0), children: convert(item.passes) }];
    });
  const nodes = convert(rows).filter((node) => {
    if (node.name === 'Total') totalSeconds = node.seconds;
    return node.name !== 'Total';
  });
  return { nodes, ...(totalSeconds === undefined ? {} : { totalSeconds }), start, end };
}
