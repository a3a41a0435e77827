/** The view of a model's own file: its nodes in order, with the time that each took and the way to IR and timeline. */
import '../shared/base.css';
import './style.css';
import { columnUnit } from '../../src/profiler/layout/columnUnits';
import type { ModelHost, ModelRow, ModelState, ModelView } from '../../src/protocol/modelView';
import { connect } from '../../src/protocol/rpc';
import { button, progress, searchField } from '../controls/controls';
import { cutText, element } from '../shared/dom';
import { connectToEditor } from '../shared/vscodeApi';

const root = document.querySelector('#root')!;
const editor = connectToEditor();
const saved = editor.getState() as { readonly byTime?: boolean; readonly selected?: string } | undefined;

let state: ModelState = { kind: 'loading', what: '' };
let byTime = saved?.byTime ?? false;
let selected = saved?.selected;
let marked: ReadonlySet<string> = new Set();
let filter = '';

const { remote } = connect<ModelHost, ModelView>(editor.channel, {
  show: (next) => {
    state = next;
    draw();
    return Promise.resolve();
  },
  mark: (nodes) => {
    marked = new Set(nodes);
    drawRows();
    const [first] = nodes;
    if (first !== undefined) rowOf(first)?.scrollIntoView({ block: 'nearest' });
    return Promise.resolve();
  },
});

const heading = element('h1', {});
const summary = element('span', { class: 'dimmed' });
const search = searchField('Find a node or operator', {
  change: (text) => {
    filter = text.toLowerCase();
    drawRows();
  },
  enter: () => body.querySelector<HTMLElement>('tr')?.focus(),
  escape: () => search.clear(),
});
const profile = button('Profile…', () => void remote.profile(), 'primary');
const order = element('button', { type: 'button', class: 'order' }, 'time');
order.addEventListener('click', () => {
  byTime = !byTime;
  keep();
  drawRows();
});
const timeHead = element('th', { scope: 'col', class: 'number' }, order);
const body = element('tbody', {});
const table = element(
  'table',
  { role: 'grid', 'aria-label': 'Nodes of the model' },
  element(
    'thead',
    {},
    element(
      'tr',
      {},
      element('th', { scope: 'col', class: 'number' }, '#'),
      element('th', { scope: 'col' }, 'node'),
      element('th', { scope: 'col' }, 'operator'),
      timeHead,
      element('th', { scope: 'col', class: 'share' }, 'share'),
    ),
  ),
  body,
);
const loaded = element(
  'div',
  { class: 'model' },
  element('header', {}, heading, summary, element('span', { class: 'grow' }), search.element, profile),
  element('div', { class: 'rows' }, table),
);

const keep = (): void => editor.setState({ byTime, selected });

function draw(): void {
  if (state.kind === 'loading') {
    root.replaceChildren(element('div', { class: 'message' }, element('p', {}, state.what), progress()));
    return;
  }
  if (state.kind === 'failed') {
    const { code, text, next } = state.diagnostic;
    root.replaceChildren(
      element(
        'div',
        { class: 'message', role: 'alert' },
        element('p', {}, element('strong', {}, code), ` ${text}`),
        next === undefined ? undefined : element('p', { class: 'dimmed' }, next),
      ),
    );
    return;
  }
  heading.textContent = state.file;
  summary.textContent = state.summary;
  profile.hidden = state.known === 'profiled';
  if (root.firstChild !== loaded) root.replaceChildren(loaded);
  drawRows();
}

const rowOf = (name: string): HTMLElement | undefined =>
  [...body.querySelectorAll<HTMLElement>('tr')].find((r) => r.dataset['node'] === name);

function drawRows(): void {
  if (state.kind !== 'ready') return;
  const focused = body.contains(document.activeElement);
  const matching = state.rows.filter((r) => `${r.name}\n${r.opType}`.toLowerCase().includes(filter));
  const rows = byTime ? [...matching].sort((a, b) => (b.time?.ns ?? 0) - (a.time?.ns ?? 0)) : matching;
  const unit = columnUnit(
    'time',
    state.rows.flatMap((r) => (r.time === undefined ? [] : [r.time.ns])),
  );
  const most = Math.max(...state.rows.map((r) => r.time?.share ?? 0));
  order.textContent = state.known === 'profiled' ? `${unit.unit}${byTime ? ' ↓' : ''}` : 'time';
  order.title = byTime ? 'Show in the order of the model' : 'Show what takes most time first';
  order.setAttribute('aria-label', `${order.textContent}, ${order.title}`);
  timeHead.setAttribute('aria-sort', byTime ? 'descending' : 'none');
  if (!rows.some((r) => r.name === selected)) selected = rows[0]?.name;
  body.replaceChildren(...rows.map((r) => line(r, unit.format, most)));
  if (focused && selected !== undefined) rowOf(selected)?.focus();
}

function line(r: ModelRow, format: (ns: number) => string, most: number): HTMLElement {
  const bar = element('span', { class: 'heat', 'aria-hidden': 'true' });
  const part = most === 0 || r.time === undefined ? 0 : Math.max(0.01, r.time.share / most);
  // Beside the number, which takes its own room.
  bar.style.width = `calc((100% - 8ch - 16px) * ${part.toFixed(4)})`;
  const time =
    r.time !== undefined
      ? format(r.time.ns)
      : r.within === undefined
        ? ''
        : element('span', { class: 'dimmed', title: `Computed with ${r.within}` }, 'in ', cutText(r.within));
  const row = element(
    'tr',
    {
      tabindex: r.name === selected ? 0 : -1,
      'aria-selected': String(r.name === selected),
      class: marked.has(r.name) ? 'marked' : undefined,
      'data-node': r.name,
    },
    element('td', { class: 'number dimmed' }, String(r.position)),
    element('td', { class: 'name', title: r.name }, cutText(r.name === '' ? '(no name)' : r.name)),
    element('td', {}, r.opType),
    element('td', { class: 'number' }, time),
    element(
      'td',
      { class: 'share' },
      bar,
      element('span', {}, r.time === undefined ? '' : `${(100 * r.time.share).toFixed(1)} %`),
    ),
  );
  row.addEventListener('click', () => choose(r.name));
  row.addEventListener('dblclick', () => void remote.openIr(r.name));
  return row;
}

function choose(name: string): void {
  for (const r of body.querySelectorAll<HTMLElement>('tr')) {
    const own = r.dataset['node'] === name;
    r.tabIndex = own ? 0 : -1;
    r.setAttribute('aria-selected', String(own));
  }
  selected = name;
  keep();
  rowOf(name)?.focus();
  void remote.select(name);
}

body.addEventListener('keydown', (e) => {
  const rows = [...body.querySelectorAll<HTMLElement>('tr')];
  const at = rows.findIndex((r) => r.dataset['node'] === selected);
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + 20,
    PageUp: at - 20,
    Home: 0,
    End: rows.length - 1,
  };
  const to = moves[e.key];
  if (to !== undefined) {
    const next = rows[Math.max(0, Math.min(rows.length - 1, to))]?.dataset['node'];
    if (next !== undefined) choose(next);
  } else if (e.key === 'Enter' && selected !== undefined) void remote.openIr(selected);
  else if (e.key === 't' && selected !== undefined) void remote.showInTimeline(selected);
  else if (e.key === '/') search.focus();
  else return;
  e.preventDefault();
});

void remote.ready();
