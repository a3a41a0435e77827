/**
 * One packet sequence of a Perfetto trace: its interned strings and defaults (the incremental state), and the reading of
 * its track events.
 */
import type { TraceBuilder } from '../traceBuilder';
import type { PerfettoClocks } from './perfettoClocks';
import type { PerfettoTracks } from './perfettoTracks';
import type { ProtobufReader } from './protobufReader';

type Uuid = number | bigint;

const EventType = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
/** Bound on nested debug annotations; deeper ones are left out. */
const MAX_ANNOTATION_DEPTH = 16;

/** Phases of LegacyEvent, which are those of the Chrome JSON format. */
const LEGACY: Readonly<Record<string, number>> = {
  B: EventType.begin,
  E: EventType.end,
  I: EventType.instant,
  i: EventType.instant,
};
const LEGACY_COMPLETE = 'X'.charCodeAt(0);

export class PerfettoSequence {
  /** Whether the sequence has begun within the trace, so that interned ids can be resolved. */
  valid = false;
  defaultClock = 0;
  private defaultTrack: Uuid | undefined;
  private eventNames = new Map<number, string>();
  private annotationNames = new Map<number, string>();
  private annotationStrings = new Map<number, string>();
  private lastLegacyMicros = 0;

  constructor(
    private readonly id: number,
    private readonly builder: TraceBuilder,
    private readonly tracks: PerfettoTracks,
  ) {}

  clear(): void {
    this.valid = true;
    this.defaultClock = 0;
    this.defaultTrack = undefined;
    this.eventNames = new Map();
    this.annotationNames = new Map();
    this.annotationStrings = new Map();
  }

  /** Reads TracePacketDefaults: timestamp_clock_id = 58, track_event_defaults = 11 {track_uuid = 11}. */
  readDefaults(r: ProtobufReader): void {
    this.defaultTrack = undefined;
    this.defaultClock = 0;
    r.message((field) => {
      if (field === 58) this.defaultClock = r.unsigned();
      else if (field === 11)
        r.message((f) => {
          if (f === 11) this.defaultTrack = r.key();
          else r.skip();
        });
      else r.skip();
    });
  }

  /** Reads InternedData: event_names = 2, debug_annotation_names = 3, debug_annotation_string_values = 29. */
  readInterned(r: ProtobufReader): void {
    r.message((field) => {
      const table =
        field === 2
          ? this.eventNames
          : field === 3
            ? this.annotationNames
            : field === 29
              ? this.annotationStrings
              : undefined;
      if (table === undefined) return r.skip();
      let iid = 0;
      let text = '';
      r.message((f) => {
        if (f === 1) iid = r.unsigned();
        else if (f === 2) text = r.text();
        else r.skip();
      });
      table.set(iid, text);
    });
  }

  /**
   * Reads TrackEvent. `time` is the packet's timestamp where it has one; else the legacy one inside the event counts.
   */
  readEvent(r: ProtobufReader, time: number | undefined, clocks: PerfettoClocks): void {
    let type = 0;
    let track = this.defaultTrack;
    let name: string | undefined;
    let legacyPhase = 0;
    let legacyDuration = 0;
    let counter: number | undefined;
    let legacyMicros: number | undefined;
    const extraTracks: Uuid[] = [];
    const extraValues: number[] = [];
    // Without a callback per field: this is where the time of large traces goes.
    const size = r.size();
    const outer = r.end;
    r.end = r.pos + size;
    while (r.next()) {
      switch (r.field) {
        case 1:
          legacyMicros = this.lastLegacyMicros += r.signed();
          break;
        case 16:
          legacyMicros = this.lastLegacyMicros = r.signed();
          break;
        case 4:
          this.annotation(r, '', 0);
          break;
        case 6:
          r.message((f) => {
            if (f === 1) name ??= this.eventNames.get(r.unsigned());
            else if (f === 2) legacyPhase = r.signed();
            else if (f === 3) legacyDuration = r.signed();
            else r.skip();
          });
          break;
        case 9:
          type = r.unsigned();
          break;
        case 10:
          name = this.eventNames.get(r.unsigned()) ?? name;
          break;
        case 11:
          track = r.key();
          break;
        case 23:
          name = r.text();
          break;
        case 30:
          counter = r.signed();
          break;
        case 44:
          counter = r.double();
          break;
        case 31:
        case 45:
          if (r.wire === 2) {
            const packed = r.size();
            const to = r.pos + packed;
            while (r.pos < to) {
              r.readVarint();
              extraTracks.push(r.hi * 0x1_0000_0000 + r.lo);
            }
          } else extraTracks.push(r.key());
          break;
        case 12:
          extraValues.push(r.signed());
          break;
        case 46:
          extraValues.push(r.double());
          break;
        default:
          r.skip();
      }
    }
    r.end = outer;
    const at = time ?? (legacyMicros === undefined ? undefined : clocks.offsetOfMicros(legacyMicros));
    if (at === undefined) {
      this.builder.dropArgs();
      return;
    }
    extraValues.forEach((v, i) => {
      const uuid = extraTracks[i];
      if (uuid !== undefined) this.tracks.count(uuid, at, v);
    });
    if (type === EventType.counter) {
      this.builder.dropArgs();
      if (counter !== undefined && track !== undefined) this.tracks.count(track, at, counter);
      return;
    }
    const args = this.builder.endArgs();
    const { iteration } = this.builder;
    const on = (): number =>
      track === undefined || track === 0
        ? this.tracks.zoneTrack(-1 - this.id, `Sequence ${this.id}`)
        : this.tracks.zoneTrack(track, `Track ${track}`);
    const label = (): number => this.builder.intern(name ?? '(unnamed)');
    if (type === 0 && legacyPhase === LEGACY_COMPLETE) {
      this.builder.zone(on(), at, legacyDuration * 1000, label(), args, iteration);
      return;
    }
    switch (type || LEGACY[String.fromCharCode(legacyPhase & 0xffff)]) {
      case EventType.begin:
        this.builder.begin(on(), at, label(), args, iteration);
        break;
      case EventType.end:
        this.builder.end(on(), at, args);
        break;
      case EventType.instant:
        this.builder.zone(on(), at, 0, label(), args, iteration);
        break;
      default:
        // Other phases (flows, samples) make no zone.
        break;
    }
  }

  /**
   * Reads DebugAnnotation: name_iid = 1, bool = 2, uint = 3, int = 4, double = 5, string = 6, pointer = 7, legacy_json = 9,
   * name = 10, dict_entries = 11, array_values = 12, string_iid = 17. A dictionary's keys become `key.entry`; a list
   * repeats its key. Values that refer to the name wait until it is known: it may follow them.
   */
  private annotation(r: ProtobufReader, prefix: string, depth: number): void {
    let own: string | undefined;
    let value: string | number | boolean | undefined;
    let nested: number[] | undefined;
    const size = r.size();
    const outer = r.end;
    r.end = r.pos + size;
    while (r.next()) {
      switch (r.field) {
        case 1:
          own = this.annotationNames.get(r.unsigned()) ?? own;
          break;
        case 2:
          value = r.unsigned() !== 0;
          break;
        case 3:
          value = exact(r.key());
          break;
        case 4:
          value = exact(signedKey(r));
          break;
        case 5:
          value = r.double();
          break;
        case 6:
        case 9:
          value = r.text();
          break;
        case 7:
          value = `0x${r.key().toString(16)}`;
          break;
        case 10:
          own = r.text();
          break;
        case 11:
        case 12:
          (nested ??= []).push(r.pos);
          r.skip();
          break;
        case 17:
          value = this.annotationStrings.get(r.unsigned());
          break;
        default:
          r.skip();
      }
    }
    r.end = outer;
    const key = own === undefined ? prefix : prefix === '' ? own : `${prefix}.${own}`;
    if (value !== undefined) this.builder.arg(key === '' ? 'value' : key, value);
    if (nested === undefined || depth >= MAX_ANNOTATION_DEPTH) return;
    const { pos, end } = r;
    for (const at of nested) {
      r.within(at, pos);
      r.wire = 2;
      this.annotation(r, key, depth + 1);
    }
    r.within(pos, end);
  }
}

/** A number where it is exact, else its decimal digits. */
const exact = (v: number | bigint): number | string => (typeof v === 'number' ? v : v.toString());

function signedKey(r: ProtobufReader): number | bigint {
  const key = r.key();
  if (r.hi < 0x8000_0000) return key;
  const v = BigInt.asIntN(64, BigInt(key));
  return v >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(v) : v;
}
