/**
 * Collects events of one trace in any order and finishes them into the sorted, nested columns of `Trace`.
 * Used by every importer; times are integer nanoseconds relative to a base that the importer chooses.
 */
import type { Diagnostic } from '../base/diagnostics';
import type { Growing } from './columns';
import { growingF64, growingI32, growingU32, growingU8 } from './columns';
import { traceMessages } from './messages';
import { nest, sortForNesting } from './nesting';
import { RecordedFlows } from './recordedFlows';
import { ArgKind } from './trace';
import type { ArgValue, FlowColumns, Trace, Track, TrackKind, ZoneColumns } from './trace';

/** What an importer knows of a track; it may learn name and kind after the first event. */
export interface TrackDraft {
  kind: TrackKind;
  name: string;
  process?: string;
  unit?: string;
}

/** Queues first: what was asked for stands above who did it. */
const KIND_ORDER: readonly TrackKind[] = ['queue', 'thread', 'async', 'counter'];
const MAX_TRACKS = 65_535;
const OPEN = -1;
/** Zones that room is taken for before there are any. */
const MAX_ROOM = 1 << 24;

export class TraceBuilder {
  private readonly ids = new Map<string, number>();
  private readonly strings: string[] = [];
  readonly tracks: TrackDraft[] = [];
  private readonly start: Growing<Float64Array>;
  private readonly duration: Growing<Float64Array>;
  private readonly name: Growing<Uint32Array>;
  private readonly track: Growing<Uint32Array>;
  private readonly args: Growing<Uint32Array>;
  private readonly iterations: Growing<Int32Array>;
  /** The `iteration` among the arguments of the last finished set, −1 for none. */
  iteration = -1;
  private pendingIteration = -1;
  private readonly argOffset = growingU32();
  private readonly argKey = growingU32();
  private readonly argKind = growingU8();
  private readonly argValue = growingF64();
  private readonly argSets = new Map<number, number>();
  private readonly counterTime = growingF64();
  private readonly counterValue = growingF64();
  private readonly counterTrack = growingU32();
  /** Open zones per track, innermost last. */
  private readonly open: number[][] = [];
  private unmatchedEnds = 0;
  readonly flows = new RecordedFlows();

  /** `expectedZones` is how many there may be: room for them is taken at once, and not touched before it is used. */
  constructor(
    private readonly file: string,
    expectedZones = 0,
  ) {
    const room = Math.min(MAX_ROOM, Math.max(1024, Math.ceil(expectedZones)));
    this.start = growingF64(room);
    this.duration = growingF64(room);
    this.name = growingU32(room);
    this.track = growingU32(room);
    this.args = growingU32(room);
    this.iterations = growingI32(room);
    this.intern('');
    this.argOffset.push(0);
    this.argOffset.push(0);
  }

  get zoneCount(): number {
    return this.start.length;
  }
  get eventCount(): number {
    return this.start.length + this.counterTime.length;
  }

  intern(text: string): number {
    let id = this.ids.get(text);
    if (id === undefined) {
      id = this.strings.length;
      this.strings.push(text);
      this.ids.set(text, id);
    }
    return id;
  }

  addTrack(draft: TrackDraft): number {
    if (this.tracks.length >= MAX_TRACKS) {
      throw traceMessages.error('STR0809', {
        file: this.file,
        tracks: this.tracks.length + 1,
        limit: MAX_TRACKS,
      });
    }
    this.open.push([]);
    return this.tracks.push(draft) - 1;
  }

  /** Adds one argument to the set in the making. A repeated key makes a list. */
  arg(key: string, value: ArgValue): void {
    if (key === 'iteration' && typeof value === 'number' && value >= 0 && value === (value | 0)) {
      this.pendingIteration = value;
      return;
    }
    this.argKey.push(this.intern(key));
    if (typeof value === 'string') {
      this.argKind.push(ArgKind.string);
      this.argValue.push(this.intern(value));
    } else {
      this.argKind.push(typeof value === 'number' ? ArgKind.number : ArgKind.boolean);
      this.argValue.push(Number(value));
    }
  }

  /** Closes the set in the making and returns its id, that of an equal set where one was seen before, 0 when empty. */
  endArgs(): number {
    this.iteration = this.pendingIteration;
    this.pendingIteration = -1;
    const from = this.argOffset.at(this.argOffset.length - 1);
    const to = this.argKey.length;
    if (from === to) return 0;
    let hash = to - from;
    for (let i = from; i < to; i++) {
      hash = Math.imul(hash ^ this.argKey.at(i), 0x01000193);
      hash = Math.imul(hash ^ (this.argValue.at(i) * 64), 0x01000193) ^ this.argKind.at(i);
    }
    const seen = this.argSets.get(hash);
    if (seen !== undefined && this.equalSet(seen, from, to)) {
      this.argKey.length = this.argKind.length = this.argValue.length = from;
      return seen;
    }
    const id = this.argOffset.length - 1;
    this.argOffset.push(to);
    this.argSets.set(hash, id);
    return id;
  }

  private equalSet(id: number, from: number, to: number): boolean {
    const first = this.argOffset.at(id);
    if (this.argOffset.at(id + 1) - first !== to - from) return false;
    for (let i = 0; i < to - from; i++) {
      if (
        this.argKey.at(first + i) !== this.argKey.at(from + i) ||
        this.argKind.at(first + i) !== this.argKind.at(from + i) ||
        !Object.is(this.argValue.at(first + i), this.argValue.at(from + i))
      )
        return false;
    }
    return true;
  }

  /** Drops the arguments added since the last `endArgs`: their event turned out to be damaged. */
  dropArgs(): void {
    this.pendingIteration = -1;
    const from = this.argOffset.at(this.argOffset.length - 1);
    this.argKey.length = this.argKind.length = this.argValue.length = from;
  }

  /** Adds a zone whose duration is known. A duration of 0 is an instant. */
  zone(track: number, start: number, duration: number, name: number, args = 0, iteration = -1): void {
    this.start.push(start);
    this.duration.push(Math.max(0, duration));
    this.name.push(name);
    this.track.push(track);
    this.args.push(args);
    this.iterations.push(iteration);
  }

  begin(track: number, start: number, name: number, args = 0, iteration = -1): void {
    this.open[track]!.push(this.start.length);
    this.zone(track, start, 0, name, args, iteration);
    this.duration.set(this.start.length - 1, OPEN);
  }

  /** Ends the innermost open zone of the track. `args`, when given, are used if the begin had none. */
  end(track: number, time: number, args = 0): void {
    const zone = this.open[track]!.pop();
    if (zone === undefined) {
      this.unmatchedEnds++;
      return;
    }
    this.duration.set(zone, Math.max(0, time - this.start.at(zone)));
    if (args !== 0 && this.args.at(zone) === 0) this.args.set(zone, args);
  }

  counter(track: number, time: number, value: number): void {
    this.counterTime.push(time);
    this.counterValue.push(value);
    this.counterTrack.push(track);
  }

  /** `base` is the absolute time of offset 0, in nanoseconds. */
  finish(format: string, base: bigint, warnings: readonly Diagnostic[]): Trace {
    const { lowest, highest } = this.extent();
    if (highest - lowest >= Number.MAX_SAFE_INTEGER)
      throw traceMessages.error('STR0810', { file: this.file });
    const unclosed = this.closeOpenZones(highest);
    const diagnostics = [...warnings];
    if (unclosed > 0 || this.unmatchedEnds > 0) {
      diagnostics.push(
        traceMessages.diagnostic('STR0806', { file: this.file, ends: this.unmatchedEnds, begins: unclosed }),
      );
    }
    const { order, ranges, counterOrder, trackOf } = this.order();
    const n = order.length;
    const zones = {
      start: new Float64Array(n),
      duration: new Float64Array(n),
      name: new Uint32Array(n),
      track: new Uint16Array(n),
      depth: new Uint16Array(n),
      parent: new Int32Array(n),
      args: new Uint32Array(n),
      iteration: new Int32Array(n),
    };
    for (let i = 0; i < n; i++) {
      const from = order[i]!;
      zones.start[i] = this.start.at(from) - lowest;
      zones.duration[i] = this.duration.at(from);
      zones.name[i] = this.name.at(from);
      zones.args[i] = this.args.at(from);
      zones.iteration[i] = this.iterations.at(from);
    }
    const tracks = ranges.map(({ draft, first, count }, t): Track => {
      if (draft.kind === 'counter') return { ...draft, first, count, rows: 0 };
      zones.track.fill(t, first, first + count);
      const { rows, loose } = nest(zones, first, first + count);
      return { ...draft, first, count, rows, ...(loose ? { loose } : {}) };
    });
    const counters = {
      time: Float64Array.from(counterOrder, (i) => this.counterTime.at(i) - lowest),
      value: Float64Array.from(counterOrder, (i) => this.counterValue.at(i)),
    };
    return {
      format,
      origin: base + BigInt(lowest),
      span: highest - lowest,
      strings: this.strings,
      tracks,
      zones,
      args: {
        offset: this.argOffset.view().slice(),
        key: this.argKey.view().slice(),
        kind: this.argKind.view().slice(),
        value: this.argValue.view().slice(),
      },
      counters,
      flows: this.finishFlows(zones, tracks, order, trackOf, lowest),
      warnings: diagnostics,
    };
  }

  private finishFlows(
    zones: ZoneColumns,
    tracks: readonly Track[],
    order: Uint32Array,
    trackOf: Int32Array,
    lowest: number,
  ): FlowColumns {
    if (this.flows.empty) return { from: new Uint32Array(0), to: new Uint32Array(0) };
    const rows = new Int32Array(this.start.length).fill(-1);
    order.forEach((from, row) => (rows[from] = row));
    return this.flows.finish(
      zones,
      tracks,
      (zone) => rows[zone]!,
      (track) => trackOf[track]!,
      lowest,
    );
  }

  private extent(): { lowest: number; highest: number } {
    let lowest = Infinity;
    let highest = -Infinity;
    for (let i = 0; i < this.start.length; i++) {
      const s = this.start.at(i);
      if (s < lowest) lowest = s;
      const e = s + Math.max(0, this.duration.at(i));
      if (e > highest) highest = e;
    }
    for (let i = 0; i < this.counterTime.length; i++) {
      const t = this.counterTime.at(i);
      if (t < lowest) lowest = t;
      if (t > highest) highest = t;
    }
    return lowest === Infinity ? { lowest: 0, highest: 0 } : { lowest, highest };
  }

  private closeOpenZones(at: number): number {
    let unclosed = 0;
    for (const stack of this.open) {
      for (const zone of stack) this.duration.set(zone, at - this.start.at(zone));
      unclosed += stack.length;
    }
    return unclosed;
  }

  /** Zones grouped by track in display order (kind, process, appearance) and sorted within; empty tracks left out. */
  private order(): {
    order: Uint32Array;
    counterOrder: Uint32Array;
    ranges: readonly { draft: TrackDraft; first: number; count: number }[];
    /** Final number of each track, −1 for one that is left out. */
    trackOf: Int32Array;
  } {
    const start = this.start.view();
    const duration = this.duration.view();
    const zonesOf = groupBy(this.track.view(), this.tracks.length);
    const countersOf = groupBy(this.counterTrack.view(), this.tracks.length);
    const order = new Uint32Array(start.length);
    const counterOrder = new Uint32Array(this.counterTime.length);
    const processes = [...new Set(this.tracks.map((t) => t.process))];
    const shown = this.tracks
      .map((draft, id) => ({ draft, id, members: (draft.kind === 'counter' ? countersOf : zonesOf)(id) }))
      .filter((t) => t.members.length > 0)
      .sort(
        (a, b) =>
          KIND_ORDER.indexOf(a.draft.kind) - KIND_ORDER.indexOf(b.draft.kind) ||
          processes.indexOf(a.draft.process) - processes.indexOf(b.draft.process) ||
          a.id - b.id,
      );
    let zoneEnd = 0;
    let counterEnd = 0;
    const times = this.counterTime.view();
    const ranges = shown.map(({ draft, members }) => {
      if (draft.kind === 'counter') {
        members.sort((a, b) => times[a]! - times[b]! || a - b);
        counterOrder.set(members, counterEnd);
        counterEnd += members.length;
        return { draft, first: counterEnd - members.length, count: members.length };
      }
      sortForNesting(members, start, duration);
      order.set(members, zoneEnd);
      zoneEnd += members.length;
      return { draft, first: zoneEnd - members.length, count: members.length };
    });
    const trackOf = new Int32Array(this.tracks.length).fill(-1);
    shown.forEach(({ id }, t) => (trackOf[id] = t));
    return {
      order: order.subarray(0, zoneEnd),
      counterOrder: counterOrder.subarray(0, counterEnd),
      ranges,
      trackOf,
    };
  }
}

/** Stable counting sort of row numbers by `key`; returns the rows of one key as a view. */
function groupBy(key: Uint32Array, keys: number): (k: number) => Uint32Array {
  const from = new Uint32Array(keys + 1);
  for (let i = 0; i < key.length; i++) from[key[i]! + 1]!++;
  for (let k = 0; k < keys; k++) from[k + 1]! += from[k]!;
  const next = from.slice();
  const rows = new Uint32Array(key.length);
  for (let i = 0; i < key.length; i++) rows[next[key[i]!]!++] = i;
  return (k) => rows.subarray(from[k], from[k + 1]);
}
