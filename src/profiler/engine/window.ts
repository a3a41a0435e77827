/** The rectangles of some rows for a range of the content and a width in pixels, as columns. */
import { rowOf, visibleInRow } from '../layout/rows';
import type { RowIndex, Spans } from '../layout/rows';
import { growingF64, growingU32 } from '../columns';
import type { WindowAnswer, WindowRequest } from './queries';

export interface Drawable {
  readonly index: RowIndex;
  readonly spans: Spans;
  /** Per span. */
  readonly name: Uint32Array;
  /** The zone to show for a span; absent where spans are zones. */
  readonly zone: Uint32Array | undefined;
}

/** Of merged spans, as many are looked at for one that the search found. */
const LOOKED_AT = 512;

/** First position of `span` in its row: rows are in order of start, then of number. */
function positionOf(row: Uint32Array, { start }: Spans, span: number): number {
  let low = 0;
  let high = row.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const s = row[middle]!;
    if (start[s]! < start[span]! || (start[s] === start[span] && s < span)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function windowOf(
  d: Drawable,
  r: WindowRequest,
  hues: Int8Array,
  matches: Uint8Array | undefined,
): WindowAnswer {
  const x = growingF64();
  const width = growingF64();
  const span = growingU32();
  const count = growingU32();
  const match = growingU32();
  const offset = new Uint32Array(r.rows.length + 1);
  const rows = d.index.offset.length - 1;
  r.rows.forEach((row, i) => {
    if (row >= 0 && row < rows) {
      const members = rowOf(d.index, row);
      for (const rect of visibleInRow(members, d.spans, r, r.pixels)) {
        x.push(rect.x);
        width.push(rect.width);
        span.push(rect.span);
        count.push(rect.count);
        if (matches !== undefined) match.push(anyMatch(d, members, rect.span, rect.count, matches));
      }
    }
    offset[i + 1] = x.length;
  });
  const spans = span.view();
  const name = Uint32Array.from(spans, (s) => d.name[s]!);
  return {
    from: r.from,
    to: r.to,
    pixels: r.pixels,
    rows: r.rows,
    offset,
    x: Float32Array.from(x.view()),
    width: Float32Array.from(width.view()),
    count: count.view().slice(),
    zone: d.zone === undefined ? spans.slice() : Uint32Array.from(spans, (s) => d.zone![s]!),
    name,
    hue: Int8Array.from(name, (n) => hues[n] ?? -1),
    match: Uint8Array.from(match.view()),
  };
}

function anyMatch(d: Drawable, row: Uint32Array, span: number, count: number, matches: Uint8Array): 0 | 1 {
  if (count === 1) return matches[d.name[span]!] === 1 ? 1 : 0;
  const from = positionOf(row, d.spans, span);
  const to = Math.min(from + Math.min(count, LOOKED_AT), row.length);
  for (let p = from; p < to; p++) if (matches[d.name[row[p]!]!] === 1) return 1;
  return 0;
}
