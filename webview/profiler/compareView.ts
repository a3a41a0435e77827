/** The Compare tab: another run against the one that is shown, aligned by IR op, with histograms and both timelines. */
import { columnUnit } from '../../src/profiler/layout/columnUnits';
import { fitAll } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import { queriesOf } from '../../src/protocol/profilerView';
import type {
  CompareRow,
  CompareTotal,
  Comparison,
  ProfilerHost,
  RemoteQueries,
} from '../../src/protocol/profilerView';
import { button, dropdown } from '../controls/controls';
import { cutText, element, icon } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { NameBook } from './nameBook';
import { OverlayHistogram } from './overlayHistogram';
import type { Session } from './session';
import { duration, ZoneChart } from './zoneChart';
import type { Band, ChartActions } from './zoneChart';

const ROW = 18;
/** Rows of the top tracks that each timeline shows. */
const MOST_ROWS = 8;

const signed = (t: number): string => `${t > 0 ? '+' : t < 0 ? '−' : '±'}${duration(Math.abs(t))}`;
const ratioText = (r: number | undefined): string =>
  r === undefined ? '' : `${r >= 1 ? '+' : '−'}${(Math.abs(r - 1) * 100).toFixed(1)} %`;

const VERDICTS: Readonly<Record<CompareRow['verdict'], readonly [icon: string, text: string]>> = {
  slower: ['arrow-up', 'slower'],
  faster: ['arrow-down', 'faster'],
  same: ['dash', 'no difference'],
  unknown: ['question', 'too few repeats'],
};

/** Why the runs differ here, in words: what is fused with what. */
function hintText(r: CompareRow): string {
  const { hint } = r;
  if (hint === undefined)
    return r.status === 'new' ? 'only in this run' : r.status === 'gone' ? 'no longer there' : '';
  switch (hint.kind) {
    case 'fused':
      return `now part of ${hint.into}`;
    case 'split':
      return `now split into ${hint.into.join(', ')} (${signed(hint.net)})`;
    case 'unfused':
      return `no longer fused into ${hint.from}`;
    case 'regrouped':
      return [
        hint.lost.length > 0 ? `no longer with ${hint.lost.join(', ')}` : '',
        hint.gained.length > 0 ? `now with ${hint.gained.join(', ')}` : '',
      ]
        .filter((t) => t !== '')
        .join('; ');
  }
}

const confidenceText = ({ confidence: c }: CompareRow | CompareTotal): string =>
  c === undefined
    ? ''
    : `${ratioText(c.low)} … ${ratioText(c.high)}, p ${c.adjusted < 0.001 ? '< 0.001' : c.adjusted.toFixed(3)}`;

export class CompareView {
  readonly element: HTMLElement;
  private session: Session | undefined;
  private other = 1;
  private comparison: Comparison | undefined;
  private asked = '';
  private chosen: CompareRow | undefined;
  /** The zone whose row was chosen when it was selected. */
  private followed: number | undefined;
  private viewport: Viewport = { from: 0, to: 1 };
  private readonly others = dropdown<string>('Run to compare with', (v) => {
    this.other = Number(v);
    this.ask();
    this.paint();
  });
  private readonly totals = element('div', { class: 'compare-totals' });
  private readonly body = element('tbody');
  private readonly head = element('tr');
  private readonly histogram: OverlayHistogram;
  private readonly charts: readonly [ZoneChart, ZoneChart];
  private readonly chartTitles = [
    element('div', { class: 'pane-label' }),
    element('div', { class: 'pane-label' }),
  ] as const;
  private books: readonly [Session, number, NameBook] | undefined;
  private kept:
    { readonly session: Session; readonly other: number; readonly queries: RemoteQueries } | undefined;
  private readonly empty: HTMLElement;
  private readonly full: HTMLElement;

  constructor(
    private readonly theme: () => Theme,
    private readonly host: Pick<ProfilerHost, 'compare' | 'addRun' | 'removeRun' | 'query'>,
    private readonly actions: ChartActions & { show(zone: number): void },
  ) {
    const add = (): void => void host.addRun().catch((e: unknown) => actions.failed(e));
    this.empty = element(
      'div',
      { class: 'message' },
      element(
        'p',
        {},
        'Add a run to compare with the one that is shown: dispatches are aligned by the model nodes they compute, whatever they are fused with.',
      ),
      element('div', { class: 'actions' }, button('Add a run…', add, 'primary')),
    );
    this.histogram = new OverlayHistogram(theme, (problem) => actions.failed(problem));
    this.charts = [this.chart('Timeline of the other run'), this.chart('Timeline of the run that is shown')];
    const table = element(
      'table',
      { class: 'zones-table', 'aria-label': 'Comparison' },
      element('thead', {}, this.head),
      this.body,
    );
    const remove = (): void => void host.removeRun(this.other).catch((e: unknown) => actions.failed(e));
    this.full = element(
      'div',
      { class: 'compare-full' },
      element(
        'div',
        { class: 'view-bar' },
        element('span', { class: 'dimmed' }, 'Before:'),
        this.others.element,
        button('Add a run…', add),
        button('Remove', remove),
        this.totals,
      ),
      element(
        'div',
        { class: 'compare-panes' },
        element('div', { class: 'table-scroll' }, table),
        element(
          'div',
          { class: 'compare-side' },
          this.histogram.element,
          this.chartTitles[0],
          this.charts[0].element,
          this.chartTitles[1],
          this.charts[1].element,
        ),
      ),
    );
    this.element = element('div', { class: 'view compare' }, this.empty, this.full);
  }

  draw(session: Session): void {
    if (this.session !== session) {
      this.session = session;
      this.asked = '';
      this.comparison = this.chosen = undefined;
      this.other = Math.min(Math.max(1, session.runs.length - 1), Math.max(1, this.other));
      const spans = session.runs.map((r) => r.info.span);
      this.viewport = fitAll(Math.max(...spans));
      this.others.setChoices(
        session.runs.slice(1).map((r, i) => ({ value: String(i + 1), label: r.title })),
        String(this.other),
      );
    }
    this.follow(session);
    this.ask();
    this.paint();
  }

  /** Selecting a zone elsewhere chooses its row. */
  private follow({ details }: Session): void {
    if (details === undefined || this.followed === details.zone || this.comparison === undefined) return;
    this.followed = details.zone;
    const { dispatch, entry } = details.facts;
    const same = (r: CompareRow): boolean =>
      dispatch === undefined ? r.name === details.name : r.dispatch?.[1] === dispatch && r.entry === entry;
    const index = this.comparison.rows.findIndex(same);
    if (index < 0) return;
    this.chosen = this.comparison.rows[index];
    this.body.children[index]?.scrollIntoView({ block: 'nearest' });
  }

  private chart(label: string): ZoneChart {
    return new ZoneChart(label, 0, this.theme, {
      ...this.actions,
      setViewport: (v) => {
        this.viewport = v;
        this.paint();
      },
      setRange: () => undefined,
      fit: () => {
        this.viewport = fitAll(Math.max(...(this.session?.runs ?? []).map((r) => r.info.span)));
        this.paint();
      },
    });
  }

  private ask(): void {
    const { session, other } = this;
    const key = String(other);
    if (session === undefined || session.runs.length < 2 || this.asked === key) return;
    this.asked = key;
    this.comparison = undefined;
    this.host.compare(other).then(
      (comparison) => {
        if (this.session !== session || this.other !== other) return;
        this.comparison = comparison;
        this.chosen = comparison.rows[0];
        this.fill();
        this.paint();
      },
      (problem: unknown) => this.actions.failed(problem),
    );
  }

  private fill(): void {
    const c = this.comparison;
    if (c === undefined) return;
    const several = c.totals.length > 1;
    this.totals.replaceChildren(
      ...c.totals.map((t) =>
        element(
          'span',
          { class: `verdict ${t.verdict}`, title: confidenceText(t) },
          icon(VERDICTS[t.verdict][0]),
          `${several && t.entry !== undefined ? `${t.entry}: ` : ''}${duration(t.before)} → ${duration(t.after)}, ${signed(t.difference)} (${ratioText(t.ratio)})`,
        ),
      ),
    );
    const unit = columnUnit(
      'time',
      c.rows.flatMap((r) => [r.before, r.after]),
    );
    const heads = [
      'Dispatch',
      `Difference ${unit.unit}`,
      'Change',
      `Before ${unit.unit}`,
      `After ${unit.unit}`,
      'Confidence',
      'Why',
      'Model nodes',
    ];
    const textual = new Set([0, 6, 7]);
    this.head.replaceChildren(
      ...heads.map((h, i) =>
        element(
          'th',
          { scope: 'col', class: textual.has(i) ? 'col-name' : '' },
          element('span', { class: 'sort' }, h),
        ),
      ),
    );
    this.body.replaceChildren(...c.rows.map((r) => this.row(r, unit.format)));
  }

  private row(r: CompareRow, format: (v: number | undefined) => string): HTMLElement {
    const [codicon, verdict] = VERDICTS[r.verdict];
    const name = r.entry === undefined || this.entriesOf() < 2 ? r.name : `${r.entry}: ${r.name}`;
    const origins = r.origins.join(', ');
    const why = hintText(r);
    const sign = r.difference > 0 ? '+' : r.difference < 0 ? '−' : '';
    const row = element(
      'tr',
      { tabindex: 0 },
      element('td', { class: 'col-name', title: name }, cutText(name)),
      element('td', {}, `${sign}${format(Math.abs(r.difference))}`),
      element(
        'td',
        { class: `verdict ${r.verdict}`, title: verdict },
        icon(codicon),
        r.status === 'both' ? ` ${ratioText(r.ratio)}` : ` ${r.status}`,
      ),
      element('td', {}, r.status === 'new' ? '' : format(r.before)),
      element('td', {}, r.status === 'gone' ? '' : format(r.after)),
      element('td', { class: 'dimmed' }, confidenceText(r)),
      element('td', { class: 'col-name', title: why }, why),
      element('td', { class: 'col-origins', title: origins }, cutText(origins)),
    );
    const choose = (): void => {
      this.chosen = r;
      this.paint();
    };
    row.addEventListener('click', choose);
    row.addEventListener('keydown', (e) => {
      const to =
        e.key === 'ArrowDown'
          ? row.nextElementSibling
          : e.key === 'ArrowUp'
            ? row.previousElementSibling
            : undefined;
      if (to instanceof HTMLElement) {
        to.focus();
        to.click();
      } else if (e.key === 'Enter') {
        const dispatch = r.dispatch?.[1];
        const query =
          dispatch === undefined
            ? { name: r.name }
            : { dispatch, ...(r.entry === undefined ? {} : { entry: r.entry }) };
        this.session?.queries.longest(query).then(
          (zone) => {
            if (zone !== undefined && zone !== null) this.actions.show(zone);
          },
          (problem: unknown) => this.actions.failed(problem),
        );
      } else return;
      e.preventDefault();
    });
    return row;
  }
  private entriesOf(): number {
    return this.comparison?.totals.length ?? 0;
  }

  private paint(): void {
    const { session, comparison, chosen } = this;
    if (session === undefined) return;
    const alone = session.runs.length < 2;
    this.empty.hidden = !alone;
    this.full.hidden = alone;
    if (alone) return;
    [...this.body.children].forEach((row, i) =>
      row.classList.toggle('selected', comparison?.rows[i] === chosen && chosen !== undefined),
    );
    const other = session.runs[this.other];
    if (other === undefined) return;
    const queries = this.otherQueries(session);
    if (chosen !== undefined) this.histogram.show(chosen, [queries, session.queries]);
    this.chartTitles[0].textContent = `Before: ${other.title}`;
    this.chartTitles[1].textContent = `After: ${session.title}`;
    if (this.books?.[0] !== session || this.books[1] !== this.other)
      this.books = [
        session,
        this.other,
        new NameBook(
          queries,
          other.info.names,
          () => this.paint(),
          (p) => this.actions.failed(p),
        ),
      ];
    const extent = Math.max(other.info.span, session.span);
    for (const [chart, run, names, ask] of [
      [this.charts[0], other, this.books[2], queries],
      [this.charts[1], session.runs[0]!, session.names, session.queries],
    ] as const) {
      const bands = topBands(run.info.tracks);
      chart.draw(
        {
          queries: ask,
          source: { kind: 'tracks' },
          extent,
          height: bands.length * ROW,
          bands,
          names,
          prefix: session.prefix,
          search: chosen?.name ?? '',
          selected: undefined,
          range: undefined,
          marks: [],
          tooltip: (hit) => ({
            lines: [
              names.text(hit.name),
              hit.count > 1 ? `${hit.count} zones` : duration(Math.round(hit.to - hit.from)),
            ],
          }),
        },
        this.viewport,
      );
    }
  }

  /** The same object for the same run: a chart forgets what it has when it changes. */
  private otherQueries(session: Session): RemoteQueries {
    if (this.kept?.session !== session || this.kept.other !== this.other)
      this.kept = { session, other: this.other, queries: queriesOf(this.host, this.other) };
    return this.kept.queries;
  }
}

/** Rows of the tracks from the top: the queue where there is one stands there. */
function topBands(tracks: Session['info']['tracks']): readonly Band[] {
  const bands: Band[] = [];
  let row = 0;
  for (const t of tracks) {
    for (let depth = 0; depth < t.rows && bands.length < MOST_ROWS; depth++)
      bands.push({ y: bands.length * ROW, height: ROW - 1, row: row + depth });
    row += t.rows;
  }
  return bands;
}
