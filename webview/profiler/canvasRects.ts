/** Zone rectangles on the 2D canvas, where there is no WebGL 2. */
import type { Theme } from '../shared/theme';
import { fit } from './glRects';
import { DIMMED, GAP_ABOVE, HATCH, HATCH_GROUND, HATCH_LINE, OUTLINE_ABOVE } from './rects';
import type { Layer, RectPainter } from './rects';

export function canvasRects(canvas: HTMLCanvasElement): RectPainter {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no canvas');
  let hatch: { readonly theme: Theme; readonly pattern: CanvasPattern | null } | undefined;
  return {
    element: canvas,
    draw(layers, width, height, theme, search) {
      const ratio = fit(canvas, width, height);
      if (hatch?.theme !== theme) hatch = { theme, pattern: hatchPattern(context, theme) };
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      for (const layer of layers) {
        context.save();
        context.beginPath();
        context.rect(layer.left, 0, Math.max(0, layer.right - layer.left), height);
        context.clip();
        drawLayer(context, layer, theme, hatch.pattern, search);
        context.restore();
      }
    },
  };
}

function drawLayer(
  c: CanvasRenderingContext2D,
  { answer, places, scale, shift, left, right }: Layer,
  theme: Theme,
  hatch: CanvasPattern | null,
  search: boolean,
): void {
  places.forEach(({ y, height }, row) => {
    if (height <= 0) return;
    for (let i = answer.offset[row]!; i < answer.offset[row + 1]!; i++) {
      const from = Math.max(answer.x[i]! * scale + shift, left - 16);
      const to = Math.min(answer.x[i]! * scale + shift + Math.max(1, answer.width[i]! * scale), right + 16);
      const wide = to - from > GAP_ABOVE ? to - from - 1 : to - from;
      if (wide <= 0) continue;
      const hue = answer.hue[i]!;
      c.globalAlpha = search && answer.match[i] === 0 ? DIMMED : 1;
      c.fillStyle =
        answer.count[i]! > 1 ? (hatch ?? theme.neutral) : hue < 0 ? theme.neutral : theme.hues[hue]!;
      c.fillRect(from, y, wide, height);
      if (theme.outline === undefined || wide <= OUTLINE_ABOVE) continue;
      c.strokeStyle = theme.outline;
      c.lineWidth = 1;
      c.strokeRect(from + 0.5, y + 0.5, wide - 1, height - 1);
    }
  });
  c.globalAlpha = 1;
}

/** Diagonal lines over a quiet ground: the sign for zones too small to tell apart. */
function hatchPattern(context: CanvasRenderingContext2D, theme: Theme): CanvasPattern | null {
  const ratio = window.devicePixelRatio || 1;
  const size = Math.round(HATCH * ratio);
  const tile = document.createElement('canvas');
  tile.width = tile.height = size;
  const t = tile.getContext('2d');
  if (t === null) return null;
  t.globalAlpha = HATCH_GROUND;
  t.fillStyle = theme.neutral;
  t.fillRect(0, 0, size, size);
  t.globalAlpha = 1;
  t.strokeStyle = theme.neutral;
  t.lineWidth = (HATCH_LINE / Math.SQRT2) * ratio;
  t.beginPath();
  for (const shift of [-size, 0, size]) {
    t.moveTo(shift - 1, size + 1);
    t.lineTo(shift + size + 1, -1);
  }
  t.stroke();
  const pattern = context.createPattern(tile, 'repeat');
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}
