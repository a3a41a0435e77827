/** One search: its points as a strip from good to bad, the metric above it, and a table of what was tested. */
import type { Bisection, Held, Level, Test, Verdict } from '../../src/protocol/bisectView';
import { button } from '../controls/controls';
import { element, icon, setAttributes } from '../shared/dom';

const codicons = { good: 'check', bad: 'error', skip: 'debug-step-over' } as const;
const words = { good: 'good', bad: 'bad', skip: 'skipped' } as const;
const svg = 'http://www.w3.org/2000/svg';
/** Decades that the plot spans at most. */
const decades = 12;

export class LevelStrip {
  readonly element = element('section', { class: 'level' });
  readonly #title = element('h2', {});
  readonly #plot = document.createElementNS(svg, 'svg');
  readonly #cells = element('div', { class: 'strip', role: 'listbox' });
  readonly #details = element('div', { class: 'details' });
  readonly #table = element('table', {});
  #selected = -1;
  #level: Level | undefined;
  #mayMark = false;
  #unit = '';

  constructor(
    readonly onMark: (point: number, verdict: Verdict) => void,
    readonly onMeasureWithout: (held: Held) => void,
  ) {
    this.#plot.setAttribute('class', 'plot');
    this.#plot.setAttribute('preserveAspectRatio', 'none');
    this.#plot.setAttribute('aria-hidden', 'true');
    const twin = element('details', {}, element('summary', {}, 'What was tested'), this.#table);
    this.element.append(this.#title, this.#plot, this.#cells, this.#details, twin);
    this.#cells.addEventListener('keydown', (e) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[e.key];
      const count = this.#level?.points.length ?? 0;
      if (step === undefined || count === 0) return;
      e.preventDefault();
      this.#select(Math.min(count - 1, Math.max(0, this.#selected + step)), true);
    });
  }

  draw(level: Level, metric: Bisection['metric'], mayMark: boolean): void {
    this.#level = level;
    this.#mayMark = mayMark;
    this.#unit = unitOf(metric);
    const known = testsOf(level);
    const range = openRange(level, known);
    this.#title.textContent = level.title;
    this.#cells.setAttribute('aria-label', level.title);
    const cells = this.#cells.children;
    while (cells.length > level.points.length) cells[cells.length - 1]!.remove();
    level.points.forEach((p, i) => {
      let cell = cells[i] as HTMLElement | undefined;
      if (cell === undefined) {
        cell = element('button', { role: 'option', tabindex: i === 0 ? 0 : -1 });
        cell.addEventListener('click', () => this.#select(i, false));
        this.#cells.append(cell);
      }
      const test = known.get(i);
      const state = level.running === i ? 'running' : (test?.verdict ?? 'open');
      const wanted = [
        'cell',
        state,
        range !== undefined && i > range[0] && i <= range[1] ? 'in-range' : '',
        i === this.#selected ? 'selected' : '',
      ]
        .filter((c) => c !== '')
        .join(' ');
      if (cell.className !== wanted) {
        cell.className = wanted;
        cell.replaceChildren(...(test === undefined ? [] : [icon(codicons[test.verdict])]));
      }
      setAttributes(cell, {
        title: `${p.label}: ${test === undefined ? (state === 'running' ? 'being tested' : 'not tested') : testText(test, this.#unit)}`,
        'aria-label': `${p.label}, ${test === undefined ? 'not tested' : words[test.verdict]}`,
        'aria-selected': String(i === this.#selected),
      });
    });
    this.#drawPlot(level, metric, known);
    this.#drawTable(level, metric, known);
    this.#drawDetails();
  }

  #select(point: number, focus: boolean): void {
    this.#selected = point;
    [...this.#cells.children].forEach((cell, i) => {
      cell.classList.toggle('selected', i === point);
      setAttributes(cell, { tabindex: i === point ? 0 : -1, 'aria-selected': String(i === point) });
      if (i === point && focus) (cell as HTMLElement).focus();
    });
    this.#drawDetails();
  }

  #drawDetails(): void {
    const point = this.#level?.points[this.#selected];
    if (point === undefined || this.#level === undefined) {
      this.#details.replaceChildren();
      return;
    }
    const test = testsOf(this.#level).get(this.#selected);
    const text = `${point.label}${point.group === '' ? '' : ` (${point.group})`}: ${test === undefined ? 'not tested' : testText(test, this.#unit)}`;
    const mark = (verdict: Verdict, label: string): HTMLElement =>
      button(label, () => {
        this.onMark(this.#selected, verdict);
      });
    const { rewrite, group } = point;
    const whatIf =
      rewrite === undefined
        ? []
        : [
            button('Disable This Rewrite', () => {
              this.onMeasureWithout({ rewrite });
            }),
            button('Disable This Rule', () => {
              this.onMeasureWithout({ rule: group });
            }),
          ];
    this.#details.replaceChildren(
      element('span', { class: 'selection' }, text),
      ...(this.#mayMark
        ? [mark('good', 'Mark Good'), mark('bad', 'Mark Bad'), mark('skip', 'Skip'), ...whatIf]
        : []),
    );
  }

  /** The metric of tested points on a logarithmic axis, with the limit as a line and intervals where there are some. */
  #drawPlot(level: Level, metric: Bisection['metric'], known: ReadonlyMap<number, Test>): void {
    const tests = [...known.values()].filter((t) => t.metric !== undefined);
    this.#plot.toggleAttribute('hidden', tests.length === 0);
    if (tests.length === 0) return;
    const height = 60;
    const [bottom, top] = scaleOf(tests, metric.limit);
    const y = (m: number): number =>
      m === Infinity
        ? 4
        : m <= 0
          ? height - 3
          : Math.min(height - 3, Math.max(4, height - (height * (Math.log10(m) - bottom)) / (top - bottom)));
    const width = 1000;
    const x = (point: number): number => (width * (point + 0.5)) / level.points.length;
    this.#plot.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const shape = (tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement => {
      const e = document.createElementNS(svg, tag);
      for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, String(v));
      return e;
    };
    const sorted = [...tests].sort((a, b) => a.point - b.point);
    // Of times nothing is allowed: the good one is what others are compared with.
    const line = metric.limit ?? 1;
    this.#plot.replaceChildren(
      ...(Math.log10(line) < bottom || Math.log10(line) > top
        ? []
        : [shape('line', { class: 'limit', x1: 0, x2: width, y1: y(line), y2: y(line) })]),
      shape('polyline', {
        class: 'curve',
        points: sorted.map((t) => `${x(t.point)},${y(t.metric!)}`).join(' '),
      }),
      ...sorted.flatMap((t) =>
        t.range === undefined
          ? []
          : [
              shape('line', {
                class: `interval ${t.verdict}`,
                x1: x(t.point),
                x2: x(t.point),
                y1: y(t.range[0]),
                y2: y(t.range[1]),
              }),
            ],
      ),
      ...sorted.map((t) =>
        shape('line', {
          class: `dot ${t.verdict}`,
          x1: x(t.point),
          x2: x(t.point),
          y1: y(t.metric!),
          y2: y(t.metric!) + 0.01,
        }),
      ),
    );
  }

  #drawTable(level: Level, metric: Bisection['metric'], known: ReadonlyMap<number, Test>): void {
    const cell = (tag: 'th' | 'td', text: string, number = false) =>
      element(tag, number ? { class: 'number' } : {}, text);
    const rows = [...known.values()].sort((a, b) => a.point - b.point);
    this.#table.replaceChildren(
      element(
        'tr',
        {},
        cell('th', '#', true),
        cell('th', level.title),
        cell('th', 'verdict'),
        cell('th', metric.name, true),
        cell('th', ''),
      ),
      ...rows.map((t) =>
        element(
          'tr',
          {},
          cell('td', String(t.point), true),
          cell('td', level.points[t.point]?.label ?? ''),
          cell('td', words[t.verdict]),
          cell('td', `${metricText(t.metric)}${rangeText(t)}`, true),
          cell('td', [t.by === 'hand' ? 'by hand' : '', t.note ?? ''].filter((s) => s !== '').join(', ')),
        ),
      ),
    );
  }
}

function testsOf(level: Level): ReadonlyMap<number, Test> {
  return new Map(level.search.tests.map((t) => [t.point, t]));
}
/**
 * Ends of the axis, as powers of ten. Errors span decades, and whole ones are shown; times are near one another, so their axis
 * is what was measured with a margin.
 */
function scaleOf(tests: readonly Test[], limit: number | undefined): readonly [number, number] {
  const values = tests
    .flatMap((t) => [t.metric!, ...(t.range ?? [])])
    .filter((m) => m > 0 && Number.isFinite(m));
  if (limit !== undefined) {
    const top = Math.ceil(Math.log10(Math.max(10, ...values, limit)));
    return [Math.max(Math.floor(Math.log10(Math.min(0.1, ...values))), top - decades), top];
  }
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  const margin = Math.max(0.01, (high - low) * 0.15);
  return [low - margin, high + margin];
}
/** Between the last good point and the first bad one. */
function openRange(level: Level, known: ReadonlyMap<number, Test>): readonly [number, number] | undefined {
  let good = -1;
  for (let i = 0; i < level.points.length; i++) {
    const verdict = known.get(i)?.verdict;
    if (verdict === 'bad') return [good, i];
    if (verdict === 'good') good = i;
  }
  return undefined;
}
export function metricText(metric: number | undefined): string {
  if (metric === undefined) return '';
  if (metric === Infinity) return '∞';
  return metric === 0
    ? '0'
    : metric >= 1e-3 && metric < 1e5
      ? String(Number(metric.toPrecision(3)))
      : metric.toExponential(1);
}
/** What a metric is a multiple of. */
const unitOf = (metric: Bisection['metric']): string =>
  metric.limit === undefined ? '× the good time' : '× allowed';
const rangeText = (t: Test): string =>
  t.range === undefined || !t.range.every(Number.isFinite)
    ? ''
    : ` (${t.range.map(metricText).join(' to ')})`;
const testText = (t: Test, unit: string): string =>
  [
    words[t.verdict],
    t.metric === undefined ? '' : `${metricText(t.metric)} ${unit}${rangeText(t)}`,
    t.by === 'hand' ? 'by hand' : '',
    t.note ?? '',
  ]
    .filter((s) => s !== '')
    .join(', ');
