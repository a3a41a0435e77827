/** The Flame tab: call paths merged and widest first, one track in order of time, or a sandwich of callers and callees. */
import { fitAll } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import type { ChartSource } from '../../src/protocol/profilerView';
import { dropdown } from '../controls/controls';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Session } from './session';
import { duration, ZoneChart } from './zoneChart';
import type { Band, ChartActions, ChartContent, Hit } from './zoneChart';

const ROW = 20;
const TOP = 4;
type Order = 'heavy' | 'time' | 'sandwich';
const ORDERS = [
  { value: 'heavy', label: 'Left-heavy' },
  { value: 'time', label: 'Time order' },
  { value: 'sandwich', label: 'Sandwich' },
] as const;
const KEYS =
  'W and S zoom, A and D pan, arrows move between zones, F fits, Enter reveals in IR. The Zones tab has the same as a table.';

/** A chart of merged paths with its own place. */
class Pane {
  readonly chart: ZoneChart;
  viewport: Viewport = { from: 0, to: 1 };
  size: { readonly key: string; readonly extent: number; readonly rows: number } | undefined;

  constructor(label: string, theme: () => Theme, actions: ChartActions, redraw: () => void) {
    this.chart = new ZoneChart(`${label}. ${KEYS}`, 0, theme, {
      ...actions,
      setViewport: (v) => {
        this.viewport = v;
        redraw();
      },
      setRange: () => undefined,
      fit: () => {
        this.viewport = fitAll(this.size?.extent ?? 1);
        redraw();
      },
    });
  }
}

export class FlameView {
  readonly element: HTMLElement;
  private order: Order = 'heavy';
  private track = 'all';
  private session: Session | undefined;
  private readonly timeChart: ZoneChart;
  private readonly heavy: Pane;
  private readonly callers: Pane;
  private readonly callees: Pane;
  private readonly title = element('div', { class: 'pane-title' });
  private readonly sandwich: HTMLElement;
  private readonly hint = element(
    'p',
    { class: 'message dimmed' },
    'Select a zone to see who calls it and what it calls.',
  );
  private readonly tracks = dropdown<string>('Tracks', (v) => {
    this.track = v;
    this.redraw();
  });
  private readonly orders = dropdown<Order>('Order', (v) => {
    this.order = v;
    this.offerTracks();
    this.redraw();
  });

  constructor(
    theme: () => Theme,
    private readonly actions: ChartActions,
  ) {
    const redraw = (): void => this.redraw();
    this.timeChart = new ZoneChart(`Flame view in order of time. ${KEYS}`, 0, theme, actions);
    this.heavy = new Pane('Flame view, widest first', theme, actions, redraw);
    this.callers = new Pane('Callers', theme, actions, redraw);
    this.callees = new Pane('Callees', theme, actions, redraw);
    this.sandwich = element(
      'div',
      { class: 'sandwich' },
      this.title,
      element('div', { class: 'pane-label' }, 'Called by'),
      this.callers.chart.element,
      element('div', { class: 'pane-label' }, 'Calls'),
      this.callees.chart.element,
    );
    const bar = element('div', { class: 'view-bar' }, this.orders.element, this.tracks.element);
    this.element = element(
      'div',
      { class: 'view flame' },
      bar,
      this.heavy.chart.element,
      this.timeChart.element,
      this.sandwich,
      this.hint,
    );
  }

  draw(session: Session): void {
    if (this.session !== session) {
      this.session = session;
      // The track of whole dispatches says it all once; with the threads, each would count again.
      const queue = session.info.tracks.findIndex((t) => t.kind === 'queue');
      this.track = queue >= 0 ? String(queue) : 'all';
      for (const pane of [this.heavy, this.callers, this.callees]) pane.size = undefined;
      this.orders.setChoices(ORDERS, this.order);
      this.offerTracks();
    }
    this.redraw();
  }

  private offerTracks(): void {
    const tracks = this.session?.info.tracks ?? [];
    const each = tracks.flatMap((t, i) =>
      t.kind === 'counter' ? [] : [{ value: String(i), label: t.name }],
    );
    const choices = this.order === 'time' ? each : [{ value: 'all', label: 'All tracks' }, ...each];
    if (!choices.some((c) => c.value === this.track)) this.track = choices[0]?.value ?? 'all';
    this.tracks.setChoices(choices, this.track);
  }

  private redraw(): void {
    const { session, order } = this;
    if (session === undefined) return;
    const name = session.details?.place.name;
    const around = order === 'sandwich' && name !== undefined;
    this.heavy.chart.element.hidden = order !== 'heavy';
    this.timeChart.element.hidden = order !== 'time';
    this.sandwich.hidden = !around;
    this.hint.hidden = order !== 'sandwich' || around;
    const track = this.track === 'all' ? {} : { track: Number(this.track) };
    if (order === 'time') this.drawTime(session, Number(this.track));
    else if (order === 'heavy') this.drawPane(session, this.heavy, { kind: 'flame', order, ...track });
    else if (around) {
      this.title.textContent = session.details?.name ?? '';
      for (const [pane, side] of [
        [this.callers, 'callers'],
        [this.callees, 'callees'],
      ] as const)
        this.drawPane(session, pane, { kind: 'flame', order: side, name, ...track });
    }
  }

  private drawPane(session: Session, pane: Pane, source: Extract<ChartSource, { kind: 'flame' }>): void {
    const key = JSON.stringify(source);
    if (pane.size?.key !== key) {
      pane.size = { key, extent: 0, rows: 0 };
      session.queries.extent(source).then(
        ({ extent, rows }) => {
          if (pane.size?.key !== key || this.session !== session) return;
          pane.size = { key, extent, rows };
          pane.viewport = fitAll(extent);
          this.redraw();
        },
        (problem: unknown) => this.actions.failed(problem),
      );
    }
    const { extent, rows } = pane.size;
    if (rows === 0) return;
    pane.chart.draw(
      {
        ...common(session),
        source,
        extent,
        range: undefined,
        height: rows * ROW + TOP,
        bands: bandsOf(0, rows),
        tooltip: (hit) => ({
          lines: [
            session.names.text(hit.name),
            hit.count > 1
              ? `${hit.count} paths`
              : `${duration(Math.round(hit.to - hit.from))} · ${(((hit.to - hit.from) / extent) * 100).toFixed(1)} %`,
          ],
        }),
      },
      pane.viewport,
    );
  }

  private drawTime(session: Session, track: number): void {
    const rows = session.info.tracks[track]?.rows ?? 0;
    this.timeChart.draw(
      {
        ...common(session),
        source: { kind: 'tracks' },
        extent: session.span,
        range: session.range,
        height: rows * ROW + TOP,
        bands: bandsOf(session.firstRow[track]!, rows),
        tooltip: (hit: Hit) => ({
          lines: [session.names.text(hit.name), duration(Math.round(hit.to - hit.from))],
        }),
      },
      session.viewport,
    );
  }
}

const bandsOf = (first: number, rows: number): readonly Band[] =>
  Array.from({ length: rows }, (_, depth) => ({
    y: TOP + depth * ROW,
    height: ROW - 1,
    row: first + depth,
  }));

const common = (
  session: Session,
): Pick<ChartContent, 'queries' | 'names' | 'prefix' | 'search' | 'selected' | 'marks'> => ({
  queries: session.queries,
  names: session.names,
  prefix: session.prefix,
  search: session.searched,
  selected: session.outlined,
  marks: [],
});
