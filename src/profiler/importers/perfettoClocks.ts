/**
 * Clocks of a Perfetto trace. Timestamps become integer nanoseconds after the first one seen, on one clock
 * (boot time unless told otherwise). Clock ids 64 to 127 belong to one packet sequence and may count in deltas.
 */
import type { ProtobufReader } from './protobufReader';

const FIRST_SEQUENCE_CLOCK = 64;
const LAST_SEQUENCE_CLOCK = 127;
const BOOT_TIME = 6;

interface Clock {
  /** The reading at the snapshot, and the reference clock at that moment, both relative to `base`. */
  readonly at: number;
  readonly reference: number;
  readonly multiplier: number;
  readonly incremental: boolean;
  /** Last reading of an incremental clock. */
  last: number;
}

export class PerfettoClocks {
  private baseLo = 0;
  private baseHi = 0;
  private hasBase = false;
  private readonly clocks = new Map<number, Clock>();

  /** Absolute time of offset 0. */
  get base(): bigint {
    return (BigInt(this.baseHi) << 32n) | BigInt(this.baseLo);
  }

  private relative(lo: number, hi: number): number {
    if (!this.hasBase) {
      this.hasBase = true;
      this.baseLo = lo;
      this.baseHi = hi;
    }
    return (hi - this.baseHi) * 0x1_0000_0000 + (lo - this.baseLo);
  }

  private static key(id: number, sequence: number): number {
    return id >= FIRST_SEQUENCE_CLOCK && id <= LAST_SEQUENCE_CLOCK ? (sequence + 1) * 128 + id : id;
  }

  /** Reads ClockSnapshot: clocks = 1 {clock_id = 1, timestamp = 2, is_incremental = 3, unit_multiplier_ns = 4}. */
  readSnapshot(r: ProtobufReader, sequence: number): void {
    const seen: { id: number; lo: number; hi: number; incremental: boolean; multiplier: number }[] = [];
    r.message((field) => {
      if (field !== 1) return r.skip();
      const clock = { id: 0, lo: 0, hi: 0, incremental: false, multiplier: 1 };
      r.message((f) => {
        if (f === 1) clock.id = r.unsigned();
        else if (f === 2) {
          r.scalar();
          clock.lo = r.lo;
          clock.hi = r.hi;
        } else if (f === 3) clock.incremental = r.unsigned() !== 0;
        else if (f === 4) clock.multiplier = r.unsigned();
        else r.skip();
      });
      seen.push(clock);
    });
    const globals = seen.filter((c) => c.id < FIRST_SEQUENCE_CLOCK);
    const reference = globals.find((c) => c.id === BOOT_TIME) ?? globals[0];
    if (reference === undefined) return;
    const referenceTime = this.relative(reference.lo, reference.hi);
    for (const c of seen) {
      const own = c.id >= FIRST_SEQUENCE_CLOCK;
      // A sequence clock counts from its own zero, in its own unit; global ones share the base to stay exact.
      const at = own ? c.hi * 0x1_0000_0000 + c.lo : this.relative(c.lo, c.hi);
      this.clocks.set(PerfettoClocks.key(c.id, sequence), {
        at,
        reference: referenceTime,
        multiplier: c.multiplier === 0 ? 1 : c.multiplier,
        incremental: c.incremental,
        last: at,
      });
    }
  }

  /** The timestamp `lo`, `hi` of clock `id` (0: the default clock) in nanoseconds after `base`. */
  offset(lo: number, hi: number, id: number, sequence: number): number {
    const clock = id === 0 ? undefined : this.clocks.get(PerfettoClocks.key(id, sequence));
    if (clock === undefined) return this.relative(lo, hi);
    if (id < FIRST_SEQUENCE_CLOCK) return this.relative(lo, hi) - clock.at + clock.reference;
    let reading = hi * 0x1_0000_0000 + lo;
    if (clock.incremental) reading = clock.last += reading;
    return clock.reference + (reading - clock.at) * clock.multiplier;
  }

  /** An absolute time given in microseconds (legacy `timestamp_absolute_us`), in nanoseconds after `base`. */
  offsetOfMicros(micros: number): number {
    const t = BigInt(Math.round(micros)) * 1000n;
    return this.relative(Number(t & 0xffff_ffffn), Number(t >> 32n));
  }
}
