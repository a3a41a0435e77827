/** The Flame tab: call paths merged and widest first, or one track in order of time. */
import { leftHeavy } from '../../src/profiler/layout/flame';
import type { FlameTree } from '../../src/profiler/layout/flame';
import { rowOf } from '../../src/profiler/layout/rows';
import { fitAll, fitRange } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import { dropdown } from '../controls/controls';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Session } from './session';
import { duration, ZoneChart } from './zoneChart';
import type { ChartActions, ChartContent } from './zoneChart';
import type { Band } from './zonePainter';

const ROW = 20;
const TOP = 4;
type Order = 'heavy' | 'time';

export class FlameView {
  readonly element: HTMLElement;
  readonly chart: ZoneChart;
  private order: Order = 'heavy';
  private track = 'all';
  private session: Session | undefined;
  private tree: FlameTree | undefined;
  private viewport: Viewport = { from: 0, to: 1 };
  private readonly tracks = dropdown<string>('Tracks', (v) => {
    this.track = v;
    this.rebuild();
  });
  private readonly orders = dropdown<Order>('Order', (v) => {
    this.order = v;
    this.offerTracks();
    this.rebuild();
  });

  constructor(theme: () => Theme, actions: ChartActions) {
    this.chart = new ZoneChart(
      'Flame view. W and S zoom, A and D pan, arrows move between zones, F fits, Enter reveals in IR. The Zones tab has the same as a table.',
      0,
      theme,
      {
        ...actions,
        setViewport: (v) => {
          if (this.order === 'time') actions.setViewport(v);
          else {
            this.viewport = v;
            this.redraw();
          }
        },
        setRange: (range) => {
          if (this.order === 'time') actions.setRange(range);
        },
        fit: () => (this.order === 'time' ? actions.fit() : this.fit()),
      },
    );
    const bar = element('div', { class: 'view-bar' }, this.orders.element, this.tracks.element);
    this.element = element('div', { class: 'view flame' }, bar, this.chart.element);
  }

  draw(session: Session): void {
    if (this.session !== session) {
      this.session = session;
      // The track of whole dispatches says it all once; with the threads, each would count again.
      const queue = session.trace.tracks.findIndex((t) => t.kind === 'queue');
      this.track = session.tables.byDispatch !== undefined && queue >= 0 ? String(queue) : 'all';
      this.orders.setChoices(
        [
          { value: 'heavy', label: 'Left-heavy' },
          { value: 'time', label: 'Time order' },
        ],
        this.order,
      );
      this.offerTracks();
      this.rebuild();
      return;
    }
    this.redraw();
  }

  private offerTracks(): void {
    const tracks = this.session?.trace.tracks ?? [];
    const each = tracks.flatMap((t, i) =>
      t.kind === 'counter' ? [] : [{ value: String(i), label: t.name }],
    );
    const choices = this.order === 'time' ? each : [{ value: 'all', label: 'All tracks' }, ...each];
    if (!choices.some((c) => c.value === this.track)) this.track = choices[0]?.value ?? 'all';
    this.tracks.setChoices(choices, this.track);
  }

  private rebuild(): void {
    const { session } = this;
    if (session === undefined) return;
    const shown = session.trace.tracks.flatMap((t, i) =>
      t.kind !== 'counter' && (this.track === 'all' || this.track === String(i)) ? [i] : [],
    );
    this.tree = this.order === 'heavy' ? leftHeavy(session.trace, shown) : undefined;
    this.viewport = fitAll(this.tree?.total ?? session.trace.span);
    this.redraw();
  }

  /** Fits the selected path; when nothing is selected, or it fills the view already, everything. */
  private fit(): void {
    const { tree, session } = this;
    if (tree === undefined || session === undefined) return;
    const zone = session.selected;
    const span = zone === undefined ? -1 : tree.zone.indexOf(zone);
    const all = fitAll(tree.total);
    const fitted =
      span < 0 ? all : fitRange(tree.start[span]!, tree.start[span]! + tree.duration[span]!, tree.total);
    this.viewport = fitted.from === this.viewport.from && fitted.to === this.viewport.to ? all : fitted;
    this.redraw();
  }

  private redraw(): void {
    const { session, tree } = this;
    if (session === undefined) return;
    if (tree !== undefined) this.chart.draw(this.heavyContent(session, tree), this.viewport);
    else this.chart.draw(this.timeContent(session, Number(this.track)), session.viewport);
  }

  private common(
    session: Session,
  ): Pick<ChartContent, 'strings' | 'prefix' | 'hues' | 'matches' | 'selected'> {
    return {
      strings: session.trace.strings,
      prefix: session.prefix,
      hues: session.hues.of,
      matches: session.matches,
      selected: session.selected,
    };
  }

  private heavyContent(session: Session, tree: FlameTree): ChartContent {
    const rows = tree.rows.offset.length - 1;
    const selectedName = session.selected === undefined ? -1 : session.trace.zones.name[session.selected]!;
    return {
      ...this.common(session),
      extent: tree.total,
      height: rows * ROW + TOP,
      range: undefined,
      bands: Array.from({ length: rows }, (_, depth): Band => ({
        y: TOP + depth * ROW,
        height: ROW - 1,
        row: rowOf(tree.rows, depth),
        spans: tree,
        nameOf: (span) => tree.name[span]!,
        zoneOf: (span) => tree.zone[span]!,
      })),
      relation: (_, span) =>
        tree.zone[span] === session.selected
          ? 'selected'
          : tree.name[span] === selectedName
            ? 'same'
            : undefined,
      tooltip: (_, span) => [
        session.trace.strings[tree.name[span]!] ?? '',
        `${duration(tree.duration[span]!)} in ${tree.calls[span]!} calls · ${((tree.duration[span]! / tree.total) * 100).toFixed(1)} %`,
        `self ${duration(tree.self[span]!)}`,
      ],
    };
  }

  private timeContent(session: Session, track: number): ChartContent {
    const { trace, rows } = session;
    const depths = trace.tracks[track]?.rows ?? 0;
    const { selected } = session;
    return {
      ...this.common(session),
      extent: trace.span,
      height: depths * ROW + TOP,
      range: session.range,
      bands: Array.from({ length: depths }, (_, depth): Band => ({
        y: TOP + depth * ROW,
        height: ROW - 1,
        row: rowOf(rows, rows.first[track]! + depth),
        spans: trace.zones,
        nameOf: (zone) => trace.zones.name[zone]!,
        zoneOf: (zone) => zone,
      })),
      relation: (_, zone) =>
        zone === selected
          ? 'selected'
          : selected !== undefined && trace.zones.name[zone] === trace.zones.name[selected]
            ? 'same'
            : undefined,
      tooltip: (_, zone) => [
        trace.strings[trace.zones.name[zone]!] ?? '',
        duration(trace.zones.duration[zone]!),
      ],
    };
  }
}
