/**
 * Chrome's Trace Event Format in all its looseness: an array without its end, strings for numbers, unsorted events,
 * trailing commas, unescaped quotes. Reads what PyTorch's profiler, MLIR's action profile and our own export write.
 */
import type { Diagnostic } from '../../base/diagnostics';
import { growingF64, growingI32, growingU32, growingU8 } from '../columns';
import type { Growing } from '../columns';
import { traceMessages } from '../messages';
import { FlowBinding, FlowStep } from '../recordedFlows';
import { TraceBuilder } from '../traceBuilder';
import type { Trace, TrackKind } from '../trace';
import { PROGRESS_BYTES } from './importer';
import type { Importer, ReadProgress } from './importer';
import { JsonError, JsonReader } from './jsonReader';
import type { Micros } from './jsonReader';
import { actionEvent, actionName } from './mlirActions';

const FORMAT = 'Chrome JSON';
const utf8 = new TextDecoder();
const MAX_ARG_DEPTH = 16;
/** Category of the events of MLIR's action profile. */
const ACTION = 'PERF';
const MAX_ACTION_LINE = 65_536;
const QUEUE = /\b(stream|queue|gpu)\b/i;

const Phase = { begin: 1, end: 2 } as const;

/** Begins and ends wait until they can be paired in order of time. */
interface PairedEvents {
  readonly phase: Growing<Uint8Array>;
  readonly time: Growing<Float64Array>;
  readonly track: Growing<Uint32Array>;
  readonly name: Growing<Uint32Array>;
  readonly args: Growing<Uint32Array>;
  readonly iteration: Growing<Int32Array>;
}

class ChromeReader {
  private readonly json: JsonReader;
  private readonly builder: TraceBuilder;
  private readonly paired: PairedEvents = {
    phase: growingU8(),
    time: growingF64(),
    track: growingU32(),
    name: growingU32(),
    args: growingU32(),
    iteration: growingI32(),
  };
  private readonly tracks = new Map<string, number>();
  /** The thread tracks again, by process and thread: nearly every event asks for one. */
  private readonly threads = new Map<string, Map<string, number>>();
  private readonly processNames = new Map<string, string>();
  private readonly threadNames = new Map<string, string>();
  private readonly trackOwners: { readonly pid: string; readonly thread: string }[] = [];
  private baseWhole: number | undefined;
  private damaged = 0;
  private firstDamage = 0;
  private cutAt: number | undefined;
  private readonly ts: Micros = { whole: 0, nanos: 0 };
  private readonly dur: Micros = { whole: 0, nanos: 0 };

  constructor(
    bytes: Uint8Array,
    private readonly file: string,
    private readonly onProgress: ReadProgress | undefined,
  ) {
    this.json = new JsonReader(bytes);
    this.builder = new TraceBuilder(file);
  }

  read(): Trace {
    try {
      this.readTop();
    } catch (e) {
      if (!(e instanceof JsonError)) throw e;
      this.cutAt = e.at;
    }
    this.pair();
    this.nameTracks();
    const { file, builder, json } = this;
    if (builder.eventCount === 0) throw traceMessages.error('STR0802', { file, format: FORMAT });
    const warnings: Diagnostic[] = [];
    if (this.cutAt !== undefined) {
      warnings.push(
        traceMessages.diagnostic('STR0803', {
          file,
          at: this.cutAt,
          size: json.bytes.length,
          kept: builder.zoneCount,
        }),
      );
    }
    if (this.damaged > 0) {
      warnings.push(
        traceMessages.diagnostic('STR0804', { file, count: this.damaged, firstAt: this.firstDamage }),
      );
    }
    return builder.finish(FORMAT, BigInt(this.baseWhole ?? 0) * 1000n, warnings);
  }

  private readTop(): void {
    const { json } = this;
    if (json.kind() === 'array') return this.readEvents();
    json.object((key) => {
      if (key === 'traceEvents' && json.kind() === 'array') this.readEvents();
      else json.skip();
    });
  }

  private readEvents(): void {
    const { json } = this;
    let told = 0;
    json.array(() => {
      json.peek();
      const at = json.pos;
      if (at > told + PROGRESS_BYTES) this.onProgress?.((told = at) / json.bytes.length);
      try {
        this.readEvent();
      } catch (e) {
        if (!(e instanceof JsonError)) throw e;
        this.recover(at, e);
      }
    });
  }

  /** Reads the event at `at` again with loose strings; failing that, goes on at the next line that opens an object. */
  private recover(at: number, error: JsonError): void {
    const { json } = this;
    this.builder.dropArgs();
    if (this.readAction(at)) return;
    json.pos = at;
    json.looseStrings = true;
    try {
      this.readEvent();
      return;
    } catch (e) {
      if (!(e instanceof JsonError)) throw e;
      this.builder.dropArgs();
    } finally {
      json.looseStrings = false;
    }
    const next = nextEvent(json.bytes, at);
    if (next === undefined) throw new JsonError(error.at, error.cut);
    if (this.damaged++ === 0) this.firstDamage = at;
    json.pos = next;
  }

  /** Reads the line at `at` as an action of MLIR. */
  private readAction(at: number): boolean {
    const { json, builder } = this;
    const newline = json.bytes.indexOf(0x0a, at);
    const end = newline < 0 ? json.bytes.length : newline;
    if (end - at > MAX_ACTION_LINE) return false;
    const line = utf8.decode(json.bytes.subarray(at, end));
    const action = actionEvent(line);
    if (action === undefined) return false;
    this.baseWhole ??= action.micros;
    if (action.description !== '') builder.arg('desc', action.description);
    this.addPaired(
      action.phase === 'B' ? Phase.begin : Phase.end,
      (action.micros - this.baseWhole) * 1000,
      this.thread(action.pid, action.tid),
      actionName(action.tag, action.description),
    );
    json.pos = at + Buffer.byteLength(line.slice(0, action.length));
    return true;
  }

  private readEvent(): void {
    const { json, builder, ts, dur } = this;
    if (json.kind() !== 'object') return json.skip();
    let name = '';
    let phase = '';
    let pid = '';
    let tid = '';
    let id = '';
    let category = '';
    let bindingPoint = '';
    let bindId = '';
    let flowIn = false;
    let flowOut = false;
    let hasTime = false;
    let hasDuration = false;
    let argsAt = -1;
    let argsRead = false;
    for (let key = json.firstKey(); key !== undefined; key = json.nextKey()) {
      switch (key) {
        case 'name':
          name = this.text();
          break;
        case 'ph':
          phase = this.text();
          break;
        case 'pid':
          pid = this.text();
          break;
        case 'tid':
          tid = this.text();
          break;
        case 'id':
          id = this.text();
          break;
        case 'cat':
          category = this.text();
          break;
        case 'bind_id':
          bindId = this.text();
          break;
        case 'flow_in':
          flowIn = this.text() === 'true';
          break;
        case 'flow_out':
          flowOut = this.text() === 'true';
          break;
        case 'bp':
          bindingPoint = this.text();
          break;
        case 'ts':
          hasTime = json.micros(ts);
          break;
        case 'dur':
          hasDuration = json.micros(dur);
          break;
        case 'args':
          argsAt = json.pos;
          // Most writers put the phase first; else the arguments wait until it is known.
          argsRead = phase !== '' && phase !== 'C' && phase !== 'M';
          if (argsRead) this.readArg('', 0);
          else json.skip();
          break;
        default:
          json.skip();
      }
    }
    const after = json.pos;
    if (argsAt >= 0 && phase !== 'C') {
      if (!argsRead) {
        json.pos = argsAt;
        this.readArg('', 0);
      }
      if (category === ACTION) name = actionName(name, this.description(argsAt));
      json.pos = after;
    }
    if (phase === 'M') return this.readMetadata(name, pid, tid, argsAt, after);
    if (!hasTime) return builder.dropArgs();
    this.baseWhole ??= ts.whole;
    const at = (ts.whole - this.baseWhole) * 1000 + ts.nanos;
    switch (phase) {
      case 'X':
        if (flowIn || flowOut)
          builder.flows.point(
            `bind\u0000${bindId}`,
            at,
            this.thread(pid, tid),
            builder.zoneCount,
            flowIn ? FlowStep.next : FlowStep.start,
          );
        builder.zone(
          this.thread(pid, tid),
          at,
          hasDuration ? dur.whole * 1000 + dur.nanos : 0,
          builder.intern(name),
          builder.endArgs(),
          builder.iteration,
        );
        break;
      case 'B':
      case 'E':
        this.addPaired(phase === 'B' ? Phase.begin : Phase.end, at, this.thread(pid, tid), name);
        break;
      case 'b':
      case 'e':
      case 'S':
      case 'F':
        this.addPaired(
          phase === 'b' || phase === 'S' ? Phase.begin : Phase.end,
          at,
          this.track('async', pid, `${category}\u0000${id}`, id === '' ? category : `${category} ${id}`),
          name,
        );
        break;
      case 'i':
      case 'I':
      case 'R':
        builder.zone(
          this.thread(pid, tid),
          at,
          0,
          builder.intern(name),
          builder.endArgs(),
          builder.iteration,
        );
        break;
      case 'n':
        builder.zone(
          this.track('async', pid, `${category}\u0000${id}`, `${category} ${id}`),
          at,
          0,
          builder.intern(name),
          builder.endArgs(),
          builder.iteration,
        );
        break;
      case 's':
      case 't':
      case 'f':
        builder.flows.point(
          `${category}\u0000${name}\u0000${id}`,
          at,
          this.thread(pid, tid),
          // What ends a flow stands before the zone that it leads to, unless it says otherwise.
          phase === 'f' && bindingPoint !== 'e' ? FlowBinding.following : FlowBinding.enclosing,
          phase === 's' ? FlowStep.start : phase === 't' ? FlowStep.next : FlowStep.end,
        );
        break;
      case 'C':
        if (argsAt >= 0) this.readCounter(argsAt, at, pid, id === '' ? name : `${name} ${id}`);
        json.pos = after;
        break;
    }
    builder.dropArgs();
  }

  /** A string or the text of any other scalar; objects and arrays are skipped. */
  private text(): string {
    const { json } = this;
    const kind = json.kind();
    if (kind === 'string' || kind === 'other') return json.scalarText();
    json.skip();
    return '';
  }

  private description(argsAt: number): string {
    const { json } = this;
    json.pos = argsAt;
    let description = '';
    if (json.kind() !== 'object') return description;
    json.object((key) => {
      if (key === 'desc') description = this.text();
      else json.skip();
    });
    return description;
  }

  private readArg(key: string, depth: number): void {
    const { json, builder } = this;
    if (depth > MAX_ARG_DEPTH) return json.skip();
    switch (json.kind()) {
      case 'object':
        for (let k = json.firstKey(); k !== undefined; k = json.nextKey())
          this.readArg(key === '' ? k : `${key}.${k}`, depth + 1);
        return;
      case 'array':
        return json.array(() => this.readArg(key, depth + 1));
      case 'string':
        return builder.arg(key, json.string());
      case 'other': {
        const value = json.word();
        if (value !== null) builder.arg(key, value);
      }
    }
  }

  private readMetadata(name: string, pid: string, tid: string, argsAt: number, after: number): void {
    const { json } = this;
    this.builder.dropArgs();
    if (argsAt < 0 || (name !== 'process_name' && name !== 'thread_name')) return;
    json.pos = argsAt;
    let label = '';
    if (json.kind() === 'object') {
      json.object((key) => {
        if (key === 'name') label = this.text();
        else json.skip();
      });
    }
    json.pos = after;
    if (label === '') return;
    if (name === 'process_name') this.processNames.set(pid, label);
    else this.threadNames.set(`${pid}\u0000${tid}`, label);
  }

  private readCounter(argsAt: number, at: number, pid: string, name: string): void {
    const { json, builder } = this;
    json.pos = argsAt;
    if (json.kind() !== 'object') return;
    json.object((key) => {
      if (json.kind() !== 'other') {
        const quoted = json.kind() === 'string' ? Number(json.string()) : (json.skip(), NaN);
        if (Number.isFinite(quoted))
          builder.counter(this.track('counter', pid, `${name} ${key}`), at, quoted);
        return;
      }
      const value = json.word();
      if (typeof value === 'number' && Number.isFinite(value)) {
        builder.counter(this.track('counter', pid, `${name} ${key}`), at, value);
      }
    });
  }

  private track(kind: TrackKind, pid: string, thread: string, name = thread): number {
    const key = `${kind}\u0000${pid}\u0000${thread}`;
    let t = this.tracks.get(key);
    if (t === undefined) {
      t = this.builder.addTrack({ kind, name });
      this.tracks.set(key, t);
      this.trackOwners[t] = { pid, thread };
    }
    return t;
  }

  private thread(pid: string, tid: string): number {
    let ofProcess = this.threads.get(pid);
    if (ofProcess === undefined) this.threads.set(pid, (ofProcess = new Map<string, number>()));
    let t = ofProcess.get(tid);
    if (t === undefined) ofProcess.set(tid, (t = this.track('thread', pid, tid)));
    return t;
  }

  private addPaired(phase: number, at: number, track: number, name: string): void {
    this.paired.phase.push(phase);
    this.paired.time.push(at);
    this.paired.track.push(track);
    this.paired.name.push(this.builder.intern(name));
    this.paired.args.push(this.builder.endArgs());
    this.paired.iteration.push(this.builder.iteration);
  }

  private pair(): void {
    const { phase, time, track, name, args, iteration } = this.paired;
    const order = Uint32Array.from({ length: time.length }, (_, i) => i);
    const times = time.view();
    if (times.some((t, i) => i > 0 && t < times[i - 1]!))
      order.sort((a, b) => times[a]! - times[b]! || a - b);
    for (const i of order) {
      if (phase.at(i) === Phase.begin)
        this.builder.begin(track.at(i), time.at(i), name.at(i), args.at(i), iteration.at(i));
      else this.builder.end(track.at(i), time.at(i), args.at(i));
    }
  }

  private nameTracks(): void {
    this.builder.tracks.forEach((draft, t) => {
      const { pid, thread } = this.trackOwners[t]!;
      if (pid !== '') draft.process = this.processNames.get(pid) ?? `Process ${pid}`;
      if (draft.kind !== 'thread') return;
      const named = this.threadNames.get(`${pid}\u0000${thread}`);
      draft.name = named ?? (/^\d*$/.test(thread) ? `Thread ${thread || 0}` : thread);
      if (QUEUE.test(draft.name)) draft.kind = 'queue';
    });
  }
}

/** Where, after the event at `from`, a new line opens an object; the comma before it is left to the caller. */
function nextEvent(bytes: Uint8Array, from: number): number | undefined {
  for (let i = from + 1; i < bytes.length; i++) {
    if (bytes[i] !== 0x0a) continue;
    let p = i + 1;
    while (bytes[p] === 0x20 || bytes[p] === 0x09 || bytes[p] === 0x2c) p++;
    if (bytes[p] !== 0x7b) continue;
    let comma = i;
    while (comma > from && (bytes[comma] === 0x0a || bytes[comma] === 0x0d || bytes[comma] === 0x20)) comma--;
    return bytes[comma] === 0x2c ? comma : bytes[p - 1] === 0x2c ? p - 1 : undefined;
  }
  return undefined;
}

export const chromeImporter: Importer = {
  format: FORMAT,
  score(head) {
    const text = utf8
      .decode(head)
      .replace(/^\ufeff/, '')
      .trimStart();
    if (text[0] !== '{' && text[0] !== '[') return 0;
    if (/"traceEvents"\s*:/.test(text)) return 0.95;
    const event = /"ph"\s*:\s*"[BEXiICMPbnestfSFRNODv]"/.test(text);
    if (text[0] === '[') return event ? 0.9 : 0.2;
    return event ? 0.6 : 0.1;
  },
  read: (bytes, fileName, onProgress) => new ChromeReader(bytes, fileName, onProgress).read(),
};
