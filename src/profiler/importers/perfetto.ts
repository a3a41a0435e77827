/**
 * Perfetto protobuf traces: what our runner writes, and track events of any other producer. Field numbers are those
 * of `protos/perfetto/trace` in the Perfetto sources. Other data sources in a trace (ftrace, heap profiles) are skipped.
 */
import { inflateSync, unzipSync } from 'node:zlib';
import type { Diagnostic } from '../../base/diagnostics';
import { traceMessages } from '../messages';
import { TraceBuilder } from '../traceBuilder';
import type { Trace } from '../trace';
import { PROGRESS_BYTES } from './importer';
import type { Importer, ReadProgress } from './importer';
import { PerfettoClocks } from './perfettoClocks';
import { PerfettoSequence } from './perfettoSequence';
import { PerfettoTracks } from './perfettoTracks';
import { ProtobufReader, Wire, WireError } from './protobufReader';

const FORMAT = 'Perfetto';
/** Bound on what one bundle of compressed packets may expand to. */
const MAX_EXPANDED = 2 ** 30;

const Packet = {
  clockSnapshot: 6,
  timestamp: 8,
  sequenceId: 10,
  trackEvent: 11,
  internedData: 12,
  sequenceFlags: 13,
  incrementalStateCleared: 41,
  compressedPackets: 50,
  timestampClockId: 58,
  defaults: 59,
  trackDescriptor: 60,
} as const;

const SEQUENCE_CLEARED = 1;
const SEQUENCE_NEEDS_STATE = 2;

/** Back to the bytes field whose length stands at `at`. */
function reread(r: ProtobufReader, at: number, to: number): ProtobufReader {
  r.within(at, to);
  r.wire = Wire.bytes;
  return r;
}

/** Of a begin and an end without arguments. */
const BYTES_PER_ZONE = 50;

class PerfettoReader {
  private readonly builder: TraceBuilder;
  private readonly clocks = new PerfettoClocks();
  private readonly tracks: PerfettoTracks;
  private readonly sequences = new Map<number, PerfettoSequence>();
  private last: PerfettoSequence | undefined;
  private damaged = 0;
  private firstDamage = 0;
  private dropped = 0;
  private readonly warnings: Diagnostic[] = [];

  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
    private readonly onProgress: ReadProgress | undefined,
  ) {
    this.builder = new TraceBuilder(file, bytes.length / BYTES_PER_ZONE);
    this.tracks = new PerfettoTracks(this.builder);
  }

  read(): Trace {
    const cutAt = this.readPackets(this.bytes, false);
    this.tracks.resolveNames();
    const { file, builder } = this;
    if (builder.eventCount === 0) throw traceMessages.error('STR0802', { file, format: FORMAT });
    if (cutAt !== undefined) {
      this.warnings.push(
        traceMessages.diagnostic('STR0803', {
          file,
          at: cutAt,
          size: this.bytes.length,
          kept: builder.zoneCount,
        }),
      );
    }
    if (this.damaged > 0) {
      this.warnings.push(
        traceMessages.diagnostic('STR0804', { file, count: this.damaged, firstAt: this.firstDamage }),
      );
    }
    if (this.dropped > 0)
      this.warnings.push(traceMessages.diagnostic('STR0807', { file, count: this.dropped }));
    return builder.finish(FORMAT, this.clocks.base, this.warnings);
  }

  /** Returns where the bytes end in the middle of a packet, if they do. */
  private readPackets(bytes: Uint8Array, expanded: boolean): number | undefined {
    const r = new ProtobufReader(bytes);
    const all = bytes.length;
    let told = 0;
    while (r.pos < all) {
      const at = r.pos;
      if (!expanded && at > told + PROGRESS_BYTES) this.onProgress?.((told = at) / all);
      r.end = all;
      try {
        r.next();
        if (r.field !== 1 || r.wire !== Wire.bytes) {
          r.skip();
          continue;
        }
        r.size();
      } catch (e) {
        if (e instanceof WireError) return at;
        throw e;
      }
      const from = r.pos;
      const to = from + r.lo;
      try {
        this.readPacket(r, from, to, expanded);
      } catch (e) {
        if (!(e instanceof WireError)) throw e;
        this.builder.dropArgs();
        if (this.damaged++ === 0) this.firstDamage = at;
      }
      r.pos = to;
    }
    return undefined;
  }

  private sequence(id: number): PerfettoSequence {
    // Most packets are of the sequence of the one before.
    if (this.last?.id === id) return this.last;
    let s = this.sequences.get(id);
    if (s === undefined) {
      s = new PerfettoSequence(id, this.builder, this.tracks);
      this.sequences.set(id, s);
    }
    this.last = s;
    return s;
  }

  /** Two passes: fields that the event depends on may follow it in the packet. */
  private readPacket(r: ProtobufReader, from: number, to: number, expanded: boolean): void {
    let sequenceId = 0;
    let flags = 0;
    let timestamp = false;
    let lo = 0;
    let hi = 0;
    let clock = 0;
    let event = -1;
    let interned = -1;
    let defaults = -1;
    let snapshot = -1;
    r.within(from, to);
    while (r.next()) {
      const at = r.pos;
      switch (r.field) {
        case Packet.timestamp:
          r.scalar();
          ({ lo, hi } = r);
          timestamp = true;
          break;
        case Packet.sequenceId:
          sequenceId = r.unsigned();
          break;
        case Packet.sequenceFlags:
          flags |= r.unsigned();
          break;
        case Packet.incrementalStateCleared:
          if (r.unsigned() !== 0) flags |= SEQUENCE_CLEARED;
          break;
        case Packet.timestampClockId:
          clock = r.unsigned();
          break;
        case Packet.trackDescriptor:
          this.tracks.describe(r);
          break;
        case Packet.compressedPackets:
          this.expand(r, expanded);
          break;
        case Packet.trackEvent:
          event = at;
          r.skip();
          break;
        case Packet.internedData:
          interned = at;
          r.skip();
          break;
        case Packet.defaults:
          defaults = at;
          r.skip();
          break;
        case Packet.clockSnapshot:
          snapshot = at;
          r.skip();
          break;
        default:
          r.skip();
      }
    }
    const sequence = this.sequence(sequenceId);
    if ((flags & SEQUENCE_CLEARED) !== 0) sequence.clear();
    // What the event depends on may follow it in the packet.
    if (snapshot >= 0) this.clocks.readSnapshot(reread(r, snapshot, to), sequenceId);
    if ((flags & SEQUENCE_NEEDS_STATE) !== 0 && !sequence.valid) {
      if (event >= 0) this.dropped++;
      return;
    }
    if (defaults >= 0) sequence.readDefaults(reread(r, defaults, to));
    if (interned >= 0) sequence.readInterned(reread(r, interned, to));
    if (event < 0) return;
    const time = timestamp
      ? this.clocks.offset(lo, hi, clock === 0 ? sequence.defaultClock : clock, sequenceId)
      : undefined;
    sequence.readEvent(reread(r, event, to), time, this.clocks);
  }

  private expand(r: ProtobufReader, expanded: boolean): void {
    const n = r.size();
    const from = r.pos;
    r.pos += n;
    if (expanded) throw new WireError(from);
    const packed = r.bytes.subarray(from, from + n);
    let packets: Uint8Array;
    try {
      // The field holds a zlib stream; some writers put gzip there.
      packets = (packed[0] === 0x1f ? unzipSync : inflateSync)(packed, { maxOutputLength: MAX_EXPANDED });
    } catch (e) {
      if (e instanceof RangeError) throw traceMessages.error('STR0808', { file: this.file, limit: '1 GiB' });
      throw new WireError(from);
    }
    if (this.readPackets(packets, true) !== undefined) throw new WireError(from);
  }
}

/** How many of the first packets look like packets: a length that fits and known or plausible fields. */
function plausiblePackets(head: Uint8Array): number {
  const r = new ProtobufReader(head);
  let good = 0;
  try {
    while (good < 4 && r.next()) {
      if (r.field !== 1 || r.wire !== Wire.bytes) return 0;
      r.readVarint();
      const to = r.pos + r.lo;
      if (r.hi > 0) return 0;
      r.end = Math.min(to, head.length);
      while (r.pos < r.end) {
        r.next();
        if (r.field > 4096) return 0;
        r.skip();
      }
      good++;
      r.end = head.length;
    }
  } catch (e) {
    if (!(e instanceof WireError)) throw e;
    // A packet that runs past the head is no evidence against the format; garbage in the head is.
    return r.pos >= head.length - 16 || r.end === head.length ? Math.max(good, 0.5) : 0;
  }
  return good;
}

export const perfettoImporter: Importer = {
  format: FORMAT,
  score(head, fileName) {
    if (head[0] !== 0x0a) return 0;
    const named = /\.(pftrace|perfetto-trace|pb|perfetto)(\.gz)?$/i.test(fileName);
    const packets = plausiblePackets(head);
    return packets === 0 ? 0 : Math.min(1, 0.5 + 0.1 * packets + (named ? 0.1 : 0));
  },
  read: (bytes, fileName, onProgress) => new PerfettoReader(bytes, fileName, onProgress).read(),
};
