/** Curves from a dispatch on its queue to its parts on the threads, and back; drawn for the selected zone. */
import { pixelsPerUnit } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import type { ZoneDetails } from '../../src/profiler/layout/table';
import type { Theme } from '../shared/theme';

const ARROW = 4;

/** `middleOf` gives the height of a row on the canvas. */
export function drawFlows(
  c: CanvasRenderingContext2D,
  { start, place, flows }: Pick<ZoneDetails, 'start' | 'place' | 'flows'>,
  viewport: Viewport,
  width: number,
  theme: Theme,
  middleOf: (track: number, depth: number) => number | undefined,
): void {
  const scale = pixelsPerUnit(viewport, width);
  const x = (at: number): number => Math.max(-20, Math.min(width + 20, (at - viewport.from) * scale));
  const own = middleOf(place.track, place.depth);
  if (own === undefined) return;
  c.strokeStyle = c.fillStyle = theme.selection;
  c.lineWidth = 1.5;
  for (const f of flows) {
    const other = middleOf(f.track, f.depth);
    if (other === undefined) continue;
    const [from, to] =
      f.direction === 'to'
        ? [
            [x(start), own],
            [x(f.start), other],
          ]
        : [
            [x(f.start), other],
            [x(start), own],
          ];
    const bow = Math.max(12, Math.abs(to[0]! - from[0]!) / 2);
    c.beginPath();
    c.moveTo(from[0]!, from[1]!);
    c.bezierCurveTo(from[0]! - bow, from[1]!, to[0]! - bow, to[1]!, to[0]! - ARROW, to[1]!);
    c.stroke();
    c.beginPath();
    c.moveTo(to[0]!, to[1]!);
    c.lineTo(to[0]! - ARROW * 1.5, to[1]! - ARROW);
    c.lineTo(to[0]! - ARROW * 1.5, to[1]! + ARROW);
    c.fill();
  }
}
