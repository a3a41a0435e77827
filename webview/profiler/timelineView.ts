/** The Timeline tab: overview, and one collapsible row group per thread, queue and counter. */
import { rowOf } from '../../src/profiler/layout/rows';
import { counterColumns, counterRange, heightOf, trackBoxes } from '../../src/profiler/layout/tracks';
import type { TrackBox } from '../../src/profiler/layout/tracks';
import { pixelsPerUnit } from '../../src/profiler/layout/viewport';
import { threeDigits, formatBytes } from '../../src/base/units';
import { element, icon, setAttributes } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { OverviewStrip } from './overviewStrip';
import type { Session } from './session';
import { duration, ZoneChart } from './zoneChart';
import type { ChartActions, ChartContent } from './zoneChart';
import type { Band } from './zonePainter';

const METRICS = { rowHeight: 18, counterHeight: 34, gap: 5 } as const;
const GUTTER = 132;
const TOP = 4;

export class TimelineView {
  readonly element: HTMLElement;
  readonly chart: ZoneChart;
  private readonly overview: OverviewStrip;
  private boxes: readonly TrackBox[] = [];
  private labelled: { readonly session: Session; readonly collapsed: string } | undefined;

  constructor(
    private readonly theme: () => Theme,
    actions: ChartActions,
    private readonly toggleTrack: (track: number) => void,
  ) {
    this.chart = new ZoneChart(
      'Timeline. W and S zoom, A and D pan, arrows move between zones, F fits, Enter reveals in IR. The Zones tab has the same as a table.',
      GUTTER,
      theme,
      actions,
    );
    this.overview = new OverviewStrip((v) => actions.setViewport(v));
    this.element = element('div', { class: 'view timeline' }, this.overview.element, this.chart.element);
    this.element.style.setProperty('--gutter', `${GUTTER}px`);
  }

  draw(session: Session): void {
    const { trace, rows } = session;
    this.boxes = trackBoxes(trace.tracks, session.collapsed, METRICS).map((b) => ({
      ...b,
      top: b.top + TOP,
    }));
    this.drawLabels(session);
    const nameOf = (zone: number): number => trace.zones.name[zone]!;
    const zoneOf = (zone: number): number => zone;
    const bands = this.boxes.flatMap((box) =>
      Array.from({ length: box.rows }, (_, depth): Band => ({
        y: box.top + depth * METRICS.rowHeight,
        height: METRICS.rowHeight - 1,
        row: rowOf(rows, rows.first[box.track]! + depth),
        spans: trace.zones,
        nameOf,
        zoneOf,
      })),
    );
    const { selected } = session;
    const content: ChartContent = {
      extent: trace.span,
      height: heightOf(this.boxes) + TOP,
      bands,
      strings: trace.strings,
      prefix: session.prefix,
      hues: session.hues.of,
      matches: session.matches,
      selected,
      range: session.range,
      relation: (_, zone) =>
        zone === selected
          ? 'selected'
          : selected !== undefined && nameOf(zone) === nameOf(selected)
            ? 'same'
            : undefined,
      background: (c, width, theme) => this.drawTracks(c, width, theme, session),
      tooltip: (_, zone) => {
        const { row } = session.lookup.details(zone);
        const share = row === undefined ? '' : ` · ${(row.share * 100).toFixed(1)} % of the run`;
        return [trace.strings[nameOf(zone)] ?? '', `${duration(trace.zones.duration[zone]!)}${share}`];
      },
    };
    this.chart.draw(content, session.viewport);
    this.overview.draw(session, session.viewport, this.chart.width, this.theme());
  }

  showTrackOf(session: Session, zone: number): void {
    const track = session.trace.zones.track[zone]!;
    const depth = session.trace.zones.depth[zone]!;
    const first = session.rows.first[track]!;
    const row = rowOf(session.rows, first + depth);
    this.chart.scrollToBand((b) => b.row.byteOffset === row.byteOffset && b.row.length === row.length);
  }

  private drawLabels(session: Session): void {
    const collapsed = [...session.collapsed].join();
    if (this.labelled?.session === session && this.labelled.collapsed === collapsed) return;
    const refocus =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset['track'] : undefined;
    this.labelled = { session, collapsed };
    const labels = this.boxes.map((box) => {
      const track = session.trace.tracks[box.track]!;
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
        const [, high] = counterRange(session.trace.counters, track);
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
      const track = session.trace.tracks[box.track]!;
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
    const { counters, tracks, span } = session.trace;
    const track = tracks[box.track]!;
    const [low, high] = counterRange(counters, track);
    const y = (v: number): number => box.top + box.height - 1 - ((v - low) / (high - low)) * (box.height - 3);
    const columns = counterColumns(counters, track, session.viewport, width);
    const end = Math.min(width, (span - session.viewport.from) * pixelsPerUnit(session.viewport, width));
    c.beginPath();
    columns.forEach((column, i) => {
      const next = columns[i + 1]?.x ?? end;
      if (i === 0) c.moveTo(column.x, y(column.last));
      else c.lineTo(column.x, y(column.high));
      c.lineTo(column.x, y(column.last));
      c.lineTo(next, y(column.last));
    });
    c.strokeStyle = theme.counter;
    c.lineWidth = 1.25;
    c.stroke();
    if (columns.length > 0) {
      c.lineTo(end, y(0));
      c.lineTo(columns[0]!.x, y(0));
      c.closePath();
      c.fillStyle = theme.counter;
      c.globalAlpha = 0.2;
      c.fill();
      c.globalAlpha = 1;
    }
  }
}

const counterValue = (v: number, unit: string | undefined): string =>
  unit === 'B' ? formatBytes(v) : `${threeDigits(v)}${unit === undefined || unit === '' ? '' : ` ${unit}`}`;
