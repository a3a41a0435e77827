/** The time axis above a chart, drawn by d3, with the crosshair's time and the measured range on it. */
import { axisBottom, scaleLinear, select } from 'd3';
import { formatInstant, timeAxis } from '../../src/profiler/layout/ticks';
import type { TimeAxis } from '../../src/profiler/layout/ticks';
import { pixelsPerUnit, spanOf } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import { formatDuration, ns } from '../../src/base/units';
import { element, icon } from '../shared/dom';

/** A bookmark on the axis. */
export interface AxisMark {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  go(): void;
}

const HEIGHT = 22;
/** Half the width of a letter, about: labels that would be cut by the border are left out. */
const HALF_LETTER = 3.1;

export class TimeAxisView {
  readonly element: HTMLElement;
  private readonly gutter = element('div', { class: 'axis-gutter' });
  private readonly plot = element('div', { class: 'axis-plot' });
  private readonly cursor = element('div', { class: 'axis-cursor', hidden: true });
  private readonly svg = select(this.plot).append('svg').attr('height', HEIGHT).attr('aria-hidden', 'true');
  private readonly group = this.svg.append('g');
  private readonly flags = element('div', { class: 'axis-flags' });
  private flagged = '';
  axis: TimeAxis = { ticks: [], step: 1 };

  /** `overhang` is how far, in pixels, a label may reach into the gutter. */
  constructor(private readonly overhang: number) {
    this.plot.append(this.flags, this.cursor);
    this.element = element('div', { class: 'axis' }, this.gutter, this.plot);
  }

  /** `extent` is the length of the content, so that the margins around it do not count as visible time. */
  draw(viewport: Viewport, width: number, extent: number, marks: readonly AxisMark[]): void {
    this.axis = timeAxis(viewport, width);
    const scale = scaleLinear([viewport.from, viewport.to], [0, width]);
    const labels = new Map(
      this.axis.ticks.map(({ at, label }) => {
        const half = label.length * HALF_LETTER;
        return [at, scale(at) >= half - this.overhang && scale(at) <= width - half ? label : ''];
      }),
    );
    this.svg.attr('width', width);
    this.group.call(
      axisBottom<number>(scale)
        .tickValues(this.axis.ticks.map((t) => t.at).filter((at) => at >= 0))
        .tickFormat((t) => labels.get(t) ?? '')
        .tickSize(5)
        .tickPadding(3),
    );
    this.drawFlags(marks, scale, width);
    this.gutter.textContent =
      this.axis.base === undefined
        ? formatDuration(ns(Math.max(0, Math.min(viewport.to, extent) - Math.max(viewport.from, 0))))
        : this.axis.base.label;
    this.gutter.title =
      this.axis.base === undefined
        ? 'Length of the visible range'
        : 'The labels of the axis count from this time';
  }

  private drawFlags(marks: readonly AxisMark[], x: (at: number) => number, width: number): void {
    const seen = marks.filter((m) => x(m.from) >= 0 && x(m.from) <= width);
    const key = JSON.stringify(seen);
    if (key !== this.flagged) {
      this.flagged = key;
      this.flags.replaceChildren(
        ...seen.map((m) => {
          const flag = element(
            'button',
            { type: 'button', class: 'flag', title: m.label, 'aria-label': `Bookmark ${m.label}` },
            icon('bookmark'),
          );
          flag.addEventListener('click', () => m.go());
          return flag;
        }),
      );
    }
    seen.forEach((m, i) => {
      (this.flags.children[i] as HTMLElement).style.transform = `translateX(${Math.round(x(m.from))}px)`;
    });
  }

  /** Shows the time at `x` pixels, or the length of `range` in its stead; undefined hides it. */
  showCursor(viewport: Viewport, width: number, x: number | undefined, range: Viewport | undefined): void {
    this.cursor.hidden = x === undefined;
    if (x === undefined) return;
    const at = viewport.from + x / pixelsPerUnit(viewport, width);
    this.cursor.textContent =
      range === undefined
        ? formatInstant(at, Math.max(1, 10 ** Math.floor(Math.log10(spanOf(viewport) / width))))
        : `↔ ${formatDuration(ns(Math.round(spanOf(range))))}`;
    const half = this.cursor.offsetWidth / 2;
    this.cursor.style.transform = `translateX(${Math.round(Math.min(Math.max(x, half), width - half) - half)}px)`;
  }
}
