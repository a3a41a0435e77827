/** Draws a laid out graph on a canvas: what is in view, with as much detail as the scale leaves room for. */
import type { GraphLayout } from '../../src/dump/layout/graphLayout';
import { HEADER } from '../../src/dump/layout/graphLayout';
import type { GraphModel, VisibleGraph } from '../../src/dump/layout/graphModel';
import type { TextMeasure } from '../shared/canvas';
import type { Theme } from '../shared/theme';

export interface Scene {
  readonly model: GraphModel;
  readonly graph: VisibleGraph;
  readonly layout: GraphLayout;
}
export interface Camera {
  /** Screen pixels per unit. */
  readonly k: number;
  /** Screen position of the origin. */
  readonly x: number;
  readonly y: number;
}
export interface Marks {
  readonly selected: number | undefined;
  /** Nodes that the selected one reads or that read it. */
  readonly near: ReadonlySet<number>;
  /** Nodes that match the search; undefined when nothing is searched. */
  readonly matches: ReadonlySet<number> | undefined;
}
/** Fill and text colour of a node, and what stands before its name. */
export interface NodeStyle {
  readonly fill: string;
  readonly text: string;
  readonly sign: string;
}
export type StyleOf = (op: number) => NodeStyle;

/** Scales below which names, and then shapes, are too small to read. */
const READABLE = 0.45;
const SHAPES = 0.12;

export function paint(
  context: CanvasRenderingContext2D,
  size: { readonly width: number; readonly height: number },
  scene: Scene,
  camera: Camera,
  theme: Theme,
  styleOf: StyleOf,
  marks: Marks,
  measure: TextMeasure,
): void {
  const { layout, graph } = scene;
  const view = {
    left: -camera.x / camera.k,
    top: -camera.y / camera.k,
    right: (size.width - camera.x) / camera.k,
    bottom: (size.height - camera.y) / camera.k,
  };
  const inView = (n: number): boolean =>
    layout.x[n]! <= view.right &&
    layout.x[n]! + layout.width[n]! >= view.left &&
    layout.y[n]! <= view.bottom &&
    layout.y[n]! + layout.height[n]! >= view.top;
  context.save();
  context.translate(camera.x, camera.y);
  context.scale(camera.k, camera.k);
  const unit = 1 / camera.k;
  const shown: number[] = [];
  // Groups lie under the edges, so that edges within them show.
  for (let n = 0; n < graph.nodes.length; n++) {
    if (!inView(n)) continue;
    if (graph.nodes[n]!.open) paintGroup(context, scene, n, theme, styleOf, unit);
    else shown.push(n);
  }
  paintEdges(context, scene, view, theme, marks, unit);
  for (const n of shown) {
    const style = styleOf(graph.nodes[n]!.op);
    const faint = marks.matches !== undefined && !marks.matches.has(n) && n !== marks.selected;
    context.globalAlpha = faint ? 0.3 : 1;
    context.fillStyle = style.fill;
    rectangle(context, layout, n, camera.k < SHAPES ? 0 : 5);
    context.fill();
    if (theme.outline !== undefined && camera.k > SHAPES) outline(context, theme.outline, unit);
    context.globalAlpha = 1;
  }
  if (camera.k > SHAPES) {
    for (let n = 0; n < graph.nodes.length; n++) {
      if (!inView(n)) continue;
      const { open, op } = graph.nodes[n]!;
      const faint = marks.matches !== undefined && !marks.matches.has(n) && n !== marks.selected;
      if (camera.k * (open ? 1.4 : 1) <= READABLE) continue;
      // A faint node shows the background through, so its name takes the colour that is read on that.
      const style = faint && !open ? { ...styleOf(op), text: theme.foreground } : styleOf(op);
      context.globalAlpha = faint && !open ? 0.7 : 1;
      paintName(context, scene, n, op, open, theme, style, measure);
    }
    context.globalAlpha = 1;
  }
  paintMarks(context, layout, theme, marks, unit);
  context.restore();
}

function rectangle(context: CanvasRenderingContext2D, layout: GraphLayout, n: number, radius: number): void {
  context.beginPath();
  if (radius === 0) context.rect(layout.x[n]!, layout.y[n]!, layout.width[n]!, layout.height[n]!);
  else context.roundRect(layout.x[n]!, layout.y[n]!, layout.width[n]!, layout.height[n]!, radius);
}
function outline(context: CanvasRenderingContext2D, colour: string, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function paintGroup(
  context: CanvasRenderingContext2D,
  { graph, layout }: Scene,
  n: number,
  theme: Theme,
  styleOf: StyleOf,
  unit: number,
): void {
  rectangle(context, layout, n, 7);
  context.fillStyle = theme.foreground;
  context.globalAlpha = 0.05;
  context.fill();
  context.globalAlpha = 1;
  outline(context, theme.outline ?? styleOf(graph.nodes[n]!.op).fill, Math.max(1, 1.2 * unit));
}

function paintEdges(
  context: CanvasRenderingContext2D,
  { graph, layout }: Scene,
  view: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number },
  theme: Theme,
  marks: Marks,
  unit: number,
): void {
  const near: number[] = [];
  context.beginPath();
  for (let e = 0; e < graph.edges.length; e++) {
    const route = layout.routes[e]!;
    const last = route.length - 2;
    if (last < 2) continue;
    const [x0, y0, x1, y1] = [route[0]!, route[1]!, route[last]!, route[last + 1]!];
    if (Math.min(x0, x1) > view.right || Math.max(x0, x1) < view.left) continue;
    if (Math.min(y0, y1) > view.bottom || Math.max(y0, y1) < view.top) continue;
    const { from, to } = graph.edges[e]!;
    if (from === marks.selected || to === marks.selected) near.push(e);
    else trace(context, route);
  }
  context.strokeStyle = theme.foreground;
  context.globalAlpha = theme.outline === undefined ? 0.35 : 0.8;
  context.lineWidth = Math.max(1, unit);
  context.stroke();
  context.globalAlpha = 1;
  context.beginPath();
  for (const e of near) trace(context, layout.routes[e]!);
  context.strokeStyle = theme.focus;
  context.lineWidth = Math.max(2, 2 * unit);
  context.stroke();
}
function trace(context: CanvasRenderingContext2D, route: readonly number[]): void {
  context.moveTo(route[0]!, route[1]!);
  for (let i = 2; i < route.length; i += 2) context.lineTo(route[i]!, route[i + 1]!);
}

function paintName(
  context: CanvasRenderingContext2D,
  { model, layout }: Scene,
  n: number,
  op: number,
  open: boolean,
  theme: Theme,
  style: NodeStyle,
  measure: TextMeasure,
): void {
  const { name, label, group } = model.ops[op]!;
  const room = layout.width[n]! - 16;
  const x = layout.x[n]! + 8;
  const first = `${group ? (open ? '▾ ' : '▸ ') : ''}${style.sign}${name}`;
  context.textBaseline = 'middle';
  measure.use(`600 12px ${theme.font}`);
  if (open) {
    context.fillStyle = theme.foreground;
    const line = label === '' ? first : `${first}  ${label}`;
    context.fillText(fit(line, room, measure), x, layout.y[n]! + HEADER / 2 + 3);
    return;
  }
  context.fillStyle = style.text;
  const middle = layout.y[n]! + layout.height[n]! / 2;
  context.fillText(fit(first, room, measure), x, label === '' ? middle : middle - 8);
  if (label === '') return;
  measure.use(`11px ${theme.font}`);
  context.fillText(fit(label, room, measure), x, middle + 9);
}

/** Cut in the middle, where names of generated values differ least. */
function fit(text: string, room: number, measure: TextMeasure): string {
  const width = measure.width(text);
  if (width <= room) return text;
  const keep = Math.max(2, Math.floor((text.length * room) / width) - 1);
  const head = Math.ceil(keep * 0.6);
  return `${text.slice(0, head)}…${text.slice(text.length - (keep - head))}`;
}

function paintMarks(
  context: CanvasRenderingContext2D,
  layout: GraphLayout,
  theme: Theme,
  marks: Marks,
  unit: number,
): void {
  context.strokeStyle = theme.focus;
  context.lineWidth = Math.max(1.5, 1.5 * unit);
  for (const n of marks.near) {
    rectangle(context, layout, n, 5);
    context.stroke();
  }
  if (marks.selected === undefined) return;
  context.strokeStyle = theme.selection;
  context.lineWidth = Math.max(3, 3 * unit);
  rectangle(context, layout, marks.selected, 5);
  context.stroke();
}
