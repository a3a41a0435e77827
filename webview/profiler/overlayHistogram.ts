/** Two runs of one dispatch as histograms over each other, in the same bins. */
import { axisBottom, scaleLinear, select } from 'd3';
import type { CompareRow, RemoteQueries } from '../../src/protocol/profilerView';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { duration } from './zoneChart';

const BINS = 40;
const MARGIN = { left: 10, right: 10, top: 4, bottom: 20 } as const;
/** Bars of the run before are filled, those of the run after are outlined: colour is not all that tells them apart. */
const RUNS = ['before', 'after'] as const;

interface Times {
  readonly edges: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
}

export class OverlayHistogram {
  private readonly title = element('div', { class: 'pane-label' });
  private readonly plot = element('div', { class: 'plot overlay-plot' });
  readonly element = element('div', { class: 'overlay-histogram' }, this.title, this.plot);
  private readonly svg = select(this.plot).append('svg').attr('role', 'img');
  private shown: CompareRow | undefined;
  private runs: readonly Times[] = [];

  constructor(
    private readonly theme: () => Theme,
    private readonly failed: (problem: unknown) => void,
  ) {
    new ResizeObserver(() => this.paint()).observe(this.plot);
  }

  show(row: CompareRow, queries: readonly [RemoteQueries, RemoteQueries]): void {
    if (this.shown === row) {
      this.paint();
      return;
    }
    this.shown = row;
    this.runs = [];
    const request = { text: row.name, exact: true, group: 'name', log: false, bins: BINS } as const;
    Promise.all(queries.map((q) => q.find(request))).then(
      (answers) => {
        if (this.shown !== row) return;
        this.runs = answers.map((a) =>
          a.description === undefined ? { edges: [], counts: [] } : { edges: a.edges, counts: a.counts },
        );
        this.paint();
      },
      (problem: unknown) => this.failed(problem),
    );
  }

  private paint(): void {
    const { shown, runs } = this;
    if (shown === undefined || this.plot.clientWidth === 0) return;
    this.title.textContent = `${shown.name}: times of its zones, before filled, after outlined`;
    const width = this.plot.clientWidth;
    const height = Math.max(60, this.plot.clientHeight);
    this.svg.attr('width', width).attr('height', height).attr('aria-label', this.title.textContent);
    this.svg.selectAll('*').remove();
    const known = runs.filter((r) => r.counts.length > 0);
    if (known.length === 0) return;
    const low = Math.min(...known.map((r) => r.edges[0]!));
    const high = Math.max(...known.map((r) => r.edges[r.edges.length - 1]!));
    const x = scaleLinear([low, Math.max(high, low + 1)], [MARGIN.left, width - MARGIN.right]);
    this.svg
      .append('g')
      .attr('class', 'plot-axis')
      .attr('transform', `translate(0,${height - MARGIN.bottom})`)
      .call(
        axisBottom<number>(x)
          .ticks(4)
          .tickFormat((v) => duration(Number(v))),
      );
    const theme = this.theme();
    runs.forEach((run, side) => {
      const most = Array.from(run.counts).reduce((a, b) => Math.max(a, b), 0);
      const y = scaleLinear([0, most], [height - MARGIN.bottom, MARGIN.top]);
      const bars = this.svg
        .append('g')
        .attr('class', RUNS[side]!)
        .selectAll('rect')
        .data(Array.from(run.counts, (value, i) => ({ value, i })).filter((b) => b.value > 0))
        .join('rect')
        .attr('x', (b) => x(run.edges[b.i]!))
        .attr('width', (b) => Math.max(1.5, x(run.edges[b.i + 1]!) - x(run.edges[b.i]!) - 0.5))
        .attr('y', (b) => y(b.value))
        .attr('height', (b) => height - MARGIN.bottom - y(b.value));
      if (side === 0) bars.attr('fill', theme.counter).attr('fill-opacity', 0.55);
      else bars.attr('fill', 'none').attr('stroke', theme.foreground);
    });
  }
}
