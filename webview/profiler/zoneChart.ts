/**
 * A chart of zone rows with a time axis: canvases, scrolling, pointer and keyboard. The timeline and the flame view are two
 * uses of it. Keys are listed in `shortcuts.ts`.
 */
import { formatDuration, ns } from '../../src/base/units';
import { panBy, pixelsPerUnit, zoomAround } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import type { KeyStep } from '../../src/profiler/layout/walk';
import type { ChartSource, RemoteQueries, WindowAnswer } from '../../src/protocol/profilerView';
import { sharpCanvas } from '../shared/canvas';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { canvasRects } from './canvasRects';
import { glRects } from './glRects';
import type { NameBook } from './nameBook';
import type { Layer, RectPainter } from './rects';
import { TimeAxisView } from './timeAxisView';
import type { AxisMark } from './timeAxisView';
import { WindowCache } from './windowCache';
import { rectAt, ZoneLabels } from './zoneLabels';
import type { SelectedSpan } from './zoneLabels';

/** One row of a chart: row `row` of its source. */
export interface Band {
  readonly y: number;
  readonly height: number;
  readonly row: number;
}

/** What lies under the pointer. */
export interface Hit {
  readonly band: Band;
  /** One of them, where several are merged. */
  readonly zone: number;
  readonly name: number;
  readonly count: number;
  /** In units of the content, as exact as a pixel. */
  readonly from: number;
  readonly to: number;
}

export interface ChartContent {
  readonly queries: RemoteQueries;
  readonly source: ChartSource;
  readonly extent: number;
  readonly height: number;
  readonly bands: readonly Band[];
  readonly names: NameBook;
  readonly prefix: string;
  readonly search: string;
  readonly selected: SelectedSpan | undefined;
  readonly range: Viewport | undefined;
  readonly marks: readonly AxisMark[];
  /** Draws below the zones: track separators, counters; moved by the scroll offset. */
  background?(context: CanvasRenderingContext2D, width: number, theme: Theme): void;
  /** Draws above the zones: flows; moved by the scroll offset. */
  foreground?(context: CanvasRenderingContext2D, width: number, theme: Theme): void;
  /** Lines of the tooltip; `more` takes their place once the pointer rests. */
  tooltip(hit: Hit): { readonly lines: readonly string[]; readonly more?: () => Promise<readonly string[]> };
}

export interface ChartActions {
  setViewport(v: Viewport): void;
  setRange(range: Viewport | undefined): void;
  /** Undefined clears; `measure` where the time from the selected zone to this one is asked for. */
  select(zone: number | undefined, measure?: boolean): void;
  reveal(zone: number): void;
  step(step: KeyStep): void;
  fit(): void;
  /** Selects the time of the selected zone as a range. */
  markRange(): void;
  /** Bookmarks the range, the selected zone, or the time at the pointer. */
  bookmark(at: number): void;
  nextBookmark(backwards: boolean): void;
  escape(): void;
  failed(problem: unknown): void;
}

const DRAG_AFTER = 4;
const ZOOM_KEY = 0.75;
const PAN_KEY = 0.2;
const HIT_SLACK = 4;
/** Rows are fetched this far beyond the visible ones, in pixels. */
const OVERSCAN = 300;
const TIP_REST_MS = 60;

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
  private readonly back = sharpCanvas(element('canvas', { 'aria-hidden': 'true' }));
  /** Made when the chart is first seen: a page may have few WebGL contexts only. */
  private rects: RectPainter | undefined;
  private readonly middle = element('div', { class: 'chart-rects' });
  private readonly front = sharpCanvas(element('canvas', { 'aria-hidden': 'true' }));
  private readonly sticky: HTMLElement;
  private readonly filler: HTMLElement;
  readonly scroller: HTMLElement;
  private readonly crosshair = element('div', { class: 'crosshair', hidden: true });
  private readonly tip = element('div', { class: 'tooltip', hidden: true, 'aria-hidden': 'true' });
  private readonly painter = new ZoneLabels(this.front.context);
  private readonly cache: WindowCache;
  private content: ChartContent | undefined;
  private rows: readonly number[] = [];
  private layers: readonly Layer[] = [];
  private viewport: Viewport = { from: 0, to: 1 };
  private drag: Drag | undefined;
  private pointer: { readonly x: number; readonly y: number } | undefined;
  private tipFor: string | undefined;
  private tipTimer: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;
  /** Whether the last frame drew exactly what was asked for, rather than what there was. */
  private settled = false;

  /** `gutter` is the width of the labels at the left; they are the caller's to fill. */
  constructor(
    label: string,
    private readonly gutter: number,
    private readonly theme: () => Theme,
    private readonly actions: ChartActions,
  ) {
    this.axis = new TimeAxisView(gutter > 0 ? 16 : 0);
    this.sticky = element(
      'div',
      { class: 'chart-sticky' },
      this.back.element,
      this.middle,
      this.front.element,
    );
    this.filler = element('div', { class: 'chart-filler' }, this.sticky, this.labels);
    this.cache = new WindowCache(
      () => this.content!.queries,
      () => this.content!.names,
      () => this.soon(),
      (problem) => actions.failed(problem),
    );
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
      const hit = this.hit(this.place(e), HIT_SLACK);
      if (hit !== undefined) actions.reveal(hit.zone);
    });
    new ResizeObserver(() => this.redraw()).observe(this.scroller);
  }

  /** Width of the plot in pixels. */
  get width(): number {
    return Math.max(1, this.scroller.clientWidth - this.gutter);
  }

  draw(content: ChartContent, viewport: Viewport): void {
    // Answers of another trace may still be on their way; they are none of this one's.
    if (this.content !== undefined && this.content.queries !== content.queries) this.cache.drop();
    this.content = content;
    this.viewport = viewport;
    this.redraw();
  }

  private soon(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.redraw();
    });
  }

  private redraw(): void {
    const { content, viewport } = this;
    if (content === undefined || this.scroller.clientHeight === 0) return;
    const theme = this.theme();
    const { width } = this;
    const height = this.scroller.clientHeight;
    const top = this.scroller.scrollTop;
    this.filler.style.height = `${content.height}px`;
    this.axis.draw(viewport, width, content.extent, content.marks);
    const visible = content.bands.filter(
      (b) => b.y + b.height >= top - OVERSCAN && b.y <= top + height + OVERSCAN,
    );
    if (visible.length !== this.rows.length || visible.some((b, i) => b.row !== this.rows[i]))
      this.rows = visible.map((b) => b.row);
    const { source, extent, search } = content;
    this.settled = this.cache.want({ source, rows: this.rows, viewport, width, extent, search });
    this.layers = this.layersOf(visible, width, top, height);
    this.drawBack(content, theme, width, height, top);
    this.rects ??= this.makeRects();
    this.rects.draw(this.layers, width, height, theme, search !== '');
    this.drawFront(content, theme, width, height, top);
    this.hover(this.pointer);
    this.element.dataset['settled'] = String(this.settled);
  }

  private makeRects(): RectPainter {
    const canvas = (): HTMLCanvasElement => element('canvas', { 'aria-hidden': 'true' });
    const painter = glRects(canvas(), () => this.redraw()) ?? canvasRects(canvas());
    this.middle.append(painter.element);
    return painter;
  }

  /** Exact rectangles where they are, coarse ones beside them. */
  private layersOf(bands: readonly Band[], width: number, top: number, height: number): readonly Layer[] {
    const { viewport } = this;
    const scale = pixelsPerUnit(viewport, width);
    const shown = new Map(
      bands.filter((b) => b.y + b.height >= top && b.y <= top + height).map((b) => [b.row, b]),
    );
    const layer = (answer: WindowAnswer, left: number, right: number): Layer => ({
      answer,
      places: answer.rows.map((row) => {
        const band = shown.get(row);
        return band === undefined ? { y: 0, height: 0 } : { y: band.y - top, height: band.height };
      }),
      scale: (scale * (answer.to - answer.from)) / answer.pixels,
      shift: (answer.from - viewport.from) * scale,
      left: Math.max(0, Math.min(width, left)),
      right: Math.max(0, Math.min(width, right)),
    });
    const { fine, coarse } = this.cache;
    if (fine === undefined) return coarse === undefined ? [] : [layer(coarse, 0, width)];
    const from = (fine.from - viewport.from) * scale;
    const to = (fine.to - viewport.from) * scale;
    const exact = layer(fine, from, to);
    if (coarse === undefined || (from <= 0 && to >= width)) return [exact];
    return [exact, layer(coarse, 0, from), layer(coarse, to, width)].filter((l) => l.right > l.left);
  }

  private drawBack(content: ChartContent, theme: Theme, width: number, height: number, top: number): void {
    const c = this.back.begin(width, height);
    const scale = pixelsPerUnit(this.viewport, width);
    c.strokeStyle = theme.grid;
    c.lineWidth = 1;
    c.globalAlpha = 0.12;
    c.beginPath();
    for (const tick of this.axis.axis.ticks) {
      const x = Math.round((tick.at - this.viewport.from) * scale) + 0.5;
      c.moveTo(x, 0);
      c.lineTo(x, height);
    }
    c.stroke();
    c.globalAlpha = 1;
    c.save();
    c.translate(0, -top);
    content.background?.(c, width, theme);
    c.restore();
  }

  private drawFront(content: ChartContent, theme: Theme, width: number, height: number, top: number): void {
    const c = this.front.begin(width, height);
    const { names, prefix, selected, search, range, marks } = content;
    this.painter.draw(this.layers, theme, { names, prefix, selected, searching: search !== '' });
    c.save();
    c.translate(0, -top);
    content.foreground?.(c, width, theme);
    c.restore();
    const scale = pixelsPerUnit(this.viewport, width);
    const x = (at: number): number => (at - this.viewport.from) * scale;
    for (const m of marks) {
      c.globalAlpha = 0.6;
      c.fillStyle = theme.focus;
      c.fillRect(Math.round(x(m.from)), 0, 1, height);
    }
    c.globalAlpha = 1;
    if (range === undefined) return;
    c.fillStyle = theme.range;
    c.globalAlpha = 0.35;
    c.fillRect(x(range.from), 0, x(range.to) - x(range.from), height);
    c.globalAlpha = 1;
    c.fillStyle = theme.focus;
    c.fillRect(x(range.from), 0, 1, height);
    c.fillRect(x(range.to) - 1, 0, 1, height);
  }

  /** Scrolls vertically so that row `row` of the source can be seen. */
  scrollToRow(row: number): void {
    const band = this.content?.bands.find((b) => b.row === row);
    if (band === undefined) return;
    const { scrollTop, clientHeight } = this.scroller;
    if (band.y < scrollTop) this.scroller.scrollTop = band.y - 4;
    else if (band.y + band.height > scrollTop + clientHeight) {
      this.scroller.scrollTop = band.y + band.height - clientHeight + 4;
    }
  }

  private place(e: MouseEvent): { x: number; y: number } {
    const box = this.front.element.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  }

  private timeAt(x: number): number {
    return this.viewport.from + x / pixelsPerUnit(this.viewport, this.width);
  }

  private bandAt(y: number): Band | undefined {
    const at = y + this.scroller.scrollTop;
    return this.content?.bands.find((b) => at >= b.y && at < b.y + b.height);
  }

  private hit(at: { readonly x: number; readonly y: number }, slack: number): Hit | undefined {
    const band = this.bandAt(at.y);
    if (band === undefined) return undefined;
    for (const { answer, scale, shift, left, right } of this.layers) {
      const row = at.x < left || at.x > right ? -1 : answer.rows.indexOf(band.row);
      if (row < 0) continue;
      const i = rectAt(answer, row, (at.x - shift) / scale, slack / scale);
      if (i === undefined) continue;
      const unit = (answer.to - answer.from) / answer.pixels;
      return {
        band,
        zone: answer.zone[i]!,
        name: answer.name[i]!,
        count: answer.count[i]!,
        from: answer.from + answer.x[i]! * unit,
        to: answer.from + (answer.x[i]! + answer.width[i]!) * unit,
      };
    }
    return undefined;
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
      const hit = this.hit(this.place(e), HIT_SLACK);
      this.actions.select(hit?.zone, e.ctrlKey || e.metaKey);
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
      m: () => this.actions.markRange(),
      b: () => this.actions.bookmark(middle),
      ']': () => this.actions.nextBookmark(false),
      '[': () => this.actions.nextBookmark(true),
      '+': () => zoom(ZOOM_KEY),
      '-': () => zoom(1 / ZOOM_KEY),
      PageDown: () => this.scroller.scrollBy(0, this.scroller.clientHeight - 36),
      PageUp: () => this.scroller.scrollBy(0, 36 - this.scroller.clientHeight),
      Escape: () => this.actions.escape(),
      ArrowLeft: () => this.actions.step('previous'),
      ArrowRight: () => this.actions.step('next'),
      ArrowUp: () => this.actions.step('parent'),
      ArrowDown: () => this.actions.step('child'),
      Enter: () => {
        if (this.content?.selected !== undefined) this.actions.reveal(this.content.selected.zone);
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
    const hit = this.drag === undefined ? this.hit(at, 1) : undefined;
    this.tip.hidden = hit === undefined;
    if (hit === undefined) {
      this.tipFor = undefined;
      return;
    }
    this.showTip(hit, this.content);
    const room = this.element.clientWidth - this.tip.offsetWidth - 4;
    const below = this.axis.element.offsetHeight + at.y + 16;
    const fits = below + this.tip.offsetHeight <= this.element.clientHeight;
    this.tip.style.left = `${Math.max(0, Math.min(this.gutter + at.x + 12, room))}px`;
    this.tip.style.top = `${fits ? below : Math.max(0, below - this.tip.offsetHeight - 28)}px`;
  }

  /** What is known at once; the rest once the pointer rests. */
  private showTip(hit: Hit, content: ChartContent): void {
    const key = `${hit.zone} ${hit.count}`;
    if (this.tipFor === key) return;
    this.tipFor = key;
    const fill = (lines: readonly string[]): void =>
      this.tip.replaceChildren(...lines.map((line) => element('div', {}, line)));
    clearTimeout(this.tipTimer);
    const { lines, more } = content.tooltip(hit);
    fill(lines);
    if (more === undefined) return;
    this.tipTimer = setTimeout(() => {
      more().then(
        (all) => {
          if (this.tipFor === key) fill(all);
        },
        (problem: unknown) => this.actions.failed(problem),
      );
    }, TIP_REST_MS);
  }
}

/** `12.3 ms` of integer nanoseconds. */
export const duration = (t: number): string => formatDuration(ns(t));
