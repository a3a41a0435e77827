/** The evidence of a slowdown as text: both timelines on one scale, what became of each dispatch, both kernels side by side. */
import { pairedRows } from '../../base/pairedRows';
import { cutMiddle, formatTable } from '../../base/table';
import { formatDuration, ns } from '../../base/units';
import type { DispatchChange, KernelCode, PerfEvidence } from '../bisection';
import type { ReportSection } from '../reportText';
import { nodesText } from '../verdict';

/** Characters of a timeline, and of a column of code. */
const timelineWidth = 96;
const columnWidth = 64;
const mostRows = 100;
const mostChanges = 12;

export function perfSections(e: PerfEvidence): readonly ReportSection[] {
  const [worst] = e.changes;
  return [
    {
      title: 'both timelines',
      lines: [
        `${e.pairs} pairs of fresh processes; █ is what changed`,
        ...([0, 1] as const).map((side) => timelineText(e, side, worst)),
      ],
    },
    { title: 'dispatches', lines: changesTable(e).split('\n') },
    ...(e.schedule === undefined
      ? []
      : [
          {
            title: `schedule of ${e.schedule.dispatch}: ${e.schedule.entries.join(' and ')}`,
            lines: [`good  ${e.schedule.good}`, `bad   ${e.schedule.bad}`],
          },
        ]),
    ...kernelSections(e),
  ];
}

/** Bars of the dispatches in order, both sides on the scale of the slower one. */
function timelineText(e: PerfEvidence, side: 0 | 1, worst: DispatchChange | undefined): string {
  const total = (s: 0 | 1): number => e.sides[s].reduce((sum, d) => sum + d.ns, 0);
  const scale = timelineWidth / Math.max(1, total(0), total(1));
  const changed = new Set(side === 0 ? worst?.good : worst?.bad);
  let at = 0;
  let drawn = '';
  e.sides[side].forEach((d, i) => {
    at += d.ns;
    const width = Math.max(0, Math.round(at * scale) - drawn.length);
    drawn += (changed.has(i) ? '█' : i % 2 === 0 ? '▒' : '░').repeat(width);
  });
  return `${side === 0 ? 'good' : 'bad '} ${formatDuration(ns(total(side))).padStart(8)} ${drawn}`;
}

const launches = (e: PerfEvidence, side: 0 | 1, indices: readonly number[]): string =>
  indices.map((i) => `${i} ${e.sides[side][i]!.name.replace(/^\w*?_dispatch_\d+_/, '')}`).join(' + ') ||
  '(none)';

function changesTable(e: PerfEvidence): string {
  const shown = e.changes.filter((c) => c.verdict !== 'same');
  return formatTable((shown.length === 0 ? e.changes : shown).slice(0, mostChanges), [
    { title: 'dispatch (bad)', cell: (c) => launches(e, 1, c.bad), maxWidth: 44 },
    { title: 'good', cell: (c) => (c.good.length === 0 ? '' : formatDuration(ns(c.goodNs))), align: 'right' },
    { title: 'bad', cell: (c) => (c.bad.length === 0 ? '' : formatDuration(ns(c.badNs))), align: 'right' },
    { title: 'bad / good', cell: ratioText, align: 'right' },
    {
      title: '',
      cell: (c) =>
        c.good.length > 1 || c.bad.length > 1 ? `${c.verdict}, was ${launches(e, 0, c.good)}` : c.verdict,
      maxWidth: 40,
    },
    { title: 'model nodes', cell: (c) => nodesText(c.nodes, 2), maxWidth: 60 },
  ]);
}
const ratioText = (c: DispatchChange): string =>
  c.ratio === undefined ? '' : `${c.ratio.toFixed(2)} (${c.range!.map((x) => x.toFixed(2)).join(' to ')})`;

function kernelSections({ kernels, equalLines }: PerfEvidence): readonly ReportSection[] {
  const [good, bad] = kernels;
  if (good === undefined && bad === undefined) return [];
  const both = (
    what: string,
    text: (k: KernelCode) => string,
    equal: readonly (readonly [number, number])[],
  ) => ({
    title: `${what}, good and bad`,
    lines: [],
    code: sideBySide(good === undefined ? '' : text(good), bad === undefined ? '' : text(bad), equal),
  });
  const assembly = [good, bad].some((k) => k !== undefined && k.assembly !== '');
  return [
    {
      title: 'kernels',
      lines: [good, bad].map(
        (k, i) =>
          `${i === 0 ? 'good' : 'bad '}  ${k === undefined ? '(none)' : `${k.name}${k.mix === '' ? '' : `: ${k.mix}`}`}`,
      ),
    },
    both('C', (k) => k.c, equalLines.c),
    ...(assembly ? [both('assembly', (k) => k.assembly, equalLines.assembly)] : []),
  ];
}

/** `|` between lines that differ. Equal stretches are cut to their ends, so that what differs is in sight. */
export function sideBySide(
  left: string,
  right: string,
  equal: readonly (readonly [number, number])[],
): string {
  const rows = pairedRows(left.split('\n'), right.split('\n'), equal);
  const near = rows.map((_, i) => rows.slice(Math.max(0, i - 3), i + 4).some(([, , same]) => !same));
  const identical = rows.every(([, , same]) => same);
  const lines: string[] = [];
  let skipped = 0;
  rows.forEach(([a, b, same], i) => {
    if (!identical && !near[i]) {
      skipped++;
      return;
    }
    if (skipped > 0) lines.push(`… ${skipped} equal lines`);
    skipped = 0;
    const cell = (text: string | undefined): string =>
      cutMiddle((text ?? '').replaceAll('\t', '  '), columnWidth);
    lines.push(`${cell(a).padEnd(columnWidth)} ${same ? ' ' : '|'} ${cell(b)}`.trimEnd());
  });
  if (skipped > 0) lines.push(`… ${skipped} equal lines`);
  const cut = lines.length - mostRows;
  return cut <= 0 ? lines.join('\n') : `${lines.slice(0, mostRows).join('\n')}\n… ${cut} more lines`;
}
