/** Paints rows of zones: fills by hue, names cut from the middle, merged zones hatched, the selection outlined. */
import { cutMiddle } from '../../src/profiler/layout/labels';
import { visibleInRow } from '../../src/profiler/layout/rows';
import type { Spans } from '../../src/profiler/layout/rows';
import type { Viewport } from '../../src/profiler/layout/viewport';
import { TextMeasure } from '../shared/canvas';
import type { Theme } from '../shared/theme';

/** One row of a chart. `nameOf` and `zoneOf` map a span to an index into the strings and to a zone. */
export interface Band {
  readonly y: number;
  readonly height: number;
  readonly row: Uint32Array;
  readonly spans: Spans;
  nameOf(span: number): number;
  zoneOf(span: number): number;
}

export interface Scene {
  readonly theme: Theme;
  readonly viewport: Viewport;
  readonly width: number;
  readonly strings: readonly string[];
  /** Left out of names that do not fit. */
  readonly prefix: string;
  readonly hues: Int8Array;
  readonly matches: Uint8Array | undefined;
  /** Whether the span is the selected one, or another call of the same name. */
  relation(band: Band, span: number): 'selected' | 'same' | undefined;
}

const DIMMED = 0.22;
const MIN_LABEL = 22;
const PADDING = 4;

export class ZonePainter {
  private readonly measure: TextMeasure;
  private hatch: CanvasPattern | undefined;
  private hatchFor: Theme | undefined;

  constructor(private readonly context: CanvasRenderingContext2D) {
    this.measure = new TextMeasure(context);
  }

  /** Prepares fonts and patterns; call after the canvas was resized and before the bands. */
  begin(theme: Theme): void {
    this.measure.use(`${theme.fontSize}px ${theme.font}`);
    this.context.font = `${theme.fontSize}px ${theme.font}`;
    this.context.textBaseline = 'middle';
    if (this.hatchFor !== theme) {
      this.hatchFor = theme;
      this.hatch = hatchPattern(this.context, theme);
    }
  }

  band(band: Band, scene: Scene): void {
    const { context: c } = this;
    const { theme } = scene;
    const outlined: { x: number; width: number; relation: 'selected' | 'same' }[] = [];
    for (const r of visibleInRow(band.row, band.spans, scene.viewport, scene.width)) {
      const name = band.nameOf(r.span);
      const gap = r.width > 3 ? 1 : 0;
      const merged = r.count > 1;
      const dim =
        scene.matches !== undefined &&
        !(scene.matches[name] === 1 || (merged && this.anyMatch(band, r.span, r.count, scene.matches)));
      c.globalAlpha = dim ? DIMMED : 1;
      const hue = scene.hues[name] ?? -1;
      c.fillStyle = merged ? (this.hatch ?? theme.neutral) : hue < 0 ? theme.neutral : theme.hues[hue]!;
      c.fillRect(r.x, band.y, r.width - gap, band.height);
      if (theme.outline !== undefined && r.width > 8) {
        c.strokeStyle = theme.outline;
        c.lineWidth = 1;
        c.strokeRect(r.x + 0.5, band.y + 0.5, r.width - gap - 1, band.height - 1);
      }
      if (!merged) {
        this.label(
          scene.strings[name] ?? '',
          scene.prefix,
          r.x,
          r.width - gap,
          band,
          hue < 0 ? theme.textOnNeutral : theme.textOnHues[hue]!,
        );
        const relation = scene.relation(band, r.span);
        if (relation !== undefined) outlined.push({ x: r.x, width: r.width - gap, relation });
      } else if (this.holdsSelected(band, r.span, r.count, scene)) {
        outlined.push({ x: r.x, width: r.width - gap, relation: 'selected' });
      }
    }
    c.globalAlpha = 1;
    for (const o of outlined) {
      const line = o.relation === 'selected' ? 2 : 1;
      c.strokeStyle = theme.selection;
      c.lineWidth = line;
      c.globalAlpha = o.relation === 'selected' ? 1 : 0.7;
      const inset = line / 2;
      c.strokeRect(o.x + inset, band.y + inset, Math.max(1, o.width - line), band.height - line);
      if (o.relation === 'selected' && o.width > 8) {
        // A second line keeps the outline visible on fills of its own lightness.
        c.strokeStyle = theme.background;
        c.lineWidth = 1;
        c.strokeRect(o.x + 2.5, band.y + 2.5, o.width - 5, band.height - 5);
      }
    }
    c.globalAlpha = 1;
  }

  private positionOf(band: Band, span: number): number {
    const { start } = band.spans;
    let low = 0;
    let high = band.row.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const s = band.row[middle]!;
      if (start[s]! < start[span]! || (start[s] === start[span] && s < span)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private anyMatch(band: Band, span: number, count: number, matches: Uint8Array): boolean {
    const from = this.positionOf(band, span);
    const to = Math.min(from + Math.min(count, 512), band.row.length);
    for (let p = from; p < to; p++) if (matches[band.nameOf(band.row[p]!)] === 1) return true;
    return false;
  }

  private holdsSelected(band: Band, span: number, count: number, scene: Scene): boolean {
    const from = this.positionOf(band, span);
    const to = Math.min(from + Math.min(count, 512), band.row.length);
    for (let p = from; p < to; p++) if (scene.relation(band, band.row[p]!) === 'selected') return true;
    return false;
  }

  private label(text: string, prefix: string, x: number, width: number, band: Band, colour: string): void {
    if (width < MIN_LABEL) return;
    const room = width - 2 * PADDING;
    const short = prefix !== '' && text.startsWith(prefix) ? text.slice(prefix.length) : text;
    const shown = this.measure.width(text) <= room ? text : cutMiddle(short, room, this.measure.width);
    if (shown === '') return;
    this.context.fillStyle = colour;
    this.context.fillText(shown, x + PADDING, band.y + band.height / 2 + 0.5);
  }
}

/** Diagonal lines over a quiet ground: the sign for zones too small to tell apart. */
function hatchPattern(context: CanvasRenderingContext2D, theme: Theme): CanvasPattern | undefined {
  const ratio = window.devicePixelRatio || 1;
  const size = Math.round(6 * ratio);
  const tile = document.createElement('canvas');
  tile.width = tile.height = size;
  const t = tile.getContext('2d');
  if (t === null) return undefined;
  t.globalAlpha = 0.35;
  t.fillStyle = theme.neutral;
  t.fillRect(0, 0, size, size);
  t.globalAlpha = 1;
  t.strokeStyle = theme.neutral;
  t.lineWidth = 1.5 * ratio;
  t.beginPath();
  for (const shift of [-size, 0, size]) {
    t.moveTo(shift - 1, size + 1);
    t.lineTo(shift + size + 1, -1);
  }
  t.stroke();
  const pattern = context.createPattern(tile, 'repeat') ?? undefined;
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}
