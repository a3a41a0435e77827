/** Rows of the Zones table and the facts of one zone, as plain data for the views. */
import { selfTimes } from '../nesting';
import { statisticsByName } from '../statistics';
import type { TimeRange } from '../statistics';
import { summarise } from '../summary';
import type { Summary } from '../summary';
import { allFacts, argsOf, FACT_ARGUMENTS } from '../trace';
import type { ArgValue, TraceColumns, ZoneFacts } from '../trace';
import { FlowIndex } from '../flowIndex';
import { flowsOf, recordedFlowsOf } from './flows';
import type { FlowEnd } from './flows';
import { attained } from './roofline';
import type { Roofs } from './roofline';

/** Times in nanoseconds. */
export interface TableRow {
  readonly key: string;
  readonly name: string;
  readonly entry?: string;
  readonly dispatch?: number;
  readonly origins: readonly string[];
  readonly calls: number;
  readonly total: number;
  readonly self: number;
  readonly mean: number;
  /** Absent where only totals were recorded. */
  readonly median?: number;
  readonly p95?: number;
  readonly max: number;
  readonly share: number;
  readonly flopsPerSecond?: number;
  readonly bytesPerSecond?: number;
  /** Part of what the machine's roofs allow, where the trace records them. */
  readonly attained?: number;
  /** The zone to show when the row is chosen. */
  readonly longest: number;
}

export interface Tables {
  /** Absent in traces that record no dispatch. */
  readonly byDispatch?: readonly TableRow[];
  readonly byName: readonly TableRow[];
  /** Wall time of all dispatches, or self time of all zones. */
  readonly total: number;
}

/** NaN does not survive every channel. */
function known<T extends { readonly median: number; readonly p95: number }>(
  r: T,
): Omit<T, 'median' | 'p95'> & Pick<TableRow, 'median' | 'p95'> {
  const { median, p95, ...rest } = r;
  return {
    ...rest,
    ...(Number.isNaN(median) ? {} : { median }),
    ...(Number.isNaN(p95) ? {} : { p95 }),
  };
}

/** One row per zone name; with `range`, of the zones that start within it. */
export function tableByName(
  trace: TraceColumns,
  facts: readonly ZoneFacts[],
  range?: TimeRange,
): readonly TableRow[] {
  return statisticsByName(trace, range).map((s): TableRow => {
    const origins = facts[trace.zones.args[s.longest]!]?.origins ?? [];
    return { ...known(s), key: `name ${s.name}`, name: trace.strings[s.name] ?? '', origins };
  });
}

/** One row per dispatch of the zones that start within `range`, of a trace that records dispatches. */
export const tableByDispatch = (
  trace: TraceColumns,
  range: TimeRange,
  roofs: Roofs | undefined,
): readonly TableRow[] => summaryRows(summarise(trace, range), roofs);

const summaryRows = (summary: Summary, roofs: Roofs | undefined): readonly TableRow[] =>
  summary.rows.map((r): TableRow => {
    const part = roofs === undefined ? undefined : attained(r, roofs);
    return {
      ...known(r),
      key: `${r.entry ?? ''} ${r.dispatch ?? r.name}`,
      ...(part === undefined ? {} : { attained: part }),
    };
  });

export function tablesOf(trace: TraceColumns, roofs?: Roofs): Tables {
  const summary = summarise(trace);
  const facts = allFacts(trace);
  const byName = tableByName(trace, facts);
  const rows = summaryRows(summary, roofs);
  // Totals that were recorded as a whole are no calls of their own.
  if (facts.some((f) => f.merged !== undefined)) return { byName: rows, total: summary.total };
  return summary.by === 'dispatch'
    ? { byDispatch: rows, byName, total: summary.total }
    : { byName, total: summary.total };
}

export type SortColumn = Exclude<keyof TableRow, 'key' | 'entry' | 'dispatch' | 'longest'>;

/** Rows in order of `column`, ties and missing values in their given order, missing ones last. */
export function sortRows(
  rows: readonly TableRow[],
  column: SortColumn,
  descending: boolean,
): readonly TableRow[] {
  const value = (r: TableRow): string | number | undefined =>
    column === 'origins' ? r.origins.join(', ') : r[column];
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = value(a);
    const y = value(b);
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    if (typeof x === 'string' || typeof y === 'string')
      return sign * String(x).localeCompare(String(y), 'en');
    return sign * (x - y);
  });
}

/** Whether name, entry point or a model node of the row holds `text`, ignoring case. */
export const rowMatches = (r: Pick<TableRow, 'name' | 'entry' | 'origins'>, text: string): boolean => {
  const needle = text.toLowerCase();
  return [r.name, r.entry ?? '', ...r.origins].some((s) => s.toLowerCase().includes(needle));
};

/** What the details panel says of one zone. */
export interface ZoneDetails {
  readonly zone: number;
  readonly name: string;
  readonly track: string;
  /** Where it is drawn: its name and track by number, its depth. */
  readonly place: { readonly name: number; readonly track: number; readonly depth: number };
  /** Zones that this one starts or was started by. */
  readonly flows: readonly FlowEnd[];
  readonly start: number;
  readonly duration: number;
  readonly self: number;
  readonly facts: ZoneFacts;
  /** Row of its dispatch, else of its name. */
  readonly row?: TableRow;
  /** Where recorded. */
  readonly iteration?: number;
  /** Rates of this zone alone: of the part of the dispatch that its thread computed. */
  readonly flopsPerSecond?: number;
  readonly bytesPerSecond?: number;
  /** Recorded arguments that are not among the facts. */
  readonly others: readonly (readonly [string, ArgValue])[];
}

/** Looks zones up in a trace and its tables; built once per trace. */
export class ZoneLookup {
  private readonly facts: readonly ZoneFacts[];
  private readonly self: Float64Array;
  private readonly flows: FlowIndex;
  private readonly rowOfDispatch = new Map<string, TableRow>();
  private readonly rowOfName = new Map<string, TableRow>();

  constructor(
    private readonly trace: TraceColumns,
    tables: Tables,
  ) {
    this.facts = allFacts(trace);
    this.flows = new FlowIndex(trace.flows, trace.zones.start.length);
    this.self = selfTimes(trace.zones);
    for (const r of tables.byDispatch ?? []) this.rowOfDispatch.set(r.key, r);
    for (const r of tables.byName) this.rowOfName.set(r.name, r);
  }

  factsOf(zone: number): ZoneFacts {
    return this.facts[this.trace.zones.args[zone]!] ?? {};
  }

  details(zone: number): ZoneDetails {
    const { zones, strings, tracks } = this.trace;
    const facts = this.factsOf(zone);
    const name = strings[zones.name[zone]!] ?? '';
    const row =
      facts.dispatch === undefined
        ? this.rowOfName.get(name)
        : this.rowOfDispatch.get(`${facts.entry ?? ''} ${facts.dispatch}`);
    const duration = zones.duration[zone]!;
    const rate = (work: number | undefined): number | undefined =>
      work === undefined || duration === 0 ? undefined : (work * (facts.part ?? 1) * 1e9) / duration;
    const iteration = zones.iteration[zone]!;
    const flopsPerSecond = rate(facts.flops);
    const bytesPerSecond = rate(facts.bytes);
    return {
      zone,
      name,
      track: tracks[zones.track[zone]!]?.name ?? '',
      place: { name: zones.name[zone]!, track: zones.track[zone]!, depth: zones.depth[zone]! },
      flows: [...recordedFlowsOf(this.trace, this.flows, zone), ...flowsOf(this.trace, this.facts, zone)],
      start: zones.start[zone]!,
      duration,
      self: this.self[zone]!,
      facts,
      ...(iteration < 0 ? {} : { iteration }),
      ...(row === undefined ? {} : { row }),
      ...(flopsPerSecond === undefined ? {} : { flopsPerSecond }),
      ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
      others: argsOf(this.trace, zones.args[zone]!).filter(
        ([key, value]) => !FACT_ARGUMENTS.has(key) && !(key === 'name' && value === name),
      ),
    };
  }
}
