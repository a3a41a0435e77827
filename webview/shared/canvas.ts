/** A canvas whose pixels are the screen's, whatever the scale factor, and that says when its size changes. */

export interface SharpCanvas {
  readonly element: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Fits the bitmap to `width` × `height` CSS pixels and clears it; drawing is in CSS pixels afterwards. */
  begin(width: number, height: number): CanvasRenderingContext2D;
}

export function sharpCanvas(canvas: HTMLCanvasElement): SharpCanvas {
  const context = canvas.getContext('2d', { alpha: true });
  if (context === null) throw new Error('this browser has no 2D canvas');
  let size = { width: 0, height: 0 };
  return {
    element: canvas,
    context,
    get width() {
      return size.width;
    },
    get height() {
      return size.height;
    },
    begin(width, height) {
      const ratio = window.devicePixelRatio || 1;
      const w = Math.max(1, Math.round(width * ratio));
      const h = Math.max(1, Math.round(height * ratio));
      if (canvas.width !== w || canvas.height !== h) {
        canvas.width = w;
        canvas.height = h;
        canvas.style.width = `${width}px`;
        canvas.style.height = `${height}px`;
      }
      size = { width, height };
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      return context;
    },
  };
}

const MAX_REMEMBERED = 20_000;

/** Measures text in one font, remembering widths. */
export class TextMeasure {
  private readonly widths = new Map<string, number>();
  private font = '';
  constructor(private readonly context: CanvasRenderingContext2D) {}

  use(font: string): void {
    if (font !== this.font) this.widths.clear();
    this.font = font;
    this.context.font = font;
  }

  readonly width = (text: string): number => {
    let w = this.widths.get(text);
    if (w === undefined) {
      if (this.widths.size > MAX_REMEMBERED) this.widths.clear();
      w = this.context.measureText(text).width;
      this.widths.set(text, w);
    }
    return w;
  };
}
