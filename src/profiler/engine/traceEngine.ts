/** Answers the questions of views about one trace; what is derived from it is made when it is first needed. */
import { callersOf, calleesOf, leftHeavy } from '../layout/flame';
import type { FlameTree } from '../layout/flame';
import { huesOf } from '../layout/families';
import { framesOf } from '../layout/frames';
import { findZones } from '../layout/histogram';
import type { FindAnswer, FindRequest } from '../layout/histogram';
import { sharedPrefix } from '../layout/labels';
import { roofline } from '../layout/roofline';
import type { RooflineAnswer, Roofs } from '../layout/roofline';
import { traceRows } from '../layout/rows';
import { rowMatches, tableByDispatch, tableByName, tablesOf, ZoneLookup } from '../layout/table';
import type { TableRow, ZoneDetails } from '../layout/table';
import { counterColumns, counterRange, overview } from '../layout/tracks';
import { neighbour } from '../layout/walk';
import type { KeyStep } from '../layout/walk';
import { allFacts, argsOf } from '../trace';
import type { TraceColumns, ZoneFacts } from '../trace';
import type {
  ChartSource,
  CounterCurve,
  CounterRequest,
  OverviewAnswer,
  Queries,
  RunSummary,
  TableAnswer,
  TableRequest,
  TraceInfo,
  WindowAnswer,
  WindowRequest,
  ZoneQuery,
} from './queries';
import { windowOf } from './window';
import type { Drawable } from './window';

/** Names are sent at once below this many characters in all. */
const FEW_CHARACTERS = 2 ** 21;
const TOP_ROWS = 6;
const MOST_ROWS = 20_000;
/** Flame trees and searches that are kept. */
const KEPT = 4;

/** A value that is made when it is first asked for. */
function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Keeps the newest few values by key. */
class Recent<T> {
  private readonly values = new Map<string, T>();
  get(key: string, make: () => T): T {
    const known = this.values.get(key);
    if (known !== undefined) return known;
    const value = make();
    this.values.set(key, value);
    const [oldest] = this.values.keys();
    if (this.values.size > KEPT && oldest !== undefined) this.values.delete(oldest);
    return value;
  }
}

export class TraceEngine implements Queries {
  private readonly facts = lazy((): readonly ZoneFacts[] => allFacts(this.trace));
  private readonly usedNames = lazy(() => {
    const used = new Uint8Array(this.trace.strings.length);
    for (const n of this.trace.zones.name) used[n] = 1;
    return used;
  });
  private readonly hues = lazy(() => {
    const used = this.usedNames();
    return huesOf(
      this.trace.strings,
      this.trace.strings.flatMap((_, i) => (used[i] === 1 ? [i] : [])),
    );
  });
  private readonly rows = lazy(() => traceRows(this.trace));
  private readonly roofs = lazy(() => roofsOf(this.trace));
  private readonly tables = lazy(() => tablesOf(this.trace, this.roofs()));
  private readonly lookup = lazy(() => new ZoneLookup(this.trace, this.tables()));
  private readonly tracks = lazy((): Drawable => ({
    index: this.rows(),
    spans: this.trace.zones,
    name: this.trace.zones.name,
    zone: undefined,
  }));
  private readonly flames = new Recent<FlameTree>();
  private readonly searches = new Recent<Uint8Array>();

  constructor(readonly trace: TraceColumns) {}

  info(): TraceInfo {
    const { format, span, tracks, zones, warnings, strings, counters } = this.trace;
    const characters = strings.reduce((sum, s) => sum + s.length, 0);
    const used = this.usedNames();
    return {
      format,
      span,
      zones: zones.start.length,
      tracks: tracks.map((t) => ({
        kind: t.kind,
        name: t.name,
        ...(t.process === undefined ? {} : { process: t.process }),
        ...(t.unit === undefined ? {} : { unit: t.unit }),
        rows: t.rows,
        count: t.count,
        ...(t.kind === 'counter' ? { range: counterRange(counters, t) } : {}),
      })),
      warnings,
      legend: this.hues().legend,
      ...(characters > FEW_CHARACTERS ? {} : { names: strings.map((s, i) => (used[i] === 1 ? s : '')) }),
    };
  }

  summary(): RunSummary {
    const { byDispatch, byName, total } = this.tables();
    const rows = byDispatch ?? byName;
    return {
      by: byDispatch === undefined ? 'name' : 'dispatch',
      rows: rows.length,
      total,
      top: rows.slice(0, TOP_ROWS),
      prefix: sharedPrefix((byDispatch ?? []).map((r) => r.name)),
      entries: [...new Set(this.facts().flatMap((f) => (f.entry === undefined ? [] : [f.entry])))],
    };
  }

  names(ids: readonly number[]): readonly string[] {
    return ids.map((id) => this.trace.strings[id] ?? '');
  }

  window(request: WindowRequest): WindowAnswer {
    const matches =
      request.search === undefined || request.search === '' ? undefined : this.matches(request.search);
    return windowOf(this.drawable(request.source), request, this.hues().of, matches);
  }

  counters(r: CounterRequest): readonly CounterCurve[] {
    const { counters, tracks } = this.trace;
    return r.tracks.flatMap((track): readonly CounterCurve[] => {
      const t = tracks[track];
      if (t?.kind !== 'counter') return [];
      const columns = counterColumns(counters, t, r, r.pixels);
      return [
        {
          track,
          from: r.from,
          to: r.to,
          pixels: r.pixels,
          x: Float32Array.from(columns, (c) => c.x),
          low: Float64Array.from(columns, (c) => c.low),
          high: Float64Array.from(columns, (c) => c.high),
          last: Float64Array.from(columns, (c) => c.last),
        },
      ];
    });
  }

  overview(bins: number): OverviewAnswer {
    const { zones, tracks, span } = this.trace;
    return { busy: overview(zones, tracks, span, bins), frames: framesOf(this.trace, this.facts()) };
  }

  extent(source: ChartSource): { readonly extent: number; readonly rows: number } {
    const { index } = this.drawable(source);
    const extent = source.kind === 'tracks' ? this.trace.span : this.flame(source).total;
    return { extent, rows: index.offset.length - 1 };
  }

  details(zone: number): ZoneDetails {
    if (!(zone >= 0 && zone < this.trace.zones.start.length))
      throw new RangeError(`there is no zone ${zone}`);
    return this.lookup().details(zone);
  }

  step(zone: number | undefined, step: KeyStep, from: number): number | undefined {
    if (zone !== undefined) return neighbour(this.trace, zone, step);
    const { start, duration } = this.trace.zones;
    for (let i = 0; i < start.length; i++) if (start[i]! + duration[i]! >= from) return i;
    return undefined;
  }

  longest(query: ZoneQuery): number | undefined {
    const { args, duration, name } = this.trace.zones;
    const wantedName = 'name' in query ? this.trace.strings.indexOf(query.name) : -1;
    const fits = this.facts().map((f) =>
      'dispatch' in query
        ? f.dispatch === query.dispatch && (query.entry === undefined || f.entry === query.entry)
        : 'origin' in query && f.origins?.includes(query.origin) === true,
    );
    let best: number | undefined;
    for (let i = 0; i < args.length; i++) {
      const found = 'name' in query ? name[i] === wantedName : fits[args[i]!] === true;
      if (found && (best === undefined || duration[i]! > duration[best]!)) best = i;
    }
    return best;
  }

  nextMatch(search: string, from: number | undefined, backwards: boolean): number | undefined {
    const { name } = this.trace.zones;
    if (name.length === 0) return undefined;
    const matches = this.matches(search);
    const step = backwards ? name.length - 1 : 1;
    let i = from ?? (backwards ? 0 : name.length - 1);
    for (let n = 0; n < name.length; n++) {
      i = (i + step) % name.length;
      if (matches[name[i]!] === 1) return i;
    }
    return undefined;
  }

  table({ by, range }: TableRequest): TableAnswer {
    const { byDispatch, byName } = this.tables();
    const dispatches = by === 'dispatch' ? byDispatch : undefined;
    const all =
      range === undefined
        ? (dispatches ?? byName)
        : dispatches === undefined
          ? tableByName(this.trace, this.facts(), range)
          : tableByDispatch(this.trace, range, this.roofs());
    return { rows: all.slice(0, MOST_ROWS), omitted: Math.max(0, all.length - MOST_ROWS) };
  }

  find(request: FindRequest): FindAnswer {
    return findZones(this.trace, this.facts(), request);
  }

  roofline(): RooflineAnswer {
    return roofline(this.tables().byDispatch ?? [], this.roofs());
  }

  /** 1 for names that hold the text, or whose model nodes do. */
  private matches(text: string): Uint8Array {
    return this.searches.get(text, () => {
      const matches = new Uint8Array(this.trace.strings.length);
      const mark = (r: TableRow): void => {
        if (rowMatches(r, text)) matches[this.trace.zones.name[r.longest]!] = 1;
      };
      this.tables().byName.forEach(mark);
      return matches;
    });
  }

  private drawable(source: ChartSource): Drawable {
    if (source.kind === 'tracks') return this.tracks();
    const tree = this.flame(source);
    return { index: tree.rows, spans: tree, name: tree.name, zone: tree.zone };
  }

  private flame(source: Extract<ChartSource, { kind: 'flame' }>): FlameTree {
    return this.flames.get(JSON.stringify(source), () => {
      const tracks =
        source.track === undefined
          ? this.trace.tracks.flatMap((t, i) => (t.kind === 'counter' ? [] : [i]))
          : [source.track];
      const { name = -1, range, order } = source;
      if (order === 'heavy') return leftHeavy(this.trace, tracks, range);
      return order === 'callers'
        ? callersOf(this.trace, tracks, name, range)
        : calleesOf(this.trace, tracks, name, range);
    });
  }
}

/** What our recorder measured of the machine; it notes it with the iterations. */
function roofsOf(trace: TraceColumns): Roofs | undefined {
  const flopsKey = trace.strings.indexOf('peak_flops_per_second');
  const bytesKey = trace.strings.indexOf('peak_bytes_per_second');
  if (flopsKey < 0 || bytesKey < 0) return undefined;
  const { offset, key } = trace.args;
  for (let set = 1; set + 1 < offset.length; set++) {
    if (!key.subarray(offset[set], offset[set + 1]).includes(flopsKey)) continue;
    const args = new Map(argsOf(trace, set));
    const flops = args.get('peak_flops_per_second');
    const bytes = args.get('peak_bytes_per_second');
    if (typeof flops === 'number' && typeof bytes === 'number' && flops > 0 && bytes > 0)
      return { flopsPerSecond: flops, bytesPerSecond: bytes };
  }
  return undefined;
}
