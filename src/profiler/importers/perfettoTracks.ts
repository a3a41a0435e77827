/**
 * Tracks of a Perfetto trace: descriptors may come after the events that use them, name a thread, a process or a counter,
 * or nest below another track.
 */
import type { TraceBuilder } from '../traceBuilder';
import type { ProtobufReader } from './protobufReader';

type Uuid = number | bigint;

interface Descriptor {
  name?: string;
  parent?: Uuid;
  pid?: number;
  tid?: number;
  threadName?: string;
  processName?: string;
  counter?: { unit?: string; multiplier: number; incremental: boolean };
}

const COUNTER_UNITS: Readonly<Record<number, string>> = { 1: 'ns', 2: '', 3: 'B' };
/** Names of tracks that are no thread but what work was queued on; `dispatches` is that of our runner. */
const QUEUE = /\b(queue|gpu|stream|vulkan|dispatches)\b/i;

export class PerfettoTracks {
  private readonly descriptors = new Map<Uuid, Descriptor>();
  private readonly indices = new Map<Uuid, number>();
  /** The last answer of `zoneTrack`: events of one track come in runs. */
  private lastUuid: Uuid | undefined;
  private lastTrack = 0;
  private readonly counterIndices = new Map<Uuid, number>();
  private readonly counterSums = new Map<Uuid, number>();
  private readonly processNames = new Map<number, string>();

  constructor(private readonly builder: TraceBuilder) {}

  /**
   * Reads TrackDescriptor: uuid = 1, name = 2, process = 3 {pid = 1, process_name = 6}, thread = 4 {pid = 1, tid = 2,
   * thread_name = 5}, parent_uuid = 5, counter = 8 {unit = 3, unit_multiplier = 4, is_incremental = 5, unit_name = 6},
   * static_name = 10.
   */
  describe(r: ProtobufReader): void {
    let uuid: Uuid = 0;
    const d: Descriptor = {};
    r.message((field) => {
      if (field === 1) uuid = r.key();
      else if (field === 2 || field === 10) d.name = r.text();
      else if (field === 3)
        r.message((f) => {
          if (f === 1) d.pid = r.signed();
          else if (f === 6) d.processName = r.text();
          else r.skip();
        });
      else if (field === 4)
        r.message((f) => {
          if (f === 1) d.pid = r.signed();
          else if (f === 2) d.tid = r.signed();
          else if (f === 5) d.threadName = r.text();
          else r.skip();
        });
      else if (field === 5) d.parent = r.key();
      else if (field === 8) {
        const counter: NonNullable<Descriptor['counter']> = { multiplier: 1, incremental: false };
        r.message((f) => {
          if (f === 3) counter.unit ??= COUNTER_UNITS[r.unsigned()];
          else if (f === 4) counter.multiplier = r.signed() || 1;
          else if (f === 5) counter.incremental = r.unsigned() !== 0;
          else if (f === 6) counter.unit = r.text();
          else r.skip();
        });
        d.counter = counter;
      } else r.skip();
    });
    if (d.pid !== undefined && d.processName !== undefined) this.processNames.set(d.pid, d.processName);
    this.descriptors.set(uuid, { ...this.descriptors.get(uuid), ...d });
  }

  /** The zone track of `uuid`; one that no descriptor ever describes is called by `word` and `number`. */
  zoneTrack(uuid: Uuid, number: Uuid, word: string): number {
    if (uuid === this.lastUuid) return this.lastTrack;
    let t = this.indices.get(uuid);
    if (t === undefined) {
      t = this.builder.addTrack({ kind: 'thread', name: `${word} ${number}` });
      this.indices.set(uuid, t);
    }
    this.lastUuid = uuid;
    return (this.lastTrack = t);
  }

  /** Adds a counter reading, applying unit multiplier and increments. */
  count(uuid: Uuid, time: number, reading: number): void {
    let t = this.counterIndices.get(uuid);
    if (t === undefined) {
      t = this.builder.addTrack({ kind: 'counter', name: 'counter' });
      this.counterIndices.set(uuid, t);
    }
    const counter = this.descriptors.get(uuid)?.counter;
    let value = reading * (counter?.multiplier ?? 1);
    if (counter?.incremental === true) {
      value += this.counterSums.get(uuid) ?? 0;
      this.counterSums.set(uuid, value);
    }
    this.builder.counter(t, time, value);
  }

  /** Gives every track its final name, kind and process, once all descriptors are known. */
  resolveNames(): void {
    for (const [uuid, t] of this.indices) {
      const d = this.descriptors.get(uuid);
      const draft = this.builder.tracks[t]!;
      const thread = this.ancestor(uuid, (x) => x.tid !== undefined);
      const own = d?.name || d?.threadName;
      draft.name =
        own ||
        (d?.tid !== undefined
          ? `Thread ${d.tid}`
          : d?.pid !== undefined
            ? (d.processName ?? `Process ${d.pid}`)
            : draft.name);
      if (d?.tid !== undefined) draft.kind = 'thread';
      else if (QUEUE.test(draft.name)) draft.kind = 'queue';
      else if (d !== undefined && thread === undefined) draft.kind = 'async';
      this.setProcess(t, uuid);
    }
    for (const [uuid, t] of this.counterIndices) {
      const d = this.descriptors.get(uuid);
      const draft = this.builder.tracks[t]!;
      draft.name = d?.name || draft.name;
      if (d?.counter?.unit) draft.unit = d.counter.unit;
      this.setProcess(t, uuid);
    }
  }

  private setProcess(track: number, uuid: Uuid): void {
    const pid = this.ancestor(uuid, (x) => x.pid !== undefined)?.pid;
    if (pid !== undefined)
      this.builder.tracks[track]!.process = this.processNames.get(pid) ?? `Process ${pid}`;
  }

  /** The nearest descriptor from `uuid` upwards that fits; cycles in the file end the search. */
  private ancestor(uuid: Uuid, fits: (d: Descriptor) => boolean): Descriptor | undefined {
    const seen = new Set<Uuid>();
    for (
      let at: Uuid | undefined = uuid;
      at !== undefined && !seen.has(at);
      at = this.descriptors.get(at)?.parent
    ) {
      seen.add(at);
      const d = this.descriptors.get(at);
      if (d !== undefined && fits(d)) return d;
    }
    return undefined;
  }
}
