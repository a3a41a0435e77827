/**
 * A trace as the tables of its database: base tables that are filled from the columns of the trace, and views over them with
 * the table and column names of Perfetto's trace processor (`slice`, `thread_slice`, `counter`, `args`, …), so that
 * queries written for it run here. Used by `traceDatabase.ts`; knows no database.
 *
 * Source of the names: the standard tables documented at perfetto.dev, "PerfettoSQL prelude".
 */
import { selfTimes } from '../nesting';
import { ArgKind, allFacts } from '../trace';
import type { Trace } from '../trace';

/** What the tables are made of; everything but the warnings. */
export type TraceData = Omit<Trace, 'warnings' | 'format'>;

/** Rows `from … to` of a column. Nanoseconds are doubles that hold integers; NaN stands for NULL. */
export type ColumnData =
  | { readonly type: 'nanoseconds'; readonly values: Float64Array; readonly origin?: bigint }
  | { readonly type: 'u32'; readonly values: Uint32Array }
  | { readonly type: 'i32'; readonly values: Int32Array }
  | { readonly type: 'u16'; readonly values: Uint16Array }
  | { readonly type: 'double'; readonly values: Float64Array }
  | { readonly type: 'text'; readonly values: readonly (string | null)[] };

export interface BaseTable {
  readonly name: string;
  readonly rows: number;
  /** SQL types by column, in the order that `chunk` yields them. */
  readonly columns: readonly (readonly [name: string, sqlType: string])[];
  /** The columns between two rows. */
  readonly chunk: (from: number, to: number) => readonly ColumnData[];
}

/** Row numbers as ids. */
const ids = (from: number, to: number): ColumnData => ({
  type: 'u32',
  values: Uint32Array.from({ length: to - from }, (_, i) => from + i),
});

const texts = (values: readonly (string | null)[]): ColumnData => ({ type: 'text', values });
const doubles = (values: Iterable<number | undefined>): ColumnData => ({
  type: 'double',
  values: Float64Array.from(values, (v) => v ?? NaN),
});

/** The base tables of a trace; each is read by a view of `views`. */
export function baseTables(trace: TraceData): readonly BaseTable[] {
  const { zones, counters, flows, args, strings, tracks, origin } = trace;
  const self = selfTimes(zones);
  const counterTracks = new Uint32Array(counters.time.length);
  tracks.forEach((t, i) => {
    if (t.kind === 'counter') counterTracks.fill(i, t.first, t.first + t.count);
  });
  const processes = [...new Set(tracks.map((t) => t.process ?? ''))];
  const setOf = new Uint32Array(args.key.length);
  for (let set = 0; set + 1 < args.offset.length; set++)
    setOf.fill(set, args.offset[set], args.offset[set + 1]);
  const facts = allFacts(trace);
  return [
    {
      name: '_string',
      rows: strings.length,
      columns: [
        ['id', 'UINTEGER'],
        ['text', 'VARCHAR'],
      ],
      chunk: (from, to) => [ids(from, to), texts(strings.slice(from, to))],
    },
    {
      name: '_slice',
      rows: zones.start.length,
      columns: [
        ['id', 'UINTEGER'],
        ['ts', 'BIGINT'],
        ['dur', 'BIGINT'],
        ['self_dur', 'BIGINT'],
        ['name_id', 'UINTEGER'],
        ['track_id', 'USMALLINT'],
        ['depth', 'USMALLINT'],
        ['parent', 'INTEGER'],
        ['set_id', 'UINTEGER'],
        ['iteration', 'INTEGER'],
      ],
      chunk: (from, to) => [
        ids(from, to),
        { type: 'nanoseconds', values: zones.start.subarray(from, to), origin },
        { type: 'nanoseconds', values: zones.duration.subarray(from, to) },
        { type: 'nanoseconds', values: self.subarray(from, to) },
        { type: 'u32', values: zones.name.subarray(from, to) },
        { type: 'u16', values: zones.track.subarray(from, to) },
        { type: 'u16', values: zones.depth.subarray(from, to) },
        { type: 'i32', values: zones.parent.subarray(from, to) },
        { type: 'u32', values: zones.args.subarray(from, to) },
        { type: 'i32', values: zones.iteration.subarray(from, to) },
      ],
    },
    {
      name: '_counter',
      rows: counters.time.length,
      columns: [
        ['id', 'UINTEGER'],
        ['ts', 'BIGINT'],
        ['value', 'DOUBLE'],
        ['track_id', 'UINTEGER'],
      ],
      chunk: (from, to) => [
        ids(from, to),
        { type: 'nanoseconds', values: counters.time.subarray(from, to), origin },
        { type: 'double', values: counters.value.subarray(from, to) },
        { type: 'u32', values: counterTracks.subarray(from, to) },
      ],
    },
    {
      name: '_track',
      rows: tracks.length,
      columns: [
        ['id', 'UINTEGER'],
        ['kind', 'VARCHAR'],
        ['name', 'VARCHAR'],
        ['upid', 'UINTEGER'],
        ['unit', 'VARCHAR'],
      ],
      chunk: (from, to) => {
        const part = tracks.slice(from, to);
        return [
          ids(from, to),
          texts(part.map((t) => t.kind)),
          texts(part.map((t) => t.name)),
          { type: 'u32', values: Uint32Array.from(part, (t) => processes.indexOf(t.process ?? '')) },
          texts(part.map((t) => t.unit ?? null)),
        ];
      },
    },
    {
      name: '_process',
      rows: processes.length,
      columns: [
        ['upid', 'UINTEGER'],
        ['name', 'VARCHAR'],
      ],
      chunk: (from, to) => [ids(from, to), texts(processes.slice(from, to).map((p) => p || null))],
    },
    {
      name: '_arg',
      rows: args.key.length,
      columns: [
        ['id', 'UINTEGER'],
        ['arg_set_id', 'UINTEGER'],
        ['key', 'VARCHAR'],
        ['value_type', 'VARCHAR'],
        ['number', 'DOUBLE'],
        ['string_value', 'VARCHAR'],
      ],
      chunk: (from, to) => {
        const rows = Array.from({ length: to - from }, (_, i) => from + i);
        const isText = (i: number): boolean => args.kind[i] === ArgKind.string;
        return [
          ids(from, to),
          { type: 'u32', values: setOf.subarray(from, to) },
          texts(rows.map((i) => strings[args.key[i]!] ?? '')),
          texts(rows.map((i) => valueType(args.kind[i]!, args.value[i]!))),
          doubles(rows.map((i) => (isText(i) ? undefined : args.value[i]))),
          texts(rows.map((i) => (isText(i) ? (strings[args.value[i]!] ?? '') : null))),
        ];
      },
    },
    {
      name: '_flow',
      rows: flows.from.length,
      columns: [
        ['id', 'UINTEGER'],
        ['slice_out', 'UINTEGER'],
        ['slice_in', 'UINTEGER'],
      ],
      chunk: (from, to) => [
        ids(from, to),
        { type: 'u32', values: flows.from.subarray(from, to) },
        { type: 'u32', values: flows.to.subarray(from, to) },
      ],
    },
    {
      name: '_facts',
      rows: facts.length,
      columns: [
        ['set_id', 'UINTEGER'],
        ['dispatch', 'DOUBLE'],
        ['entry', 'VARCHAR'],
        ['origins', 'VARCHAR'],
        ['flops', 'DOUBLE'],
        ['bytes', 'DOUBLE'],
        ['predicted', 'DOUBLE'],
        ['part', 'DOUBLE'],
      ],
      chunk: (from, to) => {
        const part = facts.slice(from, to);
        return [
          ids(from, to),
          doubles(part.map((f) => f.dispatch)),
          texts(part.map((f) => f.entry ?? null)),
          texts(part.map((f) => f.origins?.join('\n') ?? null)),
          doubles(part.map((f) => f.flops)),
          doubles(part.map((f) => f.bytes)),
          doubles(part.map((f) => f.predicted)),
          doubles(part.map((f) => f.part)),
        ];
      },
    },
  ];
}

/** `value_type` of Perfetto's args. */
function valueType(kind: number, value: number): string {
  if (kind === ArgKind.string) return 'string';
  if (kind === ArgKind.boolean) return 'bool';
  return Number.isSafeInteger(value) ? 'int' : 'real';
}

/** A table that queries name. `sql` is a SELECT, or the macro's head and body. */
export interface TraceView {
  readonly name: string;
  /** One sentence: what a row is. */
  readonly summary: string;
  readonly sql: string;
}

const number = (column: string, type = 'BIGINT'): string =>
  `CAST(CASE WHEN isnan(${column}) THEN NULL ELSE ${column} END AS ${type})`;

/** What people query, in an order in which each only uses those before it. */
export const views: readonly TraceView[] = [
  {
    name: 'slice',
    summary: 'A zone. `id` is its row in the trace, times are nanoseconds on the clock of the recording.',
    sql: `SELECT s.id, s.ts, s.dur, n.text AS name, s.track_id, s.depth, NULLIF(s.parent, -1) AS parent_id,
      NULLIF(s.set_id, 0) AS arg_set_id, s.self_dur, NULLIF(s.iteration, -1) AS iteration
      FROM _slice s JOIN _string n ON n.id = s.name_id`,
  },
  {
    name: 'slices',
    summary: 'The same as `slice`.',
    sql: 'SELECT * FROM slice',
  },
  {
    name: 'process',
    summary: 'A process that tracks belong to.',
    sql: 'SELECT upid, name FROM _process WHERE name IS NOT NULL',
  },
  {
    name: 'track',
    summary: 'A row group of the timeline: a thread, a queue, an asynchronous track, or a counter.',
    sql: "SELECT id, name, kind || '_track' AS type, upid FROM _track",
  },
  {
    name: 'thread_track',
    summary: 'A track of a thread; `utid` leads to `thread`.',
    sql: "SELECT id, name, id AS utid FROM _track WHERE kind = 'thread'",
  },
  {
    name: 'thread',
    summary: 'A thread that recorded zones.',
    sql: `SELECT t.id AS utid, t.name, p.upid FROM _track t LEFT JOIN process p ON p.upid = t.upid
      WHERE t.kind = 'thread'`,
  },
  {
    name: 'thread_slice',
    summary: 'A zone of a thread, with the names of thread and process.',
    sql: `SELECT s.*, t.name AS thread_name, t.utid, p.name AS process_name, p.upid FROM slice s
      JOIN thread t ON t.utid = s.track_id LEFT JOIN process p ON p.upid = t.upid`,
  },
  {
    name: 'counter_track',
    summary: 'A track of a counter.',
    sql: "SELECT id, name, unit, upid FROM _track WHERE kind = 'counter'",
  },
  {
    name: 'counter',
    summary: 'A reading of a counter.',
    sql: 'SELECT id, ts, value, track_id FROM _counter',
  },
  {
    name: 'flow',
    summary: 'An arrow from a zone (`slice_out`) to one that it caused (`slice_in`).',
    sql: 'SELECT id, slice_out, slice_in FROM _flow',
  },
  {
    name: 'args',
    summary: 'An argument of a set; zones name their set by `arg_set_id`.',
    sql: `SELECT id, arg_set_id, key AS flat_key, key, value_type,
      CASE WHEN value_type IN ('int', 'bool') THEN CAST(number AS BIGINT) END AS int_value, string_value,
      CASE WHEN value_type = 'real' THEN number END AS real_value,
      CASE value_type WHEN 'string' THEN string_value WHEN 'bool' THEN CASE WHEN number = 0 THEN 'false' ELSE 'true' END
        WHEN 'int' THEN CAST(CAST(number AS BIGINT) AS VARCHAR) ELSE CAST(number AS VARCHAR) END AS display_value
      FROM _arg`,
  },
  {
    name: 'trace_bounds',
    summary: 'One row: when the trace starts and ends.',
    sql: `SELECT MIN(a) AS start_ts, MAX(b) AS end_ts FROM (SELECT MIN(ts) AS a, MAX(ts + dur) AS b FROM _slice
      UNION ALL SELECT MIN(ts), MAX(ts) FROM _counter)`,
  },
  {
    name: 'dispatch_slice',
    summary:
      'A zone of a dispatch of ours, on a queue or on a thread that did a `part` of it: its number in the dispatch table, entry point, model nodes (one a line) and work.',
    sql: `SELECT s.*, t.type AS track_type, ${number('f.dispatch')} AS dispatch, f.entry, f.origins,
      ${number('f.flops', 'DOUBLE')} AS flops, ${number('f.bytes', 'DOUBLE')} AS bytes,
      ${number('f.predicted', 'DOUBLE')} AS predicted_ns, COALESCE(${number('f.part', 'DOUBLE')}, 1) AS part
      FROM slice s JOIN track t ON t.id = s.track_id JOIN _facts f ON f.set_id = s.arg_set_id
      WHERE NOT isnan(f.dispatch)`,
  },
  {
    name: 'dispatch_call',
    summary: 'One call of a dispatch of ours, from the first of its zones to the last one.',
    // Zones of one iteration are one call; where none is recorded, zones that overlap are.
    sql: `WITH ordered AS (SELECT *, max(ts + dur) OVER (PARTITION BY entry, dispatch ORDER BY ts, id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach FROM dispatch_slice),
      numbered AS (SELECT *, CASE WHEN iteration IS NULL THEN -sum(CASE WHEN reach IS NULL OR ts >= reach THEN 1 ELSE 0 END)
        OVER (PARTITION BY entry, dispatch ORDER BY ts, id) ELSE iteration END AS call FROM ordered)
      SELECT min(id) AS slice_id, min(ts) AS ts, max(ts + dur) - min(ts) AS dur, any_value(name) AS name, dispatch, entry,
      any_value(iteration) AS iteration, any_value(origins) AS origins, any_value(flops) AS flops,
      any_value(bytes) AS bytes, any_value(predicted_ns) AS predicted_ns,
      count(DISTINCT track_id) FILTER (track_type = 'thread_track') AS threads
      FROM numbered GROUP BY entry, dispatch, call`,
  },
];

/** Functions of Perfetto's dialect that DuckDB lacks. */
export const macros: readonly string[] = [
  `CREATE MACRO extract_arg(set_id, name) AS
    (SELECT display_value FROM args a WHERE a.arg_set_id = set_id AND a.flat_key = name LIMIT 1)`,
];
