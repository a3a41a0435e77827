/** The Timeline tab: overview, and one collapsible row group per thread, queue and counter. */
import { heightOf, trackBoxes } from '../../src/profiler/layout/tracks';
import type { TrackBox } from '../../src/profiler/layout/tracks';
import { pixelsPerUnit } from '../../src/profiler/layout/viewport';
import { threeDigits, formatBytes } from '../../src/base/units';
import { element, icon, setAttributes } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { CounterCache } from './counterCache';
import { drawFlows } from './flowLines';
import { OverviewStrip } from './overviewStrip';
import type { Session } from './session';
import { duration, ZoneChart } from './zoneChart';
import type { Band, ChartActions, ChartContent, Hit } from './zoneChart';

const METRICS = { rowHeight: 18, counterHeight: 34, gap: 5 } as const;
const GUTTER = 132;
const TOP = 4;

export class TimelineView {
  readonly element: HTMLElement;
  readonly chart: ZoneChart;
  private readonly overview: OverviewStrip;
  private readonly counters: CounterCache;
  private boxes: readonly TrackBox[] = [];
  private bands: readonly Band[] = [];
  private built: { readonly session: Session; readonly collapsed: string } | undefined;

  constructor(
    private readonly theme: () => Theme,
    actions: ChartActions,
    private readonly toggleTrack: (track: number) => void,
    redraw: () => void,
  ) {
    this.chart = new ZoneChart(
      'Timeline. W and S zoom, A and D pan, arrows move between zones, F fits, Enter reveals in IR, question mark lists all keys. The Zones tab has the same as a table.',
      GUTTER,
      theme,
      actions,
    );
    this.counters = new CounterCache(redraw, (problem) => actions.failed(problem));
    this.overview = new OverviewStrip(
      (v) => actions.setViewport(v),
      (zone) => actions.select(zone),
    );
    this.element = element('div', { class: 'view timeline' }, this.overview.element, this.chart.element);
    this.element.style.setProperty('--gutter', `${GUTTER}px`);
  }

  draw(session: Session, marks: ChartContent['marks']): void {
    this.build(session);
    const content: ChartContent = {
      queries: session.queries,
      source: { kind: 'tracks' },
      extent: session.span,
      height: heightOf(this.boxes) + TOP,
      bands: this.bands,
      names: session.names,
      prefix: session.prefix,
      search: session.searched,
      selected: session.outlined,
      range: session.range,
      marks,
      background: (c, width, theme) => this.drawTracks(c, width, theme, session),
      foreground: (c, width, theme) => {
        if (session.details !== undefined)
          drawFlows(c, session.details, session.viewport, width, theme, (track, depth) =>
            this.middleOf(track, depth),
          );
      },
      tooltip: (hit) => this.tooltip(session, hit),
    };
    this.chart.draw(content, session.viewport);
    this.overview.draw(session, session.viewport, this.chart.width, this.theme());
  }

  showTrackOf(session: Session): void {
    const row = session.outlined?.row;
    if (row !== undefined) this.chart.scrollToRow(row);
  }

  private build(session: Session): void {
    const collapsed = [...session.collapsed].join();
    if (this.built?.session === session && this.built.collapsed === collapsed) return;
    if (this.built?.session !== session) this.counters.drop();
    this.built = { session, collapsed };
    this.boxes = trackBoxes(session.info.tracks, session.collapsed, METRICS).map((b) => ({
      ...b,
      top: b.top + TOP,
    }));
    this.bands = this.boxes.flatMap((box) =>
      Array.from({ length: box.rows }, (_, depth): Band => ({
        y: box.top + depth * METRICS.rowHeight,
        height: METRICS.rowHeight - 1,
        row: session.firstRow[box.track]! + depth,
      })),
    );
    this.drawLabels(session);
  }

  /** Middle of a row on the scrolled canvas; of a collapsed track, of its first. */
  private middleOf(track: number, depth: number): number | undefined {
    const box = this.boxes[track];
    if (box === undefined) return undefined;
    return box.top + (Math.min(depth, Math.max(0, box.rows - 1)) + 0.5) * METRICS.rowHeight;
  }

  private tooltip(session: Session, hit: Hit): ReturnType<ChartContent['tooltip']> {
    if (hit.count > 1)
      return { lines: [`${hit.count.toLocaleString('en')} zones`, `in ${duration(hit.to - hit.from)}`] };
    const name = session.names.text(hit.name);
    return {
      lines: [name, duration(Math.round(hit.to - hit.from))],
      more: async () => {
        const d = await session.queries.details(hit.zone);
        const share = d.row === undefined ? '' : ` · ${(d.row.share * 100).toFixed(1)} % of the run`;
        return [d.name, `${duration(d.duration)}${share}`, ...(d.facts.origins ?? []).slice(0, 3)];
      },
    };
  }

  private drawLabels(session: Session): void {
    const refocus =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset['track'] : undefined;
    const labels = this.boxes.map((box) => {
      const track = session.info.tracks[box.track]!;
      const foldable = track.kind === 'counter' || track.rows > 1;
      const title = track.process === undefined ? track.name : `${track.name} · ${track.process}`;
      const label = element('button', {
        class: 'track-label',
        type: 'button',
        title,
        'data-track': box.track,
      });
      if (foldable) {
        setAttributes(label, { 'aria-expanded': box.collapsed ? 'false' : 'true' });
        label.append(icon(box.collapsed ? 'chevron-right' : 'chevron-down'));
        label.addEventListener('click', () => this.toggleTrack(box.track));
      } else label.classList.add('fixed');
      label.append(element('span', { class: 'track-name' }, track.name));
      if (track.kind === 'counter' && !box.collapsed) {
        const high = track.range?.[1] ?? 0;
        label.append(element('span', { class: 'track-max' }, `max ${counterValue(high, track.unit)}`));
      }
      label.style.top = `${box.top}px`;
      label.style.height = `${box.height}px`;
      return label;
    });
    this.chart.labels.replaceChildren(...labels);
    if (refocus !== undefined) labels[Number(refocus)]?.focus();
  }

  private drawTracks(c: CanvasRenderingContext2D, width: number, theme: Theme, session: Session): void {
    for (const box of this.boxes) {
      const track = session.info.tracks[box.track]!;
      c.strokeStyle = theme.grid;
      c.globalAlpha = 0.14;
      c.lineWidth = 1;
      c.beginPath();
      const y = box.top + box.height + Math.floor(METRICS.gap / 2) + 0.5;
      c.moveTo(0, y);
      c.lineTo(width, y);
      c.stroke();
      c.globalAlpha = 1;
      if (track.kind === 'counter') this.drawCounter(c, width, theme, session, box);
    }
  }

  private drawCounter(
    c: CanvasRenderingContext2D,
    width: number,
    theme: Theme,
    session: Session,
    box: TrackBox,
  ): void {
    const { viewport, span, info } = session;
    const [low, high] = info.tracks[box.track]!.range ?? [0, 1];
    const y = (v: number): number => box.top + box.height - 1 - ((v - low) / (high - low)) * (box.height - 3);
    const curve = this.counters.curve(session.queries, box.track, viewport, width);
    if (curve === undefined || curve.x.length === 0) return;
    const scale = pixelsPerUnit(viewport, width);
    const stretch = (scale * (curve.to - curve.from)) / curve.pixels;
    const x = (i: number): number => (curve.from - viewport.from) * scale + curve.x[i]! * stretch;
    const end = Math.min(width, (span - viewport.from) * scale);
    c.save();
    c.beginPath();
    c.rect(0, box.top, width, box.height);
    c.clip();
    c.beginPath();
    for (let i = 0; i < curve.x.length; i++) {
      const next = i + 1 < curve.x.length ? x(i + 1) : end;
      if (i === 0) c.moveTo(x(0), y(curve.last[0]!));
      else c.lineTo(x(i), y(curve.high[i]!));
      c.lineTo(x(i), y(curve.last[i]!));
      c.lineTo(next, y(curve.last[i]!));
    }
    c.strokeStyle = theme.counter;
    c.lineWidth = 1.25;
    c.stroke();
    c.lineTo(end, y(0));
    c.lineTo(x(0), y(0));
    c.closePath();
    c.fillStyle = theme.counter;
    c.globalAlpha = 0.2;
    c.fill();
    c.restore();
    c.globalAlpha = 1;
  }
}

const counterValue = (v: number, unit: string | undefined): string =>
  unit === 'B' ? formatBytes(v) : `${threeDigits(v)}${unit === undefined || unit === '' ? '' : ` ${unit}`}`;
