/** Painters of zone rectangles: WebGL where the browser has it, the 2D canvas elsewhere. Both draw the same. */
import type { WindowAnswer } from '../../src/protocol/profilerView';
import type { Theme } from '../shared/theme';

/** Where a row of an answer lies on the canvas; height 0 for one that is not shown. */
export interface RowPlace {
  readonly y: number;
  readonly height: number;
}

/** One answer on the canvas: its pixels times `scale`, moved by `shift`, between `left` and `right`. */
export interface Layer {
  readonly answer: WindowAnswer;
  readonly places: readonly RowPlace[];
  readonly scale: number;
  readonly shift: number;
  readonly left: number;
  readonly right: number;
}

export interface RectPainter {
  /** Lies below the canvas of texts. */
  readonly element: HTMLCanvasElement;
  /** Sizes are CSS pixels. `search` dims what it did not find. */
  draw(layers: readonly Layer[], width: number, height: number, theme: Theme, search: boolean): void;
}

export const DIMMED = 0.22;
/** Rectangles wider than this leave a pixel between themselves and the next, and show an outline in high contrast. */
export const GAP_ABOVE = 3;
export const OUTLINE_ABOVE = 8;
/** Distance of the hatching's lines, CSS pixels, and their width. */
export const HATCH = 6;
export const HATCH_LINE = 2.1;
export const HATCH_GROUND = 0.35;
