/** One trace in the view, with the runs it is compared with: what is known of it, and where the person is in it. */
import { clampViewport, fitAll, fitRange, scrollTo } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import type { ZoneDetails } from '../../src/profiler/layout/table';
import { queriesOf } from '../../src/protocol/profilerView';
import type {
  Bookmark,
  OverviewAnswer,
  ProfilerHost,
  ProfilerViewState,
  RemoteQueries,
  RunState,
  RunSummary,
  TableAnswer,
  TraceInfo,
  ViewTab,
  ZoneJoin,
  ZoneRef,
} from '../../src/protocol/profilerView';
import { NameBook } from './nameBook';
import type { SelectedSpan } from './zoneLabels';

/** Slices of the overview strip. */
const OVERVIEW_BINS = 1200;

/** What asks the host for something and what is to be done once it has come. */
export interface SessionContext {
  readonly host: Pick<ProfilerHost, 'query' | 'joinOf' | 'getBookmarks' | 'saveBookmarks'>;
  changed(): void;
  failed(problem: unknown): void;
}

export class Session {
  readonly info: TraceInfo;
  readonly queries: RemoteQueries;
  readonly names: NameBook;
  /** Row of depth 0 of each track, and the number of rows at the end. */
  readonly firstRow: readonly number[];
  summary: RunSummary | undefined;
  overview: OverviewAnswer | undefined;
  viewport: Viewport;
  /** Number of the selected zone; `details` follow once they have come. */
  selected: number | undefined;
  details: ZoneDetails | undefined;
  /** What is behind the selected zone; undefined until it is known, or where nothing is. */
  join: ZoneJoin | undefined;
  /** The zone that a time is measured from, to the selected one. */
  measuredFrom: ZoneDetails | undefined;
  range: Viewport | undefined;
  /** Statistics of `range`, once they have come. */
  inRange: TableAnswer | undefined;
  bookmarks: readonly Bookmark[] = [];
  readonly collapsed = new Set<number>();
  searched = '';

  constructor(
    readonly id: string,
    readonly runs: readonly RunState[],
    private readonly context: SessionContext,
  ) {
    this.info = runs[0]!.info;
    this.queries = queriesOf(context.host, 0);
    this.names = new NameBook(
      this.queries,
      this.info.names,
      () => context.changed(),
      (problem) => context.failed(problem),
    );
    let rows = 0;
    this.firstRow = [...this.info.tracks.map((t) => (rows += t.rows) - t.rows), rows];
    this.viewport = fitAll(this.info.span);
    this.ask(this.queries.overview(OVERVIEW_BINS), (o) => (this.overview = o));
    this.ask(this.queries.summary(), (s) => (this.summary = s));
    this.ask(context.host.getBookmarks(), (b) => (this.bookmarks = b));
  }

  get title(): string {
    return this.runs[0]!.title;
  }
  get span(): number {
    return this.info.span;
  }
  get prefix(): string {
    return this.summary?.prefix ?? '';
  }

  /** The selected zone as charts outline it. */
  get outlined(): SelectedSpan | undefined {
    const { selected: zone, details } = this;
    if (zone === undefined) return undefined;
    if (details === undefined) return { zone };
    const { name, track, depth } = details.place;
    return { zone, name, row: this.firstRow[track]! + depth, start: details.start };
  }

  restore(state: ProfilerViewState | undefined): void {
    if (state?.id !== this.id) return;
    if (state.from !== undefined && state.to !== undefined && state.to > state.from) {
      this.viewport = clampViewport({ from: state.from, to: state.to }, this.span);
    }
    if (state.zone !== undefined && state.zone < this.info.zones)
      this.select(state.zone).catch((problem: unknown) => this.context.failed(problem));
    for (const t of state.collapsed ?? []) this.collapsed.add(t);
  }

  save(tab: ViewTab): ProfilerViewState {
    return {
      id: this.id,
      tab,
      from: this.viewport.from,
      to: this.viewport.to,
      ...(this.selected === undefined ? {} : { zone: this.selected }),
      collapsed: [...this.collapsed],
    };
  }

  private chosen: Promise<ZoneDetails | undefined> = Promise.resolve(undefined);

  /** Selects a zone and gives its details; undefined where another was selected meanwhile. */
  select(zone: number | undefined): Promise<ZoneDetails | undefined> {
    if (this.selected !== zone) this.chosen = this.choose(zone);
    return this.chosen;
  }
  private async choose(zone: number | undefined): Promise<ZoneDetails | undefined> {
    this.selected = zone;
    this.details = this.join = undefined;
    if (zone === undefined) {
      this.measuredFrom = undefined;
      return undefined;
    }
    const details = await this.queries.details(zone);
    if (this.selected !== zone) return undefined;
    this.details = details;
    this.context.changed();
    this.ask(this.context.host.joinOf(refOf(details)), (join) => {
      if (this.selected === zone) this.join = join ?? undefined;
    });
    return details;
  }

  setRange(range: Viewport | undefined): void {
    this.range = range;
    this.inRange = undefined;
  }
  /** Asks for the statistics of the range; while it is being dragged that would be too often. */
  describeRange(): void {
    const { range } = this;
    if (range === undefined || range.to <= range.from) return;
    this.ask(this.queries.table({ by: 'name', range }), (answer) => {
      if (this.range === range) this.inRange = answer;
    });
  }

  /** Scrolls the view so that a zone can be seen; one narrower than `least` pixels is zoomed to. */
  bringIntoView(
    { start, duration }: Pick<ZoneDetails, 'start' | 'duration'>,
    width: number,
    least: number,
  ): void {
    const to = start + duration;
    const pixels = (duration * width) / (this.viewport.to - this.viewport.from);
    const room = duration * 4;
    this.viewport =
      pixels < least
        ? fitRange(start - room, to + room, this.span)
        : scrollTo(this.viewport, start, to, this.span);
  }

  setBookmarks(bookmarks: readonly Bookmark[]): void {
    this.bookmarks = [...bookmarks].sort((a, b) => a.from - b.from || a.to - b.to);
    this.context.host.saveBookmarks(this.bookmarks).catch((problem: unknown) => {
      this.context.failed(problem);
    });
    this.context.changed();
  }

  private ask<T>(answer: Promise<T>, then: (value: T) => void): void {
    answer.then(
      (value) => {
        then(value);
        this.context.changed();
      },
      (problem: unknown) => this.context.failed(problem),
    );
  }
}

/** What other tools call the place in the source that a zone was recorded at. */
const LOCATION = /^(loc|location|source|src|file:line|source_location)$/i;

export function refOf({ zone, name, facts, others }: ZoneDetails): ZoneRef {
  const { dispatch, entry, origins } = facts;
  const location = others.find(([key, value]) => LOCATION.test(key) && typeof value === 'string')?.[1];
  return {
    zone,
    name,
    ...(dispatch === undefined ? {} : { dispatch }),
    ...(entry === undefined ? {} : { entry }),
    origins: origins ?? [],
    ...(typeof location === 'string' ? { location } : {}),
  };
}
