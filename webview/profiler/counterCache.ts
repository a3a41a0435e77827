/** Curves of counters around the visible range, fetched as they are needed; what is there is drawn until then. */
import { spanOf } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import type { CounterCurve, RemoteQueries } from '../../src/protocol/profilerView';

export class CounterCache {
  private readonly curves = new Map<number, CounterCurve>();
  private readonly busy = new Set<number>();

  constructor(
    private readonly changed: () => void,
    private readonly failed: (problem: unknown) => void,
  ) {}

  drop(): void {
    this.curves.clear();
    this.busy.clear();
  }

  curve(queries: RemoteQueries, track: number, viewport: Viewport, width: number): CounterCurve | undefined {
    const curve = this.curves.get(track);
    if (!this.busy.has(track) && (curve === undefined || !fits(curve, viewport, width))) {
      this.busy.add(track);
      const span = spanOf(viewport);
      const around = { from: viewport.from - span, to: viewport.to + span, pixels: 3 * width };
      queries.counters({ tracks: [track], ...around }).then(
        ([found]) => {
          this.busy.delete(track);
          if (found === undefined) return;
          this.curves.set(track, found);
          this.changed();
        },
        (problem: unknown) => {
          this.busy.delete(track);
          this.failed(problem);
        },
      );
    }
    return curve;
  }
}

const fits = (c: CounterCurve, v: Viewport, width: number): boolean =>
  c.from <= v.from && c.to >= v.to && Math.abs(c.pixels / (c.to - c.from) / (width / spanOf(v)) - 1) < 1e-3;
