/** Queries that answer common questions, to run as they are or to start from; offered by the command line and the editor. */

export interface NamedQuery {
  readonly name: string;
  /** The question it answers. */
  readonly question: string;
  readonly sql: string;
}

export const exampleQueries: readonly NamedQuery[] = [
  {
    name: 'self-time',
    question: 'Which names does the time go to, outside the zones nested in them?',
    sql: `SELECT name, count(*) AS calls, sum(self_dur) AS self_ns, sum(dur) AS total_ns,
  100.0 * sum(self_dur) / sum(sum(self_dur)) OVER () AS percent
FROM slice GROUP BY name ORDER BY self_ns DESC`,
  },
  {
    name: 'slowest',
    question: 'Which single zones took longest?',
    sql: `SELECT s.id, s.name, t.name AS track, s.ts - b.start_ts AS after_start_ns, s.dur
FROM slice s JOIN track t ON t.id = s.track_id, trace_bounds b ORDER BY s.dur DESC`,
  },
  {
    name: 'dispatches',
    question: 'How fast is each dispatch, and which model nodes does it compute?',
    sql: `SELECT entry, dispatch, name, count(*) AS calls, median(dur) AS median_ns, any_value(flops) / median(dur) AS gflop_per_s,
  any_value(bytes) / median(dur) AS gb_per_s, any_value(origins) AS model_nodes
FROM dispatch_call GROUP BY entry, dispatch, name ORDER BY sum(dur) DESC`,
  },
  {
    name: 'predicted',
    question: 'Where is the cost model furthest from the truth?',
    sql: `SELECT entry, dispatch, name, any_value(predicted_ns) AS predicted_ns, median(dur) AS median_ns,
  median(dur) / any_value(predicted_ns) AS ratio
FROM dispatch_call WHERE predicted_ns > 0 GROUP BY entry, dispatch, name ORDER BY abs(ln(ratio)) DESC`,
  },
  {
    name: 'entry-points',
    question: 'How do prefill, decode and other entry points compare?',
    sql: `SELECT entry, count(DISTINCT iteration) AS runs, count(*) AS calls, sum(dur) AS total_ns,
  sum(dur) / count(DISTINCT iteration) AS ns_per_run
FROM dispatch_call GROUP BY entry ORDER BY total_ns DESC`,
  },
  {
    name: 'threads',
    question: 'Is the work spread evenly over the threads?',
    sql: `SELECT thread_name, count(*) AS zones, sum(self_dur) AS busy_ns,
  100.0 * sum(self_dur) / (SELECT end_ts - start_ts FROM trace_bounds) AS percent_of_trace
FROM thread_slice GROUP BY utid, thread_name ORDER BY busy_ns DESC`,
  },
  {
    name: 'parents',
    question: 'From where is each name called, and what does that cost?',
    sql: `SELECT p.name AS parent, s.name, count(*) AS calls, sum(s.dur) AS total_ns
FROM slice s LEFT JOIN slice p ON p.id = s.parent_id GROUP BY p.name, s.name ORDER BY total_ns DESC`,
  },
  {
    name: 'counters',
    question: 'What range does each counter take?',
    sql: `SELECT t.name, t.unit, count(*) AS readings, min(c.value) AS low, avg(c.value) AS mean, max(c.value) AS high
FROM counter c JOIN counter_track t ON t.id = c.track_id GROUP BY t.id, t.name, t.unit ORDER BY t.id`,
  },
];
