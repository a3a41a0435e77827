/**
 * Writes a trace as a Perfetto protobuf: interned names, one packet sequence, absolute times. Field numbers are those of
 * `protos/perfetto/trace` in the Perfetto sources. Zones that overlap without nesting go to a child track of the same name.
 */
import { FlowIndex } from '../flowIndex';
import { ArgKind } from '../trace';
import type { Trace } from '../trace';
import { laneEvents, nestedLanes } from './nestedLanes';
import { ProtobufWriter } from './protobufWriter';

const SEQUENCE = 1;
const CLEARED = 1;
const NEEDS_STATE = 2;
const CHUNK = 1 << 18;
const STRINGS_PER_PACKET = 1000;

const EventType = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
const Packet = { timestamp: 8, sequenceId: 10, event: 11, interned: 12, flags: 13, descriptor: 60 } as const;
const Interned = { eventNames: 2, annotationNames: 3, annotationStrings: 29 } as const;

class PerfettoWriter {
  private readonly out = new ProtobufWriter(CHUNK * 2);
  private readonly packet = new ProtobufWriter();
  private readonly event = new ProtobufWriter();
  private readonly originLo: number;
  private readonly originHi: number;
  private nextUuid = 1;
  private first = true;
  private annotations: readonly Uint8Array[] = [];

  private readonly flows: FlowIndex;

  constructor(private readonly trace: Trace) {
    this.flows = new FlowIndex(trace.flows, trace.zones.start.length);
    // Times are unsigned; the origin of a trace that starts before zero cannot be kept.
    const origin = trace.origin < 0n ? 0n : trace.origin;
    this.originLo = Number(origin & 0xffff_ffffn);
    this.originHi = Number((origin >> 32n) & 0xffff_ffffn);
  }

  *chunks(): Generator<Uint8Array> {
    const { trace } = this;
    this.writeInterned();
    this.annotations = this.annotationSets();
    const processes = this.writeProcesses();
    for (const [index, track] of trace.tracks.entries()) {
      const process = track.process === undefined ? undefined : processes.get(track.process);
      if (track.kind === 'counter') {
        const uuid = this.describe((d) => {
          if (process !== undefined) d.unsigned(5, process.uuid);
          d.text(2, track.name);
          d.message(8, (counter) => {
            if (track.unit !== undefined) counter.text(6, track.unit);
          });
        });
        for (let i = track.first; i < track.first + track.count; i++) {
          this.counter(uuid, trace.counters.time[i]!, trace.counters.value[i]!);
          if (this.out.length > CHUNK) yield this.flush();
        }
        continue;
      }
      let parent: number | undefined;
      for (const lane of nestedLanes(trace.zones, track)) {
        const below = parent;
        const uuid = this.describe((d) => {
          if (below !== undefined || track.kind !== 'thread') {
            const around = below ?? process?.uuid;
            if (around !== undefined) d.unsigned(5, around);
            d.text(2, track.name);
          } else {
            if (process !== undefined) d.unsigned(5, process.uuid);
            d.message(4, (thread) => {
              if (process !== undefined) thread.unsigned(1, process.pid);
              thread.unsigned(2, index + 1);
              thread.text(5, track.name);
            });
          }
        });
        parent ??= uuid;
        for (const e of laneEvents(trace.zones, lane)) {
          this.zoneEvent(uuid, e);
          if (this.out.length > CHUNK) yield this.flush();
        }
      }
    }
    yield this.flush();
  }

  private flush(): Uint8Array {
    const chunk = this.out.written().slice();
    this.out.clear();
    return chunk;
  }

  private endPacket(): void {
    const { packet, out } = this;
    packet.unsigned(Packet.sequenceId, SEQUENCE);
    packet.unsigned(Packet.flags, this.first ? CLEARED | NEEDS_STATE : NEEDS_STATE);
    this.first = false;
    out.bytesField(1, packet.written());
    packet.clear();
  }

  /** Interned ids are string indices plus one: 0 means none. */
  private writeInterned(): void {
    const { zones, args, strings } = this.trace;
    const used = (ids: Iterable<number>): number[] => [...new Set(ids)];
    const values = used(args.value.filter((_, i) => args.kind[i] === ArgKind.string));
    const tables = [
      [Interned.eventNames, used(zones.name)],
      [Interned.annotationNames, used(args.key)],
      [Interned.annotationStrings, values],
    ] as const;
    for (const [table, ids] of tables) {
      for (let at = 0; at < ids.length; at += STRINGS_PER_PACKET) {
        this.packet.message(Packet.interned, (interned) => {
          for (const id of ids.slice(at, at + STRINGS_PER_PACKET)) {
            interned.message(table, (entry) => {
              entry.unsigned(1, id + 1);
              entry.text(2, strings[id] ?? '');
            });
          }
        });
        this.endPacket();
      }
    }
  }

  private writeProcesses(): Map<string, { readonly uuid: number; readonly pid: number }> {
    const processes = new Map<string, { readonly uuid: number; readonly pid: number }>();
    for (const { process } of this.trace.tracks) {
      if (process === undefined || processes.has(process)) continue;
      const pid = processes.size + 1;
      const uuid = this.describe((d) =>
        d.message(3, (p) => {
          p.unsigned(1, pid);
          p.text(6, process);
        }),
      );
      processes.set(process, { uuid, pid });
    }
    return processes;
  }

  private describe(write: (descriptor: ProtobufWriter) => void): number {
    const uuid = this.nextUuid++;
    this.packet.message(Packet.descriptor, (d) => {
      d.unsigned(1, uuid);
      write(d);
    });
    this.endPacket();
    return uuid;
  }

  /** Debug annotations of every argument set, encoded once: sets are shared by many zones. */
  private annotationSets(): readonly Uint8Array[] {
    const { offset, key, kind, value } = this.trace.args;
    const write = (a: ProtobufWriter, i: number): void => {
      const v = value[i]!;
      if (kind[i] === ArgKind.string) a.unsigned(17, v + 1);
      else if (kind[i] === ArgKind.boolean) a.unsigned(2, v);
      else if (!Number.isSafeInteger(v) || Object.is(v, -0)) a.double(5, v);
      else if (v >= 0) a.unsigned(3, v);
      else a.signed(4, v);
    };
    return Array.from({ length: Math.max(1, offset.length - 1) }, (_, id) => {
      const set = new ProtobufWriter(32);
      const end = offset[id + 1] ?? 0;
      for (let i = offset[id] ?? 0; i < end;) {
        let next = i + 1;
        while (next < end && key[next] === key[i]) next++;
        const from = i;
        set.message(4, (a) => {
          a.unsigned(1, key[from]! + 1);
          if (next === from + 1) write(a, from);
          else for (let k = from; k < next; k++) a.message(12, (item) => write(item, k));
        });
        i = next;
      }
      return set.written().slice();
    });
  }

  private time(offset: number): void {
    const lo = this.originLo + (offset % 0x1_0000_0000);
    const carry = lo >= 0x1_0000_0000 ? 1 : 0;
    this.packet.unsigned64(
      Packet.timestamp,
      lo - carry * 0x1_0000_0000,
      this.originHi + Math.floor(offset / 0x1_0000_0000) + carry,
    );
  }

  private counter(uuid: number, time: number, value: number): void {
    const event = this.event.clear();
    event.unsigned(9, EventType.counter);
    event.unsigned(11, uuid);
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) event.signed(30, value);
    else event.double(44, value);
    this.time(time);
    this.packet.bytesField(Packet.event, event.written());
    this.endPacket();
  }

  /** `e` as `laneEvents` yields it. */
  private zoneEvent(uuid: number, e: number): void {
    const { zones } = this.trace;
    const row = Math.abs(e) - 1;
    const duration = zones.duration[row]!;
    if (e < 0 && duration === 0) return;
    const event = this.event.clear();
    event.unsigned(9, e < 0 ? EventType.end : duration === 0 ? EventType.instant : EventType.begin);
    event.unsigned(11, uuid);
    if (e > 0) {
      event.unsigned(10, zones.name[row]! + 1);
      event.raw(this.annotations[zones.args[row]!]!);
      if (zones.iteration[row]! >= 0)
        event.message(4, (a) => {
          a.text(10, 'iteration');
          a.unsigned(3, zones.iteration[row]!);
        });
      // Each arrow is a flow of its own, so that the order of tracks in the file does not matter.
      for (const flow of this.flows.leaving(row)) event.fixed64(47, flow + 1);
      for (const flow of this.flows.reaching(row)) event.fixed64(48, flow + 1);
    }
    this.time(zones.start[row]! + (e < 0 ? duration : 0));
    this.packet.bytesField(Packet.event, event.written());
    this.endPacket();
  }
}

/** Yields the file in pieces, so that it can be larger than memory. */
export const perfettoProtobuf = (trace: Trace): Generator<Uint8Array> => new PerfettoWriter(trace).chunks();
