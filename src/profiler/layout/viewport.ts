/** The visible range of a timeline or flame view, and the moves over it. Pure; units are those of the content. */

export interface Viewport {
  readonly from: number;
  readonly to: number;
}

/** A nanosecond is the finest there is; closer than this, one zone fills the view. */
const MIN_SPAN = 10;

/** Room left and right of fitted content, as a part of it. */
const MARGIN = 0.02;

export const spanOf = (v: Viewport): number => v.to - v.from;

/** Keeps a viewport within `0 … extent` (with a margin), not narrower than 10 units, and with its width where possible. */
export function clampViewport(v: Viewport, extent: number): Viewport {
  const room = Math.max(extent, MIN_SPAN);
  const lowest = -room * MARGIN;
  const highest = room * (1 + MARGIN);
  const span = Math.min(Math.max(spanOf(v), MIN_SPAN), highest - lowest);
  const middle = (v.from + v.to) / 2;
  const from = Math.min(Math.max(middle - span / 2, lowest), highest - span);
  return { from, to: from + span };
}

export const fitAll = (extent: number): Viewport =>
  clampViewport({ from: -extent - MIN_SPAN, to: 2 * extent + MIN_SPAN }, extent);

/** Fits `from … to` with a tenth of room on both sides. */
export function fitRange(from: number, to: number, extent: number): Viewport {
  const room = Math.max(to - from, MIN_SPAN) * 0.1;
  return clampViewport({ from: from - room, to: to + room }, extent);
}

/** Scales the span by `factor` (below 1 zooms in) and keeps `at` where it is on the screen. */
export function zoomAround(v: Viewport, at: number, factor: number, extent: number): Viewport {
  const room = Math.max(extent, MIN_SPAN) * (1 + 2 * MARGIN);
  const f = Math.min(Math.max(factor, MIN_SPAN / spanOf(v)), room / spanOf(v));
  return clampViewport({ from: at - (at - v.from) * f, to: at + (v.to - at) * f }, extent);
}

/** Moves by a part of the span. */
export function panBy(v: Viewport, part: number, extent: number): Viewport {
  const d = spanOf(v) * part;
  return clampViewport({ from: v.from + d, to: v.to + d }, extent);
}

/** Moves as little as needed for `from … to` to be visible; zooms out only when it is wider than the view. */
export function scrollTo(v: Viewport, from: number, to: number, extent: number): Viewport {
  if (to - from > spanOf(v)) return fitRange(from, to, extent);
  if (from >= v.from && to <= v.to) return v;
  const middle = (from + to) / 2;
  const half = spanOf(v) / 2;
  return clampViewport({ from: middle - half, to: middle + half }, extent);
}

/** The same viewport in pixels: `x = (t - from) * scale`. */
export const pixelsPerUnit = (v: Viewport, width: number): number => width / spanOf(v);
