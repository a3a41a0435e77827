/**
 * One packet sequence of a Perfetto trace: its interned strings and defaults (the incremental state), and the reading of
 * its track events.
 */
import type { TraceBuilder } from '../traceBuilder';
import type { PerfettoClocks } from './perfettoClocks';
import type { PerfettoTracks } from './perfettoTracks';
import { Wire } from './protobufReader';
import type { ProtobufReader } from './protobufReader';
import { FlowStep } from '../recordedFlows';

type Uuid = number | bigint;

const EventType = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
/** Bound on nested debug annotations; deeper ones are left out. */
const MAX_ANNOTATION_DEPTH = 16;

/** Phases of LegacyEvent, which are those of the Chrome JSON format. */
const phase = (letter: string): number => letter.charCodeAt(0);
const LegacyPhase = {
  begin: phase('B'),
  end: phase('E'),
  complete: phase('X'),
  instant: phase('i'),
  oldInstant: phase('I'),
} as const;
const NO_NAME = -1;

export class PerfettoSequence {
  /** Whether the sequence has begun within the trace, so that interned ids can be resolved. */
  valid = false;
  defaultClock = 0;
  private defaultTrack: Uuid | undefined;
  /** Ids of the builder's strings. */
  private eventNames = new Map<number, number>();
  private annotationNames = new Map<number, string>();
  private annotationStrings = new Map<number, string>();
  private lastLegacyMicros = 0;
  /** What the LegacyEvent of the event at hand says. */
  private readonly legacy = { phase: 0, duration: 0, name: NO_NAME };

  constructor(
    readonly id: number,
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
      if (field !== 2 && field !== 3 && field !== 29) return r.skip();
      let iid = 0;
      let text = '';
      r.message((f) => {
        if (f === 1) iid = r.unsigned();
        else if (f === 2) text = r.text();
        else r.skip();
      });
      if (field === 2) this.eventNames.set(iid, this.builder.intern(text));
      else (field === 3 ? this.annotationNames : this.annotationStrings).set(iid, text);
    });
  }

  /**
   * Reads TrackEvent. `time` is the packet's timestamp where it has one; else the legacy one inside the event counts.
   */
  readEvent(r: ProtobufReader, time: number | undefined, clocks: PerfettoClocks): void {
    let type = 0;
    let track = this.defaultTrack;
    let name = NO_NAME;
    let legacy = false;
    let counter: number | undefined;
    let legacyMicros: number | undefined;
    let extraTracks: Uuid[] | undefined;
    let extraValues: number[] | undefined;
    let flows: Uuid[] | undefined;
    let endingFlows: Uuid[] | undefined;
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
          legacy = true;
          this.readLegacy(r);
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
          name = this.builder.intern(r.text());
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
              (extraTracks ??= []).push(r.hi * 0x1_0000_0000 + r.lo);
            }
          } else (extraTracks ??= []).push(r.key());
          break;
        case 12:
          (extraValues ??= []).push(r.signed());
          break;
        case 46:
          (extraValues ??= []).push(r.double());
          break;
        case 47:
        case 36:
          this.flowIds(r, (flows ??= []));
          break;
        case 48:
        case 42:
          this.flowIds(r, (endingFlows ??= []));
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
    if (extraValues !== undefined) this.countExtra(extraTracks ?? [], extraValues, at);
    if (type === EventType.counter) {
      this.builder.dropArgs();
      if (counter !== undefined && track !== undefined) this.tracks.count(track, at, counter);
      return;
    }
    const args = this.builder.endArgs();
    const { iteration } = this.builder;
    if (type === EventType.end) return this.builder.end(this.zoneTrack(track), at, args);
    if (name === NO_NAME) name = legacy ? this.legacy.name : NO_NAME;
    if (name === NO_NAME) name = this.builder.intern('(unnamed)');
    if (flows !== undefined || endingFlows !== undefined)
      this.flowsOf(this.zoneTrack(track), at, type, flows ?? [], endingFlows ?? []);
    if (type === EventType.begin) return this.builder.begin(this.zoneTrack(track), at, name, args, iteration);
    if (type === EventType.instant)
      return this.builder.zone(this.zoneTrack(track), at, 0, name, args, iteration);
    if (type !== 0 || !legacy) return;
    const { phase, duration } = this.legacy;
    const on = this.zoneTrack(track);
    if (phase === LegacyPhase.complete) this.builder.zone(on, at, duration * 1000, name, args, iteration);
    else if (phase === LegacyPhase.begin) this.builder.begin(on, at, name, args, iteration);
    else if (phase === LegacyPhase.end) this.builder.end(on, at, args);
    else if (phase === LegacyPhase.instant || phase === LegacyPhase.oldInstant)
      this.builder.zone(on, at, 0, name, args, iteration);
    // Other phases (legacy flows, samples) make no zone.
  }

  /** Fixed 64-bit numbers, packed or not; varints in old traces. */
  private flowIds(r: ProtobufReader, into: Uuid[]): void {
    if (r.wire !== Wire.bytes) return void into.push(r.key());
    const to = r.pos + r.size();
    r.wire = Wire.fixed64;
    while (r.pos < to) into.push(r.key());
  }

  /** The zone that the event is about to make is one of these flows; call before it is made. */
  private flowsOf(
    track: number,
    at: number,
    type: number,
    flows: readonly Uuid[],
    endingFlows: readonly Uuid[],
  ): void {
    const { builder } = this;
    if (type !== EventType.begin && type !== EventType.instant && type !== 0) return;
    const zone = builder.zoneCount;
    for (const id of flows) builder.flows.point(id, at, track, zone, FlowStep.next);
    for (const id of endingFlows) builder.flows.point(id, at, track, zone, FlowStep.end);
  }

  private zoneTrack(track: Uuid | undefined): number {
    return track === undefined || track === 0
      ? this.tracks.zoneTrack(-1 - this.id, this.id, 'Sequence')
      : this.tracks.zoneTrack(track, track, 'Track');
  }

  private countExtra(tracks: readonly Uuid[], values: readonly number[], at: number): void {
    values.forEach((v, i) => {
      const uuid = tracks[i];
      if (uuid !== undefined) this.tracks.count(uuid, at, v);
    });
  }

  /** Reads LegacyEvent: name_iid = 1, phase = 2, duration_us = 3. */
  private readLegacy(r: ProtobufReader): void {
    const { legacy } = this;
    legacy.phase = legacy.duration = 0;
    legacy.name = NO_NAME;
    r.message((f) => {
      if (f === 1) legacy.name = this.eventNames.get(r.unsigned()) ?? NO_NAME;
      else if (f === 2) legacy.phase = r.signed();
      else if (f === 3) legacy.duration = r.signed();
      else r.skip();
    });
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
