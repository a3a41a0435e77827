/** The roofline plot: each dispatch by intensity and rate, under what the machine can do. */
import { axisBottom, axisLeft, scaleLog, select } from 'd3';
import { formatRate, threeDigits } from '../../src/base/units';
import { FAMILIES, familyOf } from '../../src/profiler/layout/families';
import { roofAt } from '../../src/profiler/layout/roofline';
import type { RooflineAnswer, RooflinePoint } from '../../src/profiler/layout/roofline';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Session } from './session';

const MARGIN = { left: 64, right: 16, top: 12, bottom: 34 } as const;
const SMALLEST = 3;
const GREATEST = 14;

export interface RooflineActions {
  select(zone: number): void;
  failed(problem: unknown): void;
}

export class RooflineView {
  private readonly note = element('p', { class: 'dimmed plot-note' });
  private readonly plot = element('div', { class: 'plot' });
  readonly element = element('div', { class: 'roofline', hidden: true }, this.note, this.plot);
  private readonly svg = select(this.plot).append('svg').attr('role', 'img');
  private session: Session | undefined;
  private answer: RooflineAnswer | undefined;

  constructor(
    private readonly theme: () => Theme,
    private readonly actions: RooflineActions,
  ) {
    new ResizeObserver(() => this.paint()).observe(this.plot);
  }

  draw(session: Session): void {
    if (this.session !== session) {
      this.session = session;
      this.answer = undefined;
      session.queries.roofline().then(
        (answer) => {
          if (this.session !== session) return;
          this.answer = answer;
          this.paint();
        },
        (problem: unknown) => this.actions.failed(problem),
      );
    }
    this.paint();
  }

  private paint(): void {
    const { answer, session } = this;
    if (answer === undefined || session === undefined || this.element.hidden) return;
    const { points, roofs } = answer;
    this.note.textContent =
      points.length === 0
        ? 'Nothing here records how much it computes and moves; runs of Strata do.'
        : roofs === undefined
          ? 'This trace does not record what the machine can do: there are points but no roof.'
          : `Measured before the run, all threads: ${formatRate(roofs.flopsPerSecond, 'FLOP/s')}, ${formatRate(roofs.bytesPerSecond, 'B/s')} of memory. Bytes are those that a dispatch has to touch: what stays in caches can lie above the roof. The table has the same numbers.`;
    const width = Math.max(200, this.plot.clientWidth);
    const height = Math.max(120, this.plot.clientHeight);
    this.svg.attr('width', width).attr('height', height).attr('aria-label', this.note.textContent);
    this.svg.selectAll('*').remove();
    if (points.length === 0) return;
    const ridge = roofs === undefined ? [] : [roofs.flopsPerSecond / roofs.bytesPerSecond];
    const around = (values: readonly number[]): [number, number] => [
      Math.min(...values) / 2,
      Math.max(...values) * 2,
    ];
    const x = scaleLog(around([...points.map((p) => p.intensity), ...ridge]), [
      MARGIN.left,
      width - MARGIN.right,
    ]);
    const highest = roofs === undefined ? [] : [roofs.flopsPerSecond];
    const y = scaleLog(around([...points.map((p) => p.flopsPerSecond), ...highest]), [
      height - MARGIN.bottom,
      MARGIN.top,
    ]);
    this.axes(x, y, width, height);
    if (roofs !== undefined) {
      const [low, high] = x.domain() as [number, number];
      const roof = [low, ridge[0]!, high].map((i) => `${x(i)},${y(roofAt(roofs, i))}`);
      this.svg.append('polyline').attr('class', 'roof').attr('points', roof.join(' '));
    }
    this.circles(session, points, x, y);
  }

  private axes(
    x: ReturnType<typeof scaleLog<number, number>>,
    y: ReturnType<typeof scaleLog<number, number>>,
    width: number,
    height: number,
  ): void {
    this.svg
      .append('g')
      .attr('class', 'plot-axis')
      .attr('transform', `translate(0,${height - MARGIN.bottom})`)
      .call(axisBottom(x).ticks(6, (v: number) => threeDigits(v)))
      .append('text')
      .attr('class', 'axis-title')
      .attr('x', width - MARGIN.right)
      .attr('y', 30)
      .attr('text-anchor', 'end')
      .text('FLOP per byte');
    this.svg
      .append('g')
      .attr('class', 'plot-axis')
      .attr('transform', `translate(${MARGIN.left},0)`)
      .call(axisLeft(y).ticks(5, (v: number) => formatRate(v, '').trim()))
      .append('text')
      .attr('class', 'axis-title')
      .attr('x', 6)
      .attr('y', MARGIN.top + 4)
      .attr('text-anchor', 'start')
      .text('FLOP/s');
  }

  private circles(
    session: Session,
    points: readonly RooflinePoint[],
    x: ReturnType<typeof scaleLog<number, number>>,
    y: ReturnType<typeof scaleLog<number, number>>,
  ): void {
    const theme = this.theme();
    const most = Math.max(...points.map((p) => p.row.share));
    const colour = (p: RooflinePoint): string => {
      const family = familyOf(p.row.name);
      return family === undefined ? theme.neutral : theme.hues[FAMILIES.indexOf(family)]!;
    };
    this.svg
      .append('g')
      .selectAll('circle')
      .data([...points].sort((a, b) => b.row.share - a.row.share))
      .join('circle')
      .attr('class', (p) =>
        session.details?.row?.key === p.row.key ? 'roofline-point selected' : 'roofline-point',
      )
      .attr('cx', (p) => x(p.intensity))
      .attr('cy', (p) => y(p.flopsPerSecond))
      .attr('r', (p) => SMALLEST + (GREATEST - SMALLEST) * Math.sqrt(most === 0 ? 0 : p.row.share / most))
      .attr('fill', colour)
      .on('click', (_, p) => this.actions.select(p.row.longest))
      .append('title')
      .text(
        (p) =>
          `${p.row.name}\n${formatRate(p.flopsPerSecond, 'FLOP/s')} at ${threeDigits(p.intensity)} FLOP/B, ${(p.row.share * 100).toFixed(1)} % of the run${p.attained === undefined ? '' : `\n${(p.attained * 100).toFixed(0)} % of the roof`}`,
      );
  }
}
