/** What is known of a slowdown: both timelines on one scale, the dispatches as a table, the schedule, both kernels side by side. */
import { pairedRows } from '../../src/base/pairedRows';
import { formatDuration, ns } from '../../src/base/units';
import type { DispatchChange, KernelCode, PerfEvidence } from '../../src/protocol/bisectView';
import { breakable, element } from '../shared/dom';
import { section } from './culpritPanel';

const svg = 'http://www.w3.org/2000/svg';
const mostChanges = 20;
const sideNames = ['Good', 'Bad'] as const;
const time = (t: number): string => formatDuration(ns(t));

export function perfSections(e: PerfEvidence): readonly HTMLElement[] {
  return [
    section('Timelines', timelines(e)),
    section('Dispatches', changesTable(e)),
    ...(e.schedule === undefined
      ? []
      : [
          section(
            `Schedule: ${e.schedule.entries.join(' and ')}`,
            element(
              'dl',
              { class: 'schedules' },
              element('dt', {}, 'Good'),
              element('dd', {}, breakable(e.schedule.good)),
              element('dt', {}, 'Bad'),
              element('dd', {}, breakable(e.schedule.bad)),
            ),
          ),
        ]),
    ...kernels(e),
  ];
}

/** Two rows of bars; what changed most is lit, and joined from row to row. The table below is its twin. */
function timelines(e: PerfEvidence): HTMLElement {
  const starts = e.sides.map((side) => {
    let at = 0;
    return side.map((d) => (at += d.ns) - d.ns);
  });
  const totals = e.sides.map((side) => side.reduce((sum, d) => sum + d.ns, 0));
  const width = 1000;
  const [rowHeight, gap] = [20, 18];
  const scale = width / Math.max(1, ...totals);
  const [worst] = e.changes;
  const drawing = document.createElementNS(svg, 'svg');
  const shape = (tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement => {
    const made = document.createElementNS(svg, tag);
    for (const [k, v] of Object.entries(attributes)) made.setAttribute(k, String(v));
    drawing.append(made);
    return made;
  };
  drawing.setAttribute('viewBox', `0 0 ${width} ${2 * rowHeight + gap}`);
  drawing.setAttribute('preserveAspectRatio', 'none');
  drawing.setAttribute('class', 'timelines');
  drawing.setAttribute('role', 'img');
  drawing.setAttribute(
    'aria-label',
    `Timelines: good ${time(totals[0]!)}, bad ${time(totals[1]!)}. The table of dispatches says the same.`,
  );
  const extent = (side: 0 | 1, i: number): readonly [number, number] => {
    const start = starts[side]![i]! * scale;
    return [start, start + Math.max(0.5, e.sides[side][i]!.ns * scale)];
  };
  for (const g of worst?.good ?? [])
    for (const b of worst?.bad ?? []) {
      const [[g0, g1], [b0, b1]] = [extent(0, g), extent(1, b)];
      shape('polygon', {
        class: 'joint',
        points: `${g0},${rowHeight} ${g1},${rowHeight} ${b1},${rowHeight + gap} ${b0},${rowHeight + gap}`,
      });
    }
  e.sides.forEach((side, s) => {
    const lit = new Set(s === 0 ? worst?.good : worst?.bad);
    side.forEach((d, i) => {
      const [x0, x1] = extent(s as 0 | 1, i);
      const bar = shape('rect', {
        class: `zone${lit.has(i) ? ' lit' : i % 2 === 0 ? '' : ' odd'}`,
        x: x0,
        y: s * (rowHeight + gap),
        width: x1 - x0,
        height: rowHeight,
      });
      const title = document.createElementNS(svg, 'title');
      title.textContent = `${d.index} ${d.name}\n${time(d.ns)}\n${d.schedule}`;
      bar.append(title);
    });
  });
  const label = (s: 0 | 1): HTMLElement =>
    element('span', {}, `${sideNames[s]} `, element('span', { class: 'number' }, time(totals[s]!)));
  return element(
    'div',
    { class: 'timelines-box' },
    element('div', { class: 'timelines-labels' }, label(0), label(1)),
    drawing,
  );
}

function launches(e: PerfEvidence, side: 0 | 1, indices: readonly number[]): string {
  const shown = indices
    .slice(0, 3)
    .map((i) => `${i} ${e.sides[side][i]!.name.replace(/^\w*?_dispatch_\d+_/, '')}`);
  return `${shown.join(' + ')}${indices.length > 3 ? ` and ${indices.length - 3} more` : ''}`;
}

function changesTable(e: PerfEvidence): HTMLElement {
  const cell = (tag: 'th' | 'td', text: string, number = false): HTMLElement =>
    number ? element(tag, { class: 'number' }, text) : element(tag, {}, breakable(text));
  const changed = e.changes.filter((c) => c.verdict !== 'same');
  const shown = (changed.length === 0 ? e.changes : changed).slice(0, mostChanges);
  const row = (c: DispatchChange): HTMLElement =>
    element(
      'tr',
      { class: c === e.changes[0] ? 'worst' : '' },
      cell('td', launches(e, 0, c.good)),
      cell('td', launches(e, 1, c.bad)),
      cell('td', c.good.length === 0 ? '' : time(c.goodNs), true),
      cell('td', c.bad.length === 0 ? '' : time(c.badNs), true),
      cell('td', `${c.badNs > c.goodNs ? '+' : '−'}${time(Math.abs(c.badNs - c.goodNs))}`, true),
      cell(
        'td',
        c.ratio === undefined
          ? c.verdict
          : `${c.ratio.toFixed(2)} (${c.range!.map((x) => x.toFixed(2)).join(' to ')})`,
        true,
      ),
      cell(
        'td',
        c.nodes.slice(0, 2).join(', ') + (c.nodes.length > 2 ? ` and ${c.nodes.length - 2} more` : ''),
      ),
    );
  return element(
    'div',
    { class: 'table-box' },
    element(
      'table',
      { class: 'changes' },
      element(
        'tr',
        {},
        cell('th', 'good'),
        cell('th', 'bad'),
        cell('th', 'good', true),
        cell('th', 'bad', true),
        cell('th', 'growth', true),
        cell('th', 'bad / good', true),
        cell('th', 'model nodes'),
      ),
      ...shown.map(row),
    ),
    element(
      'p',
      { class: 'dimmed' },
      `${e.pairs} pairs of fresh processes, ${e.changes.length - changed.length} of ${e.changes.length} unchanged`,
    ),
  );
}

function kernels({ kernels: [good, bad], equalLines }: PerfEvidence): readonly HTMLElement[] {
  if (good === undefined && bad === undefined) return [];
  const both = (
    title: string,
    text: (k: KernelCode) => string,
    equal: readonly (readonly [number, number])[],
    head: (k: KernelCode) => string,
  ): HTMLElement => {
    const lines = (k: KernelCode | undefined): readonly string[] =>
      k === undefined || text(k) === '' ? [] : text(k).split('\n');
    const rows = pairedRows(lines(good), lines(bad), equal);
    const pane = (side: 0 | 1): HTMLElement => {
      const k = side === 0 ? good : bad;
      const pre = element('pre', {
        class: 'code pane diff',
        tabindex: 0,
        'aria-label': `${title}, ${sideNames[side]}`,
      });
      for (const row of rows) {
        const line = row[side];
        const kind = row[2] ? '' : line === undefined ? 'absent' : side === 0 ? 'removed' : 'added';
        pre.append(element('span', kind === '' ? {} : { class: kind }, `${line ?? ''}\n`));
      }
      return element(
        'div',
        {},
        element(
          'div',
          { class: 'pane-title' },
          `${sideNames[side]} `,
          element('span', { class: 'dimmed' }, k === undefined ? 'no such kernel' : head(k)),
        ),
        pre,
      );
    };
    const panes = [pane(0), pane(1)];
    const [left, right] = panes.map((p) => p.querySelector('pre')!);
    for (const [from, to] of [
      [left!, right!],
      [right!, left!],
    ] as const)
      from.addEventListener('scroll', () => {
        if (Math.abs(to.scrollTop - from.scrollTop) > 1) to.scrollTop = from.scrollTop;
      });
    return section(title, element('div', { class: 'side-by-side' }, ...panes));
  };
  const hasAssembly = [good, bad].some((k) => k !== undefined && k.assembly !== '');
  return [
    both(
      'Kernels in C',
      (k) => k.c,
      equalLines.c,
      (k) => k.name,
    ),
    ...(hasAssembly
      ? [
          both(
            'Kernels in assembly',
            (k) => k.assembly,
            equalLines.assembly,
            (k) => k.mix,
          ),
        ]
      : []),
  ];
}
