/** The whole graph in a corner, with a frame around what is in view; dragging moves the view. */
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Camera, Scene, StyleOf } from './painter';

const [WIDTH, HEIGHT] = [150, 220];

export class Minimap {
  readonly element: HTMLElement;
  readonly #canvas = element('canvas', { width: 2 * WIDTH, height: 2 * HEIGHT });
  readonly #frame = element('div', { class: 'minimap-frame' });
  #scale = 1;

  constructor(centre: (x: number, y: number) => void) {
    this.element = element('div', { class: 'minimap', 'aria-hidden': true }, this.#canvas, this.#frame);
    const go = (e: PointerEvent): void => {
      if (e.buttons === 0) return;
      const box = this.element.getBoundingClientRect();
      centre((e.clientX - box.left) / this.#scale, (e.clientY - box.top) / this.#scale);
    };
    this.element.addEventListener('pointerdown', (e) => {
      this.element.setPointerCapture(e.pointerId);
      go(e);
    });
    this.element.addEventListener('pointermove', go);
  }

  draw({ layout, graph }: Scene, theme: Theme, styleOf: StyleOf): void {
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    const { width, height } = layout.size;
    this.#scale = Math.min(WIDTH / Math.max(1, width), HEIGHT / Math.max(1, height));
    this.element.style.width = `${Math.max(8, width * this.#scale)}px`;
    this.element.style.height = `${Math.max(8, height * this.#scale)}px`;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, 2 * WIDTH, 2 * HEIGHT);
    context.scale(2 * this.#scale, 2 * this.#scale);
    const least = 1 / this.#scale;
    graph.nodes.forEach(({ open, op }, n) => {
      context.fillStyle = open ? theme.foreground : styleOf(op).fill;
      context.globalAlpha = open ? 0.12 : 1;
      context.fillRect(
        layout.x[n]!,
        layout.y[n]!,
        Math.max(least, layout.width[n]!),
        Math.max(least, layout.height[n]!),
      );
    });
    context.globalAlpha = 1;
  }

  showCamera({ k, x, y }: Camera, view: { readonly width: number; readonly height: number }): void {
    const s = this.#scale / k;
    const style = this.#frame.style;
    style.transform = `translate(${-x * s}px, ${-y * s}px)`;
    style.width = `${view.width * s}px`;
    style.height = `${view.height * s}px`;
  }
}
