/** A comparison by model nodes as text for terminals. */
import { formatTable } from '../base/table';
import type { NodeComparison, NodeRow } from './compareNodes';
import { firstApart } from './compareNodes';

const few = 24;
const number = (x: number): string =>
  !Number.isFinite(x)
    ? String(x)
    : x === 0
      ? '0'
      : x >= 1e-3 && x < 1e5
        ? x.toPrecision(3)
        : x.toExponential(1);

/** The nodes that are furthest apart, at most `limit` of them, in graph order, and the first that is too far. */
export function nodeTable(c: NodeComparison, limit = few): string {
  const worst = [...c.rows].sort((a, b) => b.statistics.worst - a.statistics.worst).slice(0, limit);
  const first = firstApart(c);
  const shown = new Set<NodeRow>([...worst, ...(first === undefined ? [] : [first])]);
  const rows = c.rows.filter((r) => shown.has(r));
  const table = formatTable(rows, [
    { title: '#', cell: (r) => String(r.position), align: 'right' },
    { title: 'node', cell: (r) => r.node, maxWidth: 56 },
    { title: c.expected, cell: (r) => r.expectedBy, maxWidth: 28 },
    { title: c.found, cell: (r) => r.foundBy, maxWidth: 44 },
    { title: 'largest', cell: (r) => number(r.statistics.maxAbsolute), align: 'right' },
    { title: 'relative', cell: (r) => number(r.statistics.maxRelative), align: 'right' },
    { title: 'mean', cell: (r) => number(r.statistics.meanAbsolute), align: 'right' },
    {
      title: 'error / allowed',
      cell: (r) => `${r.statistics.worst <= 1 ? '✓' : '✗'} ${number(r.statistics.worst)}`,
    },
  ]);
  const left = c.rows.length - rows.length;
  const counts = `${c.rows.length} nodes compared${left > 0 ? `, ${left} not shown` : ''}${c.inside > 0 ? `; ${c.inside} lie within kernels or have no tensor in one of them` : ''}`;
  const verdict =
    first === undefined
      ? `All are within tolerance.`
      : `The first that differs is node ${first.position}, ${first.node}: ${firstText(first)}`;
  return `${table}\n\n${counts}\n${verdict}`;
}

function firstText({ statistics: s }: NodeRow): string {
  const at = s.firstBeyond;
  const where =
    at === undefined
      ? ''
      : ` at [${at.index.join(', ')}]: ${number(at.found)}, expected ${number(at.expected)}`;
  return `${s.beyond} of ${s.elements} elements beyond tolerance, the first${where}`;
}
