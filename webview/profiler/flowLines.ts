/** Curves from a dispatch on its queue to its parts on the threads, and back; drawn for the selected zone. */
import { pixelsPerUnit } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import type { ZoneDetails } from '../../src/profiler/layout/table';
import type { Theme } from '../shared/theme';

const ARROW = 4;

/** `middleOf` gives the height of a row on the canvas. */
export function drawFlows(
  c: CanvasRenderingContext2D,
  { start, duration, place, flows }: Pick<ZoneDetails, 'start' | 'duration' | 'place' | 'flows'>,
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
    // What caused a later zone had ended by then, or causes it while it lasts.
    const [cause, effect] = f.direction === 'to' ? [{ start, duration }, f] : [f, { start, duration }];
    const leaves = Math.min(cause.start + cause.duration, effect.start);
    const [from, to] =
      f.direction === 'to'
        ? [
            [x(leaves), own],
            [x(f.start), other],
          ]
        : [
            [x(leaves), other],
            [x(start), own],
          ];
    const apart = to[0]! - from[0]!;
    const bow = Math.max(12, Math.abs(apart) / 2);
    // To the right where there is room, else around the left of both.
    const out = apart > 4 * ARROW ? bow : -bow;
    c.beginPath();
    c.moveTo(from[0]!, from[1]!);
    c.bezierCurveTo(from[0]! + out, from[1]!, to[0]! - bow, to[1]!, to[0]! - ARROW, to[1]!);
    c.stroke();
    c.beginPath();
    c.moveTo(to[0]!, to[1]!);
    c.lineTo(to[0]! - ARROW * 1.5, to[1]! - ARROW);
    c.lineTo(to[0]! - ARROW * 1.5, to[1]! + ARROW);
    c.fill();
  }
}
