/** One trace in the view: what is derived from it once, and where the person is in it. */
import { huesOf } from '../../src/profiler/layout/families';
import type { Hues } from '../../src/profiler/layout/families';
import { sharedPrefix } from '../../src/profiler/layout/labels';
import { traceRows } from '../../src/profiler/layout/rows';
import type { TraceRows } from '../../src/profiler/layout/rows';
import { rowMatches, tablesOf, ZoneLookup } from '../../src/profiler/layout/table';
import type { Tables } from '../../src/profiler/layout/table';
import { clampViewport, fitAll, fitRange, scrollTo } from '../../src/profiler/layout/viewport';
import type { Viewport } from '../../src/profiler/layout/viewport';
import type { ProfilerViewState, ViewTab, WireTrace, ZoneRef } from '../../src/protocol/profilerView';

export class Session {
  readonly rows: TraceRows;
  readonly hues: Hues;
  /** What the names of all dispatches begin with. */
  readonly prefix: string;
  readonly tables: Tables;
  readonly lookup: ZoneLookup;
  viewport: Viewport;
  selected: number | undefined;
  /** Measured by dragging with Shift. */
  range: Viewport | undefined;
  readonly collapsed = new Set<number>();
  /** 1 for names that match the search, per string; undefined when nothing is searched. */
  matches: Uint8Array | undefined;
  searched = '';

  constructor(
    readonly id: string,
    readonly title: string,
    readonly trace: WireTrace,
  ) {
    this.rows = traceRows(trace);
    this.tables = tablesOf(trace);
    this.lookup = new ZoneLookup(trace, this.tables);
    this.hues = huesOf(trace.strings, new Set(trace.zones.name));
    this.prefix = sharedPrefix((this.tables.byDispatch ?? []).map((r) => r.name));
    this.viewport = fitAll(trace.span);
  }

  restore(state: ProfilerViewState | undefined): void {
    if (state?.id !== this.id) return;
    if (state.from !== undefined && state.to !== undefined && state.to > state.from) {
      this.viewport = clampViewport({ from: state.from, to: state.to }, this.trace.span);
    }
    if (state.zone !== undefined && state.zone < this.trace.zones.start.length) this.selected = state.zone;
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

  refOf(zone: number): ZoneRef {
    const { dispatch, entry, origins } = this.lookup.factsOf(zone);
    return {
      zone,
      name: this.trace.strings[this.trace.zones.name[zone]!] ?? '',
      ...(dispatch === undefined ? {} : { dispatch }),
      ...(entry === undefined ? {} : { entry }),
      origins: origins ?? [],
    };
  }

  /** Scrolls the view so that `zone` can be seen; one narrower than `least` pixels is zoomed to. */
  bringIntoView(zone: number, width: number, least: number): void {
    const from = this.trace.zones.start[zone]!;
    const to = from + this.trace.zones.duration[zone]!;
    const pixels = ((to - from) * width) / (this.viewport.to - this.viewport.from);
    const room = (to - from) * 4;
    this.viewport =
      pixels < least
        ? fitRange(from - room, to + room, this.trace.span)
        : scrollTo(this.viewport, from, to, this.trace.span);
  }

  search(text: string): void {
    this.searched = text;
    if (text === '') {
      this.matches = undefined;
      return;
    }
    const matches = new Uint8Array(this.trace.strings.length);
    for (const r of this.tables.byName)
      matches[this.trace.zones.name[r.longest]!] = rowMatches(r, text) ? 1 : 0;
    this.matches = matches;
  }

  /** The next zone after the selected one that matches the search, going round at the end. */
  nextMatch(backwards: boolean): number | undefined {
    const { matches } = this;
    const { name } = this.trace.zones;
    if (matches === undefined || name.length === 0) return undefined;
    const step = backwards ? name.length - 1 : 1;
    let i = this.selected ?? (backwards ? 0 : name.length - 1);
    for (let n = 0; n < name.length; n++) {
      i = (i + step) % name.length;
      if (matches[name[i]!] === 1) return i;
    }
    return undefined;
  }
}
