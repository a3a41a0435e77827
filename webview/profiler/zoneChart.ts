/**
 * A chart of zone rows with a time axis: canvas, scrolling, pointer and keyboard. The timeline and the flame view are two
 * uses of it. Keys: W S zoom, A D pan, arrows walk the zones, F fits, Escape clears, Enter reveals.
 */
import { formatDuration, ns } from '../../src/base/units';
import { spanAt } from '../../src/profiler/layout/rows';
import { panBy, pixelsPerUnit, zoomAround } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import { sharpCanvas } from '../shared/canvas';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { TimeAxisView } from './timeAxisView';
import { ZonePainter } from './zonePainter';
import type { Band, Scene } from './zonePainter';

export type KeyStep = 'previous' | 'next' | 'parent' | 'child';

export interface ChartContent {
  readonly extent: number;
  readonly height: number;
  readonly bands: readonly Band[];
  readonly strings: readonly string[];
  readonly prefix: string;
  readonly hues: Int8Array;
  readonly matches: Uint8Array | undefined;
  readonly selected: number | undefined;
  readonly range: Viewport | undefined;
  relation: Scene['relation'];
  /** Draws below the zones: track separators, counters. `top` is the scroll offset. */
  background?(context: CanvasRenderingContext2D, width: number, theme: Theme): void;
  /** Lines of the tooltip of a span. */
  tooltip(band: Band, span: number): readonly string[];
}

export interface ChartActions {
  setViewport(v: Viewport): void;
  setRange(range: Viewport | undefined): void;
  /** `zone` and the span it was chosen by; undefined clears. */
  select(zone: number | undefined): void;
  reveal(zone: number): void;
  step(step: KeyStep): void;
  fit(): void;
  escape(): void;
}

const DRAG_AFTER = 4;
const ZOOM_KEY = 0.75;
const PAN_KEY = 0.2;
const HIT_SLACK = 4;

type Drag = {
  readonly kind: 'press' | 'pan' | 'range';
  readonly x: number;
  readonly y: number;
  readonly at: number;
  readonly viewport: Viewport;
  readonly scroll: number;
};

export class ZoneChart {
  readonly element: HTMLElement;
  readonly axis: TimeAxisView;
  readonly labels = element('div', { class: 'chart-labels' });
  private readonly canvas = sharpCanvas(element('canvas', { 'aria-hidden': 'true' }));
  private readonly sticky = element('div', { class: 'chart-sticky' }, this.canvas.element);
  private readonly filler = element('div', { class: 'chart-filler' }, this.sticky, this.labels);
  readonly scroller: HTMLElement;
  private readonly crosshair = element('div', { class: 'crosshair', hidden: true });
  private readonly tip = element('div', { class: 'tooltip', hidden: true, 'aria-hidden': 'true' });
  private readonly painter = new ZonePainter(this.canvas.context);
  private content: ChartContent | undefined;
  private viewport: Viewport = { from: 0, to: 1 };
  private drag: Drag | undefined;
  private pointer: { readonly x: number; readonly y: number } | undefined;

  /** `gutter` is the width of the labels at the left; they are the caller's to fill. */
  constructor(
    label: string,
    private readonly gutter: number,
    private readonly theme: () => Theme,
    private readonly actions: ChartActions,
  ) {
    this.axis = new TimeAxisView(gutter > 0 ? 16 : 0);
    this.scroller = element(
      'div',
      {
        class: 'chart-scroll',
        tabindex: 0,
        role: 'application',
        'aria-label': label,
        'aria-roledescription': 'timeline',
      },
      this.filler,
    );
    this.element = element(
      'div',
      { class: 'chart' },
      this.axis.element,
      this.scroller,
      this.crosshair,
      this.tip,
    );
    this.element.style.setProperty('--gutter', `${gutter}px`);
    this.scroller.addEventListener('scroll', () => this.redraw());
    this.scroller.addEventListener('keydown', (e) => this.onKey(e));
    this.scroller.addEventListener('wheel', (e) => this.onWheel(e), { passive: false });
    this.sticky.addEventListener('pointerdown', (e) => this.onDown(e));
    this.sticky.addEventListener('pointermove', (e) => this.onMove(e));
    this.sticky.addEventListener('pointerup', (e) => this.onUp(e));
    this.sticky.addEventListener('pointercancel', () => (this.drag = undefined));
    this.sticky.addEventListener('pointerleave', () => this.hover(undefined));
    this.sticky.addEventListener('dblclick', (e) => {
      const hit = this.hit(e);
      if (hit !== undefined) actions.reveal(hit.band.zoneOf(hit.span));
    });
    new ResizeObserver(() => this.redraw()).observe(this.scroller);
  }

  /** Width of the plot in pixels. */
  get width(): number {
    return Math.max(1, this.scroller.clientWidth - this.gutter);
  }

  draw(content: ChartContent, viewport: Viewport): void {
    this.content = content;
    this.viewport = viewport;
    this.redraw();
  }

  private redraw(): void {
    const { content, viewport } = this;
    if (content === undefined || this.scroller.clientHeight === 0) return;
    const theme = this.theme();
    const { width } = this;
    const height = this.scroller.clientHeight;
    const top = this.scroller.scrollTop;
    this.filler.style.height = `${content.height}px`;
    this.axis.draw(viewport, width, content.extent);
    const c = this.canvas.begin(width, height);
    const scale = pixelsPerUnit(viewport, width);
    c.strokeStyle = theme.grid;
    c.lineWidth = 1;
    c.globalAlpha = 0.12;
    c.beginPath();
    for (const tick of this.axis.axis.ticks) {
      const x = Math.round((tick.at - viewport.from) * scale) + 0.5;
      c.moveTo(x, 0);
      c.lineTo(x, height);
    }
    c.stroke();
    c.globalAlpha = 1;
    c.save();
    c.translate(0, -top);
    this.painter.begin(theme);
    content.background?.(c, width, theme);
    const scene: Scene = {
      theme,
      viewport,
      width,
      strings: content.strings,
      prefix: content.prefix,
      hues: content.hues,
      matches: content.matches,
      relation: content.relation,
    };
    for (const band of content.bands) {
      if (band.y + band.height >= top && band.y <= top + height) this.painter.band(band, scene);
    }
    c.restore();
    if (content.range !== undefined) {
      const from = (content.range.from - viewport.from) * scale;
      const to = (content.range.to - viewport.from) * scale;
      c.fillStyle = theme.range;
      c.globalAlpha = 0.35;
      c.fillRect(from, 0, to - from, height);
      c.globalAlpha = 1;
      c.fillStyle = theme.focus;
      c.fillRect(from, 0, 1, height);
      c.fillRect(to - 1, 0, 1, height);
    }
    this.hover(this.pointer);
  }

  /** Scrolls vertically so that the band of `zone` can be seen. */
  scrollToBand(test: (band: Band) => boolean): void {
    const band = this.content?.bands.find(test);
    if (band === undefined) return;
    const { scrollTop, clientHeight } = this.scroller;
    if (band.y < scrollTop) this.scroller.scrollTop = band.y - 4;
    else if (band.y + band.height > scrollTop + clientHeight) {
      this.scroller.scrollTop = band.y + band.height - clientHeight + 4;
    }
  }

  private place(e: MouseEvent): { x: number; y: number } {
    const box = this.canvas.element.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  }

  private timeAt(x: number): number {
    return this.viewport.from + x / pixelsPerUnit(this.viewport, this.width);
  }

  private bandAt(y: number): Band | undefined {
    const at = y + this.scroller.scrollTop;
    return this.content?.bands.find((b) => at >= b.y && at < b.y + b.height);
  }

  private hit(e: MouseEvent): { readonly band: Band; readonly span: number } | undefined {
    const { x, y } = this.place(e);
    const band = this.bandAt(y);
    if (band === undefined) return undefined;
    const slack = HIT_SLACK / pixelsPerUnit(this.viewport, this.width);
    const span = spanAt(band.row, band.spans, this.timeAt(x), slack);
    return span === undefined ? undefined : { band, span };
  }

  private onDown(e: PointerEvent): void {
    if (e.button !== 0) return;
    this.scroller.focus({ preventScroll: true });
    this.sticky.setPointerCapture(e.pointerId);
    const { x, y } = this.place(e);
    const kind = e.shiftKey ? 'range' : 'press';
    this.drag = { kind, x, y, at: this.timeAt(x), viewport: this.viewport, scroll: this.scroller.scrollTop };
    this.hover(undefined);
  }

  private onMove(e: PointerEvent): void {
    const here = this.place(e);
    const { drag } = this;
    if (drag === undefined) {
      this.hover(here);
      return;
    }
    if (drag.kind === 'range') {
      const at = this.timeAt(here.x);
      this.actions.setRange({ from: Math.min(drag.at, at), to: Math.max(drag.at, at) });
      this.hover(here);
      return;
    }
    if (drag.kind === 'press' && Math.hypot(here.x - drag.x, here.y - drag.y) < DRAG_AFTER) return;
    this.drag = { ...drag, kind: 'pan' };
    this.sticky.classList.add('panning');
    this.scroller.scrollTop = drag.scroll - (here.y - drag.y);
    this.actions.setViewport(panBy(drag.viewport, (drag.x - here.x) / this.width, this.content?.extent ?? 1));
  }

  private onUp(e: PointerEvent): void {
    const { drag } = this;
    this.drag = undefined;
    this.sticky.classList.remove('panning');
    if (drag?.kind === 'press') {
      const hit = this.hit(e);
      this.actions.select(hit?.band.zoneOf(hit.span));
    } else if (drag?.kind === 'range' && Math.abs(this.place(e).x - drag.x) < DRAG_AFTER) {
      this.actions.setRange(undefined);
    }
  }

  private onWheel(e: WheelEvent): void {
    const { x } = this.place(e);
    // Over the names the wheel scrolls the tracks; over the zones it zooms.
    if (x < 0 || this.content === undefined) return;
    e.preventDefault();
    const unit = e.deltaMode === 1 ? 16 : e.deltaMode === 2 ? 400 : 1;
    const sideways = e.shiftKey
      ? e.deltaY || e.deltaX
      : Math.abs(e.deltaX) > Math.abs(e.deltaY)
        ? e.deltaX
        : 0;
    const { extent } = this.content;
    this.actions.setViewport(
      sideways !== 0
        ? panBy(this.viewport, (sideways * unit) / this.width, extent)
        : zoomAround(
            this.viewport,
            this.timeAt(x),
            Math.exp(Math.max(-1, Math.min(1, e.deltaY * unit * 0.0025))),
            extent,
          ),
    );
  }

  private onKey(e: KeyboardEvent): void {
    if (e.ctrlKey || e.metaKey || e.altKey || this.content === undefined) return;
    const { extent } = this.content;
    const middle =
      this.pointer === undefined ? (this.viewport.from + this.viewport.to) / 2 : this.timeAt(this.pointer.x);
    const zoom = (factor: number): void =>
      this.actions.setViewport(zoomAround(this.viewport, middle, factor, extent));
    const pan = (part: number): void => this.actions.setViewport(panBy(this.viewport, part, extent));
    const keys: Readonly<Record<string, () => void>> = {
      w: () => zoom(ZOOM_KEY),
      s: () => zoom(1 / ZOOM_KEY),
      a: () => pan(-PAN_KEY),
      d: () => pan(PAN_KEY),
      f: () => this.actions.fit(),
      Escape: () => this.actions.escape(),
      ArrowLeft: () => this.actions.step('previous'),
      ArrowRight: () => this.actions.step('next'),
      ArrowUp: () => this.actions.step('parent'),
      ArrowDown: () => this.actions.step('child'),
      Enter: () => {
        if (this.content?.selected !== undefined) this.actions.reveal(this.content.selected);
      },
    };
    const act = keys[e.key.length === 1 ? e.key.toLowerCase() : e.key];
    if (act === undefined || e.target !== this.scroller) return;
    e.preventDefault();
    act();
  }

  private hover(at: { readonly x: number; readonly y: number } | undefined): void {
    this.pointer = at;
    this.crosshair.hidden = at === undefined;
    this.axis.showCursor(
      this.viewport,
      this.width,
      at?.x,
      this.drag?.kind === 'range' ? this.content?.range : undefined,
    );
    if (at === undefined || this.content === undefined) {
      this.tip.hidden = true;
      return;
    }
    this.crosshair.style.transform = `translateX(${Math.round(this.gutter + at.x)}px)`;
    const band = this.bandAt(at.y);
    const slack = 1 / pixelsPerUnit(this.viewport, this.width);
    const span = band === undefined ? undefined : spanAt(band.row, band.spans, this.timeAt(at.x), slack);
    this.tip.hidden = span === undefined || this.drag !== undefined;
    if (band === undefined || span === undefined || this.tip.hidden) return;
    this.tip.replaceChildren(...this.content.tooltip(band, span).map((line) => element('div', {}, line)));
    const room = this.element.clientWidth - this.tip.offsetWidth - 4;
    const below = this.axis.element.offsetHeight + at.y + 16;
    const fits = below + this.tip.offsetHeight <= this.element.clientHeight;
    this.tip.style.left = `${Math.max(0, Math.min(this.gutter + at.x + 12, room))}px`;
    this.tip.style.top = `${fits ? below : Math.max(0, below - this.tip.offsetHeight - 28)}px`;
  }
}

/** `12.3 ms` of integer nanoseconds. */
export const duration = (t: number): string => formatDuration(ns(t));
