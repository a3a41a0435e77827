/** The strip above the timeline: how busy the threads were over the whole trace, and a brush for the visible range. */
import { brushX, scaleLinear, select } from 'd3';
import type { D3BrushEvent } from 'd3';
import { overview } from '../../src/profiler/layout/tracks';
import { clampViewport, spanOf } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import { sharpCanvas } from '../shared/canvas';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Session } from './session';

const HEIGHT = 26;
const BAR = 2;

export class OverviewStrip {
  readonly element: HTMLElement;
  private readonly gutter = element('div', { class: 'axis-gutter' }, 'Overview');
  private readonly plot = element('div', { class: 'overview-plot' });
  private readonly canvas = sharpCanvas(element('canvas', { 'aria-hidden': 'true' }));
  private readonly brush = brushX<undefined>();
  private readonly svg;
  private readonly group;
  private moving = false;
  private drawn: { readonly session: Session; readonly width: number; readonly theme: Theme } | undefined;

  constructor(private readonly setViewport: (v: Viewport) => void) {
    this.plot.append(this.canvas.element);
    this.svg = select(this.plot).append('svg').attr('height', HEIGHT).attr('aria-hidden', 'true');
    this.group = this.svg.append('g').datum(undefined);
    this.element = element('div', { class: 'overview' }, this.gutter, this.plot);
  }

  draw(session: Session, viewport: Viewport, width: number, theme: Theme): void {
    const { span } = session.trace;
    const all = clampViewport({ from: -span, to: 2 * span }, span);
    const scale = scaleLinear([all.from, all.to], [0, width]);
    if (this.drawn?.session !== session || this.drawn.width !== width || this.drawn.theme !== theme) {
      this.drawn = { session, width, theme };
      this.drawBars(session, scale, width, theme);
      this.svg.attr('width', width);
      this.brush
        .extent([
          [0, 0],
          [width, HEIGHT],
        ])
        .on('start brush end', (e: D3BrushEvent<undefined>) => this.onBrush(e, scale, session, width));
      this.brush(this.group);
    }
    this.moving = true;
    this.brush.move(this.group, [
      Math.max(0, scale(viewport.from)),
      Math.min(width, Math.max(scale(viewport.to), scale(viewport.from) + 2)),
    ]);
    this.moving = false;
  }

  private onBrush(
    e: D3BrushEvent<undefined>,
    scale: ReturnType<typeof scaleLinear<number, number>>,
    session: Session,
    width: number,
  ): void {
    if (this.moving || e.sourceEvent === undefined || e.sourceEvent === null) return;
    const { span } = session.trace;
    if (e.selection === null) {
      if (e.type !== 'end' || !(e.sourceEvent instanceof MouseEvent)) return;
      const x = e.sourceEvent.clientX - this.plot.getBoundingClientRect().left;
      const at = scale.invert(Math.min(width, Math.max(0, x)));
      const half = spanOf(session.viewport) / 2;
      this.setViewport(clampViewport({ from: at - half, to: at + half }, span));
      return;
    }
    const [from, to] = e.selection as [number, number];
    if (to - from >= 2)
      this.setViewport(clampViewport({ from: scale.invert(from), to: scale.invert(to) }, span));
  }

  private drawBars(
    session: Session,
    scale: ReturnType<typeof scaleLinear<number, number>>,
    width: number,
    theme: Theme,
  ): void {
    const c = this.canvas.begin(width, HEIGHT);
    const { trace } = session;
    const from = scale(0);
    const bins = Math.max(1, Math.floor((scale(trace.span) - from) / BAR));
    c.fillStyle = theme.counter;
    c.globalAlpha = 0.6;
    overview(trace.zones, trace.tracks, trace.span, bins).forEach((busy, i) => {
      const h = Math.round(busy * (HEIGHT - 4));
      if (busy > 0) c.fillRect(from + i * BAR, HEIGHT - 1 - Math.max(1, h), BAR, Math.max(1, h));
    });
    c.globalAlpha = 1;
  }
}
