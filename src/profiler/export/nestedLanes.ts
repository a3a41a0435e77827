/**
 * Splits the zones of a track into lanes in which every zone ends before the one around it: formats of begin and end events
 * cannot hold zones that merely overlap. A track that nests properly is one lane.
 */
import { growingU32 } from '../columns';
import type { Growing } from '../columns';
import type { Track, ZoneColumns } from '../trace';

interface Lane {
  readonly rows: Growing<Uint32Array>;
  /** Ends of the zones that are open, innermost last. */
  readonly open: number[];
}

/** Rows of `zones` per lane, in their order. */
export function nestedLanes(zones: ZoneColumns, track: Track): readonly Uint32Array[] {
  const lanes: Lane[] = [];
  for (let i = track.first; i < track.first + track.count; i++) {
    const from = zones.start[i]!;
    const to = from + zones.duration[i]!;
    let lane = lanes.find(({ open }) => {
      while (open.length > 0 && open[open.length - 1]! <= from) open.pop();
      return open.length === 0 || open[open.length - 1]! >= to;
    });
    if (lane === undefined) {
      lane = { rows: growingU32(), open: [] };
      lanes.push(lane);
    }
    lane.rows.push(i);
    if (to > from) lane.open.push(to);
  }
  return lanes.map(({ rows }) => rows.view());
}

/**
 * Begins and ends of a lane in order of time: row + 1 for a begin, its negative for an end. A zone without duration has
 * both, one after the other.
 */
export function* laneEvents(zones: ZoneColumns, lane: Uint32Array): Generator<number> {
  const open: number[] = [];
  const endOf = (i: number): number => zones.start[i]! + zones.duration[i]!;
  for (const i of lane) {
    while (open.length > 0 && endOf(open[open.length - 1]!) <= zones.start[i]!) yield -(open.pop()! + 1);
    yield i + 1;
    if (zones.duration[i] === 0) yield -(i + 1);
    else open.push(i);
  }
  while (open.length > 0) yield -(open.pop()! + 1);
}
