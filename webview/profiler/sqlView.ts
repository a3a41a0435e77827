/** The SQL tab: a query over the trace, its answer as a table, a plot or CSV, and queries that are kept. */
import { axisBottom, axisLeft, scaleLinear, select } from 'd3';
import { toCsv } from '../../src/profiler/layout/csvText';
import type {
  Cell,
  NamedQuery,
  ProfilerHost,
  QueryResult,
  SavedQuery,
} from '../../src/protocol/profilerView';
import { RemoteCallError } from '../../src/protocol/rpc';
import { button, dropdown, iconButton } from '../controls/controls';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Session } from './session';

/** Rows that are asked for; a query can ask for less by LIMIT. */
const LIMIT = 10_000;
const PAGE = 500;
const MARGIN = { left: 70, right: 14, top: 10, bottom: 26 } as const;

export interface SqlActions {
  /** A cell of a column `id` or `slice_id` names a zone. */
  show(zone: number): void;
}

export class SqlView {
  readonly element: HTMLElement;
  private saved: readonly SavedQuery[] | undefined;
  private examples: readonly NamedQuery[] = [];
  private answer: QueryResult | undefined;
  private mode: 'table' | 'plot' = 'table';
  private session: Session | undefined;
  private running = false;
  private readonly editor = element('textarea', {
    class: 'sql-text',
    spellcheck: 'false',
    rows: 5,
    'aria-label': 'SQL; Ctrl+Enter runs it',
  });
  private readonly runButton = button(
    'Run',
    () => void this.run().catch((e: unknown) => this.say(e)),
    'primary',
  );
  private readonly status = element('span', { class: 'dimmed', role: 'status' });
  private readonly problem = element('p', { class: 'warning', hidden: true, role: 'alert' });
  private readonly head = element('tr');
  private readonly body = element('tbody');
  private readonly table: HTMLElement;
  private readonly plot = element('div', { class: 'plot', hidden: true });
  private readonly svg = select(this.plot).append('svg').attr('role', 'img');
  private readonly queries = dropdown<string>('Queries', (v) => {
    const chosen = [...this.examples, ...(this.saved ?? [])][Number(v)];
    if (chosen !== undefined) this.editor.value = chosen.sql;
  });
  private readonly modes = dropdown<'table' | 'plot'>('Show as', (v) => {
    this.mode = v;
    this.paint();
  });

  constructor(
    private readonly theme: () => Theme,
    private readonly host: Pick<
      ProfilerHost,
      'sql' | 'stopSql' | 'offeredQueries' | 'saveQueries' | 'exportTable' | 'askForText'
    >,
    private readonly actions: SqlActions,
  ) {
    this.editor.addEventListener('keydown', (e) => {
      e.stopPropagation();
      if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
        e.preventDefault();
        void this.run().catch((e: unknown) => this.say(e));
      }
    });
    this.modes.setChoices(
      [
        { value: 'table', label: 'Table' },
        { value: 'plot', label: 'Plot' },
      ],
      this.mode,
    );
    const bar = element(
      'div',
      { class: 'view-bar' },
      this.runButton,
      this.queries.element,
      iconButton('save', 'Keep this query…', () => void this.keep()),
      iconButton('trash', 'Forget this query', () => void this.forget()),
      this.modes.element,
      iconButton('export', 'Export the answer as CSV…', () => this.export()),
      this.status,
    );
    this.table = element(
      'div',
      { class: 'table-scroll', tabindex: 0 },
      element(
        'table',
        { class: 'zones-table', 'aria-label': 'Answer' },
        element('thead', {}, this.head),
        this.body,
      ),
    );
    this.element = element(
      'div',
      { class: 'view sql' },
      this.editor,
      bar,
      this.problem,
      this.table,
      this.plot,
    );
    new ResizeObserver(() => this.paintPlot()).observe(this.plot);
  }

  draw(session: Session): void {
    if (this.session !== session) {
      this.session = session;
      this.answer = undefined;
      this.status.textContent = '';
      this.paint();
    }
    if (this.saved !== undefined) return;
    this.saved = [];
    this.offer();
    this.host.offeredQueries().then(
      ({ examples, saved }) => {
        this.examples = examples;
        this.saved = saved;
        if (this.editor.value === '') this.editor.value = examples[0]?.sql ?? '';
        this.offer();
      },
      (e: unknown) => this.say(e),
    );
  }

  private offer(chosen = 0): void {
    const labels = [...this.examples.map((q) => q.question), ...(this.saved ?? []).map((q) => q.name)];
    this.queries.setChoices(
      labels.map((label, i) => ({ value: String(i), label })),
      String(chosen),
    );
  }

  private async run(): Promise<void> {
    if (this.running) {
      await this.host.stopSql();
      return;
    }
    this.running = true;
    this.runButton.textContent = 'Stop';
    this.problem.hidden = true;
    this.status.textContent = 'Running…';
    const { session } = this;
    try {
      const answer = await this.host.sql(this.editor.value, LIMIT);
      if (this.session !== session) return;
      this.answer = answer;
      const more = answer.truncated ? 'the first ' : '';
      this.status.textContent = `${more}${answer.rows.toLocaleString('en')} rows in ${Math.round(answer.milliseconds)} ms`;
      this.paint();
    } catch (e) {
      this.status.textContent = '';
      this.say(e);
    } finally {
      this.running = false;
      this.runButton.textContent = 'Run';
    }
  }

  private say(e: unknown): void {
    const d = e instanceof RemoteCallError ? e.remote.diagnostic : undefined;
    const text = e instanceof Error ? e.message : String(e);
    this.problem.textContent = d === undefined ? text : `${d.code} ${d.text} ${d.next ?? ''}`;
    this.problem.hidden = false;
  }

  private async keep(): Promise<void> {
    const name = await this.host.askForText('Name of the query', '');
    if (name === undefined || name === null || name === '') return;
    this.saved = [...(this.saved ?? []).filter((q) => q.name !== name), { name, sql: this.editor.value }];
    this.offer(this.examples.length + this.saved.length - 1);
    await this.host.saveQueries(this.saved);
  }

  private async forget(): Promise<void> {
    const kept = (this.saved ?? []).filter((q) => q.sql !== this.editor.value);
    if (kept.length === this.saved?.length) {
      this.status.textContent = 'This query is not kept.';
      return;
    }
    this.saved = kept;
    this.offer();
    await this.host.saveQueries(kept);
  }

  private export(): void {
    const { answer } = this;
    if (answer === undefined) return;
    const rows = rowsOf(answer).map((r) => r.map((v) => (v === null ? '' : String(v))));
    void this.host
      .exportTable('query.csv', toCsv([answer.columns.map((c) => c.name), ...rows]))
      .catch((e: unknown) => this.say(e));
  }

  private paint(): void {
    const { answer } = this;
    this.table.hidden = this.mode !== 'table';
    this.plot.hidden = this.mode !== 'plot';
    const columns = answer?.columns ?? [];
    const numeric = columns.map((c) => c.type === 'integer' || c.type === 'number');
    const zoneColumn = columns.findIndex((c) => /^(slice_)?id$/.test(c.name));
    const classOf = (i: number): string => (numeric[i] === true ? '' : 'col-name');
    this.head.replaceChildren(
      ...columns.map((c, i) =>
        element(
          'th',
          { scope: 'col', class: classOf(i), title: c.type },
          element('span', { class: 'sort' }, c.name),
        ),
      ),
    );
    this.body.replaceChildren(
      ...(answer === undefined ? [] : rowsOf(answer, PAGE)).map((r) => {
        const row = element(
          'tr',
          { tabindex: 0 },
          ...r.map((v, i) => element('td', { class: classOf(i), title: String(v) }, cellText(v))),
        );
        const zone = zoneColumn < 0 ? undefined : r[zoneColumn];
        if (typeof zone === 'number') row.addEventListener('dblclick', () => this.actions.show(zone));
        row.addEventListener('keydown', (e) => {
          if (e.key === 'Enter' && typeof zone === 'number') this.actions.show(zone);
          else if (e.key === 'ArrowDown') (row.nextElementSibling as HTMLElement | null)?.focus();
          else if (e.key === 'ArrowUp') (row.previousElementSibling as HTMLElement | null)?.focus();
          else return;
          e.preventDefault();
        });
        return row;
      }),
    );
    this.paintPlot();
  }

  /** The first column of text (or number) along, the numbers that follow as bars of the last one. */
  private paintPlot(): void {
    const { answer } = this;
    this.svg.selectAll('*').remove();
    if (answer === undefined || this.plot.hidden || this.plot.clientWidth === 0) return;
    const value = answer.columns.findLastIndex((c) => c.type === 'integer' || c.type === 'number');
    if (value < 0) {
      this.status.textContent = 'A plot needs a column of numbers.';
      return;
    }
    const along = answer.columns.findIndex((_, i) => i !== value);
    const width = this.plot.clientWidth;
    const height = Math.max(90, this.plot.clientHeight);
    this.svg.attr('width', width).attr('height', height);
    this.svg.attr('aria-label', `Plot of ${answer.columns[value]!.name}; the table has the same`);
    const points = rowsOf(answer).map((r) => ({
      at: along < 0 ? null : r[along]!,
      value: Number(r[value] ?? 0),
    }));
    const y = scaleLinear(
      [Math.min(0, ...points.map((p) => p.value)), Math.max(...points.map((p) => p.value), 1e-9)],
      [height - MARGIN.bottom, MARGIN.top],
    );
    const continuous = along >= 0 && points.every((p) => typeof p.at === 'number');
    const ats = points.map((p, i) => (continuous ? Number(p.at) : i));
    const x = scaleLinear(
      continuous ? [Math.min(...ats), Math.max(...ats, Math.min(...ats) + 1)] : [-0.5, points.length - 0.5],
      [MARGIN.left, width - MARGIN.right],
    );
    const theme = this.theme();
    this.svg
      .append('g')
      .attr('class', 'plot-axis')
      .attr('transform', `translate(${MARGIN.left},0)`)
      .call(axisLeft(y).ticks(5, '~s'));
    const bottom = this.svg
      .append('g')
      .attr('class', 'plot-axis')
      .attr('transform', `translate(0,${height - MARGIN.bottom})`);
    if (continuous) bottom.call(axisBottom(x).ticks(6, '~s'));
    const marks = this.svg.append('g');
    if (continuous)
      marks
        .selectAll('circle')
        .data(points)
        .join('circle')
        .attr('cx', (_, i) => x(ats[i]!))
        .attr('cy', (p) => y(p.value))
        .attr('r', 2.5)
        .attr('fill', theme.counter);
    else
      marks
        .selectAll('rect')
        .data(points)
        .join('rect')
        .attr('x', (_, i) => x(i - 0.4))
        .attr('width', Math.max(1, x(0.4) - x(-0.4)))
        .attr('y', (p) => Math.min(y(p.value), y(0)))
        .attr('height', (p) => Math.abs(y(0) - y(p.value)))
        .attr('fill', theme.counter)
        .append('title')
        .text((p) => `${String(p.at)}: ${p.value}`);
  }
}

/** The answer row by row, at most `limit` of them. */
const rowsOf = (answer: QueryResult, limit = Infinity): readonly (readonly Cell[])[] =>
  Array.from({ length: Math.min(answer.rows, limit) }, (_, r) =>
    answer.columns.map((c) => c.cells[r] ?? null),
  );

/** Six digits of what is no whole number; all of them are in the tooltip and in the CSV. */
const cellText = (v: Cell): string =>
  v === null ? 'NULL' : typeof v === 'number' && !Number.isInteger(v) ? v.toPrecision(6) : String(v);
