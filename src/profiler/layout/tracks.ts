/** Where each track lies in the scrolled timeline, and the curve of a counter. Pure, in pixels. */
import type { CounterColumns, Track } from '../trace';
import type { Viewport } from './viewport';
import { pixelsPerUnit } from './viewport';

export interface TrackBox {
  readonly track: number;
  readonly top: number;
  readonly height: number;
  /** Rows of zones drawn; 1 when collapsed, 0 for a counter. */
  readonly rows: number;
  readonly collapsed: boolean;
}

export interface TrackMetrics {
  readonly rowHeight: number;
  readonly counterHeight: number;
  /** Space below each track. */
  readonly gap: number;
}

/** Stacks the tracks; a collapsed track keeps its top row. */
export function trackBoxes(
  tracks: readonly Pick<Track, 'kind' | 'rows'>[],
  collapsed: ReadonlySet<number>,
  metrics: TrackMetrics,
): readonly TrackBox[] {
  let top = 0;
  return tracks.map((t, track) => {
    const folded = collapsed.has(track);
    const rows = t.kind === 'counter' ? 0 : folded ? Math.min(1, t.rows) : t.rows;
    const height =
      t.kind === 'counter' && !folded ? metrics.counterHeight : Math.max(1, rows) * metrics.rowHeight;
    const box = { track, top, height, rows, collapsed: folded };
    top += height + metrics.gap;
    return box;
  });
}

export const heightOf = (boxes: readonly TrackBox[]): number => {
  const last = boxes[boxes.length - 1];
  return last === undefined ? 0 : last.top + last.height;
};

/** One pixel column of a counter: the values it takes there. */
export interface CounterColumn {
  readonly x: number;
  readonly low: number;
  readonly high: number;
  readonly last: number;
}

/** The visible readings of a counter, at most one column per pixel, with the one that holds at the left edge. */
export function counterColumns(
  counters: CounterColumns,
  track: Pick<Track, 'first' | 'count'>,
  viewport: Viewport,
  width: number,
): readonly CounterColumn[] {
  const { time, value } = counters;
  const end = track.first + track.count;
  let low = track.first;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (time[middle]! > viewport.from) high = middle;
    else low = middle + 1;
  }
  const scale = pixelsPerUnit(viewport, width);
  const out: { x: number; low: number; high: number; last: number }[] = [];
  for (let i = Math.max(track.first, low - 1); i < end && time[i]! <= viewport.to; i++) {
    const x = Math.max(0, Math.floor((time[i]! - viewport.from) * scale));
    const v = value[i]!;
    const column = out[out.length - 1];
    if (column?.x === x) {
      column.low = Math.min(column.low, v);
      column.high = Math.max(column.high, v);
      column.last = v;
    } else out.push({ x, low: v, high: v, last: v });
  }
  return out;
}

/** Smallest and largest reading of a counter, with 0 included so that heights compare. */
export function counterRange(
  counters: CounterColumns,
  track: Pick<Track, 'first' | 'count'>,
): readonly [number, number] {
  let low = 0;
  let high = 0;
  for (let i = track.first; i < track.first + track.count; i++) {
    low = Math.min(low, counters.value[i]!);
    high = Math.max(high, counters.value[i]!);
  }
  return [low, high === low ? low + 1 : high];
}

/** Busy part of each of `bins` equal slices of the trace, 0 to 1, over the top rows of all threads; of queues where there is none. */
export function overview(
  zones: { readonly start: Float64Array; readonly duration: Float64Array; readonly depth: Uint16Array },
  tracks: readonly Pick<Track, 'kind' | 'first' | 'count'>[],
  span: number,
  bins: number,
): Float64Array {
  const busy = new Float64Array(bins);
  const threads = tracks.filter((t) => t.kind === 'thread');
  const shown = threads.length > 0 ? threads : tracks.filter((t) => t.kind === 'queue');
  if (span <= 0 || shown.length === 0) return busy;
  const size = span / bins;
  for (const t of shown) {
    for (let i = t.first; i < t.first + t.count; i++) {
      if (zones.depth[i] !== 0) continue;
      const to = zones.start[i]! + zones.duration[i]!;
      const last = Math.min(bins - 1, Math.floor(to / size));
      for (let b = Math.floor(zones.start[i]! / size); b <= last; b++) {
        busy[b]! += Math.min(to, (b + 1) * size) - Math.max(zones.start[i]!, b * size);
      }
    }
  }
  return busy.map((t) => Math.min(1, t / (size * shown.length)));
}
