/**
 * Profiles of the Firefox Profiler in its processed form (what its "download" button, samply and `perf` converters write):
 * samples and markers per thread over tables of columns. Older files have the tables in each thread, newer ones share them.
 */
import { traceMessages } from '../messages';
import { TraceBuilder } from '../traceBuilder';
import type { Trace } from '../trace';
import { Damage } from './damage';
import type { Importer } from './importer';
import { field, items, looseJson, numberOf, textOf } from './looseJson';
import { SampledStacks } from './sampledStacks';
import type { Frame } from './sampledStacks';
import { headText } from './textLines';

const FORMAT = 'Firefox profile';
/** Phases of markers. */
const Phase = { instant: 0, interval: 1, begin: 2, end: 3 } as const;

const nanos = (millis: number): number => Math.round(millis * 1e6);

/** Times of a table in milliseconds, which is stored as such or as differences. */
function timesOf(table: unknown): readonly number[] {
  const times = items(field(table, 'time'));
  if (times.length > 0) return times.map((t) => numberOf(t) ?? 0);
  let at = 0;
  return items(field(table, 'timeDeltas')).map((d) => (at += numberOf(d) ?? 0));
}

class FirefoxReader {
  private readonly builder: TraceBuilder;
  private readonly damage: Damage;
  private readonly value: unknown;
  private readonly shared: unknown;

  constructor(
    bytes: Uint8Array,
    private readonly file: string,
  ) {
    const { value, brokenAt } = looseJson(bytes);
    this.value = value;
    this.shared = field(value, 'shared');
    this.builder = new TraceBuilder(file);
    this.damage = new Damage(file, FORMAT, bytes.length);
    if (brokenAt !== undefined) this.damage.cut(brokenAt);
  }

  read(): Trace {
    const { value, builder, damage } = this;
    const threads = items(field(value, 'threads'));
    if (threads.some((t) => field(field(t, 'samples'), 'schema') !== undefined))
      throw traceMessages.error('STR0812', { file: this.file });
    for (const thread of threads) this.readThread(thread);
    for (const counter of items(field(value, 'counters'))) this.readCounter(counter);
    const start = numberOf(field(field(value, 'meta'), 'startTime')) ?? 0;
    return damage.finish(builder, BigInt(Math.round(start * 1000)) * 1000n);
  }

  private readThread(thread: unknown): void {
    const { builder, damage } = this;
    const table = (name: string): unknown => field(thread, name) ?? field(this.shared, name);
    const strings = items(table('stringArray') ?? table('stringTable'));
    const string = (id: unknown): string => textOf(strings[numberOf(id) ?? -1]) ?? '';
    const name = textOf(field(thread, 'name')) ?? 'thread';
    const process = textOf(field(thread, 'processName')) ?? textOf(field(thread, 'processType'));
    const track = builder.addTrack({
      kind: 'thread',
      name: `${name} ${textOf(field(thread, 'tid')) ?? ''}`.trim(),
      ...(process === undefined
        ? {}
        : { process: `${process} ${textOf(field(thread, 'pid')) ?? ''}`.trim() }),
    });
    const stackFrame = items(field(table('stackTable'), 'frame'));
    const stackPrefix = items(field(table('stackTable'), 'prefix'));
    const frameFunc = items(field(table('frameTable'), 'func'));
    const funcName = items(field(table('funcTable'), 'name'));
    const funcFile = items(field(table('funcTable'), 'fileName'));
    const funcLine = items(field(table('funcTable'), 'lineNumber'));
    const shown = new Map<number, Frame>();
    const stacks = new SampledStacks(builder, track, (frame) => {
      const func = numberOf(frameFunc[frame]) ?? -1;
      let f = shown.get(func);
      if (f === undefined) {
        const source = string(funcFile[func]);
        const line = numberOf(funcLine[func]);
        if (source !== '') builder.arg('file', source);
        if (line !== undefined) builder.arg('line', line);
        f = { name: builder.intern(string(funcName[func]) || '(unnamed)'), args: builder.endArgs() };
        shown.set(func, f);
      }
      return f;
    });
    const framesOf = (stack: number): readonly number[] | undefined => {
      const frames: number[] = [];
      for (let at: number | undefined = stack; at !== undefined; at = numberOf(stackPrefix[at])) {
        const frame = numberOf(stackFrame[at]);
        if (frame === undefined || frames.length > stackFrame.length) return undefined;
        frames.push(frame);
      }
      return frames.reverse();
    };
    const samples = field(thread, 'samples');
    const times = timesOf(samples);
    const order = items(field(samples, 'stack'))
      .map((stack, i) => ({ stack, time: nanos(times[i] ?? NaN) }))
      .filter((s) => Number.isFinite(s.time))
      .sort((a, b) => a.time - b.time);
    for (const { stack, time } of order) {
      const id = numberOf(stack);
      const frames = id === undefined ? [] : framesOf(id);
      if (frames === undefined) damage.skip();
      else stacks.sample(time, frames);
    }
    const interval = numberOf(field(field(this.value, 'meta'), 'interval')) ?? 1;
    const last = order[order.length - 1];
    if (last !== undefined) stacks.sample(last.time + nanos(interval), []);
    this.readMarkers(field(thread, 'markers'), string, name, process);
  }

  private readMarkers(
    markers: unknown,
    string: (id: unknown) => string,
    thread: string,
    process: string | undefined,
  ): void {
    const { builder } = this;
    const starts = items(field(markers, 'startTime'));
    const ends = items(field(markers, 'endTime'));
    const phases = items(field(markers, 'phase'));
    const names = items(field(markers, 'name'));
    if (names.length === 0) return;
    // Markers may overlap each other and the stacks, so they have a track of their own.
    const track = builder.addTrack({
      kind: 'async',
      name: `${thread} markers`,
      ...(process === undefined ? {} : { process }),
    });
    const open = new Map<string, number[]>();
    names.forEach((nameId, i) => {
      const name = string(nameId);
      const start = numberOf(starts[i]);
      const end = numberOf(ends[i]);
      const phase = numberOf(phases[i]) ?? Phase.instant;
      if (phase === Phase.begin && start !== undefined)
        open.set(name, [...(open.get(name) ?? []), nanos(start)]);
      const from =
        phase === Phase.end ? open.get(name)?.pop() : start === undefined ? undefined : nanos(start);
      if (from === undefined || phase === Phase.begin) return;
      const to = phase === Phase.instant || end === undefined ? from : nanos(end);
      builder.zone(track, from, to - from, builder.intern(name));
    });
    for (const [name, unended] of open)
      for (const from of unended) builder.zone(track, from, 0, builder.intern(name));
  }

  /** Counters hold differences. */
  private readCounter(counter: unknown): void {
    const { builder } = this;
    const samples = field(counter, 'samples') ?? field(items(field(counter, 'sampleGroups'))[0], 'samples');
    const times = timesOf(samples);
    const track = builder.addTrack({ kind: 'counter', name: textOf(field(counter, 'name')) ?? 'counter' });
    let sum = 0;
    items(field(samples, 'count')).forEach((count, i) => {
      const time = times[i];
      sum += numberOf(count) ?? 0;
      if (time !== undefined) builder.counter(track, nanos(time), sum);
    });
  }
}

export const firefoxImporter: Importer = {
  format: FORMAT,
  score(head) {
    const text = headText(head).trimStart();
    if (!text.startsWith('{')) return 0;
    if (/"preprocessedProfileVersion"\s*:/.test(text)) return 1;
    if (/^\{\s*"meta"\s*:\s*\{/.test(text) && /"interval"\s*:/.test(text)) return 0.8;
    return /"(stackTable|frameTable)"\s*:\s*\{/.test(text) ? 0.7 : 0;
  },
  read: (bytes, fileName) => new FirefoxReader(bytes, fileName).read(),
};
