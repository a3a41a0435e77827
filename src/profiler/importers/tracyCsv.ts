/**
 * What `tracy-csvexport` writes: aggregated zones, single zones (`-u`), GPU zones (`-g`), messages (`-m`) and plots (`-p`).
 * It quotes nothing, so columns are found from the side where they are known: names and texts may hold the separator.
 */
import { traceMessages } from '../messages';
import { TraceBuilder } from '../traceBuilder';
import type { Trace, TrackKind } from '../trace';
import { Damage } from './damage';
import type { Importer } from './importer';
import { TextLines, headText } from './textLines';

const FORMAT = 'Tracy CSV';

type Shape = 'aggregated' | 'unwrapped' | 'gpu' | 'messages' | 'plots';

interface Layout {
  readonly shape: Shape;
  readonly separator: number;
  readonly columns: readonly string[];
  /** Whether the first line names the columns. */
  readonly header: boolean;
}

const code = (c: string): number => c.charCodeAt(0);
const SEPARATORS = [',', '\t', '\u001f', ';', '|'] as const;

function layoutOf(line: string): Layout | undefined {
  for (const s of SEPARATORS) {
    const columns = line.split(s);
    const shape = shapeOf(columns);
    if (shape !== undefined) return { shape, separator: code(s), columns, header: true };
  }
  for (const s of SEPARATORS) {
    const c = line.split(s).slice(-6);
    // A plot row has no source location, duration or thread.
    if (c.length === 6 && [0, 1, 3, 4].every((i) => c[i] === '') && isInteger(c[2]!) && isNumber(c[5]!))
      return { shape: 'plots', separator: code(s), columns: [], header: false };
  }
  return undefined;
}

function shapeOf(columns: readonly string[]): Shape | undefined {
  const has = (...names: readonly string[]): boolean => names.every((n) => columns.includes(n));
  if (columns[0] === 'MessageName') return columns.length === 2 ? 'messages' : undefined;
  if (columns[0] !== 'name' || columns[1] !== 'src_file') return undefined;
  if (has('total_ns', 'counts')) return 'aggregated';
  if (has('src_line', 'ns_since_start', 'exec_time_ns')) return 'unwrapped';
  if (has('GPU execution time')) return 'gpu';
  return undefined;
}

const isInteger = (text: string): boolean => /^\d{1,19}$/.test(text);
const isNumber = (text: string): boolean => /^(-?\d[\d.]*(e[-+]?\d+)?|-?nan|-?inf)$/i.test(text);

class TracyReader {
  private readonly lines: TextLines;
  private readonly builder: TraceBuilder;
  private readonly damage: Damage;
  private readonly tracks = new Map<string, number>();
  /** Byte positions of the separators of the current line, the first `count` of them. */
  private cuts = new Int32Array(64);
  private count = 0;
  private separator = 0;
  /** Source location of the row before: rows come grouped by it. */
  private sharedFrom = 0;
  private sharedTo = 0;
  private sharedName = 0;
  private sharedArgs = 0;
  private lastValue = '';
  /** Where the next aggregated zone is drawn. */
  private drawAt = 0;

  constructor(
    bytes: Uint8Array,
    private readonly file: string,
  ) {
    this.lines = new TextLines(bytes);
    this.builder = new TraceBuilder(file);
    this.damage = new Damage(file, FORMAT, bytes.length);
  }

  read(): Trace {
    const { lines, builder, damage, file } = this;
    const layout = lines.next() ? layoutOf(lines.text()) : undefined;
    if (layout === undefined) throw traceMessages.error('STR0802', { file, format: FORMAT });
    this.separator = layout.separator;
    let more = layout.header ? lines.next() : true;
    for (; more; more = lines.next()) {
      if (lines.to === lines.from) continue;
      // The exporter ends every line: one without its end may have lost digits.
      if (!lines.complete) {
        damage.cut(lines.from);
        break;
      }
      this.split();
      if (!this.readRow(layout)) damage.skip(lines.from);
    }
    return damage.finish(builder, 0n);
  }

  private split(): void {
    const { bytes, from, to } = this.lines;
    let n = 0;
    for (let p = from; p < to; p++) {
      if (bytes[p] !== this.separator) continue;
      if (n === this.cuts.length) {
        const grown = new Int32Array(n * 2);
        grown.set(this.cuts);
        this.cuts = grown;
      }
      this.cuts[n++] = p;
    }
    this.count = n;
  }

  private readRow(layout: Layout): boolean {
    switch (layout.shape) {
      case 'unwrapped':
        return this.readZone() || this.readPlot();
      case 'aggregated':
        return this.readAggregate(layout.columns) || this.readPlot();
      case 'gpu':
        return this.readGpu();
      case 'messages':
        return this.readPlot() || this.readMessage();
      case 'plots':
        return this.readPlot();
    }
  }

  /** Bytes of field `i`, where the line is cut at every separator. */
  private fieldFrom(i: number): number {
    return i === 0 ? this.lines.from : this.cuts[i - 1]! + 1;
  }
  private fieldTo(i: number): number {
    return i >= this.count ? this.lines.to : this.cuts[i]!;
  }
  private fieldText(i: number): string {
    return this.lines.text(this.fieldFrom(i), this.fieldTo(i));
  }

  /** Field `i` as a whole number, −1 where it is none. */
  private integer(i: number): number {
    const { bytes } = this.lines;
    const to = this.fieldTo(i);
    let p = this.fieldFrom(i);
    if (p >= to || to - p > 16) return -1;
    let value = 0;
    for (; p < to; p++) {
      const digit = bytes[p]! - 0x30;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return Number.isSafeInteger(value) ? value : -1;
  }

  private track(kind: TrackKind, name: string): number {
    const key = `${kind} ${name}`;
    let t = this.tracks.get(key);
    if (t === undefined) {
      t = this.builder.addTrack({ kind, name });
      this.tracks.set(key, t);
    }
    return t;
  }

  /** Name and location of the current row, whose name ends before byte `nameTo` and whose location ends before `to`. */
  private locate(nameTo: number, to: number, file: string | undefined, line: number): void {
    const { lines, builder } = this;
    const { bytes, from } = lines;
    const length = to - from;
    let same = length === this.sharedTo - this.sharedFrom;
    for (let k = 0; same && k < length; k++) same = bytes[from + k] === bytes[this.sharedFrom + k];
    if (!same) {
      this.sharedName = builder.intern(lines.text(from, nameTo));
      this.locationArgs(file ?? '', line);
      this.sharedArgs = builder.endArgs();
      this.sharedTo = to;
      this.sharedFrom = from;
      this.lastValue = '';
    }
  }

  private locationArgs(file: string, line: number): void {
    if (file !== '') this.builder.arg('file', file);
    if (line > 0) this.builder.arg('line', line);
  }

  /** name, src_file, src_line, ns_since_start, exec_time_ns, thread, value: four whole numbers stand between two free texts. */
  private readZone(): boolean {
    const { builder } = this;
    let i = 2;
    for (; i + 4 <= this.count; i++) {
      if (
        this.integer(i) >= 0 &&
        this.integer(i + 1) >= 0 &&
        this.integer(i + 2) >= 0 &&
        this.integer(i + 3) >= 0
      )
        break;
    }
    if (i + 4 > this.count) return false;
    const line = this.integer(i);
    this.locate(this.fieldTo(i - 2), this.fieldTo(i), this.fieldText(i - 1), line);
    const value = this.lines.text(this.fieldFrom(i + 4), this.lines.to);
    let args = this.sharedArgs;
    // A zone without a text repeats that of the zone before it.
    if (value !== '' && value !== this.lastValue) {
      this.locationArgs(this.fieldText(i - 1), line);
      builder.arg('value', value);
      args = builder.endArgs();
    }
    this.lastValue = value;
    const track = this.track('thread', `Thread ${this.integer(i + 3)}`);
    builder.zone(track, this.integer(i + 1), this.integer(i + 2), this.sharedName, args);
    return true;
  }

  /** Aggregated zones have no times; they are drawn one after the other, each as long as all its calls together. */
  private readAggregate(columns: readonly string[]): boolean {
    const { builder } = this;
    const extra = this.count + 1 - columns.length;
    const at = (column: string): number => columns.indexOf(column) + extra;
    if (extra < 0) return false;
    const total = this.integer(at('total_ns'));
    const calls = this.integer(at('counts'));
    if (total < 0 || calls < 0) return false;
    const name = this.lines.text(this.lines.from, this.fieldTo(extra));
    this.locationArgs(this.fieldText(at('src_file')), this.integer(at('src_line')));
    builder.arg('calls', calls);
    for (const column of columns) {
      if (['name', 'src_file', 'src_line', 'total_ns', 'total_perc', 'counts'].includes(column)) continue;
      const text = this.fieldText(at(column));
      if (isNumber(text) && Number.isFinite(Number(text))) builder.arg(column, Number(text));
    }
    builder.zone(this.track('thread', 'Zones'), this.drawAt, total, builder.intern(name), builder.endArgs());
    this.drawAt += total;
    return true;
  }

  /** name, src_file, time, duration; read from the right. */
  private readGpu(): boolean {
    const { builder, count } = this;
    if (count < 3) return false;
    const start = this.integer(count - 1);
    const duration = this.integer(count);
    if (start < 0 || duration < 0) return false;
    this.locate(this.fieldTo(count - 3), this.fieldTo(count - 2), this.fieldText(count - 2), 0);
    builder.zone(this.track('queue', 'GPU'), start, duration, this.sharedName, this.sharedArgs);
    return true;
  }

  private readMessage(): boolean {
    const { builder, count, lines } = this;
    const time = this.integer(count);
    if (count < 1 || time < 0) return false;
    const name = builder.intern(lines.text(lines.from, this.fieldTo(count - 1)));
    builder.zone(this.track('async', 'Messages'), time, 0, name);
    return true;
  }

  /** name, nothing, nothing, time, nothing, nothing, value; read from the right. */
  private readPlot(): boolean {
    const { count, lines } = this;
    if (count < 6) return false;
    const empty = (i: number): boolean => this.fieldFrom(i) === this.fieldTo(i);
    if (!empty(count - 1) || !empty(count - 2) || !empty(count - 4) || !empty(count - 5)) return false;
    const time = this.integer(count - 3);
    const text = this.fieldText(count);
    if (time < 0 || !isNumber(text)) return false;
    const value = Number(text);
    const name = lines.text(lines.from, this.fieldTo(count - 6));
    if (Number.isFinite(value)) this.builder.counter(this.track('counter', name), time, value);
    return true;
  }
}

export const tracyCsvImporter: Importer = {
  format: FORMAT,
  score(head) {
    const first = headText(head).split('\n', 1)[0]!.replace(/\r$/, '');
    const layout = first.length > 4096 ? undefined : layoutOf(first);
    return layout === undefined ? 0 : layout.header ? 1 : 0.7;
  },
  read: (bytes, fileName) => new TracyReader(bytes, fileName).read(),
};
