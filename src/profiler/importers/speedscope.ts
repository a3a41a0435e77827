/** Speedscope's own JSON: evented and sampled profiles over one table of frames. */
import { traceMessages } from '../messages';
import { TraceBuilder } from '../traceBuilder';
import type { Trace } from '../trace';
import { Damage } from './damage';
import type { Importer } from './importer';
import { field, items, looseJson, numberOf, textOf } from './looseJson';
import { SampledStacks } from './sampledStacks';
import type { Frame } from './sampledStacks';
import { headText } from './textLines';

const FORMAT = 'speedscope';
const SCHEMA = 'https://www.speedscope.app/file-format-schema.json';

const NANOSECONDS: Readonly<Record<string, number>> = {
  nanoseconds: 1,
  microseconds: 1e3,
  milliseconds: 1e6,
  seconds: 1e9,
};

class SpeedscopeReader {
  private readonly builder: TraceBuilder;
  private readonly damage: Damage;
  private readonly frames: Frame[];
  private readonly value: unknown;
  private base: number | undefined;

  constructor(
    bytes: Uint8Array,
    private readonly file: string,
  ) {
    const { value, brokenAt } = looseJson(bytes);
    this.value = value;
    this.damage = new Damage(file, FORMAT, bytes.length);
    if (brokenAt !== undefined) this.damage.cut(brokenAt);
    const builder = new TraceBuilder(file);
    this.builder = builder;
    this.frames = items(field(field(value, 'shared'), 'frames')).map((frame) => {
      const source = textOf(field(frame, 'file'));
      const line = numberOf(field(frame, 'line'));
      if (source !== undefined && source !== '') builder.arg('file', source);
      if (line !== undefined) builder.arg('line', line);
      return { name: builder.intern(textOf(field(frame, 'name')) ?? '(unnamed)'), args: builder.endArgs() };
    });
  }

  read(): Trace {
    const profiles = items(field(this.value, 'profiles'));
    const wrong = new Set<string>();
    profiles.forEach((profile, i) => {
      const unit = textOf(field(profile, 'unit')) ?? 'none';
      if (NANOSECONDS[unit] === undefined) wrong.add(unit);
      const name = textOf(field(profile, 'name')) || `Profile ${i + 1}`;
      const track = this.builder.addTrack({ kind: 'thread', name });
      const scale = NANOSECONDS[unit] ?? 1;
      if (field(profile, 'type') === 'sampled') this.readSampled(profile, track, scale);
      else this.readEvented(profile, track, scale);
    });
    for (const unit of wrong)
      this.damage.warn(traceMessages.diagnostic('STR0811', { file: this.file, unit }));
    return this.damage.finish(this.builder, BigInt(this.base ?? 0));
  }

  /** Nanoseconds after the first value of the file. */
  private time(value: number, scale: number): number {
    this.base ??= Math.round(value * scale);
    // Subtract in the unit of the file first: products of large seconds lose digits.
    return Math.round((value - this.base / scale) * scale);
  }

  private readEvented(profile: unknown, track: number, scale: number): void {
    const { builder, damage } = this;
    const open: number[] = [];
    for (const event of items(field(profile, 'events'))) {
      const at = numberOf(field(event, 'at'));
      const frame = numberOf(field(event, 'frame'));
      const shown = frame === undefined ? undefined : this.frames[frame];
      if (at === undefined || frame === undefined || shown === undefined) {
        damage.skip();
        continue;
      }
      const time = this.time(at, scale);
      if (field(event, 'type') === 'O') {
        builder.begin(track, time, shown.name, shown.args);
        open.push(frame);
      } else if (open.includes(frame)) {
        // Frames left open above the one that closes end with it.
        for (let top = open.pop(); ; top = open.pop()) {
          builder.end(track, time);
          if (top === frame) break;
        }
      } else damage.skip();
    }
    const end = numberOf(field(profile, 'endValue'));
    if (end !== undefined) for (; open.length > 0; open.pop()) builder.end(track, this.time(end, scale));
  }

  private readSampled(profile: unknown, track: number, scale: number): void {
    const { damage } = this;
    const weights = items(field(profile, 'weights'));
    const stacks = new SampledStacks(this.builder, track, (id) => this.frames[id]!);
    let at = numberOf(field(profile, 'startValue')) ?? 0;
    items(field(profile, 'samples')).forEach((sample, i) => {
      const stack = items(sample).map((f) => numberOf(f) ?? -1);
      if (stack.some((f) => this.frames[f] === undefined)) damage.skip();
      else stacks.sample(this.time(at, scale), stack);
      at += Math.max(0, numberOf(weights[i]) ?? 0);
    });
    stacks.sample(this.time(at, scale), []);
  }
}

export const speedscopeImporter: Importer = {
  format: FORMAT,
  score(head, fileName) {
    const text = headText(head).trimStart();
    if (!text.startsWith('{')) return 0;
    if (text.includes(SCHEMA)) return 1;
    if (/"profiles"\s*:\s*\[/.test(text) && /"frames"\s*:\s*\[/.test(text)) return 0.9;
    return /\.speedscope(\.json)?(\.gz)?$/i.test(fileName) ? 0.5 : 0;
  },
  read: (bytes, fileName) => new SpeedscopeReader(bytes, fileName).read(),
};
