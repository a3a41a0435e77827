/**
 * `iree-profile export --format=ireeperf-jsonl`: one JSON record per line, keyed by `record_type`. Device ticks are placed on the
 * clock of the host by a line through the first and last clock correlation of each device.
 */
import { traceMessages } from '../messages';
import { TraceBuilder } from '../traceBuilder';
import type { Trace, TrackKind } from '../trace';
import { Damage } from './damage';
import type { Importer } from './importer';
import { JsonError, JsonReader } from './jsonReader';
import { TextLines, headText } from './textLines';

const FORMAT = 'IREE profile';
const SCHEMA_VERSION = 15;
/** Ordinals that mean "none". */
const NO_ORDINAL = '4294967295';

interface Scalar {
  readonly text: string;
  readonly quoted: boolean;
}
type IreeRecord = ReadonlyMap<string, Scalar>;

/** Two readings of a device's clock. */
interface Correlation {
  readonly tick: bigint;
  readonly host: bigint;
}

/** Fields that name or time an event rather than describe it. */
const NOT_ARGUMENTS: ReadonlySet<string> = new Set([
  'schema_version',
  'record_type',
  'key',
  'name',
  'valid',
  'start_tick',
  'end_tick',
  'start_host_time_ns',
  'end_host_time_ns',
  'host_time_ns',
  'event_id',
  'submission_id',
]);

function readRecord(bytes: Uint8Array): IreeRecord {
  const json = new JsonReader(bytes);
  const record = new Map<string, Scalar>();
  json.object((key) => {
    const kind = json.kind();
    if (kind === 'string') record.set(key, { text: json.string(), quoted: true });
    else if (kind === 'other') record.set(key, { text: json.scalarText(), quoted: false });
    else json.skip();
  });
  if (json.peek() >= 0) json.fail();
  return record;
}

/** A whole number of any size; undefined where the field is missing or none. */
function integer(record: IreeRecord, key: string): bigint | undefined {
  const text = record.get(key)?.text;
  return text !== undefined && /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

function hostMidpoint(record: IreeRecord): bigint | undefined {
  const begin = integer(record, 'host_time_begin_ns');
  const end = integer(record, 'host_time_end_ns');
  return begin !== undefined && end !== undefined ? (begin + end) / 2n : integer(record, 'host_time_ns');
}

class DeviceClock {
  private first: Correlation | undefined;
  private last: Correlation | undefined;

  add(c: Correlation): void {
    if (this.first === undefined || c.tick < this.first.tick) this.first = c;
    if (this.last === undefined || c.tick > this.last.tick) this.last = c;
  }

  host(tick: bigint): bigint {
    const [first, last] = [this.first!, this.last!];
    const ticks = last.tick - first.tick;
    if (ticks === 0n) return first.host + tick - first.tick;
    const scaled = (tick - first.tick) * (last.host - first.host);
    // Rounded to the nearest nanosecond.
    return first.host + (scaled >= 0n ? (scaled + ticks / 2n) / ticks : -((-scaled + ticks / 2n) / ticks));
  }
}

class IreeReader {
  private readonly builder: TraceBuilder;
  private readonly damage: Damage;
  private readonly clocks = new Map<string, DeviceClock>();
  private readonly tracks = new Map<string, number>();
  private base: bigint | undefined;
  private untimed = 0;
  private version: string | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
  ) {
    this.builder = new TraceBuilder(file);
    this.damage = new Damage(file, FORMAT, bytes.length);
  }

  read(): Trace {
    const { file, damage } = this;
    // Correlations may follow the events they place, so they are read first.
    this.eachRecord((record) => this.readClock(record));
    this.eachRecord(
      (record) => this.readEvent(record),
      (at, cut) => (cut ? damage.cut(at) : damage.skip(at)),
    );
    if (this.version !== undefined && this.version !== String(SCHEMA_VERSION)) {
      damage.warn(
        traceMessages.diagnostic('STR0814', { file, found: this.version, expected: SCHEMA_VERSION }),
      );
    }
    if (this.untimed > 0) damage.warn(traceMessages.diagnostic('STR0815', { file, count: this.untimed }));
    return damage.finish(this.builder, this.base ?? 0n);
  }

  private eachRecord(use: (record: IreeRecord) => void, onDamage?: (at: number, cut: boolean) => void): void {
    const lines = new TextLines(this.bytes);
    while (lines.next()) {
      if (lines.from === lines.to) continue;
      try {
        use(readRecord(this.bytes.subarray(lines.from, lines.to)));
      } catch (e) {
        if (!(e instanceof JsonError)) throw e;
        onDamage?.(lines.from, !lines.complete);
      }
    }
  }

  private readClock(record: IreeRecord): void {
    const type = record.get('record_type')?.text;
    if (type === 'schema') this.version ??= record.get('schema_version')?.text;
    if (type !== 'clock_correlation') return;
    const tick = integer(record, 'device_tick');
    const host = hostMidpoint(record);
    if (tick === undefined || host === undefined) return;
    const device = record.get('physical_device_ordinal')?.text ?? '0';
    let clock = this.clocks.get(device);
    if (clock === undefined) {
      clock = new DeviceClock();
      this.clocks.set(device, clock);
    }
    clock.add({ tick, host });
  }

  private readEvent(record: IreeRecord): void {
    const text = (key: string): string | undefined => record.get(key)?.text;
    // What is no dispatch has no key: null, or the empty text.
    const named = record.get('key');
    const key = named?.quoted === true && named.text !== '' ? named.text : undefined;
    const op = text('op') ?? 'event';
    switch (text('record_type')) {
      case 'dispatch_event':
        return this.zone(record, 'queue', 'dispatches', this.deviceRange(record), key ?? 'dispatch');
      case 'queue_device_event':
        return this.zone(record, 'queue', 'device queue', this.deviceRange(record), op);
      case 'host_execution_event':
        return this.zone(record, 'async', 'host execution', this.hostRange(record), key ?? op);
      case 'queue_event':
      case 'memory_event': {
        const at = integer(record, 'host_time_ns');
        const lane = text('record_type') === 'queue_event' ? 'queue operations' : 'memory';
        return this.zone(record, 'async', lane, at === undefined ? undefined : [at, at], op);
      }
      default:
        // Descriptions of devices, executables and command buffers make no zone.
        return;
    }
  }

  private hostRange(record: IreeRecord): readonly [bigint, bigint] | undefined {
    const start = integer(record, 'start_host_time_ns');
    const end = integer(record, 'end_host_time_ns');
    return start === undefined || end === undefined ? undefined : [start, end];
  }

  private deviceRange(record: IreeRecord): readonly [bigint, bigint] | undefined {
    if (record.get('valid')?.text === 'false') return undefined;
    const clock = this.clocks.get(record.get('physical_device_ordinal')?.text ?? '0');
    const start = integer(record, 'start_tick');
    const end = integer(record, 'end_tick');
    if (clock !== undefined && start !== undefined && end !== undefined)
      return [clock.host(start), clock.host(end)];
    if (record.get('derived_time_available')?.text !== 'true') return undefined;
    const from = integer(record, 'start_driver_host_cpu_time_ns');
    const to = integer(record, 'end_driver_host_cpu_time_ns');
    return from === undefined || to === undefined ? undefined : [from, to];
  }

  private zone(
    record: IreeRecord,
    kind: TrackKind,
    lane: string,
    range: readonly [bigint, bigint] | undefined,
    name: string,
  ): void {
    const { builder } = this;
    if (range === undefined || range[1] < range[0]) {
      this.untimed++;
      return;
    }
    this.base ??= range[0];
    for (const [key, { text, quoted }] of record) {
      if (NOT_ARGUMENTS.has(key) || text === 'null' || text === NO_ORDINAL) continue;
      if (quoted) builder.arg(key, text);
      else if (text === 'true' || text === 'false') builder.arg(key, text === 'true');
      else builder.arg(key, Number.isSafeInteger(Number(text)) ? Number(text) : text);
    }
    const args = builder.endArgs();
    const track = this.track(record, kind, lane);
    builder.zone(
      track,
      Number(range[0] - this.base),
      Number(range[1] - range[0]),
      builder.intern(name),
      args,
    );
  }

  private track(record: IreeRecord, kind: TrackKind, lane: string): number {
    const ordinal = (key: string): string => {
      const text = record.get(key)?.text;
      return text === undefined || text === NO_ORDINAL ? '' : ` ${text}`;
    };
    const process = `Device${ordinal('physical_device_ordinal') || ' 0'}`;
    const name = `Queue${ordinal('queue_ordinal')} ${lane}`;
    const key = `${process}\u0000${name}`;
    let t = this.tracks.get(key);
    if (t === undefined) {
      t = this.builder.addTrack({ kind, name, process });
      this.tracks.set(key, t);
    }
    return t;
  }
}

export const ireePerfImporter: Importer = {
  format: FORMAT,
  score(head) {
    const first = headText(head).trimStart().split('\n', 1)[0]!;
    if (!first.startsWith('{') || !/"record_type"\s*:/.test(first)) return 0;
    return /"format"\s*:\s*"ireeperf-jsonl"/.test(first) ? 1 : 0.6;
  },
  read: (bytes, fileName) => new IreeReader(bytes, fileName).read(),
};
