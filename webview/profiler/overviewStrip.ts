/** The strip above the timeline: how busy the threads were over the whole trace, a brush for the visible range, and the frames. */
import { brushX, scaleLinear, select } from 'd3';
import type { D3BrushEvent } from 'd3';
import { frameBars } from '../../src/profiler/layout/frames';
import type { FrameBar } from '../../src/profiler/layout/frames';
import { clampViewport, fitRange, spanOf } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import type { FrameColumns, OverviewAnswer } from '../../src/protocol/profilerView';
import { sharpCanvas } from '../shared/canvas';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Session } from './session';
import { duration } from './zoneChart';

const HEIGHT = 26;
const FRAMES_HEIGHT = 24;
/** Fewer frames than this say nothing that the timeline does not. */
const LEAST_FRAMES = 2;

export class OverviewStrip {
  readonly element: HTMLElement;
  private readonly plot = element('div', { class: 'overview-plot' });
  private readonly canvas = sharpCanvas(element('canvas', { 'aria-hidden': 'true' }));
  private readonly brush = brushX<undefined>();
  private readonly svg;
  private readonly group;
  private readonly frames: FramesStrip;
  private moving = false;
  private drawn:
    | {
        readonly session: Session;
        readonly overview: OverviewAnswer | undefined;
        readonly width: number;
        readonly theme: Theme;
      }
    | undefined;

  constructor(
    private readonly setViewport: (v: Viewport) => void,
    selectZone: (zone: number) => void,
  ) {
    this.plot.append(this.canvas.element);
    this.svg = select(this.plot).append('svg').attr('height', HEIGHT).attr('aria-hidden', 'true');
    this.group = this.svg.append('g').datum(undefined);
    this.frames = new FramesStrip(setViewport, selectZone);
    this.element = element(
      'div',
      { class: 'overview-strips' },
      element('div', { class: 'overview' }, element('div', { class: 'axis-gutter' }, 'Overview'), this.plot),
      this.frames.element,
    );
  }

  draw(session: Session, viewport: Viewport, width: number, theme: Theme): void {
    const { span, overview } = session;
    const all = clampViewport({ from: -span, to: 2 * span }, span);
    const scale = scaleLinear([all.from, all.to], [0, width]);
    const { drawn } = this;
    if (
      drawn?.session !== session ||
      drawn.overview !== overview ||
      drawn.width !== width ||
      drawn.theme !== theme
    ) {
      this.drawn = { session, overview, width, theme };
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
    this.frames.draw(session, viewport, width, theme);
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
    const { span } = session;
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
    { overview, span }: Session,
    scale: ReturnType<typeof scaleLinear<number, number>>,
    width: number,
    theme: Theme,
  ): void {
    const c = this.canvas.begin(width, HEIGHT);
    const busy = overview?.busy ?? [];
    const from = scale(0);
    const size = (scale(span) - from) / busy.length;
    c.fillStyle = theme.counter;
    c.globalAlpha = 0.6;
    for (const [i, part] of busy.entries()) {
      const h = Math.max(1, Math.round(part * (HEIGHT - 4)));
      if (part > 0) c.fillRect(from + i * size, HEIGHT - 1 - h, Math.max(size, 0.5), h);
    }
    c.globalAlpha = 1;
  }
}

/** One bar per frame, as high as it took long: a slow iteration stands out. A click zooms to it. */
class FramesStrip {
  private readonly canvas = sharpCanvas(element('canvas', { 'aria-hidden': 'true' }));
  private readonly label = element('div', { class: 'axis-gutter' }, 'Frames');
  private readonly tip = element('div', { class: 'frames-tip', hidden: true });
  readonly element = element(
    'div',
    { class: 'overview frames', hidden: true },
    this.label,
    element('div', { class: 'overview-plot' }, this.canvas.element, this.tip),
  );
  private bars: readonly FrameBar[] = [];
  private session: Session | undefined;

  constructor(setViewport: (v: Viewport) => void, selectZone: (zone: number) => void) {
    this.canvas.element.addEventListener('click', (e) => {
      const frame = this.frameAt(e.offsetX);
      if (frame === undefined || this.session === undefined) return;
      const { frames, at } = frame;
      selectZone(frames.zone[at]!);
      setViewport(fitRange(frames.start[at]!, frames.start[at]! + frames.duration[at]!, this.session.span));
    });
    this.canvas.element.addEventListener('pointermove', (e) => this.showTip(e.offsetX));
    this.canvas.element.addEventListener('pointerleave', () => (this.tip.hidden = true));
  }

  draw(session: Session, viewport: Viewport, width: number, theme: Theme): void {
    this.session = session;
    const frames = session.overview?.frames;
    const few = frames === undefined || frames.start.length < LEAST_FRAMES;
    this.element.hidden = few;
    if (few) return;
    this.label.textContent = `Frames ${frames.start.length}`;
    this.label.title =
      frames.entries.length > 1 ? `Entry points: ${frames.entries.join(', ')}` : 'One bar per iteration';
    this.bars = frameBars(frames, width);
    const c = this.canvas.begin(width, FRAMES_HEIGHT);
    for (const bar of this.bars) {
      const start = frames.start[bar.frame]!;
      const seen = start < viewport.to && start + frames.duration[bar.frame]! > viewport.from;
      // Entry points are kept apart by hue; what is out of view is quieter.
      c.fillStyle = theme.hues[(frames.entry[bar.frame]! * 3) % theme.hues.length]!;
      c.globalAlpha = seen ? 1 : 0.45;
      const h = Math.max(1, Math.round(bar.height * (FRAMES_HEIGHT - 3)));
      c.fillRect(bar.x, FRAMES_HEIGHT - 1 - h, bar.width > 2 ? bar.width - 1 : bar.width, h);
    }
    c.globalAlpha = 1;
  }

  private frameAt(x: number): { readonly frames: FrameColumns; readonly at: number } | undefined {
    const frames = this.session?.overview?.frames;
    const bar = this.bars.find((b) => x >= b.x && x < b.x + b.width);
    return bar === undefined || frames === undefined ? undefined : { frames, at: bar.frame };
  }

  private showTip(x: number): void {
    const found = this.frameAt(x);
    this.tip.hidden = found === undefined;
    if (found === undefined) return;
    const { frames, at } = found;
    const entry = frames.entries[frames.entry[at]!] ?? '';
    this.tip.textContent = `${entry} ${at} · ${duration(frames.duration[at]!)}`;
    this.tip.style.left = `${Math.min(x + 10, Math.max(0, this.canvas.width - 160))}px`;
  }
}
