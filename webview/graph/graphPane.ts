/** One graph: its canvas with pan and zoom, its minimap, its selection. */
import { select, zoom, zoomIdentity } from 'd3';
import type { ZoomBehavior } from 'd3';
import { firstExpanded, visibleGraph } from '../../src/dump/layout/graphModel';
import type { GraphModel } from '../../src/dump/layout/graphModel';
import type { ColourMode } from '../../src/protocol/graphView';
import { TextMeasure, sharpCanvas } from '../shared/canvas';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Colours } from './colours';
import { coloursOf } from './colours';
import { layOut } from './elkLayout';
import { Minimap } from './minimap';
import { step } from './neighbours';
import type { Direction } from './neighbours';
import type { Camera, Marks, Scene } from './painter';
import { paint } from './painter';

export interface PaneActions {
  /** An op was chosen by a person. */
  readonly selected: (op: number | undefined) => void;
  /** Enter or double click. */
  readonly reveal: (op: number) => void;
  /** A layout is done; `simple` where the graph is too large for the better one. */
  readonly drawn: (facts: {
    readonly nodes: number;
    readonly simple: boolean;
    readonly milliseconds: number;
  }) => void;
}

/** While a gesture lasts, frames that take longer are replaced by the moved picture of the last one. */
const SLOW_FRAME = 8;
const SETTLED = 120;

export class GraphPane {
  readonly element: HTMLElement;
  readonly canvas = element('canvas', {
    class: 'graph-canvas',
    tabindex: 0,
    role: 'application',
    'aria-roledescription': 'graph',
  });
  readonly #sharp = sharpCanvas(this.canvas);
  readonly #measure = new TextMeasure(this.#sharp.context);
  /** The last complete picture and where its camera stood. */
  readonly #picture = document.createElement('canvas');
  #pictured: Camera | undefined;
  #pictureCost = 0;
  readonly #zoom: ZoomBehavior<HTMLCanvasElement, unknown>;
  readonly #minimap: Minimap;
  #expanded: Set<number>;
  #constants = false;
  #scene: Scene | undefined;
  #camera: Camera = { k: 1, x: 0, y: 0 };
  #selected: number | undefined;
  #matches: ReadonlySet<number> | undefined;
  #colours: Colours;
  #mode: ColourMode;
  #due = false;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #gesture = false;
  #layouts = 0;

  constructor(
    readonly model: GraphModel,
    private theme: Theme,
    mode: ColourMode,
    readonly actions: PaneActions,
  ) {
    this.#mode = mode;
    this.#colours = coloursOf(model, mode, theme);
    this.#expanded = firstExpanded(model);
    this.#minimap = new Minimap((x, y) => this.#centreOn(x, y));
    this.element = element(
      'section',
      { class: 'pane', 'aria-label': model.title },
      element('h2', {}, model.title),
      element('div', { class: 'stage' }, this.canvas, this.#minimap.element),
    );
    this.#zoom = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([0.01, 4])
      .on('start', () => {
        this.#gesture = true;
      })
      .on('zoom', (e: { transform: Camera }) => {
        this.#camera = { k: e.transform.k, x: e.transform.x, y: e.transform.y };
        this.draw();
      })
      .on('end', () => {
        this.#gesture = false;
        this.draw();
      });
    // A double click reveals; it does not zoom.
    select(this.canvas).call(this.#zoom).on('dblclick.zoom', null);
    this.#listen();
    new ResizeObserver(() => {
      this.draw();
    }).observe(this.canvas.parentElement!);
  }

  get legend(): Colours['legend'] {
    return this.#colours.legend;
  }
  get selected(): number | undefined {
    return this.#selected;
  }
  get scene(): Scene | undefined {
    return this.#scene;
  }
  get constants(): boolean {
    return this.#constants;
  }

  // What shows

  async layOut(fit: boolean): Promise<void> {
    const start = performance.now();
    const number = ++this.#layouts;
    const graph = visibleGraph(this.model, { expanded: this.#expanded, constants: this.#constants });
    const { layout, simple } = await layOut(this.model, graph);
    // A later change has its own layout.
    if (number !== this.#layouts) return;
    const anchor = this.#selected === undefined ? undefined : this.#screenOf(this.#selected);
    this.#scene = { model: this.model, graph, layout };
    this.#pictured = undefined;
    if (fit) this.fit();
    else if (anchor !== undefined && this.#selected !== undefined) this.#keepAt(this.#selected, anchor);
    this.draw();
    this.#minimap.draw(this.#scene, this.theme, this.#colours.styleOf);
    this.actions.drawn({ nodes: graph.nodes.length, simple, milliseconds: performance.now() - start });
  }
  toggle(op: number): Promise<void> {
    if (!this.model.ops[op]!.group) return Promise.resolve();
    if (this.#expanded.has(op)) this.#expanded.delete(op);
    else this.#expanded.add(op);
    return this.layOut(false);
  }
  expandAll(open: boolean): Promise<void> {
    this.#expanded = open
      ? new Set(this.model.ops.flatMap((op, i) => (op.group ? [i] : [])))
      : firstExpanded(this.model);
    return this.layOut(true);
  }
  showConstants(shown: boolean): Promise<void> {
    this.#constants = shown;
    return this.layOut(false);
  }
  setColours(mode: ColourMode, theme: Theme): void {
    this.theme = theme;
    this.#mode = mode;
    this.#colours = coloursOf(this.model, this.#mode, theme);
    this.#pictured = undefined;
    this.draw();
    if (this.#scene !== undefined) this.#minimap.draw(this.#scene, theme, this.#colours.styleOf);
  }
  search(matches: ReadonlySet<number> | undefined): void {
    this.#matches = matches;
    this.#pictured = undefined;
    this.draw();
  }

  // Selection

  /** Selects without telling anyone; opens the groups around the op and brings it into view. */
  async select(op: number | undefined): Promise<void> {
    this.#selected = op;
    this.#pictured = undefined;
    if (op === undefined) {
      this.draw();
      return;
    }
    let opened = false;
    for (let p = this.model.ops[op]!.parent; p >= 0; p = this.model.ops[p]!.parent) {
      if (!this.#expanded.has(p)) opened = true;
      this.#expanded.add(p);
    }
    if (this.model.ops[op]!.constant && !this.#constants) {
      this.#constants = true;
      opened = true;
    }
    if (opened) await this.layOut(false);
    this.#bringIntoView(op);
    this.draw();
  }

  // The camera

  fit(): void {
    const { size } = this.#scene?.layout ?? { size: undefined };
    const { clientWidth: w, clientHeight: h } = this.canvas.parentElement!;
    if (size === undefined || w === 0) return;
    const k = Math.min(1.2, (w - 40) / Math.max(1, size.width), (h - 40) / Math.max(1, size.height));
    // A tall graph that would be unreadable begins at its top instead.
    const scale = Math.max(k, Math.min(0.75, (w - 40) / Math.max(1, size.width)));
    const y = scale > k ? 20 : (h - scale * size.height) / 2;
    this.#moveTo({ k: scale, x: (w - scale * size.width) / 2, y });
  }
  zoomBy(factor: number): void {
    const { k } = this.#camera;
    const [x, y] = [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2];
    const next = Math.min(4, Math.max(0.01, k * factor));
    this.#moveTo({
      k: next,
      x: x - ((x - this.#camera.x) * next) / k,
      y: y - ((y - this.#camera.y) * next) / k,
    });
  }
  #moveTo(camera: Camera): void {
    const t = zoomIdentity.translate(camera.x, camera.y).scale(camera.k);
    select(this.canvas).call((s) => this.#zoom.transform(s, t));
  }
  #centreOn(x: number, y: number): void {
    const { k } = this.#camera;
    this.#moveTo({ k, x: this.canvas.clientWidth / 2 - k * x, y: this.canvas.clientHeight / 2 - k * y });
  }
  #boxOf(op: number): { x: number; y: number; width: number; height: number } | undefined {
    const scene = this.#scene;
    const n = scene?.graph.nodeOf[op] ?? -1;
    if (scene === undefined || n < 0) return undefined;
    const { x, y, width, height } = scene.layout;
    return { x: x[n]!, y: y[n]!, width: width[n]!, height: height[n]! };
  }
  #screenOf(op: number): { x: number; y: number } | undefined {
    const box = this.#boxOf(op);
    const { k, x, y } = this.#camera;
    return box === undefined ? undefined : { x: k * box.x + x, y: k * box.y + y };
  }
  #keepAt(op: number, at: { readonly x: number; readonly y: number }): void {
    const box = this.#boxOf(op);
    const { k } = this.#camera;
    if (box !== undefined) this.#moveTo({ k, x: at.x - k * box.x, y: at.y - k * box.y });
  }
  #bringIntoView(op: number): void {
    const box = this.#boxOf(op);
    if (box === undefined) return;
    const { k, x, y } = this.#camera;
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const small = k * 40 < 16;
    const inside =
      k * box.x + x > 0 &&
      k * box.y + y > 0 &&
      k * (box.x + Math.min(box.width, 200)) + x < w &&
      k * (box.y + 40) + y < h;
    if (inside && !small) return;
    const scale = small ? 0.8 : k;
    this.#moveTo({
      k: scale,
      x: w / 2 - scale * (box.x + Math.min(box.width, 200) / 2),
      y: h / 2 - scale * (box.y + 20),
    });
  }

  // Drawing

  draw(): void {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#frame();
    });
  }
  #frame(): void {
    const scene = this.#scene;
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement!;
    if (scene === undefined || width === 0 || height === 0) return;
    this.#minimap.showCamera(this.#camera, { width, height });
    if (this.#gesture && this.#pictured !== undefined && this.#pictureCost > SLOW_FRAME) {
      this.#drawPicture(this.#pictured, width, height);
      clearTimeout(this.#settle);
      this.#settle = setTimeout(() => {
        this.#pictured = undefined;
        this.draw();
      }, SETTLED);
      return;
    }
    const start = performance.now();
    const context = this.#sharp.begin(width, height);
    paint(
      context,
      { width, height },
      scene,
      this.#camera,
      this.theme,
      this.#colours.styleOf,
      this.#marks(scene),
      this.#measure,
    );
    this.#pictureCost = performance.now() - start;
    if (this.#pictureCost > SLOW_FRAME) this.#keepPicture();
  }
  #keepPicture(): void {
    this.#picture.width = this.canvas.width;
    this.#picture.height = this.canvas.height;
    this.#picture.getContext('2d')?.drawImage(this.canvas, 0, 0);
    this.#pictured = this.#camera;
  }
  #drawPicture(from: Camera, width: number, height: number): void {
    const context = this.#sharp.begin(width, height);
    const scale = this.#camera.k / from.k;
    const [x, y] = [this.#camera.x - from.x * scale, this.#camera.y - from.y * scale];
    context.drawImage(this.#picture, x, y, width * scale, height * scale);
  }
  #marks({ graph }: Scene): Marks {
    const at = this.#selected === undefined ? -1 : graph.nodeOf[this.#selected]!;
    const near = new Set<number>();
    if (at >= 0) {
      for (const { from, to } of graph.edges) {
        if (from === at) near.add(to);
        else if (to === at) near.add(from);
      }
    }
    const matches =
      this.#matches === undefined ? undefined : new Set([...this.#matches].map((op) => graph.nodeOf[op]!));
    return { selected: at < 0 ? undefined : at, near, matches };
  }

  // Input

  #listen(): void {
    this.canvas.addEventListener('click', (e) => {
      const op = this.#opAt(e);
      this.#choose(op);
    });
    this.canvas.addEventListener('dblclick', (e) => {
      const op = this.#opAt(e);
      if (op === undefined) return;
      if (this.model.ops[op]!.group) void this.toggle(op);
      else this.actions.reveal(op);
    });
    this.canvas.addEventListener('keydown', (e) => {
      if (e.ctrlKey || e.metaKey || e.altKey) return;
      const act = this.#keys[e.key];
      if (act === undefined) return;
      e.preventDefault();
      e.stopPropagation();
      act();
    });
  }
  readonly #keys: Readonly<Record<string, () => void>> = {
    ArrowUp: () => this.#step('up'),
    ArrowDown: () => this.#step('down'),
    ArrowLeft: () => this.#step('left'),
    ArrowRight: () => this.#step('right'),
    Enter: () => {
      if (this.#selected !== undefined) this.actions.reveal(this.#selected);
    },
    ' ': () => {
      if (this.#selected !== undefined) void this.toggle(this.#selected);
    },
    '+': () => this.zoomBy(1.3),
    '=': () => this.zoomBy(1.3),
    '-': () => this.zoomBy(1 / 1.3),
    f: () => this.fit(),
    Escape: () => this.#choose(undefined),
  };
  #choose(op: number | undefined): void {
    this.#selected = op;
    this.#pictured = undefined;
    this.draw();
    this.actions.selected(op);
  }
  #step(direction: Direction): void {
    const scene = this.#scene;
    if (scene === undefined) return;
    const from = this.#selected === undefined ? -1 : scene.graph.nodeOf[this.#selected]!;
    const next = step(scene, from, direction);
    if (next === undefined) return;
    const { op } = scene.graph.nodes[next]!;
    this.#choose(op);
    this.#bringIntoView(op);
  }
  #opAt(e: MouseEvent): number | undefined {
    const scene = this.#scene;
    if (scene === undefined) return undefined;
    const box = this.canvas.getBoundingClientRect();
    const x = (e.clientX - box.left - this.#camera.x) / this.#camera.k;
    const y = (e.clientY - box.top - this.#camera.y) / this.#camera.k;
    const { layout, graph } = scene;
    // The innermost comes last.
    for (let n = graph.nodes.length - 1; n >= 0; n--) {
      const [left, top] = [layout.x[n]!, layout.y[n]!];
      if (x >= left && x <= left + layout.width[n]! && y >= top && y <= top + layout.height[n]!)
        return graph.nodes[n]!.op;
    }
    return undefined;
  }
}
