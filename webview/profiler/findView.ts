/** The Find Zone tab: the times of the zones with a name as a histogram, what describes them, groups, and single zones. */
import { axisBottom, axisLeft, brushX, scaleLinear, scaleLog, select } from 'd3';
import type { D3BrushEvent } from 'd3';
import { formatInstant } from '../../src/profiler/layout/ticks';
import { FIND_GROUPS } from '../../src/profiler/layout/histogram';
import type { FindAnswer, FindGroup, FindRequest } from '../../src/profiler/layout/histogram';
import { dropdown, searchField } from '../controls/controls';
import { cutText, element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Session } from './session';
import { duration } from './zoneChart';

const BINS = 80;
/** Labels of the axis, at equal distances on either scale. */
const TICKS = 6;
const MARGIN = { left: 46, right: 12, top: 8, bottom: 22 } as const;
const GROUP_LABELS: Readonly<Record<FindGroup, string>> = {
  name: 'Name',
  thread: 'Thread',
  dispatch: 'Dispatch',
  entry: 'Entry point',
};
type Counted = 'count' | 'time';

export interface FindActions {
  show(zone: number): void;
  failed(problem: unknown): void;
}

export class FindView {
  readonly element: HTMLElement;
  private session: Session | undefined;
  private text = '';
  private exact = false;
  private group: FindGroup = 'thread';
  private log = true;
  private counted: Counted = 'count';
  private track = 'all';
  private between: FindRequest['between'];
  private asked = '';
  private answer: FindAnswer | undefined;
  /** The zone whose name was taken over when it was selected. */
  private followed: number | undefined;
  private readonly field = searchField('Name of the zones', {
    change: (text) => {
      this.text = text;
      this.exact = false;
      this.between = undefined;
      this.ask();
    },
    enter: () => {
      const longest = this.answer?.groups[0]?.longest;
      if (longest !== undefined) this.actions.show(longest);
    },
    escape: () => this.field.clear(),
  });
  private readonly groups = dropdown<FindGroup>('Group by', (v) => {
    this.group = v;
    this.ask();
  });
  private readonly scales = dropdown<'log' | 'linear'>('Scale of time', (v) => {
    this.log = v === 'log';
    this.between = undefined;
    this.ask();
  });
  private readonly heights = dropdown<Counted>('Height of the bars', (v) => {
    this.counted = v;
    this.paint();
  });
  private readonly tracks = dropdown<string>('Track', (v) => {
    this.track = v;
    this.ask();
  });
  private readonly plot = element('div', { class: 'plot' });
  private readonly svg = select(this.plot).append('svg').attr('role', 'img');
  private readonly facts = element('dl', { class: 'facts' });
  private readonly groupRows = element('tbody');
  private readonly zoneRows = element('tbody');
  private readonly zoneTable: HTMLElement;
  private readonly hint = element('p', { class: 'message dimmed' });
  private readonly found: HTMLElement;

  constructor(
    private readonly theme: () => Theme,
    private readonly actions: FindActions,
  ) {
    this.groups.setChoices(
      FIND_GROUPS.map((value) => ({ value, label: `By ${GROUP_LABELS[value].toLowerCase()}` })),
      this.group,
    );
    this.scales.setChoices(
      [
        { value: 'log', label: 'Logarithmic' },
        { value: 'linear', label: 'Linear' },
      ],
      'log',
    );
    this.heights.setChoices(
      [
        { value: 'count', label: 'Number of zones' },
        { value: 'time', label: 'Their time' },
      ],
      this.counted,
    );
    const bar = element(
      'div',
      { class: 'view-bar' },
      this.field.element,
      this.tracks.element,
      this.groups.element,
      this.scales.element,
      this.heights.element,
    );
    const head = (...names: readonly string[]): HTMLElement =>
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...names.map((n, i) => element('th', { scope: 'col', class: i === 0 ? 'col-name' : '' }, n)),
        ),
      );
    const groupTable = element(
      'table',
      { class: 'zones-table plain', 'aria-label': 'Groups' },
      head('Group', 'Zones', 'Total', 'Mean', 'Median', 'Max'),
      this.groupRows,
    );
    this.zoneTable = element(
      'table',
      { class: 'zones-table plain', 'aria-label': 'Zones of the chosen times' },
      head('Zone at', 'Time'),
      this.zoneRows,
    );
    this.found = element(
      'div',
      { class: 'find-found' },
      element('div', { class: 'find-top' }, this.plot, this.facts),
      element('div', { class: 'find-tables' }, groupTable, this.zoneTable),
    );
    this.element = element('div', { class: 'view find' }, bar, this.hint, this.found);
    new ResizeObserver(() => this.paint()).observe(this.plot);
  }

  draw(session: Session): void {
    if (this.session !== session) {
      this.session = session;
      this.answer = undefined;
      this.asked = '';
      const queue = session.info.tracks.findIndex((t) => t.kind === 'queue');
      this.track = queue >= 0 ? String(queue) : 'all';
      this.tracks.setChoices(
        [
          { value: 'all', label: 'All tracks' },
          ...session.info.tracks.flatMap((t, i) =>
            t.kind === 'counter' ? [] : [{ value: String(i), label: t.name }],
          ),
        ],
        this.track,
      );
    }
    this.follow(session);
    this.ask();
    this.paint();
  }

  /** Selecting a zone elsewhere asks for its like. */
  private follow({ details }: Session): void {
    if (details === undefined || this.followed === details.zone) return;
    this.followed = details.zone;
    if (this.exact && this.text === details.name) return;
    this.text = details.name;
    this.exact = true;
    this.between = undefined;
    this.field.set(details.name);
  }

  private ask(): void {
    const { session, text, exact, group, log, between } = this;
    if (session === undefined) return;
    const request: FindRequest = {
      text,
      exact,
      group,
      log,
      bins: BINS,
      ...(this.track === 'all' ? {} : { track: Number(this.track) }),
      ...(session.range === undefined ? {} : { range: session.range }),
      ...(between === undefined ? {} : { between }),
    };
    const key = JSON.stringify(request);
    if (text === '') {
      this.asked = '';
      this.answer = undefined;
      this.paint();
      return;
    }
    if (key === this.asked) return;
    this.asked = key;
    session.queries.find(request).then(
      (answer) => {
        if (this.session !== session || this.asked !== key) return;
        this.answer = answer;
        this.paint();
      },
      (problem: unknown) => this.actions.failed(problem),
    );
  }

  private paint(): void {
    const { answer } = this;
    const d = answer?.description;
    this.found.hidden = d === undefined;
    this.hint.hidden = d !== undefined;
    this.hint.textContent =
      this.text === ''
        ? 'Type a name, or select a zone, to see how its times are distributed.'
        : answer === undefined
          ? 'Counting…'
          : `No zone is called like “${this.text}”${this.track === 'all' ? '' : ' on this track'}.`;
    if (answer === undefined || d === undefined) return;
    const fact = (label: string, value: string, title?: string): readonly HTMLElement[] => [
      element('dt', title === undefined ? {} : { title }, label),
      element('dd', {}, value),
    ];
    this.facts.replaceChildren(
      ...fact('Zones', d.count.toLocaleString('en')),
      ...fact('Total', duration(d.total)),
      ...fact('Mean', duration(d.mean)),
      ...fact('Median', duration(d.median)),
      ...fact('Mode', duration(d.mode), 'Middle of the highest bar'),
      ...fact('σ', duration(d.deviation), 'Standard deviation'),
      ...fact('Min', duration(d.min)),
      ...fact('p90', duration(d.p90)),
      ...fact('p95', duration(d.p95)),
      ...fact('p99', duration(d.p99)),
      ...fact('p99.9', duration(d.p999)),
      ...fact('Max', duration(d.max)),
    );
    this.paintGroups(answer);
    this.paintZones(answer);
    this.paintHistogram(answer);
  }

  private paintGroups({ groups }: FindAnswer): void {
    const cellOf = (text: string): HTMLElement => element('td', {}, text);
    this.groupRows.replaceChildren(
      ...groups.map((g) => {
        const name = element('td', { class: 'col-name', title: g.label }, cutText(g.label));
        const row = element(
          'tr',
          { tabindex: 0 },
          name,
          cellOf(g.count.toLocaleString('en')),
          cellOf(duration(g.total)),
          cellOf(duration(g.mean)),
          cellOf(duration(g.median)),
          cellOf(duration(g.max)),
        );
        this.onChoose(row, g.longest);
        return row;
      }),
    );
  }

  private paintZones({ zones }: FindAnswer): void {
    this.zoneTable.hidden = zones.length === 0;
    this.zoneRows.replaceChildren(
      ...zones.map((z) => {
        const row = element(
          'tr',
          { tabindex: 0 },
          element('td', { class: 'col-name' }, formatInstant(z.start, 1000)),
          element('td', {}, duration(z.duration)),
        );
        this.onChoose(row, z.zone);
        return row;
      }),
    );
  }

  private onChoose(row: HTMLElement, zone: number): void {
    row.addEventListener('click', () => this.choose(zone));
    row.addEventListener('keydown', (e) => {
      if (e.key === 'Enter') this.choose(zone);
      else if (e.key === 'ArrowDown') (row.nextElementSibling as HTMLElement | null)?.focus();
      else if (e.key === 'ArrowUp') (row.previousElementSibling as HTMLElement | null)?.focus();
      else return;
      e.preventDefault();
    });
  }
  /** Shows a zone without taking over its name: the search stays as it is. */
  private choose(zone: number): void {
    this.followed = zone;
    this.actions.show(zone);
  }

  private paintHistogram({ edges, counts, totals }: FindAnswer): void {
    const width = Math.max(160, this.plot.clientWidth);
    const height = Math.max(90, this.plot.clientHeight);
    const values = Array.from<number>(this.counted === 'count' ? counts : totals);
    const most = values.reduce((a, b) => Math.max(a, b), 0);
    const low = edges[0]!;
    const high = edges[edges.length - 1]!;
    const span: [number, number] = [MARGIN.left, width - MARGIN.right];
    const x = this.log
      ? scaleLog([Math.max(1, low), Math.max(high, 1.001)], span)
      : scaleLinear([low, high], span);
    const y = scaleLinear([0, most], [height - MARGIN.bottom, MARGIN.top]);
    this.svg
      .attr('width', width)
      .attr('height', height)
      .attr('aria-label', 'Histogram of the times; the table of groups follows');
    this.svg.selectAll('*').remove();
    this.svg
      .append('g')
      .attr('class', 'plot-axis')
      .attr('transform', `translate(0,${height - MARGIN.bottom})`)
      .call(
        axisBottom<number>(x)
          .tickValues(
            Array.from({ length: TICKS }, (_, i) =>
              x.invert(span[0] + ((span[1] - span[0]) * (i + 0.5)) / TICKS),
            ),
          )
          .tickFormat((v) => duration(v)),
      );
    this.svg
      .append('g')
      .attr('class', 'plot-axis')
      .attr('transform', `translate(${MARGIN.left},0)`)
      .call(
        axisLeft(y)
          .ticks(this.counted === 'count' ? Math.min(4, most) : 4)
          .tickFormat((v) => (this.counted === 'count' ? String(v) : duration(Number(v)))),
      );
    const at = (i: number): number => x(this.log ? Math.max(1, edges[i]!) : edges[i]!);
    const theme = this.theme();
    this.svg
      .append('g')
      .selectAll('rect')
      .data(values.map((value, i) => ({ value, i })).filter((b) => b.value > 0))
      .join('rect')
      .attr('x', (b) => at(b.i))
      .attr('width', (b) => Math.max(1, at(b.i + 1) - at(b.i) - 0.5))
      .attr('y', (b) => Math.min(y(b.value), height - MARGIN.bottom - 1))
      .attr('height', (b) => Math.max(1, height - MARGIN.bottom - y(b.value)))
      .attr('fill', theme.counter);
    this.paintSelected(x, height);
    this.brush(x, width, height);
  }

  /** Where the selected zone lies among its like. */
  private paintSelected(x: (v: number) => number | undefined, height: number): void {
    const { details } = this.session!;
    if (details === undefined || details.name !== this.text) return;
    const at = x(Math.max(1, details.duration));
    if (at === undefined || !Number.isFinite(at)) return;
    this.svg
      .append('line')
      .attr('class', 'plot-marker')
      .attr('x1', at)
      .attr('x2', at)
      .attr('y1', MARGIN.top)
      .attr('y2', height - MARGIN.bottom);
  }

  /** Dragging over the bars lists the zones of these times. */
  private brush(x: { invert(v: number): number }, width: number, height: number): void {
    const area = brushX<undefined>()
      .extent([
        [MARGIN.left, MARGIN.top],
        [width - MARGIN.right, height - MARGIN.bottom],
      ])
      .on('end', (e: D3BrushEvent<undefined>) => {
        if (e.sourceEvent === undefined || e.sourceEvent === null) return;
        const [from, to] = (e.selection ?? []) as number[];
        this.between =
          from === undefined || to === undefined ? undefined : { from: x.invert(from), to: x.invert(to) };
        this.ask();
      });
    this.svg.append('g').datum(undefined).call(area);
  }
}
