/**
 * Rows of disjoint spans in order of start, and what of a row is visible: the one query behind timeline and flame view.
 * It costs time in proportion to the pixels, not to the spans: it jumps over what merges into the same pixel.
 */
import type { Trace } from '../trace';
import type { Viewport } from './viewport';
import { pixelsPerUnit } from './viewport';

/** Columns that rows index into. */
export interface Spans {
  readonly start: Float64Array;
  readonly duration: Float64Array;
}

/** Rows of indices into `Spans`: row `r` is `spans[offset[r] … offset[r + 1]]`, disjoint and sorted by start. */
export interface RowIndex {
  readonly offset: Uint32Array;
  readonly spans: Uint32Array;
}

export const rowOf = (index: RowIndex, row: number): Uint32Array =>
  index.spans.subarray(index.offset[row], index.offset[row + 1]);

/** Rows of a trace, one per track and depth; `first[t]` is the row of depth 0 of track `t`. */
export interface TraceRows extends RowIndex {
  readonly first: Uint32Array;
}

export function traceRows(trace: Pick<Trace, 'zones' | 'tracks'>): TraceRows {
  const first = new Uint32Array(trace.tracks.length + 1);
  trace.tracks.forEach((t, i) => (first[i + 1] = first[i]! + t.rows));
  const rows = first[trace.tracks.length]!;
  const { track, depth } = trace.zones;
  const offset = new Uint32Array(rows + 1);
  for (let i = 0; i < track.length; i++) offset[first[track[i]!]! + depth[i]! + 1]!++;
  for (let r = 0; r < rows; r++) offset[r + 1]! += offset[r]!;
  const next = offset.slice();
  const spans = new Uint32Array(track.length);
  for (let i = 0; i < track.length; i++) spans[next[first[track[i]!]! + depth[i]!]!++] = i;
  return { offset, spans, first };
}

/** A rectangle of one row, in pixels. `count` above 1: that many spans, merged and drawn hatched; `span` is the first. */
export interface RowRect {
  readonly x: number;
  readonly width: number;
  readonly span: number;
  readonly count: number;
}

/** Spans narrower than this merge with neighbours closer than it. */
const MERGE_BELOW = 2;
const MIN_WIDTH = 1;

/** First position at or after `from` whose span satisfies `test`, which must be false then true along the row. */
function gallop(from: number, to: number, test: (position: number) => boolean): number {
  let step = 1;
  let low = from;
  while (low + step < to && !test(low + step - 1)) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, to);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The visible rectangles of a row, left to right, clipped to `0 … width`, never overlapping. */
export function visibleInRow(row: Uint32Array, spans: Spans, viewport: Viewport, width: number): RowRect[] {
  const { start, duration } = spans;
  const scale = pixelsPerUnit(viewport, width);
  const left = (p: number): number => (start[row[p]!]! - viewport.from) * scale;
  const right = (p: number): number => (start[row[p]!]! + duration[row[p]!]! - viewport.from) * scale;
  const out: RowRect[] = [];
  let p = gallop(0, row.length, (i) => right(i) >= 0);
  let drawnTo = 0;
  while (p < row.length) {
    const x = left(p);
    if (x > width) break;
    const end = right(p);
    if (end - x >= MERGE_BELOW) {
      const from = Math.max(0, x, drawnTo);
      const to = Math.min(width, end);
      if (to > from) {
        out.push({ x: from, width: to - from, span: row[p]!, count: 1 });
        drawnTo = to;
      }
      p++;
      continue;
    }
    let reach = end;
    let next = p + 1;
    while (next < row.length && reach <= width) {
      // What ends this close to the last one starts after it, so it is narrow too.
      next = gallop(next, row.length, (i) => right(i) >= reach + MERGE_BELOW);
      reach = Math.max(reach, right(next - 1));
      if (next >= row.length || left(next) >= reach + MERGE_BELOW) break;
      if (right(next) - left(next) >= MERGE_BELOW) break;
      reach = right(next++);
    }
    const from = Math.max(0, x, drawnTo);
    const to = Math.min(width, Math.max(reach, from + MIN_WIDTH));
    if (to > from) {
      out.push({ x: from, width: to - from, span: row[p]!, count: next - p });
      drawnTo = to;
    }
    p = next;
  }
  return out;
}

/** The span of a row at content position `at`, or the nearest one within `slack`; undefined where there is none. */
export function spanAt(row: Uint32Array, spans: Spans, at: number, slack = 0): number | undefined {
  const { start, duration } = spans;
  const p = gallop(0, row.length, (i) => start[row[i]!]! + duration[row[i]!]! >= at);
  let best: number | undefined;
  let distance = slack;
  for (const i of [p - 1, p, p + 1]) {
    if (i < 0 || i >= row.length) continue;
    const from = start[row[i]!]!;
    const away = Math.max(from - at, at - (from + duration[row[i]!]!), 0);
    if (away === 0 && at < from + duration[row[i]!]!) return row[i]!;
    if (away <= distance) {
      distance = away;
      best = row[i]!;
    }
  }
  return best;
}
