/** The Zones tab: the sortable table of dispatches or names, which is also the table twin of both charts. */
import { columnUnit } from '../../src/profiler/layout/columnUnits';
import { rowMatches, sortRows } from '../../src/profiler/layout/table';
import type { SortColumn, TableRow } from '../../src/profiler/layout/table';
import { toCsv } from '../../src/profiler/layout/csvText';
import type { TableAnswer } from '../../src/protocol/profilerView';
import { dropdown, iconButton } from '../controls/controls';
import { cutText, element, icon } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { RooflineView } from './rooflineView';
import type { Session } from './session';

type Grouping = 'dispatch' | 'name';

interface Column {
  readonly id: SortColumn;
  readonly label: string;
  readonly title: string;
  readonly unit?: 'time' | 'flops' | 'bytes';
}

const COLUMNS: readonly Column[] = [
  { id: 'name', label: 'Name', title: 'Dispatch or zone' },
  { id: 'origins', label: 'Model nodes', title: 'The nodes of the model that it computes' },
  { id: 'calls', label: 'Calls', title: 'How often it ran' },
  {
    id: 'total',
    label: 'Total',
    title: 'Time of all calls; a call on several threads counts once',
    unit: 'time',
  },
  { id: 'share', label: 'Share', title: 'Part of the total of all rows' },
  { id: 'median', label: 'Median', title: 'Median time of a call', unit: 'time' },
  { id: 'flopsPerSecond', label: 'FLOP/s', title: 'Floating-point operations per second', unit: 'flops' },
  { id: 'bytesPerSecond', label: 'Bytes/s', title: 'Bytes read and written per second', unit: 'bytes' },
  {
    id: 'attained',
    label: 'Roofline',
    title: 'Part of what the machine can do at the intensity of the dispatch, as measured before the run',
  },
  { id: 'self', label: 'Self', title: 'Time of all threads outside nested zones', unit: 'time' },
  { id: 'mean', label: 'Mean', title: 'Mean time of a call', unit: 'time' },
  { id: 'p95', label: 'p95', title: '95 % of the calls are at most this long', unit: 'time' },
  { id: 'max', label: 'Max', title: 'The longest call', unit: 'time' },
];

/** Rows added at a time: a table of a hundred thousand names must not stop the view. */
const PAGE = 200;

export interface ZonesActions {
  select(zone: number): void;
  reveal(zone: number): void;
  /** The table as it is shown, as CSV. */
  exportTable(name: string, csv: string): void;
  failed(problem: unknown): void;
}

export class ZonesView {
  readonly element: HTMLElement;
  private readonly head = element('tr');
  private readonly body = element('tbody');
  private readonly scroller: HTMLElement;
  private readonly count = element('span', { class: 'dimmed' });
  private readonly grouping = dropdown<Grouping>('Group by', (v) => {
    this.by = v;
    this.rebuild();
  });
  private mode: 'table' | 'roofline' = 'table';
  private readonly roofline: RooflineView;
  private readonly modes = dropdown<'table' | 'roofline'>('Show as', (v) => {
    this.mode = v;
    this.rebuild();
  });
  private readonly groupingLabel = element('span', { class: 'dimmed' }, 'Group by');
  private by: Grouping = 'dispatch';
  private sort: { readonly column: SortColumn; readonly descending: boolean } = {
    column: 'total',
    descending: true,
  };
  private session: Session | undefined;
  private built: unknown;
  private rows: readonly TableRow[] = [];
  private greatestShare = 0;
  private shown = 0;
  /** What the session's rows were asked for, and what has come. */
  private asked = '';
  private table: TableAnswer | undefined;
  private readonly wait = element('p', { class: 'message dimmed' }, 'Adding up…');

  constructor(
    theme: () => Theme,
    private readonly actions: ZonesActions,
  ) {
    this.roofline = new RooflineView(theme, actions);
    this.modes.setChoices(
      [
        { value: 'table', label: 'Table' },
        { value: 'roofline', label: 'Roofline' },
      ],
      this.mode,
    );
    const table = element('table', { class: 'zones-table' }, element('thead', {}, this.head), this.body);
    table.setAttribute('aria-label', 'Zones');
    this.scroller = element('div', { class: 'table-scroll', tabindex: -1 }, table);
    this.scroller.addEventListener('scroll', () => {
      const { scrollTop, scrollHeight, clientHeight } = this.scroller;
      if (scrollTop + clientHeight > scrollHeight - 400) this.addPage();
    });
    this.body.addEventListener('keydown', (e) => this.onKey(e));
    const bar = element(
      'div',
      { class: 'view-bar' },
      this.groupingLabel,
      this.grouping.element,
      this.modes.element,
      iconButton('export', 'Export the table as CSV…', () => this.export()),
      this.count,
    );
    this.element = element(
      'div',
      { class: 'view zones' },
      bar,
      this.wait,
      this.scroller,
      this.roofline.element,
    );
  }

  draw(session: Session): void {
    const byDispatch = session.summary?.by === 'dispatch';
    if (this.session !== session) {
      this.session = session;
      this.asked = '';
    }
    if (session.summary !== undefined && this.asked === '') {
      this.by = byDispatch ? 'dispatch' : 'name';
      this.grouping.setChoices(
        [
          ...(byDispatch ? [{ value: 'dispatch' as const, label: 'Dispatch' }] : []),
          { value: 'name', label: 'Zone name' },
        ],
        this.by,
      );
    }
    this.ask(session);
    const state = [this.table, this.sort, session.searched, this.mode];
    if (Array.isArray(this.built) && state.every((s, i) => s === (this.built as unknown[])[i]))
      this.markSelected();
    else this.rebuild();
  }

  /** Rows of the range, where one is selected, else of the whole run. */
  private ask(session: Session): void {
    const { range } = session;
    const wanted = JSON.stringify([this.by, range]);
    if (session.summary === undefined || wanted === this.asked || this.dragging(session)) return;
    this.asked = wanted;
    this.table = undefined;
    const request = { by: this.by, ...(range === undefined ? {} : { range }) };
    session.queries.table(request).then(
      (table) => {
        if (this.session !== session || this.asked !== wanted) return;
        this.table = table;
        this.rebuild();
      },
      (problem: unknown) => this.actions.failed(problem),
    );
  }

  /** While a range is being dragged its statistics would come too late each time. */
  private dragging(session: Session): boolean {
    return session.range !== undefined && session.inRange === undefined;
  }

  private rebuild(): void {
    const { session, sort, table } = this;
    if (session === undefined) return;
    this.built = [table, sort, session.searched, this.mode];
    this.wait.hidden = table !== undefined;
    this.scroller.hidden = table === undefined || this.mode !== 'table';
    this.roofline.element.hidden = table === undefined || this.mode !== 'roofline';
    if (this.mode === 'roofline') this.roofline.draw(session);
    const all = table?.rows ?? [];
    const filtered = session.searched === '' ? all : all.filter((r) => rowMatches(r, session.searched));
    this.rows = sortRows(filtered, sort.column, sort.descending);
    this.greatestShare = filtered.reduce((most, r) => Math.max(most, r.share), 0);
    const omitted =
      table === undefined || table.omitted === 0 ? '' : `, the greatest of ${all.length + table.omitted}`;
    const where = session.range === undefined ? '' : ' in the selected range';
    this.count.textContent =
      table === undefined
        ? ''
        : `${filtered.length === all.length ? all.length : `${filtered.length} of ${all.length}`} rows${where}${omitted}`;
    this.drawHead(all);
    this.body.replaceChildren();
    this.shown = 0;
    this.scroller.scrollTop = 0;
    this.addPage();
    this.markSelected();
  }

  private columns(all: readonly TableRow[]): readonly Column[] {
    const has = (c: SortColumn): boolean =>
      all.some((r) => (c === 'origins' ? r.origins.length > 0 : r[c] !== undefined));
    return COLUMNS.filter((c) => has(c.id));
  }

  private formatters: readonly { readonly column: Column; readonly format: (r: TableRow) => string }[] = [];

  private drawHead(all: readonly TableRow[]): void {
    const times = columnUnit(
      'time',
      all.map((r) => r.median),
    );
    const entries = new Set(all.map((r) => r.entry)).size > 1;
    this.formatters = this.columns(all).map((column) => {
      const unit =
        column.unit === undefined
          ? undefined
          : column.unit === 'time' && column.id !== 'total' && column.id !== 'self'
            ? times
            : columnUnit(
                column.unit,
                all.map((r) => r[column.id] as number | undefined),
              );
      const format = (r: TableRow): string => {
        if (unit !== undefined) return unit.format(r[column.id] as number | undefined);
        if (column.id === 'share') return `${(r.share * 100).toFixed(1)} %`;
        if (column.id === 'attained')
          return r.attained === undefined ? '' : `${(r.attained * 100).toFixed(r.attained < 0.1 ? 1 : 0)} %`;
        if (column.id === 'origins') return r.origins.join(', ');
        if (column.id === 'name') return r.entry === undefined || !entries ? r.name : `${r.entry}: ${r.name}`;
        return String(r[column.id]);
      };
      return {
        column:
          unit === undefined
            ? column
            : { ...column, label: `${column.label} ${unit.unit}`.replace(/^\S+\/s /, '') },
        format,
      };
    });
    this.head.replaceChildren(
      ...this.formatters.map(({ column }) => {
        const sorted = this.sort.column === column.id;
        const press = element('button', { type: 'button', class: 'sort', title: column.title }, column.label);
        if (sorted) press.append(icon(this.sort.descending ? 'arrow-down' : 'arrow-up'));
        press.addEventListener('click', () => {
          const text = column.id === 'name' || column.id === 'origins';
          this.sort = { column: column.id, descending: sorted ? !this.sort.descending : !text };
          this.rebuild();
          this.head
            .querySelectorAll('button')
            [this.formatters.findIndex((f) => f.column.id === column.id)]?.focus();
        });
        return element(
          'th',
          {
            scope: 'col',
            class: `col-${column.id}`,
            'aria-sort': sorted ? (this.sort.descending ? 'descending' : 'ascending') : 'none',
          },
          press,
        );
      }),
    );
  }

  private addPage(): void {
    const end = Math.min(this.rows.length, this.shown + PAGE);
    const added: HTMLElement[] = [];
    for (; this.shown < end; this.shown++) added.push(this.rowElement(this.rows[this.shown]!, this.shown));
    this.body.append(...added);
  }

  private rowElement(r: TableRow, index: number): HTMLElement {
    const cells = this.formatters.map(({ column, format }) => {
      const text = format(r);
      const cell = element('td', { class: `col-${column.id}` });
      if (column.id === 'share') {
        const bar = element('span', { class: 'share-bar', 'aria-hidden': 'true' });
        bar.style.width = `${this.greatestShare === 0 ? 0 : (r.share / this.greatestShare) * 100}%`;
        cell.append(element('span', { class: 'share-track', 'aria-hidden': 'true' }, bar), text);
      } else {
        const name = column.id === 'name' || column.id === 'origins';
        cell.append(name ? cutText(text) : text);
        if (name) cell.title = text;
      }
      return cell;
    });
    const row = element('tr', { tabindex: index === 0 ? 0 : -1, 'data-zone': r.longest }, ...cells);
    row.addEventListener('click', () => this.actions.select(r.longest));
    row.addEventListener('dblclick', () => this.actions.reveal(r.longest));
    return row;
  }

  private export(): void {
    const head = this.formatters.map(({ column }) => column.id);
    const lines = this.rows.map((r) =>
      head.map((id) => (id === 'origins' ? r.origins.join(' ') : String(r[id] ?? ''))),
    );
    this.actions.exportTable('zones.csv', toCsv([head, ...lines]));
  }

  /** Marks the row of the selected zone's dispatch or name, whichever the rows are. */
  private markSelected(): void {
    const { session } = this;
    if (session === undefined) return;
    const { details } = session;
    const index = this.rows.findIndex((r) =>
      this.by === 'dispatch' && r.dispatch !== undefined
        ? r.key === details?.row?.key
        : r.name === details?.name,
    );
    [...this.body.children].forEach((e, i) => {
      const on = i === index;
      e.classList.toggle('selected', on);
      if (on) e.setAttribute('aria-selected', 'true');
      else e.removeAttribute('aria-selected');
    });
  }

  private onKey(e: KeyboardEvent): void {
    const row = e.target instanceof HTMLTableRowElement ? e.target : undefined;
    const zone = Number(row?.dataset['zone']);
    if (row === undefined || Number.isNaN(zone)) return;
    const move = (to: Element | null): void => {
      if (!(to instanceof HTMLTableRowElement)) return;
      row.tabIndex = -1;
      to.tabIndex = 0;
      to.focus();
      this.actions.select(Number(to.dataset['zone']));
    };
    if (e.key === 'ArrowDown') move(row.nextElementSibling);
    else if (e.key === 'ArrowUp') move(row.previousElementSibling);
    else if (e.key === 'Home') move(this.body.firstElementChild);
    else if (e.key === 'End') move(this.body.lastElementChild);
    else if (e.key === 'Enter') this.actions.reveal(zone);
    else if (e.key === ' ') this.actions.select(zone);
    else return;
    e.preventDefault();
  }
}
