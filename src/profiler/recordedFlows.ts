/**
 * Flows as formats record them: points of one id, each at a zone, that follow one another in time. `TraceBuilder` collects them
 * and joins them to arrows once the zones have their rows.
 */
import { growingF64, growingI32, growingU32, growingU8 } from './columns';
import type { FlowColumns, Track, ZoneColumns } from './trace';

/** What a point does to the flow of its id: begins one, goes on, or goes on and ends it. */
export const FlowStep = { start: 0, next: 1, end: 2 } as const;
export type FlowStep = (typeof FlowStep)[keyof typeof FlowStep];

/** How a point finds its zone where it does not name one: that around its time, or the first that begins from then on. */
export const FlowBinding = { enclosing: -1, following: -2 } as const;

export class RecordedFlows {
  private readonly ids = new Map<string | number | bigint, number>();
  private readonly flow = growingU32();
  private readonly time = growingF64();
  private readonly track = growingU32();
  /** A row of the builder, or a value of `FlowBinding`. */
  private readonly zone = growingI32();
  private readonly step = growingU8();

  get empty(): boolean {
    return this.flow.length === 0;
  }

  /** `zone` is a row of the builder, or a value of `FlowBinding` for one of `track` at `time`. */
  point(id: string | number | bigint, time: number, track: number, zone: number, step: FlowStep): void {
    let flow = this.ids.get(id);
    if (flow === undefined) this.ids.set(id, (flow = this.ids.size));
    this.flow.push(flow);
    this.time.push(time);
    this.track.push(track);
    this.zone.push(zone);
    this.step.push(step);
  }

  /**
   * Arrows between zones; a point without a zone is left out. `rowOf` gives the final row of a row of the builder, `trackOf`
   * the final number of its track (−1 for one that was left out), `lowest` the time of offset 0.
   */
  finish(
    zones: ZoneColumns,
    tracks: readonly Track[],
    rowOf: (zone: number) => number,
    trackOf: (track: number) => number,
    lowest: number,
  ): FlowColumns {
    const { flow, time, step } = this;
    const order = Uint32Array.from({ length: flow.length }, (_, i) => i);
    // At equal times what ends a flow comes last, whatever the order of the file.
    order.sort(
      (a, b) =>
        time.at(a) - time.at(b) ||
        Number(step.at(a) === FlowStep.end) - Number(step.at(b) === FlowStep.end) ||
        a - b,
    );
    const last = new Int32Array(this.ids.size).fill(-1);
    const from = growingU32();
    const to = growingU32();
    for (const i of order) {
      const id = flow.at(i);
      const before = step.at(i) === FlowStep.start ? -1 : last[id]!;
      const row = this.rowOf(i, zones, tracks, rowOf, trackOf, lowest);
      if (row >= 0 && before >= 0 && before !== row) {
        from.push(before);
        to.push(row);
      }
      if (step.at(i) === FlowStep.end) last[id] = -1;
      else if (row >= 0) last[id] = row;
    }
    return { from: from.view().slice(), to: to.view().slice() };
  }

  private rowOf(
    i: number,
    zones: ZoneColumns,
    tracks: readonly Track[],
    rowOf: (zone: number) => number,
    trackOf: (track: number) => number,
    lowest: number,
  ): number {
    const zone = this.zone.at(i);
    if (zone >= 0) return rowOf(zone);
    const track = tracks[trackOf(this.track.at(i))];
    if (track === undefined) return -1;
    const at = this.time.at(i) - lowest;
    const end = track.first + track.count;
    if (zone === FlowBinding.following) {
      const row = firstAfter(zones.start, track.first, end, at, false);
      return row < end ? row : -1;
    }
    let row = firstAfter(zones.start, track.first, end, at, true) - 1;
    if (row < track.first) return -1;
    while (row >= 0 && zones.start[row]! + zones.duration[row]! < at) row = zones.parent[row]!;
    return row;
  }
}

/** First row of `first … end` that starts after `at`, or (not `strictly`) at it. */
function firstAfter(start: Float64Array, first: number, end: number, at: number, strictly: boolean): number {
  let low = first;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (start[middle]! < at || (strictly && start[middle] === at)) low = middle + 1;
    else high = middle;
  }
  return low;
}
