/** The graph view: one graph, or two side by side, with search, colours, legend and a table that says the same. */
import { graphMarkdown } from '../../src/dump/layout/graphText';
import type { GraphModel } from '../../src/dump/layout/graphModel';
import { colourModes } from '../../src/protocol/graphView';
import type { ColourMode, GraphHost, GraphState, GraphView } from '../../src/protocol/graphView';
import { connect } from '../../src/protocol/rpc';
import { element, icon } from '../shared/dom';
import { onThemeChange, readTheme } from '../shared/theme';
import { connectToEditor } from '../shared/vscodeApi';
import { graphDetails } from './details';
import { GraphPane } from './graphPane';
import { graphTableView } from './tableView';
import '../shared/base.css';
import './style.css';

const api = connectToEditor();

class App implements GraphView {
  readonly #host = connect<GraphHost, GraphView>(api.channel, {
    setGraph: (state) => this.setGraph(state),
    selectOp: (graph, op) => this.selectOp(graph, op),
  }).remote;
  #theme = readTheme('editor');
  #mode: ColourMode = 'dialect';
  #panes: readonly GraphPane[] = [];
  #found: { readonly pane: number; readonly op: number }[] = [];
  #foundAt = -1;
  #table = false;

  readonly #search = element('input', {
    type: 'search',
    placeholder: 'Search ops, results, model nodes',
    'aria-label': 'Search',
  });
  readonly #count = element('span', { class: 'count', 'aria-live': 'polite' });
  readonly #colour = element('select', { 'aria-label': 'Colours' });
  readonly #legend = element('ul', { class: 'legend', 'aria-label': 'Legend' });
  readonly #details = element('aside', { class: 'details', 'aria-label': 'Selected op' });
  readonly #body = element('main', { class: 'body' });
  readonly #status = element('div', { class: 'status', role: 'status' });
  readonly #constants = this.#button('symbol-constant', 'Show constants', () => this.#toggleConstants());
  readonly #tableButton = this.#button('list-tree', 'Show as a table', () => this.#showTable(!this.#table));

  start(): void {
    const names: Readonly<Record<ColourMode, string>> = {
      dialect: 'Dialect',
      change: 'Change',
      cost: 'Cost',
      time: 'Time',
    };
    for (const mode of colourModes) this.#colour.append(element('option', { value: mode }, names[mode]));
    this.#colour.addEventListener('change', () => this.#setMode(this.#colour.value as ColourMode));
    this.#search.addEventListener('input', () => this.#find(this.#search.value));
    this.#search.addEventListener('keydown', (e) => {
      if (e.key === 'Enter') this.#next(e.shiftKey ? -1 : 1);
      else if (e.key === 'Escape') {
        this.#search.value = '';
        this.#find('');
        this.#panes[0]?.canvas.focus();
      }
    });
    document.getElementById('root')!.append(
      element(
        'div',
        { class: 'toolbar', role: 'toolbar', 'aria-label': 'Graph' },
        this.#search,
        this.#count,
        element('label', {}, 'Colours ', this.#colour),
        this.#button('screen-full', 'Fit (F)', () => this.#each((p) => p.fit())),
        this.#button('zoom-in', 'Zoom in (+)', () => this.#each((p) => p.zoomBy(1.3))),
        this.#button('zoom-out', 'Zoom out (−)', () => this.#each((p) => p.zoomBy(1 / 1.3))),
        this.#button('expand-all', 'Expand all', () => this.#each((p) => void p.expandAll(true))),
        this.#button('collapse-all', 'Collapse', () => this.#each((p) => void p.expandAll(false))),
        this.#constants,
        this.#tableButton,
        this.#button('copy', 'Copy as Markdown', () => {
          void this.#host.copyText(this.#panes.map((p) => graphMarkdown(p.model)).join('\n'));
        }),
      ),
      element('div', { class: 'middle' }, this.#body, this.#details),
      this.#legend,
      this.#status,
    );
    document.addEventListener('keydown', (e) => {
      if ((e.key === '/' || (e.key === 'f' && (e.ctrlKey || e.metaKey))) && e.target !== this.#search) {
        e.preventDefault();
        this.#search.focus();
        this.#search.select();
      }
    });
    onThemeChange(() => {
      this.#theme = readTheme('editor');
      this.#each((p) => p.setColours(this.#mode, this.#theme));
      this.#showLegend();
    });
    void this.#host.getGraph().then((state) => this.setGraph(state));
  }

  setGraph(state: GraphState): Promise<void> {
    if (state.kind !== 'ready') {
      this.#panes = [];
      this.#body.replaceChildren(this.#message(state));
      this.#details.replaceChildren();
      this.#legend.replaceChildren();
      return Promise.resolve();
    }
    const compared = state.graphs.length > 1;
    const timed = state.graphs.some((g) => g.ops.some((op) => op.share !== undefined));
    const costed = state.graphs.some((g) => g.ops.some((op) => op.cost !== undefined));
    for (const option of this.#colour.options)
      option.disabled =
        (option.value === 'change' && !compared) ||
        (option.value === 'cost' && !costed) ||
        (option.value === 'time' && !timed);
    api.setState(state.restore);
    this.#mode = compared ? 'change' : 'dialect';
    this.#colour.value = this.#mode;
    this.#panes = state.graphs.map((model, i) => this.#pane(model, i));
    this.#table = false;
    this.#showPanes();
    this.#find(this.#search.value);
    this.#showLegend();
    this.#showDetails(0, undefined);
    return Promise.all(this.#panes.map((p) => p.layOut(true))).then(() => undefined);
  }

  async selectOp(graph: number, op: number): Promise<void> {
    const pane = this.#panes[graph];
    if (pane === undefined || pane.model.ops[op] === undefined) return;
    await pane.select(op);
    await this.#selectLinked(graph, op);
    this.#showDetails(graph, op);
  }

  #pane(model: GraphModel, i: number): GraphPane {
    return new GraphPane(model, this.#theme, this.#mode, {
      selected: (op) => {
        this.#showDetails(i, op);
        if (op === undefined) return;
        void this.#selectLinked(i, op);
        void this.#host.revealOp(i, op, false);
      },
      reveal: (op) => void this.#host.revealOp(i, op, true),
      drawn: ({ nodes, simple }) => {
        const all = model.ops.length;
        const shown = nodes === all ? `${all} ops` : `${nodes} of ${all} ops shown`;
        this.#status.textContent = simple ? `${shown}, in a simple layout for large graphs` : shown;
        this.#body.dataset['drawn'] = String(Number(this.#body.dataset['drawn'] ?? 0) + 1);
      },
    });
  }
  /** The partner in the other graph. */
  async #selectLinked(graph: number, op: number): Promise<void> {
    const other = this.#panes[1 - graph];
    if (other === undefined) return;
    await other.select(this.#panes[graph]!.model.ops[op]!.linked?.[0]);
  }

  #showPanes(): void {
    this.#tableButton.setAttribute('aria-pressed', String(this.#table));
    this.#body.replaceChildren(
      ...this.#panes.map((p, i) =>
        this.#table
          ? graphTableView(p.model, (op, focus) => {
              this.#showDetails(i, op);
              void this.#host.revealOp(i, op, focus);
            })
          : p.element,
      ),
    );
  }
  #showTable(shown: boolean): void {
    this.#table = shown;
    this.#showPanes();
    if (!shown) this.#each((p) => p.draw());
  }
  #showDetails(graph: number, op: number | undefined): void {
    const pane = this.#panes[graph];
    this.#details.replaceChildren(
      ...graphDetails(pane?.model, op, this.#panes[1 - graph]?.model, {
        goTo: (other) =>
          void this.selectOp(graph, other).then(() => this.#host.revealOp(graph, other, false)),
        goToOther: (other) => void this.selectOp(1 - graph, other),
        reveal: (o) => void this.#host.revealOp(graph, o, true),
        life: (o) => void this.#host.showLife(graph, o),
      }),
    );
  }
  #showLegend(): void {
    // Of two graphs the counts stand side by side.
    const merged = new Map<string, { colour: string; counts: number[] }>();
    this.#panes.forEach((pane, i) => {
      for (const { colour, text, count } of pane.legend) {
        const item = merged.get(text) ?? { colour, counts: [] };
        if (count !== undefined) item.counts[i] = count;
        merged.set(text, item);
      }
    });
    this.#legend.replaceChildren(
      ...[...merged].map(([text, { colour, counts }]) => {
        const swatch = element('span', { class: 'swatch' });
        swatch.style.background = colour;
        const numbers = counts.length === 0 ? [] : this.#panes.map((_, i) => counts[i] ?? 0);
        return element('li', {}, swatch, `${text} ${numbers.join(' → ')}`.trim());
      }),
    );
  }
  #setMode(mode: ColourMode): void {
    this.#mode = mode;
    this.#each((p) => p.setColours(mode, this.#theme));
    this.#showLegend();
  }
  #toggleConstants(): void {
    const shown = !(this.#panes[0]?.constants ?? false);
    this.#constants.setAttribute('aria-pressed', String(shown));
    this.#each((p) => void p.showConstants(shown));
  }

  #find(text: string): void {
    const wanted = text.trim().toLowerCase();
    this.#foundAt = -1;
    this.#found = [];
    this.#panes.forEach((p, pane) => {
      if (wanted === '') {
        p.search(undefined);
        return;
      }
      const ops = p.model.ops.flatMap((op, i) =>
        `${op.name} ${op.label} ${op.origins.join(' ')} ${op.dispatch ?? ''}`.toLowerCase().includes(wanted)
          ? [i]
          : [],
      );
      p.search(new Set(ops));
      this.#found.push(...ops.map((op) => ({ pane, op })));
    });
    this.#count.textContent = wanted === '' ? '' : `${this.#found.length} found`;
  }
  #next(direction: 1 | -1): void {
    const count = this.#found.length;
    if (count === 0) return;
    this.#foundAt = (this.#foundAt + direction + count) % count;
    const { pane, op } = this.#found[this.#foundAt]!;
    this.#count.textContent = `${this.#foundAt + 1} of ${count}`;
    void this.selectOp(pane, op).then(() => this.#host.revealOp(pane, op, false));
  }

  #each(act: (pane: GraphPane) => void): void {
    this.#panes.forEach(act);
  }
  #button(symbol: string, title: string, act: () => void): HTMLButtonElement {
    const button = element('button', { type: 'button', title, 'aria-label': title }, icon(symbol));
    button.addEventListener('click', act);
    return button;
  }
  #message(state: Exclude<GraphState, { kind: 'ready' }>): HTMLElement {
    switch (state.kind) {
      case 'loading':
        return element('p', { class: 'message' }, state.what);
      case 'empty':
        return element('p', { class: 'message' }, state.why);
      case 'failed':
        return element(
          'div',
          { class: 'message', role: 'alert' },
          element('p', {}, `${state.diagnostic.code} ${state.diagnostic.text}`),
          state.diagnostic.next === undefined ? undefined : element('p', {}, state.diagnostic.next),
        );
    }
  }
}

new App().start();
