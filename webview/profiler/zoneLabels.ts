/** Names on rectangles, and the outlines of what is selected. Drawn over the rectangles on a 2D canvas. */
import { cutMiddle } from '../../src/profiler/layout/labels';
import type { WindowAnswer } from '../../src/protocol/profilerView';
import { TextMeasure } from '../shared/canvas';
import type { Theme } from '../shared/theme';
import type { NameBook } from './nameBook';
import { DIMMED, GAP_ABOVE } from './rects';
import type { Layer } from './rects';

export interface Labelled {
  readonly names: NameBook;
  /** Left out of names that do not fit. */
  readonly prefix: string;
  readonly searching: boolean;
  readonly selected: SelectedSpan | undefined;
}

/** What is outlined; without `row` and times only where it is drawn as a rectangle of its own. */
export interface SelectedSpan {
  readonly zone: number;
  readonly name?: number;
  readonly row?: number;
  readonly start?: number;
}

const MIN_LABEL = 22;
const PADDING = 4;
/** Rectangles narrower than this are not looked at for labels, however far the view zooms in before others come. */
const EVER_LABELLED = 7;

const wideOf = new WeakMap<WindowAnswer, readonly Uint32Array[]>();
/** Of each row, rectangles that may be labelled or outlined. */
function candidates(a: WindowAnswer): readonly Uint32Array[] {
  let known = wideOf.get(a);
  if (known === undefined) {
    known = a.rows.map((_, row) => {
      const found: number[] = [];
      for (let i = a.offset[row]!; i < a.offset[row + 1]!; i++)
        if (a.width[i]! >= EVER_LABELLED && a.count[i] === 1) found.push(i);
      return Uint32Array.from(found);
    });
    wideOf.set(a, known);
  }
  return known;
}

export class ZoneLabels {
  private readonly measure: TextMeasure;

  constructor(private readonly context: CanvasRenderingContext2D) {
    this.measure = new TextMeasure(context);
  }

  draw(layers: readonly Layer[], theme: Theme, what: Labelled): void {
    const { context: c } = this;
    this.measure.use(`${theme.fontSize}px ${theme.font}`);
    c.textBaseline = 'middle';
    for (const layer of layers) {
      c.save();
      c.beginPath();
      c.rect(layer.left, 0, Math.max(0, layer.right - layer.left), 1e5);
      c.clip();
      this.texts(layer, theme, what);
      this.outlines(layer, theme, what.selected);
      c.restore();
    }
    c.globalAlpha = 1;
  }

  private texts({ answer, places, scale, shift, left, right }: Layer, theme: Theme, what: Labelled): void {
    const { context: c } = this;
    const wide = candidates(answer);
    places.forEach(({ y, height }, row) => {
      if (height < theme.fontSize) return;
      for (const i of wide[row]!) {
        const from = Math.max(left, answer.x[i]! * scale + shift);
        const to = Math.min(right, (answer.x[i]! + answer.width[i]!) * scale + shift - 1);
        if (to - from < MIN_LABEL) continue;
        const text = what.names.text(answer.name[i]!);
        const room = to - from - 2 * PADDING;
        const short =
          what.prefix !== '' && text.startsWith(what.prefix) ? text.slice(what.prefix.length) : text;
        const shown = this.measure.width(text) <= room ? text : cutMiddle(short, room, this.measure.width);
        if (shown === '') continue;
        const hue = answer.hue[i]!;
        c.globalAlpha = what.searching && answer.match[i] === 0 ? DIMMED : 1;
        c.fillStyle = hue < 0 ? theme.textOnNeutral : theme.textOnHues[hue]!;
        c.fillText(shown, from + PADDING, y + height / 2 + 0.5);
      }
    });
  }

  private outlines(layer: Layer, theme: Theme, selected: SelectedSpan | undefined): void {
    if (selected === undefined) return;
    const { answer, places, scale, shift } = layer;
    const { context: c } = this;
    const strong: (readonly [x: number, y: number, width: number, height: number])[] = [];
    c.strokeStyle = theme.selection;
    c.lineWidth = 1;
    c.globalAlpha = 0.7;
    const wide = candidates(answer);
    const place = placeOf(answer, selected);
    places.forEach(({ y, height }, row) => {
      if (height <= 0) return;
      const box = (i: number): readonly [number, number, number, number] => {
        const x = answer.x[i]! * scale + shift;
        const all = Math.max(1, answer.width[i]! * scale);
        return [x, y, all > GAP_ABOVE ? all - 1 : all, height];
      };
      for (const i of wide[row]!) {
        if (answer.zone[i] === selected.zone) strong.push(box(i));
        else if (answer.name[i] === selected.name) {
          const [x, , width] = box(i);
          c.strokeRect(x + 0.5, y + 0.5, Math.max(1, width - 1), height - 1);
        }
      }
      if (place?.row === row && !strong.some((s) => s[1] === y)) strong.push(box(place.index));
    });
    c.globalAlpha = 1;
    for (const [x, y, width, height] of strong) {
      c.strokeStyle = theme.selection;
      c.lineWidth = 2;
      c.strokeRect(x + 1, y + 1, Math.max(1, width - 2), height - 2);
      if (width <= 8) continue;
      // A second line keeps the outline visible on fills of its own lightness.
      c.strokeStyle = theme.background;
      c.lineWidth = 1;
      c.strokeRect(x + 2.5, y + 2.5, width - 5, height - 5);
    }
  }
}

/** The rectangle that holds the selected zone, narrow or merged with others. */
function placeOf(
  a: WindowAnswer,
  { row, start }: SelectedSpan,
): { readonly row: number; readonly index: number } | undefined {
  if (row === undefined || start === undefined) return undefined;
  const at = a.rows.indexOf(row);
  if (at < 0) return undefined;
  const index = rectAt(a, at, ((start - a.from) * a.pixels) / (a.to - a.from), 1);
  return index === undefined ? undefined : { row: at, index };
}

/** The rectangle of row number `row` of the answer at `x` of its pixels, or the nearest within `slack`. */
export function rectAt(a: WindowAnswer, row: number, x: number, slack: number): number | undefined {
  let low = a.offset[row]!;
  let high = a.offset[row + 1]!;
  const end = high;
  const first = low;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (a.x[middle]! > x) high = middle;
    else low = middle + 1;
  }
  let best: number | undefined;
  let distance = slack;
  for (const i of [low - 1, low]) {
    if (i < first || i >= end) continue;
    const away = Math.max(a.x[i]! - x, x - (a.x[i]! + Math.max(1e-3, a.width[i]!)), 0);
    if (away === 0) return i;
    if (away <= distance) {
      distance = away;
      best = i;
    }
  }
  return best;
}
