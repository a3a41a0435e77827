/** Writes zones, or the summary, as CSV (RFC 4180, header row, times in nanoseconds). */
import { csvRow } from '../layout/csvText';
import { allFacts } from '../trace';
import type { Trace } from '../trace';
import type { Summary } from '../summary';

/** One row per zone. */
export function* zonesCsv(trace: Trace): Generator<string> {
  const facts = allFacts(trace);
  yield csvRow([
    'track',
    'name',
    'start_ns',
    'duration_ns',
    'depth',
    'iteration',
    'dispatch',
    'origins',
    'flops',
    'bytes',
  ]);
  const z = trace.zones;
  for (let i = 0; i < z.start.length; i++) {
    const f = facts[z.args[i]!]!;
    yield csvRow([
      trace.tracks[z.track[i]!]?.name,
      trace.strings[z.name[i]!],
      z.start[i],
      z.duration[i],
      z.depth[i],
      z.iteration[i]! < 0 ? undefined : z.iteration[i],
      f.dispatch,
      f.origins?.join(' '),
      f.flops,
      f.bytes,
    ]);
  }
}

/** One row per dispatch or name. */
export function summaryCsv(summary: Summary): string {
  return [
    csvRow([
      'name',
      'entry',
      'dispatch',
      'origins',
      'calls',
      'total_ns',
      'self_ns',
      'mean_ns',
      'min_ns',
      'median_ns',
      'p95_ns',
      'max_ns',
      'share',
      'flops_per_s',
      'bytes_per_s',
    ]),
    ...summary.rows.map((r) =>
      csvRow([
        r.name,
        r.entry,
        r.dispatch,
        r.origins.join(' '),
        r.calls,
        r.total,
        r.self,
        r.mean,
        r.min,
        r.median,
        r.p95,
        r.max,
        r.share,
        r.flopsPerSecond,
        r.bytesPerSecond,
      ]),
    ),
  ].join('');
}
