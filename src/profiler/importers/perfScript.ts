/**
 * The text of `perf script`: one stack per sample, innermost frame first. A sample lasts until the next one of its thread,
 * at most twice the usual time between samples, so that a thread that waits does not seem to run.
 */
import { TraceBuilder } from '../traceBuilder';
import type { Trace } from '../trace';
import { Damage } from './damage';
import type { Importer } from './importer';
import { SampledStacks } from './sampledStacks';
import type { Frame } from './sampledStacks';
import { TextLines, headText } from './textLines';

const FORMAT = 'perf script';
const MAX_LINE = 16_384;
/** Length of a lone sample, in nanoseconds. */
const UNKNOWN_LENGTH = 1_000_000;

/** `command pid/tid [cpu] seconds: period event: …`; the command may hold blanks, pid, cpu and period may lack. */
const HEADER =
  /^(\S[^\t]{0,64}?)\s+(?:(-?\d+)\/)?(-?\d+)\s+(?:\[(\d+)\]\s+)?(?:[\w.]{1,8}\s+)?(\d+)\.(\d{1,9}):\s*(?:\d+\s+)?([^\s:][^\s]*?):?(?:\s+(.*))?$/;
/** `address symbol+offset (object)`. */
const FRAME = /^\s*([0-9a-f]+)\s+(.*?)(?:\s+\(([^()]*(?:\([^()]*\)[^()]*)*)\))?$/i;

interface Samples {
  readonly time: number[];
  readonly stack: (readonly number[])[];
}

class PerfReader {
  private readonly lines: TextLines;
  private readonly builder: TraceBuilder;
  private readonly damage: Damage;
  private readonly frameIds = new Map<string, number>();
  private readonly frames: Frame[] = [];
  private readonly threads = new Map<string, Samples>();
  private readonly drafts = new Map<string, { name: string; process?: string }>();
  private baseSeconds: number | undefined;

  constructor(bytes: Uint8Array, file: string) {
    this.lines = new TextLines(bytes);
    this.builder = new TraceBuilder(file);
    this.damage = new Damage(file, FORMAT, bytes.length);
  }

  read(): Trace {
    const { lines, damage } = this;
    let stack: number[] | undefined;
    while (lines.next()) {
      const size = lines.to - lines.from;
      const first = lines.bytes[lines.from];
      if (size === 0) {
        stack = undefined;
        continue;
      }
      if (first === 0x23) continue;
      const indented = first === 0x09 || first === 0x20;
      const text = size > MAX_LINE ? '' : lines.text();
      if (indented && stack !== undefined) {
        const frame = this.frame(text);
        if (frame >= 0) stack.push(frame);
        else if (lines.complete) damage.skip(lines.from);
        else damage.cut(lines.from);
        continue;
      }
      stack = this.readHeader(text.trimStart());
      // A sample that stands on one line has no frames below it; the next may be indented as frames are.
      if (stack !== undefined && stack.length > 0) {
        stack = undefined;
        continue;
      }
      if (stack !== undefined) continue;
      if (lines.complete) damage.skip(lines.from);
      else damage.cut(lines.from);
    }
    for (const [thread, samples] of this.threads) this.addThread(thread, samples);
    return damage.finish(this.builder, BigInt(this.baseSeconds ?? 0) * 1_000_000_000n);
  }

  /** Starts a sample; its frames are pushed on the stack that is returned, innermost first. */
  private readHeader(text: string): number[] | undefined {
    const m = HEADER.exec(text);
    if (m === null) return undefined;
    const [, command, pid, tid, , seconds, fraction, event, rest] = m;
    if (event!.startsWith('PERF_RECORD_')) return [];
    this.baseSeconds ??= Number(seconds);
    const time = (Number(seconds) - this.baseSeconds) * 1e9 + Number(fraction!.padEnd(9, '0'));
    let samples = this.threads.get(tid!);
    if (samples === undefined) {
      samples = { time: [], stack: [] };
      this.threads.set(tid!, samples);
    }
    this.drafts.set(tid!, {
      name: `${command} ${tid}`,
      ...(pid === undefined ? {} : { process: `Process ${pid}` }),
    });
    const stack: number[] = [];
    samples.time.push(time);
    samples.stack.push(stack);
    if (rest !== undefined && rest !== '') {
      const frame = this.frame(rest);
      if (frame >= 0) stack.push(frame);
    }
    return stack;
  }

  private frame(text: string): number {
    const m = FRAME.exec(text);
    if (m === null) return -1;
    const object = (m[3] ?? '').split(' ', 1)[0]!;
    const symbol = m[2]!.trim().replace(/\+0x[0-9a-f]+$/i, '');
    const file = object.slice(object.lastIndexOf('/') + 1);
    const name = symbol === '' || symbol === '[unknown]' ? `[${file || 'unknown'}]` : symbol;
    const key = `${name}\u0000${object}`;
    let id = this.frameIds.get(key);
    if (id === undefined) {
      id = this.frames.length;
      this.frameIds.set(key, id);
      if (object !== '') this.builder.arg('object', object);
      this.frames.push({ name: this.builder.intern(name), args: this.builder.endArgs() });
    }
    return id;
  }

  private addThread(thread: string, { time, stack }: Samples): void {
    const track = this.builder.addTrack({ kind: 'thread', ...this.drafts.get(thread)! });
    const stacks = new SampledStacks(this.builder, track, (id) => this.frames[id]!);
    const order = time.map((_, i) => i).sort((a, b) => time[a]! - time[b]! || a - b);
    const gaps = order.slice(1).map((i, k) => time[i]! - time[order[k]!]!);
    const usual = gaps.filter((g) => g > 0).sort((a, b) => a - b);
    const length = usual[Math.floor(usual.length / 2)] ?? UNKNOWN_LENGTH;
    order.forEach((i, k) => {
      stacks.sample(time[i]!, [...stack[i]!].reverse());
      const gap = gaps[k];
      if (gap === undefined || gap > 2 * length) stacks.sample(time[i]! + length, []);
    });
  }
}

export const perfScriptImporter: Importer = {
  format: FORMAT,
  score(head) {
    const lines = headText(head)
      .split('\n')
      .filter((l) => l !== '' && !l.startsWith('#') && l.length < MAX_LINE);
    const first = lines[0];
    if (first === undefined || !HEADER.test(first.trimStart())) return 0;
    const framed = lines.slice(1, 40).some((l) => /^\s+[0-9a-f]+\s.*\(.*\)\s*$/i.test(l));
    return framed || /\s[0-9a-f]{4,16}\s.*\(.*\)\s*$/i.test(first) ? 0.9 : 0.3;
  },
  read: (bytes, fileName) => new PerfReader(bytes, fileName).read(),
};
